package fakex

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // OAuth 1.0a signs with it
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// An OldToken is what an app and a person are known by in OAuth 1.0a.
type OldToken struct {
	ConsumerKey, ConsumerSecret, Token, TokenSecret string
}

// OldToken gives a person a token of OAuth 1.0a, without pages. It never expires.
func (s *Server) OldToken(p *Person) OldToken {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := OldToken{s.secret("consumer"), s.secret("consumer secret"), p.ID + "-" + s.secret("token"), s.secret("token secret")}
	s.tokens[t.Token] = &token{kind: tokenOld, person: p, scopes: append(Scopes(), "mute.read"), family: t.Token, old: t}
	return t
}

// signed finds whose OAuth 1.0a token a call bears, if its signature is right. mu
// is held.
func (s *Server) signed(r *http.Request) *token {
	fields, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	if !ok {
		return nil
	}
	var params [][2]string
	given := map[string]string{}
	for f := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		value, err := url.PathUnescape(strings.Trim(value, `"`))
		if err != nil {
			return nil
		}
		given[name] = value
		if name != "oauth_signature" && name != "realm" {
			params = append(params, [2]string{escaped(name), escaped(value)})
		}
	}
	t := s.tokens[given["oauth_token"]]
	if t == nil || t.kind != tokenOld || given["oauth_consumer_key"] != t.old.ConsumerKey || given["oauth_signature_method"] != "HMAC-SHA1" {
		return nil
	}
	for name, values := range r.URL.Query() {
		for _, v := range values {
			params = append(params, [2]string{escaped(name), escaped(v)})
		}
	}
	slices.SortFunc(params, func(a, b [2]string) int { return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1])) })
	var pairs []string
	for _, p := range params {
		pairs = append(pairs, p[0]+"="+p[1])
	}
	base := r.Method + "&" + escaped("https://"+strings.ToLower(r.Host)+r.URL.EscapedPath()) + "&" + escaped(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte(escaped(t.old.ConsumerSecret)+"&"+escaped(t.old.TokenSecret)))
	mac.Write([]byte(base))
	if base64.StdEncoding.EncodeToString(mac.Sum(nil)) != given["oauth_signature"] {
		return nil
	}
	return t
}

// escaped writes a text as RFC 5849 §3.6 does.
func escaped(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}
