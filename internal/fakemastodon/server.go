// Package fakemastodon is a server that speaks the Mastodon client interface,
// for tests and the demo. It holds made-up people in memory, plays a story that
// a script writes ("she posts, he answers, she blocks him"), and answers in the
// exact shape of recorded servers, with their oddities: rows of blocked accounts
// are taken out after paging, so that an empty page can have links; blocked
// profiles come emptied; conversations stay.
//
// Replay answers from recordings of a real server instead, byte for byte.
//
// Any call that a reader of the person's own account has no business to make is
// refused and kept in Violations.
package fakemastodon

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say what kind of server it is.
type Options struct {
	Domain     string    // of accounts and bodies; "mastodon.example" if empty
	URL        string    // base URL in bodies and links; "https://" + Domain if empty
	GoToSocial bool      // else Mastodon 4.3 or later
	Start      time.Time // the story's first moment; 2026-09-14 08:00 UTC if zero
}

// A Server is the whole platform. Its methods may be called from several
// goroutines. It is an http.Handler.
type Server struct {
	mux *http.ServeMux

	mu         sync.Mutex
	opts       Options
	now        time.Time
	serial     int64
	people     []*Person
	statuses   map[string]*Status
	media      map[string]*Media // by path
	apps       map[string]app    // by client id
	codes      map[string]grant
	tokens     map[string]token
	reader     *Person // whose browser it is: who presses "allow"
	faults     []*fault
	requests   []Request
	violations []string
	lastAnswer map[string][]byte // by path, for DuplicatePage
}

// New makes a server without people.
func New(o Options) *Server {
	if o.Domain == "" {
		o.Domain = "mastodon.example"
	}
	if o.URL == "" {
		o.URL = "https://" + o.Domain
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)
	}
	s := &Server{
		opts:       o,
		now:        o.Start.UTC(),
		statuses:   map[string]*Status{},
		media:      map[string]*Media{},
		apps:       map[string]app{},
		codes:      map[string]grant{},
		tokens:     map[string]token{},
		lastAnswer: map[string][]byte{},
	}
	s.mux = s.routes()
	return s
}

// Domain returns the domain of the server's own accounts.
func (s *Server) Domain() string { return s.opts.Domain }

// SetURL sets the base URL in bodies and links, for a server that listens on a
// port.
func (s *Server) SetURL(u string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.URL = strings.TrimRight(u, "/")
}

// URL returns the base URL.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.URL
}

// Now returns the story's time. It is a clock for whoever reads the server.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// At moves the story to t. Time never runs by itself.
func (s *Server) At(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t.UTC()
}

// Wait moves the story on by d.
func (s *Server) Wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// A Request is one call that was made.
type Request struct {
	Method, Path string
	Query        map[string][]string
	Header       http.Header
	At           time.Time
}

// Requests returns the calls that were made, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
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
	return append([]string(nil), s.violations...)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone(), At: s.now,
	})
	f := s.takeFault(r.URL.Path)
	s.mu.Unlock()
	if f != nil {
		f(w, r, s.mux)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refuse answers calls that are not on the list of a reader.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.violations = append(s.violations, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	s.fail(w, http.StatusForbidden, "Forbidden: token has insufficient scope permission")
}

// id makes an identifier for a time. Later calls with the same time give later
// identifiers. mu is held.
func (s *Server) id(at time.Time) string {
	s.serial++
	if !s.opts.GoToSocial {
		return fmt.Sprint(at.UnixMilli()<<16 | s.serial&0xffff)
	}
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base32, as in ULIDs
	var b [26]byte
	ms, n := at.UnixMilli(), s.serial
	for i := 9; i >= 0; i-- {
		b[i] = digits[ms&31]
		ms >>= 5
	}
	for i := 25; i >= 10; i-- {
		b[i] = digits[n&31]
		n >>= 5
	}
	return string(b[:])
}

// older reports whether identifier a comes before b.
func older(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// Body returns what a person would be answered with at a path.
func Body(s *Server, p *Person, path string) []byte {
	r, err := http.NewRequest(http.MethodGet, s.URL()+path, nil)
	if err != nil {
		panic("fakemastodon: " + err.Error()) // the script's mistake
	}
	r.Header.Set("Authorization", "Bearer "+s.Token(p))
	w := &keeper{header: http.Header{}}
	s.mux.ServeHTTP(w, r)
	return w.body.Bytes()
}

type keeper struct {
	header http.Header
	body   bytes.Buffer
}

func (k *keeper) Header() http.Header         { return k.header }
func (k *keeper) WriteHeader(int)             {}
func (k *keeper) Write(b []byte) (int, error) { return k.body.Write(b) }
