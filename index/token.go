package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A token is one word, one character of a script that is written without
// spaces, or one emoji. The index, the queries and the fragments all see a text
// through tokenize, so what is found can always be shown.
//
// Words follow the letters and digits of Unicode's word boundaries (UAX 29),
// with three differences that serve finding: emoji and signs are tokens; dots
// and apostrophes always part words, so that "alone.I" holds "alone" and a typed
// ' finds a printed ’ ; characters that cannot be seen never part them, so that
// "kni<U+2060>fe" is "knife". No word is left out: "I will find you" is four.
type token struct {
	from, to int    // bytes in the text
	text     string // lower case, NFC, without characters that cannot be seen
	fold     string // also without accents and compatibility forms; often the same string
	dense    bool   // a character of Chinese, Japanese, Korean, Thai, …
	glued    bool   // dense, and right behind another dense token
	sign     bool   // an emoji or other pictograph
}

type class uint8

const (
	gap class = iota
	word
	mark      // belongs to the token in front of it
	dense     // a token of its own
	sign      // a token of its own
	invisible // as if it were not there
)

func tokenize(s string) []token {
	tokens := make([]token, 0, len(s)/5+1)
	var (
		open   token
		kind   = gap   // of the open token; gap: none is open
		hidden = false // the open token has invisible characters inside
		chain  = false // the last token is dense, and nothing visible has come since
	)
	flush := func() {
		if kind == gap {
			return
		}
		raw := s[open.from:open.to]
		if hidden {
			raw = strings.Map(func(r rune) rune {
				if classOf(r) == invisible {
					return -1
				}
				return r
			}, raw)
		}
		open.text, open.fold = normal(raw)
		open.dense, open.sign = kind == dense, kind == sign
		open.glued = open.dense && chain
		chain = open.dense
		tokens = append(tokens, open)
		kind, hidden = gap, false
	}
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		if r, size = rune(s[i]), 1; r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		switch c := classOf(r); c {
		case gap:
			flush()
			chain = false
		case word:
			if kind != word {
				flush()
				open, kind = token{from: i}, word
			}
			hidden = hidden || open.to != 0 && open.to != i
			open.to = i + size
		case mark:
			if kind == word || kind == dense {
				hidden = hidden || open.to != i
				open.to = i + size
			}
		case dense, sign:
			flush()
			open, kind = token{from: i, to: i + size}, c
		}
	}
	flush()
	return tokens
}

var asciiClass = func() (t [utf8.RuneSelf]class) {
	for r := range t {
		if c := rune(r); unicode.IsLetter(c) || unicode.IsDigit(c) {
			t[r] = word
		}
	}
	return t
}()

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		return asciiClass[r]
	case isInvisible(r):
		return invisible
	case r == 0xFF9E || r == 0xFF9F: // half-width voicing marks of Japanese
		return mark
	case unicode.IsLetter(r):
		if isDense(r) {
			return dense
		}
		return word
	case unicode.IsNumber(r):
		return word
	case unicode.IsMark(r):
		return mark
	case r >= 0x249C && r <= 0x24E9, r >= 0x1F110 && r <= 0x1F189:
		return word // letters in circles and squares
	case unicode.Is(unicode.So, r), r >= 0x1F300 && r <= 0x1FAFF:
		return sign
	}
	return gap
}

// isInvisible reports Unicode's default ignorable code points, and the skin
// tones, which only colour the emoji in front of them.
func isInvisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x34F, r == 0x61C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5,
		r >= 0x180B && r <= 0x180F, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E,
		r >= 0x2060 && r <= 0x206F, r == 0x3164, r >= 0xFE00 && r <= 0xFE0F, r == 0xFEFF, r == 0xFFA0,
		r >= 0xFFF0 && r <= 0xFFF8, r >= 0x1F3FB && r <= 0x1F3FF, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}

// isDense reports letters of scripts whose words are not parted by spaces, and
// of Korean, whose words carry their particles with them.
func isDense(r rune) bool {
	switch {
	case r < 0x0E00:
		return false
	case r <= 0x109F: // Thai, Lao, Tibetan, Myanmar
		return true
	case r >= 0x1100 && r <= 0x11FF, r >= 0x1780 && r <= 0x17FF, // Jamo, Khmer
		r >= 0x3005 && r <= 0x3007, r >= 0x3031 && r <= 0x318F, r >= 0x31A0 && r <= 0x31FF,
		r >= 0x3400 && r <= 0x9FFF, r >= 0xA960 && r <= 0xA97F, r >= 0xAC00 && r <= 0xD7FF,
		r >= 0xF900 && r <= 0xFAFF, r >= 0xFF66 && r <= 0xFFDC, r >= 0x1B000 && r <= 0x1B16F, r >= 0x20000 && r <= 0x3FFFF:
		return true
	}
	return false
}

// normal returns a token in lower case and folded.
func normal(raw string) (text, fold string) {
	text = strings.ToLower(raw)
	ascii := true
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return text, text
	}
	text = norm.NFC.String(text)
	plain := strings.ToLower(norm.NFKD.String(text))
	var b strings.Builder
	for _, r := range plain {
		switch {
		case r >= 0x300 && r <= 0x36F, // accents of Latin, Greek and Cyrillic
			r >= 0x591 && r <= 0x5C7,                         // points of Hebrew
			r >= 0x64B && r <= 0x65F, r == 0x670, r == 0x640, // vowel signs and the stretching stroke of Arabic
			isInvisible(r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ς':
			b.WriteRune('σ')
		default:
			b.WriteRune(r)
		}
	}
	if fold = norm.NFC.String(b.String()); fold == text || fold == "" {
		return text, text
	}
	return text, fold
}

// bigrams returns the pairs of neighbours in each run of dense tokens, and for
// each pair its place: places of one run follow each other, runs do not touch.
func bigrams(tokens []token) (pairs []string, places []int) {
	place := 0
	for i := 1; i < len(tokens); i++ {
		place++
		if tokens[i].glued {
			pairs = append(pairs, tokens[i-1].fold+tokens[i].fold)
			places = append(places, place)
		}
	}
	return pairs, places
}
