package web_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/cases"
)

var figureLink = regexp.MustCompile(`/c/[a-z2-7]+/figures/[a-z2-7]{26}/[a-z2-7]{26}`)

// Every number that has entries leads to all of them, with how it is counted, and
// its address tells nothing.
func TestEntriesOfAFigure_A10_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	page := maya.get(maya.handlePath("nightjar_42"))
	links := figureLink.FindAllString(page.Body, -1)
	if len(links) < 5 {
		t.Fatalf("%d figures have a page", len(links))
	}
	a := maya.get(links[0])
	shows(t, a, "They contacted you 80 times.", "How this is counted: A contact is one message", "80 entries, oldest first", "After these")
	if n := strings.Count(a.Body, `<article class="entry"`); n != 50 {
		t.Errorf("%d entries on the first page, want 50", n)
	}
	for _, c := range contents {
		if strings.Contains(a.Body, c) {
			t.Errorf("the list quotes %q unasked", c)
		}
	}
	second := maya.get(linkTo(t, a.Body, "After these"))
	if n := strings.Count(second.Body, `<article class="entry"`); n != 30 {
		t.Errorf("%d entries on the second page, want 30", n)
	}
	if linkTo(t, second.Body, "Before these") == "" {
		t.Error("no way back")
	}
	if got := maya.get(links[0] + "/" + daybook.NewID()); got.Status != 200 {
		t.Errorf("a place that was forgotten: %d", got.Status)
	}
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya list looked at the entries of a figure") {
		t.Errorf("access log: %q", got)
	}
	for _, bad := range []string{links[0][:len(links[0])-26] + daybook.NewID(), h.path("figures/" + daybook.NewID() + "/" + daybook.NewID())} {
		if got := maya.get(bad); got.Status != 404 {
			t.Errorf("%s: %d, want 404", bad, got.Status)
		}
	}
	if got := h.enter(h.lee).get(links[0]); got.Status != 404 {
		t.Errorf("somebody else's adviser: %d, want 404", got.Status)
	}
	counter := h.user("Cora")
	h.grant(h.mayas, counter, cases.Counter)
	if got := h.enter(counter).get(links[0]); got.Status != 403 {
		t.Errorf("a reader of counts: %d, want 403", got.Status)
	}
	shows(t, h.enter(h.priya).get(links[0]), "80 contacts came from this handle.")
}
