package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
)

// find sends words to the search and returns the page with the hits.
func (b *browserClient) find(words string, form ...string) answer {
	b.h.t.Helper()
	a := b.post(b.h.path("search"), append([]string{"words", words}, form...)...)
	if a.Status != 303 {
		return a
	}
	return b.get(a.Location)
}

// holding counts the messages of Maya's case that hold one of some pieces of text
// and are so.
func (h *house) holding(so func(m *daybook.Message) bool, pieces ...string) int {
	h.t.Helper()
	all, _, err := h.db.List(h.t.Context(), h.mayas, daybook.MessageFilter{}, 1000, "")
	h.ok(err)
	n := 0
	for i := range all {
		text := strings.ToLower(all[i].Text)
		if slices.ContainsFunc(pieces, func(p string) bool { return strings.Contains(text, p) }) && (so == nil || so(&all[i])) {
			n++
		}
	}
	return n
}

// searches returns the access entries about searching and reading, with what
// they say of words.
func (h *house) searches(t *testing.T) (out []daybook.Access) {
	t.Helper()
	for e, err := range h.log.Entries(t.Context(), h.mayas, 0) {
		h.ok(err)
		var a daybook.Access
		if e.Record.Kind == daybook.RecordAccess {
			h.ok(e.Record.Decode(&a))
			if a.Action == string(cases.Search) || a.Action == string(cases.Content) {
				out = append(out, a)
			}
		}
	}
	return out
}

func TestSearchFindsWithoutShowing_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	if a := maya.get(h.path("search")); a.Status != 200 || len(h.searches(t)) != 0 {
		t.Fatalf("the empty page: %d, and %v in the access log", a.Status, h.searches(t))
	}
	a := maya.post(h.path("search"), "words", "library")
	if a.Status != 303 || strings.Contains(a.Location, "library") {
		t.Fatalf("%d to %q", a.Status, a.Location)
	}
	page := maya.get(a.Location)
	n := h.holding(nil, "library")
	shows(t, page, fmt.Sprintf("Hits 1 to %d of %d.", n, n), "nightjar_42@social.example", "direct message on Mastodon", "with what came before and after")
	hides(t, page, "Thursday", "<mark>")
	if field(t, page.Body, "words") != "library" {
		t.Error("the words are not in the form")
	}
	got := h.searches(t)
	if len(got) != 1 || got[0].Words != "library" || got[0].Action != "search" {
		t.Errorf("access log: %+v", got)
	}
	for _, line := range h.accessed(h.mayas) {
		if strings.Contains(line, "library") {
			t.Errorf("the words are in a line that others read: %q", line)
		}
	}
	maya.get(a.Location)
	if n := len(h.searches(t)); n != 2 {
		t.Errorf("%d entries after the second look, want 2", n)
	}
	shows(t, maya.find("zebra"), "Nothing was found. An empty list does not mean that nothing was sent.")
}

// The words around a hit are content: asked for by a POST, written down with the
// messages that they come from, and never in the page otherwise.
func TestSearchShowsWordsWhenAsked_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	priya := h.enter(h.priya)
	page := priya.find("thursday closes", "show", "1")
	if !strings.Contains(page.Body, "so you changed your <mark>Thursday</mark>. The library <mark>closes</mark> at eight, I checked") {
		t.Errorf("the words are not shown: %s", mainOf(t, page.Body))
	}
	got := h.searches(t)
	if len(got) != 2 || got[0].Words != "thursday closes" || got[1].Action != "content" || len(got[1].Entries) != strings.Count(page.Body, `class="snip"`) {
		t.Errorf("access log: %+v", got)
	}
	arabic := priya.find("المكتبة", "show", "1")
	if !strings.Contains(arabic.Body, `<bdi dir="auto" lang="ar">`) || !strings.Contains(arabic.Body, "<mark>المكتبة</mark>") {
		t.Error("what is written from right to left is not shown so")
	}
	// An earlier version of an edited message is found, and shown as it was found.
	edited := priya.find(`"see you soon" -usual`, "show", "1")
	if edited.Status != 200 {
		t.Error(edited.Status)
	}

	again := h.enter(h.priya)
	if strings.Contains(again.get(h.path("search")).Body, `name="show" value="1" checked`) {
		t.Error("words are shown at a new sign-in without being asked for")
	}
	if a := again.get(priya.post(h.path("search"), "words", "library", "show", "1").Location); a.Status != 303 {
		t.Errorf("another session's search: %d, want 303", a.Status)
	}
}

