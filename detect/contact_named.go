package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"daybook"
)

// A dayCount is one local day on which a party made contact.
type dayCount struct {
	day   int64
	first uint64 // entry
	sure  uint64 // the first entry of which the day is certain
	rated int32  // contacts that count in rates
	has   bool   // sure is set

	firstRated uint64 // entry, as lastRated
	lastRated  uint64
}

func (n *dayCount) add(c *Contact, cl *cell) {
	if cl.rated {
		if n.rated == 0 {
			n.firstRated = c.Entry
		}
		n.rated++
		n.lastRated = c.Entry
	}
	if !n.has && c.Precision != daybook.About && (c.Precision != daybook.Span || !cl.end.After(c.At)) {
		n.sure, n.has = c.Entry, true
	}
}

// recentDays is how many days the sentence about the last days looks back.
const recentDays = 42

// recent returns the last recentDays days that were watched wholly, ascending.
func (c *calendar) recent() []int64 {
	var days []int64
	for i := len(c.state) - 1; i >= 0 && len(days) < recentDays; i-- {
		if c.state[i] == wholly {
			days = append(days, c.first+int64(i))
		}
	}
	slices.Reverse(days)
	return days
}

// A namedDay is a day that the person named, or several in a row: a birthday, a
// day in court.
type namedDay struct {
	from, to int64 // local days
	watched  bool  // from midnight to midnight
}

// maxNamedDays is how long a named day can last.
const maxNamedDays = 31

// namedDays returns the named days that have begun, each once, and the days
// before them. A day that is known only roughly, and one that is longer than a
// month, is left out.
func (d *counting) namedDays() (named, before []namedDay) {
	f := &d.facts
	for _, m := range f.Marks {
		if m.What != daybook.MarkNamedDay || m.When.At.IsZero() || m.When.Precision == daybook.About {
			continue
		}
		lo, hi := bounds(m.When.At, m.When.Until, m.When.Precision, f.Zone)
		from, to := dayOf(lo, f.Zone), dayOf(hi, f.Zone)
		if from <= d.today && to-from < maxNamedDays {
			named = append(named, namedDay{from, to, d.calendar.watchedThroughout(from, to)})
			before = append(before, namedDay{from - 1, from - 1, d.calendar.watchedThroughout(from-1, from-1)})
		}
	}
	for _, list := range []*[]namedDay{&named, &before} {
		slices.SortFunc(*list, func(a, b namedDay) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
		*list = slices.Compact(*list)
	}
	return named, before
}

// A namedTally is on which of some days there was contact.
type namedTally struct {
	of      int      // days that were watched wholly, or on which there was contact
	unknown int      // the others: nobody can say
	dates   []string // of those with contact
	entries []uint64 // the first of each
}

// countDays counts what depends on the days with contact: the last days, and
// those that the person named.
func (t *tally) countDays() {
	if len(t.recent) > 0 {
		for i := len(t.perDay) - 1; i >= 0 && t.perDay[i].day >= t.recent[0]; i-- {
			if t.calendar.on(t.perDay[i].day) == wholly {
				t.lastDays = append(t.lastDays, t.perDay[i].first)
			}
		}
		slices.Sort(t.lastDays)
	}
	for _, d := range t.counting.named {
		t.named.count(t, d)
	}
	for _, d := range t.before {
		t.dayBefore.count(t, d)
	}
	slices.Sort(t.named.entries)
	slices.Sort(t.dayBefore.entries)
}

func (n *namedTally) count(t *tally, d namedDay) {
	i, _ := slices.BinarySearchFunc(t.perDay, d.from, func(c dayCount, day int64) int { return cmp.Compare(c.day, day) })
	for ; i < len(t.perDay) && t.perDay[i].day <= d.to; i++ {
		if t.perDay[i].has {
			n.of++
			n.dates = append(n.dates, dateOf(t.perDay[i].day))
			n.entries = append(n.entries, t.perDay[i].sure)
			return
		}
	}
	if d.watched {
		n.of++
	} else {
		n.unknown++
	}
}

// figure is left out if there is nothing to say about any of the days.
func (n *namedTally) figure(one, many string) (Figure, bool) {
	if n.of == 0 {
		return Figure{}, false
	}
	text := fmt.Sprintf("They contacted you on %d of %d %s", len(n.entries), n.of, pick(n.of, one, many))
	if len(n.dates) > 0 {
		text += ": " + strings.Join(n.dates[:min(len(n.dates), 10)], ", ")
		if more := len(n.dates) - 10; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	text += "."
	if n.unknown > 0 {
		text += fmt.Sprintf(" Not counted: %d that %s not watched all day.", n.unknown, were(n.unknown))
	}
	return Figure{Value: int64(len(n.entries)), Of: int64(n.of), Unit: "days", Text: text, Entries: n.entries}, true
}
