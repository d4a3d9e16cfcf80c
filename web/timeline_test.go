package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"daybook"
	"daybook/detect"
)

// elements returns the elements of a page that match.
func elements(t testing.TB, page string, match func(n *html.Node) bool) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && match(n) {
			out = append(out, n)
		}
	}
	return out
}

func attrOf(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func classed(class string) func(n *html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(strings.Fields(attrOf(n, "class")), class) }
}

// wordsOf is the text of an element, with single spaces.
func wordsOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// listed returns the entries of a timeline page, newest first, as their words.
func listedEntries(t testing.TB, page string) (out []string) {
	t.Helper()
	for _, n := range elements(t, page, func(n *html.Node) bool { return n.Data == "article" && classed("entry")(n) }) {
		out = append(out, wordsOf(n))
	}
	return out
}

// showForms returns the addresses of the Show forms of a page.
func showForms(t testing.TB, page string) (out []string) {
	t.Helper()
	for _, n := range elements(t, page, func(n *html.Node) bool { return n.Data == "form" && strings.HasSuffix(attrOf(n, "action"), "/show") }) {
		out = append(out, attrOf(n, "action"))
	}
	return out
}

// olderPage returns the address of the next page, "" at the end.
func olderPage(t testing.TB, page string) string {
	t.Helper()
	for _, n := range elements(t, page, func(n *html.Node) bool { return n.Data == "a" && classed("btn")(n) }) {
		if w := wordsOf(n); w == "Earlier entries" || w == "Look further back" {
			return attrOf(n, "href")
		}
	}
	return ""
}

func mustHave(t testing.TB, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not there", w)
		}
	}
}

func mustLack(t testing.TB, text string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(text, w) {
			t.Errorf("%q is there", w)
		}
	}
}

// theirTexts are words of the story that nobody asked to see.
var theirTexts = []string{"library", "lybrary", "kiddo", "answer me", "you read these", "usual place", "المكتبة", "Please stop", "a bench"} //nolint:misspell // as the sender of the story spells it

func (h *house) timelineOf(c daybook.CaseID) string { return "/c/" + string(c) + "/timeline" }

func TestTimeline_C7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	page := b.get(h.timelineOf(h.mayas))
	if page.Status != http.StatusOK {
		t.Fatalf("status %d", page.Status)
	}
	mustLack(t, page.Body, theirTexts...)
	text := readable(t, page.Body)
	mustHave(t, text, "22 November", "Sunday 1 contact", "23:10 GMT", "quietharbour@masto.example", "Nightjа U+0430", "direct message on Mastodon", "52 characters",
		"1 attachment, not loaded", "Content hidden", "collected 22 Nov 2026, 23:11 GMT",
		"Mastodon was not read for 36 hours and 20 minutes", "the server did not answer", "Anything from this time may be missing",
		"An empty space here does not mean that nothing was sent", "You blocked nightjar_42@social.example", "Edited; 2 copies kept", "After you asked them to stop",
		"First contact from this handle", "Nothing was collected on")
	if got := len(showForms(t, page.Body)); got != 50 {
		t.Errorf("%d entries can be shown, want the 50 of a page", got)
	}
	if got := h.accessed(h.mayas); got[len(got)-1] != "Maya list looked at the timeline" {
		t.Errorf("the access log ends with %q", got[len(got)-1])
	}
	mustLack(t, page.Body, "style=", "?", "<script>")
}

// Every page of the timeline together holds every message once, and the numbers
// beside the days are those of whole days.
func TestTimelineInPages(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	var got []string
	days := map[string]string{}
	newer := ""
	path := h.timelineOf(h.mayas)
	for range 10 {
		page := b.get(path)
		if page.Status != http.StatusOK {
			t.Fatalf("%s: status %d", path, page.Status)
		}
		got = append(got, showForms(t, page.Body)...)
		for _, d := range elements(t, page.Body, classed("day")) {
			head := wordsOf(elements(t, outer(d), classed("margin"))[0])
			date := strings.Join(strings.Fields(head)[:2], " ")
			if was, seen := days[date]; seen && was != head {
				t.Errorf("a day that two pages share is %q and %q", was, head)
			}
			days[date] = head
		}
		next := olderPage(t, page.Body)
		if next == "" {
			break
		}
		if back := elements(t, page.Body, func(n *html.Node) bool { return n.Data == "a" && wordsOf(n) == "Later entries" }); newer != "" && (len(back) != 1 || attrOf(back[0], "href") != newer) {
			t.Errorf("the way back from %s is not %s", path, newer)
		}
		newer, path = path, next
	}
	messages, _, err := h.db.List(t.Context(), h.mayas, daybook.MessageFilter{}, 1000, "")
	h.ok(err)
	unique := slices.Compact(slices.Sorted(slices.Values(got)))
	if len(got) != len(messages) || len(unique) != len(messages) {
		t.Errorf("%d entries on all pages, %d different; there are %d", len(got), len(unique), len(messages))
	}
	if got := days["26 October"]; got != "26 October Monday 12 contacts" {
		t.Errorf("the day of the request to stop is %q", got)
	}
	log := slices.DeleteFunc(h.accessed(h.mayas), func(e string) bool { return !strings.HasPrefix(e, "Maya") })
	if len(log) != 1 {
		t.Errorf("turning the pages made the access entries %q, want one", log)
	}
}

