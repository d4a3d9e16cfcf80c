package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"daybook"
	"daybook/detect"
)

// AccountStatuses returns how the reading of each account of a case stands,
// oldest first. What it says of consents and messages is derived: it goes as far
// as the case's log was followed.
func (db *DB) AccountStatuses(ctx context.Context, c daybook.CaseID) ([]daybook.AccountStatus, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	accounts, err := db.Accounts(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make([]daybook.AccountStatus, 0, len(accounts))
	for _, a := range accounts {
		s := daybook.AccountStatus{}
		if s.Account, s.Consent, _, err = db.account(ctx, a.ID); err != nil {
			return nil, err
		}
		if s.Changes, err = db.consentChanges(ctx, c, a.ID); err != nil {
			return nil, err
		}
		if s.Newest, err = db.newestOf(ctx, c, a.ID); err != nil {
			return nil, err
		}
		lanes, err := db.Lanes(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		for name, l := range lanes {
			s.Lanes = append(s.Lanes, daybook.LaneStatus{Lane: name, Opened: l.Opened, Checked: l.LastOK,
				Behind: !l.BackDone && l.Back != "", Lost: l.Lost, Failing: l.Gap, Cause: l.Cause})
		}
		slices.SortFunc(s.Lanes, func(a, b daybook.LaneStatus) int { return cmp.Compare(a.Lane, b.Lane) })
		out = append(out, s)
	}
	return out, nil
}

func (db *DB) consentChanges(ctx context.Context, c daybook.CaseID, a daybook.AccountID) ([]daybook.ConsentChange, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT entry, event, happened FROM consent_event
		WHERE case_id = $1 AND account = $2 ORDER BY entry`, string(c), string(a))
	if err != nil {
		return nil, fmt.Errorf("read the consents for account %s: %w", a, err)
	}
	defer rows.Close()
	var out []daybook.ConsentChange
	for rows.Next() {
		var (
			entry, at int64
			event     string
		)
		if err := rows.Scan(&entry, &event, &at); err != nil {
			return nil, fmt.Errorf("read the consents for account %s: %w", a, err)
		}
		out = append(out, daybook.ConsentChange{Event: daybook.ConsentEvent(event), At: fromMicros(at), Entry: uint64(entry)})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the consents for account %s: %w", a, err)
	}
	return out, nil
}

// newestOf returns when the newest message of an account was archived. It looks
// at the last few thousand messages of the case alone: what is older is no news.
func (db *DB) newestOf(ctx context.Context, c daybook.CaseID, a daybook.AccountID) (time.Time, error) {
	var at int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT e.logged FROM
			(SELECT id, account FROM message WHERE case_id = $1 AND captures > 0 ORDER BY id DESC LIMIT 5000) m
		JOIN log_entry e ON e.case_id = $2 AND e.idx = m.id / 1024
		WHERE m.account = $3 ORDER BY m.id DESC LIMIT 1`, string(c), string(c), string(a)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("newest message of account %s: %w", a, err)
	}
	return fromMicros(at), nil
}

// GapsBefore returns up to limit gaps of a case that stand in entries before one, the
// newest first; 0 stands for the end of the log.
func (db *DB) GapsBefore(ctx context.Context, c daybook.CaseID, before uint64, limit int) ([]daybook.GapStatus, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("gaps: %w", err)
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT entry, sealed FROM gap WHERE case_id = $1 AND ($2 = 0 OR entry < $3)
		ORDER BY entry DESC LIMIT $4`, string(c), int64(before), int64(before), limit)
	if err != nil {
		return nil, fmt.Errorf("gaps: %w", err)
	}
	defer rows.Close()
	var out []daybook.GapStatus
	for rows.Next() {
		var (
			g      daybook.GapStatus
			entry  int64
			sealed []byte
		)
		if err := rows.Scan(&entry, &sealed); err != nil {
			return nil, fmt.Errorf("gaps: %w", err)
		}
		if err := open(key, "gap", entry, sealed, &g.Gap); err != nil {
			return nil, err
		}
		g.Entry = uint64(entry)
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("gaps: %w", err)
	}
	return out, nil
}

// CountGaps returns how many gaps the log of a case tells of.
func (db *DB) CountGaps(ctx context.Context, c daybook.CaseID) (int, error) {
	if err := inScope(ctx, c); err != nil {
		return 0, err
	}
	var n int
	if err := db.from(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM gap WHERE case_id = $1`, string(c)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count gaps: %w", err)
	}
	return n, nil
}

// Coverage tells on how many days the accounts of a case were watched.
func (db *DB) Coverage(ctx context.Context, c daybook.CaseID, now time.Time) (daybook.Coverage, error) {
	f := detect.Facts{Now: now}
	row, err := db.Case(ctx, c)
	if err != nil {
		return daybook.Coverage{}, err
	}
	if f.Zone, err = time.LoadLocation(row.Zone); err != nil {
		return daybook.Coverage{}, fmt.Errorf("coverage of case %s: %w", c, err)
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return daybook.Coverage{}, err
	}
	b := factsBuilder{db: db, caseID: c, key: key, facts: &f, index: map[int64]int{}}
	for _, step := range []func(context.Context) error{b.gaps, b.watched} {
		if err := step(ctx); err != nil {
			return daybook.Coverage{}, fmt.Errorf("coverage of case %s: %w", c, err)
		}
	}
	return detect.Coverage(f), nil
}
