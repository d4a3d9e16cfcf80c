package report

import (
	"slices"
	"strconv"

	"daybook"
	"daybook/detect"
	"daybook/export"
	"daybook/internal/pdf"
)

// gaps prints what was not watched, what was erased and what could not be read.
func (w *writer) gaps() {
	w.chapter("Gaps, and what was not watched", false)
	w.points(w.watched()...)
	if len(w.s.Gaps) == 0 {
		w.say("No gap is in the record.")
	} else {
		var rows [][][]pdf.Span
		for _, g := range w.joinedGaps() {
			var when, what cell
			when.line(text(w.moment(g.From)))
			when.line(text("to " + w.moment(g.To)))
			when.line(dim(lasting(g.To.Sub(g.From)) + ", " + pick(int64(len(g.entries)), "entry ", "entries ") + runs(g.entries)))
			what.line(text(gapWords(g.Class)))
			what.line(dim("Why: " + name(g.Cause)))
			who := w.account(g.Account)
			if who == "" {
				who = "an account"
			}
			if len(g.entries) > 1 {
				who += ", " + strconv.Itoa(len(g.entries)) + " places of it"
			} else if g.Lane != "" {
				who += ", " + name(string(g.Lane))
			}
			rows = append(rows, [][]pdf.Span{when, one(text(who)), what})
		}
		w.table(w.heading(count(int64(len(rows)), "gap")), pdf.Table{Summary: "The gaps: from when to when, which account, what may be missing, and why.", Columns: []pdf.Column{
			{Title: "From and to", Width: 0.3}, {Title: "Account", Width: 0.22}, {Title: "What may be missing, and why", Width: 0.48},
		}}, rows)
	}
	w.added()
	w.erased()
	w.unread()
}

// A joinedGap is a gap of one or more places of an account: they are read
// together, so that a failure is an entry for each.
type joinedGap struct {
	daybook.Gap
	entries []uint64
}

func (w *writer) joinedGaps() (out []joinedGap) {
	for _, g := range w.s.Gaps {
		same := slices.IndexFunc(out, func(o joinedGap) bool {
			return o.Account == g.Account && o.Class == g.Class && o.Cause == g.Cause && o.From.Equal(g.From) && o.To.Equal(g.To)
		})
		if same < 0 {
			out = append(out, joinedGap{Gap: g.Gap, entries: []uint64{g.Entry}})
		} else {
			out[same].entries = append(out[same].entries, g.Entry)
		}
	}
	return out
}

// watched says how much of the time was watched, and what this bundle leaves out.
func (w *writer) watched() (out []string) {
	c := detect.Coverage(w.p.facts)
	if c.From.IsZero() {
		out = append(out, "When the accounts were read is not known; nothing says that all of a day was watched.")
	} else {
		out = append(out, "Reading began on "+w.moment(c.From)+". What came before is in the record as far as the platform still gave it, or an export held it.",
			"Of the "+count(int64(c.Days), "day")+" since then, "+strconv.Itoa(c.Wholly)+" "+pick(int64(c.Wholly), "was", "were")+" watched from midnight to midnight and "+strconv.Itoa(c.Partly)+" in part.")
	}
	if w.selection() {
		out = append(out, "This bundle is a selection: "+w.selected()+", because they were not chosen.")
	} else if w.s.KeptBack == 0 {
		out = append(out, "This bundle is complete: no message of the record is left out.")
	}
	if n := int64(w.s.KeptBack); n > 0 {
		out = append(out, count(n, "message")+" of the record "+pick(n, "is", "are")+" not in this bundle: "+export.KeptBackWhy+". "+pick(n, "It is", "They are")+" in the figures.")
	}
	return append(out,
		"Calls, letters, the street and every account that is not named in this report were not read.",
		"What a sender did elsewhere, on their own pages or to other people, was never looked at.")
}

func gapWords(c daybook.GapClass) string {
	if c == daybook.Late {
		return "Everything that was still there was fetched afterwards. What was taken away in between is missing."
	}
	return "Anything from this time may be missing."
}

func (w *writer) erased() {
	if len(w.s.Erased) == 0 {
		return
	}
	w.d.Heading(2, "Erased on request")
	var lines []string
	for _, e := range w.s.Erased {
		s := "Entry " + strconv.FormatUint(e.By, 10) + " says that the content of " + count(int64(len(e.Entries)), "entry") + " was erased on " + w.moment(e.At) + ": " + runs(e.Entries) + "."
		if e.Reason != "" {
			s += " Reason: “" + name(e.Reason) + "”."
		}
		lines = append(lines, s)
	}
	w.points(lines...)
	w.note("That these entries existed can still be seen, and the rest of the record still matches.")
}

func (w *writer) unread() {
	if len(w.s.Unread) == 0 {
		return
	}
	w.d.Heading(2, "Not read by the program")
	n := int64(len(w.s.Unread))
	w.say(count(n, "entry") + pick(n, " holds", " hold") + " something that this version cannot read; " + pick(n, "its bytes are", "their bytes are") + " in the record: " + runs(w.s.Unread) + ".")
}
