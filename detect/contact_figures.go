package detect

import (
	"fmt"
	"slices"
	"time"

	"daybook"
)

// finding counts the contacts of a party.
func (d *counting) finding(p *party) Finding {
	n := d.count(p)
	f := Finding{Kind: "contact", Model: ContactModel, From: n.from, To: n.to, Figures: map[string]Figure{}}
	for _, h := range p.members {
		f.Handles = append(f.Handles, d.facts.Handles[h])
	}
	n.figures(f.Figures)
	f.Text = n.sentence()
	f.Reasons = n.reasons(f.Figures)
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
	hours                                            map[uint32][]uint64 // of the week, Monday 00:00 is 0, and noHour

	perDay           []dayCount // ascending; until the next party is counted
	firsts           []uint64   // the first entry of each handle of a group
	lastDays         []uint64   // the first entry of each of counting.recent
	night            []uint64
	named, dayBefore namedTally
	others           othersTally
	rates            ratesTally
	sizes            sizes
}

// sizes are how long some of the lists of a tally will be.
type sizes struct{ afterStop, night, ratedBefore, ratedAfter int }

func (s *sizes) add(cl *cell, asked bool) {
	if cl.night() {
		s.night++
	}
	switch {
	case !asked:
	case cl.standing.AfterStop:
		s.afterStop++
		if cl.rated {
			s.ratedAfter++
		}
	case cl.rated && !cl.standing.AroundStop:
		s.ratedBefore++
	}
}

func (d *counting) count(p *party) *tally {
	t := &tally{counting: d, members: p.members, terms: d.standings.terms(p.members[0]), quietFrom: -1}
	t.inTime(p.byTime)
	t.countDays()
	t.findChanges()
	t.inEntries(p.byEntry)
	return t
}

