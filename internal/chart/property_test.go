package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"daybook/internal/chart"

	"pgregory.net/rapid"
)

// hostile are texts that somebody may choose as a name.
var hostile = []string{
	"", " ", "a", "New handle", `"><script>alert(1)</script>`, "</text></svg><b>", "&amp;lt;", "]]>", "<!--", "'\"`", "\x00\x1b[31m\v\ufffe", "\xff\xfe broken",
	"line\nbreak\ttab\u2028", "مرحبا بالعالم", "\u202eevil\u202c", "漢字漢字漢字", "👩‍👩‍👧‍👦", strings.Repeat("W", 500), strings.Repeat("word ", 200), "url(#x)", "javascript:x",
}

func drawText(rt *rapid.T, name string) string {
	if rapid.Bool().Draw(rt, name+" is hostile") {
		return rapid.SampledFrom(hostile).Draw(rt, name)
	}
	return rapid.String().Draw(rt, name)
}

func drawStyle(rt *rapid.T) chart.Style {
	return rapid.SampledFrom([]chart.Style{solid, hatched, lighter, hollow}).Draw(rt, "style")
}

func drawBars(rt *rapid.T) chart.Bars {
	count := rapid.SampledFrom([]*rapid.Generator[int]{rapid.IntRange(0, 12), rapid.IntRange(-1, 1), rapid.IntRange(0, 100_000), rapid.Int()}).Draw(rt, "size")
	b := chart.Bars{
		Width: rapid.SampledFrom([]int{760, 340, 0, 200, 1000}).Draw(rt, "width"),
		Days:  rapid.SampledFrom([]int{42, 0, 1, 2, 7, 100, 400, -3}).Draw(rt, "days"),
		First: time.Date(2026, 10, 12, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-400, 400).Draw(rt, "first")),
		More:  drawText(rt, "more"),
	}
	for range rapid.IntRange(0, 5).Draw(rt, "series") {
		b.Series = append(b.Series, chart.Series{Style: drawStyle(rt), Counts: rapid.SliceOfN(count, 0, max(b.Days, 0)).Draw(rt, "counts")})
	}
	moment := rapid.OneOf(rapid.Float64Range(-2, float64(b.Days)+2), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, float64(b.Days)}))
	for range rapid.IntRange(0, 12).Draw(rt, "markers") {
		b.Markers = append(b.Markers, chart.Marker{At: moment.Draw(rt, "at"), Label: drawText(rt, "label"), Short: drawText(rt, "short")})
	}
	for range rapid.IntRange(0, 6).Draw(rt, "gaps") {
		b.Gaps = append(b.Gaps, chart.Gap{From: moment.Draw(rt, "from"), To: moment.Draw(rt, "to"), Label: drawText(rt, "gap"), Short: drawText(rt, "short gap")})
	}
	if rapid.IntRange(0, 4).Draw(rt, "by week") == 0 {
		return b.ByWeek()
	}
	return b
}

func TestBars_NothingOverlapsOrLeaves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := chart.Picture{ID: drawText(rt, "id"), Class: "wide", Title: drawText(rt, "title"), Desc: drawText(rt, "desc")}
		checkPicture(rt, string(chart.SVG(p, drawBars(rt))))
	})
}

func TestGrid_NothingOverlapsOrLeaves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := chart.Grid{Width: rapid.SampledFrom([]int{760, 340, 0}).Draw(rt, "width")}
		for d := range g.Hours {
			g.Rows[d] = drawText(rt, "row")
			copy(g.Hours[d][:], rapid.SliceOfN(rapid.OneOf(rapid.IntRange(-1, 12), rapid.Int()), 0, 24).Draw(rt, "counts"))
		}
		checkPicture(rt, string(chart.SVG(chart.Picture{Title: drawText(rt, "title")}, g)))
	})
}

