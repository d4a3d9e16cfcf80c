package web

import (
	"cmp"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/signin"
)

// entrance says who may come in through a route.
type entrance int

const (
	anyone    entrance = iota
	settingUp          // somebody with a code, who has no way to sign in yet
	signedIn
	inCase // signed in, with the right named by route.action in the case of the path
)

// A route is one address. Of entry and why, one is set: what the visit leaves in
// the access log, or why it leaves nothing.
type route struct {
	method, path string // path as http.ServeMux reads it; inCase: "/c/{case}/…"
	who          entrance
	action       cases.Action // of inCase
	entry        string       // detail of the access entry that is written before handle runs
	why          string       // why there is no entry, or who writes it
	strong       bool         // a fresh sign-in is asked for first
	settled      bool         // not from a device that is new
	body         int64        // bytes that a request's body may have; 0: maxForm
	handle       func(*request) error
}

// routes is every address of the app but static files.
func (s *Server) routes() []route {
	return slices.Concat(
		s.doorRoutes(), s.setUpRoutes(), s.settingsRoutes(), s.ownRoutes(), s.safetyRoutes(),
		s.overviewRoutes(), s.caseloadRoutes(), s.timelineRoutes(), s.entryRoutes(), s.handlesRoutes(), s.stopRoutes(),
		s.searchRoutes(), s.accountsRoutes(), s.importRoutes(), s.alertsRoutes(), s.peopleRoutes(), s.integrityRoutes(), s.evidenceRoutes(), s.eraseRoutes(), s.anchorRoutes(),
	)
}

const (
	maxForm     = 1 << 20 // bytes of a request's body, but for files
	csp         = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
	permissions = "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self), publickey-credentials-create=(self)"
)

// The cookies say nothing about what they are for. Lax, not strict: the person
// comes back from their own server after connecting an account, and every change
// is a POST, which guard lets through from our own pages alone.
const (
	sessionCookie = "id"
	deviceCookie  = "d"
	attemptCookie = "a"
)

func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", s.static())
	for _, rt := range s.routes() {
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { s.visit(rt, w, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(&request{Request: r, s: s, w: w}, daybook.ErrNotFound)
	})
	return mux
}

// guard sets the headers of every answer, and refuses changes that do not come
// from our own pages.
func (s *Server) guard(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(&request{Request: r, s: s, w: w}, daybook.ErrForbidden)
	}))
	next = protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Permissions-Policy", permissions)
		if s.Origin != nil && s.Origin.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// visit lets a request in, or not, and runs the page.
func (s *Server) visit(rt route, w http.ResponseWriter, hr *http.Request) {
	hr.Body = http.MaxBytesReader(w, hr.Body, cmp.Or(rt.body, maxForm))
	r := &request{Request: hr, s: s, w: w, route: rt}
	defer s.survive(r)
	if err := s.enter(r); err != nil {
		s.fail(r, err)
		return
	}
	if r.answered {
		return
	}
	if err := rt.handle(r); err != nil {
		s.fail(r, err)
	}
}

// survive answers for a page that panicked. The stack is logged and the value is
// not: it may hold what somebody wrote.
func (s *Server) survive(r *request) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		s.Logger.ErrorContext(r.Context(), "a page panicked", slog.String("route", r.route.method+" "+r.route.path), slog.String("case", string(r.caseID)), slog.String("stack", string(debug.Stack())))
		if !r.answered {
			s.fail(r, errPanicked)
		}
	}
}

var errPanicked = errors.New("the page panicked")

// enter checks everything that the route asks for, in the order in which the
// answers give least away.
func (s *Server) enter(r *request) error {
	rt := r.route
	if rt.who == anyone {
		return nil
	}
	r.token = r.cookie(sessionCookie)
	var err error
	switch {
	case rt.who == settingUp:
		r.session, r.code, err = s.Desk.SettingUp(r.Context(), r.token)
	case r.byItself():
		r.session, err = s.Desk.Peek(r.Context(), r.token, r.door())
	default:
		r.session, err = s.Desk.Check(r.Context(), r.token, r.door())
	}
	switch {
	case errors.Is(err, signin.ErrNoSession), errors.Is(err, signin.ErrLocked):
		return r.toDoor()
	case err != nil:
		return err
	}
	if r.session.User != "" {
		if r.user, err = s.Cases.FindUser(r.Context(), r.session.User); err != nil {
			return err
		}
	}
	if r.zone, err = time.LoadLocation(r.user.Zone); err != nil || r.user.Zone == "" {
		r.zone = time.UTC
	}
	if rt.who == inCase {
		if err := s.enterCase(r); err != nil || r.answered {
			return err
		}
	}
	if rt.settled && r.session.Held(s.Clock()) {
		return signin.ErrHeld
	}
	if rt.strong && !r.session.Fresh(s.Clock()) {
		return signin.ErrStrong
	}
	if rt.who == inCase && rt.entry != "" {
		return r.look(rt.action, daybook.Access{Detail: rt.entry})
	}
	return nil
}

