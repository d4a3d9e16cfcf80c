package web

import (
	"context"
	"slices"

	"daybook"
)

// Hiding knows what erasures hide until they are due. *store.DB implements it.
type Hiding interface {
	// HiddenEntries returns the entries of a case whose content an erasure
	// hides and has not destroyed yet; all says that it is the whole case.
	HiddenEntries(ctx context.Context, c daybook.CaseID) (entries []uint64, all bool, err error)
}

// notHidden returns daybook.ErrNotFound if an erasure hides what an entry holds.
func (r *request) notHidden(entry uint64) error {
	entries, all, err := r.s.Store.HiddenEntries(r.Context(), r.caseID)
	if err == nil && (all || slices.Contains(entries, entry)) {
		return daybook.ErrNotFound
	}
	return err
}
