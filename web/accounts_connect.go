package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"daybook"
)

// connectPage is the page connect.html.
type connectPage struct {
	Case      string
	Owner     bool
	Server    string
	Since     string // 2026-10-12
	Kinds     []kindChoice
	Never     string
	Purpose   string
	Agreement agreement
	Wrong     map[string]string // keys of the catalogue by field
}

type kindChoice struct {
	Name    string
	Checked bool
}

// An agreement is what a person agrees to, in words.
type agreement struct {
	Scopes []string // as the connector says them
	Until  stamp
	They   string // suffix of the keys: ".they" for an adviser
	Agreed bool
	Wrong  string // key of what is wrong with the box
}

// maxNever bounds how many senders can be named before anything is read, and
// maxPurpose the characters of the purpose.
const (
	maxNever   = 100
	maxPurpose = 500
)

func (r *request) connectForm() connectPage {
	p := connectPage{Case: r.in(""), Owner: r.owner(), Wrong: map[string]string{}}
	p.Agreement = r.agreement("mastodon")
	for _, g := range kindGroups() {
		p.Kinds = append(p.Kinds, kindChoice{g.name, true})
	}
	return p
}

func (r *request) agreement(p daybook.Platform) agreement {
	return agreement{Scopes: r.s.Connect.Scopes(p), Until: r.day(r.now().Add(daybook.ConsentPeriod)), They: r.they()}
}

// they is the suffix of keys that speak of the person in the third person.
func (r *request) they() string {
	if r.owner() {
		return ""
	}
	return ".they"
}

func (r *request) connectPage() error {
	if r.s.Connect == nil {
		return daybook.ErrNotFound
	}
	p := r.connectForm()
	var err error
	if p.Purpose, err = r.s.words.plain("accounts.purpose.usual"); err != nil {
		return err
	}
	return r.render(http.StatusOK, "connect", "title.accounts", p)
}

// connect reads the form and asks the person's server.
func (r *request) connect() error {
	if r.s.Connect == nil {
		return daybook.ErrNotFound
	}
	page := r.connectForm()
	a := r.readConnect(&page)
	if len(page.Wrong) == 0 {
		name, err := r.begin(a)
		if err != nil && !errors.Is(err, daybook.ErrInvalid) && !a.Typed && r.Context().Err() == nil {
			// Some servers take no address such as ours: there the code is typed.
			a.Typed = true
			name, err = r.begin(a)
		}
		switch {
		case err == nil:
			return r.to(r.in("connecting/" + name))
		case r.Context().Err() != nil:
			return err
		case errors.Is(err, daybook.ErrInvalid):
			page.Wrong["server"] = "connect.server.wrong"
		default:
			r.s.Logger.WarnContext(r.Context(), "a server did not let an account be connected", slog.String("case", string(r.caseID)))
			page.Wrong["server"] = "connect.server.fails"
		}
	}
	return r.render(http.StatusUnprocessableEntity, "connect", "title.accounts", page)
}

func (r *request) readConnect(page *connectPage) attempt {
	a := attempt{Platform: "mastodon", Server: r.form("server"), Purpose: r.form("purpose")}
	page.Server, page.Since, page.Never, page.Purpose = a.Server, r.form("since"), r.PostFormValue("never"), a.Purpose
	page.Agreement.Agreed = r.form("agree") != ""
	if a.Server == "" || len(a.Server) > 300 {
		page.Wrong["server"] = "connect.server.wrong"
	}
	if page.Since != "" {
		since, err := time.ParseInLocation(time.DateOnly, page.Since, r.caseZone)
		if err != nil || since.After(r.now()) || since.Year() < 2000 {
			page.Wrong["since"] = "connect.since.wrong"
		}
		a.Since = since.UTC()
	}
	chosen := 0
	for i, g := range kindGroups() {
		page.Kinds[i].Checked = slices.Contains(r.PostForm["kind"], g.name)
		if page.Kinds[i].Checked {
			chosen++
			a.Kinds = append(a.Kinds, g.kinds...)
		}
	}
	switch chosen {
	case 0:
		page.Wrong["kind"] = "connect.kind.none"
	case len(kindGroups()):
		a.Kinds = nil
	}
	var ok bool
	if a.Never, ok = readNever(page.Never); !ok {
		page.Wrong["never"] = "connect.never.wrong"
	}
	if a.Purpose == "" || len([]rune(a.Purpose)) > maxPurpose {
		page.Wrong["purpose"] = "connect.purpose.wrong"
	}
	if !page.Agreement.Agreed {
		page.Agreement.Wrong = "connect.agree.missing"
		page.Wrong["agree"] = page.Agreement.Wrong
	}
	return a
}

