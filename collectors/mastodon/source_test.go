package mastodon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/internal/fakemastodon"
)

// A world is a fake server, the person's account on it, and an open source.
type world struct {
	*testing.T
	server  *fakemastodon.Server
	mara    *fakemastodon.Person
	ruben   *fakemastodon.Person
	tilda   *fakemastodon.Person
	driver  collectors.Driver
	account daybook.Account
	source  collectors.Source
	sender  *fakemastodon.Server // the sender's own host: nobody asks there
}

func newWorld(t *testing.T, o fakemastodon.Options) *world {
	t.Helper()
	s := fakemastodon.New(o)
	w := &world{
		T: t, server: s,
		mara:   s.Person("mara_lindqvist", "Mara Lindqvist"),
		ruben:  s.Person("kestrel_74@birds.example", "Ruben"),
		tilda:  s.Person("tilda_w", "Tilda Wren"),
		sender: fakemastodon.New(fakemastodon.Options{Domain: "birds.example"}),
	}
	config := mastodon.Config{Now: s.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{
		"mastodon.example": s, "birds.example": w.sender,
	}}}
	w.driver = mastodon.Driver(config)
	account, secret, err := config.FromToken(t.Context(), "mastodon.example", s.Token(w.mara))
	if err != nil {
		t.Fatal(err)
	}
	account.ID = "account"
	w.account = account
	if w.source, err = w.driver.Open(t.Context(), account, secret); err != nil {
		t.Fatal(err)
	}
	s.Forget()
	t.Cleanup(func() {
		if err := w.source.Close(); err != nil {
			t.Error(err)
		}
		if v := s.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
		if n := len(w.sender.Requests()); n > 0 {
			t.Errorf("the sender's server was called %d times", n)
		}
	})
	return w
}

func (w *world) fetch(lane daybook.Lane, at collectors.Cursor) collectors.Page {
	w.Helper()
	p, err := w.source.Fetch(w.Context(), lane, at)
	if err != nil {
		w.Fatalf("fetch %s at %q: %v", lane, at, err)
	}
	checkCaptures(w.T, p)
	return p
}

// checkCaptures holds for every page: each capture says where its bytes stood.
func checkCaptures(t *testing.T, p collectors.Page) {
	t.Helper()
	for _, c := range p.Captures {
		if c.Exchange == nil || c.Exchange.Body != p.Exchange.Body || c.NativeID == "" || c.Member == "" || c.Offset < 0 {
			t.Errorf("capture without its place: %q at %d, %s", c.Member, c.Offset, c.NativeID)
		}
		if !json.Valid(c.Raw) || c.Raw[0] != '{' {
			t.Errorf("capture %s is not one item", c.Member)
		}
	}
}

// drain reads a lane as the Runner does and returns all captures and the
// cursor to go on from. The first call starts at "".
func (w *world) drain(lane daybook.Lane, at collectors.Cursor) ([]daybook.Capture, collectors.Cursor) {
	w.Helper()
	var captures []daybook.Capture
	if at == "" {
		p := w.fetch(lane, "")
		captures, at = p.Captures, p.Next
		for back := p.Back; back != ""; {
			q := w.fetch(lane, back)
			captures = append(captures, q.Captures...)
			if back = q.Next; !q.More {
				break
			}
		}
	}
	for n := 0; ; n++ {
		if n > 100 {
			w.Fatal("the lane has no end")
		}
		p := w.fetch(lane, at)
		captures, at = append(captures, p.Captures...), p.Next
		if !p.More {
			return captures, at
		}
	}
}

func (w *world) read(captures []daybook.Capture) []daybook.ReadMessage {
	w.Helper()
	var all []daybook.ReadMessage
	for _, c := range captures {
		r, err := w.driver.Parse(w.account, c)
		if err != nil {
			w.Fatalf("parse %s: %v", c.Member, err)
		}
		all = append(all, r.Messages...)
	}
	return all
}

