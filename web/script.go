package web

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scriptOf names the script of a letter, of those that have letters which look
// like another's; "" for what belongs to none or many. Writing that is at home
// in several scripts (Japanese, Korean) is one here.
func scriptOf(c rune) string {
	switch {
	case c <= unicode.MaxASCII && !unicode.IsLetter(c):
		return ""
	case unicode.Is(unicode.Latin, c):
		return "Latin"
	case unicode.Is(unicode.Cyrillic, c):
		return "Cyrillic"
	case unicode.In(c, unicode.Greek, unicode.Coptic):
		return "Greek"
	case unicode.Is(unicode.Arabic, c):
		return "Arabic"
	case unicode.Is(unicode.Hebrew, c):
		return "Hebrew"
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo):
		return "East Asian"
	case unicode.Is(unicode.Armenian, c):
		return "Armenian"
	case unicode.Is(unicode.Georgian, c):
		return "Georgian"
	case unicode.Is(unicode.Cherokee, c):
		return "Cherokee"
	case unicode.Is(unicode.Devanagari, c):
		return "Devanagari"
	case unicode.Is(unicode.Thai, c):
		return "Thai"
	case unicode.Is(unicode.Lisu, c):
		return "Lisu"
	}
	return ""
}

// mixed makes a name safe to show, as nameOf does. If one word of it has letters
// of several scripts, those that are not of the script of most get their number
// beside them, and mixes is true. A name of words in two languages mixes
// nothing.
func mixed(s string) (n name, mixes bool) {
	return spelt(nameOf(s))
}

// spelt puts the numbers of odd letters into a text that is safe to show.
func spelt(n name) (_ name, mixes bool) {
	var parts []namePart
	for _, p := range n.Parts {
		odd := oddLetters(p.Text)
		mixes = mixes || len(odd) > 0
		rest := 0
		for _, at := range odd {
			c, size := utf8.DecodeRuneInString(p.Text[at:])
			if at > rest {
				parts = append(parts, namePart{Text: p.Text[rest:at]})
			}
			parts = append(parts, namePart{Chip: string(c) + " " + code(c)})
			rest = at + size
		}
		if rest < len(p.Text) || p.Text == "" {
			p.Text = p.Text[rest:]
			parts = append(parts, p)
		}
	}
	n.Parts = parts
	return n, mixes
}

// oddLetters returns where in a text letters stand that are of another script
// than most of their word.
func oddLetters(s string) (places []int) {
	for at := 0; at < len(s); {
		end := strings.IndexFunc(s[at:], func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsMark(c) })
		if end < 0 {
			end = len(s) - at
		}
		word := s[at : at+end]
		count := map[string]int{}
		for _, c := range word {
			if script := scriptOf(c); script != "" {
				count[script]++
			}
		}
		if len(count) > 1 {
			most := ""
			for script, k := range count {
				if most == "" || k > count[most] || k == count[most] && script < most {
					most = script
				}
			}
			for i, c := range word {
				if script := scriptOf(c); script != "" && script != most {
					places = append(places, at+i)
				}
			}
		}
		_, size := utf8.DecodeRuneInString(s[at+end:])
		at += end + size
	}
	return places
}
