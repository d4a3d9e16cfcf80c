package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// A Follower writes events for what is new in a log. It implements
// archive.Follower and has to run after the one that derives messages, because
// it asks for facts that include the entries it is handed.
//
// Unlike other followers it is not made again from entry 0: its position is
// primary data, kept with the events in one transaction, and rebuilding leaves
// it alone. So nothing is ever told twice.
type Follower struct {
	facts  Facts
	events Events
	head   Head
	now    func() time.Time
	links  Links // nil: MayBeLinked finds nothing
}

// NewFollower returns a Follower. now is the clock.
func NewFollower(facts Facts, events Events, head Head, now func() time.Time) *Follower {
	return &Follower{facts: facts, events: events, head: head, now: now}
}

// WithLinks returns a Follower that also tells of handles which may be linked.
func (f *Follower) WithLinks(l Links) *Follower {
	with := *f
	with.links = l
	return &with
}

// Name implements archive.Follower.
func (f *Follower) Name() string { return "alerts/1" }

// Position implements archive.Follower.
func (f *Follower) Position(ctx context.Context, c daybook.CaseID) (uint64, error) {
	return f.events.AlertPosition(ctx, c)
}

// Handle implements archive.Follower. Facts are of the whole case and dear: of a
// long stretch it looks at the end alone, and then at all of it at once. Until
// then the position stays where it is.
func (f *Follower) Handle(ctx context.Context, c daybook.CaseID, batch []archive.Entry) error {
	if len(batch) == 0 {
		return nil
	}
	to := batch[0].Index + uint64(len(batch))
	size, _, err := f.head.Head(ctx, c)
	if err != nil {
		return fmt.Errorf("alerts: %w", err)
	}
	if to < size {
		return nil // more is coming
	}
	from, err := f.events.AlertPosition(ctx, c)
	if err != nil {
		return fmt.Errorf("alerts: position of case %s: %w", c, err)
	}
	if from >= to {
		return nil
	}
	owed, err := f.owed(ctx, c)
	if err != nil {
		return err
	}
	var events []Event
	still := owed
	if from < batch[0].Index || owed > 0 || holdsContact(batch) {
		if events, still, err = f.look(ctx, c, from, to, owed); err != nil {
			return err
		}
	}
	// What is owed is kept before the position moves on, and struck out after the
	// events are kept: what is compared twice gives the same events, once.
	if still > 0 && still != owed {
		if err := f.setOwed(ctx, c, still); err != nil {
			return err
		}
	}
	if err := f.events.AdvanceAlerts(ctx, c, from, to, events); err != nil {
		return fmt.Errorf("alerts: keep events of entries %d to %d of case %s: %w", from, to-1, c, err)
	}
	if still == 0 && owed > 0 {
		return f.setOwed(ctx, c, 0)
	}
	return nil
}

// look evaluates the rules for some entries. It returns the entry from which on
// handles are still to be compared. Without a rule nothing is looked at: the facts
// of a case are as large as the case.
func (f *Follower) look(ctx context.Context, c daybook.CaseID, from, to, owed uint64) (events []Event, still uint64, err error) {
	rules, err := f.events.AlertRules(ctx, c)
	if err != nil {
		return nil, 0, fmt.Errorf("alerts: rules of case %s: %w", c, err)
	}
	if len(rules) == 0 {
		return nil, 0, nil
	}
	facts, err := f.facts.Facts(ctx, c, f.now())
	if err != nil {
		return nil, 0, fmt.Errorf("alerts: facts of case %s: %w", c, err)
	}
	since := from
	if owed > 0 {
		since = owed
	}
	linked, ok, err := f.linked(ctx, c, rules, facts, since, to)
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		still = max(since, 1) // entry 0 opens the case
	}
	return append(Evaluate(rules, facts, from, to), linked...), still, nil
}

// holdsContact reports whether an entry can be somebody's contact: facts are
// dear, and most small batches are gaps, looks and marks.
func holdsContact(batch []archive.Entry) bool {
	for _, e := range batch {
		if !e.Erased && (e.Record.Kind == daybook.RecordItem || e.Record.Kind == daybook.RecordDiary) {
			return true
		}
	}
	return false
}

// Erased implements archive.Follower. Events hold counts, times and entry
// numbers, which stay in the log after an erasure: there is nothing to remove.
func (f *Follower) Erased(context.Context, daybook.CaseID, []daybook.MessageKey) error { return nil }

// Stopped writes the event that an account is not read any more. Collecting
// calls it. The same account gives one event a day (UTC) at most.
func (f *Follower) Stopped(ctx context.Context, a daybook.Account) error {
	rules, err := f.events.AlertRules(ctx, a.Case)
	if err != nil {
		return fmt.Errorf("alerts: rules of case %s: %w", a.Case, err)
	}
	for _, r := range rules {
		if r.Kind != Stopped {
			continue
		}
		now := f.now().UTC()
		e := Event{ID: "stopped/" + string(a.ID) + "/" + now.Format(time.DateOnly), Rule: Stopped, Count: 1, At: now, Newest: now}
		if err := f.events.AddEvent(ctx, a.Case, e); err != nil {
			return fmt.Errorf("alerts: keep that account %s stopped: %w", a.ID, err)
		}
	}
	return nil
}

// Remind writes the event that a consent comes to its end, once for each of the
// days before it on which that is due (cases.Reminders). A reminder whose day was
// missed is left out if a later one is due as well. It may be called at any time.
func (f *Follower) Remind(ctx context.Context, a daybook.Account, consent daybook.Consent) error {
	now := f.now().UTC()
	due := cases.Reminders(consent, now)
	if len(due) == 0 {
		return nil
	}
	rules, err := f.events.AlertRules(ctx, a.Case)
	if err != nil {
		return fmt.Errorf("alerts: rules of case %s: %w", a.Case, err)
	}
	if !slices.ContainsFunc(rules, func(r Rule) bool { return r.Kind == Renewal }) {
		return nil
	}
	last := due[len(due)-1]
	e := Event{ID: fmt.Sprintf("renewal/%s/%d/%d", a.ID, consent.Until.Unix(), last.Days), Rule: Renewal, Count: 1, At: now, Newest: now}
	if err := f.events.AddEvent(ctx, a.Case, e); err != nil {
		return fmt.Errorf("alerts: keep that the consent for account %s comes to its end: %w", a.ID, err)
	}
	return nil
}
