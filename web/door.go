package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

// The way in and the way out. Every answer before somebody is in is the same for
// a name that is known and one that is not.

func (s *Server) doorRoutes() []route {
	const (
		before = "nobody is in yet, and nothing of a case is shown"
		out    = "closes what is open, and shows nothing"
	)
	return []route{
		{method: "GET", path: "/{$}", who: anyone, why: "sends on to a page that writes its own entry", handle: (*request).home},
		{method: "GET", path: "/signin", who: anyone, why: before, handle: (*request).signInPage},
		{method: "POST", path: "/signin", who: anyone, why: before, handle: (*request).signIn},
		{method: "GET", path: "/signin/code", who: anyone, why: before, handle: (*request).codePage},
		{method: "POST", path: "/signin/code", who: anyone, why: before, handle: (*request).giveCode},
		{method: "POST", path: "/passkey/begin", who: anyone, why: before, handle: (*request).beginPasskey},
		{method: "POST", path: "/passkey/finish", who: anyone, why: before, handle: (*request).finishPasskey},
		{method: "GET", path: "/recover", who: anyone, why: before, handle: (*request).recoverPage},
		{method: "POST", path: "/recover", who: anyone, why: before, handle: (*request).recover},
		{method: "POST", path: "/lock", who: anyone, why: out, handle: (*request).lock},
		{method: "GET", path: "/leave", who: anyone, why: out, handle: (*request).leave},
		{method: "POST", path: "/out", who: anyone, why: out, handle: (*request).signOut},
	}
}

// closedCookie has another value each time that somebody leaves, and no meaning.
const closedCookie = "c"

// attemptAge is at least as long as the second step may take.
const attemptAge = 10 * time.Minute

// perhaps finds out who is signed in, for a page that is there for everybody.
func (r *request) perhaps() (bool, error) {
	token := r.cookie(sessionCookie)
	session, err := r.s.Desk.Check(r.Context(), token, r.door())
	if errors.Is(err, signin.ErrNoSession) || errors.Is(err, signin.ErrLocked) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	user, err := r.s.Cases.FindUser(r.Context(), session.User)
	if err != nil {
		return false, err
	}
	r.token, r.session, r.user, r.route.who = token, session, user, signedIn
	if r.zone, err = time.LoadLocation(user.Zone); err != nil {
		r.zone = time.UTC
	}
	return true, nil
}

// home sends everybody to where they begin.
func (r *request) home() error {
	in, err := r.perhaps()
	if err != nil {
		return err
	}
	if !in {
		ready, err := r.s.Desk.AnyReady(r.Context())
		if err != nil {
			return err
		}
		if !ready {
			return r.to("/setup")
		}
		return r.toDoor()
	}
	mine, err := r.s.Cases.Mine(r.Context(), r.userActor())
	if err != nil {
		return err
	}
	own, all := daybook.CaseID(""), map[daybook.CaseID]bool{}
	for _, g := range mine {
		all[g.Case] = true
		if g.Role == cases.Owner {
			own = g.Case
		}
	}
	if own != "" && len(all) == 1 {
		return r.to("/c/" + string(own) + "/overview")
	}
	return r.to("/work")
}

// doorPage is the page signin.html.
type doorPage struct {
	Name     string // as it was typed
	Passkeys bool
}

func (r *request) signInPage() error {
	in, err := r.perhaps()
	if err != nil {
		return err
	}
	if in {
		return r.to("/")
	}
	return r.showDoor(http.StatusOK)
}

func (r *request) showDoor(status int, notices ...notice) error {
	return r.render(status, "signin", "brand", doorPage{Name: r.form("name"), Passkeys: r.s.passkeys()}, notices...)
}

// passkeys reports whether passkeys can be used here: they belong to a host
// name, never to an address.
func (s *Server) passkeys() bool {
	if s.Origin == nil {
		return true
	}
	_, err := netip.ParseAddr(s.Origin.Hostname())
	return err != nil
}

