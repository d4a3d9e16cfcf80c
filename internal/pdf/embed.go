package pdf

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
)

// perPicture is how many glyphs a Type 3 font has: its codes are single bytes,
// and one of them is taken.
const perPicture = 255

// resource returns the name of the font that has a code, and the code as it
// stands in a content stream. Coloured glyphs are spread over several fonts.
func (p *part) resource(code int) (name string, hex string) {
	if p.face.colour {
		return fmt.Sprintf("F%d.%d", p.number, code/perPicture), fmt.Sprintf("%02X", code%perPicture)
	}
	return "F" + strconv.Itoa(p.number), fmt.Sprintf("%04X", code)
}

// writeFonts writes every font and returns the dictionary of their names.
func (d *Document) writeFonts() []byte {
	b := []byte("<<")
	for _, p := range d.set.faces.parts {
		if !p.face.colour {
			b = fmt.Appendf(b, "/F%d %d 0 R", p.number, d.writeLetters(p))
			continue
		}
		for i := 0; i*perPicture < len(p.codes); i++ {
			codes := p.codes[i*perPicture : min(len(p.codes), (i+1)*perPicture)]
			b = fmt.Appendf(b, "/F%d.%d %d 0 R", p.number, i, d.writePictures(p, codes))
		}
	}
	return append(b, ">>"...)
}

// writeLetters writes a composite font (ISO 32000-1 §9.7) with its file.
func (d *Document) writeLetters(p *part) int {
	file, numbers := p.subset()
	program := d.out.number()
	d.out.stream(program, fmt.Sprintf("/Length1 %d", len(file)), file)

	var glyphs []byte
	var widths strings.Builder
	for _, c := range p.codes {
		glyphs = binary.BigEndian.AppendUint16(glyphs, numbers[c.glyph])
		fmt.Fprintf(&widths, "%d ", p.width(c.glyph))
	}
	toGlyph, toUnicode := d.out.number(), d.out.number()
	d.out.stream(toGlyph, "", glyphs)
	d.out.stream(toUnicode, "", unicodeMap(p.codes, 2))

	name := subsetName(p.number, p.face.name)
	descriptor, descendant, id := d.out.number(), d.out.number(), d.out.number()
	d.out.putf(descriptor, "<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[-1000 -500 3000 1500]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight 714/StemV 80/FontFile2 %d 0 R>>",
		name, p.face.ascent, -p.face.descent, program)
	d.out.putf(descendant, "<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %d 0 R/DW 0/W[0[%s]]/CIDToGIDMap %d 0 R>>",
		name, descriptor, widths.String(), toGlyph)
	d.out.putf(id, "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", name, descendant, toUnicode)
	return id
}

// subsetName puts six letters in front of a font's name, as PDF wants it for
// fonts of which a part is embedded (§9.6.4).
func subsetName(number int, name string) string {
	tag := []byte("DAYAAA")
	for i := len(tag) - 1; number > 0 && i > 2; i-- {
		tag[i] += byte(number % 26)
		number /= 26
	}
	return string(tag) + "+" + name
}

// writePictures writes a Type 3 font (§9.6.5): each glyph is drawn as coloured
// areas, sharp at any size.
func (d *Document) writePictures(p *part, codes []code) int {
	var procedures, names, widths strings.Builder
	for i, c := range codes {
		id := d.out.number()
		d.out.stream(id, "", p.picture(c))
		fmt.Fprintf(&procedures, "/g%d %d 0 R", i, id)
		fmt.Fprintf(&names, "/g%d", i)
		fmt.Fprintf(&widths, "%d ", p.advance(c.glyph))
	}
	// Readers that join text guess the size of such a font from its m. Without
	// one they take pictures for large letters, and leave out spaces.
	m := d.out.number()
	d.out.stream(m, "", fmt.Appendf(nil, "%d 0 d0\n", p.face.upem*6/10))
	fmt.Fprintf(&procedures, "/m %d 0 R", m)
	names.WriteString("/m")
	fmt.Fprintf(&widths, "%d", p.face.upem*6/10)

	toUnicode, id := d.out.number(), d.out.number()
	d.out.stream(toUnicode, "", unicodeMap(codes, 1))
	scale := strconv.FormatFloat(1/float64(p.face.upem), 'f', 8, 64)
	d.out.putf(id, "<</Type/Font/Subtype/Type3/FontBBox[0 0 0 0]/FontMatrix[%s 0 0 %s 0 0]/CharProcs<<%s>>/Encoding<</Type/Encoding/Differences[0%s]>>/FirstChar 0/LastChar %d/Widths[%s]/Resources<<>>/ToUnicode %d 0 R>>",
		scale, scale, procedures.String(), names.String(), len(codes), widths.String(), toUnicode)
	return id
}