func TestSearchNarrows(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	maya.post(h.path("handles/link"), "one", refOf(maya.handlePath("nightjar_42")), "other", refOf(maya.handlePath("quietharbour")), "how", "the same words", "what", "linked")
	const words = "always OR المكتبة"
	count := func(so func(m *daybook.Message) bool) int { return h.holding(so, "always", "المكتبة") }
	stopped := at(10, 26, 21, 14)
	from := func(handles ...daybook.Handle) func(m *daybook.Message) bool {
		return func(m *daybook.Message) bool { return slices.ContainsFunc(handles, m.Sender.Same) }
	}
	inOctober := func(m *daybook.Message) bool { return m.Sent.At.Before(at(11, 1, 0, 0)) }
	after := func(m *daybook.Message) bool {
		return from(nightjar, harbour)(m) && m.Sent.At.After(stopped)
	}
	total, group, single, october, later := count(nil), count(from(nightjar, harbour)), count(from(bramble)), count(inOctober), count(after)
	if total <= 20 || group == 0 || single == 0 || october == 0 || october == total || later == 0 || later == group {
		t.Fatal("the story does not tell these apart", total, group, single, october, later)
	}
	all := maya.find(words)
	shows(t, all, fmt.Sprintf("Narrow down %d hits", total), fmt.Sprintf("Who Group A (%d) bramble_co@mastodon.example (%d)", group, single),
		fmt.Sprintf("Kind direct message (%d) mention (%d)", group, single),
		fmt.Sprintf("When November 2026 (%d) October 2026 (%d)", total-october, october), fmt.Sprintf("After “stop” (%d)", later), fmt.Sprintf("Hits 1 to 20 of %d.", total))
	who := fields(t, all.Body, "who")
	for _, tt := range []struct {
		name string
		form []string
		want int
	}{
		{"a group", []string{"who", who[0]}, group},
		{"a handle", []string{"who", who[1]}, single},
		{"both", []string{"who", who[0], "who", who[1]}, total},
		{"a kind", []string{"kind", "mention"}, single},
		{"an account", []string{"account", string(h.account.ID)}, total},
		{"a month", []string{"month", "2026-10"}, october},
		{"two months", []string{"month", "2026-10", "month", "2026-11"}, total},
		{"after stop", []string{"after", "1"}, later},
		{"after stop in a month", []string{"after", "1", "month", "2026-10"}, count(func(m *daybook.Message) bool { return after(m) && inOctober(m) })},
		{"nobody", []string{"kind", "call"}, 0},
		{"somebody who is not there", []string{"who", "g:" + strings.Repeat("x", 26)}, total},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := maya.find(words, tt.form...)
			want := fmt.Sprintf(" of %d.", tt.want)
			if tt.want == 0 {
				want = "Nothing was found."
			}
			shows(t, a, want, fmt.Sprintf("Narrow down %d hits", total))
		})
	}
	if strings.Contains(mainOf(t, all.Body), "Where ") {
		t.Error("there is one account, and it can be chosen")
	}
	next := maya.get(linkTo(t, all.Body, "Next page"))
	shows(t, next, fmt.Sprintf("Hits 21 to %d of %d.", total, total), fmt.Sprintf("Who Group A (%d)", group))
	if linkTo(t, next.Body, "Page before") == "" {
		t.Error("no way back")
	}
	shows(t, maya.find("from:A always"), fmt.Sprintf(" of %d.", group))
	shows(t, maya.find("from:nightjar_42 always"), fmt.Sprintf(" of %d.", count(from(nightjar))))
	shows(t, maya.find(`from:"Bramble & Co"`), fmt.Sprintf(" of %d.", single))
	shows(t, maya.find("from:nightjar_42", "who", who[1]), "Nothing was found.")
}

