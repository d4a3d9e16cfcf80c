package links

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// mostText is how much of one message is read, in bytes.
const mostText = 16 << 10

// words are the words of a message, in small letters and without marks, and
// which of them begin a sentence. Names, addresses and numbers end one: a run of
// words does not go across them.
type words struct {
	text   string // the words with a blank between them
	at     []int  // where each begins in text
	begins []bool // it is the first after a break
}

func (w *words) len() int { return len(w.at) }

// run returns the n words from the i-th on.
func (w *words) run(i, n int) string {
	end := len(w.text)
	if i+n < len(w.at) {
		end = w.at[i+n] - 1
	}
	return w.text[w.at[i]:end]
}

// unbroken reports whether the n words from the i-th on stand in one sentence.
func (w *words) unbroken(i, n int) bool {
	if i+n > len(w.at) {
		return false
	}
	for j := i + 1; j < i+n; j++ {
		if w.begins[j] {
			return false
		}
	}
	return true
}

// readWords reads the words of a text.
func readWords(text string) words {
	var (
		w      words
		b      strings.Builder
		begins = true
	)
	for field := range strings.FieldsSeq(norm.NFKC.String(strings.ToLower(cut(text, mostText)))) {
		if isPlace(field) {
			begins = true
			continue
		}
		word := strings.Trim(strings.Map(letter, field), "'")
		if word == "" || len(word) > 60 {
			begins = true
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		w.at = append(w.at, b.Len())
		w.begins = append(w.begins, begins)
		b.WriteString(word)
		begins = strings.ContainsAny(field[len(field)-1:], ".!?;:")
	}
	w.text = b.String()
	return w
}

// isPlace reports whether a field names somebody or leads somewhere.
func isPlace(field string) bool {
	return strings.Contains(field, "@") || strings.Contains(field, "://") || strings.HasPrefix(field, "<") ||
		strings.HasPrefix(field, "#") || strings.HasPrefix(field, "www.")
}

// letter keeps what words are made of.
func letter(r rune) rune {
	switch {
	case unicode.IsLetter(r), unicode.IsMark(r):
		return r
	case r == '\'' || r == '’':
		return '\''
	}
	return -1
}

// cut returns the beginning of a text, as valid UTF-8, of at most n bytes.
func cut(text string, n int) string {
	if len(text) > n {
		text = text[:n]
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
		if r, size := utf8.DecodeLastRuneInString(text); r == utf8.RuneError {
			text = text[:len(text)-size]
		}
	}
	return strings.ToValidUTF8(text, "")
}

// everyday reports whether all words of a run are in everybody's use, so that
// others may well put them together in the same way.
func everyday(run string) bool {
	for word := range strings.SplitSeq(run, " ") {
		if usedBy(word) < 400 {
			return false
		}
	}
	return true
}

// withoutAddress returns a text without the names that it begins with: many
// platforms put them there for whoever answers, so they are no habit.
func withoutAddress(text string) string {
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if !strings.HasPrefix(text, "@") {
			return text
		}
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			return ""
		}
		text = text[end:]
	}
}
