package store

import (
	"context"
	"fmt"
	"slices"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// everyMessage stands in table tombstone for all messages of a case. It is no
// hash of a key that anything has.
func everyMessage() []byte { return make([]byte, len(keyMAC{})) }

// Tombs returns the messages of a case that are neither derived nor collected
// again.
func (db *DB) Tombs(ctx context.Context, c daybook.CaseID) (archive.Tombs, error) {
	if err := inScope(ctx, c); err != nil {
		return archive.Tombs{}, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT mac FROM tombstone WHERE case_id = $1`, string(c))
	if err != nil {
		return archive.Tombs{}, fmt.Errorf("read tombstones: %w", err)
	}
	defer rows.Close()
	var (
		all  bool
		macs [][]byte
	)
	for rows.Next() {
		var mac []byte
		if err := rows.Scan(&mac); err != nil {
			return archive.Tombs{}, fmt.Errorf("read tombstones: %w", err)
		}
		all = all || slices.Equal(mac, everyMessage())
		macs = append(macs, mac)
	}
	if err := rows.Err(); err != nil {
		return archive.Tombs{}, fmt.Errorf("read tombstones: %w", err)
	}
	return archive.NewTombs(all, macs), nil
}

// Erased returns which of some messages of a case are not collected again. It
// implements collectors.Tombs.
func (db *DB) Erased(ctx context.Context, c daybook.CaseID, messages []daybook.MessageKey) (map[daybook.MessageKey]bool, error) {
	tombs, err := db.Tombs(ctx, c)
	if err != nil || tombs.Empty() {
		return nil, err
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("look for erased messages: %w", err)
	}
	out := map[daybook.MessageKey]bool{}
	for _, m := range messages {
		if tombs.Has(key, m) {
			out[m] = true
		}
	}
	return out, nil
}

// MessageMACs returns what messages are known by once they are erased.
func (db *DB) MessageMACs(ctx context.Context, c daybook.CaseID, messages []daybook.MessageKey) ([][]byte, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(messages))
	for i, m := range messages {
		mac := newKeyMAC(key.MessageMAC(m))
		out[i] = mac[:]
	}
	return out, nil
}

func (db *DB) putTombs(ctx context.Context, c daybook.CaseID, erasure string, macs [][]byte) error {
	for _, mac := range macs {
		if len(mac) != len(keyMAC{}) {
			continue
		}
		if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO tombstone (case_id, mac, erasure) VALUES ($1, $2, $3)
			ON CONFLICT (case_id, mac) DO NOTHING`, string(c), mac, erasure); err != nil {
			return fmt.Errorf("put tombstones: %w", err)
		}
	}
	return nil
}

// Hide deletes what is derived from the messages of an erasure, or from the whole
// case, and puts tombstones. It is called within an Update that holds the log's
// head; LetGo follows when that is committed.
func (f *MessageFollower) Hide(ctx context.Context, e cases.Erasure, t cases.ErasureTarget) error {
	macs := [][]byte{everyMessage()}
	if !e.Whole {
		key, err := f.db.Keys.Case(ctx, e.Case)
		if err != nil {
			return fmt.Errorf("hide messages: %w", err)
		}
		if macs, err = f.db.MessageMACs(ctx, e.Case, t.Messages); err != nil {
			return fmt.Errorf("hide messages: %w", err)
		}
		for _, h := range t.Pictures {
			macs = append(macs, archive.PictureMAC(key, h))
		}
	}
	if err := f.db.putTombs(ctx, e.Case, e.ID, macs); err != nil {
		return err
	}
	if e.Whole {
		if err := f.db.dropDerived(ctx, e.Case); err != nil {
			return err
		}
	} else if err := f.Erased(ctx, e.Case, t.Messages); err != nil {
		return err
	}
	return f.db.hidden(ctx, e.Case)
}

// Unhide takes the tombstones of an erasure away and drops all that is derived
// from the log of its case, so that it is made again from entry 0. It is called
// within an Update that holds the log's head; LetGo follows.
func (f *MessageFollower) Unhide(ctx context.Context, e cases.Erasure) error {
	if _, err := f.db.to(ctx).ExecContext(ctx, `DELETE FROM tombstone WHERE erasure = $1 AND case_id = $2`, e.ID, string(e.Case)); err != nil {
		return fmt.Errorf("take tombstones away: %w", err)
	}
	if err := f.db.ResetDerived(ctx, e.Case); err != nil {
		return err
	}
	return f.db.hidden(ctx, e.Case)
}

// hidden counts an erasure, which is what an index in a folder goes by, and moves
// Changed on, which is what figures that are kept go by.
func (db *DB) hidden(ctx context.Context, c daybook.CaseID) error {
	if _, err := db.to(ctx).ExecContext(ctx, `UPDATE log_head SET erasures = erasures + 1, told = size - 1 WHERE case_id = $1`, string(c)); err != nil {
		return fmt.Errorf("note that messages were hidden: %w", err)
	}
	return nil
}

// dropDerived deletes what is derived from the log of a case, but for what was
// consented to, and leaves the followers where they are.
func (db *DB) dropDerived(ctx context.Context, c daybook.CaseID) error {
	if _, err := db.lockPosition(ctx, c, messagesName); err != nil {
		return err
	}
	for _, table := range derivedTables {
		if table == "consent_event" {
			continue
		}
		if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM `+table+` WHERE case_id = $1`, string(c)); err != nil {
			return fmt.Errorf("drop what is derived from the log of case %s: %w", c, err)
		}
	}
	return nil
}

// LetGo drops what is kept in memory of a case: after Hide or Unhide.
func (f *MessageFollower) LetGo(c daybook.CaseID) { f.db.senders.drop(c) }

// readErased takes in that messages were erased: they stay so, also where the
// log alone tells of it.
func (b *messageBatch) readErased(ctx context.Context, e *archive.Entry) error {
	var r daybook.Erased
	if err := e.Record.Decode(&r); err != nil {
		b.unread(e)
		return nil
	}
	if len(r.Messages) == 0 {
		return nil
	}
	if err := b.f.db.putTombs(ctx, b.caseID, "", r.Messages); err != nil {
		return err
	}
	tombs, err := b.f.db.Tombs(ctx, b.caseID)
	if err != nil {
		return err
	}
	b.tombs = tombs
	b.erased = append(b.erased, r.Messages...)
	return nil
}

// bury deletes what entries before told of messages that an entry of this batch
// says were erased.
func (b *messageBatch) bury(ctx context.Context) error {
	handles := map[int64]bool{}
	for _, mac := range b.erased {
		if len(mac) != len(keyMAC{}) {
			continue
		}
		if err := b.f.db.eraseMessage(ctx, b.caseID, keyMAC(mac), handles); err != nil {
			return err
		}
	}
	for id := range handles {
		if err := b.f.db.trimHandle(ctx, b.caseID, b.key, id); err != nil {
			return err
		}
	}
	return nil
}