// readNever reads names of accounts, one a line: "mum@social.example".
func readNever(typed string) (names []string, ok bool) {
	for line := range strings.Lines(typed) {
		n := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(line), "@"))
		if n == "" {
			continue
		}
		local, host, at := strings.Cut(n, "@")
		if !at || local == "" || len(n) > 320 || !strings.Contains(host, ".") || strings.ContainsAny(n, " \t/:") || strings.Contains(host, "@") {
			return nil, false
		}
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names, len(names) <= maxNever
}

// connectingPage is the page connecting.html.
type connectingPage struct {
	Case    string
	Owner   bool
	Attempt string
	Stage   string // go, type, unreachable, refused, wrong, over, yours
	Server  name
	Address string // where the person agrees
	Wrong   string
	Account name
	Since   stamp
	All     bool
	What    []string
	Never   []name
	Until   stamp // of the consent
	Ends    stamp // of the attempt
}

// connecting shows how an attempt stands. When the person has come back from
// their server, their code is exchanged here.
func (r *request) connecting() error {
	a, err := r.attempt()
	if errors.Is(err, daybook.ErrNotFound) {
		return r.showAttempt(a, "over", http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	switch {
	case a.Account != nil:
		return r.showAttempt(a, "yours", http.StatusOK)
	case a.Refused:
		return r.endedAttempt("refused")
	case a.Code != "":
		return r.finishAttempt()
	case a.Typed:
		return r.showAttempt(a, "type", http.StatusOK)
	}
	return r.showAttempt(a, "go", http.StatusOK)
}

// endedAttempt forgets an attempt that came to nothing, and says so.
func (r *request) endedAttempt(stage string) error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	if err := r.s.endAttempt(r.Context(), t); err != nil {
		return err
	}
	return r.showAttempt(a, stage, http.StatusOK)
}

// finishAttempt turns the code into an account.
func (r *request) finishAttempt() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	account, secret, err := r.s.Connect.Finish(r.Context(), a.Platform, a.Pending, a.Code, a.State)
	switch {
	case r.Context().Err() != nil:
		return err
	case errors.Is(err, daybook.ErrInvalid) && a.Typed: // the person may have copied it wrongly
		a.Code = ""
		if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
			return err
		}
		return r.showAttempt(a, "type", http.StatusUnprocessableEntity, "connecting.code.wrong")
	case errors.Is(err, daybook.ErrInvalid):
		if err := r.s.endAttempt(r.Context(), t); err != nil {
			return err
		}
		return r.showAttempt(a, "wrong", http.StatusUnprocessableEntity)
	case err != nil:
		r.s.Logger.WarnContext(r.Context(), "a server did not answer when an account was connected", slog.String("case", string(r.caseID)))
		if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
			return err
		}
		return r.showAttempt(a, "unreachable", http.StatusBadGateway)
	}
	a.Account, a.Secret, a.Code, a.Pending, a.Until = &account, secret, "", nil, r.now().Add(attemptLife)
	// Also when the browser has gone meanwhile: a token that nobody knows of
	// could not be given back.
	ctx := context.WithoutCancel(r.Context())
	if err := r.s.setAttempt(ctx, t, a, a.Until); err != nil {
		return errors.Join(err, r.s.Connect.GiveBack(ctx, account, secret))
	}
	return r.showAttempt(a, "yours", http.StatusOK)
}

