package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/cases"
	"daybook/collectors/mastodon"
	"daybook/collectors/twitter"
	"daybook/web"
)

// connector lets the pages connect accounts, with the same calls as the command
// line. It implements web.Connector.
type connector struct{ app *app }

var _ web.Connector = connector{}

// Platforms implements web.Connector.
func (c connector) Platforms() []web.Connectable {
	return []web.Connectable{
		{Platform: mastodon.Platform, Title: "Mastodon", Server: true, Typed: true, Scopes: mastodon.Scopes()},
		c.app.xConnectable(),
	}
}

// Scopes implements web.Connector.
func (c connector) Scopes(p daybook.Platform) []string {
	switch p {
	case mastodon.Platform:
		return mastodon.Scopes()
	case twitter.Platform:
		return c.app.xScopes()
	}
	return nil
}

// Begin implements web.Connector.
func (c connector) Begin(ctx context.Context, p daybook.Platform, server, back string) (string, []byte, error) {
	switch p {
	case mastodon.Platform:
		if back == "" {
			back = mastodon.OutOfBand
		}
		pending, err := c.app.mastodon.Begin(ctx, server, back)
		return keepPending(pending.URL, pending, err)
	case twitter.Platform:
		if !c.app.cfg.X.Enabled {
			return "", nil, errXOff
		}
		pending, err := c.app.x.Begin(back)
		return keepPending(pending.URL, pending, err)
	}
	return "", nil, errOtherPlatform()
}

func keepPending(address string, pending any, err error) (string, []byte, error) {
	if err != nil {
		return "", nil, err
	}
	kept, err := json.Marshal(pending)
	if err != nil {
		return "", nil, fmt.Errorf("keep the attempt: %w", err)
	}
	return address, kept, nil
}

// Finish implements web.Connector.
func (c connector) Finish(ctx context.Context, p daybook.Platform, kept []byte, code, state string) (daybook.Account, []byte, error) {
	switch p {
	case mastodon.Platform:
		var pending mastodon.Pending
		if err := json.Unmarshal(kept, &pending); err != nil {
			return daybook.Account{}, nil, fmt.Errorf("read the attempt: %w", err)
		}
		return c.app.mastodon.Finish(ctx, pending, code, state)
	case twitter.Platform:
		var pending twitter.Pending
		if err := json.Unmarshal(kept, &pending); err != nil {
			return daybook.Account{}, nil, fmt.Errorf("read the attempt: %w", err)
		}
		return c.app.x.Finish(ctx, pending, code, state)
	}
	return daybook.Account{}, nil, errOtherPlatform()
}

// GiveBack implements web.Connector.
func (c connector) GiveBack(ctx context.Context, a daybook.Account, secret []byte) error {
	switch a.Platform {
	case mastodon.Platform:
		return mastodon.Driver(c.app.mastodon).Revoke(ctx, a, secret)
	case twitter.Platform:
		return twitter.Driver(c.app.x).Revoke(ctx, a, secret)
	}
	return errOtherPlatform()
}

// Cost implements web.Connector.
func (c connector) Cost(ctx context.Context, a daybook.Account) (*web.Cost, error) {
	return c.app.xCost(ctx, a)
}

func errOtherPlatform() error {
	return fmt.Errorf("%w: this version connects accounts on Mastodon and on X alone", daybook.ErrInvalid)
}

// usualMail is what mails say of themselves unless somebody chose otherwise, as
// the pages show it. Its address is the one that mails come from; "" if none go
// out.
func (a *app) usualMail() alerts.Recipient {
	r := alerts.Recipient{Title: a.cfg.Mail.Subject, Sender: a.cfg.Mail.FromName, Zone: a.cfg.Alerts.Zone,
		QuietFrom: alerts.Clock(a.cfg.Alerts.QuietFrom), QuietUntil: alerts.Clock(a.cfg.Alerts.QuietUntil)}
	if a.alerts.mailer != nil {
		r.Address = a.cfg.Mail.FromAddress
		if r.Address == "" {
			r.Address = "notes@localhost" // of the demo, whose mails go nowhere
		}
	}
	return r
}

// A reminder is one that was written down since this process began: there is
// no need to try it again every minute.
type reminder struct {
	account daybook.AccountID
	until   time.Time
	days    int
}

// remind writes down that consents come to their end, for whoever is told.
func (a *app) remind(ctx context.Context, done map[reminder]bool) error {
	accounts, err := a.db.Accounts(ctx, "")
	if err != nil {
		return err
	}
	var errs []error
	for _, acc := range accounts {
		if acc.State == daybook.Withdrawn || acc.State == daybook.Expired {
			continue
		}
		_, consent, _, err := a.db.Account(ctx, acc.ID)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		due := cases.Reminders(consent, a.clock())
		if len(due) == 0 {
			continue
		}
		key := reminder{acc.ID, consent.Until, due[len(due)-1].Days}
		if done[key] {
			continue
		}
		if err := a.alerts.follower.Remind(ctx, acc, consent); err != nil {
			errs = append(errs, err)
			continue
		}
		done[key] = true
	}
	return errors.Join(errs...)
}

// everyMinute does what has to be done on time and is not a task: consents that
// end, reminders of those that will, erasures that are due, connections that
// nobody confirmed.
func (a *app) everyMinute(ctx context.Context, reminded map[reminder]bool) {
	actor := daybook.Actor{ID: "consent", Role: "collector", Via: "serve"}
	if _, err := a.cases.ExpireDue(ctx, actor); err != nil && ctx.Err() == nil {
		a.logger.WarnContext(ctx, "consents that have ended could not be closed", slog.Any("err", err))
	}
	if err := a.remind(ctx, reminded); err != nil && ctx.Err() == nil {
		a.logger.WarnContext(ctx, "reminders that a consent ends could not be written", slog.Any("err", err))
	}
	a.eraseDue(ctx)
	if err := web.GiveBackAbandoned(ctx, a.db, connector{a}, a.clock()); err != nil && ctx.Err() == nil {
		a.logger.WarnContext(ctx, "tokens of connections that nobody confirmed could not all be given back", slog.Any("err", err))
	}
}
