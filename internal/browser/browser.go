// Package browser drives a real Chromium in tests: opens pages, presses what a
// person would press, runs axe-core over what is shown, takes pictures, and keeps
// note of every request that a page made.
//
// One Chromium serves a whole test binary; each Tab has cookies and storage of
// its own.
package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"daybook/internal/need"
)

//go:embed vendored/axe.min.js
var axe string // axe-core 4.14.1, Mozilla Public License 2.0, see vendored/axe.LICENSE

// patience is how long a step may take on a machine that has other things to do.
const patience = 90 * time.Second

// A Browser is a running Chromium.
type Browser struct{ ctx context.Context }

// Start starts Chromium for a test and those below it. Without Chromium the test
// is skipped, or fails where everything has been installed. hosts says where names
// that are made up are to be found, whatever certificate is shown there:
// "social.example" at "127.0.0.1:1234". Nothing else has an address.
func Start(t testing.TB, hosts ...Host) *Browser {
	t.Helper()
	path := need.Tool(t, "chromium")
	dir, err := os.MkdirTemp("", "daybook-chromium-*") //nolint:usetesting // a late process of Chromium's must not fail the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Log(err) // Chromium's last process may still write there
		}
	})
	rules := []string{}
	for _, h := range hosts {
		rules = append(rules, "MAP "+h.Name+" "+h.Address)
	}
	rules = append(rules, "MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.0.0.1")
	alloc, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()),
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(dir), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")), chromedp.Flag("ignore-certificate-errors", len(hosts) > 0),
		chromedp.Flag("lang", "en-GB"), chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(patience))
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return &Browser{ctx}
}

// A Host is a made-up name and where it is found.
type Host struct{ Name, Address string }

// A Tab is one window with cookies of its own. Its methods fail the test when a
// step cannot be done.
type Tab struct {
	t        testing.TB
	ctx      context.Context
	noScript bool
	mu       sync.Mutex
	requests []string
	problems []string
}

// Tab opens a tab that is closed with the test.
func (b *Browser) Tab(t testing.TB) *Tab {
	t.Helper()
	tab := &Tab{t: t}
	var end context.CancelFunc
	tab.ctx, end = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.note))
	t.Cleanup(end)
	if err := chromedp.Do(tab.ctx); err != nil { // without a deadline: the tab lives as long as the context that opens it
		t.Fatal(err)
	}
	tab.call(func(ctx context.Context) error {
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, page.Enable, page.EnableParams{})
		return err
	})
	return tab
}

// note keeps what the page asked for and what it complained about.
func (tab *Tab) note(ev any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		tab.requests = append(tab.requests, ev.Request.URL)
	case *runtime.EventExceptionThrown:
		tab.problems = append(tab.problems, "script error: "+ev.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		tab.problems = append(tab.problems, "dialog: "+ev.Message)
	}
}

// Requests returns the addresses that were asked for since the last call.
func (tab *Tab) Requests() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	out := tab.requests
	tab.requests = nil
	return out
}

// Problems returns script errors and dialogs since the last call.
func (tab *Tab) Problems() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	out := tab.problems
	tab.problems = nil
	return out
}

func (tab *Tab) call(fn func(context.Context) error) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error { return fn(ctx) })); err != nil {
		tab.t.Fatal(err)
	}
}

func run[T any](tab *Tab, what string, a chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		tab.failed(what, err)
	}
	return v
}

// failed ends the test. What waited for too long may wait for something that the
// program holds: then it says what each goroutine does.
func (tab *Tab) failed(what string, err error) {
	tab.t.Helper()
	at, text := tab.where()
	if errors.Is(err, context.DeadlineExceeded) {
		stacks := make([]byte, 1<<20)
		tab.t.Logf("%s", stacks[:goruntime.Stack(stacks, true)])
	}
	tab.t.Fatalf("%s at %s: %v\n%s", what, at, err, text)
}

