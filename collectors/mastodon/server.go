package mastodon

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"daybook"
	"daybook/collectors"
)

// ServerURL reads what a person types as their server: "birds.example",
// "https://birds.example/home" or "@kestrel_74@birds.example". The answer is a
// base URL without a path. It is https; http is left as it is only for
// loopback addresses, and the transport refuses those outside demo and tests.
// The error wraps daybook.ErrInvalid.
func ServerURL(typed string) (string, error) {
	s := strings.TrimSpace(typed)
	if i := strings.LastIndex(s, "@"); i >= 0 && !strings.Contains(s, "/") {
		s = s[i+1:]
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, " \t%") {
		return "", fmt.Errorf("%w: this is not the name of a server; write it as in birds.example", daybook.ErrInvalid)
	}
	ip, notIP := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || notIP == nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return "", fmt.Errorf("%w: the server has to be reached by https", daybook.ErrInvalid)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

func (c Config) serverURL(typed string) (*url.URL, error) {
	s, err := ServerURL(typed)
	if err != nil {
		return nil, err
	}
	return url.Parse(s)
}

// An instance is what a server says about itself. go-mastodon's type lacks the
// members that matter here.
type instance struct {
	Domain        string         `json:"domain"`         // v2
	URI           string         `json:"uri"`            // v1
	AccountDomain string         `json:"account_domain"` // GoToSocial
	Version       string         `json:"version"`
	SourceURL     string         `json:"source_url"`
	APIVersions   map[string]int `json:"api_versions"` // Mastodon since 4.3
}

// askInstance asks for the second form and, where there is none, for the first.
func askInstance(ctx context.Context, t *collectors.Transport, server *url.URL) (instance, error) {
	var in instance
	a, err := t.Do(ctx, http.MethodGet, server.String()+"/api/v2/instance", nil, http.StatusOK, http.StatusNotFound)
	if err == nil && a.Exchange.Status == http.StatusNotFound {
		a, err = t.Do(ctx, http.MethodGet, server.String()+"/api/v1/instance", nil, http.StatusOK)
	}
	if err != nil {
		return in, fmt.Errorf("ask what the server is: %w", err)
	}
	if err := json.Unmarshal(a.Body, &in); err != nil {
		return in, fmt.Errorf("read what the server is: %w", err)
	}
	return in, nil
}

// domain returns what completes account names that come without one. It can
// differ from the server's host.
func (in instance) domain(server *url.URL) string {
	for _, d := range []string{in.AccountDomain, in.Domain, in.URI} {
		if u, err := url.Parse(d); err == nil && u.Host != "" {
			d = u.Host
		}
		if d != "" && !strings.ContainsAny(d, "/@ ") {
			return strings.ToLower(d)
		}
	}
	return strings.ToLower(server.Host)
}

// since43 reports whether the server offers what Mastodon has since 4.3:
// filtered notifications on request, requests, several statuses at once. Asking
// is no way to find out: other servers take /notifications/requests for the
// notification called "requests" and answer 404.
func (in instance) since43() bool {
	if in.APIVersions["mastodon"] >= 1 {
		return true
	}
	if strings.Contains(in.Version, "compatible;") || strings.Contains(in.SourceURL, "gotosocial") {
		return false // the number is the version that they imitate
	}
	major, rest, _ := strings.Cut(in.Version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	if i := strings.IndexAny(minor, "-+~ "); i >= 0 {
		minor = minor[:i]
	}
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	return errA == nil && errB == nil && (a > 4 || a == 4 && b >= 3)
}
