package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
)

// This file reads flags: how many there are, in which messages, and by which
// rules and words.

// foundIn returns what was found in any text that a message had, each rule once,
// ordered as flags.Finder.Find does; without spans, which belong to one text. A
// message of the person's own has no flags, nor has what is no contact.
func foundIn(f *flags.Finder, m *daybook.Message) (out []flags.Found) {
	if m.Direction == daybook.Out || m.Kind == daybook.KindDiary || !m.Kind.Contact() {
		return nil
	}
	texts := make([]string, 0, 1+len(m.Versions))
	for _, t := range append(texts, textsOf(m)...) {
		for _, found := range f.Find(t, m.Lang) {
			if slices.ContainsFunc(out, func(o flags.Found) bool { return o.Rule == found.Rule }) {
				continue
			}
			found.Spans = nil
			out = append(out, found)
		}
	}
	all := flags.All()
	slices.SortFunc(out, func(a, b flags.Found) int {
		if x, y := slices.Index(all, a.Flag), slices.Index(all, b.Flag); x != y {
			return x - y
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	return out
}

// textsOf returns the different texts of a message.
func textsOf(m *daybook.Message) (out []string) {
	if m.Text != "" {
		out = append(out, m.Text)
	}
	for i := range m.Versions {
		if t := m.Versions[i].Text; t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// FlagsOf returns what is found in each of some messages that were read already.
// Of what is found in several of its texts, each rule is told once, without
// spans.
func (db *DB) FlagsOf(ctx context.Context, c daybook.CaseID, messages []daybook.Message) ([][]flags.Found, error) {
	f, _, err := db.finder(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("look for flags: %w", err)
	}
	out := make([][]flags.Found, len(messages))
	for i := range messages {
		out[i] = foundIn(f, &messages[i])
	}
	return out, nil
}

// FindFlags returns what is found in one text of a message, with the places.
func (db *DB) FindFlags(ctx context.Context, m *daybook.Message, text string) ([]flags.Found, error) {
	f, _, err := db.finder(ctx, m.Case)
	if err != nil {
		return nil, fmt.Errorf("look for flags: %w", err)
	}
	one := *m
	if foundIn(f, &one) == nil {
		return nil, nil
	}
	return f.Find(text, m.Lang), nil
}

// FlagCounts returns how many messages have each flag, as far as BringFlags has
// looked. Flags that none has are left out.
func (db *DB) FlagCounts(ctx context.Context, c daybook.CaseID) (map[flags.Flag]int, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	out := map[flags.Flag]int{}
	for _, f := range flags.All() {
		var n int
		mac := newFlagMAC(key, f)
		if !cases.SightOf(ctx).Whole() {
			some, err := db.Flagged(ctx, c, f)
			if err != nil {
				return nil, err
			}
			if len(some) > 0 {
				out[f] = len(some)
			}
			continue
		}
		if err := db.from(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM flag WHERE case_id = $1 AND mac = $2`, string(c), mac[:]).Scan(&n); err != nil {
			return nil, fmt.Errorf("count flags: %w", err)
		}
		if n > 0 {
			out[f] = n
		}
	}
	return out, nil
}

// Flagged returns the messages that have any of some flags, as the keyed hashes
// that the search index knows them by (archive.CaseKey.MessageMAC), as far as
// BringFlags has looked.
func (db *DB) Flagged(ctx context.Context, c daybook.CaseID, which ...flags.Flag) ([][32]byte, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	out := [][32]byte{}
	seen := map[[32]byte]bool{}
	for _, f := range which {
		mac := newFlagMAC(key, f)
		rows, err := db.from(ctx).QueryContext(ctx, `SELECT ref FROM flag WHERE case_id = $1 AND mac = $2 ORDER BY sent, id`, string(c), mac[:])
		if err != nil {
			return nil, fmt.Errorf("list flagged messages: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var ref []byte
			if err := rows.Scan(&ref); err != nil {
				return nil, fmt.Errorf("list flagged messages: %w", err)
			}
			if r := [32]byte(ref); !seen[r] {
				seen[r] = true
				out = append(out, r)
			}
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("list flagged messages: %w", err)
		}
	}
	if !cases.SightOf(ctx).Whole() {
		return db.seenFlagged(ctx, c, out, which)
	}
	return out, nil
}

// FlagsByMessage returns the flags of every message that has some, by the keyed
// hash of its key (archive.CaseKey.MessageMAC), as far as BringFlags has looked:
// for who goes through a whole case.
func (db *DB) FlagsByMessage(ctx context.Context, c daybook.CaseID) (map[[32]byte][]flags.Flag, error) {
	out := map[[32]byte][]flags.Flag{}
	for _, f := range flags.All() {
		some, err := db.Flagged(ctx, c, f)
		if err != nil {
			return nil, err
		}
		for _, ref := range some {
			out[ref] = append(out[ref], f)
		}
	}
	return out, nil
}

// listFlagged is listBy for the messages that have a flag. What the person sent
// has none.
func (db *DB) listFlagged(ctx context.Context, c daybook.CaseID, h daybook.Handle, flag flags.Flag, build func(w *conditions, table string)) ([]listed, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	mac := newFlagMAC(key, flag)
	var w conditions
	w.and(`f.case_id = ?`, string(c))
	w.and(`f.mac = ?`, mac[:])
	if !h.IsZero() {
		id, err := db.handleID(ctx, c, key, h)
		if err != nil || id == 0 {
			return nil, err
		}
		w.and(`m.sender = ?`, id)
	}
	build(&w, "f")
	return db.messagesFrom(ctx, c, flagTables, w.text.String(), w.args)
}

// flagTables are the flags with their messages: what is narrowed to a flag walks
// along them.
const flagTables = `flag f JOIN message m ON m.case_id = f.case_id AND m.id = f.id`

// A FlaggedMessage is a message with what was found in it.
type FlaggedMessage struct {
	Entry  uint64 // its first capture
	Sender daybook.Handle
	Sent   time.Time // as the platform says; else when it was first seen
	Found  []flags.Found
}

// FlaggedMessages returns every message with a flag, in order of time, as far as
// BringFlags has looked.
func (db *DB) FlaggedMessages(ctx context.Context, c daybook.CaseID) ([]FlaggedMessage, error) {
	out, err := db.flaggedMessages(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("read flagged messages: %w", err)
	}
	return out, nil
}

func (db *DB) flaggedMessages(ctx context.Context, c daybook.CaseID) (out []FlaggedMessage, err error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	finder, _, err := db.finder(ctx, c)
	if err != nil {
		return nil, err
	}
	var ids []any
	err = db.pairs(ctx, `SELECT DISTINCT sent, id FROM flag WHERE case_id = $1 ORDER BY sent, id`, []any{string(c)}, func(_, id int64) { ids = append(ids, id) })
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(ids, rowsPerStatement) {
		var some []listed
		err := db.eachContent(ctx, key, ` AND m.id IN `+db.list(2, len(part)), append([]any{string(c)}, part...), func(m toFlag) {
			some = append(some, listed{Message: m.message, id: m.id, sent: m.sent})
		})
		if err != nil {
			return nil, err
		}
		entries := map[int64]uint64{}
		err = db.pairs(ctx, `SELECT id, first_entry FROM message WHERE case_id = $1 AND id IN `+db.list(2, len(part)), append([]any{string(c)}, part...),
			func(id, entry int64) { entries[id] = uint64(entry) })
		if err != nil {
			return nil, err
		}
		slices.SortFunc(some, listed.compare)
		for i := range some {
			m := &some[i]
			if found := foundIn(finder, &m.Message); len(found) > 0 || cases.SightOf(ctx).Whole() {
				out = append(out, FlaggedMessage{Entry: entries[m.id], Sender: m.Sender, Sent: fromMicros(m.sent), Found: found})
			}
		}
	}
	return out, nil
}
