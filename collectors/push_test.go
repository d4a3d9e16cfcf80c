package collectors_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
)

const stream daybook.Lane = "stream"

// pushed makes the capture of a bird that a stream handed over, and the exchange
// that it came in.
func (b *bench) pushed(id int, from, text string, files ...string) ([]daybook.Capture, daybook.Exchange) {
	b.t.Helper()
	raw, err := json.Marshal(bird{ID: id, Type: "mention", From: from, Text: text, At: b.clock.Now().Add(-time.Second), Files: files})
	if err != nil {
		b.t.Fatal(err)
	}
	x := daybook.Exchange{Method: "GET", URL: "https://birds.example/stream", Status: 200, Start: b.clock.Now().Add(-time.Hour), End: b.clock.Now()}
	return []daybook.Capture{{NativeID: strconv.Itoa(id), Raw: raw, Offset: -1}}, x
}

func (b *bench) push(captures []daybook.Capture, x daybook.Exchange) (collectors.Report, error) {
	return b.runner().Push(b.t.Context(), "acc", stream, captures, x)
}

func TestPush(t *testing.T) {
	b := newBench(t)
	b.birds.files["nest.png"] = []byte("a nest")
	captures, x := b.pushed(5000, "kestrel", "one moment", "nest.png")
	rep, err := b.push(captures, x)
	if err != nil {
		t.Fatal(err)
	}
	if rep.New != 1 || rep.Captures != 1 {
		t.Errorf("report %+v", rep)
	}
	records := b.news(daybook.RecordItem)
	if len(records) != 1 {
		t.Fatalf("%d items, want one", len(records))
	}
	it, err := daybook.ParseItem(records[0])
	if err != nil {
		t.Fatal(err)
	}
	want := daybook.Capture{Account: "acc", Platform: birds, Lane: stream, NativeID: "5000", Raw: captures[0].Raw, Offset: -1, Origin: daybook.Collected, Exchange: &x}
	if diff := cmp.Diff(want, it.Capture); diff != "" {
		t.Errorf("capture (-want +got):\n%s", diff)
	}
	if captures[0].Account != "" || captures[0].Exchange != nil {
		t.Errorf("the caller's capture was changed: %+v", captures[0])
	}
	if len(b.birds.asked) != 0 {
		t.Errorf("the platform was asked: %q", b.birds.asked)
	}
	if len(b.Tasks("push")) != 0 {
		t.Error("a task was left")
	}
	if len(b.Tasks("look")) == 0 || len(b.Tasks("media")) != 1 {
		t.Errorf("%d looks and %d attachments are planned", len(b.Tasks("look")), len(b.Tasks("media")))
	}
	lanes, err := b.Lanes(t.Context(), "acc")
	if err != nil || len(lanes) != 0 {
		t.Errorf("lanes %v, %v: a push moves none", lanes, err)
	}

	// The same again, later: nothing but "last seen".
	b.clock.Advance(time.Minute)
	x.End = b.clock.Now()
	if rep, err = b.push(captures, x); err != nil || rep.Known != 1 || rep.New != 0 {
		t.Errorf("again: %+v, %v", rep, err)
	}
	key := collectors.MessageMark("acc", "birds:5000")
	seen, err := b.Recall(t.Context(), "case", []collectors.SeenKey{key})
	if err != nil || !seen[0].At.Equal(x.End) {
		t.Errorf("last seen %v, %v; want %v", seen, err, x.End)
	}
	if got := b.news(daybook.RecordItem); len(got) != 0 {
		t.Errorf("%d items were added", len(got))
	}
}

// What is not to be stored leaves nothing but a count, or nothing at all.
func TestPush_NotStored_D5(t *testing.T) {
	state := func(s daybook.AccountState) func(*bench) {
		return func(b *bench) { b.connect(func(a *daybook.Account, _ *daybook.Consent) { a.State = s }) }
	}
	for _, tc := range []struct {
		name   string
		change func(*bench)
		err    error
		want   collectors.Report
	}{
		{"withdrawn", state(daybook.Withdrawn), daybook.ErrConsentEnded, collectors.Report{}},
		{"expired", state(daybook.Expired), daybook.ErrConsentEnded, collectors.Report{}},
		{"paused", state(daybook.Paused), collectors.ErrNotRead, collectors.Report{}},
		{"stopped", state(daybook.Stopped), collectors.ErrNotRead, collectors.Report{}},
		{"named only", state(daybook.Named), collectors.ErrNotRead, collectors.Report{}},
		{"no consent any more", func(b *bench) {
			b.connect(func(_ *daybook.Account, c *daybook.Consent) { c.Withdrawn = b.clock.Now() })
		}, daybook.ErrConsentEnded, collectors.Report{}},
		{"other platform", func(b *bench) { b.config.Drivers[0].Platform = "owls" }, daybook.ErrInvalid, collectors.Report{}},
		{"excluded sender", func(b *bench) { b.Exclude(daybook.Handle{Platform: birds, Native: "kestrel"}) }, nil, collectors.Report{Excluded: 1}},
		{"erased", func(b *bench) { b.config.Tombs = &fakeTombs{erased: []daybook.MessageKey{"birds:5000"}} }, nil, collectors.Report{Erased: 1}},
		{"erased meanwhile", func(b *bench) { b.config.Tombs = &fakeTombs{erased: []daybook.MessageKey{"birds:5000"}, late: 1} }, nil, collectors.Report{Erased: 1}},
		{"a kind not chosen", func(b *bench) {
			b.connect(func(a *daybook.Account, _ *daybook.Consent) { a.Kinds = []daybook.Kind{daybook.KindReply} })
		}, nil, collectors.Report{NotChosen: 1}},
		{"too early", func(b *bench) {
			b.connect(func(a *daybook.Account, _ *daybook.Consent) { a.Since = b.clock.Now() })
		}, nil, collectors.Report{Early: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			captures, x := b.pushed(5000, "kestrel", "one moment")
			tc.change(b)
			rep, err := b.push(captures, x)
			if !errors.Is(err, tc.err) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if tc.want.Account = "acc"; tc.err == nil {
				tc.want.Captures = 1
			}
			if diff := cmp.Diff(tc.want, rep); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if n := len(b.Records()); n != 0 {
				t.Errorf("%d entries were made", n)
			}
			for _, kind := range []string{"push", "look", "media"} {
				if n := len(b.Tasks(kind)); n != 0 {
					t.Errorf("%d tasks of kind %s are left", n, kind)
				}
			}
		})
	}
	b := newBench(t)
	captures, x := b.pushed(5000, "kestrel", "one moment")
	if _, err := b.runner().Push(t.Context(), "nobody", stream, captures, x); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("an account that is not there: %v", err)
	}
}

