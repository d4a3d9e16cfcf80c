package main

import (
	"context"
	"errors"
	"fmt"

	"daybook"
	"daybook/cases"
	"daybook/collectors/twitter"
)

type (
	pauseCommand    struct{ accountFlag }
	resumeCommand   struct{ accountFlag }
	withdrawCommand struct{ accountFlag }
	renewCommand    struct {
		accountFlag
		Agree bool `required:"" help:"The person agrees again to what they agreed to."`
	}
)

type accountFlag struct {
	Account string `required:"" help:"The account." placeholder:"ACCOUNT"`
}

func (cmd *pauseCommand) Run(c *call) error {
	return cmd.change(c, func(a *app, actor daybook.Actor, id daybook.AccountID) error { return a.cases.Pause(c.ctx, actor, id) })
}

func (cmd *resumeCommand) Run(c *call) error {
	return cmd.change(c, func(a *app, actor daybook.Actor, id daybook.AccountID) error { return a.cases.Resume(c.ctx, actor, id) })
}

func (cmd *renewCommand) Run(c *call) error {
	return cmd.change(c, func(a *app, actor daybook.Actor, id daybook.AccountID) error {
		text := consentText
		account, _, _, err := a.db.Account(c.ctx, id)
		if err != nil && !errors.Is(err, daybook.ErrNotFound) {
			return err
		}
		// Whoever may not renew it is not shown on which platform it is.
		if account.Platform == twitter.Platform && a.cases.Authorize(c.ctx, actor, account.Case, cases.Consent) == nil {
			if err := showXTerms(c, a); err != nil {
				return err
			}
			text += "; " + twitter.TermsText
		}
		return a.cases.Renew(c.ctx, actor, id, daybook.Consent{Text: text})
	})
}

// Withdraw ends the consent at once; the token is taken back at the platform
// now if it answers, and else tried again by a running daybook.
func (cmd *withdrawCommand) Run(c *call) error {
	return cmd.change(c, func(a *app, actor daybook.Actor, id daybook.AccountID) error {
		if err := a.cases.Withdraw(c.ctx, actor, id); err != nil {
			return err
		}
		if err := a.runner.Revoke(c.ctx, id); err != nil {
			return fmt.Errorf("%w: reading has ended, but the platform has not confirmed that the token is revoked (%w); daybook tries again, and the person can revoke the app in the settings of their account", errPartial, err)
		}
		return nil
	})
}

// change carries out one change of an account's consent and prints the account.
func (f accountFlag) change(c *call, fn func(a *app, actor daybook.Actor, id daybook.AccountID) error) error {
	return c.with(func(a *app) error {
		id := daybook.AccountID(f.Account)
		account, _, _, err := a.db.Account(c.ctx, id)
		if err != nil && !errors.Is(err, daybook.ErrNotFound) {
			return err
		}
		// Also for an account that is not there: package cases says what the
		// actor may know about that.
		actor, err := c.actor(a, account.Case)
		if err != nil {
			return err
		}
		err = fn(a, actor, id)
		if err != nil && !errors.Is(err, errPartial) {
			return err
		}
		return errors.Join(err, a.settle(c.ctx, account.Case), printAccount(c.ctx, c, a, id))
	})
}

func printAccount(ctx context.Context, c *call, a *app, id daybook.AccountID) error {
	account, consent, _, err := a.db.Account(ctx, id)
	if err != nil {
		return err
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]any{
			"account": account.ID, "case": account.Case, "platform": account.Platform, "state": account.State,
			"consent_given": rfc(consent.Given), "consent_until": rfc(consent.Until), "consent_withdrawn": rfc(consent.Withdrawn),
		})
	}
	_, err = fmt.Fprintf(c.out, "account %s: %s, consent until %s\n", account.ID, account.State, consent.Until.UTC().Format("2 January 2006"))
	return err
}
