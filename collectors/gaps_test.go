package collectors_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
)

// Every time that was not watched is an entry with start, end and cause.
func TestRunnerGaps_A7(t *testing.T) {
	const every = time.Minute
	for _, tc := range []struct {
		name    string
		between func(t *testing.T, b *bench) // from a run that went well to the next one
		class   daybook.GapClass             // "" for no gap
		cause   string
		pause   time.Duration
	}{
		{"a quiet minute", func(_ *testing.T, b *bench) { b.clock.Advance(every) }, "", "", 0},
		{"two polls left out", func(_ *testing.T, b *bench) { b.clock.Advance(3 * every) }, "", "", 0},
		{"switched off", func(_ *testing.T, b *bench) { b.clock.Advance(9 * time.Hour) },
			daybook.Late, "daybook was not running", 9 * time.Hour},
		{"one failure", func(t *testing.T, b *bench) {
			b.clock.Advance(every)
			b.fail(t, collectorstest.ServerError)
			b.clock.Advance(time.Second)
		}, daybook.Late, "the platform could not be read", every + time.Second},
		{"cut answer", func(t *testing.T, b *bench) {
			b.clock.Advance(every)
			b.fail(t, collectorstest.CutBody)
			b.clock.Advance(time.Second)
		}, daybook.Late, "the platform could not be read", every + time.Second},
		{"rate limit", func(t *testing.T, b *bench) {
			b.clock.Advance(every)
			b.fail(t, collectorstest.RateLimited)
			b.clock.Advance(10 * every)
		}, daybook.Late, "the platform allowed no more requests", 11 * every},
		{"two causes", func(t *testing.T, b *bench) {
			b.clock.Advance(every)
			b.fail(t, collectorstest.ServerError)
			b.clock.Advance(every)
			b.fail(t, collectorstest.RateLimited)
			b.clock.Advance(10 * every)
		}, daybook.Late, "the platform could not be read; the platform allowed no more requests", 12 * every},
		{"out of the window", func(_ *testing.T, b *bench) {
			b.clock.Advance(9 * time.Hour)
			b.birds.lost = 1000
		}, daybook.Hole, "the platform no longer had all of it", 9 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			from := b.clock.Now()
			b.mustRead()
			b.news("")
			tc.between(t, b)
			b.birds.send("rook", "meanwhile")
			b.mustRead()
			var got []daybook.Gap
			for _, g := range decode[daybook.Gap](t, b.news(daybook.RecordGap)) {
				if g.Lane == inbox {
					got = append(got, g)
				}
			}
			var want []daybook.Gap
			if tc.class != "" {
				want = []daybook.Gap{{Account: "acc", Lane: inbox, Class: tc.class, From: from, To: from.Add(tc.pause), Cause: tc.cause}}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			b.clock.Advance(every)
			b.mustRead()
			if again := b.news(daybook.RecordGap); len(again) != 0 {
				t.Errorf("%d further gaps", len(again))
			}
		})
	}
}

func (b *bench) fail(t *testing.T, f collectorstest.Fault) {
	t.Helper()
	b.birds.Fail(f, 0)
	if _, err := b.once(); err == nil {
		t.Fatal("the fault did not show")
	}
}

// A pause is a hole at once, and turns out as late when the account is read on.
func TestRunnerPause_A7(t *testing.T) {
	b := newBench(t)
	from := b.clock.Now()
	b.mustRead()
	b.news("")
	b.clock.Advance(time.Minute)
	b.connect(func(a *daybook.Account, _ *daybook.Consent) { a.State = daybook.Paused })
	asked := len(b.birds.asked)
	for range 3 {
		if _, err := b.once(); !errors.Is(err, collectors.ErrNotRead) {
			t.Fatalf("got %v, want ErrNotRead", err)
		}
	}
	if len(b.birds.asked) != asked {
		t.Error("a paused account was read")
	}
	hole := daybook.Gap{Account: "acc", Class: daybook.Hole, From: from, To: from.Add(time.Minute), Cause: "the account was paused"}
	if diff := cmp.Diff([]daybook.Gap{hole}, decode[daybook.Gap](t, b.news(daybook.RecordGap))); diff != "" {
		t.Errorf("gaps while paused (-want +got):\n%s", diff)
	}
	b.clock.Advance(48 * time.Hour)
	b.connect(func(*daybook.Account, *daybook.Consent) {})
	rep := b.mustRead()
	late := decode[daybook.Gap](t, b.news(daybook.RecordGap))
	if len(late) != 3 {
		t.Fatalf("%d gaps, want one for each lane", len(late))
	}
	if diff := cmp.Diff(late, rep.Gaps); diff != "" {
		t.Errorf("the report differs from the log:\n%s", diff)
	}
	for _, g := range late {
		if g.Class != daybook.Late || !g.From.Equal(from) || !g.To.Equal(b.clock.Now()) || g.Cause != hole.Cause {
			t.Errorf("gap %+v", g)
		}
	}
}

// A failure in the past is no gap, and does not make what is new wait.
func TestRunnerPastCanWait(t *testing.T) {
	b := newBench(t)
	b.birds.Fail(collectorstest.ServerError, 4) // the first request for the past
	rep := b.mustRead()
	if rep.Lanes[0].Err == nil || rep.Lanes[0].BackDone || !rep.Lanes[0].CaughtUp {
		t.Fatalf("lane %+v, want an error in its past", rep.Lanes[0])
	}
	if due := b.Tasks("poll")[0].Due.Sub(b.clock.Now()); due != time.Minute {
		t.Errorf("due again after %s, want 1m", due)
	}
	b.clock.Advance(time.Minute)
	b.birds.Fail(collectorstest.RateLimited, 4)
	if _, err := b.once(); err == nil {
		t.Fatal("the limit did not show")
	}
	b.clock.Advance(10 * time.Minute)
	b.mustRead()
	gaps := decode[daybook.Gap](t, b.news(daybook.RecordGap))
	if len(gaps) != 3 || gaps[0].Cause != "the platform allowed no more requests" || gaps[0].To.Sub(gaps[0].From) != 10*time.Minute {
		t.Errorf("gaps %+v, want one a lane, of the ten minutes in which nothing could be read", gaps)
	}
	if len(b.texts()) != len(b.birds.Expected()) {
		t.Error("the past was not read to its end")
	}
}

// One lane that fails does not keep the others from being read, nor from being
// read as often.
func TestRunnerReadsOtherLanes(t *testing.T) {
	b := newBench(t)
	b.mustRead()
	b.news("")
	b.clock.Advance(time.Minute)
	b.birds.asking = append(b.birds.asking, bird{ID: 904, Type: "mention", From: "rook", Text: "still here", At: sentAt(904)})
	b.birds.Fail(collectorstest.ServerError, 0)
	rep, err := b.once()
	if err == nil || rep.New != 1 {
		t.Errorf("new %d, err %v; want the one of the other lane and an error", rep.New, err)
	}
	if due := b.Tasks("poll")[0].Due.Sub(b.clock.Now()); due != time.Minute {
		t.Errorf("due again after %s, want 1m", due)
	}
	b.clock.Advance(time.Minute)
	b.mustRead()
	gaps := decode[daybook.Gap](t, b.news(daybook.RecordGap))
	if len(gaps) != 1 || gaps[0].Lane != inbox {
		t.Errorf("gaps %+v, want one of the lane that failed", gaps)
	}
}
