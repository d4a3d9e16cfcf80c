package store

import (
	"context"
	"fmt"
	"time"

	"daybook/signin"
)

// This file implements signin.CodeRows, AttemptRows, TryRows and RecoveryRows.

// PutCode implements signin.CodeRows.
func (db *DB) PutCode(ctx context.Context, r signin.CodeRow) error {
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO signin_code (user_id, code, until_at, sealed) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id) DO UPDATE SET code = excluded.code, until_at = excluded.until_at, sealed = excluded.sealed`,
		r.User, r.Code[:], micros(r.Until), r.Sealed)
	if err != nil {
		return fmt.Errorf("put code: %w", err)
	}
	return nil
}

// Code implements signin.CodeRows.
func (db *DB) Code(ctx context.Context, code signin.Hash) (signin.CodeRow, error) {
	r := signin.CodeRow{Code: code}
	var until int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT user_id, until_at, sealed FROM signin_code WHERE code = $1`, code[:]).
		Scan(&r.User, &until, &r.Sealed)
	if err != nil {
		return signin.CodeRow{}, fmt.Errorf("read code: %w", found(err))
	}
	r.Until = fromMicros(until)
	return r, nil
}

// DropCode implements signin.CodeRows.
func (db *DB) DropCode(ctx context.Context, code signin.Hash) (bool, error) {
	there, err := db.affected(ctx, `DELETE FROM signin_code WHERE code = $1`, code[:])
	if err != nil {
		return false, fmt.Errorf("drop code: %w", err)
	}
	return there, nil
}

// DropCodesOf implements signin.CodeRows.
func (db *DB) DropCodesOf(ctx context.Context, user string) error {
	if _, err := db.affected(ctx, `DELETE FROM signin_code WHERE user_id = $1`, user); err != nil {
		return fmt.Errorf("drop codes: %w", err)
	}
	return nil
}

