package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

func (s *Server) settingsRoutes() []route {
	const why = "concerns the user alone; nothing of a case is shown"
	return slices.Concat([]route{
		{method: "GET", path: "/settings", who: signedIn, why: why, handle: (*request).settings},
		{method: "POST", path: "/settings/place", who: signedIn, settled: true, why: why, handle: (*request).choosePlace},
		{method: "GET", path: "/settings/passkeys/{passkey}", who: signedIn, strong: true, settled: true, why: why, handle: (*request).removePasskeyPage},
		{method: "POST", path: "/settings/passkeys/{passkey}", who: signedIn, strong: true, settled: true, why: why, handle: (*request).removePasskey},
		{method: "POST", path: "/settings/sessions", who: signedIn, settled: true, why: why, handle: (*request).endSessions},
		{method: "POST", path: "/settings/sessions/{session}", who: signedIn, settled: true, why: why, handle: (*request).endSession},
		// Not settled: a new way in that somebody else asked for is stopped from wherever the user is.
		{method: "POST", path: "/settings/recoveries/{recovery}", who: signedIn, why: why, handle: (*request).cancelRecovery},
		{method: "GET", path: "/again", who: signedIn, why: why, handle: (*request).againPage},
		{method: "POST", path: "/again", who: signedIn, why: why, handle: (*request).again},
		{method: "POST", path: "/again/begin", who: signedIn, why: why, handle: (*request).beginAgain},
		{method: "POST", path: "/again/finish", who: signedIn, why: why, handle: (*request).finishAgain},
	}, wayRoutes("/settings", signedIn))
}

// settingsPage is the page settings.html.
type settingsPage struct {
	Name       name
	Code       string // the user's identifier, by which a person gives an adviser access; "" for a person
	Ways       signin.Ways
	CanPasskey bool
	Passkeys   []passkeyRow
	Sessions   []sessionRow
	Others     bool // there are other sessions than this one
	Recoveries []recoveryRow
	Place      placeForm
	HeldTill   stamp
	Own        []ownOf // cases whose own details the user may see
	OwnMany    bool
}

type passkeyRow struct {
	ID          string
	Name        name
	Added, Used stamp
}

type sessionRow struct {
	ID      string
	Device  name
	State   string // key of the catalogue; "" if there is nothing to say
	Created stamp
	Seen    stamp
	This    bool
	Held    stamp
}

type recoveryRow struct {
	ID           string
	By           name
	Asked, Ready stamp
}

func (r *request) settings() error {
	var notices []notice
	if key, ok := r.said(); ok {
		notices = append(notices, notice{Class: "good", Key: key})
	}
	return r.showSettings(http.StatusOK, r.s.placeForm(r.user.Zone, r.country()), notices...)
}

func (r *request) showSettings(status int, place placeForm, notices ...notice) error {
	if _, known := r.s.countries.byCode[place.Country]; !known {
		place.Country = otherCountry
	}
	page := settingsPage{Name: nameOf(r.user.Name), Place: place, CanPasskey: r.s.passkeys()}
	if r.session.Held(r.now()) {
		page.HeldTill = r.when(r.session.HeldTill)
	}
	mine, err := r.s.Cases.Mine(r.Context(), r.userActor())
	if err != nil {
		return err
	}
	if len(mine) == 0 || slices.ContainsFunc(mine, func(g cases.Grant) bool { return g.Role != cases.Owner }) {
		page.Code = r.user.ID
	}
	if page.Own, err = r.ownCases(mine); err != nil {
		return err
	}
	page.OwnMany = len(page.Own) > 1 || len(mine) > 0 && mine[0].Role != cases.Owner
	if page.Ways, err = r.s.Desk.Ways(r.Context(), r.user.ID); err != nil {
		return err
	}
	if page.Passkeys, err = r.passkeyRows(); err != nil {
		return err
	}
	if page.Sessions, err = r.sessionRows(); err != nil {
		return err
	}
	page.Others = len(page.Sessions) > 1
	if page.Recoveries, err = r.recoveryRows(); err != nil {
		return err
	}
	return r.render(status, "settings", "title.settings", page, notices...)
}

func (r *request) passkeyRows() (rows []passkeyRow, err error) {
	all, err := r.s.Desk.Passkeys(r.Context(), r.user.ID)
	for _, p := range all {
		rows = append(rows, passkeyRow{p.ID, nameOf(p.Name), r.day(p.Added), r.when(p.Used)})
	}
	return rows, err
}

func (r *request) sessionRows() (rows []sessionRow, err error) {
	all, err := r.s.Desk.Sessions(r.Context(), r.user.ID)
	for _, s := range all {
		row := sessionRow{ID: s.ID, Device: nameOf(s.Device), Created: r.when(s.Created), Seen: r.when(s.Seen), This: s.ID == r.session.ID}
		switch s.Stage {
		case signin.Locked:
			row.State = "settings.session.locked"
		case signin.SettingUp:
			row.State = "settings.session.setup"
		}
		if s.Held(r.now()) {
			row.Held = r.when(s.HeldTill)
		}
		rows = append(rows, row)
	}
	return rows, err
}

func (r *request) recoveryRows() (rows []recoveryRow, err error) {
	all, err := r.s.Desk.Recoveries(r.Context(), r.user.ID)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		who, err := r.s.Cases.Who(r.Context(), w.By)
		if err != nil {
			return nil, err
		}
		rows = append(rows, recoveryRow{w.ID, nameOf(who), r.when(w.Asked), r.when(w.Ready)})
	}
	return rows, nil
}

