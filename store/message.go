package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/collectors"
	"daybook/detect/flags"
)

// This file reads messages: one, a list, those around one, and how many.

// Message returns the message that an entry shows; of an entry that shows
// several, the first. ErrNotFound if it shows none.
func (db *DB) Message(ctx context.Context, c daybook.CaseID, entry uint64) (daybook.Message, error) {
	if err := inScope(ctx, c); err != nil {
		return daybook.Message{}, err
	}
	ids, err := db.shownBy(ctx, c, entry)
	if err != nil {
		return daybook.Message{}, err
	}
	if len(ids) == 0 {
		return daybook.Message{}, fmt.Errorf("message of entry %d: %w", entry, daybook.ErrNotFound)
	}
	return db.oneMessage(ctx, c, fmt.Sprintf("message of entry %d", entry), `m.id = $2`, ids[0])
}

// MessageByMAC returns a message by the keyed hash of its key; ErrNotFound.
func (db *DB) MessageByMAC(ctx context.Context, c daybook.CaseID, mac [32]byte) (daybook.Message, error) {
	if err := inScope(ctx, c); err != nil {
		return daybook.Message{}, err
	}
	return db.oneMessage(ctx, c, "message", `m.key_mac = $2`, mac[:len(keyMAC{})])
}

func (db *DB) oneMessage(ctx context.Context, c daybook.CaseID, what, condition string, arg any) (daybook.Message, error) {
	found, err := db.messages(ctx, c, ` AND `+condition, []any{arg})
	if err != nil {
		return daybook.Message{}, fmt.Errorf("read %s: %w", what, err)
	}
	if len(found) == 0 {
		return daybook.Message{}, fmt.Errorf("%s: %w", what, daybook.ErrNotFound)
	}
	return found[0].Message, nil
}

