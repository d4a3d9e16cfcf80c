package store

import (
	"context"
	"strings"
)

// ActsPlan says how SQLite looks for what people did; "" on PostgreSQL, whose
// plan depends on how much there is.
func (db *DB) ActsPlan(ctx context.Context) (string, error) {
	if db.uri == nil {
		return "", nil
	}
	rows, err := db.read.QueryContext(ctx, "EXPLAIN QUERY PLAN "+db.actsQuery(1, 50), "case", 100, "access")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var (
			id, parent, unused int
			step               string
		)
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			return "", err
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, "; "), rows.Err()
}
