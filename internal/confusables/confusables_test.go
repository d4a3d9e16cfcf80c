package confusables_test

import (
	"slices"
	"testing"

	"daybook/internal/confusables"

	"golang.org/x/text/unicode/norm"
)

func TestSkeleton_E3(t *testing.T) {
	for _, tc := range []struct {
		name, a, b string
		same       bool
	}{
		{"itself", "nightjar", "nightjar", true},
		{"a Cyrillic letter", "Nightjаr", "Nightjar", true},
		{"all Cyrillic", "раураl", "paypal", true},
		{"one, l and I", "kestre1", "kestreI", true},
		{"rn and m", "mernber", "member", true},
		{"a letter that cannot be seen", "kes\u200btrel", "kestrel", true},
		{"mathematical letters", "𝗄𝖾𝗌𝗍𝗋𝖾𝗅", "kestrel", true},
		{"another name", "kestrel", "merlin", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, b := confusables.Skeleton(tc.a), confusables.Skeleton(tc.b)
			if (a == b) != tc.same {
				t.Errorf("Skeleton(%q) = %q, Skeleton(%q) = %q, want the same: %v", tc.a, a, tc.b, b, tc.same)
			}
		})
	}
}

func TestMixed_E3(t *testing.T) {
	for text, want := range map[string][]string{
		"Nightjаr":        {"Latin", "Cyrillic"},
		"Nightjar Ночь":   nil, // each word in one
		"Αpple":           {"Latin", "Greek"},
		"東京タワー":           nil,
		"kestrel_74":      nil,
		"":                nil,
		"Noor H. نور":     nil,
		"\xff\xfe broken": nil,
	} {
		if got := confusables.Mixed(text); !slices.Equal(got, want) {
			t.Errorf("Mixed(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOdd_E3(t *testing.T) {
	r, like, ok := confusables.Odd("Nightjаr")
	if r != 'а' || like != 'a' || !ok {
		t.Errorf("got %q, %q, %v, want the Cyrillic letter and a", r, like, ok)
	}
	if _, _, ok := confusables.Odd("Inês"); ok {
		t.Error("an accent is nothing odd")
	}
}

func FuzzSkeleton_E3(f *testing.F) {
	f.Add("Nightjаr")
	f.Add("\u202esdrawkcab\u202c")
	f.Add("\xff\xc0")
	f.Add("]\xf1\u013b")
	f.Add("é\u0301\u0327𝗄ﷺ")
	f.Fuzz(func(t *testing.T, name string) {
		k := confusables.Skeleton(name)
		for _, form := range []norm.Form{norm.NFC, norm.NFD} {
			if other := confusables.Skeleton(form.String(name)); other != k {
				t.Errorf("Skeleton(%q) = %q, and of another form of it %q", name, k, other)
			}
		}
		confusables.Mixed(name)
		confusables.Odd(name)
	})
}
