package fakex

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// How long what is given out is good for.
const (
	codeLasts   = 30 * time.Second
	accessLasts = 2 * time.Hour
)

type app struct {
	id, secret, name string // no secret: a public client
	redirects        []string
}

// A grant is a code that was given and not yet exchanged.
type grant struct {
	app       *app
	person    *Person
	redirect  string
	scopes    []string
	challenge string
	until     time.Time
}

// The kinds of tokens.
const (
	tokenAccess = iota
	tokenRefresh
	tokenBearer // an app's own
	tokenOld    // OAuth 1.0a
)

type token struct {
	kind    int
	person  *Person
	scopes  []string
	app     *app
	family  string    // of what came from one consent
	expires time.Time // zero: never
	spent   bool      // a refresh token that was used
	old     OldToken
	free    bool // it pays nothing
}

// Scopes returns what a reader asks for, and what Token gives.
func Scopes() []string {
	return []string{"tweet.read", "users.read", "dm.read", "block.read", "offline.access"}
}

// App registers an app. A public one has no secret.
func (s *Server) App(name string, public bool, redirects ...string) (id, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &app{id: s.secret("client"), name: name, redirects: redirects}
	if !public {
		a.secret = s.secret("secret")
	}
	s.apps[a.id] = a
	return a.id, a.secret
}

// Back adds an address to the settings of an app: X sends people back there.
func (s *Server) Back(id, redirect string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps[id].redirects = append(s.apps[id].redirects, redirect)
}

// SignIn says whose browser it is that sees the page of consent.
func (s *Server) SignIn(p *Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader = p
}

// Token gives a person an access token that never expires, without the pages.
func (s *Server) Token(p *Person, scopes ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(scopes) == 0 {
		scopes = Scopes()
	}
	t := s.secret("access")
	s.tokens[t] = &token{kind: tokenAccess, person: p, scopes: scopes, family: t}
	return t
}

// Bearer gives an app its own token, which stands for no person.
func (s *Server) Bearer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.secret("bearer")
	s.tokens[t] = &token{kind: tokenBearer}
	return t
}

// Pair gives a person what a consent gives: an access token for two hours and a
// refresh token, for an app by its identifier.
func (s *Server) Pair(p *Person, client string, scopes ...string) (access, refresh string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(scopes) == 0 {
		scopes = Scopes()
	}
	return s.pair(p, s.apps[client], scopes, s.secret("family"))
}

func (s *Server) pair(p *Person, a *app, scopes []string, family string) (access, refresh string) {
	access = s.secret("access")
	s.tokens[access] = &token{kind: tokenAccess, person: p, scopes: scopes, app: a, family: family, expires: s.time().Add(accessLasts)}
	if slices.Contains(scopes, "offline.access") {
		refresh = s.secret("refresh")
		s.tokens[refresh] = &token{kind: tokenRefresh, person: p, scopes: scopes, app: a, family: family}
	}
	return access, refresh
}

// Revoke takes all tokens of a person away, as they can on the page of X.
func (s *Server) Revoke(p *Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, t := range s.tokens {
		if t.person == p {
			delete(s.tokens, name)
		}
	}
}

// Tokens returns how many tokens are in force.
func (s *Server) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range s.tokens {
		if !t.spent && (t.expires.IsZero() || s.time().Before(t.expires)) {
			n++
		}
	}
	return n
}

func (s *Server) signInRoutes(mux *http.ServeMux) {
	for _, path := range []string{"/i/oauth2/authorize", "/2/oauth2/authorize"} {
		mux.HandleFunc("GET "+path, s.authorizePage)
		mux.HandleFunc("POST "+path, s.authorize)
	}
	mux.HandleFunc("POST /2/oauth2/token", s.exchange)
	mux.HandleFunc("POST /2/oauth2/revoke", s.revoke)
}

