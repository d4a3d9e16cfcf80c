package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"daybook"
	"daybook/archive"
)

// This file implements archive.ErasedRows and archive.ErasedBlobs.

// EraseRows implements archive.ErasedRows. On SQLite, secure_delete overwrites
// the rows; what lies in the write-ahead log goes with Truncate.
func (db *DB) EraseRows(ctx context.Context, c daybook.CaseID, indexes []uint64) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	return db.Update(ctx, func(ctx context.Context) error {
		if _, err := db.to(ctx).ExecContext(ctx, `UPDATE log_head SET erasures = erasures + 1 WHERE case_id = $1`, string(c)); err != nil {
			return fmt.Errorf("erase entries: %w", err)
		}
		for _, i := range indexes {
			if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM log_payload WHERE case_id = $1 AND idx = $2`, string(c), int64(i)); err != nil {
				return fmt.Errorf("erase entry %d: %w", i, err)
			}
		}
		return nil
	})
}

// WithoutContent implements archive.ErasedRows.
func (db *DB) WithoutContent(ctx context.Context, c daybook.CaseID) ([]uint64, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT e.idx FROM log_entry e
		LEFT JOIN log_payload p ON p.case_id = e.case_id AND p.idx = e.idx
		WHERE e.case_id = $1 AND p.idx IS NULL ORDER BY e.idx`, string(c))
	if err != nil {
		return nil, fmt.Errorf("list entries without content: %w", err)
	}
	defer rows.Close()
	var out []uint64
	for rows.Next() {
		var i uint64
		if err := rows.Scan(&i); err != nil {
			return nil, fmt.Errorf("list entries without content: %w", err)
		}
		out = append(out, i)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list entries without content: %w", err)
	}
	return out, nil
}

// HoldBlob implements archive.BlobRows. It is a write, so that it takes the
// row's lock on PostgreSQL.
func (db *DB) HoldBlob(ctx context.Context, c daybook.CaseID, ref [32]byte) (archive.BlobRow, error) {
	if err := inScope(ctx, c); err != nil {
		return archive.BlobRow{}, err
	}
	row := archive.BlobRow{Ref: ref}
	err := db.to(ctx).QueryRowContext(ctx, `UPDATE blob SET size = size WHERE case_id = $1 AND ref = $2 RETURNING name, size, wrapped_key`,
		string(c), ref[:]).Scan(&row.Name, &row.Size, &row.WrappedKey)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("blob: %w", daybook.ErrNotFound)
	}
	if err != nil {
		return row, fmt.Errorf("hold a blob's row: %w", err)
	}
	return row, nil
}

// EraseBlob implements archive.ErasedBlobs. A blob that is not there is passed
// over.
func (db *DB) EraseBlob(ctx context.Context, c daybook.CaseID, ref [32]byte) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	return db.Update(ctx, func(ctx context.Context) error {
		var name string
		err := db.to(ctx).QueryRowContext(ctx, `DELETE FROM blob WHERE case_id = $1 AND ref = $2 RETURNING name`, string(c), ref[:]).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("erase a blob's row: %w", err)
		}
		return db.noteErasedBlob(ctx, c, name)
	})
}

func (db *DB) noteErasedBlob(ctx context.Context, c daybook.CaseID, name string) error {
	if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO blob_erased (case_id, name) VALUES ($1, $2)
		ON CONFLICT (case_id, name) DO NOTHING`, string(c), name); err != nil {
		return fmt.Errorf("note the file of an erased blob: %w", err)
	}
	return nil
}

// ErasedBlobs implements archive.ErasedBlobs.
func (db *DB) ErasedBlobs(ctx context.Context, c daybook.CaseID) ([]string, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT name FROM blob_erased WHERE case_id = $1 ORDER BY name`, string(c))
	if err != nil {
		return nil, fmt.Errorf("list the files of erased blobs: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list the files of erased blobs: %w", err)
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the files of erased blobs: %w", err)
	}
	return out, nil
}

// ForgetBlob implements archive.ErasedBlobs.
func (db *DB) ForgetBlob(ctx context.Context, c daybook.CaseID, name string) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM blob_erased WHERE case_id = $1 AND name = $2`, string(c), name); err != nil {
		return fmt.Errorf("forget the file of an erased blob: %w", err)
	}
	return nil
}
