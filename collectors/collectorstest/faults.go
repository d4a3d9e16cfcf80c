package collectorstest

import (
	"context"
	"errors"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/internal/work"
)

// ErrFault is the failure that Faults makes.
var ErrFault = errors.New("a fault that the test made")

// Faults lets one step of a Runner's dealings with its store fail: either
// before it is done, or after ("failed, but persisted"). Its methods are called
// from one goroutine.
type Faults struct {
	At    int  // which step fails, from 0; -1: none
	After bool // it fails after it was done
	Steps int  // how many there were
}

func (f *Faults) step(do func() error) error {
	now := f.Steps == f.At
	f.Steps++
	if now && !f.After {
		return ErrFault
	}
	if err := do(); err != nil {
		return err
	}
	if now {
		return ErrFault
	}
	return nil
}

// Wrap puts the faults between a Runner and its store.
func (f *Faults) Wrap(c collectors.Config) collectors.Config {
	c.Log = faultyLog{c.Log, f}
	c.Ledger = faultyLedger{c.Ledger, f}
	c.Queue = faultyQueue{c.Queue, f}
	return c
}

type faultyLog struct {
	collectors.Log
	f *Faults
}

func (l faultyLog) Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (first uint64, err error) {
	err = l.f.step(func() error { first, err = l.Log.Append(ctx, c, batch); return err })
	return first, err
}

func (l faultyLog) PutBlob(ctx context.Context, c daybook.CaseID, b []byte) (d daybook.Digest, err error) {
	err = l.f.step(func() error { d, err = l.Log.PutBlob(ctx, c, b); return err })
	return d, err
}

type faultyLedger struct {
	collectors.Ledger
	f *Faults
}

func (l faultyLedger) Update(ctx context.Context, fn func(ctx context.Context) error) error {
	return l.f.step(func() error { return l.Ledger.Update(ctx, fn) })
}

func (l faultyLedger) Lane(ctx context.Context, a daybook.AccountID, lane daybook.Lane) (st collectors.LaneState, err error) {
	err = l.f.step(func() error { st, err = l.Ledger.Lane(ctx, a, lane); return err })
	return st, err
}

func (l faultyLedger) SaveLane(ctx context.Context, a daybook.AccountID, lane daybook.Lane, st collectors.LaneState) error {
	return l.f.step(func() error { return l.Ledger.SaveLane(ctx, a, lane, st) })
}

func (l faultyLedger) Seen(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey, at time.Time) (out []int64, err error) {
	err = l.f.step(func() error { out, err = l.Ledger.Seen(ctx, c, keys, at); return err })
	return out, err
}

func (l faultyLedger) Remember(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey, entries []uint64, at time.Time) error {
	return l.f.step(func() error { return l.Ledger.Remember(ctx, c, keys, entries, at) })
}

type faultyQueue struct {
	collectors.Queue
	f *Faults
}

func (q faultyQueue) Put(ctx context.Context, tasks ...work.Task) error {
	return q.f.step(func() error { return q.Queue.Put(ctx, tasks...) })
}

func (q faultyQueue) Guard(ctx context.Context, t work.Task) error {
	return q.f.step(func() error { return q.Queue.Guard(ctx, t) })
}

func (q faultyQueue) Done(ctx context.Context, t work.Task, now time.Time, fail error) error {
	return q.f.step(func() error { return q.Queue.Done(ctx, t, now, fail) })
}

func (q faultyQueue) ClaimAbout(ctx context.Context, kind, about, owner string, dueBy, now time.Time, lease time.Duration, n int) (out []work.Task, err error) {
	err = q.f.step(func() error {
		out, err = q.Queue.ClaimAbout(ctx, kind, about, owner, dueBy, now, lease, n)
		return err
	})
	return out, err
}