func texts(messages []daybook.ReadMessage) []string {
	var all []string
	for _, m := range messages {
		if m.Text != "" {
			all = append(all, m.Text)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var gotosocial = fakemastodon.Options{GoToSocial: true}

func both(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Run("Mastodon", func(t *testing.T) { fn(t, newWorld(t, fakemastodon.Options{})) })
	t.Run("GoToSocial", func(t *testing.T) { fn(t, newWorld(t, gotosocial)) })
}

func TestFetch_NewestPageThenForwardAndBack(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		var want []string
		for i := range 200 {
			w.server.Wait(time.Minute)
			want = append(want, w.ruben.Post(fmt.Sprintf("@mara_lindqvist number %03d", i)).Text())
		}
		first := w.fetch(mastodon.LaneNotifications, "")
		if len(first.Captures) != 80 || first.Next == "" || first.Back == "" {
			t.Fatalf("newest page: got %d captures, next %q, back %q", len(first.Captures), first.Next, first.Back)
		}
		got, at := w.drain(mastodon.LaneNotifications, "")
		if diff := texts(w.read(got)); !slices.Equal(diff, want) {
			t.Errorf("got %d texts, want %d", len(diff), len(want))
		}
		for i := range 170 { // more than two pages
			w.server.Wait(time.Second)
			want = append(want, w.ruben.Post(fmt.Sprintf("@mara_lindqvist then %03d", i)).Text())
		}
		more, at := w.drain(mastodon.LaneNotifications, at)
		if got := texts(w.read(more)); !slices.Equal(got, want[200:]) {
			t.Errorf("forward: got %d texts, want 170", len(got))
		}
		if more, _ = w.drain(mastodon.LaneNotifications, at); len(more) != 0 {
			t.Errorf("nothing new: got %d captures", len(more))
		}
		for _, r := range w.server.Requests() {
			if r.Path == "/api/v1/notifications" && (r.Query["include_filtered"] != nil) != (t.Name() == "TestFetch_NewestPageThenForwardAndBack/Mastodon") {
				t.Fatalf("include_filtered: got %v", r.Query["include_filtered"])
			}
		}
	})
}

func TestFetch_EmptyAccount(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		p := w.fetch(mastodon.LaneNotifications, "")
		if len(p.Captures) != 0 || p.Next != "" || p.Back != "" || p.More {
			t.Errorf("empty account: got %+v", p)
		}
		w.ruben.Post("@mara_lindqvist first")
		if got, _ := w.drain(mastodon.LaneNotifications, p.Next); len(got) != 1 {
			t.Errorf("first mention: got %d captures, want 1", len(got))
		}
	})
}

func TestFetch_EmptyPageIsNotTheEnd(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.tilda.Post("@mara_lindqvist before")
		_, at := w.drain(mastodon.LaneNotifications, "")
		w.mara.Block(w.ruben)
		for i := range 200 {
			w.server.Wait(time.Second)
			w.ruben.Post(fmt.Sprintf("@mara_lindqvist number %d", i))
		}
		w.server.Wait(time.Second)
		w.tilda.Post("@mara_lindqvist after")
		if p := w.fetch(mastodon.LaneNotifications, at); len(p.Captures) != 0 || !p.More || p.Next == at {
			t.Fatalf("page of blocked rows: got %d captures, more %v", len(p.Captures), p.More)
		}
		got, _ := w.drain(mastodon.LaneNotifications, at)
		if want := []string{"@mara_lindqvist after"}; !slices.Equal(texts(w.read(got)), want) {
			t.Errorf("beyond the empty pages: got %v, want %v", texts(w.read(got)), want)
		}
		w.mara.Unblock(w.ruben)
		if got, _ := w.drain(mastodon.LaneNotifications, at); len(got) != 201 {
			t.Errorf("after the unblock: got %d captures, want 201", len(got))
		}
	})
}

