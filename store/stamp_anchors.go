package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daybook"
)

// A GivenAnchor is a size and root of a log that somebody was given.
type GivenAnchor struct {
	At   time.Time
	Form string // how: "file", "line"
	Size uint64
	Root daybook.Digest
}

// GiveAnchor remembers that size and root were given out.
func (db *DB) GiveAnchor(ctx context.Context, c daybook.CaseID, a GivenAnchor) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO anchor_given (case_id, given, form, size, root) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (case_id, given, form, size) DO NOTHING`, string(c), micros(a.At), a.Form, int64(a.Size), a.Root[:])
	if err != nil {
		return fmt.Errorf("remember an anchor: %w", err)
	}
	return nil
}

// GivenAnchors returns what was given out last, the newest first.
func (db *DB) GivenAnchors(ctx context.Context, c daybook.CaseID, limit int) ([]GivenAnchor, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT given, form, size, root FROM anchor_given WHERE case_id = $1
		ORDER BY given DESC, size DESC, form LIMIT $2`, string(c), limit)
	if err != nil {
		return nil, fmt.Errorf("read anchors: %w", err)
	}
	defer rows.Close()
	var out []GivenAnchor
	for rows.Next() {
		var (
			a     GivenAnchor
			given int64
			root  []byte
		)
		if err := rows.Scan(&given, &a.Form, &a.Size, &root); err != nil {
			return nil, fmt.Errorf("read anchors: %w", err)
		}
		a.At = fromMicros(given)
		copy(a.Root[:], root)
		out = append(out, a)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read anchors: %w", err)
	}
	return out, nil
}
