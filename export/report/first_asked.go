package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/detect"
	"daybook/internal/pdf"
)

// byHand leaves lines to be filled in with a pen.
func (w firstReport) byHand() {
	w.d.Heading(2, "To be filled in by hand")
	line := strings.Repeat("_", 110)
	for i, what := range []string{
		"What it has changed in daily life (sleep, ways, work, home, people who are seen)",
		"What else happened that is not in this record (calls, visits, letters, things damaged), with dates",
		"Crime reference number, officer, station, date",
	} {
		w.d.Paragraph(pdf.Body, bold(what))
		for range w.most.lines[i] {
			w.d.Space(6)
			w.d.Paragraph(pdf.Body, dim(line))
		}
		w.d.Space(4)
	}
	w.note("This report counts what reached the accounts in the record. It says nothing about who is behind a handle, about what will happen next, or about any law. That is for people to decide.")
}

// asked answers the questions that are often asked first, as far as the record
// goes.
func (w firstReport) asked() {
	w.d.Heading(2, "What is often asked first")
	t := w.d.Table(pdf.Table{Summary: "Questions that are often asked first, and what the record has on them.", Columns: []pdf.Column{{Title: "Question", Width: 0.3}, {Title: "What the record has", Width: 0.7}}})
	row := func(question, answer string) {
		if answer != "" {
			t.Row(one(bold(question)), one(text(answer)))
		}
	}
	f := w.main()
	if f == nil {
		f = &detect.Finding{}
	}
	row("Who is it?", "The record knows handles, not people. "+w.identifiers(f)+" A platform can tell more to those who may ask it.")
	row("Did the person answer?", w.figureText(f, "answered"))
	row("Through what?", w.parts(f, "channel."))
	row("By day or by night?", w.figureText(f, "night"))
	row("Is anybody else drawn in?", w.figureText(f, "third-parties"))
	row("Was anything changed or taken away?", strings.TrimSpace(w.figureText(f, "edited")+" "+w.figureText(f, "gone")))
	row("Could there be other handles?", w.suggestedBriefly())
	row("Is it all there?", "Only connected accounts were read. An empty day does not mean that nothing was sent.")
	row("Could it have been made up?", "What was imported or written down by a person says so at each exhibit. Nothing here shows that a platform told the truth, or who was at the keyboard.")
	t.End()
}

func (w firstReport) identifiers(f *detect.Finding) string {
	var out []string
	for _, h := range f.Handles[:min(len(f.Handles), w.most.handles)] {
		out = append(out, nameUpTo(w.summaryOf(h).Handle.Shown(), w.most.name)+" (identifier "+nameUpTo(h.Native, w.most.native)+")")
	}
	if len(out) == 0 {
		return ""
	}
	return "The platform’s own identifiers: " + joined(out) + "."
}

func (w firstReport) figureText(f *detect.Finding, key string) string {
	if g, there := f.Figures[key]; there {
		return sentence(g.Text)
	}
	return ""
}

// parts says what the contacts are made up of.
func (w firstReport) parts(f *detect.Finding, part string) string {
	var keys []string
	for key := range f.Figures { // sorted
		if strings.HasPrefix(key, part) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var out []string
	for _, key := range keys[:min(len(keys), w.most.handles)] {
		out = append(out, platform(daybook.Platform(nameUpTo(strings.TrimPrefix(key, part), w.most.name)))+": "+strconv.FormatInt(f.Figures[key].Value, 10))
	}
	if len(out) == 0 {
		return ""
	}
	return joined(out) + "."
}

func (w firstReport) suggestedBriefly() string {
	var out []string
	for i := range w.p.links {
		if f := &w.p.links[i]; w.p.suggested(f) {
			out = append(out, nameUpTo(w.summaryOf(f.Handles[0]).Handle.Shown(), w.most.name))
		}
	}
	if len(out) == 0 {
		return "The program suggests none. That does not mean that there is none."
	}
	n := len(out)
	if n > w.most.handles {
		out = append(out[:w.most.handles], fmt.Sprintf("%d more", n-w.most.handles))
	}
	return "The program suggests " + count(int64(n), "link") + " that no person has confirmed: " + joined(out) + ". The reasons for and against stand in report.pdf."
}