func outer(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		return err.Error()
	}
	return b.String()
}

// narrow posts the filter and returns the page that it leads to.
func (b *browserClient) narrow(c daybook.CaseID, form ...string) answer {
	b.h.t.Helper()
	res := b.post(b.h.timelineOf(c), form...)
	if res.Status != http.StatusSeeOther {
		return res
	}
	return b.get(res.Location)
}

func optionValue(t testing.TB, page, text string) string {
	t.Helper()
	for _, n := range elements(t, page, func(n *html.Node) bool { return n.Data == "option" }) {
		if strings.Contains(wordsOf(n), text) {
			return attrOf(n, "value")
		}
	}
	t.Fatalf("there is no %q to choose", text)
	return ""
}

func TestTimelineNarrowed(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	first := b.get(h.timelineOf(h.mayas)).Body
	harbourRef, nightjarRef := optionValue(t, first, "quietharbour"), optionValue(t, first, "nightjar_42")
	tests := []struct {
		name string
		form []string
		want int
		has  []string
	}{
		{"sender", []string{"who", harbourRef}, 14, []string{"14 entries match"}},
		{"kind", []string{"kind", "mention"}, 3, []string{"bramble_co@mastodon.example"}},
		{"gone", []string{"marked", "gone"}, 1, []string{"Not there on 12 Nov 2026, 09:00 GMT, last seen"}},
		{"edited", []string{"marked", "edited"}, 1, []string{"Edited; 2 copies kept"}},
		{"attachment", []string{"marked", "attachment"}, 1, nil},
		{"first contact", []string{"marked", "first"}, 3, nil},
		{"a span", []string{"from", "2026-11-03", "to", "2026-11-04"}, 5, []string{"From Tuesday 3 November 2026 to Wednesday 4 November 2026"}},
		{"sender and span", []string{"who", nightjarRef, "from", "2026-11-03"}, 0, []string{"No entry matches"}},
		{"nothing chosen", nil, 50, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page := b.narrow(h.mayas, test.form...)
			if got := len(listedEntries(t, page.Body)); page.Status != http.StatusOK || got != test.want {
				t.Errorf("status %d, %d entries, want %d", page.Status, got, test.want)
			}
			mustHave(t, readable(t, page.Body), test.has...)
			mustLack(t, page.Body, theirTexts...)
		})
	}
}

// What the timeline says of a message is what detection says.
func TestTimelineAgreesWithDetection(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.actor(h.mayas)
	_, err := h.cases.Mark(t.Context(), maya, h.mayas, daybook.Decision{What: daybook.MarkLinked, Handle: nightjar, Other: harbour, How: "the same turns of phrase"})
	h.ok(err)
	h.settle(h.mayas)
	facts, err := h.db.Facts(t.Context(), h.mayas, h.clock())
	h.ok(err)
	standings, want := detect.NewStandings(facts), 0
	for _, c := range facts.Contacts {
		if c.Direction == daybook.In && standings.Of(c).AfterStop {
			want++
		}
	}
	b := h.enter(h.maya)
	tagged := 0
	for path := h.timelineOf(h.mayas); path != ""; {
		page := b.get(path)
		for _, e := range listedEntries(t, page.Body) {
			if strings.Contains(e, "After you asked them to stop") {
				tagged++
			}
		}
		path = olderPage(t, page.Body)
	}
	filtered := b.narrow(h.mayas, "marked", "after stop")
	if n := len(listedEntries(t, filtered.Body)); n != want || tagged != want || want == 0 {
		t.Errorf("after the request to stop: %d by detection, %d tagged, %d when narrowed", want, tagged, n)
	}
	group := b.narrow(h.mayas, "who", optionValue(t, filtered.Body, "Group A"))
	mustHave(t, readable(t, group.Body), "Group A (2 handles)", "You blocked nightjar_42@social.example")
	mustLack(t, strings.Join(listedEntries(t, group.Body), "\n"), "bramble")
}

