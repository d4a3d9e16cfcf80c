package pdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"daybook/internal/chart"
	"daybook/internal/pdf"
)

func TestHeaderIsRepeatedAndRowsGoOn(t *testing.T) {
	long := strings.Repeat("so much to say ", 900)
	doc := document(t, func(d *pdf.Document) {
		rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "Number", Width: 1}, {Title: "Text", Width: 4}}})
		for i := range 100 {
			rows.Row(spans(fmt.Sprint("row-", i)), spans("one\ntwo"))
		}
		rows.Row(spans("long"), spans(long))
		rows.Row(spans("after"))
		rows.End()
	})
	pages := read(t, doc).pages()
	if len(pages) < 5 {
		t.Fatalf("got %d pages", len(pages))
	}
	text := strings.Join(pages, "")
	if n := strings.Count(text, "Number"); n != 1 {
		t.Errorf("the header is content %d times; it is an artifact where it is repeated", n)
	}
	if !strings.Contains(dense(text), dense(long)) {
		t.Error("a row over several pages does not come whole")
	}
	for i := 1; i <= len(pages); i++ {
		page := run(t, doc, "pdftotext", "-f", fmt.Sprint(i), "-l", fmt.Sprint(i), "FILE", "-")
		if !strings.Contains(page, "Number") {
			t.Errorf("page %d has no header", i)
		}
		if want := fmt.Sprintf("%d of %d", i, len(pages)); !strings.Contains(page, want) {
			t.Errorf("page %d does not say %q", i, want)
		}
	}
	if last := pages[len(pages)-1]; !strings.Contains(last, "after") {
		t.Errorf("the last row is not on the last page: %q", last)
	}
}

// pageOf returns on which page a text stands, from 1.
func pageOf(t *testing.T, doc []byte, text string) int {
	t.Helper()
	for i, page := range read(t, doc).pages() {
		if strings.Contains(page, text) {
			return i + 1
		}
	}
	t.Fatalf("%q is on no page", text)
	return 0
}

func lines(d *pdf.Document, n int) {
	for i := range n {
		d.Paragraph(pdf.Body, pdf.Span{Text: fmt.Sprint("line ", i)})
	}
}

func TestHeadingIsNotAlone(t *testing.T) {
	for n := 25; n < 40; n++ {
		doc := document(t, func(d *pdf.Document) {
			lines(d, n)
			d.Heading(2, "Heading")
			d.Paragraph(pdf.Body, pdf.Span{Text: "What follows."})
		})
		if h, p := pageOf(t, doc, "Heading"), pageOf(t, doc, "What follows."); h != p {
			t.Errorf("after %d lines the heading is on page %d and its text on %d", n, h, p)
		}
	}
}

func TestKeepTogether(t *testing.T) {
	for _, tc := range []struct {
		name        string
		first, rest int // lines before, and together
		want        int // page on which they begin
	}{
		{"fits", 5, 5, 1},
		{"does not fit", 28, 10, 2},
		{"more than a page", 28, 60, 1},
		{"at the top of a page", 0, 30, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			doc := document(t, func(d *pdf.Document) {
				lines(d, tc.first)
				d.KeepTogether(func() {
					d.Heading(3, "Together")
					rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "A", Width: 1}}})
					for range tc.rest {
						rows.Row(spans("kept"))
					}
					rows.End()
					d.Figure("hours", 0.3, chart.Spark{Days: 3, Series: []chart.Series{{Counts: []int{1, 2, 3}}}}, pdf.PrintInk())
				})
				d.Paragraph(pdf.Body, pdf.Span{Text: "Afterwards."})
			})
			if got := pageOf(t, doc, "Together"); got != tc.want {
				t.Errorf("it begins on page %d, want %d", got, tc.want)
			}
			text := strings.Join(read(t, doc).pages(), "")
			if n := strings.Count(text, "kept"); n != tc.rest {
				t.Errorf("%d rows, want %d", n, tc.rest)
			}
			if strings.Index(text, "Afterwards") < strings.LastIndex(text, "kept") {
				t.Error("what comes afterwards comes first")
			}
			run(t, doc, "qpdf", "--check", "FILE")
		})
	}
}

