package detect

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"daybook"
)

// finding counts the contacts (indexes, in order of time) of some handles.
func (d *counting) finding(members, contacts []int) Finding {
	n := d.count(members, contacts)
	f := Finding{Kind: "contact", Model: ContactModel, From: n.from, To: n.to, Figures: map[string]Figure{}}
	for _, h := range members {
		f.Handles = append(f.Handles, d.facts.Handles[h])
	}
	n.figures(f.Figures)
	f.Text = n.sentence()
	f.Reasons = n.reasons()
	return f
}

// A tally is what was counted for one handle or group. Lists of entries are
// ascending.
type tally struct {
	*counting
	members  []int
	terms    *unitTerms
	from, to time.Time // first and last contact; of what is allowed if there is nothing else

	messages                                         []uint64
	allowed, answered                                []uint64
	afterStop, aroundStop, afterBlock, aroundBlock   []uint64
	imprecise, gone, edited                          []uint64
	occasions, days, daysUTC, daysWatched, daysAfter []uint64 // the first entry of each
	busiest                                          []uint64 // of the busiest day
	busiestDay                                       int64
	quietFrom, quietTo                               int // contacts on both sides of the longest quiet spell; -1
	quiet                                            time.Duration
	kinds                                            map[daybook.Kind][]uint64
	platforms                                        map[daybook.Platform][]uint64
	origins                                          map[daybook.Origin][]uint64
	hours                                            [168][]uint64
}

func (d *counting) count(members, contacts []int) *tally {
	t := &tally{counting: d, members: members, terms: d.standings.terms(members[0]), quietFrom: -1,
		kinds: map[daybook.Kind][]uint64{}, platforms: map[daybook.Platform][]uint64{}, origins: map[daybook.Origin][]uint64{}}
	t.inTime(contacts)
	t.inEntries(contacts)
	return t
}

// unwanted reports whether a contact came in and is not agreed.
func (d *counting) unwanted(i int) bool {
	return d.facts.Contacts[i].Direction == daybook.In && !d.cells[i].standing.Allowed
}

// inTime counts what depends on the order in time: occasions, days, spells.
func (t *tally) inTime(contacts []int) {
	var (
		last            = -1 // the contact before
		runEnd          time.Time
		day, dayAfter   int64
		dayUTC          int64
		anyAfter        bool
		perDay, bestDay int
		firstAll, toAll time.Time
	)
	for _, i := range contacts {
		c, cl := t.facts.Contacts[i], &t.cells[i]
		if c.Direction == daybook.In {
			if firstAll.IsZero() {
				firstAll = c.At
			}
			toAll = c.At
		}
		if !t.unwanted(i) {
			continue
		}
		if last < 0 || c.At.Sub(runEnd) > t.facts.Quiet {
			t.occasions = append(t.occasions, c.Entry)
		}
		if last >= 0 && c.At.Sub(runEnd) > t.quiet {
			t.quiet, t.quietFrom, t.quietTo = c.At.Sub(runEnd), last, i
		}
		if last < 0 || cl.day != day {
			t.days = append(t.days, c.Entry)
			if t.calendar.on(cl.day) == wholly {
				t.daysWatched = append(t.daysWatched, c.Entry)
			}
			day, perDay = cl.day, 0
		}
		if perDay++; perDay > bestDay {
			bestDay, t.busiestDay = perDay, cl.day
		}
		if last < 0 || cl.dayUTC != dayUTC {
			t.daysUTC = append(t.daysUTC, c.Entry)
			dayUTC = cl.dayUTC
		}
		if cl.standing.AfterStop && (!anyAfter || cl.day != dayAfter) {
			t.daysAfter = append(t.daysAfter, c.Entry)
			anyAfter, dayAfter = true, cl.day
		}
		if last < 0 {
			t.from, runEnd = c.At, cl.end
		}
		if cl.end.After(runEnd) {
			runEnd = cl.end
		}
		t.to, last = c.At, i
	}
	if last < 0 {
		t.from, t.to = firstAll, toAll
	}
	for _, firsts := range [][]uint64{t.occasions, t.days, t.daysUTC, t.daysWatched, t.daysAfter} {
		slices.Sort(firsts)
	}
}

