package web_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/cases"
	"daybook/internal/browser"
	"daybook/signin"
	"daybook/web"
)

// elsewhere is the page that leaving goes to.
func elsewhere(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if _, err := w.Write([]byte("<!DOCTYPE html><title>Weather</title><p>Sunny</p>")); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// arrive waits until a tab has loaded a page whose address begins so.
func arrive(tab *browser.Tab, address string) {
	tab.WaitFor(fmt.Sprintf(`location.href.startsWith(%q) && document.readyState === "complete"`, address))
}

// keys plays what a keyboard does: "down Shift", "up Shift", "down a+shift", …
func keys(tab *browser.Tab, events ...string) {
	for _, e := range events {
		what, key, _ := strings.Cut(e, " ")
		key, with, _ := strings.Cut(key, "+")
		tab.Eval(fmt.Sprintf(`(() => { const w = %q; const e = { key: %q, bubbles: true, shiftKey: w === "shift", altKey: w === "alt", ctrlKey: w === "ctrl" };
			document.body.dispatchEvent(%q === "click" ? new PointerEvent("pointerdown", e) : new KeyboardEvent("key" + %q, e)); return "" })()`, with, key, what, what))
	}
}

// lights returns the numbers that are lit, and what is said to a screen reader.
func lights(tab *browser.Tab) string {
	return tab.Eval(`(() => { const l = document.querySelector(".lights");
		return (l.checkVisibility() ? [...l.querySelectorAll(".on")].map(x => x.textContent).join("") : "-") + " " + document.getElementById("leaving").textContent })()`)
}

func TestQuickExit_C1(t *testing.T) {
	weather := elsewhere(t)
	h := newHouse(t, func(c *web.Config) { c.Leave = weather.URL })
	chromium := browser.Start(t)
	tab := h.window(t, chromium, h.enter(h.maya))
	tab.Open(h.URL + "/stored")
	tab.Open(h.URL + "/settings")
	press := []string{"down Shift+shift", "up Shift"}
	if got := lights(tab); got != "- " {
		t.Fatalf("before: %q", got)
	}
	for name, events := range map[string][]string{
		"a capital letter":  {"down Shift+shift", "down A+shift", "up A+shift", "up Shift"},
		"a click":           {"down Shift+shift", "click x+shift", "up Shift"},
		"with another key":  {"down Alt+alt", "down Shift+alt", "up Shift+alt", "up Alt"},
		"with control":      {"down Control+ctrl", "down Shift+ctrl", "up Shift+ctrl", "up Control"},
		"a key that let go": {"up Shift"},
	} {
		for range 3 {
			keys(tab, events...)
		}
		if got := lights(tab); got != "- " {
			t.Errorf("%s: %q", name, got)
		}
	}
	keys(tab, press...)
	if got, want := lights(tab), "1 Shift, pressed once. Press it twice more to leave this page."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	keys(tab, press...)
	if got, want := lights(tab), "12 Shift, pressed twice. Press it once more to leave this page."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	keys(tab, "down x", "up x")
	if got := lights(tab); got != "- " {
		t.Errorf("after another key: %q", got)
	}
	keys(tab, press...)
	keys(tab, press...)
	if tab.Address() != h.URL+"/settings" {
		t.Errorf("twice is enough to leave: %s", tab.Address())
	}
	tab.Eval(`document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Shift", bubbles: true })); setTimeout(() => document.body.dispatchEvent(new KeyboardEvent("keyup", { key: "Shift", bubbles: true }))); ""`)
	arrive(tab, weather.URL)
	h.isOut(tab, weather.URL)
}

func TestLeaveButton_C1_C2(t *testing.T) {
	weather := elsewhere(t)
	chromium := browser.Start(t)
	for _, script := range []bool{true, false} {
		t.Run(fmt.Sprintf("script %v", script), func(t *testing.T) {
			h := newHouse(t, func(c *web.Config) { c.Leave = weather.URL })
			tab := h.window(t, chromium, h.enter(h.maya))
			tab.Script(script)
			tab.Open(h.URL + "/stored")
			tab.Open(h.URL + "/settings")
			tab.Follow("a.leave")
			h.isOut(tab, weather.URL)
		})
	}
}

// isOut fails unless a tab has left for another site, and going back shows the
// sign-in and nobody's name.
func (h *house) isOut(tab *browser.Tab, to string) {
	h.t.Helper()
	if at := tab.Address(); !strings.HasPrefix(at, to) {
		h.t.Fatalf("got %s, want %s", at, to)
	}
	tab.Back()
	for _, step := range []func(){func() {}, tab.Reload} {
		step()
		text := tab.Text()
		if strings.Contains(text, "Maya") || strings.Contains(text, "Where you are signed in") {
			h.t.Errorf("%s shows %s", tab.Address(), text)
		}
	}
	tab.Open(h.URL + "/settings")
	if text := tab.Text(); tab.Address() != h.URL+"/signin" || !strings.Contains(text, "Your sign-in name") {
		h.t.Errorf("%s shows %s", tab.Address(), text)
	}
}

// A page that is left open goes to the sign-in by itself.
func TestIdlePage_C8(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Idle = time.Second })
	chromium := browser.Start(t)
	tab := h.window(t, chromium, h.enter(h.maya))
	tab.Open(h.URL + "/settings")
	h.move(signin.IdleLock)
	arrive(tab, h.URL+"/signin")
	if text := tab.Text(); strings.Contains(text, "Maya") || !strings.Contains(text, "Your sign-in name") {
		t.Errorf("got %s", text)
	}
}

