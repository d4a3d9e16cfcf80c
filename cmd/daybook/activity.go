package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
)

// xScopes is what a person agrees to whose account on X is connected, in words.
func (a *app) xScopes() []string {
	scopes := twitter.Scopes()
	if a.cfg.X.Activity {
		scopes = append(scopes, twitter.ActivityScope)
	}
	return scopes
}

// listensToX reports whether the stream of X Activity is read here.
func (a *app) listensToX() bool {
	x := a.cfg.X
	return x.Enabled && x.Activity && x.Bearer.Reveal() != ""
}

// listenToX reads the stream of X Activity until ctx ends.
func (a *app) listenToX(ctx context.Context) error {
	l := twitter.Listener{
		Now: a.clock, Exception: a.x.Exception, Bearer: a.cfg.X.Bearer.Reveal(), Logger: a.logger, Take: a.takeActivity,
	}
	return l.Listen(ctx)
}

// takeActivity keeps an event of the stream in each case that has the account that
// it is about, if the person has agreed to the stream. Nobody else's is kept.
func (a *app) takeActivity(ctx context.Context, e twitter.ActivityEvent, x daybook.Exchange) error {
	accounts, err := a.db.Accounts(ctx, "")
	if err != nil {
		return err
	}
	var errs []error
	for _, acc := range accounts {
		if acc.Platform != twitter.Platform || acc.Handle.Native != e.User || acc.State != daybook.Active {
			continue
		}
		if err := a.keepActivity(ctx, acc, e, x); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (a *app) keepActivity(ctx context.Context, acc daybook.Account, e twitter.ActivityEvent, x daybook.Exchange) error {
	_, consent, _, err := a.db.Account(ctx, acc.ID)
	if errors.Is(err, daybook.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !slices.Contains(consent.Scopes, twitter.ActivityScope) {
		return nil
	}
	_, err = a.runner.Push(ctx, acc.ID, twitter.LaneActivity, []daybook.Capture{e.Capture}, x)
	switch {
	case errors.Is(err, daybook.ErrConsentEnded), errors.Is(err, collectors.ErrNotRead), errors.Is(err, daybook.ErrNotFound):
		return nil // not any more
	case err != nil:
		return err
	}
	// X has charged for it already: that it could not be counted is no reason to
	// ask for it again.
	what, ids := e.Charged(acc)
	if len(ids) == 0 {
		return nil
	}
	if err := a.spend.Read(ctx, acc, a.clock(), what, ids...); err != nil {
		a.logger.WarnContext(ctx, "what an account costs could not be counted", slog.Any("err", err))
	}
	return nil
}
