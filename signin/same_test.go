package signin_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook/signin"
)

// A watchedStore notes what is asked of it.
type watchedStore struct {
	signin.Store
	calls []string
}

func (w *watchedStore) note(call string) { w.calls = append(w.calls, call) }

func (w *watchedStore) Login(ctx context.Context, owner string) (signin.LoginRow, error) {
	w.note("Login")
	return w.Store.Login(ctx, owner)
}

func (w *watchedStore) HoldTries(ctx context.Context, key signin.Hash) (signin.TryRow, error) {
	w.note("HoldTries")
	return w.Store.HoldTries(ctx, key)
}

func (w *watchedStore) PutAttempt(ctx context.Context, attempt signin.Hash, sealed []byte, until time.Time) error {
	w.note("PutAttempt")
	return w.Store.PutAttempt(ctx, attempt, sealed, until)
}

func (w *watchedStore) UseStep(ctx context.Context, owner string, step int64) (bool, error) {
	w.note("UseStep")
	return w.Store.UseStep(ctx, owner, step)
}

func (w *watchedStore) DropRecoveryCode(ctx context.Context, owner string, code signin.Hash) (bool, error) {
	w.note("DropRecoveryCode")
	return w.Store.DropRecoveryCode(ctx, owner, code)
}

func (w *watchedStore) UsersOfDevice(ctx context.Context, d signin.Hash) ([]signin.DeviceRow, error) {
	w.note("UsersOfDevice")
	return w.Store.UsersOfDevice(ctx, d)
}

// Whether a name exists, has a passphrase, or has left: every answer is the
// same, and so is the work behind it, counted rather than timed.
func TestAnswersAreTheSame_C13(t *testing.T) {
	h := newHouse(t)
	watched := &watchedStore{}
	h.wrap = func(s signin.Store) signin.Store { watched.Store = s; return watched }
	h.open()
	p := h.newPerson("Mara")
	gone := h.newPerson("Ben")
	h.leave(gone.User)
	h.newUser("Ana") // has no way in
	checks := signin.CountChecks(h.Desk)

	type answer struct {
		Begin, Finish, Recover string
		Waits                  time.Duration
		Attempt                int
		Checks                 int64
		Calls                  []string
	}
	ask := func(n int, name, passphrase string) (a answer) {
		checks.Store(0)
		watched.calls = nil
		door := signin.Door{Address: fmt.Sprintf("203.0.113.%d", n)}
		attempt, err := h.Begin(t.Context(), door, name, passphrase)
		a.Attempt, a.Begin = len(attempt), fmt.Sprint(err)
		_, _, _, err = h.Finish(t.Context(), door, attempt, "000000")
		a.Finish = fmt.Sprint(err)
		_, _, err = h.UseRecoveryCode(t.Context(), door, name, "k3f9-k3f9-k3f9-k3f9")
		a.Recover = fmt.Sprint(err)
		for range 4 {
			if _, err = h.Begin(t.Context(), door, name, passphrase); err != nil {
				until, _ := waits(err)
				a.Waits = until.Sub(h.now)
			}
		}
		a.Checks, a.Calls = checks.Load(), watched.calls
		return a
	}
	want := ask(1, "Nobody", "a guess of somebody")
	if want.Begin != "<nil>" || want.Finish != signin.ErrRefused.Error() || want.Waits != time.Second || want.Checks != 4 || want.Attempt < 40 {
		t.Fatalf("an unknown name: %+v", want)
	}
	for i, tt := range []struct{ name, who, passphrase string }{
		{"known, wrong passphrase", p.Name, "a guess of somebody"},
		{"left, right passphrase", gone.Name, gone.passphrase},
		{"no way in", "Ana", "a guess of somebody"},
		{"no name", "", "a guess of somebody"},
	} {
		if diff := cmp.Diff(want, ask(10+i, tt.who, tt.passphrase)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	h.pass(24 * time.Hour)
	if diff := cmp.Diff(want, ask(30, p.Name, p.passphrase)); diff != "" {
		t.Errorf("known, right passphrase, wrong code: %s", diff)
	}
}
