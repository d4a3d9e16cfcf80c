package web_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"

	"daybook/cases"
	"daybook/signin"
	"daybook/web"
)

// words returns the text of a page as it is read, without its head.
func (a answer) words() string {
	root, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "head" || n.Data == "select") {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return strings.Join(strings.Fields(b.String()), " ")
}

// main returns what stands in the main part of a page, as HTML.
func (a answer) main() string {
	_, rest, _ := strings.Cut(a.Body, "<main")
	main, _, _ := strings.Cut(rest, "</main>")
	return main
}

// title returns what the history of a browser shows of a page.
func (a answer) title() string {
	_, rest, _ := strings.Cut(a.Body, "<title>")
	title, _, _ := strings.Cut(rest, "</title>")
	return title
}

// goes fails unless the answer sends on to a path.
func (b *browserClient) goes(a answer, status int, to string) {
	b.h.t.Helper()
	if a.Status != status || a.Location != to {
		b.h.t.Fatalf("got %d to %q (%s), want %d to %q", a.Status, a.Location, a.words(), status, to)
	}
}

// shows fails unless the answer has a status and these words.
func (b *browserClient) shows(a answer, status int, words ...string) {
	b.h.t.Helper()
	if a.Status != status {
		b.h.t.Fatalf("got %d to %q (%s), want %d", a.Status, a.Location, a.words(), status)
	}
	for _, w := range words {
		if text := a.words(); !strings.Contains(text, w) {
			b.h.t.Errorf("%q is not in the page: %s", w, text)
		}
	}
}

func (b *browserClient) cookie(name string) string {
	b.h.t.Helper()
	at, err := url.Parse(b.h.URL)
	b.h.ok(err)
	for _, c := range b.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// known makes a user able to sign in and returns a browser that has done it, and
// the secret of their one-time codes.
func (h *house) known(u cases.User) (*browserClient, string) {
	h.t.Helper()
	b := h.browser()
	b.user = u
	code, _, err := h.desk.NewCode(h.t.Context(), signin.SetUp, u.ID, operator)
	h.ok(err)
	b.goes(b.post("/setup", "code", code), 303, "/setup/safety")
	return b, b.setUpWays()
}

var secretPattern = regexp.MustCompile(`<code class="secret">([A-Z2-7 ]+)</code>`)

// setUpWays goes through the pages from the passphrase to the end, without a
// sheet, and returns the secret.
func (b *browserClient) setUpWays() string {
	b.h.t.Helper()
	at := b.post("/setup/passphrase", "pass", passphrase, "again", passphrase).Location
	secret := secretOf(b.get(at))
	b.goes(b.post(at, "code", b.h.codeOf(secret)), 303, "/setup/ways")
	b.goes(b.post("/setup/done"), 303, "/")
	return secret
}

func secretOf(a answer) string {
	m := secretPattern.FindStringSubmatch(a.Body)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(m[1], " ", "")
}

// codeOf returns the one-time code of now.
func (h *house) codeOf(secret string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.clock())
	h.ok(err)
	return code
}

func TestSignIn(t *testing.T) {
	h := newHouse(t)
	b, secret := h.known(h.maya)
	h.move(time.Minute)
	b.goes(b.post("/out"), 303, "/signin")
	if b.cookie("id") != "" {
		t.Error("the cookie of the session is still there")
	}
	b.goes(b.get("/settings"), 303, "/signin")
	b.goes(b.post("/signin", "name", "maya", "pass", passphrase), 303, "/signin/code")
	b.shows(b.get("/signin/code"), 200, "Six digits")
	b.goes(b.post("/signin/code", "code", h.codeOf(secret)), 303, "/")
	b.goes(b.get("/"), 303, "/c/"+string(h.mayas)+"/overview")
	b.shows(b.get("/settings"), 200, "You sign in as Maya")
	b.goes(b.get("/signin"), 303, "/")
	for _, c := range []string{"id", "d"} {
		if b.cookie(c) == "" {
			t.Errorf("cookie %s is not there", c)
		}
	}
	if b.cookie("a") != "" {
		t.Error("the cookie of the attempt is still there")
	}
}