func TestGraph_NothingOverlapsOrLeaves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		node := func() chart.GraphNode {
			return chart.GraphNode{Style: drawStyle(rt), Label: drawText(rt, "label"), Note: drawText(rt, "note")}
		}
		g := chart.Graph{Width: rapid.SampledFrom([]int{0, 340, 760}).Draw(rt, "width")}
		for range rapid.IntRange(0, 4).Draw(rt, "groups") {
			k := chart.GraphGroup{Label: drawText(rt, "group")}
			for range rapid.IntRange(0, 13).Draw(rt, "nodes") {
				k.Nodes = append(k.Nodes, node())
			}
			g.Groups = append(g.Groups, k)
		}
		for range rapid.IntRange(0, 20).Draw(rt, "singles") {
			g.Singles = append(g.Singles, node())
		}
		for range rapid.IntRange(0, 8).Draw(rt, "lines") {
			g.Lines = append(g.Lines, chart.GraphLine{From: rapid.IntRange(-1, 30).Draw(rt, "from"), To: rapid.IntRange(-1, 30).Draw(rt, "to")})
		}
		items := []chart.LegendItem{{Style: drawStyle(rt), Label: drawText(rt, "key")}, {Style: drawStyle(rt), Label: drawText(rt, "other key")}}
		checkPicture(rt, string(chart.SVG(chart.Picture{ID: "x", Title: "t"}, chart.Legend{Of: g, Items: items})))
	})
}

func TestSpark_NothingLeaves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := drawBars(rt)
		s := chart.Spark{Days: b.Days, Series: b.Series, Most: rapid.IntRange(-1, 100).Draw(rt, "most")}
		checkPicture(rt, string(chart.SVG(chart.Picture{ID: "s", Title: drawText(rt, "title")}, s)))
	})
}

// The texts of a picture come back as they were put in, but for what XML cannot
// hold.
func TestSVG_TextIsKept(t *testing.T) {
	for _, text := range []string{`"><script>alert(1)</script>`, "</title><b>", "&amp;", "'\"`", "مرحبا", "]]>"} {
		got := string(chart.SVG(chart.Picture{ID: "x", Title: text, Desc: text}, chart.Swatch{}))
		if n := len(slices.DeleteFunc(elements(t, got), func(e element) bool { return e.text != text })); n != 2 {
			t.Errorf("%q: got %d times in %s", text, n, got)
		}
		got = string(chart.SVG(chart.Picture{Title: text}, chart.Swatch{}))
		if label := elements(t, got)[0].attr["aria-label"]; label != text {
			t.Errorf("got label %q, want %q", label, text)
		}
	}
}

// fail is what rapid and testing have in common.
type fail interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

type element struct {
	name string
	attr map[string]string
	text string
}

func (e element) number(t fail, name string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(e.attr[name], 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		t.Fatalf("%s: %s=%q is no measure", e.name, name, e.attr[name])
	}
	return x
}

// elements reads a picture as XML.
func elements(t fail, svg string) []element {
	t.Helper()
	var all []element
	var open []int
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("not XML: %v in %s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				if _, twice := e.attr[a.Name.Local]; twice {
					t.Fatalf("%s has %s twice", e.name, a.Name.Local)
				}
				e.attr[a.Name.Local] = a.Value
			}
			open = append(open, len(all))
			all = append(all, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			all[open[len(open)-1]].text += string(token)
		default:
			t.Fatalf("unexpected %T in %s", token, svg)
		}
	}
}

// vocabulary is all that a picture is made of.
var vocabulary = map[string][]string{
	"svg":     {"class", "viewBox", "role", "aria-label", "aria-labelledby", "aria-hidden"},
	"title":   {"id"},
	"desc":    {"id"},
	"defs":    {},
	"pattern": {"id", "width", "height", "patternUnits", "patternTransform"},
	"rect":    {"class", "fill", "x", "y", "width", "height", "rx"},
	"line":    {"class", "x1", "x2", "y1", "y2"},
	"path":    {"class", "d"},
	"text":    {"class", "x", "y", "text-anchor"},
}

// knownClasses are those that the style sheet gives a look.
var knownClasses = []string{"wide", "slim", "spark", "axis", "grid", "mark", "flag", "strong", "lo", "hi", "c-a", "c-sug", "l-sug", "c-other", "c-diary", "c-gap", "h0", "h1", "h2", "h3", "h4"}

// box is a part of a picture that something takes.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) meets(o box) bool {
	const touch = 0.02 // measures are rounded
	return b.x0 < o.x1-touch && o.x0 < b.x1-touch && b.y0 < o.y1-touch && o.y0 < b.y1-touch
}

