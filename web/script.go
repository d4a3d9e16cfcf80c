package web

import (
	"fmt"
	"strings"
	"unicode"
)

// scripts are the ones that have letters which look like those of another.
// Writing that is at home in several (Japanese, Korean) is one here.
func scripts() map[string][]*unicode.RangeTable {
	return map[string][]*unicode.RangeTable{
		"Latin":      {unicode.Latin},
		"Greek":      {unicode.Greek},
		"Cyrillic":   {unicode.Cyrillic},
		"Armenian":   {unicode.Armenian},
		"Georgian":   {unicode.Georgian},
		"Cherokee":   {unicode.Cherokee},
		"Hebrew":     {unicode.Hebrew},
		"Arabic":     {unicode.Arabic},
		"Devanagari": {unicode.Devanagari},
		"Thai":       {unicode.Thai},
		"Coptic":     {unicode.Coptic},
		"Lisu":       {unicode.Lisu},
		"East Asian": {unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo},
	}
}

// scriptOf names the script of a letter, "" for what belongs to none or many.
func scriptOf(c rune) string {
	if c < unicode.MaxASCII {
		if unicode.IsLetter(c) {
			return "Latin"
		}
		return ""
	}
	for name, tables := range scripts() {
		if unicode.In(c, tables...) {
			return name
		}
	}
	return ""
}

// mixed makes a name safe to show, as nameOf does. If one word of it has letters
// of several scripts, those that are not of the script of most get their number
// beside them, and mixes is true. A name of words in two languages mixes
// nothing.
func mixed(s string) (n name, mixes bool) {
	odd := map[rune]bool{}
	for word := range strings.FieldsFuncSeq(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsMark(c) }) {
		count := map[string]int{}
		for _, c := range word {
			if script := scriptOf(c); script != "" {
				count[script]++
			}
		}
		if len(count) < 2 {
			continue
		}
		most := ""
		for script, k := range count {
			if most == "" || k > count[most] || k == count[most] && (script == "Latin" || most != "Latin" && script < most) {
				most = script
			}
		}
		for _, c := range word {
			if script := scriptOf(c); script != "" && script != most {
				odd[c] = true
			}
		}
	}
	n = nameOf(s)
	if len(odd) == 0 {
		return n, false
	}
	var parts []namePart
	for _, p := range n.Parts {
		if p.Text == "" {
			parts = append(parts, p)
			continue
		}
		rest := 0
		for i, c := range p.Text {
			if !odd[c] {
				continue
			}
			if i > rest {
				parts = append(parts, namePart{Text: p.Text[rest:i]})
			}
			parts = append(parts, namePart{Chip: fmt.Sprintf("%c %s", c, code(c))})
			rest = i + len(string(c))
		}
		if rest < len(p.Text) {
			parts = append(parts, namePart{Text: p.Text[rest:]})
		}
	}
	n.Parts = parts
	return n, true
}
