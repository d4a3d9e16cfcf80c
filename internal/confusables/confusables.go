// Package confusables tells names apart that look alike: the skeletons of
// Unicode Technical Standard 39. Two names with the same skeleton look the same
// to a reader, whatever they are made of. That is no reason to treat them as
// one.
//
// The table is generated from Unicode's confusables.txt, version 15.0:
//
//	go run ./internal/confusables/generate confusables.txt
package confusables

import (
	_ "embed"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// table holds the number of rows, the rows in the order of their characters,
// and the texts that they point to. A row is a character (4 bytes), the place
// of its text (3 bytes) and the length of it (1 byte), all big endian.
//
//go:embed table.bin
var table string

const rowBytes = 8

// Skeleton returns what a name looks like (UTS 39 §4): characters that look
// alike become one. It is for comparing, never for showing. Characters that
// cannot be seen are left out. Bytes that are no UTF-8 count as U+FFFD.
func Skeleton(name string) string {
	var b strings.Builder
	// Next to a broken byte, norm leaves whole characters as they are.
	name = strings.ToValidUTF8(name, string(utf8.RuneError))
	for _, r := range norm.NFD.String(name) {
		if unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
			continue
		}
		if like := prototype(r); like != "" {
			b.WriteString(like)
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFD.String(b.String())
}

// prototype returns what r looks like, "" for itself.
func prototype(r rune) string {
	rows := int(binary.BigEndian.Uint32([]byte(table[:4])))
	lo, hi := 0, rows
	for lo < hi {
		mid := (lo + hi) / 2
		row := table[4+mid*rowBytes:][:rowBytes]
		switch at := rune(row[0])<<24 | rune(row[1])<<16 | rune(row[2])<<8 | rune(row[3]); {
		case at == r:
			from := 4 + rows*rowBytes + int(row[4])<<16 + int(row[5])<<8 + int(row[6])
			return table[from : from+int(row[7])]
		case at < r:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return ""
}

// scripts are those that letters are told apart by. Scripts that are commonly
// written together (Japanese) count as one.
func scripts() []struct {
	name   string
	tables []*unicode.RangeTable
} {
	return []struct {
		name   string
		tables []*unicode.RangeTable
	}{
		{"Latin", []*unicode.RangeTable{unicode.Latin}},
		{"Cyrillic", []*unicode.RangeTable{unicode.Cyrillic}},
		{"Greek", []*unicode.RangeTable{unicode.Greek}},
		{"Armenian", []*unicode.RangeTable{unicode.Armenian}},
		{"Cherokee", []*unicode.RangeTable{unicode.Cherokee}},
		{"Hebrew", []*unicode.RangeTable{unicode.Hebrew}},
		{"Arabic", []*unicode.RangeTable{unicode.Arabic}},
		{"Devanagari", []*unicode.RangeTable{unicode.Devanagari}},
		{"East Asian", []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo}},
	}
}

// Mixed returns the names of the scripts that one word of a text is written
// in, in a fixed order, if there are several: "Latin", "Cyrillic". It is nil
// for a text whose words are each in one script.
func Mixed(text string) []string {
	all := scripts()
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		seen := 0
		var names []string
		for _, s := range all {
			if strings.IndexFunc(word, func(r rune) bool { return unicode.IsOneOf(s.tables, r) }) >= 0 {
				seen++
				names = append(names, s.name)
			}
		}
		if seen > 1 {
			return names
		}
	}
	return nil
}

// Odd returns the first character of a name whose look belongs to another
// character of ASCII, and that one: "а" (U+0430) looks like "a". ok is false if
// there is none.
func Odd(name string) (r, like rune, ok bool) {
	for _, r := range norm.NFC.String(name) {
		if r < utf8.RuneSelf {
			continue
		}
		k := prototype(r)
		if len(k) == 1 {
			return r, rune(k[0]), true
		}
	}
	return 0, 0, false
}
