package fakemastodon

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// routes lists what a reader may call. All else is a violation.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	get := func(path, scope string, h func(http.ResponseWriter, *http.Request, *Person)) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.signedIn(w, r, scope, h) })
	}
	get("/api/v1/accounts/verify_credentials", "read:accounts", s.verify)
	get("/api/v1/notifications", "read:notifications", s.notifications)
	get("/api/v1/notifications/{id}", "read:notifications", s.oneNotification)
	get("/api/v1/conversations", "read:statuses", s.conversations)
	get("/api/v1/statuses", "read:statuses", s.batch)
	get("/api/v1/statuses/{id}", "read:statuses", s.oneStatus)
	get("/api/v1/statuses/{id}/context", "read:statuses", s.context)
	get("/api/v1/statuses/{id}/history", "read:statuses", s.statusHistory)
	get("/api/v1/blocks", "read:blocks", s.listBlocks)
	get("/api/v1/mutes", "read:mutes", s.listMutes)
	get("/api/v1/accounts/relationships", "read:follows", s.relationships)

	mux.HandleFunc("GET /api/v1/instance", s.instance)
	mux.HandleFunc("GET /api/v2/instance", s.instance)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", s.metadata)
	mux.HandleFunc("POST /api/v1/apps", s.register)
	mux.HandleFunc("GET /oauth/authorize", s.authorizePage)
	mux.HandleFunc("POST /oauth/authorize", s.authorize)
	mux.HandleFunc("GET /oauth/oob", s.showCode)
	mux.HandleFunc("POST /oauth/token", s.exchange)
	mux.HandleFunc("POST /oauth/revoke", s.revoke)
	mux.HandleFunc("GET /fileserver/", s.file)
	mux.HandleFunc("GET /system/", s.file)
	mux.HandleFunc("GET /assets/", http.NotFound)
	mux.HandleFunc("GET /avatars/", http.NotFound)
	mux.HandleFunc("/", s.refuse)
	return mux
}

