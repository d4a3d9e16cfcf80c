package twitter_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
)

const backHere = "https://notes.charity.example/back"

// connecting is an app at a made-up X, and somebody who is signed in there.
func connecting(t *testing.T, public bool) (*fakex.Server, twitter.Config) {
	t.Helper()
	s := fakex.New(fakex.Options{})
	s.SignIn(s.Person("wren_83", "Wren"))
	id, secret := s.App("Reading list", public, backHere)
	t.Cleanup(func() {
		if v := s.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	})
	return s, twitter.Config{Now: s.Now, Exception: &collectors.Exception{Hosts: s.Hosts()}, ClientID: id, ClientSecret: secret}
}

func begin(t *testing.T, c twitter.Config) twitter.Pending {
	t.Helper()
	p, err := c.Begin(backHere)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConnect_D1(t *testing.T) {
	for _, tt := range []struct {
		name   string
		public bool
	}{{"confidential client", false}, {"public client", true}} {
		t.Run(tt.name, func(t *testing.T) {
			s, c := connecting(t, tt.public)
			p := begin(t, c)
			u, err := url.Parse(p.URL)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if u.Scheme+"://"+u.Host+u.Path != "https://x.com/i/oauth2/authorize" || q.Get("state") != p.State || q.Get("redirect_uri") != backHere ||
				q.Get("code_challenge_method") != "S256" || strings.Contains(p.URL, p.Verifier) {
				t.Errorf("the person is sent to %s", p.URL)
			}
			if got := strings.Fields(q.Get("scope")); slices.ContainsFunc(got, func(x string) bool { return strings.HasSuffix(x, ".write") }) || len(got) != 5 {
				t.Errorf("scopes %q", got)
			}
			code, state := s.Allow(p.URL)
			s.Wait(29 * time.Second)
			account, secret, err := c.Finish(t.Context(), p, code, state)
			if err != nil {
				t.Fatal(err)
			}
			if account.Platform != twitter.Platform || account.Server != "https://x.com" || account.Handle.Shown() != "@wren_83" || strings.Trim(account.Handle.Native, "0123456789") != "" {
				t.Errorf("account %+v", account)
			}
			if !twitter.Driver(c).Ends(secret).Equal(s.Now().Add(2*time.Hour)) && twitter.Driver(c).Ends(secret).Sub(s.Now()) > 2*time.Hour {
				t.Errorf("ends %v", twitter.Driver(c).Ends(secret))
			}
			if err := twitter.Driver(c).Revoke(t.Context(), account, secret); err != nil || s.Tokens() != 0 {
				t.Errorf("revoked: %v, %d tokens are left", err, s.Tokens())
			}
			if err := twitter.Driver(c).Revoke(t.Context(), account, secret); err != nil {
				t.Errorf("revoked again: %v", err)
			}
			for _, r := range s.Requests() {
				if strings.Contains(fmt.Sprint(r.Path, r.Query), code) {
					t.Errorf("a code stands in an address: %s", r.Path)
				}
			}
		})
	}
}

func TestConnectThatFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(s *fakex.Server, c *twitter.Config, p *twitter.Pending, code, state *string)
		want error
	}{
		{"another's state", func(_ *fakex.Server, _ *twitter.Config, _ *twitter.Pending, _, state *string) { *state = "another" }, daybook.ErrInvalid},
		{"no state", func(_ *fakex.Server, _ *twitter.Config, _ *twitter.Pending, _, state *string) { *state = "" }, daybook.ErrInvalid},
		{"a made-up code", func(_ *fakex.Server, _ *twitter.Config, _ *twitter.Pending, code, _ *string) { *code = "made-up" }, daybook.ErrInvalid},
		{"a code that is too old", func(s *fakex.Server, _ *twitter.Config, _ *twitter.Pending, _, _ *string) { s.Wait(31 * time.Second) }, daybook.ErrInvalid},
		{"a code without its verifier", func(_ *fakex.Server, _ *twitter.Config, p *twitter.Pending, _, _ *string) { p.Verifier = "guessed" }, daybook.ErrInvalid},
		{"another app's secret", func(_ *fakex.Server, c *twitter.Config, _ *twitter.Pending, _, _ *string) { c.ClientSecret = "wrong" }, twitter.ErrApp},
		{"X is down when it is asked whose token it is", func(s *fakex.Server, _ *twitter.Config, _ *twitter.Pending, _, _ *string) {
			s.Fault("/2/users/me", 1, fakex.Empty(http.StatusServiceUnavailable))
		}, nil},
		{"no account in the answer", func(s *fakex.Server, _ *twitter.Config, _ *twitter.Pending, _, _ *string) {
			s.Fault("/2/users/me", 1, fakex.Answer(http.StatusOK, "application/json", `{"data":{"id":"../../1","username":"x"}}`))
		}, daybook.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, c := connecting(t, false)
			p := begin(t, c)
			code, state := s.Allow(p.URL)
			tt.do(s, &c, &p, &code, &state)
			_, secret, err := c.Finish(t.Context(), p, code, state)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || secret != nil {
				t.Errorf("got %v, want %v and no secret", err, tt.want)
			}
			if s.Tokens() != 0 {
				t.Errorf("%d tokens that nobody knows of are in force", s.Tokens())
			}
			if err != nil && (strings.Contains(err.Error(), code) || strings.Contains(err.Error(), p.Verifier)) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestBeginThatCannot(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(c *twitter.Config)
		back   string
	}{
		{"no app", func(c *twitter.Config) { c.ClientID = "" }, backHere},
		{"older interface", func(c *twitter.Config) { c.API = twitter.V11 }, backHere},
		{"nowhere to go back to", func(*twitter.Config) {}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, c := connecting(t, true)
			tt.change(&c)
			if _, err := c.Begin(tt.back); !errors.Is(err, daybook.ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
		})
	}
}

func TestFromToken(t *testing.T) {
	s, c := connecting(t, true)
	access, refresh := s.Pair(s.Person("rook_9", "Rook"), c.ClientID)
	for _, tt := range []struct {
		name, file string
		ok         bool
	}{
		{"a pair", `{"access":"` + access + `","refresh":"` + refresh + `"}`, true},
		{"access alone", `{"access":"` + access + `"}`, false},
		{"refused", `{"access":"x","refresh":"y"}`, false},
		{"no JSON", access, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			account, secret, err := c.FromToken(t.Context(), []byte(tt.file))
			if (err == nil) != tt.ok {
				t.Fatalf("got %v", err)
			}
			if tt.ok && (account.Handle.Shown() != "@rook_9" || twitter.Driver(c).Ends(secret).After(s.Now())) {
				t.Errorf("account %s, ends %v; nobody knows when it was made", account.Handle.Shown(), twitter.Driver(c).Ends(secret))
			}
		})
	}
}

