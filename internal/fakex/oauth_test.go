package fakex_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"daybook/internal/fakex"
)

const back = "http://127.0.0.1/back"

// consent is what an app asks for, and how it proves itself later.
func consent(client string) (q url.Values, verifier string) {
	verifier = strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {back}, "scope": {"tweet.read users.read dm.read offline.access"},
		"state": {"s&1"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}, verifier
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
	Expires int    `json:"expires_in"`
}

func exchange(t *testing.T, s http.Handler, form url.Values, change func(*http.Request)) (int, tokens) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://api.x.com/2/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var got tokens
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return w.Code, got
}

// The page of consent can be used as a browser does it.
func TestConsentPage(t *testing.T) {
	s, mara, _ := world(fakex.Options{})
	s.SignIn(mara)
	client, _ := s.App("Reading list <b>", true, back)
	q, _ := consent(client)
	body := call(t, s, "GET", "https://x.com/i/oauth2/authorize?"+q.Encode(), "", nil).Body.String()
	if !strings.Contains(body, "Reading list &lt;b&gt; wants") || !strings.Contains(body, "<li>dm.read</li>") {
		t.Errorf("the page does not say who wants what:\n%s", body)
	}
	form := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		form.Set(m[1], strings.ReplaceAll(m[2], "&amp;", "&"))
	}
	for answer, want := range map[string]string{"allow": "code", "deny": "error"} {
		form.Set("answer", answer)
		to, err := url.Parse(call(t, s, "POST", "https://x.com/i/oauth2/authorize", "", form).Header().Get("Location"))
		if err != nil || to.Host != "127.0.0.1" || to.Query().Get(want) == "" || to.Query().Get("state") != "s&1" {
			t.Errorf("%s: sent to %v, %v", answer, to, err)
		}
	}
	for name, change := range map[string]func(url.Values){
		"an app that is not known":    func(q url.Values) { q.Set("client_id", "x") },
		"another address to go back":  func(q url.Values) { q.Set("redirect_uri", back+"/") },
		"no proof":                    func(q url.Values) { q.Del("code_challenge") },
		"a proof that anybody can do": func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"a long state":                func(q url.Values) { q.Set("state", strings.Repeat("x", 501)) },
		"more than a reader needs":    func(q url.Values) { q.Set("scope", "dm.read dm.write") },
	} {
		q, _ := consent(client)
		change(q)
		if w := call(t, s, "GET", "https://x.com/i/oauth2/authorize?"+q.Encode(), "", nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
	if v := s.Violations(); len(v) != 1 || v[0] != "scope dm.write" {
		t.Errorf("violations: got %v", v)
	}
}

func TestExchange(t *testing.T) {
	for _, tc := range []struct {
		name   string
		public bool
		change func(s *fakex.Server, form url.Values)
		header func(secret string, r *http.Request)
		want   string // the error; "" if tokens are given
	}{
		{name: "a public client says its name", public: true},
		{name: "a confidential client proves itself", header: func(secret string, r *http.Request) {
			r.SetBasicAuth(url.QueryEscape(clientOf(r)), url.QueryEscape(secret))
		}},
		{name: "a confidential client without proof", want: "unauthorized_client"},
		{name: "a wrong secret", header: func(_ string, r *http.Request) { r.SetBasicAuth(clientOf(r), "wrong") }, want: "unauthorized_client"},
		{name: "after half a minute", public: true, change: func(s *fakex.Server, _ url.Values) { s.Wait(30 * time.Second) }, want: "invalid_request"},
		{name: "another verifier", public: true, change: func(_ *fakex.Server, f url.Values) { f.Set("code_verifier", "x") }, want: "invalid_request"},
		{name: "another address", public: true, change: func(_ *fakex.Server, f url.Values) { f.Set("redirect_uri", back+"?") }, want: "invalid_request"},
		{name: "another grant", public: true, change: func(_ *fakex.Server, f url.Values) { f.Set("grant_type", "password") }, want: "unsupported_grant_type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, mara, _ := world(fakex.Options{})
			s.SignIn(mara)
			client, secret := s.App("Reading list", tc.public, back)
			q, verifier := consent(client)
			code, state := s.Allow("https://x.com/i/oauth2/authorize?" + q.Encode())
			if code == "" || state != "s&1" {
				t.Fatalf("got code %q, state %q", code, state)
			}
			form := url.Values{
				"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {verifier}, "client_id": {client},
			}
			if tc.change != nil {
				tc.change(s, form)
			}
			status, got := exchange(t, s, form, func(r *http.Request) {
				if tc.header != nil {
					r.Header.Set("X-Client", client)
					tc.header(secret, r)
				}
			})
			if got.Error != tc.want || (status == http.StatusOK) != (tc.want == "") {
				t.Fatalf("got %d and error %q, want %q", status, got.Error, tc.want)
			}
			if tc.want != "" {
				return
			}
			if _, again := exchange(t, s, form, func(r *http.Request) { r.Header.Set("X-Client", client) }); again.Error == "" {
				t.Error("a code was taken twice")
			}
			if got.Expires != 7200 {
				t.Errorf("expires: got %d", got.Expires)
			}
			get(t, s, "/2/dm_events", got.Access)
			s.Wait(2 * time.Hour)
			if w := call(t, s, "GET", "/2/dm_events", got.Access, nil); w.Code != http.StatusUnauthorized {
				t.Errorf("after two hours: got %d", w.Code)
			}
		})
	}
}

