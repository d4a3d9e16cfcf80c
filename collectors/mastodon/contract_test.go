package mastodon_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/collectors/mastodon"
	"daybook/internal/fakemastodon"
)

// TestContract runs what every driver has to hold against the fake servers.
func TestContract(t *testing.T) {
	for _, tc := range []struct {
		name string
		o    fakemastodon.Options
	}{{"mastodon", fakemastodon.Options{}}, {"gotosocial", gotosocial}} {
		t.Run(tc.name, func(t *testing.T) {
			collectorstest.Run(t, collectorstest.Harness{
				Pages:   6,
				Crashes: 8,
				New: func(t *testing.T, clock *collectorstest.Clock) collectorstest.Platform {
					return newContractServer(t, tc.o, clock)
				},
			})
		})
	}
}

// A contractServer is a fake server between whose door and rooms requests can
// fail. The story has a clock of its own, so that it is the same each time.
type contractServer struct {
	*fakemastodon.Server
	driver      collectors.Driver
	account     daybook.Account
	secret      []byte
	clock       *collectorstest.Clock
	mara, ruben *fakemastodon.Person
	posts       []*fakemastodon.Status

	mu    sync.Mutex
	fault collectorstest.Fault
	in    int
	calls int
}

func newContractServer(t *testing.T, o fakemastodon.Options, clock *collectorstest.Clock) *contractServer {
	t.Helper()
	o.Start = clock.Now().Add(-24 * time.Hour)
	s := &contractServer{Server: fakemastodon.New(o), clock: clock}
	s.mara = s.Person("mara_lindqvist", "Mara Lindqvist")
	s.ruben = s.Person("kestrel_74@birds.example", "Ruben")
	config := mastodon.Config{Now: clock.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"mastodon.example": s}}}
	s.driver = mastodon.Driver(config)
	var err error
	s.account, s.secret, err = config.FromToken(t.Context(), "mastodon.example", s.Token(s.mara))
	if err != nil {
		t.Fatal(err)
	}
	s.account.ID, s.account.Case = "account", "case"
	s.mentions(100, "you were at the lake")
	for n := range 3 {
		s.Wait(time.Minute)
		s.posts = append(s.posts, s.ruben.Direct(s.mara, fmt.Sprint("answer me ", n)))
	}
	s.calls = 0
	return s
}

func (s *contractServer) mentions(n int, text string, opts ...fakemastodon.PostOption) {
	for i := range n {
		s.Wait(time.Minute)
		s.posts = append(s.posts, s.ruben.Post(fmt.Sprintf("@mara_lindqvist %s %d", text, i), opts...))
	}
}

// ServeHTTP answers, or lets the request fail.
func (s *contractServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	f, now := s.fault, s.fault != collectorstest.NoFault && s.in == 0
	switch {
	case !now:
		s.in--
	case f != collectorstest.Refused:
		s.fault = collectorstest.NoFault
	}
	s.mu.Unlock()
	if !now {
		s.Server.ServeHTTP(w, r)
		return
	}
	switch f {
	case collectorstest.CutBody:
		fakemastodon.Broken(5)(w, r, s.Server)
	case collectorstest.HalfAnswer:
		fakemastodon.Cut(5)(w, r, s.Server)
	case collectorstest.ServerError:
		fakemastodon.Answer(503, "text/html", "<html>busy</html>")(w, r, s.Server)
	case collectorstest.RateLimited:
		s.TooMany(s.clock.Now().Add(10*time.Minute))(w, r, s.Server)
	case collectorstest.Refused:
		fakemastodon.Answer(401, "application/json", `{"error":"The access token is invalid"}`)(w, r, s.Server)
	}
}

func (s *contractServer) Driver() collectors.Driver          { return s.driver }
func (s *contractServer) Account() (daybook.Account, []byte) { return s.account, s.secret }
func (s *contractServer) Forbidden() []string                { return s.Violations() }

func (s *contractServer) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *contractServer) Fail(f collectorstest.Fault, after int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.in = f, after
	return true
}

func (s *contractServer) Expected() (keys []daybook.MessageKey) {
	for _, st := range s.posts {
		keys = append(keys, daybook.MessageKey("mastodon:"+st.URI()))
	}
	return keys
}

func (s *contractServer) Play(p collectorstest.Part) bool {
	switch p {
	case collectorstest.Burst:
		s.mentions(100, "again")
	case collectorstest.LateOld:
		s.posts = append(s.posts, s.ruben.Post("@mara_lindqvist held back until now", fakemastodon.Late(s.Now().Add(-90*time.Second))))
	case collectorstest.Unknown:
		s.Wait(time.Minute)
		s.ruben.Notify(s.mara, "moonwalk", nil)
	case collectorstest.Hidden:
		jay := s.Person("jay_9@birds.example", "Jay")
		for i := range 100 {
			s.Wait(time.Minute)
			jay.Post(fmt.Sprint("@mara_lindqvist not shown ", i))
		}
		s.mara.Block(jay)
		s.mentions(90, "behind the empty page")
	case collectorstest.Repeated:
		s.Wait(time.Minute)
		s.mentions(3, "on two pages")
		s.Fault("/api/v1/notifications", 2, s.DuplicatePage)
	default:
		return false
	}
	return true
}

// What the suite expects are keys as the parser makes them.
func TestContractKeys(t *testing.T) {
	s := newContractServer(t, fakemastodon.Options{}, collectorstest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	for _, key := range s.Expected() {
		if !strings.HasPrefix(string(key), "mastodon:https://birds.example/users/kestrel_74/statuses/") {
			t.Errorf("key %q", string(key))
		}
	}
}
