package pdf

// A box is where text flows.
type box struct {
	x, width unit
	right    bool // lines end at the right
	bar      bool // a line at the left
	ground   bool // pale
}

// needLines begins a new page if not even the first lines of a text fit.
func (d *Document) needLines(src *source) {
	first := src.peek(0)
	if first == nil {
		return
	}
	need := first.height(src.size)
	if second := src.peek(1); second != nil {
		need += second.height(src.size)
	}
	if d.y+need > textBottom && d.y > textTop {
		d.newPage()
	}
}

// flow writes all lines of a text, over as many pages as they need. At least two
// lines stand together.
func (d *Document) flow(src *source, e *element, b box) {
	for src.peek(0) != nil && !d.failed() {
		d.needLines(src)
		n, height := d.fitting(src, textBottom-d.y)
		d.decorate(b, height)
		d.lines(src, n, e, b, d.y, height)
		src.take(n)
		d.y += height
		if src.peek(0) != nil {
			d.newPage()
		}
	}
}

// fitting returns how many lines fit, at least one, and how high they are. If one
// would be left alone, one fewer fits.
func (d *Document) fitting(src *source, room unit) (n int, height unit) {
	for {
		l := src.peek(n)
		if l == nil {
			return n, height
		}
		h := l.height(src.size)
		if n > 0 && height+h > room {
			break
		}
		n, height = n+1, height+h
	}
	if src.peek(n+1) == nil && n > 2 {
		n--
		height -= src.peek(n).height(src.size)
	}
	return n, height
}

// decorate draws what stands behind or beside text.
func (d *Document) decorate(b box, height unit) {
	if !b.bar && !b.ground {
		return
	}
	d.artifact(func(c *content) {
		if b.bar {
			c.fill(hair, b.x-9*point, d.y, 2*point, height)
		}
		if b.ground {
			c.fill(pale, b.x-8*point, d.y-4*point, b.width+16*point, height+8*point)
		}
	})
}

// lines draws the first n lines of a text as content of an element, or of the
// artifact that is open if there is none. What rises above the lines or beside
// them is cut off.
func (d *Document) lines(src *source, n int, e *element, b box, y, height unit) {
	c := &d.page.body
	if e != nil {
		d.behind(src, n, b, y)
		c.op("q")
		c.rect(b.x-2*point, y, b.width+4*point, height)
		c.op("W n")
		d.begin(e)
		defer c.op("Q")
		defer d.end()
	}
	c.op("BT")
	p := newPen(c, d.set.faces)
	for i := range n {
		l := src.peek(i)
		p.text(l, b.x+b.indent(l), y+l.baseline(src.size))
		y += l.height(src.size)
	}
	c.op("ET")
}

// indent returns how far a line is moved in: text from right to left ends at the
// right.
func (b box) indent(l *line) unit {
	if l.rtl || b.right {
		return b.width - l.width
	}
	return 0
}

// behind draws the grounds of chips, and the bars of covered texts.
func (d *Document) behind(src *source, n int, b box, y unit) {
	atoms := false
	for i := range n {
		atoms = atoms || src.peek(i).atoms
	}
	if !atoms {
		return
	}
	d.artifact(func(c *content) {
		c.rect(b.x-2*point, y, b.width+4*point, textHeight)
		c.op("W n 0.4 w")
		c.colour(hair, "RG")
		for i := range n {
			l := src.peek(i)
			left, base := b.x+b.indent(l), y+l.baseline(src.size)
			for _, cl := range l.clusters {
				switch {
				case cl.bar:
					c.fill(black, left+cl.x, base-cl.size*75/100, cl.width, cl.size*95/100)
				case cl.chip != nil:
					c.colour(pale, "rg")
					c.rect(left+cl.x+point/2, base-cl.size*82/100, cl.width-point, cl.size*107/100)
					c.op("B")
				}
			}
			y += l.height(src.size)
		}
	})
}
