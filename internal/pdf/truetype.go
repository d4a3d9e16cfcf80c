package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// trueType holds the tables of a font file that are needed in order to take
// glyphs out of it. The files are our own, and are checked when they are read.
type trueType struct {
	head, hhea, maxp []byte
	loca, glyf       []byte
	long             bool // loca has four bytes for each glyph
	glyphs           int
}

func readTrueType(l *opentype.Loader) (f trueType, err error) {
	for _, t := range []struct {
		name  string
		least int
		to    *[]byte
	}{{"head", 54, &f.head}, {"hhea", 36, &f.hhea}, {"maxp", 32, &f.maxp}, {"loca", 4, &f.loca}, {"glyf", 1, &f.glyf}} {
		*t.to, err = l.RawTable(opentype.MustNewTag(t.name))
		if err != nil {
			return trueType{}, fmt.Errorf("table %s: %w", t.name, err)
		}
		if len(*t.to) < t.least {
			return trueType{}, fmt.Errorf("table %s is too short", t.name)
		}
	}
	f.long = f.head[51] == 1
	f.glyphs = int(binary.BigEndian.Uint16(f.maxp[4:]))
	size := 2
	if f.long {
		size = 4
	}
	if len(f.loca) < (f.glyphs+1)*size {
		return trueType{}, errors.New("table loca is too short")
	}
	return f, nil
}

// glyph returns the description of a glyph, nil if it has no outline.
func (f trueType) glyph(g font.GID) []byte {
	if int(g) >= f.glyphs {
		return nil
	}
	var from, to int
	if f.long {
		from, to = int(binary.BigEndian.Uint32(f.loca[4*g:])), int(binary.BigEndian.Uint32(f.loca[4*g+4:]))
	} else {
		from, to = 2*int(binary.BigEndian.Uint16(f.loca[2*g:])), 2*int(binary.BigEndian.Uint16(f.loca[2*g+2:]))
	}
	if from < 0 || to > len(f.glyf) || to-from < 10 {
		return nil
	}
	return f.glyf[from:to]
}

// Flags of a component (OpenType, glyf table).
const (
	wordArguments  = 0x0001
	argumentsAreXY = 0x0002
	haveScale      = 0x0008
	moreComponents = 0x0020
	haveXYScale    = 0x0040
	have2x2        = 0x0080
)

// eachComponent calls fn with where in a glyph's description the numbers of the
// glyphs stand that it is composed of.
func eachComponent(glyph []byte, fn func(at int)) {
	if len(glyph) < 10 || int16(binary.BigEndian.Uint16(glyph)) >= 0 {
		return
	}
	for at := 10; at+4 <= len(glyph); {
		flags := binary.BigEndian.Uint16(glyph[at:])
		fn(at + 2)
		at += 6
		if flags&wordArguments != 0 {
			at += 2
		}
		switch {
		case flags&haveScale != 0:
			at += 2
		case flags&haveXYScale != 0:
			at += 4
		case flags&have2x2 != 0:
			at += 8
		}
		if flags&moreComponents == 0 {
			return
		}
	}
}
