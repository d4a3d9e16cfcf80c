package detect

import (
	"cmp"
	"slices"
	"time"

	"daybook"
)

// A calendar says of each local day whether it was watched. A day is watched
// wholly if every lane that was being read on it was read from its first moment
// to its last, and at least one was. A lane counts from when it was first read
// until it was last read, or until the end of a gap that is recorded after
// that; holes are taken out.
type calendar struct {
	zone    *time.Location
	first   int64 // day of state[0]
	state   []watchState
	whole   int64 // days that were watched wholly
	part    int64
	watches []watch
}

type watchState uint8

const (
	unwatched watchState = iota
	partly
	wholly
)

// maxWatchedDays bounds the work when a clock was badly wrong once.
const maxWatchedDays = 200 * 366

type laneKey struct {
	account daybook.AccountID
	lane    daybook.Lane
}

// A watch is the time in which one lane was read.
type watch struct {
	account  daybook.AccountID
	spans    []span // disjoint, ascending, without holes
	from, to time.Time
}

func newCalendar(f Facts) *calendar {
	watches := watchesOf(f)
	c := &calendar{zone: f.Zone, watches: watches}
	if len(watches) == 0 {
		return c
	}
	first, last := watches[0].from, watches[0].to
	for _, w := range watches {
		if w.from.Before(first) {
			first = w.from
		}
		if w.to.After(last) {
			last = w.to
		}
	}
	c.first = dayOf(first, c.zone)
	n := dayOf(last, c.zone) - c.first + 1
	if n > maxWatchedDays {
		c.first += n - maxWatchedDays
		n = maxWatchedDays
	}
	c.state = make([]watchState, n)
	next := make([]int, len(watches)) // first span of each watch that can still matter
	from := dayStart(c.first, c.zone)
	for i := range c.state {
		to := dayStart(c.first+int64(i)+1, c.zone)
		c.state[i] = dayState(watches, next, from, to)
		switch c.state[i] {
		case wholly:
			c.whole++
		case partly:
			c.part++
		}
		from = to
	}
	return c
}

func dayState(watches []watch, next []int, from, to time.Time) watchState {
	some, all := false, true
	for i, w := range watches {
		if !w.from.Before(to) || !w.to.After(from) {
			continue // not yet, or no longer, read
		}
		for next[i] < len(w.spans) && !w.spans[next[i]].to.After(from) {
			next[i]++
		}
		if next[i] == len(w.spans) || !w.spans[next[i]].from.Before(to) {
			all = false
			continue
		}
		some = true
		s := w.spans[next[i]]
		all = all && !s.from.After(from) && !s.to.Before(to)
	}
	switch {
	case some && all:
		return wholly
	case some:
		return partly
	}
	return unwatched
}

// watchesOf joins the intervals of each lane and takes the holes out.
func watchesOf(f Facts) []watch {
	spans := map[laneKey][]span{}
	for _, iv := range f.Watched {
		if !iv.From.IsZero() && iv.To.After(iv.From) {
			k := laneKey{iv.Account, iv.Lane}
			spans[k] = append(spans[k], span{iv.From, iv.To})
		}
	}
	keys := make([]laneKey, 0, len(spans))
	for k := range spans {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b laneKey) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.lane, b.lane))
	})
	watches := make([]watch, 0, len(keys))
	for _, k := range keys {
		joined := joinSpans(spans[k])
		w := watch{account: k.account, from: joined[0].from, to: joined[len(joined)-1].to}
		var holes []span
		for _, g := range f.Gaps {
			if g.Account != k.account || g.Lane != "" && g.Lane != k.lane || !g.To.After(g.From) {
				continue
			}
			if g.From.After(w.from) && g.To.After(w.to) {
				w.to = g.To
			}
			if g.Class == daybook.Hole {
				holes = append(holes, span{g.From, g.To})
			}
		}
		w.spans = joined
		if len(holes) > 0 {
			w.spans = cutSpans(joined, joinSpans(holes))
		}
		watches = append(watches, w)
	}
	return watches
}

// joinSpans orders spans and joins those that overlap or touch.
func joinSpans(in []span) []span {
	slices.SortFunc(in, func(a, b span) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	out := in[:1:1]
	for _, s := range in[1:] {
		last := &out[len(out)-1]
		if s.from.After(last.to) {
			out = append(out, s)
		} else if s.to.After(last.to) {
			last.to = s.to
		}
	}
	return out
}

// cutSpans takes holes out of spans; both are disjoint and ascending.
func cutSpans(spans, holes []span) []span {
	var out []span
	for _, s := range spans {
		for _, h := range holes {
			if !h.to.After(s.from) || !h.from.Before(s.to) {
				continue
			}
			if h.from.After(s.from) {
				out = append(out, span{s.from, h.from})
			}
			s.from = h.to
			if !s.from.Before(s.to) {
				break
			}
		}
		if s.from.Before(s.to) {
			out = append(out, s)
		}
	}
	return out
}

// on returns how a day was watched.
func (c *calendar) on(day int64) watchState {
	if i := day - c.first; i >= 0 && i < int64(len(c.state)) {
		return c.state[i]
	}
	return unwatched
}

// lastDays reports whether the last n days that were watched wholly are the last
// ones, without a break, up to yesterday or today: then they can be called "the
// last n days".
func (c *calendar) lastDays(n int, today int64) bool {
	end := today
	if c.on(today) != wholly {
		end = today - 1
	}
	return n > 0 && c.watchedThroughout(end-int64(n)+1, end)
}

// watchedThroughout reports whether every local day from a to b was watched
// wholly.
func (c *calendar) watchedThroughout(a, b int64) bool {
	for d := a; d <= b; d++ {
		if c.on(d) != wholly {
			return false
		}
	}
	return true
}

// localSeconds is the local clock read as if it were UTC, in Unix seconds.
func localSeconds(t time.Time, zone *time.Location) int64 {
	_, offset := t.In(zone).Zone()
	return t.Unix() + int64(offset)
}

// dayOf numbers the local day of t; 1970-01-01 is 0.
func dayOf(t time.Time, zone *time.Location) int64 { return floorDiv(localSeconds(t, zone), 86400) }

// dayStart returns the first moment of a local day. Where the clocks change at
// midnight that is not always 00:00, and 00:00 can come twice.
func dayStart(day int64, zone *time.Location) time.Time {
	midnight := time.Unix(day*86400, 0)
	_, before := midnight.Add(-36 * time.Hour).In(zone).Zone()
	_, after := midnight.Add(36 * time.Hour).In(zone).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} { // the larger offset is the earlier moment
		t := midnight.Add(-time.Duration(offset) * time.Second)
		if dayOf(t, zone) == day && dayOf(t.Add(-time.Second), zone) != day {
			return t.UTC()
		}
	}
	y, m, d := midnight.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone).UTC() // a day that the zone skipped
}

func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

func floorMod(a, b int64) int64 { return (a%b + b) % b }
