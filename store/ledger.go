package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/collectors"
)

// This file implements collectors.Ledger.

// A laneRow is what stands sealed in a row of table lane.
type laneRow struct {
	Lane  daybook.Lane         `json:"lane"`
	State collectors.LaneState `json:"state"`
}

// lanePlace is what the state of a lane is sealed for.
const lanePlace = "lane"

func (db *DB) laneKey(ctx context.Context, a daybook.AccountID, l daybook.Lane) (*archive.CaseKey, [32]byte, error) {
	var c string
	err := db.from(ctx).QueryRowContext(ctx, `SELECT case_id FROM account WHERE id = $1`, string(a)).Scan(&c)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return nil, [32]byte{}, fmt.Errorf("account %s: %w", a, err)
	}
	key, err := db.Keys.Case(ctx, daybook.CaseID(c))
	if err != nil {
		return nil, [32]byte{}, err
	}
	return key, key.MAC("lane", string(a)+"/"+string(l)), nil
}

// Lane implements collectors.Ledger. ErrNotFound if there is no such account.
func (db *DB) Lane(ctx context.Context, a daybook.AccountID, l daybook.Lane) (collectors.LaneState, error) {
	key, ref, err := db.laneKey(ctx, a, l)
	if err != nil {
		return collectors.LaneState{}, fmt.Errorf("read lane: %w", err)
	}
	var sealed []byte
	err = db.from(ctx).QueryRowContext(ctx, `SELECT state FROM lane WHERE account_id = $1 AND ref = $2`, string(a), ref[:]).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return collectors.LaneState{}, nil
	}
	if err != nil {
		return collectors.LaneState{}, fmt.Errorf("read lane: %w", err)
	}
	row, err := openLane(key, sealed)
	return row.State, err
}

// Lanes returns all lanes of an account that were ever read, with their states:
// what is watched, since when, and what is failing.
func (db *DB) Lanes(ctx context.Context, a daybook.AccountID) (map[daybook.Lane]collectors.LaneState, error) {
	key, _, err := db.laneKey(ctx, a, "")
	if err != nil {
		return nil, fmt.Errorf("read lanes: %w", err)
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT state FROM lane WHERE account_id = $1`, string(a))
	if err != nil {
		return nil, fmt.Errorf("read lanes: %w", err)
	}
	defer rows.Close()
	lanes := map[daybook.Lane]collectors.LaneState{}
	for rows.Next() {
		var sealed []byte
		if err := rows.Scan(&sealed); err != nil {
			return nil, fmt.Errorf("read lanes: %w", err)
		}
		row, err := openLane(key, sealed)
		if err != nil {
			return nil, err
		}
		lanes[row.Lane] = row.State
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read lanes: %w", err)
	}
	return lanes, nil
}

func openLane(key *archive.CaseKey, sealed []byte) (row laneRow, err error) {
	plain, err := key.Open(lanePlace, sealed)
	if err != nil {
		return row, fmt.Errorf("read lane: %w", err)
	}
	if err := json.Unmarshal(plain, &row); err != nil {
		return row, fmt.Errorf("read lane: %w", err)
	}
	return row, nil
}

// SaveLane implements collectors.Ledger.
func (db *DB) SaveLane(ctx context.Context, a daybook.AccountID, l daybook.Lane, s collectors.LaneState) error {
	key, ref, err := db.laneKey(ctx, a, l)
	if err != nil {
		return fmt.Errorf("save lane: %w", err)
	}
	plain, err := json.Marshal(laneRow{l, s})
	if err != nil {
		return fmt.Errorf("save lane: %w", err)
	}
	if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO lane (account_id, ref, state) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, ref) DO UPDATE SET state = excluded.state`, string(a), ref[:], key.Seal(lanePlace, plain)); err != nil {
		return fmt.Errorf("save lane: %w", err)
	}
	return nil
}

// A seenRef is what a capture is looked up by: CaseKey.CaptureMAC, cut short. The
// hash in it is keyed by case, so the case need not stand beside it. The smaller
// these references are, and the nearer to one another, the fewer pages does each
// batch write.
type seenRef [16]byte

func refOf(key *archive.CaseKey, k collectors.SeenKey) seenRef {
	mac := key.CaptureMAC(k.Near, k.What)
	return seenRef(mac[:])
}

