package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"daybook"
	"daybook/archive"
)

// Erased implements archive.Follower: it deletes the rows of these messages and
// of handles that nothing else refers to, and takes back the names that only
// they showed. A message that is not there is passed over.
//
// On SQLite the bytes are overwritten at once; what lies in the write-ahead log
// goes with its next truncation.
func (f *MessageFollower) Erased(ctx context.Context, c daybook.CaseID, messages []daybook.MessageKey) error {
	key, err := f.db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	err = f.db.Update(ctx, func(ctx context.Context) error {
		if _, err := f.db.lockPosition(ctx, c, messagesName); err != nil {
			return err
		}
		handles := map[int64]bool{}
		for _, m := range messages {
			mac := newKeyMAC(key.MessageMAC(m))
			if err := f.db.eraseMessage(ctx, c, mac, handles); err != nil {
				return err
			}
		}
		for id := range handles {
			if err := f.db.trimHandle(ctx, c, key, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erase derived messages: %w", err)
	}
	f.db.senders.drop(c)
	return nil
}

// eraseMessage deletes the rows of one message and notes the handles that it
// referred to.
func (db *DB) eraseMessage(ctx context.Context, c daybook.CaseID, mac keyMAC, handles map[int64]bool) error {
	id := int64(-1)
	err := db.pairs(ctx, `SELECT id, sender FROM message WHERE case_id = $1 AND key_mac = $2`, []any{string(c), mac[:]},
		func(found, sender int64) {
			id = found
			handles[sender] = true
		})
	if err != nil || id < 0 {
		return err
	}
	err = db.pairs(ctx, `SELECT id, handle FROM message_to WHERE case_id = $1 AND id = $2`, []any{string(c), id},
		func(_, handle int64) { handles[handle] = true })
	if err != nil {
		return err
	}
	for _, table := range []string{"message", "message_content", "message_capture", "message_to", "flag"} {
		if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM `+table+` WHERE case_id = $1 AND id = $2`, string(c), id); err != nil {
			return err
		}
	}
	return nil
}

// trimHandle makes a handle's names again from what still refers to it, or
// deletes it if nothing does.
func (db *DB) trimHandle(ctx context.Context, c daybook.CaseID, key *archive.CaseKey, id int64) error {
	if id == 0 {
		return nil
	}
	var (
		own    int64
		sealed []byte
	)
	err := db.to(ctx).QueryRowContext(ctx, `SELECT own, sealed FROM handle WHERE case_id = $1 AND id = $2`, string(c), id).Scan(&own, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read handle %d: %w", id, err)
	}
	var h daybook.Handle
	if err := open(key, "handle", id, sealed, &h); err != nil {
		return err
	}
	if own != 0 {
		return nil // the person's own
	}
	names, referred, err := db.namesOf(ctx, c, key, id, h)
	if err != nil {
		return err
	}
	if !referred {
		if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM picture WHERE case_id = $1 AND handle = $2`, string(c), id); err != nil {
			return err
		}
		_, err := db.to(ctx).ExecContext(ctx, `DELETE FROM handle WHERE case_id = $1 AND id = $2`, string(c), id)
		return err
	}
	// A name that a block or an account told of, and no message, cannot be
	// told from one that only the erased message showed: it goes too.
	h.Names = names
	if sealed, err = seal(key, "handle", id, &h); err != nil {
		return err
	}
	_, err = db.to(ctx).ExecContext(ctx, `UPDATE handle SET sealed = $1 WHERE case_id = $2 AND id = $3`, sealed, string(c), id)
	return err
}

// namesOf returns the names that the messages of a case show of a handle, and
// whether anything refers to it at all.
func (db *DB) namesOf(ctx context.Context, c daybook.CaseID, key *archive.CaseKey, id int64, h daybook.Handle) (names []daybook.SeenName, referred bool, err error) {
	for _, query := range []string{
		`SELECT s.id, s.sealed FROM message m JOIN message_content s ON s.case_id = m.case_id AND s.id = m.id WHERE m.case_id = $1 AND m.sender = $2`,
		`SELECT s.id, s.sealed FROM message_to t JOIN message_content s ON s.case_id = t.case_id AND s.id = t.id WHERE t.case_id = $1 AND t.handle = $2`,
	} {
		rows, err := db.to(ctx).QueryContext(ctx, query, string(c), id)
		if err != nil {
			return nil, false, fmt.Errorf("read the names of handle %d: %w", id, err)
		}
		defer rows.Close()
		for rows.Next() {
			var (
				row    int64
				sealed []byte
				told   content
			)
			if err := rows.Scan(&row, &sealed); err != nil {
				return nil, false, fmt.Errorf("read the names of handle %d: %w", id, err)
			}
			if err := open(key, "message", row, sealed, &told); err != nil {
				return nil, false, err
			}
			referred = true
			names = told.namesOf(h, names)
		}
		if err := rows.Err(); err != nil {
			return nil, false, fmt.Errorf("read the names of handle %d: %w", id, err)
		}
	}
	err = db.pairs(ctx, `SELECT handle, other FROM decision WHERE case_id = $1 UNION ALL SELECT handle, handle FROM block_seen WHERE case_id = $2`,
		[]any{string(c), string(c)}, func(a, b int64) { referred = referred || a == id || b == id })
	if err != nil {
		return nil, false, fmt.Errorf("read what refers to handle %d: %w", id, err)
	}
	return names, referred, nil
}

// namesOf adds the names that a message shows of a handle.
func (c *content) namesOf(h daybook.Handle, names []daybook.SeenName) []daybook.SeenName {
	for _, v := range c.Views {
		if v.Sender == h.Native && c.Platform == h.Platform {
			for _, n := range c.Names {
				names = addName(names, n)
			}
		}
		if i := slices.IndexFunc(v.To, h.Same); i >= 0 {
			n := dated(v.To[i], v.First)
			n.To = fromMicros(v.Last)
			names = addName(names, n)
		}
	}
	return names
}