func TestSearchNarrowsByAccount(t *testing.T) {
	h := newHouse(t)
	h.tell()
	first := h.account
	h.move(time.Second) // accounts are listed in the order in which they were connected
	second, err := h.cases.Connect(t.Context(), h.actor(h.mayas), daybook.Account{Case: h.mayas, Platform: "bluesky", Server: "https://sky.example",
		Handle: daybook.Handle{Platform: "bluesky", Native: "did:plc:maya", Names: []daybook.SeenName{{Account: "maya.sky.example"}}}, Since: at(10, 12, 0, 0)},
		[]byte("token"), daybook.Consent{Scopes: []string{"read mentions"}, Purpose: "keep a record", Text: "consent/2026-11", Given: at(9, 2, 9, 0), Until: at(11, 30, 9, 0)})
	h.ok(err)
	h.account = second
	r := h.item(told{id: "sky", from: bramble, at: at(11, 1, 9, 0), text: "the library"})
	r.Actor = daybook.Actor{ID: "bluesky", Role: "collector"}
	_, err = h.log.Append(t.Context(), h.mayas, []daybook.Record{r})
	h.ok(err)
	h.settle(h.mayas)
	maya, n := h.enter(h.maya), h.holding(nil, "library")
	shows(t, maya.find("library"), fmt.Sprintf("Where Mastodon, maya@social.example (%d) Bluesky, maya.sky.example (1)", n-1))
	shows(t, maya.find("library", "account", string(second.ID)), "Hits 1 to 1 of 1.", "1 Nov 2026, 09:00 GMT")
	shows(t, maya.find("library", "account", string(first.ID)), fmt.Sprintf(" of %d.", n-1))
}

func TestSearchOrders(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	first := func(a answer) string {
		t.Helper()
		_, rest, _ := strings.Cut(a.Body, `<ol class="entries">`)
		_, rest, _ = strings.Cut(rest, `datetime="`)
		return rest[:10]
	}
	if got := first(maya.find("library", "sort", "newest")); got != "2026-11-22" {
		t.Errorf("newest first begins with %s", got)
	}
	best := maya.find("library")
	shows(t, best, "Best first")
}

// What cannot be read is answered in words, with the form as it was typed, and
// nothing is looked for.
func TestSearchSaysWhatIsWrong_E13(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	for _, tt := range []struct{ name, words, want string }{
		{"nothing", "", "Write what to look for."},
		{"half a phrase", `"see you`, "the quotation mark is not closed"},
		{"OR at the end", "knife OR", "OR needs a word behind it"},
		{"a star inside", "a*b", "* can stand only at the end of a word"},
		{"a short prefix", "a*", "* needs at least 2 letters"},
		{"too many", strings.Repeat("word ", 150), "more than"},
		{"too long", strings.Repeat("w", 1001), "too long"},
		{"nobody", "from:nobody_at_all", "No sender in this record is called “nobody_at_all”."},
		{"a name that is markup", `from:"<script>alert(1)</script>"`, "is called “<script>alert(1)</script>”."},
		{"no date", "before:soon", "could not be read"},
		{"a flag that is none", "flag:risk knife", "There is no flag “risk”."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := maya.find(tt.words)
			if a.Status != 422 || !strings.Contains(a.Body, `aria-invalid="true"`) {
				t.Errorf("status %d, want 422 with the field marked", a.Status)
			}
			shows(t, a, tt.want)
			hides(t, a, "<script>alert")
			if got := field(t, a.Body, "words"); got != strings.TrimSpace(tt.words) {
				t.Errorf("the form has %q", got)
			}
		})
	}
	if got := h.searches(t); len(got) != 0 {
		t.Errorf("access log: %+v", got)
	}
}

func TestWordLists_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	a := maya.post(h.path("search/list"), "terms", "library\r\nas per always\r\n\r\nRowan Street\r\nالمكتبة\r\nlib*\r\na*\r\nlibrary\r\n")
	if a.Status != 303 {
		t.Fatal(a.Status)
	}
	page := maya.get(a.Location)
	shows(t, page, fmt.Sprintf("library %d Show the hits", h.holding(nil, "library")), fmt.Sprintf("as per always %d Show the hits", h.holding(nil, "as per always")),
		"Rowan Street 0", "المكتبة 3", fmt.Sprintf("lib* %d", h.holding(nil, "lib")), "a* – This could not be read: * needs at least 2 letters")
	if got := h.searches(t); len(got) != 1 || got[0].Words != "library\nas per always\nRowan Street\nالمكتبة\nlib*\na*" {
		t.Errorf("access log: %+v", got)
	}
	for _, words := range fields(t, page.Body, "words") {
		if got := maya.find(words); got.Status != 200 || strings.Contains(mainOf(t, got.Body), "Nothing was found") {
			t.Errorf("%q finds nothing", words)
		}
	}
	for _, tt := range []struct{ terms, want string }{
		{" \n ", "Write one word or phrase on each line."},
		{strings.Repeat("a", 201), "One of the lines is too long."},
		{manyLines(201), "more than 200 lines"},
	} {
		a := maya.post(h.path("search/list"), "terms", tt.terms)
		if a.Status != 422 {
			t.Errorf("status %d, want 422", a.Status)
		}
		shows(t, a, tt.want)
	}
}

