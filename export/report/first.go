package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/export"
	"daybook/internal/pdf"
)

// WriteFirst writes first-report.pdf: at most two pages for a first call or
// visit, with counts and exhibit numbers, no words of a message, and room for
// what a person adds by hand. The same s gives the same bytes.
func WriteFirst(ctx context.Context, w io.Writer, s *export.Shown) error {
	for _, b := range firstBounds() {
		n, err := writeFirst(ctx, io.Discard, s, b)
		if err != nil {
			return err
		}
		if n <= 2 {
			_, err = writeFirst(ctx, w, s, b)
			return err
		}
	}
	return errors.New("write the first report: it does not fit on two pages")
}

// A bound keeps a first report on two pages, whatever is in the record.
type bound struct {
	name    int    // bytes of a name
	native  int    // bytes of an identifier
	numbers int    // exhibit numbers, or runs of them
	stops   int    // requests to stop
	handles int    // that are named together
	lines   [3]int // that are left for writing by hand
}

// firstBounds are tried one after the other.
func firstBounds() []bound {
	return []bound{
		{name: 60, native: 80, numbers: 8, stops: 3, handles: 4, lines: [3]int{3, 3, 2}},
		{name: 40, native: 60, numbers: 5, stops: 2, handles: 2, lines: [3]int{3, 2, 2}},
		{name: 24, native: 40, numbers: 3, stops: 1, handles: 1, lines: [3]int{2, 1, 1}},
	}
}

// writeFirst writes a first report and returns how many pages it has.
func writeFirst(ctx context.Context, w io.Writer, s *export.Shown, b bound) (pages int, err error) {
	r, err := newWriter(ctx, w, s, "Record of contacts: first report")
	if err != nil {
		return 0, err
	}
	f := firstReport{r, b}
	f.head()
	f.happened()
	f.stop()
	f.kinds()
	f.kept()
	f.d.KeepTogether(f.asked)
	f.d.KeepTogether(f.byHand)
	if err := r.d.Close(); err != nil {
		return 0, fmt.Errorf("write the first report: %w", err)
	}
	return r.d.Pages(), ctx.Err()
}

// A firstReport is a writer of two pages.
type firstReport struct {
	*writer
	most bound
}

func (w firstReport) head() {
	w.d.Heading(1, "Record of contacts: first report")
	s := "Two pages for a first call or visit. The numbers are exhibit numbers; report.pdf of the same bundle has the exhibits, with how each figure is counted."
	if w.s.Spec.For != "" {
		s = "Made for: " + w.s.Spec.For + ". " + s
	}
	if w.selection() {
		s += " Selection: " + w.selected() + ". " + export.FiguresNote()
	}
	w.note(s)
}

// main is the finding that the figures are of, nil if nothing came in.
func (w firstReport) main() *detect.Finding {
	if w.p.main == nil {
		return nil
	}
	return w.p.seriesFinding(w.p.main)
}

// happened says in at most five lines what came in.
func (w firstReport) happened() {
	w.d.Heading(2, "What happened, in counts")
	f := w.main()
	if f == nil {
		w.say("No contact came in, as far as this record goes.")
		return
	}
	lines := []string{sentence(f.Text)}
	lines = append(lines, fmt.Sprintf("In all %s on %s and %s, from %s to %s.", count(f.Figures["messages"].Value, "contact"), count(f.Figures["days"].Value, "day"),
		count(f.Figures["occasions"].Value, "occasion"), w.moment(f.From), w.moment(f.To)))
	who := "They came from one handle: " + w.named(f.Handles[0]) + "."
	if n := len(f.Handles); n > 1 {
		who = fmt.Sprintf("They came from %d handles that a person confirmed as linked: %s.", n, w.briefly(f.Handles))
	}
	lines = append(lines, who)
	if g, there := f.Figures["rate-28-days"]; there {
		lines = append(lines, w.lately(f, countsOf(g.Text)))
	} else if g, there := f.Figures["last-28-days"]; there {
		lines = append(lines, w.lately(f, sentence(g.Text)))
	}
	if others := w.others(f); others != "" {
		lines = append(lines, others)
	}
	w.points(lines...)
}

