package web

import "net/http"

// The two pages that tell what this program can do for somebody and what it
// cannot. They can be read by everybody.

func (s *Server) safetyRoutes() []route {
	const why = "the same for everybody; nothing of a case is shown"
	return []route{
		{method: "GET", path: "/safety", who: anyone, why: why, handle: func(r *request) error { return r.tell("safety") }},
		{method: "GET", path: "/stored", who: anyone, why: why, handle: func(r *request) error { return r.tell("stored") }},
	}
}

// safetyPage is the pages safety.html and stored.html.
type safetyPage struct {
	Numbers  help
	Reviewed stamp
	Idle     int // minutes after which a session locks
}

func (r *request) tell(page string) error {
	if _, err := r.perhaps(); err != nil {
		return err
	}
	h, err := r.s.help(r.country(), r.now())
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, page, "brand", safetyPage{Numbers: h, Reviewed: r.day(h.Reviewed), Idle: int(r.s.Idle.Minutes())})
}
