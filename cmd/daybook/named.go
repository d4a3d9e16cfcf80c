package main

import (
	"context"

	"daybook"
)

// A nameBook gives senders the names that they are known by. A message bears the
// names that it was captured with alone; one that came in a file may have none,
// where others of the same sender have one.
type nameBook struct {
	app    *app
	caseID daybook.CaseID
	known  map[string][]daybook.SeenName // by Handle.Ref; nil until it is needed
}

func (a *app) nameBook(id daybook.CaseID) *nameBook { return &nameBook{app: a, caseID: id} }

// name names the senders and addressees that have no name.
func (b *nameBook) name(ctx context.Context, messages []daybook.Message) error {
	for i := range messages {
		m := &messages[i]
		if err := b.one(ctx, &m.Sender); err != nil {
			return err
		}
		for k := range m.To {
			if err := b.one(ctx, &m.To[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *nameBook) one(ctx context.Context, h *daybook.Handle) error {
	if h.IsZero() || len(h.Names) > 0 {
		return nil
	}
	if b.known == nil {
		all, err := b.app.db.Handles(ctx, b.caseID)
		if err != nil {
			return err
		}
		b.known = make(map[string][]daybook.SeenName, len(all))
		for _, s := range all {
			b.known[s.Handle.Ref()] = s.Handle.Names
		}
	}
	h.Names = b.known[h.Ref()]
	return nil
}
