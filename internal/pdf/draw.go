package pdf

import (
	"slices"
	"strconv"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/shaping"
)

// pen writes lines as text operators (ISO 32000-1 §9.4). Between draw's start
// and end it keeps in mind what it has told the reader already.
type pen struct {
	c      *content
	faces  *faces
	font   string
	size   unit
	plain  Colour // of text that is not dim
	colour Colour // that the reader has now
	heavy  bool
	x, y   unit // origin of the text matrix
	moved  int  // from there, in thousandths of an em
	open   bool // within the brackets of TJ
}

func newPen(c *content, f *faces) pen { return pen{c: c, faces: f, plain: black, colour: black} }

// text draws a line; (x, y) is the left end of its base line. Clusters come in
// the order in which they are read, wherever they stand, so that whoever takes
// the text out of the file gets it in order (§14.8.2.3).
func (p *pen) text(l *line, x, y unit) {
	p.x, p.y = -mostUnits, y
	for i := range l.clusters {
		c := &l.clusters[i]
		switch {
		case c.chip != nil:
			for k := range c.chip.clusters {
				p.cluster(c.chip.text, &c.chip.clusters[k], x+c.x+chipMargin+c.chip.clusters[k].x, y)
			}
		case !c.bar:
			p.cluster(l.text, c, x+c.x, y)
		}
	}
	p.close()
}

// cluster draws a cluster whose left end is at (x, y).
func (p *pen) cluster(text []char, c *cluster, x, y unit) {
	p.look(c)
	var few [mostTogether]rune
	runes := few[:0]
	for _, ch := range text[c.from:c.to] {
		runes = append(runes, ch.r)
	}
	glyphs := c.glyphs
	if !c.face.colour {
		glyphs = visible(c.face, glyphs)
	}
	single := len(glyphs) == 1 && glyphs[0].XOffset == 0 && glyphs[0].YOffset == 0
	switch {
	case len(glyphs) == 0:
		p.glyph(c, p.empty(c), runes, x, y)
	case !single && (c.face.colour || len(glyphs) > mostTogether):
		p.each(c, glyphs, runes, x, y)
	default:
		if c.level%2 == 1 {
			runes = p.letters(c, runes, x+c.width, y)
		}
		g := glyphs[0].GlyphID
		if !single {
			g = p.faces.part(c.face).compose(components(c.face, glyphs))
		}
		most := mostText
		if c.face.colour {
			most = 1
		}
		p.glyph(c, g, runes[:min(most, len(runes))], x, y)
		for rest := range slices.Chunk(runes[min(most, len(runes)):], most) {
			p.glyph(c, p.empty(c), rest, x+c.width, y)
		}
	}
}

// mostText is how many characters one code stands for; the rest is given to
// glyphs that show nothing. Some readers take no more, and of emoji, which are
// two units of UTF-16 each, they take one.
const mostText = 8

// empty returns a glyph without width that shows nothing.
func (p *pen) empty(c *cluster) font.GID { return p.faces.part(c.face).compose(nil, 0) }

// visible leaves out glyphs that neither show nor move anything, if others
// remain: those of joiners and variation selectors.
func visible(a *face, glyphs []shaping.Glyph) []shaping.Glyph {
	if len(glyphs) < 2 {
		return glyphs
	}
	hidden := func(g shaping.Glyph) bool { return g.Advance == 0 && a.file.glyph(g.GlyphID) == nil }
	if !slices.ContainsFunc(glyphs, hidden) {
		return glyphs
	}
	return slices.DeleteFunc(slices.Clone(glyphs), hidden)
}

// components returns what a composed glyph is made of, in the font's units.
func components(a *face, glyphs []shaping.Glyph) (parts []component, advance int) {
	inFont := func(v int) int { return int(divide(int64(v)*int64(a.upem), int64(shapeSize))) }
	at := 0
	for _, g := range glyphs {
		dx, dy := inFont(at+int(g.XOffset)), inFont(int(g.YOffset))
		if a.file.glyph(g.GlyphID) != nil {
			parts = append(parts, component{g.GlyphID, int16(min(max(dx, -1<<15), 1<<15-1)), int16(min(max(dy, -1<<15), 1<<15-1))})
		}
		at += int(g.Advance)
	}
	return parts, inFont(at)
}

// letters gives all letters of a cluster but the last to empty glyphs at its
// right edge, and returns the last with its marks. A reader that turns text
// from right to left around would turn the letters of one code around as well.
func (p *pen) letters(c *cluster, runes []rune, right, y unit) []rune {
	from := 0
	for i := 1; i < len(runes); i++ {
		if unicode.Is(unicode.M, runes[i]) || unseen(runes[i]) {
			continue
		}
		p.glyph(c, p.empty(c), runes[from:i], right, y)
		from = i
	}
	return runes[from:]
}

// each draws glyph after glyph, and gives each its share of the text.
func (p *pen) each(c *cluster, glyphs []shaping.Glyph, runes []rune, x, y unit) {
	n := len(glyphs)
	at := 0
	for i, g := range glyphs {
		from, to := i*len(runes)/n, (i+1)*len(runes)/n
		p.glyph(c, g.GlyphID, runes[from:to], x+scale(at+int(g.XOffset), c.size), y-scale(int(g.YOffset), c.size))
		at += int(g.Advance)
	}
}

// look tells the reader the colour and weight of a cluster.
func (p *pen) look(c *cluster) {
	colour := p.plain
	if c.look&dim != 0 {
		colour = dark
	}
	if colour != p.colour {
		p.close()
		p.c.colour(colour, "rg")
		p.colour = colour
	}
	// A font that has no bold face is drawn with an outline.
	heavy := c.look&bold != 0 && c.face.name != boldFile && !c.face.colour
	if heavy != p.heavy {
		p.close()
		if heavy {
			p.c.colour(colour, "RG")
			p.c.num(c.size / 40)
			p.c.op("w 2 Tr")
		} else {
			p.c.op("0 Tr")
		}
		p.heavy = heavy
	}
}

// glyph draws one glyph that stands for text.
func (p *pen) glyph(c *cluster, g font.GID, text []rune, x, y unit) {
	part := p.faces.part(c.face)
	name, hex := part.resource(part.code(g, text))
	if name != p.font || c.size != p.size {
		p.close()
		if c.size != p.size {
			p.x = -mostUnits // what has been moved was measured in another size
		}
		p.font, p.size = name, c.size
		p.c.b = append(append(append(p.c.b, '/'), name...), ' ')
		p.c.num(c.size)
		p.c.op("Tf")
	}
	if y != p.y || p.x == -mostUnits {
		p.close()
		p.x, p.y, p.moved = x, y, 0
		p.c.b = append(p.c.b, "1 0 0 1 "...)
		p.c.at(x, y)
		p.c.op("Tm")
	}
	if !p.open {
		p.c.b = append(p.c.b, '[')
		p.open = true
	}
	there := int(divide(int64(x-p.x)*1000, int64(p.size)))
	last := len(p.c.b) - 1
	switch by := p.moved - there; {
	case by < -1 || by > 1:
		p.c.b = append(strconv.AppendInt(p.c.b, int64(by), 10), '<')
		p.moved = there
	case p.c.b[last] == '>':
		p.c.b = p.c.b[:last] // the string goes on
	default:
		p.c.b = append(p.c.b, '<')
	}
	p.c.b = append(append(p.c.b, hex...), '>')
	p.moved += part.width(g)
}

// close ends the brackets of TJ.
func (p *pen) close() {
	if p.open {
		p.c.op("]TJ")
		p.open = false
	}
}
