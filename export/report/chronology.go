package report

import (
	"cmp"
	"slices"
	"time"

	"daybook"
	"daybook/internal/pdf"
)

// chronology prints the exhibits of this volume in order of time, with what
// happened between them in its place.
func (w *writer) chronology() error {
	w.chapter("Chronology", w.volume > 1)
	from, to := w.part()
	if from == to {
		w.say("There is no message in this bundle.")
		return nil
	}
	if reached := w.onlyAccount(); reached != "" {
		w.say("Everything here reached, or came from, " + reached + ".")
	}
	c := chronicle{writer: w, events: w.events()}
	if from > 0 { // what came before the first of this volume stands in the one before
		before := w.s.Exhibits[from-1].At
		c.last = before
		for len(c.events) > 0 && !c.events[0].at.After(before) {
			c.events = c.events[1:]
		}
	}
	for i := from; i < to; i++ {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		x := &w.s.Exhibits[i]
		c.upTo(x.At)
		c.quiet(x.At)
		c.row(x.At, c.exhibit(x)...)
		c.pictures(x)
		c.last = later(c.last, x.At)
	}
	if to == len(w.s.Exhibits) {
		c.upTo(time.Time{})
	}
	c.close()
	return nil
}

// An event is something between the messages.
type event struct {
	at      time.Time
	entries []uint64
	label   string
	about   []pdf.Span // whom or what
	text    cell
}

// events lists gaps, requests to stop and blocks, by time.
func (w *writer) events() (out []event) {
	for _, g := range w.joinedGaps() {
		var c cell
		c.line(bold("Not read for "+lasting(g.To.Sub(g.From))), text(", until "+w.moment(g.To)+"."))
		c.line(text(gapWords(g.Class)))
		c.line(dim("Why: " + name(g.Cause) + "."))
		out = append(out, event{at: g.From, entries: g.entries, label: "Gap", about: broken(w.account(g.Account), false), text: c})
	}
	for _, m := range w.p.facts.Marks {
		if m.What != daybook.MarkStop || m.Handle < 0 || m.Handle >= len(w.p.facts.Handles) {
			continue
		}
		at := m.When.At
		if at.IsZero() && m.About != nil {
			if i, there := w.exhibits[*m.About]; there {
				at = w.s.Exhibits[i].Message.Sent.At
			}
		}
		if at.IsZero() {
			at = m.At
		}
		var c cell
		c.line(bold("Request to stop. "), text(w.askedLine(m, mostName)))
		out = append(out, event{at: at, entries: []uint64{m.Entry}, label: "Noted", about: w.whom(w.p.facts.Handles[m.Handle]), text: c})
	}
	for _, b := range w.p.facts.Blocks {
		if b.Handle < 0 || b.Handle >= len(w.p.facts.Handles) {
			continue
		}
		var c cell
		words := "It was first seen in force"
		if !b.Before.IsZero() {
			words += "; it was made after " + w.moment(b.Before)
		}
		if !b.Ended.IsZero() {
			words += "; it was seen lifted on " + w.moment(b.Ended)
		}
		c.line(bold("A block by the person. "), text(words+"."))
		out = append(out, event{at: b.Seen, entries: []uint64{b.Entry}, label: "Noted", about: w.whom(w.p.facts.Handles[b.Handle]), text: c})
	}
	slices.SortStableFunc(out, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.entries[0], b.entries[0])) })
	return out
}

// whom is a handle with its group on a line of its own.
func (w *writer) whom(h daybook.Handle) []pdf.Span {
	var c cell
	c.line(broken(shown(w.summaryOf(h).Handle), false)...)
	if g := w.p.group(h); g != nil {
		c.line(text("Group " + g.letter))
	}
	return c
}

// A chronicle is a chronology that is being printed.
type chronicle struct {
	*writer
	rows    *pdf.Rows // nil between tables
	events  []event   // still to come
	last    time.Time // of the last message or event
	named   string    // month of the last heading
	heading string    // that is still to be printed
}