// atLocalhost serves a house under a name, which passkeys need.
func atLocalhost(t *testing.T) (*house, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	h := newHouse(t, func(c *web.Config) {
		store, ok := c.Store.(signin.Store)
		sealer, too := c.Keys.(signin.Sealer)
		if !ok || !too {
			t.Fatal("the house is not made of the real things")
		}
		var err error
		c.Desk, err = signin.New(signin.Config{
			Store: store, People: c.Cases, Sealer: sealer, Clock: c.Clock, Logger: c.Logger,
			Cost: signin.Cost{Time: 1, MemoryKiB: 64, Threads: 1}, Host: "localhost", Origins: []string{site},
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	s := httptest.NewUnstartedServer(h.web)
	h.ok(s.Listener.Close())
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return h, site
}

// A passkey is made at the first visit, lets in, shows that it is you, and is
// removed.
func TestPasskeys(t *testing.T) {
	h, site := atLocalhost(t)
	chromium := browser.Start(t)
	tab := chromium.Tab(t)
	tab.Authenticator()
	code, _, err := h.desk.NewCode(t.Context(), signin.SetUp, h.maya.ID, operator)
	h.ok(err)
	tab.Open(site + "/setup")
	tab.Type("#code", code)
	tab.Press("Go on")
	tab.Press("Continue")
	tab.Press("Make a passkey")
	tab.Type("#passkey", "my <phone>")
	tab.Press("Make a passkey")
	arrive(tab, site+"/setup/ways")
	if text := tab.Text(); !strings.Contains(text, "1 passkey made") {
		t.Fatalf("got %s", text)
	}
	tab.Press("Go on")
	tab.Follow("form[action='/setup/done'] button")
	tab.Open(site + "/settings")
	if text := tab.Text(); !strings.Contains(text, "my <phone>") || !strings.Contains(text, "never used") {
		t.Fatalf("got %s", text)
	}
	tab.Press("Sign out")
	tab.Click("button[data-passkey]")
	arrive(tab, site+"/c/")
	tab.Open(site + "/settings")
	if text := tab.Text(); !strings.Contains(text, "last used 23 Nov 2026") {
		t.Fatalf("got %s", text)
	}
	h.move(3 * time.Minute)
	tab.Reload()
	h.move(3 * time.Minute)
	tab.Press("Set it up")
	if at := tab.Address(); at != site+"/again" {
		t.Fatalf("got %s", at)
	}
	tab.Click("button[data-passkey]")
	arrive(tab, site+"/settings/passphrase")
	tab.Open(site + "/settings")
	tab.Follow("a[href^='/settings/passkeys/']")
	tab.Press("Remove it")
	if text := tab.Text(); !strings.Contains(text, "It is the only way in which you can sign in.") {
		t.Errorf("got %s", text)
	}
	tab.Open(site + "/settings/passkey")
	tab.Eval(`navigator.credentials.create = () => Promise.reject(new Error("no")); ""`)
	tab.Click("button[data-passkey]")
	tab.WaitFor(`document.querySelector("[data-said=failed]").checkVisibility()`)
	if bad := tab.Problems(); len(bad) > 0 {
		t.Error(bad)
	}
}

// The pages of the first visit break no rule of the web accessibility
// guidelines, and are not wider than the window. DAYBOOK_SHOTS=DIR keeps a
// picture of each.
func TestSetUpPages_C14(t *testing.T) {
	h := newHouse(t)
	chromium := browser.Start(t)
	b := h.begin(signin.FirstUp, cases.User{})
	tab := h.window(t, chromium, b)
	shots, n := os.Getenv("DAYBOOK_SHOTS"), 0
	look := func(name string) {
		n++
		for _, dark := range []bool{false, true} {
			tab.Dark(dark)
			for _, width := range []int64{1280, 390} {
				tab.Size(width, 900)
				if shots != "" {
					tab.Picture(filepath.Join(shots, fmt.Sprintf("visit-%02d-%s-%d-%v.png", n, name, width, map[bool]string{false: "light", true: "dark"}[dark])))
				}
				if bad := tab.Axe(); len(bad) > 0 {
					t.Errorf("%s, %d px, dark %v: axe holds against it:\n  %s", name, width, dark, strings.Join(bad, "\n  "))
				}
			}
		}
		tab.Dark(false)
		for _, width := range []int64{320, 390, 768, 1280} {
			tab.Size(width, 900)
			if over := tab.Overflow(); over != "0" {
				t.Errorf("%s is %s px too wide at %d px", name, over, width)
			}
		}
		if bad := forbiddenWords.FindAllString(strings.ReplaceAll(tab.Text(), "National Stalking Helpline", ""), -1); len(bad) > 0 {
			t.Errorf("%s says %q", name, bad)
		}
		if out := append(tab.Outside(h.URL), tab.Problems()...); len(out) > 0 {
			t.Errorf("%s: %v", name, out)
		}
	}
	tab.Open(h.URL + "/setup")
	look("safety")
	tab.Press("Continue")
	look("you")
	tab.Press("Go on")
	look("you-wrong")
	tab.Type("#name", "Ana")
	tab.Type("#record", "Garden notes")
	tab.Press("Go on")
	look("ways")
	tab.Press("Choose a passphrase")
	tab.Press("Save")
	look("passphrase-wrong")
	tab.Type("#pass", passphrase)
	tab.Type("#again", passphrase)
	tab.Press("Save")
	look("secret")
	secret := strings.ReplaceAll(tab.Eval(`document.querySelector(".secret").textContent`), " ", "")
	tab.Press("Go on")
	look("secret-wrong")
	tab.Type("#code", h.codeOf(secret))
	tab.Press("Go on")
	look("ways-ready")
	tab.Press("Go on")
	look("sheet")
	tab.Press("Make the sheet")
	look("sheet-made")
	tab.Press("I have kept them: go on")
	tab.Open(h.URL + "/settings/passphrase")
	look("change-passphrase")
	tab.Open(h.URL + "/settings/codes")
	look("change-codes")
	tab.Open(h.URL + "/settings/passkey")
	look("add-passkey")
	other := h.window(t, chromium, nil)
	tab = other
	tab.Open(h.URL + "/signin")
	tab.Type("#name", "Ana")
	tab.Type("#pass", "x")
	tab.Press("Sign in")
	look("code")
	tab.Press("Go on")
	look("refused")
}
