package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/detect"
)

// This file reads what stands around the messages of a case: what was said about
// handles, what was not watched, what is signed.

// Terms returns the facts by which detect tells how one message stands to what
// the person asked for, without reading the messages. Handles[i] is the handle
// that Contact.Handle i means; those of the person are empty. Of Contacts there
// are only those whose time a request to stop goes by; nothing is said of what
// was watched.
func (db *DB) Terms(ctx context.Context, c daybook.CaseID) (detect.Facts, error) {
	f, err := db.terms(ctx, c)
	if err != nil {
		return f, fmt.Errorf("collect the terms of case %s: %w", c, err)
	}
	return f, nil
}

func (db *DB) terms(ctx context.Context, c daybook.CaseID) (f detect.Facts, err error) {
	row, err := db.Case(ctx, c)
	if err != nil {
		return f, err
	}
	if f.Zone, err = time.LoadLocation(row.Zone); err != nil {
		return f, err
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return f, err
	}
	stored, err := db.handlesOf(ctx, c, key)
	if err != nil {
		return f, err
	}
	// Each handle stands at its own number, so that a line's sender is its
	// place.
	b := factsBuilder{db: db, caseID: c, key: key, facts: &f, index: make(map[int64]int, len(stored))}
	for _, s := range stored {
		for int64(len(f.Handles)) <= s.id {
			f.Handles = append(f.Handles, daybook.Handle{})
		}
		if b.index[s.id] = int(s.id); !s.own {
			f.Handles[s.id] = s.h
		}
	}
	if err := b.blocks(ctx); err != nil {
		return f, err
	}
	if err := b.marks(ctx); err != nil {
		return f, err
	}
	return f, b.asked(ctx)
}

// asked reads the messages whose time a request to stop goes by.
func (b *factsBuilder) asked(ctx context.Context) error {
	intern := map[string]string{}
	for _, m := range b.facts.Marks {
		if m.What != daybook.MarkStop || !m.When.At.IsZero() || m.About == nil {
			continue
		}
		ids, err := b.db.shownBy(ctx, b.caseID, *m.About)
		if err != nil {
			return err
		}
		for _, id := range ids {
			var (
				l    factLine
				line string
			)
			err := b.db.from(ctx).QueryRowContext(ctx, `SELECT fact FROM message WHERE case_id = $1 AND id = $2`, string(b.caseID), id).Scan(&line)
			if err != nil {
				return fmt.Errorf("read the message of a request to stop: %w", err)
			}
			if err := l.parse(line, intern); err != nil {
				return err
			}
			b.facts.Contacts = append(b.facts.Contacts, l.Contact)
		}
	}
	return nil
}

// FirstContacts returns the first contact of each of some handles, by
// Handle.Ref. A handle that never wrote is left out.
func (db *DB) FirstContacts(ctx context.Context, c daybook.CaseID, handles []daybook.Handle) (map[string]detect.Contact, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	out, intern := make(map[string]detect.Contact, len(handles)), map[string]string{}
	for _, h := range handles {
		id, err := db.handleID(ctx, c, key, h)
		if err != nil {
			return nil, err
		}
		if id == 0 {
			continue
		}
		l, ok, err := db.firstOf(ctx, c, id, intern)
		if err != nil {
			return nil, err
		}
		if ok {
			out[h.Ref()] = l.Contact
		}
	}
	return out, nil
}

// GapsBetween returns up to limit of the times between from and to that were not
// watched, those that began last; a zero time is open. A failure that still goes
// on has no To and comes on top of them.
func (db *DB) GapsBetween(ctx context.Context, c daybook.CaseID, from, to time.Time, limit int) ([]daybook.Gap, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	end := micros(to)
	if to.IsZero() {
		end = 1<<63 - 1
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT entry, sealed FROM gap WHERE case_id = $1 AND ends > $2 AND begins < $3
		ORDER BY begins DESC, entry DESC LIMIT $4`, string(c), micros(from), end, limit)
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	defer rows.Close()
	var out []daybook.Gap
	for rows.Next() {
		var (
			entry  int64
			sealed []byte
			g      daybook.Gap
		)
		if err := rows.Scan(&entry, &sealed); err != nil {
			return nil, fmt.Errorf("read gaps: %w", err)
		}
		if err := open(key, "gap", entry, sealed, &g); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	accounts, err := db.Accounts(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	for _, a := range accounts {
		lanes, err := db.Lanes(ctx, a.ID)
		if err != nil {
			return nil, fmt.Errorf("read gaps: %w", err)
		}
		for lane, state := range lanes {
			if !state.Gap.IsZero() && !state.LastOK.IsZero() && (to.IsZero() || state.LastOK.Before(to)) {
				out = append(out, daybook.Gap{Account: a.ID, Lane: lane, Class: daybook.Hole, From: state.LastOK, Cause: state.Cause})
			}
		}
	}
	return out, nil
}

// SignedOver returns the first checkpoint that covers an entry: how many entries
// it covers, and when it was made. daybook.ErrNotFound if none does yet.
func (db *DB) SignedOver(ctx context.Context, c daybook.CaseID, entry uint64) (size uint64, made time.Time, err error) {
	if err := inScope(ctx, c); err != nil {
		return 0, made, err
	}
	var at int64
	err = db.from(ctx).QueryRowContext(ctx, `SELECT size, made FROM checkpoint WHERE case_id = $1 AND size > $2 ORDER BY size LIMIT 1`,
		string(c), int64(entry)).Scan(&size, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, made, fmt.Errorf("a checkpoint over entry %d: %w", entry, daybook.ErrNotFound)
	}
	if err != nil {
		return 0, made, fmt.Errorf("look for a checkpoint over entry %d: %w", entry, err)
	}
	return size, fromMicros(at), nil
}
