package collectors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
)

// rotating is the made-up platform with tokens that last for two hours, and
// another with each by which the next pair is got, once: using it twice ends all
// of them. A secret is "pair <n> until <time>".
type rotating struct {
	*fakeBirds
	mu     sync.Mutex // held while a refresh is answered
	state  sync.Mutex // held while what follows is read or changed by workers
	newest int
	dead   bool   // one was used twice
	fail   error  // the platform cannot be asked for tokens
	lose   bool   // the next answer is lost on its way
	calls  int    // refreshes that reached the platform
	during func() // called while one is answered
	early  bool   // the platform refuses the newest token before its end
	opened []string
	given  []string // tokens that were revoked
}

const tokenLife = 2 * time.Hour

func (p *rotating) secret() []byte {
	p.state.Lock()
	defer p.state.Unlock()
	return fmt.Appendf(nil, "pair %d until %s", p.newest, p.now().Add(tokenLife).Format(time.RFC3339))
}

func (p *rotating) holds(secret []byte) bool {
	p.state.Lock()
	defer p.state.Unlock()
	return p.newestIs(secret)
}

func (p *rotating) newestIs(secret []byte) bool {
	return !p.dead && strings.HasPrefix(string(secret), fmt.Sprintf("pair %d ", p.newest))
}

func endOf(secret []byte) time.Time {
	_, until, _ := strings.Cut(string(secret), " until ")
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Account implements collectorstest.Platform.
func (p *rotating) Account() (daybook.Account, []byte) { return p.account, p.secret() }

// Driver implements collectorstest.Platform.
func (p *rotating) Driver() collectors.Driver {
	d := p.fakeBirds.Driver()
	d.Open = func(_ context.Context, _ daybook.Account, secret []byte) (collectors.Source, error) {
		p.state.Lock()
		defer p.state.Unlock()
		p.opened = append(p.opened, string(secret))
		return &tokenSource{p.fakeBirds, func() bool {
			p.state.Lock()
			defer p.state.Unlock()
			return p.newestIs(secret) && !p.early && p.now().Before(endOf(secret))
		}}, nil
	}
	d.Ends = endOf
	d.Refresh = p.refresh
	d.Revoke = func(_ context.Context, _ daybook.Account, secret []byte) error {
		p.state.Lock()
		defer p.state.Unlock()
		p.given = append(p.given, string(secret))
		return nil
	}
	return d
}

func (p *rotating) refresh(ctx context.Context, _ daybook.Account, secret []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return nil, p.fail
	}
	if !p.rotate(secret) {
		return nil, fmt.Errorf("status 400: %w", collectors.ErrRefused)
	}
	if p.during != nil {
		p.during()
	}
	if p.lose {
		p.lose = false
		return nil, errors.New("the connection ended")
	}
	return p.secret(), ctx.Err()
}

// rotate puts another pair in the place of one; used twice, it ends both.
func (p *rotating) rotate(secret []byte) bool {
	p.state.Lock()
	defer p.state.Unlock()
	p.calls++
	if !p.newestIs(secret) {
		p.dead = true
		return false
	}
	p.newest++
	p.early = false
	return true
}

// A tokenSource is a source whose token the platform may refuse.
type tokenSource struct {
	*fakeBirds
	taken func() bool
}

// Fetch implements collectors.Source.
func (s *tokenSource) Fetch(ctx context.Context, l daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	if !s.taken() {
		return collectors.Page{}, fmt.Errorf("status 401: %w", collectors.ErrRefused)
	}
	return s.fakeBirds.Fetch(ctx, l, at)
}

func newRotating(t *testing.T) (*bench, *rotating) {
	t.Helper()
	b := newBench(t)
	p := &rotating{fakeBirds: b.birds, newest: 1}
	a, secret := p.Account()
	b.Connect(a, daybook.Consent{Account: a.ID, Given: b.clock.Now(), Until: b.clock.Now().Add(daybook.ConsentPeriod)}, secret)
	b.config.Drivers = []collectors.Driver{p.Driver()}
	return b, p
}

func (b *bench) account() (daybook.Account, string) {
	b.t.Helper()
	a, _, secret, err := b.Memory.Account(b.t.Context(), "acc")
	if err != nil {
		b.t.Fatal(err)
	}
	return a, string(secret)
}

// stops returns how many entries say that the token was refused.
func stops(t *testing.T, records []daybook.Record) (n int) {
	t.Helper()
	for _, r := range records {
		if r.Kind != daybook.RecordConsent {
			continue
		}
		for _, c := range decode[daybook.ConsentRecord](t, []daybook.Record{r}) {
			if c.Event == daybook.TokenRefused {
				n++
			}
		}
	}
	return n
}

