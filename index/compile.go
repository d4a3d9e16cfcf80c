package index

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/blevesearch/bleve/v2/search/query"

	"daybook"
	"daybook/archive"
)

// compile makes a query of bleve. It uses conjunctions alone: a BooleanQuery of
// bleve forgets a part that can match nothing (a prefix that no word has), and
// then answers with everything.
func compile(q *Query, key *archive.CaseKey) (query.Query, error) {
	var all []query.Query
	positive := false
	if q.read != nil {
		for _, c := range q.read.clauses {
			choices := make([]query.Query, len(c.terms))
			for i := range c.terms {
				choices[i] = c.terms[i].compile()
			}
			found := either(choices...)
			if c.not {
				found = without(found)
			}
			positive = positive || !c.not
			all = append(all, found)
		}
		all = append(all, oneOf(fieldKind, q.read.kinds)...)
		all = append(all, between(in(q.read.after, q.Zone), in(q.read.before, q.Zone))...)
	}
	if !positive {
		all = append(all, query.NewMatchAllQuery())
	}
	if len(q.Flags) > 0 && len(q.Among) == 0 {
		return nil, fmt.Errorf("%w: the messages with the flags in flag: are not known", daybook.ErrInvalid)
	}
	if len(q.Names) > 0 && len(q.Senders) == 0 {
		return nil, fmt.Errorf("%w: the names in from: are not known as senders of this case", daybook.ErrInvalid)
	}
	all = append(all, oneOf(fieldSender, sendersOf(q.Senders, key))...)
	all = append(all, among(q.Among)...)
	all = append(all, since(q.Since, key)...)
	all = append(all, within(q.Periods)...)
	all = append(all, oneOf(fieldAccount, q.Accounts)...)
	all = append(all, oneOf(fieldKind, q.Kinds)...)
	all = append(all, oneOf(fieldWay, q.Directions)...)
	all = append(all, oneOf(fieldOrigin, q.Origins)...)
	all = append(all, between(q.From, q.To)...)
	if len(all) == 1 {
		return all[0], nil
	}
	return query.NewConjunctionQuery(all), nil
}

// sendersOf returns how handles stand in the index.
func sendersOf(handles []daybook.Handle, key *archive.CaseKey) []string {
	out := make([]string, len(handles))
	for i, h := range handles {
		mac := key.MAC("handle", h.Ref())
		out[i] = hex.EncodeToString(mac[:])
	}
	return out
}

func (t *term) compile() query.Query {
	last := len(t.tokens) - 1
	switch t.kind {
	case begins:
		found := bothWays(prefix, t.tokens[last].text, t.tokens[last].fold)
		if last == 0 {
			return found
		}
		front := term{tokens: t.tokens[:last]}
		return query.NewConjunctionQuery([]query.Query{front.compile(), found})
	case tolerant:
		each := make([]query.Query, len(t.tokens))
		for i, tok := range t.tokens {
			each[i] = bothWays(fuzzy, tok.text, tok.fold)
		}
		if len(each) == 1 {
			return each[0]
		}
		return query.NewConjunctionQuery(each)
	}
	if pairs, _ := bigrams(t.tokens); len(pairs) == last && last > 0 { // all of it is dense
		return phrase(fieldPairs, pairs)
	}
	text := make([]string, len(t.tokens))
	fold := make([]string, len(t.tokens))
	for i, tok := range t.tokens {
		text[i], fold[i] = tok.text, tok.fold
	}
	if slices.Equal(text, fold) {
		return either(phrase(fieldText, text), phrase(fieldFolded, fold))
	}
	return either(phrase(fieldText, text), phrase(fieldText, fold), phrase(fieldFolded, fold))
}

// bothWays looks for a word as it is, and for its folded form: in the folded
// texts, and in the texts that need no folding.
func bothWays(find func(field, word string) query.Query, text, fold string) query.Query {
	if text == fold {
		return either(find(fieldText, text), find(fieldFolded, text))
	}
	return either(find(fieldText, text), find(fieldText, fold), find(fieldFolded, fold))
}

func phrase(field string, words []string) query.Query {
	if len(words) == 1 {
		return exact(field, words[0])
	}
	return query.NewPhraseQuery(words, field)
}

func exact(field, word string) *query.TermQuery {
	q := query.NewTermQuery(word)
	q.SetField(field)
	return q
}

func prefix(field, word string) query.Query {
	q := query.NewPrefixQuery(word)
	q.SetField(field)
	return q
}

func fuzzy(field, word string) query.Query {
	q := query.NewFuzzyQuery(word)
	q.SetField(field)
	q.SetFuzziness(1)
	return q
}

func either(choices ...query.Query) query.Query {
	if len(choices) == 1 {
		return choices[0]
	}
	return query.NewDisjunctionQuery(choices)
}

// without matches every document that found does not. Its other half is spelled
// out, because bleve answers with nothing if found can match nothing.
func without(found query.Query) query.Query {
	return query.NewBooleanQuery([]query.Query{query.NewMatchAllQuery()}, nil, []query.Query{found})
}

// oneOf is a filter by keyword; none if there are no values. It has no weight in
// the score.
func oneOf[S ~string](field string, values []S) []query.Query {
	if len(values) == 0 {
		return nil
	}
	choices := make([]query.Query, len(values))
	for i, v := range values {
		q := exact(field, string(v))
		q.SetBoost(0)
		choices[i] = q
	}
	return []query.Query{either(choices...)}
}

// between is a filter by time: whole days by their terms, and the ends, which
// are less than a day each, by the exact time.
func between(from, to time.Time) []query.Query {
	if from.IsZero() && to.IsZero() {
		return nil
	}
	var first, last time.Time // the whole days
	var choices []query.Query
	if !from.IsZero() {
		if first = from.UTC().Truncate(24 * time.Hour); first.Before(from) {
			first = first.AddDate(0, 0, 1)
		}
	}
	if !to.IsZero() {
		last = to.UTC().Truncate(24 * time.Hour)
	}
	if !from.IsZero() && !to.IsZero() && !first.Before(last) {
		if !from.Before(to) {
			return []query.Query{query.NewMatchNoneQuery()}
		}
		return []query.Query{span(fieldAt, atTerm(from), atTerm(to))}
	}
	if !from.IsZero() && from.Before(first) {
		choices = append(choices, span(fieldAt, atTerm(from), atTerm(first)))
	}
	low, high := "", ""
	if !from.IsZero() {
		low = dayTerm(first)
	}
	if !to.IsZero() {
		high = dayTerm(last)
		if last.Before(to) {
			choices = append(choices, span(fieldAt, atTerm(last), atTerm(to)))
		}
	}
	return []query.Query{either(append(choices, span(fieldDay, low, high))...)}
}

// span is a range of terms: from low on, without high.
func span(field, low, high string) query.Query {
	q := query.NewTermRangeQuery(low, high)
	q.SetField(field)
	q.SetBoost(0)
	return filter{q}
}
