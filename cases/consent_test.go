package cases_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
)

const day = 24 * time.Hour

func account(c daybook.CaseID) daybook.Account {
	return daybook.Account{
		Case: c, Platform: "mastodon", Server: "https://birds.example",
		Handle: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/mara"},
	}
}

func consent() daybook.Consent {
	return daybook.Consent{Scopes: []string{"mentions and direct messages"}, Purpose: "a record for the police", Text: "consent/1"}
}

// connect connects the account of the case.
func (h *house) connect(secret string) daybook.Account {
	h.t.Helper()
	a, err := h.Connect(h.t.Context(), operator, account(h.c), []byte(secret), consent())
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// events returns the consent entries of the case as "event state".
func (h *house) events() []string {
	h.t.Helper()
	var out []string
	for _, r := range h.entries(daybook.RecordConsent) {
		c := decode[daybook.ConsentRecord](h.t, r)
		out = append(out, string(c.Event)+" "+string(c.Account.State))
	}
	return out
}

func (h *house) state(id daybook.AccountID) (daybook.AccountState, string) {
	h.t.Helper()
	a, _, secret, err := h.db.Account(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return a.State, string(secret)
}

func TestConsentIsAnEntry_D1(t *testing.T) {
	h := newHouse(t)
	moe := h.member("Moe", cases.Manager)
	c := consent()
	c.By = daybook.Actor{ID: "mara", Role: "owner", Via: "in person, with Moe"}
	a, err := h.Connect(t.Context(), moe, account(h.c), []byte("token-1"), c)
	must(t, err)
	got := h.entries(daybook.RecordConsent)
	if len(got) != 1 {
		t.Fatalf("got %d entries, want 1", len(got))
	}
	c.Account, c.Given, c.Until = a.ID, start, start.Add(90*day)
	wanted := daybook.ConsentRecord{Event: daybook.ConsentGiven, Consent: c, Account: a, At: start}
	if diff := cmp.Diff(wanted, decode[daybook.ConsentRecord](t, got[0])); diff != "" {
		t.Error(diff)
	}
	if got[0].Actor != moe {
		t.Errorf("written by %v, want %v", got[0].Actor, moe)
	}
	for _, f := range got[0].Fields {
		if strings.Contains(string(f.Value), "token-1") {
			t.Error("the token stands in the log")
		}
	}
	kept, keptConsent, secret, err := h.db.Account(t.Context(), a.ID)
	must(t, err)
	if diff := cmp.Diff([]any{a, c, "token-1"}, []any{kept, keptConsent, string(secret)}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]daybook.AccountID{a.ID}, h.plan.polls); diff != "" {
		t.Errorf("polls: %s", diff)
	}
}

func TestConsentThatSaysTooLittle_D1(t *testing.T) {
	h := newHouse(t)
	ria := h.member("Ria", cases.Reader)
	for _, tt := range []struct {
		name string
		by   daybook.Actor
		edit func(a *daybook.Account, c *daybook.Consent)
		err  error
	}{
		{"scopes", operator, func(a *daybook.Account, c *daybook.Consent) { c.Scopes = nil }, daybook.ErrInvalid},
		{"purpose", operator, func(a *daybook.Account, c *daybook.Consent) { c.Purpose = " " }, daybook.ErrInvalid},
		{"text", operator, func(a *daybook.Account, c *daybook.Consent) { c.Text = "" }, daybook.ErrInvalid},
		{"in the future", operator, func(a *daybook.Account, c *daybook.Consent) { c.Given = start.Add(time.Hour) }, daybook.ErrInvalid},
		{"over already", operator, func(a *daybook.Account, c *daybook.Consent) { c.Until = start }, daybook.ErrInvalid},
		{"no handle", operator, func(a *daybook.Account, c *daybook.Consent) { a.Handle.Native = "" }, daybook.ErrInvalid},
		{"handle of another platform", operator, func(a *daybook.Account, c *daybook.Consent) { a.Handle.Platform = "x" }, daybook.ErrInvalid},
		{"no right", ria, func(a *daybook.Account, c *daybook.Consent) {}, daybook.ErrForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, c := account(h.c), consent()
			tt.edit(&a, &c)
			_, err := h.Connect(t.Context(), tt.by, a, []byte("token"), c)
			want(t, tt.name, err, tt.err)
		})
	}
	if all, err := h.db.Accounts(t.Context(), h.c); err != nil || len(all) != 0 || len(h.events()) != 0 || len(h.plan.polls) != 0 {
		t.Errorf("something was kept: %v, %v, %v, %v", all, err, h.events(), h.plan.polls)
	}
}

