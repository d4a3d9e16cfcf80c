package index

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"daybook"
)

// Bounds of a query.
const (
	MaxQueryLength = 1000 // characters
	MaxClauses     = 32   // words, phrases and filters
	maxTokens      = 96   // words in all phrases together
	minPrefix      = 2    // letters in front of a *
	minTolerant    = 3    // letters in front of a ~
)

// A Query says what to look for in one case. Its filters all have to hold; one
// with several values is satisfied by any of them.
type Query struct {
	Case daybook.CaseID // required: nothing is ever searched across cases

	// Text is in the language of Parse. A Query that Parse returned has it read
	// already; otherwise Search reads it.
	Text string
	// Zone is where days begin for before: and after:. nil: UTC.
	Zone *time.Location
	// Names are the values of from:. Who searches looks them up and sets
	// Senders; Search refuses names without senders.
	Names []string
	// Flags are the values of flag:. Who searches looks up the messages that
	// have any of them and adds those to Among; Search refuses flags without.
	Flags []string
	// Among narrows the hits to messages that stand in each of these; nil: it
	// does not.
	Among []Messages
	// Tell are messages of which Each tells whether a hit is one: at most 64
	// lists. Search and Count pass them over.
	Tell []Messages

	From, To   time.Time // stated times from From on and before To; zero: unbounded
	Senders    []daybook.Handle
	Accounts   []daybook.AccountID
	Kinds      []daybook.Kind
	Directions []daybook.Direction
	Origins    []daybook.Origin
	Since      []Since
	Periods    []Period // stated times, beside From and To

	Limit      int  // hits; 0: 20, at most 1,000
	Offset     int  // hits to pass over, at most 10,000
	SortByTime bool // newest first; otherwise best first
	Facets     bool // count kinds and senders among all hits

	read *reading
}

// A SyntaxError says where a query cannot be read, and why, for the person who
// wrote it. It wraps daybook.ErrInvalid.
type SyntaxError struct {
	At   int    // the character, from 1
	What string // a sentence without a full stop
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("query, character %d: %s", e.At, e.What) }
func (e *SyntaxError) Unwrap() error { return daybook.ErrInvalid }

// A reading is what Parse made of a text: clauses that all have to hold.
type reading struct {
	clauses       []clause
	kinds         []daybook.Kind
	after, before time.Time // wall clock, to be read in the query's zone
}

// A clause holds if one of its terms does, or, negated, if none does.
type clause struct {
	terms []term
	not   bool
}

type termKind uint8

const (
	exactly  termKind = iota // the words, one after the other
	begins                   // the last of them begins so; those in front stand anywhere, one after the other
	tolerant                 // each with at most one letter more, less, changed or swapped, anywhere
)

type term struct {
	kind   termKind
	tokens []token // at least one
}

// Parse reads a query as a person writes it:
//
//	outside house          both words, anywhere
//	"I will find you"      these words in this order
//	knife OR gun           one of them; OR binds the two beside it
//	-photo -"see you"      without these
//	follow*                words that begin so
//	adress~                words that differ by at most one letter
//	from:NAME              from this sender: Query.Names
//	kind:direct_message    of this kind
//	flag:NAME              with this flag: Query.Flags
//	after:2026-03-01       that day and later; also 2026, 2026-03, 2026-03-01T18:30
//	before:2026-03-01      earlier than that day
//
// Capitals, accents and characters that cannot be seen make no difference in
// finding; punctuation parts words. There are no other operators: every other
// character is text. The error is a *SyntaxError.
func Parse(text string) (Query, error) {
	p := parser{text: []rune(text), or: -1}
	if len(p.text) > MaxQueryLength {
		return Query{}, p.fail(MaxQueryLength, "the query is too long; at most %d characters can be read", MaxQueryLength)
	}
	q := Query{Text: text, read: &p.read}
	for p.skipSpace(); p.at < len(p.text); p.skipSpace() {
		if err := p.part(&q); err != nil {
			return Query{}, err
		}
	}
	if p.or >= 0 {
		return Query{}, p.fail(p.or, "OR needs a word behind it")
	}
	if len(p.read.clauses) == 0 && p.filters == 0 {
		return Query{}, p.fail(0, "there is no word to search for")
	}
	return q, nil
}

type parser struct {
	text    []rune
	at      int
	read    reading
	joins   bool // the last part was a term that OR can join
	or      int  // where an OR waits for its second term; -1: none does
	filters int
	count   int
	tokens  int
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &SyntaxError{At: at + 1, What: fmt.Sprintf(format, args...)}
}

func (p *parser) skipSpace() {
	for p.at < len(p.text) && unicode.IsSpace(p.text[p.at]) {
		p.at++
	}
}

func isQuote(r rune) bool { return r == '"' || r == '“' || r == '”' || r == '„' }

