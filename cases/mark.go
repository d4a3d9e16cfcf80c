package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
)

const (
	maxHow    = 4000 // characters
	maxCalled = 100  // characters of a name that a person gives
)

// Mark writes what a person decided about a handle, a pair of handles, a message
// or a day, and returns the number of the entry. A later decision about the same
// supersedes an earlier one; both stay.
//
// d.Entry without a handle stands for the other party of that message, and for a
// stop without a time also for when it was sent. d.At is set to now. Linked,
// apart and open need the right to Link, excluded the right to Consent, all
// others the right to Mark. When it returns nil the mark has taken effect. The error wraps daybook.ErrForbidden, or
// daybook.ErrInvalid with what to add.
func (s *Cases) Mark(ctx context.Context, actor daybook.Actor, c daybook.CaseID, d daybook.Decision) (uint64, error) {
	right, ok := rightFor(d.What)
	if !ok {
		return 0, fmt.Errorf("%w: there is no mark %q", daybook.ErrInvalid, d.What)
	}
	if err := s.Authorize(ctx, actor, c, right); err != nil {
		return 0, err
	}
	now := s.now()
	d.At = now
	d, err := s.resolve(ctx, c, d)
	if err != nil {
		return 0, err
	}
	if d, err = completeDecision(d, now); err != nil {
		return 0, err
	}
	var entry uint64
	err = s.store.Update(ctx, func(ctx context.Context) (err error) {
		if entry, err = s.append(ctx, actor, c, daybook.RecordDecision, d, now); err != nil {
			return err
		}
		return s.catchUp(ctx, c)
	})
	if err != nil {
		return 0, fmt.Errorf("write the mark: %w", err)
	}
	return entry, nil
}

func rightFor(m daybook.Mark) (Action, bool) {
	switch m {
	case daybook.MarkStop, daybook.MarkUnwanted, daybook.MarkAllowed, daybook.MarkNamedDay, daybook.MarkCalled:
		return Mark, true
	case daybook.MarkExcluded:
		return Consent, true
	case daybook.MarkLinked, daybook.MarkApart, daybook.MarkOpen:
		return Link, true
	}
	return "", false
}

// resolve finds the handle, and the time of a stop, of a decision that names an
// entry. The entry has to be there in any case.
func (s *Cases) resolve(ctx context.Context, c daybook.CaseID, d daybook.Decision) (daybook.Decision, error) {
	if d.Entry == nil {
		return d, nil
	}
	if err := s.catchUp(ctx, c); err != nil {
		return d, fmt.Errorf("look up entry %d: %w", *d.Entry, err)
	}
	m, err := s.messages.Message(ctx, c, *d.Entry)
	if errors.Is(err, daybook.ErrNotFound) {
		return d, fmt.Errorf("%w: entry %d shows no message; daybook list shows the numbers", daybook.ErrInvalid, *d.Entry)
	}
	if err != nil {
		return d, fmt.Errorf("look up entry %d: %w", *d.Entry, err)
	}
	if d.Handle.IsZero() && d.What != daybook.MarkNamedDay {
		switch {
		case m.Direction == daybook.In:
			d.Handle = m.Sender
		case len(m.To) == 1:
			d.Handle = m.To[0]
		default:
			return d, fmt.Errorf("%w: the message of entry %d does not go to one handle alone; say which with --handle", daybook.ErrInvalid, *d.Entry)
		}
	}
	if d.What == daybook.MarkStop && d.When.At.IsZero() && m.Direction == daybook.Out {
		d.When = m.Sent
	}
	return d, nil
}

