package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/internal/browser"
	"daybook/web"
)

// window opens a tab with the cookies of a browser; nil: signed out.
func (h *house) window(t *testing.T, chromium *browser.Browser, b *browserClient) *browser.Tab {
	t.Helper()
	tab := chromium.Tab(t)
	if b != nil {
		at, err := url.Parse(h.URL)
		h.ok(err)
		for _, c := range b.Jar.Cookies(at) {
			tab.Cookie(h.URL, c.Name, c.Value)
		}
	}
	return tab
}

var identifier = regexp.MustCompile(`/[a-z2-7]{26}`)

// crawl opens every page that can be reached by links from some, up to two of
// each kind, and calls fn on each.
func crawl(tab *browser.Tab, site string, from []string, fn func(path string)) (seen []string) {
	queue, kinds, done := slices.Clone(from), map[string]int{}, map[string]bool{}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		kind := identifier.ReplaceAllString(path, "/*")
		if done[path] || kinds[kind] >= 2 || strings.HasPrefix(path, "/leave") || strings.HasPrefix(path, "/static/") {
			continue
		}
		done[path] = true
		kinds[kind]++
		tab.Open(site + path)
		fn(path)
		seen = append(seen, kind)
		var links []string
		if err := json.Unmarshal([]byte(tab.Eval(`JSON.stringify([...document.querySelectorAll("a[href]")].map(a => a.href))`)), &links); err != nil {
			panic(err)
		}
		for _, l := range links {
			if rest, ours := strings.CutPrefix(l, site); ours {
				rest, _, _ = strings.Cut(rest, "#")
				queue = append(queue, rest)
			}
		}
	}
	return seen
}

var (
	forbiddenWords = regexp.MustCompile(`(?i)s[t]alker|per[p]etrator|suspec[t]|offender|vic[t]im|\bproofs?\b|proves|admissible|\brisk|% match|same person|\bAI\b`)
	neutralTitles  = []string{"Daybook", "Home", "Timeline", "Contacts", "Search", "Accounts", "Notices", "Sharing", "Archive", "Work list", "Item", "Entry", "Settings", "Not here", "Sign in", "Set up", "Notes"}
	// what the story's messages say, and the tongue of one
	contents = []string{"I know you read these", "changed your Thursday", "as per always", "kiddo", "Please stop writing", "المكتبة", "lybrary", "usual place"}
)

// Every page that links lead to, for whoever may see it: no rule of the web
// accessibility guidelines broken, light and dark, wide and narrow; nothing
// wider than the window; nothing asked for from elsewhere; no script error; a
// neutral title; no word that is not ours; and nothing that somebody else wrote.
// DAYBOOK_SHOTS=DIR keeps a picture of each.
func TestEveryPage_A10_C3_C7_C12_C14_E1(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.watch()
	h.hostile()
	_, err := h.cases.Mark(t.Context(), h.actor(h.mayas), h.mayas, daybook.Decision{What: daybook.MarkApart, Handle: bramble, Other: nightjar, How: "someone from the book club"})
	h.ok(err)
	h.settle(h.mayas)
	maya := h.enter(h.maya)
	evidence := h.handOver(maya)
	chromium := browser.Start(t)
	inMayas := "/c/" + string(h.mayas) + "/"
	for _, who := range []struct {
		name string
		as   *browserClient
		from []string
		more []string // looked at besides
	}{
		{"signed out", nil, []string{"/signin", "/recover", "/setup", "/safety", "/stored"}, nil},
		{"person", maya, []string{inMayas + "overview", "/settings", "/again", "/nothing/here", inMayas + "erase"}, evidence},
		{"adviser", h.enter(h.priya), []string{"/work", inMayas + "overview", "/settings"}, nil},
	} {
		t.Run(who.name, func(t *testing.T) {
			l := looker{t: t, h: h, tab: h.window(t, chromium, who.as), who: who.name, shots: os.Getenv("DAYBOOK_SHOTS")}
			l.tab.Size(1280, 900)
			seen := crawl(l.tab, h.URL, who.from, l.look)
			for _, path := range who.more {
				l.tab.Open(h.URL + path)
				l.look(path)
			}
			if who.name == "person" {
				l.mistakes(inMayas)
			}
			t.Logf("%d pages: %s", len(seen)+len(who.more), strings.Join(seen, " "))
		})
	}
}

