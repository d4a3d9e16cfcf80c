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
	shows(t, a, "They contacted you 80 times.", "How this is counted: Each message, call or other contact", "80 entries, oldest first", "After these")
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

// The sentence at the top is detection's, each number leads to its entries, and
// every figure says how it is counted.
func TestOverviewNumbersLeadToTheirEntries_A10(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.watch()
	maya := h.enter(h.maya)
	maya.get(h.path("handles")) // waits for what may be linked
	page := maya.get(h.path("overview"))
	shows(t, page, "You were contacted on 16 of the last 42 days, from one handle, 25 times after you asked them to stop.",
		"If the suggested handle belonged to it too, it would be 26 of 42 days, 2 handles and 39 times after the request to stop.",
		"In the last 28 days they contacted you 33 times, in the 28 before 47 times", "95 % interval", "The rate of contact changed", "They contacted you on 1 of 1 named day", "suggested link to look at")
	shows(t, maya.get(linkTo(t, page.Body, "16 of the last 42 days")), "Of the last 42 days that were watched, that was on 16.", "16 entries")
	shows(t, maya.get(linkTo(t, page.Body, "25 times after you asked")), "They contacted you 25 times after you asked them to stop.", "25 entries")
	if n, of := strings.Count(page.Body, "How this is counted:"), strings.Count(mainOf(t, page.Body), "Entries "); n < 6 || n != of {
		t.Errorf("%d figures say how they are counted, of %d", n, of)
	}
}

// What an adviser reads is about the person and never calls the adviser "you".
func TestFiguresInTheVoiceOfThePage(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.watch()
	maya, priya := h.enter(h.maya), h.enter(h.priya)
	_, one, other := maya.suggestion(t)
	for _, path := range []string{h.path("overview"), maya.handlePath("nightjar_42"), maya.handlePath("quietharbour"), maya.handlePath("bramble_co"), h.path("handles"), h.path("handles/" + one + "/with/" + other)} {
		page := priya.get(path)
		n := 0
		for _, e := range elementsOf(t, page.Body) {
			if class := attribute(e, "class"); !strings.Contains(class, "figures") && !strings.Contains(class, "reasons") && !strings.Contains(class, "big") {
				continue
			}
			n++
			if text := wordsOf(e); called.MatchString(text) {
				t.Errorf("%s says %q", path, text)
			}
		}
		if n == 0 {
			t.Errorf("%s has no figure and no reason", path)
		}
	}
}

var called = regexp.MustCompile(`\b[Yy]our?\b`)
