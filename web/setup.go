package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

// The first visit of everybody: a code lets them in, then the page about
// watched devices comes before anything else.

func (s *Server) setUpRoutes() []route {
	const why = "before there is a way in; nothing of a case is shown"
	return slices.Concat([]route{
		{method: "GET", path: "/setup", who: anyone, why: why, handle: (*request).setUpPage},
		{method: "POST", path: "/setup", who: anyone, why: why, handle: (*request).setUp},
		{method: "GET", path: "/setup/safety", who: settingUp, why: why, handle: (*request).firstSafety},
		{method: "GET", path: "/setup/you", who: settingUp, why: why, handle: (*request).youPage},
		{method: "POST", path: "/setup/you", who: settingUp, why: "the log of the new record begins with it", handle: (*request).you},
		{method: "GET", path: "/setup/ways", who: settingUp, why: why, handle: (*request).waysPage},
		{method: "POST", path: "/setup/done", who: settingUp, why: why, handle: (*request).finishSetUp},
	}, wayRoutes("/setup", settingUp))
}

// setUpPage is the page setup.html.
type setUpPage struct {
	First bool // nobody can sign in yet
	Wrong bool
}

func (r *request) setUpPage() error {
	_, _, err := r.s.Desk.SettingUp(r.Context(), r.cookie(sessionCookie))
	if err == nil {
		return r.to("/setup/safety")
	}
	if !errors.Is(err, signin.ErrNoSession) {
		return err
	}
	return r.showSetUp(http.StatusOK, false)
}

func (r *request) showSetUp(status int, wrong bool, notices ...notice) error {
	ready, err := r.s.Desk.AnyReady(r.Context())
	if err != nil {
		return err
	}
	return r.render(status, "setup", "brand", setUpPage{First: !ready, Wrong: wrong}, notices...)
}

func (r *request) setUp() error {
	token, device, _, err := r.s.Desk.UseCode(r.Context(), r.door(), r.form("code"))
	if wait, ok := r.wait(err); ok {
		return r.showSetUp(http.StatusTooManyRequests, false, wait)
	}
	if errors.Is(err, signin.ErrRefused) {
		return r.showSetUp(http.StatusUnprocessableEntity, true)
	}
	if err != nil {
		return err
	}
	r.letIn(token, device)
	return r.to("/setup/safety")
}

// firstSafetyPage is the page setup-safety.html.
type firstSafetyPage struct {
	Next string
	Once bool // what let them in is used up: a code of a recovery sheet
}

func (r *request) firstSafety() error {
	next := "/setup/ways"
	if r.session.User == "" {
		next = "/setup/you"
	}
	return r.render(http.StatusOK, "setup-safety", "brand", firstSafetyPage{next, r.code.Purpose == signin.Recover && r.code.By.ID == r.session.User})
}

// youPage is the page setup-you.html.
type youPage struct {
	Name, Record string
	Place        placeForm
	Wrong        map[string]string // by field
}

// A placeForm is the choice of a time zone and a country.
type placeForm struct {
	Zone, Country string
	Zones         []zoneGroup
	Countries     []country
	Other         string // the code for a country that is not in the list
	Wrong         string // about the zone
}

func (s *Server) placeForm(zone, country string) placeForm {
	return placeForm{Zone: zone, Country: country, Zones: zoneGroups(zone), Countries: s.countries.list(), Other: otherCountry}
}

// placeOf reads the choice. A country that is where this instance is run is
// saved too: it does not change when the instance moves.
func (r *request) placeOf() (p placeForm, ok bool) {
	p = r.s.placeForm("", r.form("country"))
	if _, known := r.s.countries.byCode[p.Country]; !known {
		p.Country = otherCountry
	}
	zone := r.form("zone")
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		p.Wrong = "place.zone.wrong"
		return p, false
	}
	p.Zone, p.Zones = zone, zoneGroups(zone)
	return p, true
}

func (r *request) youPage() error {
	if r.session.User != "" {
		return r.to("/setup/ways")
	}
	here := r.s.countries.byCode[r.s.Country]
	code := here.Code
	if code == "" {
		code = otherCountry
	}
	return r.render(http.StatusOK, "setup-you", "brand", youPage{Place: r.s.placeForm(here.Zone, code)})
}

func (r *request) you() error {
	if r.session.User != "" {
		return r.to("/setup/ways")
	}
	page := youPage{Name: r.form("name"), Record: r.form("record"), Wrong: map[string]string{}}
	if page.Name == "" {
		page.Wrong["name"] = "setup.you.name.empty"
	}
	if page.Record == "" {
		page.Wrong["record"] = "setup.you.record.empty"
	}
	var ok bool
	if page.Place, ok = r.placeOf(); !ok || len(page.Wrong) > 0 {
		return r.render(http.StatusUnprocessableEntity, "setup-you", "brand", page)
	}
	user := cases.User{Name: page.Name, Zone: page.Place.Zone, Country: page.Place.Country}
	_, id, err := r.s.Cases.FirstRun(r.Context(), r.code.By, r.s.Log, user, page.Record, func(ctx context.Context, u cases.User) error {
		return r.s.Desk.Adopt(ctx, r.token, u.ID)
	})
	if errors.Is(err, daybook.ErrInvalid) {
		page.Wrong["name"] = "setup.you.name.wrong"
		return r.render(http.StatusUnprocessableEntity, "setup-you", "brand", page)
	}
	if err != nil {
		return err
	}
	if err := r.s.Settle(r.Context(), id); err != nil {
		return err
	}
	return r.to("/setup/ways")
}

// waysPage is the page setup-ways.html.
type waysPage struct {
	Ways     signin.Ways
	Ready    bool
	Passkeys bool // can be used here
	Recovers bool
}

func (r *request) waysPage() error {
	if r.session.User == "" {
		return r.to("/setup/you")
	}
	ways, err := r.s.Desk.SetUpWays(r.Context(), r.token)
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "setup-ways", "brand", waysPage{
		Ways: ways, Ready: ways.Ready(), Passkeys: r.s.passkeys(), Recovers: r.code.Purpose == signin.Recover,
	})
}

// finishSetUp opens the session. What the set-up kept to show is forgotten with
// it.
func (r *request) finishSetUp() error {
	token, _, err := r.s.Desk.Settle(r.Context(), r.token, r.door())
	if errors.Is(err, daybook.ErrInvalid) {
		return r.to("/setup/ways")
	}
	if errors.Is(err, signin.ErrNoSession) {
		return r.toDoor()
	}
	if err != nil {
		return err
	}
	r.s.views.forget(r.session.ID)
	r.setCookie(sessionCookie, token, 0)
	return r.to("/")
}