// A token is refreshed shortly before its end and not before, and what came is
// kept before it is used.
func TestRefresh(t *testing.T) {
	b, p := newRotating(t)
	for _, tt := range []struct {
		name  string
		pass  time.Duration
		calls int
	}{
		{"at once", 0, 0},
		{"with time left", tokenLife - 16*time.Minute, 0},
		{"near its end", 2 * time.Minute, 1},
		{"just refreshed", time.Minute, 1},
		{"near the end of the next", tokenLife - 14*time.Minute, 2},
		{"long past its end", 10 * tokenLife, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.clock.Advance(tt.pass)
			p.during = func() {
				if _, kept := b.account(); !strings.HasPrefix(kept, fmt.Sprintf("pair %d ", p.newest-1)) {
					t.Errorf("the row was changed before the answer came: %s", kept)
				}
			}
			b.mustRead()
			_, kept := b.account()
			if p.calls != tt.calls || !p.holds([]byte(kept)) || p.opened[len(p.opened)-1] != kept {
				t.Errorf("%d refreshes, want %d; kept %s, used %s", p.calls, tt.calls, kept, p.opened[len(p.opened)-1])
			}
		})
	}
}

// While the platform cannot be asked for tokens, the old one is used as long as it
// lasts. After that the account waits; it is not stopped, and nobody has to act.
func TestRefreshThatFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"no answer", errors.New("no route")},
		{"status 503", &collectors.StatusError{Status: 503}},
		{"too many requests", &collectors.RateLimitError{Until: time.Date(2026, 3, 2, 10, 58, 0, 0, time.UTC)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, p := newRotating(t)
			b.mustRead()
			p.fail = tt.err
			b.clock.Advance(tokenLife - 10*time.Minute)
			b.birds.send("kestrel", "while it lasts")
			if rep := b.mustRead(); rep.New != 1 {
				t.Errorf("%d new while the old token lasts, want 1", rep.New)
			}
			b.news(daybook.RecordGap)
			b.clock.Advance(11 * time.Minute)
			asked := len(b.birds.asked)
			if _, err := b.once(); err == nil || errors.Is(err, collectors.ErrRefused) {
				t.Errorf("past its end: %v, want a temporary error", err)
			}
			a, _ := b.account()
			if a.State != daybook.Active || stops(t, b.Records()) != 0 || len(b.birds.asked) != asked {
				t.Errorf("the account is %s, %d requests with a token that has ended", a.State, len(b.birds.asked)-asked)
			}
			p.fail = nil
			b.clock.Advance(5 * time.Minute)
			b.birds.send("kestrel", "when it is back")
			if rep := b.mustRead(); rep.New != 1 || len(rep.Gaps) == 0 {
				t.Errorf("%d new, gaps %v; want one, and the time without a token", rep.New, rep.Gaps)
			}
		})
	}
}

// A rotation whose answer is lost cannot be made good: the next refresh is
// refused, the account is stopped once, and a person has to act.
func TestRefreshWhoseAnswerIsLost(t *testing.T) {
	b, p := newRotating(t)
	told := 0
	b.config.OnStopped = func(context.Context, daybook.Account) { told++ }
	b.mustRead()
	b.clock.Advance(tokenLife - 10*time.Minute)
	p.lose = true
	if _, err := b.once(); !errors.Is(err, collectors.ErrRefused) && err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Minute)
	for range 3 {
		if _, err := b.once(); err == nil {
			t.Error("read with a token that is worth nothing")
		}
		b.clock.Advance(time.Minute)
	}
	a, _ := b.account()
	if n := stops(t, b.Records()); a.State != daybook.Stopped || n != 1 || told != 1 {
		t.Errorf("the account is %s; %d entries say so, %d people were told; want one each", a.State, n, told)
	}
	if p.calls > 2 {
		t.Errorf("%d refreshes, want 2: the lost one and the refused one", p.calls)
	}
}

