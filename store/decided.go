package store

import (
	"context"

	"daybook"
)

// Decisions returns every decision of a case in the order of the log, those that
// no longer hold too.
func (db *DB) Decisions(ctx context.Context, c daybook.CaseID) ([]daybook.Decided, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := db.decisions(ctx, c, key)
	if err != nil {
		return nil, err
	}
	holds := map[uint64]bool{}
	for _, d := range inForce(all) {
		holds[d.entry] = true
	}
	out := make([]daybook.Decided, len(all))
	for i, d := range all {
		out[i] = daybook.Decided{Decision: d.Decision, Index: d.entry, Holds: holds[d.entry]}
	}
	return out, nil
}
