package web_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/store"
	"daybook/web"
)

// These tests walk whatever the route table holds.

func TestRouteTableAgainstAuditTable_D7(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range newHouse(t).table().routes {
		name := pattern(r)
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if (r.Entry == "") == (r.Why == "") {
			t.Errorf("%s: of an entry and a reason why there is none, one is needed", name)
		}
		inCase := strings.HasPrefix(r.Path, "/c/{case}/")
		if (r.Who == "in case") != inCase {
			t.Errorf("%s is %s", name, r.Who)
		}
		if inCase != slices.Contains(cases.Actions(), r.Action) {
			t.Errorf("%s: the action is %q", name, r.Action)
		}
		if !inCase && r.Entry != "" {
			t.Errorf("%s: there is no case to write an entry into", name)
		}
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			t.Errorf("%s: a form sends GET or POST", name)
		}
	}
}

var errFull = errors.New("the disk is full")

// faulty is a log that cannot be written while it fails.
type faulty struct {
	*archive.Log
	fails *atomic.Bool
}

func (f faulty) Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (uint64, error) {
	if f.fails.Load() {
		return 0, errFull
	}
	return f.Log.Append(ctx, c, batch)
}

// withFaults puts a log behind the pages that fails when it is told to.
func withFaults(fails *atomic.Bool) func(*web.Config) {
	return func(c *web.Config) {
		db := c.Store.(*store.DB)
		log := c.Log
		c.Cases = cases.New(cases.Config{
			Store: db, Log: faulty{log, fails}, Messages: db, Schedule: noSchedule{}, Clock: c.Clock, Logger: c.Logger,
			CatchUp: func(ctx context.Context, id daybook.CaseID) error { return log.CatchUp(ctx, id, db.Messages(nil)) },
		})
	}
}

type noSchedule struct{}

func (noSchedule) Poll(context.Context, daybook.Account) error          { return nil }
func (noSchedule) Revoke(context.Context, daybook.Account, int64) error { return nil }

// Every visit that should leave an entry leaves it, before anything is shown: if
// it cannot be written, an adviser sees nothing, and the person reads on.
func TestEveryVisitIsWrittenDownFirst_D7(t *testing.T) {
	var fails atomic.Bool
	h := newHouse(t, withFaults(&fails))
	h.tell()
	h.furnish(h.mayas, h.maya)
	maya, priya := h.signer(h.maya), h.signer(h.priya)
	f := h.explore(maya.browserClient, h.mayas)
	path := func(r web.RouteSeen) string {
		if known := f.paths[pattern(r)]; len(known) > 0 {
			return known[len(known)-1]
		}
		return anyID(r.Path, h.mayas)
	}
	b, from := maya.signIn(maya.device), h.size(h.mayas)
	var entries []web.RouteSeen
	for _, r := range h.table().inCase() {
		if r.Entry == "" {
			continue
		}
		entries = append(entries, r)
		b.do(r.Method, path(r), nil)
	}
	if len(entries) == 0 {
		t.Fatal("no route has an entry")
	}
	written := h.newEntries(h.mayas, from)
	for _, r := range entries {
		if want := "Maya " + string(r.Action) + " " + r.Entry; !slices.Contains(written, want) {
			t.Errorf("%s did not write %q", pattern(r), want)
		}
	}

	mayas, priyas := maya.signIn(maya.device), priya.signIn(priya.device)
	fails.Store(true)
	for _, r := range h.table().inCase() {
		form := f.forms[pattern(r)]
		got := priyas.do(r.Method, path(r), form)
		if r.Entry != "" && got.Status != http.StatusInternalServerError {
			t.Errorf("%s: an adviser got %d without an entry", pattern(r), got.Status)
		}
		if r.Entry != "" || r.Action == cases.Content || r.Action == cases.Search {
			for _, m := range append(contents, "nightjar", "quietharbour") {
				if strings.Contains(got.Body, m) {
					t.Errorf("%s: an adviser saw %q without an entry", pattern(r), m)
				}
			}
		}
		if r.Entry == "" {
			continue
		}
		switch got := mayas.do(r.Method, path(r), form); {
		case r.Action.Reads() && got.Status >= 500:
			t.Errorf("%s: the person got %d while the log cannot be written", pattern(r), got.Status)
		case !r.Action.Reads() && got.Status != http.StatusInternalServerError:
			t.Errorf("%s: the person got %d without an entry", pattern(r), got.Status)
		}
	}
}

// Every role may do through the pages what cases says, and nothing else; what
// was refused is in the log.
func TestEveryRoleAgainstEveryRoute_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	for _, role := range cases.Roles() {
		t.Run(string(role), func(t *testing.T) {
			u := h.user("Somebody who is " + string(role))
			h.grant(h.mayas, u, role)
			b := h.enter(u)
			for _, r := range h.table().inCase() {
				from := h.size(h.mayas)
				got := b.do(r.Method, anyID(r.Path, h.mayas), nil)
				refused := 0
				for _, e := range h.newEntries(h.mayas, from) {
					if e == u.Name+" "+string(r.Action)+" was refused" {
						refused++
					}
				}
				switch may := role.May(r.Action); {
				case may && refused > 0:
					t.Errorf("%s: a %s was refused, got %d", pattern(r), role, got.Status)
				case may && got.Status >= 500:
					t.Errorf("%s: got %d", pattern(r), got.Status)
				case may && got.Status == http.StatusSeeOther && (got.Location == "/signin" || got.Location == "/again"):
					t.Errorf("%s: was sent to %s", pattern(r), got.Location)
				case !may && got.Status != http.StatusForbidden:
					t.Errorf("%s: a %s got %d, want 403", pattern(r), role, got.Status)
				case !may && refused != 1:
					t.Errorf("%s: the refusal left %d entries, want 1", pattern(r), refused)
				}
			}
		})
	}
}

