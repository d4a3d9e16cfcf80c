package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// This file implements cases.Erasures.

// An erasureTold is what stands sealed in a row of table erasure.
type erasureTold struct {
	Entries  []uint64            `json:"entries,omitempty"`
	Messages int                 `json:"messages"`
	Reason   string              `json:"reason,omitzero"`
	By       daybook.Actor       `json:"by"`
	Target   cases.ErasureTarget `json:"target,omitzero"`
}

func erasurePlace(id string) string { return "erasure/" + id }

// PutErasure implements cases.Erasures.
func (db *DB) PutErasure(ctx context.Context, e cases.Erasure, t cases.ErasureTarget) error {
	if err := inScope(ctx, e.Case); err != nil {
		return err
	}
	sealed := []byte{}
	key, err := db.Keys.Case(ctx, e.Case)
	switch {
	case err == nil:
		plain, err := json.Marshal(erasureTold{e.Entries, e.Messages, e.Reason, e.By, t})
		if err != nil {
			return fmt.Errorf("keep an erasure: %w", err)
		}
		sealed = key.Seal(erasurePlace(e.ID), plain)
	case !errors.Is(err, archive.ErrErased):
		return fmt.Errorf("keep an erasure: %w", err)
	}
	if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO erasure (id, case_id, state, whole, asked, due, ended, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET state = excluded.state, due = excluded.due,
		ended = excluded.ended, sealed = excluded.sealed`,
		e.ID, string(e.Case), string(e.State), e.Whole, micros(e.Asked), micros(e.Due), micros(e.Done), sealed); err != nil {
		return fmt.Errorf("keep an erasure: %w", err)
	}
	return nil
}

// Erasure implements cases.Erasures.
func (db *DB) Erasure(ctx context.Context, c daybook.CaseID, id string) (cases.Erasure, cases.ErasureTarget, error) {
	found, err := db.erasures(ctx, c, ` AND id = $2`, id)
	if err != nil {
		return cases.Erasure{}, cases.ErasureTarget{}, err
	}
	if len(found) == 0 {
		return cases.Erasure{}, cases.ErasureTarget{}, fmt.Errorf("erasure: %w; daybook erase list --case %s shows those that there are", daybook.ErrNotFound, c)
	}
	return found[0].Erasure, found[0].target, nil
}

// ErasuresOf implements cases.Erasures.
func (db *DB) ErasuresOf(ctx context.Context, c daybook.CaseID) ([]cases.Erasure, error) {
	found, err := db.erasures(ctx, c, ``)
	if err != nil {
		return nil, err
	}
	out := make([]cases.Erasure, len(found))
	for i := range found {
		out[i] = found[i].Erasure
	}
	return out, nil
}

// HiddenEntries returns the entries of a case that erasures hide: what they will
// destroy, ascending in each. all says that the whole case is hidden.
func (db *DB) HiddenEntries(ctx context.Context, c daybook.CaseID) (entries []uint64, all bool, err error) {
	found, err := db.erasures(ctx, c, ` AND state NOT IN ('cancelled', 'done')`)
	if err != nil {
		return nil, false, err
	}
	for _, e := range found {
		entries, all = append(entries, e.Entries...), all || e.Whole
	}
	return entries, all, nil
}

// A foundErasure is an erasure with what it is about.
type foundErasure struct {
	cases.Erasure
	target cases.ErasureTarget
}

// erasures reads those of a case, the newest first. rest stands after the
// condition on the case.
func (db *DB) erasures(ctx context.Context, c daybook.CaseID, rest string, args ...any) ([]foundErasure, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil && !errors.Is(err, archive.ErrErased) {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, state, whole, asked, due, ended, sealed FROM erasure WHERE case_id = $1`+rest+
		` ORDER BY asked DESC, id`, append([]any{string(c)}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	defer rows.Close()
	var out []foundErasure
	for rows.Next() {
		e := foundErasure{Erasure: cases.Erasure{Case: c}}
		if err := e.scan(rows, key); err != nil {
			return nil, fmt.Errorf("read erasures: %w", err)
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	return out, nil
}

func (e *foundErasure) scan(rows *sql.Rows, key *archive.CaseKey) error {
	var (
		state             string
		asked, due, ended int64
		sealed            []byte
	)
	if err := rows.Scan(&e.ID, &state, &e.Whole, &asked, &due, &ended, &sealed); err != nil {
		return err
	}
	e.State, e.Asked, e.Due, e.Done = cases.ErasureState(state), fromMicros(asked), fromMicros(due), fromMicros(ended)
	if key == nil || len(sealed) == 0 {
		return nil
	}
	plain, err := key.Open(erasurePlace(e.ID), sealed)
	if err != nil {
		return fmt.Errorf("erasure %s: %w", e.ID, err)
	}
	var told erasureTold
	if err := json.Unmarshal(plain, &told); err != nil {
		return fmt.Errorf("erasure %s: %w", e.ID, err)
	}
	e.Entries, e.Messages, e.Reason, e.By, e.target = told.Entries, told.Messages, told.Reason, told.By, told.Target
	return nil
}

// DueErasures implements cases.Erasures.
func (db *DB) DueErasures(ctx context.Context, now time.Time) ([]cases.Erasure, error) {
	if err := inScope(ctx, ""); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, case_id FROM erasure
		WHERE state = 'waiting' AND due <= $1 OR state IN ('erasing', 'failed') ORDER BY asked, id`, micros(now))
	if err != nil {
		return nil, fmt.Errorf("list erasures that are due: %w", err)
	}
	defer rows.Close()
	var out []cases.Erasure
	for rows.Next() {
		var e cases.Erasure
		if err := rows.Scan(&e.ID, &e.Case); err != nil {
			return nil, fmt.Errorf("list erasures that are due: %w", err)
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list erasures that are due: %w", err)
	}
	return out, nil
}