// part reads one part: OR, a filter, a phrase or a word.
func (p *parser) part(q *Query) error {
	start := p.at
	raw := p.peekWord()
	if raw == "OR" {
		p.at += 2
		if !p.joins {
			return p.fail(start, "OR needs a word in front of it")
		}
		p.joins, p.or = false, start
		return nil
	}
	not := false
	if p.text[p.at] == '-' && p.at+1 < len(p.text) && !unicode.IsSpace(p.text[p.at+1]) {
		not = true
		p.at++
	}
	if p.count++; p.count > MaxClauses {
		return p.fail(start, "the query has more than %d parts", MaxClauses)
	}
	name, value, found := strings.Cut(p.peekWord(), ":")
	if found {
		switch name = strings.ToLower(name); name {
		case "from", "kind", "flag", "after", "before":
			if not {
				return p.fail(start, "%s: cannot be excluded", name)
			}
			if p.or >= 0 {
				return p.fail(start, "OR can join words only, not %s:", name)
			}
			p.at += len([]rune(name)) + 1
			if value == "" && p.at < len(p.text) && isQuote(p.text[p.at]) {
				var err error
				if value, err = p.quoted(); err != nil {
					return err
				}
			} else {
				p.at += len([]rune(value))
			}
			p.joins = false
			p.filters++
			return p.filter(q, start, name, strings.TrimSpace(value))
		}
	}
	t, err := p.term()
	if err != nil {
		return err
	}
	if p.tokens += len(t.tokens); p.tokens > maxTokens {
		return p.fail(start, "the query has more than %d words", maxTokens)
	}
	switch {
	case len(t.tokens) == 0: // a dash, a smiley of punctuation: nothing to find
		p.count--
	case p.or >= 0 && not:
		return p.fail(start, "OR cannot join an exclusion")
	case p.or >= 0:
		last := &p.read.clauses[len(p.read.clauses)-1]
		last.terms = append(last.terms, t)
		p.or, p.joins = -1, true
	default:
		p.read.clauses = append(p.read.clauses, clause{terms: []term{t}, not: not})
		p.joins = !not
	}
	return nil
}

// peekWord returns what stands up to the next space or quotation mark.
func (p *parser) peekWord() string {
	end := p.at
	for end < len(p.text) && !unicode.IsSpace(p.text[end]) && !isQuote(p.text[end]) {
		end++
	}
	return string(p.text[p.at:end])
}

// quoted reads from a quotation mark to the next.
func (p *parser) quoted() (string, error) {
	start := p.at
	for end := start + 1; end < len(p.text); end++ {
		if isQuote(p.text[end]) {
			p.at = end + 1
			return string(p.text[start+1 : end]), nil
		}
	}
	return "", p.fail(start, "the quotation mark is not closed")
}

func (p *parser) term() (term, error) {
	start := p.at
	if isQuote(p.text[p.at]) {
		s, err := p.quoted()
		if err != nil {
			return term{}, err
		}
		t := term{tokens: tokenize(s)}
		if len(t.tokens) == 0 {
			return term{}, p.fail(start, "there is no word between the quotation marks")
		}
		return t, nil
	}
	raw := p.peekWord()
	p.at += len([]rune(raw))
	return p.words(start, raw)
}

// words reads a word, or several as a phrase, that may end with * or ~.
func (p *parser) words(start int, raw string) (term, error) {
	body := strings.TrimRight(raw, "*~")
	t := term{tokens: tokenize(body)}
	if len(t.tokens) == 0 {
		return t, nil
	}
	if i := strings.IndexByte(body, '*'); i > 0 {
		return term{}, p.fail(start+len([]rune(body[:i])), "* can stand only at the end of a word")
	}
	last := t.tokens[len(t.tokens)-1]
	long := len([]rune(last.text))
	switch suffix := raw[len(body):]; {
	case suffix == "" || last.dense || last.sign:
	case suffix == "*":
		if long < minPrefix {
			return term{}, p.fail(start, "* needs at least %d letters in front of it", minPrefix)
		}
		t.kind = begins
	case suffix == "~":
		if long < minTolerant {
			return term{}, p.fail(start, "~ needs at least %d letters in front of it", minTolerant)
		}
		t.kind = tolerant
	default:
		return term{}, p.fail(start+len([]rune(body)), "a word can end with one * or one ~")
	}
	return t, nil
}

func (p *parser) filter(q *Query, start int, name, value string) error {
	if value == "" {
		return p.fail(start, "%s: needs a value right behind it", name)
	}
	switch name {
	case "from":
		q.Names = append(q.Names, value)
	case "flag":
		q.Flags = append(q.Flags, value)
	case "kind":
		p.read.kinds = append(p.read.kinds, daybook.Kind(strings.ToLower(value)))
	case "after", "before":
		at, ok := parseDate(value)
		if !ok {
			return p.fail(start, "%s: needs a date such as 2026-03-01", name)
		}
		if name == "after" && at.After(p.read.after) {
			p.read.after = at
		}
		if name == "before" && (p.read.before.IsZero() || at.Before(p.read.before)) {
			p.read.before = at
		}
	}
	return nil
}

func parseDate(s string) (time.Time, bool) {
	for _, form := range []string{"2006-01-02", "2006-01", "2006", "2006-01-02T15:04"} {
		if t, err := time.Parse(form, s); err == nil && t.Year() >= 1 {
			return t, true
		}
	}
	return time.Time{}, false
}

// in reads a wall clock in a zone.
func in(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	if zone == nil {
		zone = time.UTC
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, zone)
}
