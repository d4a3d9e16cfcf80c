package pdf

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/go-text/typesetting/font"
)

// subset returns a TrueType font that holds the glyphs of a part, and the
// number that each has there. Hints are left out: they matter for small letters
// on coarse screens only.
func (p *part) subset() (file []byte, numbers map[font.GID]uint16) {
	f := p.face.file
	glyphs := p.needed()
	numbers = make(map[font.GID]uint16, len(glyphs)+len(p.made))
	for i, g := range glyphs {
		numbers[g] = uint16(i)
	}
	for i := range p.made {
		numbers[firstMade+font.GID(i)] = uint16(len(glyphs) + i)
	}

	var glyf, loca, hmtx []byte
	add := func(description []byte, advance int) {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, description...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		var left uint16 // side bearing
		if len(description) >= 10 {
			left = binary.BigEndian.Uint16(description[2:])
		}
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(min(max(advance, 0), 0xffff)))
		hmtx = binary.BigEndian.AppendUint16(hmtx, left)
	}
	for _, g := range glyphs {
		description := slices.Clone(f.glyph(g))
		eachComponent(description, func(at int) {
			old := font.GID(binary.BigEndian.Uint16(description[at:]))
			binary.BigEndian.PutUint16(description[at:], numbers[old])
		})
		add(description, int(p.face.font.HorizontalAdvance(g)))
	}
	for _, c := range p.made {
		add(c.describe(f, numbers), c.advance)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))

	count := uint16(len(glyphs) + len(p.made))
	head, hhea, maxp := slices.Clone(f.head), slices.Clone(f.hhea), slices.Clone(f.maxp)
	binary.BigEndian.PutUint32(head[8:], 0)  // checkSumAdjustment, of the file that was
	binary.BigEndian.PutUint16(head[50:], 1) // loca with four bytes
	binary.BigEndian.PutUint16(hhea[34:], count)
	binary.BigEndian.PutUint16(maxp[4:], count)
	binary.BigEndian.PutUint16(maxp[28:], max(binary.BigEndian.Uint16(maxp[28:]), mostTogether)) // maxComponentElements
	binary.BigEndian.PutUint16(maxp[30:], binary.BigEndian.Uint16(maxp[30:])+1)                  // maxComponentDepth
	return sfnt([]table{{"glyf", glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}}), numbers
}

// needed returns the glyphs of the face that are in use, those that others are
// made of with them, in order.
func (p *part) needed() []font.GID {
	set := map[font.GID]bool{0: true}
	var todo []font.GID
	need := func(g font.GID) {
		if !set[g] {
			set[g] = true
			todo = append(todo, g)
		}
	}
	for _, c := range p.codes {
		if c.glyph < firstMade {
			need(c.glyph)
		}
	}
	for _, m := range p.made {
		for _, c := range m.parts {
			need(c.glyph)
		}
	}
	todo = append(todo, 0)
	for len(todo) > 0 {
		description := p.face.file.glyph(todo[0])
		todo = todo[1:]
		eachComponent(description, func(at int) { need(font.GID(binary.BigEndian.Uint16(description[at:]))) })
	}
	return slices.Sorted(maps.Keys(set))
}

// describe writes a composed glyph.
func (c composite) describe(f trueType, numbers map[font.GID]uint16) []byte {
	var body []byte
	box := [4]int{1<<15 - 1, 1<<15 - 1, -1 << 15, -1 << 15} // xMin, yMin, xMax, yMax
	flagsAt := 0
	for _, part := range c.parts {
		d := f.glyph(part.glyph)
		if d == nil {
			continue
		}
		for i, delta := range [...]int16{part.dx, part.dy, part.dx, part.dy} {
			v := int(int16(binary.BigEndian.Uint16(d[2+2*i:]))) + int(delta)
			if i < 2 {
				box[i] = max(min(box[i], v), -1<<15)
			} else {
				box[i] = min(max(box[i], v), 1<<15-1)
			}
		}
		flagsAt = len(body)
		body = binary.BigEndian.AppendUint16(body, wordArguments|argumentsAreXY|moreComponents)
		body = binary.BigEndian.AppendUint16(body, numbers[part.glyph])
		body = binary.BigEndian.AppendUint16(body, uint16(part.dx))
		body = binary.BigEndian.AppendUint16(body, uint16(part.dy))
	}
	if len(body) == 0 {
		return nil
	}
	binary.BigEndian.PutUint16(body[flagsAt:], wordArguments|argumentsAreXY) // the last one
	description := []byte{0xff, 0xff}
	for _, v := range box {
		description = binary.BigEndian.AppendUint16(description, uint16(int16(v)))
	}
	return append(description, body...)
}

type table struct {
	tag  string
	data []byte
}

// sfnt puts tables together as a font file. They come in order of their names.
func sfnt(tables []table) []byte {
	search, selector := 1, 0
	for search*2 <= len(tables) {
		search, selector = search*2, selector+1
	}
	file := []byte{0, 1, 0, 0}
	for _, v := range [...]int{len(tables), search * 16, selector, (len(tables) - search) * 16} {
		file = binary.BigEndian.AppendUint16(file, uint16(v))
	}
	at := 12 + 16*len(tables)
	var body []byte
	for _, t := range tables {
		padded := slices.Clone(t.data)
		for len(padded)%4 != 0 {
			padded = append(padded, 0)
		}
		var sum uint32
		for i := 0; i < len(padded); i += 4 {
			sum += binary.BigEndian.Uint32(padded[i:])
		}
		file = append(file, t.tag...)
		file = binary.BigEndian.AppendUint32(file, sum)
		file = binary.BigEndian.AppendUint32(file, uint32(at+len(body)))
		file = binary.BigEndian.AppendUint32(file, uint32(len(t.data)))
		body = append(body, padded...)
	}
	return append(file, body...)
}
