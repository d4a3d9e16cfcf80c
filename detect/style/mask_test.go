package style_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"daybook/detect/style"
)

func TestMask(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a mention", "@ann: hi", "@user: hi"},
		{"a mention with its server", "hi @ann@social.example!", "hi @user!"},
		{"an address", "see https://a.example/x?y=1, please", "see <url>, please"},
		{"an address in brackets", "(www.a.example)", "(<url>)"},
		{"a scheme in capitals", "HTTPS://A.EXAMPLE", "<url>"},
		{"mail", "write to ann.b@mail.example.", "write to <email>."},
		{"a number", "ring 07700 900123 now", "ring <phone> now"},
		{"an American number", "(555) 010-9999", "<phone>"},
		{"with a country's code", "+44 7700 900123", "<phone>"},
		{"a date is no number", "on 2026-11-25 at 10:30", "on 2026-11-25 at 10:30"},
		{"a count is no number", "1234567890 of them", "1234567890 of them"},
		{"masks stay", "@user <url> <email> <phone>", "@user <url> <email> <phone>"},
		{"an at alone", "a @ b", "a @ b"},
		{"white space", "  a\tb\n\nc ", "a b  c"},
		{"nothing", " \n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := style.Mask(tc.text); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func FuzzMask(f *testing.F) {
	f.Add("@ann: see https://a.example/ or 07700 900123")
	f.Add("+++((( \x00\xff é́")
	f.Fuzz(func(t *testing.T, text string) {
		once := style.Mask(text)
		if utf8.ValidString(text) && !utf8.ValidString(once) {
			t.Errorf("%q became %q", text, once)
		}
		if strings.Contains(once, "://") {
			t.Errorf("%q became %q: an address is left", text, once)
		}
	})
}
