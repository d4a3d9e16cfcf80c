package main

import (
	"context"
	"errors"
	"sync"
	"testing"

	"daybook"
	"daybook/config"
	"daybook/index"
)

// Erasing while the case is collected, read and searched: nobody meets an error,
// and in the end nothing of it is left.
func TestErasingWhileOthersWork_B6(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(t *testing.T) func(*config.Config)
	}{
		{"sqlite", func(*testing.T) func(*config.Config) { return onSQLite }},
		{"postgres", onPostgres},
	} {
		t.Run(tt.name, func(t *testing.T) { playBusy(t, newPlot(t, tt.set(t))) })
	}
}

func playBusy(t *testing.T, p *plot) {
	entries := p.entries()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	// A hit may be hidden before it is read, and an index removed under a search.
	fine := func(err error) {
		if err != nil && ctx.Err() == nil && !errors.Is(err, index.ErrBehind) && !errors.Is(err, daybook.ErrNotFound) {
			t.Error(err)
		}
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			_, err := p.app.collect(ctx, p.account)
			fine(err)
		}
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			fine(p.app.catchUp(ctx, p.id))
			q, err := p.app.query(ctx, p.id, goneText)
			fine(err)
			_, err = p.app.index.Search(ctx, q)
			fine(err)
			_, _, err = p.app.db.List(ctx, p.id, daybook.MessageFilter{}, 10, "")
			fine(err)
		}
	})
	for range 3 {
		e, err := p.app.cases.AskErasure(ctx, p.actor, p.id, entries, "")
		p.must(err)
		p.must(p.app.cases.CancelErasure(ctx, p.actor, p.id, e.ID))
	}
	_, err := p.app.cases.EraseNow(ctx, p.actor, p.id, entries, "")
	p.must(err)
	stop()
	wg.Wait()
	p.must(p.app.catchUp(t.Context(), p.id))
	p.isGone(ofMessages)
	p.verify()
}
