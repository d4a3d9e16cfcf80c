package links_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
)

// strong makes gull follow tern with a phrase.
func strong(s *stage, first, second string) {
	s.says(first, on(2, 9, 0), "I told the lighthouse keeper about our sandcastle")
	s.blocks(first, on(3, 9, 0))
	s.says(second, on(3, 9, 30), "remember the lighthouse keeper about our sandcastle?")
}

func TestDecisionsHold(t *testing.T) {
	for _, tc := range []struct {
		name  string
		story func(s *stage)
		want  []string
	}{
		{"suggested", func(s *stage) {}, []string{"gull>tern"}},
		{"rejected", func(s *stage) { s.decide(daybook.MarkApart, "tern", "gull") }, nil},
		{"left open", func(s *stage) { s.decide(daybook.MarkOpen, "gull", "tern") }, []string{"gull>tern"}},
		{"confirmed", func(s *stage) { s.decide(daybook.MarkLinked, "gull", "tern"); s.group("gull", "tern") }, nil},
		{"a group", func(s *stage) {
			s.says("auk", on(1, 9, 0), "hello")
			s.group("auk", "tern")
		}, []string{"gull>auk tern"}},
		{"rejected for another of the group", func(s *stage) {
			s.says("auk", on(1, 9, 0), "hello")
			s.group("auk", "tern")
			s.decide(daybook.MarkApart, "gull", "auk")
		}, nil},
		{"a group that holds a rejected pair is none", func(s *stage) {
			s.says("auk", on(1, 9, 0), "hello")
			s.group("auk", "tern")
			s.decide(daybook.MarkApart, "tern", "auk")
		}, []string{"gull>tern"}},
		{"the person's own", func(s *stage) { s.facts.Own = append(s.facts.Own, s.facts.Handles[s.who("gull")].Ref()) }, nil},
		{"two that follow are two suggestions, not a chain", func(s *stage) {
			s.says("puffin", on(3, 9, 40), "you and the lighthouse keeper about our sandcastle")
		}, []string{"gull>tern", "puffin>tern"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStage(t)
			strong(s, "tern", "gull")
			tc.story(s)
			got := suggested(s.detect(t))
			slices.Sort(got)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// A name, a picture or a claim by itself is no suggestion: anybody can take them
// in order to point at somebody else.
func TestNothingByItself_E15(t *testing.T) {
	ref := "mastodon:https://birds.example/users/"
	s := newStage(t)
	s.says("tern", on(2, 9, 0), "hello")
	s.shows("tern", on(1, 9, 0), links.Profile{Display: "Windhover Jones", Avatar: 0x0f1e2d3c4b5a6978, Links: []string{"https://shop.example/tern"}})
	for i, p := range []links.Profile{{Display: "Windhover Jones"}, {Avatar: 0x0f1e2d3c4b5a6978}, {Aliases: []string{ref + "tern"}}, {Links: []string{"https://shop.example/tern"}}} {
		name := fmt.Sprintf("forged%c", 'a'+i)
		s.shows(name, on(20, 9, 0), p)
		s.says(name, on(20, 9, i), "hi")
	}
	for _, f := range s.detect(t) {
		if strings.HasSuffix(f.Handles[1].Native, "/tern") {
			t.Errorf("%s", about(f))
		}
	}
}

func TestExplainSaysWhatWasDecided(t *testing.T) {
	for what, want := range map[daybook.Mark]string{daybook.MarkApart: "You said that @gull@birds.example and @tern@birds.example are not linked.",
		daybook.MarkLinked: "You said that @gull@birds.example is linked to @tern@birds.example."} {
		s := newStage(t)
		strong(s, "tern", "gull")
		s.decide(what, "tern", "gull")
		if f := s.explain(t, "tern", "gull"); f.Text != want || len(f.Reasons) < 3 {
			t.Errorf("%s: got %s", what, about(f))
		}
	}
}

func TestExplainErrors(t *testing.T) {
	s := newStage(t)
	both(s)
	s.who("mine")
	s.facts.Own = append(s.facts.Own, s.facts.Handles[s.who("mine")].Ref())
	d := links.Detector{Model: s.model}
	for _, tc := range [][2]int{{0, 0}, {-1, 0}, {0, 9}, {0, 2}} {
		if _, err := d.Explain(t.Context(), s.facts, tc[0], tc[1]); err == nil {
			t.Errorf("%v: no error", tc)
		}
	}
	if _, err := (links.Detector{}).Detect(t.Context(), s.facts); err == nil {
		t.Error("no error without a model")
	}
	s.facts.Senders = s.facts.Senders[:1]
	if _, err := d.Detect(t.Context(), s.facts); err == nil {
		t.Error("no error with senders missing")
	}
}

// A confirmed handle is explained against the rest of its group.
func TestExplainWithinAGroup(t *testing.T) {
	s := newStage(t)
	strong(s, "tern", "gull")
	s.says("auk", on(1, 9, 0), "hello")
	s.group("auk", "gull", "tern")
	if got := suggested([]detect.Finding{s.explain(t, "gull", "auk")}); !slices.Equal(got, []string{"gull>auk tern"}) {
		t.Errorf("got %v", got)
	}
}
