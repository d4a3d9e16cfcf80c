package web

import (
	"errors"
	"slices"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

// changePage is the page people-change.html: one grant, its end.
type changePage struct {
	Case     string
	Grant    personRow
	Over     bool
	Until    string
	From, To string
	Errors   map[string]string
}

// grant finds the grant of the path in this case.
func (r *request) grant() (cases.Grant, cases.User, error) {
	all, err := r.s.Cases.Grants(r.Context(), r.actor, r.caseID)
	if err != nil {
		return cases.Grant{}, cases.User{}, err
	}
	i := slices.IndexFunc(all, func(g cases.Grant) bool { return g.ID == r.PathValue("grant") })
	if i < 0 {
		return cases.Grant{}, cases.User{}, daybook.ErrNotFound
	}
	u, err := r.s.Cases.Member(r.Context(), r.actor, r.caseID, all[i].User)
	return all[i], u, err
}

func (r *request) changePage() (changePage, cases.Grant, error) {
	g, u, err := r.grant()
	if err != nil {
		return changePage{}, g, err
	}
	row, err := r.personRow(g, u)
	if err != nil {
		return changePage{}, g, err
	}
	give := r.givePage()
	page := changePage{Case: give.Case, Grant: row, Until: give.Until, From: give.From, To: give.To, Errors: map[string]string{}}
	if end := g.Ends(); !end.IsZero() && !r.now().Before(end) {
		page.Over = true
	}
	if !row.Change && !row.End {
		return page, g, daybook.ErrForbidden
	}
	return page, g, nil
}

func (r *request) grantForm() error {
	page, _, err := r.changePage()
	if err != nil {
		return err
	}
	return r.render(200, "people-change", "title.people", page)
}

// grantUntil gives a grant another end.
func (r *request) grantUntil() error {
	page, g, err := r.changePage()
	if err != nil {
		return err
	}
	page.Until = r.form("until")
	end, err := r.lastDay(page.Until)
	if err == nil {
		_, err = r.s.Cases.ChangeEnd(r.Context(), r.actor, r.caseID, g.ID, end)
	}
	if errors.Is(err, daybook.ErrInvalid) {
		page.Errors["until"] = "people.error.until"
		return r.render(422, "people-change", "title.people", page)
	}
	if err != nil {
		return err
	}
	return r.done(r.in("people"))
}

// grantEnd ends a grant now. A session of the user is refused at its next
// request, and ended if nothing else is open to them.
func (r *request) grantEnd() error {
	_, g, err := r.changePage()
	if err != nil {
		return err
	}
	if err := r.s.Cases.Revoke(r.Context(), r.actor, r.caseID, g.ID, r.form("why")); err != nil {
		return err
	}
	return r.done(r.in("people"))
}

// note writes into the access log what is about to be done about somebody's way
// to sign in.
func (r *request) note(what string) error {
	return r.s.Cases.Audit(r.Context(), r.actor, r.caseID, daybook.Access{Action: string(cases.GiveAccess), Detail: what})
}

// grantCode makes a new code for somebody who was invited and has not signed in.
func (r *request) grantCode() error {
	u, err := r.s.Cases.MayInviteAgain(r.Context(), r.actor, r.caseID, r.PathValue("grant"))
	if err != nil {
		return err
	}
	ways, err := r.s.Desk.Ways(r.Context(), u.ID)
	if err != nil {
		return err
	}
	if ways.Ready() {
		return r.to(r.in("people"))
	}
	if err := r.note("made a new code for " + u.Name + " to set up with"); err != nil {
		return err
	}
	code, until, err := r.s.Desk.NewCode(r.Context(), signin.SetUp, u.ID, r.actor)
	if err != nil {
		return err
	}
	return r.shownOnce(u, code, until)
}

// askPage is the page people-ask.html.
type askPage struct {
	Case  string
	User  string
	Name  name
	Ready stamp
}

func (r *request) askForm() error {
	u, err := r.s.Cases.MayRecover(r.Context(), r.actor, r.caseID, r.PathValue("user"))
	if err != nil {
		return err
	}
	return r.render(200, "people-ask", "title.people", askPage{r.in(""), u.ID, nameOf(u.Name), r.when(r.now().Add(signin.RecoveryHold))})
}

// ask asks for a new way in for the person.
func (r *request) ask() error {
	u, err := r.s.Cases.MayRecover(r.Context(), r.actor, r.caseID, r.PathValue("user"))
	if err != nil {
		return err
	}
	if err := r.note("asked for a new way to sign in for " + u.Name); err != nil {
		return err
	}
	if _, err := r.s.Desk.RequestRecovery(r.Context(), u.ID, r.actor); err != nil {
		return err
	}
	return r.done(r.in("people"))
}

// recovery finds the recovery of the path among those for the people whom this
// case is about.
func (r *request) recovery() (signin.Recovery, cases.User, error) {
	all, err := r.s.Cases.Grants(r.Context(), r.actor, r.caseID)
	if err != nil {
		return signin.Recovery{}, cases.User{}, err
	}
	for _, g := range all {
		if g.Role != cases.Owner || !g.InForce(r.now()) {
			continue
		}
		waiting, err := r.s.Desk.Recoveries(r.Context(), g.User)
		if err != nil {
			return signin.Recovery{}, cases.User{}, err
		}
		for _, w := range waiting {
			if w.ID == r.PathValue("recovery") {
				u, err := r.s.Cases.Member(r.Context(), r.actor, r.caseID, g.User)
				return w, u, err
			}
		}
	}
	return signin.Recovery{}, cases.User{}, daybook.ErrNotFound
}

func (r *request) askStop() error {
	w, u, err := r.recovery()
	if err != nil {
		return err
	}
	if err := r.note("stopped that " + u.Name + " gets a new way to sign in"); err != nil {
		return err
	}
	if err := r.s.Desk.CancelRecovery(r.Context(), u.ID, w.ID); err != nil {
		return err
	}
	return r.done(r.in("people"))
}

// askTake makes the code, after the wait, for whoever asked for it and still may.
func (r *request) askTake() error {
	w, _, err := r.recovery()
	if err != nil {
		return err
	}
	u, err := r.s.Cases.MayRecover(r.Context(), r.actor, r.caseID, w.User)
	if err != nil {
		return err
	}
	if w.By.ID != r.actor.ID {
		return daybook.ErrForbidden
	}
	if r.now().Before(w.Ready) {
		return daybook.ErrInvalid
	}
	if err := r.note("took the code for a new way to sign in for " + u.Name); err != nil {
		return err
	}
	code, until, err := r.s.Desk.TakeRecovery(r.Context(), w.ID, r.actor)
	if err != nil {
		return err
	}
	return r.shownOnce(u, code, until)
}
