package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/signin"
)

// This file implements signin.SessionRows, SessionMoves and DeviceRows.

const sessionColumns = `id, token, user_id, device, stage, code, seen, ends, sealed`

// AddSession implements signin.SessionRows.
func (db *DB) AddSession(ctx context.Context, r signin.SessionRow) error {
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO signin_session (`+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.Token[:], r.User, r.Device[:], string(r.Stage), r.Code[:], micros(r.Seen), micros(r.Ends), r.Sealed)
	if err != nil {
		return fmt.Errorf("add session: %w", err)
	}
	return nil
}

// Session implements signin.SessionRows.
func (db *DB) Session(ctx context.Context, token signin.Hash) (signin.SessionRow, error) {
	all, err := db.sessions(ctx, `SELECT `+sessionColumns+` FROM signin_session WHERE token = $1`, token[:])
	if err == nil && len(all) == 0 {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return signin.SessionRow{}, fmt.Errorf("read session: %w", err)
	}
	return all[0], nil
}

// SessionsOf implements signin.SessionRows.
func (db *DB) SessionsOf(ctx context.Context, user string) ([]signin.SessionRow, error) {
	return db.sessions(ctx, `SELECT `+sessionColumns+` FROM signin_session WHERE user_id = $1`, user)
}

func (db *DB) sessions(ctx context.Context, query string, args ...any) (out []signin.SessionRow, err error) {
	rows, err := db.from(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			r                   signin.SessionRow
			token, device, code []byte
			stage               string
			seen, ends          int64
		)
		if err := rows.Scan(&r.ID, &token, &r.User, &device, &stage, &code, &seen, &ends, &r.Sealed); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		copy(r.Token[:], token)
		copy(r.Device[:], device)
		copy(r.Code[:], code)
		r.Stage, r.Seen, r.Ends = signin.Stage(stage), fromMicros(seen), fromMicros(ends)
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}

// EndSession implements signin.SessionRows.
func (db *DB) EndSession(ctx context.Context, id string) error {
	err := db.Update(ctx, func(ctx context.Context) error {
		if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM signin_session WHERE id = $1`, id); err != nil {
			return err
		}
		return db.dropWays(ctx, id)
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// MoveSession implements signin.SessionMoves.
func (db *DB) MoveSession(ctx context.Context, r signin.SessionRow, was signin.Stage) (bool, error) {
	done, err := db.affected(ctx, `UPDATE signin_session SET token = $1, user_id = $2, device = $3, stage = $4, code = $5,
		seen = $6, ends = $7, sealed = $8 WHERE id = $9 AND stage = $10`,
		r.Token[:], r.User, r.Device[:], string(r.Stage), r.Code[:], micros(r.Seen), micros(r.Ends), r.Sealed, r.ID, string(was))
	if err != nil {
		return false, fmt.Errorf("move session: %w", err)
	}
	return done, nil
}

// TouchSession implements signin.SessionMoves.
func (db *DB) TouchSession(ctx context.Context, id string, seen time.Time) error {
	_, err := db.affected(ctx, `UPDATE signin_session SET seen = $1 WHERE id = $2 AND stage = $3`, micros(seen), id, string(signin.Open))
	if err != nil {
		return fmt.Errorf("touch session: %w", err)
	}
	return nil
}

// affected runs a statement and reports whether it changed a row.
func (db *DB) affected(ctx context.Context, query string, args ...any) (bool, error) {
	res, err := db.to(ctx).ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// HoldDevice implements signin.DeviceRows.
func (db *DB) HoldDevice(ctx context.Context, device signin.Hash, user string) (signin.DeviceRow, error) {
	r := signin.DeviceRow{Device: device, User: user}
	var held, seen int64
	err := db.to(ctx).QueryRowContext(ctx, `INSERT INTO signin_device (device, user_id, held_till, seen) VALUES ($1, $2, 0, 0)
		ON CONFLICT (device, user_id) DO UPDATE SET user_id = excluded.user_id RETURNING held_till, seen`, device[:], user).Scan(&held, &seen)
	if err != nil {
		return signin.DeviceRow{}, fmt.Errorf("hold device: %w", err)
	}
	r.HeldTill, r.Seen = fromMicros(held), fromMicros(seen)
	return r, nil
}

// PutDevice implements signin.DeviceRows.
func (db *DB) PutDevice(ctx context.Context, r signin.DeviceRow) error {
	_, err := db.affected(ctx, `UPDATE signin_device SET held_till = $1, seen = $2 WHERE device = $3 AND user_id = $4`,
		micros(r.HeldTill), micros(r.Seen), r.Device[:], r.User)
	if err != nil {
		return fmt.Errorf("put device: %w", err)
	}
	return nil
}

// DevicesOf implements signin.DeviceRows.
func (db *DB) DevicesOf(ctx context.Context, user string) ([]signin.DeviceRow, error) {
	return db.devices(ctx, `SELECT device, user_id, held_till, seen FROM signin_device WHERE user_id = $1`, user)
}

// UsersOfDevice implements signin.DeviceRows.
func (db *DB) UsersOfDevice(ctx context.Context, device signin.Hash) ([]signin.DeviceRow, error) {
	return db.devices(ctx, `SELECT device, user_id, held_till, seen FROM signin_device WHERE device = $1`, device[:])
}

func (db *DB) devices(ctx context.Context, query string, args ...any) (out []signin.DeviceRow, err error) {
	rows, err := db.from(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			r          signin.DeviceRow
			device     []byte
			held, seen int64
		)
		if err := rows.Scan(&device, &r.User, &held, &seen); err != nil {
			return nil, fmt.Errorf("list devices: %w", err)
		}
		copy(r.Device[:], device)
		r.HeldTill, r.Seen = fromMicros(held), fromMicros(seen)
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return out, nil
}

// found turns what a query for one row says into daybook.ErrNotFound if there is
// none.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return daybook.ErrNotFound
	}
	return err
}
