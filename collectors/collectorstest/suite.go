// Package collectorstest holds the contract of a Driver as tests that every
// driver inherits, and what tests of collecting need: a store in memory that
// keeps transactions, and faults between a Runner and its store.
package collectorstest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
)

// A Part is something that can happen on a fake platform.
type Part string

// The parts that the suite plays. A platform may leave some out.
const (
	Burst    Part = "burst"         // more new messages than a page holds
	LateOld  Part = "late old id"   // a message appears with an id older than the newest
	Unknown  Part = "unknown type"  // an item of a kind that no version of the driver knows
	Hidden   Part = "empty page"    // a page without items, behind which there are more
	Repeated Part = "repeated item" // an item stands on two pages
)

// A Fault is how a request can fail.
type Fault string

// The faults that the suite makes. A platform may leave some out.
const (
	CutBody     Fault = "cut body"    // the connection ends in the middle of it
	HalfAnswer  Fault = "half answer" // whole as far as HTTP can tell, but cut
	ServerError Fault = "server error"
	RateLimited Fault = "rate limited"  // with the time of the reset in the answer
	Refused     Fault = "token refused" // until Fail is called again
	NoFault     Fault = ""
)

// A Platform is a fake of what a driver speaks to, with an account on it that a
// few messages have reached: more than one page of them.
type Platform interface {
	Driver() collectors.Driver
	// Account returns the account and its secret: the same in every Platform
	// that a Harness makes.
	Account() (daybook.Account, []byte)
	// Play lets something happen; false if it cannot happen here.
	Play(Part) bool
	// Fail lets the request after the next after ones fail; false if it
	// cannot fail so here. NoFault ends what still fails.
	Fail(f Fault, after int) bool
	// Expected returns what a collector must have found by now.
	Expected() []daybook.MessageKey
	// Requests returns how many requests there were.
	Requests() int
	// Forbidden returns the requests that were not on the driver's list or
	// that change something.
	Forbidden() []string
}

// A Store is what a Runner works with, and what the suite reads back.
type Store interface {
	collectors.Log
	collectors.Ledger
	collectors.Queue
	collectors.Accounts
	// Connect adds or replaces an account.
	Connect(a daybook.Account, c daybook.Consent, secret []byte)
	// Records returns the log of the one case that there is.
	Records() []daybook.Record
	// Due returns when the account is read next.
	Due(id daybook.AccountID) time.Time
}

// A Harness makes platforms on which the same has happened.
type Harness struct {
	New func(t *testing.T, clock *Clock) Platform
	// Pages is how many requests a first run needs at least; it must be more
	// than one, or the suite tests nothing.
	Pages int
	// Store makes an empty store; nil: one in memory. It may give accounts
	// another case.
	Store func(t *testing.T) Store
	// Crashes is how many places of a run are tried in the crash test; 0: 60.
	Crashes int
}

// Run runs the contract.
func Run(t *testing.T, h Harness) {
	t.Run("first run", h.firstRun)
	for _, p := range []Part{Burst, LateOld, Unknown, Hidden, Repeated} {
		t.Run(string(p), func(t *testing.T) { h.part(t, p) })
	}
	for _, f := range []Fault{CutBody, HalfAnswer, ServerError, RateLimited, Refused} {
		t.Run(string(f), func(t *testing.T) { h.fault(t, f) })
	}
	t.Run("crash", h.crashes)
	t.Run("parser takes anything", h.parse)
}

// A stage is a Runner on a fresh platform with an empty store.
type stage struct {
	t     *testing.T
	clock *Clock
	Platform
	Store
	config collectors.Config
	id     daybook.AccountID
	played bool
}

func (h Harness) stage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, clock: NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	s.Platform, s.Store = h.New(t, s.clock), NewMemory()
	if h.Store != nil {
		s.Store = h.Store(t)
	}
	a, secret := s.Platform.Account()
	a.State = daybook.Active
	s.id = a.ID
	s.Connect(a, daybook.Consent{Account: a.ID, Given: s.clock.Now(), Until: s.clock.Now().Add(daybook.ConsentPeriod)}, secret)
	s.config = collectors.Config{
		Drivers: []collectors.Driver{s.Driver()}, Log: s.Store, Ledger: s.Store, Accounts: s.Store, Queue: s.Store,
		Owner: "test", Clock: s.clock.Now, Elapsed: s.clock.Elapsed,
	}
	t.Cleanup(func() {
		if bad := s.Forbidden(); len(bad) > 0 {
			t.Errorf("requests that must never be made: %q", bad)
		}
	})
	return s
}

// once is one run; time passes between runs.
func (s *stage) once() (collectors.Report, error) {
	s.clock.Advance(time.Minute)
	return collectors.NewRunner(s.config).Once(context.WithoutCancel(s.t.Context()), s.id)
}

func (s *stage) mustRead() collectors.Report {
	s.t.Helper()
	for range 50 {
		rep, err := s.once()
		if err != nil {
			s.t.Fatalf("read the account: %v", err)
		}
		if !rep.More {
			return rep
		}
	}
	s.t.Fatal("50 runs did not come to an end")
	return collectors.Report{}
}

// items returns the items of the log by capture key; it fails the test if one
// was archived twice.
func (s *stage) items() map[string]daybook.Item {
	s.t.Helper()
	all := map[string]daybook.Item{}
	for _, r := range s.Records() {
		if r.Kind != daybook.RecordItem {
			continue
		}
		it, err := daybook.ParseItem(r)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, twice := all[it.CaptureKey()]; twice {
			s.t.Errorf("archived twice: %s %s", it.Capture.Lane, it.Capture.NativeID)
		}
		all[it.CaptureKey()] = it
	}
	return all
}

