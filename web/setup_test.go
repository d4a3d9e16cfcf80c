package web_test

import (
	"strings"
	"testing"
	"time"

	"daybook/cases"
	"daybook/signin"
)

// begin lets a browser in with a code.
func (h *house) begin(purpose signin.Purpose, u cases.User) *browserClient {
	h.t.Helper()
	code, _, err := h.desk.NewCode(h.t.Context(), purpose, u.ID, operator)
	h.ok(err)
	b := h.browser()
	b.user = u
	b.goes(b.post("/setup", "code", strings.ToUpper(strings.ReplaceAll(code, "-", " "))), 303, "/setup/safety")
	return b
}

// The first run of an instance: a code, the page about watched devices before
// anything else, who one is, a way to sign in, a sheet.
func TestFirstRun(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.goes(b.get("/"), 303, "/setup")
	b.shows(b.get("/setup"), 200, "Nobody can sign in here yet.")
	b.shows(b.post("/setup", "code", "k3f9-k3f9-k3f9-k3f9"), 422, "This code does not fit.")
	b = h.begin(signin.FirstUp, cases.User{})
	b.goes(b.get("/setup"), 303, "/setup/safety")
	if a := b.get("/setup/safety"); !strings.Contains(a.Body, `href="/setup/you"`) {
		t.Error("the page does not lead on")
	}
	b.goes(b.get("/setup/ways"), 303, "/setup/you")
	page := b.get("/setup/you")
	b.shows(page, 200, "What you are called here", "What your record is called")
	for _, want := range []string{`<option value="Europe/London" selected>`, `<option value="GB" selected>`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("%s is not in the page", want)
		}
	}
	b.goes(b.post("/setup/you", "name", "Ana <Ruiz>", "record", "Garden notes", "zone", "Europe/Madrid", "country", "ES"), 303, "/setup/ways")
	b.goes(b.get("/setup/you"), 303, "/setup/ways")
	b.goes(b.post("/setup/you", "name", "Another", "record", "Another", "zone", "Europe/Madrid"), 303, "/setup/ways")
	ana, err := h.cases.FindUser(t.Context(), "Ana <Ruiz>")
	h.ok(err)
	if ana.Zone != "Europe/Madrid" || ana.Country != "ES" {
		t.Errorf("got zone %q and country %q", ana.Zone, ana.Country)
	}
	b.goes(b.post("/setup/done"), 303, "/setup/ways") // there is no way to sign in yet
	if a := b.get("/setup/ways"); strings.Contains(a.Body, "/setup/sheet") {
		t.Error("it goes on without a way to sign in")
	}
	secret := secretOf(b.get(b.post("/setup/passphrase", "pass", passphrase, "again", passphrase).Location))
	if secret == "" {
		t.Fatal("no secret is shown")
	}
	b.goes(b.get("/settings"), 303, "/signin") // it is not a session yet
	b = h.browser()
	b.goes(b.get("/settings"), 303, "/signin")
}

// What was begun in one browser tab is finished, and the person is in their own
// record.
func TestFirstRunEndsAtHome(t *testing.T) {
	h := newHouse(t)
	b := h.begin(signin.FirstUp, cases.User{})
	b.post("/setup/you", "name", "Ana", "record", "Garden notes", "zone", "Europe/Madrid", "country", "ES")
	at := b.post("/setup/passphrase", "pass", passphrase, "again", passphrase).Location
	secret := secretOf(b.get(at))
	b.goes(b.post(at, "code", h.codeOf(secret)), 303, "/setup/ways")
	b.shows(b.get("/setup/ways"), 200, "Set up", "That is enough to sign in.")
	b.shows(b.get("/setup/sheet"), 200, "Ten codes", "Without a sheet")
	sheet := b.post("/setup/sheet").Location
	page := b.get(sheet)
	codes := codesOf(page)
	b.shows(page, 200, "Made on 23 Nov 2026")
	if len(codes) != 10 {
		t.Fatalf("got %d codes", len(codes))
	}
	if again := b.get(sheet); len(codesOf(again)) != 10 {
		t.Error("the sheet cannot be looked at again before it is kept")
	}
	b.goes(b.post(sheet), 303, "/")
	home := b.get("/").Location
	if !strings.HasPrefix(home, "/c/") || !strings.HasSuffix(home, "/overview") {
		t.Errorf("got %s", home)
	}
	b.shows(b.get("/settings"), 200, "You sign in as Ana", "10 codes are left.", "CET")
	b.goes(b.get(sheet), 303, "/signin") // that session is gone
	h.move(time.Minute)
	other := h.browser()
	other.goes(other.get("/"), 303, "/signin")
	other.goes(other.post("/recover", "name", "Ana", "code", codes[3]), 303, "/setup/safety")
}

