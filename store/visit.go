package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/cases"
)

// This file implements cases.Visits.

// LastVisit implements cases.Visits.
func (db *DB) LastVisit(ctx context.Context, c daybook.CaseID, user string) (cases.LastVisit, error) {
	if err := inScope(ctx, c); err != nil {
		return cases.LastVisit{}, err
	}
	var (
		v            cases.LastVisit
		seen, before int64
	)
	err := db.from(ctx).QueryRowContext(ctx, `SELECT session, seen, size, before_at, before_size FROM visit
		WHERE case_id = $1 AND user_id = $2`, string(c), user).Scan(&v.Session, &seen, &v.Size, &before, &v.BeforeSize)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("read the last visit: %w", err)
	}
	v.At, v.Before = fromMicros(seen), fromMicros(before)
	return v, nil
}

// PutVisit implements cases.Visits.
func (db *DB) PutVisit(ctx context.Context, c daybook.CaseID, user string, v cases.LastVisit) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO visit (case_id, user_id, session, seen, size, before_at, before_size)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id, user_id) DO UPDATE SET session = excluded.session,
		seen = excluded.seen, size = excluded.size, before_at = excluded.before_at, before_size = excluded.before_size`,
		string(c), user, v.Session, micros(v.At), int64(v.Size), micros(v.Before), int64(v.BeforeSize))
	if err != nil {
		return fmt.Errorf("keep a visit: %w", err)
	}
	return nil
}

// LastReview implements cases.Visits.
func (db *DB) LastReview(ctx context.Context, c daybook.CaseID, user string) (at time.Time, size uint64, err error) {
	if err := inScope(ctx, c); err != nil {
		return at, 0, err
	}
	var reviewed int64
	err = db.from(ctx).QueryRowContext(ctx, `SELECT reviewed, size FROM review WHERE case_id = $1 AND user_id = $2`, string(c), user).
		Scan(&reviewed, &size)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return at, 0, fmt.Errorf("read the last review: %w", err)
	}
	return fromMicros(reviewed), size, nil
}

// PutReview implements cases.Visits.
func (db *DB) PutReview(ctx context.Context, c daybook.CaseID, user string, at time.Time, size uint64) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO review (case_id, user_id, reviewed, size) VALUES ($1, $2, $3, $4)
		ON CONFLICT (case_id, user_id) DO UPDATE SET reviewed = excluded.reviewed, size = excluded.size`,
		string(c), user, micros(at), int64(size))
	if err != nil {
		return fmt.Errorf("keep a review: %w", err)
	}
	return nil
}
