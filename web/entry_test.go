package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"daybook"
)

// showOf returns the address at which the newest entry that a search of the
// timeline's words finds is shown.
func (b *browserClient) showOf(c daybook.CaseID, form ...string) string {
	b.h.t.Helper()
	page := b.narrow(c, form...)
	found := showForms(b.h.t, page.Body)
	if len(found) == 0 {
		b.h.t.Fatalf("nothing matches %v", form)
	}
	return found[0]
}

// unmarked is a page without the marks around words that rules found, whichever
// those are.
func unmarked(page string) string {
	return strings.NewReplacer("<mark>", "", "</mark>", "").Replace(page)
}

func pageOf(show string) string { return strings.TrimSuffix(show, "/show") }

func TestShow_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.priya)
	show := b.showOf(h.mayas, "marked", "attachment")
	before := len(h.accessed(h.mayas))
	page := b.post(show)
	if page.Status != http.StatusOK {
		t.Fatalf("status %d", page.Status)
	}
	shown := elements(t, unmarked(page.Body), classed("shown"))
	if len(shown) != 1 {
		t.Fatalf("%d parts are shown, want 1", len(shown))
	}
	mustHave(t, wordsOf(shown[0]), "I will be at the library on Thursday, as per always.", "Exactly as received. Showing it was recorded, 23 Nov 2026, 09:14 GMT", "a bench", "Show attachment 1")
	log := h.accessed(h.mayas)
	if got := log[before:]; len(got) != 1 || got[0] != "Priya N. content showed a message" {
		t.Errorf("the access log tells %q", got)
	}
	// Each time that it is shown is an entry.
	b.post(show)
	if got := len(h.accessed(h.mayas)); got != before+2 {
		t.Errorf("%d access entries for two looks, want 2", got-before)
	}
	if page := b.get(show); page.Status != http.StatusMethodNotAllowed && page.Status != http.StatusNotFound {
		t.Errorf("with GET it answers %d", page.Status)
	}
	// The entry names what was read.
	var access daybook.Access
	for e, err := range h.log.Entries(t.Context(), h.mayas, 0) {
		h.ok(err)
		if e.Record.Kind == daybook.RecordAccess {
			h.ok(e.Record.Decode(&access))
		}
	}
	m, err := h.db.Message(t.Context(), h.mayas, access.Entries[0])
	h.ok(err)
	if len(m.Media) != 1 || len(access.Entries) != len(m.Captures) {
		t.Errorf("the access entry names %v, which is not the message that was shown", access.Entries)
	}
}

func TestShowTellsAllVersions(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	page := b.post(b.showOf(h.mayas, "marked", "edited"))
	text := wordsOf(elements(t, unmarked(page.Body), classed("shown"))[0])
	mustHave(t, text, "Version of 1 Nov 2026, 22:00 GMT", "see you soon", "Newest version, of 1 Nov 2026, 22:04 GMT", "see you soon, at the usual place")
	arabic := b.post(b.showOf(h.mayas, "kind", "mention"))
	bdi := elements(t, arabic.Body, func(n *html.Node) bool {
		return n.Data == "bdi" && attrOf(n, "lang") == "ar" && attrOf(n, "dir") == "auto"
	})
	if len(bdi) != 1 || !strings.Contains(wordsOf(bdi[0]), "هل نلتقي") {
		t.Errorf("%d texts are marked as Arabic, want 1", len(bdi))
	}
}

func TestShowHostile_E1_E2(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.hostile()
	b := h.enter(h.maya)
	n := 0
	for path := b.post(h.timelineOf(h.mayas), "from", "2026-11-09", "to", "2026-11-09").Location; path != ""; {
		list := b.get(path)
		for _, show := range showForms(t, list.Body) {
			n++
			page := b.post(show)
			if page.Status != http.StatusOK {
				t.Fatalf("%s: status %d", show, page.Status)
			}
			shown := outer(elements(t, page.Body, classed("shown"))[0])
			if bad := elements(t, shown, func(n *html.Node) bool {
				return n.Data == "script" || n.Data == "img" || n.Data == "iframe" || n.Data == "style" || n.Data == "link" || n.Data == "base" || n.Data == "svg" && len(n.Attr) > 3
			}); len(bad) > 0 {
				t.Errorf("there is an element %s", outer(bad[0]))
			}
			for _, a := range elements(t, shown, func(n *html.Node) bool { return n.Data == "a" }) {
				if !strings.HasPrefix(attrOf(a, "href"), "/c/") {
					t.Errorf("there is a link to %s", attrOf(a, "href"))
				}
			}
			mustLack(t, shown, "\u202E", "\u2066", "\u200B", "\uFEFF", "\x1b", "\u2028")
			if page := b.get(pageOf(show)); page.Status != http.StatusOK {
				t.Errorf("%s: status %d", pageOf(show), page.Status)
			}
		}
		path = olderPage(t, list.Body)
	}
	if n < 15 {
		t.Errorf("%d hostile messages were shown: too few", n)
	}
	// What is very long is cut, and there in full for whoever wants it.
	long := ""
	for _, show := range showForms(t, b.narrow(h.mayas, "from", "2026-11-09", "to", "2026-11-09").Body) {
		if page := b.post(show); strings.Contains(page.Body, "Show all of it") {
			long = show
			mustLack(t, page.Body, strings.Repeat("W", 20_000))
			mustHave(t, b.post(show, "all", "1").Body, strings.Repeat("W", 100_000))
		}
	}
	if long == "" {
		t.Error("no message was cut")
	}
}