func consentPage() *template.Template {
	return template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Authorize an app</title></head><body>
<main><h1>{{.App}} wants to access your account</h1>
<ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<form method="post" action="/i/oauth2/authorize">
{{range $name, $values := .Query}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<button type="submit" id="allow" name="answer" value="allow">Authorize app</button>
<button type="submit" id="deny" name="answer" value="deny">Cancel</button>
</form></main></body></html>
`))
}

// writing reports whether a scope lets an app change anything.
func writing(scope string) bool { return strings.HasSuffix(scope, ".write") || scope == "media.write" }

// asked checks what an app asks for; why is "" if it may.
func (s *Server) asked(q url.Values) (a *app, scopes []string, why string) {
	a, scopes = s.apps[q.Get("client_id")], strings.Fields(q.Get("scope"))
	switch {
	case a == nil:
		why = "This app is not known."
	case !slices.Contains(a.redirects, q.Get("redirect_uri")):
		why = "The address to go back to is not one that the app registered."
	case q.Get("response_type") != "code", q.Get("state") == "" || len(q.Get("state")) > 500:
		why = "Something is missing in what the app asks."
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		why = "The app does not prove who it is."
	case len(scopes) == 0:
		why = "The app asks for nothing."
	case slices.ContainsFunc(scopes, writing):
		why = "A reader has no business to ask for that."
		s.violations = append(s.violations, "scope "+strings.Join(slices.DeleteFunc(scopes, func(x string) bool { return !writing(x) }), " "))
	}
	return a, scopes, why
}

func (s *Server) authorizePage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, scopes, why := s.asked(r.URL.Query())
	s.mu.Unlock()
	if why != "" {
		http.Error(w, why, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The template is ours and its writer is the browser, which may have gone.
	_ = consentPage().Execute(w, struct {
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
	_, _, why := s.asked(r.Form)
	code := ""
	if why == "" && s.reader != nil && r.Form.Get("answer") == "allow" {
		code = s.grantCode(r.Form)
	}
	s.mu.Unlock()
	if why != "" {
		http.Error(w, why, http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {r.Form.Get("state")}}
	if code != "" {
		back.Set("code", code)
	} else {
		back.Set("error", "access_denied")
	}
	to, err := url.Parse(r.Form.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "bad address", http.StatusBadRequest)
		return
	}
	to.RawQuery = back.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func (s *Server) grantCode(q url.Values) string {
	code := s.secret("code")
	s.codes[code] = grant{
		app: s.apps[q.Get("client_id")], person: s.reader, redirect: q.Get("redirect_uri"), scopes: strings.Fields(q.Get("scope")),
		challenge: q.Get("code_challenge"), until: s.time().Add(codeLasts),
	}
	return code
}

// Allow presses "Authorize app" on the page at an authorize URL and returns the
// code and the state, without a browser. Both are empty if the page would not
// let it.
func (s *Server) Allow(authorizeURL string) (code, state string) {
	u, err := url.Parse(authorizeURL)
	if err != nil {
		return "", ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, why := s.asked(u.Query()); why != "" || s.reader == nil {
		return "", ""
	}
	return s.grantCode(u.Query()), u.Query().Get("state")
}

// client finds the app that a call comes from: a confidential one proves itself
// with its secret, a public one says its name.
func (s *Server) client(r *http.Request) *app {
	if id, secret, ok := r.BasicAuth(); ok {
		a := s.apps[unescaped(id)]
		if a == nil || a.secret == "" || a.secret != unescaped(secret) {
			return nil
		}
		return a
	}
	a := s.apps[r.PostForm.Get("client_id")]
	if a == nil || a.secret != "" {
		return nil
	}
	return a
}

// unescaped undoes what RFC 6749 §2.3.1 does with names and secrets.
func unescaped(text string) string {
	u, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return u
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	body, problem := s.tokensFor(r)
	s.mu.Unlock()
	status := http.StatusOK
	if problem != "" {
		status, body = http.StatusBadRequest, object{{"error", problem}, {"error_description", "Value passed for the token was invalid."}}
		if problem == "unauthorized_client" {
			status, body = http.StatusUnauthorized, object{{"error", problem}, {"error_description", "Missing valid authorization header"}}
		}
	}
	s.say(w, status, body)
}

func (s *Server) say(w http.ResponseWriter, status int, body any) {
	b, err := encode(body)
	if err != nil {
		panic("fakex: " + err.Error()) // it is made of texts and numbers
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	writeJSON(w, status, b)
}

func (s *Server) tokensFor(r *http.Request) (object, string) {
	a := s.client(r)
	if a == nil {
		return nil, "unauthorized_client"
	}
	var person *Person
	var scopes []string
	family := s.secret("family")
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		code := r.PostForm.Get("code")
		g, ok := s.codes[code]
		delete(s.codes, code)
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if !ok || g.app != a || g.redirect != r.PostForm.Get("redirect_uri") || !s.time().Before(g.until) ||
			g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return nil, "invalid_request"
		}
		person, scopes = g.person, g.scopes
	case "refresh_token":
		t := s.tokens[r.PostForm.Get("refresh_token")]
		if t == nil || t.kind != tokenRefresh || t.app != a {
			return nil, "invalid_request"
		}
		if t.spent { // somebody has it twice: nobody keeps anything
			s.forget(t.family)
			return nil, "invalid_request"
		}
		t.spent = true
		person, scopes, family = t.person, t.scopes, t.family
	default:
		return nil, "unsupported_grant_type"
	}
	access, refresh := s.pair(person, a, scopes, family)
	o := object{{"token_type", "bearer"}, {"expires_in", int(accessLasts.Seconds())}, {"access_token", access}, {"scope", strings.Join(scopes, " ")}}
	if refresh != "" {
		o = append(o, member{"refresh_token", refresh})
	}
	return o, ""
}

// forget ends all that came from one consent.
func (s *Server) forget(family string) {
	for name, t := range s.tokens {
		if t.family == family {
			delete(s.tokens, name)
		}
	}
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	a := s.client(r)
	name := r.PostForm.Get("token")
	if t := s.tokens[name]; a != nil && t != nil && t.app == a {
		if t.kind == tokenRefresh {
			s.forget(t.family)
		}
		delete(s.tokens, name)
	}
	s.mu.Unlock()
	if a == nil {
		s.say(w, http.StatusUnauthorized, object{{"error", "unauthorized_client"}, {"error_description", "Missing valid authorization header"}})
		return
	}
	s.say(w, http.StatusOK, object{{"revoked", true}})
}
