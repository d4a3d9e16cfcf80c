package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
	"daybook/internal/pdf"
)

// count writes "1 day", "2 days", "3 entries".
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + plural(noun)
}

func plural(noun string) string {
	if before, ok := strings.CutSuffix(noun, "y"); ok && !strings.HasSuffix(noun, "ay") {
		return before + "ies"
	}
	return noun + "s"
}

// capital writes a sentence with a capital letter at its beginning.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

func pick(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// inFours sets digits in groups of four, to be read aloud.
func inFours(digits string) string {
	var b strings.Builder
	for i := 0; i < len(digits); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(digits[i:min(i+4, len(digits))])
	}
	return b.String()
}

// moment writes a time in the person's zone, to the minute, as the sentences of
// detection do.
func (w *writer) moment(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.In(w.zone).Format("2 January 2006, 15:04 MST")
}

// brief writes a time to the minute where there is little room.
func (w *writer) brief(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.In(w.zone).Format("2 Jan 2006, 15:04 MST")
}

// exact writes a time to the second.
func (w *writer) exact(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.In(w.zone).Format("2 Jan 2006, 15:04:05 MST")
}

func (w *writer) day(t time.Time) string {
	if t.IsZero() {
		return "an unknown day"
	}
	return t.In(w.zone).Format("2 Jan 2006")
}

// sent writes when something happened, no more exactly than it is known.
func (w *writer) sent(t daybook.When) string {
	switch t.Precision {
	case daybook.Exact, daybook.Minute:
		return w.moment(t.At)
	case daybook.Day:
		return w.day(t.At)
	case daybook.About:
		return "about " + w.moment(t.At)
	case daybook.Span:
		return w.moment(t.At) + " to " + w.moment(t.Until)
	}
	return w.moment(t.At)
}

// daysBetween counts local days: from the 1st to the 3rd are two.
func (w *writer) daysBetween(from, to time.Time) int64 {
	return dayNumber(to.In(w.zone)) - dayNumber(from.In(w.zone))
}

