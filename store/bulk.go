package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// A bulk is a statement that writes many rows: into and then stand before and
// after the values.
type bulk struct {
	into    string
	columns int
	then    string
}

func (b bulk) text(db *DB, rows int) string { return b.into + db.values(rows, b.columns) + b.then }

// bulkSizes are the numbers of rows that statements are made for: so that there
// are few texts to parse, whatever the number of rows is.
var bulkSizes = [...]int{128, 16, 1}

// statements keeps bulk statements prepared: parsing a statement of a hundred
// rows takes longer than a hundred rows do.
type statements struct {
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// prepare prepares what writeRows will use, once. Within an Update it does
// nothing: its transaction may hold the only connection. writeRows then sends
// the text.
func (db *DB) prepare(ctx context.Context, all ...bulk) error {
	if _, within := ctx.Value(txKey{}).(*sql.Tx); within {
		return nil
	}
	for _, b := range all {
		for _, rows := range bulkSizes {
			text := b.text(db, rows)
			if db.bulk.find(text) != nil {
				continue
			}
			// Nothing is locked meanwhile: this waits for the connection, and who
			// has it may be about to look for a statement.
			stmt, err := db.write.PrepareContext(ctx, text)
			if err != nil {
				return fmt.Errorf("prepare: %w", err)
			}
			if err := db.bulk.keep(text, stmt); err != nil {
				return fmt.Errorf("prepare: %w", err)
			}
		}
	}
	return nil
}

// find returns a statement that was prepared; nil if it was not.
func (s *statements) find(text string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prepared[text]
}

// keep keeps a statement, unless somebody else was first: then it is closed.
func (s *statements) keep(text string, stmt *sql.Stmt) error {
	s.mu.Lock()
	first := s.prepared[text] == nil
	if first {
		if s.prepared == nil {
			s.prepared = map[string]*sql.Stmt{}
		}
		s.prepared[text] = stmt
	}
	s.mu.Unlock()
	if first {
		return nil
	}
	return stmt.Close()
}

// writeRows writes rows whose values stand one after the other in args. It is
// called within an Update.
func (db *DB) writeRows(ctx context.Context, b bulk, args []any) error {
	tx, within := ctx.Value(txKey{}).(*sql.Tx)
	for _, rows := range bulkSizes {
		n := rows * b.columns
		if len(args) < n {
			continue
		}
		text := b.text(db, rows)
		stmt := db.bulk.find(text)
		if stmt != nil && within {
			stmt = tx.StmtContext(ctx, stmt)
		}
		for len(args) >= n {
			var err error
			if stmt != nil {
				_, err = stmt.ExecContext(ctx, args[:n]...)
			} else {
				_, err = db.to(ctx).ExecContext(ctx, text, args[:n]...)
			}
			if err != nil {
				return err
			}
			args = args[n:]
		}
	}
	return nil
}
