package fakemastodon

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type app struct {
	id, secret, name string
	redirects        []string
	scopes           []string
}

// A grant is a code that was given and not yet exchanged.
type grant struct {
	app       app
	person    *Person
	redirect  string
	scopes    []string
	challenge string
}

type token struct {
	person *Person
	scopes []string
	app    string
}

// Scopes are what a reader asks for, and what Token gives.
var Scopes = []string{"read:notifications", "read:statuses", "read:accounts", "read:blocks", "read:mutes"}

const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

// SignIn says whose browser it is that sees the page of consent.
func (s *Server) SignIn(p *Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader = p
}

// Token gives a person a token without the pages.
func (s *Server) Token(p *Person, scopes ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(scopes) == 0 {
		scopes = Scopes
	}
	t := "token-" + s.id(s.now)
	s.tokens[t] = token{person: p, scopes: scopes}
	return t
}

// Revoke takes all tokens of a person away, as they can on their server's page.
func (s *Server) Revoke(p *Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, x := range s.tokens {
		if x.person == p {
			delete(s.tokens, t)
		}
	}
}

// Tokens returns how many tokens are in force.
func (s *Server) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tokens)
}

func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	if s.opts.GoToSocial {
		s.fail(w, http.StatusNotFound, "Not Found")
		return
	}
	base := s.URL()
	s.write(w, r, object{
		{"issuer", base + "/"}, {"authorization_endpoint", base + "/oauth/authorize"},
		{"token_endpoint", base + "/oauth/token"}, {"revocation_endpoint", base + "/oauth/revoke"},
		{"scopes_supported", append([]string{"read", "profile", "write"}, Scopes...)},
		{"response_types_supported", []string{"code"}}, {"grant_types_supported", []string{"authorization_code"}},
		{"code_challenge_methods_supported", []string{"S256"}},
	})
}

// writing reports whether a scope lets an app change anything.
func writing(scope string) bool {
	return scope != "profile" && !strings.HasPrefix(scope, "read:")
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	scopes := strings.Fields(r.FormValue("scopes"))
	if slices.ContainsFunc(scopes, writing) {
		s.refuse(w, r)
		return
	}
	s.mu.Lock()
	a := app{
		id: "client-" + s.id(s.now), secret: "secret-" + s.id(s.now), name: r.FormValue("client_name"),
		redirects: strings.Fields(r.FormValue("redirect_uris")), scopes: scopes,
	}
	s.apps[a.id] = a
	o := object{
		{"id", s.id(s.now)}, {"name", a.name}, {"website", nil}, {"redirect_uri", strings.Join(a.redirects, "\n")},
		{"redirect_uris", a.redirects}, {"client_id", a.id}, {"client_secret", a.secret}, {"scopes", scopes},
	}
	s.mu.Unlock()
	s.write(w, r, o)
}

var consentPage = template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Authorization required</title></head><body>
<h1>{{.App}} would like to read your account</h1>
<ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<form method="post" action="/oauth/authorize">
{{range $name, $values := .Query}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<button type="submit" id="allow" name="answer" value="allow">Authorize</button>
<button type="submit" id="deny" name="answer" value="deny">Deny</button>
</form></body></html>
`))

var codePage = template.Must(template.New("code").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Authorization code</title></head><body>
<p>Copy this code: <code id="code">{{.}}</code></p></body></html>
`))

// asked checks what an app asks for.
func (s *Server) asked(q url.Values) (app, []string, bool) {
	a, ok := s.apps[q.Get("client_id")]
	scopes := strings.Fields(q.Get("scope"))
	beyond := slices.ContainsFunc(scopes, func(x string) bool { return !slices.Contains(a.scopes, x) })
	return a, scopes, ok && !beyond && q.Get("response_type") == "code" && slices.Contains(a.redirects, q.Get("redirect_uri"))
}

func (s *Server) authorizePage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, scopes, ok := s.asked(r.URL.Query())
	s.mu.Unlock()
	if !ok {
		http.Error(w, "The app asks for something that it did not register.", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The template is ours and its writer is the browser, which may have gone.
	_ = consentPage.Execute(w, struct {
		App    string
		Scopes []string
		Query  url.Values
	}{a.name, scopes, r.URL.Query()})
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	a, scopes, ok := s.asked(r.Form)
	code := "code-" + s.id(s.now)
	allowed := ok && s.reader != nil && r.Form.Get("answer") != "deny"
	redirect := r.Form.Get("redirect_uri")
	if allowed {
		s.codes[code] = grant{a, s.reader, redirect, scopes, r.Form.Get("code_challenge")}
	}
	s.mu.Unlock()
	if !ok {
		http.Error(w, "The app asks for something that it did not register.", http.StatusBadRequest)
		return
	}
	back := url.Values{"error": {"access_denied"}}
	if allowed {
		back = url.Values{"code": {code}}
	}
	if state := r.Form.Get("state"); state != "" {
		back.Set("state", state)
	}
	if redirect == outOfBand {
		redirect = "/oauth/oob"
	}
	http.Redirect(w, r, redirect+"?"+back.Encode(), http.StatusFound)
}

func (s *Server) showCode(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = codePage.Execute(w, r.URL.Query().Get("code")) // as above
}

// Allow presses "Authorize" on the page at an authorize URL and returns the
// code and the state, without a browser.
func (s *Server) Allow(authorizeURL string) (code, state string) {
	u, err := url.Parse(authorizeURL)
	if err != nil {
		return "", ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := u.Query()
	a, scopes, ok := s.asked(q)
	if !ok || s.reader == nil {
		return "", ""
	}
	code = "code-" + s.id(s.now)
	s.codes[code] = grant{a, s.reader, q.Get("redirect_uri"), scopes, q.Get("code_challenge")}
	return code, q.Get("state")
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	code := r.FormValue("code")
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	s.mu.Lock()
	g, ok := s.codes[code]
	delete(s.codes, code)
	ok = ok && r.FormValue("grant_type") == "authorization_code" && g.app.id == r.FormValue("client_id") &&
		g.app.secret == r.FormValue("client_secret") && g.redirect == r.FormValue("redirect_uri")
	if g.challenge != "" && g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		ok = false
	}
	if !ok {
		s.mu.Unlock()
		s.fail(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	t := "token-" + s.id(s.now)
	s.tokens[t] = token{person: g.person, scopes: g.scopes, app: g.app.id}
	o := object{
		{"access_token", t}, {"created_at", s.now.Unix()}, {"scope", strings.Join(g.scopes, " ")}, {"token_type", "Bearer"},
	}
	s.mu.Unlock()
	s.write(w, r, o)
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	t := r.FormValue("token")
	s.mu.Lock()
	x, ok := s.tokens[t]
	mine := ok && (x.app == "" || s.apps[x.app].id == r.FormValue("client_id") && s.apps[x.app].secret == r.FormValue("client_secret"))
	if mine {
		delete(s.tokens, t)
	}
	s.mu.Unlock()
	if ok && !mine {
		s.fail(w, http.StatusForbidden, "unauthorized_client")
		return
	}
	s.write(w, r, object{})
}
