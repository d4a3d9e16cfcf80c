package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/archive"
)

// This file implements archive.Storage: the rows of logs.

// rowsPerStatement keeps the number of parameters well below what the engines
// take (SQLite 32,766; PostgreSQL 65,535).
const rowsPerStatement = 200

// LockHead implements archive.Storage. The upsert is the first statement of the
// transaction: it takes the row lock on PostgreSQL and the write lock on SQLite.
func (db *DB) LockHead(ctx context.Context, c daybook.CaseID) (archive.Head, error) {
	if err := inScope(ctx, c); err != nil {
		return archive.Head{}, err
	}
	var h archive.Head
	err := db.to(ctx).QueryRowContext(ctx, `INSERT INTO log_head (case_id, size, frontier, erasures, changed, told)
		VALUES ($1, 0, $2, 0, 0, 0) ON CONFLICT (case_id) DO UPDATE SET changed = log_head.changed
		RETURNING size, frontier, erasures`, string(c), []byte{}).Scan(&h.Size, &h.Frontier, &h.Erasures)
	if err != nil {
		return h, fmt.Errorf("lock the log's head: %w", err)
	}
	return h, nil
}

// Head implements archive.Storage.
func (db *DB) Head(ctx context.Context, c daybook.CaseID) (archive.Head, error) {
	if err := inScope(ctx, c); err != nil {
		return archive.Head{}, err
	}
	var h archive.Head
	err := db.from(ctx).QueryRowContext(ctx, `SELECT size, frontier, erasures FROM log_head WHERE case_id = $1`, string(c)).
		Scan(&h.Size, &h.Frontier, &h.Erasures)
	if errors.Is(err, sql.ErrNoRows) {
		return h, fmt.Errorf("case %s: %w", c, daybook.ErrNotFound)
	}
	if err != nil {
		return h, fmt.Errorf("read the log's head: %w", err)
	}
	return h, nil
}

var (
	insertEntry   = bulk{into: `INSERT INTO log_entry (case_id, idx, kind, logged, commitment, hashes) VALUES `, columns: 6}
	insertPayload = bulk{into: `INSERT INTO log_payload (case_id, idx, wrapped_key, sealed) VALUES `, columns: 4}
)

// PutRows implements archive.Storage.
func (db *DB) PutRows(ctx context.Context, c daybook.CaseID, rows []archive.Row, h archive.Head) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	entries := make([]any, 0, insertEntry.columns*len(rows))
	payloads := make([]any, 0, insertPayload.columns*len(rows))
	for i := range rows {
		r := &rows[i]
		entries = append(entries, string(c), int64(r.Index), string(r.Kind), micros(r.Logged), r.Commitment[:], r.Hashes)
		payloads = append(payloads, string(c), int64(r.Index), r.WrappedKey, r.Sealed)
	}
	if err := db.writeRows(ctx, insertEntry, entries); err != nil {
		return fmt.Errorf("put entries: %w", err)
	}
	if err := db.writeRows(ctx, insertPayload, payloads); err != nil {
		return fmt.Errorf("put entries: %w", err)
	}
	_, err := db.to(ctx).ExecContext(ctx, `UPDATE log_head SET size = $1, frontier = $2, changed = $3 WHERE case_id = $4`,
		int64(h.Size), h.Frontier, time.Now().UnixMicro(), string(c))
	if err != nil {
		return fmt.Errorf("set the log's head: %w", err)
	}
	return db.putChanged(ctx, c, rows)
}

// Rows implements archive.Storage.
func (db *DB) Rows(ctx context.Context, c daybook.CaseID, from uint64, limit int, light bool) ([]archive.Row, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	query := `SELECT e.idx, e.kind, e.logged, e.commitment, e.hashes, p.wrapped_key, p.sealed FROM log_entry e
		LEFT JOIN log_payload p ON p.case_id = e.case_id AND p.idx = e.idx
		WHERE e.case_id = $1 AND e.idx >= $2 ORDER BY e.idx LIMIT $3`
	if light {
		query = `SELECT idx, kind, logged, commitment, hashes, NULL, NULL FROM log_entry
			WHERE case_id = $1 AND idx >= $2 ORDER BY idx LIMIT $3`
	}
	rows, err := db.from(ctx).QueryContext(ctx, query, string(c), int64(from), limit)
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	defer rows.Close()
	out := make([]archive.Row, 0, min(limit, 1000))
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	return out, nil
}

