package flags_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook/detect/flags"
)

func flagsOf(found []flags.Found) (out []flags.Flag) {
	for _, f := range found {
		out = append(out, f.Flag)
	}
	return slices.Compact(out)
}

func TestFind(t *testing.T) {
	own := flags.Own{
		Addresses: []string{"27 Tern Road, Saltby", "Flat 9, Marl House"}, Workplaces: []string{"Orchid Dental Practice"},
		Names: []string{"Marigold", "Tom"}, Phones: []string{"07700 900461"},
	}
	f := flags.New(own)
	for _, tc := range []struct {
		name, text string
		want       []flags.Flag
	}{
		{"said outright", "I'm going to kill you", []flags.Flag{flags.Threat}},
		{"without apostrophes, with figures for letters", "im gonna k1ll u", []flags.Flag{flags.Threat}},
		{"letter by letter", "k i l l  y o u", []flags.Flag{flags.Threat}},
		{"with letters of another script", "i will кill you", []flags.Flag{flags.Threat}},
		{"with signs without width", "i will k\u200bi\u200bll you", []flags.Flag{flags.Threat}},
		{"wide letters", "Ｉ ｗｉｌｌ ｋｉｌｌ ｙｏｕ", []flags.Flag{flags.Threat}},
		{"with stars", "i will k*ll you", []flags.Flag{flags.Threat}},
		{"drawn out", "i will killlll youuuu", []flags.Flag{flags.Threat}},
		{"negated", "I would never hurt you", nil},
		{"a game", "I'll beat you at chess tonight", nil},
		{"an idiom", "this heat is killing me", nil},
		{"a warning", "You'll regret this.", []flags.Flag{flags.Threat}},
		{"a cake", "You'll regret not trying the cake!", nil},
		{"outside", "I'm outside. Open the door", []flags.Flag{flags.Presence}},
		{"a parcel", "Your parcel is outside", nil},
		{"self-harm", "i want to die", []flags.Flag{flags.SelfHarm}},
		{"family", "I talked to your mum, she agrees with me", []flags.Flag{flags.ThirdParties}},
		{"greetings", "say hi to your mum", nil},
		{"sexual", "send nudes", []flags.Flag{flags.Sexual}},
		{"an account", "I made a fake account with your name and photos", []flags.Flag{flags.Impersonation}},
		{"made known", "I posted your address on a forum", []flags.Flag{flags.Threat, flags.ThirdParties, flags.Doxxing}},
		{"an own address", "27, tern rd", []flags.Flag{flags.Doxxing}},
		{"an own address, other order", "number twenty seven? no: ternroad 27", []flags.Flag{flags.Doxxing}},
		{"another house", "I used to know 27 Fern Street", nil},
		{"an own number", "+44 (0)7700 900 461", []flags.Flag{flags.Doxxing}},
		{"another number", "07700 900462", nil},
		{"a name", "how is Marigold", []flags.Flag{flags.Doxxing}},
		{"a name with a slip", "how is marigld", []flags.Flag{flags.Doxxing}},
		{"a part of a word", "the tomato was fine", nil},
		{"a workplace", "they all like the orchid dental lot", []flags.Flag{flags.Doxxing}},
		{"at a stop", "got off early so i could go past your road", []flags.Flag{flags.Presence}},
		{"behind in the queue", "three people behind you in the queue, didn't you feel it", []flags.Flag{flags.Presence}},
		{"seen in a place", "You were by the window on the tram, on your own", []flags.Flag{flags.Presence, flags.Surveillance}},
		{"friends at a table", "we're at the table by the door, come and join us", nil},
		{"who was there", "who's the bald guy with the van", []flags.Flag{flags.Surveillance}},
		{"shared devices", "your alexa tells me all sorts", []flags.Flag{flags.Surveillance}},
		{"a delay", "I know about the delay, it took me a while to find the platform", nil},
		{"somebody's new job", "told my mum you got the job", nil},
		{"in touch with an employer", "I emailed your manager about you today", []flags.Flag{flags.Threat, flags.ThirdParties}},
		{"remark about a body", "what's hiding under that jumper", []flags.Flag{flags.Sexual}},
		{"posing as a service", "Hello, this is the clinic. Can you tell us where you are living now?", []flags.Flag{flags.Impersonation}},
		{"a service that asks for nothing", "Hello, this is the library. Your book is waiting.", nil},
		{"nothing", "are you coming to the party?", nil},
		{"no text", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := f.Find(tc.text, "en")
			if diff := cmp.Diff(tc.want, flagsOf(found)); diff != "" {
				t.Errorf("Find(%q) -want +got\n%s\n%v", tc.text, diff, found)
			}
			check(t, tc.text, found, own)
		})
	}
}

// check looks at what holds for every text.
func check(t *testing.T, text string, found []flags.Found, own flags.Own) {
	t.Helper()
	for i, f := range found {
		if !slices.Contains(flags.All(), f.Flag) || !strings.HasPrefix(f.Rule, string(f.Flag)+"/") || f.Text == "" || len(f.Spans) == 0 {
			t.Errorf("%+v is not complete", f)
		}
		if i > 0 && found[i-1].Rule == f.Rule {
			t.Errorf("rule %s is there twice", f.Rule)
		}
		last := 0
		for _, s := range f.Spans {
			if s.From < last || s.To <= s.From || s.To > len(text) {
				t.Fatalf("%s: spans %v in a text of %d bytes", f.Rule, f.Spans, len(text))
			}
			last = s.To
		}
		for _, list := range [][]string{own.Addresses, own.Workplaces, own.Names, own.Phones} {
			for _, detail := range list {
				if strings.Contains(f.Text, detail) {
					t.Errorf("%s tells a detail: %q", f.Rule, f.Text)
				}
			}
		}
	}
}
