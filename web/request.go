package web

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

// A request is one visit, with what enter found out about it.
type request struct {
	*http.Request
	s        *Server
	w        http.ResponseWriter
	route    route
	answered bool

	token   string // of the session
	session signin.Session
	code    signin.Code // of settingUp
	user    cases.User
	zone    *time.Location // the user's own; in a case, else the case's

	// In a case:
	actor    daybook.Actor
	may      []cases.Action
	caseID   daybook.CaseID
	sight    cases.Sight // what of it the user may be shown
	caseName string      // what its people call it
	caseZone *time.Location
}

// now is this machine's clock, in UTC.
func (r *request) now() time.Time { return r.s.Clock().UTC() }

// can reports whether the actor may do this in the case.
func (r *request) can(a cases.Action) bool { return slices.Contains(r.may, a) }

// owner reports whether the case is about the user: whether pages say "you".
func (r *request) owner() bool { return r.actor.Role == string(cases.Owner) }

// form returns a field of the form, without space around it.
func (r *request) form(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }

// in returns the address of a page of this case: in("timeline").
func (r *request) in(page string) string { return "/c/" + string(r.caseID) + "/" + page }

// to sends the browser to another page, with GET.
func (r *request) to(path string) error {
	r.answered = true
	http.Redirect(r.w, r.Request, path, http.StatusSeeOther)
	return nil
}

// toDoor sends the browser to the sign-in, which looks the same to everybody.
func (r *request) toDoor() error {
	r.w.Header().Set("Clear-Site-Data", `"cache"`)
	return r.to("/signin")
}

// done brings what depends on a change up to date and goes on to a page.
func (r *request) done(path string) error {
	if err := r.s.Settle(r.Context(), r.caseID); err != nil {
		return err
	}
	return r.to(path)
}

// A fieldError says what is wrong with one field of a form, by a key of the
// catalogue. The page is shown again with what was typed.
type fieldError struct {
	Field, Key string
	Args       []any
}

func (e *fieldError) Error() string { return "field " + e.Field + ": " + e.Key }

// Unwrap makes errors.Is(err, daybook.ErrInvalid) true.
func (e *fieldError) Unwrap() error { return daybook.ErrInvalid }

// fail answers with an error page. What is shown is one of a few sentences: an
// error's own text is for the log.
func (s *Server) fail(r *request, err error) {
	status, key := http.StatusInternalServerError, "error.failed"
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, signin.ErrStrong):
		s.views.keepTarget(r)
		http.Redirect(r.w, r.Request, "/again", http.StatusSeeOther)
		return
	case errors.Is(err, signin.ErrLocked), errors.Is(err, signin.ErrNoSession): // meanwhile
		if err := r.toDoor(); err != nil {
			s.Logger.ErrorContext(r.Context(), "the way to the sign-in failed", slog.Any("err", err))
		}
		return
	case errors.Is(err, daybook.ErrNotFound):
		status, key = http.StatusNotFound, "error.nothing"
	case errors.Is(err, signin.ErrHeld):
		status, key = http.StatusForbidden, "error.held"
	case errors.Is(err, daybook.ErrForbidden):
		status, key = http.StatusForbidden, "error.forbidden"
	case errors.As(err, &large):
		status, key = http.StatusRequestEntityTooLarge, "error.large"
	case errors.Is(err, daybook.ErrInvalid):
		status, key = http.StatusUnprocessableEntity, "error.invalid"
	}
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		s.Logger.ErrorContext(r.Context(), "a page failed", slog.String("route", r.route.method+" "+r.route.path), slog.String("case", string(r.caseID)), slog.Any("err", err))
	}
	if rerr := r.render(status, "error", "title.error", errorPage{Key: key, Until: r.when(r.session.HeldTill)}); rerr != nil {
		s.Logger.ErrorContext(r.Context(), "the error page failed", slog.Any("err", rerr))
	}
}

// errorPage is the page error.html.
type errorPage struct {
	Key   string
	Until stamp
}

// userActor stands for the user outside of any case.
func (r *request) userActor() daybook.Actor {
	return daybook.Actor{ID: r.user.ID, Role: "user", Via: "web"}
}
