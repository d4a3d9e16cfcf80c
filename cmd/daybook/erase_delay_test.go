package main

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
	"daybook/config"
)

var errCrash = errors.New("scripted fault")

// crashAt makes the next step of that name fail, once.
func (p *plot) crashAt(step string) {
	done := false
	p.app.erasing.step = func(s string) error {
		if s == step && !done {
			done = true
			return errCrash
		}
		return nil
	}
}

// seen is all that lists and a search show of a case, but for when a message was
// seen last.
func (p *plot) seen() map[string]any {
	p.t.Helper()
	theirs, others := p.messages()
	for i := range others {
		others[i].LastSeen = time.Time{}
	}
	counts, err := p.app.db.Counts(p.t.Context(), p.id)
	p.must(err)
	facts, err := p.app.db.Facts(p.t.Context(), p.id, p.now)
	p.must(err)
	b, err := json.Marshal([]any{theirs, others, counts, facts.Contacts, facts.Handles})
	p.must(err)
	var out any
	p.must(json.Unmarshal(b, &out))
	return map[string]any{"lists": out, "text": p.hits(goneText), "edited": p.hits(goneEdited), "ordinary": p.hits("ordinary")}
}

// C-10: it is hidden at once, and can be brought back until it is destroyed.
func TestErasureWaitsAndIsCancelled_C10(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { playDelay(t, newPlot(t, onSQLite)) })
	t.Run("postgres", func(t *testing.T) { playDelay(t, newPlot(t, onPostgres(t))) })
}

func playDelay(t *testing.T, p *plot) {
	ctx := t.Context()
	before := p.seen()
	entries := p.entries()
	e, err := p.app.cases.AskErasure(ctx, p.actor, p.id, entries, goneReason)
	p.must(err)
	if e.State != cases.ErasureWaiting || e.Due.Sub(e.Asked) != 7*24*time.Hour {
		t.Errorf("the erasure: %+v", e)
	}
	hidden := func() {
		t.Helper()
		theirs, others := p.messages()
		if len(theirs) != 0 || len(others) == 0 || p.hits(goneText) != 0 || p.hits(goneEdited) != 0 {
			t.Errorf("%d messages that are hidden, %d others, %d and %d hits", len(theirs), len(others), p.hits(goneText), p.hits(goneEdited))
		}
		if h, err := p.app.db.Handles(ctx, p.id); err != nil || slices.ContainsFunc(h, func(s daybook.HandleSummary) bool { return s.Handle.Native == theirNative }) {
			t.Errorf("the sender is among the handles (%v)", err)
		}
	}
	hidden()
	if messages, all, err := p.app.db.HiddenMessages(ctx, p.id); err != nil || all || len(messages) != 2 {
		t.Errorf("hidden messages: %d, %v, %v", len(messages), all, err)
	}
	for range 2 {
		p.tick(30 * time.Hour)
		if r := p.collect(); r.New > 0 {
			t.Errorf("%d new items while it is hidden", r.New)
		}
		hidden()
	}
	p.must(p.app.rebuild(ctx, p.id))
	p.reopen()
	hidden()
	if n, err := p.app.cases.RunErasures(ctx, p.now); n != 0 || err != nil {
		t.Errorf("before it is due %d are done, %v", n, err)
	}
	if r := p.verify(); r.Erased != 0 {
		t.Errorf("%d entries are erased before it is due", r.Erased)
	}

	// The side that keeps the person safe cancels it.
	p.must(p.app.cases.CancelErasure(ctx, p.actor, p.id, e.ID))
	if diff := cmp.Diff(before, p.seen()); diff != "" {
		t.Errorf("what is back differs from what was there (-before +after):\n%s", diff)
	}
	if err := p.app.cases.CancelErasure(ctx, p.actor, p.id, e.ID); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("cancelled twice: %v", err)
	}
	if n, err := p.app.cases.RunErasures(ctx, e.Due.Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("of a cancelled erasure %d are done, %v", n, err)
	}

	// Asked for again, and left alone.
	e, err = p.app.cases.AskErasure(ctx, p.actor, p.id, p.entries(), goneReason)
	p.must(err)
	p.tick(7 * 24 * time.Hour)
	n, err := p.app.cases.RunErasures(ctx, p.now)
	if n != 1 || err != nil {
		t.Fatalf("when it is due %d are done, %v", n, err)
	}
	hidden()
	p.isGone(ofMessages)
	p.verify()
	if err := p.app.cases.CancelErasure(ctx, p.actor, p.id, e.ID); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("cancelled when it was done: %v", err)
	}
	all, err := p.app.cases.Erasures(ctx, p.id)
	p.must(err)
	if len(all) != 2 || all[0].State != cases.ErasureDone || all[1].State != cases.ErasureCancelled || all[0].Reason != goneReason || all[0].Messages != 2 {
		t.Errorf("the list of erasures: %+v", all)
	}
}

