package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"daybook"
	"daybook/archive"
	"daybook/cases"
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
			"erase it again: daybook erase --case "+string(id)+" --now --yes"))
	case len(entries) > 0:
		out = append(out, check(false, fmt.Sprintf("%s: %s erased, and a backup brought the content back: %s", name, plural(len(entries), "entry was", "entries were"), entryRanges(entries)),
			"erase it again: daybook erase --case "+string(id)+" --again"))
	}
	waiting, err := a.cases.Erasures(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, e := range waiting {
		if e.State == cases.ErasureFailed {
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

// eraseAgain erases what a backup brought back, at once: the messages that those
// entries show, and what else of them is there.
func (a *app) eraseAgain(ctx context.Context, actor daybook.Actor, id daybook.CaseID) (int, error) {
	const reason = "it was erased before, and a backup brought it back"
	entries, _, err := a.log.Returned(ctx, id)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	var show []uint64
	for _, i := range entries {
		switch _, err := a.db.Message(ctx, id, i); {
		case err == nil:
			show = append(show, i)
		case !errors.Is(err, daybook.ErrNotFound):
			return 0, err
		}
	}
	if len(show) > 0 {
		if _, err := a.cases.EraseNow(ctx, actor, id, show, reason); err != nil {
			return 0, err
		}
	}
	left, _, err := a.log.Returned(ctx, id)
	if err != nil || len(left) == 0 {
		return len(entries), err
	}
	if err := a.log.Erase(ctx, actor, id, left, reason); err != nil {
		return 0, err
	}
	if err := a.rebuild(ctx, id); err != nil {
		return 0, err
	}
	if err := a.db.Truncate(ctx); err != nil {
		return 0, err
	}
	return len(entries), a.settle(ctx, id)
}

// isHidden reports whether an erasure that waits hides what an entry holds.
func (a *app) isHidden(ctx context.Context, id daybook.CaseID, entry uint64) (bool, error) {
	entries, all, err := a.db.HiddenEntries(ctx, id)
	return all || slices.Contains(entries, entry), err
}
