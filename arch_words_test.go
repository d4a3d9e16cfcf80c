package daybook_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unwanted are words that judge people or hand the reader a verdict. The people
// in this program are the person, senders and handles: docs/glossary.md.
var unwanted = regexp.MustCompile(`(?i)\b(stalker|suspect|perpetrator|victim|subject)s?\b`)

// anywhere is what a file must hold for its lines to be worth a look.
var anywhere = regexp.MustCompile(`[Ss]talker|[Ss]uspect|[Pp]erpetrator|[Vv]ictim|[Ss]ubject|STALKER|SUSPECT|PERPETRATOR|VICTIM|SUBJECT`)

// claims are phrases that the program never prints (requirement A-10).
var claims = regexp.MustCompile(`(?i)\b(risk score|danger score|legally admissible|court[- ]proof|tamper[- ]proof|military[- ]grade)\b`)

var (
	camelCase = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	listed    = regexp.MustCompile(`"[a-z]+"|\|[a-z]+|[a-z]+\|`) // alone in quotes, or in a pattern of choices
	quoted    = regexp.MustCompile("`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”")
	// mailFile: what speaks of mail and of certificates needs the word that
	// their standards use (RFC 5322 §3.6.5, RFC 5280 §4.1.2.6).
	mailFile = regexp.MustCompile(`alert|config|mail|mbox|sms|outbox|notif|stamp|tsa|"crypto/x509|"net/mail"|/go-mail"`)
)

func TestWords(t *testing.T) {
	walk(t, func(file, text string) {
		if !ourWords(file) || !anywhere.MatchString(text) {
			return
		}
		for i, line := range strings.Split(text, "\n") {
			for _, word := range unwantedWords(file, text, line) {
				t.Errorf("%s:%d: %q: say the person, the sender or the handle (docs/glossary.md)", file, i+1, word)
			}
		}
	})
}

func TestWords_A10(t *testing.T) {
	walk(t, func(file, text string) {
		if !ourWords(file) {
			return
		}
		for i, line := range strings.Split(text, "\n") {
			if path.Ext(file) == ".md" {
				line = quoted.ReplaceAllString(line, "")
			}
			if claim := claims.FindString(line); claim != "" {
				t.Errorf("%s:%d: %q claims more than can be shown", file, i+1, claim)
			}
		}
	})
}

// ourWords reports whether a file says what the program says. Made-up messages
// and recorded pages say what they like, and this file has to name the words.
func ourWords(file string) bool {
	return file != "arch_words_test.go" && !strings.Contains(file, "/vendored/") && (!inTestdata(file) || path.Ext(file) == ".txtar")
}

// unwantedWords returns the unwanted words in a line of a file. Documents may
// quote a word in order to speak about it, and tests may list those that must
// not come out.
func unwantedWords(file, text, line string) []string {
	switch {
	case path.Ext(file) == ".md":
		line = quoted.ReplaceAllString(line, "")
	case strings.HasSuffix(file, "_test.go"):
		line = listed.ReplaceAllString(line, "")
		fallthrough
	default:
		line = camelCase.ReplaceAllString(strings.ReplaceAll(line, "_", " "), "$1 $2")
	}
	found := unwanted.FindAllString(line, -1)
	if mailFile.MatchString(file) || path.Ext(file) == ".go" && mailFile.MatchString(head(text)) {
		found = slices.DeleteFunc(found, func(w string) bool { return strings.HasPrefix(strings.ToLower(w), "subject") })
	}
	return found
}

// head returns a Go file up to the end of its imports.
func head(text string) string {
	for _, end := range []string{"\n)\n", "\nfunc ", "\ntype "} {
		if before, _, ok := strings.Cut(text, end); ok {
			return before
		}
	}
	return text
}

func TestWordRule(t *testing.T) {
	for _, tc := range []struct {
		name, file, line string
		want             int
	}{
		{"a part of a name", "detect/links.go", "func scoreStalker(h Handle)", 1},
		{"a column", "store/migrations/1.sql", "suspect_id TEXT", 1},
		{"a plural in a comment", "detect/links.go", "// all victims of it", 1},
		{"a longer word", "detect/links.go", "// is suspected to be slow", 0},
		{"a word that is quoted in a document", "docs/glossary.md", "never \"stalker\"", 0},
		{"a word that is used in a document", "docs/glossary.md", "the stalker", 1},
		{"a word in a test's list", "detect/a_test.go", `for _, w := range []string{"suspect", "risk"} {`, 0},
		{"a word in a test's text", "detect/a_test.go", `text: "the suspect wrote"`, 1},
		{"a mail's heading", "alerts/email/email.go", "m.Subject(text)", 0},
		{"the same elsewhere", "index/query.go", "m.Subject(text)", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := unwantedWords(tc.file, "", tc.line); len(got) != tc.want {
				t.Errorf("unwantedWords(%s, %q) = %q, want %d", tc.file, tc.line, got, tc.want)
			}
		})
	}
}
