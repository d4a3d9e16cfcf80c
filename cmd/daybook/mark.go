package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/collectors/mastodon"
)

type markCommand struct {
	What      string  `arg:"" enum:"stop,unwanted,allowed,excluded,named-day,called" help:"stop: they were asked to stop. unwanted: contact from them is not wanted. allowed: contact is agreed. excluded: nothing from them is ever stored. named-day: a birthday, a court date. called: what the person calls them, in --how, where the platform shows a number or a name that changes."`
	Case      string  `required:"" help:"The case." placeholder:"CASE"`
	Handle    string  `help:"Whom it is about: a handle as 'daybook handles' shows it." placeholder:"HANDLE"`
	Entry     *uint64 `help:"The entry that it is about, such as the message that asked them to stop." placeholder:"N"`
	At        string  `help:"When: 2026-10-26T21:14:00Z, or a day (2026-10-26) in the person's time zone." placeholder:"T"`
	Precision string  `enum:"exact,minute,day,about," default:"" help:"How exactly the time is known: exact, minute, day or about. A day without a time is known by day."`
	Until     string  `help:"End of a period." placeholder:"T"`
	How       string  `help:"How, in the person's words." placeholder:"TEXT"`
	Undo      bool    `help:"Take the mark back. What was said stays in the log."`
}

func (cmd *markCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		d := daybook.Decision{What: daybook.Mark(cmd.What), Entry: cmd.Entry, How: cmd.How, Undone: cmd.Undo}
		err := a.cases.Authorize(c.ctx, actor, id, cases.Mark)
		if err != nil {
			return err
		}
		if cmd.Handle != "" {
			if d.Handle, err = cmd.whom(c.ctx, a, id); err != nil {
				return err
			}
		}
		if d.When, err = cmd.when(c, a, id); err != nil {
			return err
		}
		return c.decide(a, actor, id, d)
	})
}

// whom finds the handle. One that is to be excluded may be unknown to the case,
// so that nothing of it is ever stored: then it goes by the name of its account.
func (cmd *markCommand) whom(ctx context.Context, a *app, id daybook.CaseID) (daybook.Handle, error) {
	h, err := a.findHandle(ctx, id, cmd.Handle)
	name := strings.TrimPrefix(cmd.Handle, "@")
	if daybook.Mark(cmd.What) != daybook.MarkExcluded || !strings.Contains(name, "@") {
		return h, err
	}
	unseen := daybook.Handle{Platform: mastodon.Platform, Native: strings.ToLower(name), Names: []daybook.SeenName{{Account: name}}}
	if errors.Is(err, daybook.ErrNotFound) {
		return unseen, nil
	}
	if err != nil || !cmd.Undo {
		return h, err
	}
	excluded, err := a.db.Excluded(ctx, id)
	if err == nil && excluded[unseen.Ref()] && !excluded[h.Ref()] {
		h = unseen // it was excluded before it was known
	}
	return h, err
}

func (cmd *markCommand) when(c *call, a *app, id daybook.CaseID) (w daybook.When, err error) {
	row, err := a.db.Case(c.ctx, id)
	if err != nil {
		return w, err
	}
	zone, err := time.LoadLocation(row.Zone)
	if err != nil {
		return w, fmt.Errorf("time zone of the case: %w", err)
	}
	var day bool
	if cmd.At != "" {
		if w.At, day, err = parseTime(cmd.At, zone); err != nil {
			return w, err
		}
		w.Zone = row.Zone
		if day {
			w.Precision = daybook.Day
		}
	}
	if cmd.Until != "" {
		if w.Until, day, err = parseTime(cmd.Until, zone); err != nil {
			return w, err
		}
		if day {
			w.Until = w.Until.AddDate(0, 0, 1) // the end of that day
		}
		w.Precision = daybook.Span
	}
	switch cmd.Precision {
	case "exact":
		w.Precision = daybook.Exact
	case "":
	default:
		w.Precision = daybook.Precision(cmd.Precision)
	}
	return w, nil
}

// parseTime reads a time or a day. A day begins in the given zone; day is then
// true.
func parseTime(s string, zone *time.Location) (t time.Time, day bool, err error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err = time.ParseInLocation(layout, s, zone); err == nil {
			return t.UTC(), false, nil
		}
	}
	if t, err = time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return t.UTC(), true, nil
	}
	return t, false, fmt.Errorf("%w: %q is not a time; write 2026-10-26, 2026-10-26T21:14 or 2026-10-26T21:14:00Z", errUsage, s)
}

type linkCommand struct {
	What   string `arg:"" enum:"confirm,reject,open" help:"confirm: they are linked, as far as the person can tell. reject: they are not. open: leave it open."`
	A      string `arg:"" help:"A handle as 'daybook handles' shows it."`
	B      string `arg:"" help:"Another handle."`
	Case   string `required:"" help:"The case." placeholder:"CASE"`
	Reason string `required:"" help:"Why, in the person's words." placeholder:"TEXT"`
}

func (cmd *linkCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		d := daybook.Decision{How: cmd.Reason, What: map[string]daybook.Mark{
			"confirm": daybook.MarkLinked, "reject": daybook.MarkApart, "open": daybook.MarkOpen}[cmd.What]}
		err := a.cases.Authorize(c.ctx, actor, id, cases.Link)
		if err != nil {
			return err
		}
		if d.Handle, err = a.findHandle(c.ctx, id, cmd.A); err != nil {
			return err
		}
		if d.Other, err = a.findHandle(c.ctx, id, cmd.B); err != nil {
			return err
		}
		return c.decide(a, actor, id, d)
	})
}

// decide writes a decision and prints the number of its entry.
func (c *call) decide(a *app, actor daybook.Actor, id daybook.CaseID, d daybook.Decision) error {
	entry, err := a.cases.Mark(c.ctx, actor, id, d)
	if err != nil {
		return err
	}
	if err := a.settle(c.ctx, id); err != nil {
		return err
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]any{"entry": entry, "what": d.What})
	}
	_, err = fmt.Fprintf(c.out, "entry %d\n", entry)
	return err
}

// findHandle finds the handle that a person means: its immutable identifier, or
// a name that it has borne or that the person calls it by, if only one handle of
// the case has.
func (a *app) findHandle(ctx context.Context, id daybook.CaseID, said string) (daybook.Handle, error) {
	all, err := a.db.Handles(ctx, id)
	if err != nil {
		return daybook.Handle{}, err
	}
	said = strings.TrimPrefix(said, "@")
	var found []daybook.Handle
	for _, s := range all {
		h := s.Handle
		if h.Native == said || h.Ref() == said {
			return h, nil
		}
		if s.Called != "" && strings.EqualFold(s.Called, said) {
			found = append(found, h)
			continue
		}
		for _, n := range h.Names {
			if strings.EqualFold(n.Account, said) || strings.EqualFold(localName(n.Account), said) {
				found = append(found, h)
				break
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return daybook.Handle{}, fmt.Errorf("handle %s: %w", shown(said), daybook.ErrNotFound)
	}
	return daybook.Handle{}, fmt.Errorf("%w: %d handles of this case have borne this name; give the identifier that 'daybook handles' shows", daybook.ErrInvalid, len(found))
}

// localName is the part of an account name before its domain.
func localName(account string) string {
	name, _, _ := strings.Cut(account, "@")
	return name
}