func scanRow(rows *sql.Rows) (archive.Row, error) {
	var (
		r          archive.Row
		logged     int64
		commitment []byte
	)
	if err := rows.Scan(&r.Index, &r.Kind, &logged, &commitment, &r.Hashes, &r.WrappedKey, &r.Sealed); err != nil {
		return r, fmt.Errorf("read entries: %w", err)
	}
	r.Logged = fromMicros(logged)
	copy(r.Commitment[:], commitment)
	return r, nil
}

// RowsAt implements archive.Storage. Without contents.
func (db *DB) RowsAt(ctx context.Context, c daybook.CaseID, indexes []uint64) ([]archive.Row, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	found := make(map[uint64]archive.Row, len(indexes))
	for rest := indexes; len(rest) > 0; {
		n := min(len(rest), rowsPerStatement)
		args := make([]any, 0, n+1)
		args = append(args, string(c))
		for _, i := range rest[:n] {
			args = append(args, int64(i))
		}
		rows, err := db.from(ctx).QueryContext(ctx, `SELECT idx, kind, logged, commitment, hashes, NULL, NULL FROM log_entry
			WHERE case_id = $1 AND idx IN `+db.list(2, n), args...)
		if err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		for rows.Next() {
			r, err := scanRow(rows)
			if err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			found[r.Index] = r
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		rest = rest[n:]
	}
	out := make([]archive.Row, len(indexes))
	for i, index := range indexes {
		r, ok := found[index]
		if !ok {
			return nil, fmt.Errorf("entry %d of case %s: %w", index, c, daybook.ErrNotFound)
		}
		out[i] = r
	}
	return out, nil
}

// PutCheckpoint implements archive.CheckpointStorage.
func (db *DB) PutCheckpoint(ctx context.Context, c daybook.CaseID, size uint64, note []byte, at time.Time) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	// Two who sign the same entries at the same time make the same note.
	done, err := db.to(ctx).ExecContext(ctx, `INSERT INTO checkpoint (case_id, size, note, made) VALUES ($1, $2, $3, $4)
		ON CONFLICT (case_id, size) DO UPDATE SET note = excluded.note WHERE checkpoint.note = excluded.note`,
		string(c), int64(size), note, micros(at))
	if err != nil {
		return fmt.Errorf("put a checkpoint: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("put a checkpoint: %w", errors.Join(fmt.Errorf("there is another note for %d entries", size), err))
	}
	return nil
}

// NewestCheckpoint implements archive.CheckpointStorage.
func (db *DB) NewestCheckpoint(ctx context.Context, c daybook.CaseID) ([]byte, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	var note []byte
	err := db.from(ctx).QueryRowContext(ctx, `SELECT note FROM checkpoint WHERE case_id = $1 ORDER BY size DESC LIMIT 1`, string(c)).Scan(&note)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read the newest checkpoint: %w", err)
	}
	return note, nil
}

// Checkpoints implements archive.CheckpointStorage.
func (db *DB) Checkpoints(ctx context.Context, c daybook.CaseID) ([][]byte, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT note FROM checkpoint WHERE case_id = $1 ORDER BY size`, string(c))
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	defer rows.Close()
	var out [][]byte
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, fmt.Errorf("read checkpoints: %w", err)
		}
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	return out, nil
}

// PutBlob implements archive.BlobRows.
func (db *DB) PutBlob(ctx context.Context, c daybook.CaseID, row archive.BlobRow) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO blob (case_id, ref, name, size, wrapped_key) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (case_id, ref) DO NOTHING`, string(c), row.Ref[:], row.Name, row.Size, row.WrappedKey)
	if err != nil {
		return fmt.Errorf("put a blob's row: %w", err)
	}
	return nil
}

// Blob implements archive.BlobRows.
func (db *DB) Blob(ctx context.Context, c daybook.CaseID, ref [32]byte) (archive.BlobRow, error) {
	if err := inScope(ctx, c); err != nil {
		return archive.BlobRow{}, err
	}
	row := archive.BlobRow{Ref: ref}
	err := db.from(ctx).QueryRowContext(ctx, `SELECT name, size, wrapped_key FROM blob WHERE case_id = $1 AND ref = $2`, string(c), ref[:]).
		Scan(&row.Name, &row.Size, &row.WrappedKey)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("blob: %w", daybook.ErrNotFound)
	}
	if err != nil {
		return row, fmt.Errorf("read a blob's row: %w", err)
	}
	return row, nil
}
