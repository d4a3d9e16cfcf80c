package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
	"daybook/collectors"
	"daybook/store"
)

// What is put together in cmd/daybook fits.
var (
	_ collectors.Accounts    = (*store.DB)(nil)
	_ cases.Messages         = (*store.DB)(nil)
	_ cases.Schedule         = collectors.Schedule{}
	_ collectors.EndedTokens = struct {
		*store.DB
		*cases.Cases
	}{}
)

var accountTime = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)

func newAccount(c daybook.CaseID, name string) (daybook.Account, daybook.Consent) {
	a := daybook.Account{
		ID: daybook.AccountID(daybook.NewID()), Case: c, Platform: "mastodon", Server: "https://birds.example",
		Handle: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/" + name}, State: daybook.Active,
		Media: []string{"files.birds.example"}, Since: accountTime.Add(-time.Hour),
	}
	return a, daybook.Consent{
		Account: a.ID, By: daybook.Actor{ID: "local", Role: "operator", Via: "command line (OS user mara)"},
		Scopes: []string{"mentions"}, Purpose: "a record", Text: "consent/1", Given: accountTime, Until: accountTime.Add(daybook.ConsentPeriod),
	}
}

func caseOf(t *testing.T, db *store.DB) daybook.CaseID {
	t.Helper()
	c, err := db.NewCase(t.Context(), "A made-up case", "Europe/London", accountTime)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAccounts(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
		a, agreed := newAccount(c, "mara")
		b, later := newAccount(c, "mara_b")
		later.Given, later.Until = later.Given.Add(time.Hour), later.Until.Add(time.Hour)
		d, foreign := newAccount(other, "mara")
		foreign.Given = foreign.Given.Add(2 * time.Hour)
		for i, put := range []struct {
			a daybook.Account
			c daybook.Consent
		}{{b, later}, {a, agreed}, {d, foreign}} {
			if err := db.PutAccount(ctx, put.a, put.c); err != nil {
				t.Fatalf("put %d: %v", i, err)
			}
		}
		got, consent, secret, err := db.Account(ctx, a.ID)
		if err != nil || secret != nil {
			t.Fatalf("account: secret %q, %v", secret, err)
		}
		if diff := cmp.Diff([]any{a, agreed}, []any{got, consent}); diff != "" {
			t.Error(diff)
		}
		if _, _, _, err := db.Account(ctx, "none"); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("no account: %v, want ErrNotFound", err)
		}
		list := func(c daybook.CaseID) (ids []daybook.AccountID) {
			all, err := db.Accounts(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range all {
				ids = append(ids, a.ID)
			}
			return ids
		}
		if diff := cmp.Diff([]daybook.AccountID{a.ID, b.ID}, list(c)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]daybook.AccountID{a.ID, b.ID, d.ID}, list("")); diff != "" {
			t.Error(diff)
		}

		twin := a
		twin.ID = daybook.AccountID(daybook.NewID())
		if err := db.PutAccount(ctx, twin, agreed); err == nil {
			t.Error("one handle is connected twice in a case")
		}

		if err := db.SetState(ctx, a.ID, daybook.Stopped); err != nil {
			t.Fatal(err)
		}
		if err := db.SetState(ctx, "none", daybook.Stopped); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("no account: %v, want ErrNotFound", err)
		}
		if got, _, _, err = db.Account(ctx, a.ID); err != nil || got.State != daybook.Stopped {
			t.Errorf("state %s, %v, want stopped", got.State, err)
		}

		ended := func(now time.Time) []daybook.AccountID {
			ids, err := db.EndedConsents(ctx, now)
			if err != nil {
				t.Fatal(err)
			}
			return ids
		}
		if ids := ended(agreed.Until.Add(-time.Microsecond)); len(ids) != 0 {
			t.Errorf("before the end: %v", ids)
		}
		if err := db.SetState(ctx, d.ID, daybook.Withdrawn); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]daybook.AccountID{a.ID}, ended(agreed.Until)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]daybook.AccountID{a.ID, b.ID}, ended(later.Until)); diff != "" {
			t.Error(diff)
		}
	})
}

// The state is what the column says; a change of the rest is one row.
func TestHoldAccount(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		a, agreed := newAccount(caseOf(t, db), "mara")
		if err := db.PutAccount(t.Context(), a, agreed); err != nil {
			t.Fatal(err)
		}
		fault := errors.New("fault")
		change := func(end error) error {
			return db.Update(t.Context(), func(ctx context.Context) error {
				a, consent, err := db.HoldAccount(ctx, a.ID)
				if err != nil {
					return err
				}
				a.State, consent.Withdrawn = daybook.Withdrawn, accountTime.Add(time.Hour)
				if err := db.PutAccount(ctx, a, consent); err != nil {
					return err
				}
				return end
			})
		}
		if err := change(fault); !errors.Is(err, fault) {
			t.Fatal(err)
		}
		if got, consent, _, err := db.Account(t.Context(), a.ID); err != nil || got.State != daybook.Active || !consent.Withdrawn.IsZero() {
			t.Errorf("after a rollback: %v, %v, %v", got.State, consent.Withdrawn, err)
		}
		if err := change(nil); err != nil {
			t.Fatal(err)
		}
		if got, consent, _, err := db.Account(t.Context(), a.ID); err != nil || got.State != daybook.Withdrawn || consent.Withdrawn.IsZero() {
			t.Errorf("after a change: %v, %v, %v", got.State, consent.Withdrawn, err)
		}
		err := db.Update(t.Context(), func(ctx context.Context) error {
			_, _, err := db.HoldAccount(ctx, "none")
			return err
		})
		if !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("no account: %v, want ErrNotFound", err)
		}
	})
}