// PutAttempt implements signin.AttemptRows.
func (db *DB) PutAttempt(ctx context.Context, attempt signin.Hash, sealed []byte, until time.Time) error {
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO signin_attempt (token, until_at, sealed) VALUES ($1, $2, $3)`,
		attempt[:], micros(until), sealed)
	if err != nil {
		return fmt.Errorf("put attempt: %w", err)
	}
	return nil
}

// TakeAttempt implements signin.AttemptRows.
func (db *DB) TakeAttempt(ctx context.Context, attempt signin.Hash) (sealed []byte, until time.Time, err error) {
	var at int64
	err = db.to(ctx).QueryRowContext(ctx, `DELETE FROM signin_attempt WHERE token = $1 RETURNING sealed, until_at`, attempt[:]).Scan(&sealed, &at)
	if err != nil {
		return nil, until, fmt.Errorf("take attempt: %w", found(err))
	}
	return sealed, fromMicros(at), nil
}

// HoldTries implements signin.TryRows.
func (db *DB) HoldTries(ctx context.Context, key signin.Hash) (signin.TryRow, error) {
	r := signin.TryRow{Key: key}
	var last, until int64
	err := db.to(ctx).QueryRowContext(ctx, `INSERT INTO signin_try (counted, count, last, until_at) VALUES ($1, 0, 0, 0)
		ON CONFLICT (counted) DO UPDATE SET counted = excluded.counted RETURNING count, last, until_at`, key[:]).
		Scan(&r.Count, &last, &until)
	if err != nil {
		return signin.TryRow{}, fmt.Errorf("hold tries: %w", err)
	}
	r.Last, r.Until = fromMicros(last), fromMicros(until)
	return r, nil
}

// PutTries implements signin.TryRows.
func (db *DB) PutTries(ctx context.Context, r signin.TryRow) error {
	_, err := db.affected(ctx, `UPDATE signin_try SET count = $1, last = $2, until_at = $3 WHERE counted = $4`,
		r.Count, micros(r.Last), micros(r.Until), r.Key[:])
	if err != nil {
		return fmt.Errorf("put tries: %w", err)
	}
	return nil
}

// CleanSignin implements signin.TryRows.
func (db *DB) CleanSignin(ctx context.Context, now, tries, devices, recoveries time.Time) error {
	err := db.Update(ctx, func(ctx context.Context) error {
		for _, clean := range []struct {
			sql  string
			args []any
		}{
			{`DELETE FROM signin_session WHERE ends <= $1`, []any{micros(now)}},
			{`DELETE FROM signin_login WHERE draft = $1 AND owner NOT IN (SELECT id FROM signin_session)`, []any{true}},
			{`DELETE FROM signin_recovery_code WHERE draft = $1 AND owner NOT IN (SELECT id FROM signin_session)`, []any{true}},
			{`DELETE FROM signin_passkey WHERE draft = $1 AND owner NOT IN (SELECT id FROM signin_session)`, []any{true}},
			{`DELETE FROM signin_code WHERE until_at <= $1`, []any{micros(now)}},
			{`DELETE FROM signin_attempt WHERE until_at <= $1`, []any{micros(now)}},
			{`DELETE FROM signin_try WHERE last < $1`, []any{micros(tries)}},
			{`DELETE FROM signin_recovery WHERE ready <= $1`, []any{micros(recoveries)}},
			{`DELETE FROM signin_device WHERE seen < $1 AND EXISTS
				(SELECT 1 FROM signin_device d WHERE d.user_id = signin_device.user_id AND
					(d.seen > signin_device.seen OR d.seen = signin_device.seen AND d.device > signin_device.device))`, []any{micros(devices)}},
		} {
			if _, err := db.to(ctx).ExecContext(ctx, clean.sql, clean.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("clean up sign-ins: %w", err)
	}
	return nil
}

// PutRecovery implements signin.RecoveryRows.
func (db *DB) PutRecovery(ctx context.Context, r signin.RecoveryRow) error {
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO signin_recovery (id, user_id, ready, sealed) VALUES ($1, $2, $3, $4)`,
		r.ID, r.User, micros(r.Ready), r.Sealed)
	if err != nil {
		return fmt.Errorf("put recovery: %w", err)
	}
	return nil
}

// Recovery implements signin.RecoveryRows.
func (db *DB) Recovery(ctx context.Context, id string) (signin.RecoveryRow, error) {
	r := signin.RecoveryRow{ID: id}
	var ready int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT user_id, ready, sealed FROM signin_recovery WHERE id = $1`, id).Scan(&r.User, &ready, &r.Sealed)
	if err != nil {
		return signin.RecoveryRow{}, fmt.Errorf("read recovery: %w", found(err))
	}
	r.Ready = fromMicros(ready)
	return r, nil
}

// RecoveriesOf implements signin.RecoveryRows.
func (db *DB) RecoveriesOf(ctx context.Context, user string) ([]signin.RecoveryRow, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, user_id, ready, sealed FROM signin_recovery WHERE user_id = $1 ORDER BY ready, id`, user)
	if err != nil {
		return nil, fmt.Errorf("list recoveries: %w", err)
	}
	defer rows.Close()
	var out []signin.RecoveryRow
	for rows.Next() {
		var (
			r     signin.RecoveryRow
			ready int64
		)
		if err := rows.Scan(&r.ID, &r.User, &ready, &r.Sealed); err != nil {
			return nil, fmt.Errorf("list recoveries: %w", err)
		}
		r.Ready = fromMicros(ready)
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list recoveries: %w", err)
	}
	return out, nil
}

// DropRecovery implements signin.RecoveryRows.
func (db *DB) DropRecovery(ctx context.Context, id string) (bool, error) {
	there, err := db.affected(ctx, `DELETE FROM signin_recovery WHERE id = $1`, id)
	if err != nil {
		return false, fmt.Errorf("drop recovery: %w", err)
	}
	return there, nil
}

var _ signin.Store = (*DB)(nil)