// where says what the tab shows, for a failure.
func (tab *Tab) where() (address, text string) {
	ctx, cancel := context.WithTimeout(tab.ctx, 10*time.Second)
	defer cancel()
	if at, err := chromedp.Run(ctx, chromedp.Location()); err == nil {
		address = at
	}
	if t, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText.slice(0, 1500) : ''")); err == nil {
		text = t
	}
	return address, text
}

// Open goes to an address and waits until the page is there.
func (tab *Tab) Open(address string) {
	tab.t.Helper()
	run(tab, "open "+address, chromedp.Navigate(address))
}

// Click presses the first element that a CSS selector finds and waits for a page
// that this may open.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	run(tab, "click "+selector, chromedp.Click(selector))
}

// Follow presses an element that opens another page, and waits for that page.
func (tab *Tab) Follow(selector string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector)); err != nil {
		tab.failed("follow "+selector, err)
	}
}

// Press is Follow for a button or link with this text.
func (tab *Tab) Press(text string) {
	tab.t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		tab.t.Fatal(err)
	}
	found := tab.Eval(fmt.Sprintf(`(() => { const x = [...document.querySelectorAll("button, a, summary")].find(e => e.innerText.trim() === %s && e.checkVisibility());
		if (!x) return "no"; document.querySelectorAll("[data-pressed]").forEach(e => e.removeAttribute("data-pressed")); x.setAttribute("data-pressed", ""); return "yes" })()`, quoted))
	if found != "yes" {
		at, body := tab.where()
		tab.t.Fatalf("there is no visible button or link %q at %s:\n%s", text, at, body)
	}
	tab.Follow("[data-pressed]")
}

// Type writes into a field, in the place of what is there.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	run(tab, "select "+selector, chromedp.Evaluate[string]("document.querySelector("+strconv.Quote(selector)+").select(); ''"))
	run(tab, "type into "+selector, chromedp.SendKeys(selector, text))
}

// Set sets the value of a field that is chosen rather than typed: select, date.
func (tab *Tab) Set(selector, value string) {
	tab.t.Helper()
	tab.Eval(fmt.Sprintf("(e => { e.value = %q; e.dispatchEvent(new Event('change', {bubbles: true})); return '' })(document.querySelector(%q))", value, selector))
}

// Upload chooses a file of this machine in a field for files.
func (tab *Tab) Upload(selector, path string) {
	tab.t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		tab.t.Fatal(err)
	}
	run(tab, "choose a file in "+selector, chromedp.SetUploadFiles(selector, []string{path}))
}

// Keys sends keys to the page.
func (tab *Tab) Keys(keys string) {
	tab.t.Helper()
	run(tab, "keys", chromedp.KeyEvent(keys))
}

// Back goes back in the history.
func (tab *Tab) Back() {
	tab.t.Helper()
	h := run(tab, "history", chromedp.NavigationEntries())
	if h.CurrentIndex == 0 {
		tab.t.Fatal("there is nothing to go back to")
	}
	want := h.Entries[h.CurrentIndex-1].ID
	tab.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: want})
		return err
	})
	// A page from the back cache does not load: what ends is the change of place.
	// A page may send the tab on from there, so the place can be another by now.
	// While one page goes and the other comes there may be none to ask.
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	for ; ; time.Sleep(20 * time.Millisecond) {
		now, err := chromedp.Run(ctx, chromedp.NavigationEntries())
		if err == nil && int(now.CurrentIndex) != int(h.CurrentIndex) {
			if state, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.readyState")); err == nil && state == "complete" {
				return
			}
		}
		if ctx.Err() != nil {
			tab.t.Fatal("went back, and nothing came")
		}
	}
}

// Reload loads the page anew.
func (tab *Tab) Reload() {
	tab.t.Helper()
	run(tab, "reload", chromedp.Reload())
}

// Text returns what a person can read on the page.
func (tab *Tab) Text() string {
	tab.t.Helper()
	return tab.Eval("document.body.innerText")
}

