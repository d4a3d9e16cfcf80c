package pdf

import (
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// setter turns characters into lines of glyphs.
type setter struct {
	faces  *faces
	shaper shaping.HarfbuzzShaper
	cutter segmenter.Segmenter
	bidi   bidi.Paragraph
	runes  []rune
	breaks []bool // whether a line may end after a character
	chips  map[chipKey]*line

	letters []byte // of a word
	shaped  map[wordKey][]cluster
}

func newSetter() *setter {
	s := &setter{faces: newFaces(), chips: map[chipKey]*line{}, shaped: map[wordKey][]cluster{}}
	s.shaper.SetFontCacheSize(64) // more than there are fonts
	return s
}

// A cluster is what is drawn as one: a letter with its marks, a syllable, an
// emoji, a chip.
type cluster struct {
	from, to int // characters of the text
	level    uint8
	look     look
	size     unit // of the font
	face     *face
	glyphs   []shaping.Glyph // from left to right
	width    unit
	x        unit  // from the left end of the line
	chip     *line // what stands in a chip
	bar      bool
	space    bool
	breaks   bool // a line may end after it
}

// A line is one line of text, its clusters in the order in which they are read.
type line struct {
	text     []char
	clusters []cluster
	width    unit // without spaces at its end
	ascent   unit
	descent  unit
	rtl      bool
	atoms    bool // there are chips or bars
}

// shapeSize is the size in which text is shaped: results are in 64ths of a
// thousandth of an em.
const shapeSize = fixed.Int26_6(1000 * 64)

// scale makes units of a measure that was shaped.
func scale(v int, size unit) unit { return unit(divide(int64(v)*int64(size), int64(shapeSize))) }

// mostTogether is how many characters are shaped as one cluster, and how many
// glyphs it may have: some hundred marks on one letter are several clusters.
const mostTogether = 32

// clusters shapes a text of one paragraph and returns its clusters in reading
// order. rtl is the direction of the paragraph.
func (s *setter) clusters(text []char, size unit, rtl bool) []cluster {
	if !rtl && plain(text) {
		return s.words(text, size)
	}
	return s.mixed(text, size, rtl)
}

// read takes the characters of a text to work on.
func (s *setter) read(text []char) {
	s.runes = s.runes[:0]
	for _, c := range text {
		s.runes = append(s.runes, c.r)
	}
}

// mixed is clusters for a text in any scripts.
func (s *setter) mixed(text []char, size unit, rtl bool) []cluster {
	s.read(text)
	levels := s.levels(rtl)
	s.findBreaks()
	var all []cluster
	run := item{}
	flush := func(end int) {
		if run.from < end {
			run.to = end
			all = s.shape(all, text, run, size)
		}
		run.from = end
	}
	script := language.Common
	var before *face
	for _, piece := range s.pieces(text) {
		first := text[piece.from]
		if first.r == atomRune {
			flush(piece.from)
			all = append(all, s.atom(first, piece.from, levels[piece.from], size))
			run.from, before = piece.to, nil
			continue
		}
		a := piece.face
		if a == nil {
			a = s.faceOf(piece, before, first.look)
		}
		before = a
		if own := language.LookupScript(first.r); own.Strong() && own != script {
			if script.Strong() {
				flush(piece.from)
			}
			script = own
		}
		if a != run.face || levels[piece.from] != run.level || first.look != run.look || piece.alone {
			flush(piece.from)
		}
		run.face, run.level, run.look, run.script = a, levels[piece.from], first.look, script
	}
	flush(len(text))
	for i := range all {
		all[i].breaks = s.breaks[all[i].to-1]
		all[i].space = all[i].to == all[i].from+1 && unicode.IsSpace(text[all[i].from].r)
	}
	return all
}

// An item is what is shaped in one go: one font, script, direction and look.
type item struct {
	from, to int
	face     *face
	level    uint8
	look     look
	script   language.Script
}

// levels returns the embedding level of each character (UAX #9).
func (s *setter) levels(rtl bool) []uint8 {
	levels := make([]uint8, len(s.runes))
	base := bidi.LeftToRight
	if rtl {
		base = bidi.RightToLeft
	} else if !anyRTL(s.runes) {
		return levels
	}
	runs := s.bidi.Segment(s.runes, base)
	for i := range runs.NumRuns() {
		run := runs.Run(i)
		for k := run.Start; k < run.End; k++ {
			levels[k] = uint8(run.Level)
		}
	}
	return levels
}

// anyRTL reports whether a character may be written from right to left.
func anyRTL(text []rune) bool {
	for _, r := range text {
		if r >= 0x0590 && rightToLeft(r) {
			return true
		}
	}
	return false
}

func rightToLeft(r rune) bool {
	return r < 0x0900 || r >= 0xFB1D && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFF || r >= 0x10800 && r <= 0x10FFF || r >= 0x1E800 && r <= 0x1EFFF
}

// startsRTL reports whether a paragraph is written from right to left: its first
// letter says so (UAX #9, P2).
func startsRTL(r rune) (rtl, known bool) {
	if !unicode.IsLetter(r) {
		return false, false
	}
	return r >= 0x0590 && rightToLeft(r), true
}

// findBreaks finds where lines may end (UAX #14).
func (s *setter) findBreaks() {
	s.breaks = append(s.breaks[:0], make([]bool, len(s.runes))...)
	s.cutter.Init(s.runes)
	for it := s.cutter.LineIterator(); it.Next(); {
		l := it.Line()
		s.breaks[l.Offset+len(l.Text)-1] = true
	}
}

// A piece is what readers see as one character (UAX #29), or a part of one that
// no single font has.
type piece struct {
	from, to int
	text     []rune
	face     *face
	alone    bool // begins a run of its own
}

// pieces cuts the text where it may be cut. findBreaks has prepared it.
func (s *setter) pieces(text []char) []piece {
	pieces := make([]piece, 0, len(text))
	for it := s.cutter.GraphemeIterator(); it.Next(); {
		g := it.Grapheme()
		if len(g.Text) == 1 {
			pieces = append(pieces, piece{from: g.Offset, to: g.Offset + 1, text: g.Text})
			continue
		}
		from := 0
		for from < len(g.Text) {
			to := from + 1
			for g.Text[from] != atomRune && to < len(g.Text) && to < from+mostTogether && g.Text[to] != atomRune && text[g.Offset+to].look == text[g.Offset+from].look {
				to++
			}
			pieces = s.split(pieces, piece{from: g.Offset + from, to: g.Offset + to, text: g.Text[from:to], alone: from > 0})
			from = to
		}
	}
	return pieces
}

// split adds a piece, cut up if no font has all of it.
func (s *setter) split(to []piece, p piece) []piece {
	if len(p.text) == 1 || p.text[0] == atomRune || s.faces.forCluster(p.text, nil) != nil {
		return append(to, p)
	}
	for i, r := range p.text {
		a := s.faces.forRune(r)
		if a == nil || i > 0 && unseen(r) {
			a = s.faces.face(sansFile)
			if i > 0 {
				a = to[len(to)-1].face
			}
		}
		if last := len(to) - 1; i > 0 && to[last].face == a {
			to[last].to++
			to[last].text = p.text[to[last].from-p.from : i+1]
			continue
		}
		to = append(to, piece{from: p.from + i, to: p.from + i + 1, text: p.text[i : i+1], face: a, alone: p.alone && i == 0})
	}
	return to
}

// faceOf returns the font of a piece.
func (s *setter) faceOf(p piece, before *face, l look) *face {
	if l&(bold|mono) != 0 {
		file := boldFile
		if l&mono != 0 {
			file = monoFile
		}
		if a := s.faces.face(file); p.text[0] < 0x2000 && a.hasAll(p.text) {
			return a
		}
	}
	if len(p.text) == 1 && p.text[0] > ' ' && p.text[0] < 0x2000 {
		if a := s.faces.forRune(p.text[0]); a != nil {
			return a
		}
	}
	if a := s.faces.forCluster(p.text, before); a != nil {
		return a
	}
	if a := s.faces.forRune(p.text[0]); a != nil {
		return a
	}
	return s.faces.face(sansFile)
}

// shape shapes a run and adds its clusters.
func (s *setter) shape(all []cluster, text []char, run item, size unit) []cluster {
	in := shaping.Input{
		Text: s.runes, RunStart: run.from, RunEnd: run.to, Face: run.face.font, Size: shapeSize,
		Script: run.script, Language: "en", Direction: di.DirectionLTR,
	}
	rtl := run.level%2 == 1
	if rtl {
		in.Direction = di.DirectionRTL
	}
	size = run.look.size(size)
	out := s.shaper.ShapeNoExtents(in)
	begin := len(all)
	for i := 0; i < len(out.Glyphs); {
		k := i + 1
		for k < len(out.Glyphs) && out.Glyphs[k].TextIndex() == out.Glyphs[i].TextIndex() {
			k++
		}
		c := cluster{from: out.Glyphs[i].TextIndex(), level: run.level, look: run.look, size: size, face: run.face, glyphs: out.Glyphs[i:k]}
		c.to = c.from + out.Glyphs[i].RunesCount()
		width := 0
		for _, g := range c.glyphs {
			width += int(g.Advance)
		}
		c.width = max(scale(width, size), 0)
		all = append(all, c)
		i = k
	}
	added := all[begin:]
	if rtl {
		for i, k := 0, len(added)-1; i < k; i, k = i+1, k-1 {
			added[i], added[k] = added[k], added[i]
		}
	}
	if len(added) == 0 { // the font had nothing to show for it
		return append(all, cluster{from: run.from, to: run.to, level: run.level, look: run.look, size: size, face: run.face})
	}
	// No character is left out, whatever the shaper says of them.
	next := run.from
	for i := range added {
		added[i].from = next
		added[i].to = max(added[i].to, next+1)
		if i == len(added)-1 {
			added[i].to = run.to
		} else {
			added[i].to = min(max(added[i+1].from, next+1), run.to-(len(added)-1-i))
		}
		next = added[i].to
	}
	return all
}

// size returns the size of the font for a look beside plain text of a size.
func (l look) size(plain unit) unit {
	switch {
	case l&small != 0:
		return plain * 85 / 100
	case l&mono != 0:
		return plain * 90 / 100
	}
	return plain
}