func TestTimelineRuns(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	page := b.narrow(h.mayas, "from", "2026-10-26", "to", "2026-10-26")
	runs := elements(t, page.Body, func(n *html.Node) bool { return n.Data == "details" && classed("run")(n) })
	if len(runs) != 1 {
		t.Fatalf("%d runs, want 1", len(runs))
	}
	mustHave(t, wordsOf(runs[0]), "more between", "Put together because they have the same sender and kind")
	if got := len(listedEntries(t, page.Body)); got != 13 {
		t.Errorf("%d entries of the day with those that are folded, want 12 and the person’s own", got)
	}
	mustHave(t, readable(t, page.Body), "You wrote to nightjar_42@social.example", "You asked them to stop: nightjar_42@social.example", "In a message of your own")
}

// Everything that can be said of a sender or an account has words, for the person
// and for an adviser.
func TestTimelineTellsOfMarksAndAccounts(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.actor(h.mayas)
	for _, d := range []daybook.Decision{
		{What: daybook.MarkAllowed, Handle: bramble}, {What: daybook.MarkExcluded, Handle: bramble},
		{What: daybook.MarkNamedDay, How: "a day in court", When: daybook.When{At: at(11, 25, 0, 0)}},
	} {
		_, err := h.cases.Mark(t.Context(), maya, h.mayas, d)
		h.ok(err)
	}
	b, adviser := h.enter(h.maya), h.enter(h.priya)
	text := readable(t, b.get(h.timelineOf(h.mayas)).Body)
	mustHave(t, text, "You marked contact as agreed: bramble_co", "From here on nothing is stored from bramble_co", "You noted a day that matters", "You marked contact as not wanted: nightjar_42")
	mustLack(t, text, "a day in court", "is paused")
	mustHave(t, readable(t, adviser.get(h.timelineOf(h.mayas)).Body), "Contact was marked as agreed: bramble_co", "A day that matters was noted")

	h.ok(h.cases.Pause(t.Context(), maya, h.account.ID))
	mustHave(t, readable(t, b.get(h.timelineOf(h.mayas)).Body), "Mastodon, maya@social.example, is paused by you")
	mustHave(t, readable(t, adviser.get(h.timelineOf(h.mayas)).Body), "is paused. Nothing new is read from it")
	for state, want := range map[daybook.AccountState]string{daybook.Expired: "the agreed time has ended", daybook.Stopped: "the platform refused", daybook.Withdrawn: "you withdrew it"} {
		h.ok(h.db.SetState(t.Context(), h.account.ID, state))
		mustHave(t, readable(t, b.get(h.timelineOf(h.mayas)).Body), want)
	}
}

func TestTimelineMistakes(t *testing.T) {
	h := newHouse(t)
	h.tell()
	b := h.enter(h.maya)
	for _, test := range []struct {
		name, field, want string
		form              []string
	}{
		{"no date", "from", "could not be read", []string{"from", "2026-13-40"}},
		{"the wrong way round", "to", "lies before the first", []string{"from", "2026-11-04", "to", "2026-11-02"}},
		{"no such sender", "who", "cannot be chosen", []string{"who", "aaaa"}},
		{"no such kind", "kind", "cannot be chosen", []string{"kind", "<script>"}},
		{"no such mark", "marked", "cannot be chosen", []string{"marked", "risky"}},
		{"somebody else’s account", "account", "cannot be chosen", []string{"account", "accountoftom0000000000000"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := b.post(h.timelineOf(h.mayas), test.form...)
			if page.Status != http.StatusUnprocessableEntity {
				t.Fatalf("status %d, want 422", page.Status)
			}
			wrong := elements(t, page.Body, func(n *html.Node) bool { return attrOf(n, "aria-invalid") == "true" })
			if len(wrong) != 1 || attrOf(wrong[0], "name") != test.field {
				t.Errorf("%d fields are marked as wrong, want %s alone", len(wrong), test.field)
			}
			mustHave(t, readable(t, page.Body), test.want)
		})
	}
}

func TestTimelineIsForThoseWhoMay_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, priya, tom := h.enter(h.maya), h.enter(h.priya), h.enter(h.tom)
	view := maya.post(h.timelineOf(h.mayas), "kind", "mention").Location
	for who, b := range map[string]*browserClient{"another person": tom, "another adviser": h.enter(h.lee)} {
		for _, path := range []string{h.timelineOf(h.mayas), view} {
			if page := b.get(path); page.Status != http.StatusNotFound {
				t.Errorf("%s gets %d", who, page.Status)
			}
		}
	}
	// A view is of one session: another one starts at the beginning.
	if page := priya.get(view); page.Location != h.timelineOf(h.mayas) {
		t.Errorf("somebody else’s view leads to %d %s", page.Status, page.Location)
	}
	page := priya.get(h.timelineOf(h.mayas))
	mustHave(t, readable(t, page.Body), "After the person asked them to stop", "The person blocked nightjar_42@social.example")
	mustLack(t, page.Body, "After you asked", "You blocked", "library", "lybrary")
	if got := h.accessed(h.mayas); got[len(got)-1] != "Priya N. list looked at the timeline" {
		t.Errorf("the access log ends with %q", got[len(got)-1])
	}
	counter := h.user("Cas")
	h.grant(h.mayas, counter, "counts")
	if page := h.enter(counter).get(h.timelineOf(h.mayas)); page.Status != http.StatusForbidden {
		t.Errorf("a reader of counts gets %d, want 403", page.Status)
	}
}

