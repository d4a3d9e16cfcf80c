package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
)

// Limits of what is sensible.
const (
	minEvery = 15 * time.Second // below it the platforms' limits are met at once
	maxLooks = 10
)

// Validate returns nil if daybook can start with this configuration. Otherwise
// the error wraps daybook.ErrInvalid and names every problem, each in a line
// that begins with the key and says what to do.
func (c Config) Validate() error {
	return errors.Join(
		c.checkFolders(),
		checkListen(c.Listen),
		oneOf("log_level", c.LogLevel, "debug", "info", "warn", "error"),
		c.checkWeb(),
		c.Database.check(),
		c.Collect.check(),
		c.X.check(),
		c.Media.check(),
		c.Alerts.check(),
		days("erase.days", c.Erase.Days),
		days("backups.keep_days", c.Backups.KeepDays),
		c.Mail.check(),
		c.TimeStamps.check(),
	)
}

// maxDays is longer than anybody should wait.
const maxDays = 3650

func days(key string, n int) error {
	if n < 0 || n > maxDays {
		return problem(key, "%d is not a number of days from 0 to %d", n, maxDays)
	}
	return nil
}

func problem(key, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s", key, daybook.ErrInvalid, fmt.Sprintf(format, args...))
}

func oneOf(key, value string, words ...string) error {
	for _, w := range words {
		if value == w {
			return nil
		}
	}
	return problem(key, "%q is not one of %s", value, strings.Join(words, ", "))
}

func (c Config) checkFolders() error {
	switch {
	case c.Data == "":
		return problem("data", "the platform does not say where to keep data; name a folder, here or with --data")
	case c.KeyFile == "":
		return problem("key_file", "the platform does not say where to keep the key; name a file outside %s", c.Data)
	}
	data, err := resolve(c.Data)
	if err != nil {
		return problem("data", "%s cannot be looked at (%v); name another folder", c.Data, err)
	}
	key, err := resolve(c.KeyFile)
	if err != nil {
		return problem("key_file", "%s cannot be looked at (%v); name another file", c.KeyFile, err)
	}
	if rel, err := filepath.Rel(data, key); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return problem("key_file", "%s lies inside the data folder %s: whoever copies the folder could read it all. Name a file outside it", c.KeyFile, c.Data)
	}
	return nil
}

// resolve makes a path absolute and follows the symbolic links of as much of it
// as is there.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for dir := path; ; {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, os.ErrNotExist) || parent == dir {
			return "", err
		}
		rest = filepath.Join(filepath.Base(dir), rest)
		dir = parent
	}
}

func checkListen(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return problem("listen", "%q is not an address with a port; write it as 127.0.0.1:8765", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return problem("listen", "%q is not a port; choose one from 1 to 65535", port)
	}
	if host == "" {
		return problem("listen", "without an address every machine of the network could reach the pages; write 127.0.0.1:%s, or 0.0.0.0:%s if that is meant", port, port)
	}
	return nil
}

func (d Database) check() error {
	if err := oneOf("database.engine", d.Engine, "sqlite", "postgres"); err != nil {
		return err
	}
	switch {
	case d.Engine == "sqlite" && d.URL != "":
		return problem("database.engine", "there is a database URL, but the engine is sqlite; set it to postgres, or take the URL away")
	case d.Engine == "postgres" && d.URL == "":
		return problem("database.url_file", "postgres needs a URL; name the file that holds it, or set DAYBOOK_DATABASE_URL")
	case d.Engine == "postgres":
		// The URL, and url.Parse's errors, hold the password: they are not shown.
		if u, err := url.Parse(d.URL.Reveal()); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
			return problem("database.url_file", "the URL should look like postgres://user:password@host/name")
		}
	}
	return nil
}

func (c Collect) check() error {
	var problems []error
	if time.Duration(c.Every) < minEvery {
		problems = append(problems, problem("collect.every", "platforms do not allow readings less than %v apart; choose 60s", minEvery))
	}
	if len(c.SecondLooks) > maxLooks {
		problems = append(problems, problem("collect.second_looks", "there are more than %d; each one costs a request for each message", maxLooks))
	}
	for i, d := range c.SecondLooks {
		if d == 0 || i > 0 && d <= c.SecondLooks[i-1] {
			problems = append(problems, problem("collect.second_looks", "each should come later than the one before it, the first after more than 0s"))
			break
		}
	}
	return errors.Join(problems...)
}

func (m Media) check() error {
	if m.MaxBytes < 1 || m.MaxBytes > daybook.MaxCapture {
		return problem("media.max_bytes", "choose from 1 to %d; to fetch none, set media.fetch to false", daybook.MaxCapture)
	}
	return nil
}

func (a Alerts) check() error {
	if a.Zone == "" {
		return nil
	}
	if _, err := time.LoadLocation(a.Zone); err != nil || a.Zone == "Local" {
		return problem("alerts.zone", "there is no time zone %q; use a name such as Europe/London", a.Zone)
	}
	return nil
}

func (m Mail) check() error {
	if m.Host == "" {
		return nil
	}
	var problems []error
	add := func(key, format string, args ...any) {
		problems = append(problems, problem("mail."+key, format, args...))
	}
	if m.Port < 1 || m.Port > 65535 {
		add("port", "%d is not a port; 587 is usual", m.Port)
	}
	if err := oneOf("mail.tls", m.TLS, "starttls", "tls", "none"); err != nil {
		problems = append(problems, err)
	}
	if m.TLS == "none" && !loopback(m.Host) {
		add("tls", "mail to another machine is not sent without encryption; choose starttls or tls")
	}
	if m.User != "" && m.Password == "" {
		add("password_file", "signing in needs a password; name the file that holds it, or set DAYBOOK_MAIL_PASSWORD")
	}
	if a, err := mail.ParseAddress(m.FromAddress); err != nil || a.Address != m.FromAddress {
		add("from_address", "%q is not an address; write it as notes@charity.example", m.FromAddress)
	}
	if !oneLine(m.FromName) {
		add("from_name", "it should be one line of 1 to 100 bytes")
	}
	if !oneLine(m.Subject) {
		add("subject", "it should be one line of 1 to 100 bytes")
	}
	return errors.Join(problems...)
}

func oneLine(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= 100 && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