// Seen implements collectors.Ledger. A time before the last one is not taken.
func (db *DB) Seen(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey, at time.Time) ([]int64, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	entries := make([]int64, len(keys))
	for i := range entries {
		entries[i] = -1
	}
	err := db.eachSeen(ctx, c, keys, func(in string, refs []any) (*sql.Rows, error) {
		args := append([]any{micros(at), micros(at)}, refs...)
		return db.to(ctx).QueryContext(ctx, `UPDATE seen SET seen = CASE WHEN seen < $1 THEN $2 ELSE seen END
			WHERE ref IN `+in+` RETURNING ref, entry, seen`, args...)
	}, 3, func(i int, s collectors.Sighting) { entries[i] = s.Entry })
	if err != nil {
		return nil, fmt.Errorf("look captures up: %w", err)
	}
	return entries, nil
}

// Recall implements collectors.Ledger.
func (db *DB) Recall(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey) ([]collectors.Sighting, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	found := make([]collectors.Sighting, len(keys))
	for i := range found {
		found[i].Entry = -1
	}
	err := db.eachSeen(ctx, c, keys, func(in string, refs []any) (*sql.Rows, error) {
		return db.from(ctx).QueryContext(ctx, `SELECT ref, entry, seen FROM seen WHERE ref IN `+in, refs...)
	}, 1, func(i int, s collectors.Sighting) { found[i] = s })
	if err != nil {
		return nil, fmt.Errorf("look captures up: %w", err)
	}
	return found, nil
}

// eachSeen runs a query that returns ref, entry and seen, for keys in lots of
// rowsPerStatement, and calls found with the place of each key that has a row.
// in is the list of placeholders, the first of which is number first.
func (db *DB) eachSeen(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey,
	query func(in string, refs []any) (*sql.Rows, error), first int, found func(i int, s collectors.Sighting)) error {
	if len(keys) == 0 {
		return nil
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	places := make(map[seenRef][]int, len(keys))
	var refs []any
	for i, k := range keys {
		ref := refOf(key, k)
		if places[ref] == nil {
			refs = append(refs, ref[:])
		}
		places[ref] = append(places[ref], i)
	}
	for len(refs) > 0 {
		n := min(len(refs), rowsPerStatement)
		if err := db.someSeen(query, db.list(first, n), refs[:n], places, found); err != nil {
			return err
		}
		refs = refs[n:]
	}
	return nil
}

func (db *DB) someSeen(query func(string, []any) (*sql.Rows, error), in string, refs []any,
	places map[seenRef][]int, found func(int, collectors.Sighting)) error {
	rows, err := query(in, refs)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			ref         []byte
			entry, seen int64
		)
		if err := rows.Scan(&ref, &entry, &seen); err != nil {
			return err
		}
		if len(ref) != len(seenRef{}) {
			return fmt.Errorf("%w: a capture's reference has %d bytes", archive.ErrBroken, len(ref))
		}
		for _, i := range places[seenRef(ref)] {
			found(i, collectors.Sighting{Entry: entry, At: fromMicros(seen)})
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

var upsertSeen = bulk{into: `INSERT INTO seen (case_id, ref, entry, seen) VALUES `, columns: 4,
	then: ` ON CONFLICT (ref) DO UPDATE SET entry = excluded.entry, seen = excluded.seen`}

// Remember implements collectors.Ledger.
func (db *DB) Remember(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey, entries []uint64, at time.Time) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	if len(keys) != len(entries) {
		return fmt.Errorf("remember captures: %w: %d keys and %d entries", daybook.ErrInvalid, len(keys), len(entries))
	}
	if len(keys) == 0 {
		return nil
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return fmt.Errorf("remember captures: %w", err)
	}
	// PostgreSQL refuses a statement that names a row twice: the last one counts.
	row := map[seenRef]int{}
	var args []any
	for i, k := range keys {
		ref := refOf(key, k)
		if at, ok := row[ref]; ok {
			args[at+2] = int64(entries[i])
			continue
		}
		row[ref] = len(args)
		args = append(args, string(c), ref[:], int64(entries[i]), micros(at))
	}
	if err := db.writeRows(ctx, upsertSeen, args); err != nil {
		return fmt.Errorf("remember captures: %w", err)
	}
	return nil
}
