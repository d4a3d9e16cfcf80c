package web_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"daybook"
	"daybook/cases"
)

// What somebody wrote on X, by the ways in which it can come. None of the words
// that begin with "quokka" may be shown to who works for a public body.
const (
	fetchedOnly = "quokkafetched: I will kill you if you tell them"
	fetchedToo  = "quokkaolder words"
	inTheFile   = "words that stand in the file"
)

var gull = daybook.Handle{Platform: "x", Native: "2220000101", Names: []daybook.SeenName{{Account: "gull_by_the_sea", Display: "Gull"}}}

// onX puts an account on X into Maya's case, a message that was fetched, with a
// picture, and one that was fetched and then came in a file as well.
func (h *house) onX() {
	h.t.Helper()
	ctx := h.t.Context()
	a, err := h.cases.Connect(ctx, h.actor(h.mayas), daybook.Account{Case: h.mayas, Platform: "x", Handle: daybook.Handle{Platform: "x", Native: "111", Names: []daybook.SeenName{{Account: "maya_on_x"}}}},
		[]byte("token"), daybook.Consent{Scopes: []string{"read direct messages"}, Purpose: "keep a record", Text: "consent/2026-11"})
	h.ok(err)
	item := func(id, text string, origin daybook.Origin, media ...daybook.Media) daybook.Record {
		c := daybook.Capture{Account: a.ID, Platform: "x", Lane: "dm_events", NativeID: id, MediaType: "application/json", Raw: fmt.Appendf(nil, `{"id":%q,"text":%q}`, id, text), Offset: -1, Origin: origin}
		if origin == daybook.Collected {
			c.Exchange = &daybook.Exchange{Method: "GET", URL: "https://api.x.example/2/dm_events", Status: 200, End: at(11, 20, 9, 0)}
		} else {
			c.Lane, c.File, c.Member = "archive", daybook.DigestOf([]byte("file")), daybook.Place("data/direct-messages.js", "/0")
		}
		r := daybook.Item{Capture: c, Reading: &daybook.Reading{Parser: "x/1", Messages: []daybook.ReadMessage{{Key: daybook.MessageKey("x:dm/" + id), Native: id, Kind: daybook.KindDirectMessage,
			Direction: daybook.In, Sender: gull, Sent: daybook.When{At: at(11, 20, 8, 0)}, Text: text, Lang: "en", Media: media, URL: "https://x.example/" + id}}}}.Record()
		r.Logged = at(11, 20, 9, 0)
		for _, m := range media {
			r.Blobs = append(r.Blobs, m.Digest)
		}
		return r
	}
	media := h.keptMedia(picture(), "image/png", "xm1")
	media.Description = "quokkapicture"
	h.append(h.mayas, item("9001", fetchedOnly, daybook.Collected, media), item("9002", fetchedToo, daybook.Collected), item("9002", inTheFile, daybook.Imported))
}

// A recorder keeps all that was answered.
type recorder struct {
	http.RoundTripper
	mu     sync.Mutex
	bodies map[string]string // by method and path
}

func (rec *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := rec.RoundTripper.RoundTrip(r)
	if err != nil {
		return res, err
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return res, err
	}
	res.Body = io.NopCloser(bytes.NewReader(b))
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.bodies[r.Method+" "+r.URL.Path] += string(b)
	return res, nil
}

func (h *house) recorded(u cases.User) (*browserClient, *recorder) {
	b := h.enter(u)
	rec := &recorder{RoundTripper: http.DefaultTransport, bodies: map[string]string{}}
	b.Transport = rec
	return b, rec
}

// holding returns where something was answered.
func (rec *recorder) holding(word string) (paths []string) {
	for path, body := range rec.bodies {
		if strings.Contains(body, word) {
			paths = append(paths, path)
		}
	}
	return paths
}

func (h *house) officer(public bool) cases.User {
	h.t.Helper()
	u := h.user(map[bool]string{true: "Officer", false: "Caseworker"}[public])
	_, err := h.cases.Grant(h.t.Context(), operator, cases.Grant{Case: h.mayas, User: u.ID, Role: cases.Exporter, Reason: "chosen by the person", Public: public})
	h.ok(err)
	return u
}