// enterCase asks cases whether the user may do this in the case of the path. A
// case without a grant and one that is not there answer alike.
func (s *Server) enterCase(r *request) error {
	ctx, id := r.Context(), daybook.CaseID(r.PathValue("case"))
	actor, err := s.Cases.Actor(ctx, r.user, id, "web")
	if err != nil {
		return err
	}
	may, err := s.Cases.May(ctx, actor, id)
	if err != nil && !errors.Is(err, daybook.ErrForbidden) {
		return err
	}
	if !slices.Contains(may, r.route.action) {
		if err := s.Cases.Refused(ctx, actor, id, r.route.action); err != nil {
			s.Logger.WarnContext(ctx, "a refusal could not be written into the access log", slog.String("case", string(id)), slog.Any("err", err))
		}
		if len(may) > 0 {
			return daybook.ErrForbidden
		}
		mine, err := s.Cases.Mine(ctx, actor)
		if err != nil {
			return err
		}
		if len(mine) == 0 { // access ended while they were in: they are out
			if err := s.Desk.EndAll(ctx, r.user.ID, ""); err != nil {
				return err
			}
			return r.toDoor()
		}
		return daybook.ErrNotFound
	}
	r.actor, r.may, r.caseID = actor, may, id
	row, err := s.Store.Case(ctx, id)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(row.Zone)
	if err != nil {
		return err
	}
	r.caseZone = zone
	if r.user.Zone == "" {
		r.zone = zone
	}
	if r.caseName, err = s.Log.CaseName(ctx, id); err != nil {
		return err
	}
	if r.sight, err = s.Cases.Sight(ctx, actor, id); err != nil {
		return err
	}
	// From here on nothing of another case opens, whatever a page asks for, and
	// nothing that the user may not be shown.
	r.Request = r.WithContext(asking(archive.Within(ctx, id), r.sight))
	return nil
}

// look writes the access entry and returns nil if what it tells of may be done.
// A list that the same session looks at again within a quarter of an hour is one
// entry: the log says who looked at what, not how often the page was turned.
func (r *request) look(a cases.Action, what daybook.Access) error {
	again := what.Detail != "" && a.Reads() && a != cases.Content && a != cases.Search
	key := r.session.ID + " " + string(r.caseID) + " " + string(a) + " " + what.Detail
	if again && r.s.looked.lately(key) {
		return r.s.Cases.Authorize(r.Context(), r.actor, r.caseID, a)
	}
	if err := r.s.Cases.Look(r.Context(), r.actor, r.caseID, a, what); err != nil {
		return err
	}
	if again {
		r.s.looked.now(key)
	}
	return nil
}

// looked remembers which lists a session has looked at lately.
type looked struct {
	clock func() time.Time
	mu    sync.Mutex
	at    map[string]time.Time
}

const lookAgain = 15 * time.Minute

func newLooked(clock func() time.Time) *looked {
	return &looked{clock: clock, at: map[string]time.Time{}}
}

func (l *looked) lately(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.at[key]
	return ok && l.clock().Sub(t) < lookAgain
}

func (l *looked) now(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	if len(l.at) > 10_000 {
		for k, t := range l.at {
			if now.Sub(t) >= lookAgain {
				delete(l.at, k)
			}
		}
	}
	l.at[key] = now
}

// door is where the request came in.
func (r *request) door() signin.Door {
	return signin.Door{Address: r.address(), Device: r.cookie(deviceCookie), Agent: r.UserAgent()}
}

// address is whose request it is: the nearest address that is not a proxy of
// ours. What a proxy that is not ours says is not believed.
func (r *request) address() string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	via := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(via) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(host)
		if err != nil || !slices.ContainsFunc(r.s.Proxies, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) }) {
			break
		}
		next := strings.TrimSpace(via[i])
		if _, err := netip.ParseAddr(next); err != nil {
			break
		}
		host = next
	}
	return host
}

func (r *request) cookie(name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for as long as the browser runs, or for longer; a
// negative age removes it.
func (r *request) setCookie(name, value string, age time.Duration) {
	http.SetCookie(r.w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.s.Origin != nil && strings.EqualFold(r.s.Origin.Scheme, "https"),
	})
}
