package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook/internal/rates"
)

const (
	minChanging  = 20 // contacts, before changes of their rate are looked for
	maxBurstDays = 7
	maxSaid      = 5 // changes, and bursts, that a sentence lists
)

// A block is a run of local days on which the rate of contact did not change.
type block struct {
	from, to int64 // first and last day
	n        int64
	hours    int64 // watched
	burst    bool
}

// changes are the blocks of a party, ascending; nil if there is too little to
// look for them.
type changes struct {
	blocks []block
	bursts int
	firsts []uint64 // one entry for each change
}

// findChanges cuts the days from the first contact to the last that was watched
// into blocks. Days that follow each other with the same rate are one cell.
func (t *tally) findChanges() {
	total := t.findRows()
	if total < minChanging {
		return
	}
	small, cells := t.smallBlocks(), t.cellsScratch[:0]
	for _, b := range small {
		cells = append(cells, rates.Cell{Events: int(b.n), Exposure: int(b.hours)})
	}
	t.cellsScratch = cells
	ch := &t.rates.changes
	starts := t.finder.Find(cells, t.rates.rows)
	for i, first := range starts {
		end := len(small)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		joined := small[first]
		for _, b := range small[first+1 : end] {
			joined.join(b)
		}
		ch.blocks = append(ch.blocks, joined)
	}
	ch.findBursts()
	t.findFirsts()
}

// findRows compares each day with the next, from the first contact on, to see
// how much contacts come in rows; both have to be watched from beginning to end.
// It returns how many contacts count in rates.
func (t *tally) findRows() (total int) {
	full := func(day int64) bool { // where the clocks change, a day can have 23 hours
		i := day - t.calendar.first
		return i >= 0 && i+1 < int64(len(t.watchedHours)) && t.watchedHours[i+1]-t.watchedHours[i] >= 23
	}
	var before *dayCount // the last day with contact
	for i := range t.perDay {
		d := &t.perDay[i]
		if d.rated == 0 {
			continue
		}
		total += int(d.rated)
		if before != nil {
			y := 0
			if d.day == before.day+1 {
				y = int(d.rated)
			} else if full(d.day-1) && full(d.day) {
				t.rates.rows.Add(0, int(d.rated))
			}
			if full(before.day) && full(before.day+1) {
				t.rates.rows.Add(int(before.rated), y)
			}
		}
		before = d
	}
	if before != nil && full(before.day) && full(before.day+1) {
		t.rates.rows.Add(int(before.rated), 0)
	}
	return total
}

// smallBlocks makes blocks of the days with contact and of the watched time
// between them, and joins neighbours of the same rate.
func (t *tally) smallBlocks() []block {
	c := t.calendar
	out := t.blockScratch[:0]
	add := func(from, to, n int64) {
		b := block{from: from, to: to, n: n, hours: t.watchedHours[to-c.first+1] - t.watchedHours[from-c.first]}
		switch last := len(out) - 1; {
		case b.hours == 0:
		case last >= 0 && out[last].n*b.hours == n*out[last].hours:
			out[last].join(b)
		default:
			out = append(out, b)
		}
	}
	end := c.first + int64(len(c.state))
	next := end // the day after the last contact
	for _, d := range t.perDay {
		if d.rated == 0 || d.day < c.first || d.day >= end {
			continue
		}
		if d.day > next {
			add(next, d.day-1, 0)
		}
		add(d.day, d.day, int64(d.rated))
		next = d.day + 1
	}
	if next < end {
		add(next, end-1, 0)
	}
	t.blockScratch = out
	return out
}

// join takes in the block that follows.
func (b *block) join(next block) {
	b.to, b.n, b.hours = next.to, b.n+next.n, b.hours+next.hours
}

// findBursts marks the blocks of no more than maxBurstDays days whose rate is
// above that of both neighbours.
func (ch *changes) findBursts() {
	above := func(b, o block) bool { return b.n*o.hours > o.n*b.hours }
	for i := range ch.blocks {
		b := &ch.blocks[i]
		b.burst = len(ch.blocks) > 1 && b.to-b.from < maxBurstDays &&
			(i == 0 || above(*b, ch.blocks[i-1])) && (i == len(ch.blocks)-1 || above(*b, ch.blocks[i+1]))
		if b.burst {
			ch.bursts++
		}
	}
}

