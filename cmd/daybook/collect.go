package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"daybook"
	"daybook/cases"
	"daybook/collectors"
)

type collectCommand struct {
	Case    string `required:"" help:"The case." placeholder:"CASE"`
	Account string `help:"This account alone." placeholder:"ACCOUNT"`
	Once    bool   `help:"One run, now (the default; 'daybook serve' reads again and again)."`
}

func (cmd *collectCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Collect); err != nil {
			return err
		}
		accounts, err := a.db.Accounts(c.ctx, id)
		if err != nil {
			return err
		}
		found := false
		var errs []error
		for _, account := range accounts {
			if cmd.Account != "" && string(account.ID) != cmd.Account {
				continue
			}
			if cmd.Account == "" && account.State == daybook.Named {
				continue // nobody expects that it is read
			}
			found = true
			if cmd.Account == "" && account.State != daybook.Active {
				if _, err := fmt.Fprintf(c.err, "account %s is %s: not read\n", account.ID, account.State); err != nil {
					return err
				}
				continue
			}
			report, err := a.collect(c.ctx, account)
			if err != nil {
				errs = append(errs, notCollected(account.ID, report, err))
			}
			if err := printCollected(c, report); err != nil {
				return err
			}
			if report.Failed > 0 {
				errs = append(errs, fmt.Errorf("%w: %s could not be read; they are kept as they came", errPartial, plural(report.Failed, "item", "items")))
			}
		}
		if !found && cmd.Account == "" {
			return fmt.Errorf("%w: no account is connected to this case; daybook connect does it", daybook.ErrInvalid)
		} else if !found {
			return fmt.Errorf("account %s of this case: %w", cmd.Account, daybook.ErrNotFound)
		}
		return errors.Join(errs...)
	})
}

// notCollected says in one line why an account, or a part of it, was not read.
func notCollected(id daybook.AccountID, r collectors.Report, err error) error {
	var (
		answer *collectors.StatusError
		limit  *collectors.RateLimitError
	)
	switch {
	case status(err) == statusBroken:
		return err
	case errors.Is(err, collectors.ErrRefused):
		err = fmt.Errorf("read account %s: %w", id, collectors.ErrRefused)
	case errors.As(err, &limit):
		err = fmt.Errorf("read account %s: %w", id, limit)
	case errors.As(err, &answer):
		err = fmt.Errorf("read account %s: %w", id, answer)
	}
	if slices.ContainsFunc(r.Lanes, func(l collectors.LaneReport) bool { return l.CaughtUp }) {
		return fmt.Errorf("%w: %w", errPartial, err)
	}
	return err
}

// collect reads one account now: what is new, what is due for a second look,
// attachments, and what has to be revoked; then everything that follows.
func (a *app) collect(ctx context.Context, account daybook.Account) (collectors.Report, error) {
	report, err := a.runner.Once(ctx, account.ID)
	for err == nil && report.More {
		var next collectors.Report
		if next, err = a.runner.Once(ctx, account.ID); err == nil {
			report = joinReports(report, next)
		}
	}
	report.Account = account.ID
	var errs []error
	if err != nil {
		errs = append(errs, err)
	} else {
		for _, more := range []func(context.Context, daybook.AccountID) (collectors.Report, error){a.runner.Media, a.runner.Looks, a.runner.Media} {
			next, err := more(ctx, account.ID)
			report = joinReports(report, next)
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	if err := a.settle(ctx, account.Case); err != nil {
		errs = append(errs, err)
	}
	return report, errors.Join(errs...)
}

func joinReports(a, b collectors.Report) collectors.Report {
	a.Pages += b.Pages
	a.Captures += b.Captures
	a.New += b.New
	a.Known += b.Known
	a.Excluded += b.Excluded
	a.Erased += b.Erased
	a.Early += b.Early
	a.Unknown += b.Unknown
	a.Failed += b.Failed
	a.Observed += b.Observed
	a.Looked += b.Looked
	a.Media += b.Media
	a.Gaps = append(a.Gaps, b.Gaps...)
	a.Lanes = append(a.Lanes, b.Lanes...)
	a.More = b.More
	return a
}

// A gapJSON is a time that was not watched, in the output of commands.
type gapJSON struct {
	Lane  daybook.Lane     `json:"lane,omitempty"` // "" for all
	Class daybook.GapClass `json:"class"`
	From  string           `json:"from"`
	To    string           `json:"to"`
	Cause string           `json:"cause"`
}

func printCollected(c *call, r collectors.Report) error {
	gaps := []gapJSON{}
	for _, g := range r.Gaps {
		gaps = append(gaps, gapJSON{g.Lane, g.Class, rfc(g.From), rfc(g.To), g.Cause})
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]any{
			"account": r.Account, "captures": r.Captures, "new": r.New, "known": r.Known, "excluded": r.Excluded,
			"unknown": r.Unknown, "failed": r.Failed, "looked": r.Looked, "media": r.Media, "gaps": gaps,
		})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "account %s: %s read, %d new\n", r.Account, plural(r.Captures, "capture", "captures"), r.New)
	if r.Unknown > 0 {
		fmt.Fprintf(&b, "  %s of a kind that this version cannot read: kept as they came\n", plural(r.Unknown, "item", "items"))
	}
	writeGaps(&b, gaps)
	for _, l := range r.Lanes {
		switch {
		case l.Err == nil:
		case errors.Is(l.Err, collectors.ErrNoLane):
			fmt.Fprintf(&b, "  %s: the server does not offer this place\n", l.Lane)
		default:
			fmt.Fprintf(&b, "  %s: not read to the end: %s\n", l.Lane, plain(l.Err))
		}
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

// writeGaps writes a line for each gap; one that several places share is one.
func writeGaps(b *strings.Builder, gaps []gapJSON) {
	places := map[gapJSON][]string{}
	var lines []gapJSON
	for _, g := range gaps {
		lane := string(g.Lane)
		if g.Lane = ""; places[g] == nil {
			lines = append(lines, g)
		}
		if lane == "" {
			lane = "all places"
		}
		places[g] = append(places[g], lane)
	}
	for _, g := range lines {
		fmt.Fprintf(b, "  gap (%s) from %s to %s: %s (%s)\n", g.Class, g.From, g.To, g.Cause, strings.Join(places[g], ", "))
	}
}
