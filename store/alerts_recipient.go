package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
)

// This file implements alerts.Recipients: who is told, and what they have been
// told.

// SaveRecipient adds a recipient or changes one. One that is new is told of what
// comes from now on. The error wraps daybook.ErrInvalid if the settings cannot
// be used.
func (db *DB) SaveRecipient(ctx context.Context, r alerts.Recipient) error {
	if err := r.Check(); err != nil {
		return fmt.Errorf("save a recipient: %w", err)
	}
	key, err := db.Keys.Case(ctx, r.Case)
	if err != nil {
		return fmt.Errorf("save a recipient: %w", err)
	}
	settings, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("save a recipient: %w", err)
	}
	return db.Update(ctx, func(ctx context.Context) error {
		if err := db.openAlertState(ctx, r.Case); err != nil {
			return err
		}
		if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO alert_recipient (id, case_id, settings, told, told_seq)
			SELECT $1, $2, $3, $4, seq FROM alert_state WHERE case_id = $5
			ON CONFLICT (id) DO UPDATE SET settings = excluded.settings`,
			r.ID, string(r.Case), key.Seal("recipient/"+r.ID, settings), key.Seal("told/"+r.ID, []byte("{}")), string(r.Case)); err != nil {
			return fmt.Errorf("save a recipient: %w", err)
		}
		return nil
	})
}

// RemoveRecipient removes a recipient; nil if there is none. Mails that wait for
// them are dropped.
func (db *DB) RemoveRecipient(ctx context.Context, c daybook.CaseID, id string) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM alert_recipient WHERE id = $1 AND case_id = $2`, id, string(c)); err != nil {
		return fmt.Errorf("remove a recipient: %w", err)
	}
	return nil
}

// Recipients implements alerts.Recipients. Those of a case whose key was
// destroyed are left out.
func (db *DB) Recipients(ctx context.Context, c daybook.CaseID) ([]alerts.Recipient, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	return db.recipients(ctx, `SELECT id, case_id, settings FROM alert_recipient WHERE case_id = $1 OR $2 = '' ORDER BY case_id, id`,
		string(c), string(c))
}

// Recipient implements alerts.Outbox.
func (db *DB) Recipient(ctx context.Context, c daybook.CaseID, id string) (alerts.Recipient, error) {
	if err := inScope(ctx, c); err != nil {
		return alerts.Recipient{}, err
	}
	found, err := db.recipients(ctx, `SELECT id, case_id, settings FROM alert_recipient WHERE case_id = $1 AND id = $2`, string(c), id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("recipient %s: %w", id, daybook.ErrNotFound)
	}
	if err != nil {
		return alerts.Recipient{}, err
	}
	return found[0], nil
}

func (db *DB) recipients(ctx context.Context, query string, args ...any) ([]alerts.Recipient, error) {
	rows, err := db.from(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	defer rows.Close()
	type row struct {
		id, caseID string
		settings   []byte
	}
	var found []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.caseID, &r.settings); err != nil {
			return nil, fmt.Errorf("recipients: %w", err)
		}
		found = append(found, r)
	}
	// Closed before the keys are asked for: those may need the connection.
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	var out []alerts.Recipient
	for _, r := range found {
		key, err := db.Keys.Case(ctx, daybook.CaseID(r.caseID))
		if errors.Is(err, archive.ErrErased) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("recipients: %w", err)
		}
		plain, err := key.Open("recipient/"+r.id, r.settings)
		if err != nil {
			return nil, fmt.Errorf("recipient %s: %w", r.id, err)
		}
		var rec alerts.Recipient
		if err := json.Unmarshal(plain, &rec); err != nil {
			return nil, fmt.Errorf("recipient %s: %w", r.id, err)
		}
		out = append(out, rec)
	}
	return out, nil
}

// Untold implements alerts.Recipients.
func (db *DB) Untold(ctx context.Context, r alerts.Recipient) ([]alerts.Event, alerts.Told, error) {
	var (
		told   alerts.Told
		sealed []byte
		seq    int64
	)
	q := db.from(ctx)
	err := q.QueryRowContext(ctx, `SELECT told, told_seq FROM alert_recipient WHERE id = $1`, r.ID).Scan(&sealed, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, told, nil // removed a moment ago
	}
	if err != nil {
		return nil, told, fmt.Errorf("what recipient %s was told: %w", r.ID, err)
	}
	key, err := db.Keys.Case(ctx, r.Case)
	if err != nil {
		return nil, told, fmt.Errorf("what recipient %s was told: %w", r.ID, err)
	}
	plain, err := key.Open("told/"+r.ID, sealed)
	if err != nil {
		return nil, told, fmt.Errorf("what recipient %s was told: %w", r.ID, err)
	}
	if err := json.Unmarshal(plain, &told); err != nil {
		return nil, told, fmt.Errorf("what recipient %s was told: %w", r.ID, err)
	}
	told.Seq = uint64(seq)
	var waiting int64
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM alert_mail WHERE recipient = $1 AND state = $2`,
		r.ID, string(alerts.Waiting)).Scan(&waiting); err != nil {
		return nil, told, fmt.Errorf("mails that wait for recipient %s: %w", r.ID, err)
	}
	told.Waiting = waiting > 0
	events, err := db.AlertEvents(ctx, r.Case, told.Seq, math.MaxInt32)
	return events, told, err
}

// Tell implements alerts.Recipients.
func (db *DB) Tell(ctx context.Context, r alerts.Recipient, before, after alerts.Told, mails []alerts.Notification) error {
	key, err := db.Keys.Case(ctx, r.Case)
	if err != nil {
		return fmt.Errorf("tell recipient %s: %w", r.ID, err)
	}
	told, err := json.Marshal(after)
	if err != nil {
		return fmt.Errorf("tell recipient %s: %w", r.ID, err)
	}
	return db.Update(ctx, func(ctx context.Context) error {
		res, err := db.to(ctx).ExecContext(ctx, `UPDATE alert_recipient SET told = $1, told_seq = $2 WHERE id = $3 AND told_seq = $4`,
			key.Seal("told/"+r.ID, told), int64(after.Seq), r.ID, int64(before.Seq))
		if err != nil {
			return fmt.Errorf("tell recipient %s: %w", r.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // none: somebody else has told them
		}
		for _, n := range mails {
			if err := db.putMail(ctx, key, n); err != nil {
				return err
			}
		}
		return nil
	})
}
