package index

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of fragments.
const (
	maxFragments = 3
	around       = 60 // bytes on each side of a mark, about; words stay whole
)

// A Fragment is a piece of a text with the places that a query found in it.
type Fragment struct {
	At    int    // where it begins in the text, in bytes
	Text  string // the piece, as it stands in the text
	Marks []Span // in Text, ascending, not touching
}

// A Span is a range of bytes: from From to To-1.
type Span struct{ From, To int }

// Fragments returns the first places where the words of a query stand in a text,
// with some words around them; none if they do not stand there. The index keeps
// no text, so it comes from whoever has it. Excluded words are not marked.
func Fragments(text string, q Query) []Fragment {
	tokens := tokenize(text)
	spans := marks(tokens, &q)
	var out []Fragment
	end := 0 // of the last fragment
	for len(spans) > 0 && len(out) < maxFragments {
		from, to := window(text, tokens, spans[0])
		from = max(from, end)
		n := 1
		for n < len(spans) && spans[n].From <= to {
			_, to = window(text, tokens, spans[n])
			n++
		}
		f := Fragment{At: from, Text: text[from:to]}
		for _, s := range spans[:n] {
			f.Marks = append(f.Marks, Span{s.From - from, s.To - from})
		}
		out = append(out, f)
		spans, end = spans[n:], to
	}
	return out
}

// Marks returns every place where the words of a query stand in a text,
// ascending, not touching.
func Marks(text string, q Query) []Span { return marks(tokenize(text), &q) }

func marks(tokens []token, q *Query) []Span {
	r := q.read
	if r == nil && q.Text != "" {
		if p, err := Parse(q.Text); err == nil { // an unreadable query marks nothing
			r = p.read
		}
	}
	if r == nil {
		return nil
	}
	var spans []Span
	for _, c := range r.clauses {
		if c.not {
			continue
		}
		for i := range c.terms {
			spans = c.terms[i].find(tokens, spans)
		}
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.From - b.From })
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// find appends where t stands among tokens: every place, or nothing if a part
// of it is missing.
func (t *term) find(tokens []token, spans []Span) []Span {
	before, last := len(spans), len(t.tokens)-1
	switch {
	case t.kind == tolerant:
		for i := range t.tokens {
			w, n := &t.tokens[i], len(spans)
			spans = findRun(tokens, spans, 1, func(_ int, have *token) bool {
				return oneEdit(w.text, have.text) || oneEdit(w.fold, have.text) || oneEdit(w.fold, have.fold)
			})
			if len(spans) == n {
				return spans[:before]
			}
		}
	case t.kind == begins:
		w := &t.tokens[last]
		spans = findRun(tokens, spans, 1, func(_ int, have *token) bool {
			return strings.HasPrefix(have.text, w.text) || strings.HasPrefix(have.text, w.fold) || strings.HasPrefix(have.fold, w.fold)
		})
		n := len(spans)
		if n == before || last == 0 {
			return spans
		}
		front := term{tokens: t.tokens[:last]}
		if spans = front.find(tokens, spans); len(spans) == n {
			return spans[:before]
		}
	default:
		spans = findRun(tokens, spans, last+1, func(i int, have *token) bool {
			return have.text == t.tokens[i].text || have.fold == t.tokens[i].fold
		})
	}
	return spans
}

// findRun appends each run of n tokens that is so.
func findRun(tokens []token, spans []Span, n int, so func(i int, have *token) bool) []Span {
	for from := 0; from+n <= len(tokens); from++ {
		i := 0
		for i < n && so(i, &tokens[from+i]) {
			i++
		}
		if i == n {
			spans = append(spans, Span{tokens[from].from, tokens[from+n-1].to})
		}
	}
	return spans
}

// window is the piece of text around a mark.
func window(text string, tokens []token, s Span) (from, to int) {
	from, to = s.From, s.To
	if s.From <= around {
		from = 0
	}
	if len(text)-s.To <= around {
		to = len(text)
	}
	for i := range tokens {
		if t := &tokens[i]; t.from < s.From && t.from >= s.From-around && t.from < from {
			from = t.from
		}
		if t := &tokens[i]; t.to > s.To && t.to <= s.To+around && t.to > to {
			to = t.to
		}
	}
	return from, to
}

// oneEdit reports whether a and b are equal, or become so by putting in, taking
// out or changing one character, or by swapping two neighbours: what bleve's
// fuzzy search of distance 1 finds.
func oneEdit(a, b string) bool {
	if a == b {
		return true
	}
	for len(a) > 0 && len(b) > 0 {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			restA, restB := a[na:], b[nb:]
			if restA == restB || restA == b || a == restB {
				return true
			}
			ra2, na2 := utf8.DecodeRuneInString(restA)
			rb2, nb2 := utf8.DecodeRuneInString(restB)
			return ra == rb2 && rb == ra2 && restA[na2:] == restB[nb2:]
		}
		a, b = a[na:], b[nb:]
	}
	return utf8.RuneCountInString(a) <= 1 && utf8.RuneCountInString(b) <= 1
}
