package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"daybook"
	"daybook/detect"
)

// Links finds handles that may be linked. What it costs is only spent where
// somebody wants to hear of it.
type Links interface {
	// Recipients returns the recipients of a case in a fixed order.
	Recipients(ctx context.Context, c daybook.CaseID) ([]Recipient, error)
	// Suggest returns the findings of kind "link" of a case, given its
	// facts: first the later handle, then the handle or the confirmed group that
	// it may be linked to. If handles cannot be compared now and it is to be
	// tried again with the next entry, the error wraps ErrNotCompared.
	Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) ([]detect.Finding, error)
	// Owed returns the entry from which on handles are still to be compared,
	// because it failed; 0 if none is.
	Owed(ctx context.Context, c daybook.CaseID) (uint64, error)
	// SetOwed keeps it.
	SetOwed(ctx context.Context, c daybook.CaseID, from uint64) error
}

// ErrNotCompared says that the handles of a case could not be compared now. It
// keeps nobody from being told of contact: the comparison is owed, and made with
// the next entry.
var ErrNotCompared = errors.New("the handles could not be compared")

// EvaluateLinks returns what the rule MayBeLinked finds in the entries from ≤
// entry < to, given the facts of the case and the suggestions that they give. It
// is pure.
//
// There is one event for each suggestion, and its ID is the same whenever it is
// made: so a handle and whom it may be linked to are told of once. It is made when
// one of them wrote in these entries. A suggestion counts if the other side is a
// confirmed group, or if a handle of either side is marked as unwanted, was asked
// to stop or was blocked. Contact that is marked as agreed makes none.
func EvaluateLinks(rules []Rule, f detect.Facts, suggested []detect.Finding, from, to uint64) []Event {
	if !slices.ContainsFunc(rules, func(r Rule) bool { return r.Kind == MayBeLinked }) || len(suggested) == 0 {
		return nil
	}
	s := newSides(f, to)
	var events []Event
	for _, found := range suggested {
		if len(found.Handles) < 2 {
			continue
		}
		later, party := s.of(found.Handles[:1]), s.of(found.Handles[1:])
		newest, wrote := later.newest, max(later.last, party.last)
		if !later.known || !party.known || later.agreed || party.agreed || wrote < from {
			continue
		}
		if len(found.Handles) == 2 && !later.unwelcome && !party.unwelcome {
			continue
		}
		e := Event{ID: fmt.Sprintf("%s/%d/%d", MayBeLinked, later.first, party.first), Rule: MayBeLinked, Late: isLate(newest)}
		e.add(newest)
		e.First, e.Last = later.first, later.last
		events = append(events, e)
	}
	return events
}

// A side is what is known of some handles from entries below a number.
type side struct {
	known       bool // one of them wrote
	first, last uint64
	newest      detect.Contact // by entry
	agreed      bool           // the newest contact was
	unwelcome   bool           // one of them is marked as unwanted, was asked to stop or was blocked
}

// sides tells of each handle.
type sides map[string]*side

func newSides(f detect.Facts, to uint64) sides {
	out := make(sides, len(f.Handles))
	at := make([]*side, len(f.Handles))
	for i, h := range f.Handles {
		at[i] = &side{}
		out[h.Ref()] = at[i]
	}
	standings := detect.NewStandings(f)
	for _, c := range f.Contacts {
		if c.Entry >= to || c.Direction != daybook.In || !c.Kind.Contact() || c.Handle < 0 || c.Handle >= len(at) {
			continue
		}
		at[c.Handle].join(side{known: true, first: c.Entry, last: c.Entry, newest: c, agreed: standings.Of(c).Allowed})
	}
	note := func(handle int, entry uint64) {
		if handle >= 0 && handle < len(at) && entry < to {
			at[handle].unwelcome = true
		}
	}
	for _, m := range f.Marks {
		if m.What == daybook.MarkUnwanted || m.What == daybook.MarkStop {
			note(m.Handle, m.Entry)
		}
	}
	for _, b := range f.Blocks {
		note(b.Handle, b.Entry)
	}
	return out
}

// of joins what is known of some handles.
func (s sides) of(handles []daybook.Handle) (out side) {
	for _, h := range handles {
		if one := s[h.Ref()]; one != nil {
			out.join(*one)
		}
	}
	return out
}

func (s *side) join(o side) {
	unwelcome := s.unwelcome || o.unwelcome
	switch {
	case !o.known:
	case !s.known:
		*s = o
	default:
		s.first = min(s.first, o.first)
		if o.last > s.last {
			s.last, s.newest, s.agreed = o.last, o.newest, o.agreed
		}
	}
	s.unwelcome = unwelcome
}

// owed returns the entry from which on handles are still to be compared; 0 if
// none is.
func (f *Follower) owed(ctx context.Context, c daybook.CaseID) (uint64, error) {
	if f.links == nil {
		return 0, nil
	}
	from, err := f.links.Owed(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("alerts: from where handles of case %s are to be compared: %w", c, err)
	}
	return from, nil
}

func (f *Follower) setOwed(ctx context.Context, c daybook.CaseID, from uint64) error {
	if err := f.links.SetOwed(ctx, c, from); err != nil {
		return fmt.Errorf("alerts: keep from where handles of case %s are to be compared: %w", c, err)
	}
	return nil
}

// linked returns the events of MayBeLinked in a stretch of a log, and whether
// handles could be compared. It costs nothing where the rule is off or no
// recipient wants to hear of it.
func (f *Follower) linked(ctx context.Context, c daybook.CaseID, rules []Rule, facts detect.Facts, from, to uint64) (events []Event, ok bool, err error) {
	if f.links == nil || !slices.ContainsFunc(rules, func(r Rule) bool { return r.Kind == MayBeLinked }) {
		return nil, true, nil
	}
	all, err := f.links.Recipients(ctx, c)
	if err != nil {
		return nil, false, fmt.Errorf("alerts: who is told of case %s: %w", c, err)
	}
	wants := func(r Recipient) bool { return !r.Weekly && r.Wanted(MayBeLinked) && !r.ended(f.now()) }
	if !slices.ContainsFunc(all, wants) {
		return nil, true, nil
	}
	suggested, err := f.links.Suggest(ctx, c, facts)
	if errors.Is(err, ErrNotCompared) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("alerts: which handles of case %s may be linked: %w", c, err)
	}
	return EvaluateLinks(rules, facts, suggested, from, to), true, nil
}