func clientOf(r *http.Request) string { return r.Header.Get("X-Client") }

// A refresh token is good once. Whoever uses it twice ends all that came from the
// same consent, and whoever loses the answer has nothing.
func TestRefreshTokensAreGoodOnce(t *testing.T) {
	s, mara, _ := world(fakex.Options{})
	client, _ := s.App("Reading list", true, back)
	access, first := s.Pair(mara, client)
	refresh := func(token string) (int, tokens) {
		return exchange(t, s, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {client}}, nil)
	}
	if status, got := refresh(access); status != http.StatusBadRequest {
		t.Errorf("an access token: got %d %v", status, got)
	}
	_, second := refresh(first)
	get(t, s, "/2/users/me", second.Access)
	_, third := refresh(second.Refresh)
	if status, _ := refresh(second.Refresh); status != http.StatusBadRequest {
		t.Errorf("twice: got %d", status)
	}
	for name, token := range map[string]string{"the newest": third.Access, "an older one": second.Access} {
		if w := call(t, s, "GET", "/2/users/me", token, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("%s afterwards: got %d", name, w.Code)
		}
	}
	if status, _ := refresh(third.Refresh); status != http.StatusBadRequest {
		t.Errorf("the newest refresh token afterwards: got %d", status)
	}
}

func TestLostAnswerOfARefresh(t *testing.T) {
	s, mara, _ := world(fakex.Options{})
	client, _ := s.App("Reading list", true, back)
	_, token := s.Pair(mara, client)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {client}}
	s.Fault("/2/oauth2/token", 1, fakex.Lose)
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // it is this very value
				t.Errorf("the connection did not end: %v", v)
			}
		}()
		exchange(t, s, form, nil)
	}()
	if status, _ := exchange(t, s, form, nil); status != http.StatusBadRequest {
		t.Errorf("the token is still good: got %d", status)
	}
	if n := s.Tokens(); n != 0 {
		t.Errorf("%d tokens are in force", n)
	}
}

func TestRevoke(t *testing.T) {
	s, mara, _ := world(fakex.Options{})
	client, _ := s.App("Reading list", true, back)
	other, _ := s.App("Another", true, back)
	access, refresh := s.Pair(mara, client)
	revoke := func(client, token string) int {
		return call(t, s, "POST", "/2/oauth2/revoke", "", url.Values{"token": {token}, "client_id": {client}}).Code
	}
	if got := revoke("unknown", access); got != http.StatusUnauthorized {
		t.Errorf("an app that is not known: got %d", got)
	}
	revoke(other, access)
	get(t, s, "/2/users/me", access)
	if got := revoke(client, refresh); got != http.StatusOK {
		t.Errorf("got %d", got)
	}
	if w := call(t, s, "GET", "/2/users/me", access, nil); w.Code != http.StatusUnauthorized {
		t.Errorf("afterwards: got %d", w.Code)
	}
}

func TestScopesAndKindsOfTokens(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	post := ruben.Mention(mara, "x")
	for _, tc := range []struct {
		name, token, target string
		want                int
	}{
		{"no token", "", "/2/users/me", 401},
		{"a token that is none", "x", "/2/users/me", 401},
		{"all scopes", s.Token(mara), "/2/dm_events", 200},
		{"without dm.read", s.Token(mara, "tweet.read", "users.read"), "/2/dm_events", 403},
		{"without block.read", s.Token(mara, "tweet.read", "users.read"), "/2/users/" + mara.ID + "/blocking", 403},
		{"an app's own token where a person is wanted", s.Bearer(), "/2/dm_events", 403},
		{"an app's own token where it is taken", s.Bearer(), "/2/tweets/" + post.ID, 200},
		{"a person's token for the stream", s.Token(mara), "/2/activity/stream", 403},
	} {
		if w := call(t, s, "GET", tc.target, tc.token, nil); w.Code != tc.want {
			t.Errorf("%s: got %d %s, want %d", tc.name, w.Code, w.Body, tc.want)
		}
	}
	token := s.Token(mara)
	s.Revoke(mara)
	if w := call(t, s, "GET", "/2/users/me", token, nil); w.Code != 401 {
		t.Errorf("taken back: got %d", w.Code)
	}
}