// Names are shown as what they are, and nothing of them is markup.
func TestTimelineHostile_E1(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.hostile()
	b := h.enter(h.maya)
	pages := ""
	for path, n := h.timelineOf(h.mayas), 0; path != "" && n < 5; n++ {
		page := b.get(path)
		if page.Status != http.StatusOK {
			t.Fatalf("status %d", page.Status)
		}
		for _, n := range elements(t, page.Body, func(n *html.Node) bool {
			return n.Data == "img" || n.Data == "iframe" || n.Data == "style" || n.Data == "base"
		}) {
			t.Errorf("there is an element %s", outer(n))
		}
		if scripts := elements(t, page.Body, func(n *html.Node) bool { return n.Data == "script" && attrOf(n, "src") != "/static/daybook.js" }); len(scripts) > 0 {
			t.Errorf("there is a script %s", outer(scripts[0]))
		}
		mustLack(t, page.Body, "\u202E", "\u2066", "\u200B", "\x1b")
		path, pages = olderPage(t, page.Body), pages+page.Body
	}
	mustHave(t, pages, "202E")
}

// benchTimeline makes a case of n messages, from 40 senders.
func benchTimeline(b *testing.B, n int) *house {
	h := newHouse(b)
	h.tell()
	begin := at(1, 1, 0, 0)
	f := h.db.Messages(nil)
	for from := 0; from < n; from += 2000 {
		records := make([]daybook.Record, 0, 2000)
		for i := from; i < min(n, from+2000); i++ {
			no := i % 40
			who := person(fmt.Sprint("https://many.example/users/", no), fmt.Sprintf("user%d@many.example", no), "Somebody")
			m := told{id: fmt.Sprint("bench", i), from: who, at: begin.Add(time.Duration(i) * 4 * time.Minute), text: "Said in about as many characters as people use when they write, which is some more than one line."}
			r := h.item(m)
			r.Actor = daybook.Actor{ID: "mastodon", Role: "collector", Via: "collector mastodon/1"}
			records = append(records, r)
		}
		_, err := h.log.Append(b.Context(), h.mayas, records)
		h.ok(err)
		h.ok(h.log.CatchUp(b.Context(), h.mayas, f))
	}
	h.settle(h.mayas)
	return h
}

// BenchmarkTimeline is one page of a case of 100,000 messages, by HTTP with all
// that a visit costs, beside the bare query of the same 50 messages.
func BenchmarkTimeline(b *testing.B) {
	h := benchTimeline(b, 100_000)
	someone := h.enter(h.maya)
	someone.get(h.timelineOf(h.mayas)) // the first visit makes the access entry
	second := olderPage(b, someone.get(h.timelineOf(h.mayas)).Body)
	paths := map[string]string{"first": h.timelineOf(h.mayas), "second": second}
	for _, marked := range daybook.TimelineMarks() {
		paths[string(marked)] = someone.post(h.timelineOf(h.mayas), "marked", string(marked)).Location
	}
	paths["kind"] = someone.post(h.timelineOf(h.mayas), "kind", "email").Location
	paths["sender"] = someone.post(h.timelineOf(h.mayas), "who", optionValue(b, someone.get(h.timelineOf(h.mayas)).Body, "user7@")).Location
	bare := func() time.Duration {
		begin := time.Now()
		_, _, err := h.db.List(b.Context(), h.mayas, daybook.MessageFilter{Newest: true}, 50, "")
		h.ok(err)
		return time.Since(begin)
	}
	for name, path := range paths {
		b.Run(name, func(b *testing.B) {
			var pages, lists []time.Duration
			for b.Loop() {
				begin := time.Now()
				if page := someone.get(path); page.Status != http.StatusOK {
					b.Fatalf("status %d", page.Status)
				}
				pages = append(pages, time.Since(begin))
				lists = append(lists, bare())
			}
			slices.Sort(pages)
			slices.Sort(lists)
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
			b.ReportMetric(ms(pages[len(pages)/2]), "p50-ms")
			b.ReportMetric(ms(pages[len(pages)*95/100]), "p95-ms")
			b.ReportMetric(ms(lists[len(lists)/2]), "list-p50-ms")
			b.ReportMetric(ms(pages[len(pages)*95/100])/ms(lists[len(lists)*95/100]), "ratio-p95")
		})
	}
}
