package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"daybook"
)

// markers returns what is marked on the days, by time.
func (c *Calendar) markers(f Facts, standings *Standings, firsts []*Contact) []Marker {
	var out []Marker
	add := func(m Marker) {
		if !m.At.Before(c.From) && m.At.Before(c.To) {
			out = append(out, m)
		}
	}
	for _, s := range standings.stops {
		add(Marker{What: StopMarker, Handle: s.mark.Handle, At: s.hi, Earliest: s.lo, Entry: s.mark.Entry, About: s.mark.About})
	}
	for _, b := range f.Blocks {
		if b.Handle >= 0 && b.Handle < len(f.Handles) {
			add(Marker{What: BlockMarker, Handle: b.Handle, At: b.Seen, Earliest: b.Before, Entry: b.Entry})
		}
	}
	for h, first := range firsts {
		if first != nil {
			lo, _ := bounds(first.At, first.Until, first.Precision, f.Zone)
			add(Marker{What: FirstMarker, Handle: h, At: first.At, Earliest: lo, Entry: first.Entry})
		}
	}
	slices.SortFunc(out, func(a, b Marker) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(string(a.What), string(b.What)), cmp.Compare(a.Handle, b.Handle), cmp.Compare(a.Entry, b.Entry))
	})
	return out
}

// gaps cuts gaps to the days and joins those of one account and class that touch.
func (c *Calendar) gaps(all []GapSpan) []CalendarGap {
	type key struct {
		account daybook.AccountID
		class   daybook.GapClass
	}
	gaps := make([]CalendarGap, 0, len(all))
	for _, g := range all {
		cut := CalendarGap{Account: g.Account, Class: g.Class, From: later(g.From, c.From), To: earlier(g.To, c.To)}
		if g.Entry > 0 {
			cut.Entries = []uint64{g.Entry}
		}
		if cut.From.Before(cut.To) {
			gaps = append(gaps, cut)
		}
	}
	byFrom := func(a, b CalendarGap) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Class, b.Class), a.To.Compare(b.To), slices.Compare(a.Entries, b.Entries))
	}
	slices.SortFunc(gaps, byFrom)
	last := map[key]int{}
	var out []CalendarGap
	for _, g := range gaps {
		k := key{g.Account, g.Class}
		i, open := last[k]
		if !open || g.From.After(out[i].To) {
			last[k] = len(out)
			out = append(out, g)
			continue
		}
		out[i].To = later(out[i].To, g.To)
		out[i].Entries = append(out[i].Entries, g.Entries...)
	}
	for i := range out {
		slices.Sort(out[i].Entries)
		out[i].Entries = slices.Compact(out[i].Entries)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
