package flags

import (
	"slices"
	"strings"
)

// classify finds which classes begin at which word. What stands in an idiom is
// of no class, but for the person's own details.
func (rs *ruleSet) classify(r *reading) {
	r.hits, r.at = r.hits[:0], make([]int32, len(r.words)+1)
	own := 0
	for i := range r.words {
		r.at[i] = int32(len(r.hits))
		for ; own < len(r.owns) && r.owns[own].from == i; own++ {
			r.hits = append(r.hits, hit{rs.classes[r.owns[own].class()], int32(r.owns[own].to - i)})
		}
		rs.phrases(r, i)
	}
	r.at[len(r.words)] = int32(len(r.hits))
	rs.note(r)
	idiom := rs.idiomatic(r)
	if idiom == nil {
		return
	}
	kept := r.hits[:0]
	for i := range r.words {
		hits := r.hits[r.at[i]:r.at[i+1]]
		r.at[i] = int32(len(kept))
		for _, h := range hits {
			if h.class == rs.classes[ownPlaceClass] || h.class == rs.classes[ownNameClass] || !slices.Contains(idiom[i:i+int(h.length)], true) {
				kept = append(kept, h)
			}
		}
	}
	r.hits = kept
	r.at[len(r.words)] = int32(len(kept))
	rs.note(r)
}

// note notes which classes there are.
func (rs *ruleSet) note(r *reading) {
	if r.there == nil {
		r.there = make([]uint64, len(rs.names)/64+1)
	}
	clear(r.there)
	for _, h := range r.hits {
		r.there[h.class/64] |= 1 << (h.class % 64)
	}
}

// can reports whether a pattern may match: what it needs is in the text.
func (r *reading) can(p *pattern) bool {
	if p.needs == nil {
		return true
	}
	for _, class := range p.needs {
		if r.has(class) {
			return true
		}
	}
	return false
}

// phrases appends the classes that begin at word i.
func (rs *ruleSet) phrases(r *reading, i int) {
	id := r.words[i].id
	if id < 0 {
		return
	}
	node := rs.root[id]
	for j := i + 1; node != 0; j++ {
		for _, class := range rs.ends[node] {
			r.hits = append(r.hits, hit{class, int32(j - i)})
		}
		if j == len(r.words) || r.words[j].id < 0 || r.words[j].first {
			return
		}
		node = rs.next[[2]int32{node, r.words[j].id}]
	}
}

// idiomatic says which words stand in an idiom; nil if none does.
func (rs *ruleSet) idiomatic(r *reading) (in []bool) {
	m := matcher{rs: rs, r: r}
	for i := range r.words {
		for _, h := range r.hits[r.at[i]:r.at[i+1]] {
			for _, s := range rs.starts[h.class] {
				if s.rule >= 0 || !r.can(&rs.idioms[s.pattern]) || !m.matches(&rs.idioms[s.pattern], i) {
					continue
				}
				if in == nil {
					in = make([]bool, len(r.words))
				}
				for _, w := range m.words {
					in[w] = true
				}
			}
		}
	}
	return in
}

// A match is where a rule matched: words from up to to, and those of them that
// its elements stand for.
type match struct {
	rule     int32
	from, to int
	words    []int32
}

// find returns what the rules find, in the order of the file.
func (rs *ruleSet) find(r *reading, lang string) []Found {
	if !r.matched {
		r.matches, r.matched = rs.matches(r), true
	}
	lang, _, _ = strings.Cut(strings.ToLower(lang), "-")
	known := slices.Contains(rs.languages, lang)
	var matches []match
	for _, m := range r.matches {
		if other := rs.rules[m.rule].lang; !known || other == "en" || other == lang {
			matches = append(matches, m)
		}
	}
	if len(matches) == 0 {
		return nil
	}
	places := map[Flag]int{}
	for _, flag := range All() {
		places[flag] = rs.places(matches, flag)
	}
	words := map[int32][]int32{}
	for _, m := range matches {
		rule := &rs.rules[m.rule]
		if rule.alone == 0 || len(r.words) <= rule.alone || places[rule.flag] > 1 {
			words[m.rule] = append(words[m.rule], m.words...)
		}
	}
	var out []Found
	for i, rule := range rs.rules {
		if w := words[int32(i)]; len(w) > 0 {
			out = append(out, Found{Flag: rule.flag, Rule: rule.key, Spans: r.spans(w), Text: rule.says})
		}
	}
	return out
}

// places counts the places of a text at which rules of a flag matched; matches
// that overlap are at one place. Matches are ordered by where they begin.
func (rs *ruleSet) places(matches []match, flag Flag) (n int) {
	end := 0
	for _, m := range matches {
		if rs.rules[m.rule].flag != flag {
			continue
		}
		if m.from >= end {
			n++
		}
		end = max(end, m.to)
	}
	return n
}

