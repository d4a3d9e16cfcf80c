package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/detect"
)

// Facts returns what detection may know about a case. Of messages only plain
// columns are read; no text is opened.
func (db *DB) Facts(ctx context.Context, c daybook.CaseID, now time.Time) (detect.Facts, error) {
	f := detect.Facts{Now: now}
	row, err := db.Case(ctx, c)
	if err != nil {
		return f, err
	}
	if f.Zone, err = time.LoadLocation(row.Zone); err != nil {
		return f, fmt.Errorf("collect the facts of case %s: %w", c, err)
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return f, err
	}
	b := factsBuilder{db: db, caseID: c, key: key, facts: &f, index: map[int64]int{}}
	for _, step := range []func(context.Context) error{b.contacts, b.blocks, b.marks, b.gaps, b.watched, b.handles} {
		if err := step(ctx); err != nil {
			return f, fmt.Errorf("collect the facts of case %s: %w", c, err)
		}
	}
	return f, nil
}

type factsBuilder struct {
	db     *DB
	caseID daybook.CaseID
	key    *archive.CaseKey
	facts  *detect.Facts
	index  map[int64]int // handle.id to its place in facts.Handles
	others others
}

// handle returns the place of a handle in the facts; -1 for nobody.
func (b *factsBuilder) handle(id int64) int {
	if id == 0 {
		return -1
	}
	i, ok := b.index[id]
	if !ok {
		i = len(b.index)
		b.index[id] = i
	}
	return i
}

// handles opens each handle once. It comes last: a handle is saved together
// with what first refers to it, so all that were met are there. Those of the
// person are left out unless something refers to them.
func (b *factsBuilder) handles(ctx context.Context) error {
	stored, err := b.db.handlesOf(ctx, b.caseID, b.key)
	if err != nil {
		return err
	}
	for _, s := range stored {
		if !s.own {
			b.handle(s.id)
		}
	}
	b.facts.Handles = make([]daybook.Handle, len(b.index))
	for _, s := range stored {
		if i, met := b.index[s.id]; met {
			b.facts.Handles[i] = s.h
		}
	}
	b.others.number(len(b.facts.Handles))
	return nil
}

