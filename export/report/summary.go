package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/export"
	"daybook/internal/pdf"
)

// summary prints the figures and the charts.
func (w *writer) summary() {
	w.chapter("Summary", true)
	m := w.p.main
	if m == nil {
		w.say("No contact came in, as far as this bundle goes.")
		return
	}
	f := w.p.seriesFinding(m)
	w.d.Paragraph(pdf.Lead, text(sentence(f.Text)))
	w.say(w.aboutMain(m))
	w.points(w.askedLines(m)...)
	if s := w.supposition(m); s != "" {
		w.d.Paragraph(pdf.Note, text(s))
	}
	w.inShort(f)
	days, unit := w.daysChart()
	w.hoursChart()
	w.graph()
	w.othersTable(f)
	w.figures(f)
	w.barsTable(&days, unit)
	w.hoursTable()
}

// inShort prints the figures that are asked for first. How each is counted, and
// its exhibits, stand in the table further down.
func (w *writer) inShort(f *detect.Finding) {
	var lines []string
	for _, key := range []string{"answered", "occasions", "after-stop", "days-after-stop", "after-block", "quiet-spell"} {
		if g, there := f.Figures[key]; there {
			lines = append(lines, sentence(g.Text))
		}
	}
	w.d.Heading(2, "In short")
	w.points(lines...)
	w.note("How each figure is counted, and the exhibits that it counts, stand in “The figures, and how each is counted”.")
}

// aboutMain says whom the sentence at the top is about, and what it leaves out.
func (w *writer) aboutMain(m *detect.Series) string {
	h := w.p.facts.Handles[m.Handles[0]]
	s := "This is about " + w.called(h) + " alone, the handle with the most contact."
	if g := w.p.group(h); g != nil && m.Group >= 0 {
		s = "This is about group " + g.letter + ": " + count(int64(len(g.handles)), "handle") + " that " + pick(int64(len(g.handles)), "was", "were") + " confirmed as linked by a person."
	}
	others := 0
	for i := range w.p.calendar.Series {
		if o := &w.p.calendar.Series[i]; o != w.p.main && o.Total.Contacts > 0 {
			others++
		}
	}
	if others > 0 {
		s += " " + count(int64(others), "other handle") + pick(int64(others), " or group is", " or groups are") + " not in it and " + pick(int64(others), "stands", "stand") + " below."
	}
	if w.selection() {
		s += " " + export.FiguresNote()
	}
	return s
}

// askedLines lists the requests to stop to any handle of a series.
func (w *writer) askedLines(m *detect.Series) (out []string) {
	for _, k := range w.p.facts.Marks {
		if k.What != daybook.MarkStop || !slices.Contains(m.Handles, k.Handle) {
			continue
		}
		out = append(out, w.askedLine(k, mostName))
	}
	return out
}

// askedLine says when somebody was asked to stop, in what, and how the person
// put it; most bounds the names, in bytes.
func (w *writer) askedLine(k detect.Mark, most int) string {
	s := nameUpTo(w.summaryOf(w.p.facts.Handles[k.Handle]).Handle.Shown(), most) + " was asked to stop"
	if !k.When.At.IsZero() {
		s += ": " + w.sent(k.When)
	} else if k.About != nil {
		if i, there := w.exhibits[*k.About]; there {
			s += " on " + w.sent(w.s.Exhibits[i].Message.Sent)
		}
	}
	if k.About != nil {
		if i, there := w.exhibits[*k.About]; there {
			s += ", in exhibit " + w.no(w.s.Exhibits[i].Number)
		}
	}
	if k.How != "" {
		s += " (“" + nameUpTo(k.How, most) + "”)"
	}
	return s + ". Said" + w.by(w.actor(k.Entry)) + " in entry " + strconv.FormatUint(k.Entry, 10) + "."
}

// recentKey is the figure of the last days that were watched.
const recentKey = "last-42-days"

// supposition says what the first sentence would be with the suggested handles;
// "" if there are none.
func (w *writer) supposition(m *detect.Series) string {
	f := w.p.supposed
	if f == nil {
		return ""
	}
	n := int64(len(f.Handles) - len(m.Handles))
	s := "If the suggested handle belonged to it too, it would be "
	if n > 1 {
		s = fmt.Sprintf("If the %d suggested handles belonged to it too, it would be ", n)
	}
	var parts []string
	if days, there := f.Figures[recentKey]; there {
		parts = append(parts, fmt.Sprintf("%d of %s", days.Value, count(days.Of, "day")))
	} else {
		parts = append(parts, count(f.Figures["days"].Value, "day"))
	}
	parts = append(parts, count(f.Figures["messages"].Value, "contact"))
	if after, there := f.Figures["after-stop"]; there {
		parts = append(parts, count(after.Value, "time")+" after the request to stop")
	}
	return s + joined(parts) + ". No person has confirmed that. See “Links”."
}

