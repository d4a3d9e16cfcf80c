package store

import (
	"context"
	"fmt"

	"daybook"
)

// Wrote implements cases.Messages.
func (db *DB) Wrote(ctx context.Context, c daybook.CaseID, h daybook.Handle) (int, error) {
	if err := inScope(ctx, c); err != nil {
		return 0, err
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return 0, err
	}
	id, err := db.handleID(ctx, c, key, h)
	if err != nil || id == 0 {
		return 0, err
	}
	n := 0
	err = db.from(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM message
		WHERE case_id = $1 AND sender = $2 AND captures > 0 AND direction = 'in'`, string(c), id).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what a handle wrote: %w", err)
	}
	return n, nil
}

// Tombstones returns how many messages and pictures of a case were erased, or are
// hidden until they will be.
func (db *DB) Tombstones(ctx context.Context, c daybook.CaseID) (int, error) {
	if err := inScope(ctx, c); err != nil {
		return 0, err
	}
	n := 0
	if err := db.from(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM tombstone WHERE case_id = $1`, string(c)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count tombstones: %w", err)
	}
	return n, nil
}