func dayNumber(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// apart reports whether two times of one thing differ so much that both are
// told: by more than a minute, or in their local day.
func (w *writer) apart(a, b time.Time) bool {
	if a.IsZero() || b.IsZero() {
		return false
	}
	d := b.Sub(a)
	return d > time.Minute || d < -time.Minute || w.daysBetween(a, b) != 0
}

// lasting writes a length of time in its largest whole unit, rounded down.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		return "no time"
	case d >= 48*time.Hour:
		return count(int64(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return count(int64(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return count(int64(d/time.Minute), "minute")
	}
	return count(int64(d/time.Second), "second")
}

// mostNumbers is how many numbers, or runs of numbers, are written before the
// rest is counted.
const mostNumbers = 40

// numbers writes entries as exhibit numbers, runs of them as "21–25". What is no
// exhibit of this bundle is counted at the end.
func (w *writer) numbers(entries []uint64) string { return w.numbersUpTo(entries, mostNumbers) }

// numbersUpTo writes at most so many numbers or runs of numbers.
func (w *writer) numbersUpTo(entries []uint64, most int) string {
	here := make([]uint64, 0, len(entries))
	outside := 0
	for _, e := range entries {
		if i, shown := w.exhibits[e]; shown {
			here = append(here, w.s.Exhibits[i].Number)
		} else if w.entry(e) != nil && !w.selection() {
			here = append(here, e)
		} else {
			outside++
		}
	}
	var b strings.Builder
	if len(here) > 0 {
		b.WriteString(w.mark() + runsUpTo(here, most))
	}
	if outside > 0 {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%d not in this bundle", outside)
	}
	return b.String()
}

// runs writes numbers in ascending order, runs of them as "21–25".
func runs(numbers []uint64) string { return runsUpTo(numbers, mostNumbers) }

// runsUpTo writes so many numbers or runs of numbers, and counts the rest.
func runsUpTo(numbers []uint64, most int) string {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	var b strings.Builder
	n := 0
	for i := 0; i < len(numbers); n++ {
		if n == most {
			fmt.Fprintf(&b, " and %d more", len(numbers)-i)
			break
		}
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatUint(numbers[i], 10))
		if end > i {
			b.WriteString(pickRun(end-i) + strconv.FormatUint(numbers[end], 10))
		}
		i = end + 1
	}
	return b.String()
}

// pickRun joins two numbers that follow each other with a comma, more with a
// dash.
func pickRun(n int) string {
	if n == 1 {
		return ", "
	}
	return "–"
}

// broken lets a long handle end its line before its server.
func broken(handle string, strong bool) []pdf.Span {
	const most = 26 // characters that have room
	at := strings.LastIndex(handle, "@")
	if at <= 0 || len(handle) <= most {
		return []pdf.Span{{Text: handle, Bold: strong}}
	}
	return []pdf.Span{{Text: handle[:at] + "\n" + handle[at:], Bold: strong}}
}

// A cell is the text of a cell of a table, line by line.
type cell []pdf.Span

func (c *cell) line(spans ...pdf.Span) {
	if len(*c) > 0 {
		*c = append(*c, pdf.Span{Text: " \n"}) // the space parts the lines for who has them read out
	}
	*c = append(*c, spans...)
}

func text(s string) pdf.Span { return pdf.Span{Text: s} }
func bold(s string) pdf.Span { return pdf.Span{Text: s, Bold: true} }
func dim(s string) pdf.Span  { return pdf.Span{Text: s, Dim: true} }
func mono(s string) pdf.Span { return pdf.Span{Text: s, Mono: true} }

// withheld is what stands in the place of something that is not shown.
func withheld(what string) pdf.Span { return pdf.Span{Text: what, Covered: true} }

func one(s pdf.Span) []pdf.Span { return []pdf.Span{s} }

// A fact is one line of a list of names and values.
type fact struct {
	name  string
	value []pdf.Span
}

// facts prints names and values as a table of two columns.
func (w *writer) facts(summary string, all []fact) {
	rows := make([][][]pdf.Span, len(all))
	for i, f := range all {
		rows[i] = [][]pdf.Span{one(bold(f.name)), f.value}
	}
	w.table(nothing, pdf.Table{Summary: summary, Columns: []pdf.Column{{Title: "What", Width: 0.27}, {Title: "As recorded", Width: 0.73}}}, rows)
}

// points prints sentences as a list.
func (w *writer) points(sentences ...string) {
	if len(sentences) == 0 {
		return
	}
	items := make([][]pdf.Span, len(sentences))
	for i, s := range sentences {
		items[i] = one(text(s))
	}
	w.d.List(items...)
}

// chapter begins a part of the report: on a new page, or with some room before
// it.
func (w *writer) chapter(title string, page bool) {
	if page {
		w.d.PageBreak()
	} else {
		w.d.Space(18)
	}
	w.d.Heading(1, title)
}

// table prints a table. What before prints, and the first row, stay together, so
// that neither stands alone at the foot of a page. Without rows nothing is
// printed.
func (w *writer) table(before func(), t pdf.Table, rows [][][]pdf.Span) {
	if len(rows) == 0 {
		return
	}
	var out *pdf.Rows
	w.d.KeepTogether(func() {
		before()
		out = w.d.Table(t)
		out.Row(rows[0]...)
	})
	for _, row := range rows[1:] {
		out.Row(row...)
	}
	out.End()
}

// heading is what stands before a table.
func (w *writer) heading(title string) func() { return func() { w.d.Heading(2, title) } }

func nothing() {}

func (w *writer) say(sentence string) { w.d.Paragraph(pdf.Body, text(sentence)) }

func (w *writer) note(sentence string) { w.d.Paragraph(pdf.Small, dim(sentence)) }