func TestFromKeys_D3(t *testing.T) {
	s, c := connecting(t, true)
	c.API = twitter.V11
	old := s.OldToken(s.Person("rook_9", "Rook"))
	file := func(token string) []byte {
		return fmt.Appendf(nil, `{"v1.1":{"consumer_key":%q,"consumer_secret":%q,"token":%q,"token_secret":%q}}`,
			old.ConsumerKey, old.ConsumerSecret, token, old.TokenSecret)
	}
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"another's token", file("1-made-up"), collectors.ErrRefused},
		{"no token", file(""), daybook.ErrInvalid},
		{"tokens of v2", []byte(`{"access":"a","refresh":"b"}`), daybook.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := c.FromToken(t.Context(), tt.file); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	account, secret, err := c.FromToken(t.Context(), file(old.Token))
	if err != nil || account.Handle.Shown() != "@rook_9" || !twitter.Driver(c).Ends(secret).IsZero() {
		t.Fatalf("account %s, ends %v: %v", account.Handle.Shown(), twitter.Driver(c).Ends(secret), err)
	}
	src, err := twitter.Driver(c).Open(t.Context(), account, secret)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := src.Fetch(t.Context(), twitter.LaneMentions, ""); err != nil {
		t.Errorf("what was kept does not read: %v", err)
	}
	for range 2 {
		if err := twitter.Driver(c).Revoke(t.Context(), account, secret); err != nil || s.Tokens() != 0 {
			t.Errorf("revoked: %v, %d tokens are left", err, s.Tokens())
		}
	}
}

