package twitter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
)

// purse keeps amounts in memory.
type purse struct {
	days map[string]int64 // account and day
	seen map[string]bool
	err  error
}

func newPurse() *purse { return &purse{days: map[string]int64{}, seen: map[string]bool{}} }

func (p *purse) AddSpent(_ context.Context, a daybook.Account, at time.Time, what string, ids []string, each int64) error {
	if p.err != nil {
		return p.err
	}
	day := string(a.ID) + at.UTC().Format(time.DateOnly)
	for _, id := range ids {
		if key := day + what + "/" + id; !p.seen[key] {
			p.seen[key] = true
			p.days[day] += each
		}
	}
	return nil
}

func (p *purse) Spent(_ context.Context, a daybook.Account, from, until time.Time) (n int64, err error) {
	for day := from.UTC(); day.Before(until); day = day.AddDate(0, 0, 1) {
		n += p.days[string(a.ID)+day.Format(time.DateOnly)]
	}
	return n, p.err
}

func TestMoney(t *testing.T) {
	for _, tt := range []struct {
		amount twitter.Money
		want   string
	}{
		{0, "$0.00"}, {400_000, "$0.40"}, {1_000, "$0.001"}, {5_000_000, "$5.00"}, {1_234_567, "$1.234567"}, {10_000, "$0.01"}, {-250_000, "-$0.25"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if got := tt.amount.String(); got != tt.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// What was read is counted once in a day of UTC, for each account by itself, and
// at the price of its kind.
func TestCounter(t *testing.T) {
	mara, noor := daybook.Account{ID: "mara"}, daybook.Account{ID: "noor"}
	night := time.Date(2026, 9, 30, 23, 59, 0, 0, time.UTC)
	p := newPurse()
	c := twitter.NewCounter(p, twitter.DefaultPrices(true), twitter.Dollar)
	for _, step := range []struct {
		name string
		a    daybook.Account
		at   time.Time
		what twitter.Resource
		ids  []string
		want int64 // of mara in the month of at, from here on
	}{
		{"two messages", mara, night, twitter.ReadMessage, []string{"1", "2"}, 20_000},
		{"one of them again", mara, night, twitter.ReadMessage, []string{"2"}, 20_000},
		{"twice in one answer", mara, night, twitter.ReadMessage, []string{"3", "3"}, 30_000},
		{"a post of the same number", mara, night, twitter.ReadPost, []string{"1"}, 35_000},
		{"the person's own mention", mara, night, twitter.ReadMention, []string{"7"}, 36_000},
		{"that mention, asked for as a post", mara, night, twitter.ReadPost, []string{"7"}, 36_000},
		{"profiles beside it", mara, night, twitter.ReadProfile, []string{"8"}, 36_000},
		{"a user", mara, night, twitter.ReadUser, []string{"8"}, 46_000},
		{"blocks", mara, night, twitter.ReadBlock, []string{"8", "9"}, 48_000},
		{"nothing", mara, night, twitter.ReadMessage, nil, 48_000},
		{"another account", noor, night, twitter.ReadMessage, []string{"1"}, 48_000},
		{"another day, and another month", mara, night.Add(2 * time.Minute), twitter.ReadMessage, []string{"1"}, 10_000},
	} {
		t.Run(step.name, func(t *testing.T) {
			if err := c.Read(t.Context(), step.a, step.at, step.what, step.ids...); err != nil {
				t.Fatal(err)
			}
			if got, err := c.ThisMonth(t.Context(), mara, step.at); err != nil || int64(got) != step.want {
				t.Errorf("got %s, %v, want %s", got, err, twitter.Money(step.want))
			}
		})
	}
	if err := c.Read(t.Context(), mara, night, "moonwalk", "1"); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("without a price: %v, want ErrInvalid", err)
	}
}

// What could not be kept is counted when it is read again.
func TestCounterWhileTheStoreFails(t *testing.T) {
	mara, at := daybook.Account{ID: "mara"}, time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)
	p := newPurse()
	p.err = errors.New("the disk is full")
	c := twitter.NewCounter(p, twitter.DefaultPrices(false), twitter.Dollar)
	if err := c.Read(t.Context(), mara, at, twitter.ReadMessage, "1"); !errors.Is(err, p.err) {
		t.Errorf("got %v", err)
	}
	if err := c.Allow(t.Context(), mara, at); !errors.Is(err, p.err) {
		t.Errorf("allowed without knowing: %v", err)
	}
	p.err = nil
	if err := c.Read(t.Context(), mara, at, twitter.ReadMessage, "1"); err != nil {
		t.Fatal(err)
	}
	if got, err := c.ThisMonth(t.Context(), mara, at); err != nil || got != 10_000 {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestEstimate(t *testing.T) {
	now := time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC)
	day := func(n int) string { return "mara" + now.AddDate(0, 0, -n).Format(time.DateOnly) }
	for _, tt := range []struct {
		name  string
		days  map[string]int64
		since time.Time
		want  twitter.Money
		known bool
	}{
		{"nothing yet", map[string]int64{}, now.AddDate(0, -3, 0), 0, false},
		{"every day for a month", func() map[string]int64 {
			m := map[string]int64{}
			for n := range 40 {
				m[day(n)] = 10_000
			}
			return m
		}(), now.AddDate(0, -3, 0), 300_000, true},
		{"since today", map[string]int64{day(0): 20_000}, now.Add(-time.Hour), 600_000, true},
		{"for ten days", map[string]int64{day(0): 50_000, day(9): 50_000}, now.AddDate(0, 0, -9), 300_000, true},
		{"long ago", map[string]int64{day(31): 50_000}, now.AddDate(0, -3, 0), 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := twitter.NewCounter(&purse{days: tt.days}, twitter.DefaultPrices(false), twitter.Dollar)
			got, known, err := c.Estimate(t.Context(), daybook.Account{ID: "mara"}, tt.since, now)
			if err != nil || got != tt.want || known != tt.known {
				t.Errorf("got %s, %t, %v; want %s, %t", got, known, err, tt.want, tt.known)
			}
		})
	}
}

// A capped is an account on the made-up X that is read with a cap.
type capped struct {
	t      *testing.T
	server *fakex.Server
	me     *fakex.Person
	other  *fakex.Person
	purse  *purse
	last   *twitter.Counter // of this process, until the cap is another
	*collectorstest.Memory
}

func newCapped(t *testing.T) *capped {
	t.Helper()
	s := fakex.New(fakex.Options{Start: time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC), NoLimits: true})
	c := &capped{t: t, server: s, me: s.Person("wren_83", "Wren"), other: s.Person("rook_9", "Rook"), purse: newPurse(), Memory: collectorstest.NewMemory()}
	account := daybook.Account{ID: "acc", Case: "case", Platform: twitter.Platform, Server: twitter.Server, State: daybook.Active, Handle: twitter.User(c.me.ID, "wren_83", "")}
	c.Connect(account, daybook.Consent{Account: "acc", Given: s.Now(), Until: s.Now().Add(daybook.ConsentPeriod)}, fmt.Appendf(nil, `{"access":%q}`, s.Token(c.me)))
	return c
}