// lately adds the busiest day to a sentence about the last weeks: a flood on one
// day looks different in them than contact on each of them.
func (w firstReport) lately(f *detect.Finding, s string) string {
	if g, there := f.Figures["busiest-day"]; there && g.Value > 1 {
		s += " " + sentence(g.Text)
	}
	return s
}

// others says who else made contact, in counts.
func (w firstReport) others(main *detect.Finding) string {
	handles, contacts := int64(0), int64(0)
	for i := range w.p.contact {
		f := &w.p.contact[i]
		if len(f.Handles) == 1 && f.Figures["messages"].Value > 0 && !slices.ContainsFunc(main.Handles, f.Handles[0].Same) {
			handles++
			contacts += f.Figures["messages"].Value
		}
	}
	if handles == 0 {
		return ""
	}
	return count(contacts, "contact") + " came from " + count(handles, "other handle") + " that no person confirmed as linked with " + pick(int64(len(main.Handles)), "it", "these") + "."
}

// countsOf is what a sentence of detection counted, without the comparison that it
// makes of it: report.pdf has that with its interval and what limits it, and here
// there is no room to say what an interval is.
func countsOf(s string) string {
	s = sentence(s)
	before, _, _ := strings.Cut(s, ". ")
	before, _, _ = strings.Cut(before, ": ")
	return strings.TrimSuffix(before, ".") + "."
}

func (w firstReport) named(h daybook.Handle) string {
	return nameUpTo(w.summaryOf(h).Handle.Shown(), w.most.name) + " on " + nameUpTo(platform(h.Platform), w.most.name)
}

func (w firstReport) briefly(handles []daybook.Handle) string {
	var out []string
	for _, h := range handles[:min(len(handles), w.most.handles)] {
		out = append(out, w.named(h))
	}
	if more := len(handles) - w.most.handles; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return joined(out)
}

// stop says when they were asked to stop, and what came after it.
func (w firstReport) stop() {
	w.d.Heading(2, "The request to stop, and what came after it")
	var lines []string
	for _, k := range w.p.facts.Marks {
		if k.What != daybook.MarkStop || k.Handle < 0 || k.Handle >= len(w.p.facts.Handles) {
			continue
		}
		if len(lines) == w.most.stops {
			lines = append(lines, "More requests stand in report.pdf.")
			break
		}
		lines = append(lines, w.askedLine(k, w.most.name))
	}
	if len(lines) == 0 {
		w.say("No request to stop is noted in this record.")
		return
	}
	if f := w.main(); f != nil {
		for _, key := range []string{"after-stop", "around-stop", "rate-stop", "after-block"} {
			if g, there := f.Figures[key]; there && (g.Value > 0 || key == "after-stop") {
				s := countsOf(g.Text)
				if n := w.numbersUpTo(g.Entries, w.most.numbers); n != "" && key != "rate-stop" {
					s += " Exhibits: " + n + "."
				}
				lines = append(lines, s)
			}
		}
	}
	w.points(lines...)
}

