package main

import (
	"context"
	"fmt"

	"daybook"
	"daybook/archive"
)

// isErased reports whether a case was erased as a whole.
func (a *app) isErased(ctx context.Context, id daybook.CaseID) bool {
	row, err := a.db.Case(ctx, id)
	return err == nil && row.WrappedKey == nil
}

// errErasedCase is the answer to who wants something of such a case.
func errErasedCase(id daybook.CaseID) error {
	return fmt.Errorf("case %s: %w", id, archive.ErrErased)
}

// checkErased says whether what was erased is so still: a backup that was put
// back brings older content with it. It also names erasures that do not end.
func (a *app) checkErased(ctx context.Context, id daybook.CaseID) ([]diagnosis, error) {
	name := "case " + string(id)
	entries, whole, err := a.log.Returned(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []diagnosis
	switch {
	case whole:
		out = append(out, check(false, name+": it was erased as a whole, and a backup brought it back",
			"erase it again: daybook erase --case "+string(id)+" --now"))
	case len(entries) > 0:
		out = append(out, check(false, fmt.Sprintf("%s: %s erased, and a backup brought the content back: %s", name, plural(len(entries), "entry was", "entries were"), entryRanges(entries)),
			"erase it again: daybook erase --case "+string(id)+" --again"))
	}
	waiting, err := a.cases.Erasures(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, e := range waiting {
		if e.State == "failed" {
			out = append(out, check(false, name+": an erasure was begun and is not done", "it is tried again every minute while daybook serves, and by daybook erase list --case "+string(id)+"; the log of the program says why it fails"))
		}
	}
	return out, nil
}

// warnOfErased says, when a backup was put back, what it brought with it.
func (c *call) warnOfErased(a *app, id daybook.CaseID) error {
	found, err := a.checkErased(c.ctx, id)
	if err != nil {
		return err
	}
	for _, d := range found {
		if _, err := fmt.Fprintf(c.err, "warning: %s; %s\n", d.What, d.Do); err != nil {
			return err
		}
	}
	return nil
}
