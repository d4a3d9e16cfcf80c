package web

import "daybook/detect/flags"

// Marked is marked, for tests: the text of each part, and whether it is marked.
func Marked(text string, spans []flags.Span, limit int) (parts []string, marks []bool, cut int) {
	m := marked(text, spans, limit)
	for _, p := range m.Parts {
		s := ""
		for _, n := range p.Text.Parts {
			s += n.Text
			if n.Chip != "" {
				s += "[" + n.Chip + "]"
			}
		}
		parts, marks = append(parts, s), append(marks, p.Mark)
	}
	return parts, marks, m.Cut
}

// FlagAboutThem is flagAboutThem, for tests.
func FlagAboutThem(s string) string { return flagAboutThem(s) }
