package flags

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// The classes that stand for the person's own details in rules.txt.
const (
	ownPlaceClass = "OWNPLACE"
	ownNameClass  = "OWNNAME"
)

// detail is what kind of own detail was seen.
type detail uint8

const (
	ownAddress detail = iota
	ownWorkplace
	ownName
	ownPhone
)

// ownSays are the rules for own details, by detail.
func ownSays(d detail) (key, says string) {
	switch d {
	case ownAddress:
		return "doxxing/own-address", "Possible mention of an address that is on your list of own details."
	case ownWorkplace:
		return "doxxing/own-workplace", "Possible mention of a workplace or school that is on your list of own details."
	case ownName:
		return "doxxing/own-name", "Possible mention of a name that is on your list of own details."
	}
	return "doxxing/own-phone", "Possible mention of a telephone number that is on your list of own details."
}

// An ownPlace is an own detail at words from up to to.
type ownPlace struct {
	from, to int
	detail   detail
}

func (o ownPlace) class() string {
	if o.detail == ownName {
		return ownNameClass
	}
	return ownPlaceClass
}

// ownDetails are the person's details in the forms that are looked for: letters
// and figures without spaces, so that "14, Elm Rd" and "14 elmroad" are alike.
type ownDetails struct {
	forms  map[string]form // by form
	byTwo  map[string]int  // the longest form that begins with these two bytes
	names  []string        // of six letters and more: a slip of one letter is forgiven
	phones []string
}

type form struct {
	detail  detail
	capital bool // it is also a common word: it counts with a capital inside a sentence alone
	after   bool // it counts after "at", "outside" and the like alone
}

// short are the forms in which parts of addresses and numbers are written.
func short() map[string]string {
	return map[string]string{
		"rd": "road", "st": "street", "ave": "avenue", "av": "avenue", "ln": "lane", "dr": "drive", "ct": "court", "sq": "square",
		"cl": "close", "pl": "place", "terr": "terrace", "gdns": "gardens", "cres": "crescent", "blvd": "boulevard", "pkwy": "parkway",
		"hwy": "highway", "apartment": "apt", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
		"eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
		"sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20", "first": "1st", "second": "2nd", "third": "3rd",
	}
}

// units are words of an address that say nothing by themselves.
func units() []string {
	return []string{"flat", "apt", "unit", "floor", "suite", "room", "no", "number", "house", "the", "block"}
}

func newOwnDetails(own Own, rules *ruleSet) *ownDetails {
	o := &ownDetails{forms: map[string]form{}, byTwo: map[string]int{}}
	abbreviated := short()
	words := func(text string) (out []string) {
		for _, w := range o.plain(rules, text) {
			if w != "'s" {
				out = append(out, cmp.Or(abbreviated[w], w))
			}
		}
		return out
	}
	for _, address := range own.Addresses {
		for _, part := range strings.FieldsFunc(address, func(r rune) bool { return r == ',' || r == '\n' || r == ';' }) {
			o.address(words(part))
		}
	}
	for _, place := range own.Workplaces {
		w := words(place)
		o.add(strings.Join(w, ""), form{detail: ownWorkplace, capital: len(w) == 1 && rules.common(w[0])})
		if len(w) > 2 {
			o.add(strings.Join(w[:2], ""), form{detail: ownWorkplace})
		}
		if len(w) > 1 && len(w[0]) >= 5 && !rules.common(w[0]) {
			o.add(w[0], form{detail: ownWorkplace, after: true})
		}
	}
	for _, name := range own.Names {
		w := words(name)
		if len(w) == 1 && len(w[0]) >= 2 {
			o.add(w[0], form{detail: ownName, capital: len(w[0]) < 3 || rules.common(w[0])})
			if len(w[0]) >= 6 {
				o.names = append(o.names, w[0])
			}
		} else {
			o.add(strings.Join(w, ""), form{detail: ownName})
		}
	}
	for _, phone := range own.Phones {
		if n := national(digits(nil, phone)); len(n) >= 7 {
			o.phones = append(o.phones, n)
		}
	}
	return o
}

// plain is a text's words as the vocabulary reads them.
func (o *ownDetails) plain(rules *ruleSet, text string) (out []string) {
	r := rules.vocabulary.read(text)
	for i := range r.words {
		out = append(out, string(r.form(i)))
	}
	return out
}

// common reports whether a word is one that the rules know.
func (rs *ruleSet) common(w string) bool {
	_, ok := rs.vocabulary.ids[w]
	return ok
}

func (o *ownDetails) add(compact string, f form) {
	if len(compact) < 2 {
		return
	}
	if _, there := o.forms[compact]; !there {
		o.forms[compact] = f
	}
	o.byTwo[compact[:2]] = max(o.byTwo[compact[:2]], len(compact))
}

