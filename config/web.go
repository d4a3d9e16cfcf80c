package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Address is where browsers find the pages, given the port that they are served
// on. It is valid after Validate.
func (w Web) Address(port string) *url.URL {
	if w.URL == "" {
		return &url.URL{Scheme: w.scheme(), Host: net.JoinHostPort("localhost", port)}
	}
	u, err := url.Parse(w.URL)
	if err != nil {
		return &url.URL{}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}
}

func (w Web) scheme() string {
	if w.Certificate != "" {
		return "https"
	}
	return "http"
}

// Trusted returns the proxies. It is valid after Validate.
func (w Web) Trusted() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range w.Proxies {
		if prefix, err := parsePrefix(p); err == nil {
			out = append(out, prefix)
		}
	}
	return out
}

func parsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		return a.Prefix(a.BitLen())
	}
	return netip.ParsePrefix(s)
}

var twoLetters = regexp.MustCompile(`^[A-Z]{2}$`)

func (c Config) checkWeb() error {
	var problems []error
	add := func(key, format string, args ...any) {
		problems = append(problems, problem("web."+key, format, args...))
	}
	w := c.Web
	u, err := url.Parse(w.URL)
	switch {
	case w.URL == "":
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil:
		add("url", "%q is not the address of a site; write it as https://notes.charity.example", w.URL)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		add("url", "signing in from another machine needs https; use a certificate, or a proxy that has one")
	}
	if (w.Certificate == "") != (w.CertificateKey == "") {
		add("certificate_key", "a certificate and its key belong together; name both files, or none")
	}
	if w.Certificate == "" && w.URL == "" {
		if host, _, err := net.SplitHostPort(c.Listen); err == nil && host != "" && !loopback(host) {
			add("certificate", "listen lets other machines in, but nothing is encrypted; name a certificate, or set web.url to the https address of a proxy in front")
		}
	}
	for _, p := range w.Proxies {
		if _, err := parsePrefix(p); err != nil {
			add("proxies", "%q is not an address; write 127.0.0.1 or 10.0.0.0/8", p)
		}
	}
	if w.Country != "" && !twoLetters.MatchString(w.Country) {
		add("country", "%q is not a country; use its two letters, such as GB", w.Country)
	}
	if l, err := url.Parse(w.Leave); err != nil || l.Scheme != "https" || l.Host == "" {
		add("leave", "%q is not the address of a page; write it as https://www.bbc.co.uk/weather", w.Leave)
	}
	return errors.Join(problems...)
}