// findFirsts finds the first contact from each change on; where none came, the
// last before it.
func (t *tally) findFirsts() {
	ch := &t.rates.changes
	next, last := 0, uint64(0)
	for i, b := range ch.blocks {
		for ; next < len(t.perDay) && (t.perDay[next].day < b.from || t.perDay[next].rated == 0); next++ {
			if t.perDay[next].rated > 0 {
				last = t.perDay[next].lastRated
			}
		}
		switch {
		case i == 0:
		case b.n > 0:
			ch.firsts = append(ch.firsts, t.perDay[next].firstRated)
		default:
			ch.firsts = append(ch.firsts, last)
		}
	}
	slices.Sort(ch.firsts)
}

// inBurst reports whether a day lies in a burst.
func (ch *changes) inBurst(day int64) bool {
	if ch.bursts == 0 {
		return false
	}
	i, found := slices.BinarySearchFunc(ch.blocks, day, func(b block, day int64) int { return cmp.Compare(b.from, day) })
	if !found {
		i--
	}
	return i >= 0 && ch.blocks[i].burst && day <= ch.blocks[i].to
}

func (t *tally) figuresOfChanges(m map[string]Figure) {
	ch := &t.rates.changes
	if len(ch.blocks) == 0 {
		return
	}
	m["changes"] = Figure{Value: int64(len(ch.firsts)), Unit: "changes", Text: t.sentenceChanges(), Entries: ch.firsts, At: t.momentsOfChange()}
	if ch.bursts > 0 {
		m["bursts"] = Figure{Value: int64(ch.bursts), Unit: "bursts", Text: ch.sentenceBursts(), Entries: t.rates.bursts}
	}
}

// momentsOfChange are the midnights from which the rate was another.
func (t *tally) momentsOfChange() (at []time.Time) {
	for _, b := range t.rates.changes.blocks[1:] {
		at = append(at, dayStart(b.from, t.facts.Zone))
	}
	return at
}

func (t *tally) sentenceChanges() string {
	ch := &t.rates.changes
	first, last := ch.blocks[0], ch.blocks[len(ch.blocks)-1]
	if len(ch.blocks) == 1 {
		return fmt.Sprintf("From %s to %s no change of the rate of contact was found: %s a day.", dateOf(first.from), dateOf(last.to), first.rate())
	}
	n := len(ch.blocks) - 1
	var parts []string
	for i := max(1, n-maxSaid+1); i <= n; i++ {
		parts = append(parts, fmt.Sprintf("on %s from %s to %s a day", dateOf(ch.blocks[i].from), ch.blocks[i-1].rate(), ch.blocks[i].rate()))
	}
	text := "The rate of contact changed " + times(n)
	if n > maxSaid {
		text += fmt.Sprintf(", the last %d", maxSaid)
	}
	text += ": " + strings.Join(parts, ", ") + "."
	if t.watched.changedWithin(dayStart(first.from, t.facts.Zone), dayStart(last.to+1, t.facts.Zone)) {
		text += " Which accounts were read changed in this time."
	}
	return text
}

func (ch *changes) sentenceBursts() string {
	var parts []string
	for _, b := range ch.blocks {
		switch {
		case !b.burst:
		case b.from == b.to:
			parts = append(parts, fmt.Sprintf("%s on %s", times(int(b.n)), dateOf(b.from)))
		default:
			parts = append(parts, fmt.Sprintf("%s from %s to %s", times(int(b.n)), dateOf(b.from), dateOf(b.to)))
		}
	}
	text := "Once there was a burst of contact, more than before and after"
	if ch.bursts > 1 {
		text = times(ch.bursts) + " there was a burst of contact, more than before and after"
	}
	if more := len(parts) - maxSaid; more > 0 {
		text += fmt.Sprintf(", the last %d", maxSaid)
		parts = parts[more:]
	}
	return text + ": " + strings.Join(parts, ", ") + "."
}

// rate writes how often contact came on a watched day, with one decimal below 10.
func (b block) rate() string {
	tenths := (b.n*240 + b.hours/2) / b.hours
	switch {
	case b.n > 0 && tenths == 0:
		return "less than 0.1"
	case tenths >= 100:
		return strconv.FormatInt((tenths+5)/10, 10)
	}
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}
