package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
	"daybook/internal/browser"
	"daybook/store"
	"daybook/web"
)

const killing = "I am going to kill you on Friday"

// threaten adds messages that rules mark, and one that says the same and is the
// person's own.
func (h *house) threaten() {
	h.t.Helper()
	hostile := "<b>I am going to\u202e kill you</b><script>alert(1)</script>"
	var records []daybook.Record
	for i, m := range []told{
		{from: harbour, text: killing}, {from: nightjar, text: hostile}, {from: harbour, text: "good morning"}, {from: nightjar, text: killing, out: true},
		{from: harbour, text: "nice to see you at Quillwort Primary"},
	} {
		m.id, m.at = "f"+string(rune('0'+i)), at(11, 22, 23, 20+i)
		r := h.item(m)
		r.Actor = daybook.Actor{ID: "mastodon", Role: "collector", Via: "collector mastodon/1"}
		records = append(records, r)
	}
	_, err := h.log.Append(h.t.Context(), h.mayas, records)
	h.ok(err)
	h.settle(h.mayas)
}

func TestFlagsInTheTimeline_C7_C14(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.threaten()
	b := h.enter(h.maya)
	page := b.get(h.timelineOf(h.mayas))
	shows(t, page, "Possible threat", "What flags are, and what they are not", "A message without a flag may be anything but harmless")
	options := elements(t, page.Body, func(n *html.Node) bool { return n.Data == "option" && attrOf(n, "value") == "threat" })
	if len(options) != 1 || !strings.Contains(wordsOf(options[0]), "Possible threat (2)") {
		t.Fatalf("%d options for threats", len(options))
	}
	hides(t, page, "kill")

	from := h.size(h.mayas)
	narrowed := b.narrow(h.mayas, "flag", "threat")
	if n := len(showForms(t, narrowed.Body)); n != 2 {
		t.Errorf("%d entries match, want 2", n)
	}
	shows(t, narrowed, "2 entries match.")
	if one := b.narrow(h.mayas, "flag", "threat", "from", "2026-11-01", "to", "2026-11-21"); len(showForms(t, one.Body)) != 0 {
		t.Error("a flag and a span: something matches, want nothing")
	}
	if one := b.narrow(h.mayas, "flag", "threat", "marked", "after stop"); len(showForms(t, one.Body)) != 1 {
		t.Error("a flag and a mark: not one entry matches")
	}
	if a := b.post(h.timelineOf(h.mayas), "flag", "threat"); strings.Contains(a.Location, "threat") || a.Status != http.StatusSeeOther {
		t.Errorf("status %d to %s", a.Status, a.Location)
	}
	if title := narrowed.title(); title != "Timeline – Daybook" {
		t.Errorf("the title is %q", title)
	}
	if a := b.post(h.timelineOf(h.mayas), "flag", "risk"); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a flag that is none: status %d", a.Status)
	}
	for _, said := range h.newEntries(h.mayas, from) {
		if strings.Contains(said, "threat") {
			t.Errorf("the access log says %q", said)
		}
	}
}

func TestWhyAMessageIsMarked_C7_E1(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.threaten()
	b := h.enter(h.priya)
	list := showForms(t, b.narrow(h.mayas, "flag", "threat").Body)
	for i, show := range list {
		page := b.get(pageOf(show))
		shows(t, page, "Flags", "Possible threat", "Rule: threat/", "In a test on made-up messages it found about ")
		hides(t, page, "kill", "alert(1)")
		shown := b.post(show)
		marks := elements(t, shown.Body, func(n *html.Node) bool { return n.Data == "mark" })
		if len(marks) == 0 {
			t.Fatalf("message %d: no word is marked", i)
		}
		text := ""
		for _, m := range marks {
			text += wordsOf(m)
		}
		mustHave(t, text, "kill")
		body := outer(elements(t, shown.Body, classed("shown"))[0])
		mustLack(t, body, "\u202e", "<script", "<b>I am")
		if i == 0 {
			mustHave(t, wordsOf(elements(t, shown.Body, classed("shown"))[0]), "<b>", "I am going to", "<script>alert(1)</script>")
		}
	}
	if len(list) != 2 {
		t.Errorf("%d messages are marked", len(list))
	}
	none := b.get(pageOf(b.showOf(h.mayas, "kind", "mention"))) // Arabic
	shows(t, none, "This message has no flag. That does not mean that it is harmless.")
}