func TestFetch_LinksWithSinceID(t *testing.T) {
	w := newWorld(t, gotosocial)
	w.ruben.Post("@mara_lindqvist before")
	w.server.Fault("/api/v1/notifications", -1, fakemastodon.SinceLinks)
	_, at := w.drain(mastodon.LaneNotifications, "")
	for range 170 {
		w.server.Wait(time.Second)
		w.ruben.Post("@mara_lindqvist again")
	}
	if got, _ := w.drain(mastodon.LaneNotifications, at); len(got) != 170 {
		t.Errorf("got %d captures, want 170: since_id leaves a gap", len(got))
	}
}

func TestFetch_Filtered(t *testing.T) {
	w := newWorld(t, fakemastodon.Options{})
	w.mara.HoldBack(w.ruben)
	w.ruben.Direct(w.mara, "held back")
	w.ruben.Follow(w.mara)
	got, at := w.drain(mastodon.LaneNotifications, "")
	if len(got) != 2 {
		t.Errorf("filtered notifications: got %d, want 2", len(got))
	}
	requests, _ := w.drain(mastodon.LaneRequests, "")
	messages := w.read(requests)
	if len(messages) != 1 || messages[0].Kind != daybook.KindDirectMessage || messages[0].Text != "@mara_lindqvist held back" {
		t.Errorf("requests: got %+v", messages)
	}
	if n := len(w.fetch(mastodon.LaneConversations, "").Captures); n != 0 {
		t.Errorf("conversations: got %d, want 0", n)
	}
	w.server.Wait(time.Minute)
	late := w.ruben.Post("@mara_lindqvist late", fakemastodon.Late(w.server.Now().Add(-time.Hour)))
	if got, _ := w.drain(mastodon.LaneNotifications, at); len(got) != 0 {
		t.Errorf("old id by the forward cursor: got %d captures", len(got))
	}
	newest := w.fetch(mastodon.LaneNotifications, "")
	if got := texts(w.read(newest.Captures)); !slices.Contains(got, late.Text()) {
		t.Errorf("old id on the newest page: got %v", got)
	}
}

func TestFetch_LaneNotOffered(t *testing.T) {
	w := newWorld(t, gotosocial)
	if _, err := w.source.Fetch(t.Context(), mastodon.LaneRequests, ""); !errors.Is(err, collectors.ErrNoLane) {
		t.Errorf("got %v, want %v", err, collectors.ErrNoLane)
	}
	for _, r := range w.server.Requests() {
		if strings.Contains(r.Path, "requests") {
			t.Error("the server was asked for what it takes for a notification")
		}
	}
}

func TestFetch_ConversationsAndContexts(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		one := w.ruben.Direct(w.mara, "one")
		two := w.mara.Reply(one, "two")
		w.server.Wait(time.Minute)
		w.ruben.Reply(two, "three")
		other := w.tilda.Direct(w.mara, "lunch")
		w.mara.Block(w.ruben)

		convs, next := w.drain(mastodon.LaneConversations, "")
		if len(convs) != 2 {
			t.Fatalf("conversations of a blocked sender stay: got %d, want 2", len(convs))
		}
		for _, m := range w.read(convs) {
			if m.Kind != daybook.KindDirectMessage || m.Thread == "" {
				t.Errorf("got %s in %q", m.Kind, m.Thread)
			}
		}
		if p := w.fetch(mastodon.LaneContexts, ""); p.Back == "" || len(p.Captures) != 0 {
			t.Errorf("contexts begin with their past: got %+v", p)
		}
		w.mara.Unblock(w.ruben)
		contexts, at := w.drain(mastodon.LaneContexts, "")
		want := []string{one.Text(), "@kestrel_74 two"} // servers show the name without the domain
		slices.Sort(want)
		if got := texts(w.read(contexts)); !slices.Equal(got, want) {
			t.Errorf("contexts: got %v, want %v", got, want)
		}

		w.server.Wait(time.Minute)
		w.tilda.Reply(other, "at one?")
		if got, _ := w.drain(mastodon.LaneConversations, next); len(got) != 1 {
			t.Errorf("a conversation that goes on: got %d, want 1", len(got))
		}
		contexts, at = w.drain(mastodon.LaneContexts, at)
		if got := texts(w.read(contexts)); !slices.Equal(got, []string{other.Text()}) {
			t.Errorf("its context: got %v", got)
		}
		w.server.Wait(time.Minute)
		last := w.tilda.Reply(other, "gone")
		w.server.Fault("/api/v1/statuses/"+last.ID, 1, fakemastodon.Answer(404, "application/json", `{"error":"Record not found"}`))
		if got, _ := w.drain(mastodon.LaneContexts, at); len(got) != 0 {
			t.Errorf("context of what is not there: got %d captures", len(got))
		}
	})
}

