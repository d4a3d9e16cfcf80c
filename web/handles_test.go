package web_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"daybook"
	"daybook/cases"
)

// mainOf returns the main part of a page as a reader sees it: its text, with
// single spaces.
func mainOf(t testing.TB, body string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(n *html.Node, in bool)
	walk = func(n *html.Node, in bool) {
		in = in || n.Type == html.ElementNode && n.Data == "main"
		if n.Type == html.TextNode && in {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, in)
		}
		if n.Type == html.ElementNode && n.Data != "bdi" && n.Data != "a" && n.Data != "b" && n.Data != "span" && n.Data != "mark" && n.Data != "wbr" && n.Data != "time" {
			b.WriteString(" ")
		}
	}
	walk(doc, false)
	return strings.Join(strings.Fields(b.String()), " ")
}

// shows fails if a page does not show every one of some texts in its main part.
func shows(t *testing.T, a answer, texts ...string) {
	t.Helper()
	got := mainOf(t, a.Body)
	for _, s := range texts {
		if !strings.Contains(got, s) {
			t.Errorf("status %d: the page does not show %q: %.1500s", a.Status, s, got)
		}
	}
}

// hides fails if a page has one of some texts anywhere.
func hides(t *testing.T, a answer, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(a.Body, s) {
			t.Errorf("the page has %q in it", s)
		}
	}
}

// field returns the value of the first input of a name in a page.
func field(t *testing.T, body, name string) string {
	t.Helper()
	for _, v := range fields(t, body, name) {
		return v
	}
	t.Fatalf("the page has no field %q", name)
	return ""
}

func fields(t *testing.T, body, name string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "input" && n.Data != "button" {
			continue
		}
		var is bool
		value := ""
		for _, a := range n.Attr {
			is = is || a.Key == "name" && a.Val == name
			if a.Key == "value" {
				value = a.Val
			}
		}
		if is {
			out = append(out, value)
		}
	}
	return out
}

// linkTo returns the address of the link that reads so.
func linkTo(t *testing.T, body, text string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "a" {
			continue
		}
		var b strings.Builder
		for c := range n.Descendants() {
			if c.Type == html.TextNode {
				b.WriteString(c.Data)
			}
		}
		if strings.Contains(b.String(), text) {
			for _, a := range n.Attr {
				if a.Key == "href" {
					return a.Val
				}
			}
		}
	}
	t.Fatalf("the page has no link %q", text)
	return ""
}

// entryLink returns the first link to an entry.
func entryLink(t *testing.T, body string) string {
	t.Helper()
	_, rest, _ := strings.Cut(body, "/e/")
	ref, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal("the page has no link to an entry")
	}
	return "/e/" + ref
}

func (h *house) path(page string) string { return "/c/" + string(h.mayas) + "/" + page }

// handlePath is the page of a handle of Maya's case.
func (b *browserClient) handlePath(shown string) string {
	b.h.t.Helper()
	return linkTo(b.h.t.(*testing.T), b.get(b.h.path("handles")).Body, shown)
}

func refOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func TestHandlesShowWhoWrote_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	a := maya.get(h.path("handles"))
	if a.Status != 200 {
		t.Fatal(a.Status, a.Body)
	}
	shows(t, a, "Who is contacting you", "nightjar_42@social.example", "Mastodon, name shown: Nightjar", "quietharbour@masto.example", "bramble_co@mastodon.example",
		"Asked to stop", "Unwanted", "Handles 3 handles")
	hides(t, a, "library", "kiddo", "المكتبة")
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya list looked at the senders") {
		t.Errorf("access log: %q", got)
	}
	// A name that looks like another says so, with the odd letter's number.
	shows(t, a, "Nightjа U+0430r", "Letters of several scripts")
	if !strings.Contains(a.Body, `<span class="cp">а U&#43;0430</span>`) {
		t.Error("the odd letter has no chip")
	}
	if n := strings.Count(a.Body, `class="spark"`); n != 3 {
		t.Errorf("%d sparks, want 3", n)
	}

	priya := h.enter(h.priya).get(h.path("handles"))
	shows(t, priya, "Who is contacting them", "nightjar_42@social.example")
	lee := h.enter(h.lee)
	for _, page := range []string{"handles", "handles/link", refOf("/handles")} {
		if got := lee.get(h.path(page)); got.Status != 404 {
			t.Errorf("%s to somebody else's adviser: %d, want 404", page, got.Status)
		}
	}
	if got := h.enter(h.tom).post(h.path("marks"), "what", "unwanted", "handle", refOf(maya.handlePath("nightjar_42"))); got.Status != 404 {
		t.Errorf("a mark in somebody else's case: %d, want 404", got.Status)
	}
}