func TestTokens_D3(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), caseOf(t, db)
		a, agreed := newAccount(c, "mara")
		if err := db.PutAccount(ctx, a, agreed); err != nil {
			t.Fatal(err)
		}
		put := func(secret string) int64 {
			n, err := db.PutToken(ctx, a.ID, []byte(secret), accountTime)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if _, err := db.CurrentToken(ctx, a.ID); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("none yet: %v, want ErrNotFound", err)
		}
		if n := put("one"); n != 1 {
			t.Errorf("got number %d, want 1", n)
		}
		if _, err := db.PutToken(ctx, a.ID, []byte("two"), accountTime); err == nil {
			t.Error("two tokens are in use")
		}
		if _, err := db.PutToken(ctx, "none", []byte("two"), accountTime); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("no account: %v, want ErrNotFound", err)
		}
		if _, err := db.EndedToken(ctx, a.ID, 1); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("in use: %v, want ErrNotFound", err)
		}
		if err := db.DropToken(ctx, a.ID, 1); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("drop what is in use: %v, want ErrNotFound", err)
		}
		ended, err := db.EndTokens(ctx, a.ID, accountTime.Add(time.Hour))
		if diff := cmp.Diff([]int64{1}, ended); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		second := put("two")
		if _, _, secret, err := db.Account(ctx, a.ID); err != nil || string(secret) != "two" {
			t.Errorf("in use: %q, %v", secret, err)
		}
		if ended, err = db.EndTokens(ctx, a.ID, accountTime.Add(2*time.Hour)); err != nil || len(ended) != 2 {
			t.Errorf("got %v, %v, want both", ended, err)
		}
		if _, _, secret, err := db.Account(ctx, a.ID); err != nil || secret != nil {
			t.Errorf("none in use: %q, %v", secret, err)
		}
		pending, err := db.EndedTokens(ctx, c)
		wanted := []cases.EndedToken{{Account: a.ID, Number: 1, Since: accountTime.Add(time.Hour)}, {Account: a.ID, Number: second, Since: accountTime.Add(2 * time.Hour)}}
		if diff := cmp.Diff(wanted, pending); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if pending, err = db.EndedTokens(ctx, caseOf(t, db)); err != nil || len(pending) != 0 {
			t.Errorf("another case: %v, %v", pending, err)
		}
		if secret, err := db.EndedToken(ctx, a.ID, second); err != nil || string(secret) != "two" {
			t.Errorf("got %q, %v", secret, err)
		}
		if err := db.DropToken(ctx, a.ID, second); err != nil {
			t.Error(err)
		}
		if _, err := db.EndedToken(ctx, a.ID, second); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("dropped: %v, want ErrNotFound", err)
		}
		if n := put("three"); n != 3 {
			t.Errorf("got number %d, want 3: numbers are not used again", n)
		}
	})
}

// Of several refreshes of one token, one is kept; the others are told.
func TestSwapToken(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		a, agreed := newAccount(caseOf(t, db), "mara")
		if err := db.PutAccount(ctx, a, agreed); err != nil {
			t.Fatal(err)
		}
		if _, err := db.PutToken(ctx, a.ID, []byte("one"), accountTime); err != nil {
			t.Fatal(err)
		}
		have, err := db.CurrentToken(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		const workers = 4
		results := make([]error, workers)
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() { _, results[i] = db.SwapToken(ctx, have, fmt.Appendf(nil, "fresh %d", i), accountTime) })
		}
		wg.Wait()
		winner := -1
		for i, err := range results {
			switch {
			case err == nil && winner < 0:
				winner = i
			case !errors.Is(err, store.ErrTokenMoved):
				t.Errorf("worker %d: %v, want ErrTokenMoved", i, err)
			}
		}
		now, err := db.CurrentToken(ctx, a.ID)
		if err != nil || string(now.Secret) != fmt.Sprintf("fresh %d", winner) || now.Generation != have.Generation+1 {
			t.Errorf("got %q of generation %d, %v; worker %d was told that it won", now.Secret, now.Generation, err, winner)
		}
		// A refresh that comes back after the token went out of use is what
		// has to be revoked.
		if _, err := db.EndTokens(ctx, a.ID, accountTime); err != nil {
			t.Fatal(err)
		}
		if _, err := db.SwapToken(ctx, now, []byte("late"), accountTime); err != nil {
			t.Error(err)
		}
		if secret, err := db.EndedToken(ctx, a.ID, now.Number); err != nil || string(secret) != "late" {
			t.Errorf("to revoke: %q, %v", secret, err)
		}
		if s := fmt.Sprintf("%v %+v %#v", now, now, now.LogValue()); containsAny(s, "fresh") {
			t.Errorf("the secret shows itself: %s", s)
		}
	})
}
