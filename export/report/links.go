package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/internal/pdf"
)

// links prints what was confirmed, what is suggested, and what was kept apart.
func (w *writer) links() {
	w.chapter("Links", false)
	w.say("The program compares handles and lists what speaks for a link and what speaks against it. It cannot know who is behind a handle, and it decides nothing: handles are counted together where a person said so, and nowhere else.")
	if n := int64(w.s.Unsaid); n > 0 {
		w.note(count(n, "reason") + pick(n, " rests", " rest") + " on messages that are not in this bundle, and " + pick(n, "is", "are") + " left out.")
	}
	w.confirmed()
	w.suggestions()
	w.apartAndOpen()
	w.d.Heading(2, "How to read a weight")
	w.points(
		"A weight says how much one reason moves the odds. Each bit doubles them, for or against: one bit is twice, two bits four times, four bits sixteen times. Weak is less than two bits, medium less than four, strong four or more.",
		"“Measured” is about writing alone: it was learned from texts whose writers were known, and checked on people who were not among them. It needs enough text on both sides; with too little, that is what the line says.",
		"“Set by hand” was not measured and is kept small. It says how much such a thing might count, not how much it was found to.",
		"The weights are never added up. Reasons can hang together, and somebody can copy a name or a phrase in order to look like another.",
		"Not looked at: devices and internet addresses, which the platforms do not tell; voices and faces; anything that did not reach the accounts in this record, and what was not collected.",
	)
}

func (w *writer) confirmed() {
	w.d.Heading(2, "Confirmed by a person")
	if len(w.p.groups) == 0 {
		w.say("No handles were confirmed as linked.")
		return
	}
	for i := range w.p.groups {
		g := &w.p.groups[i]
		w.d.Heading(3, "Group "+g.letter+": "+count(int64(len(g.handles)), "handle"))
		var names []string
		for _, h := range g.handles {
			names = append(names, shown(w.summaryOf(h).Handle))
		}
		w.say(joined(names) + ".")
		var said [][]pdf.Span
		for _, d := range w.s.Decisions {
			if d.Holds && !d.Undone && d.What == daybook.MarkLinked && slices.ContainsFunc(g.handles, d.Handle.Same) {
				said = append(said, one(text(w.saidOf(&d, "confirmed as linked"))))
			}
		}
		if len(said) > 0 {
			w.d.List(said...)
		}
		shown := false
		for k := range w.p.links {
			if f := &w.p.links[k]; !w.p.suggested(f) && slices.ContainsFunc(g.handles, f.Handles[0].Same) {
				w.reasons(f, func() { w.note(compared(w, f)) })
				shown = true
			}
		}
		if !shown {
			w.note("The comparison of these handles is not part of this bundle. What a person saw in them stands in their own words above.")
		}
	}
}

// saidOf says who decided what about two handles, and when.
func (w *writer) saidOf(d *daybook.Decided, what string) string {
	s := shown(w.summaryOf(d.Handle).Handle) + " and " + shown(w.summaryOf(d.Other).Handle) + ": " + what +
		w.by(w.actor(d.Index)) + " on " + w.moment(d.At) + ", entry " + strconv.FormatUint(d.Index, 10)
	if d.How != "" {
		return s + ": “" + name(d.How) + "”."
	}
	return s + "; no reason was given."
}

// mostSuggestions is how many suggestions are printed with their reasons.
const mostSuggestions = 20

func (w *writer) suggestions() {
	n := 0
	for i := range w.p.links {
		f := &w.p.links[i]
		if !w.p.suggested(f) {
			continue
		}
		if n++; n > mostSuggestions {
			continue
		}
		others := make([]string, 0, len(f.Handles)-1)
		for _, h := range f.Handles[1:] {
			others = append(others, shown(w.summaryOf(h).Handle))
		}
		with := joined(others)
		if g := w.p.group(f.Handles[1]); g != nil {
			with = "group " + g.letter
		}
		w.reasons(f, func() {
			if n == 1 {
				w.d.Heading(2, "Suggested, not confirmed")
			}
			w.d.Heading(3, shown(w.summaryOf(f.Handles[0]).Handle)+", perhaps with "+with)
			if g, there := f.Figures["contacts"]; there {
				w.note(sentence(g.Text) + " No person has confirmed this link, and none has said that there is none.")
			}
		})
	}
	switch {
	case n == 0:
		w.d.Heading(2, "Suggested, not confirmed")
		w.say("There is no suggestion.")
	case n > mostSuggestions:
		w.note(fmt.Sprintf("%s with less weight stand in the record.", count(int64(n-mostSuggestions), "more suggestion")))
	}
}

// compared says which handle was compared with which.
func compared(w *writer, f *detect.Finding) string {
	others := make([]string, 0, len(f.Handles)-1)
	for _, h := range f.Handles[1:] {
		others = append(others, shown(w.summaryOf(h).Handle))
	}
	return shown(w.summaryOf(f.Handles[0]).Handle) + ", compared with " + joined(others) + ":"
}

