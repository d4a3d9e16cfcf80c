package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/cases"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/config"
	"daybook/internal/fakemastodon"
)

// A postbox takes mails over.
type postbox struct{ sent []alerts.Notification }

// Notify implements alerts.Notifier.
func (p *postbox) Notify(_ context.Context, n alerts.Notification) error {
	p.sent = append(p.sent, n)
	return nil
}

// openConnected opens an instance whose accounts lie at a made-up server, on
// whose clock it runs, and whose mails come to a postbox.
func openConnected(t *testing.T) (*app, *fakemastodon.Server, *postbox) {
	t.Helper()
	server := fakemastodon.New(fakemastodon.Options{Domain: "social.example", Start: scriptBegins})
	server.SignIn(server.Person("wren", "Wren"))
	dir, mails := t.TempDir(), &postbox{}
	cfg := config.Defaults("linux", func(string) string { return "" })
	cfg.Data, cfg.KeyFile = filepath.Join(dir, "data"), filepath.Join(dir, "key", "instance.key")
	a, err := openApp(t.Context(), cfg, appOptions{log: slog.New(slog.DiscardHandler), clock: server.Now, notice: io.Discard, mailer: mails,
		exception: &collectors.Exception{Hosts: map[string]http.Handler{"social.example": server}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, server, mails
}

func TestConnector_D2_D3(t *testing.T) {
	a, server, _ := openConnected(t)
	c, ctx := connector{a}, t.Context()
	if !slices.Equal(c.Scopes("mastodon"), mastodon.Scopes()) || c.Scopes("bluesky") != nil {
		t.Errorf("scopes %v, %v", c.Scopes("mastodon"), c.Scopes("bluesky"))
	}
	for _, back := range []string{"https://notes.charity.example/back", ""} {
		address, pending, err := c.Begin(ctx, "mastodon", "social.example", back)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		want := back
		if back == "" {
			want = mastodon.OutOfBand
		}
		if got := u.Query().Get("redirect_uri"); got != want || u.Query().Get("state") == "" {
			t.Errorf("comes back to %q, want %q", got, want)
		}
		code, state := server.Allow(address)
		if back != "" {
			if _, _, err := c.Finish(ctx, "mastodon", pending, code, "another"); !errors.Is(err, daybook.ErrInvalid) {
				t.Errorf("another's state: %v, want ErrInvalid", err)
			}
		} else {
			state = "" // nobody brings it back
		}
		account, secret, err := c.Finish(ctx, "mastodon", pending, code, state)
		if err != nil || account.Handle.Shown() != "wren@social.example" {
			t.Fatalf("account %+v, %v", account, err)
		}
		if err := c.GiveBack(ctx, account, secret); err != nil || server.Tokens() != 0 {
			t.Errorf("given back: %v, %d tokens", err, server.Tokens())
		}
	}
	if _, _, err := c.Begin(ctx, "bluesky", "social.example", ""); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("another platform: %v, want ErrInvalid", err)
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("calls that a reader does not make: %v", v)
	}
}

// What serve does every minute: each reminder that a consent ends is mailed to
// the adviser once, and at its end the account is closed.
func TestEveryMinute_D4(t *testing.T) {
	a, server, mails := openConnected(t)
	ctx, operator := t.Context(), cases.Operator("mara")
	id, err := a.log.NewCase(ctx, operator, "Garden", "Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	account, err := a.cases.Connect(ctx, operator, daybook.Account{Case: id, Platform: "mastodon", Server: "https://social.example",
		Handle: daybook.Handle{Platform: "mastodon", Native: "https://social.example/users/wren"}}, []byte("token"),
		daybook.Consent{Scopes: mastodon.Scopes(), Purpose: "a record", Text: consentText})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.db.SaveRecipient(ctx, alerts.NewRecipient(id, alerts.Adviser, "adviser@charity.example", "Europe/London")); err != nil {
		t.Fatal(err)
	}
	until := server.Now().Add(daybook.ConsentPeriod)
	reminded := map[reminder]bool{}
	for server.Now().Before(until.Add(time.Hour)) {
		server.Wait(2 * time.Hour)
		a.everyMinute(ctx, reminded)
		if err := a.alerts.send(ctx); err != nil {
			t.Fatal(err)
		}
		if len(reminded) == 2 { // as after a restart
			reminded = map[reminder]bool{}
		}
	}
	var days []int
	for _, m := range mails.sent {
		days = append(days, int((until.Sub(m.Made)+23*time.Hour)/(24*time.Hour)))
	}
	if want := []int{14, 7, 1}; !slices.Equal(days, want) {
		t.Errorf("mails %v days before the end, want %v", days, want)
	}
	if got, _, _, err := a.db.Account(ctx, account.ID); err != nil || got.State != daybook.Expired {
		t.Errorf("the account is %s, %v; want %s", got.State, err, daybook.Expired)
	}
}
