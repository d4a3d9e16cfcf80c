package pdf

import (
	"fmt"
	"strconv"
	"unicode/utf16"
)

// content is a content stream (ISO 32000-1 §7.8.2) that is being written. Its
// measures are in units from the top left corner down; bottom is how far below
// that PDF's origin lies.
type content struct {
	b      []byte
	bottom unit
}

func (c *content) op(name string) { c.b = append(append(c.b, name...), '\n') }

// opf writes operators with a format.
func (c *content) opf(format string, args ...any) { c.b = fmt.Appendf(c.b, format+"\n", args...) }

func (c *content) num(u unit) { c.b = append(appendUnit(c.b, u), ' ') }

func (c *content) at(x, y unit) {
	c.num(x)
	c.num(c.bottom - y)
}

// rect adds a rectangle to the path.
func (c *content) rect(x, y, w, h unit) {
	c.at(x, y+h)
	c.num(w)
	c.num(h)
	c.op("re")
}

// fill fills a rectangle.
func (c *content) fill(colour Colour, x, y, w, h unit) {
	c.colour(colour, "rg")
	c.rect(x, y, w, h)
	c.op("f")
}

// rule draws a line.
func (c *content) rule(colour Colour, width, x1, y1, x2, y2 unit) {
	c.colour(colour, "RG")
	c.num(width)
	c.op("w")
	c.at(x1, y1)
	c.op("m")
	c.at(x2, y2)
	c.op("l S")
}

// colour sets the colour of areas (rg) or of lines (RG).
func (c *content) colour(colour Colour, op string) {
	for _, v := range [...]Colour{colour >> 16 & 0xff, colour >> 8 & 0xff, colour & 0xff} {
		c.b = strconv.AppendInt(c.b, int64(v)*1000/255/1000, 10)
		if part := int64(v) * 1000 / 255 % 1000; part > 0 {
			c.b = append(c.b, '.', byte('0'+part/100), byte('0'+part/10%10), byte('0'+part%10))
		}
		c.b = append(c.b, ' ')
	}
	c.op(op)
}

// A Colour is made by RGB. The zero Colour is none.
type Colour uint32

// RGB makes a colour of 0xRRGGBB.
func RGB(hex uint32) Colour { return Colour(hex&0xffffff | 1<<24) }

const (
	black Colour = 0x1000000
	dark  Colour = 0x1505050 // what stands back
	hair  Colour = 0x1b0b0b0
	pale  Colour = 0x1f0f0f0
)

// textString writes a text for a dictionary (§7.9.2.2).
func textString(s string) string {
	b := []byte("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		b = fmt.Appendf(b, "%04X", u)
	}
	return string(append(b, '>'))
}

// asciiString writes a string for a dictionary; what is not ASCII is left out.
func asciiString(s string) string {
	b := []byte{'<'}
	for i := range len(s) {
		if s[i] >= ' ' && s[i] < 0x7f {
			b = fmt.Appendf(b, "%02X", s[i])
		}
	}
	return string(append(b, '>'))
}
