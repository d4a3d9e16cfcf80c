package links

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"daybook/detect"
	"daybook/internal/confusables"

	"golang.org/x/text/unicode/norm"
)

// A plainName is a name made ready for comparing.
type plainName struct {
	shown   string
	looks   string   // letters and digits as they look, small
	letters string   // of looks, the letters alone
	words   []string // of 4 letters or more, each once; letters is one of them
	bigrams []uint64 // of letters, in order
	digits  []string
	entries []uint64
}

// localName returns the name in a Ref or an account name, without platform,
// server and path.
func localName(ref string) string {
	if i := strings.LastIndexByte(ref, '/'); i >= 0 {
		ref = ref[i+1:]
	} else if _, rest, ok := strings.Cut(ref, ":"); ok {
		ref = rest
	}
	ref = strings.TrimPrefix(ref, "@")
	local, _, _ := strings.Cut(ref, "@")
	return strings.ToLower(local)
}

// plain makes a name ready. What the person is called is taken out: whoever
// writes to her may name themselves after her.
func plain(n bornName, own []string) plainName {
	text := n.text
	if n.account {
		text = localName(text)
	}
	small := strings.ToLower(norm.NFKC.String(text))
	for _, name := range own {
		small = strings.ReplaceAll(small, name, "")
	}
	p := plainName{shown: n.text, entries: n.entries}
	var number strings.Builder
	for _, r := range small + "." {
		if r >= '0' && r <= '9' {
			number.WriteRune(r)
			continue
		}
		if number.Len() >= 2 {
			p.digits = append(p.digits, number.String())
		}
		number.Reset()
	}
	// Small letters again after: the skeleton of "1" is "l", that of "0" is "O".
	keep := func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}
	p.looks = strings.Map(keep, strings.ToLower(confusables.Skeleton(small)))
	p.letters = strings.Map(keep, strings.ToLower(confusables.Skeleton(strings.TrimFunc(strings.Map(noDigit, small), unicode.IsSpace))))
	p.looks, p.letters = cut(p.looks, 128), cut(p.letters, 128)
	p.bigrams = bigrams(p.letters)
	for _, word := range append(strings.FieldsFunc(strings.ToLower(confusables.Skeleton(small)), noLetter), p.letters) {
		if len(word) >= 4 && !slices.Contains(p.words, word) {
			p.words = append(p.words, word)
		}
	}
	return p
}

func noLetter(r rune) bool { return !unicode.IsLetter(r) }

func noDigit(r rune) rune {
	if unicode.IsDigit(r) {
		return -1
	}
	return r
}

// plainNames are the names of a party that have something to compare.
func (c *casework) plainNames(p *party) []plainName {
	if p.plain == nil {
		p.plain = make([]plainName, 0, len(p.names))
		for _, n := range p.names {
			if len(p.plain) == 32 {
				break
			}
			if one := plain(n, c.own); len(one.letters) >= 3 {
				p.plain = append(p.plain, one)
			}
		}
	}
	return p.plain
}

// dice is twice the pairs of neighbouring letters that two names share, of all
// that they have, in thousandths. The ends of a name count as letters.
func dice(x, y []uint64) int64 {
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	same := int64(0)
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch c := cmp.Compare(x[i], y[j]); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			same, i, j = same+1, i+1, j+1
		}
	}
	return 2000 * same / int64(len(x)+len(y))
}

func bigrams(s string) []uint64 {
	out := make([]uint64, 0, len(s)+1)
	last := '^'
	for _, r := range s + "$" {
		out = append(out, uint64(last)<<32|uint64(r))
		last = r
	}
	slices.Sort(out)
	return out
}

// NameLikeness is the share, in thousandths, of pairs of neighbouring letters
// that two names have in common (Dice), as they look, without digits and marks.
func NameLikeness(a, b string) int64 {
	x, y := plain(bornName{text: a, account: true}, nil), plain(bornName{text: b, account: true}, nil)
	return dice(x.bigrams, y.bigrams)
}

// edits is the number of letters to put in, take out or replace to make one name
// the other.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

// likeness is how alike two names are.
type likeness struct {
	weight detect.Millibits
	what   string // what of them is alike, for the sentence
	a, b   *plainName
}

func compareNames(a, b *plainName) likeness {
	d := dice(a.bigrams, b.bigrams)
	if d < 300 && a.looks != b.looks {
		return likeness{}
	}
	l := likeness{a: a, b: b}
	longest := max(len(a.letters), len(b.letters))
	switch {
	case a.looks == b.looks && len(a.looks) >= 6:
		l.weight, l.what = nameSame, "the same"
		if !strings.EqualFold(norm.NFKC.String(a.shown), norm.NFKC.String(b.shown)) {
			l.what = "written alike"
		}
	case a.letters == b.letters && len(a.letters) >= 6:
		l.weight, l.what = nameSame, "the same but for digits and marks"
	case len(a.letters) < 4 || len(b.letters) < 4:
		return likeness{}
	case longest >= 7 && edits(a.letters, b.letters) == 1:
		l.weight, l.what = nameClose, "one letter apart"
	case d >= 500:
		l.weight, l.what = nameClose, "much alike"
	case d >= 400:
		l.weight, l.what = nameNear, "alike"
	case d >= 300 && longest >= 6:
		l.weight, l.what = nameSomewhat, "somewhat alike"
	default:
		return likeness{}
	}
	// Short names and single words that everybody knows are taken by many.
	if longest <= 5 || usedBy(a.letters) > 0 && usedBy(b.letters) > 0 {
		l.weight /= 2
	}
	if slices.ContainsFunc(a.digits, func(d string) bool { return slices.Contains(b.digits, d) }) {
		l.weight = min(nameSame, l.weight+nameDigits)
		l.what += ", with the same number"
	}
	return l
}

// names compares all names that the two ever bore. The more there are, the
// easier two of them are alike by chance.
func (p *pair) compareNames() []note {
	xs, ys := p.c.plainNames(p.a), p.c.plainNames(p.b)
	var best likeness
	for i := range xs {
		for j := range ys {
			if l := compareNames(&xs[i], &ys[j]); l.weight > best.weight {
				best = l
			}
		}
	}
	if best.weight == 0 {
		return nil
	}
	for n := len(xs) * len(ys); n >= 8; n /= 4 {
		best.weight -= 250
	}
	best.weight = others(best.weight, p.c.othersCalled(best))
	if best.weight < 500 {
		return nil
	}
	text := "The names " + inQuotes(best.a.shown) + " and " + inQuotes(best.b.shown) + " are " + best.what + "."
	if best.what == "written alike" {
		text = "The names " + inQuotes(best.a.shown) + " and " + inQuotes(best.b.shown) + " look the same, and are not written with the same characters."
	}
	for _, n := range []*plainName{best.a, best.b} {
		if r, like, ok := confusables.Odd(norm.NFKC.String(n.shown)); ok && len(confusables.Mixed(n.shown)) > 0 {
			text += " In " + inQuotes(n.shown) + " there is " + codePoint(r) + " in place of “" + string(like) + "”, from another script."
			break
		}
	}
	return []note{{familyName, detect.Reason{Feature: "name", Weight: best.weight, Text: text, Entries: ascending(slices.Concat(best.a.entries, best.b.entries))}}}
}

// othersCalled counts the other parties that have a word of both names in
// theirs.
func (c *casework) othersCalled(l likeness) int {
	n := 0
	for _, word := range l.a.words {
		if slices.Contains(l.b.words, word) {
			n = max(n, c.called[word]-2)
		}
	}
	return n
}