// Whatever page somebody opens who works for a public body, and whatever form
// they send: nothing of what came from the interface of X is in the answer. What
// the person added is, and so is everything of other platforms.
func TestPublicBodySeesNothingFetchedFromX_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.onX()
	h.furnish(h.mayas, h.maya)
	for _, tt := range []struct {
		name  string
		who   cases.User
		sees  bool
		least int
	}{{"public", h.officer(true), false, 40}, {"not public", h.officer(false), true, 40}} {
		t.Run(tt.name, func(t *testing.T) {
			b, rec := h.recorded(tt.who)
			f := h.explore(b, h.mayas)
			if len(rec.bodies) < tt.least {
				t.Errorf("only %d pages were opened", len(rec.bodies))
			}
			h.lookAtX(b, f)
			for _, word := range []string{"quokka"} {
				if where := rec.holding(word); tt.sees != (len(where) > 0) {
					t.Errorf("%q is in the answers of %q", word, where)
				}
			}
			for _, word := range []string{inTheFile, "gull_by_the_sea", "The library closes at eight"} {
				if len(rec.holding(word)) == 0 {
					t.Errorf("%q is in no answer", word)
				}
			}
			if public := rec.holding("terms keep this from public bodies"); tt.sees == (len(public) > 0) {
				t.Errorf("the terms of X are told in %q", public)
			}
		})
	}
}

// lookAtX asks for everything about each message that the pages tell of: its
// words, its bytes as they came, its pictures; and looks for its words.
func (h *house) lookAtX(b *browserClient, f found) {
	h.t.Helper()
	all, _, err := h.db.List(h.t.Context(), h.mayas, daybook.MessageFilter{Handle: gull}, 10, "")
	h.ok(err)
	if len(all) != 2 {
		h.t.Fatalf("%d messages of X: the test plays nothing", len(all))
	}
	for path := range pathsOf(f, "/e/") {
		for _, do := range []string{"/show", "/raw", "/m/0/show", "/m/0/original"} {
			b.post(path + do)
		}
	}
	for _, words := range []string{`"kill you if you"`, "older words", "stand in the file", "flag:threat", "from:gull_by_the_sea"} {
		page := b.post("/c/"+string(h.mayas)+"/search", "words", words, "show", "1")
		b.get(page.Location)
		b.post("/c/"+string(h.mayas)+"/search/list", "list", words)
	}
}

// pathsOf returns the pages of entries, without what comes after them.
func pathsOf(f found, part string) map[string]bool {
	out := map[string]bool{}
	for _, paths := range f.paths {
		for _, p := range paths {
			if before, after, ok := strings.Cut(p, part); ok {
				ref, _, _ := strings.Cut(after, "/")
				out[before+part+ref] = true
			}
		}
	}
	return out
}

// That a search finds a message tells of what it says: to who may not be shown
// that it finds nothing, counts nothing and marks nothing.
func TestPublicBodySearchesNothingFetchedFromX_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.onX()
	officer, maya := h.enter(h.officer(true)), h.enter(h.maya)
	for _, tt := range []struct {
		words   string
		person  int
		officer int
	}{{"quokkafetched", 1, 0}, {"quokkaolder", 1, 0}, {"library", -1, -1}, {"from:gull_by_the_sea", 2, 0}} {
		for who, b := range map[string]*browserClient{"person": maya, "officer": officer} {
			want := map[string]int{"person": tt.person, "officer": tt.officer}[who]
			page := b.get(b.post("/c/"+string(h.mayas)+"/search", "words", tt.words).Location)
			n := len(elements(t, page.Body, func(n *html.Node) bool {
				return n.Data == "article" && strings.Contains(attribute(n, "class"), "entry")
			}))
			if page.Status != http.StatusOK || want >= 0 && n != want || want < 0 && n == 0 {
				t.Errorf("%s finds %d by %q, want %d (%d)", who, n, tt.words, want, page.Status)
			}
		}
	}
}

// The bytes of a capture are handed out by how that came.
func TestPublicBodyHasRawOfFilesAlone_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.onX()
	b := h.enter(h.officer(true))
	for text, offered := range map[string]int{fetchedOnly: 0, inTheFile: 1} {
		path, _ := h.entryWith(b, text)
		var forms []string
		for _, f := range elements(t, b.get(path).Body, func(n *html.Node) bool { return n.Data == "form" && strings.HasSuffix(attribute(n, "action"), "/raw") }) {
			forms = append(forms, attribute(f, "action"))
		}
		if len(forms) != offered {
			t.Errorf("%d captures of %q are offered, want %d", len(forms), text, offered)
		}
		for _, f := range forms {
			if a := b.post(f); a.Status != http.StatusOK || !strings.Contains(a.Body, text) || strings.Contains(a.Body, "quokka") {
				t.Errorf("%d: %q", a.Status, a.Body)
			}
		}
		if page := b.get(path).Body; offered == 1 && (!strings.Contains(page, "data/direct-messages.js#/0") || !strings.Contains(page, daybook.DigestOf([]byte("file")).String())) {
			t.Error("the page does not say where in which file it stands")
		}
		if a := b.post(path + "/raw"); offered == 0 && a.Status != http.StatusForbidden || strings.Contains(a.Body, "quokka") {
			t.Errorf("asked for by hand: %d %q", a.Status, a.Body)
		}
	}
}