// The numbers of the pages are those of detection, by whatever way they come.
func TestHandleFiguresAreThoseOfTheFindings(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	a := maya.get(maya.handlePath("nightjar_42"))
	shows(t, a, "They contacted you 80 times.", "That was on 16 days.", "after you asked them to stop", "You wrote to them 1 time.", "https://social.example/users/nightjar_42",
		"How this is counted", "and 60 more", "1 message was changed")
	hides(t, a, "library", "kiddo")
	adviser := h.enter(h.priya).get(maya.handlePath("nightjar_42"))
	shows(t, adviser, "80 contacts came from this handle.", "25 contacts came after they were asked to stop.")
	if got := h.accessed(h.mayas); !slices.Contains(got, "Priya N. list looked at a sender") {
		t.Errorf("access log: %q", got)
	}
	if got := maya.get(h.path("handles/" + strings.Repeat("a", 26))); got.Status != 404 {
		t.Errorf("a handle that is not there: %d, want 404", got.Status)
	}
}

func TestMarksAndTheirUndo(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	page := maya.handlePath("bramble_co")
	ref := refOf(page)
	mark := func(form ...string) answer {
		t.Helper()
		a := maya.post(h.path("marks"), append([]string{"handle", ref, "back", ref}, form...)...)
		if a.Status != 303 || a.Location != page {
			t.Fatalf("%v: %d to %q: %s", form, a.Status, a.Location, mainOf(t, a.Body))
		}
		return maya.get(page)
	}
	shows(t, mark("what", "unwanted"), "Marked as unwanted.", ", you")
	a := mark("what", "unwanted", "undo", "all")
	shows(t, a, "“Unwanted” taken back", "No longer holds")

	shows(t, mark("what", "allowed", "from", "2026-10-01", "to", "2026-10-25", "how", "the children"),
		"Marked as agreed from 1 Oct 2026 to 25 Oct 2026.", "“the children”", "2 contacts came in agreed times")
	list := maya.get(h.path("handles"))
	shows(t, list, "Agreed contact", "2 contacts in agreed times")
	undo := fields(t, maya.get(page).Body, "undo")
	mark("what", "allowed", "undo", undo[0])
	if got := mainOf(t, maya.get(h.path("handles")).Body); strings.Contains(got, "agreed times 2") || strings.Contains(got, "2 contacts in agreed") {
		t.Error("agreed contact was not taken back")
	}

	shows(t, mark("what", "excluded", "how", "my book club"), "Never collected", "“my book club”")
	shows(t, maya.get(h.path("handles")), "left out before anything is stored", "bramble_co@mastodon.example")
	if off, err := h.db.Excluded(t.Context(), h.mayas); err != nil || !off[bramble.Ref()] {
		t.Errorf("excluded: %v, %v", off, err)
	}
	mark("what", "excluded", "undo", "all")

	shows(t, mark("what", "called", "how", "Bea from work"), "Named by a person: “Bea from work”", "No platform has shown this name", "Given a name")
	shows(t, maya.get(h.path("handles")), "Named by a person: “Bea from work”")
	shows(t, maya.get(h.path("timeline")), "Named by a person: “Bea from work”")
	shows(t, mark("what", "called", "undo", "all"), "The name that was given was taken back")
	if got := mainOf(t, maya.get(h.path("handles")).Body); strings.Contains(got, "Bea") {
		t.Error("the name was not taken back")
	}
	if off, err := h.db.Excluded(t.Context(), h.mayas); err != nil || len(off) > 0 {
		t.Errorf("still excluded: %v, %v", off, err)
	}
	for _, d := range decisionsOf(h, t) {
		if d.By.ID != h.maya.ID {
			t.Errorf("decision %q was made by %v", d.What, d.By)
		}
	}
}

