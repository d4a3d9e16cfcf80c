package fakex

import (
	"net/http"
	"strconv"
	"time"
)

// A rateWindow counts the calls of one endpoint with one token.
type rateWindow struct {
	until time.Time
	calls int
}

// count counts a call and says in the header how many are left. mu is held.
func (s *Server) count(w http.ResponseWriter, path string, t *token, limit int) *failure {
	if s.opts.NoLimits || t.free {
		return nil
	}
	who := "app"
	if t.person != nil {
		who = t.person.ID
	}
	now := s.time()
	x := s.windows[path+" "+who]
	if x == nil || !now.Before(x.until) {
		x = &rateWindow{until: now.Add(window)}
		s.windows[path+" "+who] = x
	}
	x.calls++
	h := w.Header()
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(limit))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(max(limit-x.calls, 0)))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(x.until.Unix(), 10))
	if x.calls > limit {
		return plain(http.StatusTooManyRequests)
	}
	return nil
}

// The kinds of what costs something.
const (
	BillPosts    = "posts"
	BillUsers    = "users"
	BillMessages = "messages"
	BillBlocks   = "blocks"
	BillOwned    = "owned" // what costs less because the app is the person's own
)

// price returns what one of a kind costs, in millionths of a dollar.
func price(kind string) int64 {
	switch kind {
	case BillPosts:
		return 5_000
	case BillUsers, BillMessages:
		return 10_000
	}
	return 1_000
}

// A charge is one resource on one day: it is paid once.
type charge struct {
	day, kind, id string
}

// A Bill says for each kind how many resources were paid for.
type Bill map[string]int

// MicroDollars returns what a bill comes to, in millionths of a dollar.
func (b Bill) MicroDollars() int64 {
	var sum int64
	for kind, n := range b {
		sum += int64(n) * price(kind)
	}
	return sum
}

// Bill returns what has been handed out and paid for: each resource once in each
// day, as UTC counts days.
func (s *Server) Bill() Bill {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := Bill{}
	for kind, n := range s.bill {
		b[kind] = n
	}
	return b
}

// charge puts a resource on the bill. mu is held.
func (c *call) charge(kind, id string, ownCall bool) {
	if c.free {
		return
	}
	as := kind
	if ownCall && c.s.opts.Owned {
		as = BillOwned
	}
	c.s.chargeFor(kind, as, id)
}

func (s *Server) chargeFor(kind, as, id string) {
	x := charge{s.time().Format(time.DateOnly), kind, id}
	if s.billed[x] {
		return
	}
	s.billed[x] = true
	s.bill[as]++
}