// joined writes "a, b and c".
func joined(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

// shownFigures are the figures of a finding that are printed, in their order.
func shownFigures() []string {
	return []string{
		"messages", "occasions", "days", "days-utc", "days-watched", recentKey, "handles", "after-stop", "around-stop", "days-after-stop",
		"rate-stop", "after-block", "around-block", "allowed", "answered", "quiet-spell", "last-28-days", "28-days-before", "rate-28-days",
		"changes", "bursts", "busiest-day", "busiest-hour", "night", "named-days", "days-before-named-days",
		"to-others", "third-parties", "imprecise", "gone", "edited",
	}
}

// figures prints the figures of a finding with how each is counted and what it
// rests on.
func (w *writer) figures(f *detect.Finding) {
	var rows [][][]pdf.Span
	for _, key := range shownFigures() {
		g, there := f.Figures[key]
		if !there || key == "around-stop" && g.Value == 0 {
			continue
		}
		rows = append(rows, w.figure(key, g))
	}
	for _, part := range []string{"kind", "channel", "origin"} {
		for _, key := range partsOf(f, part) {
			rows = append(rows, w.figure(key, f.Figures[key]))
		}
	}
	w.table(w.heading("The figures, and how each is counted"), pdf.Table{Summary: "Each figure with how it is counted and the exhibits that it counts.", Columns: []pdf.Column{
		{Title: "What was counted", Width: 0.6}, {Title: "Exhibits that it rests on", Width: 0.4},
	}}, rows)
}

func (w *writer) figure(key string, g detect.Figure) [][]pdf.Span {
	var c cell
	c.line(bold(sentence(g.Text)))
	if how := detect.HowCounted(key); how != "" {
		c.line(dim(how))
	}
	numbers := text(w.numbers(g.Entries))
	if numbers.Text == "" && g.Value > 0 && w.selection() {
		numbers = dim("none in this bundle")
	}
	return [][]pdf.Span{c, one(numbers)}
}

// partsOf returns the keys of the figures that say what the messages are made up
// of, the largest first; none if there is one alone.
func partsOf(f *detect.Finding, part string) []string {
	var keys []string
	for key := range f.Figures { // sorted below
		if strings.HasPrefix(key, part+".") {
			keys = append(keys, key)
		}
	}
	if len(keys) < 2 {
		return nil
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(f.Figures[b].Value, f.Figures[a].Value), strings.Compare(a, b))
	})
	return keys
}

// mostOthers is how many other senders the summary lists; the part on handles
// has all.
const mostOthers = 30

// othersTable prints a line for each other handle or group that wrote.
func (w *writer) othersTable(main *detect.Finding) {
	var others []*detect.Finding
	for i := range w.p.contact {
		f := &w.p.contact[i]
		if f == main || len(f.Handles) == 1 && w.p.group(f.Handles[0]) != nil {
			continue
		}
		others = append(others, f)
	}
	if len(others) == 0 {
		return
	}
	slices.SortStableFunc(others, func(a, b *detect.Finding) int {
		return cmp.Compare(b.Figures["messages"].Value, a.Figures["messages"].Value)
	})
	var rows [][][]pdf.Span
	for _, f := range others[:min(len(others), mostOthers)] {
		who := w.called(f.Handles[0])
		if len(f.Handles) > 1 {
			who = "Group " + w.p.group(f.Handles[0]).letter + ", " + count(int64(len(f.Handles)), "handle")
		}
		after := "not asked"
		if g, there := f.Figures["after-stop"]; there {
			after = strconv.FormatInt(g.Value, 10)
		}
		rows = append(rows, [][]pdf.Span{one(text(who)), one(text(w.span(f.From, f.To))), one(text(strconv.FormatInt(f.Figures["messages"].Value, 10))),
			one(text(strconv.FormatInt(f.Figures["days"].Value, 10))), one(text(after))})
	}
	w.table(w.heading("Others who made contact"), pdf.Table{Summary: "The other handles and groups that made contact, the most first.", Columns: []pdf.Column{
		{Title: "Handle", Width: 0.38}, {Title: "First and last", Width: 0.26}, {Title: "Contacts", Width: 0.11, Right: true}, {Title: "Days", Width: 0.09, Right: true},
		{Title: "After a request to stop", Width: 0.16, Right: true},
	}}, rows)
	if more := len(others) - mostOthers; more > 0 {
		w.note(fmt.Sprintf("%d more stand in “Handles”.", more))
	}
}

// span writes the days from one to another.
func (w *writer) span(from, to time.Time) string {
	a, b := w.day(from), w.day(to)
	if a == b {
		return a
	}
	return a + " to " + b
}