// read reads the account once, with a cap.
func (c *capped) read(most twitter.Money) (collectors.Report, *twitter.Counter, error) {
	c.t.Helper()
	counter := c.last
	if counter == nil || counter.Cap() != most {
		counter = twitter.NewCounter(c.purse, twitter.DefaultPrices(false), most)
		c.last = counter
	}
	d := twitter.Driver(twitter.Config{Now: c.server.Now, Exception: &collectors.Exception{Hosts: c.server.Hosts()}, Meter: counter})
	rep, err := collectors.NewRunner(collectors.Config{
		Drivers: []collectors.Driver{d}, Log: c.Memory, Ledger: c.Memory, Accounts: c.Memory, Queue: c.Memory, Owner: "test", Clock: c.server.Now,
		Elapsed: func() time.Duration { return c.server.Now().Sub(time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)) }, LookAfter: []time.Duration{},
	}).Once(c.t.Context(), "acc")
	return rep, counter, err
}

// When the cap is reached nothing is asked for; the record says why, and in the
// next month, or once the cap is raised, reading goes on where it was left.
func TestCap_A7(t *testing.T) {
	for _, tt := range []struct {
		name  string
		then  twitter.Money
		until func(now time.Time) time.Time
	}{
		{"next month", 50_000, func(time.Time) time.Time { return time.Date(2026, 10, 1, 0, 10, 0, 0, time.UTC) }},
		{"raised", twitter.Dollar, func(now time.Time) time.Time { return now.Add(61 * time.Minute) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCapped(t)
			if _, _, err := c.read(50_000); err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				c.other.Message(c.me, fmt.Sprint("hello ", i))
			}
			c.server.Wait(time.Minute)
			if _, counter, err := c.read(50_000); err != nil {
				var limit *collectors.RateLimitError
				if !errors.As(err, &limit) {
					t.Fatal(err)
				}
			} else if spent, err := counter.ThisMonth(t.Context(), daybook.Account{ID: "acc"}, c.server.Now()); err != nil || spent < 50_000 {
				t.Fatalf("spent %s, %v", spent, err)
			}
			c.other.Message(c.me, "after the cap")
			c.server.Wait(time.Minute)
			c.server.Forget()
			_, _, err := c.read(50_000)
			var limit *collectors.RateLimitError
			if !errors.As(err, &limit) || limit.Cause != twitter.CauseCap || limit.Until.Sub(c.server.Now()) > time.Hour || len(c.server.Requests()) != 0 {
				t.Fatalf("got %v and %d calls; want the cap, for at most an hour, and none", err, len(c.server.Requests()))
			}
			if due := c.Due("acc"); !due.Equal(limit.Until) {
				t.Errorf("due %v, want %v", due, limit.Until)
			}
			c.server.Wait(tt.until(c.server.Now()).Sub(c.server.Now()))
			rep, _, err := c.read(tt.then)
			if err != nil && !errors.As(err, &limit) {
				t.Fatal(err)
			}
			if rep.New == 0 {
				t.Error("what came meanwhile was not read")
			}
			if !slices.ContainsFunc(c.gaps(), func(g daybook.Gap) bool { return g.Cause == twitter.CauseCap && g.To.After(g.From) }) {
				t.Errorf("no entry says why: %+v", c.gaps())
			}
		})
	}
}

