package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pquerna/otp/totp"

	"daybook"
	"daybook/cases"
	"daybook/config"
	"daybook/signin"
)

// The people of the demo: whose case it is, and who stands by them.
type demoPeople struct{ person, adviser cases.User }

// invite makes the two users and gives them access.
func (d *demo) invite(ctx context.Context) (err error) {
	a, operator := d.app, cases.Operator("demo")
	if d.people.person, err = a.cases.NewUser(ctx, operator, "Wren", ""); err != nil {
		return err
	}
	if d.people.adviser, err = a.cases.NewUser(ctx, operator, "Ida", ""); err != nil {
		return err
	}
	if _, err := a.cases.Grant(ctx, operator, cases.Grant{Case: d.id, User: d.people.person.ID, Role: cases.Owner, Reason: "her case"}); err != nil {
		return err
	}
	if d.actor, err = a.cases.Actor(ctx, d.people.person, d.id, "demo"); err != nil {
		return err
	}
	_, err = a.cases.Grant(ctx, d.actor, cases.Grant{Case: d.id, User: d.people.adviser.ID, Role: cases.Manager,
		End: d.story.end.Add(cases.GrantPeriod), Reason: "adviser, chosen by Wren"})
	return err
}

// serve opens the pages on the case, until the demo is stopped. From here on the
// story's clock runs with the machine's.
func (d *demo) serve(ctx context.Context) error {
	d.began = time.Now()
	a := d.app
	a.idle = 12 * time.Hour // nobody has a passphrase here to come back with
	p, err := a.openPages(ctx)
	if errors.Is(err, daybook.ErrInvalid) && d.cfg.Listen == config.Defaults("linux", noEnvironment).Listen { // the usual port is in use
		a.cfg.Listen = "127.0.0.1:0"
		p, err = a.openPages(ctx)
	}
	if err != nil {
		return err
	}
	p.handler = d.lobby(p.handler)
	if _, err := fmt.Fprintf(d.out, `
== look at it ==
%s/demo   opens the made-up case: as the person, or as her adviser. Ctrl-C ends it.
`, p.address); err != nil {
		return err
	}
	return a.serve(ctx, a.logger, p.run)
}

func noEnvironment(string) string { return "" }

// lobby is the demo's own way in, in front of the pages: two buttons instead of
// a passphrase. There is nothing like it outside of the demo.
func (d *demo) lobby(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("GET /demo", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
		h.Set("Cache-Control", "no-store")
		if _, err := w.Write([]byte(lobbyPage)); err != nil {
			d.app.logger.DebugContext(r.Context(), "a page was not taken")
		}
	})
	enter := func(who cases.User) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, device, err := d.enter(r.Context(), who)
			if err != nil {
				http.Error(w, "The demo could not let you in. Start it again.", http.StatusInternalServerError)
				return
			}
			for name, value := range map[string]string{"id": token, "d": device} {
				http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			}
			http.Redirect(w, r, "/", http.StatusSeeOther)
		})
	}
	guard := http.NewCrossOriginProtection()
	mux.Handle("POST /demo/person", guard.Handler(enter(d.people.person)))
	mux.Handle("POST /demo/adviser", guard.Handler(enter(d.people.adviser)))
	return mux
}

// enter opens a session for a user, through a code as if they had lost their
// way in.
func (d *demo) enter(ctx context.Context, u cases.User) (token, device string, err error) {
	desk, door := d.app.desk, signin.Door{Address: "127.0.0.1", Agent: "demo"}
	ways, err := desk.Ways(ctx, u.ID)
	if err != nil {
		return "", "", err
	}
	purpose := signin.SetUp
	if ways.Ready() {
		purpose = signin.Recover
	}
	code, _, err := desk.NewCode(ctx, purpose, u.ID, cases.Operator("demo"))
	if err != nil {
		return "", "", err
	}
	if token, device, _, err = desk.UseCode(ctx, door, code); err != nil {
		return "", "", err
	}
	door.Device = device
	if err := desk.SetPassphrase(ctx, token, daybook.NewID()); err != nil {
		return "", "", err
	}
	_, secret, _, err := desk.NewTOTP(ctx, token)
	if err != nil {
		return "", "", err
	}
	now, err := totp.GenerateCode(secret, d.clockNow())
	if err != nil {
		return "", "", fmt.Errorf("make a one-time code: %w", err)
	}
	if err := desk.ConfirmTOTP(ctx, token, now); err != nil {
		return "", "", err
	}
	token, _, err = desk.Settle(ctx, token, door)
	return token, device, err
}

const lobbyPage = `<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Daybook</title><link rel="icon" href="/static/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/static/daybook.css"></head>
<body><main class="door stack"><h1>A made-up case</h1>
<div class="sheet stack"><p>Everybody here is made up. Nothing leaves this machine.</p>
<form method="post" action="/demo/person"><button class="btn primary">Look at it as Wren, whose case it is</button></form>
<form method="post" action="/demo/adviser"><button class="btn">Look at it as Ida, her adviser</button></form></div>
</main></body></html>
`