// Wherever the process dies in a run that refreshes, the next one either has the
// newest pair or is told that there is none; the latter only if it died between
// the platform's answer and the commit.
func TestRefreshCrash(t *testing.T) {
	b, _ := newRotating(t)
	b.mustRead()
	b.clock.Advance(tokenLife - 10*time.Minute)
	counted := &collectorstest.Faults{At: -1}
	b.config = counted.Wrap(b.config)
	b.mustRead()
	lost := 0
	for at := range counted.Steps {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d, persisted %t", at, after), func(t *testing.T) {
				b, p := newRotating(t)
				b.mustRead()
				b.clock.Advance(tokenLife - 10*time.Minute)
				whole := b.config
				f := &collectorstest.Faults{At: at, After: after}
				b.config = f.Wrap(whole)
				if _, err := b.once(); err != nil && !errors.Is(err, collectorstest.ErrFault) {
					t.Fatal(err)
				}
				_, kept := b.account()
				had := p.holds([]byte(kept))
				b.config = whole
				b.config.Owner = "test, started again"
				b.clock.Advance(time.Hour) // the lease ends
				b.birds.send("kestrel", "afterwards")
				_, err := b.once()
				a, kept := b.account()
				switch {
				case had:
					if err != nil || a.State != daybook.Active || !p.holds([]byte(kept)) {
						t.Errorf("the newest pair was kept; then %v, the account is %s", err, a.State)
					}
				default:
					lost++
					if !errors.Is(err, collectors.ErrRefused) || a.State != daybook.Stopped || stops(t, b.Records()) != 1 {
						t.Errorf("the newest pair was lost; then %v, the account is %s", err, a.State)
					}
				}
			})
		}
	}
	if lost != 1 {
		t.Errorf("%d places lose the pair, want one: between the answer and the commit", lost)
	}
}

// As long as the process lives, a store that fails loses no pair.
func TestRefreshWhileTheStoreFails(t *testing.T) {
	b, p := newRotating(t)
	b.mustRead()
	b.clock.Advance(tokenLife - 10*time.Minute)
	f := &refusingKeeper{Memory: b.Memory, fail: true}
	b.config.Accounts = f
	r := b.runner()
	for range 3 {
		if _, err := r.Once(t.Context(), "acc"); !errors.Is(err, errDisk) {
			t.Fatalf("got %v, want the store's error", err)
		}
		b.clock.Advance(time.Minute)
	}
	f.fail = false
	if _, err := r.Once(t.Context(), "acc"); err != nil {
		t.Fatal(err)
	}
	a, kept := b.account()
	if p.calls != 1 || a.State != daybook.Active || !p.holds([]byte(kept)) {
		t.Errorf("%d refreshes, the account is %s and keeps %s", p.calls, a.State, kept)
	}
}

var errDisk = errors.New("the disk is full")

type refusingKeeper struct {
	*collectorstest.Memory
	fail bool
}

// RenewToken implements collectors.TokenKeeper.
func (k *refusingKeeper) RenewToken(ctx context.Context, id daybook.AccountID, old, fresh []byte, at time.Time) error {
	if k.fail {
		return errDisk
	}
	return k.Memory.RenewToken(ctx, id, old, fresh, at)
}

