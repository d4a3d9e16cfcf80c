package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// MessagesAt returns the message that each of some entries shows first, every
// message once. daybook.ErrNotFound if one shows none.
func (db *DB) MessagesAt(ctx context.Context, c daybook.CaseID, entries []uint64) ([]daybook.Message, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	var out []daybook.Message
	for _, entry := range entries {
		m, err := db.Message(ctx, c, entry)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o daybook.Message) bool { return o.Key == m.Key }) {
			out = append(out, m)
		}
	}
	return out, nil
}

// OnlyIn returns those senders and receivers of some messages that no other
// message of the case is from or to, and that are not the person: the accounts
// whose pictures go with them.
func (db *DB) OnlyIn(ctx context.Context, c daybook.CaseID, messages []daybook.Message) ([]daybook.Handle, error) {
	keys := make([]daybook.MessageKey, len(messages))
	var handles []daybook.Handle
	for i := range messages {
		keys[i] = messages[i].Key
		for _, h := range append([]daybook.Handle{messages[i].Sender}, messages[i].To...) {
			if !h.IsZero() && !slices.ContainsFunc(handles, h.Same) {
				handles = append(handles, daybook.Handle{Platform: h.Platform, Native: h.Native})
			}
		}
	}
	return db.OnlyThese(ctx, c, keys, handles)
}

// OnlyThese returns those of some handles that no message of a case but some is
// from or to.
func (db *DB) OnlyThese(ctx context.Context, c daybook.CaseID, messages []daybook.MessageKey, handles []daybook.Handle) (out []daybook.Handle, err error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	macs, err := db.MessageMACs(ctx, c, messages)
	if err != nil {
		return nil, err
	}
	going := archive.NewTombs(false, macs)
	for _, h := range handles {
		id, err := db.handleID(ctx, c, key, h)
		if err != nil {
			return nil, err
		}
		if id == 0 {
			out = append(out, h)
			continue
		}
		only, err := db.onlyOf(ctx, c, id, going)
		if err != nil {
			return nil, fmt.Errorf("look for other messages of a handle: %w", err)
		}
		if only {
			out = append(out, h)
		}
	}
	return out, nil
}

// onlyOf reports whether all messages from or to a handle are going, and it is
// not the person's.
func (db *DB) onlyOf(ctx context.Context, c daybook.CaseID, id int64, going archive.Tombs) (bool, error) {
	own := int64(0)
	if err := db.from(ctx).QueryRowContext(ctx, `SELECT own FROM handle WHERE case_id = $1 AND id = $2`, string(c), id).Scan(&own); err != nil || own != 0 {
		return false, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT key_mac FROM message WHERE case_id = $1 AND sender = $2
		UNION ALL SELECT m.key_mac FROM message_to t JOIN message m ON m.case_id = t.case_id AND m.id = t.id WHERE t.case_id = $3 AND t.handle = $4`,
		string(c), id, string(c), id)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var mac []byte
		if err := rows.Scan(&mac); err != nil {
			return false, err
		}
		if !going.HasMAC(mac) {
			return false, nil
		}
	}
	return true, rows.Err()
}

// HiddenMessages returns the messages of a case that an erasure hides and has not
// destroyed yet. all says that the whole case is hidden.
func (db *DB) HiddenMessages(ctx context.Context, c daybook.CaseID) (messages map[daybook.MessageKey]bool, all bool, err error) {
	found, err := db.erasures(ctx, c, ` AND state NOT IN ('cancelled', 'done')`)
	if err != nil {
		return nil, false, err
	}
	messages = map[daybook.MessageKey]bool{}
	for _, e := range found {
		all = all || e.Whole
		for _, m := range e.target.Messages {
			messages[m] = true
		}
	}
	return messages, all, nil
}

// ForgetErased deletes what waits to be done about messages that were erased, and
// what else the database has of them. entries are those that were destroyed. It
// may be called again.
func (f *MessageFollower) ForgetErased(ctx context.Context, e cases.Erasure, t cases.ErasureTarget, entries []uint64) error {
	db := f.db
	err := db.Update(ctx, func(ctx context.Context) error {
		if err := f.Erased(ctx, e.Case, t.Messages); err != nil {
			return err
		}
		key, err := db.Keys.Case(ctx, e.Case)
		if err != nil {
			return err
		}
		for _, h := range t.Pictures {
			if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM tombstone WHERE case_id = $1 AND mac = $2 AND erasure = $3`,
				string(e.Case), archive.PictureMAC(key, h), e.ID); err != nil {
				return err
			}
		}
		for _, i := range entries {
			if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM picture WHERE case_id = $1 AND entry = $2`, string(e.Case), int64(i)); err != nil {
				return err
			}
			if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM unread WHERE case_id = $1 AND entry = $2`, string(e.Case), int64(i)); err != nil {
				return err
			}
		}
		return db.forgetTasks(ctx, e.Case, entries)
	})
	if err != nil {
		return fmt.Errorf("forget erased messages: %w", err)
	}
	f.LetGo(e.Case)
	return nil
}

// forgetTasks deletes the tasks that entries have made necessary: their names
// have the entry's number in the third place.
func (db *DB) forgetTasks(ctx context.Context, c daybook.CaseID, entries []uint64) error {
	rows, err := db.to(ctx).QueryContext(ctx, `SELECT id FROM task WHERE case_id = $1 AND kind IN ('look', 'media')`, string(c))
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if entry, ok := taskEntry(id); ok && slices.Contains(entries, entry) {
			ids = append(ids, id)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM task WHERE id = $1`, id); err != nil {
			return err
		}
	}
	return nil
}

// taskEntry returns the entry in "look/<account>/<entry>-<place>/<step>".
func taskEntry(id string) (uint64, bool) {
	parts := strings.SplitN(id, "/", 4)
	if len(parts) < 3 {
		return 0, false
	}
	digits, _, _ := strings.Cut(parts[2], "-")
	entry, err := strconv.ParseUint(digits, 10, 64)
	return entry, err == nil
}
