package main

import (
	"context"
	"fmt"
	"log/slog"

	"daybook"
	"daybook/alerts"
	"daybook/alerts/email"
	"daybook/cases"
)

// mailer is what delivers mails.
type mailer = alerts.Notifier

// alerting is the part of an app that tells people.
type alerting struct {
	app      *app
	follower *alerts.Follower
	mailer   *alerts.Mailer // nil: no mail server is set up
	problem  error          // why there is no mailer though one is configured
}

func newAlerting(a *app, n mailer) *alerting {
	t := &alerting{app: a, follower: alerts.NewFollower(a.db, a.db, a.clock)}
	if m := a.cfg.Mail; n == nil && m.Host != "" {
		n, t.problem = email.New(email.Config{Host: m.Host, Port: m.Port, User: m.User, Password: m.Password.Reveal(), From: m.FromAddress})
	}
	if n != nil && t.problem == nil {
		t.mailer = alerts.NewMailer(a.db, a.log, n, a.clock, a.logger)
	}
	return t
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
