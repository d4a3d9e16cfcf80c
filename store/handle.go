package store

import (
	"context"
	"fmt"
	"slices"

	"daybook"
	"daybook/archive"
)

// A handleRow is one row of handle while a batch works on it.
type handleRow struct {
	mac   [32]byte
	id    int64
	own   bool
	seen  []daybook.SeenName // in this batch
	h     daybook.Handle     // with the names that are stored, in the order of their text
	write bool
}

var upsertHandle = bulk{
	into:    `INSERT INTO handle (case_id, id, mac, own, sealed) VALUES `,
	columns: 5,
	then:    ` ON CONFLICT (case_id, id) DO UPDATE SET own = excluded.own, sealed = excluded.sealed`,
}

// handle notes that a handle was seen, with a name or without one.
func (b *messageBatch) handle(h daybook.Handle, n daybook.SeenName) *handleRow {
	ref := h.Ref()
	row := b.handles[ref]
	if row == nil {
		row = &handleRow{mac: b.key.MAC("handle", ref), h: daybook.Handle{Platform: h.Platform, Native: h.Native}}
		b.handles[ref] = row
		b.handleOrder = append(b.handleOrder, row)
	}
	row.seen = addName(row.seen, n)
	return row
}

// saveHandles gives every handle of the batch its number and saves what is new.
func (b *messageBatch) saveHandles(ctx context.Context) error {
	byMAC := make(map[[32]byte]*handleRow, len(b.handleOrder))
	for part := range slices.Chunk(b.handleOrder, rowsPerStatement) {
		args := make([]any, 0, 1+len(part))
		args = append(args, string(b.caseID))
		for _, row := range part {
			byMAC[row.mac] = row
			args = append(args, row.mac[:])
		}
		if err := b.loadHandles(ctx, byMAC, args); err != nil {
			return fmt.Errorf("look handles up: %w", err)
		}
	}
	var (
		next int64
		args []any
	)
	for _, row := range b.handleOrder {
		if row.id == 0 {
			if next == 0 {
				err := b.f.db.from(ctx).QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM handle WHERE case_id = $1`, string(b.caseID)).Scan(&next)
				if err != nil {
					return fmt.Errorf("number a handle: %w", err)
				}
			}
			next++
			row.id, row.write = next, true
		}
		before := slices.Clone(row.h.Names)
		for _, n := range row.seen {
			row.h.Names = addName(row.h.Names, n)
		}
		if !row.write && slices.Equal(before, row.h.Names) {
			continue
		}
		sealed, err := seal(b.key, "handle", row.id, &row.h)
		if err != nil {
			return err
		}
		args = append(args, string(b.caseID), row.id, row.mac[:], int64(bit(row.own)), sealed)
	}
	if err := b.f.db.writeRows(ctx, upsertHandle, args); err != nil {
		return fmt.Errorf("save handles: %w", err)
	}
	return nil
}

func (b *messageBatch) loadHandles(ctx context.Context, byMAC map[[32]byte]*handleRow, args []any) error {
	rows, err := b.f.db.from(ctx).QueryContext(ctx, `SELECT mac, id, own, sealed FROM handle
		WHERE case_id = $1 AND mac IN `+b.f.db.list(2, len(args)-1), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			mac, sealed []byte
			id, own     int64
		)
		if err := rows.Scan(&mac, &id, &own, &sealed); err != nil {
			return err
		}
		row := byMAC[[32]byte(mac)]
		row.id = id
		row.write = row.own && own == 0
		row.own = row.own || own != 0
		if err := open(b.key, "handle", id, sealed, &row.h); err != nil {
			return err
		}
	}
	return rows.Err()
}

// A storedHandle is one row of handle, opened.
type storedHandle struct {
	id  int64
	own bool
	h   daybook.Handle // names as people read them, the newest last
}

// handlesOf returns all handles of a case, in the order of first mention.
func (db *DB) handlesOf(ctx context.Context, c daybook.CaseID, key *archive.CaseKey) ([]storedHandle, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, own, sealed FROM handle WHERE case_id = $1 ORDER BY id`, string(c))
	if err != nil {
		return nil, fmt.Errorf("read handles: %w", err)
	}
	defer rows.Close()
	var out []storedHandle
	for rows.Next() {
		var (
			s      storedHandle
			own    int64
			sealed []byte
		)
		if err := rows.Scan(&s.id, &own, &sealed); err != nil {
			return nil, fmt.Errorf("read handles: %w", err)
		}
		if err := open(key, "handle", s.id, sealed, &s.h); err != nil {
			return nil, err
		}
		s.own = own != 0
		s.h.Names = shownNames(s.h.Names)
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read handles: %w", err)
	}
	return out, nil
}

// Handles returns the handles of a case with what is known about them, in the
// order of first mention.
func (db *DB) Handles(ctx context.Context, c daybook.CaseID) ([]daybook.HandleSummary, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	stored, err := db.handlesOf(ctx, c, key)
	if err != nil {
		return nil, err
	}
	decided, err := db.decisions(ctx, c, key)
	if err != nil {
		return nil, err
	}
	out := make([]daybook.HandleSummary, len(stored))
	at := make(map[int64]*daybook.HandleSummary, len(stored))
	for i, s := range stored {
		out[i] = daybook.HandleSummary{Handle: s.h, Own: s.own}
		at[s.id] = &out[i]
	}
	count := func(query string, add func(s *daybook.HandleSummary, n int)) error {
		rows, err := db.from(ctx).QueryContext(ctx, query, string(c))
		if err != nil {
			return fmt.Errorf("count messages by handle: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id, n, first, last int64
			if err := rows.Scan(&id, &n, &first, &last); err != nil {
				return fmt.Errorf("count messages by handle: %w", err)
			}
			if s := at[id]; s != nil {
				add(s, int(n))
				s.First, s.Last = earlier(s.First, fromMicros(first)), later(s.Last, fromMicros(last))
			}
		}
		return rows.Err()
	}
	err = count(`SELECT sender, COUNT(*), MIN(sent), MAX(sent) FROM message WHERE case_id = $1 AND captures > 0 GROUP BY sender`,
		func(s *daybook.HandleSummary, n int) { s.In = n })
	if err != nil {
		return nil, err
	}
	err = count(`SELECT handle, COUNT(*), MIN(sent), MAX(sent) FROM message_to WHERE case_id = $1 GROUP BY handle`,
		func(s *daybook.HandleSummary, n int) { s.Out = n })
	if err != nil {
		return nil, err
	}
	for n, group := range groups(decided) {
		for _, id := range group {
			if s := at[id]; s != nil {
				s.Group = n + 1
			}
		}
	}
	for _, d := range inForce(decided) {
		for _, id := range []int64{d.handle, d.other} {
			s := at[id]
			if s == nil || d.What == daybook.MarkLinked || d.What == daybook.MarkApart || d.What == daybook.MarkOpen {
				continue
			}
			if d.What == daybook.MarkCalled {
				s.Called = d.How
				continue
			}
			if i, there := slices.BinarySearch(s.Marks, d.What); !there {
				s.Marks = slices.Insert(s.Marks, i, d.What)
			}
		}
	}
	return out, nil
}