func TestSearchByFlag(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.threaten()
	b := h.enter(h.maya)
	a := b.find("flag:threat")
	shows(t, a, "Hits 1 to 2 of 2.", "Possible threat (2)")
	hides(t, a, "kill")
	shows(t, b.find("flag:THREAT friday"), "Hits 1 to 1 of 1.")
	shows(t, b.find("flag:sexual friday"), "Nothing was found.")
	shows(t, b.find("you"), "Flagged as", "Possible threat (2)")
	shows(t, b.find("you", "flag", "threat"), "Hits 1 to 2 of 2.")
	shows(t, b.find("you", "flag", "threat", "flag", "nonsense"), "Hits 1 to 2 of 2.")
	shows(t, b.find("flag:threat flag:sexual"), "Hits 1 to 2 of 2.")
	view := b.post(h.path("search"), "words", "flag:threat").Location
	b.post(h.path("search/save"), "view", view[strings.LastIndex(view, "/")+1:], "name", "Look first")
	shows(t, b.get(h.path("search")), "Look first", "2 messages")
}

// flagless is a store that cannot look for flags, as on a full disk.
type flagless struct{ *store.DB }

func (flagless) BringFlags(context.Context, daybook.CaseID, int) (done, all uint64, err error) {
	return 0, 0, errFull
}

// The person reads on where flags cannot be looked for, and is told.
func TestPagesWithoutNewFlags(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Store = flagless{c.Store.(*store.DB)} })
	h.tell()
	b := h.enter(h.maya)
	page := b.get(h.timelineOf(h.mayas))
	shows(t, page, "could not be looked through for flags just now")
	shows(t, b.find("library"), "Hits 1 to", "could not be looked through for flags just now")
}

// Flags tell of what messages say: a role that may not read those is told none.
func TestFlagsByRole_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.threaten()
	for _, role := range cases.Roles() {
		u := h.user("Adviser " + string(role))
		h.grant(h.mayas, u, role)
		b := h.enter(u)
		may := role.May(cases.Content)
		if role.May(cases.List) && !may {
			t.Errorf("%s: may list and not read, which no page has been made for", role)
		}
		for _, page := range []answer{
			b.get(h.timelineOf(h.mayas)), b.post(h.timelineOf(h.mayas), "flag", "threat"), b.find("flag:threat"), b.get(h.path("overview")), b.get(h.path("handles")),
		} {
			if !may && strings.Contains(page.Body, "Possible threat") {
				t.Errorf("%s sees a flag", role)
			}
		}
		if got := b.get(h.timelineOf(h.mayas)); may != strings.Contains(got.Body, "Possible threat") {
			t.Errorf("%s: status %d, flags %v", role, got.Status, !may)
		}
		if got := b.get(h.path("own")).Status; role.May(cases.OwnDetails) != (got == http.StatusOK) {
			t.Errorf("%s: the own details answer %d", role, got)
		}
	}
}

