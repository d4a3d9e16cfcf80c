package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
)

// WantStamps implements archive.StampStorage.
func (db *DB) WantStamps(ctx context.Context, c daybook.CaseID, size uint64, authorities []string) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	// In one order, so that no two transactions wait for each other.
	for _, a := range slices.Sorted(slices.Values(authorities)) {
		_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO stamp_wanted (case_id, authority, size, stamped, asked, due, tries, failure)
			VALUES ($1, $2, $3, 0, 0, 0, 0, '') ON CONFLICT (case_id, authority) DO UPDATE SET size = excluded.size
			WHERE stamp_wanted.size < excluded.size`, string(c), a, int64(size))
		if err != nil {
			return fmt.Errorf("want a time stamp: %w", err)
		}
	}
	return nil
}

// Stamps implements archive.StampStorage.
func (db *DB) Stamps(ctx context.Context, c daybook.CaseID, size uint64, authority string, limit int) ([]archive.Stamp, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT size, authority, token, stamped, got, clock_offset FROM stamp
		WHERE case_id = $1 AND (size > $2 OR size = $3 AND authority > $4) ORDER BY size, authority LIMIT $5`,
		string(c), int64(size), int64(size), authority, limit)
	if err != nil {
		return nil, fmt.Errorf("read time stamps: %w", err)
	}
	return scanStamps(rows)
}

func scanStamps(rows *sql.Rows) ([]archive.Stamp, error) {
	defer rows.Close()
	var out []archive.Stamp
	for rows.Next() {
		var (
			s               archive.Stamp
			at, got, offset int64
		)
		if err := rows.Scan(&s.Size, &s.Authority, &s.Token, &at, &got, &offset); err != nil {
			return nil, fmt.Errorf("read time stamps: %w", err)
		}
		s.At, s.Got, s.Offset = fromMicros(at), fromMicros(got), time.Duration(offset)*time.Microsecond
		out = append(out, s)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read time stamps: %w", err)
	}
	return out, nil
}

// NewestStamps returns the last limit stamps of a case, the newest first.
func (db *DB) NewestStamps(ctx context.Context, c daybook.CaseID, limit int) ([]archive.Stamp, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT size, authority, token, stamped, got, clock_offset FROM stamp
		WHERE case_id = $1 ORDER BY size DESC, authority LIMIT $2`, string(c), limit)
	if err != nil {
		return nil, fmt.Errorf("read time stamps: %w", err)
	}
	return scanStamps(rows)
}

// WantedStamps returns how far every authority has come with a case, by name;
// authorities that are no longer set up are among them.
func (db *DB) WantedStamps(ctx context.Context, c daybook.CaseID) ([]archive.WantedStamp, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	return db.wantedStamps(ctx, `SELECT case_id, authority, size, stamped, asked, due, tries, failure FROM stamp_wanted
		WHERE case_id = $1 ORDER BY authority`, string(c))
}

// DueStamps implements stamp.Store.
func (db *DB) DueStamps(ctx context.Context, now time.Time, limit int) ([]archive.WantedStamp, error) {
	return db.wantedStamps(ctx, `SELECT case_id, authority, size, stamped, asked, due, tries, failure FROM stamp_wanted
		WHERE due <= $1 AND size > stamped ORDER BY due, case_id, authority LIMIT $2`, micros(now), limit)
}

func (db *DB) wantedStamps(ctx context.Context, query string, args ...any) ([]archive.WantedStamp, error) {
	rows, err := db.from(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read wanted time stamps: %w", err)
	}
	defer rows.Close()
	var out []archive.WantedStamp
	for rows.Next() {
		var (
			w          archive.WantedStamp
			asked, due int64
		)
		if err := rows.Scan(&w.Case, &w.Authority, &w.Size, &w.Stamped, &asked, &due, &w.Tries, &w.Failure); err != nil {
			return nil, fmt.Errorf("read wanted time stamps: %w", err)
		}
		w.Asked, w.Due = fromMicros(asked), fromMicros(due)
		out = append(out, w)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read wanted time stamps: %w", err)
	}
	return out, nil
}

// ClaimStamp implements stamp.Store.
func (db *DB) ClaimStamp(ctx context.Context, w archive.WantedStamp, now, until time.Time) (bool, error) {
	if err := inScope(ctx, w.Case); err != nil {
		return false, err
	}
	done, err := db.to(ctx).ExecContext(ctx, `UPDATE stamp_wanted SET asked = $1, due = $2 WHERE case_id = $3 AND authority = $4 AND due = $5`,
		micros(now), micros(until), string(w.Case), w.Authority, micros(w.Due))
	if err != nil {
		return false, fmt.Errorf("claim a time stamp: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("claim a time stamp: %w", err)
	}
	return n == 1, nil
}

// PutStamp implements stamp.Store.
func (db *DB) PutStamp(ctx context.Context, c daybook.CaseID, s archive.Stamp, due time.Time) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	return db.Update(ctx, func(ctx context.Context) error {
		_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO stamp (case_id, size, authority, token, stamped, got, clock_offset)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id, size, authority) DO NOTHING`,
			string(c), int64(s.Size), s.Authority, s.Token, micros(s.At), micros(s.Got), s.Offset.Microseconds())
		if err != nil {
			return fmt.Errorf("keep a time stamp: %w", err)
		}
		_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO stamp_wanted (case_id, authority, size, stamped, asked, due, tries, failure)
			VALUES ($1, $2, $3, $4, $5, $6, 0, '') ON CONFLICT (case_id, authority) DO UPDATE SET
			stamped = CASE WHEN stamp_wanted.stamped > excluded.stamped THEN stamp_wanted.stamped ELSE excluded.stamped END,
			asked = excluded.asked, due = excluded.due, tries = 0, failure = ''`,
			string(c), s.Authority, int64(s.Size), int64(s.Size), micros(s.Got), micros(due))
		if err != nil {
			return fmt.Errorf("keep a time stamp: %w", err)
		}
		return nil
	})
}

// FailStamp implements stamp.Store.
func (db *DB) FailStamp(ctx context.Context, w archive.WantedStamp, failure string, due time.Time) error {
	if err := inScope(ctx, w.Case); err != nil {
		return err
	}
	_, err := db.to(ctx).ExecContext(ctx, `UPDATE stamp_wanted SET tries = tries + 1, failure = $1, due = $2 WHERE case_id = $3 AND authority = $4`,
		failure, micros(due), string(w.Case), w.Authority)
	if err != nil {
		return fmt.Errorf("put a time stamp off: %w", err)
	}
	return nil
}
