package config

import (
	"errors"
	"net/url"
	"regexp"
	"time"
)

// TimeStamps says whose clocks confirm what is kept.
type TimeStamps struct {
	Every       Duration    `toml:"every" doc:"Shortest time between two requests to one authority for one case. A stamp covers everything that was kept before it, so none is lost by waiting."`
	Authorities []Authority `toml:"authority" doc:"For each authority a table of its own, such as the one below. Two or more are better than one: each speaks for itself."`
}

// An Authority is a time-stamp authority (RFC 3161).
type Authority struct {
	Name      string `toml:"name" example:"time-one" doc:"What it is called here and in what is handed out: small letters, digits, dots and hyphens. Keep it: its stamps go by it."`
	URL       string `toml:"url" example:"https://time.example/tsr" doc:"Where it is asked. It sees a hash, this machine's address and the time, and nothing of a case."`
	Roots     string `toml:"roots" example:"time-one.pem" doc:"File with the root certificates that it is trusted under (PEM), from the authority itself. When it gets a new root, add that one and keep the old."`
	Qualified bool   `toml:"qualified" example:"false" doc:"Whether the authority is a qualified one (eIDAS). It is shown as you say it."`
}

// Limits of what is sensible.
const (
	minStamps      = time.Minute
	maxStamps      = 24 * time.Hour
	maxAuthorities = 8
)

var authorityName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,38}[a-z0-9])?$`)

func (t TimeStamps) check() error {
	var problems []error
	add := func(key, format string, args ...any) {
		problems = append(problems, problem("time_stamps."+key, format, args...))
	}
	if e := time.Duration(t.Every); e < minStamps || e > maxStamps {
		add("every", "choose from %v to %v; 10m is usual", minStamps, maxStamps)
	}
	if len(t.Authorities) > maxAuthorities {
		add("authority", "there are more than %d; two or three are enough", maxAuthorities)
	}
	seen := map[string]bool{}
	for _, a := range t.Authorities {
		if !authorityName.MatchString(a.Name) {
			add("authority.name", "%q is not a name for it; use small letters, digits, dots and hyphens, such as time-one", a.Name)
		} else if seen[a.Name] {
			add("authority.name", "%q is there twice; give each authority a name of its own", a.Name)
		}
		seen[a.Name] = true
		if u, err := url.Parse(a.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			// An address that cannot be read may hold a password: it is not shown.
			add("authority.url", "the address of %q should look like https://time.example/tsr, without a name or password in it", a.Name)
		}
		if a.Roots == "" {
			add("authority.roots", "name the file with the root certificates of %q (PEM); without it a stamp could be anybody's", a.Name)
		}
	}
	return errors.Join(problems...)
}