func TestOwnDetails_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.threaten()
	b := h.enter(h.maya)
	shows(t, b.get("/settings"), "Own details")
	page := b.get(h.path("own"))
	shows(t, page, "Your own details", "The list is hidden")
	from := h.size(h.mayas)
	hostile := `"><img src=x>`
	for _, v := range []string{"Quillwort Primary", hostile} {
		if a := b.post(h.path("own"), "kind", "workplace", "value", v); a.Status != http.StatusSeeOther || strings.Contains(a.Location, "uill") {
			t.Fatalf("status %d to %s", a.Status, a.Location)
		}
	}
	hides(t, b.get(h.path("own")), "Quillwort")
	shown := b.post(h.path("own/show"))
	shows(t, shown, "Workplace or school", "Quillwort Primary", hostile)
	hides(t, shown, "<img")
	for _, wrong := range [][2]string{{"workplace", ""}, {"shoe", "6"}, {"name", strings.Repeat("x", 201)}} {
		a := b.post(h.path("own"), "kind", wrong[0], "value", wrong[1])
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d", wrong[0], a.Status)
		}
		shows(t, a, "This cannot be kept.")
	}
	if n := len(showForms(t, b.narrow(h.mayas, "flag", "doxxing").Body)); n != 1 {
		t.Errorf("%d messages name an own detail, want 1", n)
	}
	left := b.post(h.path("own/remove"), "kind", "workplace", "value", "Quillwort Primary")
	shows(t, left, hostile)
	hides(t, left, "Quillwort")
	said := h.newEntries(h.mayas, from)
	for want, times := range map[string]int{"Maya own details changed the list of own details": 3, "Maya own details looked at the list of own details": 2} {
		n := 0
		for _, s := range said {
			if s == want {
				n++
			}
		}
		if n != times {
			t.Errorf("the access log says %q %d times, want %d: %q", want, n, times, said)
		}
	}
	shows(t, h.enter(h.priya).get("/settings"), "Own details of", "Maya’s record")
	if a := h.enter(h.lee).get(h.path("own")); a.Status != http.StatusNotFound {
		t.Errorf("somebody without access: status %d", a.Status)
	}
	if u, err := url.Parse(page.Location); err == nil && u.RawQuery != "" {
		t.Error("an address with a question mark")
	}
}

func TestMarkedText_E1(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		spans      []flags.Span
		limit      int
		want       []string // marked ones in brackets
		cut        int
	}{
		{"nothing", "good morning", nil, 100, []string{"good morning"}, 0},
		{"in the middle", "I will kill you", []flags.Span{{From: 7, To: 11}}, 100, []string{"I will ", "{kill}", " you"}, 0},
		{"all of it", "kill", []flags.Span{{From: 0, To: 4}}, 100, []string{"{kill}"}, 0},
		{"overlapping, out of order", "I will kill you", []flags.Span{{From: 7, To: 15}, {From: 0, To: 11}}, 100, []string{"{I will kill}", "{ you}"}, 0},
		{"outside", "kill", []flags.Span{{From: -5, To: 2}, {From: 3, To: 90}, {From: 80, To: 90}, {From: 3, To: 1}}, 100, []string{"{ki}", "l", "{l}"}, 0},
		{"within a character", "éé", []flags.Span{{From: 1, To: 3}}, 100, []string{"{éé}"}, 0},
		{"a character that turns text", "a\u202eb", []flags.Span{{From: 1, To: 5}}, 100, []string{"a", "{[U+202E]b}"}, 0},
		{"cut", "abcdef", []flags.Span{{From: 2, To: 5}}, 3, []string{"ab", "{c}"}, 3},
		{"empty", "", []flags.Span{{From: 0, To: 3}}, 3, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parts, marks, cut := web.Marked(tt.text, tt.spans, tt.limit)
			for i := range parts {
				if marks[i] {
					parts[i] = "{" + parts[i] + "}"
				}
			}
			if !slices.Equal(parts, tt.want) || cut != tt.cut {
				t.Errorf("got %q and %d cut, want %q and %d", parts, cut, tt.want, tt.cut)
			}
		})
	}
}

func FuzzMarkedText(f *testing.F) {
	f.Add("I will kill you", 7, 11, 0, 3, 20)
	f.Add("\u202e\xff👩‍👧é́́́́́", -1, 9, 3, 5, 2)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d, limit int) {
		limit = max(0, min(limit, 10_000))
		parts, _, cut := web.Marked(text, []flags.Span{{From: a, To: b}, {From: c, To: d}}, limit)
		for _, p := range parts {
			if p == "" || !utf8.ValidString(p) || strings.ContainsFunc(p, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\u202e' }) {
				t.Errorf("a part is %q", p)
			}
		}
		if limit >= len(text) && cut != 0 {
			t.Errorf("%d characters are cut", cut)
		}
	})
}

