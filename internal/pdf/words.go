package pdf

import "slices"

// mostWords is how many shaped words are kept, and mostInWord how long they are.
// Reports say the same few thousand words again and again, and to shape them is
// half of the work.
const (
	mostWords  = 4000
	mostInWord = 40
)

type wordKey struct {
	text string
	look look
	size unit
}

// plain reports whether a text is of printable ASCII characters alone. Each of
// them is a cluster that depends on nothing beyond its word, but for where a line
// may end.
func plain(text []char) bool {
	return !slices.ContainsFunc(text, func(c char) bool { return c.r < ' ' || c.r > '~' })
}

// words is clusters for a plain text, from words that were shaped before.
func (s *setter) words(text []char, size unit) []cluster {
	all := make([]cluster, 0, len(text))
	for from := 0; from < len(text); {
		to := from + 1
		for to < len(text) && to-from < mostInWord && text[to].look == text[from].look && (text[to].r == ' ') == (text[from].r == ' ') {
			to++
		}
		for _, c := range s.word(text[from:to], size) {
			c.from += from
			c.to += from
			all = append(all, c)
		}
		from = to
	}
	s.read(text)
	s.findBreaks()
	for i := range all {
		all[i].breaks = s.breaks[all[i].to-1]
	}
	return all
}

// word shapes a word, or returns how it was shaped before. It is shared.
func (s *setter) word(text []char, size unit) []cluster {
	s.letters = s.letters[:0]
	for _, c := range text {
		s.letters = append(s.letters, byte(c.r))
	}
	if shaped, ok := s.shaped[wordKey{string(s.letters), text[0].look, size}]; ok {
		return shaped
	}
	key := wordKey{string(s.letters), text[0].look, size}
	shaped := s.mixed(text, size, false)
	if len(s.shaped) == mostWords {
		clear(s.shaped)
	}
	s.shaped[key] = shaped
	return shaped
}
