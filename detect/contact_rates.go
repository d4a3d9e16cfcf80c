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
	rows                  rates.Dispersion // how much they come in rows
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
}

func (t *tally) period(from, to time.Time, entries []uint64) period {
	return period{from, to, t.watched.within(from, to), entries}
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
		now, before := t.period(start(windowDays), start(0), r.now), t.period(start(2*windowDays), start(windowDays), r.before)
		if now.watched >= minWindow && before.watched >= minWindow {
			t.figuresOfWindows(m, now, before)
		}
	}
	if t.terms.asked && len(r.stopBefore) > 0 {
		before := t.period(dayStart(t.firstRated(), t.facts.Zone), t.terms.askedLo, r.stopBefore)
		after := t.period(t.terms.askedHi, t.watched.end(), r.stopAfter)
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
	text, ratio := t.compared(now, before)
	text = fmt.Sprintf("In the last %d days they contacted you %s, in the %d before %s: %s.", windowDays, times(len(now.entries)), windowDays, times(len(before.entries)), text)
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
	text, ratio := t.compared(after, before)
	text = fmt.Sprintf("In %s after you asked them to stop they contacted you %s, in %s before it %s: for equal time, %s.",
		daysOf(after.watched), times(len(after.entries)), daysOf(before.watched), times(len(before.entries)), text)
	m["rate-stop"] = t.rateFigure(text, ratio, after, before)
}

func (t *tally) rateFigure(text string, ratio int64, now, before period) Figure {
	if t.rates.rows.Thousandths() >= 1500 {
		text += " The interval allows for contacts that come in rows."
	}
	if t.watched.changedWithin(before.from, now.to) {
		text += " Which accounts were read changed in this time."
	}
	return Figure{Value: ratio, Unit: "thousandths", Text: text, Entries: merge(before.entries, now.entries)}
}

// compared says how the rate of now stands to that before, and gives the ratio
// in thousandths: if there was nothing before, its lower limit.
func (t *tally) compared(now, before period) (text string, thousandths int64) {
	i := rates.Compare(now.count(), before.count(), t.rates.rows)
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
// 0 or 1 and is not, and with none above 100.
func ratioText(v float64) string {
	switch {
	case v > 1000:
		return "more than 1000"
	case v > 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v > 0 && v < 0.001:
		return "less than 0.001"
	}
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
