package flags

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// alike are the letters of other scripts that stand for Latin ones in a word
// that has Latin letters too.
var alike = strings.NewReplacer(
	"а", "a", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "i", "ј", "j", "ӏ", "l", "о", "o", "р", "p",
	"ԛ", "q", "ѕ", "s", "ԝ", "w", "х", "x", "у", "y", "к", "k", "н", "h", "т", "t", "м", "m", "в", "b", "п", "n",
	"α", "a", "ε", "e", "ι", "i", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u", "χ", "x",
)

// leet are the figures and signs that stand for letters.
var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i", "|", "i")

// otherLeet reads 1 and ! as l.
var otherLeet = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "l", "|", "l")

// fold appends a letter or figure in its plainest form: small, of usual width,
// without accents. It appends nothing for marks and what has no width.
func fold(b []byte, r rune) []byte {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(b, byte(r))
	case r == 'ı':
		return append(b, 'i')
	case r == 'ß':
		return append(b, "ss"...)
	}
	for _, part := range norm.NFKD.String(string(r)) {
		if unicode.Is(unicode.Mn, part) {
			continue
		}
		b = append(b, string(unicode.ToLower(part))...)
	}
	return b
}

// foldWord is fold for a word of the rules.
func foldWord(s string) string {
	var b []byte
	for _, r := range s {
		if r == '’' {
			r = '\''
		}
		b = fold(b, r)
	}
	return string(b)
}

// squeeze returns a word in which no letter stands more than n times in a row.
func squeeze(b []byte, n int) []byte {
	out, run := make([]byte, 0, len(b)), 0
	for i, c := range b {
		if i > 0 && c == b[i-1] {
			run++
		} else {
			run = 1
		}
		if run <= n || c >= 0x80 {
			out = append(out, c)
		}
	}
	return out
}

func mixesScripts(word []byte) bool {
	latin, other := false, false
	for _, r := range string(word) {
		switch {
		case 'a' <= r && r <= 'z':
			latin = true
		case unicode.In(r, unicode.Cyrillic, unicode.Greek):
			other = true
		}
	}
	return latin && other
}

// quiet reports whether a rune shows nothing by itself: it is left out of words.
func quiet(r rune) bool {
	return r == 0xAD || 0x200B <= r && r <= 0x200F || 0x2060 <= r && r <= 0x2064 || r == 0xFEFF || 0xFE00 <= r && r <= 0xFE0F ||
		0x1F3FB <= r && r <= 0x1F3FF || 0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069 || r > 0x7F && unicode.Is(unicode.Mn, r)
}
