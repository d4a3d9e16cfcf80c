package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
)

// What shows another message as well keeps its content, which is said before; the
// message itself is in no list. What quotes and answers it is named, and stays.
// The picture of an account goes with its only message.
func TestEraseKeepsWhatShowsOthers_B6_C10(t *testing.T) {
	p := newPlot(t, onSQLite)
	ctx := t.Context()
	own := p.wren.Post("a post of her own")
	rook := p.server.Person("rook@birds.example", "Rook")
	rook.Avatar(p.server.File([]byte("a picture of rook"), "image/png", ""))
	rook.Favourite(own)
	ana := p.server.Person("ana", "Ana")
	ana.Reply(p.post, "@wren what does this mean?")
	ana.Post("@wren good morning")
	p.tick(time.Minute)
	p.collect()
	find := func(so func(m *daybook.Message) bool) (out []daybook.Message) {
		t.Helper()
		all, _, err := p.app.db.List(ctx, p.id, daybook.MessageFilter{}, 100, "")
		p.must(err)
		for _, m := range all {
			if so(&m) {
				out = append(out, m)
			}
		}
		return out
	}
	liked := find(func(m *daybook.Message) bool { return m.Kind == daybook.KindFavourite })
	if len(liked) != 1 {
		t.Fatalf("%d favourites: the test plays nothing", len(liked))
	}
	plan, err := p.app.cases.PlanErasure(ctx, p.actor, p.id, liked[0].Captures[:1])
	p.must(err)
	if !slices.Equal(plan.Kept, liked[0].Captures) || plan.Media != 1 || len(plan.Entries) != 1 {
		t.Errorf("the plan: %+v; want entries %v kept and the picture erased", plan, liked[0].Captures)
	}
	e, err := p.app.cases.EraseNow(ctx, p.actor, p.id, liked[0].Captures[:1], "")
	p.must(err)
	if e.State != cases.ErasureDone || len(find(func(m *daybook.Message) bool { return m.Kind == daybook.KindFavourite })) > 0 {
		t.Errorf("it is still listed; %+v", e)
	}
	if n := len(find(func(m *daybook.Message) bool { return strings.Contains(m.Text, "of her own") })); n != 1 {
		t.Errorf("the post that it came with is listed %d times", n)
	}
	if _, err := p.app.log.Entry(ctx, p.id, liked[0].Captures[0]); err != nil {
		t.Errorf("the entry that shows both: %v", err)
	}
	p.must(p.app.rebuild(ctx, p.id))
	if handles, err := p.app.db.Handles(ctx, p.id); err != nil || slices.ContainsFunc(handles, func(h daybook.HandleSummary) bool {
		return strings.Contains(h.Handle.Native, "rook") && h.In+h.Out == 0 && !strings.Contains(h.Handle.Native, goneHandle)
	}) {
		t.Errorf("a handle without messages is left (%v)", err)
	}

	post := find(func(m *daybook.Message) bool {
		return strings.Contains(m.Text, goneEdited) && strings.Contains(m.Sender.Native, goneHandle)
	})
	if len(post) != 1 {
		t.Fatalf("%d posts", len(post))
	}
	plan, err = p.app.cases.PlanErasure(ctx, p.actor, p.id, post[0].Captures[:1])
	p.must(err)
	answer := find(func(m *daybook.Message) bool { return strings.Contains(m.Text, "what does this mean") })
	if len(answer) != 1 || !slices.Equal(plan.Quoted, answer[0].Captures[:1]) {
		t.Errorf("said to quote or answer it: %v; the answer is %v", plan.Quoted, answer)
	}
	_, err = p.app.cases.EraseNow(ctx, p.actor, p.id, post[0].Captures[:1], "")
	p.must(err)
	if n := len(find(func(m *daybook.Message) bool { return strings.Contains(m.Sender.Native, "ana") })); n != 2 {
		t.Errorf("%d of her messages are left, want 2", n)
	}
	p.verify()
}
