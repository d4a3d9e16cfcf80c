package web_test

import (
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"daybook"
	"daybook/cases"
	"daybook/web"
)

func (b *browserClient) suggestion(t *testing.T) (page answer, one, other string) {
	t.Helper()
	page = b.get(b.h.path("handles"))
	shows(t, page, "Suggested 1 handle to look at", "Suggested, not confirmed")
	return page, field(t, page.Body, "one"), field(t, page.Body, "other")
}

// A suggestion says what speaks for it and against it, alike, and asks.
func TestSuggestion_A10_C7_E15(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Linking = toldLinks{} })
	h.tell()
	maya := h.enter(h.maya)
	page, _, _ := maya.suggestion(t)
	shows(t, page, "Does quietharbour@masto.example belong with nightjar_42@social.example?", "For", "Against", "Strong", "Medium", "Weak", "assumed", "measured",
		"Not weighed", "Too little text", "no weight of its own", "Habits of writing in common Both write messages under 80 characters", "What was not looked at", "How to read a weight", "never added up", "Belongs with it", "Not linked", "Not sure yet", "You can change this at any time")
	for _, c := range contents {
		if strings.Contains(page.Body, c) {
			t.Errorf("the page quotes %q unasked", c)
		}
	}
	if got := forbiddenWords.FindAllString(mainOf(t, page.Body), -1); len(got) > 0 {
		t.Errorf("the page says %q", got)
	}
	doc, err := html.Parse(strings.NewReader(page.Body))
	h.ok(err)
	var answers []string
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "button" && attribute(n, "name") == "what" {
			answers = append(answers, attribute(n, "class"))
		}
	}
	if len(answers) != 3 || answers[0] != answers[1] || answers[1] != answers[2] {
		t.Errorf("the three answers do not look alike: %q", answers)
	}
	alone := maya.get(linkTo(t, page.Body, "This pair by itself"))
	shows(t, alone, "Does quietharbour@masto.example belong with nightjar_42@social.example?", "Strong", "Said about them so far None.")
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya list looked at what speaks for and against a link") {
		t.Errorf("access log: %q", got)
	}
	shows(t, h.enter(h.priya).get(h.path("handles")), "Does quietharbour@masto.example belong with nightjar_42@social.example?", "This can be changed at any time")
}

// The story's later handle is suggested for the one that was blocked, by when it
// came and what it is called and wrote, and nobody else is suggested for anybody.
func TestSuggestionOfTheStory_E3_E15(t *testing.T) {
	h := newHouse(t)
	h.tell()
	page, _, _ := h.enter(h.maya).suggestion(t)
	shows(t, page, "Suggested 1 handle to look at", "Does quietharbour@masto.example belong with nightjar_42@social.example?",
		"It came after the other was turned away", "36 minutes after @nightjar_42@social.example was blocked", "Names that are alike", "The same uncommon phrases", "It quotes what was written")
	if strings.Contains(page.Body, "Does bramble") {
		t.Error("somebody else is suggested")
	}
}

// A reason leads to all that it rests on, and its address tells nothing.
func TestEntriesOfAReason_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	page, _, _ := maya.suggestion(t)
	path := linkTo(t, page.Body, "and ")
	a := maya.get(path)
	shows(t, a, "The same uncommon phrases", "Does quietharbour@masto.example belong with nightjar_42@social.example?", "entries, oldest first", "It quotes what was written")
	if n := strings.Count(a.Body, `<article class="entry"`); n < 21 {
		t.Errorf("%d entries, want more than stand beside the reason", n)
	}
	for _, c := range contents {
		if strings.Contains(a.Body, c) {
			t.Errorf("the list quotes %q unasked", c)
		}
	}
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya list looked at the entries of a reason") {
		t.Errorf("access log: %q", got)
	}
	if got := maya.get(path[:len(path)-26] + daybook.NewID()); got.Status != 404 {
		t.Errorf("a reason that is not there: %d, want 404", got.Status)
	}
	if got := h.enter(h.lee).get(path); got.Status != 404 {
		t.Errorf("somebody else's adviser: %d, want 404", got.Status)
	}
}

