package pdf

// A Table says how a table looks.
type Table struct {
	Columns []Column
	Summary string // what it shows, for those who do not see it
}

// A Column is one column of a table.
type Column struct {
	Title string
	Width float64 // its share of the text's width; all are scaled so that they fill it
	Right bool    // numbers stand at the right
}

// Rows takes the rows of a table. Nothing else can be added to the document
// until End.
type Rows struct {
	d       *Document
	columns []column
	table   *element
	body    *element
	ended   bool
}

type column struct {
	Column
	x, width unit // of its text
}

const (
	cellSize    = 8500 // of its letters
	cellMargin  = 3 * point
	cellPadding = 2 * point // above and below
)

// Table begins a table. Its header is repeated on each page.
func (d *Document) Table(t Table) *Rows {
	r := &Rows{d: d}
	if d.failed() || len(t.Columns) == 0 {
		r.ended = true
		return r
	}
	if d.table != nil {
		d.table.End()
	}
	d.table = r
	var all float64
	for _, c := range t.Columns {
		all += max(c.Width, 0.01)
	}
	x := margin
	for i, c := range t.Columns {
		w := share(float64(textWidth) * (max(c.Width, 0.01) / all))
		if i == len(t.Columns)-1 {
			w = margin + textWidth - x
		}
		r.columns = append(r.columns, column{Column: c, x: x + cellMargin, width: max(w-2*cellMargin, point)})
		x += w
	}
	attr := ""
	if t.Summary != "" {
		attr = "/A<</O/Table/Summary" + textString(shownText(t.Summary, d.set.faces)) + ">>"
	}
	d.add(40*point, func() {
		r.table = d.open(d.root, "Table", attr)
		if d.y+50*point > textBottom {
			d.newPage()
		}
		head := d.open(r.table, "THead", "")
		r.header(head)
		d.shut(head)
		r.body = d.open(r.table, "TBody", "")
	})
	return r
}

// header draws the titles of the columns; as an artifact if there is no element
// for them.
func (r *Rows) header(head *element) {
	d := r.d
	var sources []*source
	var height unit
	for _, c := range r.columns {
		src := d.set.source([]Span{{Text: c.Title, Bold: true}}, cellSize, c.width)
		sources = append(sources, src)
		height = max(height, src.height(60*point))
	}
	y := d.y + cellPadding
	if head == nil {
		d.artifact(func(*content) {
			for i, c := range r.columns {
				r.cell(sources[i], c, nil, y, y+height)
			}
		})
	} else {
		row := d.open(head, "TR", "")
		for i, c := range r.columns {
			cell := d.open(row, "TH", "/A<</O/Table/Scope/Column>>")
			r.cell(sources[i], c, cell, y, y+height)
			d.shut(cell)
		}
		d.shut(row)
	}
	d.y = y + height + cellPadding
	d.artifact(func(c *content) { c.rule(black, 800, margin, d.y, margin+textWidth, d.y) })
	d.y += point / 2
}

// cell draws those lines of a text that stand between y and bottom, and takes
// them from the source.
func (r *Rows) cell(src *source, c column, e *element, y, bottom unit) {
	d := r.d
	n, height := 0, unit(0)
	for l := src.peek(0); l != nil && (height == 0 || y+height+l.height(src.size) <= bottom); l = src.peek(n) {
		n, height = n+1, height+l.height(src.size)
	}
	if n == 0 {
		return
	}
	d.lines(src, n, e, box{x: c.x, width: c.width, right: c.Right}, y, bottom-y)
	src.take(n)
}

// Row adds a row. A cell that is not given is empty. The first cell names the
// row. A row that does not fit begins on the next page, and a row that is more
// than half a page high goes on there.
func (r *Rows) Row(cells ...[]Span) {
	d := r.d
	if r.ended || d.failed() {
		return
	}
	sources := make([]*source, len(r.columns))
	var height unit
	for i, c := range r.columns {
		var spans []Span
		if i < len(cells) {
			spans = cells[i]
		}
		sources[i] = d.set.source(spans, cellSize, c.width)
		height = max(height, sources[i].height(textHeight/2))
	}
	d.add(height+2*cellPadding, func() { r.row(sources, height) })
}

func (r *Rows) row(sources []*source, height unit) {
	d := r.d
	room := textBottom - d.y - 2*cellPadding
	if height > room && (height <= textHeight/2 || room < 50*point) {
		r.nextPage()
	}
	row := d.open(r.body, "TR", "")
	elements := make([]*element, len(sources))
	for i := range sources {
		if i == 0 {
			elements[i] = d.open(row, "TH", "/A<</O/Table/Scope/Row>>")
		} else {
			elements[i] = d.open(row, "TD", "")
		}
	}
	for {
		y := d.y + cellPadding
		low, more := y, false
		for i, src := range sources {
			bottom := y + src.upTo(textBottom-cellPadding-y)
			r.cell(src, r.columns[i], elements[i], y, bottom)
			low = max(low, bottom)
			more = more || src.peek(0) != nil
		}
		d.y = low + cellPadding
		d.artifact(func(c *content) { c.rule(hair, 400, margin, d.y, margin+textWidth, d.y) })
		d.y += point / 2
		if !more || d.failed() {
			break
		}
		r.nextPage()
	}
	for _, e := range elements {
		d.shut(e)
	}
	d.shut(row)
}

// upTo returns how high those lines are together that fit into room, at least
// the first.
func (s *source) upTo(room unit) (height unit) {
	for n := 0; ; n++ {
		l := s.peek(n)
		if l == nil || n > 0 && height+l.height(s.size) > room {
			return height
		}
		height += l.height(s.size)
	}
}

// nextPage goes on at the top of a page, with the header.
func (r *Rows) nextPage() {
	r.d.newPage()
	r.header(nil)
}

// End ends the table.
func (r *Rows) End() {
	if r.ended {
		return
	}
	r.ended = true
	d := r.d
	d.add(8*point, func() {
		if d.table == r {
			d.table = nil
		}
		d.shut(r.body)
		d.shut(r.table)
		d.y += 8 * point
	})
}