// completeDecision fills in what can be assumed and refuses what does not say
// enough to be counted with.
func completeDecision(d daybook.Decision, now time.Time) (daybook.Decision, error) {
	if !utf8.ValidString(d.How) || utf8.RuneCountInString(d.How) > maxHow {
		return d, fmt.Errorf("%w: the words should be plain text of at most %d characters", daybook.ErrInvalid, maxHow)
	}
	d.How = strings.TrimSpace(d.How)
	if d.What == daybook.MarkNamedDay {
		return completeDay(d)
	}
	if d.Handle.IsZero() || d.Handle.Platform == "" {
		return d, fmt.Errorf("%w: say whom it is about, with a handle or with the number of a message", daybook.ErrInvalid)
	}
	switch d.What {
	case daybook.MarkLinked, daybook.MarkApart, daybook.MarkOpen:
		return completePair(d)
	}
	if !d.Other.IsZero() {
		return d, fmt.Errorf("%w: this mark is about one handle", daybook.ErrInvalid)
	}
	if d.Undone {
		return d, nil
	}
	switch d.What {
	case daybook.MarkCalled:
		if d.How == "" || utf8.RuneCountInString(d.How) > maxCalled || strings.ContainsFunc(d.How, unicode.IsControl) {
			return d, fmt.Errorf("%w: give the name that the person uses for them, of at most %d characters on one line", daybook.ErrInvalid, maxCalled)
		}
	case daybook.MarkStop:
		if d.When.At.IsZero() {
			return d, fmt.Errorf("%w: say when they were asked to stop, as well as it is known", daybook.ErrInvalid)
		}
		if d.When.At.After(now) {
			return d, fmt.Errorf("%w: the time when they were asked to stop lies in the future", daybook.ErrInvalid)
		}
	case daybook.MarkAllowed:
		if d.When.At.IsZero() {
			d.When.At = now
		}
		if !d.When.Until.IsZero() {
			d.When.Precision = daybook.Span
		}
	}
	return d, checkWhen(d.When)
}

func completeDay(d daybook.Decision) (daybook.Decision, error) {
	if d.When.At.IsZero() {
		return d, fmt.Errorf("%w: say which day it is", daybook.ErrInvalid)
	}
	if d.How == "" {
		return d, fmt.Errorf("%w: say in a few words what the day is", daybook.ErrInvalid)
	}
	if d.When.Precision == daybook.Exact {
		d.When.Precision = daybook.Day
	}
	return d, checkWhen(d.When)
}

func completePair(d daybook.Decision) (daybook.Decision, error) {
	switch {
	case d.Other.IsZero() || d.Other.Platform == "":
		return d, fmt.Errorf("%w: linked handles are two; name the other one", daybook.ErrInvalid)
	case d.Handle.Same(d.Other):
		return d, fmt.Errorf("%w: these are the same handle; name two", daybook.ErrInvalid)
	case d.What != daybook.MarkOpen && !d.Undone && d.How == "":
		return d, fmt.Errorf("%w: give the reason in a few words, for whoever reads the decision later", daybook.ErrInvalid)
	}
	return d, checkWhen(d.When)
}

func checkWhen(w daybook.When) error {
	switch w.Precision {
	case daybook.Exact, daybook.Minute, daybook.Day, daybook.About:
		if !w.Until.IsZero() {
			return fmt.Errorf("%w: a time with an end is a span; choose the precision %q", daybook.ErrInvalid, daybook.Span)
		}
	case daybook.Span:
		if w.At.IsZero() || !w.Until.After(w.At) {
			return fmt.Errorf("%w: a span needs a beginning and a later end", daybook.ErrInvalid)
		}
	default:
		return fmt.Errorf("%w: there is no precision %q; choose minute, day, about or span, or leave it out", daybook.ErrInvalid, w.Precision)
	}
	for _, t := range []time.Time{w.At, w.Until} {
		if !t.IsZero() && (t.Year() < 1900 || t.Year() > 2200) {
			return fmt.Errorf("%w: the year %d is not one of anybody's life; check the date", daybook.ErrInvalid, t.Year())
		}
	}
	if w.Zone != "" {
		if _, err := time.LoadLocation(w.Zone); err != nil {
			return fmt.Errorf("%w: there is no time zone %q; use a name such as Europe/London", daybook.ErrInvalid, w.Zone)
		}
	}
	return nil
}
