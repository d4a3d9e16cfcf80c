package pdf_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"daybook/internal/chart"
	"daybook/internal/pdf"
)

// everything returns a document with all that there is.
func everything(t testing.TB) []byte {
	return bytes.Clone(madeOnce(t))
}

var made struct {
	sync.Once
	doc []byte
}

func madeOnce(t testing.TB) []byte {
	made.Do(func() { made.doc = document(t, func(d *pdf.Document) { fillEverything(t, d) }) })
	return made.doc
}

func fillEverything(t testing.TB, d *pdf.Document) {
	t.Helper()
	d.Heading(1, "Record of contact")
	d.Paragraph(pdf.Lead, pdf.Span{Text: "What this record holds, and what it does not."})
	d.Paragraph(pdf.Body, pdf.Span{Text: "Plain, "}, pdf.Span{Text: "bold, ", Bold: true}, pdf.Span{Text: "9f2c4e1a, ", Mono: true}, pdf.Span{Text: "dim; ", Dim: true},
		pdf.Span{Text: "covered: a name", Covered: true}, pdf.Span{Text: " and "}, pdf.Span{Text: "U+202E", Mark: true}, pdf.Span{Text: "."})
	d.Heading(2, "What others wrote")
	d.Paragraph(pdf.Quote, pdf.Span{Text: "See you at the library.\nBring the blue folder."})
	d.Paragraph(pdf.Small, pdf.Span{Text: "Small letters."})
	d.Paragraph(pdf.Note, pdf.Span{Text: "A note."})
	d.Heading(3, "A list")
	d.List(spans("one"), spans("two"))
	d.Space(12)
	rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "No.", Width: 1, Right: true}, {Title: "Text", Width: 5}}, Summary: "messages"})
	for i, s := range samples() {
		rows.Row(spans(string(rune('A'+i%26))), spans(s.text))
	}
	rows.End()
	d.KeepTogether(func() {
		d.Heading(2, "Charts")
		d.Figure("contacts by day", 1, bars(), pdf.PrintInk())
		d.Figure("contacts by hour", 1, grid(), pdf.PrintInk())
	})
	d.PageBreak()
	all := pictures(t)
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		data := all[kind]
		if err := d.Image("a disc, as "+kind, data, 120); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func bars() chart.Bars {
	return chart.Bars{
		Width: 760, First: time.Date(2026, 10, 12, 0, 0, 0, 0, time.UTC), Days: 14,
		Series: []chart.Series{
			{Style: chart.Style{Class: "c-a"}, Counts: []int{2, 3, 4, 2, 0, 0, 5, 3, 0, 7, 4, 0, 8, 9}},
			{Style: chart.Style{Class: "c-sug", Hatch: "l-sug", Outline: 1}, Counts: []int{8: 5, 3, 2}},
			{Style: chart.Style{Class: "c-diary", Outline: 1.6}, Counts: []int{5: 1, 11: 1}},
		},
		Markers: []chart.Marker{{At: 7.9, Label: "Asked @night_owl نجمة to stop"}},
		Gaps:    []chart.Gap{{From: 3, To: 4.6, Label: "not collected"}},
	}
}

func grid() chart.Grid {
	g := chart.Grid{Width: 760, Rows: [7]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}}
	for d := range 7 {
		for h := range 24 {
			g.Hours[d][h] = (d*h + d) % 8
		}
	}
	return g
}

// pictures returns the same picture in each kind that can be made here.
func pictures(t testing.TB) map[string][]byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 60, 40))
	for y := range 40 {
		for x := range 60 {
			c := color.NRGBA{R: uint8(4 * x), G: uint8(6 * y), B: 90, A: 255}
			if (x-30)*(x-30)+(y-20)*(y-20) > 400 {
				c.A = 0
			}
			img.SetNRGBA(x, y, c)
		}
	}
	all := map[string][]byte{}
	var b bytes.Buffer
	for kind, encode := range map[string]func() error{
		"JPEG": func() error { return jpeg.Encode(&b, img, nil) },
		"PNG":  func() error { return png.Encode(&b, img) },
		"GIF":  func() error { return gif.Encode(&b, img, nil) },
	} {
		b.Reset()
		if err := encode(); err != nil {
			t.Fatal(err)
		}
		all[kind] = bytes.Clone(b.Bytes())
	}
	return all
}
