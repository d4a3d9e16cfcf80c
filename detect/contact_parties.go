package detect

import (
	"cmp"
	"math"
	"slices"
	"time"

	"daybook"
	"daybook/internal/rates"
)

// counting is what all findings of one run share.
type counting struct {
	facts        Facts // Contacts in order
	standings    *Standings
	calendar     *calendar
	watched      watchedTime
	watchedHours []int64 // on the days of calendar before each of them
	today        int64
	recent       []int64    // the last recentDays days that were watched wholly, ascending
	named        []namedDay // of the person, in order
	before       []namedDay // the days before them
	cells        []cell     // one for each contact
	parties      []party
	words        words
	wrote        []bool // of each handle, while a group is counted

	// Room that one party after the other uses.
	finder       rates.Blocks
	dayScratch   []dayCount
	blockScratch []block
	cellsScratch []rates.Cell
}

// A party is a confirmed group, or one handle, with the contacts to and from it.
type party struct {
	members []int
	wrote   bool    // something came in from it
	byTime  []int32 // places in Facts.Contacts
	byEntry []int32 // the same, in the order of their entries
}

// A cell is what is worked out once for each contact, and all that counting
// needs of it but its time. It is small because every party reads its cells in
// another order, and memory that is read so is slow.
type cell struct {
	end                    time.Time
	entry                  uint64
	day                    int64 // local, days since 1970-01-01
	kind, platform, origin uint32
	hour                   int16 // of the local week: Monday 00:00 is 0
	in, out                bool
	rough, gone, edited    bool
	atNight                bool
	others                 bool // it names third parties
	rated                  bool // it counts in rates: it was read from an account in watched time
	standing               Standing
}

// words gives a number to each word.
type words struct {
	list   []string
	number map[string]uint32
}

// of returns the number of a word. last is the number of the word before in the
// same place, which is often the same.
func (w *words) of(word string, last uint32) uint32 {
	if int(last) < len(w.list) && w.list[last] == word {
		return last
	}
	n, known := w.number[word]
	if !known {
		n = uint32(len(w.list))
		w.list = append(w.list, word)
		w.number[word] = n
	}
	return n
}

func newCounting(f Facts) *counting {
	d := &counting{facts: f, standings: NewStandings(f), calendar: newCalendar(f), cells: make([]cell, len(f.Contacts)), words: words{number: map[string]uint32{}}, wrote: make([]bool, len(f.Handles))}
	d.watched = newWatchedTime(d.calendar.watches)
	d.watchedHours = d.watched.hoursOfDays(d.calendar)
	d.today = dayOf(f.Now, f.Zone)
	d.recent = d.calendar.recent()
	d.named, d.before = d.namedDays()
	of := d.newParties()
	sizes := make([]int, len(d.parties))
	clock := localClock{zone: f.Zone}
	last := &cell{}
	span := 0
	for i := range f.Contacts {
		c := &f.Contacts[i]
		if !considered(c, len(f.Handles)) {
			continue
		}
		d.cells[i] = d.cellOf(c, last, &clock)
		last = &d.cells[i]
		last.rated = last.counted() && d.rated(c, last, &span)
		for _, p := range of[c.Handle] {
			sizes[p]++
			d.parties[p].wrote = d.parties[p].wrote || c.Direction == daybook.In
		}
	}
	deal := func(order func(yield func(int32)), list func(*party) *[]int32) {
		for p, n := range sizes {
			*list(&d.parties[p]) = make([]int32, 0, n)
		}
		order(func(i int32) {
			for _, p := range of[f.Contacts[i].Handle] {
				l := list(&d.parties[p])
				*l = append(*l, i)
			}
		})
	}
	deal(d.eachByTime, func(p *party) *[]int32 { return &p.byTime })
	if d.entriesFollowTime() {
		for i := range d.parties {
			d.parties[i].byEntry = d.parties[i].byTime
		}
	} else {
		deal(d.eachByEntry, func(p *party) *[]int32 { return &p.byEntry })
	}
	return d
}

// newParties makes the parties in the order of the findings: groups first. It
// returns the parties of each handle.
func (d *counting) newParties() (of [][]int32) {
	of = make([][]int32, len(d.facts.Handles))
	add := func(members []int) {
		for _, h := range members {
			of[h] = append(of[h], int32(len(d.parties)))
		}
		d.parties = append(d.parties, party{members: members})
	}
	for _, g := range confirmedGroups(d.facts) {
		add(g)
	}
	for _, h := range byRef(d.facts, handleIndexes(len(d.facts.Handles))) {
		add([]int{h})
	}
	return of
}

