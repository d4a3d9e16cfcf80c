package flags

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// choice returns the class of one plain element: CLASS, word, or (word|two words|CLASS).
func (p *parser) choice(text string) (int32, error) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
	if c, ok := p.classes[text]; ok {
		return c, nil
	}
	if isClass(text) {
		return 0, fmt.Errorf("no class %s before this line", text)
	}
	c := p.class(text)
	return c, p.members(c, text)
}

// pattern reads a row of elements that begins with a class or a choice.
func (p *parser) pattern(text string) (pattern, error) {
	rest, opens := strings.CutPrefix(text, "^ ")
	elements, err := p.row(rest)
	if err != nil {
		return pattern{}, fmt.Errorf("%q: %w", text, err)
	}
	if first := elements[0]; first.optional || firsts(elements[:1]) == nil {
		return pattern{}, fmt.Errorf("%q does not begin with a word or class", text)
	}
	if len(elements) > 16 || ways(elements) > maxWays {
		return pattern{}, fmt.Errorf("%q can match in too many ways", text)
	}
	out := pattern{opens: opens, elements: elements}
	for i := len(elements) - 1; i > 0 && out.needs == nil; i-- {
		if e := elements[i]; !e.optional && (e.kind == oneOf || e.kind == either) {
			out.needs = firsts(elements[i : i+1])
		}
	}
	return out, nil
}

// row reads elements. Spaces and bars within brackets part nothing.
func (p *parser) row(text string) (out []element, err error) {
	for _, field := range outside(text, ' ') {
		var e element
		switch {
		case field == "":
			continue
		case field == "$":
			e.kind = ends
		case field == "//":
			e.kind = cross
		case strings.HasPrefix(field, ".."):
			e.kind = gap
			e.most, err = strconv.Atoi(field[2:])
		case field[0] == '!':
			e.kind = other
			e.choices, err = p.choices(field[1:])
		default:
			field, e.optional = strings.CutSuffix(field, "?")
			if field[0] != '(' || plain(field) {
				e.class, err = p.choice(field)
				break
			}
			e.kind = either
			e.choices, err = p.choices(field)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("nothing in %q", text)
	}
	return out, nil
}

// choices reads (a|b c|CLASS d).
func (p *parser) choices(text string) (out [][]element, err error) {
	if text[0] == '(' {
		text = text[1 : len(text)-1]
	}
	var words []string
	for _, choice := range outside(text, '|') {
		if plain(choice) && !isClass(strings.TrimSpace(choice)) {
			words = append(words, choice)
			continue
		}
		row, err := p.row(choice)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	if len(words) > 0 {
		class, err := p.choice(strings.Join(words, "|"))
		if err != nil {
			return nil, err
		}
		out = append(out, []element{{class: class}})
	}
	return out, nil
}

// plain reports whether a choice is of words and phrases alone.
func plain(text string) bool {
	return !strings.ContainsAny(strings.Trim(text, "()"), "(.!$/?") && strings.ToLower(text) == text
}

func isClass(text string) bool {
	return strings.ToUpper(text) == text && strings.ToLower(text) != text && !strings.ContainsAny(text, "| ")
}

// maxWays bounds how often the matcher can go back in one pattern.
const maxWays = 100_000

// ways counts the places at which each element can stand, multiplied. Choices of
// which at most one begins at a word count once.
func ways(row []element) int {
	n := 1
	for _, e := range row {
		here := e.most + 1
		if len(e.choices) > 0 {
			here = 1
			for _, choice := range e.choices {
				here += ways(choice) - 1
			}
		}
		if e.optional {
			here++
		}
		n = min(n*here, maxWays+1)
	}
	return n
}

// outside parts a text at a sign that stands outside of brackets.
func outside(text string, sign rune) []string {
	depth := 0
	return strings.FieldsFunc(text, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == sign && depth == 0
	})
}

// firsts returns the classes that a row can begin with; nil if it can begin with
// something else.
func firsts(row []element) (out []int32) {
	for _, e := range row {
		switch e.kind {
		case oneOf:
			out = append(out, e.class)
		case either:
			for _, choice := range e.choices {
				begin := firsts(choice)
				if begin == nil {
					return nil
				}
				out = append(out, begin...)
			}
		default:
			return nil
		}
		if !e.optional {
			slices.Sort(out)
			return slices.Compact(out)
		}
	}
	return nil
}
