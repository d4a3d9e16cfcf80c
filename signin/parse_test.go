package signin_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"daybook"
	"daybook/signin"
)

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	for _, tt := range []struct{ name, typed, want string }{
		{"as shown", "k3f9-01az-zzzz-8hjm", "k3f901azzzzz8hjm"},
		{"in capitals with spaces", " K3F9 01AZ\tZZZZ\u00a08HJM\r\n", "k3f901azzzzz8hjm"},
		{"with another dash", "k3f9–01az—zzzz‑8hjm", "k3f901azzzzz8hjm"},
		{"letters that look like digits", "k3f9-OIaz-zzzz-8hjm", "k3f901azzzzz8hjm"},
		{"and another", "k3f9-0laz-zzzz-8hjm", "k3f901azzzzz8hjm"},
		{"too short", "k3f9-01az-zzzz-8hj", ""},
		{"too long", "k3f9-01az-zzzz-8hjmm", ""},
		{"a letter that is in no code", "k3f9-01az-zzzz-8hju", ""},
		{"empty", "", ""},
	} {
		if got := signin.ReadCode(tt.typed); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	seen := map[string]bool{}
	for range 100 {
		code := signin.NewCodeText()
		if len(code) != 19 || strings.Count(code, "-") != 3 || signin.ReadCode(code) != strings.ReplaceAll(code, "-", "") || seen[code] {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
	}
}

func FuzzCode(f *testing.F) {
	for _, s := range []string{"k3f9-01az-zzzz-8hjm", "K3F9 01AZ ZZZZ 8HJM", "\u212a3f9-01az-zzzz-8hjm", "–––", strings.Repeat("-", 199), "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got := signin.ReadCode(typed)
		if got == "" {
			return
		}
		if len(got) != 16 || strings.Trim(got, "0123456789abcdefghjkmnpqrstvwxyz") != "" || signin.ReadCode(got) != got {
			t.Errorf("%q is read as %q", typed, got)
		}
	})
}

func FuzzDigits(f *testing.F) {
	for _, s := range []string{"123456", "123 456", " 1 2 3 4 5 6 ", "१२३४५६", "12345", strings.Repeat(" ", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if got := signin.Digits(code); got != "" && (len(got) != 6 || strings.Trim(got, "0123456789") != "") {
			t.Errorf("%q is read as %q", code, got)
		}
	})
}

func TestDeviceWords(t *testing.T) {
	for agent, want := range map[string]string{
		home.Agent: "Firefox on Android",
		cafe.Agent: "Chrome on Windows",
		"":         "A browser",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15":                   "Safari on Mac",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0 Safari/537.36 Edg/137.0":                   "Edge on Windows",
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36":            "Samsung Internet on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/137.0 Safari/537.36":                              "Chrome on ChromeOS",
		"<script>alert(1)</script>": "A browser",
	} {
		if got := signin.DeviceWords(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

func FuzzDeviceWords(f *testing.F) {
	f.Add(home.Agent)
	f.Add("<b>Linux\xff")
	f.Fuzz(func(t *testing.T, agent string) {
		got := signin.DeviceWords(agent)
		if len(got) > 40 || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsLetter(r) && r != ' ' }) {
			t.Errorf("%q becomes %q", agent, got)
		}
	})
}

func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%eth0", "", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		got := signin.Network(signin.Door{Address: address})
		if got == "" && address != "" {
			t.Errorf("%q is counted together with no address", address)
		}
	})
	if a, b := signin.Network(signin.Door{Address: "::ffff:192.0.2.1"}), signin.Network(signin.Door{Address: "192.0.2.1"}); a != b {
		f.Errorf("%q and %q", a, b)
	}
}

func FuzzPasskeyName(f *testing.F) {
	for _, s := range []string{"my phone", "", "\x00\u202e", strings.Repeat("é", 1000), "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := signin.PasskeyName(name)
		if got == "" || utf8.RuneCountInString(got) > 60 || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q becomes %q", name, got)
		}
	})
}

func FuzzPassphrase(f *testing.F) {
	for _, s := range []string{"", "brown teapot", "Password1234", "\xff", strings.Repeat("ab", 600), "aaaaaaaaaaaaaaaa"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, passphrase string) {
		err := signin.CheckPassphrase(passphrase, "Mara")
		if err != nil && !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("%q: %v", passphrase, err)
		}
		if err == nil && utf8.RuneCount(norm.NFC.Bytes([]byte(passphrase))) < 12 {
			t.Errorf("%q is taken", passphrase)
		}
	})
}