// Entry, account, token and plan are there together or not at all.
func TestConsentAndItsEffectAreOne(t *testing.T) {
	h := newHouse(t)
	a := h.connect("token-1")
	change := []struct {
		name string
		do   func() error
	}{
		{"withdraw", func() error { return h.Withdraw(t.Context(), operator, a.ID) }},
		{"reconnect", func() error {
			_, err := h.Connect(t.Context(), operator, account(h.c), []byte("token-2"), consent())
			return err
		}},
	}
	for _, c := range change {
		for _, fault := range []*bool{&h.logFails, &h.scheduleFails} {
			h.plan.ended = nil
			*fault = true
			want(t, c.name, c.do(), errFault)
			*fault = false
			if s, secret := h.state(a.ID); s != daybook.Active || secret != "token-1" {
				t.Errorf("%s: state %s, token %q; want what there was", c.name, s, secret)
			}
			if diff := cmp.Diff([]string{"given active"}, h.events()); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
			if p, err := h.Pending(t.Context(), operator, h.c); err != nil || len(p) != 0 {
				t.Errorf("%s: pending %v, %v", c.name, p, err)
			}
		}
	}
}

func TestPauseAndResume(t *testing.T) {
	h := newHouse(t)
	a := h.connect("token-1")
	want(t, "resume what is read", h.Resume(t.Context(), operator, a.ID), daybook.ErrInvalid)
	must(t, h.Pause(t.Context(), operator, a.ID))
	want(t, "pause twice", h.Pause(t.Context(), operator, a.ID), daybook.ErrInvalid)
	if s, secret := h.state(a.ID); s != daybook.Paused || secret != "token-1" {
		t.Errorf("state %s, token %q", s, secret)
	}
	must(t, h.Resume(t.Context(), operator, a.ID))
	must(t, h.Pause(t.Context(), operator, a.ID))
	h.now = start.Add(90 * day)
	want(t, "resume after the end", h.Resume(t.Context(), operator, a.ID), daybook.ErrConsentEnded)
	if diff := cmp.Diff([]string{"given active", "paused paused", "resumed active", "paused paused"}, h.events()); diff != "" {
		t.Error(diff)
	}
	if len(h.plan.polls) != 2 {
		t.Errorf("got %d polls planned, want 2", len(h.plan.polls))
	}
}

// Withdrawal stops the reading at once. The token is out of use from then on,
// waits to be revoked, and is destroyed when the platform has confirmed that.
func TestWithdrawal_D3(t *testing.T) {
	h := newHouse(t)
	mara, ria := h.member("Mara", cases.Owner), h.member("Ria", cases.Reader)
	a := h.connect("token-1")
	want(t, "a reader may not", h.Withdraw(t.Context(), ria, a.ID), daybook.ErrForbidden)
	h.now = start.Add(3 * day)
	must(t, h.Withdraw(t.Context(), mara, a.ID))
	_, c, secret, err := h.db.Account(t.Context(), a.ID)
	must(t, err)
	if s, _ := h.state(a.ID); s != daybook.Withdrawn || secret != nil {
		t.Errorf("state %s, token %q; want withdrawn, and no token for collectors", s, secret)
	}
	want(t, "the consent", c.Check(h.now), daybook.ErrConsentEnded)
	if diff := cmp.Diff([]string{string(a.ID) + "/1"}, h.plan.ended); diff != "" {
		t.Errorf("planned to revoke: %s", diff)
	}
	pending, err := h.Pending(t.Context(), mara, h.c)
	must(t, err)
	if diff := cmp.Diff([]cases.EndedToken{{Account: a.ID, Number: 1, Since: h.now}}, pending); diff != "" {
		t.Errorf("pending: %s", diff)
	}
	if kept, err := h.db.EndedToken(t.Context(), a.ID, 1); err != nil || string(kept) != "token-1" {
		t.Errorf("token to revoke: %q, %v", kept, err)
	}
	must(t, h.Withdraw(t.Context(), mara, a.ID)) // again: nothing more
	for _, back := range []error{h.Resume(t.Context(), mara, a.ID), h.Renew(t.Context(), mara, a.ID, daybook.Consent{})} {
		want(t, "no way back but to connect", back, daybook.ErrConsentEnded)
	}

	part := daybook.Actor{ID: "collector", Role: "collector"}
	h.now = start.Add(4 * day)
	must(t, h.TokenRevoked(t.Context(), part, a.ID, 1))
	want(t, "twice", h.TokenRevoked(t.Context(), part, a.ID, 1), daybook.ErrNotFound)
	_, err = h.db.EndedToken(t.Context(), a.ID, 1)
	want(t, "the token is destroyed", err, daybook.ErrNotFound)
	if pending, err = h.Pending(t.Context(), mara, h.c); err != nil || len(pending) != 0 {
		t.Errorf("pending %v, %v, want none", pending, err)
	}
	if diff := cmp.Diff([]string{"given active", "withdrawn withdrawn", "token revoked withdrawn"}, h.events()); diff != "" {
		t.Error(diff)
	}
	if last := h.entries(daybook.RecordConsent)[2]; last.Actor != part || !decode[daybook.ConsentRecord](t, last).At.Equal(h.now) {
		t.Errorf("got %v", last)
	}
}