// Every sentence of a rule reads well to somebody else than the person too, and
// begins with "Possible".
func TestSentencesOfFlagsInBothVoices(t *testing.T) {
	rules, err := os.ReadFile("../detect/flags/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(rules)) {
		says, ok := strings.CutPrefix(strings.TrimSpace(line), "says ")
		if !ok {
			continue
		}
		n++
		says = strings.TrimSpace(says)
		if !strings.HasPrefix(says, "Possible ") {
			t.Errorf("a rule says %q", says)
		}
		if they := web.FlagAboutThem(says); strings.Contains(they, "you") {
			t.Errorf("to others it says %q", they)
		}
	}
	if n < 10 {
		t.Errorf("%d sentences were read", n)
	}
}

// A flag is chosen and its words are shown, marked, with script and without; on a
// narrow window, light and dark, axe holds nothing against it.
func TestFlagsInABrowser_C7_C14(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.threaten()
	chromium := browser.Start(t)
	maya := h.enter(h.maya)
	h.ok(h.cases.AddOwn(t.Context(), h.actor(h.mayas), h.mayas, daybook.OwnDetail{Kind: daybook.OwnWorkplace, Value: strings.Repeat("Quillwort", 20)}))
	check := func(tab *browser.Tab, what string) {
		t.Helper()
		for _, dark := range []bool{false, true} {
			tab.Dark(dark)
			if bad := tab.Axe(); len(bad) > 0 {
				t.Errorf("%s, dark %v: axe holds against it:\n  %s", what, dark, strings.Join(bad, "\n  "))
			}
			if dir := os.Getenv("DAYBOOK_SHOTS"); dir != "" {
				tab.Picture(filepath.Join(dir, fmt.Sprintf("flags-%s-%v.png", what, dark)))
			}
		}
		tab.Dark(false)
		for _, width := range []int64{320, 390, 1280} {
			tab.Size(width, 900)
			if over := tab.Overflow(); over != "0" {
				t.Errorf("%s is %s px too wide at %d px", what, over, width)
			}
		}
		tab.Size(390, 900)
		if at := tab.Address() + tab.Title(); strings.Contains(at, "threat") {
			t.Errorf("%s: the address or the title tells: %s", what, at)
		}
	}
	for _, script := range []bool{true, false} {
		t.Run(fmt.Sprintf("script %v", script), func(t *testing.T) {
			tab := h.window(t, chromium, maya)
			tab.Script(script)
			tab.Size(390, 900)
			tab.Open(h.URL + h.timelineOf(h.mayas))
			tab.Eval(`document.getElementById("f-flag").value = "threat"; ""`)
			tab.Follow(`form[role=search] button.primary`)
			if got := tab.Eval(`String(document.querySelectorAll("article.entry").length)`); got != "2" {
				t.Fatalf("%s entries, want 2", got)
			}
			check(tab, fmt.Sprintf("timeline-%v", script))
			if script {
				tab.Eval(`document.querySelectorAll("form[data-show] button").forEach(b => b.click()); ""`)
				tab.WaitFor(`document.querySelectorAll(".shown").length === 2`)
			} else {
				tab.Follow(`form[data-show] button`)
			}
			if got := tab.Eval(`[...document.querySelectorAll("mark")].map(m => m.textContent).join(" ")`); !strings.Contains(got, "kill") {
				t.Errorf("marked is %q", got)
			}
			if !strings.Contains(tab.Text(), "Possible threat") {
				t.Error("why is not said beside the text")
			}
			check(tab, fmt.Sprintf("shown-%v", script))
			tab.Open(h.URL + h.path("own"))
			if strings.Contains(tab.HTML(), "Quillwort") {
				t.Error("the own details are in the page before they were asked for")
			}
			tab.Follow(`form[action$="own/show"] button`)
			if !strings.Contains(tab.Text(), "Quillwort") {
				t.Error("the own details are not shown")
			}
			check(tab, fmt.Sprintf("own-%v", script))
			if bad := tab.Problems(); len(bad) > 0 {
				t.Errorf("scripts: %v", bad)
			}
			tab.Open(h.URL + maya.post(h.path("search"), "words", "flag:threat you", "show", "1").Location)
			check(tab, fmt.Sprintf("search-%v", script))
		})
	}
}
