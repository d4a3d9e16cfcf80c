package collectors_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
)

// fakeTokens keeps tokens that are out of use.
type fakeTokens struct{ ended map[int64]string }

func (f *fakeTokens) EndedToken(_ context.Context, _ daybook.AccountID, n int64) ([]byte, error) {
	secret, ok := f.ended[n]
	if !ok {
		return nil, daybook.ErrNotFound
	}
	return []byte(secret), nil
}

func (f *fakeTokens) TokenRevoked(_ context.Context, _ daybook.Actor, _ daybook.AccountID, n int64) error {
	delete(f.ended, n)
	return nil
}

// A token is taken back at the platform, and tried again until that is done.
func TestRevoke_D3(t *testing.T) {
	b := newBench(t)
	tokens := &fakeTokens{ended: map[int64]string{1: "old token"}}
	b.config.Tokens = tokens
	b.connect(func(a *daybook.Account, c *daybook.Consent) { a.State, c.Withdrawn = daybook.Withdrawn, b.clock.Now() })
	plan := collectors.Schedule{Queue: b.Memory, Clock: b.clock.Now, PollEvery: time.Minute}
	a, _ := b.birds.Account()
	for range 2 {
		if err := plan.Revoke(t.Context(), a, 1); err != nil {
			t.Fatal(err)
		}
	}
	b.birds.revoking = errors.New("no answer")
	for range 30 { // for days: it is never given up
		if err := b.runner().Revoke(t.Context(), "acc"); err == nil {
			t.Fatal("no error while the platform does not answer")
		}
		b.clock.Advance(2 * time.Hour)
	}
	if tokens.ended[1] == "" {
		t.Error("the token was destroyed before the platform took it back")
	}
	b.birds.revoking = nil
	if err := b.runner().Revoke(t.Context(), "acc"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.birds.revoked, []string{"old token"}) || len(tokens.ended) != 0 || len(b.Tasks("revoke")) != 0 {
		t.Errorf("revoked %q, kept %d, planned %d", b.birds.revoked, len(tokens.ended), len(b.Tasks("revoke")))
	}
	if len(b.birds.asked) != 0 {
		t.Errorf("requests %q for an account that was withdrawn", b.birds.asked)
	}
}

// Run reads every account as it becomes due, looks again, fetches attachments,
// and ends when it is told to.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.birds = newBirds(time.Now)
		b.birds.files["nest.png"] = []byte("a nest")
		b.birds.asking = nil
		b.birds.rows[7].At, b.birds.rows[7].Files = time.Now(), []string{"nest.png"}
		b.connect(func(_ *daybook.Account, c *daybook.Consent) {
			c.Given, c.Until = time.Now(), time.Now().AddDate(0, 3, 0)
		})
		appended := 0
		b.config = collectors.Config{
			Drivers: []collectors.Driver{b.birds.Driver()}, Log: b.Memory, Ledger: b.Memory, Accounts: b.Memory, Queue: b.Memory,
			Owner: "test", Workers: 1,
			OnAppended: func(context.Context, daybook.CaseID) { appended++ },
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- collectors.NewRunner(b.config).Run(ctx) }()

		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := len(b.texts()); n != 8 {
			t.Errorf("%d items after the start, want 8", n)
		}
		if !slices.Contains(b.birds.calls(), "media/nest.png") {
			t.Error("the attachment was not fetched at once")
		}
		change := func(fn func()) {
			b.birds.mu.Lock()
			defer b.birds.mu.Unlock()
			fn()
		}
		change(func() { b.birds.send("rook", "new").At = time.Now() })
		asked := len(b.birds.calls())
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := len(b.texts()); n != 9 {
			t.Errorf("%d items after two minutes, want 9", n)
		}
		if n := len(b.birds.calls()) - asked; n < 3 || n > 20 {
			t.Errorf("%d requests in two minutes", n)
		}
		change(func() {
			b.birds.rows[7].Text = "edited"
			b.birds.Fail(collectorstest.ServerError, 0)
		})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if !slices.Contains(b.texts(), "edited") || !slices.Contains(b.birds.calls(), "look/80") {
			t.Errorf("no second look found the edit: %q", b.texts())
		}
		if appended == 0 {
			t.Error("nobody was told that the log grew")
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run ended with %v", err)
		}
		asked = len(b.birds.calls())
		time.Sleep(time.Hour)
		if len(b.birds.calls()) != asked {
			t.Error("requests after the end")
		}
	})
}