// What a reason quotes is shown to who asks, and that is written down.
func TestWordsOfAReason_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	page, one, other := maya.suggestion(t)
	path := h.path("handles/" + one + "/with/" + other)
	before := len(h.accessed(h.mayas))
	n := 0
	for _, reason := range fields(t, page.Body, "reason") {
		a := maya.post(path+"/words", "reason", reason)
		if a.Status != 200 || !strings.Contains(a.Body, `class="shown"`) {
			t.Fatalf("reason %s: %d", reason, a.Status)
		}
		if strings.Contains(mainOf(t, a.Body), "“as per always”") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the phrase is in %d answers, want 1", n)
	}
	if got := h.accessed(h.mayas)[before:]; !slices.Contains(got, "Maya content showed the words of a reason") {
		t.Errorf("access log: %q", got)
	}
	for _, bad := range []string{"", "-1", "99", "x"} {
		if a := maya.post(path+"/words", "reason", bad); a.Status != 404 {
			t.Errorf("reason %q: %d, want 404", bad, a.Status)
		}
	}
	for _, bad := range []string{one + "/with/" + one, other + "/with/" + daybook.NewID()} {
		if a := maya.get(h.path("handles/" + bad)); a.Status != 404 {
			t.Errorf("%s: %d, want 404", bad, a.Status)
		}
	}
}

// Confirmed, a suggestion makes a group; taken back, it is asked again.
func TestSuggestionConfirmed_E15(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	_, one, other := maya.suggestion(t)
	a := maya.post(h.path("handles/link"), "one", one, "other", other, "back", "handles", "how", "the library", "what", "linked")
	if a.Status != 303 || a.Location != h.path("handles") {
		t.Fatalf("%d to %q", a.Status, a.Location)
	}
	page := maya.get(a.Location)
	shows(t, page, "Group A", "2 handles that you have confirmed as linked", "“the library”")
	if strings.Contains(mainOf(t, page.Body), "Suggested, not confirmed") {
		t.Error("it is still suggested")
	}
	pair := maya.get(h.path("handles/" + one + "/with/" + other))
	shows(t, pair, "The two are in group A now.", "“the library”", "Strong")
	undo := fields(t, pair.Body, "undo")
	maya.post(h.path("marks"), "what", "linked", "undo", undo[0], "back", "handles")
	maya.suggestion(t)
	shows(t, maya.get(h.path("handles/"+one+"/with/"+other)), "was taken back", "No longer holds")
}

// Said to be not linked, it is kept apart and not suggested again, whatever comes;
// who said so and why is there, and it can be changed.
func TestSuggestionKeptApart_E15(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	_, one, other := maya.suggestion(t)
	maya.post(h.path("handles/link"), "one", one, "other", other, "back", "handles", "what", "apart")
	h.append(h.mayas, h.item(told{id: "more", from: harbour, at: at(11, 23, 8, 0), text: "as per always, no hard feelings, kiddo"}))
	page := maya.get(h.path("handles"))
	shows(t, page, "Kept apart", "Not linked with nightjar_42@social.example", ", you; no reason was given")
	if text := mainOf(t, page.Body); strings.Contains(text, "Suggested, not confirmed") || strings.Contains(text, "Group A") {
		t.Error("it is still suggested, or linked")
	}
	for _, d := range decisionsOf(h, t) {
		if d.What == daybook.MarkApart && d.How != "No reason was given." {
			t.Errorf("the log says %q", d.How)
		}
	}
	pair := maya.get(linkTo(t, page.Body, "Change"))
	shows(t, pair, "Not linked with nightjar_42@social.example", "Not sure yet")
	a := maya.post(h.path("handles/link"), "one", field(t, pair.Body, "one"), "other", field(t, pair.Body, "other"), "back", "pair", "what", "open")
	if a.Status != 303 || !strings.Contains(a.Location, "/with/") {
		t.Fatalf("%d to %q", a.Status, a.Location)
	}
	shows(t, maya.get(a.Location), "Not sure yet about nightjar_42@social.example", "Left open")
}

