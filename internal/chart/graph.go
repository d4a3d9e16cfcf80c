package chart

import "strconv"

// A Graph shows things in two columns: groups in frames on the left, single ones
// on the right, and broken lines between those that may belong together. What
// has no room is counted in a line below.
type Graph struct {
	Width   int
	Groups  []GraphGroup
	Singles []GraphNode
	Lines   []GraphLine
}

// A GraphNode is one thing, with a square in its style.
type GraphNode struct {
	Style Style
	Label string
	Note  string // beside the label, as far as there is room
}

// A GraphGroup is things that belong together.
type GraphGroup struct {
	Label string
	Nodes []GraphNode
}

// A GraphLine joins two places. They are counted through: groups first, then
// single ones. A line to a place that is not there is not drawn.
type GraphLine struct{ From, To int }

const (
	nodePitch   = 21 // from node to node
	groupHead   = 22
	groupPad    = 8
	boxApart    = 12
	mostNodes   = 10 // of a group
	mostPlaces  = 14 // in a column
	graphMargin = 30 // for lines between places of one column
)

// A graphPlace is where a group or a single node stands.
type graphPlace struct{ x0, y0, x1, y1 float64 }

func (p graphPlace) mid() float64 { return (p.y0 + p.y1) / 2 }

// Draw draws the graph.
func (g Graph) Draw(c Canvas) (width, height float64) {
	width = float64(max(g.Width, leastWidth))
	between := float64(width * 0.14) // rounded here on every machine
	column := (width - between - 2*graphMargin) / 2
	places := make([]graphPlace, len(g.Groups)+len(g.Singles)) // zero: not drawn
	leftOut := 0
	y := 2.0
	for i, group := range g.Groups {
		if i == mostPlaces {
			leftOut += len(g.Groups) - i
			break
		}
		p := graphPlace{graphMargin, y, graphMargin + column, 0}
		p.y1 = group.draw(c, p)
		places[i] = p
		y = p.y1 + boxApart
	}
	height = y
	y = 2
	for i, n := range g.Singles {
		if i == mostPlaces {
			leftOut += len(g.Singles) - i
			break
		}
		p := graphPlace{graphMargin + column + between, y, width - graphMargin, y + nodePitch + 4}
		frame(c, p)
		n.draw(c, p.x0+groupPad, p.y0+17, p.x1-p.x0-2*groupPad)
		places[len(g.Groups)+i] = p
		y = p.y1 + boxApart
	}
	height = max(height, y)
	g.lines(c, places)
	if leftOut > 0 {
		c.Text("", Start, graphMargin, height+8, strconv.Itoa(leftOut)+" more in the table.")
		height += 20
	}
	return width, height
}

// draw draws a group and returns where it ends.
func (g GraphGroup) draw(c Canvas, p graphPlace) float64 {
	width := p.x1 - p.x0 - 2*groupPad
	write(c, classStrong, p.x0+groupPad, p.y0+17, fit(c, classStrong, g.Label, width))
	y := p.y0 + groupHead
	for i, n := range g.Nodes {
		if i == mostNodes {
			c.Text("", Start, p.x0+groupPad, y+14, "and "+strconv.Itoa(len(g.Nodes)-i)+" more")
			y += nodePitch
			break
		}
		n.draw(c, p.x0+groupPad, y+14, width)
		y += nodePitch
	}
	p.y1 = y + groupPad
	frame(c, p)
	return p.y1
}

// draw draws a node on a base line.
func (n GraphNode) draw(c Canvas, x, base, width float64) {
	c.Rect(n.Style, x, base-10, 11, 11, 0)
	note := fit(c, "", n.Note, width*0.45)
	room := width - 18
	if note != "" {
		room -= c.TextWidth("", note) + 10
		c.Text("", End, x+width, base, note)
	}
	write(c, "", x+18, base, fit(c, "", n.Label, room))
}

// write writes a text from x on, if there is one.
func write(c Canvas, class string, x, base float64, text string) {
	if text != "" {
		c.Text(class, Start, x, base, text)
	}
}

// frame draws the outline of a place: two lines, because a path that closes is
// filled.
func frame(c Canvas, p graphPlace) {
	c.Path(classAxis, Point{p.x0, p.y0}, Point{p.x1, p.y0}, Point{p.x1, p.y1})
	c.Path(classAxis, Point{p.x0, p.y0}, Point{p.x0, p.y1}, Point{p.x1, p.y1})
}

// lines draws the lines: straight ones between the columns, and round the
// outside within one.
func (g Graph) lines(c Canvas, places []graphPlace) {
	aside := 0.0
	for _, l := range g.Lines {
		if l.From < 0 || l.To < 0 || l.From >= len(places) || l.To >= len(places) || l.From == l.To {
			continue
		}
		a, b := places[l.From], places[l.To]
		if a.y1 == 0 || b.y1 == 0 {
			continue
		}
		if a.x0 > b.x0 {
			a, b = b, a
		}
		if a.x0 < b.x0 {
			c.Path(classGap, Point{a.x1, a.mid()}, Point{b.x0, b.mid()})
			continue
		}
		aside = min(aside+5, graphMargin-2)
		edge, out := a.x0, a.x0-aside
		if l.From >= len(g.Groups) {
			edge, out = a.x1, a.x1+aside
		}
		c.Path(classGap, Point{edge, a.mid()}, Point{out, a.mid()}, Point{out, b.mid()}, Point{edge, b.mid()})
	}
}
