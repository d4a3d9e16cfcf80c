package main

import (
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"

	"daybook/collectors"
	"daybook/config"
)

// opened opens the desk's instance, as the program does.
func (d *desk) opened() (*app, error) {
	cfg, err := config.Load(d.config, func(string) string { return "" })
	if err != nil {
		return nil, err
	}
	return openApp(d.t.Context(), cfg, appOptions{log: slog.New(slog.DiscardHandler), clock: d.x.Now, notice: io.Discard, mailer: &postbox{},
		exception: &collectors.Exception{Hosts: d.x.Hosts()}})
}

var clientID = regexp.MustCompile(`client_id = "([^"]*)"`)

// client is the identifier of the app in the configuration.
func (d *desk) client() string {
	d.t.Helper()
	b, err := os.ReadFile(d.config)
	if err != nil {
		d.t.Fatal(err)
	}
	return clientID.FindStringSubmatch(string(b))[1]
}

// replace changes the configuration.
func (d *desk) replace(old, by string) {
	d.t.Helper()
	b, err := os.ReadFile(d.config)
	if err != nil {
		d.t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		d.t.Fatalf("the configuration has no %q", old)
	}
	d.write("daybook.toml", strings.Replace(string(b), old, by, 1))
}