// HTML returns the page as it is now.
func (tab *Tab) HTML() string {
	tab.t.Helper()
	return tab.Eval("document.documentElement.outerHTML")
}

// Title returns the page's title.
func (tab *Tab) Title() string {
	tab.t.Helper()
	return run(tab, "title", chromedp.Title())
}

// Address returns where the tab is.
func (tab *Tab) Address() string {
	tab.t.Helper()
	return run(tab, "address", chromedp.Location())
}

// Eval runs a script whose value is a string.
func (tab *Tab) Eval(script string) string {
	tab.t.Helper()
	return run(tab, "script", chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
}

// WaitFor waits until a script is true, on this page or on one that comes after
// it.
func (tab *Tab) WaitFor(script string) {
	tab.t.Helper()
	var last error
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(tab.ctx, 10*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+script+")"))
		cancel()
		if ok && err == nil {
			return
		}
		last = err // a page that is just going away answers nothing
	}
	at, text := tab.where()
	tab.t.Fatalf("%s did not become true at %s (%v)\n%s", script, at, last, text)
}

// Cookie sets a cookie for a site.
func (tab *Tab) Cookie(site, name, value string) {
	tab.t.Helper()
	tab.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: site, Path: "/"})
		return err
	})
}

// Size makes the window so wide and high, in CSS pixels.
func (tab *Tab) Size(width, height int64) {
	tab.t.Helper()
	run(tab, "size", chromedp.EmulateViewport(width, height))
}

// Dark switches the colour scheme that the person prefers.
func (tab *Tab) Dark(on bool) {
	tab.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	tab.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	})
}

// Script switches the page's own scripts on or off, from the next page on.
func (tab *Tab) Script(on bool) {
	tab.t.Helper()
	tab.call(func(ctx context.Context) error {
		tab.noScript = !on
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// Authenticator gives the tab a passkey device that says yes.
func (tab *Tab) Authenticator() {
	tab.t.Helper()
	tab.call(func(ctx context.Context) error {
		if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		return err
	})
}

// Picture takes a picture of the whole page and writes it to a file (PNG).
func (tab *Tab) Picture(file string) {
	tab.t.Helper()
	png := run(tab, "picture", chromedp.FullScreenshot(100))
	if err := os.WriteFile(file, png, 0o600); err != nil {
		tab.t.Fatal(err)
	}
}

// Overflow returns by how many CSS pixels the page is wider than the window.
func (tab *Tab) Overflow() string {
	tab.t.Helper()
	return tab.Eval("String(document.documentElement.scrollWidth - document.documentElement.clientWidth)")
}

// Axe runs axe-core over the page with everything unfolded and returns what it
// holds against it, one line each: rule, impact and the first place.
func (tab *Tab) Axe() []string {
	tab.t.Helper()
	if tab.noScript { // axe waits with timers, which do not run then
		tab.Script(true)
		defer tab.Script(false)
	}
	tab.Eval(`document.querySelectorAll("details").forEach(d => d.open = true); "done"`)
	// Chromium's developer tools do this, whatever the page's policy says.
	tab.Eval(axe + `; "done"`)
	out := tab.Eval(`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => JSON.stringify(r.violations.map(v => v.id + " (" + v.impact + "): " + v.nodes.map(n => n.target.join(" ") + " " + n.html.slice(0, 160)).slice(0, 3).join(" | "))))`)
	var list []string
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		tab.t.Fatalf("axe answered %q: %v", out, err)
	}
	slices.Sort(list)
	return list
}

// Outside returns those requests since the last call that went anywhere but to
// the given sites. Chromium's own data: icons are no request.
func (tab *Tab) Outside(sites ...string) (out []string) {
	for _, r := range tab.Requests() {
		if strings.HasPrefix(r, "data:") || slices.ContainsFunc(sites, func(s string) bool { return strings.HasPrefix(r, s) }) {
			continue
		}
		out = append(out, r)
	}
	return out
}
