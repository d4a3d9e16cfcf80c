package pdf

// A Style says what a paragraph is.
type Style int

const (
	Body  Style = iota
	Small       // in small letters
	Lead        // begins a chapter
	Quote       // what others wrote, indented
	Note        // small, in a pale box
)

// styles are the measures of each style.
var styles = [...]struct {
	size          unit
	before, after unit // room
	indent        unit // at both sides
	tags          []string
}{
	Body:  {size: 10 * point, after: 6 * point, tags: []string{"P"}},
	Small: {size: 8 * point, after: 4 * point, tags: []string{"P"}},
	Lead:  {size: 12 * point, after: 9 * point, tags: []string{"P"}},
	Quote: {size: 10 * point, before: 2 * point, after: 8 * point, indent: 14 * point, tags: []string{"BlockQuote", "P"}},
	Note:  {size: 8500, before: 6 * point, after: 12 * point, indent: 8 * point, tags: []string{"Note", "P"}},
}

// headings are the measures of each level.
var headings = [...]struct{ size, before, after unit }{
	{size: 20 * point, before: 0, after: 10 * point},
	{size: 14 * point, before: 14 * point, after: 6 * point},
	{size: 11 * point, before: 10 * point, after: 4 * point},
}

// Heading begins a chapter (1), a section (2) or a part of one (3), with a
// bookmark. It never stands alone at the foot of a page.
func (d *Document) Heading(level int, text string) {
	if d.failed() || text == "" {
		return
	}
	level = min(max(level, 1), len(headings))
	h := headings[level-1]
	src := d.set.source([]Span{{Text: text, Bold: true}}, h.size, textWidth)
	height := src.height(textHeight)
	d.add(h.before+height+h.after, func() {
		const follows = 40 * point // of what comes after it
		if d.y > textTop {
			d.y += h.before
		}
		if d.y+min(height, textHeight/2)+h.after+follows > textBottom {
			d.newPage()
		}
		d.bookmarks = append(d.bookmarks, bookmark{title: cut(shownText(text, d.set.faces)), level: level, page: d.page.id, y: max(d.y-4*point, 0)})
		e := d.open(d.root, "H"+string(rune('0'+level)), "")
		d.flow(src, e, box{x: margin, width: textWidth})
		d.shut(e)
		d.y += h.after
	})
}

// cut shortens the title of a bookmark.
func cut(s string) string {
	const most = 200
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// Paragraph adds a paragraph, or several lines of one.
func (d *Document) Paragraph(s Style, spans ...Span) {
	if d.failed() || len(spans) == 0 {
		return
	}
	st := styles[min(max(s, 0), Note)]
	src := d.set.source(spans, st.size, textWidth-2*st.indent)
	if src.peek(0) == nil {
		return
	}
	d.add(st.before+src.height(textHeight)+st.after, func() {
		d.y += st.before
		parent := d.root
		var opened []*element
		for _, tag := range st.tags {
			parent = d.open(parent, tag, "")
			opened = append(opened, parent)
		}
		d.flow(src, parent, box{x: margin + st.indent, width: textWidth - 2*st.indent, bar: s == Quote, ground: s == Note})
		for i := len(opened) - 1; i >= 0; i-- {
			d.shut(opened[i])
		}
		d.y += st.after
	})
}

// List adds a list with dots.
func (d *Document) List(items ...[]Span) {
	if d.failed() || len(items) == 0 {
		return
	}
	const size, indent, after = 10 * point, 14 * point, 3 * point
	var list *element
	d.add(0, func() { list = d.open(d.root, "L", "/A<</O/List/ListNumbering/Disc>>") })
	for _, spans := range items {
		src := d.set.source(spans, size, textWidth-indent)
		d.add(src.height(textHeight)+after, func() {
			item := d.open(list, "LI", "")
			label, body := d.open(item, "Lbl", ""), d.open(item, "LBody", "")
			if dot := d.oneLine([]Span{{Text: "•"}}, size, indent); dot != nil {
				d.needLines(src)
				d.begin(label)
				d.page.body.op("BT")
				p := newPen(&d.page.body, d.set.faces)
				p.text(dot, margin+3*point, d.y+dot.baseline(size))
				d.page.body.op("ET")
				d.end()
			}
			d.flow(src, body, box{x: margin + indent, width: textWidth - indent})
			d.shut(label)
			d.shut(body)
			d.shut(item)
			d.y += after
		})
	}
	d.add(3*point, func() {
		d.shut(list)
		d.y += 3 * point
	})
}

// PageBreak goes on at the top of a page.
func (d *Document) PageBreak() {
	if d.failed() {
		return
	}
	d.add(0, func() {
		if d.y > textTop {
			d.newPage()
		}
	})
}

// Space leaves room, in points, but not at the top of a page.
func (d *Document) Space(height float64) {
	if d.failed() {
		return
	}
	h := max(points(height), 0)
	d.add(h, func() {
		if d.y > textTop {
			d.y += h
		}
	})
}

// keeping gathers what has to stay on one page.
type keeping struct {
	height unit
	blocks []func()
}

// KeepTogether starts a new page before what fn adds, if it would not fit on
// this one and is less than a page.
func (d *Document) KeepTogether(fn func()) {
	if d.kept != nil || d.failed() {
		fn()
		return
	}
	k := &keeping{}
	d.kept = k
	fn()
	if d.kept == nil {
		return // it was more than a page
	}
	d.kept = nil
	d.needPage()
	switch {
	case d.y+k.height <= textBottom || d.y == textTop:
	case d.table != nil && d.table.body != nil:
		d.table.nextPage() // it has begun, and goes on
	default:
		d.newPage()
	}
	for _, draw := range k.blocks {
		draw()
	}
}

// add draws a block, or keeps it for later if it has to stay with others.
func (d *Document) add(height unit, draw func()) {
	k := d.kept
	if k == nil {
		d.needPage()
		draw()
		return
	}
	k.height += height
	k.blocks = append(k.blocks, draw)
	if k.height <= textHeight {
		return
	}
	d.kept = nil
	d.needPage()
	for _, draw := range k.blocks {
		draw()
	}
}