// Before anything else, the person reads what a browser keeps and who may watch.
func TestSafetyFirst_C4(t *testing.T) {
	h := newHouse(t)
	for name, b := range map[string]*browserClient{
		"first run":     h.begin(signin.FirstUp, cases.User{}),
		"first visit":   h.begin(signin.SetUp, h.maya),
		"after a loss":  h.begin(signin.Recover, h.tom),
		"of an adviser": h.begin(signin.SetUp, h.priya),
	} {
		a := b.get("/setup/safety")
		b.shows(a, 200, "The browser keeps a list of the pages you visit.", "Some phones and computers are watched",
			"use a device that nobody else has had in their hands", "Suddenly clearing the whole history can itself be noticed.",
			"Continue", "Not now: leave", "It does not remove the pages you have seen from the history")
		for _, promise := range []string{"safe from", "secret from", "nobody can see", "cannot be seen", "invisible", "anonymous"} {
			if strings.Contains(strings.ToLower(a.words()), promise) {
				t.Errorf("%s: %q is promised", name, promise)
			}
		}
		if a.title() != "Daybook" {
			t.Errorf("%s: got title %q", name, a.title())
		}
	}
	b := h.browser()
	b.shows(b.get("/safety"), 200, "Suddenly clearing the whole history can itself be noticed.")
}

func TestSetUpFormsWithMistakes(t *testing.T) {
	h := newHouse(t)
	b := h.begin(signin.FirstUp, cases.User{})
	for _, tt := range []struct {
		name string
		form []string
		want string
	}{
		{"nothing", nil, "Choose what you are called."},
		{"no record", []string{"name", "Ana", "zone", "Europe/Madrid"}, "Choose a name for your record."},
		{"no zone", []string{"name", "Ana", "record", "Notes"}, "Choose the time zone in which you live."},
		{"a zone that is none", []string{"name", "Ana", "record", "Notes", "zone", "../etc/passwd"}, "Choose the time zone in which you live."},
		{"this machine's zone", []string{"name", "Ana", "record", "Notes", "zone", "Local"}, "Choose the time zone in which you live."},
		{"a name that is taken", []string{"name", "MAYA", "record", "Notes", "zone", "Europe/Madrid"}, "This name cannot be used"},
		{"hidden characters", []string{"name", "An\u202ea", "record", "Notes", "zone", "Europe/Madrid"}, "This name cannot be used"},
	} {
		a := b.post("/setup/you", tt.form...)
		b.shows(a, 422, tt.want)
		if !strings.Contains(a.Body, `aria-invalid="true"`) {
			t.Errorf("%s: no field is marked", tt.name)
		}
	}
	a := b.post("/setup/you", "name", `"><script>alert(1)</script>`, "zone", "Asia/Kolkata", "country", "DE")
	for _, want := range []string{`value="&#34;&gt;&lt;script&gt;`, `<option value="Asia/Kolkata" selected>`, `<option value="DE" selected>`} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("what was typed is not there again: %s", want)
		}
	}
	b = h.begin(signin.SetUp, h.maya)
	b.goes(b.get("/setup/you"), 303, "/setup/ways")
	b.shows(b.post("/setup/passphrase", "pass", passphrase, "again", "something else"), 422, "The two were not the same.")
	for _, weak := range []string{"", "short", "password1234"} {
		b.shows(b.post("/setup/passphrase", "pass", weak, "again", weak), 422, "This one is too easy to guess")
	}
	at := b.post("/setup/passphrase", "pass", passphrase, "again", passphrase).Location
	first := b.get(at)
	b.shows(b.post(at, "code", "000000"), 422, "These digits did not fit.")
	if again := b.post(at, "code", ""); secretOf(again) == "" || secretOf(again) != secretOf(first) {
		t.Error("after a wrong code the secret is another one")
	}
	if !strings.Contains(first.Body, `<svg class="qr" viewBox="0 0 `) || !strings.Contains(first.Body, ` d="M`) {
		t.Error("there is no QR code")
	}
	for _, path := range []string{"/setup/codes/nothing", "/setup/sheet/nothing"} {
		if a := b.get(path); a.Status != 303 || !strings.HasPrefix(path, a.Location) {
			t.Errorf("%s: got %d to %s", path, a.Status, a.Location)
		}
	}
}

// A set-up shows nothing to another browser, and gives no way into the app.
func TestSetUpIsOneBrowsers(t *testing.T) {
	h := newHouse(t)
	b := h.begin(signin.SetUp, h.maya)
	at := b.post("/setup/passphrase", "pass", passphrase, "again", passphrase).Location
	for _, other := range []*browserClient{h.browser(), h.enter(h.tom)} {
		for _, path := range []string{at, "/setup/ways", "/setup/safety", "/setup/sheet", "/setup/passkey"} {
			other.goes(other.get(path), 303, "/signin")
		}
	}
	tom := h.begin(signin.Recover, h.tom)
	tom.goes(tom.get(at), 303, "/setup/codes")
	for _, path := range []string{"/settings", "/again", "/settings/codes"} {
		b.goes(b.get(path), 303, "/signin")
	}
	h.move(31 * time.Minute)
	b.goes(b.get("/setup/ways"), 303, "/signin")
}
