package twitter_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
	"daybook/internal/fakex/xspec"
)

// TestContract runs what every driver has to hold against the fake of X, in both
// ways to name fields.
func TestContract(t *testing.T) {
	for _, names := range []string{fakex.NamesTweet, fakex.NamesPost} {
		t.Run(names, func(t *testing.T) {
			collectorstest.Run(t, collectorstest.Harness{
				Pages:   5,
				Crashes: 8,
				New: func(t *testing.T, clock *collectorstest.Clock) collectorstest.Platform {
					return newContractServer(t, names, clock)
				},
			})
		})
	}
}

// A contractServer is a fake of X between whose door and rooms requests can fail.
// Its messages were sent before the test's clock began, so that the story is the
// same each time.
type contractServer struct {
	*fakex.Server
	driver      collectors.Driver
	account     daybook.Account
	secret      []byte
	clock       *collectorstest.Clock
	began       time.Time
	mara, ruben *fakex.Person
	keys        []daybook.MessageKey

	mu    sync.Mutex
	fault collectorstest.Fault
	in    int
	calls int
}

func newContractServer(t *testing.T, names string, clock *collectorstest.Clock) *contractServer {
	t.Helper()
	s := &contractServer{Server: fakex.New(fakex.Options{Names: names, Now: clock.Now, NoLimits: true, Check: xspec.Hook(t)}), clock: clock, began: clock.Now().Add(-24 * time.Hour)}
	s.mara = s.Person("maralindqvist", "Mara Lindqvist")
	s.ruben = s.Person("ruben_kestrel74", "Ruben")
	config := twitter.Config{Now: clock.Now, Names: names, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"api.x.com": s}}}
	s.driver = twitter.Driver(config)
	s.account = daybook.Account{ID: "account", Case: "case", Platform: twitter.Platform, Handle: twitter.User(s.mara.ID, "maralindqvist", "")}
	s.secret = []byte(s.Token(s.mara))
	s.mentions(130, "you were at the lake")
	s.messages(140, "answer me")
	s.calls = 0
	return s
}

func (s *contractServer) at() fakex.Option {
	s.began = s.began.Add(time.Second)
	return fakex.Late(s.began)
}

func (s *contractServer) mentions(n int, text string) {
	for i := range n {
		s.keys = append(s.keys, twitter.PostKey(s.ruben.Mention(s.mara, fmt.Sprint(text, " ", i), s.at()).ID))
	}
}

func (s *contractServer) messages(n int, text string) {
	for i := range n {
		s.keys = append(s.keys, twitter.MessageKey(s.ruben.Message(s.mara, fmt.Sprint(text, " ", i), s.at()).ID))
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
		fakex.Broken(5)(w, r, s.Server)
	case collectorstest.HalfAnswer:
		fakex.Cut(5)(w, r, s.Server)
	case collectorstest.ServerError:
		fakex.Empty(503)(w, r, s.Server)
	case collectorstest.RateLimited:
		fakex.TooMany(s.clock.Now().Add(10*time.Minute))(w, r, s.Server)
	case collectorstest.Refused:
		fakex.Problem(401)(w, r, s.Server)
	}
}

func (s *contractServer) Driver() collectors.Driver          { return s.driver }
func (s *contractServer) Account() (daybook.Account, []byte) { return s.account, s.secret }
func (s *contractServer) Forbidden() []string                { return s.Violations() }
func (s *contractServer) Expected() []daybook.MessageKey     { return s.keys }

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

func (s *contractServer) Play(p collectorstest.Part) bool {
	switch p {
	case collectorstest.Burst:
		s.mentions(150, "again")
		s.messages(150, "again")
	case collectorstest.Unknown:
		s.ruben.Message(s.mara, "", fakex.OfType("MoonWalk"), s.at())
	case collectorstest.Repeated:
		s.messages(3, "on two pages")
		s.Fault("/2/dm_events", 1, s.DuplicatePage)
	case collectorstest.Hidden:
		s.mentions(150, "before the empty page")
		s.messages(150, "before the empty page")
		s.Fault("/2/users/{id}/mentions", 1, s.emptyPage)
		s.Fault("/2/dm_events", 1, s.emptyPage)
	default: // X puts nothing old in
		return false
	}
	return true
}

// emptyPage answers a page without items, behind which all of them lie: what X
// shows where a whole page is of accounts that it hides.
func (s *contractServer) emptyPage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	token := base64.RawURLEncoding.EncodeToString([]byte("n 9223372036854775807 " + s.mara.ID + " " + r.URL.Path + " 0"))
	fakex.Answer(http.StatusOK, "application/json", `{"meta":{"result_count":0,"next_token":"`+token+`"}}`)(w, r, next)
}