// shownBy returns the ids of the messages that an entry shows, in the order of
// its reading.
func (db *DB) shownBy(ctx context.Context, c daybook.CaseID, entry uint64) ([]int64, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, id - $1 FROM message WHERE case_id = $2 AND id >= $3 AND id <= $4 AND first_entry = $5
		UNION ALL SELECT id, place FROM message_capture WHERE case_id = $6 AND entry = $7 ORDER BY 2`,
		messageID(int64(entry), 0), string(c), messageID(int64(entry), 0), messageID(int64(entry), maxPlace), int64(entry), string(c), int64(entry))
	if err != nil {
		return nil, fmt.Errorf("read what entry %d shows: %w", entry, err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id, place int64
		if err := rows.Scan(&id, &place); err != nil {
			return nil, fmt.Errorf("read what entry %d shows: %w", entry, err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what entry %d shows: %w", entry, err)
	}
	return ids, nil
}

// A listed is a message with what orders it.
type listed struct {
	daybook.Message
	id, sent, firstEntry, captures int64

	accounts []daybook.AccountID // that it was seen by
	made     bool                // LastSeen is when a file was made
}

// messages reads messages whole. rest stands after the condition on the case,
// its placeholders begin at $2.
func (db *DB) messages(ctx context.Context, c daybook.CaseID, rest string, args []any) ([]listed, error) {
	return db.messagesFrom(ctx, c, `message m`, rest, args)
}

func (db *DB) messagesFrom(ctx context.Context, c daybook.CaseID, tables, rest string, args []any) ([]listed, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT m.id, m.sent, m.first_entry, m.captures, s.sealed FROM `+tables+`
		JOIN message_content s ON s.case_id = m.case_id AND s.id = m.id WHERE m.case_id = $1 AND m.captures > 0`+rest,
		append([]any{string(c)}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sight := cases.SightOf(ctx)
	var out []listed
	for rows.Next() {
		var (
			l      listed
			sealed []byte
			told   content
		)
		if err := rows.Scan(&l.id, &l.sent, &l.firstEntry, &l.captures, &sealed); err != nil {
			return nil, err
		}
		if err := open(key, "message", l.id, sealed, &told); err != nil {
			return nil, err
		}
		l.Message = told.seen(sight)
		l.Case = c
		for i := range told.Views {
			if a := told.Views[i].Account; !slices.Contains(l.accounts, a) {
				l.accounts = append(l.accounts, a)
			}
		}
		out = append(out, l)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, db.complete(ctx, c, out)
}

// complete adds the captures of messages, and when those were seen last without
// being archived again.
func (db *DB) complete(ctx context.Context, c daybook.CaseID, all []listed) error {
	for part := range slices.Chunk(all, rowsPerStatement) {
		args := []any{string(c)}
		at := make(map[int64]*listed, len(part))
		for i := range part {
			l := &part[i]
			at[l.id] = l
			if l.firstEntry == l.id>>10 {
				l.Captures = append(l.Captures, uint64(l.firstEntry))
			}
			if int64(len(l.Captures)) < l.captures {
				args = append(args, l.id)
			}
		}
		if len(args) > 1 {
			err := db.pairs(ctx, `SELECT id, entry FROM message_capture WHERE case_id = $1 AND id IN `+db.list(2, len(args)-1), args,
				func(id, entry int64) { at[id].Captures = append(at[id].Captures, uint64(entry)) })
			if err != nil {
				return err
			}
		}
		for i := range part {
			slices.Sort(part[i].Captures)
		}
		if err := db.completeSeen(ctx, c, part); err != nil {
			return err
		}
	}
	return nil
}

// completeSeen moves LastSeen to when a capture of the message was met last,
// whether it was archived again or not. In a file it was met when the file was
// made, not when that was read in.
func (db *DB) completeSeen(ctx context.Context, c daybook.CaseID, part []listed) error {
	var (
		marks []collectors.SeenKey
		whose []*listed
	)
	for i := range part {
		for _, a := range part[i].accounts {
			marks = append(marks, collectors.MessageMark(a, part[i].Key), collectors.ImportMark(a, part[i].Key))
			whose = append(whose, &part[i], &part[i])
		}
	}
	found, err := db.Recall(ctx, c, marks)
	if err != nil {
		return err
	}
	for i := 1; i < len(found); i += 2 {
		if s := found[i]; s.Entry >= 0 && whose[i].Origin == daybook.Imported && !whose[i].made {
			whose[i].LastSeen, whose[i].made = s.At, true
		}
	}
	for i, s := range found {
		if s.Entry >= 0 {
			whose[i].LastSeen = later(whose[i].LastSeen, s.At)
		}
	}
	return nil
}

// pairs calls each with the two numbers of every row of a query.
func (db *DB) pairs(ctx context.Context, query string, args []any, each func(a, b int64)) error {
	rows, err := db.from(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var a, b int64
		if err := rows.Scan(&a, &b); err != nil {
			return err
		}
		each(a, b)
	}
	return rows.Err()
}

// conditions collects what stands after WHERE.
type conditions struct {
	text strings.Builder
	args []any
}

// and adds a condition in which each ? is one argument; $1 is the case.
func (w *conditions) and(condition string, args ...any) {
	w.text.WriteString(" AND ")
	w.put(condition, args...)
}

func (w *conditions) put(text string, args ...any) {
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		w.args = append(w.args, arg)
		w.text.WriteString(before + "$" + strconv.Itoa(len(w.args)+1))
		text = after
	}
	w.text.WriteString(text)
}

// List returns up to limit messages of a case, in the order of the time of
// sending, and where to go on: "" at the end. cursor is "" for the beginning or
// what an earlier call with the same filter returned.
func (db *DB) List(ctx context.Context, c daybook.CaseID, f daybook.MessageFilter, limit int, cursor string) ([]daybook.Message, string, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, "", err
	}
	var sent, id int64
	if cursor != "" {
		if n, err := fmt.Sscanf(cursor, "%d.%d", &sent, &id); n != 2 || err != nil {
			return nil, "", fmt.Errorf("list messages: %w: not a place in this list", daybook.ErrInvalid)
		}
	}
	build := func(w *conditions, table string) {
		if !f.From.IsZero() {
			w.and(table+`.sent >= ?`, micros(f.From))
		}
		if !f.To.IsZero() {
			w.and(table+`.sent < ?`, micros(f.To))
		}
		for _, is := range []struct{ column, value string }{
			{"account", string(f.Account)}, {"kind", word(string(f.Kind))}, {"origin", string(f.Origin)},
			{"state", string(f.State)}, {"direction", string(f.Direction)},
		} {
			if is.value != "" {
				w.and(`m.`+is.column+` = ?`, is.value)
			}
		}
		if cursor != "" {
			after := `>`
			if f.Newest {
				after = `<`
			}
			w.and(`(`+table+`.sent, `+table+`.id) `+after+` (?, ?)`, sent, id)
		}
		order := ``
		if f.Newest {
			order = ` DESC`
		}
		w.put(` ORDER BY `+table+`.sent`+order+`, `+table+`.id`+order+` LIMIT ?`, limit+1)
	}
	found, err := db.listBy(ctx, c, f.Handle, flags.Flag(f.Flag), build)
	if err != nil {
		return nil, "", fmt.Errorf("list messages: %w", err)
	}
	slices.SortFunc(found, func(a, b listed) int {
		if f.Newest {
			a, b = b, a
		}
		return a.compare(b)
	})
	found = slices.CompactFunc(found, func(a, b listed) bool { return a.id == b.id })
	next := ""
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		next = fmt.Sprintf("%d.%d", last.sent, last.id)
	}
	messages := plainMessages(found)
	if f.Flag != "" {
		if messages, err = db.keepFlagged(ctx, c, messages, flags.Flag(f.Flag)); err != nil {
			return nil, "", err
		}
	}
	return messages, next, nil
}