func TestFetch_Blocks(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		p := w.fetch(mastodon.LaneBlocks, "")
		if p.Observed == nil || len(p.Observed) != 0 || p.More {
			t.Errorf("nobody blocked: got %v", p.Observed)
		}
		w.mara.Block(w.ruben)
		for i := range 100 {
			w.mara.Block(w.server.Person(fmt.Sprintf("other_%d", i), "Other"))
		}
		var all []daybook.Handle
		for at, more := collectors.Cursor(""), true; more; {
			p := w.fetch(mastodon.LaneBlocks, at)
			all, at, more = append(all, p.Observed...), p.Next, p.More
		}
		if len(all) != 101 {
			t.Fatalf("got %d handles, want 101", len(all))
		}
		w.server.Wait(time.Minute)
		w.ruben.Post("@mara_lindqvist now")
		w.mara.Unblock(w.ruben)
		got := w.read(w.fetch(mastodon.LaneNotifications, "").Captures)
		if len(got) != 1 || !got[0].Sender.Same(all[len(all)-1]) {
			t.Errorf("the handle in the list is not that of the message: %v and %v", all[len(all)-1].Native, got[0].Sender.Native)
		}
		if names := all[len(all)-1].Names; len(names) != 1 || names[0].Display != "" || names[0].Account != "kestrel_74@birds.example" {
			t.Errorf("names of an emptied profile: got %+v", names)
		}
	})
}

func TestFetch_Faults(t *testing.T) {
	until := time.Date(2026, 9, 14, 8, 4, 0, 0, time.UTC)
	tests := []struct {
		name  string
		fault func(*fakemastodon.Server) fakemastodon.Fault
		check func(t *testing.T, p collectors.Page, err error)
	}{
		{"429", func(s *fakemastodon.Server) fakemastodon.Fault { return s.TooMany(until) }, func(t *testing.T, _ collectors.Page, err error) {
			var limit *collectors.RateLimitError
			if !errors.As(err, &limit) || !limit.Until.Equal(until) {
				t.Errorf("got %v, want a limit until %v", err, until)
			}
		}},
		{"500", answer(500, "application/json", `{"error":"x"}`), wantError},
		{"502 with a page", answer(502, "text/html", "<html>"), wantError},
		{"200 with a page", answer(200, "text/html", "<html>"), wantError},
		{"404", answer(404, "application/json", `[]`), wantError},
		{"410", answer(410, "application/json", `[]`), wantError},
		{"422", answer(422, "application/json", `[]`), wantError},
		{"204", answer(204, "application/json", ""), wantError},
		{"402 with an array", answer(402, "application/json", `[]`), wantError},
		{"401", answer(401, "application/json", `{"error":"The access token was revoked"}`), wantIs(collectors.ErrRefused)},
		{"403", answer(403, "application/json", `{"error":"Your login is currently disabled"}`), wantIs(collectors.ErrRefused)},
		{"lost connection", func(*fakemastodon.Server) fakemastodon.Fault { return fakemastodon.Broken(10) }, wantError},
		{"cut body", func(*fakemastodon.Server) fakemastodon.Fault { return fakemastodon.Cut(100) }, func(t *testing.T, p collectors.Page, err error) {
			if err != nil || len(p.Whole) != 100 || len(p.Captures) != 0 || p.More || p.Next != "" {
				t.Errorf("got %d bytes whole, %d captures, next %q, %v", len(p.Whole), len(p.Captures), p.Next, err)
			}
		}},
		{"an object", answer(200, "application/json", `{"a":1}`), wantWhole},
		{"something after it", answer(200, "application/json", `[] []`), wantWhole},
		{"too deep", answer(200, "application/json", strings.Repeat("[", 100000)), wantWhole},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, fakemastodon.Options{})
			w.ruben.Post("@mara_lindqvist hello")
			w.server.Fault("/api/v1/notifications", 1, tt.fault(w.server))
			p, err := w.source.Fetch(t.Context(), mastodon.LaneNotifications, "")
			tt.check(t, p, err)
		})
	}
}

