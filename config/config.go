// Package config reads the configuration file (TOML), the environment and the
// platform's defaults, and says what is wrong with them in words that help.
//
// No secret stands in the file: a password or a database URL comes from a file of
// its own (a key that ends in _file) or from the environment. A key that is not
// known is an error, because a setting that is misspelt is a setting that is
// silently not made. The example that daybook prints is made from the structs of
// this file.
package config

import (
	"log/slog"
	"time"
)

// A Config is everything that can be set. Every field has a doc tag: it is the
// comment above the field in the example.
type Config struct {
	Data     string `toml:"data" env:"DAYBOOK_DATA" doc:"Folder that holds everything that is kept: the archive, its index, the database. Back this folder up."`
	KeyFile  string `toml:"key_file" env:"DAYBOOK_KEY_FILE" doc:"File that holds the key to all of it. It must lie outside the data folder and outside the backups; keep a copy on paper. It is made at the first start."`
	Listen   string `toml:"listen" env:"DAYBOOK_LISTEN" doc:"Address and port for the web pages. 127.0.0.1 can be reached from this machine alone."`
	LogLevel string `toml:"log_level" env:"DAYBOOK_LOG_LEVEL" doc:"What is logged: debug, info, warn or error. Names and texts are never logged."`

	Web      Web      `toml:"web" doc:"The web pages."`
	Database Database `toml:"database" doc:"Where rows are kept."`
	Collect  Collect  `toml:"collect" doc:"How accounts are read."`
	X        X        `toml:"x" doc:"Accounts on X."`
	Media    Media    `toml:"media" doc:"Pictures, sound and film that come with messages."`
	Alerts   Alerts   `toml:"alerts" doc:"When people are told of new contact. Who is told what is set in each case."`
	Erase    Erase    `toml:"erase" doc:"When content that somebody asked to be erased is destroyed."`
	Backups  Backups  `toml:"backups" doc:"How backups of this instance are kept. daybook does not remove them: it says until when what was erased is still in them."`
	Mail     Mail     `toml:"mail" doc:"How alerts are sent. Without a host nothing is sent. A mail carries no text, name or platform."`

	TimeStamps TimeStamps `toml:"time_stamps" doc:"Authorities that confirm when something was kept (RFC 3161). Without one, what is kept is still signed and checked, but its times are this machine's word alone."`
}

// Web says how the pages are reached.
type Web struct {
	URL            string   `toml:"url" doc:"Where browsers find the pages, such as https://notes.charity.example. Empty: http://localhost with the port of listen. Choose a name that says nothing. Passkeys belong to this name and do not work with an address of numbers."`
	Certificate    string   `toml:"certificate" doc:"File with the certificate and its chain (PEM). Empty: the pages are plain HTTP, for this machine alone or for a proxy that speaks HTTPS."`
	CertificateKey string   `toml:"certificate_key" doc:"File with the certificate's private key (PEM)."`
	Proxies        []string `toml:"proxies" doc:"Addresses of your own proxies, such as 127.0.0.1 or 10.0.0.0/8. From these alone the header X-Forwarded-For is believed, which says whose tries at signing in are counted."`
	Country        string   `toml:"country" doc:"Country whose help numbers are shown to people who chose none, as two letters: GB, IE, US. Empty: international ones."`
	Leave          string   `toml:"leave" doc:"Where \"Leave this page\" goes: a page that anybody could be looking at."`
}

// Database says where rows are kept.
type Database struct {
	Engine  string `toml:"engine" doc:"sqlite: an encrypted file in the data folder. postgres: a server, for several nodes."`
	URLFile string `toml:"url_file" doc:"File that holds the URL of the PostgreSQL server, such as postgres://user:password@host/name."`
	URL     Secret `toml:"-" env:"DAYBOOK_DATABASE_URL" doc:"The URL is never written here: it comes from url_file or the environment."`
}

// Collect says how accounts are read.
type Collect struct {
	Every       Duration   `toml:"every" doc:"Time between two readings of an account, such as 60s or 5m."`
	SecondLooks []Duration `toml:"second_looks" doc:"How long after a message it is looked at again, to see whether it was edited or is gone. Empty: never."`
}

// Media says what is kept of attachments.
type Media struct {
	Fetch    bool  `toml:"fetch" doc:"Whether attachments are fetched. They are taken from the person's own server alone."`
	MaxBytes int64 `toml:"max_bytes" doc:"Largest attachment that is fetched, in bytes."`
}

