package web_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

// Somebody who holds the mailbox, the name and even the passphrase gets in by no
// way of recovery; an adviser's word takes three days, in which it can be stopped.
func TestRecovery_C9(t *testing.T) {
	h := newHouse(t)
	maya, secret := h.known(h.maya)
	at := maya.post("/settings/sheet").Location
	codes := codesOf(maya.get(at))
	if len(codes) != 10 {
		t.Fatalf("got %d recovery codes", len(codes))
	}
	maya.goes(maya.post(at), 303, "/settings")

	other := h.browser()
	page := other.get("/recover")
	other.shows(page, 200, "Nobody can get in by mail alone", "72 hours")
	if strings.Contains(page.main(), `type="email"`) {
		t.Error("an address is asked for")
	}
	other.shows(other.post("/recover", "name", "Maya", "code", "k3f9-k3f9-k3f9-k3f9"), 422, "did not fit")
	other.shows(other.post("/recover", "name", "Tom", "code", codes[0]), 422, "did not fit")

	// With a sheet: new ways take the place of the old, and others are out.
	own := h.browser()
	own.goes(own.post("/recover", "name", "maya", "code", strings.ToUpper(codes[0])), 303, "/setup/safety")
	own.shows(own.get("/setup/ways"), 200, "stops working")
	maya.shows(maya.get("/settings"), 200, "setting up a new way in")
	own.setUpWays()
	own.shows(own.get("/settings"), 200, "You sign in as Maya", "There is no sheet with codes that work.")
	maya.goes(maya.get("/settings"), 303, "/signin")
	h.move(time.Minute)
	other.goes(other.post("/signin", "name", "Maya", "pass", passphrase), 303, "/signin/code")
	other.shows(other.post("/signin/code", "code", h.codeOf(secret)), 422, "did not fit")
	other.shows(other.post("/recover", "name", "Maya", "code", codes[0]), 422, "did not fit")
	other.shows(other.post("/recover", "name", "Maya", "code", codes[1]), 422, "did not fit")
}

var recoveryPattern = regexp.MustCompile(`<li><code>([0-9a-z-]{19})</code></li>`)

func codesOf(a answer) (codes []string) {
	for _, m := range recoveryPattern.FindAllStringSubmatch(a.Body, -1) {
		codes = append(codes, m[1])
	}
	return codes
}

func TestRecoveryThroughAnAdviser_C9(t *testing.T) {
	h := newHouse(t)
	maya := h.enter(h.maya)
	priya := daybook.Actor{ID: h.priya.ID, Role: string(cases.Manager), Via: "web"}
	first, err := h.desk.RequestRecovery(t.Context(), h.maya.ID, priya)
	h.ok(err)
	const notice = "A new way to sign in as you was asked for on 23 Nov 2026, 09:14 UTC. It can be used from 26 Nov 2026, 09:14 UTC."
	maya.shows(maya.get("/stored"), 200, notice) // on every page
	page := maya.get("/settings")
	maya.shows(page, 200, notice, "Asked for by Priya N. (adviser) on 23 Nov 2026")
	tom := h.enter(h.tom)
	tom.shows(tom.post("/settings/recoveries/"+first.ID), 404)
	if a := tom.get("/settings"); strings.Contains(a.Body, "Priya") {
		t.Error("somebody else sees it")
	}
	maya.goes(maya.post("/settings/recoveries/"+first.ID), 303, "/settings")
	maya.shows(maya.get("/settings"), 200, "It was stopped.")
	if a := maya.get("/settings"); strings.Contains(a.words(), "It was stopped.") || strings.Contains(a.words(), "Priya") {
		t.Error("it is said twice, or still waits")
	}
	h.move(signin.RecoveryHold)
	if _, _, err := h.desk.TakeRecovery(t.Context(), first.ID, priya); err == nil {
		t.Error("what was stopped can be taken")
	}
	second, err := h.desk.RequestRecovery(t.Context(), h.maya.ID, priya)
	h.ok(err)
	h.move(signin.RecoveryHold)
	code, _, err := h.desk.TakeRecovery(t.Context(), second.ID, priya)
	h.ok(err)
	b := h.browser()
	b.goes(b.post("/setup", "code", code), 303, "/setup/safety")
	b.setUpWays()
	b.shows(b.get("/settings"), 200, "You sign in as Maya")
}

// A new device may stop what somebody else asked for, and change nothing else.
func TestNewDevice_C9(t *testing.T) {
	h := newHouse(t)
	_, secret := h.known(h.maya)
	h.move(time.Minute)
	b := h.browser()
	b.post("/signin", "name", "Maya", "pass", passphrase)
	b.goes(b.post("/signin/code", "code", h.codeOf(secret)), 303, "/")
	waits, err := h.desk.RequestRecovery(t.Context(), h.maya.ID, daybook.Actor{ID: h.priya.ID, Role: string(cases.Manager), Via: "web"})
	h.ok(err)
	b.shows(b.get("/settings"), 200, "This device is new here", "until 24 Nov 2026, 09:15 UTC")
	sessions, err := h.desk.Sessions(t.Context(), h.maya.ID)
	h.ok(err)
	for _, path := range []string{
		"/settings/place", "/settings/passphrase", "/settings/codes", "/settings/sheet", "/settings/passkey/begin",
		"/settings/sessions", "/settings/sessions/" + sessions[len(sessions)-1].ID,
	} {
		if a := b.post(path, "zone", "Europe/Paris", "country", "FR", "pass", passphrase, "again", passphrase); a.Status != 403 || !strings.Contains(a.words(), "Not from this device yet") {
			t.Errorf("%s: got %d to %q", path, a.Status, a.Location)
		}
	}
	if left, err := h.desk.Sessions(t.Context(), h.maya.ID); err != nil || len(left) != len(sessions) {
		t.Errorf("got %d sessions, %v", len(left), err)
	}
	b.goes(b.post("/settings/recoveries/"+waits.ID), 303, "/settings")
}