type madeDecision struct {
	daybook.Decision
	By daybook.Actor
}

// decisionsOf reads the decisions of Maya's case from the log.
func decisionsOf(h *house, t *testing.T) (out []madeDecision) {
	t.Helper()
	for e, err := range h.log.Entries(t.Context(), h.mayas, 0) {
		h.ok(err)
		if e.Record.Kind != daybook.RecordDecision {
			continue
		}
		d := madeDecision{By: e.Record.Actor}
		h.ok(e.Record.Decode(&d.Decision))
		out = append(out, d)
	}
	return out
}

func TestMarkFormsSayWhatIsWrong(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	ref := refOf(maya.handlePath("bramble_co"))
	before := len(decisionsOf(h, t))
	for _, tt := range []struct {
		name   string
		form   []string
		status int
		shown  string
	}{
		{"a date that is none", []string{"what", "allowed", "handle", ref, "from", "the 3rd", "how", "my words"}, 422, "This date could not be read"},
		{"the wrong way round", []string{"what", "allowed", "handle", ref, "from", "2026-10-09", "to", "2026-10-01"}, 422, "The last day lies before the first"},
		{"no such mark", []string{"what", "forgiven", "handle", ref}, 422, ""},
		{"no name", []string{"what", "called", "handle", ref, "how", " "}, 422, "Write a name of at most 100 characters"},
		{"a name that is too long", []string{"what", "called", "handle", ref, "how", strings.Repeat("x", 101)}, 422, "Write a name of at most 100 characters"},
		{"nobody", []string{"what", "unwanted"}, 404, ""},
		{"a stop is not made here", []string{"what", "stop", "handle", ref}, 422, ""},
		{"words that are too long", []string{"what", "unwanted", "handle", ref, "how", strings.Repeat("x", 4001)}, 422, ""},
		{"nothing to take back", []string{"what", "unwanted", "handle", ref, "undo", strings.Repeat("b", 26)}, 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := maya.post(h.path("marks"), tt.form...)
			if a.Status != tt.status {
				t.Errorf("status %d, want %d", a.Status, tt.status)
			}
			shows(t, a, tt.shown)
			if tt.name == "a date that is none" && (!strings.Contains(a.Body, `aria-invalid="true"`) || !strings.Contains(a.Body, `value="my words"`)) {
				t.Error("the form is not shown again as it was typed")
			}
		})
	}
	if after := len(decisionsOf(h, t)); after != before {
		t.Errorf("%d decisions were written", after-before)
	}
}

func TestMarkFromAnEntry(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	entry := refOf(entryLink(t, maya.get(maya.handlePath("bramble_co")).Body))
	a := maya.post(h.path("marks"), "what", "unwanted", "entry", entry, "back", entry)
	if a.Status != 303 || refOf(a.Location) != entry {
		t.Fatalf("%d to %q", a.Status, a.Location)
	}
	shows(t, maya.get(maya.handlePath("bramble_co")), "Marked as unwanted.")
}

