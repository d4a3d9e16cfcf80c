package chart

import (
	"cmp"
	"slices"
	"strings"
)

const (
	gapPart   = 0.42 // of the height of the bars
	leastGap  = 3    // units that a box is wide
	linePitch = 13
)

// A placedGap is a box, with its label above it if that has room there. Heights
// count from the top of the bars.
type placedGap struct {
	from, to, top float64
	label, short  string
	lines         []string // empty if the label has no room above the box
	anchor        Anchor
	x             float64
	text          area // of the lines
}

func (g *placedGap) mid() float64 { return (g.from + g.to) / 2 }

// placeGaps places the boxes, and their labels where they cover no bar, no line
// and no other label.
func (l *barsLayout) placeGaps(c Canvas, lines []float64) {
	taken := l.barAreas()
	for _, x := range lines {
		taken = append(taken, area{x - 2, l.top - 100, x + 2, l.base})
	}
	gaps := slices.Clone(l.Gaps)
	slices.SortStableFunc(gaps, func(a, b Gap) int { return cmp.Compare(a.From, b.From) })
	for _, gap := range gaps {
		from, to := max(gap.From, 0), min(gap.To, float64(l.Days))
		if !(from < to) { // true for NaN
			continue
		}
		g := placedGap{from: l.x(from), to: l.x(to), top: l.base - gapPart*(l.base-l.top), label: oneLine(gap.Label), short: oneLine(gap.Short)}
		if g.to-g.from < leastGap {
			g.from = min(max(g.mid()-leastGap/2, l.left), l.right-leastGap)
			g.to = g.from + leastGap
		}
		for _, text := range []string{g.label, g.short} {
			if text != "" && l.placeAbove(c, &g, text, taken) {
				taken = append(taken, g.text)
				break
			}
		}
		l.gaps = append(l.gaps, g)
	}
}

// barAreas returns what the bars cover.
func (l *barsLayout) barAreas() []area {
	areas := make([]area, 0, l.count())
	for i := range l.count() {
		if n := stacked(l.Series, i); n > 0 {
			x := l.left + float64(i)*l.pitch + l.barFrom
			h := max(n*l.scale, float64(len(l.Series)*leastHeight))
			areas = append(areas, area{x, l.base - h, x + l.barWidth, l.base})
		}
	}
	return areas
}

// placeAbove looks for room above the box: in the middle, then to either side,
// higher where something stands in the way.
func (l *barsLayout) placeAbove(c Canvas, g *placedGap, text string, taken []area) bool {
	lines := wrapped(c, text, g.to-g.from)
	var w float64
	for _, line := range lines {
		w = max(w, c.TextWidth("", line))
	}
	h := float64(len(lines)*linePitch) + 4
	for _, at := range []struct {
		anchor Anchor
		x, x0  float64
	}{{Middle, g.mid(), g.mid() - w/2}, {Start, g.from, g.from}, {End, g.to, g.to - w}} {
		if at.x0 < l.left || at.x0+w > l.width {
			continue
		}
		column := area{at.x0 - 2, l.top - 4, at.x0 + w + 2, g.top}
		var near []area
		for _, a := range taken {
			if a.meets(column) {
				near = append(near, a)
			}
		}
		for bottom := g.top - 2; bottom-h >= column.y0; bottom -= 4 {
			a := area{column.x0, bottom - h, column.x1, bottom}
			if !slices.ContainsFunc(near, a.meets) {
				g.lines, g.anchor, g.x, g.text = lines, at.anchor, at.x, a
				return true
			}
		}
	}
	return false
}

// wrapped breaks a label in two near its middle if it is wider than its box.
func wrapped(c Canvas, text string, box float64) []string {
	best, narrowest := []string{text}, c.TextWidth("", text)
	if narrowest <= box {
		return best
	}
	words := strings.Fields(text)
	for i := 1; i < len(words); i++ {
		two := []string{strings.Join(words[:i], " "), strings.Join(words[i:], " ")}
		if w := max(c.TextWidth("", two[0]), c.TextWidth("", two[1])); w < narrowest {
			best, narrowest = two, w
		}
	}
	return best
}

func (g *placedGap) draw(c Canvas, l *barsLayout) {
	c.Rect(Style{Class: classGap, Outline: 1}, g.from, l.top+g.top, g.to-g.from, l.base-l.top-g.top, 0)
	for i, line := range g.lines {
		c.Text("", g.anchor, g.x, l.top+g.text.y0+linePitch-2+float64(i*linePitch), line)
	}
}