// considered reports whether a contact is one at all: of a known handle, and of
// a kind that is somebody reaching out.
func considered(c *Contact, handles int) bool {
	return c.Handle >= 0 && c.Handle < handles && c.Kind.Contact()
}

// rough reports whether the hour of a contact is not known.
func rough(c *Contact) bool {
	return c.Precision == daybook.Day || c.Precision == daybook.About || c.Precision == daybook.Span
}

func (d *counting) cellOf(c *Contact, last *cell, clock *localClock) cell {
	local := clock.seconds(c.At)
	cl := cell{
		end:      c.At,
		entry:    c.Entry,
		day:      floorDiv(local, 86400),
		kind:     d.words.of(string(c.Kind), last.kind),
		platform: d.words.of(string(c.Platform), last.platform),
		origin:   d.words.of(string(c.Origin), last.origin),
		hour:     hourOfWeek(local),
		in:       c.Direction == daybook.In,
		out:      c.Direction == daybook.Out,
		rough:    rough(c),
		gone:     c.Gone,
		edited:   c.Edited,
		others:   len(c.Others) > 0,
	}
	cl.atNight = cl.hour%24 < nightEnds
	if c.Precision == daybook.Span || c.Precision == daybook.Day {
		_, cl.end = bounds(c.At, c.Until, c.Precision, d.facts.Zone)
	}
	if cl.in {
		cl.standing = d.standings.of(c)
	}
	return cl
}

// night reports whether a contact is known to have come at night.
func (cl *cell) night() bool { return !cl.rough && cl.atNight }

// counted reports whether a contact came in and is not agreed: all that counts.
func (cl *cell) counted() bool { return cl.in && !cl.standing.Allowed }

// rated reports whether a contact counts in rates: it was read from an account,
// and watched time covers when it came. span is that of watchedTime.has.
func (d *counting) rated(c *Contact, cl *cell, span *int) bool {
	if c.Origin != daybook.Collected {
		return false
	}
	if cl.rough {
		return c.Precision == daybook.Day && d.calendar.on(cl.day) == wholly
	}
	return d.watched.has(c.At, span)
}

// hourOfWeek returns the hour of the local week, Monday 00:00 is 0.
func hourOfWeek(local int64) int16 {
	weekday := floorMod(floorDiv(local, 86400)+3, 7) // 1970-01-01 was a Thursday
	return int16(weekday*24 + floorMod(local, 86400)/3600)
}

func (d *counting) eachByTime(yield func(int32)) {
	for i := range d.facts.Contacts {
		if considered(&d.facts.Contacts[i], len(d.facts.Handles)) {
			yield(int32(i))
		}
	}
}

// entriesFollowTime reports whether the order of entries is that of time, as it
// is until something older is added.
func (d *counting) entriesFollowTime() bool {
	for i := 1; i < len(d.facts.Contacts); i++ {
		if d.facts.Contacts[i].Entry < d.facts.Contacts[i-1].Entry {
			return false
		}
	}
	return true
}

func (d *counting) eachByEntry(yield func(int32)) {
	type place struct {
		entry uint64
		i     int32
	}
	places := make([]place, 0, len(d.facts.Contacts))
	d.eachByTime(func(i int32) { places = append(places, place{d.facts.Contacts[i].Entry, i}) })
	slices.SortFunc(places, func(a, b place) int {
		if a.entry != b.entry {
			return cmp.Compare(a.entry, b.entry)
		}
		return cmp.Compare(a.i, b.i)
	})
	for _, p := range places {
		yield(p.i)
	}
}

// A localClock tells local time. It remembers until when the offset holds, so
// that times that follow each other cost little.
type localClock struct {
	zone     *time.Location
	from, to int64 // Unix seconds
	offset   int64
}

// seconds is the local clock at t read as if it were UTC, in Unix seconds: what
// localSeconds returns.
func (k *localClock) seconds(t time.Time) int64 {
	unix := t.Unix()
	if unix < k.from || unix >= k.to {
		local := t.In(k.zone)
		_, offset := local.Zone()
		k.from, k.to, k.offset = math.MinInt64, math.MaxInt64, int64(offset)
		start, end := local.ZoneBounds() // zero: for ever
		if !start.IsZero() {
			k.from = start.Unix()
		}
		if !end.IsZero() {
			k.to = end.Unix()
		}
	}
	return unix + k.offset
}