const theirNative = "https://birds.example/users/" + goneHandle

// Whatever step a crash falls on, the same again finishes it.
func TestErasureAfterACrash_B6_C10(t *testing.T) {
	for _, step := range []string{"destroy", "files", "rows", "index", "derive", "journal", "sign"} {
		t.Run(step, func(t *testing.T) {
			p := newPlot(t, func(c *config.Config) { c.Erase.Days = 0 })
			p.crashAt(step)
			_, err := p.app.cases.AskErasure(t.Context(), p.actor, p.id, p.entries(), goneReason)
			if !errors.Is(err, errCrash) {
				t.Fatalf("the fault did not come through: %v", err)
			}
			p.reopen()
			if theirs, _ := p.messages(); len(theirs) != 0 || p.hits(goneText) != 0 {
				t.Errorf("after the crash %d messages are shown, and %d found", len(theirs), p.hits(goneText))
			}
			if n, err := p.app.cases.RunErasures(t.Context(), p.now); n != 1 || err != nil {
				t.Errorf("the second try: %d done, %v", n, err)
			}
			p.isGone(ofMessages)
			p.verify()
			if n, err := p.app.cases.RunErasures(t.Context(), p.now); n != 0 || err != nil {
				t.Errorf("a third try: %d done, %v", n, err)
			}
		})
	}
	t.Run("hiding", func(t *testing.T) {
		p := newPlot(t, onSQLite)
		p.crashAt("refresh")
		if _, err := p.app.cases.AskErasure(t.Context(), p.actor, p.id, p.entries(), goneReason); !errors.Is(err, errCrash) {
			t.Fatalf("the fault did not come through: %v", err)
		}
		p.reopen()
		if theirs, _ := p.messages(); len(theirs) != 0 || p.hits(goneText) != 0 {
			t.Errorf("after the crash %d messages are shown, and %d found", len(theirs), p.hits(goneText))
		}
		p.tick(7 * 24 * time.Hour)
		if n, err := p.app.cases.RunErasures(t.Context(), p.now); n != 1 || err != nil {
			t.Errorf("when it is due: %d done, %v", n, err)
		}
		p.isGone(ofMessages)
	})
	t.Run("cancelling", func(t *testing.T) {
		p := newPlot(t, onSQLite)
		before := p.seen()
		e, err := p.app.cases.AskErasure(t.Context(), p.actor, p.id, p.entries(), goneReason)
		p.must(err)
		p.crashAt("refresh")
		if err := p.app.cases.CancelErasure(t.Context(), p.actor, p.id, e.ID); !errors.Is(err, errCrash) {
			t.Fatalf("the fault did not come through: %v", err)
		}
		p.reopen()
		p.must(p.app.catchUp(t.Context(), p.id))
		if diff := cmp.Diff(before, p.seen()); diff != "" {
			t.Errorf("what is back differs from what was there (-before +after):\n%s", diff)
		}
	})
}
