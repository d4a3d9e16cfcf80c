package style

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What the training data has in place of what names somebody or leads
// somewhere. Mask writes them, so that a profile neither learns whom somebody
// writes to nor keeps an address.
const (
	maskUser  = "@user"
	maskURL   = "<url>"
	maskMail  = "<email>"
	maskPhone = "<phone>"
)

// Mask returns the text with mentions, web addresses, e-mail addresses and
// telephone numbers replaced, and white space made plain: one blank between
// words, two where there were more, none at the ends. Masks stay what they are.
func Mask(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		n, blank := blanks(text)
		if text = text[n:]; text == "" {
			break
		}
		if b.Len() > 0 {
			b.WriteString(blank)
		}
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		word := text[:end]
		if phone := phoneLength(text); phone > 0 {
			b.WriteString(maskPhone)
			text = text[phone:]
			continue
		}
		maskWord(&b, word)
		text = text[end:]
	}
	return b.String()
}

// blanks returns the length of the white space that text begins with, and what
// is written in its place.
func blanks(text string) (n int, plain string) {
	runes := 0
	for n < len(text) {
		r, w := utf8.DecodeRuneInString(text[n:])
		if !unicode.IsSpace(r) {
			break
		}
		n, runes = n+w, runes+1
	}
	switch runes {
	case 0:
		return n, ""
	case 1:
		return n, " "
	}
	return n, "  "
}

// maskWord writes a word without white space in it.
func maskWord(b *strings.Builder, word string) {
	// What stands around it stays: "(see", "ann@example.org,".
	core := strings.TrimLeft(word, "([{<\"'*_~“‘")
	lead := word[:len(word)-len(core)]
	body := strings.TrimRight(core, ")]}>\"'*_~.,;:!?”’")
	tail := core[len(body):]
	switch lower := strings.ToLower(body); {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "www."), strings.Contains(lower, "://"):
		// A bracket belongs to the address where one opens in it.
		b.WriteString(lead + maskURL + tail)
	case isMention(body):
		b.WriteString(lead + maskUser + tail)
	case isMail(body):
		b.WriteString(lead + maskMail + tail)
	default:
		b.WriteString(word)
	}
}

// isMention reports whether word is @name or @name@host.example.
func isMention(word string) bool {
	rest, ok := strings.CutPrefix(word, "@")
	if !ok || rest == "" {
		return false
	}
	for i, r := range rest {
		if !(unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || i > 0 && strings.ContainsRune(".-@", r)) {
			return false
		}
	}
	return true
}

func isMail(word string) bool {
	local, host, ok := strings.Cut(word, "@")
	if !ok || local == "" || strings.ContainsAny(host, "@/") {
		return false
	}
	dot := strings.LastIndexByte(host, '.')
	return dot > 0 && len(host)-dot > 2
}

// phoneLength returns the length of the telephone number that text begins with,
// 0 if it begins with none: 9 to 15 digits, a plus before and blanks, points,
// strokes or brackets between at most, beginning with +, 0 or a bracket or
// grouped as in 555-010-9999.
func phoneLength(text string) int {
	digits, groups, end := 0, 0, 0
	last := rune(0)
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			if last < '0' || last > '9' {
				groups++
			}
			digits++
			end = i + 1
		case i == 0 && (r == '+' || r == '('), i > 0 && strings.ContainsRune(" .-/()", r) && (last >= '0' && last <= '9' || last == ')' || last == '+'),
			i > 0 && r == '(' && last == ' ':
		case unicode.IsLetter(r) && end == i: // digits run into a word
			return 0
		default:
			return phoneOr0(text, digits, groups, end)
		}
		last = r
		if digits > 15 {
			return 0
		}
	}
	return phoneOr0(text, digits, groups, end)
}

func phoneOr0(text string, digits, groups, end int) int {
	begins := text != "" && strings.ContainsRune("+0(", rune(text[0]))
	if digits >= 9 && (begins || groups >= 3 && groups <= 5) {
		return end
	}
	return 0
}