func answer(status int, kind, body string) func(*fakemastodon.Server) fakemastodon.Fault {
	return func(*fakemastodon.Server) fakemastodon.Fault { return fakemastodon.Answer(status, kind, body) }
}

func wantError(t *testing.T, p collectors.Page, err error) {
	t.Helper()
	if err == nil || len(p.Captures) > 0 || p.Whole != nil {
		t.Errorf("got a page, want an error")
	}
	if errors.Is(err, collectors.ErrRefused) || errors.Is(err, collectors.ErrNoLane) {
		t.Errorf("got %v, want a temporary error", err)
	}
}

func wantIs(target error) func(*testing.T, collectors.Page, error) {
	return func(t *testing.T, _ collectors.Page, err error) {
		t.Helper()
		if !errors.Is(err, target) {
			t.Errorf("got %v, want %v", err, target)
		}
	}
}

func wantWhole(t *testing.T, p collectors.Page, err error) {
	t.Helper()
	if err != nil || len(p.Whole) == 0 || len(p.Captures) > 0 || p.More {
		t.Errorf("got %d bytes whole, %v; want all of them", len(p.Whole), err)
	}
}

func TestFetch_CallsStopWhenNoneRemain(t *testing.T) {
	w := newWorld(t, fakemastodon.Options{})
	w.fetch(mastodon.LaneBlocks, "")
	until := w.server.Now().Add(3 * time.Minute)
	w.server.Fault("/api/v1/blocks", 1, fakemastodon.LastOne(until))
	w.fetch(mastodon.LaneBlocks, "")
	n := len(w.server.Requests())
	_, err := w.source.Fetch(t.Context(), mastodon.LaneBlocks, "")
	var limit *collectors.RateLimitError
	if !errors.As(err, &limit) || !limit.Until.Equal(until) || len(w.server.Requests()) != n {
		t.Errorf("got %v and %d calls, want a limit until %v and none", err, len(w.server.Requests())-n, until)
	}
	w.server.At(until)
	w.fetch(mastodon.LaneBlocks, "")
}

func TestFetch_CursorsLeadNowhereElse_A8(t *testing.T) {
	w := newWorld(t, fakemastodon.Options{})
	for _, at := range []collectors.Cursor{
		"forward https://birds.example/api/v1/notifications",
		"forward //birds.example/api/v1/notifications",
		"forward /api/v1/blocks?limit=1",
		"forward /api/v1/notifications?resolve=true",
		"forward /api/v1/notifications/clear",
		"sideways /api/v1/notifications",
		"nonsense",
	} {
		if _, err := w.source.Fetch(t.Context(), mastodon.LaneNotifications, at); err == nil {
			t.Errorf("cursor %q was taken", at)
		}
	}
	for _, at := range []collectors.Cursor{"{", `{"queue":["../../v1/notifications/clear"]}`, `{"queue":["1/history"]}`, `{"list":"forward /oauth/revoke"}`} {
		if _, err := w.source.Fetch(t.Context(), mastodon.LaneContexts, at); err == nil {
			t.Errorf("cursor %q was taken", at)
		}
	}
	if n := len(w.server.Requests()); n > 1 { // what the server is
		t.Errorf("got %d calls, want none", n-1)
	}
}

