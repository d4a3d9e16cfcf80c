package export

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible writes control characters, marks that turn the direction of writing and
// other characters that nobody sees as their code points, so that nothing can be
// hidden behind them (E-2). Line feeds and tabs stay.
func Visible(s string) string {
	clean := utf8.ValidString(s)
	for _, r := range s {
		if hidden(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(&b, "[byte %02X]", s[i])
		case hidden(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r == '\n', r == '\t', r == '\u200d': // the last joins emoji: a family is one picture
		return false
	case r >= '\ufe00' && r <= '\ufe0f': // chooses the form of the character before it
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || r == utf8.RuneError
}

// cell makes a text safe for a spreadsheet: nothing hidden in it, and no formula
// (OWASP ASVS 1.2.10): one that begins like a formula gets an apostrophe.
func cell(s string) string {
	s = Visible(s)
	first, _ := utf8.DecodeRuneInString(s)
	if strings.ContainsRune("=+-@\t\n\r\x00＝＋－＠", first) && s != "" {
		return "'" + s
	}
	return s
}

// Defang writes an address so that no program makes a link of it.
func Defang(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	switch strings.ToLower(scheme) {
	case "http":
		scheme = "hxxp"
	case "https":
		scheme = "hxxps"
	}
	return scheme + "://" + rest
}