// contacts reads all messages and puts them in the order of time.
func (b *factsBuilder) contacts(ctx context.Context) error {
	to, err := b.addressed(ctx)
	if err != nil {
		return fmt.Errorf("read whom messages address: %w", err)
	}
	var n int
	err = b.db.from(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM message WHERE case_id = $1 AND captures > 0`, string(b.caseID)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count messages: %w", err)
	}
	for _, handles := range to {
		n += len(handles)
	}
	if err := b.knownHandles(ctx); err != nil {
		return err
	}
	contacts := make([]detect.Contact, 0, n)
	err = b.db.eachFact(ctx, b.caseID, func(l *factLine) {
		if l.Direction != daybook.Out {
			l.Handle, l.Others = int(l.sender), b.others.list(l.others)
			contacts = append(contacts, l.Contact)
			return
		}
		addressed := to[l.id]
		if len(addressed) == 0 {
			addressed = []int64{0}
		}
		for _, h := range addressed {
			l.Handle = int(h)
			contacts = append(contacts, l.Contact)
		}
	})
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	slices.SortFunc(contacts, func(a, b detect.Contact) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Handle, b.Handle))
	})
	for i := range contacts {
		contacts[i].Handle = b.handle(int64(contacts[i].Handle))
	}
	for _, list := range b.others.order {
		for i, id := range list {
			if id > 0 {
				list[i] = b.handle(int64(id))
			}
		}
	}
	b.facts.Contacts = contacts
	return nil
}

// addressed returns the handles that outgoing messages address.
func (b *factsBuilder) addressed(ctx context.Context) (map[int64][]int64, error) {
	rows, err := b.db.from(ctx).QueryContext(ctx, `SELECT id, handle FROM message_to WHERE case_id = $1 ORDER BY id, handle`, string(b.caseID))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	to := map[int64][]int64{}
	for rows.Next() {
		var id, handle int64
		if err := rows.Scan(&id, &handle); err != nil {
			return nil, err
		}
		to[id] = append(to[id], handle)
	}
	return to, rows.Err()
}

// blocks makes blocks of what was seen of them: each lasts from the first time
// it was seen in force to the first time it was seen lifted.
func (b *factsBuilder) blocks(ctx context.Context) error {
	rows, err := b.db.from(ctx).QueryContext(ctx, `SELECT entry, account, handle, what, seen, last_seen FROM block_seen
		WHERE case_id = $1 ORDER BY seen, entry`, string(b.caseID))
	if err != nil {
		return fmt.Errorf("read blocks: %w", err)
	}
	defer rows.Close()
	type whose struct {
		account string
		handle  int64
	}
	lasting := map[whose]int{} // place in Blocks
	for rows.Next() {
		var (
			entry      uint64
			w          whose
			what       daybook.ObservationKind
			seen, last int64
		)
		if err := rows.Scan(&entry, &w.account, &w.handle, &what, &seen, &last); err != nil {
			return fmt.Errorf("read blocks: %w", err)
		}
		i, on := lasting[w]
		switch {
		case what == daybook.SeenBlocked && !on:
			lasting[w] = len(b.facts.Blocks)
			b.facts.Blocks = append(b.facts.Blocks, detect.Block{
				Handle: b.handle(w.handle), Seen: fromMicros(seen), Before: fromMicros(last), Entry: entry})
		case what == daybook.SeenUnblocked && on:
			b.facts.Blocks[i].Ended = fromMicros(seen)
			delete(lasting, w)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read blocks: %w", err)
	}
	return nil
}

// marks sets the marks in force and the groups.
func (b *factsBuilder) marks(ctx context.Context) error {
	all, err := b.db.decisions(ctx, b.caseID, b.key)
	if err != nil {
		return err
	}
	for _, d := range inForce(all) {
		switch d.What {
		case daybook.MarkLinked, daybook.MarkApart, daybook.MarkOpen:
			continue // about pairs: in Groups
		case daybook.MarkCalled:
			continue // says nothing of what they did
		}
		b.facts.Marks = append(b.facts.Marks, detect.Mark{
			What: d.What, Handle: b.handle(d.handle), When: d.When, Entry: d.entry, About: d.Entry, How: d.How, At: d.At})
	}
	for _, ids := range groups(all) {
		group := make([]int, 0, len(ids))
		for _, id := range ids {
			if i := b.handle(id); i >= 0 {
				group = append(group, i)
			}
		}
		slices.Sort(group)
		b.facts.Groups = append(b.facts.Groups, group)
	}
	return nil
}

func (b *factsBuilder) gaps(ctx context.Context) error {
	rows, err := b.db.from(ctx).QueryContext(ctx, `SELECT entry, sealed FROM gap WHERE case_id = $1 ORDER BY begins, entry`, string(b.caseID))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			entry  uint64
			sealed []byte
			g      daybook.Gap
		)
		if err := rows.Scan(&entry, &sealed); err != nil {
			return fmt.Errorf("read gaps: %w", err)
		}
		if err := open(b.key, "gap", int64(entry), sealed, &g); err != nil {
			return err
		}
		b.facts.Gaps = append(b.facts.Gaps, detect.GapSpan{Account: g.Account, Lane: g.Lane, Class: g.Class, From: g.From, To: g.To, Entry: entry})
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	return nil
}

// watched tells since when, and until when, each lane was read to its end.
func (b *factsBuilder) watched(ctx context.Context) error {
	accounts, err := b.db.Accounts(ctx, b.caseID)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		lanes, err := b.db.Lanes(ctx, a.ID)
		if err != nil {
			return err
		}
		for lane, state := range lanes {
			if !state.Opened.IsZero() && state.LastOK.After(state.Opened) {
				b.facts.Watched = append(b.facts.Watched, detect.Interval{Account: a.ID, Lane: lane, From: state.Opened, To: state.LastOK})
			}
			// A failure that still goes on is no entry yet: until it is
			// caught up, nobody can say what came meanwhile.
			if now := b.facts.Now; !state.Gap.IsZero() && now.After(state.LastOK) && !state.LastOK.IsZero() {
				b.facts.Gaps = append(b.facts.Gaps, detect.GapSpan{Account: a.ID, Lane: lane, Class: daybook.Hole, From: state.LastOK, To: now})
			}
		}
	}
	slices.SortStableFunc(b.facts.Gaps, func(a, b detect.GapSpan) int { return a.From.Compare(b.From) })
	slices.SortFunc(b.facts.Watched, func(a, b detect.Interval) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Lane, b.Lane), a.From.Compare(b.From))
	})
	return nil
}
