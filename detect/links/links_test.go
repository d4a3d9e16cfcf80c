package links_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
)

// A reasonCase is a little story of two handles, tern and gull, and a reason that
// must come out of it.
type reasonCase struct {
	name    string
	story   func(s *stage)
	feature string
	weight  detect.Millibits // 0: says nothing
	text    string           // a part of the sentence
}

func noon(day int) time.Time { return on(day, 12, 0) }

// both makes both handles known by a message each.
func both(s *stage) {
	s.says("tern", on(2, 9, 0), "hello")
	s.says("gull", on(20, 9, 0), "hi")
}

func reasonCases() []reasonCase {
	ref := "mastodon:https://birds.example/users/"
	return []reasonCase{
		{"a name but for a number", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Account: "nightjar_42@birds.example"})
			s.shows("gull", noon(20), links.Profile{Account: "nightjar.7@birds.example"})
		}, "name", 5000, "the same but for digits and marks"},
		{"a name with the same number", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Account: "nightjar_42@birds.example"})
			s.shows("gull", noon(20), links.Profile{Account: "nj_night42@birds.example"})
		}, "name", 5000, "with the same number"},
		{"a name that was given up", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Display: "Windhover Jones"})
			s.shows("tern", noon(9), links.Profile{Display: "T"})
			s.shows("gull", noon(20), links.Profile{Display: "windhover jones"})
		}, "name", 5000, "are the same"},
		{"a name that only looks the same", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Display: "Nightjar"})
			s.shows("gull", noon(20), links.Profile{Display: "Nightjаr"})
		}, "name", 5000, "U+0430 in place of “a”"},
		{"a phrase", func(s *stage) {
			s.says("tern", on(2, 9, 0), "I told the lighthouse keeper about our sandcastle")
			s.says("gull", on(20, 9, 0), "remember the lighthouse keeper about our sandcastle?")
		}, "words-phrase", 4000, "“the lighthouse keeper about our sandcastle”; no other sender"},
		{"a phrase that others use too", func(s *stage) {
			s.says("tern", on(2, 9, 0), "I told the lighthouse keeper about our sandcastle")
			s.says("gull", on(20, 9, 0), "remember the lighthouse keeper about our sandcastle?")
			s.says("wren", on(21, 9, 0), "what is it about the lighthouse keeper about our sandcastle")
		}, "words-phrase", 3600, "up to 1 other sender in this record did too"},
		{"a phrase of the person", func(s *stage) {
			s.wrote("tern", on(1, 9, 0), "Ask the lighthouse keeper about our sandcastle")
			s.says("tern", on(2, 9, 0), "I told the lighthouse keeper about our sandcastle")
			s.says("gull", on(20, 9, 0), "remember the lighthouse keeper about our sandcastle?")
		}, "words-phrase", 0, ""},
		{"a phrase that everybody says", func(s *stage) {
			s.says("tern", on(2, 9, 0), "how are you doing today, have a nice day")
			s.says("gull", on(20, 9, 0), "how are you doing today, have a nice day")
		}, "words-phrase", 0, ""},
		{"phrases of a language whose common ones are not known", func(s *stage) {
			s.says("tern", on(2, 9, 0), "ich wünsche dir einen schönen sonntag und alles gute")
			s.says("gull", on(20, 9, 0), "ich wünsche dir einen schönen montag, alles gute")
		}, "words-phrase", 0, ""},
		{"that is said", func(s *stage) {
			s.says("tern", on(2, 9, 0), "ich wünsche dir einen schönen sonntag und alles gute")
			s.says("gull", on(20, 9, 0), "hello again")
		}, "phrases-not-compared", 0, "of English alone"},
		{"a misspelling", func(s *stage) {
			s.says("tern", on(2, 9, 0), "it is allways me")
			s.says("gull", on(20, 9, 0), "you allways go away")
		}, "words-spelling", 3500, "“allways” for “always”"},
		{"a message", func(s *stage) {
			s.says("tern", on(2, 9, 0), "Look under the third stone by the pond!")
			s.says("gull", on(20, 9, 0), "look under the third stone, by the pond")
		}, "words-message", 4000, "1 message"},
		{"a short message", func(s *stage) {
			s.says("tern", on(2, 9, 0), "Good morning!")
			s.says("gull", on(20, 9, 0), "good morning")
		}, "words-message", 0, ""},
		{"a telephone number", func(s *stage) {
			s.says("tern", on(2, 9, 0), "call me at +44 20 7946 0123")
			s.says("gull", on(20, 9, 0), "020 7946 0123 is my number")
		}, "words-contact-point", 5000, "a telephone number that ends in “079460123”"},
		{"a page", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Links: []string{"https://www.Shop.example/tern/?ref=1"}})
			s.says("gull", on(21, 9, 0), "see http://shop.example/tern#now")
		}, "words-contact-point", 2500, "the page “shop.example/tern”"},
		{"the same host is no page", func(s *stage) {
			both(s)
			s.says("tern", on(3, 9, 0), "https://shop.example/a")
			s.says("gull", on(21, 9, 0), "https://shop.example/b")
		}, "words-contact-point", 0, ""},
		{"within the hour after a block", func(s *stage) {
			s.says("tern", on(2, 9, 0), "hello")
			s.blocks("tern", on(3, 9, 0))
			s.says("gull", on(3, 9, 36), "hi")
		}, "succession", 4500, "first contacted you 36 minutes after @tern@birds.example was blocked"},
		{"days after a request", func(s *stage) {
			s.says("tern", on(2, 9, 0), "hello")
			s.mark(daybook.MarkStop, "tern", on(3, 9, 0))
			s.says("gull", on(5, 9, 0), "hi")
		}, "succession", 3000, "2 days after @tern@birds.example was asked to stop"},
		{"a month after", func(s *stage) {
			s.says("tern", on(1, 9, 0), "hello")
			s.mark(daybook.MarkStop, "tern", on(1, 10, 0))
			s.says("gull", on(28, 9, 0), "hi")
		}, "succession", 0, ""},
		{"a block of unknown age", func(s *stage) {
			both(s)
			s.facts.Blocks = []detect.Block{{Handle: s.who("tern"), Seen: on(20, 8, 0), Entry: 77}}
		}, "succession", 500, "how old the block was is not known"},
		{"it wrote before", func(s *stage) {
			both(s)
			s.blocks("tern", on(25, 9, 0))
		}, "succession", 0, ""},
		{"an account made after", func(s *stage) {
			both(s)
			s.blocks("tern", on(19, 9, 0))
			s.shows("gull", noon(20), links.Profile{Created: on(19, 10, 0)})
		}, "made-after", 2500, "is said to be made on 19 September 2026"},
		{"the other fell silent", func(s *stage) {
			for d := range 6 {
				s.says("tern", on(2+d, 9, 0), "hello")
			}
			s.blocks("tern", on(8, 9, 0))
			s.says("gull", on(12, 9, 0), "hi")
		}, "silent", 500, "6 times in the four weeks before"},
		{"a new account", func(s *stage) {
			both(s)
			s.shows("gull", noon(20), links.Profile{Created: on(19, 10, 0)})
		}, "new-account", 500, "less than a week"},
		{"the same picture", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Avatar: 0x0f1e2d3c4b5a6978})
			s.shows("gull", noon(20), links.Profile{Avatar: 0x0f1e2d3c4b5a6979})
		}, "picture", 4500, "1 bit of 64"},
		{"pictures of one colour", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Avatar: 1})
			s.shows("gull", noon(20), links.Profile{Avatar: 1})
		}, "picture", 0, ""},
		{"the same file", func(s *stage) {
			file := func(m *links.Message) { m.Media = []daybook.Digest{{1, 2, 3}} }
			s.says("tern", on(2, 9, 0), "look", file)
			s.says("gull", on(20, 9, 0), "see", file)
		}, "media", 2500, "1 file"},
		{"each names the other", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Moved: ref + "gull"})
			s.shows("gull", noon(20), links.Profile{Aliases: []string{ref + "tern"}})
		}, "moved", 8000, "each say"},
		{"one names the other", func(s *stage) {
			both(s)
			s.shows("gull", noon(20), links.Profile{Aliases: []string{ref + "tern"}})
		}, "moved", 3000, "Anybody can say that"},
		{"the same others", func(s *stage) {
			others := func(m *links.Message) { m.Others = []string{ref + "wilma"} }
			s.says("tern", on(2, 9, 0), "tell her", others)
			s.says("gull", on(20, 9, 0), "tell her that", others)
		}, "third-parties", 700, "1 other account"},
		{"a small server", func(s *stage) {
			both(s)
			s.shows("tern", noon(1), links.Profile{Server: "rock.example"})
			s.shows("gull", noon(20), links.Profile{Server: "Rock.example"})
		}, "server", 800, "“rock.example”"},
		{"the same hours", func(s *stage) {
			for d := range 25 {
				s.says("tern", on(1, 2, d), "x")
				s.says("gull", on(15, 2, d), "y")
			}
		}, "hours", 1000, "same few hours"},
		{"other hours", func(s *stage) {
			for d := range 25 {
				s.says("tern", on(1, 2, d), "x")
				s.says("gull", on(15, 14, d), "y")
			}
		}, "hours", -1000, "hardly ever"},
		{"at once", func(s *stage) {
			for d := range 5 {
				s.says("tern", on(1+d, 9, 0), "x")
				s.says("gull", on(1+d, 9, 1), "y")
			}
		}, "together", -2000, "on 5 days"},
		{"beside each other", func(s *stage) {
			for d := range 28 {
				s.says("tern", on(1+d, 9, 0), "x")
				s.says("gull", on(1+d, 19, 0), "y")
			}
		}, "beside", -2000, "the same 5 weeks"},
		{"an old account", func(s *stage) {
			both(s)
			s.blocks("tern", on(19, 9, 0))
			s.shows("gull", noon(20), links.Profile{Created: on(1, 0, 0).AddDate(-3, 0, 0)})
		}, "old-account", -2000, "before @tern@birds.example was blocked"},
		{"another language", func(s *stage) {
			lang := func(tag string) func(*links.Message) { return func(m *links.Message) { m.Lang = tag } }
			for d := range 6 {
				s.says("tern", on(1+d, 9, 0), "x", lang("en-GB"))
				s.says("gull", on(11+d, 9, 0), "y", lang("de"))
			}
		}, "language", -2000, "are marked"},
		{"the person talks with one", func(s *stage) {
			both(s)
			for d := range 6 {
				s.wrote("gull", on(20+d, 9, 0), "yes")
			}
		}, "talked", -3000, "6 times on 6 days"},
		{"whom the person turned away she does not talk with", func(s *stage) {
			both(s)
			for d := range 6 {
				s.wrote("tern", on(1+d, 9, 0), "yes")
			}
			s.mark(daybook.MarkUnwanted, "tern", on(9, 9, 0))
		}, "talked", 0, ""},
		{"agreed", func(s *stage) {
			both(s)
			s.mark(daybook.MarkAllowed, "tern", on(9, 9, 0))
		}, "agreed", -1500, "as agreed"},
		{"no text", func(s *stage) {
			s.does("tern", on(1, 9, 0), daybook.KindFollow)
			s.does("gull", on(2, 9, 0), daybook.KindFollow)
		}, "writing-too-little", 0, "there is no text"},
		{"little text", both, "writing-too-little", 0, "1 message (2 characters) of @gull@birds.example"},
		{"left open", func(s *stage) {
			both(s)
			s.decide(daybook.MarkOpen, "gull", "tern")
		}, "left-open", 0, "You left open"},
	}
}