func (r *request) choosePlace() error {
	place, ok := r.placeOf()
	if !ok {
		return r.showSettings(http.StatusUnprocessableEntity, place)
	}
	if _, err := r.s.Cases.Choose(r.Context(), r.userActor(), place.Zone, place.Country); err != nil {
		return err
	}
	return r.toSettings("settings.said.place")
}

// removePasskeyPage is the page passkey-remove.html.
type removePasskeyPage struct {
	Passkey passkeyRow
	Last    bool // it is the only way to sign in
}

func (r *request) removePasskeyPage() error { return r.askRemoval(http.StatusOK, false) }

func (r *request) askRemoval(status int, last bool) error {
	all, err := r.passkeyRows()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(p passkeyRow) bool { return p.ID == r.PathValue("passkey") })
	if i < 0 {
		return daybook.ErrNotFound
	}
	return r.render(status, "passkey-remove", "title.settings", removePasskeyPage{all[i], last})
}

func (r *request) removePasskey() error {
	err := r.s.Desk.RemovePasskey(r.Context(), r.token, r.PathValue("passkey"))
	if errors.Is(err, daybook.ErrInvalid) {
		return r.askRemoval(http.StatusUnprocessableEntity, true)
	}
	if err != nil {
		return err
	}
	return r.toSettings("settings.said.removed")
}

func (r *request) endSessions() error {
	if err := r.s.Desk.EndAll(r.Context(), r.user.ID, r.session.ID); err != nil {
		return err
	}
	return r.toSettings("settings.said.ended")
}

func (r *request) endSession() error {
	if err := r.s.Desk.EndSession(r.Context(), r.user.ID, r.PathValue("session")); err != nil {
		return err
	}
	return r.toSettings("settings.said.ended")
}

func (r *request) cancelRecovery() error {
	if err := r.s.Desk.CancelRecovery(r.Context(), r.user.ID, r.PathValue("recovery")); err != nil {
		return err
	}
	return r.toSettings("settings.said.cancelled")
}

// toSettings goes back to the settings, which then say once what was done.
func (r *request) toSettings(key string) error {
	r.say(key)
	return r.to("/settings")
}

type toldView struct{ key string }

func toldName(session string) string { return "told " + session }

// say keeps a sentence for the next time that this session sees its settings.
func (r *request) say(key string) {
	v := r.s.views
	v.mu.Lock()
	defer v.mu.Unlock()
	name := toldName(r.session.ID)
	if _, there := v.all[name]; !there {
		v.order = append(v.order, name)
	}
	v.all[name] = view{session: r.session.ID, at: v.clock(), what: toldView{key}}
}

// said takes that sentence.
func (r *request) said() (string, bool) {
	told, ok := kept[toldView](r, toldName(r.session.ID))
	if ok {
		r.drop(toldName(r.session.ID))
	}
	return told.key, ok
}

// waiting is the line about new ways in that somebody asked for: it is on every
// page, so that the user can stop what they do not want.
func (r *request) waiting() ([]notice, error) {
	all, err := r.s.Desk.Recoveries(r.Context(), r.user.ID)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return []notice{{Class: "care", Key: "settings.waiting", Args: []any{r.when(all[0].Asked).Text, r.when(all[0].Ready).Text}}}, nil
}

// againPage is the page again.html.
type againPage struct {
	Passphrase, Passkeys bool
	Wrong                bool
}

func (r *request) againPage() error { return r.askAgain(http.StatusOK, false) }

func (r *request) askAgain(status int, wrong bool, notices ...notice) error {
	ways, err := r.s.Desk.Ways(r.Context(), r.user.ID)
	if err != nil {
		return err
	}
	return r.render(status, "again", "title.settings", againPage{ways.Passphrase, ways.Passkeys > 0 && r.s.passkeys(), wrong}, notices...)
}

// again makes the session fresh and goes on to the page that asked for it.
func (r *request) again() error {
	if r.form("with") == "passkey" {
		return r.askAgain(http.StatusUnprocessableEntity, false, notice{Class: "care", Key: "signin.script"})
	}
	err := r.s.Desk.StepUp(r.Context(), r.token, r.door(), r.PostFormValue("pass"), r.form("code"))
	if wait, ok := r.wait(err); ok {
		return r.askAgain(http.StatusTooManyRequests, false, wait)
	}
	if errors.Is(err, signin.ErrRefused) {
		return r.askAgain(http.StatusUnprocessableEntity, true)
	}
	if err != nil {
		return err
	}
	return r.to(r.s.views.takeTarget(r.session.ID))
}

func (r *request) beginAgain() error {
	options, attempt, err := r.s.Desk.BeginStepUp(r.Context(), r.token)
	return r.askPasskey(options, attempt, err)
}

func (r *request) finishAgain() error {
	said, err := r.passkeySaid()
	if err != nil {
		return err
	}
	if err := r.s.Desk.FinishStepUp(r.Context(), r.token, r.door(), r.cookie(attemptCookie), said.Response); err != nil {
		return r.noPasskey(err)
	}
	r.setCookie(attemptCookie, "", -time.Second)
	return r.goOn(r.s.views.takeTarget(r.session.ID))
}
