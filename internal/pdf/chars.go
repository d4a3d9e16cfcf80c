package pdf

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-text/typesetting/language"
)

// A Span is a piece of text in one look.
//
// What cannot be seen, or turns what is around it, is shown as a chip with its
// code point: controls, bidirectional controls, zero-width characters, private
// and unassigned ones, and whatever no font has. A line feed ends the line.
type Span struct {
	Text    string
	Bold    bool
	Mono    bool
	Dim     bool
	Covered bool // a black bar instead of a text that is not shown; Text stands beside it: "covered: a name"
	Mark    bool // a chip, for code points and the like
}

// look is how a character is drawn.
type look uint8

const (
	bold look = 1 << iota
	mono
	dim
	small
)

// A char is one character of a text that is about to be laid out.
type char struct {
	r    rune
	look look
	chip string // with atomRune: what stands in the chip; "" is the bar of a covered text
}

// atomRune stands for a chip or a bar, which is never broken.
const atomRune = '\uFFFC'

// chars reads spans character by character, and makes visible what is not.
type chars struct {
	spans []Span
	faces *faces
	room  int // how many small letters a line has room for; a longer chip is plain text
	span  int // the one that is being read
	at    int // in its text
	queue []char
	taken int  // of the queue
	last  rune // what came out last, 0 for a chip or nothing
}

// next returns the next character, '\n' for the end of a line.
func (c *chars) next() (char, bool) {
	for c.taken == len(c.queue) {
		if c.span == len(c.spans) {
			return char{}, false
		}
		c.queue, c.taken = c.queue[:0], 0
		c.read(c.spans[c.span])
	}
	c.taken++
	return c.queue[c.taken-1], true
}

// read reads from the current span: one character, or all of a short one.
func (c *chars) read(s Span) {
	l := s.look()
	switch {
	case s.Mark && len(s.Text) <= mostInChip && !strings.Contains(s.Text, "\n"):
		c.span++
		c.chip(shownText(s.Text, c.faces), l)
		return
	case s.Covered && c.at == 0:
		c.queue = append(c.queue, char{r: atomRune, look: l})
		if s.Text != "" {
			c.queue = append(c.queue, char{r: ' ', look: l})
		}
	}
	if c.at >= len(s.Text) {
		c.span, c.at = c.span+1, 0
		return
	}
	r, size := utf8.DecodeRuneInString(s.Text[c.at:])
	rest := s.Text[c.at+size:]
	chip := ""
	switch {
	case r == utf8.RuneError && size == 1:
		chip = fmt.Sprintf("[byte %02X]", s.Text[c.at])
	case r == '\r' && strings.HasPrefix(rest, "\n"):
		c.at += size
		return
	case r == '\n':
	case r == '\t':
		for range 4 {
			c.queue = append(c.queue, char{r: ' ', look: l})
		}
		c.at += size
		c.last = ' '
		return
	case !c.seen(r):
		chip = fmt.Sprintf("[U+%04X]", r)
	}
	c.at += size
	if chip != "" {
		c.chip(chip, l)
		return
	}
	c.last = r
	if r == '\n' {
		c.last = 0
	}
	c.queue = append(c.queue, char{r: r, look: l})
}

// chip adds a chip.
func (c *chars) chip(text string, l look) {
	c.last = 0
	if c.room > 0 && len(text) > c.room {
		for _, r := range text {
			c.queue = append(c.queue, char{r: r, look: l | small})
		}
		return
	}
	c.queue = append(c.queue, char{r: atomRune, look: l, chip: text})
}

// mostInChip is how long a chip can be, in bytes; what is longer is plain text.
const mostInChip = 60

func (s Span) look() (l look) {
	if s.Bold {
		l |= bold
	}
	if s.Mono {
		l |= mono
	}
	if s.Dim {
		l |= dim
	}
	if s.Covered {
		l |= dim | small
	}
	return l
}

// seen reports whether a character shows after what came before it.
func (c *chars) seen(r rune) bool {
	if r < 0x7f {
		return r >= ' '
	}
	if unseen(r) {
		return c.joins(r)
	}
	switch r {
	case 0x115F, 0x1160, 0x3164, 0xFFA0, 0x17B4, 0x17B5, 0x2800, 0x180E, atomRune: // look like a space or like nothing
		return false
	}
	if r > 0x10FFFD || unicode.In(r, unicode.Cc, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) {
		return false
	}
	if unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return false
	}
	return c.faces.forRune(r) != nil
}

// unseen reports whether a character has no look of its own and changes that of
// its neighbours where it belongs: joiners, variation selectors, tags.
func unseen(r rune) bool {
	switch {
	case r < 0x034F:
		return false
	case r == 0x034F, r == 0x200C, r == 0x200D, r >= 0x180B && r <= 0x180D, r == 0x180F, r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0020 && r <= 0xE007F, r >= 0xE0100 && r <= 0xE01EF:
		return true
	}
	return false
}

// joins reports whether an unseen character belongs to the one before it. A
// joiner between Latin letters does nothing but tell two copies of a text apart.
func (c *chars) joins(r rune) bool {
	before := c.last
	if before == 0 || before == ' ' {
		return false
	}
	script := language.LookupScript(before)
	switch {
	case r >= 0xE0020 && r <= 0xE007F:
		return before == 0x1F3F4 || before >= 0xE0020 && before <= 0xE007E
	case r >= 0xE0100:
		return script == language.Han
	case r >= 0x180B && r <= 0x180F:
		return script == language.Mongolian
	case r == 0x034F:
		return unicode.Is(unicode.M, before) || script == language.Hebrew
	case r == 0x200C || r == 0x200D:
		switch script {
		case language.Latin, language.Greek, language.Cyrillic, language.Han, language.Hangul, language.Hiragana, language.Katakana:
			return false
		case language.Common, language.Inherited:
			return r == 0x200D && (unicode.In(before, unicode.So, unicode.Sk) || before == 0xFE0F || before > 0xE0000) || unicode.Is(unicode.M, before)
		}
		return true
	}
	switch script { // variation selectors
	case language.Han, language.Mongolian, language.Myanmar, language.Phags_Pa:
		return true
	case language.Common:
		return unicode.In(before, unicode.S, unicode.N) || strings.ContainsRune("#*\u203C\u2049\u3030", before)
	}
	return false
}

// shownText is the text of a span as it is seen, chips written out.
func shownText(s string, f *faces) string {
	c := chars{spans: []Span{{Text: s}}, faces: f}
	var b strings.Builder
	for {
		next, ok := c.next()
		switch {
		case !ok:
			return b.String()
		case next.r == atomRune:
			b.WriteString(next.chip)
		default:
			b.WriteRune(next.r)
		}
	}
}
