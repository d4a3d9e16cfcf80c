package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"daybook"
	"daybook/archive"
)

// Changed returns the newest entry of a case's log that is not of kind access, or
// with which messages were hidden or brought back: as long as it stays, what is
// derived from the log stays too. It is 0 for a log
// without such an entry; daybook.ErrNotFound if the case has no log. It costs
// the same however many visits the log tells of.
func (db *DB) Changed(ctx context.Context, c daybook.CaseID) (uint64, error) {
	if err := inScope(ctx, c); err != nil {
		return 0, err
	}
	var entry uint64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT told FROM log_head WHERE case_id = $1`, string(c)).Scan(&entry)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("case %s: %w", c, daybook.ErrNotFound)
	}
	if err != nil {
		return 0, fmt.Errorf("read when a case changed: %w", err)
	}
	return entry, nil
}

// putChanged notes the newest of some entries that is not of kind access.
func (db *DB) putChanged(ctx context.Context, c daybook.CaseID, rows []archive.Row) error {
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Kind == daybook.RecordAccess {
			continue
		}
		if _, err := db.to(ctx).ExecContext(ctx, `UPDATE log_head SET told = $1 WHERE case_id = $2`, int64(rows[i].Index), string(c)); err != nil {
			return fmt.Errorf("note that a case changed: %w", err)
		}
		return nil
	}
	return nil
}
