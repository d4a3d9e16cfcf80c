package detect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
)

// sentence is the finding in one or two sentences, addressed to the person.
func (t *tally) sentence() string {
	from := ""
	switch n := len(t.members); {
	case n > 1 && len(t.firsts) == n:
		from = ", from " + count(n, "linked handle")
	case n > 1:
		from = fmt.Sprintf(", from %d of %d linked handles", len(t.firsts), n)
	}
	if len(t.messages) == 0 {
		return sentenceAllowed(len(t.allowed))
	}
	s := "You were contacted " + t.onDays() + from
	if t.terms.asked {
		s += ", " + times(len(t.afterStop)) + " after you asked them to stop"
	}
	s += "."
	if len(t.allowed) > 0 {
		s += " " + sentenceAllowed(len(t.allowed))
	}
	return s
}

// onDays says on how many days there was contact, out of how many that were
// watched: of the last recentDays if there are more.
func (t *tally) onDays() string {
	all, in, whole := len(t.days), len(t.lastDays), len(t.recent)
	watched := "of the " + count(whole, "day") + " that " + were(whole) + " watched"
	switch {
	case t.calendar.lastDays(whole, t.today):
		watched = "of the last " + count(whole, "day")
		if whole == 1 {
			watched = "of the last day"
		}
	case t.calendar.whole > int64(whole):
		watched = "of the last " + count(whole, "day") + " that were watched"
	}
	switch {
	case whole == 0:
		return "on " + count(all, "day")
	case in == 0:
		return "on " + count(all, "day") + ", none " + watched
	case in == all:
		return fmt.Sprintf("on %d %s", in, watched)
	}
	return fmt.Sprintf("on %d %s and on %s", in, watched, count(all-in, "other day"))
}

// reasons says what the figures rest on and what limits them.
func (t *tally) reasons(figures map[string]Figure) []Reason {
	var out []Reason
	add := func(feature, text string, entries []uint64) {
		out = append(out, Reason{Feature: feature, Text: text, Entries: entries})
	}
	if len(t.terms.stops) > 0 {
		add("stop", t.sentenceStop(), t.stopEntries())
	}
	if len(t.afterStop) > 0 {
		add("after-stop", "They contacted you "+times(len(t.afterStop))+" after you asked them to stop, on "+count(len(t.daysAfter), "day")+".", t.afterStop)
	}
	if len(t.aroundStop) > 0 {
		add("around-stop", t.sentenceAroundStop(), t.aroundStop)
	}
	for _, b := range t.terms.blocks {
		add("block", t.sentenceBlock(b), []uint64{b.Entry})
	}
	if len(t.afterBlock) > 0 {
		add("after-block", "They contacted you "+times(len(t.afterBlock))+" after a block was in force.", t.afterBlock)
	}
	if len(t.aroundBlock) > 0 {
		add("around-block", t.sentenceAroundBlock(), t.aroundBlock)
	}
	if len(t.messages) > 0 {
		add("one-sided", fmt.Sprintf("They contacted you %s; you wrote to them %s.", times(len(t.messages)), times(len(t.answered))), t.messages)
		add("period", "The first contact was on "+t.moment(t.from)+", the last on "+t.moment(t.to)+".", t.messages)
	}
	for _, key := range []string{"rate-28-days", "rate-stop", "changes", "bursts", "named-days", "days-before-named-days", "third-parties"} {
		if g, there := figures[key]; there && said(key, g) {
			add(key, g.Text, g.Entries)
		}
	}
	if len(t.allowed) > 0 {
		add("allowed", sentenceAllowed(len(t.allowed)), t.allowed)
	}
	if len(t.imprecise) > 0 {
		add("imprecise", sentenceImprecise(len(t.imprecise)), t.imprecise)
	}
	if e := t.origins[daybook.Imported]; len(e) > 0 {
		add("imported", originWords(daybook.Imported)+": "+strconv.Itoa(len(e))+" of "+strconv.Itoa(len(t.messages))+". An export may leave things out.", e)
	}
	if e := t.origins[daybook.Entered]; len(e) > 0 {
		add("entered", originWords(daybook.Entered)+": "+strconv.Itoa(len(e))+" of "+strconv.Itoa(len(t.messages))+".", e)
	}
	if text, entries := t.sentenceHoles(); text != "" {
		add("holes", text, entries)
	}
	return out
}

// said reports whether a figure is among the reasons: where nothing changed, and
// where there was nothing, the figure alone says so.
func said(key string, g Figure) bool {
	switch key {
	case "rate-28-days", "rate-stop":
		return !strings.Contains(g.Text, noClearChange)
	}
	return g.Value > 0
}

