package pdf

import (
	"daybook/internal/chart"
)

// Ink says how each class of a drawing looks. A class that it does not name is
// black text, a thin black line, or a grey area.
type Ink map[string]Paint

// A Paint is the look of one class. Measures are in the drawing's own units.
type Paint struct {
	Fill  Colour // of areas and of text
	Line  Colour
	Width float64   // of the line; 0 means 1
	Dash  []float64 // on, off, …; none is a full line
	Size  float64   // of text; 0 means 12.5
	Bold  bool
}

// PrintInk is ink for the classes that drawings in the web app have, such that
// they can be told apart without colours too. The caller may change it.
func PrintInk() Ink {
	ink, edge := RGB(0x1b2437), RGB(0x728079)
	return Ink{
		"axis":    {Line: edge},
		"grid":    {Line: RGB(0xd2ddd5)},
		"mark":    {Line: ink, Width: 1.5, Dash: []float64{3, 3}},
		"flag":    {Fill: ink},
		"c-gap":   {Line: edge, Dash: []float64{2, 2}},
		"strong":  {Fill: ink, Bold: true},
		"lo":      {Fill: ink, Size: 11.5},
		"hi":      {Fill: RGB(0xffffff), Size: 11.5},
		"c-a":     {Fill: RGB(0x35588f)},
		"c-sug":   {Line: RGB(0xb3740f)},
		"l-sug":   {Line: RGB(0xb3740f), Width: 2},
		"c-other": {Fill: RGB(0x9aa8a1)},
		"c-diary": {Fill: RGB(0xffffff), Line: RGB(0x80568f), Width: 1.6},
		"h0":      {Fill: RGB(0xedf2ee)},
		"h1":      {Fill: RGB(0xc9d7ea)},
		"h2":      {Fill: RGB(0x94b0d6)},
		"h3":      {Fill: RGB(0x4d74ad)},
		"h4":      {Fill: RGB(0x2b4c84)},
	}
}

// Figure adds a drawing. width is its share of the text's width, up to 1; alt
// says what it shows. A drawing that would be higher than a page is made
// smaller.
func (d *Document) Figure(alt string, width float64, drawing chart.Drawing, ink Ink) {
	if d.failed() || drawing == nil {
		return
	}
	c := &canvas{set: d.set, ink: ink}
	w, h := drawing.Draw(c)
	dw, dh := points(w), points(h)
	if dw <= 0 || dh <= 0 {
		return
	}
	// In thousandths, rounded down, so that the figure never leaves its place.
	scale := share(float64(textWidth)*min(max(width, 0.05), 1)) * 1000 / dw
	scale = min(scale, textHeight*1000/dh)
	placed := dh * scale / 1000
	d.add(placed+8*point, func() {
		if d.y+placed > textBottom && d.y > textTop {
			d.newPage()
		}
		body := &d.page.body
		d.figure(alt, margin, d.y, dw*scale/1000, placed, func() {
			body.opf("q %s 0 0 %s %s %s cm", appendFactor(nil, scale), appendFactor(nil, scale), appendUnit(nil, margin), appendUnit(nil, pageHeight-d.y))
			body.b = append(body.b, c.content.b...)
			body.op("Q")
		})
		d.y += placed + 8*point
	})
}

// figure draws something as the content of a Figure element.
func (d *Document) figure(alt string, x, y, w, h unit, draw func()) {
	box := appendUnit(nil, x)
	for _, u := range [...]unit{pageHeight - y - h, x + w, pageHeight - y} {
		box = appendUnit(append(box, ' '), u)
	}
	e := d.open(d.root, "Figure", "/Alt"+textString(shownText(alt, d.set.faces))+"/A<</O/Layout/Placement/Block/BBox["+string(box)+"]>>")
	d.begin(e)
	draw()
	d.end()
	d.shut(e)
}

// canvas is a chart.Canvas that writes a content stream. Its measures are the
// drawing's, a thousand units each; the origin is the top left corner.
type canvas struct {
	set     *setter
	ink     Ink
	content content
}

func (c *canvas) Rect(s chart.Style, x, y, w, h, radius float64) {
	in := s.Outline / 2
	paint := c.area(s.Class)
	if s.Hatch != "" {
		paint.Fill = 0
	}
	if s.Outline > 0 && paint.Line != 0 {
		paint.Width = s.Outline
	} else if s.Outline == 0 {
		paint.Line = 0
	}
	c.paint(paint, func() {
		c.box(points(x+in), points(y+in), max(points(w-s.Outline), 100), max(points(h-s.Outline), 100), points(radius))
	})
	if s.Hatch != "" {
		c.hatch(c.ink[s.Hatch], points(x), points(y), points(w), points(h))
	}
}

