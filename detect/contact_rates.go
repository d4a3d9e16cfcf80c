package detect

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"daybook/internal/rates"
)

// windowDays is how many days the rate of the last days is compared over.
const windowDays = 28

// minWindow is how much of either of two times has to be watched before their
// rates are compared.
const minWindow = 7 * 24 * time.Hour

const noClearChange = "no clear change"

// A ratesTally is what counts in rates: contacts that were read from an account
// in watched time.
type ratesTally struct {
	now, before           []uint64 // in the last windowDays days before today, and in those before
	stopBefore, stopAfter []uint64 // certainly before and after a request to stop
	bursts                []uint64
	changes               changes
}

// add counts a contact of a party, in the order of entries.
func (r *ratesTally) add(t *tally, cl *cell) {
	switch ago := t.today - cl.day; {
	case ago < 1 || ago > 2*windowDays:
	case ago <= windowDays:
		r.now = append(r.now, cl.entry)
	default:
		r.before = append(r.before, cl.entry)
	}
	switch {
	case !t.terms.asked:
	case cl.standing.AfterStop:
		r.stopAfter = append(r.stopAfter, cl.entry)
	case !cl.standing.AroundStop:
		r.stopBefore = append(r.stopBefore, cl.entry)
	}
	if r.changes.inBurst(cl.day) {
		r.bursts = append(r.bursts, cl.entry)
	}
}

// A period is a time with what counts in it.
type period struct {
	from, to time.Time
	watched  time.Duration
	entries  []uint64
	on       func(*dayCount) int32 // how many of the entries came on a day
}

func (t *tally) period(from, to time.Time, entries []uint64, on func(*dayCount) int32) period {
	return period{from, to, t.watched.within(from, to), entries, on}
}

func (p period) count() rates.Count {
	return rates.Count{Events: len(p.entries), Exposure: p.watched.Microseconds()}
}

// figuresOfRates compares rates where there is enough to compare.
func (t *tally) figuresOfRates(m map[string]Figure) {
	r := &t.rates
	t.figuresOfChanges(m)
	if len(r.now)+len(r.before) > 0 {
		start := func(ago int64) time.Time { return dayStart(t.today-ago, t.facts.Zone) }
		on := func(n *dayCount) int32 { return n.rated }
		now, before := t.period(start(windowDays), start(0), r.now, on), t.period(start(2*windowDays), start(windowDays), r.before, on)
		if now.watched >= minWindow && before.watched >= minWindow {
			t.figuresOfWindows(m, now, before)
		}
	}
	if t.terms.asked && len(r.stopBefore) > 0 {
		before := t.period(dayStart(t.firstRated(), t.facts.Zone), t.terms.askedLo, r.stopBefore,
			func(n *dayCount) int32 { return n.rated - n.after - n.around })
		after := t.period(t.terms.askedHi, t.watched.end(), r.stopAfter, func(n *dayCount) int32 { return n.after })
		if before.watched >= minWindow && after.watched >= minWindow {
			t.figuresOfStop(m, before, after)
		}
	}
}

// firstRated is the first day with contact that counts in rates.
func (t *tally) firstRated() int64 {
	for _, n := range t.perDay {
		if n.rated > 0 {
			return n.day
		}
	}
	return t.today
}

func (t *tally) figuresOfWindows(m map[string]Figure, now, before period) {
	m["last-28-days"] = Figure{Value: int64(len(now.entries)), Unit: "messages", Entries: now.entries,
		Text: fmt.Sprintf("In the last %d days they contacted you %s.", windowDays, times(len(now.entries)))}
	m["28-days-before"] = Figure{Value: int64(len(before.entries)), Unit: "messages", Entries: before.entries,
		Text: fmt.Sprintf("In the %d days before those, they contacted you %s.", windowDays, times(len(before.entries)))}
	text, ratio := compared(now, before)
	text = fmt.Sprintf("In the last %d days they contacted you %s, in the %d before %s: %s.", windowDays, times(len(now.entries)), windowDays, times(len(before.entries)), text) + t.withoutOneDay(now, before)
	if full := windowDays*24*time.Hour - 2*time.Hour; now.watched < full || before.watched < full { // an hour less where the clocks change
		text += fmt.Sprintf(" Of the last %d days %s were watched, of those before %s; the comparison is for equal time.", windowDays, inDays(now.watched), inDays(before.watched))
	}
	m["rate-28-days"] = t.rateFigure(text, ratio, now, before)
}

