package alerts

import (
	"fmt"
	"slices"
	"time"

	"daybook"
	"daybook/detect"
)

// Evaluate returns what the rules find in the entries from ≤ entry < to, given
// the facts of the case. It is pure: the same arguments give the same events,
// in the order of RuleKinds. There is at most one event for each rule and for
// what is late, so that a flood of messages is a few events. Contact that is
// marked as agreed makes none.
//
// Only what entries below to tell is taken into account, so it does not matter
// how far the facts go.
func Evaluate(rules []Rule, f detect.Facts, from, to uint64) []Event {
	came := window(f, from, to)
	var events []Event
	for _, kind := range RuleKinds() {
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.Kind == kind })
		if i < 0 || kind == MayBeLinked || kind == Stopped || kind == Renewal {
			continue // MayBeLinked: EvaluateLinks
		}
		fresh := Event{Rule: kind}
		late := Event{Rule: kind, Late: true}
		for _, a := range came {
			if !a.speaks(rules[i]) {
				continue
			}
			if c := f.Contacts[a.contact]; isLate(c) {
				late.add(c)
			} else {
				fresh.add(c)
			}
		}
		for _, e := range []Event{fresh, late} {
			if e.Count == 0 {
				continue
			}
			e.ID = fmt.Sprintf("%s/%d", kind, e.First)
			if e.Late {
				e.ID += "/late"
			}
			events = append(events, e)
		}
	}
	return events
}

func (e *Event) add(c detect.Contact) {
	if e.Count == 0 || c.Entry < e.First {
		e.First = c.Entry
	}
	e.Last = max(e.Last, c.Entry)
	e.Count++
	if c.Logged.After(e.At) {
		e.At = c.Logged
	}
	if sent := sentAt(c); sent.After(e.Newest) {
		e.Newest = sent
	}
}

// sentAt is when a contact was sent: never after it was appended, whatever a
// platform says.
func sentAt(c detect.Contact) time.Time {
	if c.At.After(c.Logged) {
		return c.Logged
	}
	return c.At
}

func isLate(c detect.Contact) bool {
	return c.Origin != daybook.Collected || c.Logged.Sub(c.At) > FreshFor
}

// An arrival is one contact of the entries that are looked at, with what has to be
// known of those before. A file of a million messages makes a million of them at
// once.
type arrival struct {
	contact  int // its place in Facts.Contacts
	standing detect.Standing
	first    bool          // the first contact of its handle
	quiet    time.Duration // since the contact of its group before; -1 if there was none
}

// window returns the contacts of some entries, in order of time.
func window(f detect.Facts, from, to uint64) []arrival {
	s := detect.NewStandings(f)
	counts := func(c detect.Contact) (detect.Standing, bool) {
		if c.Entry >= to || c.Direction != daybook.In || !c.Kind.Contact() || c.Handle < 0 || c.Handle >= len(f.Handles) {
			return detect.Standing{}, false
		}
		st := s.Of(c)
		return st, !st.Allowed
	}
	firstEntry := map[int]uint64{} // of each handle
	n := 0
	for _, c := range f.Contacts {
		if _, ok := counts(c); ok {
			if c.Entry >= from {
				n++
			}
			if e, known := firstEntry[c.Handle]; !known || c.Entry < e {
				firstEntry[c.Handle] = c.Entry
			}
		}
	}
	out := make([]arrival, 0, n)
	lastAt := map[int]time.Time{} // of each group
	for i, c := range f.Contacts {
		st, ok := counts(c)
		if !ok {
			continue
		}
		group := s.Group(c.Handle)
		before, known := lastAt[group]
		if c.At.After(before) {
			lastAt[group] = c.At
		}
		if c.Entry < from {
			continue
		}
		quiet := time.Duration(-1)
		if known {
			quiet = c.At.Sub(before)
		}
		first := firstEntry[c.Handle] == c.Entry
		if first {
			firstEntry[c.Handle] = to // one first contact, also where an entry holds two messages
		}
		out = append(out, arrival{i, st, first, quiet})
	}
	return out
}

// speaks reports whether a rule has something to say about the contact.
func (a arrival) speaks(r Rule) bool {
	switch r.Kind {
	case Unwanted:
		return a.standing.Unwanted
	case AfterStop:
		return a.standing.AfterStop || a.standing.AfterBlock
	case NewHandle:
		return a.first
	case AfterQuiet:
		quiet := r.Quiet
		if quiet <= 0 {
			quiet = DefaultQuiet
		}
		return a.quiet >= quiet
	}
	return false
}
