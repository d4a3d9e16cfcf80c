package style

import (
	"unicode"
	"unicode/utf8"
)

// hashBits is how many bits of a hash name a sequence of symbols. The model
// names those that it knows; the rest are dropped.
const hashBits = 20

// The views of a text: each is a sequence of symbols, of which all short runs
// are counted.
const (
	viewChars  = iota // the characters as written
	viewShapes        // the characters, with all but the common words made w, C or A and digits made 0: topic vanishes, habit stays
	viewTokens        // the same as whole words and marks
	viewWords         // words in small letters
	views
)

// runs says how short and how long the runs are that each view counts.
var runs = [views][2]int{viewChars: {2, 5}, viewShapes: {2, 6}, viewTokens: {1, 4}, viewWords: {1, 2}}

// A reader turns texts into symbols. It is not safe for concurrent use.
type reader struct {
	common                 map[string]uint32
	chars                  []uint32 // symbols of the views, of one text
	shapes                 []uint32
	tokens                 []uint32
	words                  []uint32
	lower                  []byte
	wordCount, commonCount int
}

// Marks around a text, and the beginning of the symbols that are no characters.
const (
	begin     = 2
	end       = 3
	symbols   = unicode.MaxRune + 1
	wordLower = symbols + 1000 + iota
	wordTitle
	wordUpper
	wordMixed
	number
	title = 100_000 // added to a common word written otherwise than in small letters
)

// read fills the views with the symbols of a masked text.
func (r *reader) read(text string) {
	r.chars, r.shapes = append(r.chars[:0], begin), append(r.shapes[:0], begin)
	r.tokens, r.words = append(r.tokens[:0], begin), append(r.words[:0], begin)
	r.wordCount, r.commonCount = 0, 0
	for i := 0; i < len(text); {
		c, w := utf8.DecodeRuneInString(text[i:])
		switch {
		case isWord(c):
			n := wordLength(text[i:])
			r.word(text[i : i+n])
			i += n
			continue
		case isDigit(c):
			n := 0
			for n < len(text)-i && isDigit(rune(text[i+n])) {
				r.chars = append(r.chars, uint32(text[i+n]))
				n++
			}
			r.shapes = append(r.shapes, '0')
			r.tokens = append(r.tokens, number)
			r.words = append(r.words, number)
			i += n
			continue
		case c == ' ':
			r.chars, r.shapes = append(r.chars, ' '), append(r.shapes, ' ')
			if i+1 < len(text) && text[i+1] == ' ' {
				r.tokens = append(r.tokens, ' ')
			}
		default:
			r.chars, r.shapes = append(r.chars, uint32(c)), append(r.shapes, uint32(c))
			// A mark that stands against the word before it is another than one alone.
			s := uint32(c)
			if i > 0 && text[i-1] == ' ' {
				s |= 1 << 24
			}
			r.tokens, r.words = append(r.tokens, s), append(r.words, uint32(c))
		}
		i += w
	}
	r.chars, r.shapes = append(r.chars, end), append(r.shapes, end)
	r.tokens, r.words = append(r.tokens, end), append(r.words, end)
}

func (r *reader) word(word string) {
	r.lower = r.lower[:0]
	small, first, upper, letters := true, false, 0, 0
	for i, c := range word {
		r.chars = append(r.chars, uint32(c))
		l := c
		if c == '’' {
			l = '\''
		}
		if c != '\'' && c != '’' {
			letters++
			if l = unicode.ToLower(c); l != c {
				small = false
				upper++
				first = first || i == 0
			}
		}
		r.lower = utf8.AppendRune(r.lower, l)
	}
	h := uint32(2166136261)
	for _, b := range r.lower {
		h = (h ^ uint32(b)) * 16777619
	}
	r.words = append(r.words, symbols+h%(1<<30))
	r.wordCount++
	if id, ok := r.common[string(r.lower)]; ok {
		r.commonCount++
		if small {
			r.tokens = append(r.tokens, symbols+10_000+id)
		} else {
			r.tokens = append(r.tokens, symbols+title+id)
			r.shapes = append(r.shapes, 'F')
		}
		for _, c := range string(r.lower) {
			r.shapes = append(r.shapes, uint32(c))
		}
		return
	}
	class, shape := uint32(wordMixed), uint32('C')
	switch {
	case small:
		class, shape = wordLower, 'w'
	case upper == letters && letters > 1:
		class, shape = wordUpper, 'A'
	case first && upper == 1:
		class = wordTitle
	}
	r.tokens, r.shapes = append(r.tokens, class), append(r.shapes, shape)
}

// each calls take with the hash of each run of symbols of a view.
func (r *reader) each(view int, take func(hash uint32)) {
	s := [views][]uint32{r.chars, r.shapes, r.tokens, r.words}[view]
	lo, hi := runs[view][0], runs[view][1]
	for i := range s {
		h := uint64(view+1) * 0x9e3779b97f4a7c15
		for k := 1; k <= hi && i+k <= len(s); k++ {
			h = (h ^ uint64(s[i+k-1])) * 0xff51afd7ed558ccd
			h ^= h >> 29
			if k >= lo {
				x := h * 0xc4ceb9fe1a85ec53
				take(uint32(x >> (64 - hashBits)))
			}
		}
	}
}

func isWord(c rune) bool  { return unicode.IsLetter(c) || c == '\'' || c == '’' }
func isDigit(c rune) bool { return c >= '0' && c <= '9' }

// wordLength returns the length of the word that text begins with.
func wordLength(text string) int {
	for i, c := range text {
		if !isWord(c) && !unicode.IsMark(c) {
			return i
		}
	}
	return len(text)
}
