package store

import (
	"context"
	"fmt"
	"time"

	"daybook"
)

// AddSpent adds to what the reading of an account has cost on the UTC day of at.
func (db *DB) AddSpent(ctx context.Context, a daybook.Account, at time.Time, millionths int64) error {
	if err := inScope(ctx, a.Case); err != nil {
		return err
	}
	if millionths < 0 {
		return fmt.Errorf("add to what was spent: %w: less than nothing", daybook.ErrInvalid)
	}
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO spend (case_id, account_id, day, millionths) VALUES ($1, $2, $3, $4)
		ON CONFLICT (case_id, account_id, day) DO UPDATE SET millionths = spend.millionths + excluded.millionths`,
		string(a.Case), string(a.ID), micros(dayOf(at)), millionths)
	if err != nil {
		return fmt.Errorf("add to what was spent: %w", err)
	}
	return nil
}

// Spent returns what the reading of an account has cost on the UTC days from that
// of from on, up to but not including that of until.
func (db *DB) Spent(ctx context.Context, a daybook.Account, from, until time.Time) (millionths int64, err error) {
	if err := inScope(ctx, a.Case); err != nil {
		return 0, err
	}
	err = db.from(ctx).QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM(millionths), 0) AS BIGINT) FROM spend
		WHERE case_id = $1 AND account_id = $2 AND day >= $3 AND day < $4`,
		string(a.Case), string(a.ID), micros(dayOf(from)), micros(dayOf(until))).Scan(&millionths)
	if err != nil {
		return 0, fmt.Errorf("what was spent: %w", err)
	}
	return millionths, nil
}

// dayOf is the beginning of a day in UTC.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
