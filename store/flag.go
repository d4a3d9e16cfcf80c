package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/detect/flags"
)

// Flags are derived when somebody asks for them, not when messages come in:
// taking in costs what it did. A row says that a message has a flag, by keyed
// hashes of both; which words, and by which rule, is found again in the text
// whenever it is shown (flag_text.go).

const (
	flagWindow  = 1024 // entries whose messages are looked at for one commit
	flagsPrefix = "flags/"
)

var insertFlag = bulk{
	into:    `INSERT INTO flag (case_id, mac, sent, id, ref) VALUES `,
	columns: 5,
	then:    ` ON CONFLICT (case_id, mac, sent, id) DO NOTHING`,
}

// A flagMAC is what the rows of one flag are found by.
type flagMAC [16]byte

func newFlagMAC(key *archive.CaseKey, f flags.Flag) flagMAC {
	mac := key.MAC("flag", string(f))
	return flagMAC(mac[:len(flagMAC{})])
}

// flagging is what this process keeps in order to find flags.
type flagging struct {
	turn chan struct{} // one batch at a time: looking takes all of a core

	mu      sync.Mutex
	plain   *flags.Finder // for a case without own details
	finders map[daybook.CaseID]caseFinder
	order   []daybook.CaseID // that was made longest ago first
}

// A caseFinder is a finder with the own details of a case. They are in memory
// as long as it is.
type caseFinder struct {
	version int64
	finder  *flags.Finder
}

const maxFinders = 32 // cases

func newFlagging() *flagging {
	return &flagging{turn: make(chan struct{}, 1), finders: map[daybook.CaseID]caseFinder{}}
}