func (t *tally) stopEntries() []uint64 {
	var e []uint64
	for _, m := range t.terms.stops {
		e = append(e, m.Entry)
		if m.About != nil {
			e = append(e, *m.About)
		}
	}
	slices.Sort(e)
	return slices.Compact(e)
}

func (t *tally) sentenceStop() string {
	lo, hi := t.terms.askedLo, t.terms.askedHi
	whom := "them"
	if !slices.ContainsFunc(t.terms.stops, func(m Mark) bool { return slices.Contains(t.members, m.Handle) }) {
		whom = "a linked handle"
	}
	if lo.Equal(hi) {
		return "You asked " + whom + " to stop on " + t.moment(lo) + "."
	}
	return "You asked " + whom + " to stop between " + t.moment(lo) + " and " + t.moment(hi) + "; only what came after that is counted as after it."
}

func (t *tally) sentenceAroundStop() string {
	n := len(t.aroundStop)
	return fmt.Sprintf("%s may have come before or after you asked them to stop: the exact time is not known. %s not counted as after it.",
		count(n, "contact"), pick(n, "It is", "They are"))
}

func (t *tally) sentenceBlock(b Block) string {
	s := "A block was in force on " + t.moment(b.Seen)
	if !slices.Contains(t.members, b.Handle) {
		s = "A block of a linked handle was in force on " + t.moment(b.Seen)
	}
	if b.Before.IsZero() {
		s += "; for how long before that is not known"
	} else {
		s += "; it was made after " + t.moment(b.Before)
	}
	if !b.Ended.IsZero() {
		s += "; it was seen lifted on " + t.moment(b.Ended)
	}
	return s + "."
}

func (t *tally) sentenceAroundBlock() string {
	n := len(t.aroundBlock)
	return fmt.Sprintf("%s came around the block: it was made between two looks, and %s may lie before or after it.", count(n, "contact"), pick(n, "it", "they"))
}

// sentenceHoles says how often and how long reading was interrupted between the
// first contact and now. Lanes that were interrupted together count once.
func (t *tally) sentenceHoles() (string, []uint64) {
	var entries []uint64
	var holes []span
	for _, g := range t.facts.Gaps {
		if g.Class == daybook.Hole && g.To.After(g.From) && g.To.After(t.from) {
			entries = append(entries, g.Entry)
			holes = append(holes, span{g.From, g.To})
		}
	}
	if len(holes) == 0 {
		return "", nil
	}
	slices.Sort(entries)
	holes = joinSpans(holes)
	var longest time.Duration
	for _, h := range holes {
		longest = max(longest, h.to.Sub(h.from))
	}
	return fmt.Sprintf("Reading was interrupted %s in this period, for up to %s, so there may have been more.", times(len(holes)), lasting(longest)), slices.Compact(entries)
}

func sentenceAllowed(n int) string {
	return count(n, "contact") + " " + were(n) + " in a time that you marked as agreed, and " + pick(n, "is", "are") + " not counted."
}

func sentenceImprecise(n int) string {
	return fmt.Sprintf("The time of %s is known only roughly; %s counted all the same.", count(n, "contact"), pick(n, "it is", "they are"))
}

// moment writes a time in the person's zone.
func (d *counting) moment(t time.Time) string {
	return t.In(d.facts.Zone).Format("2 January 2006, 15:04 MST")
}

func dateOf(day int64) string { return time.Unix(day*86400, 0).UTC().Format("2 January 2006") }

// count writes "1 day", "2 days".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// times writes "once", "2 times".
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

func were(n int) string { return pick(n, "was", "were") }

func pick(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// lasting writes a length of time in its largest whole unit, rounded down.
func lasting(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return count(int(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return count(int(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return count(int(d/time.Minute), "minute")
	}
	return count(int(d/time.Second), "second")
}

func hourKey(h int) string {
	return fmt.Sprintf("hour.%s-%02d", [7]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}[h/24], h%24)
}

func originWords(o daybook.Origin) string {
	switch o {
	case daybook.Collected:
		return "Read from your accounts"
	case daybook.Imported:
		return "From exports that you added"
	case daybook.Entered:
		return "Written down by you"
	}
	return "From elsewhere"
}

// kindWords names a kind in plain words; a kind that is not known stays as the
// platform names it.
func kindWords(k daybook.Kind) string {
	switch k {
	case daybook.KindDirectMessage:
		return "direct message"
	case daybook.KindMissedCall:
		return "missed call"
	case daybook.KindStoryReply:
		return "story reply"
	case daybook.KindRequest:
		return "request to follow"
	case "encrypted_message": // of X: who sent it and when is known, and no more
		return "encrypted message"
	}
	return string(k)
}