// address adds the forms of one part of an address: "14 Elm Road" also without
// its number and without "Road", and with the number behind it.
func (o *ownDetails) address(w []string) {
	numbers, rest := []string{}, []string{}
	for i, part := range w {
		switch {
		case part[0] >= '0' && part[0] <= '9' && (i == 0 || !slices.Contains(units(), w[i-1])):
			numbers = append(numbers, part)
		case part[0] >= '0' && part[0] <= '9' || slices.Contains(units(), part):
		default:
			rest = append(rest, part)
		}
	}
	code := len(rest) == 0 && len(numbers) > 0 || len(w) == 2 && strings.ContainsAny(w[0], "0123456789") && strings.ContainsAny(w[1], "0123456789")
	compact := strings.Join(w, "")
	if code && len(compact) >= 5 {
		o.add(compact, form{})
	}
	if len(rest) == 0 || len(rest) == 1 && len(numbers) == 0 {
		return // a town, or the number of a flat
	}
	name := strings.Join(rest, "")
	if len(rest) > 1 {
		o.add(name, form{})
	}
	if len(numbers) == 0 {
		return
	}
	bare := strings.Join(rest[:max(1, len(rest)-1)], "")
	for _, n := range numbers {
		for _, s := range []string{name, bare} {
			o.add(n+s, form{})
			o.add(s+n, form{})
		}
	}
}

// look finds own details and notes where they are.
func (o *ownDetails) look(r *reading) {
	if len(o.forms) == 0 && len(o.phones) == 0 {
		return
	}
	abbreviated := short()
	for i := 0; i < len(r.words); {
		to, d := o.formAt(r, i, abbreviated)
		if to == 0 {
			to, d = o.phoneAt(r, i)
		}
		if to == 0 {
			i++
			continue
		}
		r.owns = append(r.owns, ownPlace{i, to, d})
		i = to
	}
}

// formAt returns the end of the longest form that begins at word i; 0 if none.
func (o *ownDetails) formAt(r *reading, i int, abbreviated map[string]string) (to int, d detail) {
	var compact []byte
	for j := i; j < len(r.words) && j < i+8; j++ {
		w := r.form(j)
		if string(w) == "'s" {
			if to == j {
				return to, d // "Anna's"
			}
			continue
		}
		if full, ok := abbreviated[string(w)]; ok {
			w = []byte(full)
		}
		compact = append(compact, w...)
		if len(compact) < 2 {
			continue
		}
		if len(compact) > o.byTwo[string(compact[:2])] {
			break
		}
		if f, ok := o.forms[string(compact)]; ok && f.holds(r, i) {
			to, d = j+1, f.detail
		}
	}
	if to == 0 && r.words[i].id < 0 && len(r.form(i)) >= 5 {
		for _, name := range o.names {
			if oneSlip(r.form(i), []byte(name)) {
				return i + 1, ownName
			}
		}
	}
	return to, d
}

func (f form) holds(r *reading, i int) bool {
	if f.capital && (!r.words[i].capital || r.words[i].first) {
		return false
	}
	if !f.after {
		return true
	}
	for k := i - 1; k >= max(0, i-2); k-- {
		switch string(r.form(k)) {
		case "at", "outside", "near", "by", "to", "from", "leave", "leaving", "behind":
			return true
		}
	}
	return false
}

// oneSlip reports whether two words differ by one letter that is other, missing
// or too many, and begin alike.
func oneSlip(a, b []byte) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a[0] != b[0] {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || bytes.Equal(a[i+1:], b[i+1:])
	}
	return bytes.Equal(a[i:], b[i+1:])
}

// phoneAt returns the end of an own telephone number that begins at word i.
func (o *ownDetails) phoneAt(r *reading, i int) (to int, d detail) {
	if c := r.form(i)[0]; c < '0' || c > '9' {
		return 0, ownPhone
	}
	var number []byte
	for j := i; j < len(r.words) && j < i+12 && len(number) < 16; j++ {
		w := r.form(j)
		if c := w[0]; c < '0' || c > '9' {
			break
		}
		number = digits(number, string(w))
		n := national(number)
		for _, phone := range o.phones {
			long, short := phone, n
			if len(short) > len(long) {
				long, short = short, long
			}
			if len(short) >= 7 && strings.HasSuffix(long, short) && len(long)-len(short) <= 4 {
				to = j + 1
			}
		}
	}
	return to, ownPhone
}

func digits(b []byte, text string) []byte {
	for _, c := range []byte(text) {
		if '0' <= c && c <= '9' {
			b = append(b, c)
		}
	}
	return b
}

// national is a number without the noughts that stand before it.
func national(number []byte) string { return string(bytes.TrimLeft(number, "0")) }

// find returns the own details that look has noted, one Found for each kind.
func (o *ownDetails) find(r *reading) (out []Found) {
	for _, d := range []detail{ownAddress, ownWorkplace, ownName, ownPhone} {
		var words []int32
		for _, own := range r.owns {
			for i := own.from; own.detail == d && i < own.to; i++ {
				words = append(words, int32(i))
			}
		}
		if len(words) > 0 {
			key, says := ownSays(d)
			out = append(out, Found{Flag: Doxxing, Rule: key, Spans: r.spans(words), Text: says})
		}
	}
	return out
}
