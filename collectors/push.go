package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"daybook"
	"daybook/internal/work"
)

// Push keeps captures that came without being asked for, as those of a stream
// of events do. What holds for a page holds for them: the account may be read at
// this moment, excluded senders and erased messages leave no trace, what is known
// moves "last seen" alone, and second looks and attachments are planned. No lane
// moves, and no gap begins or ends: what comes so is an addition to what is asked
// for.
//
// The captures get the account's name, platform and origin, the lane, and x where
// they have no exchange of their own. All of it is one transaction; pushes of one
// account wait for one another. Nothing is asked of the platform.
//
// Errors: ErrNotFound; ErrNotRead if the account is paused or stopped;
// ErrConsentEnded; ErrInvalid if no driver reads the account's platform. With any
// error nothing was kept.
func (r *Runner) Push(ctx context.Context, id daybook.AccountID, lane daybook.Lane, captures []daybook.Capture, x daybook.Exchange) (Report, error) {
	rep, err := r.push(ctx, id, lane, captures, x)
	if err != nil {
		return Report{Account: id}, fmt.Errorf("keep what was handed over for account %s: %w", id, err)
	}
	return rep, nil
}

func (r *Runner) push(ctx context.Context, id daybook.AccountID, lane daybook.Lane, captures []daybook.Capture, x daybook.Exchange) (Report, error) {
	if len(captures) == 0 {
		return Report{Account: id}, nil
	}
	a, _, err := r.readable(ctx, id)
	if err != nil {
		return Report{}, err
	}
	run := &run{Runner: r, acc: a, rep: Report{Account: id}}
	i := slices.IndexFunc(r.Drivers, func(d Driver) bool { return d.Platform == a.Platform })
	if i < 0 {
		return Report{}, fmt.Errorf("%w: there is no collector for %q", daybook.ErrInvalid, a.Platform)
	}
	run.driver = r.Drivers[i]
	states, err := r.Ledger.Lanes(ctx, id)
	if err != nil {
		return Report{}, err
	}
	for _, st := range states {
		run.doubt = run.doubt || len(st.Unlisted) > 0
	}
	if err := run.recordClock(ctx); err != nil {
		return Report{}, err
	}
	err = run.keepPushed(ctx, lane, captures, x)
	if errors.Is(err, errErasedMeanwhile) {
		err = run.keepPushed(ctx, lane, captures, x)
	}
	return run.rep, errors.Join(err, run.close(ctx))
}

func (r *run) keepPushed(ctx context.Context, lane daybook.Lane, captures []daybook.Capture, x daybook.Exchange) error {
	own := slices.Clone(captures)
	for i := range own {
		own[i].Account, own[i].Platform, own[i].Lane, own[i].Origin = r.acc.ID, r.acc.Platform, lane, daybook.Collected
		if own[i].Exchange == nil {
			own[i].Exchange = &x
		}
	}
	items := r.parse(own)
	var b *batch
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		task, err := r.claimPush(ctx)
		if err != nil {
			return err
		}
		r.task = task
		return r.held(ctx, func(ctx context.Context, excluded map[string]bool) error {
			b = &batch{run: r, at: x.End, excluded: excluded}
			if b.at.IsZero() {
				b.at = r.now()
			}
			if err := b.add(ctx, items); err != nil {
				return err
			}
			if err := b.flush(ctx); err != nil {
				return err
			}
			return r.Queue.Done(ctx, task, r.now(), nil)
		})
	})
	if err != nil {
		return err
	}
	r.shown.add(b.profiled)
	r.rep.Captures += len(own)
	r.rep.add(b)
	return nil
}

// claimPush puts and claims the task by which one push of an account waits for
// another. It lives within one transaction.
func (r *run) claimPush(ctx context.Context) (work.Task, error) {
	now := r.now()
	task := work.Task{ID: "push/" + string(r.acc.ID), Kind: "push", Case: string(r.acc.Case), Due: now}
	if err := r.Queue.Put(ctx, task); err != nil {
		return work.Task{}, err
	}
	tasks, err := r.Queue.ClaimAbout(ctx, "push", string(r.acc.ID), r.Owner, now, now, r.Lease, 1)
	if err != nil {
		return work.Task{}, err
	}
	if len(tasks) == 0 {
		return work.Task{}, ErrBusy
	}
	return tasks[0], nil
}