// Rows that are kept together go on under the table's header.
func TestRowsThatAreKeptTogether(t *testing.T) {
	doc := document(t, func(d *pdf.Document) {
		rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "Number", Width: 1}}})
		for i := range 45 {
			rows.Row(spans(fmt.Sprint("row-", i)))
		}
		d.KeepTogether(func() {
			for range 6 {
				rows.Row(spans("kept"))
			}
			rows.End()
		})
		d.Paragraph(pdf.Body, pdf.Span{Text: "Afterwards."})
	})
	pages := read(t, doc).pages()
	if len(pages) != 2 || strings.Count(pages[1], "kept") != 6 {
		t.Errorf("not together: %q", pages)
	}
	if page := run(t, doc, "pdftotext", "-f", "2", "FILE", "-"); strings.Count(page, "Number") != 1 {
		t.Errorf("page 2 has no header:\n%s", page)
	}
}

// Nothing that a chip says is cut off by a narrow column.
func TestChipInNarrowColumn(t *testing.T) {
	doc := document(t, func(d *pdf.Document) {
		rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "A", Width: 1}, {Title: "B", Width: 20}}})
		rows.Row(spans("a\u202eb"), []pdf.Span{{Text: strings.Repeat("long ", 11), Mark: true}})
		rows.End()
	})
	boxes := run(t, doc, "pdftotext", "-bbox", "FILE", "-")
	for _, m := range regexp.MustCompile(`xMin="([0-9.]+)" yMin="[0-9.]+" xMax="([0-9.]+)" yMax="[0-9.]+">[^<]*(?:U\+|E|\])[^<]*<`).FindAllStringSubmatch(boxes, -1) {
		if right, _ := strconv.ParseFloat(m[2], 64); right > 80 {
			t.Errorf("a chip reaches beyond its column: %s", m[0])
		}
	}
	if got := strings.Join(read(t, doc).pages(), ""); !strings.Contains(dense(got), "[U+202E]") {
		t.Errorf("got %q", got)
	}
}

func TestSpacesAndBreaks(t *testing.T) {
	doc := document(t, func(d *pdf.Document) {
		d.PageBreak() // at the top: nothing to break
		d.Space(10_000)
		d.Paragraph(pdf.Body, pdf.Span{Text: "first"})
		d.Space(100_000)
		d.Paragraph(pdf.Body, pdf.Span{Text: "second"})
		d.PageBreak()
		d.PageBreak()
		d.Heading(9, "third")
		d.Heading(-1, "")
	})
	for i, text := range []string{"first", "second", "third"} {
		if got := pageOf(t, doc, text); got != i+1 {
			t.Errorf("%q is on page %d, want %d", text, got, i+1)
		}
	}
}

func TestEmptyDocument(t *testing.T) {
	doc := document(t, func(*pdf.Document) {})
	if got := run(t, doc, "qpdf", "--check", "FILE"); !strings.Contains(got, "No syntax or stream encoding errors") {
		t.Error(got)
	}
	doc = document(t, func(d *pdf.Document) {
		d.Paragraph(pdf.Body)
		d.Paragraph(pdf.Quote, pdf.Span{})
		d.Paragraph(pdf.Style(99), pdf.Span{Text: "odd style", Covered: true})
		d.List()
		d.List(nil, spans(""))
		d.Table(pdf.Table{}).Row(spans("nowhere"))
		rows := d.Table(pdf.Table{Columns: []pdf.Column{{Width: -1}, {Width: 0}, {Width: 1e300}}})
		rows.Row()
		rows.Row(nil, nil, nil, spans("too many"))
	})
	run(t, doc, "qpdf", "--check", "FILE")
}

