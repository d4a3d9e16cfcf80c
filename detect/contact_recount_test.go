package detect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// longFacts draws a case of some months in UTC, all of it at whole minutes: two
// accounts with a hole, three handles of which two are linked, quiet times and
// busy ones.
func longFacts(rt *rapid.T) detect.Facts {
	days := rapid.SampledFrom([]int{3, 20, 50, 80, 120}).Draw(rt, "days")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
	minute := func() time.Time {
		return date(1, 0, 0).Add(time.Duration(r.IntN(days*1440+500)-500) * time.Minute)
	}
	s := newStory(time.UTC, date(1+days, 9, 30), "kestrel", "sparrow", "wren")
	s.Groups = [][]int{{0, 1}}
	s.Watched = []detect.Interval{{Account: "a", Lane: "n", From: minute(), To: date(1+days, 9, 0)}}
	if rapid.Bool().Draw(rt, "two accounts") {
		s.Watched = append(s.Watched, detect.Interval{Account: "b", Lane: "n", From: minute(), To: minute()})
	}
	for range rapid.IntRange(0, 3).Draw(rt, "holes") {
		from := minute()
		s.Gaps = append(s.Gaps, detect.GapSpan{Account: "a", Class: daybook.Hole, From: from, To: from.Add(time.Duration(rapid.IntRange(1, 4000).Draw(rt, "long")) * time.Minute), Entry: 9000})
	}
	s.entry = 10
	if rapid.Bool().Draw(rt, "asked") {
		s.mark(daybook.MarkStop, 0, daybook.When{At: minute(), Precision: rapid.SampledFrom([]daybook.Precision{daybook.Exact, daybook.Day}).Draw(rt, "how exact")})
	}
	for range rapid.IntRange(0, 4).Draw(rt, "named") {
		s.mark(daybook.MarkNamedDay, -1, daybook.When{At: minute(), Precision: daybook.Day})
	}
	busy := 0
	for d := range days {
		if r.IntN(10) == 0 {
			busy = r.IntN(5)
		}
		for range busy + r.IntN(4)/3 {
			s.message(r.IntN(3), date(1+d, 0, r.IntN(1440)), func(c *detect.Contact) {
				c.Origin = []daybook.Origin{daybook.Collected, daybook.Collected, daybook.Collected, daybook.Imported}[r.IntN(4)]
				c.Precision = []daybook.Precision{daybook.Exact, daybook.Exact, daybook.Exact, daybook.Day, daybook.About}[r.IntN(5)]
				c.Others = [][]int{nil, nil, nil, {1}, {2, 3}, {4}}[r.IntN(6)]
			})
		}
	}
	return s.Facts
}

// naive counts again, minute by minute and without anything of package detect.
type naive struct {
	detect.Facts
	members []int
	mine    []detect.Contact
	seen    map[int][2]int // by day: what minutes returns
}

func (n *naive) day(t time.Time) int { return int(math.Floor(t.Sub(date(1, 0, 0)).Hours() / 24)) }

// lanes tells how many lanes were being read at t, and how many were read.
func (n *naive) lanes(t time.Time) (being, read int) {
	for _, w := range n.Watched {
		if !w.To.After(w.From) || t.Before(w.From) {
			continue
		}
		to, hole := w.To, false
		for _, g := range n.Gaps {
			if g.Account == w.Account && g.From.After(w.From) && g.To.After(to) {
				to = g.To
			}
			hole = hole || g.Account == w.Account && !t.Before(g.From) && t.Before(g.To)
		}
		if t.Before(to) {
			being++
			if t.Before(w.To) && !hole {
				read++
			}
		}
	}
	return being, read
}

func (n *naive) watched(t time.Time) bool {
	being, read := n.lanes(t)
	return being > 0 && being == read
}

// minutes returns how many minutes of a day were watched, and whether what was
// being read on it was read all day.
func (n *naive) minutes(day int) (watched int, wholly bool) {
	if m, known := n.seen[day]; known {
		return m[0], m[1] == 1
	}
	most, least := 0, math.MaxInt
	for m := range 1440 {
		being, read := n.lanes(date(1+day, 0, m))
		if being > 0 && being == read {
			watched++
		}
		most, least = max(most, being), min(least, read)
	}
	n.seen[day] = [2]int{watched, 0}
	if most > 0 && least == most {
		n.seen[day] = [2]int{watched, 1}
	}
	return n.minutes(day)
}

func (n *naive) rated(c detect.Contact) bool {
	if c.Origin != daybook.Collected || c.Precision == daybook.About {
		return false
	}
	if c.Precision == daybook.Day {
		_, wholly := n.minutes(n.day(c.At))
		return wholly
	}
	return n.watched(c.At)
}

