package collectors_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/internal/work"
)

// A bench is a Runner with a platform and a store in memory.
type bench struct {
	t     *testing.T
	birds *fakeBirds
	clock *collectorstest.Clock
	*collectorstest.Memory
	config collectors.Config
	read   int // records that were taken note of
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: collectorstest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), Memory: collectorstest.NewMemory()}
	b.birds = newBirds(b.clock.Now)
	b.connect(func(*daybook.Account, *daybook.Consent) {})
	b.config = collectors.Config{
		Drivers: []collectors.Driver{b.birds.Driver()}, Log: b.Memory, Ledger: b.Memory, Accounts: b.Memory, Queue: b.Memory,
		Owner: "test", Clock: b.clock.Now, Elapsed: b.clock.Elapsed, MaxMedia: 100,
	}
	return b
}

func (b *bench) connect(change func(*daybook.Account, *daybook.Consent)) {
	a, secret := b.birds.Account()
	c := daybook.Consent{Account: a.ID, Given: b.clock.Now(), Until: b.clock.Now().Add(daybook.ConsentPeriod)}
	change(&a, &c)
	b.Connect(a, c, secret)
}

func (b *bench) runner() *collectors.Runner { return collectors.NewRunner(b.config) }

func (b *bench) once() (collectors.Report, error) { return b.runner().Once(b.t.Context(), "acc") }

func (b *bench) mustRead() collectors.Report {
	b.t.Helper()
	rep, err := b.once()
	if err != nil {
		b.t.Fatal(err)
	}
	return rep
}

// news returns the records of a kind that were added since the last call.
func (b *bench) news(kind daybook.RecordKind) (out []daybook.Record) {
	all := b.Records()
	for _, r := range all[b.read:] {
		if r.Kind == kind {
			out = append(out, r)
		}
	}
	b.read = len(all)
	return out
}