// Left open, it stays, says so, and the menu does not count it any more.
func TestSuggestionLeftOpen_E15(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	page, one, other := maya.suggestion(t)
	if !strings.Contains(page.Body, `<span class="count">1<span class="sr"> to look at</span></span>`) {
		t.Error("the menu does not count the suggestion")
	}
	maya.post(h.path("handles/link"), "one", one, "other", other, "back", "handles", "what", "open")
	page, _, _ = maya.suggestion(t)
	shows(t, page, "Left open", "Not sure yet about nightjar_42@social.example")
	if strings.Contains(page.Body, `class="count"`) {
		t.Error("the menu still counts it")
	}
}

// A pair that somebody picks by hand has its reasons too, before anything is said.
func TestReasonsOfAPairByHand_E3(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	one, other := refOf(maya.handlePath("bramble_co")), refOf(maya.handlePath("nightjar_42"))
	form := maya.post(h.path("handles/link"), "one", one)
	shows(t, maya.get(form.Location), "What speaks for and against")
	a := maya.post(h.path("handles/link"), "one", one, "other", other, "what", "reasons")
	if a.Status != 303 {
		t.Fatal(a.Status, mainOf(t, a.Body))
	}
	shows(t, maya.get(a.Location), "Does bramble_co@mastodon.example belong with nightjar_42@social.example?", "For", "Against")
	if strings.Contains(mainOf(t, maya.get(a.Location).Body), "Suggested, not confirmed") {
		t.Error("a pair by hand is called a suggestion")
	}
	if a := maya.post(h.path("handles/link"), "one", one, "other", "", "what", "reasons"); a.Status != 422 {
		t.Errorf("no second handle: %d, want 422", a.Status)
	}
	before := len(decisionsOf(h, t))
	if a := maya.post(h.path("handles/link"), "one", one, "other", other, "what", "linked"); a.Status != 422 || len(decisionsOf(h, t)) != before {
		t.Errorf("linked by hand without a reason: %d, want 422", a.Status)
	}
}

// Somebody who may not link is shown the reasons and no form; somebody who may see
// counts alone nothing of it.
func TestSuggestionsByRole_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	_, one, other := h.enter(h.maya).suggestion(t)
	path := h.path("handles/" + one + "/with/" + other)
	reader, counter := h.user("Ines"), h.user("Cora")
	h.grant(h.mayas, reader, cases.Reader)
	h.grant(h.mayas, counter, cases.Counter)
	ines := h.enter(reader)
	a := ines.get(path)
	shows(t, a, "Strong", "For", "Against")
	if strings.Contains(a.Body, `name="what"`) {
		t.Error("a reader is offered the answers")
	}
	if a := ines.post(h.path("handles/link"), "one", one, "other", other, "what", "linked", "back", "pair"); a.Status != 403 {
		t.Errorf("a link by a reader: %d, want 403", a.Status)
	}
	cora := h.enter(counter)
	if a := cora.get(path); a.Status != 403 {
		t.Errorf("the reasons to a reader of counts: %d, want 403", a.Status)
	}
	if a := cora.post(path+"/words", "reason", "1"); a.Status != 403 {
		t.Errorf("the words to a reader of counts: %d, want 403", a.Status)
	}
	if a := cora.get(h.path("overview")); strings.Contains(a.Body, `class="count"`) || strings.Contains(mainOf(t, a.Body), "uggest") {
		t.Error("a reader of counts is told of a suggestion")
	}
}