// A looker looks at the page that a tab shows.
type looker struct {
	t     *testing.T
	h     *house
	tab   *browser.Tab
	who   string
	shots string
	n     int
}

// look checks everything that every page must be.
func (l *looker) look(path string) {
	t, tab := l.t, l.tab
	l.n++
	kind := identifier.ReplaceAllString(path, "")
	if title, _, _ := strings.Cut(tab.Title(), " – "); !slices.Contains(neutralTitles, title) {
		t.Errorf("%s has the title %q", path, tab.Title())
	}
	if at := tab.Address(); strings.Contains(at, "?") {
		t.Errorf("%s has a query: %s", path, at)
	}
	page := tab.HTML()
	text := strings.ReplaceAll(tab.Text(), "National Stalking Helpline", "")
	if bad := forbiddenWords.FindAllString(text, -1); len(bad) > 0 {
		t.Errorf("%s says %q", path, bad)
	}
	for _, c := range contents {
		if strings.Contains(page, c) {
			t.Errorf("%s holds content unasked: %q", path, c)
		}
	}
	for _, dark := range []bool{false, true} {
		tab.Dark(dark)
		for _, width := range []int64{1280, 390} {
			tab.Size(width, 900)
			if l.shots != "" {
				name := fmt.Sprintf("%s-%02d%s-%d-%v.png", l.who, l.n, strings.ReplaceAll(kind, "/", "-"), width, map[bool]string{false: "light", true: "dark"}[dark])
				tab.Picture(filepath.Join(l.shots, name))
			}
			if bad := tab.Axe(); len(bad) > 0 {
				t.Errorf("%s, %d px, dark %v: axe holds against it:\n  %s", path, width, dark, strings.Join(bad, "\n  "))
			}
		}
	}
	tab.Dark(false)
	for _, width := range []int64{320, 360, 390, 768, 1024, 1280, 1440} {
		tab.Size(width, 900)
		if over := tab.Overflow(); over != "0" {
			t.Errorf("%s is %s px too wide at %d px", path, over, width)
		}
	}
	tab.Size(1280, 900)
	if out := tab.Outside(l.h.URL); len(out) > 0 {
		t.Errorf("%s asks elsewhere: %v", path, out)
	}
	if bad := tab.Problems(); len(bad) > 0 {
		t.Errorf("%s: %v", path, bad)
	}
}

// mistakes looks at forms that say what is wrong.
func (l *looker) mistakes(in string) {
	l.tab.Open(l.h.URL + in + "archive")
	l.tab.Eval(`for (const [id, v] of [["b-mark", "M/1"], ["b-words", "x"], ["b-key", "none"]]) document.getElementById(id).value = v; document.querySelector("[value=narrowed]").checked = true; ""`)
	l.tab.Follow(`form[action$="/archive/look"] button.primary`)
	l.look(in + "archive/look/wrong")
	l.tab.Open(l.h.URL + in + "erase/confirm")
	l.tab.Follow("button.danger")
	l.look(in + "erase/confirm/wrong")
}