// inEntries makes the lists of entries, which ascend because the contacts are
// taken in the order of their entries.
func (t *tally) inEntries(contacts []int) {
	entry := func(i int) uint64 { return t.facts.Contacts[i].Entry }
	byEntry := func(a, b int) int { return cmp.Or(cmp.Compare(entry(a), entry(b)), cmp.Compare(a, b)) }
	if !slices.IsSortedFunc(contacts, byEntry) {
		contacts = slices.Clone(contacts)
		slices.SortFunc(contacts, byEntry)
	}
	t.messages = make([]uint64, 0, len(contacts))
	for k, i := range contacts {
		c, cl := &t.facts.Contacts[i], &t.cells[i]
		switch {
		case c.Direction == daybook.Out:
			// One message to two handles of a group is one answer.
			if k == 0 || !sameMessage(c, &t.facts.Contacts[contacts[k-1]]) {
				t.answered = append(t.answered, c.Entry)
			}
			continue
		case c.Direction != daybook.In:
			continue
		case cl.standing.Allowed:
			t.allowed = append(t.allowed, c.Entry)
			continue
		}
		t.messages = append(t.messages, c.Entry)
		t.kinds[c.Kind] = append(t.kinds[c.Kind], c.Entry)
		t.platforms[c.Platform] = append(t.platforms[c.Platform], c.Entry)
		t.origins[c.Origin] = append(t.origins[c.Origin], c.Entry)
		appendIf := func(list *[]uint64, ok bool) {
			if ok {
				*list = append(*list, c.Entry)
			}
		}
		appendIf(&t.afterStop, cl.standing.AfterStop)
		appendIf(&t.aroundStop, cl.standing.AroundStop)
		appendIf(&t.afterBlock, cl.standing.AfterBlock)
		appendIf(&t.aroundBlock, cl.standing.AroundBlock)
		appendIf(&t.busiest, cl.day == t.busiestDay)
		appendIf(&t.gone, c.Gone)
		appendIf(&t.edited, c.Edited)
		rough := c.Precision == daybook.Day || c.Precision == daybook.About || c.Precision == daybook.Span
		appendIf(&t.imprecise, rough)
		appendIf(&t.hours[cl.hour], !rough)
	}
}

// sameMessage reports whether two contacts that went out are one message to two
// handles.
func sameMessage(a, b *Contact) bool {
	return a.Entry == b.Entry && a.At.Equal(b.At) && a.Kind == b.Kind && a.Direction == b.Direction
}

