package fakex

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// An endpoint is a call that a reader may make.
type endpoint struct {
	path       string
	kind       string // of what it shows: "posts", "messages", "users"
	scopes     []string
	params     []string
	limit      int // calls in 15 minutes, for a person
	appLimit   int // for an app without a person; 0 if that is not taken
	maxLeast   int
	maxMost    int
	maxDefault int
	answer     func(*call) *failure
}

// A call is a call that is being answered.
type call struct {
	ask
	s     *Server
	r     *http.Request
	w     http.ResponseWriter
	e     endpoint
	me    *Person // nil for an app without a person
	free  bool    // it costs nothing
	data  any
	meta  object
	users []object
	posts []object
	files []object
	errs  []object
	known map[string]bool // what is among users, posts and files
}

func paged(more ...string) []string {
	return append([]string{"max_results", "pagination_token"}, more...)
}

// endpoints lists what a reader may call.
func (s *Server) endpoints() []endpoint {
	basic := []string{"tweet.read", "users.read"}
	dm := append([]string{"dm.read"}, basic...)
	return []endpoint{
		{path: "/2/users/me", kind: "users", scopes: basic, limit: 75, answer: (*call).self},
		{path: "/2/users", kind: "users", scopes: basic, params: []string{"ids"}, limit: 900, appLimit: 300, answer: (*call).manyUsers},
		{path: "/2/users/{id}", kind: "users", scopes: basic, limit: 900, appLimit: 300, answer: (*call).oneUser},
		{
			path: "/2/users/{id}/mentions", kind: "posts", scopes: basic, params: paged("since_id", "until_id", "start_time", "end_time"),
			limit: 300, appLimit: 450, maxLeast: 5, maxMost: 100, maxDefault: 10, answer: (*call).mentionsOf,
		},
		{
			path: "/2/users/{id}/blocking", kind: "users", scopes: append([]string{"block.read"}, basic...), params: paged(),
			limit: 15, maxLeast: 1, maxMost: 1000, maxDefault: 100, answer: (*call).blockedBy,
		},
		{
			path: "/2/users/{id}/muting", kind: "users", scopes: append([]string{"mute.read"}, basic...), params: paged(),
			limit: 15, maxLeast: 1, maxMost: 1000, maxDefault: 100, answer: (*call).mutedBy,
		},
		{path: "/2/tweets", kind: "posts", scopes: basic, params: []string{"ids"}, limit: 5000, appLimit: 3500, answer: (*call).manyPosts},
		{path: "/2/tweets/{id}", kind: "posts", scopes: basic, limit: 900, appLimit: 450, answer: (*call).onePost},
		{
			path: "/2/tweets/{id}/quote_tweets", kind: "posts", scopes: basic, params: paged("exclude"),
			limit: 75, appLimit: 75, maxLeast: 10, maxMost: 100, maxDefault: 10, answer: (*call).quotesOf,
		},
		{
			path: "/2/dm_events", kind: "messages", scopes: dm, params: paged(),
			limit: 15, maxLeast: 1, maxMost: 100, maxDefault: 100, answer: (*call).allMessages,
		},
		{path: "/2/dm_events/{id}", kind: "messages", scopes: dm, limit: 15, answer: (*call).oneMessage},
		{
			path: "/2/dm_conversations/{id}/dm_events", kind: "messages", scopes: dm, params: paged(),
			limit: 15, maxLeast: 1, maxMost: 100, maxDefault: 100, answer: (*call).conversationMessages,
		},
		{
			path: "/2/dm_conversations/with/{id}/dm_events", kind: "messages", scopes: dm, params: paged(),
			limit: 15, maxLeast: 1, maxMost: 100, maxDefault: 100, answer: (*call).messagesWith,
		},
	}
}

