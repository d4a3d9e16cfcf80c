package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"daybook"
	"daybook/alerts"
	"daybook/alerts/email"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
)

// mailer is what delivers mails.
type mailer = alerts.Notifier

// alerting is the part of an app that tells people.
type alerting struct {
	app      *app
	follower *alerts.Follower
	mailer   *alerts.Mailer // nil: no mail server is set up
	counter  *counter       // what mailer has done; nil if there is none
	problem  error          // why there is no mailer though one is configured
}

func newAlerting(a *app, n mailer) *alerting {
	t := &alerting{app: a, follower: alerts.NewFollower(a.db, a.db, a.log, a.clock).WithLinks(alertLinks{a.linking, a.logger})}
	if m := a.cfg.Mail; n == nil && m.Host != "" {
		n, t.problem = newMailer(m)
	}
	if n != nil && t.problem == nil {
		t.counter = &counter{mailer: n}
		t.mailer = alerts.NewMailer(a.db, a.log, t.counter, a.clock, a.logger)
	}
	return t
}

func newMailer(m config.Mail) (mailer, error) {
	if m.TLS == "tls" {
		return nil, fmt.Errorf("mail.tls: %w: this version encrypts with starttls alone; set it, with the port that goes with it (587)", daybook.ErrInvalid)
	}
	return email.New(email.Config{Host: m.Host, Port: m.Port, User: m.User, Password: m.Password.Reveal(), From: m.FromAddress})
}

// A counter counts what became of the mails that it passes on.
type counter struct {
	mailer
	sent, waiting, refused atomic.Int64
}

// Notify implements alerts.Notifier.
func (c *counter) Notify(ctx context.Context, n alerts.Notification) error {
	err := c.mailer.Notify(ctx, n)
	switch {
	case err == nil:
		c.sent.Add(1)
	case errors.Is(err, alerts.ErrPermanent):
		c.refused.Add(1)
	default:
		c.waiting.Add(1)
	}
	return err
}

// newRecipient returns somebody with the usual choices, as the configuration
// has them. zone is theirs; "" for that of the configuration, or else the case's.
func (t *alerting) newRecipient(kind alerts.RecipientKind, row archive.CaseRow, address, zone string) alerts.Recipient {
	quiet, mail := t.app.cfg.Alerts, t.app.cfg.Mail
	r := alerts.NewRecipient(row.ID, kind, address, cmp.Or(zone, quiet.Zone, row.Zone))
	r.QuietFrom, r.QuietUntil = alerts.Clock(quiet.QuietFrom), alerts.Clock(quiet.QuietUntil)
	r.Title, r.Sender = mail.Subject, mail.FromName
	return r
}

// stopped is called when a platform refused an account's token.
func (t *alerting) stopped(ctx context.Context, account daybook.Account) {
	if err := t.follower.Stopped(ctx, account); err != nil {
		t.app.logger.ErrorContext(ctx, "that an account stopped could not be noted for the people of the case", slog.String("account", string(account.ID)), slog.Any("err", err))
	}
}

// add keeps a recipient; the entry that says so is written with it.
func (t *alerting) add(ctx context.Context, actor daybook.Actor, r alerts.Recipient) error {
	return t.app.db.Update(ctx, func(ctx context.Context) error {
		if err := t.app.cases.Audit(ctx, actor, r.Case, daybook.Access{Action: string(cases.Alert), Detail: "chose somebody who is told of new contact"}); err != nil {
			return err
		}
		return t.app.db.SaveRecipient(ctx, r)
	})
}

func (t *alerting) remove(ctx context.Context, actor daybook.Actor, id daybook.CaseID, recipient string) error {
	return t.app.db.Update(ctx, func(ctx context.Context) error {
		if err := t.app.cases.Audit(ctx, actor, id, daybook.Access{Action: string(cases.Alert), Detail: "ended that somebody is told of new contact"}); err != nil {
			return err
		}
		if _, err := t.app.db.Recipient(ctx, id, recipient); err != nil {
			return err
		}
		return t.app.db.RemoveRecipient(ctx, id, recipient)
	})
}

// send plans and sends what is due now.
func (t *alerting) send(ctx context.Context) error {
	if t.problem != nil {
		return fmt.Errorf("send mail: %w", t.problem)
	}
	if t.mailer == nil {
		return fmt.Errorf("send mail: %w: no mail server is set up; put its host under [mail] in the configuration", daybook.ErrInvalid)
	}
	if err := t.mailer.Queue(ctx); err != nil {
		return err
	}
	return t.mailer.Send(ctx)
}
