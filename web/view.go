package web

import (
	"net/http"
	"sync"
	"time"

	"daybook"
)

// A view is what a page shows of a case: a filter, a search, a place in a long
// list. It is kept here and named by a random identifier in the address, because
// an address stays in the browser's history. It belongs to one session and case,
// is forgotten after a day or when the program stops, and then the page says so.
type views struct {
	clock func() time.Time
	mu    sync.Mutex
	all   map[string]view
	order []string // oldest first
}

type view struct {
	session string
	caseID  daybook.CaseID
	at      time.Time
	what    any
}

const (
	maxViews = 20_000
	viewLife = 24 * time.Hour
)

func newViews(clock func() time.Time) *views {
	return &views{clock: clock, all: map[string]view{}}
}

// keep keeps what and returns its name.
func (r *request) keep(what any) string {
	v := r.s.views
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock()
	for len(v.order) > 0 && (len(v.order) >= maxViews || now.Sub(v.all[v.order[0]].at) > viewLife) {
		delete(v.all, v.order[0])
		v.order = v.order[1:]
	}
	id := daybook.NewID()
	v.all[id] = view{session: r.session.ID, caseID: r.caseID, at: now, what: what}
	v.order = append(v.order, id)
	return id
}

// kept returns what this session kept under a name in this case. false: it was
// forgotten, or never there.
func kept[T any](r *request, name string) (what T, ok bool) {
	v := r.s.views
	v.mu.Lock()
	defer v.mu.Unlock()
	found, there := v.all[name]
	if !there || found.session != r.session.ID || found.caseID != r.caseID || v.clock().Sub(found.at) > viewLife {
		return what, false
	}
	what, ok = found.what.(T)
	return what, ok
}

// forget drops all that a session kept.
func (v *views) forget(session string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	order := v.order[:0]
	for _, id := range v.order {
		if v.all[id].session == session {
			delete(v.all, id)
			continue
		}
		order = append(order, id)
	}
	v.order = order
}

// target is where a visit wanted to go before a fresh sign-in was asked for.
type target struct{ path string }

func targetName(session string) string { return "target " + session }

// keepTarget remembers the page, to go there after the sign-in. Of a POST the
// form's own page would be shown again, which is where it came from: home is
// closer to what people expect than a form sent twice.
func (v *views) keepTarget(r *request) {
	path := "/"
	if r.Method == http.MethodGet {
		path = r.URL.Path
	} else if r.route.who == inCase {
		path = r.in("overview")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	name := targetName(r.session.ID)
	if _, there := v.all[name]; !there {
		v.order = append(v.order, name)
	}
	v.all[name] = view{session: r.session.ID, at: v.clock(), what: target{path}}
}

// takeTarget returns that page, "/" if there is none.
func (v *views) takeTarget(session string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t, ok := v.all[targetName(session)].what.(target); ok {
		return t.path
	}
	return "/"
}