// A process that is asked to stop while a token is refreshed keeps the new one.
func TestRefreshWhileStopping(t *testing.T) {
	b, p := newRotating(t)
	b.mustRead()
	b.clock.Advance(tokenLife - 10*time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	p.during = stop
	if _, err := b.runner().Once(ctx, "acc"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if _, kept := b.account(); !p.holds([]byte(kept)) {
		t.Errorf("kept %s", kept)
	}
}

// A token that is refused before its end is refreshed once before a person has to
// act; if the fresh one is refused too, the account is stopped.
func TestRefusedBeforeItsEnd(t *testing.T) {
	b, p := newRotating(t)
	r := b.runner()
	once := func() error {
		b.clock.Advance(time.Minute)
		_, err := r.Once(t.Context(), "acc")
		return err
	}
	if err := once(); err != nil {
		t.Fatal(err)
	}
	p.early, p.fail = true, errors.New("no route")
	if err := once(); err == nil || errors.Is(err, collectors.ErrRefused) {
		t.Errorf("while nobody can be asked: %v, want a temporary error", err)
	}
	p.fail = nil
	for i := range 2 {
		b.clock.Advance(time.Minute)
		rep, err := r.Once(t.Context(), "acc")
		if err != nil || rep.More != (i == 0) || p.calls != 1 {
			t.Errorf("run %d: %v after %d refreshes, more %t", i, err, p.calls, rep.More)
		}
	}
	p.early = true
	if err := once(); !errors.Is(err, collectors.ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
	if a, _ := b.account(); a.State != daybook.Stopped || p.calls != 1 {
		t.Errorf("the account is %s after %d refreshes; want it stopped, and no more of them", a.State, p.calls)
	}
}

// Of several processes on the real store, and of several kinds of work, one
// refreshes, and what is in use afterwards is the newest pair.
func TestRefreshByTwo(t *testing.T) {
	for _, engine := range engines() {
		t.Run(engine.name, func(t *testing.T) {
			s := newRealStore(t, engine.open)
			clock, p := connectRotating(t, s)
			clock.Advance(tokenLife - 10*time.Minute)
			var wg sync.WaitGroup
			errs := make([]error, 4)
			for i := range errs {
				wg.Go(func() {
					_, errs[i] = runnerOn(s, clock, p, fmt.Sprintf("process %d", i)).Once(t.Context(), "acc")
				})
				// Second looks are due as well, and are no poll.
				wg.Go(func() {
					if _, err := runnerOn(s, clock, p, fmt.Sprintf("process %d", i)).Looks(t.Context(), "acc"); err != nil {
						t.Errorf("second looks: %v", err)
					}
				})
			}
			wg.Wait()
			for i, err := range errs {
				if err != nil && !errors.Is(err, collectors.ErrBusy) {
					t.Errorf("process %d: %v", i, err)
				}
			}
			clock.Advance(time.Minute)
			if _, err := runnerOn(s, clock, p, "after them").Once(t.Context(), "acc"); err != nil {
				t.Error(err)
			}
			a, _, secret, err := s.DB.Account(t.Context(), "acc")
			if err != nil || p.calls != 1 || a.State != daybook.Active || !p.holds(secret) {
				t.Errorf("%d refreshes, the account is %s: %v", p.calls, a.State, err)
			}
		})
	}
}

// When the consent is withdrawn while a token is refreshed, the fresh one is what
// is taken back, and nothing is read with it.
func TestWithdrawnDuringRefresh_D3(t *testing.T) {
	for _, engine := range engines() {
		t.Run(engine.name, func(t *testing.T) {
			s := newRealStore(t, engine.open)
			clock, p := connectRotating(t, s)
			clock.Advance(tokenLife - 10*time.Minute)
			ctx, asked := t.Context(), len(p.asked)
			p.during = func() { // the row of the account is not held while the platform answers
				if _, err := s.EndTokens(ctx, "acc", clock.Now()); err != nil {
					t.Error(err)
				}
				if err := s.SetState(ctx, "acc", daybook.Withdrawn); err != nil {
					t.Error(err)
				}
			}
			if _, err := runnerOn(s, clock, p, "one").Once(ctx, "acc"); !errors.Is(err, daybook.ErrConsentEnded) {
				t.Errorf("got %v, want ErrConsentEnded", err)
			}
			if len(p.asked) != asked {
				t.Errorf("%d requests after it was withdrawn", len(p.asked)-asked)
			}
			if secret, err := s.EndedToken(ctx, "acc", 1); err != nil || !p.holds(secret) {
				t.Errorf("to be revoked: %s, %v", secret, err)
			}
		})
	}
}

// A token that another process replaced meanwhile is not used, and what was got
// in its place is given back.
func TestConnectedAgainDuringRefresh(t *testing.T) {
	b, p := newRotating(t)
	b.mustRead()
	b.clock.Advance(tokenLife - 10*time.Minute)
	other := []byte("pair 2 of another connection until 2026-03-02T23:00:00Z")
	p.during = func() {
		a, c, _, err := b.Memory.Account(t.Context(), "acc")
		if err != nil {
			t.Error(err)
		}
		b.Connect(a, c, other)
	}
	b.mustRead()
	_, kept := b.account()
	if kept != string(other) || p.opened[len(p.opened)-1] != kept || len(p.given) != 1 || p.given[0] == kept {
		t.Errorf("kept %s, used %s, gave back %q", kept, p.opened[len(p.opened)-1], p.given)
	}
}

type engine struct {
	name string
	open openStore
}

func engines() []engine { return []engine{{"sqlite", onSQLite}, {"postgres", onPostgres}} }

func connectRotating(t *testing.T, s *realStore) (*collectorstest.Clock, *rotating) {
	t.Helper()
	clock := collectorstest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	p := &rotating{fakeBirds: newBirds(clock.Now), newest: 1}
	a, secret := p.Account()
	s.Connect(a, daybook.Consent{Account: a.ID, Given: clock.Now(), Until: clock.Now().AddDate(0, 3, 0)}, secret)
	if _, err := runnerOn(s, clock, p, "before").Once(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	return clock, p
}

func runnerOn(s *realStore, clock *collectorstest.Clock, p *rotating, owner string) *collectors.Runner {
	return collectors.NewRunner(collectors.Config{
		Drivers: []collectors.Driver{p.Driver()}, Log: s.log, Ledger: s.DB, Accounts: s.DB, Queue: s.DB,
		Owner: owner, Clock: clock.Now, Elapsed: clock.Elapsed,
	})
}
