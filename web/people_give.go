package web

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

// givePage is the page people-new.html: two forms, of which one was sent. The
// fields are as they were typed.
type givePage struct {
	Case     string
	Roles    []roleChoice
	Known    bool // the second form was sent
	Name     string
	Code     string
	Until    string // as a browser sends a date: 2026-12-24
	From, To string // the days that Until lies between
	Reason   string
	Public   bool              // they work for a public body
	MustBe   bool              // as whoever gives does
	Errors   map[string]string // field → key of the catalogue
}

type roleChoice struct {
	Role     cases.Role
	Key, May string // keys of the catalogue
	Checked  bool
}

const dateForm = "2006-01-02"

func (r *request) givePage() givePage {
	today := r.now().In(r.zone)
	page := givePage{
		Case: r.in(""), Until: today.AddDate(0, 0, 30).Format(dateForm), Errors: map[string]string{},
		From: today.Format(dateForm), To: today.AddDate(0, 0, 365).Format(dateForm),
	}
	for _, role := range cases.Roles() {
		if role != cases.Owner && r.mayGive(role) {
			page.Roles = append(page.Roles, roleChoice{Role: role, Key: r.roleKey(role), May: mayKey(role)})
		}
	}
	return page
}

func (r *request) giveForm() error {
	page := r.givePage()
	var err error
	if page.MustBe, err = r.s.Cases.WorksForPublic(r.Context(), r.actor, r.caseID); err != nil {
		return err
	}
	return r.render(200, "people-new", "title.people", page)
}

// given reads what both forms have. What is wrong stands in page.Errors.
func (r *request) given() (page givePage, g cases.Grant, err error) {
	page, g = r.givePage(), cases.Grant{Case: r.caseID}
	if page.MustBe, err = r.s.Cases.WorksForPublic(r.Context(), r.actor, r.caseID); err != nil {
		return page, g, err
	}
	page.Public = r.form("public") != ""
	g.Public = page.Public || page.MustBe
	page.Name, page.Code, page.Until, page.Reason = r.form("name"), r.form("code"), r.form("until"), r.form("reason")
	for i := range page.Roles {
		if c := &page.Roles[i]; string(c.Role) == r.form("role") {
			c.Checked, g.Role = true, c.Role
		}
	}
	if g.Role == "" {
		page.Errors["role"] = "people.error.role"
	}
	var wrong error
	if g.End, wrong = r.lastDay(page.Until); wrong != nil {
		page.Errors["until"] = "people.error.until"
	}
	g.Reason = page.Reason
	if g.Reason == "" || !utf8.ValidString(g.Reason) || utf8.RuneCountInString(g.Reason) > 1000 {
		page.Errors["reason"] = "people.error.reason"
	}
	return page, g, nil
}

// lastDay reads the last day of an access and returns the end of that day in the
// reader's zone. It is today or later, and at most a year away.
func (r *request) lastDay(typed string) (time.Time, error) {
	day, err := time.ParseInLocation(dateForm, typed, r.zone)
	if err != nil {
		return day, &fieldError{Field: "until", Key: "people.error.until"}
	}
	days := daysBetween(r.now(), day, r.zone)
	if days < 0 || days > 365 {
		return day, &fieldError{Field: "until", Key: "people.error.until"}
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}

// invite makes a user, gives them access and shows their code.
func (r *request) invite() error {
	page, g, err := r.given()
	if err != nil {
		return err
	}
	if page.Name == "" {
		page.Errors["name"] = "people.error.name"
	}
	if len(page.Errors) > 0 {
		return r.render(422, "people-new", "title.people", page)
	}
	u, _, err := r.s.Cases.Invite(r.Context(), r.actor, page.Name, g)
	if errors.Is(err, daybook.ErrInvalid) {
		page.Errors["name"] = "people.error.name"
		return r.render(422, "people-new", "title.people", page)
	}
	if err != nil {
		return err
	}
	code, until, err := r.s.Desk.NewCode(r.Context(), signin.SetUp, u.ID, r.actor)
	if err != nil {
		return err
	}
	return r.shownOnce(u, code, until)
}

// give gives access to somebody who uses this daybook already. They told their
// code; of a code that is not right the answer says nothing more.
func (r *request) give() error {
	page, g, err := r.given()
	if err != nil {
		return err
	}
	page.Known = true
	g.User = strings.ToLower(strings.Join(strings.FieldsFunc(page.Code, func(c rune) bool { return c == ' ' || c == '-' }), ""))
	if g.User == "" {
		page.Errors["code"] = "people.error.code"
	}
	if len(page.Errors) == 0 {
		_, err := r.s.Cases.Grant(r.Context(), r.actor, g)
		switch {
		case err == nil:
			return r.done(r.in("people"))
		case !errors.Is(err, daybook.ErrInvalid) && !isForbidden(err):
			return err
		}
		page.Errors["code"] = "people.error.code"
	}
	return r.render(422, "people-new", "title.people", page)
}

func isForbidden(err error) bool { return errors.Is(err, daybook.ErrForbidden) }

// A codeShown is a code that is kept until it is shown, once.
type codeShown struct {
	user  cases.User
	code  string
	until time.Time
}

// codePage is the page people-code.html. Without a code it was shown before.
type codePage struct {
	Case    string
	Name    name
	Code    string
	Until   stamp
	Address string // where this daybook is; "" if that is not known
}

// shownOnce goes on to the page with a code.
func (r *request) shownOnce(u cases.User, code string, until time.Time) error {
	return r.done(r.in("people/code/") + r.keep(codeShown{u, code, until}))
}

func (r *request) showCode() error {
	page := codePage{Case: r.in("")}
	if c, ok := takeView[codeShown](r, r.PathValue("view")); ok {
		page.Name, page.Code, page.Until = nameOf(c.user.Name), c.code, r.when(c.until)
		if r.s.Origin != nil {
			page.Address = r.s.Origin.String()
		}
	}
	return r.render(200, "people-code", "title.people", page)
}

// takeView is kept for what is shown once: after it, it is forgotten.
func takeView[T any](r *request, view string) (T, bool) {
	what, ok := kept[T](r, view)
	if ok {
		v := r.s.views
		v.mu.Lock()
		defer v.mu.Unlock()
		_, ok = v.all[view] // nobody was faster
		delete(v.all, view)
	}
	return what, ok
}