func decode[T any](t *testing.T, records []daybook.Record) (out []T) {
	t.Helper()
	for _, r := range records {
		var v T
		if err := r.Decode(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func (b *bench) texts() (out []string) {
	for _, r := range b.Records() {
		if r.Kind == daybook.RecordItem {
			out = append(out, string(r.Value("m0.text")))
		}
	}
	return out
}

// A sender who is never collected leaves no bytes, no digest, no attachment;
// also not through an item that cannot be read.
func TestRunnerExcludedSender_D5(t *testing.T) {
	b := newBench(t)
	b.Exclude(daybook.Handle{Platform: birds, Native: "wren"})
	b.birds.send("wren", "see you at the clinic", "scan.png")
	b.birds.send("wren", "broken")
	b.birds.send("kestrel", "broken")
	rep := b.mustRead()
	if rep.Excluded != 2 || rep.Failed != 1 {
		t.Errorf("excluded %d, failed %d; want 2 and 1", rep.Excluded, rep.Failed)
	}
	for _, r := range b.Records() {
		for _, f := range r.Fields {
			if strings.Contains(string(f.Value), "wren") || strings.Contains(string(f.Value), "clinic") {
				t.Errorf("field %s of a %s record tells of an excluded sender", f.Name, r.Kind)
			}
		}
	}
	for _, task := range slices.Concat(b.Tasks("look"), b.Tasks("media")) {
		if strings.Contains(string(task.Args), "wren") {
			t.Errorf("%s is about an excluded sender", task.ID)
		}
	}
	// Excluded later, before its attachment was fetched.
	b.birds.send("rook", "a picture", "nest.png")
	b.birds.files["nest.png"] = []byte("png")
	b.mustRead()
	b.Exclude(daybook.Handle{Platform: birds, Native: "rook"})
	if _, err := b.runner().Media(t.Context(), "acc"); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(b.birds.asked, "media/nest.png") || len(b.Tasks("media")) != 0 {
		t.Error("the attachment of an excluded sender was asked for, or is still planned")
	}
}

// What cannot be read is archived byte for byte.
func TestRunnerKeepsWhatItCannotRead_B11(t *testing.T) {
	b := newBench(t)
	b.birds.send("rook", "broken")
	rep := b.mustRead()
	if rep.Failed != 1 {
		t.Errorf("failed %d, want 1", rep.Failed)
	}
	found := 0
	for _, r := range b.Records() {
		it, err := daybook.ParseItem(r)
		if err != nil || it.Reading != nil {
			continue
		}
		found++
		if it.Failed == "" || !strings.Contains(string(it.Capture.Raw), `"from":"rook"`) {
			t.Errorf("kept %q, failed %q", it.Capture.Raw, it.Failed)
		}
	}
	if found != 1 {
		t.Errorf("%d items without a reading, want 1", found)
	}
}

func TestRunnerSince(t *testing.T) {
	b := newBench(t)
	b.connect(func(a *daybook.Account, _ *daybook.Consent) { a.Since = sentAt(50) })
	rep := b.mustRead()
	// 30 stands on the page of the past with 20 and 10, which is not asked for.
	if rep.Early == 0 || rep.New != 8 {
		t.Errorf("early %d, new %d; want some and 8", rep.Early, rep.New)
	}
	if slices.Contains(b.birds.asked, "inbox/b:10") {
		t.Error("the past was read beyond what is kept")
	}
	if st, err := b.Lane(t.Context(), "acc", inbox); err != nil || !st.BackDone {
		t.Errorf("past not done: %+v, %v", st, err)
	}
}

// Consent is checked before each request and again in the transaction: after a
// withdrawal there is no request, and what was in flight is thrown away.
func TestRunnerWithdrawalInFlight_D3(t *testing.T) {
	b := newBench(t)
	requests := 0
	b.birds.before = func(string) {
		if requests++; requests == 2 {
			b.connect(func(a *daybook.Account, c *daybook.Consent) {
				a.State, c.Withdrawn = daybook.Withdrawn, b.clock.Now()
			})
		}
	}
	rep, err := b.once()
	if !errors.Is(err, daybook.ErrConsentEnded) {
		t.Fatalf("got %v, want ErrConsentEnded", err)
	}
	if requests != 2 {
		t.Errorf("%d requests, want none after the second, in which the consent ended", requests)
	}
	if rep.New != pageSize {
		t.Errorf("%d items, want those of the first page only", rep.New)
	}
	before := len(b.Records())
	for range 3 {
		b.clock.Advance(time.Hour)
		if _, err := b.once(); !errors.Is(err, daybook.ErrConsentEnded) {
			t.Errorf("got %v, want ErrConsentEnded", err)
		}
		for _, do := range []func() error{
			func() error { _, err := b.runner().Looks(t.Context(), "acc"); return err },
			func() error { _, err := b.runner().Media(t.Context(), "acc"); return err },
		} {
			if err := do(); err != nil && !errors.Is(err, daybook.ErrConsentEnded) {
				t.Error(err)
			}
		}
	}
	if requests != 2 || len(b.Records()) != before {
		t.Errorf("%d requests and %d entries after the withdrawal", requests-2, len(b.Records())-before)
	}
}

// afterCommit calls a function after the next transaction.
type afterCommit struct {
	collectors.Ledger
	do func()
}

func (l *afterCommit) Update(ctx context.Context, fn func(ctx context.Context) error) error {
	err := l.Ledger.Update(ctx, fn)
	if do := l.do; do != nil {
		l.do = nil
		do()
	}
	return err
}

// A consent that ends between two requests ends the run before the second.
func TestRunnerWithdrawalBetweenRequests_D3(t *testing.T) {
	b := newBench(t)
	b.config.Ledger = &afterCommit{b.Memory, func() {
		b.connect(func(a *daybook.Account, _ *daybook.Consent) { a.State = daybook.Withdrawn })
	}}
	if _, err := b.once(); !errors.Is(err, daybook.ErrConsentEnded) {
		t.Errorf("got %v, want ErrConsentEnded", err)
	}
	if len(b.birds.asked) != 1 {
		t.Errorf("requests %q, want the first only", b.birds.asked)
	}
}

func TestRunnerConsentEnds_D4(t *testing.T) {
	b := newBench(t)
	b.mustRead()
	asked := len(b.birds.asked)
	b.clock.Advance(daybook.ConsentPeriod)
	if _, err := b.once(); !errors.Is(err, daybook.ErrConsentEnded) {
		t.Errorf("got %v, want ErrConsentEnded", err)
	}
	if len(b.birds.asked) != asked {
		t.Error("a request was made after the consent's end")
	}
	gaps := decode[daybook.Gap](t, b.news(daybook.RecordGap))
	if len(gaps) != 1 || gaps[0].Class != daybook.Hole || gaps[0].Cause != "the consent had ended" {
		t.Errorf("gaps %+v, want one hole", gaps)
	}
}

// An account that another worker has taken over meanwhile is left to it.
func TestRunnerLosesItsLease(t *testing.T) {
	b := newBench(t)
	taken := 0
	b.birds.before = func(call string) {
		if call == "inbox/b:60" {
			b.clock.Advance(time.Hour)
			tasks, err := b.ClaimAbout(t.Context(), "poll", "acc", "another", b.clock.Now(), b.clock.Now(), time.Minute, 1)
			if err != nil || len(tasks) != 1 {
				t.Fatalf("claim: %v, %v", tasks, err)
			}
			taken = len(b.Records())
		}
	}
	if _, err := b.once(); !errors.Is(err, work.ErrLost) {
		t.Errorf("got %v, want ErrLost", err)
	}
	if taken == 0 || len(b.Records()) != taken {
		t.Errorf("%d entries were appended without the lease", len(b.Records())-taken)
	}
	if _, err := b.once(); !errors.Is(err, collectors.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
}

// A run gives the account back when its time is up and goes on where it was.
func TestRunnerBudget(t *testing.T) {
	b := newBench(t)
	for range 30 {
		b.birds.send("kestrel", "long ago")
	}
	b.config.Budget = 4 * time.Second
	b.birds.before = func(string) { b.clock.Advance(time.Second) }
	runs := 0
	for more := true; more; runs++ {
		if runs > 50 {
			t.Fatal("no end")
		}
		more = b.mustRead().More
	}
	if runs < 3 {
		t.Errorf("%d runs, want several", runs)
	}
	if got := len(b.texts()); got != len(b.birds.Expected()) {
		t.Errorf("%d items, want %d", got, len(b.birds.Expected()))
	}
	seen := map[string]int{}
	for _, call := range b.birds.asked {
		if seen[call]++; seen[call] > 1 && strings.HasPrefix(call, "inbox/b:") {
			t.Errorf("%s was asked twice", call)
		}
	}
}

func TestRunnerLaneNotOffered(t *testing.T) {
	b := newBench(t)
	b.birds.noLane = requests
	for range 3 {
		b.clock.Advance(time.Minute)
		b.mustRead()
	}
	o := decode[daybook.Observation](t, b.news(daybook.RecordObservation))
	if len(o) != 1 || o[0].What != daybook.SeenLaneLost || o[0].Detail != string(requests) {
		t.Errorf("observations %+v, want one of the lane", o)
	}
	b.birds.noLane = ""
	b.clock.Advance(25 * time.Hour)
	if rep := b.mustRead(); rep.New != 4 {
		t.Errorf("%d new once the server offers it, want 4", rep.New)
	}
}

func TestRunnerRefused(t *testing.T) {
	b := newBench(t)
	stopped := 0
	b.config.OnStopped = func(context.Context, daybook.Account) { stopped++ }
	b.mustRead()
	b.news("")
	b.clock.Advance(time.Minute)
	b.birds.Fail(collectorstest.Refused, 0)
	for range 3 {
		if _, err := b.once(); err == nil {
			t.Error("no error from an account that is refused")
		}
	}
	if stopped != 1 {
		t.Errorf("told %d times, want once", stopped)
	}
	at := b.read
	consents := decode[daybook.ConsentRecord](t, b.news(daybook.RecordConsent))
	b.read = at
	gaps := decode[daybook.Gap](t, b.news(daybook.RecordGap))
	if len(consents) != 1 || consents[0].Event != daybook.TokenRefused {
		t.Errorf("consent records %+v, want one", consents)
	}
	if len(gaps) != 1 || gaps[0].Class != daybook.Hole || gaps[0].Lane != "" {
		t.Errorf("gaps %+v, want one hole of all lanes", gaps)
	}
	if due := b.Tasks("poll")[0]; due.LastErr != "" {
		t.Errorf("a refusal is kept as %q", due.LastErr)
	}
}

// A step of the machine's clock is an entry; time that just passes is none.
func TestRunnerClockStep_B9(t *testing.T) {
	b := newBench(t)
	r := b.runner()
	once := func() {
		t.Helper()
		if _, err := r.Once(t.Context(), "acc"); err != nil {
			t.Fatal(err)
		}
	}
	once()
	b.clock.Advance(time.Hour)
	b.clock.Step(time.Second)
	once()
	if steps := b.news(daybook.RecordClock); len(steps) != 0 {
		t.Errorf("%d entries for a second, want none", len(steps))
	}
	b.clock.Advance(time.Minute)
	want := b.clock.Now()
	b.clock.Step(-3 * time.Second)
	once()
	once()
	got := decode[daybook.ClockStep](t, b.news(daybook.RecordClock))
	if diff := cmp.Diff([]daybook.ClockStep{{Before: want, After: want.Add(-3 * time.Second), Step: -3 * time.Second}}, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	for range 5 { // a clock that jumps about gives few entries, and none is lost
		b.clock.Advance(time.Minute)
		b.clock.Step(5 * time.Second)
		once()
	}
	if steps := b.news(daybook.RecordClock); len(steps) != 0 {
		t.Errorf("%d entries within minutes of the last, want none", len(steps))
	}
	b.clock.Advance(10 * time.Minute)
	once()
	got = decode[daybook.ClockStep](t, b.news(daybook.RecordClock))
	if len(got) != 1 || got[0].Step != 25*time.Second {
		t.Errorf("steps %+v, want one of 25 s", got)
	}
}
