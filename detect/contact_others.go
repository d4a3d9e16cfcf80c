package detect

import (
	"fmt"
	"slices"
	"time"
)

// handlesSeen tells handles apart that follow each other in any order.
type handlesSeen struct {
	last int
	all  map[int]bool
}

// add reports whether h is new.
func (s *handlesSeen) add(h int) bool {
	if s.all == nil {
		s.all = map[int]bool{}
	} else if h == s.last || s.all[h] {
		s.last = h
		return false
	}
	s.last, s.all[h] = h, true
	return true
}

// An othersTally is whom else messages named or addressed.
type othersTally struct {
	seen     handlesSeen
	firsts   []uint64 // the first message that named each
	messages []uint64 // that named anybody else
}

// add counts a message of a party. Handles of the party are no third parties.
func (o *othersTally) add(members []int, c *Contact) {
	found := false
	for _, h := range c.Others {
		if slices.Contains(members, h) {
			continue
		}
		found = true
		if o.seen.add(h) {
			o.firsts = append(o.firsts, c.Entry)
		}
	}
	if found {
		o.messages = append(o.messages, c.Entry)
	}
}

func (t *tally) figuresOfOthers(m map[string]Figure) {
	if n := len(t.others.messages); n > 0 {
		m["to-others"] = Figure{Value: int64(n), Unit: "messages", Entries: t.others.messages,
			Text: fmt.Sprintf("%s also named or addressed somebody else.", count(n, "message"))}
		k := len(t.others.firsts)
		m["third-parties"] = Figure{Value: int64(k), Unit: "handles", Entries: t.others.firsts,
			Text: fmt.Sprintf("Beside you, their messages named or addressed %s.", count(k, "other handle"))}
	}
	if n := len(t.members); n > 1 && len(t.firsts) > 0 {
		m["handles"] = Figure{Value: int64(len(t.firsts)), Of: int64(n), Unit: "handles", Entries: t.firsts,
			Text: fmt.Sprintf("%d of the %d linked handles contacted you.", len(t.firsts), n)}
	}
	if g, ok := t.named.figure("named day", "named days"); ok {
		m["named-days"] = g
	}
	if g, ok := t.dayBefore.figure("day before a named day", "days before a named day"); ok {
		m["days-before-named-days"] = g
	}
}

// nightEnds is the hour at which night ends; it begins at midnight.
const nightEnds = 6

func (t *tally) figuresOfHours(m map[string]Figure) {
	known := len(t.messages) - len(t.hours[noHour])
	if n := len(t.night); n > 0 {
		m["night"] = Figure{Value: int64(n), Of: int64(known), Unit: "messages", Entries: t.night,
			Text: fmt.Sprintf("%d of the %s whose hour is known came between 00:00 and 06:00.", n, count(known, "contact"))}
	}
	best, ties := -1, 0
	for h := range noHour {
		switch n := len(t.hours[uint32(h)]); {
		case n == 0:
		case best < 0 || n > len(t.hours[uint32(best)]):
			best, ties = h, 0
		case n == len(t.hours[uint32(best)]):
			ties++
		}
	}
	if best < 0 || len(t.hours[uint32(best)]) < 2 {
		return
	}
	entries := t.hours[uint32(best)]
	text := fmt.Sprintf("The hour of the week with the most contact was %s from %02d:00 to %02d:00: %s", weekday(best), best%24, best%24+1, times(len(entries)))
	if ties > 0 {
		text += fmt.Sprintf(", as often as in %s", count(ties, "other hour"))
	}
	m["busiest-hour"] = Figure{Value: int64(len(entries)), Of: int64(known), Unit: "messages", Entries: entries, Text: text + "."}
}

func weekday(hour int) time.Weekday { return time.Weekday((hour/24 + 1) % 7) }
