package collectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/internal/work"
)

// idle is how long a worker that found nothing to do waits.
const idle = time.Second

// Run reads all accounts as they become due, and does their second looks,
// attachments and revocations, until ctx ends. It then returns nil, after the
// work in hand was given back. Failures of single accounts are logged and tried
// again.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.planPolls(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for range r.Workers {
		wg.Go(func() { r.work(ctx) })
	}
	again := time.NewTicker(r.PollEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
			if err := r.planPolls(ctx); err != nil && ctx.Err() == nil {
				r.Logger.ErrorContext(ctx, "cannot plan the reading of accounts", slog.Any("err", err))
			}
		}
	}
}

// planPolls makes sure that every account that may be read has its task.
func (r *Runner) planPolls(ctx context.Context) error {
	accounts, err := r.Accounts.Accounts(ctx, "")
	if err != nil {
		return fmt.Errorf("plan polls: %w", err)
	}
	for _, a := range accounts {
		if a.State != daybook.Active {
			continue
		}
		if err := r.Queue.Put(ctx, PollTask(a, r.now(), r.PollEvery)); err != nil {
			return fmt.Errorf("plan polls: %w", err)
		}
	}
	return nil
}

// work does one piece of work after the other until ctx ends.
func (r *Runner) work(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		did, err := r.step(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, work.ErrLost) {
			// The error's text can name whom a request was about: it is not logged.
			r.Logger.WarnContext(ctx, "reading an account did not work and is tried again", slog.String("why", causeOf(err)))
		}
		if did {
			wait.Reset(0)
		} else {
			wait.Reset(idle)
		}
	}
}

// step does one piece of work, if any is due. Attachments come right after the
// page that shows them, before the next poll.
func (r *Runner) step(ctx context.Context) (did bool, err error) {
	for _, kind := range []string{"revoke", "media", "poll", "look"} {
		tasks, err := r.Queue.Claim(ctx, kind, "", r.Owner, r.now(), r.Lease, 1)
		if err != nil {
			return false, err
		}
		if len(tasks) == 0 {
			continue
		}
		rest, _ := strings.CutPrefix(tasks[0].ID, kind+"/")
		about, _, _ := strings.Cut(rest, "/")
		id := daybook.AccountID(about)
		switch kind {
		case "revoke":
			err = r.revoke(ctx, tasks[0], id)
		case "media":
			_, err = r.tasks(ctx, kind, id, tasks, 1, (*run).attachment)
		case "poll":
			_, err = r.poll(ctx, tasks[0], id)
		case "look":
			_, err = r.tasks(ctx, kind, id, tasks, looksAtOnce, (*run).look)
		}
		return true, err
	}
	return false, nil
}
