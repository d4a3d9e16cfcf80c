package store

import (
	"context"
	"fmt"
	"slices"

	"daybook"
	"daybook/archive"
)

// A decided is one row of decision, opened.
type decided struct {
	daybook.Decision
	entry         uint64
	handle, other int64 // handle.id; 0: none
}

// decisions returns all decisions of a case in the order of the log, those that
// no longer hold too.
func (db *DB) decisions(ctx context.Context, c daybook.CaseID, key *archive.CaseKey) ([]decided, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT entry, handle, other, sealed FROM decision WHERE case_id = $1 ORDER BY entry`, string(c))
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	defer rows.Close()
	var out []decided
	for rows.Next() {
		var (
			d      decided
			sealed []byte
		)
		if err := rows.Scan(&d.entry, &d.handle, &d.other, &sealed); err != nil {
			return nil, fmt.Errorf("read decisions: %w", err)
		}
		if err := open(key, "decision", int64(d.entry), sealed, &d.Decision); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return out, nil
}

// about is what a decision is about: a later one about the same supersedes it.
type about struct {
	what       daybook.Mark
	low, high  int64 // handles; of a pair in order of number
	entry      int64 // -1: none
	from, till int64 // Unix microseconds
}

// about tells what d is about. There can be several requests to stop, agreed
// times and named days, so those are told apart by their time; a pair of
// handles has one state.
func (d *decided) about() about {
	a := about{what: d.What, low: d.handle, high: d.other, entry: -1}
	switch d.What {
	case daybook.MarkLinked, daybook.MarkApart, daybook.MarkOpen:
		a.what = daybook.MarkLinked
		a.low, a.high = min(d.handle, d.other), max(d.handle, d.other)
		return a
	case daybook.MarkStop, daybook.MarkAllowed, daybook.MarkNamedDay:
		a.from, a.till = micros(d.When.At), micros(d.When.Until)
	}
	if d.Entry != nil {
		a.entry = int64(*d.Entry)
	}
	return a
}

// takesBack reports whether a, of a decision that undoes, covers o. It need not
// repeat the entry and the time: without them it takes back every such mark.
func (a about) takesBack(o about) bool {
	return a.what == o.what && a.low == o.low && a.high == o.high &&
		(a.entry < 0 || a.entry == o.entry) &&
		(a.from == 0 || a.from == o.from) && (a.till == 0 || a.till == o.till)
}

// inForce returns the decisions that hold, in the order of the log.
func inForce(all []decided) []decided {
	var out []decided
	for _, d := range all {
		a := d.about()
		out = slices.DeleteFunc(out, func(o decided) bool {
			if d.Undone {
				return a.takesBack(o.about())
			}
			return a == o.about()
		})
		if !d.Undone {
			out = append(out, d)
		}
	}
	return out
}

// groups returns the handles that a person confirmed as linked: those that hang
// together by confirmed pairs. A pair that was said to be apart stays apart: a
// link that would bring it together is passed over. Handles are ascending within
// a group, groups by their first handle.
func groups(all []decided) [][]int64 {
	holding := inForce(all)
	group := map[int64][]int64{} // by each of its handles
	members := func(id int64) []int64 {
		if g := group[id]; g != nil {
			return g
		}
		return []int64{id}
	}
	for _, d := range holding {
		if d.What != daybook.MarkLinked || d.handle == 0 || d.other == 0 || slices.Contains(members(d.handle), d.other) {
			continue
		}
		a, b := members(d.handle), members(d.other)
		across := func(o decided) bool {
			return o.What == daybook.MarkApart &&
				(slices.Contains(a, o.handle) && slices.Contains(b, o.other) || slices.Contains(b, o.handle) && slices.Contains(a, o.other))
		}
		if slices.ContainsFunc(holding, across) {
			continue
		}
		both := slices.Sorted(slices.Values(slices.Concat(a, b)))
		for _, id := range both {
			group[id] = both
		}
	}
	var out [][]int64
	for id, g := range group {
		if g[0] == id {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b []int64) int { return slices.Compare(a, b) })
	return out
}

// Excluded returns the handles, by Handle.Ref, from which nothing is stored.
func (db *DB) Excluded(ctx context.Context, c daybook.CaseID) (map[string]bool, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := db.decisions(ctx, c, key)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, d := range inForce(all) {
		if d.What == daybook.MarkExcluded {
			out[d.Handle.Ref()] = true
		}
	}
	return out, nil
}
