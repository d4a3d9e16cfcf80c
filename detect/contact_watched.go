package detect

import (
	"slices"
	"sort"
	"time"

	"daybook"
)

// watchedTime is the time in which every lane that was being read was read, and
// at least one was. A rate is counted in it: where nobody looked, it was not
// quiet.
type watchedTime struct {
	spans   []span
	before  []time.Duration // watched before each span
	changed []time.Time     // when the reading of an account began or ended while others went on, ascending
}

func newWatchedTime(watches []watch) watchedTime {
	var w watchedTime
	if len(watches) == 0 {
		return w
	}
	var lives, missed []span
	for _, lane := range watches {
		life := []span{{lane.from, lane.to}}
		lives = append(lives, life...)
		missed = append(missed, cutSpans(life, lane.spans)...)
	}
	w.changed = readingChanged(watches)
	w.spans = joinSpans(lives)
	if len(missed) > 0 {
		w.spans = cutSpans(w.spans, joinSpans(missed))
	}
	w.before = make([]time.Duration, len(w.spans))
	for i := 1; i < len(w.spans); i++ {
		w.before[i] = w.before[i-1] + w.spans[i-1].to.Sub(w.spans[i-1].from)
	}
	return w
}

// readingChanged returns when accounts were first and last read, without the
// first moment of all and without what is within a day of the last.
func readingChanged(watches []watch) []time.Time {
	lives := map[daybook.AccountID]span{}
	first, last := watches[0].from, watches[0].to
	for _, w := range watches {
		l, known := lives[w.account]
		if !known || w.from.Before(l.from) {
			l.from = w.from
		}
		if w.to.After(l.to) {
			l.to = w.to
		}
		lives[w.account] = l
		if w.from.Before(first) {
			first = w.from
		}
		if w.to.After(last) {
			last = w.to
		}
	}
	var out []time.Time
	for _, l := range lives { // sorted below
		if l.from.After(first) {
			out = append(out, l.from)
		}
		if l.to.Before(last.Add(-24 * time.Hour)) {
			out = append(out, l.to)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// has reports whether t was watched. from is the first span that can matter; it
// is moved on, for calls whose t never falls.
func (w *watchedTime) has(t time.Time, from *int) bool {
	for *from < len(w.spans) && !w.spans[*from].to.After(t) {
		*from++
	}
	return *from < len(w.spans) && !t.Before(w.spans[*from].from)
}

// within returns how much of the time from a to b was watched.
func (w *watchedTime) within(a, b time.Time) time.Duration {
	if !b.After(a) {
		return 0
	}
	return w.upTo(b) - w.upTo(a)
}

// upTo returns how much was watched before t.
func (w *watchedTime) upTo(t time.Time) time.Duration {
	i := sort.Search(len(w.spans), func(i int) bool { return w.spans[i].to.After(t) })
	if i == len(w.spans) {
		if i == 0 {
			return 0
		}
		return w.before[i-1] + w.spans[i-1].to.Sub(w.spans[i-1].from)
	}
	return w.before[i] + max(0, t.Sub(w.spans[i].from))
}

// changedWithin reports whether other accounts were read at the end of a time
// than at its beginning.
func (w *watchedTime) changedWithin(a, b time.Time) bool {
	return slices.ContainsFunc(w.changed, func(t time.Time) bool { return t.After(a) && t.Before(b) })
}

// end is the last moment that was watched.
func (w *watchedTime) end() time.Time {
	if len(w.spans) == 0 {
		return time.Time{}
	}
	return w.spans[len(w.spans)-1].to
}

// hoursOfDays returns, for each day of a calendar and the end of the last, how
// many hours were watched on the days before. A part of an hour on a day counts
// as one.
func (w *watchedTime) hoursOfDays(c *calendar) []int64 {
	hours := make([]int64, len(c.state)+1)
	next := 0
	from := dayStart(c.first, c.zone)
	for i := range c.state {
		to := dayStart(c.first+int64(i)+1, c.zone)
		var day time.Duration
		for next < len(w.spans) && !w.spans[next].to.After(from) {
			next++
		}
		for k := next; k < len(w.spans) && w.spans[k].from.Before(to); k++ {
			a, b := w.spans[k].from, w.spans[k].to
			if a.Before(from) {
				a = from
			}
			if b.After(to) {
				b = to
			}
			day += b.Sub(a)
		}
		hours[i+1] = hours[i] + int64((day+time.Hour-1)/time.Hour)
		from = to
	}
	return hours
}