func TestHomeOfEverybody(t *testing.T) {
	h := newHouse(t)
	both := h.user("Noor")
	h.grant(h.newCase("Noor’s record", both), both, cases.Owner)
	h.grant(h.mayas, both, cases.Reader)
	nobody := h.user("Ola")
	for _, tt := range []struct {
		name string
		user cases.User
		want string
	}{
		{"a person", h.maya, "/c/" + string(h.mayas) + "/overview"},
		{"an adviser", h.priya, "/work"},
		{"both", both, "/work"},
		{"without access", nobody, "/work"},
	} {
		b := h.enter(tt.user)
		if a := b.get("/"); a.Location != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, a.Location, tt.want)
		}
	}
	b := h.browser()
	b.goes(b.get("/"), 303, "/signin")
}

var cookieValue = regexp.MustCompile(`=[A-Za-z0-9_-]{20,};`)

// Whatever is typed, the answers are the same for a name that is known and one
// that is not, down to the headers.
func TestSameAnswers_C13(t *testing.T) {
	ask := func(name, pass, code string) []answer {
		h := newHouse(t)
		_, secret := h.known(h.maya)
		h.move(time.Minute)
		b := h.browser()
		if code == "right" {
			code = h.codeOf(secret)
		}
		out := []answer{
			b.post("/signin", "name", name, "pass", pass),
			b.get("/signin/code"),
			b.post("/signin/code", "code", code),
			b.get("/recover"),
			b.post("/recover", "name", name, "code", "k3f9-0000-0000-0000"),
		}
		for range 8 {
			out = append(out, b.post("/signin", "name", name, "pass", pass))
		}
		for i := range out {
			out[i].Header.Del("Date")
			for c, v := range out[i].Header["Set-Cookie"] { // its value is random
				out[i].Header["Set-Cookie"][c] = cookieValue.ReplaceAllString(v, "=;")
			}
			out[i].Header.Del("Content-Length") // the name that was typed
			out[i].Body = strings.ReplaceAll(out[i].Body, `value="`+name+`"`, `value=""`)
		}
		return out
	}
	want := ask("Nobody", "a passphrase of nobody", "123456")
	for _, tt := range []struct{ name, pass, code string }{
		{"Maya", "not her passphrase", "123456"},
		{"Maya", passphrase, "123456"},
		{"Maya", "not her passphrase", "right"},
		{"Priya N.", passphrase, "123456"}, // cannot sign in yet
	} {
		if diff := cmp.Diff(want, ask(tt.name, tt.pass, tt.code)); diff != "" {
			t.Errorf("%s with %s:\n%s", tt.name, tt.pass, diff)
		}
	}
}

func TestTooManyTriesSayUntilWhen_C8(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	for range 5 {
		b.goes(b.post("/signin", "name", "Maya", "pass", "x"), 303, "/signin/code")
	}
	a := b.post("/signin", "name", "Maya", "pass", "x")
	b.shows(a, 429, "Try again in 1 second, at 09:14:01 UTC.")
	if a.Header.Get("Retry-After") != "1" || !strings.Contains(a.Body, `value="Maya"`) {
		t.Errorf("got Retry-After %q, and the name typed is not there again", a.Header.Get("Retry-After"))
	}
	for range 8 {
		h.move(15 * time.Minute)
		b.goes(b.post("/signin", "name", "Maya", "pass", "x"), 303, "/signin/code")
	}
	b.shows(b.post("/signin", "name", "Maya", "pass", "x"), 429, "Try again in 5 minutes, at 11:18:16 UTC.")
	b.shows(b.post("/recover", "name", "Maya", "code", "x"), 429, "too many tries")
	b.shows(b.post("/setup", "code", "x"), 429, "too many tries")
}

