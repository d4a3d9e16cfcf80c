package detect

import (
	"slices"
	"time"

	"daybook"
)

// count counts each contact for its handle. It returns the first that came in
// from each handle, nil if nothing did.
func (c *Calendar) count(f Facts, standings *Standings) (firsts []*Contact) {
	firsts = make([]*Contact, len(f.Handles))
	agreed := make([]span, len(f.Handles)) // first and last of what is agreed
	c.Handles = make([]Series, len(f.Handles))
	for h := range c.Handles {
		c.Handles[h] = Series{Handles: []int{h}, Group: -1}
	}
	c.arrivals = make([]arrival, 0, len(f.Contacts))
	clock := localClock{zone: f.Zone}
	for i := range f.Contacts {
		m := &f.Contacts[i]
		known := m.Direction == daybook.In && considered(m, len(f.Handles))
		diary := m.Kind == daybook.KindDiary && m.Direction != daybook.Out
		if !known && !diary {
			continue
		}
		local := clock.seconds(m.At)
		day := floorDiv(local, 86400)
		if place := c.place(day); diary && place >= 0 && place < c.Days {
			c.Diary[place]++
		}
		if !known {
			c.arrive(m, -1)
			continue
		}
		if firsts[m.Handle] == nil || byTime(m, firsts[m.Handle]) < 0 {
			firsts[m.Handle] = m
		}
		s := &c.Handles[m.Handle]
		if standing := standings.of(m); standing.Allowed {
			c.add(s, day, Count{Allowed: 1})
			reach(&agreed[m.Handle].from, &agreed[m.Handle].to, m.At, s.Total.Allowed == 1)
			if diary {
				c.arrive(m, -1)
			}
		} else {
			c.add(s, day, Count{Contacts: 1, AfterStop: one(standing.AfterStop), Diary: one(diary)})
			reach(&s.First, &s.Last, m.At, s.Total.Contacts == 1)
			c.arrive(m, m.Handle)
			if !diary {
				c.addHour(m, day, local)
			}
		}
	}
	for h := range c.Handles {
		if s := &c.Handles[h]; s.Total.Contacts == 0 {
			s.First, s.Last = agreed[h].from, agreed[h].to
		}
	}
	return firsts
}

// place returns the index of a local day.
func (c *Calendar) place(day int64) int { return int(day-c.today) + c.Days - 1 }

// add counts n for a series on a local day.
func (c *Calendar) add(s *Series, day int64, n Count) {
	s.Total.add(n)
	switch place := c.place(day); {
	case place < 0:
		s.Before.add(n)
	case place >= c.Days:
		s.After.add(n)
	default:
		s.Within.add(n)
		if s.Days == nil {
			s.Days = make([]Count, c.Days)
		}
		s.Days[place].add(n)
	}
	switch ago := c.today - day; {
	case ago >= 0 && ago < 7:
		s.Week += n.Contacts
	case ago >= 7 && ago < 14:
		s.WeekBefore += n.Contacts
	}
}

// addHour counts a contact in its hour, if it lies on the days.
func (c *Calendar) addHour(m *Contact, day, local int64) {
	if place := c.place(day); place < 0 || place >= c.Days {
		return
	}
	if rough(m) {
		c.Rough++
		return
	}
	h := hourOfWeek(local)
	c.Hours[h/24][h%24]++
}

func (c *Calendar) arrive(m *Contact, handle int) {
	a := arrival{at: m.At.UnixMicro(), logged: m.Logged.UnixMicro(), handle: int32(handle), diary: m.Kind == daybook.KindDiary}
	if m.Logged.IsZero() {
		a.logged = a.at
	}
	c.arrivals = append(c.arrivals, a)
}

// reach widens the time between two others to at.
func reach(first, last *time.Time, at time.Time, only bool) {
	if only || at.Before(*first) {
		*first = at
	}
	if only || at.After(*last) {
		*last = at
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wrote reports whether anything came in.
func (s *Series) wrote() bool { return s.Total.Contacts+s.Total.Allowed > 0 }

// group adds handles up to groups, and to all.
func (c *Calendar) group(f Facts) {
	grouped := make([]bool, len(f.Handles))
	for _, g := range confirmedGroups(f) {
		s := c.sum(g)
		s.Group = slices.IndexFunc(f.Groups, func(members []int) bool {
			return slices.Contains(members, g[0]) && slices.Contains(members, g[1])
		})
		for _, h := range g {
			grouped[h] = true
		}
		if s.wrote() {
			c.Series = append(c.Series, s)
		}
	}
	var wrote, single []int
	for h := range c.Handles {
		if !c.Handles[h].wrote() {
			continue
		}
		wrote = append(wrote, h)
		if !grouped[h] {
			single = append(single, h)
		}
	}
	c.All = c.sum(wrote)
	c.Series = slices.Grow(c.Series, len(single))
	for _, h := range byRef(f, single) {
		c.Series = append(c.Series, c.Handles[h])
	}
}

// sum adds handles up.
func (c *Calendar) sum(handles []int) Series {
	s := Series{Handles: handles, Group: -1}
	for _, h := range handles {
		o := &c.Handles[h]
		s.Total.add(o.Total)
		s.Before.add(o.Before)
		s.Within.add(o.Within)
		s.After.add(o.After)
		s.Week += o.Week
		s.WeekBefore += o.WeekBefore
		if o.Days != nil && s.Days == nil {
			s.Days = make([]Count, c.Days)
		}
		for i, n := range o.Days {
			s.Days[i].add(n)
		}
	}
	only := true
	for _, h := range handles {
		o := &c.Handles[h]
		if o.Total.Contacts > 0 || s.Total.Contacts == 0 && o.Total.Allowed > 0 {
			reach(&s.First, &s.Last, o.First, only)
			reach(&s.First, &s.Last, o.Last, false)
			only = false
		}
	}
	return s
}
