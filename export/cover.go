package export

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A coverer finds covered words. It compares without case, in any normal form,
// with any white space for a space, and passes over characters that cannot be
// seen.
type coverer struct {
	words []coveredWord
	used  []int // how often each was replaced
}

type coveredWord struct {
	folded string
	place  int
	Cover
}

// newCoverer returns nil for no words.
func newCoverer(all []Cover) *coverer {
	if len(all) == 0 {
		return nil
	}
	c := &coverer{used: make([]int, len(all))}
	for i, w := range all {
		c.words = append(c.words, coveredWord{foldWord(w.Word), i, w})
	}
	return c
}

func foldWord(s string) string { return strings.TrimSpace(string(fold(s, nil))) }

// fold returns s as words are compared. If at is not nil, it gets where in s each
// byte of that begins, and at last len(s).
func fold(s string, at *[]int) []byte {
	out := make([]byte, 0, len(s))
	note := func(from int, n int) {
		for ; at != nil && n > 0; n-- {
			*at = append(*at, from)
		}
	}
	space := false
	put := func(r rune, from int) {
		switch {
		case unseen(r):
			return
		case unicode.IsSpace(r):
			if !space {
				out = append(out, ' ')
				note(from, 1)
			}
			space = true
			return
		}
		space = false
		n := len(out)
		if r == 'ß' || r == 'ẞ' {
			out = append(out, "ss"...)
		} else {
			out = utf8.AppendRune(out, unicode.ToLower(unicode.ToUpper(r)))
		}
		note(from, len(out)-n)
	}
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && (i+1 == len(s) || s[i+1] < utf8.RuneSelf) {
			if c <= ' ' {
				put(rune(c), i)
			} else {
				if c >= 'A' && c <= 'Z' {
					c += 'a' - 'A'
				}
				out, space = append(out, c), false
				note(i, 1)
			}
			i++
			continue
		}
		end := i + norm.NFKD.NextBoundaryInString(s[i:], true)
		if end <= i {
			end = len(s)
		}
		for _, r := range norm.NFKD.String(s[i:end]) {
			put(r, i)
		}
		i = end
	}
	if at != nil {
		*at = append(*at, len(s))
	}
	return out
}

// unseen reports whether a character takes no place: it must not keep two halves
// of a word apart.
func unseen(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || r == '\u034f'
}

// find returns the place among the words of the first one that s holds as it
// stands; -1 if it holds none.
func (c *coverer) find(s string) int {
	if c == nil || s == "" {
		return -1
	}
	folded := fold(s, nil)
	for i := range c.words {
		if w := c.words[i].folded; w != "" && bytes.Contains(folded, []byte(w)) {
			return i
		}
	}
	return -1
}

// deep returns the place of a word that s holds in whatever way JSON, HTML and
// addresses write it; -1 if it holds none.
func (c *coverer) deep(s string) int {
	if c == nil {
		return -1
	}
	seen := []string{s}
	for i := 0; i < len(seen); i++ {
		if w := c.find(seen[i]); w >= 0 {
			return w
		}
		if len(seen) > mostReadings {
			continue
		}
		for _, read := range []func(string) string{unescapeJSON, html.UnescapeString, unescapeURL, withoutTags, unbase64} {
			if next := read(seen[i]); !slices.Contains(seen, next) {
				seen = append(seen, next)
			}
		}
	}
	return -1
}

// mostReadings bounds in how many ways one value is read.
const mostReadings = 24

// text returns s with the words covered. What holds one in another way of
// writing is replaced as a whole.
func (c *coverer) text(s string) string {
	if c == nil || s == "" {
		return s
	}
	out := c.plain(s)
	if w := c.deep(out); w >= 0 {
		c.used[w]++
		return c.words[w].As
	}
	return out
}

// plain replaces words that stand in s as they are. Words that overlap are
// replaced together, by what stands for the first.
func (c *coverer) plain(s string) string {
	var at []int
	folded := string(fold(s, &at))
	type hit struct{ from, to, word int }
	var hits []hit
	for w := range c.words {
		word := c.words[w].folded
		for i := 0; word != ""; {
			n := strings.Index(folded[i:], word)
			if n < 0 {
				break
			}
			hits = append(hits, hit{i + n, i + n + len(word), w})
			i += n + 1
		}
	}
	if len(hits) == 0 {
		return s
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), cmp.Compare(a.word, b.word))
	})
	var b strings.Builder
	done := 0 // in s
	for i := 0; i < len(hits); {
		h := hits[i]
		for i++; i < len(hits) && hits[i].from < h.to; i++ {
			h.to = max(h.to, hits[i].to)
		}
		from, to := at[h.from], at[h.to]
		if last := at[h.to-1]; to == last { // it ends within a character of s
			to = next(at, h.to)
		}
		b.WriteString(s[done:max(done, from)])
		b.WriteString(c.words[h.word].As)
		c.used[h.word]++
		done = max(done, to)
	}
	b.WriteString(s[done:])
	return b.String()
}

// next returns the first place behind at[i].
func next(at []int, i int) int {
	for k := i; k < len(at); k++ {
		if at[k] > at[i] {
			return at[k]
		}
	}
	return at[len(at)-1]
}

// unescapeJSON reads the escapes of JSON strings wherever they stand.
func unescapeJSON(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 'r', 't', 'f', 'b':
			b.WriteByte(' ')
		case 'u':
			r, n := hexRune(s[i+1:])
			if n == 0 {
				b.WriteString(`\u`)
				continue
			}
			i += n
			if unicode.In(r, unicode.Cs) && strings.HasPrefix(s[i+1:], `\u`) {
				if low, m := hexRune(s[i+3:]); m > 0 && low >= 0xdc00 && low < 0xe000 {
					r = (r-0xd800)<<10 | (low - 0xdc00) + 0x10000
					i += 2 + m
				}
			}
			b.WriteRune(r)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// hexRune reads four hexadecimal digits; n is 0 if there are none.
func hexRune(s string) (r rune, n int) {
	if len(s) < 4 {
		return 0, 0
	}
	for _, d := range []byte(s[:4]) {
		switch {
		case d >= '0' && d <= '9':
			r = r<<4 | rune(d-'0')
		case d|0x20 >= 'a' && d|0x20 <= 'f':
			r = r<<4 | rune(d|0x20-'a'+10)
		default:
			return 0, 0
		}
	}
	return r, 4
}

// unescapeURL reads %XX wherever it stands, and leaves what is none.
func unescapeURL(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if out, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(out)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unbase64 reads a value that is base64 as a whole: bytes in a JSON value.
func unbase64(s string) string {
	if out, err := base64.StdEncoding.DecodeString(strings.Trim(s, `"`)); err == nil && len(out) >= 8 {
		return string(out)
	}
	return s
}

// withoutTags leaves out what stands between < and >.
func withoutTags(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	var b strings.Builder
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], '>')
		if end < 0 {
			break
		}
		b.WriteString(s[:open])
		s = s[open+end+1:]
	}
	b.WriteString(s)
	return b.String()
}