// inTime counts what depends on the order in time: occasions, days, spells.
func (t *tally) inTime(contacts []int32) {
	var (
		last            = -1 // the contact before
		runEnd          time.Time
		day, dayAfter   int64
		dayUTC          int64
		anyAfter        bool
		perDay, bestDay int
		firstAll, toAll time.Time
	)
	t.perDay = t.dayScratch[:0]
	for _, i := range contacts {
		i := int(i)
		c, cl := &t.facts.Contacts[i], &t.cells[i]
		if cl.in {
			if firstAll.IsZero() {
				firstAll = c.At
			}
			toAll = c.At
		}
		if !cl.counted() {
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
			t.perDay = append(t.perDay, dayCount{day: cl.day, first: c.Entry})
		}
		t.perDay[len(t.perDay)-1].add(c, cl)
		if len(t.members) > 1 && !t.wrote[c.Handle] {
			t.wrote[c.Handle] = true
			t.firsts = append(t.firsts, c.Entry)
		}
		t.sizes.add(cl, t.terms.asked)
		if cl.others {
			t.others.add(t.members, c)
		}
		if perDay++; perDay > bestDay {
			bestDay, t.busiestDay = perDay, cl.day
		}
		if utc := floorDiv(c.At.Unix(), 86400); last < 0 || utc != dayUTC {
			t.daysUTC = append(t.daysUTC, c.Entry)
			dayUTC = utc
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
	t.dayScratch = t.perDay
	for _, h := range t.members {
		t.wrote[h] = false
	}
	for _, firsts := range [][]uint64{t.occasions, t.days, t.daysUTC, t.daysWatched, t.daysAfter, t.firsts, t.others.firsts, t.others.messages} {
		slices.Sort(firsts)
	}
}

// inEntries makes the lists of entries from contacts in the order of their
// entries, so that the lists ascend.
func (t *tally) inEntries(contacts []int32) {
	t.messages = make([]uint64, 0, len(contacts))
	t.afterStop, t.night = make([]uint64, 0, t.sizes.afterStop), make([]uint64, 0, t.sizes.night)
	t.rates.stopBefore, t.rates.stopAfter = make([]uint64, 0, t.sizes.ratedBefore), make([]uint64, 0, t.sizes.ratedAfter)
	var kinds, platforms, origins, hours []uint32
	for _, keys := range []*[]uint32{&kinds, &platforms, &origins, &hours} {
		*keys = make([]uint32, 0, len(contacts))
	}
	for k, i := range contacts {
		cl := &t.cells[i]
		switch {
		case cl.out:
			// One message to two handles of a group is one answer.
			if k == 0 || !sameMessage(&t.facts.Contacts[i], &t.facts.Contacts[contacts[k-1]]) {
				t.answered = append(t.answered, cl.entry)
			}
			continue
		case !cl.in:
			continue
		case cl.standing.Allowed:
			t.allowed = append(t.allowed, cl.entry)
			continue
		}
		t.messages = append(t.messages, cl.entry)
		kinds, platforms, origins = append(kinds, cl.kind), append(platforms, cl.platform), append(origins, cl.origin)
		hour := uint32(cl.hour)
		if cl.rough {
			hour = noHour
		}
		hours = append(hours, hour)
		appendIf := func(list *[]uint64, ok bool) {
			if ok {
				*list = append(*list, cl.entry)
			}
		}
		appendIf(&t.afterStop, cl.standing.AfterStop)
		appendIf(&t.aroundStop, cl.standing.AroundStop)
		appendIf(&t.afterBlock, cl.standing.AfterBlock)
		appendIf(&t.aroundBlock, cl.standing.AroundBlock)
		appendIf(&t.busiest, cl.day == t.busiestDay)
		appendIf(&t.gone, cl.gone)
		appendIf(&t.edited, cl.edited)
		appendIf(&t.imprecise, cl.rough)
		appendIf(&t.night, cl.night())
		if cl.rated {
			t.rates.add(t, cl)
		}
	}
	t.kinds = split[daybook.Kind](t, kinds)
	t.platforms = split[daybook.Platform](t, platforms)
	t.origins = split[daybook.Origin](t, origins)
	t.hours = splitByKey(t.messages, hours)
}

// noHour stands for the hour of a contact whose time is known only roughly.
const noHour = 7 * 24

// split makes a list of entries for each word that messages have.
func split[K ~string](t *tally, keys []uint32) map[K][]uint64 {
	lists := map[K][]uint64{}
	for k, entries := range splitByKey(t.messages, keys) {
		lists[K(t.words.list[k])] = entries
	}
	return lists
}

// splitByKey makes a list for each key. The lists lie in one piece of memory.
func splitByKey(entries []uint64, keys []uint32) map[uint32][]uint64 {
	sizes := map[uint32]int{}
	for start, end := 0, 0; start < len(keys); start = end {
		for end = start; end < len(keys) && keys[end] == keys[start]; {
			end++
		}
		sizes[keys[start]] += end - start
	}
	room := make([]uint64, len(entries))
	lists := make(map[uint32][]uint64, len(sizes))
	for k, n := range sizes {
		lists[k], room = room[:0:n], room[n:]
	}
	for start, end := 0, 0; start < len(keys); start = end {
		for end = start; end < len(keys) && keys[end] == keys[start]; {
			end++
		}
		lists[keys[start]] = append(lists[keys[start]], entries[start:end]...)
	}
	return lists
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
	t.figuresOfHours(m)
	t.figuresOfOthers(m)
	t.figuresOfRates(m)
	if t.terms.asked {
		list("after-stop", "messages", "They contacted you "+times(len(t.afterStop))+" after you asked them to stop.", t.afterStop)
		list("around-stop", "messages", t.sentenceAroundStop(), t.aroundStop)
		some("days-after-stop", "days", "After you asked them to stop, they contacted you on "+count(len(t.daysAfter), "day")+".", t.daysAfter)
	}
	some("after-block", "messages", "They contacted you "+times(len(t.afterBlock))+" after a block was in force.", t.afterBlock)
	some("around-block", "messages", t.sentenceAroundBlock(), t.aroundBlock)
	some("imprecise", "messages", sentenceImprecise(len(t.imprecise)), t.imprecise)
	some("gone", "messages", count(len(t.gone), "message")+" "+were(len(t.gone))+" not there any more, at the last look or in the last file.", t.gone)
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
	for hour, e := range t.hours {
		h := int(hour)
		if hour == noHour {
			continue
		}
		list(hourKey(h), "messages", fmt.Sprintf("On %ss between %02d:00 and %02d:00, they contacted you %s.", weekday(h), h%24, h%24+1, times(len(e))), e)
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
	if n := len(t.recent); n > 0 {
		m["last-42-days"] = Figure{Value: int64(len(t.lastDays)), Of: int64(n), Unit: "days", Entries: t.lastDays,
			Text: fmt.Sprintf("They contacted you on %d of the last %s that %s watched from midnight to midnight.", len(t.lastDays), count(n, "day"), were(n))}
	}
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