func TestReasons_E15(t *testing.T) {
	for _, tc := range reasonCases() {
		t.Run(tc.name, func(t *testing.T) {
			s := newStage(t)
			tc.story(s)
			f := s.explain(t, "tern", "gull")
			i := slices.IndexFunc(f.Reasons, func(r detect.Reason) bool { return r.Feature == tc.feature })
			if tc.weight == 0 && tc.text == "" {
				if i >= 0 {
					t.Fatalf("got %s", about(f))
				}
				return
			}
			if i < 0 || f.Reasons[i].Weight != tc.weight || !strings.Contains(f.Reasons[i].Text, tc.text) {
				t.Fatalf("want %s with %d and %q, got %s", tc.feature, tc.weight, tc.text, about(f))
			}
			r := f.Reasons[i]
			if r.Learned != strings.HasPrefix(r.Feature, "writing") {
				t.Errorf("%s: learned is %v", r.Feature, r.Learned)
			}
			if !slices.IsSorted(r.Entries) {
				t.Errorf("%s: entries %v", r.Feature, r.Entries)
			}
			if links.Heading(r.Feature, r.Weight > 0) == "" {
				t.Errorf("%s has no heading", r.Feature)
			}
			if links.Quotes(r.Feature) != (strings.Contains(r.Text, "sandcastle") || strings.Contains(r.Text, "allways") || r.Feature == "words-contact-point" || r.Feature == "server") {
				t.Errorf("%s: quotes is %v, text %q", r.Feature, links.Quotes(r.Feature), r.Text)
			}
		})
	}
}

