package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"daybook"
)

// FollowerPosition returns how many entries of a case a follower has done; 0 if
// it has not begun.
func (db *DB) FollowerPosition(ctx context.Context, c daybook.CaseID, name string) (uint64, error) {
	if err := inScope(ctx, c); err != nil {
		return 0, err
	}
	var n int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT position FROM follower WHERE case_id = $1 AND name = $2`, string(c), name).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the position of %s: %w", name, err)
	}
	return uint64(n), nil
}

// SetFollowerPosition keeps how many entries of a case a follower has done. It
// belongs in the transaction that commits what the follower made of them.
func (db *DB) SetFollowerPosition(ctx context.Context, c daybook.CaseID, name string, n uint64) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO follower (case_id, name, position) VALUES ($1, $2, $3)
		ON CONFLICT (case_id, name) DO UPDATE SET position = excluded.position`, string(c), name, int64(n))
	if err != nil {
		return fmt.Errorf("set the position of %s: %w", name, err)
	}
	return nil
}

// lockPosition returns the position and holds it until the transaction ends, so
// that two processes never derive from the same entries. It is the first
// statement of its transaction.
func (db *DB) lockPosition(ctx context.Context, c daybook.CaseID, name string) (uint64, error) {
	var n int64
	err := db.to(ctx).QueryRowContext(ctx, `INSERT INTO follower (case_id, name, position) VALUES ($1, $2, 0)
		ON CONFLICT (case_id, name) DO UPDATE SET position = follower.position RETURNING position`, string(c), name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("lock the position of %s: %w", name, err)
	}
	return uint64(n), nil
}

// derivedTables hold what is derived from the log, beside the positions.
var derivedTables = []string{"message", "message_content", "message_capture", "message_to", "handle", "decision", "block_seen",
	"gap", "consent_event", "unread", "flag", "picture"}

// ResetDerived drops all rows of a case that are derived from its log, and the
// positions of its followers but for those named in keep: a follower that sends
// something must not begin again.
func (db *DB) ResetDerived(ctx context.Context, c daybook.CaseID, keep ...string) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	err := db.Update(ctx, func(ctx context.Context) error {
		// Handle takes the same lock: it is not in the middle of a batch.
		if _, err := db.lockPosition(ctx, c, messagesName); err != nil {
			return err
		}
		query := `DELETE FROM follower WHERE case_id = $1`
		args := []any{string(c)}
		if len(keep) > 0 {
			query += ` AND name NOT IN ` + db.list(2, len(keep))
			for _, name := range keep {
				args = append(args, name)
			}
		}
		if _, err := db.to(ctx).ExecContext(ctx, query, args...); err != nil {
			return err
		}
		for _, table := range derivedTables {
			if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM `+table+` WHERE case_id = $1`, string(c)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("drop what is derived from the log of case %s: %w", c, err)
	}
	db.senders.drop(c)
	return nil
}
