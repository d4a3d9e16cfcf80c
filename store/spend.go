package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"daybook"
	"daybook/archive"
)

// AddSpent adds each to what the reading of an account has cost on the UTC day of
// at, once for every identifier of what that was not added on that day before.
func (db *DB) AddSpent(ctx context.Context, a daybook.Account, at time.Time, what string, ids []string, each int64) error {
	if err := inScope(ctx, a.Case); err != nil {
		return err
	}
	if each < 0 {
		return fmt.Errorf("add to what was spent: %w: less than nothing", daybook.ErrInvalid)
	}
	key, err := db.Keys.Case(ctx, a.Case)
	if err != nil {
		return fmt.Errorf("add to what was spent: %w", err)
	}
	err = db.Update(ctx, func(ctx context.Context) error {
		fresh, err := db.firstSpent(ctx, key, a, at, what, ids)
		if err != nil || fresh == 0 {
			return err
		}
		if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM spend_seen WHERE case_id = $1 AND day < $2`,
			string(a.Case), micros(dayOf(at).AddDate(0, 0, -1))); err != nil {
			return err
		}
		_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO spend (case_id, account_id, day, millionths) VALUES ($1, $2, $3, $4)
			ON CONFLICT (case_id, account_id, day) DO UPDATE SET millionths = spend.millionths + excluded.millionths`,
			string(a.Case), string(a.ID), micros(dayOf(at)), fresh*each)
		return err
	})
	if err != nil {
		return fmt.Errorf("add to what was spent: %w", err)
	}
	return nil
}

// firstSpent takes note of identifiers and returns how many are new on the day.
func (db *DB) firstSpent(ctx context.Context, key *archive.CaseKey, a daybook.Account, at time.Time, what string, ids []string) (fresh int64, err error) {
	day := micros(dayOf(at))
	for _, id := range ids {
		ref := key.MAC("spend", string(a.ID)+"/"+strconv.FormatInt(day, 10)+"/"+what+"/"+id)
		res, err := db.to(ctx).ExecContext(ctx, `INSERT INTO spend_seen (case_id, day, ref) VALUES ($1, $2, $3) ON CONFLICT (case_id, day, ref) DO NOTHING`,
			string(a.Case), day, ref[:16])
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		fresh += n
	}
	return fresh, nil
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