func (r *request) showAttempt(a attempt, stage string, status int, wrong ...string) error {
	p := connectingPage{Case: r.in(""), Owner: r.owner(), Attempt: r.PathValue("attempt"), Stage: stage, Server: nameOf(serverName(a.Server)), Address: a.Address,
		Since: r.day(a.Since), All: len(a.Kinds) == 0, Until: r.day(r.now().Add(daybook.ConsentPeriod)), Ends: r.clock(a.Until)}
	if len(wrong) > 0 {
		p.Wrong = wrong[0]
	}
	for _, g := range kindGroups() {
		if slices.Contains(a.Kinds, g.kinds[0]) {
			p.What = append(p.What, "accounts.what."+g.name)
		}
	}
	for _, n := range a.Never {
		p.Never = append(p.Never, nameOf(n))
	}
	if a.Account != nil {
		p.Account = handleName(a.Account.Handle)
		p.Server = nameOf(serverName(a.Account.Server))
	}
	return r.render(status, "connecting", "title.accounts", p)
}

// typeCode takes a code that the server showed.
func (r *request) typeCode() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	code := r.form("code")
	if !a.Typed || a.Account != nil || code == "" || len(code) > 1000 {
		if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
			return err
		}
		return r.showAttempt(a, "type", http.StatusUnprocessableEntity, "connecting.code.missing")
	}
	a.Code = code
	if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
		return err
	}
	return r.to(r.in("connecting/" + r.PathValue("attempt")))
}

// byCode begins again in the way in which the code is typed, for a server that
// shows an error instead of sending the person back.
func (r *request) byCode() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	if a.Account != nil {
		return errors.Join(daybook.ErrInvalid, r.s.setAttempt(r.Context(), t, a, a.Until))
	}
	again := attempt{Platform: a.Platform, Server: a.Server, Since: a.Since, Kinds: a.Kinds, Never: a.Never, Purpose: a.Purpose, Typed: true}
	name, err := r.begin(again)
	if err != nil {
		return errors.Join(err, r.s.setAttempt(r.Context(), t, a, a.Until))
	}
	if err := r.s.endAttempt(r.Context(), t); err != nil {
		return err
	}
	return r.to(r.in("connecting/" + name))
}

// confirmAccount connects the account that the person has said is theirs.
func (r *request) confirmAccount() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	if a.Account == nil {
		return errors.Join(daybook.ErrInvalid, r.s.setAttempt(r.Context(), t, a, a.Until))
	}
	account := *a.Account
	account.Case, account.Since, account.Kinds = r.caseID, a.Since, a.Kinds
	consent := daybook.Consent{Scopes: r.s.Connect.Scopes(a.Platform), Purpose: a.Purpose, Text: agreementText, By: r.agrees()}
	err = r.s.Store.Update(r.Context(), func(ctx context.Context) error {
		if err := r.s.endAttempt(ctx, t); err != nil {
			return err
		}
		for _, n := range a.Never {
			h := daybook.Handle{Platform: a.Platform, Native: n, Names: []daybook.SeenName{{Account: n}}}
			if _, err := r.s.Cases.Mark(ctx, r.actor, r.caseID, daybook.Decision{What: daybook.MarkExcluded, Handle: h}); err != nil {
				return err
			}
		}
		_, err := r.s.Cases.Connect(ctx, r.actor, account, a.Secret, consent)
		return err
	})
	if err != nil {
		return err
	}
	r.tellOnce("good", "accounts.said.connected")
	return r.done(r.in("accounts"))
}

// agrees is who gives a consent: the person, or the person by way of an adviser,
// who is on record as whoever wrote it down (D-1).
func (r *request) agrees() daybook.Actor {
	if r.owner() {
		return r.actor
	}
	return daybook.Actor{ID: "person", Role: "owner", Via: "said to the adviser who wrote it down"}
}

// refuseAccount gives the token of an account back that is not theirs, or that
// they do not want read after all.
func (r *request) refuseAccount() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context())
	if a.Account != nil {
		if err := r.s.Connect.GiveBack(ctx, *a.Account, a.Secret); err != nil {
			a.Until = r.now() // nobody goes on with it; whoever tidies up tries again
			if err := r.s.setAttempt(ctx, t, a, r.now()); err != nil {
				return err
			}
			r.tellOnce("care", "accounts.said.waiting")
			return r.to(r.in("accounts"))
		}
	}
	if err := r.s.endAttempt(ctx, t); err != nil {
		return err
	}
	r.tellOnce("", "accounts.said.nothing")
	return r.to(r.in("accounts"))
}
