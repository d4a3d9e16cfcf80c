package collectors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"daybook"
)

const (
	maxClockStep   = 2 * time.Second  // B-9
	clockStepEvery = 10 * time.Minute // entries about steps are at least so far apart
)

// A clockWatch compares the machine's clock with one that runs evenly. A
// machine that slept looks the same as one whose clock was set forward.
type clockWatch struct {
	wall    func() time.Time
	elapsed func() time.Duration

	mu       sync.Mutex
	wallAt   time.Time     // what wall said at the last look that was even, or reported
	evenAt   time.Duration // what elapsed said then
	reported time.Duration // when the last step was reported; valid if steps is not empty
	steps    []daybook.ClockStep
	told     map[daybook.CaseID]int // number of steps that the log of a case has
}

func newClockWatch(wall func() time.Time, elapsed func() time.Duration) *clockWatch {
	return &clockWatch{
		wall: wall, elapsed: elapsed, told: map[daybook.CaseID]int{},
		wallAt: wall().Round(0), evenAt: elapsed(),
	}
}

// look returns the steps that the log of a case lacks, and their number. Steps
// that follow each other within clockStepEvery become one.
func (w *clockWatch) look(c daybook.CaseID) ([]daybook.ClockStep, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, even := w.wall().Round(0), w.elapsed() // Round strips the monotonic reading
	want := w.wallAt.Add(even - w.evenAt)
	if step := now.Sub(want); step.Abs() <= maxClockStep {
		w.wallAt, w.evenAt = now, even
	} else if len(w.steps) == 0 || even-w.reported >= clockStepEvery {
		w.steps = append(w.steps, daybook.ClockStep{Before: want.UTC(), After: now.UTC(), Step: step})
		w.wallAt, w.evenAt, w.reported = now, even, even
	}
	if _, ok := w.told[c]; !ok {
		w.told[c] = 0
	}
	return w.steps[w.told[c]:], len(w.steps)
}

func (w *clockWatch) tell(c daybook.CaseID, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told[c] = max(w.told[c], n)
}

// recordClock writes the steps of the machine's clock to the account's log.
func (r *run) recordClock(ctx context.Context) error {
	steps, n := r.clock.look(r.acc.Case)
	if len(steps) == 0 {
		return nil
	}
	batch := make([]daybook.Record, len(steps))
	for i, s := range steps {
		batch[i] = daybook.NewRecord(daybook.RecordClock, s)
		batch[i].Actor, batch[i].Logged = daybook.Actor{ID: "collector", Role: "collector"}, r.now()
	}
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		_, err := r.append(ctx, batch)
		return err
	})
	if err != nil {
		return fmt.Errorf("record a step of the clock: %w", err)
	}
	r.clock.tell(r.acc.Case, n)
	return nil
}