func (w *world) look(messages ...daybook.ReadMessage) []collectors.Look {
	w.Helper()
	var refs []collectors.Ref
	for _, m := range messages {
		refs = append(refs, collectors.Ref{Key: m.Key, Native: m.Native, Sender: m.Sender})
	}
	looks, err := w.source.Look(w.Context(), refs)
	if err != nil || len(looks) != len(refs) {
		w.Fatalf("look: got %d looks for %d refs, %v", len(looks), len(refs), err)
	}
	return looks
}

func TestLook_EditDeleteBlock_A2(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		kept := w.ruben.Post("@mara_lindqvist stays")
		edited := w.ruben.Post("@mara_lindqvist I drove past your studio at nine")
		deleted := w.ruben.Direct(w.mara, "are you alone")
		w.ruben.Follow(w.mara)
		captures, _ := w.drain(mastodon.LaneNotifications, "")
		byText := map[string]daybook.ReadMessage{}
		for _, m := range w.read(captures) {
			byText[m.Text] = m
		}
		first := []daybook.ReadMessage{byText[kept.Text()], byText[edited.Text()], byText[deleted.Text()], byText[""]}

		for i, l := range w.look(first[:3]...) {
			if l.Missing || len(l.Captures) != 1 {
				t.Fatalf("look %d: got missing %v, %d captures", i, l.Missing, len(l.Captures))
			}
			if got := w.read(l.Captures)[0]; got.Key != first[i].Key || got.Text != first[i].Text || got.Kind != first[i].Kind {
				t.Errorf("unchanged message reads otherwise: %+v", got)
			}
		}

		w.server.Wait(time.Minute)
		edited.Edit("@mara_lindqvist Hope you had a nice evening.")
		deleted.Delete()
		looks := w.look(first...)
		if len(looks[0].Captures) != 1 || !looks[2].Missing || looks[2].Blocking {
			t.Errorf("kept %d captures; deleted: missing %v, blocking %v", len(looks[0].Captures), looks[2].Missing, looks[2].Blocking)
		}
		if looks[3].Missing || len(looks[3].Captures) > 0 {
			t.Errorf("what cannot be asked for: got %+v", looks[3])
		}
		versions := w.read(looks[1].Captures)
		if len(versions) != 3 {
			t.Fatalf("edited: got %d captures, want the status and two versions", len(versions))
		}
		for i, want := range []string{"@mara_lindqvist Hope you had a nice evening.", "@mara_lindqvist I drove past your studio at nine", "@mara_lindqvist Hope you had a nice evening."} {
			m := versions[i]
			if m.Text != want || m.Key != first[1].Key || !m.Sender.Same(first[1].Sender) || m.Incomplete != (i > 0) {
				t.Errorf("version %d: got %+v", i, m)
			}
		}
		if versions[0].Edited.IsZero() || !versions[1].Edited.IsZero() || !versions[2].Edited.Equal(versions[0].Edited) {
			t.Errorf("times of the edit: %v, %v, %v", versions[0].Edited, versions[1].Edited, versions[2].Edited)
		}

		w.mara.Block(w.ruben)
		for i, l := range w.look(first[:3]...) {
			if !l.Missing || !l.Blocking {
				t.Errorf("blocked, look %d: missing %v, blocking %v", i, l.Missing, l.Blocking)
			}
		}
		w.mara.Unblock(w.ruben)
		w.ruben.Leave()
		for i, l := range w.look(first[:3]...) {
			if !l.Missing || l.Blocking {
				t.Errorf("left, look %d: missing %v, blocking %v", i, l.Missing, l.Blocking)
			}
		}
	})
}

func TestLook_ManyAtOnce(t *testing.T) {
	w := newWorld(t, fakemastodon.Options{})
	for i := range 45 {
		w.ruben.Post(fmt.Sprintf("@mara_lindqvist %d", i))
	}
	captures, _ := w.drain(mastodon.LaneNotifications, "")
	w.server.Forget()
	for _, l := range w.look(w.read(captures)...) {
		if l.Missing || len(l.Captures) != 1 {
			t.Fatalf("got %+v", l)
		}
	}
	if n := len(w.server.Requests()); n != 3 {
		t.Errorf("got %d calls for 45 statuses, want 3", n)
	}
}

