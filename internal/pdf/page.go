package pdf

import (
	"fmt"
	"strconv"
)

// A4, and where text stands on it.
var (
	pageWidth  = millimetres(210)
	pageHeight = millimetres(297)
	margin     = millimetres(18)
	textTop    = margin
	textBottom = pageHeight - millimetres(22) // above the foot
	textWidth  = pageWidth - 2*margin
	textHeight = textBottom - textTop
)

// A page is the one that is being filled.
type page struct {
	id     int
	body   content
	marks  []int // the element of each piece of marked content
	images []int // objects
}

// needPage begins the first page.
func (d *Document) needPage() {
	if d.page == nil {
		d.newPage()
	}
}

// newPage ends the page and begins the next.
func (d *Document) newPage() {
	d.endPage()
	d.page = &page{id: d.out.number(), body: content{bottom: pageHeight}}
	d.pages = append(d.pages, d.page.id)
	d.feet = append(d.feet, d.out.number())
	d.y = textTop
}

// endPage writes the page.
func (d *Document) endPage() {
	p := d.page
	if p == nil {
		return
	}
	body, parents := d.out.number(), d.out.number()
	d.out.stream(body, "", p.body.b)
	b := []byte("[")
	for _, e := range p.marks {
		b = append(strconv.AppendInt(b, int64(e), 10), " 0 R "...)
	}
	d.out.put(parents, append(b, ']'))

	images := ""
	for _, id := range p.images {
		images += fmt.Sprintf("/I%d %d 0 R", id, id)
	}
	if images != "" {
		images = "/XObject<<" + images + ">>"
	}
	d.out.putf(p.id, "<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Contents[%d 0 R %d 0 R]/Resources<</Font %d 0 R%s>>/StructParents %d/Tabs/S>>",
		d.tree, appendUnit(nil, pageWidth), appendUnit(nil, pageHeight), body, d.feet[len(d.feet)-1], d.fonts, images, len(d.parents))
	d.parents = append(d.parents, parents)
	d.page = nil
}

// footSize is the size of what stands at the foot.
const footSize = 8 * point

// writeFeet writes the feet of all pages. They come last because each says how
// many pages there are.
func (d *Document) writeFeet() {
	y := pageHeight - millimetres(11)
	left := d.oneLine([]Span{{Text: shownText(d.options.Footer, d.set.faces), Dim: true}}, footSize, textWidth*3/4)
	for i, id := range d.feet {
		c := content{bottom: pageHeight}
		c.op("/Artifact<</Type/Pagination/Subtype/Footer>>BDC")
		c.rule(hair, point/2, margin, y-11*point, margin+textWidth, y-11*point)
		c.op("BT")
		p := newPen(&c, d.set.faces)
		if left != nil {
			p.text(left, margin, y)
		}
		if right := d.oneLine([]Span{{Text: fmt.Sprintf("%d of %d", i+1, len(d.feet)), Dim: true}}, footSize, textWidth/4); right != nil {
			p.text(right, margin+textWidth-right.width, y)
		}
		c.op("ET EMC")
		d.out.stream(id, "", c.b)
	}
}

// oneLine lays out a text that has to fit into one line; nil if there is none.
// What is too long is cut off.
func (d *Document) oneLine(spans []Span, size, width unit) *line {
	return d.set.source(spans, size, width).peek(0)
}

func (d *Document) writePageTree() {
	b := fmt.Appendf(nil, "<</Type/Pages/Count %d/Kids[", len(d.pages))
	for _, id := range d.pages {
		b = append(strconv.AppendInt(b, int64(id), 10), " 0 R "...)
	}
	d.out.put(d.tree, append(b, "]>>"...))
}
