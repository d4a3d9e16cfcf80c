package pdf

import (
	"encoding/binary"

	"github.com/go-text/typesetting/font"
)

// A part is one font of the document: those glyphs of a face that are in use.
// Every character code of it stands for one glyph and one source text, so that
// whoever copies text gets what was written, whichever glyphs show it.
type part struct {
	face   *face
	number int // of the font in the document
	codes  []code
	single map[glyphRune]int // codes for a single character
	longer map[glyphText]int
	whole  map[string]font.GID // composed glyphs by what they are made of
	made   []composite
}

// A code is what a character code stands for.
type code struct {
	glyph font.GID // from firstMade on: one of made
	text  string
}

type glyphRune struct {
	glyph font.GID
	r     rune
}

type glyphText struct {
	glyph font.GID
	text  string
}

// A composite is a glyph that we compose: a letter with its marks is one glyph,
// and so has one code and one text.
type composite struct {
	parts   []component
	advance int // in the font's units
}

type component struct {
	glyph  font.GID
	dx, dy int16
}

// firstMade is the number of the first composed glyph while the document is
// being made. Fonts have fewer.
const firstMade font.GID = 1 << 20

// mostCodes is how many codes a part has. A face that needs more gets another
// part: glyphs of a face and composed ones must together be fewer than 65,536.
const mostCodes = 12_000

// part returns the part of a face that takes new codes.
func (f *faces) part(a *face) *part {
	if n := len(a.parts); n > 0 && len(a.parts[n-1].codes) < mostCodes {
		return a.parts[n-1]
	}
	p := &part{face: a, number: len(f.parts) + 1, single: map[glyphRune]int{}, longer: map[glyphText]int{}, whole: map[string]font.GID{}}
	p.codes = append(p.codes, code{}) // .notdef
	a.parts = append(a.parts, p)
	f.parts = append(f.parts, p)
	return p
}

// code returns the code of a glyph that stands for text.
func (p *part) code(g font.GID, text []rune) int {
	if len(text) == 1 {
		key := glyphRune{g, text[0]}
		c, ok := p.single[key]
		if !ok {
			c = p.add(g, string(text))
			p.single[key] = c
		}
		return c
	}
	key := glyphText{g, string(text)}
	c, ok := p.longer[key]
	if !ok {
		c = p.add(g, key.text)
		p.longer[key] = c
	}
	return c
}

func (p *part) add(g font.GID, text string) int {
	p.codes = append(p.codes, code{g, text})
	return len(p.codes) - 1
}

// compose returns the glyph that is made of others.
func (p *part) compose(parts []component, advance int) font.GID {
	key := make([]byte, 0, 8*len(parts)+4)
	key = binary.BigEndian.AppendUint32(key, uint32(advance))
	for _, c := range parts {
		key = binary.BigEndian.AppendUint32(key, uint32(c.glyph))
		key = binary.BigEndian.AppendUint16(key, uint16(c.dx))
		key = binary.BigEndian.AppendUint16(key, uint16(c.dy))
	}
	g, ok := p.whole[string(key)]
	if !ok {
		g = firstMade + font.GID(len(p.made))
		p.made = append(p.made, composite{parts, advance})
		p.whole[string(key)] = g
	}
	return g
}

// advance returns how far a glyph moves the pen, in the font's units.
func (p *part) advance(g font.GID) int {
	if g >= firstMade {
		return max(p.made[g-firstMade].advance, 0)
	}
	return int(p.face.font.HorizontalAdvance(g))
}

// width is advance in thousandths of an em.
func (p *part) width(g font.GID) int { return inThousandths(p.advance(g), p.face.upem) }