// matches returns the matches in a reading of the rules of all languages,
// ordered by where they begin.
func (rs *ruleSet) matches(r *reading) (out []match) {
	m := matcher{rs: rs, r: r}
	for i := range r.words {
		for _, h := range r.hits[r.at[i]:r.at[i+1]] {
			for _, s := range rs.starts[h.class] {
				if s.rule < 0 || len(out) == maxMatches {
					continue
				}
				rule := &rs.rules[s.rule]
				if p := &rule.match[s.pattern]; r.can(p) && m.matches(p, i) && rs.allows(rule, r, m.from, m.to) {
					out = append(out, match{s.rule, m.from, m.to, slices.Clone(m.words)})
				}
			}
		}
	}
	return out
}

// maxMatches is how many matches of a text are looked at, the first ones.
const maxMatches = 2000

// around is how many words beside a match are looked at for a class that must
// not be there.
const around = 12

// allows reports whether nothing speaks against a match of words from up to to.
func (rs *ruleSet) allows(rule *rule, r *reading, from, to int) bool {
	for _, class := range rule.with {
		if !r.has(class) {
			return false
		}
	}
	for _, class := range rule.without {
		for i := max(0, from-around); i < min(to+around, len(r.words)); i++ {
			if r.is(i, class) {
				return false
			}
		}
	}
	m := matcher{rs: rs, r: r}
	for k := range rule.unless {
		p := &rule.unless[k]
		for i := max(0, from-12); i < to; i++ {
			if r.can(p) && m.matches(p, i) && m.to >= from {
				return false
			}
		}
	}
	return true
}

func (r *reading) has(class int32) bool {
	return r.there[class/64]&(1<<(class%64)) != 0
}

// is reports whether word i begins a member of a class.
func (r *reading) is(i int, class int32) bool {
	for _, h := range r.hits[r.at[i]:r.at[i+1]] {
		if h.class == class {
			return true
		}
	}
	return false
}

// A matcher matches one pattern at one place. How often it can go back is
// bounded by the gaps of the pattern (parser.pattern).
type matcher struct {
	rs       *ruleSet
	r        *reading
	words    []int32 // that elements of the last match stand for
	from, to int     // the words of the last match, gaps too
}

// matches reports whether a pattern matches at word i.
func (m *matcher) matches(p *pattern, i int) bool {
	if p.opens && !m.r.words[i].first {
		return false
	}
	m.words = m.words[:0]
	m.from = i
	return m.rest(p.elements, i, true, nil)
}

// after is what is left to match behind a choice.
type after struct {
	elements []element
	next     *after
}

// rest matches a row at word i, and what comes after it; free says that a
// sentence may begin there.
func (m *matcher) rest(row []element, i int, free bool, next *after) bool {
	if len(row) == 0 {
		if next != nil {
			return m.rest(next.elements, i, free, next.next)
		}
		m.to = i
		return true
	}
	e, words := &row[0], m.r.words
	begins := i == len(words) || words[i].first && !free
	switch e.kind {
	case ends:
		return (i == len(words) || words[i].first) && m.rest(row[1:], i, free, next)
	case cross:
		return m.rest(row[1:], i, true, next)
	case other:
		if !begins && m.looks(e.choices, i) {
			return false
		}
		return m.rest(row[1:], i, free, next)
	case gap:
		return m.gap(row, i, free, next)
	case either:
		behind := after{row[1:], next}
		for _, choice := range e.choices {
			n := len(m.words)
			if m.rest(choice, i, free, &behind) {
				return true
			}
			m.words = m.words[:n]
		}
	case oneOf:
		if begins {
			break
		}
		for _, h := range m.r.hits[m.r.at[i]:m.r.at[i+1]] {
			if h.class != e.class {
				continue
			}
			n := len(m.words)
			for k := range h.length {
				m.words = append(m.words, int32(i)+k)
			}
			if m.rest(row[1:], i+int(h.length), false, next) {
				return true
			}
			m.words = m.words[:n]
		}
	}
	return e.optional && m.rest(row[1:], i, free, next)
}

// gap passes over words of any kind, as few as possible.
func (m *matcher) gap(row []element, i int, free bool, next *after) bool {
	words := m.r.words
	for k := 0; k <= row[0].most; k++ {
		if m.rest(row[1:], i+k, free, next) {
			return true
		}
		if i+k == len(words) || words[i+k].first && !free || m.r.is(i+k, m.rs.not) {
			return false
		}
		free = false
	}
	return false
}

// looks reports whether one of several rows matches at word i, and keeps nothing
// of it.
func (m *matcher) looks(choices [][]element, i int) bool {
	ahead := matcher{rs: m.rs, r: m.r}
	for _, choice := range choices {
		if ahead.rest(choice, i, false, nil) {
			return true
		}
	}
	return false
}