// reasons prints what speaks for and against a link, side by side and with the
// same room, and before it what before prints.
func (w *writer) reasons(f *detect.Finding, before func()) {
	var pro, con, not []cell
	var alike, unlike []string
	for i := range f.Reasons {
		r := &f.Reasons[i]
		switch {
		case strings.HasPrefix(r.Feature, "habit-"):
			if r.Weight < 0 {
				unlike = append(unlike, sentence(r.Text))
			} else {
				alike = append(alike, sentence(r.Text))
			}
		case r.Weight > 0:
			pro = append(pro, w.reason(r))
		case r.Weight < 0:
			con = append(con, w.reason(r))
		default:
			not = append(not, w.reason(r))
		}
	}
	habits := func(head string, all []string) (c cell) {
		c.line(bold(head))
		c.line(dim("part of the writing, no weight of its own"))
		for _, s := range all {
			c.line(text(name(s)))
		}
		return c
	}
	if len(alike) > 0 {
		pro = append(pro, habits("Habits of writing in common", alike))
	}
	if len(unlike) > 0 {
		con = append(con, habits("Habits of writing that differ", unlike))
	}
	if len(pro) == 0 {
		pro = append(pro, cell(one(text("Nothing that was compared speaks for a link."))))
	}
	if len(con) == 0 {
		con = append(con, cell(one(text("Nothing that was compared speaks against a link. That is not a reason for one."))))
	}
	var rows [][][]pdf.Span
	for i := range max(len(pro), len(con)) {
		var a, b cell
		if i < len(pro) {
			a = pro[i]
		}
		if i < len(con) {
			b = con[i]
		}
		rows = append(rows, [][]pdf.Span{a, b})
	}
	w.table(before, pdf.Table{Summary: "What speaks for a link, and what speaks against it.",
		Columns: []pdf.Column{{Title: "What speaks for a link", Width: 0.5}, {Title: "What speaks against it", Width: 0.5}}}, rows)
	if len(not) > 0 {
		w.d.Paragraph(pdf.Small, bold("Not weighed"))
		items := make([][]pdf.Span, len(not))
		for i, c := range not {
			items[i] = inOneLine(c)
		}
		w.d.List(items...)
	}
	w.note("Compared by " + name(f.Model) + ".")
}

// inOneLine makes a line of the lines of a cell.
func inOneLine(c cell) []pdf.Span {
	out := make([]pdf.Span, 0, len(c))
	for _, s := range c {
		if s.Text == " \n" {
			s.Text = " · "
		}
		out = append(out, s)
	}
	return out
}

// mostReason is how much of a reason's sentence is printed, in bytes.
const mostReason = 800

// reason prints one reason with its weight in words.
func (w *writer) reason(r *detect.Reason) (c cell) {
	head := links.Heading(r.Feature, r.Weight > 0)
	if head == "" {
		head = "Another comparison"
	}
	c.line(bold(sentence(head)))
	if r.Weight != 0 {
		c.line(dim(weightWords(r)))
	}
	s := sentence(r.Text)
	if len(s) > mostReason {
		s = s[:mostReason] + "…"
	}
	c.line(text(strings.ToValidUTF8(s, "")))
	if len(r.Entries) > 0 {
		c.line(dim(w.numbers(r.Entries)))
	}
	return c
}

// weightWords says how much a reason weighs and how that is known: strong from
// four bits (the odds sixteenfold), medium from two (fourfold).
func weightWords(r *detect.Reason) string {
	n := r.Weight
	if n < 0 {
		n = -n
	}
	level := "Weak"
	switch {
	case n >= 4000:
		level = "Strong"
	case n >= 2000:
		level = "Medium"
	}
	bits := int64(n+500) / 1000
	size := "about " + count(bits, "bit")
	if bits == 0 {
		size = "less than 1 bit"
	}
	how := "set by hand"
	if r.Learned {
		how = "measured"
	}
	return level + ", " + size + ", " + how
}

// apartAndOpen prints the pairs of which a person said that they are not linked,
// or was not sure.
func (w *writer) apartAndOpen() {
	for _, k := range []struct {
		what              daybook.Mark
		head, said, about string
	}{
		{daybook.MarkApart, "Kept apart", "not linked, said", "A person said that these are not linked. They are counted by themselves and are not suggested again."},
		{daybook.MarkOpen, "Left open", "left open", "A person was not sure. Nothing is counted together."},
	} {
		var lines [][]pdf.Span
		for i := range w.s.Decisions {
			if d := &w.s.Decisions[i]; d.Holds && !d.Undone && d.What == k.what {
				lines = append(lines, one(text(w.saidOf(d, k.said))))
			}
		}
		if len(lines) == 0 {
			continue
		}
		w.d.Heading(2, k.head)
		w.say(k.about)
		w.d.List(lines...)
	}
}
