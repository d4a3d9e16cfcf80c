package cases_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
)

var numbered = daybook.Handle{Platform: "x", Native: "2220000101"}

func TestNameAccount(t *testing.T) {
	h := newHouse(t)
	moe := h.member("Moe", cases.Manager)
	a, err := h.NameAccount(t.Context(), moe, h.c, "x", numbered)
	must(t, err)
	if a.State != daybook.Named || a.ID == "" || a.Case != h.c || !a.Handle.Same(numbered) {
		t.Errorf("made %+v", a)
	}
	again, err := h.NameAccount(t.Context(), moe, h.c, "x", numbered)
	must(t, err)
	if again.ID != a.ID {
		t.Errorf("named twice: %s and %s", a.ID, again.ID)
	}
	if diff := cmp.Diff([]string{"named named"}, h.events()); diff != "" {
		t.Error(diff)
	}
	got := decode[daybook.ConsentRecord](t, h.entries(daybook.RecordConsent)[0])
	if got.Consent.By != moe || len(got.Consent.Scopes) != 1 || !got.Consent.Until.IsZero() {
		t.Errorf("recorded %+v", got.Consent)
	}
	if len(h.plan.polls) != 0 {
		t.Errorf("%d polls were planned", len(h.plan.polls))
	}
	own, others, err := h.OwnAccount(t.Context(), h.c, numbered)
	must(t, err)
	if !own || others {
		t.Errorf("own %t, others %t", own, others)
	}
	own, others, err = h.OwnAccount(t.Context(), h.c, daybook.Handle{Platform: "x", Native: "2220000999"})
	must(t, err)
	if own || !others {
		t.Errorf("of another account: own %t, others %t", own, others)
	}
}

// What is never read has no consent that could end: nothing becomes of it by
// itself, and nobody is reminded.
func TestNamedAccountNeverExpires_D1(t *testing.T) {
	h := newHouse(t)
	a, err := h.NameAccount(t.Context(), operator, h.c, "x", numbered)
	must(t, err)
	h.now = h.now.Add(400 * day)
	n, err := h.ExpireDue(t.Context(), operator)
	must(t, err)
	if state, secret := h.state(a.ID); n != 0 || state != daybook.Named || secret != "" {
		t.Errorf("%d expired, the account is %s", n, state)
	}
	must(t, h.Expire(t.Context(), operator, a.ID))
	if state, _ := h.state(a.ID); state != daybook.Named {
		t.Errorf("Expire made it %s", state)
	}
	_, consent, _, err := h.db.Account(t.Context(), a.ID)
	must(t, err)
	if got := cases.Reminders(consent, h.now); len(got) != 0 {
		t.Errorf("reminders %v", got)
	}
	if diff := cmp.Diff([]string{"named named"}, h.events()); diff != "" {
		t.Error(diff)
	}
}

func TestConnectingANamedAccountKeepsIt(t *testing.T) {
	h := newHouse(t)
	named, err := h.NameAccount(t.Context(), operator, h.c, "x", numbered)
	must(t, err)
	h.now = h.now.Add(time.Hour)
	a, err := h.Connect(t.Context(), operator, daybook.Account{Case: h.c, Platform: "x", Handle: numbered}, []byte("token-1"), consent())
	must(t, err)
	if state, secret := h.state(a.ID); a.ID != named.ID || state != daybook.Active || secret != "token-1" {
		t.Errorf("connected as %s, want %s; it is %s", a.ID, named.ID, state)
	}
	again, err := h.NameAccount(t.Context(), operator, h.c, "x", numbered)
	must(t, err)
	if again.ID != a.ID || again.State != daybook.Active {
		t.Errorf("named again: %+v", again)
	}
	if diff := cmp.Diff([]string{"named named", "given active"}, h.events()); diff != "" {
		t.Error(diff)
	}
}

func TestNameAccountRefuses(t *testing.T) {
	h := newHouse(t)
	other := daybook.Handle{Platform: "x", Native: "2220000202"}
	h.capture(t, other)
	tests := []struct {
		name   string
		actor  daybook.Actor
		handle daybook.Handle
		want   error
	}{
		{"a reader", h.member("Ada", cases.Reader), numbered, daybook.ErrForbidden},
		{"nobody", h.member("Eve", ""), numbered, daybook.ErrForbidden},
		{"no handle", operator, daybook.Handle{Platform: "x"}, daybook.ErrInvalid},
		{"another platform's handle", operator, daybook.Handle{Platform: "mastodon", Native: "1"}, daybook.ErrInvalid},
		{"the other side's account", operator, other, daybook.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.NameAccount(t.Context(), tt.actor, h.c, "x", tt.handle)
			want(t, tt.name, err, tt.want)
		})
	}
	if got := h.events(); len(got) != 0 {
		t.Errorf("entries were written: %v", got)
	}
}

// capture appends a message from somebody.
func (h *house) capture(t *testing.T, from daybook.Handle) {
	t.Helper()
	it := daybook.Item{
		Capture: daybook.Capture{Account: "a", Platform: from.Platform, Lane: "dm_events", NativeID: "1", Raw: []byte(`{}`), Origin: daybook.Collected, Offset: -1},
		Reading: &daybook.Reading{Parser: "x/1", Messages: []daybook.ReadMessage{{
			Key: "x:dm/1", Kind: daybook.KindDirectMessage, Direction: daybook.In, Sender: from, Sent: daybook.When{At: start}, Text: "hello"}}},
	}
	_, err := h.log.Append(t.Context(), h.c, []daybook.Record{it.Record()})
	must(t, err)
}

func TestWordsForFiles_D7(t *testing.T) {
	for event, want := range map[daybook.ImportEvent]string{
		daybook.ImportBegun:   "began to read in a file that was added",
		daybook.ImportDone:    "read in a file that was added",
		daybook.ImportStopped: "ended the reading in of a file before its end",
	} {
		got, about, err := cases.DidEntry(daybook.NewRecord(daybook.RecordImport, daybook.Import{Event: event, Name: "twitter-2026.zip"}))
		if got != want || len(about) != 0 || err != nil {
			t.Errorf("%s: %q about %v, %v; want %q", event, got, about, err, want)
		}
	}
}
