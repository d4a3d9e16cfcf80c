package fakex

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

// Fault lets the next n calls of a path meet with a fault; -1 for all. "{id}"
// in the path stands for any one segment, and a path that ends with "/" for all
// that is below it. Faults are met in the order in which they were set.
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
		if !matches(f.path, path) {
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

// matches reports whether a path has a pattern: a pattern that ends with "/"
// is for all that is below it.
func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, w := range want {
		switch {
		case w == "" && i > 0 && i == len(want)-1:
			return len(got) > i
		case i >= len(got):
			return false
		case strings.HasPrefix(w, "{"):
		case w != got[i]:
			return false
		}
	}
	return len(got) == len(want)
}

// TooMany answers 429 until a time, in the form that problems have now.
func TooMany(until time.Time) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		spent(w, until)
		writeJSON(w, http.StatusTooManyRequests, []byte(`{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}`))
	}
}

// TooManyOld answers 429 in the older form.
func TooManyOld(until time.Time) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		spent(w, until)
		writeJSON(w, http.StatusTooManyRequests, []byte(`{"errors":[{"code":88,"message":"Rate limit exceeded"}]}`))
	}
}

func spent(w http.ResponseWriter, until time.Time) {
	w.Header().Set("X-Rate-Limit-Limit", "15")
	w.Header().Set("X-Rate-Limit-Remaining", "0")
	w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(until.Unix(), 10))
}

// LastOne answers, and says that no more calls are taken until a time.
func LastOne(until time.Time) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&header{w, func() { spent(w, until) }}, r)
	}
}

// header changes the header at the last moment.
type header struct {
	http.ResponseWriter
	change func()
}

func (h *header) WriteHeader(status int) {
	h.change()
	h.ResponseWriter.WriteHeader(status)
}

// Answer answers with a status and a body; contentType "" is that of problems.
func Answer(status int, contentType, body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		writeJSON(w, status, []byte(body))
	}
}

// Empty answers with a status and no body at all.
func Empty(status int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
	}
}

// Problem answers with a problem in the form of X.
func Problem(status int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		b, err := encode(plain(status).body)
		if err != nil {
			panic("fakex: " + err.Error()) // it is made of constants
		}
		writeJSON(w, status, b)
	}
}

// NoCredits answers that nothing is left to pay with.
func NoCredits(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	writeJSON(w, http.StatusPaymentRequired, []byte(`{"title":"CreditsDepleted","detail":"Your enrolled account does not have any credits to fulfill this request.",`+
		`"type":"https://api.twitter.com/2/problems/credits","status":402}`))
}

// NoAccess answers as to apps that may no longer use a call: code 453.
func NoAccess(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	writeJSON(w, http.StatusForbidden, []byte(`{"errors":[{"message":"You currently have access to a subset of X API V2 endpoints and limited v1.1 `+
		`endpoints (e.g. media post, oauth) only. If you need access to this endpoint, you may need a different access level.","code":453}]}`))
}

// Cut answers with the first n bytes of the body as if they were all.
func Cut(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		k := &keeper{header: http.Header{}}
		next.ServeHTTP(k, r)
		k.replay(w, k.body.Bytes()[:min(n, k.body.Len())])
	}
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

// Lose does what was asked, and loses the answer: a refresh token is spent, and
// nobody has the new one.
func Lose(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(&keeper{header: http.Header{}}, r)
	panic(http.ErrAbortHandler) // as above
}

// Hang answers nothing until the caller gives up.
func Hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

// Late lets time pass before it answers: d of the story's time.
func (s *Server) Late(d time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		s.Wait(d)
		next.ServeHTTP(w, r)
	}
}

// First does something before it answers: takes a post back between two pages.
func First(do func()) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		do()
		next.ServeHTTP(w, r)
	}
}

// Changed answers with what change makes of the body.
func Changed(change func(body []byte) []byte) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		k := &keeper{header: http.Header{}}
		next.ServeHTTP(k, r)
		k.replay(w, change(k.body.Bytes()))
	}
}

func (k *keeper) replay(w http.ResponseWriter, body []byte) {
	for name, v := range k.header {
		w.Header()[name] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if k.status != 0 {
		w.WriteHeader(k.status)
	}
	_, _ = w.Write(body) // whoever asked has gone
}

// DuplicatePage answers with what the path was answered with the last time.
func (s *Server) DuplicatePage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	s.mu.Lock()
	b := s.lastAnswer[r.URL.Path]
	s.mu.Unlock()
	if b == nil {
		next.ServeHTTP(w, r)
		return
	}
	writeJSON(w, http.StatusOK, b)
}

// Reordered answers with the items of the page the other way round.
func Reordered(w http.ResponseWriter, r *http.Request, next http.Handler) {
	Changed(reversed)(w, r, next)
}
