package links

import (
	"slices"
	"strings"
	"time"

	"daybook/detect"
)

const day = 24 * time.Hour

// succession compares when one first came with when the other was blocked or
// asked to stop. It returns too how many other parties first came around that
// time, where they were a crowd: from the ending to as long after the contact as
// that was after it, or an hour.
func (p *pair) succession() (notes []note, crowd int) {
	notes, crowd = p.follows(p.a, p.b)
	if len(notes) == 0 && len(p.a.members)+len(p.b.members) > 2 {
		notes, crowd = p.follows(p.b, p.a) // a group may have begun after a single handle ended
	}
	if len(notes) == 0 {
		notes = append(notes, p.newAccount()...)
	}
	return notes, crowd
}

// follows looks for the ending of one party that came last before the first
// contact of another.
func (p *pair) follows(later, other *party) ([]note, int) {
	first, ok := later.first()
	if !ok {
		return nil, 0
	}
	var last *ending
	for i := range other.endings {
		if e := &other.endings[i]; !e.at.After(first.at) || !e.from.IsZero() && !e.from.After(first.at) {
			last = e
		}
	}
	if last == nil {
		return nil, 0 // it wrote before all of that
	}
	delay := max(0, first.at.Sub(last.at))
	w := afterDelay(delay)
	if first.rough {
		w = min(w, afterDays)
	}
	if last.block && last.from.IsZero() {
		w = min(w, afterUnknown)
	}
	if w == 0 {
		return nil, 0
	}
	what := "was asked to stop"
	if last.block {
		what = "was blocked"
	}
	name, ended := p.c.callAll(later), p.c.call(last.handle)
	text := name + " first contacted you " + lasting(delay) + " after " + ended + " " + what + "."
	switch {
	case first.at.Before(last.at):
		text = name + " first contacted you at about the time at which " + ended + " " + what + "."
	case last.block && last.from.IsZero():
		text = name + " first contacted you " + lasting(delay) + " after a block of " + ended + " was first seen; how old the block was is not known."
	}
	notes := []note{{familySuccession, detect.Reason{Feature: "succession", Weight: w, Text: text, Entries: ascending([]uint64{first.entry, last.entry})}}}
	notes = append(notes, p.madeAround(later, last, ended, what)...)
	notes = append(notes, p.fellSilent(later, other, last)...)
	return notes, p.c.crowd(last.from, first.at.Add(max(delay, time.Hour)), later, other)
}

func afterDelay(d time.Duration) detect.Millibits {
	switch {
	case d <= time.Hour:
		return afterHour
	case d <= day:
		return afterDay
	case d <= 3*day:
		return afterDays
	case d <= 7*day:
		return afterWeek
	case d <= 14*day:
		return afterWeeks
	case d <= 21*day:
		return afterLong
	}
	return 0
}

// madeAround compares when the account was made with when the other ended.
func (p *pair) madeAround(later *party, e *ending, ended, what string) []note {
	if later.created.IsZero() {
		return nil
	}
	add := func(family family, feature string, w detect.Millibits, text string) []note {
		return []note{{family, detect.Reason{Feature: feature, Weight: w, Text: text, Entries: ascending([]uint64{later.createdE, e.entry})}}}
	}
	said := "The account of " + p.c.callAll(later) + " is said to be made on " + p.c.moment(later.created)
	since := later.created.Sub(e.at)
	switch before := e.at.Sub(later.created); {
	case later.created.After(e.from) && since <= 7*day && !e.from.IsZero():
		return add(familySuccession, "made-after", madeAfter, said+", after "+ended+" "+what+".")
	case later.created.After(e.from) && since <= 31*day && !e.from.IsZero():
		return add(familySuccession, "made-after", madeLater, said+", "+lasting(since)+" after "+ended+" "+what+".")
	case before >= 365*day:
		return add(familyAgainst, "old-account", accountOlder, said+", "+lasting(before)+" before "+ended+" "+what+": an account that is made to get round it is usually new.")
	case before >= 90*day:
		return add(familyAgainst, "old-account", accountOld, said+", "+lasting(before)+" before "+ended+" "+what+".")
	}
	return nil
}

// fellSilent reports that a party that wrote often did not write between its
// ending and the first contact of the other.
func (p *pair) fellSilent(later, other *party, e *ending) []note {
	first, _ := later.first()
	var before, between int
	var entries []uint64
	for _, m := range other.in {
		switch {
		case m.at.Before(e.at) && m.at.After(e.at.Add(-28*day)):
			before++
			entries = append(entries, m.entry)
		case m.at.After(e.at.Add(day)) && m.at.Before(first.at):
			between++
		}
	}
	if before < 4 || between > 0 || first.at.Sub(e.at) < day {
		return nil
	}
	text := p.c.callAll(other) + " contacted you " + count(int64(before), "time") + " in the four weeks before, and not at all from one day after until " + p.c.callAll(later) + " first did."
	return []note{{familySuccession, detect.Reason{Feature: "silent", Weight: silent, Text: text, Entries: ascending(append(entries, first.entry))}}}
}

