package links_test

import (
	"strings"
	"testing"

	"daybook"
)

// onX makes a handle one of X: a number, with a name or without.
func (s *stage) onX(handle, number string, names ...daybook.SeenName) {
	s.facts.Handles[s.who(handle)] = daybook.Handle{Platform: "x", Native: number, Names: names}
}

// Handles of different platforms are compared as all others are.
func TestAcrossPlatforms(t *testing.T) {
	s := newStage(t)
	for _, m := range aHarsherSender("tern") {
		m(s)
	}
	blocks("tern", on(12, 8, 0))(s)
	s.onX("tern2", "2220000101", daybook.SeenName{Account: "tern_again", Display: "Tern"})
	says("tern2", on(12, 9, 10), "the old boathouse, nobody knows you like i do")(s)
	says("tern2", on(12, 21, 30), "i keep thinking about the old boathouse")(s)
	found := s.detect(t)
	if len(found) != 1 || len(found[0].Handles) != 2 || found[0].Handles[0].Platform != "x" || found[0].Handles[1].Platform != "mastodon" {
		t.Fatalf("found %d: %v", len(found), suggested(found))
	}
	if text := found[0].Text; !strings.Contains(text, "@tern_again ") || strings.Contains(text, "2220000101") {
		t.Errorf("it is called: %s", text)
	}
}
