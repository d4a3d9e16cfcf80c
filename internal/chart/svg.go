package chart

import (
	"encoding/xml"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A Picture is what stands around a drawing in a page.
type Picture struct {
	ID    string // the page's own name for it, of a-z, A-Z, 0-9, - and _; needed for Desc, and for a drawing with a hatch
	Class string // "wide", "slim", "spark"
	Title string // what is shown, for those who do not see it; without one the picture is decoration and hidden from them
	Desc  string // what can be seen in it
}

// SVG returns a drawing as an svg element for an HTML page. It has neither
// scripts nor style attributes nor links, and every text in it is escaped, so
// that it can be put into a page as it is. With an ID the title and the
// description are elements of their own; without, the title is a label.
func SVG(p Picture, d Drawing) []byte {
	s := &svg{id: clean(p.ID)}
	width, height := d.Draw(s)

	var head svg
	head.raw("<svg")
	head.class(p.Class)
	head.raw(` viewBox="0 0 ` + number(width) + " " + number(height) + `"`)
	switch {
	case p.Title == "":
		head.raw(` aria-hidden="true">`)
	case s.id == "":
		head.raw(` role="img"`)
		head.attr("aria-label", p.Title)
		head.raw(">")
	default:
		head.raw(` role="img"`)
		title, desc := s.id+"-t", s.id+"-d"
		if p.Desc == "" {
			head.attr("aria-labelledby", title)
		} else {
			head.attr("aria-labelledby", title+" "+desc)
		}
		head.raw(">")
		head.element("title", title, p.Title)
		if p.Desc != "" {
			head.element("desc", desc, p.Desc)
		}
	}
	if len(s.hatches) > 0 {
		head.raw("<defs>")
		for i, class := range s.hatches {
			head.raw("<pattern")
			head.attr("id", s.hatchID(i))
			head.raw(` width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path`)
			head.class(class)
			head.raw(` d="M0 0V5"/></pattern>`)
		}
		head.raw("</defs>")
	}
	return slices.Concat(head.out, s.out, []byte("</svg>"))
}

// svg is the canvas for SVG. Elements are written as they come.
type svg struct {
	id      string
	hatches []string // classes, in order of first use
	out     []byte
}

func (s *svg) Rect(st Style, x, y, w, h, radius float64) {
	in := st.Outline / 2
	s.raw("<rect")
	s.class(st.Class)
	if st.Hatch != "" {
		s.raw(` fill="none"`)
	}
	s.box(x+min(in, w/2), y+min(in, h/2), max(w-st.Outline, 0.1), max(h-st.Outline, 0.1), radius)
	if st.Hatch == "" {
		return
	}
	i := slices.Index(s.hatches, st.Hatch)
	if i < 0 {
		i = len(s.hatches)
		s.hatches = append(s.hatches, st.Hatch)
	}
	s.raw("<rect")
	s.attr("fill", "url(#"+s.hatchID(i)+")")
	s.box(x, y, w, h, radius)
}

// box writes the measures of a rectangle and ends the element.
func (s *svg) box(x, y, w, h, radius float64) {
	s.length("x", x)
	s.length("y", y)
	s.length("width", w)
	s.length("height", h)
	if radius > 0 {
		s.length("rx", radius)
	}
	s.raw("/>")
}

func (s *svg) Path(class string, points ...Point) {
	if len(points) == 2 {
		s.raw("<line")
		s.class(class)
		s.length("x1", points[0].X)
		s.length("x2", points[1].X)
		s.length("y1", points[0].Y)
		s.length("y2", points[1].Y)
		s.raw("/>")
		return
	}
	s.raw("<path")
	s.class(class)
	s.raw(` d="`)
	closed := len(points) > 0 && points[0] == points[len(points)-1]
	for i, p := range points {
		switch {
		case i == 0:
			s.raw("M")
		case closed && i == len(points)-1:
			s.raw("z")
			continue
		default:
			s.raw("L")
		}
		s.raw(number(p.X) + " " + number(p.Y))
	}
	s.raw(`"/>`)
}

func (s *svg) Text(class string, anchor Anchor, x, y float64, text string) {
	s.raw("<text")
	s.class(class)
	s.length("x", x)
	s.length("y", y)
	if anchor != Start {
		s.attr("text-anchor", string(anchor))
	}
	s.raw(">")
	s.text(text)
	s.raw("</text>")
}

// TextWidth estimates by the widest of the common system fonts, in the sizes
// that the style sheet gives to the classes.
func (s *svg) TextWidth(class, text string) float64 {
	var em float64
	for _, r := range text {
		em += advance(r)
	}
	switch class {
	case classStrong:
		return em * 12.5 * 1.09
	case classLow, classHigh:
		return em * 11.5
	}
	return em * 12.5
}

// advance is the width of a character in parts of the font's size.
func advance(r rune) float64 {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case strings.ContainsRune(" ijl.,:;'|!I", r):
		return 0.34
	case strings.ContainsRune("frt()[]-/", r):
		return 0.44
	case strings.ContainsRune("mwMW@%&Ææœ—…", r):
		return 0.96
	case r < 0x250 && unicode.IsUpper(r):
		return 0.79
	case r < 0x250:
		return 0.63
	case r < 0x900:
		return 1
	case r >= 0x2010 && r < 0x2030: // quotation marks and dashes
		return 0.63
	}
	return 1.35
}

func (s *svg) hatchID(i int) string { return s.id + "-h" + strconv.Itoa(i) }

func (s *svg) raw(text string) { s.out = append(s.out, text...) }

// text writes character data; what XML cannot hold becomes U+FFFD.
func (s *svg) text(text string) {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	s.raw(b.String())
}

func (s *svg) attr(name, value string) {
	s.raw(" " + name + `="`)
	s.text(value)
	s.raw(`"`)
}

func (s *svg) class(name string) {
	if name != "" {
		s.attr("class", name)
	}
}

func (s *svg) length(name string, x float64) { s.raw(" " + name + `="` + number(x) + `"`) }

func (s *svg) element(name, id, text string) {
	s.raw("<" + name)
	s.attr("id", id)
	s.raw(">")
	s.text(text)
	s.raw("</" + name + ">")
}

// number writes a measure with at most two decimals.
func number(x float64) string {
	if !finite(x) {
		x = 0
	}
	x = math.Round(x*100)/100 + 0 // + 0 makes 0 of -0
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// clean makes a name of an id: it has to hold in a list of ids and in url(#…).
func clean(id string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '-'
	}, id)
}