// newAccount reports that the account was new when it first wrote, where no
// ending goes before it.
func (p *pair) newAccount() []note {
	first, ok := p.a.first()
	if !ok || p.a.created.IsZero() || p.a.created.After(first.at) || first.at.Sub(p.a.created) > 7*day || !p.b.came(first.at) {
		return nil
	}
	text := "The account of " + p.c.callAll(p.a) + " is said to be made on " + p.c.moment(p.a.created) + ", less than a week before it first contacted you."
	return []note{{familySuccession, detect.Reason{Feature: "new-account", Weight: madeNew, Text: text, Entries: ascending([]uint64{p.a.createdE, first.entry})}}}
}

// came reports whether a party had written by then.
func (p *party) came(by time.Time) bool {
	first, ok := p.first()
	return ok && first.at.Before(by)
}

// crowd counts the other parties whose first contact lies between two times; 0
// unless they are many: three times as many as come in such a time otherwise.
func (c *casework) crowd(from, to time.Time, a, b *party) int {
	n := c.cameBetween(from, to, a, b)
	if n == 0 {
		return 0
	}
	hours := func(d time.Duration) int64 { return int64(d/time.Hour) + 1 }
	all := hours(c.dates[len(c.dates)-1].at.Sub(c.dates[0].at))
	if int64(n)*all <= 3*int64(len(c.dates))*hours(to.Sub(from)) {
		return 0
	}
	return n
}

// cameBetween counts the other parties whose first contact lies between two
// times.
func (c *casework) cameBetween(from, to time.Time, a, b *party) int {
	before := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(c.dates, t, func(d arrival, t time.Time) int { return d.at.Compare(t) })
		return i
	}
	n := before(to.Add(1)) - before(from)
	for _, p := range []*party{a, b} {
		if first, ok := p.first(); ok && !first.at.Before(from) && !first.at.After(to) {
			n--
		}
	}
	return n
}

// moved compares what the accounts say of each other.
func (p *pair) moved() []note {
	if len(p.a.traces[ofMove])+len(p.b.traces[ofMove]) == 0 {
		return nil
	}
	says := func(x, y *party) (refs []string, entries []uint64) {
		for _, ref := range y.refs {
			if t := withKey(x.traces[ofMove], hash(ref)); len(t) > 0 {
				refs = append(refs, ref)
				entries = append(entries, entriesOf(t)...)
			}
		}
		return refs, entries
	}
	ab, e1 := says(p.a, p.b)
	ba, e2 := says(p.b, p.a)
	a, b := p.c.callAll(p.a), p.c.callAll(p.b)
	entries := ascending(slices.Concat(e1, e2))
	add := func(w detect.Millibits, text string) []note {
		return []note{{familyMoved, detect.Reason{Feature: "moved", Weight: w, Text: text, Entries: entries}}}
	}
	switch {
	case len(ab) > 0 && len(ba) > 0:
		return add(movedBoth, "The accounts of "+a+" and "+b+" each say that they moved to the other, or that the other is theirs.")
	case len(ab) > 0:
		return add(movedOne, "The account of "+a+" says that "+b+" is its own, or that it moved there. Anybody can say that.")
	case len(ba) > 0:
		return add(movedOne, "The account of "+b+" says that "+a+" is its own, or that it moved there. Anybody can say that.")
	}
	return nil
}

// thirdParties compares whom else they write to. Whom many write to says
// nothing.
func (p *pair) thirdParties() []note {
	a, b := p.a.traces[ofParty], p.b.traces[ofParty]
	var sum detect.Millibits
	var entries []uint64
	n := int64(0)
	for _, key := range shared(a, b) {
		ref := withKey(a, key)[0].what
		if slices.Contains(p.a.refs, ref) || slices.Contains(p.b.refs, ref) || slices.Contains(p.c.facts.Own, ref) {
			continue
		}
		if users := p.c.users(ofParty, key); users <= 3 {
			n++
			sum += others(partySame, users-2)
			entries = append(entries, entriesOf(withKey(a, key), withKey(b, key))...)
		}
	}
	if sum < 500 {
		return nil
	}
	text := "Both also wrote to " + count(n, "other account") + " that hardly anybody else in this record wrote to."
	return []note{{familyCircle, detect.Reason{Feature: "third-parties", Weight: min(sum, mostOf(familyCircle)), Text: text, Entries: ascending(entries)}}}
}

// server compares the servers that the accounts are on.
func (p *pair) server() []note {
	a, b := p.a.traces[ofServer], p.b.traces[ofServer]
	if p.a.platform != p.b.platform {
		return nil
	}
	for _, key := range shared(a, b) {
		x, y := withKey(a, key), withKey(b, key)
		if users := p.c.users(ofServer, key); users <= 3 && strings.Contains(x[0].what, ".") {
			w := others(serverSame, users-2)
			if w <= 0 {
				continue
			}
			text := "Both are on the server " + inQuotes(x[0].what) + ", which hardly anybody else in this record is on."
			return []note{{familyCircle, detect.Reason{Feature: "server", Weight: w, Text: text, Entries: entriesOf(x, y)}}}
		}
	}
	return nil
}
