package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/alerts"
)

// This file implements alerts.Events: the position of the alerts, the rules of
// a case and what they found.

// AlertPosition implements alerts.Events.
func (db *DB) AlertPosition(ctx context.Context, c daybook.CaseID) (uint64, error) {
	if err := inScope(ctx, c); err != nil {
		return 0, err
	}
	var n int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT position FROM alert_state WHERE case_id = $1`, string(c)).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("position of the alerts: %w", err)
	}
	return uint64(n), nil
}

// AlertRules implements alerts.Events.
func (db *DB) AlertRules(ctx context.Context, c daybook.CaseID) ([]alerts.Rule, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT kind, quiet FROM alert_rule WHERE case_id = $1 ORDER BY kind`, string(c))
	if err != nil {
		return nil, fmt.Errorf("rules of the alerts: %w", err)
	}
	defer rows.Close()
	var (
		rules  []alerts.Rule
		chosen bool
	)
	for rows.Next() {
		var (
			kind  string
			quiet int64
		)
		if err := rows.Scan(&kind, &quiet); err != nil {
			return nil, fmt.Errorf("rules of the alerts: %w", err)
		}
		chosen = true
		if kind != "" {
			rules = append(rules, alerts.Rule{Kind: alerts.RuleKind(kind), Quiet: time.Duration(quiet) * time.Microsecond})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("rules of the alerts: %w", err)
	}
	if !chosen {
		return alerts.DefaultRules(), nil
	}
	return rules, nil
}

// SetAlertRules chooses the rules of a case. No rules at all is a choice too.
func (db *DB) SetAlertRules(ctx context.Context, c daybook.CaseID, rules []alerts.Rule) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	return db.Update(ctx, func(ctx context.Context) error {
		q := db.to(ctx)
		if _, err := q.ExecContext(ctx, `DELETE FROM alert_rule WHERE case_id = $1`, string(c)); err != nil {
			return fmt.Errorf("set the rules of the alerts: %w", err)
		}
		if len(rules) == 0 {
			rules = []alerts.Rule{{}}
		}
		for _, r := range rules {
			if _, err := q.ExecContext(ctx, `INSERT INTO alert_rule (case_id, kind, quiet) VALUES ($1, $2, $3)`,
				string(c), string(r.Kind), r.Quiet.Microseconds()); err != nil {
				return fmt.Errorf("set the rules of the alerts: %w", err)
			}
		}
		return nil
	})
}

// AdvanceAlerts implements alerts.Events.
func (db *DB) AdvanceAlerts(ctx context.Context, c daybook.CaseID, from, to uint64, events []alerts.Event) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	return db.Update(ctx, func(ctx context.Context) error {
		if err := db.openAlertState(ctx, c); err != nil {
			return err
		}
		var last int64
		err := db.to(ctx).QueryRowContext(ctx, `UPDATE alert_state SET position = $1, seq = seq + $2
			WHERE case_id = $3 AND position = $4 RETURNING seq`,
			int64(to), int64(len(events)), string(c), int64(from)).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // somebody else has done this stretch
		}
		if err != nil {
			return fmt.Errorf("move the alerts on: %w", err)
		}
		for i, e := range events {
			if err := db.insertEvent(ctx, c, last-int64(len(events)-1-i), e); err != nil {
				return err
			}
		}
		return nil
	})
}

// AddEvent implements alerts.Events.
func (db *DB) AddEvent(ctx context.Context, c daybook.CaseID, e alerts.Event) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	return db.Update(ctx, func(ctx context.Context) error {
		if err := db.openAlertState(ctx, c); err != nil {
			return err
		}
		var seq int64
		if err := db.to(ctx).QueryRowContext(ctx, `UPDATE alert_state SET seq = seq + 1 WHERE case_id = $1 RETURNING seq`,
			string(c)).Scan(&seq); err != nil {
			return fmt.Errorf("add an event: %w", err)
		}
		return db.insertEvent(ctx, c, seq, e)
	})
}

// openAlertState makes the row whose lock orders all events of a case.
func (db *DB) openAlertState(ctx context.Context, c daybook.CaseID) error {
	if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO alert_state (case_id, position, seq) VALUES ($1, 0, 0)
		ON CONFLICT (case_id) DO NOTHING`, string(c)); err != nil {
		return fmt.Errorf("open the alerts of a case: %w", err)
	}
	return nil
}

func (db *DB) insertEvent(ctx context.Context, c daybook.CaseID, seq int64, e alerts.Event) error {
	if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO alert_event (case_id, seq, id, rule, count, first, last, at, newest, late)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (case_id, id) DO NOTHING`,
		string(c), seq, e.ID, string(e.Rule), int64(e.Count), int64(e.First), int64(e.Last), micros(e.At), micros(e.Newest), e.Late); err != nil {
		return fmt.Errorf("add event %s: %w", e.ID, err)
	}
	return nil
}

// AlertEvents returns up to limit events of a case after a number, in order.
func (db *DB) AlertEvents(ctx context.Context, c daybook.CaseID, after uint64, limit int) ([]alerts.Event, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT seq, id, rule, count, first, last, at, newest, late FROM alert_event
		WHERE case_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, string(c), int64(after), limit)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	defer rows.Close()
	var events []alerts.Event
	for rows.Next() {
		var (
			e                       alerts.Event
			rule                    string
			seq, count, first, last int64
			at, newest              int64
		)
		if err := rows.Scan(&seq, &e.ID, &rule, &count, &first, &last, &at, &newest, &e.Late); err != nil {
			return nil, fmt.Errorf("events: %w", err)
		}
		e.Seq, e.Rule, e.Count, e.First, e.Last = uint64(seq), alerts.RuleKind(rule), int(count), uint64(first), uint64(last)
		e.At, e.Newest = fromMicros(at), fromMicros(newest)
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	return events, nil
}