func TestShowRefusals(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	show := maya.showOf(h.mayas)
	inToms := strings.Replace(show, string(h.mayas), string(h.toms), 1)
	tom, lee := h.enter(h.tom), h.enter(h.lee)
	for _, test := range []struct {
		name string
		b    *browserClient
		path string
		want int
	}{
		{"another person", tom, show, http.StatusNotFound},
		{"another person’s ref in their own case", tom, inToms, http.StatusNotFound},
		{"an adviser of another case", lee, show, http.StatusNotFound},
		{"an invented ref", maya, "/c/" + string(h.mayas) + "/e/aaaaaaaaaaaaaaaaaaaaaaaaaa/show", http.StatusNotFound},
		{"no ref", maya, "/c/" + string(h.mayas) + "/e/1/show", http.StatusNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, rest := range []string{"/show", "/raw", "/m/0/show", "/m/0/original", "/m/-1/show", "/m/99/show"} {
				page := test.b.post(pageOf(test.path) + rest)
				if page.Status != test.want {
					t.Errorf("%s: status %d, want %d", rest, page.Status, test.want)
				}
				mustLack(t, page.Body, theirTexts...)
			}
			if page := test.b.get(pageOf(test.path)); page.Status != test.want {
				t.Errorf("its page: status %d, want %d", page.Status, test.want)
			}
		})
	}
	// Somebody whose access is withdrawn between the list and the look.
	counter := h.user("Cas")
	h.grant(h.mayas, counter, "counts")
	if page := h.enter(counter).post(show); page.Status != http.StatusForbidden {
		t.Errorf("a reader of counts gets %d, want 403", page.Status)
	}
}

func TestEntryPage(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	path := pageOf(b.showOf(h.mayas, "marked", "gone"))
	page := b.get(path)
	if page.Status != http.StatusOK {
		t.Fatalf("status %d", page.Status)
	}
	mustLack(t, page.Body, theirTexts...)
	text := readable(t, page.Body)
	mustHave(t, text, "The platform says it was sent", "In UTC", "Daybook first fetched it", "Written into the record", "It was last seen",
		"Daybook cannot tell them apart", "Names it used", "nightjar_42@social.example", "https://social.example/users/nightjar_42",
		"read from the accounts", "maya@social.example on Mastodon", "notifications", "It is covered by the checkpoint of", "SHA-256 of entry",
		"Before", "After", "This sender is marked as not wanted")
	mustLack(t, text, "deleted", "Deleted")
	if got := h.accessed(h.mayas); got[len(got)-1] != "Maya list looked at an entry" {
		t.Errorf("the access log ends with %q", got[len(got)-1])
	}
	if n := len(showForms(t, page.Body)); n != 6 {
		t.Errorf("%d entries can be shown, want this one, the only two before it and three after it", n)
	}
	for _, a := range elements(t, page.Body, func(n *html.Node) bool { return n.Data == "a" }) {
		if href := attrOf(a, "href"); strings.HasPrefix(href, "http") || strings.Contains(href, "social.example") {
			t.Errorf("there is a link to %s", href)
		}
	}

	// What was appended since is not covered.
	h.append(h.mayas, h.item(told{id: "late", from: bramble, at: at(11, 23, 8, 0), text: "a late word"}))
	_, err := h.log.Append(t.Context(), h.mayas, []daybook.Record{h.item(told{id: "later", from: bramble, at: at(11, 23, 8, 30), text: "a later word"})})
	h.ok(err)
	h.ok(h.log.CatchUp(t.Context(), h.mayas, h.db.Messages(nil)))
	mustHave(t, readable(t, b.get(pageOf(b.showOf(h.mayas))).Body), "Not covered by a checkpoint yet")

	priya := h.enter(h.priya)
	adviser := priya.get(pageOf(priya.showOf(h.mayas, "marked", "after stop")))
	mustHave(t, readable(t, adviser.Body), "After the person asked")
	mustLack(t, adviser.Body, theirTexts...)
}

