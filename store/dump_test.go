package store

import (
	"context"
	"fmt"
)

// Columns returns every value of a table as text, for tests that look for what
// must not stand there.
func (db *DB) Columns(ctx context.Context, table string) (out []string, err error) {
	rows, err := db.read.QueryContext(ctx, `SELECT * FROM `+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		for _, v := range values {
			value := *v.(*any)
			if b, ok := value.([]byte); ok {
				value = string(b)
			}
			out = append(out, fmt.Sprint(value))
		}
	}
	return out, rows.Err()
}