// A page that asks again by itself, while a file is read in, keeps no session open
// that nobody uses.
func TestPageThatWaitsLocks_C8(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	path := maya.upload("/c/"+string(h.mayas)+"/accounts/add", "a.zip", strings.NewReader("PK")).Location
	h.tray.become(h.mayas, func(j *web.ImportJob) { j.State = web.ImportReading })
	next := path
	for range 4 {
		a := maya.get(next)
		maya.says(a, 200, "Reading it in")
		_, query, ok := strings.Cut(a.Header.Get("Refresh"), "url=")
		if !ok {
			t.Fatalf("Refresh %q", a.Header.Get("Refresh"))
		}
		next = path + query
		h.move(time.Minute)
	}
	h.move(time.Minute)
	maya.goes(maya.get(next), 303, "/signin")
	maya.goes(maya.get(path), 303, "/signin")
}

func TestIdleLocks_C8(t *testing.T) {
	h := newHouse(t)
	b := h.enter(h.maya)
	if a := b.get("/settings"); a.Status != 200 || !strings.Contains(a.Body, `<body data-idle="300">`) {
		t.Error("an open page does not go to the sign-in by itself")
	}
	if a := h.browser().get("/signin"); !strings.Contains(a.Body, "<body>") {
		t.Error("the sign-in goes to itself")
	}
	h.move(5 * time.Minute)
	a := b.get("/settings")
	b.goes(a, 303, "/signin")
	if got := a.Header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("got Clear-Site-Data %s", got)
	}
	b.shows(b.get("/signin"), 200, "Your sign-in name")
	b.goes(b.post("/signin", "name", "Tom", "pass", passphrase), 303, "/signin/code") // not whose session it is
	b.goes(b.get("/settings"), 303, "/signin")
	b.goes(b.post("/signin", "name", "Maya", "pass", passphrase), 303, "/")
	b.shows(b.get("/settings"), 200, "You sign in as Maya")
}

// Leaving locks, with a script and without, and shows nothing afterwards.
func TestLeaving_C2(t *testing.T) {
	for _, tt := range []struct {
		name  string
		leave func(b *browserClient) answer
		want  answer
	}{
		{"with a script", func(b *browserClient) answer { return b.post("/lock") }, answer{Status: 204}},
		{"without", func(b *browserClient) answer { return b.get("/leave") }, answer{Status: 302, Location: "https://weather.example/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, func(c *web.Config) { c.Leave = "https://weather.example/" })
			b := h.enter(h.maya)
			a := tt.leave(b)
			if a.Status != tt.want.Status || a.Location != tt.want.Location || a.Body != "" && tt.want.Status == 204 {
				t.Errorf("got %d to %q", a.Status, a.Location)
			}
			if got := a.Header.Get("Clear-Site-Data"); got != `"cache"` {
				t.Errorf("got Clear-Site-Data %s", got)
			}
			for _, path := range []string{"/settings", "/c/" + string(h.mayas) + "/overview", "/again"} {
				if back := b.get(path); path == "/settings" || back.Status != 404 {
					b.goes(back, 303, "/signin")
				}
			}
			b.goes(b.get("/"), 303, "/signin")
			back := b.get("/signin")
			b.shows(back, 200, "Your sign-in name")
			if strings.Contains(back.Body, "Maya") {
				t.Error("the sign-in knows who was in")
			}
			if tt.leave(b).Status != tt.want.Status || tt.leave(h.browser()).Status != tt.want.Status {
				t.Error("leaving again, or without a session, is something else")
			}
		})
	}
}

// A page on which a set-up shows its codes is not there after leaving.
func TestLeavingASetUp_C2(t *testing.T) {
	h := newHouse(t)
	code, _, err := h.desk.NewCode(t.Context(), signin.SetUp, h.maya.ID, operator)
	h.ok(err)
	b := h.browser()
	b.goes(b.post("/setup", "code", code), 303, "/setup/safety")
	at := b.post("/setup/passphrase", "pass", passphrase, "again", passphrase).Location
	if secretOf(b.get(at)) == "" {
		t.Fatal("no secret is shown")
	}
	b.post("/lock")
	b.goes(b.get(at), 303, "/signin")
	b.goes(b.post("/setup", "code", code), 303, "/setup/safety") // the code is not lost
	b.goes(b.get(at), 303, "/setup/codes")
}