// kinds lists what rules marked, for a reader to look at first.
func (w firstReport) kinds() {
	w.d.Heading(2, "What to look at first")
	all := w.flagged()
	if len(w.s.Exhibits) > 0 {
		x := &w.s.Exhibits[len(w.s.Exhibits)-1]
		for i := range slices.Backward(w.s.Exhibits) {
			if w.s.Exhibits[i].Message.Direction == daybook.In {
				x = &w.s.Exhibits[i]
				break
			}
		}
		w.say("The newest is exhibit " + x.FromMark + ", " + nameUpTo(kind(x.Message.Kind), w.most.name) + " on " + nameUpTo(platform(x.Message.Platform), w.most.name) + ", " + w.moment(x.At) + ".")
	}
	if len(all) == 0 {
		w.say("No message was marked by the rules that look for words. That does not mean that they are harmless.")
		return
	}
	t := w.d.Table(pdf.Table{Summary: "What rules marked, with how many messages and which exhibits.", Columns: []pdf.Column{
		{Title: "Marked as", Width: 0.32}, {Title: "Newest", Width: 0.18}, {Title: "Exhibits", Width: 0.38}, {Title: "Messages", Width: 0.12, Right: true},
	}})
	for _, k := range all {
		t.Row(one(text(flagTitle(k.flag))), one(text(w.day(k.newest.At))), one(text(w.numbersUpTo(k.entries, w.most.numbers))), one(text(strconv.Itoa(len(k.entries)))))
	}
	t.End()
	w.note("Rules over words marked these for a reader; a person has to read them. Some are marked without cause and others are missed. The order says nothing about danger, and a message without a mark may be anything but harmless.")
}

// A flaggedKind is the messages of a bundle that have one flag.
type flaggedKind struct {
	flag    flags.Flag
	entries []uint64
	newest  *export.Exhibit
}

func (w firstReport) flagged() (out []flaggedKind) {
	for _, f := range flags.All() {
		k := flaggedKind{flag: f}
		for i := range w.s.Exhibits {
			x := &w.s.Exhibits[i]
			if slices.ContainsFunc(x.Flags, func(o flags.Found) bool { return o.Flag == f }) {
				k.entries, k.newest = append(k.entries, x.Number), x
			}
		}
		if len(k.entries) > 0 {
			out = append(out, k)
		}
	}
	return out
}

// kept says what there is to be handed over.
func (w firstReport) kept() {
	w.d.Heading(2, "What is kept and can be handed over")
	origins := map[daybook.Origin]int64{}
	media := int64(0)
	for i := range w.s.Exhibits {
		x := &w.s.Exhibits[i]
		origins[x.Message.Origin]++
		for _, m := range x.Media {
			if m.File != "" {
				media++
			}
		}
	}
	var from []string
	for _, o := range []daybook.Origin{daybook.Collected, daybook.Imported, daybook.Entered} {
		if n := origins[o]; n > 0 {
			from = append(from, strconv.FormatInt(n, 10)+" "+origin(o))
		}
	}
	s := count(int64(len(w.s.Exhibits)), "message")
	if len(from) > 0 {
		s += ": " + joined(from)
	}
	lines := []string{
		s + "; " + count(media, "attachment") + ". Each is kept byte for byte as it came, with when it was fetched.",
		"The record has " + count(int64(w.s.Size), "entry") + " under the root " + inFours(w.s.Root.String()[:16]) + ". " + w.stampsBriefly() + " VERIFY.md in the bundle says how to check it without this program.",
	}
	if n := len(w.s.Gaps); n > 0 {
		lines = append(lines, count(int64(n), "gap")+" in which an account was not read "+pick(int64(n), "is", "are")+" listed in report.pdf: there may have been more.")
	}
	w.points(lines...)
}

func (w firstReport) stampsBriefly() string {
	n := 0
	for _, s := range w.s.Stamps {
		if s.State == "stamped" && !s.At.IsZero() {
			n++
		}
	}
	switch {
	case len(w.s.Stamps) == 0:
		return "No outside time service was set up."
	case n == 0:
		return "Outside time services have been asked for a time stamp; there is no answer yet."
	}
	return count(int64(n), "outside time service") + " stamped it, first on " + w.firstStamp() + "."
}

func (w firstReport) firstStamp() string {
	var at string
	var first export.Stamp
	for _, s := range w.s.Stamps {
		if s.State == "stamped" && !s.At.IsZero() && (first.At.IsZero() || s.At.Before(first.At)) {
			first, at = s, s.At.UTC().Format("2 January 2006, 15:04 UTC")
		}
	}
	return at
}