// signIn is the first step. A session of this browser that is locked opens with
// the passphrase alone; in any other case the next page asks for a code,
// whatever was typed.
func (r *request) signIn() error {
	if r.form("with") == "passkey" {
		return r.showDoor(http.StatusUnprocessableEntity, notice{Class: "care", Key: "signin.script"})
	}
	name, passphrase := r.form("name"), r.PostFormValue("pass")
	if token := r.cookie(sessionCookie); token != "" {
		_, err := r.s.Desk.Unlock(r.Context(), token, r.door(), name, passphrase)
		if err == nil {
			return r.to("/")
		}
		if !errors.Is(err, signin.ErrRefused) {
			return err
		}
	}
	attempt, err := r.s.Desk.Begin(r.Context(), r.door(), name, passphrase)
	if wait, ok := r.wait(err); ok {
		return r.showDoor(http.StatusTooManyRequests, wait)
	}
	if err != nil {
		return err
	}
	r.setCookie(attemptCookie, attempt, attemptAge)
	return r.to("/signin/code")
}

// wait says until when somebody has to wait after too many tries.
func (r *request) wait(err error) (notice, bool) {
	var w *signin.WaitError
	if !errors.As(err, &w) {
		return notice{}, false
	}
	left := max(time.Second, w.Until.Sub(r.now()))
	seconds := int((left + time.Second - 1) / time.Second)
	r.w.Header().Set("Retry-After", fmt.Sprint(seconds))
	at := r.stamp(w.Until.Add(time.Second-1).Truncate(time.Second), "15:04:05 MST").Text
	if seconds < 60 {
		return notice{Class: "care", Key: "signin.wait", Args: []any{seconds, at}}, true
	}
	return notice{Class: "care", Key: "signin.wait.minutes", Args: []any{(seconds + 59) / 60, at}}, true
}

func (r *request) codePage() error {
	if r.cookie(attemptCookie) == "" {
		return r.to("/signin")
	}
	return r.render(http.StatusOK, "code", "brand", nil)
}

func (r *request) giveCode() error {
	token, device, _, err := r.s.Desk.Finish(r.Context(), r.door(), r.cookie(attemptCookie), r.form("code"))
	if wait, ok := r.wait(err); ok {
		return r.showDoor(http.StatusTooManyRequests, wait)
	}
	if errors.Is(err, signin.ErrRefused) {
		r.setCookie(attemptCookie, "", -time.Second)
		return r.showDoor(http.StatusUnprocessableEntity, notice{Class: "care", Key: "signin.refused"})
	}
	if err != nil {
		return err
	}
	r.letIn(token, device)
	return r.to("/")
}

// letIn gives the browser its session. The session's cookie goes when the
// browser is closed.
func (r *request) letIn(token, device string) {
	r.setCookie(sessionCookie, token, 0)
	r.setCookie(deviceCookie, device, signin.DeviceLife)
	r.setCookie(attemptCookie, "", -time.Second)
}

func (r *request) beginPasskey() error {
	options, attempt, err := r.s.Desk.BeginPasskey(r.Context(), r.door())
	return r.askPasskey(options, attempt, err)
}

// askPasskey answers the script with what to ask the browser for.
func (r *request) askPasskey(options []byte, attempt string, err error) error {
	if err != nil {
		return err
	}
	r.setCookie(attemptCookie, attempt, attemptAge)
	return r.json(http.StatusOK, json.RawMessage(options))
}

func (r *request) finishPasskey() error {
	said, err := r.passkeySaid()
	if err != nil {
		return err
	}
	token, device, _, err := r.s.Desk.FinishPasskey(r.Context(), r.door(), r.cookie(attemptCookie), said.Response)
	if err != nil {
		return r.noPasskey(err)
	}
	r.letIn(token, device)
	return r.goOn("/")
}