func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("word" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "\n")
	}
	return b.String()
}

func TestSavedSearches(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	a := maya.post(h.path("search"), "words", "library")
	view := refOf(a.Location)
	if a := maya.post(h.path("search/save"), "view", view, "name", "Places <b>I</b> go to"); a.Status != 303 {
		t.Fatal(a.Status)
	}
	shows(t, maya.get(a.Location), "This search is saved.")
	before := len(h.searches(t))
	n := h.holding(nil, "library")
	shows(t, maya.get(h.path("search")), "Places <b>I</b> go to", fmt.Sprintf("library – %d messages", n)+", none new since 23 Nov 2026, 09:14 GMT")
	if got := h.searches(t); len(got) != before+1 || got[before].Words != "library" {
		t.Errorf("counting what kept searches find is not in the access log: %+v", got[before:])
	}

	h.move(time.Hour)
	maya = h.enter(h.maya) // an hour locks the session
	r := h.item(told{id: "later", from: harbour, at: at(11, 23, 9, 30), text: "the library again"})
	r.Actor = daybook.Actor{ID: "mastodon", Role: "collector"}
	_, err := h.log.Append(t.Context(), h.mayas, []daybook.Record{r})
	h.ok(err)
	page := maya.get(h.path("search"))
	shows(t, page, fmt.Sprintf("library – %d messages, 1 new since", n+1)+" 23 Nov 2026, 09:14 GMT")
	_, rest, _ := strings.Cut(page.Body, "/search/saved/")
	id, _, _ := strings.Cut(rest, `"`)
	run := maya.post(h.path("search/saved/" + id))
	if run.Status != 303 {
		t.Fatal(run.Status)
	}
	shows(t, maya.get(run.Location), fmt.Sprintf("Hits 1 to %d of %d.", n+1, n+1), "23 Nov 2026, 09:30 GMT")
	shows(t, maya.get(h.path("search")), "none new since 23 Nov 2026, 10:14 GMT")

	// They are the user's own.
	priya := h.enter(h.priya)
	if strings.Contains(priya.get(h.path("search")).Body, "Places") {
		t.Error("somebody else sees it")
	}
	for _, do := range []string{"", "/delete"} {
		if a := priya.post(h.path("search/saved/" + id + do)); a.Status != 404 {
			t.Errorf("%q by somebody else: %d, want 404", do, a.Status)
		}
	}
	if a := maya.post(h.path("search/saved/" + id + "/delete")); a.Status != 303 {
		t.Fatal(a.Status)
	}
	if strings.Contains(maya.get(h.path("search")).Body, "Places") {
		t.Error("it is still there")
	}
}

func TestSearchIsForThoseWhoMay_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	counts := h.user("Noor")
	h.grant(h.mayas, counts, cases.Counter)
	noor, lee := h.enter(counts), h.enter(h.lee)
	for _, page := range []string{"search", "search/x", "search/list/x"} {
		if a := noor.get(h.path(page)); a.Status != 403 {
			t.Errorf("%s to a reader of counts: %d, want 403", page, a.Status)
		}
		if a := lee.get(h.path(page)); a.Status != 404 {
			t.Errorf("%s to somebody else's adviser: %d, want 404", page, a.Status)
		}
	}
	if got := h.accessed(h.mayas); !slices.Contains(got, "Noor search was refused") {
		t.Errorf("access log: %q", got)
	}
	// A search finds nothing of another case.
	maya := h.enter(h.maya)
	shows(t, maya.find("marzipan"), "Nothing was found.")
}