// picture draws a glyph in the font's units.
func (p *part) picture(c code) []byte {
	b := fmt.Appendf(nil, "%d 0 d0\n", p.advance(c.glyph))
	if c.text == "" || c.glyph >= firstMade { // of pictures, only empty glyphs are made
		return b
	}
	coloured, ok := p.face.font.GlyphDataColor(c.glyph)
	layers, flat := coloured.Paint.(tables.PaintColrLayersResolved)
	if !ok || !flat {
		return append(p.face.outline(b, c.glyph), "f\n"...)
	}
	for _, layer := range layers {
		var ink tables.ColorRecord
		if palettes := p.face.font.CPAL; len(palettes) > 0 && int(layer.PaletteIndex) < len(palettes[0]) {
			ink = palettes[0][layer.PaletteIndex]
		}
		page := content{b: b}
		page.colour(RGB(uint32(ink.Red)<<16|uint32(ink.Green)<<8|uint32(ink.Blue)), "rg")
		b = append(p.face.outline(page.b, font.GID(layer.GlyphID)), "f\n"...)
	}
	return b
}

// outline adds the outline of a glyph to the path.
func (a *face) outline(b []byte, g font.GID) []byte {
	outline, ok := a.font.GlyphDataOutline(g)
	if !ok {
		return b
	}
	var pen opentype.SegmentPoint
	points := func(op string, ps ...opentype.SegmentPoint) {
		for _, q := range ps {
			b = fmt.Appendf(b, "%.0f %.0f ", q.X, q.Y)
		}
		b = append(append(b, op...), '\n')
		pen = ps[len(ps)-1]
	}
	for i, s := range outline.Segments {
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				b = append(b, "h\n"...)
			}
			points("m", s.Args[0])
		case opentype.SegmentOpLineTo:
			points("l", s.Args[0])
		case opentype.SegmentOpQuadTo:
			points("c", toward(pen, s.Args[0]), toward(s.Args[1], s.Args[0]), s.Args[1])
		case opentype.SegmentOpCubeTo:
			points("c", s.Args[0], s.Args[1], s.Args[2])
		}
	}
	return append(b, "h\n"...)
}

// toward returns the point two thirds of the way from a to b: a quadratic curve
// has its cubic control points there.
func toward(a, b opentype.SegmentPoint) opentype.SegmentPoint {
	return opentype.SegmentPoint{X: third(a.X, b.X), Y: third(a.Y, b.Y)}
}

func third(a, b float32) float32 { return float32(divide(int64(a)+2*int64(b), 3)) }

// unicodeMap says which text each code stands for (§9.10.3). Codes have so many
// bytes.
func unicodeMap(codes []code, bytes int) []byte {
	b := fmt.Appendf(nil, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<%0*X><%X>\nendcodespacerange\n",
		2*bytes, 0, 1<<(8*bytes)-1)
	const most = 100 // to a block
	var block []byte
	n := 0
	end := func() {
		if n > 0 {
			b = fmt.Appendf(b, "%d beginbfchar\n%sendbfchar\n", n, block)
			block, n = block[:0], 0
		}
	}
	for i, c := range codes {
		if c.text == "" {
			continue
		}
		block = fmt.Appendf(block, "<%0*X><", 2*bytes, i)
		for _, u := range utf16.Encode([]rune(c.text)) {
			block = fmt.Appendf(block, "%04X", u)
		}
		block = append(block, ">\n"...)
		if n++; n == most {
			end()
		}
	}
	end()
	return append(b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}