// count returns the figures that it knows, as value, of and entries.
func (n *naive) count() map[string]string {
	out := map[string]string{}
	set := func(key string, value, of int, entries []uint64) {
		slices.Sort(entries)
		out[key] = fmt.Sprintf("%d of %d %v", value, of, entries)
	}
	today := n.day(n.Now)
	firstOf := map[int]uint64{} // of each day
	surely := map[int]uint64{}
	wrote, named := map[int]uint64{}, map[int]uint64{}
	var now, before, night, others []uint64
	perDay := map[int]int{}
	known := 0
	for _, c := range n.mine {
		d := n.day(c.At)
		first := func(m map[int]uint64, key int) {
			if _, there := m[key]; !there {
				m[key] = c.Entry
			}
		}
		first(firstOf, d)
		first(wrote, c.Handle)
		if c.Precision != daybook.About {
			first(surely, d)
		}
		if c.Precision == daybook.Exact {
			if known++; c.At.Hour() < 6 {
				night = append(night, c.Entry)
			}
		}
		if n.rated(c) {
			perDay[d]++
			switch {
			case d >= today-28 && d < today:
				now = append(now, c.Entry)
			case d >= today-56 && d < today-28:
				before = append(before, c.Entry)
			}
		}
		other := false
		for _, o := range c.Others {
			if !slices.Contains(n.members, o) {
				other = true
				first(named, o)
			}
		}
		if other {
			others = append(others, c.Entry)
		}
	}
	values := func(m map[int]uint64) (v []uint64) {
		for _, e := range m {
			v = append(v, e)
		}
		return v
	}
	if len(n.members) > 1 {
		set("handles", len(wrote), len(n.members), values(wrote))
	}
	if len(night) > 0 {
		set("night", len(night), known, night)
	}
	if len(others) > 0 {
		set("to-others", len(others), 0, others)
		set("third-parties", len(named), 0, values(named))
	}
	n.countDays(set, firstOf, surely, today)
	n.countStop(set)
	exposed := func(from, to int) (minutes int) {
		for d := from; d <= to; d++ {
			m, _ := n.minutes(d)
			minutes += m
		}
		return minutes
	}
	if len(now)+len(before) > 0 && exposed(today-28, today-1) >= 7*1440 && exposed(today-56, today-29) >= 7*1440 {
		set("last-28-days", len(now), 0, now)
		set("28-days-before", len(before), 0, before)
	}
	if changes, enough := n.changes(perDay, today); enough {
		out["changes"] = fmt.Sprint(changes)
	}
	return out
}

func (n *naive) countDays(set func(string, int, int, []uint64), firstOf, surely map[int]uint64, today int) {
	var last []uint64
	of := 0
	for d := today; d >= -1 && of < 42; d-- {
		if _, wholly := n.minutes(d); wholly {
			of++
			if e, there := firstOf[d]; there {
				last = append(last, e)
			}
		}
	}
	if of > 0 {
		set("last-42-days", len(last), of, last)
	}
	for key, back := range map[string]int{"named-days": 0, "days-before-named-days": 1} {
		var entries []uint64
		of, seen := 0, map[int]bool{}
		for _, m := range n.Marks {
			d := n.day(m.When.At)
			if m.What != daybook.MarkNamedDay || d > today || seen[d] {
				continue
			}
			seen[d] = true
			if e, there := surely[d-back]; there {
				entries, of = append(entries, e), of+1
			} else if _, wholly := n.minutes(d - back); wholly {
				of++
			}
		}
		if of > 0 {
			set(key, len(entries), of, entries)
		}
	}
}

// around returns the first and the last minute that a time can mean.
func around(at time.Time, p daybook.Precision) (lo, hi time.Time) {
	if p == daybook.Day {
		lo = at.Truncate(24 * time.Hour)
		return lo, lo.Add(24*time.Hour - time.Microsecond)
	}
	return at, at
}

func (n *naive) countStop(set func(string, int, int, []uint64)) {
	i := slices.IndexFunc(n.Marks, func(m detect.Mark) bool { return m.What == daybook.MarkStop })
	if i < 0 || !slices.Contains(n.members, 0) && !slices.Contains(n.members, 1) { // 0 and 1 are linked
		return
	}
	lo, hi := around(n.Marks[i].When.At, n.Marks[i].When.Precision)
	var before, after []uint64
	var first time.Time
	for _, c := range n.mine {
		if !n.rated(c) {
			continue
		}
		if first.IsZero() {
			first = c.At.Truncate(24 * time.Hour)
		}
		switch from, to := around(c.At, c.Precision); {
		case from.After(hi):
			after = append(after, c.Entry)
		case to.Before(lo):
			before = append(before, c.Entry)
		}
	}
	exposed := func(from, to time.Time) (d time.Duration) {
		for ; from.Before(to); from = from.Add(time.Minute) {
			if n.watched(from) {
				d += min(time.Minute, to.Sub(from))
			}
		}
		return d
	}
	if len(before) > 0 && exposed(first, lo) >= 7*24*time.Hour && exposed(hi.Add(time.Microsecond).Truncate(time.Minute), n.Now) >= 7*24*time.Hour {
		set("before-stop-watched", len(before), 0, before)
		set("after-stop-watched", len(after), 0, after)
	}
}