func TestReadersMarkNothing_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	reader := h.user("Ines")
	h.grant(h.mayas, reader, cases.Reader)
	maya, ines := h.enter(h.maya), h.enter(reader)
	path := maya.handlePath("bramble_co")
	a := ines.get(path)
	if a.Status != 200 || strings.Contains(a.Body, "/marks") || strings.Contains(a.Body, "handles/link") {
		t.Errorf("a reader is offered marks: %d", a.Status)
	}
	for _, p := range []string{"marks", "handles/link", "handles/out"} {
		if got := ines.post(h.path(p), "what", "unwanted", "handle", refOf(path), "one", refOf(path)); got.Status != 403 {
			t.Errorf("%s by a reader: %d, want 403", p, got.Status)
		}
	}
	if got := h.accessed(h.mayas); !slices.Contains(got, "Ines mark was refused") {
		t.Errorf("the refusal is not in the access log: %q", got)
	}
}

// Two handles are linked, counted as a group, left apart and taken out by a
// person; look-alike names do nothing by themselves.
func TestLinksByHand_E3(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	one, other := maya.handlePath("nightjar_42"), maya.handlePath("quietharbour")
	if got := mainOf(t, maya.get(h.path("handles")).Body); strings.Contains(got, "Group A") {
		t.Fatal("there is a group that nobody made")
	}
	a := maya.get(h.path("handles/link"))
	shows(t, a, "First handle", "quietharbour@masto.example")
	a = maya.post(h.path("handles/link"), "one", refOf(one))
	if a.Status != 303 {
		t.Fatal(a.Status)
	}
	shows(t, maya.get(a.Location), "Second handle", "They belong together", "Not linked", "Not sure yet")

	for _, tt := range []struct {
		name, other, how, shown string
	}{
		{"no other", "", "as per always", "Choose the second handle."},
		{"no reason", refOf(other), "", "Give the reason in a few words"},
	} {
		a := maya.post(h.path("handles/link"), "one", refOf(one), "other", tt.other, "how", tt.how, "what", "linked")
		if a.Status != 422 {
			t.Errorf("%s: %d, want 422", tt.name, a.Status)
		}
		shows(t, a, tt.shown, tt.how)
	}
	if a := maya.post(h.path("handles/link"), "one", refOf(one), "other", refOf(one), "how", "x", "what", "linked"); a.Status != 422 {
		t.Errorf("linked with itself: %d, want 422", a.Status)
	}

	a = maya.post(h.path("handles/link"), "one", refOf(one), "other", refOf(other), "how", "“as per always”", "what", "linked")
	if a.Status != 303 || a.Location != one {
		t.Fatalf("%d to %q: %s", a.Status, a.Location, mainOf(t, a.Body))
	}
	shows(t, maya.get(h.path("handles")), "Group A 94 contacts on 27 days", "2 handles that you have confirmed as linked", "Linked with quietharbour@masto.example", "Not in a group 1 handle")
	shows(t, h.enter(h.priya).get(one), "In group A, with quietharbour@masto.example.", "Maya (the person)")

	a = maya.post(h.path("handles/out"), "handle", refOf(other), "how", "I was wrong")
	if a.Status != 303 {
		t.Fatal(a.Status)
	}
	shows(t, maya.get(other), "The link with nightjar_42@social.example was taken back", "“I was wrong”")
	if got := mainOf(t, maya.get(h.path("handles")).Body); strings.Contains(got, "Group A") {
		t.Error("the group is still there")
	}
	maya.post(h.path("handles/link"), "one", refOf(one), "other", refOf(other), "how", "my cousin", "what", "apart")
	shows(t, maya.get(h.path("handles")), "Not linked with quietharbour@masto.example")
	if a := maya.post(h.path("handles/link"), "one", refOf(one), "other", refOf(other), "how", "", "what", "open"); a.Status != 303 {
		t.Errorf("left open without a reason: %d", a.Status)
	}
}

