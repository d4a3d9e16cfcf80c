package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"daybook/cases"
	"daybook/collectors"
	"daybook/config"
	"daybook/internal/browser"
	"daybook/internal/fakemastodon"
	"daybook/internal/fakex"
)

// A visit is a person at a browser, in front of a daybook that is really served,
// with a Mastodon server that has really to be signed in to. Its clock is the
// machine's, moved on by the test.
type visit struct {
	t        *testing.T
	app      *app
	server   *fakemastodon.Server
	wren     *fakemastodon.Person
	kestrel  *fakemastodon.Person
	x        *fakex.Server // nil unless X was switched on
	chromium *browser.Browser
	address  string
	code     string // of the first run
	script   bool
	width    int64
	dark     bool

	mu    sync.Mutex
	moved time.Duration
}

func (v *visit) clock() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return time.Now().Add(v.moved)
}

// later moves the clock on: a one-time code is good once.
func (v *visit) later(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.moved += d
}

const neutral = "https://weather.example/today"

func newVisit(t *testing.T, script, dark bool, width int64) *visit {
	t.Helper()
	return (&visit{t: t, script: script, dark: dark, width: width}).begun(t)
}

// begun opens the daybook of a visit.
func (v *visit) begun(t *testing.T) *visit {
	t.Helper()
	v.server = fakemastodon.New(fakemastodon.Options{})
	v.server.At(time.Now().Add(-time.Hour))
	v.wren = v.server.Person("wren", "Wren Aldous")
	v.kestrel = v.server.Person("kestrel_74@birds.example", "Kestrel")
	v.server.SignIn(v.wren)
	v.kestrel.Direct(v.wren, "I saw your light was on until late")
	v.wren.Direct(v.kestrel, "Please stop writing to me.")
	v.server.Wait(10 * time.Minute)
	v.kestrel.Direct(v.wren, "I only want five minutes of your time")
	v.server.At(time.Now())

	mux := http.NewServeMux()
	mux.Handle("/", v.server)
	mux.Handle("/favicon.ico", http.NotFoundHandler()) // asked for by browsers, not by daybook
	mux.HandleFunc("weather.example/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if _, err := io.WriteString(w, `<!doctype html><html lang="en"><title>Weather</title><p>Fair, later rain.`); err != nil {
			t.Error(err)
		}
	})
	web := httptest.NewTLSServer(mux)
	t.Cleanup(web.Close)
	at := web.Listener.Addr().String()
	hosts := map[string]http.Handler{v.server.Domain(): v.server}
	names := []browser.Host{{Name: v.server.Domain(), Address: at}, {Name: "weather.example", Address: at}}
	if v.x != nil {
		mux.Handle("x.com/", v.x)
		mux.Handle("x.com/favicon.ico", http.NotFoundHandler())
		maps.Copy(hosts, v.x.Hosts())
		names = append(names, browser.Host{Name: "x.com", Address: at})
	}
	v.chromium = browser.Start(t, names...)

	dir := t.TempDir()
	cfg := config.Defaults("linux", func(string) string { return "" })
	cfg.Data, cfg.KeyFile, cfg.Listen = filepath.Join(dir, "data"), filepath.Join(dir, "key", "instance.key"), "127.0.0.1:0"
	cfg.Web.Country, cfg.Web.Leave = "GB", neutral
	if v.x != nil {
		v.switchOnX(&cfg)
	}
	ctx, stop := context.WithCancel(context.Background())
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	var err error
	v.app, err = openApp(ctx, cfg, appOptions{log: logger, clock: v.clock, notice: io.Discard,
		exception: &collectors.Exception{Hosts: hosts}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := v.app.openPages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if v.code, err = v.app.firstCode(ctx, cases.Operator("test")); err != nil {
		t.Fatal(err)
	}
	v.address = p.address
	if v.x != nil {
		v.x.Back(cfg.X.ClientID, v.address+"/back")
	}
	served := make(chan error, 1)
	go func() { served <- v.app.serve(ctx, logger, p.run) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := v.app.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// tab opens a window as this visit's people have it.
func (v *visit) tab(t *testing.T) *browser.Tab {
	t.Helper()
	tab := v.chromium.Tab(t)
	tab.Size(v.width, 900)
	tab.Dark(v.dark)
	tab.Script(v.script)
	return tab
}

// has fails unless the page says all of this.
func has(t *testing.T, tab *browser.Tab, texts ...string) {
	t.Helper()
	page := tab.Text()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Fatalf("%s does not say %q:\n%s", tab.Address(), text, page)
		}
	}
}

// menu opens a page by its name in the menu, which on a phone has to be opened.
func (v *visit) menu(tab *browser.Tab, name string) {
	v.t.Helper()
	if v.width < 640 {
		tab.Click("button.menu")
	}
	tab.Press(name)
}

const words = "seven plain words that nobody else would choose"

// settleIn goes through the ways of signing in to the end of a set-up, and
// returns the secret of the one-time codes.
func (v *visit) settleIn(t *testing.T, tab *browser.Tab) (secret string) {
	t.Helper()
	if v.script {
		tab.Authenticator()
		tab.Press("Make a passkey")
		tab.Type("#passkey", "this laptop")
		tab.Click("[data-passkey]")
		tab.WaitFor(`location.pathname === "/setup/ways"`)
	}
	tab.Press("Choose a passphrase")
	tab.Type("#pass", words)
	tab.Type("#again", words)
	tab.Follow("main form button.primary")
	if !strings.Contains(tab.Address(), "/codes/") {
		tab.Follow("main form button.primary")
	}
	secret = strings.ReplaceAll(tab.Eval(`document.querySelector(".secret").textContent`), " ", "")
	tab.Type("#code", v.oneTime(t, secret))
	tab.Follow("main form button.primary")
	tab.Follow(`a[href="/setup/sheet"]`)
	tab.Follow("main form button.primary")
	if codes := tab.Eval(`String(document.querySelectorAll(".recovery code").length)`); codes != "10" {
		t.Fatalf("the sheet has %s codes", codes)
	}
	tab.Follow("main form button.primary")
	return secret
}

// oneTime is the next one-time code; each is good once.
func (v *visit) oneTime(t *testing.T, secret string) string {
	t.Helper()
	v.later(31 * time.Second)
	code, err := totp.GenerateCode(secret, v.clock())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// strong gives a fresh sign-in where one is asked for.
func (v *visit) strong(t *testing.T, tab *browser.Tab, secret string) {
	t.Helper()
	if !strings.HasSuffix(tab.Address(), "/again") {
		return
	}
	if v.script {
		tab.Click("[data-passkey]")
		tab.WaitFor(`location.pathname !== "/again"`)
		return
	}
	tab.Type("#pass", words)
	tab.Type("#code", v.oneTime(t, secret))
	tab.Follow("main form button.primary")
}

// The first weeks of a case, pressed through in a real browser: with script and
// a passkey on a wide screen, without script and with one-time codes on a phone.
func TestFirstWeeks_C1_C2_C7_C14_D1_D3_D6_D7(t *testing.T) {
	for _, how := range []struct {
		script, dark bool
		width        int64
	}{{true, false, 1280}, {false, true, 390}} {
		t.Run(fmt.Sprintf("script %v, dark %v, %d px", how.script, how.dark, how.width), func(t *testing.T) {
			v := newVisit(t, how.script, how.dark, how.width)
			her := v.tab(t)

			// First run: the code, the safety page before anything else, her name.
			her.Open(v.address)
			has(t, her, "code")
			her.Type("#code", v.code)
			her.Follow("main form button.primary")
			if !strings.HasSuffix(her.Address(), "/setup/safety") {
				t.Fatalf("the first page is %s", her.Address())
			}
			her.Follow("main a.btn.primary")
			her.Type("#name", "Wren")
			her.Type("#record", "Garden")
			her.Follow("main form button.primary")
			secret := v.settleIn(t, her)
			has(t, her, "Nothing has come in yet")

			// Connect: the server's own pages ask her.
			her.Press("Connect an account")
			her.Type("#server", v.server.Domain())
			her.Click(`input[name="agree"]`)
			her.Follow("main form button.primary")
			her.Follow("main a.btn.primary")
			has(t, her, "Authorize")
			her.Follow("#allow")
			has(t, her, "wren")
			if at := her.Address(); !strings.HasPrefix(at, v.address) || strings.Contains(at, "?") {
				t.Fatalf("came back to %s", at)
			}
			her.Follow(`form[action$="/yes"] button`)

			// Collected by itself; the pattern in words; nothing shown unasked.
			v.menu(her, "Overview")
			for begin := time.Now(); !strings.Contains(her.Text(), "You were contacted on"); her.Open(her.Address()) {
				if time.Since(begin) > time.Minute {
					t.Fatalf("nothing was collected:\n%s", her.Text())
				}
			}
			v.menu(her, "Timeline")
			if page := her.HTML(); strings.Contains(page, "five minutes") || strings.Contains(page, "light was on") {
				t.Error("the timeline holds text that nobody asked for")
			}
			if v.script { // in its place
				her.Click("form[data-show] button")
				her.WaitFor(`document.querySelector(".shown") !== null`)
			} else { // on a page of its own
				her.Follow("form[data-show] button")
			}
			has(t, her, "five minutes")

			// Marks: unwanted, and asked to stop by her own message.
			v.menu(her, "Who is contacting you")
			her.Press("kestrel_74@birds.example")
			her.Follow(`form[action$="/marks"]:has(input[value="unwanted"]) button`)
			her.Follow(`form[action$="/stop/whom"] button`)
			her.Click(`input[name="message"]`)
			her.Follow(`form:has(input[name="message"]) button`)
			v.menu(her, "Overview")
			has(t, her, "once after you asked them to stop")

			// Search: the words are not in the address.
			v.menu(her, "Search")
			her.Type(".searchbar input", "minutes")
			her.Follow(".searchbar button")
			has(t, her, "1 ")
			if strings.Contains(her.Address(), "minutes") || strings.Contains(her.HTML(), "I only want") {
				t.Error("the search shows words, or has them in its address")
			}

			// She invites an adviser and hands the code over.
			v.menu(her, "People with access")
			her.Press("Give someone access")
			v.strong(t, her, secret)
			her.Type("#name", "Ida")
			her.Click(`form[action$="/people/invite"] input[value="content"]`)
			her.Type("#new-reason", "my caseworker")
			her.Follow(`form[action$="/people/invite"] button.primary`)
			handed := her.Eval(`document.querySelector("p.code").textContent`)

			adviser := v.tab(t)
			adviser.Open(v.address + "/setup")
			adviser.Type("#code", handed)
			adviser.Follow("main form button.primary")
			adviser.Follow("main a.btn.primary")
			v.settleIn(t, adviser)
			has(t, adviser, "Your caseload", "Garden", "says nothing about danger")
			adviser.Press("Garden")
			has(t, adviser, "Contacted on")
			v.menu(adviser, "Search")
			adviser.Type(".searchbar input", "light")
			adviser.Follow(".searchbar button")
			v.menu(adviser, "Overview")
			adviser.Press("Mark as reviewed now")

			// She sees it, in plain words, and ends it while he is in.
			v.menu(her, "People with access")
			has(t, her, "Ida", "searched this case", "reviewed")
			her.Follow("a.btn.danger")
			v.strong(t, her, secret)
			if strings.Contains(her.Address(), "/grant/") {
				her.Follow(`form[action$="/end"] button`)
			}
			adviser.Reload()
			has(t, adviser, "Sign in")

			// Leaving: the page is covered, the session locked; Back shows nothing.
			v.menu(her, "Timeline")
			her.Follow(".leave")
			her.WaitFor(`location.href === "` + neutral + `"`)
			her.Back()
			if v.script { // a page that comes back asks the server again
				her.WaitFor(`location.pathname === "/signin"`)
			} else {
				her.Reload()
			}
			if text := her.Text(); strings.Contains(text, "kestrel") || !strings.Contains(text, "Sign in") {
				t.Errorf("Back shows\n%s", text)
			}
			her.Type("#name", "Wren")
			her.Type("#pass", words)
			her.Follow("main form button.primary")
			has(t, her, "Overview")

			// Withdraw: the token is taken back at the server.
			v.menu(her, "Accounts")
			her.Follow(`a[href$="/withdraw"]`)
			v.strong(t, her, secret)
			her.Follow(`form[action$="/withdraw"] button`)
			for begin := time.Now(); v.server.Tokens() > 0; time.Sleep(50 * time.Millisecond) {
				if time.Since(begin) > time.Minute {
					t.Fatal("the token still works at the server")
				}
			}
			if bad := v.server.Violations(); len(bad) > 0 {
				t.Errorf("the server was asked what it must not be asked: %v", bad)
			}
			if out := her.Outside(v.address, v.server.URL(), "https://weather.example"); len(out) > 0 {
				t.Errorf("pages asked elsewhere: %v", out)
			}
			if bad := append(her.Problems(), adviser.Problems()...); len(bad) > 0 {
				t.Errorf("scripts: %v", bad)
			}
		})
	}
}
