package store

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"daybook"
)

// This file implements cases.Acts.

// Size implements cases.Acts.
func (db *DB) Size(ctx context.Context, c daybook.CaseID) (uint64, error) {
	h, err := db.Head(ctx, c)
	return h.Size, err
}

// EntriesOfKind implements cases.Acts. Kinds that are taken in by the thousand
// (item, exchange, observation, media, gap) are not in its index and never
// found.
func (db *DB) EntriesOfKind(ctx context.Context, c daybook.CaseID, kinds []daybook.RecordKind, before uint64, limit int) ([]uint64, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	if len(kinds) == 0 || limit <= 0 {
		return nil, nil
	}
	args := []any{string(c), int64(min(before, math.MaxInt64))}
	for _, k := range kinds {
		args = append(args, string(k))
	}
	rows, err := db.from(ctx).QueryContext(ctx, db.actsQuery(len(kinds), limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list what was done: %w", err)
	}
	defer rows.Close()
	var out []uint64
	for rows.Next() {
		var n uint64
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("list what was done: %w", err)
		}
		out = append(out, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list what was done: %w", err)
	}
	return out, nil
}

// actsQuery asks for entries of n kinds. The first condition on kind is the
// index's own, word for word: that is what both engines know it by.
func (db *DB) actsQuery(n, limit int) string {
	return `SELECT idx FROM log_entry
		WHERE case_id = $1 AND idx < $2 AND kind NOT IN ('item', 'exchange', 'observation', 'media', 'gap')
		AND kind IN ` + db.list(3, n) + ` ORDER BY idx DESC LIMIT ` + strconv.Itoa(limit)
}