func (l listed) compare(o listed) int {
	if l.sent != o.sent {
		return int(min(1, max(-1, l.sent-o.sent)))
	}
	return int(min(1, max(-1, l.id-o.id)))
}

func plainMessages(found []listed) []daybook.Message {
	out := make([]daybook.Message, len(found))
	for i := range found {
		out[i] = found[i].Message
	}
	return out
}

// listBy reads what build asks for; with a handle, first what it sent and then
// what was sent to it. Each is a walk along one index, that of the table which
// build is given.
func (db *DB) listBy(ctx context.Context, c daybook.CaseID, h daybook.Handle, flag flags.Flag, build func(w *conditions, table string)) ([]listed, error) {
	if flag != "" {
		return db.listFlagged(ctx, c, h, flag, build)
	}
	if h.IsZero() {
		var w conditions
		build(&w, "m")
		return db.messages(ctx, c, w.text.String(), w.args)
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	id, err := db.handleID(ctx, c, key, h)
	if err != nil || id == 0 {
		return nil, err
	}
	var from, to conditions
	from.and(`m.sender = ?`, id)
	build(&from, "m")
	sent, err := db.messages(ctx, c, from.text.String(), from.args)
	if err != nil {
		return nil, err
	}
	to.and(`t.case_id = ?`, string(c))
	to.and(`t.handle = ?`, id)
	build(&to, "t")
	got, err := db.messagesFrom(ctx, c, `message_to t JOIN message m ON m.case_id = t.case_id AND m.id = t.id`, to.text.String(), to.args)
	return append(sent, got...), err
}

// Around returns up to n messages before and n after the one that an entry
// shows, of the same account and in the order of time, with that one among them.
func (db *DB) Around(ctx context.Context, c daybook.CaseID, entry uint64, n int) ([]daybook.Message, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	ids, err := db.shownBy(ctx, c, entry)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("messages around entry %d: %w", entry, daybook.ErrNotFound)
	}
	out, err := db.messages(ctx, c, ` AND m.id = $2`, []any{ids[0]})
	if err != nil {
		return nil, fmt.Errorf("messages around entry %d: %w", entry, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("messages around entry %d: %w", entry, daybook.ErrNotFound)
	}
	here := out[0]
	for _, rest := range []string{
		` AND m.account = $2 AND (m.sent, m.id) < ($3, $4) ORDER BY m.sent DESC, m.id DESC LIMIT $5`,
		` AND m.account = $2 AND (m.sent, m.id) > ($3, $4) ORDER BY m.sent, m.id LIMIT $5`,
	} {
		some, err := db.messages(ctx, c, rest, []any{string(here.Account), here.sent, here.id, n})
		if err != nil {
			return nil, fmt.Errorf("messages around entry %d: %w", entry, err)
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, listed.compare)
	return plainMessages(out), nil
}

// Edited returns the texts, oldest first, of those messages that had more than
// one and that an entry from from on, and before to, shows.
func (db *DB) Edited(ctx context.Context, c daybook.CaseID, from, to uint64) (map[daybook.MessageKey][]string, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	out := map[daybook.MessageKey][]string{}
	// Two questions, because SQLite answers one with an OR by walking through
	// the whole case.
	for _, q := range []struct {
		rest string
		args []any
	}{
		{` AND m.id >= $2 AND m.id < $3 AND m.first_entry >= $4 AND m.versions > 1`,
			[]any{messageID(int64(from), 0), messageID(int64(to), 0), int64(from)}},
		{` AND m.id IN (SELECT id FROM message_capture WHERE case_id = $2 AND entry >= $3 AND entry < $4) AND m.versions > 1`,
			[]any{string(c), int64(from), int64(to)}},
	} {
		found, err := db.messages(ctx, c, q.rest, q.args)
		if err != nil {
			return nil, fmt.Errorf("read the texts of edited messages: %w", err)
		}
		for _, m := range found {
			texts := make([]string, len(m.Versions))
			for i, v := range m.Versions {
				texts[i] = v.Text
			}
			out[m.Key] = texts
		}
	}
	return out, nil
}

// Counts returns how much a case holds.
func (db *DB) Counts(ctx context.Context, c daybook.CaseID) (daybook.Counts, error) {
	if err := inScope(ctx, c); err != nil {
		return daybook.Counts{}, err
	}
	n := daybook.Counts{ByKind: map[daybook.Kind]int{}, ByOrigin: map[daybook.Origin]int{}, ByState: map[daybook.State]int{}}
	q := db.from(ctx)
	err := db.eachFact(ctx, c, func(l *factLine) {
		n.Messages++
		n.ByKind[l.Kind]++
		n.ByOrigin[l.Origin]++
		n.First, n.Last = earlier(n.First, l.At), later(n.Last, l.At)
		switch {
		case l.Gone:
			n.ByState[daybook.Gone]++
		case l.Edited:
			n.ByState[daybook.Edited]++
		default:
			n.ByState[daybook.Present]++
		}
	})
	if err != nil {
		return n, fmt.Errorf("count messages: %w", err)
	}
	for kind, count := range n.ByKind {
		if !knownKind(kind) {
			n.Unknown += count
		}
	}
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM handle WHERE case_id = $1 AND own = 0`, string(c)).Scan(&n.Handles); err != nil {
		return n, fmt.Errorf("count handles: %w", err)
	}
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM unread WHERE case_id = $1`, string(c)).Scan(&n.Unread); err != nil {
		return n, fmt.Errorf("count entries that cannot be read: %w", err)
	}
	return n, nil
}

// knownKind reports whether a kind is one that this version has words for.
func knownKind(k daybook.Kind) bool {
	return slices.Contains([]daybook.Kind{
		daybook.KindMention, daybook.KindReply, daybook.KindDirectMessage, daybook.KindFollow, daybook.KindRequest,
		daybook.KindFavourite, daybook.KindBoost, daybook.KindQuote, daybook.KindPoll, daybook.KindPost, daybook.KindEmail,
		daybook.KindSMS, daybook.KindCall, daybook.KindMissedCall, daybook.KindReaction, daybook.KindComment,
		daybook.KindStoryReply, daybook.KindSystem, daybook.KindDiary, daybook.KindLogin,
	}, k)
}

// handleID returns the number of a handle; 0 if the case does not know it.
func (db *DB) handleID(ctx context.Context, c daybook.CaseID, key *archive.CaseKey, h daybook.Handle) (int64, error) {
	mac := key.MAC("handle", h.Ref())
	var id int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM handle WHERE case_id = $1 AND mac = $2`, string(c), mac[:]).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("look a handle up: %w", err)
	}
	return id, nil
}
