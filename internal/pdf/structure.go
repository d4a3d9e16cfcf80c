package pdf

import "strconv"

// An element is a node of the structure tree (ISO 32000-1 §14.7.2) that is still
// open. It is written when it is closed; what is kept of its children are
// numbers.
type element struct {
	id     int
	parent int
	tag    string
	attr   string // further entries of its dictionary
	kids   []kid
}

// A kid is an element, or a piece of marked content on a page.
type kid struct {
	page int // object of the page; 0 for an element
	n    int // number of the element's object, or of the piece
}

// open begins an element.
func (d *Document) open(parent *element, tag, attr string) *element {
	e := &element{id: d.out.number(), tag: tag, attr: attr}
	if parent != nil {
		e.parent = parent.id
		parent.kids = append(parent.kids, kid{n: e.id})
	}
	return e
}

// shut writes an element. Nothing can be added to it afterwards.
func (d *Document) shut(e *element) {
	b := append([]byte("<</S/"), e.tag...)
	b = append(b, "/P "...)
	b = strconv.AppendInt(b, int64(e.parent), 10)
	b = append(b, " 0 R"...)
	b = append(b, e.attr...)
	// The page is named once if all content lies on it.
	page := 0
	for _, k := range e.kids {
		if k.page != 0 {
			page = k.page
			break
		}
	}
	if page != 0 {
		b = append(b, "/Pg "...)
		b = strconv.AppendInt(b, int64(page), 10)
		b = append(b, " 0 R"...)
	}
	b = append(b, "/K["...)
	for _, k := range e.kids {
		switch k.page {
		case 0:
			b = strconv.AppendInt(b, int64(k.n), 10)
			b = append(b, " 0 R "...)
		case page:
			b = strconv.AppendInt(b, int64(k.n), 10)
			b = append(b, ' ')
		default:
			b = append(b, "<</Type/MCR/Pg "...)
			b = strconv.AppendInt(b, int64(k.page), 10)
			b = append(b, " 0 R/MCID "...)
			b = strconv.AppendInt(b, int64(k.n), 10)
			b = append(b, ">>"...)
		}
	}
	d.out.put(e.id, append(b, "]>>"...))
}

// begin opens marked content that belongs to an element, on the current page.
func (d *Document) begin(e *element) {
	p := d.page
	p.body.opf("/%s<</MCID %d>>BDC", e.tag, len(p.marks))
	e.kids = append(e.kids, kid{page: p.id, n: len(p.marks)})
	p.marks = append(p.marks, e.id)
}

// end closes what begin opened.
func (d *Document) end() { d.page.body.op("EMC") }

// artifact draws what carries no meaning: rules, grounds, repeated headers. What
// it does to colours ends with it.
func (d *Document) artifact(draw func(c *content)) {
	c := &d.page.body
	c.op("/Artifact BMC q")
	draw(c)
	c.op("Q EMC")
}

// writeStructure writes the root of the tree and the way back from each page to
// its elements (§14.7.4.4). It returns the root's number.
func (d *Document) writeStructure() int {
	root := d.out.number()
	d.root.parent = root
	d.shut(d.root)
	nums := []byte("<</Nums[")
	for i, array := range d.parents {
		nums = strconv.AppendInt(nums, int64(i), 10)
		nums = append(nums, ' ')
		nums = strconv.AppendInt(nums, int64(array), 10)
		nums = append(nums, " 0 R "...)
	}
	tree := d.out.number()
	d.out.put(tree, append(nums, "]>>"...))
	d.out.putf(root, "<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>", d.root.id, tree, len(d.parents))
	return root
}
