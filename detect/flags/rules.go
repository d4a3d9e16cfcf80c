package flags

import (
	_ "embed" // the rules
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed rules.txt
var rulesFile string

// shippedRules are the rules of rules.txt, read once.
var shippedRules = sync.OnceValue(func() *ruleSet {
	rules, err := parseRules(rulesFile)
	if err != nil {
		panic(err)
	}
	return rules
})

// A ruleSet is the rules of a file. rules.txt says at its head how they are
// written.
type ruleSet struct {
	vocabulary vocabulary
	classes    map[string]int32 // by name; a word or a choice in a pattern is a class by its own text
	names      []string         // by class
	root       []int32          // by the vocabulary's id: the node of phrases that begin so
	next       map[[2]int32]int32
	ends       [][]int32 // by node: the classes that a phrase ends
	rules      []rule
	starts     [][]start // by class: what begins with it
	idioms     []pattern
	not        int32
	languages  []string
}

type rule struct {
	key     string
	flag    Flag
	lang    string
	says    string
	match   []pattern
	unless  []pattern
	with    []int32
	without []int32
	alone   int // in a text of more words, one match is not enough; 0 means that it is
}

// A start is a pattern of a rule; rule is -1 for an idiom.
type start struct{ rule, pattern int32 }

// A pattern is a row of elements; the first is a class or a choice.
type pattern struct {
	opens    bool // it stands at the beginning of a sentence
	elements []element
	needs    []int32 // one of these must be in the text, or the pattern cannot match; nil if that is not known
}

type kind uint8

const (
	oneOf  kind = iota // words of a class
	either             // one of several rows
	gap                // up to most words of any kind, in the sentence, none of them a NOT
	ends               // the end of the sentence
	cross              // a sentence may end here
	other              // what comes next is none of several rows
)

type element struct {
	kind     kind
	class    int32
	choices  [][]element
	most     int
	optional bool
}

// phrases are the members of each class, before they are put into the trie.
type parser struct {
	*ruleSet
	phrases [][]string // by class
	line    int
}

func parseRules(file string) (*ruleSet, error) {
	p := &parser{ruleSet: &ruleSet{
		vocabulary: vocabulary{ids: map[string]int32{}, writes: map[string][]string{}, masked: map[string]string{}},
		classes:    map[string]int32{}, next: map[[2]int32]int32{},
	}}
	p.not = p.class("NOT")
	p.class(ownPlaceClass)
	p.class(ownNameClass)
	for i, line := range strings.Split(file, "\n") {
		p.line = i + 1
		if err := p.parse(line); err != nil {
			return nil, fmt.Errorf("rules, line %d: %w", p.line, err)
		}
	}
	if err := p.finish(); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return p.ruleSet, nil
}

func (p *parser) parse(line string) error {
	if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
		return nil
	}
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "write":
		return p.write(rest)
	case "class":
		name, members, ok := strings.Cut(rest, "=")
		if !ok {
			return fmt.Errorf("class %q has no =", rest)
		}
		return p.members(p.class(strings.TrimSpace(name)), members)
	case "idiom":
		pattern, err := p.pattern(rest)
		p.idioms = append(p.idioms, pattern)
		return err
	case "rule":
		key, lang, ok := strings.Cut(rest, " ")
		flag, _, _ := strings.Cut(key, "/")
		if !ok || place(Flag(flag)) < 0 {
			return fmt.Errorf("rule %q has no known flag or no language", rest)
		}
		p.rules = append(p.rules, rule{key: key, flag: Flag(flag), lang: lang})
		if !slices.Contains(p.languages, lang) {
			p.languages = append(p.languages, lang)
		}
		return nil
	}
	if len(p.rules) == 0 {
		return fmt.Errorf("%q stands before the first rule", verb)
	}
	return p.part(&p.rules[len(p.rules)-1], verb, rest)
}

func (p *parser) part(r *rule, verb, rest string) error {
	switch verb {
	case "says":
		r.says = rest
	case "match", "unless":
		pattern, err := p.pattern(rest)
		if err != nil {
			return err
		}
		if verb == "match" {
			r.match = append(r.match, pattern)
		} else {
			r.unless = append(r.unless, pattern)
		}
	case "alone":
		n, err := strconv.Atoi(rest)
		r.alone = n
		return err
	case "with", "without":
		class, err := p.choice(rest)
		if err != nil {
			return err
		}
		if verb == "with" {
			r.with = append(r.with, class)
		} else {
			r.without = append(r.without, class)
		}
	default:
		return fmt.Errorf("%q is no part of a rule", verb)
	}
	return nil
}