// finder returns what finds the flags of a case, and which version of the own
// details it knows.
func (db *DB) finder(ctx context.Context, c daybook.CaseID) (*flags.Finder, int64, error) {
	list, version, err := db.own(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	f := db.flagging
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(list) == 0 {
		if f.plain == nil {
			f.plain = flags.New(flags.Own{})
		}
		f.drop(c)
		return f.plain, version, nil
	}
	if known, ok := f.finders[c]; ok && known.version == version {
		return known.finder, version, nil
	}
	f.drop(c)
	if len(f.order) >= maxFinders {
		f.drop(f.order[0])
	}
	made := caseFinder{version, flags.New(ownOf(list))}
	f.finders[c], f.order = made, append(f.order, c)
	return made.finder, version, nil
}

// drop forgets the finder of a case. It needs f.mu.
func (f *flagging) drop(c daybook.CaseID) {
	if _, ok := f.finders[c]; ok {
		delete(f.finders, c)
		f.order = slices.DeleteFunc(f.order, func(o daybook.CaseID) bool { return o == c })
	}
}

func ownOf(list []daybook.OwnDetail) (own flags.Own) {
	for _, d := range list {
		switch d.Kind {
		case daybook.OwnAddress:
			own.Addresses = append(own.Addresses, d.Value)
		case daybook.OwnWorkplace:
			own.Workplaces = append(own.Workplaces, d.Value)
		case daybook.OwnName:
			own.Names = append(own.Names, d.Value)
		case daybook.OwnPhone:
			own.Phones = append(own.Phones, d.Value)
		}
	}
	return own
}

// BringFlags brings the flags of a case up to its messages: it looks at those
// that are new or changed since, or at all of them when the rules or the own
// details have changed. It stops after about most messages; 0: at the end. It
// returns how many entries of the log it has looked through by now, and how many
// there are: when both are the same, the flags are complete.
func (db *DB) BringFlags(ctx context.Context, c daybook.CaseID, most int) (done, all uint64, err error) {
	ctx = cases.WithSight(ctx, cases.Sight{}) // what is kept is for everybody
	if err := db.prepare(ctx, insertFlag); err != nil {
		return 0, 0, fmt.Errorf("look for flags: %w", err)
	}
	for looked := 0; ; {
		n, err := 0, error(nil)
		done, all, n, err = db.bringFlags(ctx, c)
		if err != nil {
			return done, all, fmt.Errorf("look for flags: %w", err)
		}
		if looked += n; done >= all || most > 0 && looked >= most {
			return done, all, nil
		}
	}
}

// errFlagsMoved says that what was being looked at has been made again
// meanwhile.
var errFlagsMoved = errors.New("the messages were made again meanwhile")

// bringFlags looks at the messages of one window of entries.
func (db *DB) bringFlags(ctx context.Context, c daybook.CaseID) (done, all uint64, looked int, err error) {
	select {
	case db.flagging.turn <- struct{}{}:
		defer func() { <-db.flagging.turn }()
	case <-ctx.Done():
		return 0, 0, 0, ctx.Err()
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return 0, 0, 0, err
	}
	finder, version, err := db.finder(ctx, c)
	if err != nil {
		return 0, 0, 0, err
	}
	if all, err = db.FollowerPosition(ctx, c, messagesName); err != nil {
		return 0, 0, 0, err
	}
	name := fmt.Sprintf("%s %s own/%d", flags.Version(), messagesName, version)
	from, err := db.FollowerPosition(ctx, c, name)
	if err != nil || from >= all {
		return from, all, 0, err
	}
	first, to, err := db.flagsTo(ctx, c, from, all)
	if err != nil {
		return from, all, 0, err
	}
	if first >= all && from > 0 { // visits, checkpoints: nothing to write down
		return all, all, 0, nil
	}
	found, err := db.toFlag(ctx, c, key, from, to)
	if err != nil {
		return from, all, 0, err
	}
	for i := range found {
		found[i].find(finder)
	}
	if err := db.putFlags(ctx, c, key, name, from, to, found); err != nil && !errors.Is(err, errFlagsMoved) {
		return from, all, 0, err
	} else if err != nil { // begin again where it stands now
		return from, all, len(found) + 1, nil
	}
	return to, all, len(found), nil
}

// flagsTo returns the first entry from from on that tells of a message, all if
// there is none, and the end of the window that begins there.
func (db *DB) flagsTo(ctx context.Context, c daybook.CaseID, from, all uint64) (first, end uint64, err error) {
	next := int64(all)
	sooner := func(entry, _ int64) {
		if entry >= 0 {
			next = min(next, entry)
		}
	}
	err = db.pairs(ctx, `SELECT COALESCE(MIN(id) / 1024, -1), 0 FROM message WHERE case_id = $1 AND id >= $2`, []any{string(c), messageID(int64(from), 0)}, sooner)
	if err != nil {
		return 0, 0, err
	}
	err = db.pairs(ctx, `SELECT COALESCE(MIN(entry), -1), 0 FROM message_capture WHERE case_id = $1 AND entry >= $2`, []any{string(c), int64(from)}, sooner)
	return uint64(next), min(all, uint64(next)+flagWindow), err
}

// A toFlag is a message that is looked at.
type toFlag struct {
	id, sent int64
	message  daybook.Message
	flags    []flags.Flag
}

func (m *toFlag) find(f *flags.Finder) {
	for _, found := range foundIn(f, &m.message) {
		if !slices.Contains(m.flags, found.Flag) {
			m.flags = append(m.flags, found.Flag)
		}
	}
}

// newIn is the condition on messages that an entry from from on, and before to,
// tells of. Two statements use it, because SQLite answers one with an OR by
// walking through the whole case.
func newIn(column string, c daybook.CaseID, from, to uint64) []struct {
	rest string
	args []any
} {
	return []struct {
		rest string
		args []any
	}{
		{` AND ` + column + ` >= $2 AND ` + column + ` < $3`, []any{string(c), messageID(int64(from), 0), messageID(int64(to), 0)}},
		{` AND ` + column + ` IN (SELECT id FROM message_capture WHERE case_id = $2 AND entry >= $3 AND entry < $4)`,
			[]any{string(c), string(c), int64(from), int64(to)}},
	}
}

// toFlag reads the messages that some entries tell of, without what flags do not
// depend on.
func (db *DB) toFlag(ctx context.Context, c daybook.CaseID, key *archive.CaseKey, from, to uint64) (out []toFlag, err error) {
	seen := map[int64]bool{}
	for _, q := range newIn("m.id", c, from, to) {
		err := db.eachContent(ctx, key, q.rest, q.args, func(m toFlag) {
			if !seen[m.id] {
				seen[m.id] = true
				out = append(out, m)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eachContent opens messages as far as flags depend on them. Placeholders of
// rest begin at $2; $1 is the case.
func (db *DB) eachContent(ctx context.Context, key *archive.CaseKey, rest string, args []any, each func(m toFlag)) error {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT m.id, m.sent, s.sealed FROM message m
		JOIN message_content s ON s.case_id = m.case_id AND s.id = m.id WHERE m.case_id = $1 AND m.captures > 0 AND m.direction <> 'out'`+rest, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	sight := cases.SightOf(ctx)
	for rows.Next() {
		var (
			m      toFlag
			sealed []byte
			told   content
		)
		if err := rows.Scan(&m.id, &m.sent, &sealed); err != nil {
			return err
		}
		if err := open(key, "message", m.id, sealed, &told); err != nil {
			return err
		}
		m.message = told.seen(sight)
		each(m)
	}
	return rows.Err()
}

// putFlags writes what was found in the messages of some entries, unless one of
// them was erased or made again meanwhile.
func (db *DB) putFlags(ctx context.Context, c daybook.CaseID, key *archive.CaseKey, name string, from, to uint64, found []toFlag) error {
	return db.Update(ctx, func(ctx context.Context) error {
		// Erasing and deriving messages take this lock: none of them happens
		// meanwhile.
		known, err := db.lockPosition(ctx, c, messagesName)
		if err != nil {
			return err
		}
		at, err := db.FollowerPosition(ctx, c, name)
		if err != nil {
			return err
		}
		if known < to || at != from {
			return errFlagsMoved
		}
		if from == 0 { // by older rules, or not at all
			if err := db.dropFlags(ctx, c); err != nil {
				return err
			}
		}
		there := make(map[int64]bool, len(found))
		for _, q := range newIn("id", c, from, to) {
			if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM flag WHERE case_id = $1`+q.rest, q.args...); err != nil {
				return err
			}
			err := db.pairs(ctx, `SELECT id, sent FROM message WHERE case_id = $1`+q.rest, q.args, func(id, _ int64) { there[id] = true })
			if err != nil {
				return err
			}
		}
		var rows []any
		for i := range found {
			m := &found[i]
			if !there[m.id] {
				continue
			}
			ref := key.MessageMAC(m.message.Key)
			for _, f := range m.flags {
				mac := newFlagMAC(key, f)
				rows = append(rows, string(c), mac[:], m.sent, m.id, ref[:])
			}
		}
		if err := db.writeRows(ctx, insertFlag, rows); err != nil {
			return err
		}
		return db.SetFollowerPosition(ctx, c, name, to)
	})
}

// dropFlags forgets the flags of a case, and that they were looked for.
func (db *DB) dropFlags(ctx context.Context, c daybook.CaseID) error {
	if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM flag WHERE case_id = $1`, string(c)); err != nil {
		return err
	}
	_, err := db.to(ctx).ExecContext(ctx, `DELETE FROM follower WHERE case_id = $1 AND name LIKE $2`, string(c), flagsPrefix+"%")
	return err
}