// routes lists what a reader may call. All else is a violation.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, e := range s.endpoints() {
		mux.HandleFunc("GET "+e.path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, e) })
	}
	mux.HandleFunc("GET /2/dm_conversations/media/{dm}/{media}/{resource}", s.messageFile)
	s.signInRoutes(mux)
	s.oldRoutes(mux)
	s.activityRoutes(mux)
	for _, path := range []string{"/media/", "/profile_images/", "/profile_banners/", "/ext_tw_video/", "/ext_tw_video_thumb/"} {
		mux.HandleFunc("GET "+path, s.file)
	}
	mux.HandleFunc("GET /1.1/ton/data/dm/{dm}/{media}/{resource}", s.messageOldFile)
	mux.HandleFunc("/", s.refuse)
	return mux
}

// serve answers one call of an endpoint.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, e endpoint) {
	s.mu.Lock()
	c := &call{s: s, r: r, w: w, e: e, known: map[string]bool{}}
	f := c.run()
	status, body := http.StatusOK, any(nil)
	if f != nil {
		status, body = f.status, f.body
	} else {
		body = c.page()
	}
	b, err := encode(body)
	if err != nil {
		panic("fakex: " + err.Error()) // it is made of texts and numbers
	}
	if f == nil {
		s.lastAnswer[r.URL.Path] = b
	}
	w.Header().Set("Date", s.time().Format(http.TimeFormat))
	s.mu.Unlock()
	writeJSON(w, status, b)
	if s.opts.Check != nil {
		s.opts.Check(r, status, w.Header().Clone(), b)
	}
}

func (c *call) run() *failure {
	t, f := c.s.signedIn(c.r, c.e.appLimit > 0)
	if f != nil {
		return f
	}
	c.me, c.free = t.person, t.free
	if c.me != nil && slices.ContainsFunc(c.e.scopes, func(x string) bool { return !slices.Contains(t.scopes, x) }) {
		return plain(http.StatusForbidden)
	}
	limit := c.e.limit
	if c.me == nil {
		limit = c.e.appLimit
	}
	if f := c.s.count(c.w, c.e.path, t, limit); f != nil {
		return f
	}
	if c.ask, f = c.s.read(c.e, c.r.URL.Query()); f != nil {
		return f
	}
	if id := c.r.PathValue("id"); id != "" && !strings.Contains(id, "-") && !number.MatchString(id) {
		return c.invalid("id", id, "The `id` query parameter value ["+id+"] is not valid")
	}
	return c.e.answer(c)
}

// page puts an answer together: nothing that is empty is there.
func (c *call) page() object {
	var o object
	if c.data != nil {
		o = append(o, member{"data", c.data})
	}
	var in object
	for _, m := range []struct {
		name string
		list []object
	}{{"users", c.users}, {c.word("tweets"), c.posts}, {"media", c.files}} {
		if len(m.list) > 0 {
			in = append(in, member{m.name, m.list})
		}
	}
	if in != nil {
		o = append(o, member{"includes", in})
	}
	if len(c.errs) > 0 {
		o = append(o, member{"errors", c.errs})
	}
	if c.meta != nil {
		o = append(o, member{"meta", c.meta})
	}
	if o == nil {
		o = object{{"meta", object{{"result_count", 0}}}}
	}
	return o
}

// signedIn finds whose token it is. mu is held.
func (s *Server) signedIn(r *http.Request, appTaken bool) (*token, *failure) {
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		if t := s.signed(r); t != nil {
			return t, nil
		}
		return nil, plain(http.StatusUnauthorized)
	}
	t := s.tokens[bearer]
	switch {
	case t == nil, t.kind == tokenRefresh, !t.expires.IsZero() && !s.time().Before(t.expires):
		return nil, plain(http.StatusUnauthorized)
	case t.person != nil && t.person.suspended:
		return nil, plain(http.StatusForbidden)
	case t.person == nil && !appTaken:
		return nil, &failure{http.StatusForbidden, object{
			{"title", "Unsupported Authentication"}, {"detail", unsupported}, {"type", "https://api.twitter.com/2/problems/unsupported-authentication"}, {"status", 403},
		}}
	}
	return t, nil
}

const unsupported = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  " +
	"Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context]."

// window is how long a limit counts.
const window = 15 * time.Minute