// Only our own pages lock and sign out.
func TestOtherSitesCannotLock(t *testing.T) {
	h := newHouse(t)
	b := h.enter(h.maya)
	for _, path := range []string{"/lock", "/out"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+path, nil)
		h.ok(err)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := b.Do(req)
		h.ok(err)
		h.ok(res.Body.Close())
		if res.StatusCode != 403 {
			t.Errorf("%s: got %d", path, res.StatusCode)
		}
	}
	b.shows(b.get("/settings"), 200)
}

// Every page of the door says nothing in its title, keeps nothing in the browser
// and is filled in by nothing.
func TestDoorPages_C3(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.post("/signin", "name", "x", "pass", "x")
	for _, path := range []string{"/signin", "/signin/code", "/recover", "/setup", "/safety", "/stored"} {
		a := b.get(path)
		b.shows(a, 200)
		if a.title() != "Daybook" {
			t.Errorf("%s: got title %q", path, a.title())
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: got headers %v", path, a.Header)
		}
		for _, form := range regexp.MustCompile(`<form[^>]*>`).FindAllString(a.Body, -1) {
			if !strings.Contains(form, `autocomplete="off"`) && !strings.Contains(form, "/out") {
				t.Errorf("%s: %s is filled in by the browser", path, form)
			}
		}
	}
	sign := b.get("/signin")
	if n := strings.Count(sign.Body, "<details "); n != 2 || strings.Contains(sign.Body, "<details open") {
		t.Errorf("safety and numbers are not in two closed parts: %d", n)
	}
	if !strings.Contains(sign.Body, `href="/leave" data-to="`+web.DefaultLeave+`" rel="nofollow noreferrer"`) {
		t.Error("there is no way out without a script")
	}
}

// What a browser without scripts sends for a passkey is explained.
func TestPasskeyNeedsScript(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.shows(b.post("/signin", "name", "Maya", "pass", "", "with", "passkey"), 422, "A passkey needs a browser", "Your sign-in name")
	scripts := func(a answer) int { return strings.Count(a.Body, "<script ") }
	if n := scripts(b.get("/signin")); n != 2 {
		t.Errorf("got %d scripts on the sign-in, want 2", n)
	}
	if n := scripts(b.get("/recover")); n != 1 {
		t.Errorf("got %d scripts on another page, want 1", n)
	}
	at, err := url.Parse("http://192.0.2.1:8080")
	h.ok(err)
	h = newHouse(t, func(c *web.Config) { c.Origin = at })
	if a := h.browser().get("/signin"); strings.Contains(a.Body, "data-passkey") {
		t.Error("passkeys are offered on an address, which cannot have any")
	}
}

func TestPasskeyAnswers_C13(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.post("/passkey/begin")
	if a.Status != 200 || a.Header.Get("Content-Type") != "application/json" || !strings.Contains(a.Body, `"userVerification":"required"`) || strings.Contains(a.Body, "allowCredentials") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	for _, body := range []string{`{"response":{}}`, `{"response":{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}}`} {
		if a := b.send("/passkey/finish", body); a.Status != 422 || a.Body != "{}" {
			t.Errorf("%s: got %d %s", body, a.Status, a.Body)
		}
	}
	for _, body := range []string{"", "nonsense", `{"name":7}`} {
		if a := b.send("/passkey/finish", body); a.Status != 422 || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q: got %d", body, a.Status)
		}
	}
}

// send posts what a script posts.
func (b *browserClient) send(path, body string) answer {
	b.h.t.Helper()
	req, err := http.NewRequestWithContext(b.h.t.Context(), http.MethodPost, b.h.URL+path, strings.NewReader(body))
	b.h.ok(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.Do(req)
	b.h.ok(err)
	defer res.Body.Close() //nolint:errcheck // only read from
	text, err := io.ReadAll(res.Body)
	b.h.ok(err)
	return answer{res.StatusCode, string(text), res.Header, res.Header.Get("Location")}
}
