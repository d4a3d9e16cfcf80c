package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"daybook"
	"daybook/alerts"
)

// SaveAndMail keeps a recipient as SaveRecipient does and puts a mail to them
// into the outbox, in one transaction: the number that confirms an address.
func (db *DB) SaveAndMail(ctx context.Context, r alerts.Recipient, n alerts.Notification) error {
	key, err := db.Keys.Case(ctx, r.Case)
	if err != nil {
		return fmt.Errorf("save a recipient: %w", err)
	}
	return db.Update(ctx, func(ctx context.Context) error {
		if err := db.SaveRecipient(ctx, r); err != nil {
			return err
		}
		return db.putMail(ctx, key, n)
	})
}

// SentAnchors returns what the last mails of a case that were sent said of its
// log, up to limit, the newest first: Made, Recipient and Anchor of each.
func (db *DB) SentAnchors(ctx context.Context, c daybook.CaseID, limit int) ([]alerts.Notification, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("anchors in mails: %w", err)
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, sealed, ended FROM alert_mail
		WHERE case_id = $1 AND state = $2 AND sealed <> $3 ORDER BY ended DESC, id LIMIT $4`,
		string(c), string(alerts.Sent), []byte{}, limit)
	if err != nil {
		return nil, fmt.Errorf("anchors in mails: %w", err)
	}
	defer rows.Close()
	var out []alerts.Notification
	for rows.Next() {
		var (
			id     string
			sealed []byte
			ended  int64
			n      alerts.Notification
		)
		if err := rows.Scan(&id, &sealed, &ended); err != nil {
			return nil, fmt.Errorf("anchors in mails: %w", err)
		}
		plain, err := key.Open("mail/"+id, sealed)
		if err == nil {
			err = json.Unmarshal(plain, &n)
		}
		if err != nil {
			return nil, fmt.Errorf("anchors in mail %s: %w", id, err)
		}
		if n.Made = fromMicros(ended); n.Anchor != nil {
			out = append(out, n)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("anchors in mails: %w", err)
	}
	return out, nil
}