// figures writes every figure into m.
func (t *tally) figures(m map[string]Figure) {
	list := func(key, unit, text string, entries []uint64) {
		m[key] = Figure{Value: int64(len(entries)), Unit: unit, Text: text, Entries: entries}
	}
	some := func(key, unit, text string, entries []uint64) {
		if len(entries) > 0 {
			list(key, unit, text, entries)
		}
	}
	n := len(t.messages)
	list("messages", "messages", "They contacted you "+times(n)+".", t.messages)
	list("occasions", "occasions", fmt.Sprintf("That was on %s: contacts with no more than %s between them count as one.",
		count(len(t.occasions), "occasion"), lasting(t.facts.Quiet)), t.occasions)
	list("days", "days", fmt.Sprintf("That was on %s, counted in the time zone %s.", count(len(t.days), "day"), t.facts.Zone), t.days)
	some("days-utc", "days", "Counted in UTC, that was on "+count(len(t.daysUTC), "day")+".", t.daysUTC)
	list("answered", "messages", fmt.Sprintf("They contacted you %s; you wrote to them %s.", times(n), times(len(t.answered))), t.answered)
	some("allowed", "messages", sentenceAllowed(len(t.allowed)), t.allowed)
	t.figuresOfDays(m)
	if t.terms.asked {
		list("after-stop", "messages", "They contacted you "+times(len(t.afterStop))+" after you asked them to stop.", t.afterStop)
		list("around-stop", "messages", t.sentenceAroundStop(), t.aroundStop)
		some("days-after-stop", "days", "After you asked them to stop, they contacted you on "+count(len(t.daysAfter), "day")+".", t.daysAfter)
	}
	some("after-block", "messages", "They contacted you "+times(len(t.afterBlock))+" after a block was in force.", t.afterBlock)
	some("around-block", "messages", t.sentenceAroundBlock(), t.aroundBlock)
	some("imprecise", "messages", sentenceImprecise(len(t.imprecise)), t.imprecise)
	some("gone", "messages", count(len(t.gone), "message")+" "+were(len(t.gone))+" not there any more at the last look.", t.gone)
	some("edited", "messages", count(len(t.edited), "message")+" "+were(len(t.edited))+" changed after "+pick(len(t.edited), "it was", "they were")+" sent.", t.edited)
	some("busiest-day", "messages", fmt.Sprintf("On the day with the most contact, %s, they contacted you %s.", dateOf(t.busiestDay), times(len(t.busiest))), t.busiest)
	if t.quietFrom >= 0 {
		m["quiet-spell"] = t.quietSpell()
	}
	for k, e := range t.kinds {
		list("kind."+string(k), "messages", fmt.Sprintf("By kind (%s): %d.", kindWords(k), len(e)), e)
	}
	for p, e := range t.platforms {
		list("channel."+string(p), "messages", fmt.Sprintf("Through %s: %d.", p, len(e)), e)
	}
	for o, e := range t.origins {
		list("origin."+string(o), "messages", fmt.Sprintf("%s: %d.", originWords(o), len(e)), e)
	}
	for h, e := range t.hours {
		some(hourKey(h), "messages", fmt.Sprintf("On %ss between %02d:00 and %02d:00, they contacted you %s.", time.Weekday((h/24+1)%7), h%24, h%24+1, times(len(e))), e)
	}
}

func (t *tally) figuresOfDays(m map[string]Figure) {
	c := t.calendar
	if c.whole+c.part == 0 {
		return
	}
	m["watched-days"] = Figure{Value: c.whole, Unit: "days", Text: count(int(c.whole), "day") + " " + were(int(c.whole)) + " watched from midnight to midnight."}
	m["partly-watched-days"] = Figure{Value: c.part, Unit: "days", Text: count(int(c.part), "more day") + " " + were(int(c.part)) + " watched in part."}
	m["days-watched"] = Figure{Value: int64(len(t.daysWatched)), Of: c.whole, Unit: "days", Entries: t.daysWatched,
		Text: fmt.Sprintf("They contacted you on %d of %s that %s watched from midnight to midnight.", len(t.daysWatched), count(int(c.whole), "day"), were(int(c.whole)))}
}

// quietSpell is the longest time between two contacts that follow each other.
// Entries are the two, in ascending order.
func (t *tally) quietSpell() Figure {
	from, to := t.facts.Contacts[t.quietFrom], t.facts.Contacts[t.quietTo]
	text := fmt.Sprintf("The longest quiet time between two contacts was %s, from %s to %s.", lasting(t.quiet), t.moment(from.At), t.moment(to.At))
	if !t.calendar.watchedThroughout(t.cells[t.quietFrom].day, t.cells[t.quietTo].day) {
		text += " Not all of it was watched."
	}
	entries := []uint64{from.Entry, to.Entry}
	slices.Sort(entries)
	return Figure{Value: int64(t.quiet / time.Second), Unit: "seconds", Text: text, Entries: entries}
}