func TestDrawingsThatAreOdd(t *testing.T) {
	for _, dr := range []chart.Drawing{nil, sized{0, 0}, sized{10, 1e9}, sized{1e9, 10}, sized{-1, 5}, chart.Bars{}, chart.Grid{}, chart.Swatch{}} {
		doc := document(t, func(d *pdf.Document) { d.Figure("odd", 2, dr, nil) })
		run(t, doc, "qpdf", "--check", "FILE")
	}
}

type sized struct{ w, h float64 }

func (s sized) Draw(c chart.Canvas) (w, h float64) {
	c.Path("", chart.Point{})
	c.Rect(chart.Style{Class: "none", Hatch: "none"}, -1e9, -1e9, 1e12, 1e12, 5)
	c.Text("", "", 0, 0, "")
	return s.w, s.h
}

func TestFiguresHaveTheirWords(t *testing.T) {
	var figures []string
	for _, object := range read(t, everything(t)).objects {
		if bytes.HasPrefix(object, []byte("<</S/Figure")) {
			figures = append(figures, string(object))
		}
	}
	all := strings.Join(figures, "\n")
	for _, alt := range []string{"contacts by day", "contacts by hour", "a disc, as PNG"} {
		want := "/Alt<FEFF"
		for _, r := range alt {
			want += fmt.Sprintf("%04X", r)
		}
		if !strings.Contains(all, want+">") {
			t.Errorf("no figure says %q:\n%s", alt, all)
		}
	}
	if got := run(t, everything(t), "pdftotext", "-raw", "FILE", "-"); !strings.Contains(got, "Asked @night_owl") {
		t.Error("the label of a chart is not text")
	}
}

func TestBookmarks(t *testing.T) {
	doc := document(t, func(d *pdf.Document) {
		for _, h := range []struct {
			level int
			title string
		}{{1, "One"}, {3, "One deep"}, {2, "One flat"}, {1, "Two \u202e"}, {2, "Two flat"}, {2, "Two flat again"}} {
			d.Heading(h.level, h.title)
		}
	})
	got := run(t, doc, "qpdf", "--json", "--json-key=outlines", "FILE")
	var order []int
	for _, title := range []string{"One", "One deep", "One flat", "Two [U+202E]", "Two flat", "Two flat again"} {
		order = append(order, strings.Index(got, `"title": "`+title+`"`))
	}
	for i, at := range order {
		if at < 0 {
			t.Errorf("bookmark %d is missing: %s", i, got)
		}
	}
	if n := strings.Count(got, `"destpageposfrom1": 1`); n != 6 {
		t.Errorf("%d bookmarks lead to page 1, want 6", n)
	}
}

// A tornWriter takes so many bytes and then fails.
type tornWriter struct{ left int }

var errTorn = errors.New("torn")

func (w *tornWriter) Write(b []byte) (int, error) {
	if len(b) > w.left {
		return w.left, errTorn
	}
	w.left -= len(b)
	return len(b), nil
}

func TestFirstErrorIsReturned(t *testing.T) {
	size := len(everything(t))
	for _, left := range []int{0, 100, size / 2, size - 1} {
		d := pdf.New(&tornWriter{left}, pdf.Options{Title: "Record of contact", Language: "en-GB", Footer: "Case 7, made up", Producer: "test"})
		fillEverything(t, d)
		if err := d.Close(); !errors.Is(err, errTorn) {
			t.Errorf("after %d bytes: got %v, want the writer's error", left, err)
		}
		d.Paragraph(pdf.Body, pdf.Span{Text: "nothing happens"})
		if err := d.Close(); err == nil {
			t.Error("closing twice is no error")
		}
	}
}

func TestPagesCounts(t *testing.T) {
	var got []int
	document(t, func(d *pdf.Document) {
		got = append(got, d.Pages())
		lines(d, 3)
		got = append(got, d.Pages())
		d.PageBreak()
		got = append(got, d.Pages())
	})
	if want := "[0 1 2]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
