package pdf

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// A bookmark leads to a heading (ISO 32000-1 §12.3.3).
type bookmark struct {
	title string
	level int
	page  int
	y     unit
}

// A node is a bookmark in the tree of them.
type node struct {
	id, parent        int
	first, last, next int
	previous          int
	below             int // nodes below it, all of them
}

// writeBookmarks writes the outline and returns the catalog's entries for it.
func (d *Document) writeBookmarks() string {
	if len(d.bookmarks) == 0 {
		return ""
	}
	nodes := make([]node, len(d.bookmarks)+1) // the first is the root
	for i := range nodes {
		nodes[i].id = d.out.number()
	}
	path := []int{0}   // nodes from the root to the last one
	levels := []int{0} // of their headings
	for i, b := range d.bookmarks {
		n := i + 1
		for levels[len(levels)-1] >= b.level {
			path, levels = path[:len(path)-1], levels[:len(levels)-1]
		}
		parent := &nodes[path[len(path)-1]]
		nodes[n].parent = parent.id
		if parent.first == 0 {
			parent.first = nodes[n].id
		}
		if parent.last != 0 {
			before := &nodes[parent.last-nodes[0].id]
			before.next, nodes[n].previous = nodes[n].id, before.id
		}
		parent.last = nodes[n].id
		for _, above := range path {
			nodes[above].below++
		}
		path, levels = append(path, n), append(levels, b.level)
	}
	for i, n := range nodes {
		b := "<<"
		if i == 0 {
			b += "/Type/Outlines"
		} else {
			m := d.bookmarks[i-1]
			b += fmt.Sprintf("/Title%s/Parent %d 0 R/Dest[%d 0 R/XYZ null %s null]", textString(m.title), n.parent, m.page, appendUnit(nil, pageHeight-m.y))
		}
		for _, e := range []struct {
			name string
			id   int
		}{{"Prev", n.previous}, {"Next", n.next}, {"First", n.first}, {"Last", n.last}} {
			if e.id != 0 {
				b += fmt.Sprintf("/%s %d 0 R", e.name, e.id)
			}
		}
		if n.below > 0 {
			b += fmt.Sprintf("/Count %d", n.below)
		}
		d.out.put(n.id, []byte(b+">>"))
	}
	return fmt.Sprintf("/Outlines %d 0 R/PageMode/UseOutlines", nodes[0].id)
}

// writeMetadata writes what the document is as XMP (§14.3.2), without a word on
// conformance and without dates.
func (d *Document) writeMetadata() int {
	escape := func(s string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
		return b.String()
	}
	id := d.out.number()
	d.out.streamAsIs(id, "/Type/Metadata/Subtype/XML", []byte(`<?xpacket begin="`+"\uFEFF"+`" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">`+escape(d.title())+`</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>`+escape(d.options.Language)+`</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>`+escape(d.options.Producer)+`</pdf:Producer>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`))
	return id
}