// passkeyAnswer is what the script sends when the browser has answered.
type passkeyAnswer struct {
	Name     string          `json:"name"` // of a new passkey
	Response json.RawMessage `json:"response"`
}

func (r *request) passkeySaid() (a passkeyAnswer, err error) {
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		return a, fmt.Errorf("%w: the answer of a passkey: %w", daybook.ErrInvalid, err)
	}
	return a, nil
}

// noPasskey tells the script that it did not work; it shows what stands in the
// page for that.
func (r *request) noPasskey(err error) error {
	var w *signin.WaitError
	switch {
	case errors.As(err, &w):
		return r.json(http.StatusTooManyRequests, struct{}{})
	case errors.Is(err, signin.ErrRefused):
		return r.json(http.StatusUnprocessableEntity, struct{}{})
	}
	return err
}

// goOn tells the script which page comes next.
func (r *request) goOn(path string) error {
	return r.json(http.StatusOK, map[string]string{"to": path})
}

func (r *request) json(status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r.answered = true
	r.w.Header().Set("Content-Type", "application/json")
	r.w.WriteHeader(status)
	_, err = r.w.Write(b)
	return err
}

// recoverPage is the page recover.html.
type recoverPage struct {
	Name  string
	Wrong bool
}

func (r *request) recoverPage() error {
	return r.render(http.StatusOK, "recover", "brand", recoverPage{})
}

func (r *request) recover() error {
	name := r.form("name")
	token, device, err := r.s.Desk.UseRecoveryCode(r.Context(), r.door(), name, r.form("code"))
	if wait, ok := r.wait(err); ok {
		return r.render(http.StatusTooManyRequests, "recover", "brand", recoverPage{Name: name}, wait)
	}
	if errors.Is(err, signin.ErrRefused) {
		return r.render(http.StatusUnprocessableEntity, "recover", "brand", recoverPage{Name: name, Wrong: true})
	}
	if err != nil {
		return err
	}
	r.letIn(token, device)
	return r.to("/setup/safety")
}

// shut closes what this browser has open: the session is locked, or ended, and
// what was kept for it is forgotten. A set-up is ended, because its pages show
// codes: its own code opens it again.
func (r *request) shut(do func(ctx context.Context, token string) error) error {
	r.w.Header().Set("Clear-Site-Data", `"cache"`)
	// A page that may not be stored is kept by Chromium all the same, to go back
	// to, as long as no cookie changes.
	r.setCookie(closedCookie, daybook.NewID(), time.Minute)
	token := r.cookie(sessionCookie)
	if token == "" {
		return nil
	}
	session, _, err := r.s.Desk.SettingUp(r.Context(), token)
	if err == nil {
		do = r.s.Desk.End
	} else if errors.Is(err, signin.ErrNoSession) {
		session, err = r.s.Desk.Check(r.Context(), token, r.door())
	}
	switch {
	case err == nil:
		r.s.views.forget(session.ID)
	case !errors.Is(err, signin.ErrNoSession) && !errors.Is(err, signin.ErrLocked):
		return err
	}
	return do(r.Context(), token)
}

// lock is what the script asks for when somebody leaves. It needs no more than
// to come from our own pages: the worst that it can do is to lock.
func (r *request) lock() error {
	if err := r.shut(r.s.Desk.Lock); err != nil {
		return err
	}
	r.answered = true
	r.w.WriteHeader(http.StatusNoContent)
	return nil
}

// leave is the way out without a script.
func (r *request) leave() error {
	if err := r.shut(r.s.Desk.Lock); err != nil {
		return err
	}
	r.answered = true
	http.Redirect(r.w, r.Request, r.s.Leave, http.StatusFound)
	return nil
}

func (r *request) signOut() error {
	if err := r.shut(r.s.Desk.End); err != nil {
		return err
	}
	r.setCookie(sessionCookie, "", -time.Second)
	return r.to("/signin")
}
