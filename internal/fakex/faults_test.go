package fakex_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/internal/fakex"
)

func TestFaults(t *testing.T) {
	const path = "/2/dm_events"
	until := time.Date(2026, 9, 14, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		fault  func(s *fakex.Server) fakex.Fault
		status int
		body   string // "" for the body as it would be
	}{
		{"a limit", func(*fakex.Server) fakex.Fault { return fakex.TooMany(until) }, 429, "Too Many Requests"},
		{"a limit in the older form", func(*fakex.Server) fakex.Fault { return fakex.TooManyOld(until) }, 429, `"code":88`},
		{"the last call", func(*fakex.Server) fakex.Fault { return fakex.LastOne(until) }, 200, ""},
		{"nothing to pay with", func(*fakex.Server) fakex.Fault { return fakex.NoCredits }, 402, "CreditsDepleted"},
		{"no access", func(*fakex.Server) fakex.Fault { return fakex.NoAccess }, 403, "453"},
		{"a problem", func(*fakex.Server) fakex.Fault { return fakex.Problem(503) }, 503, "Service Unavailable"},
		{"no body", func(*fakex.Server) fakex.Fault { return fakex.Empty(503) }, 503, "EMPTY"},
		{"a body of another kind", func(*fakex.Server) fakex.Fault { return fakex.Answer(200, "text/html", "<html>") }, 200, "<html>"},
		{"cut", func(*fakex.Server) fakex.Fault { return fakex.Cut(9) }, 200, `{"data":[`},
		{"late", func(s *fakex.Server) fakex.Fault { return s.Late(time.Minute) }, 200, ""},
		{"changed", func(*fakex.Server) fakex.Fault {
			return fakex.Changed(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("hello"), []byte("bye")) })
		}, 200, "bye"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, mara, ruben := world(fakex.Options{})
			ruben.Message(mara, "hello")
			token := s.Token(mara)
			healthy := call(t, s, "GET", path, token, nil).Body.String()
			s.Fault(path, 1, tc.fault(s))
			w := call(t, s, "GET", path, token, nil)
			got := w.Body.String()
			if w.Code != tc.status || tc.body == "" && got != healthy || tc.body != "EMPTY" && !strings.Contains(got, tc.body) || tc.body == "EMPTY" && got != "" {
				t.Errorf("got %d %s", w.Code, got)
			}
			if strings.Contains(tc.name, "limit") || strings.Contains(tc.name, "last") {
				if got := w.Header().Get("X-Rate-Limit-Reset"); got != "1789376400" || w.Header().Get("X-Rate-Limit-Remaining") != "0" {
					t.Errorf("header: got %v", w.Header())
				}
			}
			if w := call(t, s, "GET", path, token, nil); w.Body.String() != healthy {
				t.Errorf("after the fault: got %s", w.Body)
			}
		})
	}
}

func TestBrokenAnswers(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	ruben.Message(mara, "hello")
	s.Fault("/2/dm_events", 1, fakex.Broken(9))
	web := httptest.NewServer(s)
	defer web.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", web.URL+"/2/dm_events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Token(mara))
	resp, err := web.Client().Do(r)
	if err == nil {
		defer func() { _ = resp.Body.Close() }() // it was broken
		_, err = new(bytes.Buffer).ReadFrom(resp.Body)
	}
	if err == nil {
		t.Error("the answer is whole")
	}
}

func TestPagesThatChange(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	token := s.Token(mara)
	var ids []string
	var last *fakex.Message
	for range 6 {
		last = ruben.Message(mara, "x")
		ids = append(ids, last.ID)
	}
	slices.Reverse(ids)
	first := get(t, s, "/2/dm_events?max_results=2", token)
	next := "/2/dm_events?max_results=2&pagination_token=" + first.Meta.Next

	s.Fault("/2/dm_events", 1, s.DuplicatePage)
	if got := get(t, s, next, token).ids(t); !slices.Equal(got, ids[:2]) {
		t.Errorf("the page again: got %v", got)
	}
	s.Fault("/2/dm_events", 1, fakex.Reordered)
	if got := get(t, s, next, token).ids(t); !slices.Equal(got, []string{ids[3], ids[2]}) {
		t.Errorf("the other way round: got %v", got)
	}
	s.Fault("/2/dm_events", 1, fakex.First(last.Unsend))
	if got := get(t, s, next, token).ids(t); !slices.Equal(got, ids[2:4]) {
		t.Errorf("one taken back between two pages: got %v", got)
	}
	var previous struct{ Meta map[string]any }
	if err := json.Unmarshal(call(t, s, "GET", next, token, nil).Body.Bytes(), &previous); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, "/2/dm_events?max_results=2&pagination_token="+previous.Meta["previous_token"].(string), token).ids(t); !slices.Equal(got, ids[1:2]) {
		t.Errorf("the page before: got %v", got)
	}
	s.ExpirePages()
	if w := call(t, s, "GET", next, token, nil); w.Code != http.StatusBadRequest {
		t.Errorf("an old token: got %d", w.Code)
	}
}

func TestWhichCallsMeetAFault(t *testing.T) {
	for _, tc := range []struct {
		pattern, path string
		want          bool
	}{
		{"/2/dm_events", "/2/dm_events", true},
		{"/2/dm_events", "/2/dm_events/1", false},
		{"/2/dm_events/", "/2/dm_events/1", true},
		{"/2/dm_events/", "/2/dm_events", false},
		{"/2/users/{id}/mentions", "/2/users/1/mentions", true},
		{"/2/users/{id}/mentions", "/2/users/1/blocking", false},
		{"/2/users/{id}", "/2/users/me", true},
		{"/2/", "/2/users/me", true},
		{"/2/", "/1.1/users/show.json", false},
	} {
		s := fakex.New(fakex.Options{})
		s.Fault(tc.pattern, -1, fakex.Empty(418))
		if got := call(t, s, "GET", tc.path, "", nil).Code == 418; got != tc.want {
			t.Errorf("%s of %s: got %v", tc.path, tc.pattern, got)
		}
		s.Heal()
		if call(t, s, "GET", tc.path, "", nil).Code == 418 {
			t.Errorf("%s of %s: not healed", tc.path, tc.pattern)
		}
	}
}
