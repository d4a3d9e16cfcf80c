package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/cases"
)

type serveCommand struct {
	Listen string `help:"Address and port for the pages. Default: the one of the configuration." placeholder:"ADDRESS"`
}

// settleEvery is how often the cases are looked at for what collectors added.
const settleEvery = 2 * time.Second

func (cmd *serveCommand) Run(c *call) error {
	if c.app != nil {
		return fmt.Errorf("%w: this data folder is being served already", daybook.ErrInvalid)
	}
	if cmd.Listen != "" {
		c.cfg.Listen = cmd.Listen
		if err := c.cfg.Validate(); err != nil {
			return err
		}
	}
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		p, err := a.openPages(c.ctx)
		if err != nil {
			return err
		}
		l, err := listen(socketPath(c.cfg))
		if err != nil {
			return errors.Join(err, p.listener.Close())
		}
		log := c.logger()
		if err := a.start(c.ctx); err != nil {
			return err
		}
		code, err := a.firstCode(c.ctx, actor)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c.err, "daybook runs on %s; stop it with Ctrl-C. Other daybook commands on this folder go through it.\nThe pages are at %s\n", c.cfg.Data, p.address); err != nil {
			return err
		}
		if code != "" {
			if _, err := fmt.Fprintf(c.err, "Nobody can sign in yet. Open the pages and type this code, which holds for a week:\n\n    %s\n\n", code); err != nil {
				return err
			}
		}
		return a.serve(c.ctx, log, p.run, a.tidy, func(ctx context.Context) error { return answer(ctx, l, a, c.process, log) })
	})
}

// start brings every case up to its log's end, as after a crash. A log that is
// not the one that it has been is left alone; the others go on.
func (a *app) start(ctx context.Context) error {
	rows, err := a.db.Cases(ctx)
	if err != nil {
		return err
	}
	refused := a.log.Refused()
	for _, r := range rows {
		if why := refused[r.ID]; why != nil {
			a.logger.ErrorContext(ctx, "a case is older than it has been, or another: nothing is added to it", slog.String("case", string(r.ID)), slog.Any("err", why))
			continue
		}
		if r.WrappedKey == nil {
			continue
		}
		if err := a.catchUp(ctx, r.ID); err != nil && !errors.Is(err, errPanicked) {
			return err
		}
		a.stamps.start(ctx, r.ID)
	}
	return a.index.Sweep(ctx, a.caseIDs)
}

// serve runs collectors, followers and mail until ctx ends or one of them fails
// for good.
func (a *app) serve(ctx context.Context, log *slog.Logger, others ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	parts := append([]func(context.Context) error{a.runner.Run, a.follow, a.expire, a.stamps.queue.Run}, others...)
	if a.alerts.mailer != nil {
		parts = append(parts, a.alerts.mailer.Run)
	}
	if a.listensToX() {
		parts = append(parts, a.listenToX)
	}
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			defer stop()
			errs[i] = part(ctx)
		})
	}
	wg.Wait()
	log.InfoContext(ctx, "stopped")
	var out []error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			out = append(out, err)
		}
	}
	return errors.Join(out...)
}

// follow derives, signs and plans whenever a log has grown.
func (a *app) follow(ctx context.Context) error {
	seen := map[daybook.CaseID]uint64{}
	failed := map[daybook.CaseID]uint64{} // what was said about a log of this size is not said again
	return every(ctx, settleEvery, func() {
		rows, err := a.db.Cases(ctx)
		if err != nil {
			a.logger.WarnContext(ctx, "cases could not be listed", slog.Any("err", err))
			return
		}
		for _, r := range rows {
			if r.WrappedKey == nil || a.log.Refused()[r.ID] != nil {
				continue
			}
			size, _, err := a.log.Head(ctx, r.ID)
			if err != nil || size == seen[r.ID] {
				continue
			}
			if err := a.settle(ctx, r.ID); err != nil {
				if at, said := failed[r.ID]; ctx.Err() == nil && (!said || at != size) {
					failed[r.ID] = size
					a.logger.ErrorContext(ctx, "a case could not be brought up to date", slog.String("case", string(r.ID)), slog.Any("err", err))
				}
				if errors.Is(err, errPanicked) {
					seen[r.ID] = size // the same would come of it
				}
				continue
			}
			seen[r.ID] = size
			if a.warm == nil {
				continue
			}
			if err := a.warm(ctx, r.ID); err != nil && ctx.Err() == nil {
				a.logger.WarnContext(ctx, "the figures of a case could not be worked out", slog.String("case", string(r.ID)), slog.Any("err", err))
			}
		}
	})
}

// expire does, every minute, what has to be done on time and is no task.
func (a *app) expire(ctx context.Context) error {
	reminded := map[reminder]bool{}
	return every(ctx, time.Minute, func() { a.everyMinute(ctx, reminded) })
}

// every calls fn now and after each period, until ctx ends.
func every(ctx context.Context, period time.Duration, fn func()) error {
	t := time.NewTicker(period)
	defer t.Stop()
	for {
		fn()
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

type versionCommand struct{}

func (cmd *versionCommand) Run(c *call) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]string{"version": version, "revision": revision, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
	}
	line := fmt.Sprintf("daybook %s (%s %s/%s) %s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, revision)
	_, err := fmt.Fprintln(c.out, strings.TrimSpace(line))
	return err
}
