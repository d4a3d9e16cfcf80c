package flags_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook/detect/flags"
)

// The digest is the same on every machine: GOARCH=386 go test ./detect/flags
// looks at the same one.
func TestGolden(t *testing.T) {
	finder := flags.New(flags.Own{Names: []string{"Marigold"}})
	digest := sha256.New()
	for i, text := range someTexts() {
		found := finder.Find(text, "")
		if diff := cmp.Diff(found, finder.Find(text, "")); diff != "" {
			t.Errorf("text %d: the second time\n%s", i, diff)
		}
		if err := json.NewEncoder(digest).Encode(found); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(digest, finder.ThreatBits(text))
	}
	const want = "0bc2ad4e7cf4f353"
	if got := fmt.Sprintf("%x", digest.Sum(nil))[:16]; got != want {
		t.Errorf("digest of all findings: got %s, want %s; if rules or model were changed, so must Version", got, want)
	}
}

func someTexts() (out []string) {
	starts := []string{"I will ", "someone should ", "if you don't answer i'll ", "I never said I'd ", "im outside, ", "Marigold, "}
	middles := []string{"kill you", "burn your house down", "call your mum", "see you tomorrow", "post your address on a forum", "k1ll y0u", "be there at eight"}
	ends := []string{"", ".", " haha", " tonight 🔪", " and nobody will know", "\nThanks for the lovely dinner."}
	for _, a := range starts {
		for _, b := range middles {
			for _, c := range ends {
				out = append(out, a+b+c)
			}
		}
	}
	return out
}

func TestLanguages(t *testing.T) {
	if diff := cmp.Diff([]string{"en"}, flags.Languages()); diff != "" {
		t.Error(diff)
	}
	for _, flag := range flags.All() {
		if m := flags.Measured(flag); m.Recall == 0 || m.Should == 0 || m.Harmless == 0 {
			t.Errorf("Measured(%s) = %+v", flag, m)
		}
	}
	if m := flags.Measured("other"); m != (flags.Measure{}) {
		t.Errorf("Measured of no flag = %+v", m)
	}
}

// No sentence gives a verdict or a figure for a person (requirement A-10).
func TestSentences_A10(t *testing.T) {
	finder := flags.New(flags.Own{})
	for _, text := range someTexts() {
		for _, found := range finder.Find(text, "en") {
			if !strings.HasPrefix(found.Text, "Possible ") {
				t.Errorf("%s says %q", found.Rule, found.Text)
			}
		}
	}
}

func FuzzFind(f *testing.F) {
	own := flags.Own{Addresses: []string{"27 Tern Road, Saltby"}, Workplaces: []string{"Orchid Dental Practice"}, Names: []string{"Marigold", "Tom"}, Phones: []string{"07700 900461"}}
	finder := flags.New(own)
	for _, text := range someTexts()[:20] {
		f.Add(text, "en")
	}
	f.Add("k i l l  y o u \xff\xfe \u200b K\u0130LL 27ternrd +44(0)7700 900461", "de-AT")
	f.Fuzz(func(t *testing.T, text, lang string) {
		check(t, text, finder.Find(text, lang), own)
	})
}

func FuzzOwn(f *testing.F) {
	f.Add("1 a, , 2", "x", "", "00", "x 1 a")
	f.Add("Flat 3, 210 Elm Street", "The Bakery", "Li", "+1 (555) 0100", "210elm st the bakery li 5550100")
	f.Fuzz(func(t *testing.T, address, workplace, name, phone, text string) {
		own := flags.Own{Addresses: []string{address}, Workplaces: []string{workplace}, Names: []string{name}, Phones: []string{phone}}
		for _, found := range flags.New(own).Find(text, "") {
			if len(found.Spans) == 0 {
				t.Errorf("%+v has no place", found)
			}
		}
	})
}

func FuzzParseModel(f *testing.F) {
	f.Add("# note\nthreshold 12\nbias -3\nm:1\t5\nw:you\t-7\t120\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := flags.ParseModel(text)
		if err != nil {
			return
		}
		again, err := flags.ParseModel(m.String())
		if err != nil {
			t.Fatalf("what String wrote is not read: %v", err)
		}
		if m.String() != again.String() {
			t.Error("read, written and read again it is another model")
		}
	})
}

func BenchmarkFind(b *testing.B) {
	finder := flags.New(flags.Own{Addresses: []string{"27 Tern Road, Saltby"}, Names: []string{"Marigold"}})
	texts := []string{
		"hey are you around later? was thinking we could get some food", "I'm outside, open the door", "ok", "see you tomorrow then, bring the blue bag please",
		"why won't you answer me, I only want to talk to you for five minutes and then I'll leave you alone, I promise", "lol that was so funny",
	}
	for i := 0; b.Loop(); i++ {
		finder.Find(texts[i%len(texts)], "en")
	}
}

// BenchmarkHostile is a text made to be slow.
func BenchmarkHostile(b *testing.B) {
	finder := flags.New(flags.Own{})
	text := strings.Repeat("if you do not i will your mum house and then never the ", 4000)
	for b.Loop() {
		finder.Find(text, "en")
	}
}
