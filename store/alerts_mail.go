package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
)

// This file implements alerts.Outbox.

func (db *DB) putMail(ctx context.Context, key *archive.CaseKey, n alerts.Notification) error {
	plain, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("put mail: %w", err)
	}
	if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO alert_mail
		(id, case_id, recipient, sealed, state, made, due, lease, fence, tries, error, ended)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, $8, 0) ON CONFLICT (id) DO NOTHING`,
		n.ID, string(n.Case), n.Recipient, key.Seal("mail/"+n.ID, plain), string(alerts.Waiting), micros(n.Made), micros(n.Made), []byte{}); err != nil {
		return fmt.Errorf("put mail: %w", err)
	}
	return nil
}

const mailColumns = `id, case_id, sealed, state, due, fence, tries, error`

// ClaimMails implements alerts.Outbox.
func (db *DB) ClaimMails(ctx context.Context, now time.Time, lease time.Duration, n int) ([]alerts.Mail, error) {
	return db.mails(ctx, db.to(ctx), `WITH free AS MATERIALIZED (
			SELECT id FROM alert_mail WHERE state = $1 AND due <= $2 AND lease <= $3 ORDER BY due, id LIMIT $4`+db.skip+`)
		UPDATE alert_mail SET lease = $5, fence = fence + 1 WHERE id IN (SELECT id FROM free)
		RETURNING `+mailColumns,
		string(alerts.Waiting), micros(now), micros(now), n, micros(now.Add(lease)))
}

// FailedMails returns the mails of a case that were refused for good, oldest
// first, with the reason in Error.
func (db *DB) FailedMails(ctx context.Context, c daybook.CaseID) ([]alerts.Mail, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	return db.mails(ctx, db.from(ctx), `SELECT `+mailColumns+` FROM alert_mail WHERE case_id = $1 AND state = $2`,
		string(c), string(alerts.Failed))
}

// WaitingMails returns the mails of a case that have not gone out yet, oldest
// first.
func (db *DB) WaitingMails(ctx context.Context, c daybook.CaseID) ([]alerts.Mail, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	return db.mails(ctx, db.from(ctx), `SELECT `+mailColumns+` FROM alert_mail WHERE case_id = $1 AND state = $2`,
		string(c), string(alerts.Waiting))
}

// mails opens the rows of a query, ordered by due time. Those of a case whose
// key was destroyed are left out.
func (db *DB) mails(ctx context.Context, q querier, query string, args ...any) ([]alerts.Mail, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("mails: %w", err)
	}
	defer rows.Close()
	type row struct {
		alerts.Mail
		id, caseID      string
		sealed, failure []byte
	}
	var found []row
	for rows.Next() {
		var (
			r     row
			state string
			due   int64
		)
		if err := rows.Scan(&r.id, &r.caseID, &r.sealed, &state, &due, &r.Fence, &r.Tries, &r.failure); err != nil {
			return nil, fmt.Errorf("mails: %w", err)
		}
		r.State, r.Due = alerts.MailState(state), fromMicros(due)
		found = append(found, r)
	}
	// Closed before the keys are asked for: those may need the connection.
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("mails: %w", err)
	}
	var out []alerts.Mail
	for _, r := range found {
		key, err := db.Keys.Case(ctx, daybook.CaseID(r.caseID))
		if errors.Is(err, archive.ErrErased) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("mail %s: %w", r.id, err)
		}
		plain, err := key.Open("mail/"+r.id, r.sealed)
		if err != nil {
			return nil, fmt.Errorf("mail %s: %w", r.id, err)
		}
		if err := json.Unmarshal(plain, &r.Notification); err != nil {
			return nil, fmt.Errorf("mail %s: %w", r.id, err)
		}
		if len(r.failure) > 0 {
			why, err := key.Open("mail-error/"+r.id, r.failure)
			if err != nil {
				return nil, fmt.Errorf("mail %s: %w", r.id, err)
			}
			r.Error = string(why)
		}
		out = append(out, r.Mail)
	}
	slices.SortFunc(out, func(a, b alerts.Mail) int {
		return cmpOr(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// EndMail implements alerts.Outbox. The text of a mail that was sent or dropped
// is not kept; of one that was sent, what it said of the log is (SentAnchors).
func (db *DB) EndMail(ctx context.Context, m alerts.Mail, now time.Time, e alerts.Ending) error {
	key, err := db.Keys.Case(ctx, m.Case)
	if err != nil {
		return fmt.Errorf("end mail %s: %w", m.ID, err)
	}
	failure, tries := []byte{}, int64(0)
	if e.Error != nil {
		failure, tries = key.Seal("mail-error/"+m.ID, []byte(e.Error.Error())), 1
	}
	switch e.State {
	case alerts.Waiting:
		_, err = db.to(ctx).ExecContext(ctx, `UPDATE alert_mail SET lease = 0, due = $1, tries = tries + $2, error = $3
			WHERE id = $4 AND fence = $5`, micros(e.Due), tries, failure, m.ID, m.Fence)
	case alerts.Failed:
		_, err = db.to(ctx).ExecContext(ctx, `UPDATE alert_mail SET lease = 0, state = $1, ended = $2, tries = tries + $3, error = $4
			WHERE id = $5 AND fence = $6`, string(e.State), micros(now), tries, failure, m.ID, m.Fence)
	default:
		rest := []byte{}
		if e.State == alerts.Sent && m.Anchor != nil {
			m.Body = ""
			plain, jerr := json.Marshal(m.Notification)
			if jerr != nil {
				return fmt.Errorf("end mail %s: %w", m.ID, jerr)
			}
			rest = key.Seal("mail/"+m.ID, plain)
		}
		_, err = db.to(ctx).ExecContext(ctx, `UPDATE alert_mail SET lease = 0, state = $1, ended = $2, error = $3, sealed = $4
			WHERE id = $5 AND fence = $6`, string(e.State), micros(now), failure, rest, m.ID, m.Fence)
	}
	if err != nil {
		return fmt.Errorf("end mail %s: %w", m.ID, err)
	}
	return nil
}