func (c *capped) gaps() (out []daybook.Gap) {
	for _, r := range c.Records() {
		if r.Kind == daybook.RecordGap {
			var g daybook.Gap
			if err := r.Decode(&g); err != nil {
				c.t.Fatal(err)
			}
			out = append(out, g)
		}
	}
	return out
}

// What daybook counts is what is on the bill, where the bill is known.
func TestCountAndBillAgree(t *testing.T) {
	c := newCapped(t)
	for day := range 3 {
		for i := range 12 {
			c.other.Message(c.me, fmt.Sprint("message ", day, " ", i))
			c.other.Mention(c.me, fmt.Sprint("mention ", day, " ", i))
			c.server.Wait(time.Minute)
			if _, _, err := c.read(100 * twitter.Dollar); err != nil {
				t.Fatal(err)
			}
		}
		c.server.Wait(24 * time.Hour)
	}
	counted, err := c.purse.Spent(t.Context(), daybook.Account{ID: "acc"}, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	bill := c.server.Bill()
	if counted != bill.MicroDollars() || counted == 0 {
		t.Errorf("counted %s, the bill says %s: %v", twitter.Money(counted), twitter.Money(bill.MicroDollars()), bill)
	}
	// A restart counts nothing twice.
	c.last = nil
	if _, _, err := c.read(100 * twitter.Dollar); err != nil {
		t.Fatal(err)
	}
	again, err := c.purse.Spent(t.Context(), daybook.Account{ID: "acc"}, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	if bill := c.server.Bill(); err != nil || again != bill.MicroDollars() {
		t.Errorf("after a restart %s, the bill says %s; %v", twitter.Money(again), twitter.Money(bill.MicroDollars()), err)
	}
}

// The words and their version belong together.
func TestTermsText(t *testing.T) {
	const want = "0ec48780b89a0e9a"
	h := daybook.DigestOf(fmt.Append(nil, twitter.TermsText, twitter.Terms()))
	if got := h.String()[:16]; got != want {
		t.Errorf("the words are %s, not %s: if they were changed, give TermsText a new version", got, want)
	}
}