func (s *Server) fail(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	b, err := encode(object{{"error", text}})
	if err == nil {
		_, _ = w.Write(b) // whoever asked has gone
	}
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, v any) {
	b, err := encode(v)
	if err != nil {
		s.fail(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	s.mu.Lock()
	s.lastAnswer[r.URL.Path] = b
	now, mastodon := s.now, !s.opts.GoToSocial
	s.mu.Unlock()
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	if mastodon {
		h.Set("Content-Type", "application/json; charset=utf-8")
		if h.Get("X-RateLimit-Reset") == "" {
			h.Set("X-RateLimit-Limit", "300")
			h.Set("X-RateLimit-Remaining", "297")
			h.Set("X-RateLimit-Reset", stamp(now.Add(5*60*1e9)))
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // whoever asked has gone
}

// signedIn finds whose token it is.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request, scope string, h func(http.ResponseWriter, *http.Request, *Person)) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	t, ok := s.tokens[bearer]
	s.mu.Unlock()
	switch {
	case !ok && s.opts.GoToSocial:
		s.fail(w, http.StatusUnauthorized, "Unauthorized: token not supplied")
	case !ok:
		s.fail(w, http.StatusUnauthorized, "The access token is invalid")
	case !slices.Contains(t.scopes, scope) && s.opts.GoToSocial:
		s.fail(w, http.StatusForbidden, "Forbidden: token has insufficient scope permission")
	case !slices.Contains(t.scopes, scope):
		s.fail(w, http.StatusForbidden, "This action is outside the authorized scopes")
	default:
		h(w, r, t.person)
	}
}

// page is one page of rows, newest first: what the database gives. ids are the
// rows' identifiers, newest first. It returns the range to show and sets the
// Link header, which goes by the rows of the database whether or not they are
// shown.
func (s *Server) page(w http.ResponseWriter, r *http.Request, ids []string, most int) (from, to int, ok bool) {
	q := r.URL.Query()
	limit := min(40, most)
	if v := q.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			s.fail(w, http.StatusBadRequest, "Bad Request: bad integer limit value")
			return 0, 0, false
		}
		limit = max(1, min(n, most))
	}
	q.Set("limit", strconv.Itoa(limit))
	from, to = window(ids, q, most)
	if from < to {
		w.Header().Set("Link", s.links(r, limit, ids[to-1], ids[from]))
	}
	return from, to, true
}

func (s *Server) links(r *http.Request, limit int, oldest, newest string) string {
	link := func(name, id, rel string) string {
		q := url.Values{"limit": {strconv.Itoa(limit)}, name: {id}}
		for _, keep := range []string{"types[]", "exclude_types[]"} {
			if v, ok := r.URL.Query()[keep]; ok {
				q[keep] = v
			}
		}
		return "<" + s.opts.URL + r.URL.Path + "?" + q.Encode() + `>; rel="` + rel + `"`
	}
	return link("max_id", oldest, "next") + ", " + link("min_id", newest, "prev")
}

func (s *Server) verify(w http.ResponseWriter, r *http.Request, me *Person) {
	s.mu.Lock()
	o := append(s.account(me, me, false), object{
		{"source", object{{"privacy", "unlisted"}, {"sensitive", false}, {"language", "en"}, {"note", me.note}, {"fields", []any{}}}},
	}...)
	s.mu.Unlock()
	s.write(w, r, o)
}

func (s *Server) notifications(w http.ResponseWriter, r *http.Request, me *Person) {
	s.mu.Lock()
	q := r.URL.Query()
	types, not := q["types[]"], q["exclude_types[]"]
	filtered := q.Get("include_filtered") == "true" && !s.opts.GoToSocial
	var rows []*row
	var ids []string
	for _, x := range slices.Backward(me.rows) {
		if x.filtered && !filtered || len(types) > 0 && !slices.Contains(types, x.kind) || slices.Contains(not, x.kind) {
			continue
		}
		rows, ids = append(rows, x), append(ids, x.id)
	}
	from, to, ok := s.page(w, r, ids, 80)
	list := []object{}
	for _, x := range rows[from:to] {
		if !me.blocked(x.from) { // after paging
			list = append(list, s.notification(x, me))
		}
	}
	s.mu.Unlock()
	if ok {
		s.write(w, r, list)
	}
}

func (s *Server) oneNotification(w http.ResponseWriter, r *http.Request, me *Person) {
	id := r.PathValue("id")
	if id == "requests" && !s.opts.GoToSocial {
		s.requestsOf(w, r, me)
		return
	}
	s.mu.Lock()
	for _, x := range me.rows {
		if x.id == id && !me.blocked(x.from) {
			o := s.notification(x, me)
			s.mu.Unlock()
			s.write(w, r, o)
			return
		}
	}
	s.mu.Unlock()
	s.fail(w, http.StatusNotFound, s.notFound("notification not found"))
}

func (s *Server) notFound(what string) string {
	if s.opts.GoToSocial {
		return "Not Found: " + what
	}
	return "Record not found"
}

func (s *Server) requestsOf(w http.ResponseWriter, r *http.Request, me *Person) {
	s.mu.Lock()
	var ids []string
	var shown []*heldBack
	for _, h := range slices.Backward(me.heldBack) {
		if h.count > 0 {
			ids, shown = append(ids, h.id), append(shown, h)
		}
	}
	from, to, ok := s.page(w, r, ids, 80)
	list := []object{}
	for _, h := range shown[from:to] {
		if !me.blocked(h.from) {
			list = append(list, s.heldRequest(h, me))
		}
	}
	s.mu.Unlock()
	if ok {
		s.write(w, r, list)
	}
}

func (s *Server) conversations(w http.ResponseWriter, r *http.Request, me *Person) {
	s.mu.Lock()
	rows := slices.Clone(me.conversations)
	slices.SortFunc(rows, func(a, b *conversation) int {
		if older(b.last[len(b.last)-1].ID, a.last[len(a.last)-1].ID) {
			return -1
		}
		return 1
	})
	var ids []string
	for _, c := range rows {
		ids = append(ids, c.last[len(c.last)-1].ID)
	}
	from, to, ok := s.page(w, r, ids, 40)
	list := []object{}
	for _, c := range rows[from:to] {
		list = append(list, s.conversation(c, me)) // blocked or not
	}
	s.mu.Unlock()
	if ok {
		s.write(w, r, list)
	}
}

func (s *Server) batch(w http.ResponseWriter, r *http.Request, me *Person) {
	if s.opts.GoToSocial {
		s.fail(w, http.StatusNotFound, "Not Found")
		return
	}
	ids := r.URL.Query()["id[]"]
	if len(ids) > 20 {
		s.fail(w, http.StatusUnprocessableEntity, "Validation failed")
		return
	}
	s.mu.Lock()
	list := []object{}
	for _, id := range ids {
		if st := s.statuses[id]; me.sees(st) {
			list = append(list, s.status(st, me))
		}
	}
	s.mu.Unlock()
	s.write(w, r, list)
}

// visible answers with what make makes of the status in the path, or 404.
func (s *Server) visible(w http.ResponseWriter, r *http.Request, me *Person, make func(*Status) any) {
	s.mu.Lock()
	st := s.statuses[r.PathValue("id")]
	if !me.sees(st) {
		s.mu.Unlock()
		s.fail(w, http.StatusNotFound, s.notFound("target status not found"))
		return
	}
	v := make(st)
	s.mu.Unlock()
	s.write(w, r, v)
}

func (s *Server) oneStatus(w http.ResponseWriter, r *http.Request, me *Person) {
	s.visible(w, r, me, func(st *Status) any { return s.status(st, me) })
}

func (s *Server) statusHistory(w http.ResponseWriter, r *http.Request, me *Person) {
	s.visible(w, r, me, func(st *Status) any { return s.history(st, me) })
}

func (s *Server) context(w http.ResponseWriter, r *http.Request, me *Person) {
	s.visible(w, r, me, func(st *Status) any {
		ancestors, descendants := []object{}, []object{}
		for up := st.inReplyTo; up != nil; up = up.inReplyTo {
			if me.sees(up) {
				ancestors = slices.Insert(ancestors, 0, s.status(up, me))
			}
		}
		var down []*Status
		for _, x := range s.statuses {
			for up := x.inReplyTo; up != nil; up = up.inReplyTo {
				if up == st && me.sees(x) {
					down = append(down, x)
				}
			}
		}
		slices.SortFunc(down, func(a, b *Status) int {
			if older(a.ID, b.ID) {
				return -1
			}
			return 1
		})
		for _, x := range down {
			descendants = append(descendants, s.status(x, me))
		}
		return object{{"ancestors", ancestors}, {"descendants", descendants}}
	})
}

func (s *Server) listBlocks(w http.ResponseWriter, r *http.Request, me *Person) {
	s.relations(w, r, me, func() []relation { return me.blocks })
}

func (s *Server) listMutes(w http.ResponseWriter, r *http.Request, me *Person) {
	s.relations(w, r, me, func() []relation { return me.mutes })
}

func (s *Server) relations(w http.ResponseWriter, r *http.Request, me *Person, of func() []relation) {
	s.mu.Lock()
	var ids []string
	var rows []relation
	for _, x := range slices.Backward(of()) {
		rows, ids = append(rows, x), append(ids, x.id)
	}
	from, to, ok := s.page(w, r, ids, 80)
	list := []object{}
	for _, x := range rows[from:to] {
		list = append(list, s.account(x.to, me, true))
	}
	s.mu.Unlock()
	if ok {
		s.write(w, r, list)
	}
}

func (s *Server) relationships(w http.ResponseWriter, r *http.Request, me *Person) {
	s.mu.Lock()
	list := []object{}
	for _, id := range r.URL.Query()["id[]"] {
		for _, p := range s.people {
			if p.ID == id {
				list = append(list, s.relationship(p, me))
			}
		}
	}
	s.mu.Unlock()
	s.write(w, r, list)
}

func (s *Server) instance(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o := object{{"domain", s.opts.Domain}, {"title", s.opts.Domain}}
	if r.URL.Path == "/api/v1/instance" {
		o[0] = member{"uri", s.opts.Domain}
	}
	if s.opts.GoToSocial {
		o = append(o, object{
			{"account_domain", s.opts.Domain}, {"version", "3.5.3+0.20.0-snapshot"},
			{"source_url", "https://codeberg.org/superseriousbusiness/gotosocial"},
		}...)
	} else {
		o = append(o, object{
			{"version", "4.4.1"}, {"source_url", "https://github.com/mastodon/mastodon"},
			{"api_versions", object{{"mastodon", 6}}},
		}...)
	}
	s.mu.Unlock()
	s.write(w, r, o)
}