// checkPicture checks what holds of every picture: it is XML of a few elements,
// names what it refers to, draws nothing outside of itself, writes no text over
// another and draws no marker's line through one.
func checkPicture(t fail, svg string) {
	t.Helper()
	all := elements(t, svg)
	var width, height float64
	if _, err := fmt.Sscanf(all[0].attr["viewBox"], "0 0 %g %g", &width, &height); err != nil || all[0].name != "svg" {
		t.Fatalf("no view box: %s", svg)
	}
	ids := map[string]bool{}
	for _, e := range all {
		if id, ok := e.attr["id"]; ok && (ids[id] || strings.ContainsAny(id, " #()<>\"'")) {
			t.Errorf("id %q", id)
		} else if ok {
			ids[id] = true
		}
	}
	for _, id := range strings.Fields(all[0].attr["aria-labelledby"]) {
		if !ids[id] {
			t.Errorf("labelled by %q, which is not there", id)
		}
	}
	var texts, lines []box
	for _, e := range all {
		for name := range e.attr {
			if !slices.Contains(vocabulary[e.name], name) {
				t.Errorf("unexpected %s of %s", name, e.name)
			}
		}
		if class, ok := e.attr["class"]; ok && !slices.Contains(knownClasses, class) {
			t.Errorf("the style sheet does not know the class %q", class)
		}
		if fill, ok := e.attr["fill"]; ok && fill != "none" && !ids[strings.TrimSuffix(strings.TrimPrefix(fill, "url(#"), ")")] {
			t.Errorf("fill %q refers to nothing", fill)
		}
		b := box{}
		switch e.name {
		case "rect":
			b = box{e.number(t, "x"), e.number(t, "y"), e.number(t, "x") + e.number(t, "width"), e.number(t, "y") + e.number(t, "height")}
			if e.number(t, "width") <= 0 || e.number(t, "height") <= 0 {
				t.Errorf("nothing can be seen of %v", e)
			}
		case "line":
			b = box{e.number(t, "x1"), e.number(t, "y1"), e.number(t, "x2"), e.number(t, "y2")}
			if e.attr["class"] == "mark" || e.attr["class"] == "c-gap" {
				lines = append(lines, b)
			}
		case "text":
			b = textBox(t, e)
			if e.text == "" {
				t.Errorf("empty text at %v", b)
			}
			texts = append(texts, b)
		case "path":
			if e.attr["class"] == "flag" {
				b = flagBox(t, e)
			}
		case "svg", "title", "desc", "defs", "pattern":
		default:
			t.Errorf("unexpected element %s", e.name)
		}
		const touch = 0.02
		if b.x0 < -touch || b.y0 < -touch || b.x1 > width+touch || b.y1 > height+touch {
			t.Errorf("%v %v is outside of %g by %g", e, b, width, height)
		}
	}
	for i, a := range texts {
		for _, b := range texts[i+1:] {
			if a.meets(b) {
				t.Errorf("texts at %v and %v overlap", a, b)
			}
		}
		for _, l := range lines {
			if l.x0 > a.x0 && l.x0 < a.x1 && l.y0 < a.y1 && l.y1 > a.y0 {
				t.Errorf("the line at %v goes through the text at %v", l, a)
			}
		}
	}
}

// textBox is where a text stands, by the canvas's own estimate.
func textBox(t fail, e element) box {
	size := 12.5
	if c := e.attr["class"]; c == "lo" || c == "hi" {
		size = 11.5
	}
	w := widthOf(e.attr["class"], e.text)
	x, y := e.number(t, "x"), e.number(t, "y")
	switch e.attr["text-anchor"] {
	case "middle":
		x -= w / 2
	case "end":
		x -= w
	}
	return box{x, y - size*0.8, x + w, y + size*0.22}
}

func flagBox(t fail, e element) box {
	var x0, y0, x1, y1, x2, y2 float64
	if _, err := fmt.Sscanf(e.attr["d"], "M%g %gL%g %gL%g %gz", &x0, &y0, &x1, &y1, &x2, &y2); err != nil {
		t.Fatalf("flag %q: %v", e.attr["d"], err)
	}
	return box{min(x0, x1, x2), min(y0, y1, y2), max(x0, x1, x2), max(y0, y1, y2)}
}

// A ruler asks the canvas of SVG how wide a text is.
type ruler struct {
	class, text string
	width       *float64
}

func (r ruler) Draw(c chart.Canvas) (width, height float64) {
	*r.width = c.TextWidth(r.class, r.text)
	return 1, 1
}

func widthOf(class, text string) (w float64) {
	chart.SVG(chart.Picture{}, ruler{class, text, &w})
	return w
}