// A message that a stream showed and that was gone before the next poll stays,
// and a second look says that it is not there.
func TestPush_DeletedSecondsLater(t *testing.T) {
	b := newBench(t)
	b.birds.rows, b.birds.asking = nil, nil
	b.birds.send("kestrel", "before").At = b.clock.Now()
	b.mustRead()
	captures, x := b.pushed(5000, "kestrel", "you will see")
	if _, err := b.push(captures, x); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(6 * time.Minute)
	b.mustRead()
	b.read = len(b.Records())
	rep := b.look()
	var gone []daybook.MessageKey
	for _, o := range decode[daybook.Observation](t, b.news(daybook.RecordObservation)) {
		if o.What == daybook.SeenGone {
			gone = append(gone, o.Message)
		}
	}
	if rep.Observed != 1 || !slices.Equal(gone, []daybook.MessageKey{"birds:5000"}) {
		t.Errorf("observed %d, gone %q", rep.Observed, gone)
	}
	if got := b.texts(); !slices.Contains(got, "you will see") {
		t.Errorf("texts %q", got)
	}
}

// Whichever step of keeping fails, the next push of the same keeps it once.
func TestPush_CrashAtEachStep(t *testing.T) {
	counted := &collectorstest.Faults{At: -1}
	b := newBench(t)
	b.config = counted.Wrap(b.config)
	captures, x := b.pushed(5000, "kestrel", "one moment")
	if _, err := b.push(captures, x); err != nil || counted.Steps < 5 {
		t.Fatalf("%d steps, %v", counted.Steps, err)
	}
	for at := range counted.Steps {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d, persisted %t", at, after), func(t *testing.T) {
				b := newBench(t)
				whole := b.config
				b.config = (&collectorstest.Faults{At: at, After: after}).Wrap(whole)
				if _, err := b.push(captures, x); !errors.Is(err, collectorstest.ErrFault) {
					t.Fatalf("got %v, want the fault", err)
				}
				b.config = whole
				if _, err := b.push(captures, x); err != nil {
					t.Fatal(err)
				}
				if got := b.texts(); !slices.Equal(got, []string{"one moment"}) {
					t.Errorf("kept %q", got)
				}
			})
		}
	}
}

// Two processes that hand over the same at once keep it once.
func TestPush_TwoAtOnceOnTheRealStore(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { pushTwice(t, newRealStore(t, onSQLite)) })
	t.Run("postgres", func(t *testing.T) { pushTwice(t, newRealStore(t, onPostgres)) })
}

func pushTwice(t *testing.T, s *realStore) {
	clock := collectorstest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	fake := newBirds(clock.Now)
	a, secret := fake.Account()
	s.Connect(a, daybook.Consent{Account: a.ID, Given: clock.Now(), Until: clock.Now().AddDate(0, 3, 0)}, secret)
	captures, x := (&bench{t: t, clock: clock}).pushed(5000, "kestrel", "one moment")
	reports := make([]collectors.Report, 4)
	errs := make([]error, len(reports))
	var wg sync.WaitGroup
	for i := range reports {
		r := collectors.NewRunner(collectors.Config{
			Drivers: []collectors.Driver{fake.Driver()}, Log: s.log, Ledger: s.DB, Accounts: s.DB, Queue: s.DB,
			Owner: fmt.Sprint("process ", i), Clock: clock.Now, Elapsed: clock.Elapsed,
		})
		wg.Go(func() { reports[i], errs[i] = r.Push(t.Context(), a.ID, stream, captures, x) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	added := 0
	for _, rep := range reports {
		added += rep.New
	}
	if n := len(s.Records()); added != 1 || n != 1 {
		t.Errorf("%d were new, %d entries, want one", added, n)
	}
}
