// Package chart draws three small charts: bars by day, a grid of the hours of a
// week, and a spark of bars for a line of a table. It knows numbers, dates and
// labels, and nothing of what they mean.
//
// A drawing calls a Canvas; SVG is the canvas for web pages. Colours, fonts and
// line widths are not chosen here: everything that is drawn bears a class of the
// style sheet, and nothing else. The same drawing gives the same bytes, always.
//
// Nothing is measured by a browser: a canvas estimates how wide a text comes
// out, and the drawings place their labels by that, so that no two overlap and
// none leaves the picture. A label for which there is no room is left out and
// the drawing says so; charts stand beside a table that holds every number.
package chart

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// A Canvas takes what is drawn, back to front. Coordinates are the drawing's
// own units, from the top left corner to the right and down. Classes are names
// of the style sheet.
type Canvas interface {
	// Rect fills a rectangle, its corners rounded by radius.
	Rect(s Style, x, y, w, h, radius float64)
	// Path joins points by straight lines. It is filled if the last point is
	// the first, else it is a line.
	Path(class string, points ...Point)
	// Text writes one line. y is its base line, x where anchor says.
	Text(class string, anchor Anchor, x, y float64, text string)
	// TextWidth returns how wide text comes out, rather too much than too
	// little.
	TextWidth(class, text string) float64
}

// A Drawing draws itself from (0, 0) and returns how large it is. It never
// draws outside of that.
type Drawing interface {
	Draw(c Canvas) (width, height float64)
}

// A Style says how an area is filled.
type Style struct {
	Class   string
	Hatch   string  // class of slanting lines over the area; "" for none
	Outline float64 // width of the line that Class draws around the area; the line lies inside of it
}

// A Point is a place in a drawing.
type Point struct{ X, Y float64 }

// Anchor says which end of a text stands at its place.
type Anchor string

const (
	Start  Anchor = "start"
	Middle Anchor = "middle"
	End    Anchor = "end"
)

// Classes of the style sheet that the drawings use by themselves.
const (
	classAxis   = "axis"
	classRule   = "grid" // a line across the bars
	classMark   = "mark"
	classFlag   = "flag"
	classGap    = "c-gap"
	classStrong = "strong"
	classLow    = "lo" // text on a light cell
	classHigh   = "hi" // text on a dark cell
)

// slimBelow is the width from which a drawing has room for long labels. The
// text has one size in the drawing's units, so that a drawing that is shown on
// a phone has to be made for it: 760 units squeezed into 340 cannot be read.
const slimBelow = 500

// leastWidth is the width below which labels have no room at all.
const leastWidth = 300

// longest is how many characters of a label are looked at.
const longest = 120

// fit returns text as one line that is at most width wide, cut with an ellipsis
// if need be; "" if not even three characters have room.
func fit(c Canvas, class, text string, width float64) string {
	text = oneLine(text)
	if c.TextWidth(class, text) <= width {
		return text
	}
	runes := []rune(text)
	for n := len(runes) - 1; n >= 3; n-- {
		if cut := strings.TrimRight(string(runes[:n]), " ") + "…"; c.TextWidth(class, cut) <= width {
			return cut
		}
	}
	return ""
}

// oneLine makes one short line of any text.
func oneLine(s string) string {
	if len(s) > 4*longest {
		s = s[:4*longest]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest-1]) + "…"
	}
	return s
}

// short writes a number in at most four characters, rounded towards zero: 999,
// 9.9k, 99k, 1.2M.
func short(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	units := "kMGTPE"
	whole, tenth := n/1000, n%1000/100
	for whole >= 1000 {
		whole, tenth, units = whole/1000, whole%1000/100, units[1:]
	}
	if whole < 10 && tenth > 0 {
		return strconv.Itoa(whole) + "." + strconv.Itoa(tenth) + units[:1]
	}
	return strconv.Itoa(whole) + units[:1]
}

// roundUp returns the smallest of 1, 2, 4, 5, 10, 20, 40, 50, … that is at least
// n, or the largest that an int holds.
func roundUp(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, f := range [...]int{1, 2, 4, 5} {
			if f*unit >= n || unit > math.MaxInt/10 {
				return f * unit
			}
		}
	}
}

// roundDown returns the largest of 1, 2, 4, 5, 10, … that is at most n.
func roundDown(n int) int {
	down := 1
	for down < n {
		up := roundUp(down + 1)
		if up > n || up <= down {
			break
		}
		down = up
	}
	return down
}

// finite reports whether x is a number that can be drawn.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
