package flags

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A word is one word of a text as the rules see it: "I'll" is two, "i" and
// "will".
type word struct {
	id         int32 // in the vocabulary; -1 if it is not there
	from, to   int32 // where it stands in the text as given
	start, end int32 // where its plain form stands in reading.plain
	first      bool  // of a sentence
	capital    bool  // the first letter was one
}

// A reading is a text as words.
type reading struct {
	text  string
	plain []byte
	words []word
	owns  []ownPlace // the person's own details, by position
	hits  []hit      // which classes begin at which word, ordered by word
	at    []int32    // hits[at[i]:at[i+1]] begin at word i
	there []uint64   // the set of the classes of all hits

	matched bool // matches is there
	matches []match
}

// A hit is a class that begins at a word and is length words long.
type hit struct{ class, length int32 }

func (r *reading) form(i int) []byte { return r.plain[r.words[i].start:r.words[i].end] }

// spans turns places of words, in any order, into places of the text.
func (r *reading) spans(words []int32) []Span {
	slices.Sort(words)
	var out []Span
	for k, i := range words {
		w := r.words[i]
		if n := len(out); n > 0 && (int(w.from) <= out[n-1].To || k > 0 && i == words[k-1]+1 && !w.first) {
			out[n-1].To = max(out[n-1].To, int(w.to))
			continue
		}
		if len(out) == maxSpans {
			break
		}
		out = append(out, Span{int(w.from), int(w.to)})
	}
	return out
}

// A vocabulary is the words that the rules name and how others are written.
type vocabulary struct {
	ids    map[string]int32
	writes map[string][]string // how a written form is read: "im" as "i", "am"
	masked map[string]string   // "k*ll" as "kill"
}

// read reads a text. It does not fail: bytes that are no UTF-8 part words.
func (v *vocabulary) read(text string) *reading {
	r := &reading{text: text, plain: make([]byte, 0, len(text)+len(text)/8+16), words: make([]word, 0, len(text)/4+4)}
	s := scanner{v: v, r: r, opens: true}
	for i := 0; i < len(text); {
		i = s.next(i)
	}
	s.letters()
	return r
}

// A scanner parts a text into words.
type scanner struct {
	v        *vocabulary
	r        *reading
	opens    bool // the next word begins a sentence
	sentence int  // words of this sentence so far
	raw      []byte
	single   []word // words of one letter in a row: "k i l l"
}

// next reads one word or sign at i and returns where the one after it begins.
func (s *scanner) next(i int) int {
	text := s.r.text
	c, n := utf8.DecodeRuneInString(text[i:])
	switch {
	case letter(c):
		return s.word(i)
	case c == '[' && (hasPrefix(text[i:], "[USER]") || hasPrefix(text[i:], "[URL]")), c == '@' && i+1 < len(text) && letter(rune(text[i+1])):
		end := i + n
		for end < len(text) && (letter(rune(text[end])) || text[end] == '_' || text[end] == '.' || text[end] == '@' || text[end] == ']') {
			end++
		}
		s.letters()
		s.emit("@", i, end, false)
		return end
	case c == '.' || c == '!' || c == '?' || c == ';' || c == '…' || c == '\n':
		s.stop(c, text[i+n:])
	case c >= 0x203C && unicode.In(c, unicode.So) && !quiet(c):
		s.letters()
		s.raw = append(s.raw[:0], text[i:i+n]...)
		s.known(s.raw, i, i+n, false)
	}
	return i + n
}

// stop ends a sentence, unless that was one word ("I. will. come."), or the sign
// stands within a word or a line goes on in the next one.
func (s *scanner) stop(c rune, rest string) {
	next, _ := utf8.DecodeRuneInString(rest)
	switch {
	case c == '.' && letter(next), c == '\n' && unicode.IsLower(next), s.sentence < 2:
		return
	}
	s.letters()
	s.opens, s.sentence = true, 0
}

// word reads the word that begins at i.
func (s *scanner) word(i int) int {
	text := s.r.text
	if hasPrefix(text[i:], "http://") || hasPrefix(text[i:], "https://") {
		end := i
		for end < len(text) && text[end] > ' ' {
			end++
		}
		s.letters()
		s.emit("url", i, end, false)
		return end
	}
	if end := s.disguised(i); end > 0 {
		return end
	}
	raw, end := s.raw[:0], i
	capital := false
	for end < len(text) {
		c, n := utf8.DecodeRuneInString(text[end:])
		switch {
		case quiet(c):
		case letter(c):
			if end == i {
				capital = unicode.IsUpper(c)
			}
			raw = fold(raw, c)
		case apostrophe(c) && end > i && letterAt(text, end+n):
			raw = append(raw, '\'')
		default:
			n = 0
		}
		if n == 0 || len(raw) > 64 {
			break
		}
		end += n
	}
	s.raw = raw
	if mixesScripts(raw) {
		raw = []byte(alike.Replace(string(raw)))
	}
	if len(raw) == 1 && 'a' <= raw[0] && raw[0] <= 'z' {
		s.single = append(s.single, word{from: int32(i), to: int32(end), start: int32(raw[0]), capital: capital})
		return end
	}
	s.letters()
	s.known(raw, i, end, capital)
	return end
}