// An account that is connected again is the same account, and its former token
// is revoked without touching the new one.
func TestConnectAgain_D3(t *testing.T) {
	h := newHouse(t)
	a := h.connect("token-1")
	must(t, h.Withdraw(t.Context(), operator, a.ID))
	again := h.connect("token-2")
	if again.ID != a.ID {
		t.Fatal("it got another identifier")
	}
	want(t, "revoke what is in use", h.TokenRevoked(t.Context(), operator, a.ID, 2), daybook.ErrNotFound)
	must(t, h.TokenRevoked(t.Context(), operator, a.ID, 1))
	if s, secret := h.state(a.ID); s != daybook.Active || secret != "token-2" {
		t.Errorf("state %s, token %q", s, secret)
	}
	h.connect("token-3") // while token-2 is in use
	if s, secret := h.state(a.ID); s != daybook.Active || secret != "token-3" {
		t.Errorf("state %s, token %q", s, secret)
	}
	pending, err := h.Pending(t.Context(), operator, h.c)
	must(t, err)
	if len(pending) != 1 || pending[0].Number != 2 {
		t.Errorf("pending %v, want token 2", pending)
	}
	if all, err := h.db.Accounts(t.Context(), h.c); err != nil || len(all) != 1 {
		t.Errorf("accounts %v, %v, want one", all, err)
	}
}

// A consent that has reached its end stops the account in the same way.
func TestExpiry_D4(t *testing.T) {
	h := newHouse(t)
	part := daybook.Actor{ID: "schedule", Role: "schedule"}
	a := h.connect("token-1")
	h.now = start.Add(90*day - time.Second)
	want(t, "before the end", h.Expire(t.Context(), part, a.ID), daybook.ErrInvalid)
	if n, err := h.ExpireDue(t.Context(), part); n != 0 || err != nil {
		t.Errorf("got %d, %v, want none", n, err)
	}
	h.now = start.Add(90 * day)
	if n, err := h.ExpireDue(t.Context(), part); n != 1 || err != nil {
		t.Errorf("got %d, %v, want one", n, err)
	}
	if n, err := h.ExpireDue(t.Context(), part); n != 0 || err != nil {
		t.Errorf("again: got %d, %v, want none", n, err)
	}
	must(t, h.Expire(t.Context(), part, a.ID)) // nothing more
	if s, secret := h.state(a.ID); s != daybook.Expired || secret != "" {
		t.Errorf("state %s, token %q", s, secret)
	}
	if diff := cmp.Diff([]string{string(a.ID) + "/1"}, h.plan.ended); diff != "" {
		t.Errorf("planned to revoke: %s", diff)
	}
	if diff := cmp.Diff([]string{"given active", "expired expired"}, h.events()); diff != "" {
		t.Error(diff)
	}
	must(t, h.Withdraw(t.Context(), operator, a.ID)) // still possible, and said
}

func TestRenewal_D4(t *testing.T) {
	h := newHouse(t)
	a := h.connect("token-1")
	h.now = start.Add(80 * day)
	must(t, h.Renew(t.Context(), operator, a.ID, daybook.Consent{Text: "consent/2"}))
	_, c, _, err := h.db.Account(t.Context(), a.ID)
	must(t, err)
	wanted := consent()
	wanted.Account, wanted.By, wanted.Text, wanted.Given, wanted.Until = a.ID, operator, "consent/2", h.now, h.now.Add(90*day)
	if diff := cmp.Diff(wanted, c); diff != "" {
		t.Error(diff)
	}
	h.now = start.Add(169 * day)
	if n, err := h.ExpireDue(t.Context(), operator); n != 0 || err != nil {
		t.Errorf("got %d, %v: it was renewed", n, err)
	}
	if diff := cmp.Diff([]string{"given active", "renewed active"}, h.events()); diff != "" {
		t.Error(diff)
	}
}

func TestReminders_D4(t *testing.T) {
	c := daybook.Consent{Given: start, Until: start.Add(90 * day)}
	short, withdrawn := c, c
	short.Until = start.Add(5 * day)
	withdrawn.Withdrawn = start.Add(day)
	for _, tt := range []struct {
		name string
		c    daybook.Consent
		now  time.Time
		want []int
	}{
		{"long before", c, c.Until.Add(-14*day - 1), nil},
		{"two weeks", c, c.Until.Add(-14 * day), []int{14}},
		{"a week", c, c.Until.Add(-7 * day), []int{14, 7}},
		{"nearly a day", c, c.Until.Add(-day - 1), []int{14, 7}},
		{"a day", c, c.Until.Add(-day), []int{14, 7, 1}},
		{"over", c, c.Until, nil},
		{"withdrawn", withdrawn, c.Until.Add(-day), nil},
		{"given for a few days", short, short.Until.Add(-day), []int{1}},
		{"none", daybook.Consent{}, start, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, r := range cases.Reminders(tt.c, tt.now) {
				got = append(got, r.Days)
				if !r.Due.Equal(tt.c.Until.Add(-time.Duration(r.Days) * day)) {
					t.Errorf("%d days: due %v", r.Days, r.Due)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Errors that reach a person say what to do.
func TestConsentErrorsHelp(t *testing.T) {
	h := newHouse(t)
	a := h.connect("token-1")
	must(t, h.Withdraw(t.Context(), operator, a.ID))
	err := h.Pause(t.Context(), operator, a.ID)
	if got, wanted := fmt.Sprint(err), "pause account: invalid: an account that is withdrawn cannot be paused; connect it again"; got != wanted || !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("got %q, want %q", got, wanted)
	}
}