// handOver puts Maya in the midst of handing over: entries are chosen, one of
// them in part; bundles are in every state there is; a message is hidden and
// waits to be erased, another came back. It returns addresses that no link leads
// to.
func (h *house) handOver(maya *browserClient) (paths []string) {
	h.t.Helper()
	in, actor := "/c/"+string(h.mayas)+"/", h.actor(h.mayas)
	h.shelf.tellMade(h.mayas, actor)
	var refs []string
	for _, e := range elementsOf(h.t, maya.get(in+"timeline").Body) {
		if e.Data == "input" && attribute(e, "form") == "basket" {
			refs = append(refs, attribute(e, "value"))
		}
	}
	maya.post(in+"archive/chosen", "entry", refs[0], "entry", refs[1])
	maya.post(in+"archive/withhold", "entry", refs[1], "field", "text", "field", "names", "reason", "about a child")
	for _, form := range [][]string{{"own", "1", "key", "age1abcdef", "mark", "MR"}, {"key", "age1wrong"}} {
		look := orderOf(maya, in, form...).Location
		paths = append(paths, look, strings.Replace(look, "/look/", "/make/", 1), strings.Replace(look, "/look/", "/change/", 1))
	}
	var again string
	for _, e := range elementsOf(h.t, maya.get(in+"archive").Body) {
		if to := attribute(e, "action"); strings.Contains(to, "/archive/again/") {
			again = maya.post(to).Location
		}
	}
	paths = append(paths, again)
	for _, state := range []web.BundleState{web.BundleReady, web.BundleSaved, web.BundleFailed, web.BundleEnded, web.BundleReady, web.BundleMaking} {
		bundle := maya.post(strings.Replace(again, "/look/", "/make/", 1)).Location
		h.shelf.become(h.mayas, func(j *web.BundleJob) {
			j.State, j.Done, j.Total = state, 3, 10
			if len(paths) == 7 {
				j.Before = daybook.DigestOf([]byte("another"))
			}
		})
		paths = append(paths, bundle)
	}
	found, _, err := h.db.List(h.t.Context(), h.mayas, daybook.MessageFilter{}, 2, "")
	h.ok(err)
	for i, m := range found {
		e, err := h.cases.AskErasure(h.t.Context(), actor, h.mayas, m.Captures, "a wish")
		h.ok(err)
		if i == 0 {
			h.ok(h.cases.CancelErasure(h.t.Context(), actor, h.mayas, e.ID))
		}
	}
	_, err = h.anchors.Give(h.t.Context(), actor, h.mayas, "file")
	h.ok(err)
	h.anchors.authorities = []string{"swift", "slow"}
	h.settle(h.mayas)
	return paths
}

// Every hostile text, shown because the person asked: no script runs, nothing is
// asked for, the page keeps its shape, and the way out is where it was.
func TestHostileTextShown_E1_E2(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.hostile()
	tab := h.window(t, browser.Start(t), h.enter(h.maya))
	tab.Size(1280, 900)
	tab.Open(h.URL + "/c/" + string(h.mayas) + "/timeline")
	tab.Outside(h.URL)
	tab.Eval(`document.querySelectorAll("details").forEach(d => d.open = true); document.querySelectorAll("form[data-show] button").forEach(b => b.click()); ""`)
	tab.WaitFor(`document.querySelectorAll(".shown").length >= 19`)
	for _, c := range []string{"<script>alert(1)</script>", "U+202E", "onerror=alert(1)"} {
		if !strings.Contains(tab.Text(), c) {
			t.Errorf("%q is not shown as it came", c)
		}
	}
	for _, width := range []int64{320, 390, 1280} {
		tab.Size(width, 900)
		if over := tab.Overflow(); over != "0" {
			t.Errorf("%s px too wide at %d px", over, width)
		}
		if at := tab.Eval(`(r => String(r.width > 20 && r.height > 20 && r.left >= 0 && r.right <= innerWidth && document.elementFromPoint(r.left + 9, r.top + 9).closest(".leave") !== null))(document.querySelector(".leave").getBoundingClientRect())`); at != "true" {
			t.Errorf("at %d px the way out is covered or outside", width)
		}
	}
	if bad := tab.Axe(); len(bad) > 0 {
		t.Errorf("axe holds against it:\n  %s", strings.Join(bad, "\n  "))
	}
	if out := tab.Outside(h.URL); len(out) > 0 {
		t.Errorf("asked elsewhere: %v", out)
	}
	if bad := tab.Problems(); len(bad) > 0 {
		t.Errorf("scripts: %v", bad)
	}
	if tab.Title() != "Timeline – Daybook" {
		t.Errorf("the title became %q", tab.Title())
	}
}