// complete fails the test if a message is missing.
func (s *stage) complete() {
	s.t.Helper()
	found := map[daybook.MessageKey]bool{}
	for _, it := range s.items() {
		if it.Reading == nil {
			continue
		}
		for _, m := range it.Reading.Messages {
			found[m.Key] = true
		}
	}
	for _, key := range s.Expected() {
		if !found[key] {
			s.t.Errorf("missing: %s", string(key))
		}
	}
}

func (h Harness) firstRun(t *testing.T) {
	s := h.stage(t)
	s.mustRead()
	s.complete()
	if s.Requests() < h.Pages || h.Pages < 2 {
		t.Errorf("%d requests, want at least %d and more than one", s.Requests(), h.Pages)
	}
	if len(s.Expected()) == 0 {
		t.Error("the platform expects nothing: the suite tests nothing")
	}
	before := len(s.Records())
	rep := s.mustRead()
	if after := len(s.Records()); after != before || rep.New != 0 {
		t.Errorf("a second run added %d entries and %d captures, want none", after-before, rep.New)
	}
	for _, l := range rep.Lanes {
		st, err := s.Lane(t.Context(), s.id, l.Lane)
		if err != nil {
			t.Fatal(err)
		}
		if !st.Lost && (!st.BackDone || st.LastOK.IsZero()) {
			t.Errorf("lane %s was not read to both ends: %+v", l.Lane, st)
		}
	}
	for _, r := range s.Records() {
		if r.Actor.Role != "collector" || r.Logged.IsZero() {
			t.Errorf("a %s record by %+v at %s", r.Kind, r.Actor, r.Logged)
		}
	}
}

func (h Harness) part(t *testing.T, p Part) {
	s := h.stage(t)
	s.mustRead()
	known := len(s.items())
	if !s.Play(p) {
		t.Skipf("the platform has no %s", p)
	}
	rep := s.mustRead()
	if p == Repeated {
		rep = s.mustRead() // what was answered twice stood in the place of something else
	}
	s.complete()
	items := s.items()
	if len(items) == known && p != Repeated {
		t.Error("nothing new was archived")
	}
	if p == Unknown && rep.Unknown+rep.Failed == 0 {
		t.Error("an item of an unknown kind was not counted")
	}
	before := len(s.Records())
	s.mustRead()
	if after := len(s.Records()); after != before {
		t.Errorf("a further run added %d entries", after-before)
	}
}

func (h Harness) fault(t *testing.T, f Fault) {
	const mostRequests = 12
	tried := 0
	for after := range mostRequests {
		s := h.stage(t)
		s.mustRead()
		opened := s.Records()
		s.Play(Burst)
		if !s.Fail(f, after) {
			t.Skipf("the platform has no %s", f)
		}
		rep, err := s.once()
		if err == nil && !failed(rep) {
			break // the run has fewer requests, and each of them was tried
		}
		tried++
		h.failed(s, f, rep, err)
		s.Fail(NoFault, 0)
		s.clock.Advance(20 * time.Minute)
		s.mustRead()
		s.complete()
		if !hasGap(s.Records()[len(opened):], daybook.Late) {
			t.Errorf("fault at request %d: caught up without a late gap in the log (%v)", after, err)
		}
	}
	if tried == 0 {
		t.Error("no request failed: the suite tests nothing")
	}
}

func failed(rep collectors.Report) bool {
	return slices.ContainsFunc(rep.Lanes, func(l collectors.LaneReport) bool { return l.Err != nil })
}

// failed checks what a fault leaves behind, and mends what a person must.
func (h Harness) failed(s *stage, f Fault, rep collectors.Report, err error) {
	s.t.Helper()
	var limit *collectors.RateLimitError
	switch f {
	case RateLimited:
		if !errors.As(err, &limit) {
			s.t.Fatalf("got %v, want a RateLimitError", err)
		}
		// Where each place has a limit of its own, the others are read on.
		if due := s.Due(s.id); due.Before(limit.Until) && !limit.Only {
			s.t.Errorf("due again at %s, before the limit ends at %s", due, limit.Until)
		}
	case Refused:
		if !errors.Is(err, collectors.ErrRefused) {
			s.t.Fatalf("got %v, want ErrRefused", err)
		}
		a, c, secret, aerr := s.Store.Account(s.t.Context(), s.id)
		if aerr != nil || a.State != daybook.Stopped {
			s.t.Errorf("the account is %s, want stopped (%v)", a.State, aerr)
		}
		if !slices.ContainsFunc(s.Records(), func(r daybook.Record) bool { return r.Kind == daybook.RecordConsent }) {
			s.t.Error("the log does not say that the token was refused")
		}
		if !hasGap(s.Records(), daybook.Hole) {
			s.t.Error("the log does not say that nothing is read any more")
		}
		requests := s.Requests()
		if _, err := s.once(); !errors.Is(err, collectors.ErrNotRead) || s.Requests() != requests {
			s.t.Errorf("a stopped account was read: %v", err)
		}
		a.State = daybook.Active
		s.Connect(a, c, secret)
	}
}

func hasGap(records []daybook.Record, class daybook.GapClass) bool {
	return slices.ContainsFunc(records, func(r daybook.Record) bool {
		var g daybook.Gap
		return r.Kind == daybook.RecordGap && r.Decode(&g) == nil && g.Class == class
	})
}
