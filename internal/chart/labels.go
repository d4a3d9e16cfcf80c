package chart

import (
	"cmp"
	"math"
	"slices"
)

// Labels of markers stand in rows above the bars, beside the flag at the top of
// their line. A line begins in the row of its label and goes down, so a label
// must keep clear of the labels of its row, and of every line that begins in its
// row or above.
const (
	rowPitch = 17
	mostRows = 6
	flagSize = 6
	lineGap  = 10 // from a line to its label; the flag is between them

	// Two moments that fall together are drawn side by side, but none is moved
	// so far that it tells another day.
	linesApart = 4
	mostAside  = 6
)

// A placedMarker is a line, with a label in a row above the bars if it has room.
type placedMarker struct {
	x     float64
	gap   *placedGap // whose label it is, or nil: of a marker
	label string     // "" if there is no room
	row   int
	left  bool // the label stands left of the line
}

// class is that of the text.
func (m placedMarker) class() string {
	if m.gap != nil {
		return ""
	}
	return classStrong
}

// An area is a part of the drawing that is taken.
type area struct{ x0, y0, x1, y1 float64 }

func (a area) meets(b area) bool { return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1 }

// rows is what is taken above the bars. There y counts rows.
type rows struct {
	width  float64
	lines  []float64 // where lines will stand, in any row
	labels []area
	placed []area // lines, from the row in which they begin
}

// place places every label and returns how many rows it needed above the bars.
func (l *barsLayout) place(c Canvas) int {
	r := &rows{width: l.width}
	type wish struct {
		placedMarker
		label, short string
	}
	var wishes []wish
	for _, m := range l.Markers {
		if m.At >= 0 && m.At <= float64(l.Days) && l.Days > 0 { // false for NaN
			wishes = append(wishes, wish{placedMarker{x: l.x(m.At)}, oneLine(m.Label), oneLine(m.Short)})
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(a.x, b.x) })
	for i := range wishes {
		m := &wishes[i].placedMarker
		if i > 0 {
			m.x = min(max(m.x, wishes[i-1].x+linesApart), m.x+mostAside, l.right)
		}
		r.lines = append(r.lines, m.x)
	}
	l.placeGaps(c, r.lines)
	for i := range l.gaps {
		g := &l.gaps[i]
		if len(g.lines) > 0 || g.label+g.short == "" {
			continue
		}
		above := area{g.mid() - 1, l.top, g.mid() + 1, g.top}
		if slices.ContainsFunc(l.gaps, func(o placedGap) bool { return o.text.meets(above) }) {
			l.leftOut = true
			continue
		}
		wishes = append(wishes, wish{placedMarker{x: g.mid(), gap: g}, g.label, g.short})
		r.lines = append(r.lines, g.mid())
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(a.x, b.x) })
	needed := 0
	for _, w := range wishes {
		m := r.place(c, w.placedMarker, l.texts(c, w.x, w.class(), w.label, w.short))
		if m.label != "" {
			needed = max(needed, m.row+1)
		} else if w.label+w.short != "" {
			l.leftOut = true
		}
		if m.label != "" || m.gap == nil {
			l.markers = append(l.markers, m)
		}
	}
	return needed
}

// texts returns what a label may say, the best first.
func (l *barsLayout) texts(c Canvas, x float64, class, label, brief string) []string {
	texts := []string{label, brief}
	switch {
	case brief == "":
		texts = texts[:1]
	case l.slim || label == "":
		texts = texts[1:]
	}
	return append(texts, fit(c, class, texts[len(texts)-1], max(x, l.width-x)-lineGap))
}

// place finds the highest row in which a label can stand beside a line, on the
// side on which fewer other lines stand.
func (r *rows) place(c Canvas, m placedMarker, texts []string) placedMarker {
	for _, text := range texts {
		if text == "" {
			continue
		}
		w := c.TextWidth(m.class(), text) + lineGap
		sides := []bool{false, true}
		if r.between(m.x-w, m.x) < r.between(m.x, m.x+w) {
			sides = []bool{true, false}
		}
		for row := range mostRows {
			if r.crosses(m.x, row) {
				continue
			}
			for _, left := range sides {
				if r.take(m.x, w, row, left) {
					m.label, m.row, m.left = text, row, left
					return m
				}
			}
		}
	}
	return m
}

func (r *rows) between(from, to float64) (n int) {
	for _, x := range r.lines {
		if x > from && x < to {
			n++
		}
	}
	return n
}

// crosses reports whether a line that begins in a row would go through a label.
func (r *rows) crosses(x float64, row int) bool {
	return slices.ContainsFunc(r.labels, lineFrom(x, row).meets)
}

// take takes the room beside a line if it is free.
func (r *rows) take(x, w float64, row int, left bool) bool {
	a := area{x + 1, float64(row), x + w, float64(row + 1)}
	if left {
		a.x0, a.x1 = x-w, x-1
	}
	if a.x0 < 0 || a.x1 > r.width {
		return false
	}
	apart := area{a.x0 - 4, a.y0, a.x1 + 4, a.y1}
	if slices.ContainsFunc(r.labels, apart.meets) || slices.ContainsFunc(r.placed, a.meets) {
		return false
	}
	r.labels = append(r.labels, a)
	r.placed = append(r.placed, lineFrom(x, row))
	return true
}

func lineFrom(x float64, row int) area { return area{x - 1, float64(row), x + 1, math.MaxInt32} }

func (m placedMarker) draw(c Canvas, l *barsLayout) {
	y := float64(m.row*rowPitch) + 2
	side, anchor := 1.0, Start
	if m.left {
		side, anchor = -1, End
	}
	switch {
	case m.label == "":
		c.Path(classMark, Point{m.x, l.top - 4}, Point{m.x, l.base})
		return
	case m.gap != nil:
		c.Path(classGap, Point{m.x, y}, Point{m.x, l.top + m.gap.top})
	default:
		c.Path(classMark, Point{m.x, y + 1}, Point{m.x, l.base})
		c.Path(classFlag, Point{m.x, y}, Point{m.x + side*flagSize, y + 5}, Point{m.x, y + 10}, Point{m.x, y})
	}
	c.Text(m.class(), anchor, m.x+side*lineGap, y+10, m.label)
}
