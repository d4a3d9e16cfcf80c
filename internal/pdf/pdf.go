// Package pdf writes documents that are read on paper and by machines: A4,
// tagged, with bookmarks, every font embedded, and every text such that it can be
// taken out again as it was written, in any script. It knows headings,
// paragraphs, tables and drawings, and nothing of what they say.
//
// Text is hostile: what is invisible or turns its surroundings around becomes a
// visible chip, marks stay within their cell, and time and memory are bounded by
// the length of the text. A document holds no scripts, actions, links, forms or
// attachments, and no clock: the same calls give the same bytes. It makes no
// claim of conformance to PDF/A or PDF/UA.
//
// Pages are written as they fill. What is kept until the end are tables of
// numbers, bookmarks, and the glyphs that are in use.
package pdf

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Options say what a document is.
type Options struct {
	Title    string
	Language string // BCP 47, such as "en-GB"
	Footer   string // stands left at the foot of each page; the page number stands right
	Producer string
}

// A Document takes what is to be written, from the top down. Its methods must
// not be called at the same time, and not after Close. After an error they do
// nothing; Close returns it.
type Document struct {
	options Options
	out     *objects
	set     *setter
	root    *element
	page    *page
	y       unit // where the next thing goes, from the top of the page

	pages   []int // objects of the pages
	feet    []int // of what stands at their feet
	parents []int // of the elements on each page
	tree    int   // of the page tree
	fonts   int   // of the dictionary of fonts

	bookmarks []bookmark
	pictures  map[[sha256.Size]byte]picture // by their bytes
	kept      *keeping                      // what KeepTogether gathers, or nil
	table     *Rows                         // the one that is open, or nil
	closed    bool
}

// New begins a document.
func New(w io.Writer, o Options) *Document {
	d := &Document{options: o, out: newObjects(w), set: newSetter(), pictures: map[[sha256.Size]byte]picture{}}
	d.tree, d.fonts = d.out.number(), d.out.number()
	d.root = d.open(nil, "Document", "")
	return d
}

// Pages returns how many pages there are by now.
func (d *Document) Pages() int { return len(d.pages) }

// failed reports whether there was an error.
func (d *Document) failed() bool { return d.out.err != nil || d.closed }

// Close ends the document and returns the first error of all. It does not close
// what the document is written to.
func (d *Document) Close() error {
	if d.closed {
		return errors.New("close PDF: it is closed already")
	}
	if d.table != nil {
		d.table.End()
	}
	d.needPage()
	d.endPage()
	d.closed = true
	d.writeFeet()
	d.writePageTree()
	structure := d.writeStructure()
	outlines := d.writeBookmarks()
	d.out.put(d.fonts, d.writeFonts())
	metadata := d.writeMetadata()
	info, catalog := d.out.number(), d.out.number()
	d.out.putf(info, "<</Title%s/Producer%s>>", textString(d.title()), textString(d.options.Producer))
	d.out.putf(catalog, "<</Type/Catalog/Pages %d 0 R/StructTreeRoot %d 0 R/MarkInfo<</Marked true>>/Lang%s%s/ViewerPreferences<</DisplayDocTitle true>>/Metadata %d 0 R>>",
		d.tree, structure, asciiString(d.options.Language), outlines, metadata)
	d.out.finish(catalog, info)
	if d.out.err == nil && d.set.faces.err != nil {
		return fmt.Errorf("write PDF: %w", d.set.faces.err)
	}
	return d.out.err
}

// title is the document's title as it is seen.
func (d *Document) title() string { return shownText(d.options.Title, d.set.faces) }