// What changes who may come in asks for a fresh sign-in, and settings are not
// changed from a device that was never seen before.
func TestFreshSignInAndNewDevices_C8_C9(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.signer(h.maya)
	routes := h.table().routes
	stale := maya.signIn(maya.device)
	for range 2 {
		h.move(3 * time.Minute) // longer than a fresh sign-in counts, in steps that do not lock
		if got := stale.get("/settings"); got.Status != 200 {
			t.Fatalf("settings: got %d to %q", got.Status, got.Location)
		}
	}
	strong, settled := 0, 0
	for _, r := range routes {
		if !r.Strong {
			continue
		}
		strong++
		if got := stale.do(r.Method, anyID(r.Path, h.mayas), nil); got.Status != http.StatusSeeOther || got.Location != "/again" {
			t.Errorf("%s: got %d to %q, want to be asked again", pattern(r), got.Status, got.Location)
		}
	}
	fresh := maya.signIn("")
	for _, r := range routes {
		if !r.Settled {
			continue
		}
		settled++
		if got := fresh.do(r.Method, anyID(r.Path, h.mayas), nil); got.Status != http.StatusForbidden || !strings.Contains(readable(t, got.Body), "Not from this device yet") {
			t.Errorf("%s from a new device: got %d to %q", pattern(r), got.Status, got.Location)
		}
	}
	if strong == 0 || settled == 0 {
		t.Error("no route asks for it")
	}
}

var headers = map[string]string{
	"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
	"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow",
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
}

// Every answer of every route, signed in and out, with what is there and with
// what is not.
func TestEveryAnswer_C3_C12_E1(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.furnish(h.mayas, h.maya)
	maya := h.signer(h.maya)
	f := h.explore(maya.browserClient, h.mayas)
	out := h.browser()
	for _, r := range h.table().routes {
		paths := append(slices.Clone(f.paths[pattern(r)]), anyID(r.Path, h.mayas))
		for _, path := range paths {
			in := maya.signIn(maya.device) // a POST may have ended the one before
			for _, a := range []answer{in.do(r.Method, path, f.forms[pattern(r)]), out.do(r.Method, path, nil)} {
				checkAnswer(t, h, pattern(r), a)
			}
		}
	}
	for _, path := range []string{"/nothing/here", "/c/", "/c/" + string(h.mayas), "/c/" + string(h.mayas) + "/nothing", "/static/"} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			checkAnswer(t, h, method+" "+path, out.do(method, path, nil))
		}
	}
}

var outside = regexp.MustCompile(`(?i)^\s*([a-z][a-z0-9+.-]*:|//|\\)`)

func checkAnswer(t *testing.T, h *house, name string, a answer) {
	t.Helper()
	for k, want := range headers {
		got := a.Header.Get(k)
		if k == "Content-Security-Policy" && got == "sandbox; default-src 'none'" { // a download: stricter still
			continue
		}
		if got != want {
			t.Errorf("%s (%d): %s is %q", name, a.Status, k, got)
		}
	}
	if a.Status >= 500 {
		t.Errorf("%s: got %d", name, a.Status)
	}
	if strings.Contains(a.Location, "?") && !outside.MatchString(a.Location) {
		t.Errorf("%s goes on to an address with a query: %s", name, a.Location)
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || a.Status/100 == 3 || a.Body == "" {
		return
	}
	title, _, _ := strings.Cut(between(a.Body, "<title>", "</title>"), " – ")
	if !slices.Contains(neutralTitles, title) {
		t.Errorf("%s has the title %q", name, title)
	}
	if bad := forbiddenWords.FindAllString(strings.ReplaceAll(readable(t, a.Body), "National Stalking Helpline", ""), -1); len(bad) > 0 {
		t.Errorf("%s says %q", name, bad)
	}
	for _, e := range elementsOf(t, a.Body) {
		switch {
		case e.Data == "style":
			t.Errorf("%s has a style of its own", name)
		case e.Data == "script" && (!strings.HasPrefix(attribute(e, "src"), "/static/") || e.FirstChild != nil):
			t.Errorf("%s has a script of its own", name)
		case slices.Contains([]string{"iframe", "object", "embed", "base", "audio", "video"}, e.Data):
			t.Errorf("%s has a %s", name, e.Data)
		}
		for _, at := range e.Attr {
			switch {
			case at.Key == "style", strings.HasPrefix(at.Key, "on"):
				t.Errorf("%s: a %s has %s", name, e.Data, at.Key)
			case at.Key == "data-to" && at.Val == web.DefaultLeave:
			// The person's own server, where they agree and take that back.
			case at.Key == "href" && e.Data == "a" && strings.HasPrefix(at.Val, "https://social.example/") && attribute(e, "rel") == "noreferrer":
			case slices.Contains([]string{"href", "src", "action", "formaction", "poster", "srcset", "data-to"}, at.Key):
				if outside.MatchString(at.Val) {
					t.Errorf("%s: %s leads outside: %s", name, at.Key, at.Val)
				}
				if strings.Contains(at.Val, "?") {
					t.Errorf("%s: %s has a query: %s", name, at.Key, at.Val)
				}
			}
		}
		if e.Data == "form" && !strings.EqualFold(attribute(e, "method"), "post") {
			t.Errorf("%s: a form to %q would send what is typed in the address", name, attribute(e, "action"))
		}
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
