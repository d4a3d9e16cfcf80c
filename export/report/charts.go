package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"daybook"
	"daybook/detect"
	"daybook/internal/chart"
	"daybook/internal/pdf"
)

// byWeekFrom is the number of days from which bars are weeks: more bars cannot
// be told apart.
const byWeekFrom = 120

// chartWidth is the width of the drawings in their own units.
const chartWidth = 760

// styles of the series, as in the pages.
func mainStyle() chart.Style  { return chart.Style{Class: "c-a"} }
func maybeStyle() chart.Style { return chart.Style{Class: "c-sug", Hatch: "l-sug", Outline: 1} }
func otherStyle() chart.Style { return chart.Style{Class: "c-other"} }
func diaryStyle() chart.Style { return chart.Style{Class: "c-diary", Outline: 2} }

// A bars is the chart of the days with what its table needs.
type bars struct {
	chart.Bars
	heads []string
	notes map[int][]string // by day
}

// daysChart prints contacts per day, or per week, and returns what the table of
// the same numbers needs.
func (w *writer) daysChart() (bars, string) {
	b, items := w.bars()
	title, unit := "Contacts per day", "day"
	if b.Days > byWeekFrom {
		lead := (int(b.First.Weekday()) + 6) % 7
		weeks := map[int][]string{}
		for day := range b.Days {
			weeks[(day+lead)/7] = append(weeks[(day+lead)/7], b.notes[day]...)
		}
		b.Bars, b.notes = b.ByWeek(), weeks
		title, unit = "Contacts per week", "week"
	}
	w.d.KeepTogether(func() {
		w.d.Heading(2, title)
		w.d.Figure(title+", as bars. A table further down has the same numbers.", 1, chart.Legend{Of: b.Bars, Items: items}, pdf.PrintInk())
		if w.selection() {
			w.note("The charts show the messages that are in this bundle, and no others.")
		}
		w.note("Each bar is one " + unit + ", local time; empty " + unit + "s are shown as they are. Contact that was agreed is not in it. A dotted box is a time in which an account was not read: there may have been more. A table further down has the same numbers.")
	})
	return b, unit
}

// bars puts the calendar into bars, as the pages do.
func (w *writer) bars() (b bars, items []chart.LegendItem) {
	c := &w.p.calendar
	b.notes = map[int][]string{}
	b.Bars = chart.Bars{Width: chartWidth, First: c.First, Days: c.Days, More: "More is marked in the table."}
	add := func(head string, style chart.Style, counts []int) {
		b.Series = append(b.Series, chart.Series{Style: style, Counts: counts})
		b.heads = append(b.heads, head)
		n := 0
		for _, k := range counts {
			n += k
		}
		items = append(items, chart.LegendItem{Style: style, Label: head + ": " + strconv.Itoa(n)})
	}
	if m := w.p.main; m != nil {
		head := "One handle"
		if m.Group >= 0 {
			head = "Group " + w.p.group(w.p.facts.Handles[m.Handles[0]]).letter
		}
		add(head, mainStyle(), m.PerDay())
	}
	suggested, others := w.p.parts()
	if counts, handles := together(suggested, c.Days); handles > 0 {
		add("Suggested, not confirmed", maybeStyle(), counts)
	}
	if counts, handles := together(others, c.Days); handles > 0 {
		add("Other handles", otherStyle(), counts)
	}
	if slices.ContainsFunc(c.Diary, func(n int) bool { return n > 0 }) {
		add("Diary entries", diaryStyle(), c.Diary)
	}
	w.barMarks(&b)
	for _, g := range c.Gaps {
		if g.Class == daybook.Hole {
			b.Gaps = append(b.Gaps, chart.Gap{From: c.Position(g.From), To: c.Position(g.To), Label: "Not read"})
		}
	}
	return b, items
}

// barMarks adds the lines of the chart, and the notes of its table.
func (w *writer) barMarks(b *bars) {
	c := &w.p.calendar
	add := func(at float64, label, short, note string) {
		b.Markers = append(b.Markers, chart.Marker{At: at, Label: label, Short: short})
		b.notes[int(at)] = append(b.notes[int(at)], note)
	}
	firsts := map[int]int{} // new handles of a day: a flood of them is one mark
	for _, m := range c.Markers {
		at := c.Position(m.At)
		if at < 0 || at >= float64(c.Days) {
			continue
		}
		clock := m.At.In(w.zone).Format("15:04 MST")
		switch m.What {
		case detect.StopMarker:
			add(at, "Asked to stop", "Stop", "asked to stop, "+clock)
		case detect.BlockMarker:
			add(at, "A handle was blocked", "Block", "a block was first seen, "+clock)
		case detect.FirstMarker:
			if !wrote(c, m.Handle) {
				continue // contact that is agreed is no event
			}
			if firsts[int(at)]++; firsts[int(at)] == 1 {
				add(at, "New handle", "New", "first contact of a handle, "+clock)
			}
		}
	}
	for _, m := range w.p.facts.Marks {
		if m.What != daybook.MarkNamedDay || m.When.At.IsZero() {
			continue
		}
		if at := math.Floor(c.Position(m.When.At)) + 0.5; at >= 0 && at < float64(c.Days) {
			add(at, "Named day", "Day", "a day that was named")
		}
	}
	for day, n := range firsts { // each day has notes of its own
		if n > 1 {
			b.notes[day] = append(b.notes[day], fmt.Sprintf("%d new handles in all", n))
		}
	}
}

