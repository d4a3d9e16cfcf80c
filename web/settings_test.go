package web_test

import (
	"strings"
	"testing"
	"time"

	"daybook/cases"
)

func TestSettings(t *testing.T) {
	h := newHouse(t)
	maya, secret := h.known(h.maya)
	h.move(time.Minute)
	other := h.browser()
	other.post("/signin", "name", "Maya", "pass", passphrase)
	other.goes(other.post("/signin/code", "code", h.codeOf(secret)), 303, "/")
	a := maya.get("/settings")
	maya.shows(a, 200, "this one", "last seen 23 Nov 2026, 09:15 UTC", "New: it can change nothing that matters until 24 Nov 2026, 09:15 UTC", "There is no sheet with codes that work.")
	if a.title() != "Settings – Daybook" || strings.Contains(a.words(), "Your code") {
		t.Errorf("got title %q, or a code that a person does not need", a.title())
	}
	maya.goes(maya.post("/settings/sessions"), 303, "/settings")
	maya.shows(maya.get("/settings"), 200, "Signed out there.")
	other.goes(other.get("/settings"), 303, "/signin")
	if strings.Contains(maya.get("/settings").words(), "Signed out there.") {
		t.Error("it is said twice")
	}
}

func TestEndOneSession(t *testing.T) {
	h := newHouse(t)
	maya, secret := h.known(h.maya)
	tom := h.enter(h.tom)
	h.move(time.Minute)
	other := h.browser()
	other.post("/signin", "name", "Maya", "pass", passphrase)
	other.post("/signin/code", "code", h.codeOf(secret))
	all, err := h.desk.Sessions(t.Context(), h.maya.ID)
	h.ok(err)
	if len(all) != 2 {
		t.Fatalf("got %d sessions", len(all))
	}
	for _, s := range all {
		tom.shows(tom.post("/settings/sessions/"+s.ID), 404)
	}
	for _, s := range all {
		if s.HeldTill.IsZero() {
			continue
		}
		maya.goes(maya.post("/settings/sessions/"+s.ID), 303, "/settings")
	}
	other.goes(other.get("/settings"), 303, "/signin")
	maya.shows(maya.get("/settings"), 200)
}

// Who leaves, or has no access any more, is out at their next request.
func TestLeaversAreOut_D6(t *testing.T) {
	h := newHouse(t)
	priya := h.enter(h.priya)
	priya.shows(priya.get("/settings"), 200, "Your code", h.priya.ID)
	h.ok(h.cases.Leave(t.Context(), operator, h.priya.ID))
	priya.goes(priya.get("/settings"), 303, "/signin")
	b := h.browser()
	b.goes(b.post("/signin", "name", "Priya N.", "pass", passphrase), 303, "/signin/code")
	b.shows(b.post("/signin/code", "code", "123456"), 422, "did not fit")
}

func TestPlace(t *testing.T) {
	h := newHouse(t)
	b := h.enter(h.maya)
	a := b.get("/settings")
	b.shows(a, 200, "0808 802 0300")
	b.shows(b.post("/settings/place", "zone", "", "country", "DE"), 422, "Choose the time zone in which you live.")
	b.goes(b.post("/settings/place", "zone", "Asia/Kolkata", "country", "DE"), 303, "/settings")
	a = b.get("/settings")
	b.shows(a, 200, "Saved.", "23 Nov 2026, 14:44 IST", "112")
	if !strings.Contains(a.Body, `<option value="DE" selected>`) || strings.Contains(a.words(), "0808") {
		t.Error("the country was not chosen")
	}
	b.goes(b.post("/settings/place", "zone", "Asia/Kolkata", "country", "nowhere"), 303, "/settings")
	a = b.get("/settings")
	b.shows(a, 200, "from a mobile phone in most countries")
	if !strings.Contains(a.Body, `<option value="XX" selected>`) || strings.Contains(a.words(), "0808") {
		t.Error("another country is not one without numbers")
	}
}

