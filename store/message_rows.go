package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"daybook"
)

// maxPlace is the highest place in a reading that a message can have.
const maxPlace = 1023

// messageID numbers a message by what first tells of it.
func messageID(entry, place int64) int64 { return entry<<10 | place }

// A keyMAC is what a row of message is found by: CaseKey.MessageMAC, cut short.
type keyMAC [16]byte

func newKeyMAC(mac [32]byte) keyMAC { return keyMAC(mac[:16]) }

// A messageRow is one row of message and message_content while a batch works
// on it.
type messageRow struct {
	mac        keyMAC
	id         int64
	known      bool // the row is there
	out        bool // and it has rows in message_to
	firstEntry int64
	lastEntry  int64 // of this batch
	captures   int64
	content    content
}

var (
	upsertMessage = bulk{
		into: `INSERT INTO message (case_id, id, key_mac, account, kind, direction, origin, state, sender, sent,
			first_entry, versions, captures, fact) VALUES `,
		columns: 14,
		then: ` ON CONFLICT (case_id, id) DO UPDATE SET account = excluded.account, kind = excluded.kind, direction = excluded.direction,
			origin = excluded.origin, state = excluded.state, sender = excluded.sender, sent = excluded.sent,
			first_entry = excluded.first_entry, versions = excluded.versions, captures = excluded.captures, fact = excluded.fact`,
	}
	upsertContent = bulk{
		into:    `INSERT INTO message_content (case_id, id, sealed) VALUES `,
		columns: 3,
		then:    ` ON CONFLICT (case_id, id) DO UPDATE SET sealed = excluded.sealed`,
	}
	insertCapture = bulk{
		into:    `INSERT INTO message_capture (case_id, entry, place, id) VALUES `,
		columns: 4,
		then:    ` ON CONFLICT (case_id, entry, place) DO NOTHING`,
	}
	insertTo = bulk{
		into:    `INSERT INTO message_to (case_id, id, handle, sent) VALUES `,
		columns: 4,
		then:    ` ON CONFLICT (case_id, id, handle) DO NOTHING`,
	}
)

// commit looks up what is known, lets the mentions tell, and writes.
func (b *messageBatch) commit(ctx context.Context) error {
	if err := b.loadMessages(ctx); err != nil {
		return err
	}
	captures := b.tell()
	messages := make([]daybook.Message, len(b.order))
	for i, row := range b.order {
		m := row.content.message()
		if !m.Sender.IsZero() {
			b.handle(m.Sender, daybook.SeenName{})
		}
		if m.Direction == daybook.Out {
			for _, to := range m.To {
				b.handle(to, daybook.SeenName{})
			}
		}
		messages[i] = m
	}
	if err := b.saveHandles(ctx); err != nil {
		return err
	}
	if err := b.saveMessages(ctx, messages); err != nil {
		return err
	}
	if err := b.f.db.writeRows(ctx, insertCapture, captures); err != nil {
		return fmt.Errorf("save captures: %w", err)
	}
	for _, write := range b.events {
		if err := write(ctx); err != nil {
			return fmt.Errorf("save what an entry tells: %w", err)
		}
	}
	return b.bury(ctx)
}

// loadMessages reads the rows of those messages that are known.
func (b *messageBatch) loadMessages(ctx context.Context) error {
	for part := range slices.Chunk(b.order, rowsPerStatement) {
		args := make([]any, 0, len(part))
		for _, row := range part {
			args = append(args, row.mac[:])
		}
		// No word of the case: SQLite would walk through all its rows. The
		// hash is keyed by it.
		rows, err := b.f.db.from(ctx).QueryContext(ctx, `SELECT m.key_mac, m.id, m.direction, m.first_entry, m.captures, c.sealed
			FROM message m JOIN message_content c ON c.case_id = m.case_id AND c.id = m.id
			WHERE m.key_mac IN `+b.f.db.list(1, len(part)), args...)
		if err != nil {
			return fmt.Errorf("look messages up: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var (
				mac, sealed []byte
				direction   daybook.Direction
				row         = messageRow{known: true, lastEntry: -1}
			)
			if err := rows.Scan(&mac, &row.id, &direction, &row.firstEntry, &row.captures, &sealed); err != nil {
				return fmt.Errorf("look messages up: %w", err)
			}
			row.mac, row.out = keyMAC(mac), direction == daybook.Out
			if err := open(b.key, "message", row.id, sealed, &row.content); err != nil {
				return err
			}
			*b.messages[row.mac] = row
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("look messages up: %w", err)
		}
	}
	return nil
}

// tell lets every mention tell, in order, and returns the captures to save.
func (b *messageBatch) tell() (captures []any) {
	for i := range b.mentions {
		m, row := &b.mentions[i], b.mentions[i].row
		if m.tell != nil {
			m.tell(&row.content)
			continue
		}
		row.content.Platform = cmp.Or(row.content.Platform, m.platform)
		row.content.add(m.view, m.lane, m.name)
		if row.lastEntry == m.entry {
			continue // an entry is one capture, however often it shows the message
		}
		row.lastEntry = m.entry
		row.captures++
		if row.firstEntry < 0 {
			row.firstEntry, row.content.Logged = m.entry, micros(m.logged)
		}
		if row.id != messageID(m.entry, m.place) {
			captures = append(captures, string(b.caseID), m.entry, m.place, row.id)
		}
	}
	return captures
}

func (b *messageBatch) saveMessages(ctx context.Context, messages []daybook.Message) error {
	var (
		plain   = make([]any, 0, upsertMessage.columns*len(messages))
		sealed  = make([]any, 0, upsertContent.columns*len(messages))
		to      []any
		caseArg = any(string(b.caseID))
	)
	for i := range messages {
		m, row := &messages[i], b.order[i]
		var sender int64
		if !m.Sender.IsZero() {
			sender = b.handle(m.Sender, daybook.SeenName{}).id
		}
		sent := m.Sent.At
		if sent.IsZero() {
			sent = m.FirstSeen
		}
		plain = append(plain, caseArg, row.id, row.mac[:], string(m.Account), word(string(m.Kind)), string(m.Direction), string(m.Origin),
			string(m.State), sender, micros(sent), row.firstEntry, int64(len(m.Versions)), row.captures, fact(m, row, sender, micros(sent), othersOf(b.key, m)))
		s, err := seal(b.key, "message", row.id, &row.content)
		if err != nil {
			return err
		}
		sealed = append(sealed, caseArg, row.id, s)
		if row.known && row.out {
			if err := b.exec(ctx, `DELETE FROM message_to WHERE case_id = $1 AND id = $2`, string(b.caseID), row.id); err != nil {
				return fmt.Errorf("save whom a message addresses: %w", err)
			}
		}
		if m.Direction == daybook.Out {
			for _, h := range m.To {
				to = append(to, caseArg, row.id, b.handle(h, daybook.SeenName{}).id, micros(sent))
			}
		}
	}
	if err := b.f.db.writeRows(ctx, upsertMessage, plain); err != nil {
		return fmt.Errorf("save messages: %w", err)
	}
	if err := b.f.db.writeRows(ctx, upsertContent, sealed); err != nil {
		return fmt.Errorf("save messages: %w", err)
	}
	if err := b.f.db.writeRows(ctx, insertTo, to); err != nil {
		return fmt.Errorf("save whom messages address: %w", err)
	}
	return nil
}