// Names are there to be read and do nothing, whatever is in them.
func TestHostileNamesAreText_E1_E2_E3(t *testing.T) {
	h := newHouse(t)
	h.tell()
	ctx := t.Context()
	hostile := []daybook.Handle{
		person("https://bad.example/1", `<script>alert(1)</script>@bad.example`, `"><img src=x onerror=alert(1)>`),
		person("https://bad.example/2", "abc\u202Egpj.exe@bad.example", "zero\u200Bwidth\u2066"),
		person("https://bad.example/3", strings.Repeat("w", 100_000)+"@bad.example", strings.Repeat("\u0489\u0315", 5000)),
		person("javascript:alert(1)", "раураl@bad.example", "{{.}} ${1} %s %!d"),
	}
	var records []daybook.Record
	for i, from := range hostile {
		m := told{id: "evil" + string(rune('0'+i)), from: from, at: at(11, 22, 23, 30+i), text: "made up"}
		r := h.item(m)
		r.Actor = daybook.Actor{ID: "mastodon", Role: "collector"}
		records = append(records, r)
	}
	_, err := h.log.Append(ctx, h.mayas, records)
	h.ok(err)
	h.settle(h.mayas)
	maya := h.enter(h.maya)
	a := maya.get(h.path("handles"))
	pages := []answer{a, maya.get(h.path("handles/link")), maya.get(linkTo(t, a.Body, "bad.example")), maya.get(linkTo(t, a.Body, "alert(1)")), maya.get(h.path("stop"))}
	for i, p := range pages {
		if p.Status != 200 || len(p.Body) > 200_000 {
			t.Errorf("page %d: status %d, %d bytes", i, p.Status, len(p.Body))
		}
		doc, err := html.Parse(strings.NewReader(p.Body))
		h.ok(err)
		scripts := 0
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if n.Data == "script" {
				scripts++
			}
			if n.Data == "img" {
				t.Errorf("page %d has a picture that came from a name", i)
			}
			for _, at := range n.Attr {
				if strings.HasPrefix(at.Key, "on") || at.Key == "style" || strings.HasPrefix(at.Val, "javascript:") && at.Key != "value" {
					t.Errorf("page %d: attribute %s=%q", i, at.Key, at.Val)
				}
			}
		}
		if scripts != 1 {
			t.Errorf("page %d has %d scripts, want our own alone", i, scripts)
		}
		if strings.ContainsAny(p.Body, "\u202E\u200B\u2066") {
			t.Errorf("page %d holds characters that cannot be seen", i)
		}
	}
	shows(t, a, "U+202E", "раураl U+006C@bad.example", "more characters", "{{.}} ${1} %s %!d")
}

func TestLongListsOfHandlesGoByPage(t *testing.T) {
	h := newHouse(t)
	h.tell()
	var records []daybook.Record
	for i := range 60 {
		from := person("https://many.example/"+string(rune('A'+i)), "many"+string(rune('A'+i))+"@many.example", "")
		r := h.item(told{id: "many" + string(rune('A'+i)), from: from, at: at(9, 1, 0, i), text: "made up"})
		r.Actor = daybook.Actor{ID: "mastodon", Role: "collector"}
		records = append(records, r)
	}
	_, err := h.log.Append(t.Context(), h.mayas, records)
	h.ok(err)
	h.settle(h.mayas)
	maya := h.enter(h.maya)
	first := maya.get(h.path("handles"))
	if n := strings.Count(first.Body, `data-l="42 days"`); n != 50 {
		t.Errorf("%d handles on a page, want 50", n)
	}
	second := maya.get(linkTo(t, first.Body, "Older"))
	if n := strings.Count(second.Body, `data-l="42 days"`); n != 13 {
		t.Errorf("%d handles on the second page, want 13", n)
	}
	if strings.Contains(second.Body, "nightjar_42") || !strings.Contains(first.Body, "nightjar_42") {
		t.Error("the newest contact does not come first")
	}
	if linkTo(t, second.Body, "Newer") == "" {
		t.Error("no way back")
	}
	if got := maya.get(h.path("handles/from/forgotten")); got.Status != 303 {
		t.Errorf("a page that was forgotten: %d, want 303", got.Status)
	}
}