// A record can be read where handles cannot be compared.
func TestPagesWithoutComparisons(t *testing.T) {
	for _, linking := range []web.Linking{brokenLinks{}, panickingLinks{}} {
		var log strings.Builder
		h := newHouse(t, func(c *web.Config) { c.Linking, c.Logger = linking, slog.New(slog.NewTextHandler(&log, nil)) })
		h.tell()
		maya := h.enter(h.maya)
		shows(t, maya.get(h.path("handles")), "Handles could not be compared just now.", "nightjar_42@social.example")
		if a := maya.get(h.path("overview")); a.Status != 200 {
			t.Errorf("the overview: %d", a.Status)
		}
		if !strings.Contains(log.String(), "handles") || strings.Contains(log.String(), "marzipan") {
			t.Errorf("the log says %s", log.String())
		}
	}
	none := newHouse(t, func(c *web.Config) { c.Linking = nil })
	none.tell()
	maya := none.enter(none.maya)
	one, other := refOf(maya.handlePath("bramble_co")), refOf(maya.handlePath("nightjar_42"))
	shows(t, maya.get(none.path("handles/"+one+"/with/"+other)), "Nothing that was compared speaks for a link.", "Not linked")
}

// No page waits long for a comparison: it goes on beside, once, and the next visit
// has it. It is made again when the case has changed, and not by the clock.
func TestPagesDoNotWaitForComparisons(t *testing.T) {
	slow := &slowLinks{goOn: make(chan struct{})}
	h := newHouse(t, func(c *web.Config) { c.Linking = slow })
	h.tell()
	h.web.WaitForLinks(0)
	maya := h.enter(h.maya)
	for range 3 {
		shows(t, maya.get(h.path("overview")), "Handles are being compared.", "You were contacted on")
		shows(t, maya.get(h.path("handles")), "Handles are being compared.", "nightjar_42@social.example")
	}
	close(slow.goOn)
	h.ok(h.web.Warm(t.Context(), h.mayas))
	maya.suggestion(t)
	h.move(4 * time.Minute)
	maya.get(h.path("overview"))
	h.move(4 * time.Minute)
	maya.suggestion(t)
	if n := slow.times.Load(); n != 1 {
		t.Errorf("compared %d times, want 1", n)
	}
	h.append(h.mayas, h.item(told{id: "more", from: bramble, at: at(11, 23, 8, 0), text: "made up"}))
	h.ok(h.web.Warm(t.Context(), h.mayas))
	maya.suggestion(t)
	if n := slow.times.Load(); n != 2 {
		t.Errorf("compared %d times after new contact, want 2", n)
	}
}

// Whatever the handles of a suggestion are called and whatever its reasons quote,
// it is text.
func TestHostileSuggestions_E1_E2(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Linking = hostileLinks{} })
	h.tell()
	h.hostile()
	maya := h.enter(h.maya)
	page := maya.get(h.path("handles"))
	shows(t, page, "Suggested 19 handles to look at", "14 more suggestions", "<script>alert(1)</script>", "U+202E")
	pages := []answer{page, maya.get(h.path("overview"))}
	for _, path := range pairLink.FindAllString(page.Body, -1) {
		pages = append(pages, maya.get(path), maya.post(path+"/words", "reason", "9"))
	}
	for i, p := range pages {
		if p.Status != 200 || len(p.Body) > 400_000 {
			t.Errorf("page %d: status %d, %d bytes", i, p.Status, len(p.Body))
		}
		scripts := 0
		for _, n := range elementsOf(t, p.Body) {
			switch n.Data {
			case "script":
				scripts++
			case "img", "iframe", "base", "style":
				t.Errorf("page %d has a %s that came from a name", i, n.Data)
			}
			for _, at := range n.Attr {
				if strings.HasPrefix(at.Key, "on") || at.Key == "style" || (at.Key == "href" || at.Key == "action") && !strings.HasPrefix(at.Val, "/") && !strings.HasPrefix(at.Val, "#") {
					t.Errorf("page %d: attribute %s=%q", i, at.Key, at.Val)
				}
			}
		}
		if scripts != 1 {
			t.Errorf("page %d has %d scripts, want our own alone", i, scripts)
		}
		if strings.ContainsAny(p.Body, "\u202E\u200B\u2066\x1b\x7f") {
			t.Errorf("page %d holds characters that cannot be seen", i)
		}
	}
}

var pairLink = regexp.MustCompile(`/c/[a-z2-7]+/handles/[a-z2-7]{26}/with/[a-z2-7]{26}`)