// No sentence judges anybody, claims that two handles are one person's, or calls
// anything certain.
func TestSentences_A10(t *testing.T) {
	never := regexp.MustCompile(`(?i)\b(stalker|suspect|perpetrator|victim|same person|identical|guilty|prove[sdn]?|proof|evidence|risk|danger|certain(ly)?|definitely|score|match(es|ed)?|fake|sock ?puppet|alias(es)?|culprit|harass\w*|abus\w*|offend\w*|malicious|dishonest|lie[sd]?)\b`)
	for _, tc := range reasonCases() {
		s := newStage(t)
		tc.story(s)
		f := s.explain(t, "tern", "gull")
		texts := []string{f.Text}
		for _, r := range f.Reasons {
			texts = append(texts, r.Text, links.Heading(r.Feature, true), links.Heading(r.Feature, false))
		}
		for _, x := range f.Figures {
			texts = append(texts, x.Text)
		}
		for _, text := range texts {
			if w := never.FindString(text); w != "" {
				t.Errorf("%s: %q in %q", tc.name, w, text)
			}
			if text != "" && strings.Contains(text, "  ") {
				t.Errorf("%s: two blanks in %q", tc.name, text)
			}
		}
		if suggested := len(s.detect(t)) > 0; strings.Contains(f.Text, " may be linked to ") != suggested || strings.Contains(f.Text, "is not suggested") == suggested {
			t.Errorf("%s: suggested is %v, text %q", tc.name, suggested, f.Text)
		}
	}
}