// changes counts the edges of the best way to cut the days into blocks, by
// Scargle's own way of trying all last edges, in floating point.
func (n *naive) changes(perDay map[int]int, today int) (edges int, enough bool) {
	total, first := 0, math.MaxInt
	for d, k := range perDay {
		total, first = total+k, min(first, d)
	}
	if total < 20 {
		return 0, false
	}
	var count, hours []float64
	for d := first; d <= today+5; d++ {
		if m, _ := n.minutes(d); m > 0 {
			count, hours = append(count, float64(perDay[d])), append(hours, math.Ceil(float64(m)/60))
		}
	}
	full := func(d int) bool { m, _ := n.minutes(d); return m > 22*60 }
	uneven, pairs := 0, 0
	for d := first; d <= today; d++ {
		if x, y := perDay[d], perDay[d+1]; x+y > 0 && full(d) && full(d+1) {
			uneven, pairs = uneven+(x-y)*(x-y)*1000/(x+y), pairs+1
		}
	}
	penalty := 4 - math.Log(73.53*0.05*math.Pow(float64(total), -0.478))
	if pairs > 0 && uneven > 1000*pairs {
		penalty *= float64(uneven/pairs) / 1000
	}
	best, blocks := make([]float64, len(count)+1), make([]int, len(count)+1)
	for end := 1; end <= len(count); end++ {
		best[end] = math.Inf(-1)
		k, h := 0.0, 0.0
		for start := end - 1; start >= 0; start-- {
			k, h = k+count[start], h+hours[start]
			v := best[start] - penalty
			if k > 0 {
				v += k * math.Log(k/h)
			}
			if v >= best[end]-1e-9 {
				best[end], blocks[end] = v, blocks[start]+1
			}
		}
	}
	return blocks[len(count)] - 1, true
}

func TestContact_CountedAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := longFacts(rt)
		seen := map[int][2]int{}
		for _, finding := range detectOrFail(rt, f) {
			n := naive{Facts: f, seen: seen}
			for i, h := range f.Handles {
				if slices.ContainsFunc(finding.Handles, h.Same) {
					n.members = append(n.members, i)
				}
			}
			for _, c := range f.Contacts {
				if slices.Contains(n.members, c.Handle) {
					n.mine = append(n.mine, c)
				}
			}
			slices.SortStableFunc(n.mine, func(a, b detect.Contact) int { return a.At.Compare(b.At) })
			want, got := n.count(), map[string]string{}
			for _, key := range []string{"handles", "night", "to-others", "third-parties", "last-42-days", "named-days", "days-before-named-days", "last-28-days", "28-days-before",
				"before-stop-watched", "after-stop-watched", "changes"} {
				if g, there := finding.Figures[key]; key == "changes" && there {
					got[key] = fmt.Sprint(g.Value)
				} else if there {
					got[key] = fmt.Sprintf("%d of %d %v", g.Value, g.Of, g.Entries)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("%v: %s", finding.Handles, diff)
			}
		}
	})
}

func TestContact_AnotherHandleChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := longFacts(rt)
		f.Contacts = slices.DeleteFunc(f.Contacts, func(c detect.Contact) bool { return c.Handle == 2 })
		before := detectOrFail(rt, f)
		for i := range rapid.IntRange(1, 40).Draw(rt, "more") {
			c := drawContact(rt, uint64(5000+i))
			c.Handle = 2
			f.Contacts = append(f.Contacts, c)
		}
		var after []detect.Finding
		for _, finding := range detectOrFail(rt, f) {
			if !slices.ContainsFunc(finding.Handles, f.Handles[2].Same) {
				after = append(after, finding)
			}
		}
		if diff := cmp.Diff(before, after); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestContact_OrderDoesNotMatterInALongCase(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := longFacts(rt)
		want := detectOrFail(rt, f)
		slices.Reverse(f.Contacts)
		slices.Reverse(f.Watched)
		if diff := cmp.Diff(want, detectOrFail(rt, f)); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// Some weeks later everything is the same but for the dates.
func TestContact_WeeksLater(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := longFacts(rt)
		before := detectOrFail(rt, f)
		by := time.Duration(rapid.IntRange(-100, 100).Draw(rt, "weeks")) * 7 * 24 * time.Hour
		f.Now = f.Now.Add(by)
		for i := range f.Contacts {
			f.Contacts[i].At = f.Contacts[i].At.Add(by)
		}
		for i := range f.Marks {
			f.Marks[i].When.At = f.Marks[i].When.At.Add(by)
		}
		for i := range f.Watched {
			f.Watched[i].From, f.Watched[i].To = f.Watched[i].From.Add(by), f.Watched[i].To.Add(by)
		}
		for i := range f.Gaps {
			f.Gaps[i].From, f.Gaps[i].To = f.Gaps[i].From.Add(by), f.Gaps[i].To.Add(by)
		}
		after := detectOrFail(rt, f)
		for i := range before {
			for j, at := range before[i].Figures["changes"].At {
				before[i].Figures["changes"].At[j] = at.Add(by)
			}
			for _, g := range []*detect.Finding{&before[i], &after[i]} {
				for k, figure := range g.Figures {
					figure.Text = ""
					g.Figures[k] = figure
				}
			}
			if diff := cmp.Diff(before[i].Figures, after[i].Figures); diff != "" {
				rt.Fatal(diff)
			}
		}
	})
}