func (p *parser) write(rest string) error {
	forms, as, ok := strings.Cut(rest, "=")
	if !ok {
		return fmt.Errorf("write %q has no =", rest)
	}
	for _, form := range strings.Split(forms, ",") {
		form = foldWord(strings.TrimSpace(form))
		if _, twice := p.vocabulary.writes[form]; twice || form == "" {
			return fmt.Errorf("write %q is there twice", form)
		}
		p.vocabulary.writes[form] = strings.Fields(foldWord(as))
		for _, w := range p.vocabulary.writes[form] {
			p.word(w)
		}
	}
	return nil
}

// class returns the number of a class, a new one if there is none of the name.
func (p *parser) class(name string) int32 {
	if c, ok := p.classes[name]; ok {
		return c
	}
	c := int32(len(p.names))
	p.classes[name] = c
	p.names = append(p.names, name)
	p.phrases = append(p.phrases, nil)
	return c
}

func (p *parser) word(w string) int32 {
	if id, ok := p.vocabulary.ids[w]; ok {
		return id
	}
	id := int32(len(p.vocabulary.ids))
	p.vocabulary.ids[w] = id
	return id
}

// members adds what stands between bars to a class.
func (p *parser) members(class int32, list string) error {
	for _, member := range strings.Split(list, "|") {
		member = strings.TrimSpace(member)
		switch {
		case member == "":
			return fmt.Errorf("an empty member in %q", list)
		case isClass(member):
			c, ok := p.classes[member]
			if !ok || len(p.phrases[c]) == 0 {
				return fmt.Errorf("no class %s before this line", member)
			}
			p.phrases[class] = append(p.phrases[class], p.phrases[c]...)
		default:
			p.phrases[class] = append(p.phrases[class], spread(foldWord(member))...)
		}
	}
	return nil
}

// spread writes out braces: "kill{,s}" is "kill" and "kills".
func spread(member string) []string {
	from := strings.IndexByte(member, '{')
	to := strings.IndexByte(member, '}')
	if from < 0 || to < from {
		return []string{member}
	}
	var out []string
	for _, middle := range strings.Split(member[from+1:to], ",") {
		out = append(out, spread(member[:from]+middle+member[to+1:])...)
	}
	return out
}

// finish puts the phrases into the trie and the patterns under their first
// class.
func (p *parser) finish() error {
	p.ends = [][]int32{nil}
	for _, members := range p.phrases {
		for _, phrase := range members {
			for _, w := range strings.Fields(phrase) {
				if p.vocabulary.writes[w] == nil && (w == "'s" || !strings.ContainsRune(w, '\'')) {
					p.word(w)
				}
			}
		}
	}
	for class, members := range p.phrases {
		for _, phrase := range members {
			node := int32(0)
			for _, w := range p.asRead(phrase) {
				key := [2]int32{node, p.word(w)}
				if p.next[key] == 0 {
					p.next[key] = int32(len(p.ends))
					p.ends = append(p.ends, nil)
				}
				node = p.next[key]
			}
			if !slices.Contains(p.ends[node], int32(class)) {
				p.ends[node] = append(p.ends[node], int32(class))
			}
		}
	}
	p.root = make([]int32, len(p.vocabulary.ids))
	for id := range p.root {
		p.root[id] = p.next[[2]int32{0, int32(id)}]
	}
	p.mask()
	p.starts = make([][]start, len(p.names))
	for i, pattern := range p.idioms {
		for _, class := range firsts(pattern.elements) {
			p.starts[class] = append(p.starts[class], start{-1, int32(i)})
		}
	}
	for i, r := range p.rules {
		if r.says == "" || len(r.match) == 0 {
			return fmt.Errorf("rule %s says nothing or matches nothing", r.key)
		}
		for j, pattern := range r.match {
			for _, class := range firsts(pattern.elements) {
				p.starts[class] = append(p.starts[class], start{int32(i), int32(j)})
			}
		}
	}
	return nil
}

// asRead returns the words of a phrase as they are read in a text.
func (p *parser) asRead(phrase string) (out []string) {
	for _, w := range strings.Fields(phrase) {
		if w == "'s" {
			out = append(out, w)
			continue
		}
		r := p.vocabulary.read(w)
		for i := range r.words {
			out = append(out, string(r.form(i)))
		}
	}
	return out
}

// mask notes how words of the class MASKED look with stars in them.
func (p *parser) mask() {
	c, ok := p.classes["MASKED"]
	if !ok {
		return
	}
	for _, w := range p.phrases[c] {
		if strings.Contains(w, " ") || len(w) < 4 {
			continue
		}
		masks := []string{w[:1] + strings.Repeat("*", len(w)-2) + w[len(w)-1:], w[:1] + strings.Repeat("*", len(w)-1)}
		for i := 1; i < len(w)-1; i++ {
			masks = append(masks, w[:i]+"*"+w[i+1:])
		}
		for _, mask := range masks {
			if _, taken := p.vocabulary.masked[mask]; !taken {
				p.vocabulary.masked[mask] = w
			}
		}
	}
}
