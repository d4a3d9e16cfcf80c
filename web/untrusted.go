package web

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"daybook"
)

// A name is something that somebody else wrote, or chose to be called, made safe
// to show: in a <bdi>, cut to a length, with a chip for each character that is
// there to be overlooked or to turn text around (docs/threat-model.md).
type name struct {
	Parts []namePart
	Cut   int // characters that are not shown
}

type namePart struct {
	Text  string
	Chip  string // "U+202E": shown in the place of a character that cannot be seen
	Break bool   // a line may be broken before it
}

const (
	maxName  = 80   // user-perceived characters of a name or handle
	maxText  = 5000 // of a message before "show the rest"
	maxMarks = 4    // combining marks on one character
)

// nameOf makes a name, handle or file name safe to show.
func nameOf(s string) name { return safe(s, maxName, false) }

// textOf makes a text safe to show, with its line breaks.
func textOf(s string) name { return safe(s, maxText, true) }

// handleName is how a handle is called: its newest account name.
func handleName(h daybook.Handle) name { return nameOf(h.Shown()) }

func safe(s string, limit int, lines bool) (n name) {
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			n.Parts = append(n.Parts, namePart{Text: b.String()})
			b.Reset()
		}
	}
	chip := func(text string) {
		flush()
		n.Parts = append(n.Parts, namePart{Chip: text})
	}
	state, shown := -1, 0
	for len(s) > 0 {
		var cluster string
		cluster, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		if shown == limit {
			n.Cut++
			continue
		}
		shown++
		marks, left := 0, 0
		for i, c := range cluster {
			switch {
			case c == utf8.RuneError && !strings.HasPrefix(cluster[i:], "\uFFFD"):
				chip(fmt.Sprintf("byte %02X", cluster[i]))
			case lines && (c == '\n' || c == '\t'):
				b.WriteRune(c)
			case c == '\u200D' || c == '\uFE0F' || c == '\uFE0E': // inside an emoji they are what they are for
				if i == 0 {
					chip(code(c))
				} else {
					b.WriteRune(c)
				}
			case hidden(c):
				chip(code(c))
			case unicode.In(c, unicode.Mn, unicode.Me):
				if marks++; marks <= maxMarks {
					b.WriteRune(c)
				} else {
					left++
				}
			case c == '@' && !lines && b.Len() > 0:
				flush()
				n.Parts = append(n.Parts, namePart{Break: true})
				b.WriteRune(c)
			default:
				b.WriteRune(c)
			}
		}
		if left > 0 {
			chip(fmt.Sprintf("+%d marks", left))
		}
	}
	flush()
	return n
}

func code(c rune) string { return fmt.Sprintf("U+%04X", c) }

// hidden reports whether a character is not seen, or turns what is around it:
// controls, bidirectional controls, zero-width and tag characters, unassigned
// and private ones, other spaces than the space.
func hidden(c rune) bool {
	switch {
	case c == ' ':
		return false
	case unicode.IsControl(c), unicode.In(c, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Zs):
		return true
	case c == '\u3164', c == '\uFFA0', c == '\u115F', c == '\u1160', c == '\u2800': // look like a space
		return true
	}
	return false
}