// Alerts says when people are told.
type Alerts struct {
	QuietFrom  TimeOfDay `toml:"quiet_from" doc:"Beginning of the quiet hours, in which nothing is sent. The same as quiet_until: none."`
	QuietUntil TimeOfDay `toml:"quiet_until" doc:"End of the quiet hours."`
	Zone       string    `toml:"zone" doc:"Time zone of the quiet hours, such as Europe/London. Empty: the zone of each case."`
}

// Erase says when content is destroyed.
type Erase struct {
	Days int `toml:"days" doc:"Days between asking and destroying. Until then it is hidden, and can be brought back: by the person, and by whoever runs the case. 0: it is destroyed at once."`
}

// Backups says how backups are kept.
type Backups struct {
	KeepDays int `toml:"keep_days" doc:"Days after which a backup is destroyed by whatever keeps it, and on PostgreSQL its archived write-ahead log as well."`
}

// Mail says how mail is sent.
type Mail struct {
	Host         string `toml:"host" doc:"Mail server, such as mail.charity.example."`
	Port         int    `toml:"port" doc:"Port of the mail server: 587 for starttls, 465 for tls."`
	TLS          string `toml:"tls" doc:"starttls, tls, or none (for a server on this machine alone)."`
	User         string `toml:"user" doc:"User name at the mail server. Empty: no sign-in."`
	PasswordFile string `toml:"password_file" doc:"File that holds the password."`
	Password     Secret `toml:"-" env:"DAYBOOK_MAIL_PASSWORD" doc:"The password is never written here: it comes from password_file or the environment."`
	FromAddress  string `toml:"from_address" doc:"Address that mails come from."`
	FromName     string `toml:"from_name" doc:"Name that mails come from. Choose one that says nothing to somebody who looks over a shoulder."`
	Subject      string `toml:"subject" doc:"Subject of every mail. The same goes for it."`
}

// Defaults returns what holds when nothing is set, on a platform named as
// runtime.GOOS names it. Folders are the platform's own (XDG on Linux and BSD);
// where the environment does not say which, they are empty.
func Defaults(goos string, getenv func(string) string) Config {
	data, settings := folders(goos, getenv)
	return Config{
		Data:     data,
		KeyFile:  join(goos, settings, "instance.key"),
		Listen:   "127.0.0.1:8765",
		LogLevel: "info",
		Web:      Web{Proxies: []string{}, Leave: "https://www.bbc.co.uk/weather"},
		Database: Database{Engine: "sqlite"},
		Collect: Collect{
			Every: Duration(60 * time.Second),
			SecondLooks: []Duration{
				Duration(5 * time.Minute), Duration(65 * time.Minute),
				Duration(24 * time.Hour), Duration(7 * 24 * time.Hour),
			},
		},
		X:       defaultX(),
		Media:   Media{Fetch: true, MaxBytes: 64 << 20},
		Alerts:  Alerts{QuietFrom: 22 * 60, QuietUntil: 8 * 60},
		Erase:   Erase{Days: 7},
		Backups: Backups{KeepDays: 30},
		Mail:    Mail{Port: 587, TLS: "starttls", FromName: "Notes", Subject: "Your weekly note"},

		TimeStamps: TimeStamps{Every: Duration(10 * time.Minute)},
	}
}

// folders returns the platform's folders for data and for settings; the key lies
// with the settings, which are not inside the data.
func folders(goos string, getenv func(string) string) (data, settings string) {
	home := getenv("HOME")
	switch goos {
	case "windows":
		return join(goos, getenv("LOCALAPPDATA"), "daybook", "data"), join(goos, getenv("APPDATA"), "daybook")
	case "darwin":
		return join(goos, home, "Library", "Application Support", "daybook"), join(goos, home, ".config", "daybook")
	}
	data, settings = getenv("XDG_DATA_HOME"), getenv("XDG_CONFIG_HOME")
	if data == "" {
		data = join(goos, home, ".local", "share")
	}
	if settings == "" {
		settings = join(goos, home, ".config")
	}
	return join(goos, data, "daybook"), join(goos, settings, "daybook")
}

// join joins parts as the named platform does; "" if the first is empty.
func join(goos, first string, rest ...string) string {
	if first == "" {
		return ""
	}
	sep := "/"
	if goos == "windows" {
		sep = `\`
	}
	for _, p := range rest {
		first += sep + p
	}
	return first
}

// Level is LogLevel for package slog; info if it is not one of the four words.
func (c Config) Level() slog.Level {
	switch c.LogLevel {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
