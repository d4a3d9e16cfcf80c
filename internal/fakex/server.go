// Package fakex is a server that speaks the interfaces of X, for tests and the
// demo. It holds made-up people in memory, plays a story that a script writes
// ("she posts, he answers, he takes it back"), and answers in the shape of the
// recorded and documented answers, with their oddities: no "data" when there is
// nothing, errors beside data with status 200, texts that are cut, written as
// HTML writes them and with short addresses in them, limits for each call apart,
// and a price for each item that is handed out.
//
// All that X spreads over several hosts is answered by one handler: the calls of
// api.x.com and api.twitter.com, the pages of x.com, the files of pbs.twimg.com,
// video.twimg.com and ton.twitter.com.
//
// Any call that a reader of the person's own account has no business to make is
// refused and kept in Violations.
package fakex

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The two ways in which X names fields and members.
const (
	NamesTweet = "tweet" // tweet.fields, edit_history_tweet_ids: as the prose documents
	NamesPost  = "post"  // post.fields, edit_history_post_ids: as the OpenAPI document
)

// Options say what kind of server it is.
type Options struct {
	Names string           // the names that are taken, NamesTweet or NamesPost; "" for both
	Start time.Time        // the story's first moment; 2026-09-14 08:00 UTC if zero
	Now   func() time.Time // another's clock instead of the story's; then At and Wait must not be called

	Owned        bool // the reader's app is the person's own: some calls cost less
	BillIncludes bool // users that come beside posts and messages cost too
	NoLimits     bool // no limits of calls

	// Check is called with each call that the server answers by itself and the
	// answer: not with those that meet a fault, nor with files and pages.
	Check func(r *http.Request, status int, header http.Header, body []byte)
}

// A Server is the whole platform. Its methods may be called from several
// goroutines. It is an http.Handler.
type Server struct {
	mux  *http.ServeMux
	opts Options

	mu         sync.Mutex
	now        time.Time
	serial     int64
	url        string // of the pages, "https://x.com" if nobody said another
	people     []*Person
	posts      []*Post // every version, oldest first
	messages   []*Message
	media      map[string]*Media // by path
	apps       map[string]*app   // by client id
	codes      map[string]grant
	tokens     map[string]*token
	reader     *Person // whose browser it is: who presses "authorize"
	faults     []*fault
	requests   []Request
	violations []string
	lastAnswer map[string][]byte // by path, for DuplicatePage
	pageEpoch  int               // pagination tokens of earlier ones are not taken
	windows    map[string]*rateWindow
	billed     map[charge]bool
	bill       Bill
	activity   activity
}

// New makes a server without people.
func New(o Options) *Server {
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)
	}
	s := &Server{
		opts:       o,
		now:        o.Start.UTC(),
		url:        "https://x.com",
		media:      map[string]*Media{},
		apps:       map[string]*app{},
		codes:      map[string]grant{},
		tokens:     map[string]*token{},
		lastAnswer: map[string][]byte{},
		windows:    map[string]*rateWindow{},
		billed:     map[charge]bool{},
		bill:       Bill{},
	}
	s.mux = s.routes()
	return s
}

// Hosts returns the server under every name of X that a reader may speak to: for
// collectors.Exception.
func (s *Server) Hosts() map[string]http.Handler {
	hosts := map[string]http.Handler{}
	for _, h := range ownHosts() {
		hosts[h] = s
	}
	return hosts
}

func ownHosts() []string {
	return []string{
		"api.x.com", "api.twitter.com", "x.com", "twitter.com", "pbs.twimg.com", "video.twimg.com", "ton.twitter.com", "ton.x.com",
	}
}

// SetURL sets where the pages are, for a server that listens on a port.
func (s *Server) SetURL(u string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimRight(u, "/")
}

// URL returns where the pages are.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Now returns the story's time. It is a clock for whoever reads the server.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time()
}

func (s *Server) time() time.Time {
	if s.opts.Now != nil {
		return s.opts.Now().UTC()
	}
	return s.now
}

// At moves the story to t. Time never runs by itself.
func (s *Server) At(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own()
	s.now = t.UTC()
}

// Wait moves the story on by d.
func (s *Server) Wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own()
	s.now = s.now.Add(d)
}

func (s *Server) own() {
	if s.opts.Now != nil {
		panic("fakex: the time is another's") // the script's mistake
	}
}

// A Request is one call that was made.
type Request struct {
	Method, Host, Path string
	Query              map[string][]string
	Header             http.Header
	At                 time.Time
}

// Requests returns the calls that were made, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Forget empties the list of calls.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Violations returns the calls that were refused because a reader has no
// business to make them. A test fails if there are any.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	s.mu.Lock()
	s.requests = append(s.requests, Request{
		Method: r.Method, Host: r.Host, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone(), At: s.time(),
	})
	f := s.takeFault(r.URL.Path)
	s.mu.Unlock()
	switch {
	case f != nil:
		f(w, r, s.mux)
	case host == "t.co" || strings.HasSuffix(host, ".example") && host != "api.example":
		s.refuse(w, r) // whatever somebody wrote in a message
	default:
		s.mux.ServeHTTP(w, r)
	}
}

// refuse answers calls that are not on the list of a reader.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	call := r.Method + " " + r.URL.Path
	if host := strings.ToLower(r.Host); host == "t.co" || strings.HasSuffix(host, ".example") {
		call = r.Method + " " + host + r.URL.Path
	}
	s.violations = append(s.violations, call)
	s.mu.Unlock()
	b, err := encode(object{{"title", "Forbidden"}, {"type", "about:blank"}, {"status", http.StatusForbidden}, {"detail", "Forbidden"}})
	if err != nil {
		panic("fakex: " + err.Error()) // it is made of constants
	}
	writeJSON(w, http.StatusForbidden, b)
}

func writeJSON(w http.ResponseWriter, status int, b []byte) {
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json; charset=utf-8")
		if status >= 400 {
			h.Set("Content-Type", "application/problem+json; charset=utf-8")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // whoever asked has gone
}

// snowflakeEpoch is what the times in identifiers count from, in Unix
// milliseconds.
const snowflakeEpoch = 1288834974657

// id makes an identifier for a time. Later calls with the same time give later
// identifiers. mu is held.
func (s *Server) id(at time.Time) string {
	s.serial++
	ms := max(at.UnixMilli()-snowflakeEpoch, 0)
	return strconv.FormatInt(ms<<22|s.serial&(1<<22-1), 10)
}

// older compares identifiers by number.
func older(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// secret makes a text that nobody guesses by chance. mu is held.
func (s *Server) secret(kind string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + s.id(s.time())))
}

// Body returns what a person would be answered with at a path with its query.
// It costs nothing and counts in no limit.
func Body(s *Server, p *Person, target string) []byte {
	r, err := http.NewRequest(http.MethodGet, "https://api.x.com"+target, nil)
	if err != nil {
		panic("fakex: " + err.Error()) // the script's mistake
	}
	t := s.Token(p, append(Scopes(), "mute.read")...)
	s.mu.Lock()
	s.tokens[t].free = true
	s.mu.Unlock()
	r.Header.Set("Authorization", "Bearer "+t)
	w := &keeper{header: http.Header{}}
	s.mux.ServeHTTP(w, r)
	s.mu.Lock()
	delete(s.tokens, t)
	s.mu.Unlock()
	return w.body.Bytes()
}

type keeper struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keeper) Header() http.Header         { return k.header }
func (k *keeper) WriteHeader(status int)      { k.status = status }
func (k *keeper) Write(b []byte) (int, error) { return k.body.Write(b) }