// An entry can show several messages: each is found by its own address.
func TestEntryWithSeveralMessages(t *testing.T) {
	h := newHouse(t)
	h.tell()
	it, err := daybook.ParseItem(h.item(told{id: "fav", from: bramble, at: at(11, 23, 7, 0), kind: daybook.KindFavourite, text: "words of a favourite"}))
	h.ok(err)
	second := it.Reading.Messages[0]
	second.Key, second.Kind, second.Text = "mastodon:https://social.example/statuses/favoured", daybook.KindPost, "words of the post"
	it.Reading.Messages = append(it.Reading.Messages, second)
	r := it.Record()
	r.Logged, r.Actor = at(11, 23, 7, 1), daybook.Actor{ID: "mastodon", Role: "collector", Via: "collector mastodon/1"}
	h.append(h.mayas, r)
	b := h.enter(h.maya)
	list := showForms(t, b.narrow(h.mayas, "from", "2026-11-23").Body)
	if len(list) != 2 || list[0] == list[1] {
		t.Fatalf("the two messages of an entry are shown at %v", list)
	}
	text := b.post(list[0]).Body + b.post(list[1]).Body
	mustHave(t, text, "words of a favourite", "words of the post")
}

func TestRawBytesAreSavedOnly_E8(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	page := b.get(pageOf(b.showOf(h.mayas, "marked", "edited")))
	var saved []string
	for _, f := range elements(t, page.Body, func(n *html.Node) bool { return n.Data == "form" && strings.HasSuffix(attrOf(n, "action"), "/raw") }) {
		before := len(h.accessed(h.mayas))
		got := b.post(attrOf(f, "action"))
		isDownload(t, got)
		saved = append(saved, got.Body)
		if log := h.accessed(h.mayas)[before:]; len(log) != 1 || log[0] != "Maya content saved an entry as it came" {
			t.Errorf("the access log tells %q", log)
		}
	}
	if len(saved) != 2 || !strings.Contains(saved[0], `"content":"see you soon"`) || !strings.Contains(saved[1], "at the usual place") {
		t.Errorf("saved %q, want the two captures", saved)
	}
}

// isDownload checks that an answer is a file that no browser opens.
func isDownload(t testing.TB, got answer) {
	t.Helper()
	if got.Status != http.StatusOK {
		t.Fatalf("status %d", got.Status)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "no-store",
	} {
		if is := got.Header.Get(header); is != want {
			t.Errorf("%s: %q, want %q", header, is, want)
		}
	}
	if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=entry-") || !strings.HasSuffix(d, ".bin") {
		t.Errorf("Content-Disposition: %q", d)
	}
}

// A list leads back to where it was, without script too.
func TestShowLeadsBack(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	list := b.post(h.timelineOf(h.mayas), "kind", "mention").Location
	page := b.get(list)
	form := elements(t, page.Body, func(n *html.Node) bool { return n.Data == "form" && strings.HasSuffix(attrOf(n, "action"), "/show") })[0]
	back := attrOf(elements(t, outer(form), func(n *html.Node) bool { return attrOf(n, "name") == "back" })[0], "value")
	shown := b.post(attrOf(form, "action"), "back", back)
	if links := elements(t, shown.Body, func(n *html.Node) bool { return n.Data == "a" && wordsOf(n) == "Back" }); len(links) != 1 || !strings.HasPrefix(attrOf(links[0], "href"), list+"#e") {
		t.Errorf("it does not lead back to %s", list)
	}
	for _, bad := range []string{"https://evil.example", "//evil.example", "../../x", "nothing"} {
		for _, a := range elements(t, b.post(attrOf(form, "action"), "back", bad).Body, func(n *html.Node) bool { return n.Data == "a" && wordsOf(n) == "Back" }) {
			if attrOf(a, "href") != pageOf(attrOf(form, "action")) {
				t.Errorf("back %q leads to %q", bad, attrOf(a, "href"))
			}
		}
	}
}

// An entry whose platform time lies after the fetch says so.
func TestLateClaim_E16(t *testing.T) {
	h := newHouse(t)
	h.tell()
	m := h.item(told{id: "future", from: bramble, at: at(11, 23, 9, 0), text: "from tomorrow"})
	it, err := daybook.ParseItem(m)
	h.ok(err)
	it.Reading.Messages[0].Sent.At = at(11, 23, 9, 0).Add(48 * time.Hour)
	r := it.Record()
	r.Logged, r.Actor = m.Logged, daybook.Actor{ID: "mastodon", Role: "collector", Via: "collector mastodon/1"}
	h.append(h.mayas, r)
	b := h.enter(h.maya)
	mustHave(t, readable(t, b.get(pageOf(b.showOf(h.mayas))).Body), "The platform’s time is later than the time at which it was fetched")
}
