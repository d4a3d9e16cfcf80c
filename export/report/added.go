package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/export"
	"daybook/internal/pdf"
)

// mostSources is how many places in files are printed of one exhibit: the same
// message stands in each file that was added.
const mostSources = 6

// fromFiles says where in which files an exhibit stands.
func (w *writer) fromFiles(x *export.Exhibit) (out []string) {
	left := 0
	for _, s := range x.Sources() {
		if s.File.IsZero() {
			continue
		}
		if len(out) == mostSources {
			left++
			continue
		}
		line := "entry " + strconv.FormatUint(s.Entry, 10) + ": from file " + w.fileNumber(s.File)
		switch {
		case s.Member == "":
			line += ", the place in it is withheld"
		case s.Pointer == "":
			line += ", " + export.FileName(s.Member)
		default:
			line += ", " + export.FileName(s.Member) + ", position " + export.FileName(s.Pointer)
		}
		out = append(out, line)
	}
	if left > 0 {
		out = append(out, fmt.Sprintf("and from %d more", left))
	}
	return out
}

// fileNumber is what a file is called in this report: the number in the list of
// those that were added, else the beginning of its SHA-256.
func (w *writer) fileNumber(d daybook.Digest) string {
	for _, f := range w.filesAdded() {
		if f.File == d {
			return strconv.Itoa(f.Number)
		}
	}
	return "with the SHA-256 " + d.String()[:16] + "…"
}

// filesAdded are the files that were added.
func (w *writer) filesAdded() []export.AddedFile {
	if w.fromAdded == nil {
		w.fromAdded = append([]export.AddedFile{}, w.s.AddedFiles()...)
	}
	return w.fromAdded
}

// added prints which files were added to the record, what was in them, and what
// such files never hold.
func (w *writer) added() {
	files := w.filesAdded()
	if len(files) == 0 {
		return
	}
	var rows [][][]pdf.Span
	for _, f := range files {
		rows = append(rows, [][]pdf.Span{one(text(strconv.Itoa(f.Number))), w.addedFile(&f), w.readFrom(&f)})
	}
	w.table(w.heading("Files that were added"), pdf.Table{Summary: "Each file that was added: what it is, when it was read in, and what was in it.", Columns: []pdf.Column{
		{Title: "File", Width: 0.07}, {Title: "What it is", Width: 0.45}, {Title: "What was in it", Width: 0.48},
	}}, rows)
	never := map[string][]string{} // by title
	for _, f := range files {
		if f.Report == nil {
			continue
		}
		for _, line := range f.Report.Never {
			if title := name(f.Title()); !slices.Contains(never[title], line) {
				never[title] = append(never[title], line)
			}
		}
	}
	for _, f := range files {
		title := name(f.Title())
		if lines := never[title]; len(lines) > 0 {
			w.say("A file of the kind “" + title + "” never holds, whoever asks for it:")
			var out []string
			for _, l := range lines {
				out = append(out, name(l))
			}
			w.points(out...)
			delete(never, title)
		}
	}
	w.note("What was read from a file shows what stood in it when it was added. The platform made the file for the person, who had it in their hands; nothing in it is signed by the platform.")
}

func (w *writer) addedFile(f *export.AddedFile) []pdf.Span {
	var c cell
	c.line(text("“" + export.FileName(f.Name) + "”"))
	c.line(dim(capital(name(f.Title())) + ", " + count(f.Size, "byte")))
	c.line(dim("SHA-256 "), mono(inFours(f.File.String())))
	if !f.Made.IsZero() {
		c.line(dim("Made on " + w.moment(f.Made) + ", as it says itself"))
	}
	var entries []uint64
	for _, n := range []uint64{f.Begun, f.Ended} {
		if n > 0 {
			entries = append(entries, n)
		}
	}
	when := f.BegunAt
	if when.IsZero() {
		when = f.EndedAt
	}
	c.line(dim("Added on " + w.moment(when) + w.by(f.BegunBy) + ", " + pick(int64(len(entries)), "entry ", "entries ") + runs(entries)))
	switch {
	case f.InBundle:
		c.line(dim("It lies in this bundle as it was added."))
	case f.Whole:
		c.line(dim("It is kept as it was added, and is not in this bundle."))
	case f.Begun > 0:
		c.line(dim("Only what was chosen of it is kept."))
	}
	return c
}

func (w *writer) readFrom(f *export.AddedFile) []pdf.Span {
	var c cell
	r := f.Report
	if r == nil {
		c.line(text("It was not read to its end."))
		return c
	}
	if f.Event == daybook.ImportStopped {
		c.line(text("A person stopped the reading before its end."))
	}
	if !r.From.IsZero() {
		c.line(text("From " + w.moment(r.From) + " to " + w.moment(r.To)))
	}
	c.line(text(count(int64(r.Messages), "message") + "; " + strconv.Itoa(r.New) + " that had not been here, " + strconv.Itoa(r.Known) + " that had"))
	for _, l := range []struct {
		n    int
		text string
	}{
		{r.NotChosen, "not chosen by the person"}, {r.Excluded, "from senders who are never stored"}, {r.Erased, "erased before, and not taken in again"},
		{r.Gone, "in an earlier file of this account and not in this one"}, {r.Media.Missing, "attachments that it names and does not hold"},
	} {
		if l.n > 0 {
			c.line(dim(strconv.Itoa(l.n) + " " + l.text))
		}
	}
	n := 0
	var what []string
	for _, x := range r.NotRead {
		n += x.Count
		if len(what) < 5 {
			what = append(what, name(x.What))
		}
	}
	if n > 0 {
		c.line(dim(strconv.Itoa(n) + " not understood: " + strings.Join(what, ", ")))
	}
	for _, line := range slices.Concat(r.Assumed, r.Incomplete) {
		c.line(dim(name(line)))
	}
	return c
}
