package fakemastodon

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Fault answers a call in place of the server; next is the server.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

type fault struct {
	path string
	left int
	do   Fault
}

// Fault lets the next n calls of a path, or of paths below it, meet with a
// fault; -1 for all. Faults of one path are met in the order in which they were
// set.
func (s *Server) Fault(path string, n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{path, n, f})
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) takeFault(path string) Fault {
	for i, f := range s.faults {
		if path != f.path && !strings.HasPrefix(path, strings.TrimRight(f.path, "/")+"/") {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		if f.left == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f.do
	}
	return nil
}

// TooMany answers 429 until a time, as Mastodon and GoToSocial do.
func (s *Server) TooMany(until time.Time) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-RateLimit-Limit", "300")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", stamp(until))
		s.fail(w, http.StatusTooManyRequests, "Too many requests")
	}
}

// LastOne answers, and says that no more calls are taken until a time.
func LastOne(until time.Time) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("X-RateLimit-Limit", "300")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", stamp(until))
		next.ServeHTTP(w, r)
	}
}

// Answer answers with a status and a body.
func Answer(status int, contentType, body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // whoever asked has gone
	}
}

// Cut answers with the first n bytes of the body as if they were all.
func Cut(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&cutter{ResponseWriter: w, left: n}, r)
	}
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(b []byte) (int, error) {
	n := min(len(b), c.left)
	c.left -= n
	if c.ResponseWriter.Header().Get("Content-Length") != "" {
		c.ResponseWriter.Header().Set("Content-Length", strconv.Itoa(n))
	}
	if _, err := c.ResponseWriter.Write(b[:n]); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Broken answers with the first n bytes and then loses the connection.
func Broken(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&breaker{ResponseWriter: w, left: n}, r)
	}
}

type breaker struct {
	http.ResponseWriter
	left int
}

func (b *breaker) Write(p []byte) (int, error) {
	if _, err := b.ResponseWriter.Write(p[:min(len(p), b.left)]); err != nil {
		return 0, err
	}
	panic(http.ErrAbortHandler) // how a handler ends a connection: net/http knows it
}

// Hang answers nothing until the caller gives up.
func Hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

// DuplicatePage answers with what the path was answered with the last time.
func (s *Server) DuplicatePage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	s.mu.Lock()
	b := s.lastAnswer[r.URL.Path]
	s.mu.Unlock()
	if b == nil {
		next.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // whoever asked has gone
}

// SinceLinks rewrites links to newer pages as older GoToSocial servers give
// them: with since_id.
func SinceLinks(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(&relinker{w}, r)
}

type relinker struct{ http.ResponseWriter }

func (l *relinker) Write(b []byte) (int, error) {
	h := l.ResponseWriter.Header()
	h.Set("Link", strings.ReplaceAll(h.Get("Link"), "min_id=", "since_id="))
	return l.ResponseWriter.Write(b)
}
