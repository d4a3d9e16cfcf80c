package index_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/index"
)

func TestParse(t *testing.T) {
	q, err := index.Parse(`outside from:kestrel_74 FROM:"Grey Heron" flag:threat kind:reply`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kestrel_74", "Grey Heron"}, q.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"threat"}, q.Flags); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
}

func TestParseErrors_E13(t *testing.T) {
	for _, tt := range []struct {
		query string
		at    int
		what  string
	}{
		{"", 1, "no word"},
		{"  ", 1, "no word"},
		{"!!! :-)", 1, "no word"},
		{`hello "world`, 7, "not closed"},
		{`hello ""`, 7, "no word between"},
		{`"!"`, 1, "no word between"},
		{"OR word", 1, "in front"},
		{"word OR", 6, "behind"},
		{"a OR OR b", 6, "in front"},
		{"a OR -b", 6, "exclusion"},
		{"-a OR b", 4, "in front"},
		{"a OR kind:reply", 6, "words only"},
		{"kind:reply OR a", 12, "in front"},
		{"-from:kestrel", 1, "excluded"},
		{"from: kestrel", 1, "right behind"},
		{"word after:yesterday", 6, "2026-03-01"},
		{"before:2026-02-30", 1, "2026-03-01"},
		{"a*", 1, "at least 2"},
		{"fo*o", 3, "end of a word"},
		{"ab~", 1, "at least 3"},
		{"abcd*~", 5, "one * or one ~"},
		{"ab🔪 cd**", 7, "one * or one ~"},
		{strings.Repeat("word ", 33), 161, "more than 32 parts"},
		{`"` + strings.Repeat("w ", 97) + `"`, 1, "more than 96 words"},
		{strings.Repeat("w", 1001), 1001, "too long"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			_, err := index.Parse(tt.query)
			var syntax *index.SyntaxError
			if !errors.As(err, &syntax) || !errors.Is(err, daybook.ErrInvalid) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if syntax.At != tt.at || !strings.Contains(syntax.What, tt.what) {
				t.Errorf("got %v, want character %d and %q", err, tt.at, tt.what)
			}
		})
	}
}

// Whatever is typed: Parse answers, an error names a place in the query, and
// what can be read can be searched and marked.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`outside house`, `"I will find you" -photo`, `knife OR gun`, `follow* adress~ from:"a b" kind:reply`, `after:2026-03-01 before:2026`,
		`"`, `-`, `OR`, `a OR`, "*", "~", `a"b"c`, "“x”", "from:", "-\"a\"", "他 你好", "🔪*", "kni\u2060fe", "\xff\xfe", "İ*", "ﬁ~abc", "(a OR b)", "flag:x y",
	} {
		f.Add(s)
	}
	w := newWorld(f)
	w.put(texts...)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := index.Parse(text)
		if err != nil {
			var syntax *index.SyntaxError
			if !errors.As(err, &syntax) || syntax.At < 1 || syntax.At > utf8.RuneCountInString(text)+1 {
				t.Fatalf("Parse(%q): %v", text, err)
			}
			return
		}
		q.Case = w.c
		index.Fragments("I was outside your house today, knife in hand", q)
		if _, err := w.x.Search(t.Context(), q); err != nil && !errors.Is(err, daybook.ErrInvalid) {
			t.Fatalf("Search(%q): %v", text, err)
		}
	})
}

// Whatever a text holds: fragments are pieces of it, in order, and marks lie in
// them.
func FuzzFragments(f *testing.F) {
	f.Add("I was outside your house today", "outside")
	f.Add(strings.Repeat("far away and long ago ", 30)+"house"+strings.Repeat(" words", 60)+" house", `house OR "long ago"`)
	f.Add("kni\u2060fe 你好吗 🔪👍🏽 ﬁ ß İ", "knife 你好 fi* ss~")
	f.Add("\xff\xfehouse\x80", "house")
	f.Fuzz(func(t *testing.T, text, query string) {
		q, err := index.Parse(query)
		if err != nil {
			return
		}
		end := 0
		for _, fr := range index.Fragments(text, q) {
			if fr.At < end || fr.At+len(fr.Text) > len(text) || text[fr.At:fr.At+len(fr.Text)] != fr.Text {
				t.Fatalf("%q is not a piece of %q at %d, after %d", fr.Text, text, fr.At, end)
			}
			end = fr.At + len(fr.Text)
			last := -1
			for _, m := range fr.Marks {
				if m.From <= last || m.To <= m.From || m.To > len(fr.Text) {
					t.Fatalf("marks %v in %q", fr.Marks, fr.Text)
				}
				last = m.To
			}
			if len(fr.Marks) == 0 {
				t.Fatalf("no marks in %q", fr.Text)
			}
		}
	})
}

func TestFragments(t *testing.T) {
	show := func(fs []index.Fragment) []string {
		var out []string
		for _, f := range fs {
			s, at := "", 0
			for _, m := range f.Marks {
				s += f.Text[at:m.From] + "[" + f.Text[m.From:m.To] + "]"
				at = m.To
			}
			out = append(out, s+f.Text[at:])
		}
		return out
	}
	long := "Nothing of note happened that day until the evening came and somebody stood by the gate, " +
		"where the lamp does not reach; I was outside your house. It rained for the rest of the week and nobody saw anything else, " +
		"and so it went on through the month of March, quietly, with the usual letters and bills, until I was at your house again and left."
	for _, tt := range []struct {
		name, text, query string
		want              []string
	}{
		{"words", "I was outside your house", "house outside", []string{"I was [outside] your [house]"}},
		{"phrase", "your house is your house", `"house is"`, []string{"your [house is] your house"}},
		{"excluded", "your house", "your -house", []string{"[your] house"}},
		{"or", "your house", "garden OR house", []string{"your [house]"}},
		{"prefix", "Following and followed", "follow*", []string{"[Following] and [followed]"}},
		{"tolerant", "my adress and address", "address~", []string{"my [adress] and [address]"}},
		{"folded", "a KNI\u2060FE, a 𝓀𝓃𝒾𝒻𝑒", "knife", []string{"a [KNI\u2060FE], a [𝓀𝓃𝒾𝒻𝑒]"}},
		{"accents", "Café, cafe", "café", []string{"[Café], [cafe]"}},
		{"emoji", "for you 🔪 👍🏽", "🔪 👍", []string{"for you [🔪] [👍]🏽"}},
		{"dense", "我会找到你", "找到", []string{"我会[找到]你"}},
		{"nowhere", "your house", "garden", nil},
		{"filters mark nothing", "your house", "kind:reply", nil},
		{"pieces", long, "house", []string{
			"the gate, where the lamp does not reach; I was outside your [house]. It rained for the rest of the week and nobody saw anything",
			"with the usual letters and bills, until I was at your [house] again and left.",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, show(index.Fragments(tt.text, index.Query{Text: tt.query}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
