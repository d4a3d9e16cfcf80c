package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"daybook"
)

// CheckpointMade returns when the checkpoint over so many entries was made;
// ErrNotFound if there is none.
func (db *DB) CheckpointMade(ctx context.Context, c daybook.CaseID, size uint64) (time.Time, error) {
	if err := inScope(ctx, c); err != nil {
		return time.Time{}, err
	}
	var at int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT made FROM checkpoint WHERE case_id = $1 AND size = $2`, string(c), int64(size)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("when a checkpoint was made: %w", err)
	}
	return fromMicros(at), nil
}