// What the token endpoint says decides whether a person has to act.
func TestRefreshAtX(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   fakex.Fault
		change  func(c *twitter.Config)
		refused bool // ErrRefused
		works   bool
		again   bool // the same token works afterwards
	}{
		{name: "a fresh pair", works: true},
		{name: "status 503 without a body", fault: fakex.Empty(http.StatusServiceUnavailable), again: true},
		{name: "status 400 without a body", fault: fakex.Empty(http.StatusBadRequest), again: true},
		{name: "too many requests", fault: fakex.TooMany(time.Date(2026, 9, 14, 10, 5, 0, 0, time.UTC)), again: true},
		{name: "not JSON", fault: fakex.Answer(http.StatusOK, "text/html", "<p>down for a moment"), again: true},
		{name: "no token in it", fault: fakex.Answer(http.StatusOK, "application/json", `{"access_token":""}`), again: true},
		{name: "another app's secret", change: func(c *twitter.Config) { c.ClientSecret = "wrong" }},
		{name: "another app", change: func(c *twitter.Config) { c.ClientID = "another" }, refused: true},
		{name: "invalid grant", fault: fakex.Answer(http.StatusBadRequest, "application/json", `{"error":"invalid_grant"}`), refused: true, again: true},
		{name: "a parameter is missing", fault: fakex.Answer(http.StatusBadRequest, "application/json",
			`{"error":"invalid_request","error_description":"Missing required parameter [grant_type]."}`), again: true},
		{name: "the answer is lost", fault: fakex.Lose},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, c := connecting(t, false)
			p := begin(t, c)
			code, state := s.Allow(p.URL)
			account, old, err := c.Finish(t.Context(), p, code, state)
			if err != nil {
				t.Fatal(err)
			}
			s.Wait(110 * time.Minute)
			if tt.fault != nil {
				s.Fault("/2/oauth2/token", 1, tt.fault)
			}
			if tt.change != nil {
				tt.change(&c)
			}
			fresh, err := twitter.Driver(c).Refresh(t.Context(), account, old)
			if (err == nil) != tt.works || errors.Is(err, collectors.ErrRefused) != tt.refused {
				t.Errorf("got %v", err)
			}
			if err != nil {
				if tt.change != nil {
					return
				}
				_, err := twitter.Driver(c).Refresh(t.Context(), account, old)
				if (err == nil) != tt.again || !tt.again && !errors.Is(err, collectors.ErrRefused) {
					t.Errorf("again: %v", err)
				}
				return
			}
			if !twitter.Driver(c).Ends(fresh).Equal(s.Now().Add(2*time.Hour)) && twitter.Driver(c).Ends(fresh).Before(s.Now().Add(time.Hour)) {
				t.Errorf("ends %v", twitter.Driver(c).Ends(fresh))
			}
			if _, err := twitter.Driver(c).Refresh(t.Context(), account, old); !errors.Is(err, collectors.ErrRefused) {
				t.Errorf("used twice: %v, want ErrRefused", err)
			}
			if _, err := twitter.Driver(c).Refresh(t.Context(), account, fresh); !errors.Is(err, collectors.ErrRefused) {
				t.Errorf("after that: %v; X takes none of them any more", err)
			}
		})
	}
}

// Revoking is done only when X says so.
func TestRevokeAtX_D3(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault fakex.Fault
		done  bool
	}{
		{"both are taken back", nil, true},
		{"unknown to X", fakex.Answer(http.StatusBadRequest, "application/json", `{"error":"invalid_request","error_description":"Value passed for the token was invalid."}`), true},
		{"no answer", fakex.Empty(http.StatusServiceUnavailable), false},
		{"status 400 without a body", fakex.Empty(http.StatusBadRequest), false},
		{"the app is refused", fakex.Answer(http.StatusUnauthorized, "application/json", `{"error":"unauthorized_client"}`), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, c := connecting(t, false)
			p := begin(t, c)
			code, state := s.Allow(p.URL)
			account, secret, err := c.Finish(t.Context(), p, code, state)
			if err != nil {
				t.Fatal(err)
			}
			if tt.fault != nil {
				s.Fault("/2/oauth2/revoke", 2, tt.fault)
			}
			if err := twitter.Driver(c).Revoke(t.Context(), account, secret); (err == nil) != tt.done {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whatever stands in the place of a secret, it is read or it is an error.
func FuzzSecret(f *testing.F) {
	f.Add([]byte(`{"access":"a","refresh":"b","expires":"2026-09-14T10:00:00Z"}`))
	f.Add([]byte(`{"v1.1":{}}`))
	f.Add([]byte(`token`))
	d := twitter.Driver(twitter.Config{Now: time.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"api.x.com": http.NotFoundHandler()}}})
	f.Fuzz(func(t *testing.T, b []byte) {
		ends := d.Ends(b)
		_, err := d.Refresh(t.Context(), daybook.Account{}, b)
		if err == nil || !ends.IsZero() && errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("%q ends %v, and then %v", b, ends, err)
		}
	})
}
