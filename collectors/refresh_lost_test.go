package collectors_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/store"
)

// A fullStore is one that cannot keep refreshed tokens.
type fullStore struct{ *store.DB }

// RenewToken implements collectors.TokenKeeper.
func (fullStore) RenewToken(context.Context, daybook.AccountID, []byte, []byte, time.Time) error {
	return errDisk
}

// TokenRevoked implements collectors.EndedTokens.
func (fullStore) TokenRevoked(context.Context, daybook.Actor, daybook.AccountID, int64) error {
	return nil
}

// A refreshed token that could not be kept is given back with the one that it came
// in the place of, when the consent ends before it can be: also if the platform
// does not answer at first.
func TestUnsavedTokenIsGivenBack_D3(t *testing.T) {
	s := newRealStore(t, onSQLite)
	clock, p := connectRotating(t, s)
	clock.Advance(tokenLife - 10*time.Minute)
	ctx, driver := t.Context(), p.Driver()
	answers, revoke := false, driver.Revoke
	driver.Revoke = func(ctx context.Context, a daybook.Account, secret []byte) error {
		if !answers {
			return errors.New("the connection ended")
		}
		return revoke(ctx, a, secret)
	}
	r := collectors.NewRunner(collectors.Config{
		Drivers: []collectors.Driver{driver}, Log: s.log, Ledger: s.DB, Accounts: fullStore{s.DB}, Tokens: fullStore{s.DB}, Queue: s.DB,
		Owner: "one", Clock: clock.Now, Elapsed: clock.Elapsed,
	})
	if _, err := r.Once(ctx, "acc"); !errors.Is(err, errDisk) {
		t.Fatalf("got %v, want the store's error", err)
	}
	fresh := string(p.secret())
	numbers, err := s.EndTokens(ctx, "acc", clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetState(ctx, "acc", daybook.Withdrawn); err != nil {
		t.Fatal(err)
	}
	a, _, _, err := s.Account(ctx, "acc")
	if err != nil {
		t.Fatal(err)
	}
	plan := collectors.Schedule{Queue: s.DB, Clock: clock.Now}
	for _, n := range numbers {
		if err := plan.Revoke(ctx, a, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Revoke(ctx, "acc"); err == nil {
		t.Error("the platform does not answer, and nobody says so")
	}
	answers = true
	clock.Advance(2 * time.Hour)
	if err := r.Revoke(ctx, "acc"); err != nil {
		t.Fatal(err)
	}
	if len(p.given) != 2 || !slices.Contains(p.given, fresh) {
		t.Errorf("gave back %q, of which %q is the newest", p.given, fresh)
	}
}