// together adds some series up.
func together(all []detect.Series, days int) (counts []int, handles int) {
	counts = make([]int, days)
	for _, s := range all {
		handles += len(s.Handles)
		for i, n := range s.PerDay() {
			counts[i] += n
		}
	}
	return counts, handles
}

// wrote reports whether there is contact from a handle that is not agreed.
func wrote(c *detect.Calendar, handle int) bool {
	return slices.ContainsFunc(c.Series, func(s detect.Series) bool { return s.Total.Contacts > 0 && slices.Contains(s.Handles, handle) })
}

// barsTable prints the numbers of the bars; what is nothing is left out.
func (w *writer) barsTable(b *bars, unit string) {
	columns := []pdf.Column{{Title: "Week from", Width: 0.18}, {Title: "Noted", Width: 0.34}}
	if unit == "day" {
		columns[0].Title = "Day"
	}
	share := 0.48 / float64(max(len(b.heads), 1))
	for _, h := range b.heads {
		columns = append(columns, pdf.Column{Title: h, Width: share, Right: true})
	}
	var rows [][][]pdf.Span
	each := max(b.Each, 1)
	for i := range (b.Days + each - 1) / each {
		var notes cell
		for _, n := range b.notes[i] {
			notes.line(text(n))
		}
		row := [][]pdf.Span{one(text(b.First.AddDate(0, 0, i*each).Format("Mon 2 Jan 2006"))), notes}
		any := len(notes) > 0
		for _, s := range b.Series {
			n := 0
			if i < len(s.Counts) {
				n = s.Counts[i]
			}
			any = any || n > 0
			row = append(row, one(text(strconv.Itoa(n))))
		}
		if any {
			rows = append(rows, row)
		}
	}
	w.table(w.heading("Contacts per "+unit+", as numbers"), pdf.Table{Summary: "Contacts per " + unit + ". Those with none are left out.", Columns: columns}, rows)
}

// hoursChart prints the hours of the week.
func (w *writer) hoursChart() {
	c := &w.p.calendar
	if _, of := c.Night(); of == 0 {
		return
	}
	grid := chart.Grid{Width: chartWidth, Hours: c.Hours, Rows: [7]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}}
	items := []chart.LegendItem{{Style: chart.Style{Class: "h0"}, Label: "None"}}
	steps := grid.Steps()
	for i, from := range steps {
		label := strconv.Itoa(from) + " or more"
		if i+1 < len(steps) {
			if label = strconv.Itoa(from); steps[i+1]-1 > from {
				label += " to " + strconv.Itoa(steps[i+1]-1)
			}
		}
		items = append(items, chart.LegendItem{Style: chart.Style{Class: "h" + strconv.Itoa(i+1)}, Label: label})
	}
	w.d.KeepTogether(func() {
		w.d.Heading(2, "Contacts by hour of the week")
		w.d.Figure("Contacts by weekday and hour. A table further down has the same numbers.", 1, chart.Legend{Of: grid, Items: items}, pdf.PrintInk())
		note := "All handles, the same days as above, local time. Neither diary entries nor agreed contact are in it."
		if c.Rough > 0 {
			note += " " + count(int64(c.Rough), "contact") + " whose hour is not known " + pick(int64(c.Rough), "is", "are") + " left out."
		}
		w.note(note)
	})
}

// hoursTable prints the numbers of the hours, three hours together.
func (w *writer) hoursTable() {
	c := &w.p.calendar
	if _, of := c.Night(); of == 0 {
		return
	}
	columns := []pdf.Column{{Title: "Day", Width: 0.28}}
	blocks := []int{0, 3, 6, 9, 12, 15, 18, 21}
	for _, h := range blocks {
		columns = append(columns, pdf.Column{Title: fmt.Sprintf("%02d–%02d", h, h+3), Width: 0.09, Right: true})
	}
	var rows [][][]pdf.Span
	for d, day := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		row := [][]pdf.Span{one(text(day))}
		for _, h := range blocks {
			row = append(row, one(text(strconv.Itoa(c.Hours[d][h]+c.Hours[d][h+1]+c.Hours[d][h+2]))))
		}
		rows = append(rows, row)
	}
	w.d.KeepTogether(func() {
		w.table(w.heading("Contacts by hours of the week, as numbers"), pdf.Table{Summary: "Contacts by weekday and hours of the day, local time.", Columns: columns}, rows)
	})
}
