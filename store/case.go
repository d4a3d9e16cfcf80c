package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook"
	"daybook/archive"
)

// PutCase implements archive.CaseStorage.
func (db *DB) PutCase(ctx context.Context, row archive.CaseRow) error {
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO case_ (id, wrapped_key, name, zone, created) VALUES ($1, $2, $3, $4, $5)`,
		string(row.ID), row.WrappedKey, row.Name, row.Zone, micros(row.Created))
	if err != nil {
		return fmt.Errorf("put a case: %w", err)
	}
	return nil
}

// Case implements archive.CaseStorage.
func (db *DB) Case(ctx context.Context, c daybook.CaseID) (archive.CaseRow, error) {
	if err := inScope(ctx, c); err != nil {
		return archive.CaseRow{}, err
	}
	row := archive.CaseRow{ID: c}
	var created int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT wrapped_key, name, zone, created FROM case_ WHERE id = $1`, string(c)).
		Scan(&row.WrappedKey, &row.Name, &row.Zone, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("case %s: %w", c, daybook.ErrNotFound)
	}
	if err != nil {
		return row, fmt.Errorf("read a case: %w", err)
	}
	row.Created = fromMicros(created)
	return row, nil
}

// Cases implements archive.CaseStorage.
func (db *DB) Cases(ctx context.Context) ([]archive.CaseRow, error) {
	if err := inScope(ctx, ""); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, wrapped_key, name, zone, created FROM case_ ORDER BY created, id`)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	defer rows.Close()
	var out []archive.CaseRow
	for rows.Next() {
		var (
			row     archive.CaseRow
			created int64
		)
		if err := rows.Scan(&row.ID, &row.WrappedKey, &row.Name, &row.Zone, &created); err != nil {
			return nil, fmt.Errorf("list cases: %w", err)
		}
		row.Created = fromMicros(created)
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	return out, nil
}

// NewCase makes a case with a key of its own and returns its id. The log of the
// case is opened by archive.Log, which calls PutCase itself; this is for what
// needs rows and no log.
func (db *DB) NewCase(ctx context.Context, name, zone string, at time.Time) (daybook.CaseID, error) {
	c := daybook.CaseID(daybook.NewID())
	wrapped, key := db.Keys.NewCaseKey(c)
	row := archive.CaseRow{ID: c, WrappedKey: wrapped, Name: key.Seal("case-name", []byte(name)), Zone: zone, Created: at}
	return c, db.PutCase(ctx, row)
}

// InstanceValue implements archive.CaseStorage.
func (db *DB) InstanceValue(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := db.from(ctx).QueryRowContext(ctx, `SELECT value FROM instance WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of the instance: %w", name, err)
	}
	return value, nil
}

// SetInstanceValue implements archive.CaseStorage.
func (db *DB) SetInstanceValue(ctx context.Context, name string, value []byte) error {
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value)
	if err != nil {
		return fmt.Errorf("set %s of the instance: %w", name, err)
	}
	now, err := db.InstanceValue(ctx, name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, value) {
		return fmt.Errorf("set %s of the instance: %w: it has another value already", name, daybook.ErrInvalid)
	}
	return nil
}

// list returns "($from,$from+1,…)" with n placeholders, which come after all
// others of the statement (values says why SQLite gets other ones).
func (db *DB) list(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i == 0 {
			b.WriteByte('(')
		} else {
			b.WriteByte(',')
		}
		db.placeholder(&b, from+i)
	}
	b.WriteByte(')')
	return b.String()
}
