package report

import (
	"fmt"
	"strings"

	"daybook/export"
	"daybook/internal/pdf"
)

// cover prints the first page. It holds no message, no name and no handle but
// what whoever made the bundle wrote about whom it is for.
func (w *writer) cover() {
	w.d.Heading(1, "Record of contacts")
	if n := Volumes(w.s); n > 1 {
		w.d.Paragraph(pdf.Lead, text(fmt.Sprintf("Volume %d of %d", w.volume, n)))
	}
	if w.s.Spec.For != "" {
		w.d.Paragraph(pdf.Body, text("Made for: "+name(w.s.Spec.For)))
	}
	w.d.Space(8)
	all := []fact{
		{"What it holds", one(text(w.holds()))},
		{"Period", one(text(w.period()))},
		{"Exhibits", one(text(w.exhibitsHere()))},
	}
	if covered := w.coveredInAll(); covered != "" {
		all = append(all, fact{"Covered", one(text(covered))})
	}
	all = append(all,
		fact{"Size of the record", one(text(count(int64(w.s.Size), "entry") + ", numbered from 0"))},
		fact{"Root", w.rootInFull()},
		fact{"Key’s fingerprint", one(mono(inFours(w.s.Finger.String())))},
		fact{"Time stamps", w.stampsInWords()},
		fact{"Made with", one(text(w.madeWith()))},
	)
	w.facts("What this report is, and the record that it was made from.", all)
	w.d.Space(8)
	if w.volume > 1 {
		w.say("This volume goes on with the chronology. How to read it, the summary, the handles, the links, the gaps, the method and how to check the record stand in volume 1.")
	}
	w.note("Size and root name one state of the record and no other. They stand at the foot of each page: a printed page, kept by somebody else, shows later whether the record is still the one that it was made from.")
}

// holds says whether anything is left out.
func (w *writer) holds() string {
	if w.selection() {
		return "Selection: " + w.selected() + "."
	}
	return "Complete: " + pick(int64(len(w.s.Exhibits)), "the one message", fmt.Sprintf("all %d messages", len(w.s.Exhibits))) + " in the record."
}

func (w *writer) period() string {
	if w.s.From.IsZero() || w.s.To.IsZero() {
		return "There is no message in it."
	}
	last := lastMoment(w.s)
	return w.s.From.In(w.zone).Format("Monday 2 January 2006") + " to " + last.In(w.zone).Format("Monday 2 January 2006") +
		", " + count(w.daysBetween(w.s.From, last)+1, "day") + ". Local time is that of " + w.zone.String() + "."
}

// part returns the places of the exhibits of this volume.
func (w *writer) part() (from, to int) {
	from = (max(w.volume, 1) - 1) * perVolume
	return from, min(from+perVolume, len(w.s.Exhibits))
}

func (w *writer) exhibitsHere() string {
	from, to := w.part()
	if from == to {
		return "None."
	}
	const few = 12 // are named one by one
	var numbers []uint64
	low, high := w.s.Exhibits[from].Number, w.s.Exhibits[from].Number
	for i := from; i < to; i++ {
		numbers = append(numbers, w.s.Exhibits[i].Number)
		low, high = min(low, w.s.Exhibits[i].Number), max(high, w.s.Exhibits[i].Number)
	}
	s := count(int64(to-from), "exhibit") + ", " + w.mark() + runs(numbers)
	if len(numbers) > few {
		s = count(int64(to-from), "exhibit") + ", " + w.no(low) + " to " + w.no(high)
	}
	if n := Volumes(w.s); n > 1 {
		s += fmt.Sprintf(" (%d to %d of %d in order of time)", from+1, to, len(w.s.Exhibits))
	}
	return s + ". An exhibit’s number is the line of the record in which the message first stands; it is the same in every bundle."
}

// coveredInAll says what is covered or withheld, without what it was.
func (w *writer) coveredInAll() string {
	fields, sealed := 0, 0
	for i := range w.s.Exhibits {
		x := &w.s.Exhibits[i]
		if len(x.Covered) > 0 {
			fields++
		}
		if x.Sealed {
			sealed++
		}
	}
	if fields+sealed+len(w.s.Handled) == 0 {
		return ""
	}
	var parts []string
	for _, c := range w.s.Handled {
		part := "“" + name(c.As) + "” stands in the place of a word"
		if c.Reason != "" {
			part += " (" + name(c.Reason) + ")"
		}
		parts = append(parts, part)
	}
	if n := int64(max(fields, sealed)); n > 0 {
		parts = append(parts, "something is covered in "+count(n, "exhibit"))
	}
	s := strings.Join(parts, "; ") + "."
	return capital(s)
}

func (w *writer) rootInFull() []pdf.Span {
	root := w.s.Root.String()
	var c cell
	c.line(pdf.Span{Text: inFours(root[:16]), Mono: true, Bold: true}, text(" (the first 16 digits)"))
	c.line(mono(inFours(root)))
	return c
}

// stampsInWords tells of the time stamps over the checkpoint.
func (w *writer) stampsInWords() []pdf.Span {
	if len(w.s.Stamps) == 0 {
		return one(text("Not set up: no outside time service has stamped this state of the record."))
	}
	var c cell
	for _, s := range w.s.Stamps {
		c.line(text(w.stampInWords(s)))
	}
	return c
}

func (w *writer) stampInWords(s export.Stamp) string {
	who := name(s.Authority)
	if s.State != "stamped" || s.At.IsZero() {
		return who + ": asked for, no answer yet."
	}
	text := who + ": stamped on " + s.At.UTC().Format("2 January 2006, 15:04:05 UTC")
	if s.Qualified {
		text += ", a qualified time stamp by its own account"
	}
	return text + "."
}

func (w *writer) madeWith() string {
	st := w.s.Spec.Standing
	s := "daybook " + name(st.Version)
	if st.Revision != "" {
		s += ", revision " + name(st.Revision)
	}
	return s
}
