package store

import (
	"context"
	"errors"
	"fmt"

	"daybook"
)

// ofCase are the tables, beside the derived ones, whose rows go with a case.
var ofCase = []string{"log_payload", "blob", "task", "seen", "follower", "access_grant", "account", "alert_state", "alert_rule", "alert_event",
	"alert_recipient", "alert_mail", "saved_search", "visit", "review", "own", "tombstone", "bundle", "spend", "spend_seen"}

// treeOfCase are the tables that hold what is kept for ever.
var treeOfCase = []string{"log_entry", "log_head", "checkpoint", "stamp", "stamp_wanted", "anchor_given"}

// EraseCase destroys the key of a case and every row of it but the leaves, the
// tree, the checkpoints, and that it was erased. The files of its blobs are left
// to archive.Log.Sweep, its index is dropped before. It may be called again.
func (db *DB) EraseCase(ctx context.Context, c daybook.CaseID) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	err := db.Update(ctx, func(ctx context.Context) error {
		if _, err := db.LockHead(ctx, c); err != nil {
			return err
		}
		if _, err := db.lockPosition(ctx, c, messagesName); err != nil {
			return err
		}
		exec := func(query string, args ...any) error {
			_, err := db.to(ctx).ExecContext(ctx, query, args...)
			return err
		}
		if err := exec(`INSERT INTO blob_erased (case_id, name) SELECT case_id, name FROM blob WHERE case_id = $1
			ON CONFLICT (case_id, name) DO NOTHING`, string(c)); err != nil {
			return err
		}
		for _, table := range []string{"lane", "account_token"} {
			if err := exec(`DELETE FROM `+table+` WHERE account_id IN (SELECT id FROM account WHERE case_id = $1)`, string(c)); err != nil {
				return err
			}
		}
		for _, table := range append(append([]string{}, derivedTables...), ofCase...) {
			if err := exec(`DELETE FROM `+table+` WHERE case_id = $1`, string(c)); err != nil {
				return err
			}
		}
		if err := exec(`UPDATE erasure SET sealed = $1 WHERE case_id = $2`, []byte{}, string(c)); err != nil {
			return err
		}
		return exec(`UPDATE case_ SET wrapped_key = NULL, name = $1 WHERE id = $2`, []byte{}, string(c))
	})
	if err != nil {
		return fmt.Errorf("erase case %s: %w", c, err)
	}
	db.Keys.Forget(c)
	db.senders.drop(c)
	return nil
}

// EraseTree removes what a case leaves behind that was erased as a whole:
// daybook.ErrInvalid if it was not.
func (db *DB) EraseTree(ctx context.Context, c daybook.CaseID) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	err := db.Update(ctx, func(ctx context.Context) error {
		gone, err := db.to(ctx).ExecContext(ctx, `DELETE FROM case_ WHERE id = $1 AND wrapped_key IS NULL`, string(c))
		if err != nil {
			return err
		}
		if n, err := gone.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("%w: the case is not erased", daybook.ErrInvalid), err)
		}
		for _, table := range append([]string{"erasure", "blob_erased"}, treeOfCase...) {
			if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM `+table+` WHERE case_id = $1`, string(c)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove the tree of case %s: %w", c, err)
	}
	return nil
}
