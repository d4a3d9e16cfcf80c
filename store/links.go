package store

import (
	"context"
	"fmt"
	"slices"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"
)

// Links hands use what is known of a case when handles are compared: what each of
// facts.Handles wrote and showed, what the person wrote, what is usual on a
// platform, and what people decided about pairs. facts are those of Facts, of the
// same case and not older than a moment. What use returns is returned.
//
// What senders wrote is kept in memory, for the cases that were asked for last,
// and brought up to date with what is new; nothing of it is written anywhere. It
// belongs to use until that returns. Links may be called from several goroutines;
// for one case, one call waits for the other, so use does not call it.
func (db *DB) Links(ctx context.Context, c daybook.CaseID, facts detect.Facts, model *style.Model, use func(links.Facts) error) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	kept, leave, err := db.senders.enter(ctx, c)
	if err != nil {
		return fmt.Errorf("compare the handles of case %s: %w", c, err)
	}
	defer leave()
	if err := kept.update(ctx, db, c, model); err != nil {
		kept.forget()
		return fmt.Errorf("compare the handles of case %s: %w", c, err)
	}
	db.senders.keep(c, kept.size())
	out := links.Facts{Facts: facts, Senders: make([]*links.Sender, len(facts.Handles))}
	places := make(map[string]int, len(facts.Handles))
	for i, h := range facts.Handles {
		places[h.Ref()] = i
	}
	for id, s := range kept.senders {
		if i, ok := places[kept.refs[id]]; ok {
			out.Senders[i] = s.sender
		}
	}
	if s := kept.senders[thePerson]; s != nil {
		out.Said = s.sender
	}
	out.Background = map[daybook.Platform]*style.Background{}
	for p, u := range kept.usual {
		out.Background[p] = u.Background
	}
	for id := range kept.own {
		out.Own = append(out.Own, kept.refs[id])
	}
	slices.Sort(out.Own)
	if out.Decisions, err = db.pairDecisions(ctx, c, places); err != nil {
		return fmt.Errorf("compare the handles of case %s: %w", c, err)
	}
	return use(out)
}

// pairDecisions returns the decisions about pairs that hold, in the order of the
// log.
func (db *DB) pairDecisions(ctx context.Context, c daybook.CaseID, places map[string]int) ([]links.Decision, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := db.decisions(ctx, c, key)
	if err != nil {
		return nil, err
	}
	var out []links.Decision
	for _, d := range inForce(all) {
		switch d.What {
		case daybook.MarkLinked, daybook.MarkApart, daybook.MarkOpen:
		default:
			continue
		}
		a, known := places[d.Handle.Ref()]
		b, both := places[d.Other.Ref()]
		if known && both {
			out = append(out, links.Decision{A: a, B: b, What: d.What, Entry: d.entry, At: d.At})
		}
	}
	return out, nil
}