// disguised reads a word in which signs or figures stand for letters, if that
// gives a word of the vocabulary, and returns its end; else 0.
func (s *scanner) disguised(i int) int {
	text := s.r.text
	end, signs, letters, figures := i, 0, 0, 0
	for end < len(text) && end < i+24 {
		switch c := text[end]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			letters++
		case '0' <= c && c <= '9':
			figures++
		case c == '*' || c == '@' || c == '$' || c == '|' || c == '!':
			signs++
		default:
			goto done
		}
		end++
	}
done:
	if letters == 0 || signs+figures == 0 {
		return 0
	}
	for end > i && (text[end-1] == '!' || text[end-1] == '*') {
		end--
	}
	low := bytes.ToLower([]byte(text[i:end]))
	for _, plain := range []string{s.v.masked[string(low)], leet.Replace(string(low)), otherLeet.Replace(string(low))} {
		if len(plain) < 3 || plain == string(low) {
			continue
		}
		if id, ok := s.v.ids[plain]; ok && id >= 0 {
			s.letters()
			s.emit(plain, i, end, false)
			return end
		}
	}
	return 0
}

// known emits a word as it is to be read.
func (s *scanner) known(raw []byte, from, to int, capital bool) {
	if len(raw) == 0 {
		return
	}
	if s.split(raw, from, to, capital) {
		return
	}
	if at := bytes.IndexByte(raw, '\''); at > 0 {
		for _, end := range []struct{ suffix, reads string }{
			{"n't", "not"}, {"'ll", "will"}, {"'re", "are"}, {"'ve", "have"}, {"'m", "am"}, {"'d", "would"}, {"'s", "'s"},
		} {
			if head, ok := bytes.CutSuffix(raw, []byte(end.suffix)); ok && len(head) > 0 {
				s.known(slices.Clone(head), from, to, capital)
				s.emit(end.reads, from, to, false)
				return
			}
		}
		raw = bytes.ReplaceAll(raw, []byte{'\''}, nil)
	}
	if _, ok := s.v.ids[string(raw)]; !ok && len(raw) > 2 {
		for n := 2; n > 0; n-- {
			if short := squeeze(raw, n); len(short) < len(raw) {
				if s.split(short, from, to, capital) {
					return
				}
				if _, ok := s.v.ids[string(short)]; ok && (n == 2 || len(short)+1 < len(raw)) {
					raw = short
					break
				}
			}
		}
		raw = squeeze(raw, 3)
	}
	s.emit(string(raw), from, to, capital)
}

// split emits a word that the vocabulary says to read otherwise.
func (s *scanner) split(raw []byte, from, to int, capital bool) bool {
	as, ok := s.v.writes[string(raw)]
	for _, part := range as {
		s.emit(part, from, to, capital)
	}
	return ok
}

func (s *scanner) emit(form string, from, to int, capital bool) {
	w := word{id: -1, from: int32(from), to: int32(to), start: int32(len(s.r.plain)), first: s.opens, capital: capital}
	if id, ok := s.v.ids[form]; ok {
		w.id = id
	}
	s.r.plain = append(s.r.plain, form...)
	w.end = int32(len(s.r.plain))
	s.r.words = append(s.r.words, w)
	s.opens = false
	s.sentence++
}

// letters emits the words of one letter that were held back: as the words that
// they spell ("k i l l  y o u"), or each by itself.
func (s *scanner) letters() {
	single := s.single
	s.single = s.single[:0]
	if len(single) >= 3 {
		if s.spelled(single) {
			return
		}
	}
	for _, w := range single {
		s.known([]byte{byte(w.start)}, int(w.from), int(w.to), w.capital)
	}
}

// spelled emits letters as words of the vocabulary, if they can be parted so
// that one of at least three letters is among them; the longest come first.
func (s *scanner) spelled(letters []word) bool {
	const longest = 12
	if len(letters) > 200 {
		return false
	}
	all := make([]byte, len(letters))
	for i, w := range letters {
		all[i] = byte(w.start)
	}
	var ends []int
	long := false
	for i := 0; i < len(all); {
		n := min(longest, len(all)-i)
		for ; n > 0; n-- {
			if _, ok := s.v.ids[string(all[i:i+n])]; ok && (n > 1 || all[i] == 'i' || all[i] == 'a') {
				break
			}
		}
		if n == 0 {
			return false
		}
		long = long || n >= 3
		i += n
		ends = append(ends, i)
	}
	if !long {
		return false
	}
	i := 0
	for _, end := range ends {
		s.known(slices.Clone(all[i:end]), int(letters[i].from), int(letters[end-1].to), letters[i].capital)
		i = end
	}
	return true
}

func letter(c rune) bool {
	if c < 0x80 {
		return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
	}
	return c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.No, c))
}

func letterAt(text string, i int) bool {
	c, n := utf8.DecodeRuneInString(text[i:])
	return n > 0 && letter(c)
}

func apostrophe(c rune) bool {
	return c == '\'' || c == '’' || c == '‘' || c == 'ʼ' || c == '`' || c == '´' || c == '＇'
}

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }
