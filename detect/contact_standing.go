package detect

import (
	"slices"
	"time"

	"daybook"
)

// A Standing says how one contact stands to what the person asked for and did
// about its sender or about a handle that they confirmed as linked with it.
type Standing struct {
	Allowed     bool // agreed: it lies, or may lie, in a period marked as allowed for this very handle
	Unwanted    bool // a handle of its group is marked as unwanted
	AfterStop   bool // certainly after a request to stop
	AroundStop  bool // inside the uncertainty of the request, or of its own time
	AfterBlock  bool // certainly after a block was seen, and before it was seen lifted
	AroundBlock bool // between the last look without the block and the first with it
}

// Standings answers for each contact of a case how it stands. It is read-only
// once made.
type Standings struct {
	zone    *time.Location
	unit    []int // of each handle: its group, or itself
	units   []unitTerms
	allowed [][]span // of each handle
	stops   []stopMoment
}

// A stopMoment is a request to stop, with the first and the last moment at which
// it can have been made.
type stopMoment struct {
	mark   Mark
	lo, hi time.Time
}

type span struct{ from, to time.Time } // a zero time is open

// unitTerms is what was said about, and done to, the handles of one group.
type unitTerms struct {
	unwanted bool
	asked    bool
	// The earliest time at which they may have been asked, and the earliest by
	// which they certainly had been.
	askedLo, askedHi time.Time
	stops            []Mark
	blocks           []Block
}

// NewStandings reads the marks, blocks and groups of f.
func NewStandings(f Facts) *Standings {
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	s := &Standings{zone: zone, unit: handleIndexes(len(f.Handles)), units: make([]unitTerms, len(f.Handles)), allowed: make([][]span, len(f.Handles))}
	times := aboutTimes(f)
	for _, g := range confirmedGroups(f) {
		for _, h := range g {
			s.unit[h] = g[0]
		}
	}
	for _, m := range f.Marks {
		if m.Handle < 0 || m.Handle >= len(f.Handles) {
			continue
		}
		u := &s.units[s.unit[m.Handle]]
		switch m.What {
		case daybook.MarkUnwanted:
			u.unwanted = true
		case daybook.MarkAllowed:
			s.allowed[m.Handle] = append(s.allowed[m.Handle], allowedSpan(m.When, zone))
		case daybook.MarkStop:
			u.stops = append(u.stops, m)
			lo, hi := stopBounds(times, m, zone)
			s.stops = append(s.stops, stopMoment{m, lo, hi})
			if !u.asked || lo.Before(u.askedLo) {
				u.askedLo = lo
			}
			if !u.asked || hi.Before(u.askedHi) {
				u.askedHi = hi
			}
			u.asked = true
		}
	}
	for _, b := range f.Blocks {
		if b.Handle >= 0 && b.Handle < len(f.Handles) {
			u := &s.units[s.unit[b.Handle]]
			u.blocks = append(u.blocks, b)
		}
	}
	for i := range s.units {
		slices.SortStableFunc(s.units[i].stops, func(a, b Mark) int { return a.When.At.Compare(b.When.At) })
	}
	return s
}

// Of returns the standing of a contact that came in. A contact of an unknown
// handle has none.
func (s *Standings) Of(c Contact) Standing { return s.of(&c) }

func (s *Standings) of(c *Contact) Standing {
	var st Standing
	if c.Handle < 0 || c.Handle >= len(s.unit) {
		return st
	}
	u := &s.units[s.unit[c.Handle]]
	allowed := s.allowed[c.Handle]
	st.Unwanted = u.unwanted
	if !u.asked && len(u.blocks) == 0 && len(allowed) == 0 {
		return st
	}
	lo, hi := bounds(c.At, c.Until, c.Precision, s.zone)
	for _, a := range allowed {
		if (a.to.IsZero() || lo.Before(a.to)) && (a.from.IsZero() || !hi.Before(a.from)) {
			st.Allowed = true // in doubt it is not counted against anybody
		}
	}
	if u.asked {
		st.AfterStop = lo.After(u.askedHi)
		st.AroundStop = !st.AfterStop && !hi.Before(u.askedLo)
	}
	for _, b := range u.blocks {
		lifted := !b.Ended.IsZero() && !hi.Before(b.Ended)
		if lo.After(b.Seen) && !lifted {
			st.AfterBlock = true
		} else if !b.Before.IsZero() && !hi.Before(b.Before) && !lo.After(b.Seen) {
			st.AroundBlock = true
		}
	}
	st.AroundBlock = st.AroundBlock && !st.AfterBlock
	return st
}

// terms returns what was said about the group of a handle.
func (s *Standings) terms(handle int) *unitTerms { return &s.units[s.unit[handle]] }

// stopBounds returns the first and the last moment at which a request to stop
// can have been made. If the mark names no time, that of the entry that it is
// about is taken, else the time of the mark: they had been asked by then.
func stopBounds(times map[uint64]*Contact, m Mark, zone *time.Location) (lo, hi time.Time) {
	if !m.When.At.IsZero() {
		return bounds(m.When.At, m.When.Until, m.When.Precision, zone)
	}
	if m.About != nil {
		if c := times[*m.About]; c != nil {
			return bounds(c.At, c.Until, c.Precision, zone)
		}
	}
	return m.At, m.At
}

// aboutTimes returns the contacts whose time a request to stop goes by, keyed by
// entry. Of an entry that holds several it is the first.
func aboutTimes(f Facts) map[uint64]*Contact {
	times := map[uint64]*Contact{}
	for _, m := range f.Marks {
		if m.What == daybook.MarkStop && m.When.At.IsZero() && m.About != nil {
			times[*m.About] = nil
		}
	}
	if len(times) == 0 {
		return nil
	}
	for i := range f.Contacts {
		c := &f.Contacts[i]
		if c.At.IsZero() {
			continue
		}
		if first, asked := times[c.Entry]; asked && (first == nil || byTime(c, first) < 0) {
			times[c.Entry] = c
		}
	}
	return times
}

// allowedSpan is the period of a mark: from At until Until; an end that is not
// given is open.
func allowedSpan(w daybook.When, zone *time.Location) span {
	s := span{from: w.At, to: w.Until}
	if w.Precision == daybook.Day || w.Precision == daybook.About {
		if !s.from.IsZero() {
			s.from = dayStart(dayOf(s.from, zone), zone)
		}
		if !s.to.IsZero() {
			s.to = dayStart(dayOf(s.to, zone)+1, zone)
		}
	}
	return s
}

// bounds returns the first and the last moment that a stated time can mean. A
// day is the local day. An estimate without an end is given a day on either
// side.
func bounds(at, until time.Time, p daybook.Precision, zone *time.Location) (lo, hi time.Time) {
	lo, hi = at, at
	if until.After(at) {
		hi = until
	}
	switch p {
	case daybook.Minute:
		hi = hi.Truncate(time.Minute).Add(time.Minute - time.Microsecond)
	case daybook.Day:
		lo = dayStart(dayOf(lo, zone), zone)
		hi = dayStart(dayOf(hi, zone)+1, zone).Add(-time.Microsecond)
	case daybook.About:
		if !until.After(at) {
			lo, hi = lo.Add(-24*time.Hour), hi.Add(24*time.Hour)
		}
	}
	return lo, hi
}

// Group returns the same number for handles that a person confirmed as linked,
// and a number of its own for every other handle. handle must be an index of
// Facts.Handles.
func (s *Standings) Group(handle int) int { return s.unit[handle] }