// hatch draws slanting lines over a rectangle.
func (c *canvas) hatch(p Paint, x, y, w, h unit) {
	const apart = 7 * point
	c.content.op("q")
	c.content.rect(x, y, w, h)
	c.content.op("W n")
	p.Fill = 0
	if p.Line == 0 {
		p.Line = dark
	}
	c.paint(p, func() {
		// The lines of all areas lie on the same grid.
		from := (x + y) / apart * apart
		for at := from; at < x+y+w+h && at-from < 2000*apart; at += apart {
			c.content.at(at-y, y)
			c.content.op("m")
			c.content.at(at-y-h, y+h)
			c.content.op("l")
		}
	})
	c.content.op("Q")
}

// box adds a rectangle with round corners to the path.
func (c *canvas) box(x, y, w, h, r unit) {
	r = min(r, w/2, h/2)
	if r <= 0 {
		c.content.rect(x, y, w, h)
		return
	}
	k := r * 448 / 1000 // of a circle's control points from the corner
	p := &c.content
	curve := func(x1, y1, x2, y2, x3, y3 unit) {
		p.at(x1, y1)
		p.at(x2, y2)
		p.at(x3, y3)
		p.op("c")
	}
	p.at(x+r, y)
	p.op("m")
	p.at(x+w-r, y)
	p.op("l")
	curve(x+w-k, y, x+w, y+k, x+w, y+r)
	p.at(x+w, y+h-r)
	p.op("l")
	curve(x+w, y+h-k, x+w-k, y+h, x+w-r, y+h)
	p.at(x+r, y+h)
	p.op("l")
	curve(x+k, y+h, x, y+h-k, x, y+h-r)
	p.at(x, y+r)
	p.op("l")
	curve(x, y+k, x+k, y, x+r, y)
	p.op("h")
}

func (c *canvas) Path(class string, ps ...chart.Point) {
	if len(ps) < 2 {
		return
	}
	paint := c.area(class)
	closed := ps[0] == ps[len(ps)-1]
	if !closed {
		paint.Fill = 0
		if paint.Line == 0 {
			paint.Line = dark
		}
	}
	c.paint(paint, func() {
		for i, p := range ps {
			c.content.at(points(p.X), points(p.Y))
			if i == 0 {
				c.content.op("m")
			} else {
				c.content.op("l")
			}
		}
		if closed {
			c.content.op("h")
		}
	})
}

// area returns the paint of a class.
func (c *canvas) area(class string) Paint {
	p, ok := c.ink[class]
	if !ok {
		p = Paint{Fill: hair}
	}
	return p
}

// paint draws a path.
func (c *canvas) paint(p Paint, path func()) {
	if p.Fill == 0 && p.Line == 0 {
		return
	}
	c.content.op("q")
	op := "f"
	if p.Fill != 0 {
		c.content.colour(p.Fill, "rg")
	}
	if p.Line != 0 {
		op = "S"
		if p.Fill != 0 {
			op = "B"
		}
		c.content.colour(p.Line, "RG")
		width := points(p.Width)
		if width <= 0 {
			width = point
		}
		c.content.num(width)
		c.content.op("w")
		if len(p.Dash) > 0 {
			c.content.b = append(c.content.b, '[')
			for _, v := range p.Dash {
				c.content.num(max(points(v), 100))
			}
			c.content.op("]0 d")
		}
	}
	path()
	c.content.op(op + " Q")
}

func (c *canvas) Text(class string, anchor chart.Anchor, x, y float64, text string) {
	l, p := c.line(class, text)
	if l == nil {
		return
	}
	left := points(x)
	switch anchor {
	case chart.Middle:
		left -= l.width / 2
	case chart.End:
		left -= l.width
	}
	colour := p.Fill
	if colour == 0 {
		colour = black
	}
	c.content.op("q")
	c.content.colour(colour, "rg")
	c.content.op("BT")
	pen := newPen(&c.content, c.set.faces)
	pen.plain, pen.colour = colour, colour
	pen.text(l, left, points(y))
	c.content.op("ET Q")
}

func (c *canvas) TextWidth(class, text string) float64 {
	l, _ := c.line(class, text)
	if l == nil {
		return 0
	}
	return float64(l.width) / float64(point)
}

// line lays out a text of a class.
func (c *canvas) line(class, text string) (*line, Paint) {
	p := c.ink[class]
	size := points(p.Size)
	if size <= 0 {
		size = 12500
	}
	return c.set.source([]Span{{Text: text, Bold: p.Bold}}, size, mostUnits/2).peek(0), p
}