func (t *tally) figuresOfStop(m map[string]Figure, before, after period) {
	m["before-stop-watched"] = Figure{Value: int64(len(before.entries)), Unit: "messages", Entries: before.entries,
		Text: fmt.Sprintf("Before you asked them to stop, in %s, they contacted you %s.", daysOf(before.watched), times(len(before.entries)))}
	m["after-stop-watched"] = Figure{Value: int64(len(after.entries)), Unit: "messages", Entries: after.entries,
		Text: fmt.Sprintf("After you asked them to stop, in %s, they contacted you %s.", daysOf(after.watched), times(len(after.entries)))}
	text, ratio := compared(after, before)
	text = fmt.Sprintf("In %s after you asked them to stop they contacted you %s, in %s before it %s: for equal time, %s.",
		daysOf(after.watched), times(len(after.entries)), daysOf(before.watched), times(len(before.entries)), text)
	text += t.withoutOneDay(after, before)
	m["rate-stop"] = t.rateFigure(text, ratio, after, before)
}

func (t *tally) rateFigure(text string, ratio int64, now, before period) Figure {
	if t.watched.changedWithin(before.from, now.to) {
		text += " Which accounts were read changed in this time."
	}
	return Figure{Value: ratio, Unit: "thousandths", Text: text, Entries: merge(before.entries, now.entries)}
}

// withoutOneDay says so if a clear change rests on one day: without the day with
// most contact, in the time with more of it, there would be none. Contacts that
// follow each other on a day are not independent, and the interval takes them
// for that.
func (t *tally) withoutOneDay(now, before period) string {
	i := rates.Compare(now.count(), before.count())
	if !i.Clear() {
		return ""
	}
	more := &now
	if i.High < 1 {
		more = &before
	}
	first, last := dayOf(more.from, t.facts.Zone), dayOf(more.to.Add(-1), t.facts.Zone)
	var most, day int64
	for k := range t.perDay {
		if n := &t.perDay[k]; n.day >= first && n.day <= last && int64(more.on(n)) > most {
			most, day = int64(more.on(n)), n.day
		}
	}
	from, to := dayStart(day, t.facts.Zone), dayStart(day+1, t.facts.Zone)
	if from.Before(more.from) {
		from = more.from
	}
	if to.After(more.to) {
		to = more.to
	}
	n := rates.Count{Events: len(more.entries) - int(most), Exposure: (more.watched - t.watched.within(from, to)).Microseconds()}
	if most == 0 || n.Exposure <= 0 {
		return ""
	}
	if i = rates.Compare(n, before.count()); more == &before {
		i = rates.Compare(now.count(), n)
	}
	if i.Clear() {
		return ""
	}
	return fmt.Sprintf(" %d of them came on one day, %s; without it there is no clear change.", most, dateOf(day))
}

// compared says how the rate of now stands to that before, and gives the ratio
// in thousandths: if there was nothing before, its lower limit.
func compared(now, before period) (text string, thousandths int64) {
	i := rates.Compare(now.count(), before.count())
	value := i.Ratio
	if math.IsInf(value, 1) {
		value = i.Low
	}
	thousandths = int64(math.Round(min(float64(value*1000), 1e15)))
	limits := "95 % interval " + ratioText(i.Low) + " to " + ratioText(i.High)
	if math.IsInf(i.High, 1) {
		limits = "95 % interval " + ratioText(i.Low) + " or more"
	}
	switch {
	case !i.Clear():
		return noClearChange + " (" + limits + ")", thousandths
	case len(before.entries) == 0:
		return "at least " + ratioText(i.Low) + " times as often (" + limits + ")", thousandths
	case len(now.entries) == 0:
		return "at most " + ratioText(i.High) + " times as often (" + limits + ")", thousandths
	}
	return ratioText(i.Ratio) + " times as often (" + limits + ")", thousandths
}

// ratioText writes a ratio with one decimal, with more where it would look like
// 0 or 1 and is not.
func ratioText(v float64) string {
	for decimals := 1; ; decimals++ {
		s := strconv.FormatFloat(v, 'f', decimals, 64)
		if shown, err := strconv.ParseFloat(s, 64); err != nil || decimals == 4 || shown == v || shown != 1 && shown != 0 {
			return s
		}
	}
}

// inDays writes a time in days with one decimal, without it if that is 0.
func inDays(d time.Duration) string {
	tenths := int64((d + 72*time.Minute) / (144 * time.Minute))
	if tenths%10 == 0 {
		return strconv.FormatInt(tenths/10, 10)
	}
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

func daysOf(d time.Duration) string {
	if s := inDays(d); s != "1" {
		return s + " watched days"
	}
	return "1 watched day"
}

// merge joins two ascending lists.
func merge(a, b []uint64) []uint64 {
	out := make([]uint64, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0] < a[0] {
			a, b = b, a
		}
		out, a = append(out, a[0]), a[1:]
	}
	return append(append(out, a...), b...)
}