// What matters asks for a fresh sign-in first, and then goes on to where the
// visit wanted to go.
func TestStepUp(t *testing.T) {
	h := newHouse(t)
	b, secret := h.known(h.maya)
	h.move(2 * time.Minute)
	b.shows(b.get("/settings"), 200)
	h.move(3 * time.Minute)
	for _, path := range []string{"/settings/passphrase", "/settings/codes", "/settings/sheet", "/settings/passkey"} {
		b.goes(b.get(path), 303, "/again")
		b.goes(b.post(path+map[string]string{"/settings/passkey": "/begin"}[path], "pass", passphrase+"x", "again", passphrase+"x"), 303, "/again")
	}
	b.goes(b.get("/settings/sheet"), 303, "/again")
	page := b.get("/again")
	b.shows(page, 200, "Show that it is you")
	if strings.Contains(page.Body, "data-passkey") {
		t.Error("a passkey is asked for that is not there")
	}
	b.shows(b.post("/again", "pass", passphrase, "code", "000000"), 422, "did not fit")
	b.shows(b.post("/again", "with", "passkey"), 422, "A passkey needs a browser")
	b.goes(b.post("/again", "pass", passphrase, "code", h.codeOf(secret)), 303, "/settings/sheet")
	b.shows(b.get("/settings/sheet"), 200, "Ten codes")
	for range 5 {
		b.shows(b.post("/again", "pass", "x", "code", "000000"), 422)
	}
	b.shows(b.post("/again", "pass", "x", "code", "000000"), 429, "too many tries")
}

func TestChangeOfPassphrase(t *testing.T) {
	h := newHouse(t)
	b, secret := h.known(h.maya)
	const changed = "a wholly different row of words"
	b.shows(b.get("/settings/passphrase"), 200, "At least 12 characters", "Your other devices are signed out by this.")
	b.shows(b.post("/settings/passphrase", "pass", "maya maya maya", "again", "maya maya maya"), 422, "too easy to guess")
	b.goes(b.post("/settings/passphrase", "pass", changed, "again", changed), 303, "/settings")
	b.shows(b.get("/settings"), 200, "The passphrase was changed.")
	h.move(time.Minute)
	other := h.browser()
	other.post("/signin", "name", "Maya", "pass", passphrase)
	other.shows(other.post("/signin/code", "code", h.codeOf(secret)), 422)
	h.move(time.Minute)
	other.post("/signin", "name", "Maya", "pass", changed)
	other.goes(other.post("/signin/code", "code", h.codeOf(secret)), 303, "/")
}

func TestChangeOfCodes(t *testing.T) {
	h := newHouse(t)
	b, old := h.known(h.maya)
	at := b.post("/settings/codes").Location
	secret := secretOf(b.get(at))
	if secret == "" || secret == old {
		t.Fatalf("got secret %q", secret)
	}
	h.move(4 * time.Minute) // it takes a while to set up an app
	b.get("/settings")
	h.move(2 * time.Minute)
	b.shows(b.get(at), 200)
	b.goes(b.post(at, "code", h.codeOf(secret)), 303, "/settings")
	b.shows(b.get("/settings"), 200, "One-time codes were changed.")
	b.goes(b.get(at), 303, "/settings/codes") // it is not shown again
}

func TestSheetIsShownOnce(t *testing.T) {
	h := newHouse(t)
	b, _ := h.known(h.maya)
	first := b.post("/settings/sheet").Location
	old := codesOf(b.get(first))
	b.goes(b.post(first), 303, "/settings")
	b.goes(b.get(first), 303, "/settings/sheet")
	b.shows(b.get("/settings/sheet"), 200, "You have a sheet with 10 codes left.")
	tom := h.enter(h.tom)
	second := b.post("/settings/sheet").Location
	tom.goes(tom.get(second), 303, "/settings/sheet")
	if codes := codesOf(b.get(second)); len(codes) != 10 || codes[0] == old[0] {
		t.Errorf("got codes %v", codes)
	}
	other := h.browser()
	other.shows(other.post("/recover", "name", "Maya", "code", old[0]), 422)
}

// The pages that show a secret are not there for an adviser, and not in the page
// of anybody else: every address of a session is its own.
func TestAddressesOfASession(t *testing.T) {
	h := newHouse(t)
	b, _ := h.known(h.maya)
	at := b.post("/settings/codes").Location
	for _, u := range []cases.User{h.tom, h.priya} {
		other := h.enter(u)
		other.goes(other.get(at), 303, "/settings/codes")
		other.shows(other.post(at, "code", "000000"), 422)
	}
}