func TestMedia_OnlyFromThePersonsServer_E6(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		picture := []byte("\x89PNG made up")
		file := w.server.File(picture, "image/png", "a blurred evening street")
		w.ruben.Direct(w.mara, "look", fakemastodon.With(file))
		captures, _ := w.drain(mastodon.LaneNotifications, "")
		m := w.read(captures)[0].Media[0]
		if m.Description != "a blurred evening street" || m.Type != "image" || m.URL != file.URL(w.server) {
			t.Fatalf("got %+v", m)
		}
		got, x, err := w.source.Media(t.Context(), m)
		if err != nil || !bytes.Equal(got, picture) || x.Body != daybook.DigestOf(picture) {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		for _, r := range w.server.Requests() {
			if strings.HasSuffix(r.Path, ".png") && r.Header.Get("Authorization") != "" {
				t.Error("the token went along")
			}
		}

		for _, u := range []string{
			"", "https://birds.example/files/1.png", "https://mastodon.example/api/v2/search?q=https://birds.example&resolve=true",
			"https://mastodon.example/oauth/revoke", "http://mastodon.example/system/a.png", "https://tracker.example/pixel.gif",
			"https://mastodon.example@birds.example/system/a.png", "file:///etc/passwd", "https://mastodon.example/system/../api/v1/blocks",
		} {
			if _, _, err := w.source.Media(t.Context(), daybook.Media{URL: u}); !errors.Is(err, collectors.ErrNotFetched) {
				t.Errorf("%q: got %v, want %v", u, err, collectors.ErrNotFetched)
			}
		}

		w.server.Fault("/media_proxy", 1, func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(rw, r, "https://birds.example/files/1.png", http.StatusFound)
		})
		if _, _, err := w.source.Media(t.Context(), daybook.Media{URL: "https://mastodon.example/media_proxy/1/original"}); !errors.Is(err, collectors.ErrNotFetched) {
			t.Errorf("redirect to the sender: got %v, want %v", err, collectors.ErrNotFetched)
		}
		w.server.Remove(file)
		if _, _, err := w.source.Media(t.Context(), m); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("removed: got %v, want %v", err, daybook.ErrNotFound)
		}
	})
}

func TestFetch_DuplicatePageAndUnknownType(t *testing.T) {
	w := newWorld(t, fakemastodon.Options{})
	w.ruben.Post("@mara_lindqvist one")
	w.ruben.Notify(w.mara, "some_future_type", nil)
	first := w.fetch(mastodon.LaneNotifications, "")
	messages := w.read(first.Captures)
	if len(messages) != 2 || messages[0].Kind != "some_future_type" || messages[0].Key == "" {
		t.Errorf("got %+v", messages)
	}
	w.server.Fault("/api/v1/notifications", 1, w.server.DuplicatePage)
	again := w.fetch(mastodon.LaneNotifications, first.Next)
	if again.More || again.Next != first.Next {
		t.Errorf("page without links: got next %q, more %v", again.Next, again.More)
	}
	for i := range again.Captures {
		a, b := daybook.Item{Capture: first.Captures[i]}, daybook.Item{Capture: again.Captures[i]}
		if a.CaptureKey() != b.CaptureKey() {
			t.Error("equal bytes have different keys")
		}
	}
}

func TestRevoked(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.fetch(mastodon.LaneNotifications, "")
		w.server.Revoke(w.mara)
		for _, lane := range w.source.Lanes() {
			_, err := w.source.Fetch(context.Background(), lane, "")
			if !errors.Is(err, collectors.ErrRefused) && !(lane == mastodon.LaneRequests && errors.Is(err, collectors.ErrNoLane)) {
				t.Errorf("%s: got %v, want %v", lane, err, collectors.ErrRefused)
			}
		}
	})
}