// open begins a table if none is open.
func (c *chronicle) open() {
	if c.rows == nil {
		c.rows = c.d.Table(pdf.Table{Summary: "Exhibits in order of time: number, when it was sent, and the message.", Columns: []pdf.Column{
			{Title: "Exhibit", Width: 0.1}, {Title: "Sent", Width: 0.165}, {Title: "From, and what is noted", Width: 0.275}, {Title: "Message", Width: 0.46},
		}})
	}
}

func (c *chronicle) close() {
	if c.rows != nil {
		c.rows.End()
		c.rows = nil
	}
}

// row prints a row of the month of t. The first of a table stays with its
// heading.
func (c *chronicle) row(t time.Time, cells ...[]pdf.Span) {
	c.month(t)
	if c.rows != nil {
		c.rows.Row(cells...)
		return
	}
	c.d.KeepTogether(func() {
		if c.heading != "" {
			c.d.Heading(2, c.heading)
			c.heading = ""
		}
		c.open()
		c.rows.Row(cells...)
	})
}

// month ends the table when another month begins.
func (c *chronicle) month(t time.Time) {
	name := "Without a time"
	if !t.IsZero() {
		name = t.In(c.zone).Format("January 2006")
	}
	if name == c.named {
		return
	}
	c.close()
	c.named, c.heading = name, name
}

// upTo prints the events before t; all of them if t is zero.
func (c *chronicle) upTo(t time.Time) {
	for len(c.events) > 0 && (t.IsZero() || !c.events[0].at.After(t)) {
		e := c.events[0]
		c.events = c.events[1:]
		c.quiet(e.at)
		var number, when cell
		number.line(bold(e.label))
		number.line(dim(pick(int64(len(e.entries)), "entry ", "entries ") + runs(e.entries)))
		c.when(&when, daybook.When{At: e.at})
		c.row(e.at, number, when, e.about, e.text)
		c.last = later(c.last, e.at)
	}
}

// quietFrom is how many days without anything are worth a line.
const quietFrom = 2

// quiet says that nothing is here between what was printed last and t.
func (c *chronicle) quiet(t time.Time) {
	if c.last.IsZero() || t.IsZero() {
		return
	}
	n := c.daysBetween(c.last, t) - 1
	if n < quietFrom {
		return
	}
	first, last := c.last.In(c.zone).AddDate(0, 0, 1), t.In(c.zone).AddDate(0, 0, -1)
	from := first.Format("2 Jan 2006")
	if first.Year() == last.Year() {
		if from = first.Format("2 Jan"); first.Month() == last.Month() {
			from = first.Format("2")
		}
	}
	where := "in this record"
	if c.selection() {
		where = "in this bundle"
	}
	// It stands at the end of the month in which it begins.
	c.row(c.last, nil, one(dim(from+"–"+last.Format("2 Jan 2006"))), nil, one(dim(count(n, "day")+" with nothing "+where+".")))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// when prints a time: the local one with its zone, then UTC.
func (w *writer) when(c *cell, t daybook.When) {
	if t.At.IsZero() {
		c.line(text("The time is not known."))
		return
	}
	local, utc := t.At.In(w.zone), t.At.UTC()
	c.line(bold(local.Format("Mon 2 Jan 2006")))
	clock, date := "15:04:05 MST", "15:04:05 UTC"
	if t.Precision == daybook.Minute || t.Precision == daybook.About {
		clock, date = "15:04 MST", "15:04 UTC"
	}
	if utc.Day() != local.Day() {
		date = "2 Jan, " + date
	}
	switch t.Precision {
	case daybook.Day:
		c.line(dim("time of day not known"))
	case daybook.About:
		c.line(text("about " + local.Format(clock)))
		c.line(dim("about " + utc.Format(date)))
	case daybook.Span:
		c.line(text(local.Format(clock) + " to " + t.Until.In(w.zone).Format("2 Jan 2006, "+clock)))
		c.line(dim(utc.Format(date) + " to " + t.Until.UTC().Format("2 Jan 2006, "+date)))
	default:
		c.line(text(local.Format(clock)))
		c.line(dim(utc.Format(date)))
	}
	if t.Precision == daybook.Minute {
		c.line(dim("to the minute"))
	}
}
