package collectors

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// A Rule names calls that may be made.
type Rule struct {
	Method string
	Host   string   // as in the URL, with its port if it has one
	Path   string   // "{id}" stands for one segment of letters, digits, "-" and "_"; a last "**" for one or more segments
	Query  []string // names of parameters that may be there; "*" for any
}

// Allow reads a rule such as
//
//	GET /api/v1/statuses/{id}/context
//	GET /api/v1/notifications?limit&min_id&max_id
//
// It panics if call has another form: rules are written in the program.
func Allow(host, call string) Rule {
	method, rest, ok := strings.Cut(call, " ")
	path, query, _ := strings.Cut(rest, "?")
	if !ok || !strings.HasPrefix(path, "/") {
		panic("collectors: not a rule: " + call)
	}
	r := Rule{Method: method, Host: strings.ToLower(host), Path: path}
	if query != "" {
		r.Query = strings.Split(query, "&")
	}
	return r
}

// Check reports whether a call is on the list; the error is a *NotAllowedError.
// It makes no call.
func (t *Transport) Check(method, rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil {
		return &NotAllowedError{Method: method, Why: "the address cannot be read"}
	}
	return t.check(method, u)
}

func (t *Transport) check(method string, u *url.URL) error {
	no := func(why string) error {
		return &NotAllowedError{Method: method, Host: u.Host, Path: u.Path, Why: why}
	}
	switch {
	case u.User != nil || u.Opaque != "" || u.Host == "":
		return no("the address has an unusual form")
	case u.Scheme == "https":
	case u.Scheme == "http" && t.exception.Loopback && isLoopback(u.Hostname()):
	default:
		return no("it would not be encrypted")
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return no("its parameters cannot be read")
	}
	host := strings.ToLower(u.Host)
	if !slices.ContainsFunc(t.opts.Allow, func(r Rule) bool { return r.Host == host }) {
		return no("its host is not on the list")
	}
	if t.rule(method, u) == nil {
		return no("it is not on the list")
	}
	return nil
}

// rule returns the rule that lets a call pass; nil if there is none. The address
// has been checked otherwise.
func (t *Transport) rule(method string, u *url.URL) *Rule {
	host, query := strings.ToLower(u.Host), u.Query()
	for i := range t.opts.Allow {
		r := &t.opts.Allow[i]
		if r.Method == method && r.Host == host && matchPath(r.Path, u.EscapedPath()) && matchQuery(r.Query, query) {
			return r
		}
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func matchPath(template, path string) bool {
	for {
		want, wantRest, wantMore := strings.Cut(template, "/")
		got, gotRest, gotMore := strings.Cut(path, "/")
		switch {
		case want == "**":
			return plainRest(path)
		case want == "{id}":
			if !plainSegment(got) {
				return false
			}
		case want != got:
			return false
		}
		if wantMore != gotMore {
			return false
		}
		if !wantMore {
			return true
		}
		template, path = wantRest, gotRest
	}
}

func plainSegment(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != ""
}

// plainRest refuses whatever a server might resolve to another path than the
// one that is checked.
func plainRest(path string) bool {
	plain, err := url.PathUnescape(path)
	if err != nil || strings.ContainsAny(plain, "\\\x00") || strings.Count(plain, "/") != strings.Count(path, "/") {
		return false
	}
	for _, s := range strings.Split(plain, "/") {
		if s == "" || s == "." || s == ".." {
			return false
		}
	}
	return true
}

func matchQuery(allowed []string, query url.Values) bool {
	for name := range query {
		if !slices.Contains(allowed, name) && !slices.Contains(allowed, "*") {
			return false
		}
	}
	return true
}

// Reads reports whether every rule of a list is a GET: what a driver's tests
// ask about the list that its sources use.
func Reads(rules []Rule) bool {
	return !slices.ContainsFunc(rules, func(r Rule) bool { return r.Method != http.MethodGet })
}
