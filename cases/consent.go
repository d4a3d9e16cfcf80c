package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook"
)

// Connect begins the reading of an account with the person's consent. It keeps
// the account, its token and its consent, writes the consent entry and plans the
// first poll, all or nothing.
//
// account needs Case, Platform and Handle; consent needs Scopes, Purpose and
// Text. Left empty, By is the actor, Given is now and Until 90 days after it.
// An account of this case with the same handle is connected again: it keeps its
// identifier and cursors, and its former token is revoked. The error wraps
// daybook.ErrForbidden or daybook.ErrInvalid.
func (s *Cases) Connect(ctx context.Context, actor daybook.Actor, account daybook.Account, secret []byte, consent daybook.Consent) (daybook.Account, error) {
	if err := s.Authorize(ctx, actor, account.Case, Connect); err != nil {
		return account, err
	}
	if account.Case == "" || account.Platform == "" || account.Handle.IsZero() || account.Handle.Platform != account.Platform {
		return account, fmt.Errorf("%w: an account needs a case, a platform and the person's own handle there", daybook.ErrInvalid)
	}
	known, err := s.store.Accounts(ctx, account.Case)
	if err != nil {
		return account, fmt.Errorf("connect account: %w", err)
	}
	account.ID = daybook.AccountID(daybook.NewID())
	for _, k := range known {
		if k.Handle.Same(account.Handle) {
			account.ID = k.ID
		}
	}
	now := s.now()
	account.State = daybook.Active
	consent.Account = account.ID
	if consent, err = completeConsent(consent, actor, now); err != nil {
		return account, err
	}
	err = s.store.Update(ctx, func(ctx context.Context) error {
		if err := s.store.PutAccount(ctx, account, consent); err != nil {
			return err
		}
		former, err := s.store.EndTokens(ctx, account.ID, now)
		if err != nil {
			return err
		}
		if len(secret) > 0 {
			if _, err := s.store.PutToken(ctx, account.ID, secret, now); err != nil {
				return err
			}
		}
		if err := s.record(ctx, actor, daybook.ConsentGiven, account, consent, now); err != nil {
			return err
		}
		if err := s.planRevoke(ctx, account, former); err != nil {
			return err
		}
		return s.schedule.Poll(ctx, account)
	})
	if err != nil {
		return account, fmt.Errorf("connect account: %w", err)
	}
	return account, nil
}

// completeConsent fills in what may be left empty and refuses what does not say
// enough.
func completeConsent(c daybook.Consent, actor daybook.Actor, now time.Time) (daybook.Consent, error) {
	if c.By == (daybook.Actor{}) {
		c.By = actor
	}
	if c.Given.IsZero() {
		c.Given = now
	}
	if c.Until.IsZero() {
		c.Until = c.Given.Add(daybook.ConsentPeriod)
	}
	c.Given, c.Until = c.Given.UTC().Truncate(time.Microsecond), c.Until.UTC().Truncate(time.Microsecond)
	c.Withdrawn = time.Time{}
	switch {
	case len(c.Scopes) == 0:
		return c, fmt.Errorf("%w: a consent says in words what may be read; give its scopes", daybook.ErrInvalid)
	case strings.TrimSpace(c.Purpose) == "":
		return c, fmt.Errorf("%w: a consent says what the reading is for; give its purpose", daybook.ErrInvalid)
	case strings.TrimSpace(c.Text) == "":
		return c, fmt.Errorf("%w: a consent says which text the person was shown; give its version", daybook.ErrInvalid)
	case c.Given.After(now):
		return c, fmt.Errorf("%w: a consent cannot be given in the future", daybook.ErrInvalid)
	case !c.Until.After(now):
		return c, fmt.Errorf("%w: the end of the consent has passed; choose a later one", daybook.ErrInvalid)
	}
	return c, nil
}

// Pause stops the reading of an account until Resume. The consent's end does not
// move.
func (s *Cases) Pause(ctx context.Context, actor daybook.Actor, id daybook.AccountID) error {
	return s.change(ctx, actor, id, "pause", daybook.ConsentPaused, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
		if a.State != daybook.Active && a.State != daybook.Stopped {
			return cannot("be paused", a.State)
		}
		a.State = daybook.Paused
		return nil
	})
}

// Resume goes on reading an account that was paused, or that the platform had
// refused. The error wraps daybook.ErrConsentEnded if the consent is over.
func (s *Cases) Resume(ctx context.Context, actor daybook.Actor, id daybook.AccountID) error {
	return s.change(ctx, actor, id, "resume", daybook.ConsentResumed, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
		if err := c.Check(now); err != nil {
			return err
		}
		if a.State != daybook.Paused && a.State != daybook.Stopped {
			return cannot("be resumed", a.State)
		}
		a.State = daybook.Active
		return nil
	})
}

// Renew gives a consent that is in force a new end, 90 days from now unless
// consent.Until says otherwise. What is empty in consent stays as it was. A
// consent that is over is not renewed: the account is connected again.
func (s *Cases) Renew(ctx context.Context, actor daybook.Actor, id daybook.AccountID, consent daybook.Consent) error {
	return s.change(ctx, actor, id, "renew", daybook.ConsentRenewed, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
		if err := c.Check(now); err != nil {
			return fmt.Errorf("%w; connect the account again", err)
		}
		if len(consent.Scopes) == 0 {
			consent.Scopes = c.Scopes
		}
		if consent.Purpose == "" {
			consent.Purpose = c.Purpose
		}
		if consent.Text == "" {
			consent.Text = c.Text
		}
		consent.Account = a.ID
		renewed, err := completeConsent(consent, actor, now)
		if err != nil {
			return err
		}
		*c = renewed
		return nil
	})
}

// Withdraw ends the consent for an account. When it returns nil, no further
// request is made and nothing more is stored, the entry is written, and the
// token is out of use and waits, sealed, to be revoked at the platform: Pending
// shows it until TokenRevoked. A second call changes nothing.
func (s *Cases) Withdraw(ctx context.Context, actor daybook.Actor, id daybook.AccountID) error {
	return s.change(ctx, actor, id, "withdraw", daybook.ConsentWithdrawn, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
		if a.State == daybook.Withdrawn {
			return errDone
		}
		a.State, c.Withdrawn = daybook.Withdrawn, now
		return nil
	})
}

// Expire stops an account whose consent has passed its end, in the same way as
// Withdraw. It needs no right: it says what the clock did. A consent that is
// still in force is left alone, with an error that wraps daybook.ErrInvalid.
func (s *Cases) Expire(ctx context.Context, actor daybook.Actor, id daybook.AccountID) error {
	return s.changeAnyway(ctx, actor, id, "expire", daybook.ConsentExpired, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
		if a.State == daybook.Withdrawn || a.State == daybook.Expired || a.State == daybook.Named {
			return errDone
		}
		if now.Before(c.Until) {
			return fmt.Errorf("%w: the consent is still in force", daybook.ErrInvalid)
		}
		a.State = daybook.Expired
		return nil
	})
}

// ExpireDue calls Expire for every account whose consent has passed its end, and
// returns how many there were. It is called now and then, and at start.
func (s *Cases) ExpireDue(ctx context.Context, actor daybook.Actor) (int, error) {
	ended, err := s.store.EndedConsents(ctx, s.now())
	if err != nil {
		return 0, fmt.Errorf("look for consents that have ended: %w", err)
	}
	for i, id := range ended {
		if err := s.Expire(ctx, actor, id); err != nil {
			return i, err
		}
	}
	return len(ended), nil
}

// TokenRevoked destroys a token that the platform has confirmed to be revoked,
// and writes that entry. It needs no right: it says what the platform did. A
// token that is in use, or not there, gives daybook.ErrNotFound and no entry.
func (s *Cases) TokenRevoked(ctx context.Context, actor daybook.Actor, id daybook.AccountID, token int64) error {
	err := s.store.Update(ctx, func(ctx context.Context) error {
		a, c, err := s.store.HoldAccount(ctx, id)
		if err != nil {
			return err
		}
		if err := s.store.DropToken(ctx, id, token); err != nil {
			return err
		}
		return s.record(ctx, actor, daybook.TokenRevoked, a, c, s.now())
	})
	if err != nil {
		return fmt.Errorf("destroy a revoked token: %w", err)
	}
	return nil
}

// Pending lists the tokens of a case that are out of use and that the platform
// has not yet confirmed to be revoked. The person is shown them, with the place
// where they can be revoked by hand.
func (s *Cases) Pending(ctx context.Context, actor daybook.Actor, c daybook.CaseID) ([]EndedToken, error) {
	if err := s.Authorize(ctx, actor, c, Consent); err != nil {
		return nil, err
	}
	return s.store.EndedTokens(ctx, c)
}

// errDone says that a change has been made before: nothing is written.
var errDone = errors.New("done before")

func cannot(what string, state daybook.AccountState) error {
	hint := ""
	switch state {
	case daybook.Withdrawn, daybook.Expired:
		hint = "; connect it again"
	}
	return fmt.Errorf("%w: an account that is %s cannot %s%s", daybook.ErrInvalid, state, what, hint)
}

type edit func(a *daybook.Account, c *daybook.Consent, now time.Time) error

// change makes one change of an account and its consent for an actor who may. To
// somebody without access, an account that is not there looks like one that is.
func (s *Cases) change(ctx context.Context, actor daybook.Actor, id daybook.AccountID, verb string, event daybook.ConsentEvent, fn edit) error {
	return s.changeAnyway(ctx, actor, id, verb, event, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
		if err := s.Authorize(ctx, actor, a.Case, Consent); err != nil {
			return err
		}
		return fn(a, c, now)
	})
}

// changeAnyway holds the account's row, lets fn change it, and writes the row
// and the entry. When the account ends in a final state its token goes out of
// use; when it becomes active a poll is planned.
func (s *Cases) changeAnyway(ctx context.Context, actor daybook.Actor, id daybook.AccountID, verb string, event daybook.ConsentEvent, fn edit) error {
	err := s.store.Update(ctx, func(ctx context.Context) error {
		a, c, err := s.store.HoldAccount(ctx, id)
		if errors.Is(err, daybook.ErrNotFound) && !isOperator(actor) {
			return errNoAccess()
		}
		if err != nil {
			return err
		}
		now, before := s.now(), a.State
		if err := fn(&a, &c, now); err != nil {
			return err
		}
		if err := s.store.PutAccount(ctx, a, c); err != nil {
			return err
		}
		if err := s.record(ctx, actor, event, a, c, now); err != nil {
			return err
		}
		switch a.State {
		case daybook.Withdrawn, daybook.Expired:
			ended, err := s.store.EndTokens(ctx, id, now)
			if err != nil {
				return err
			}
			return s.planRevoke(ctx, a, ended)
		case daybook.Active:
			if before != daybook.Active {
				return s.schedule.Poll(ctx, a)
			}
		}
		return nil
	})
	if errors.Is(err, errDone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s account: %w", verb, err)
	}
	return nil
}

func (s *Cases) record(ctx context.Context, actor daybook.Actor, event daybook.ConsentEvent, a daybook.Account, c daybook.Consent, now time.Time) error {
	_, err := s.append(ctx, actor, a.Case, daybook.RecordConsent, daybook.ConsentRecord{Event: event, Consent: c, Account: a, At: now}, now)
	return err
}

func (s *Cases) planRevoke(ctx context.Context, a daybook.Account, tokens []int64) error {
	for _, n := range tokens {
		if err := s.schedule.Revoke(ctx, a, n); err != nil {
			return err
		}
	}
	return nil
}

// A Reminder is due when a consent's end comes near.
type Reminder struct {
	Days int // before the end: 14, 7 or 1
	Due  time.Time
}

// Reminders returns the reminders that have become due by now, the earliest
// first: none for a consent that is over, and none that would have been due
// before the consent was given. Whoever sends them keeps note of which were sent.
func Reminders(c daybook.Consent, now time.Time) []Reminder {
	if c.Check(now) != nil {
		return nil
	}
	var out []Reminder
	for _, days := range []int{14, 7, 1} {
		due := c.Until.Add(-time.Duration(days) * 24 * time.Hour)
		if !due.After(now) && due.After(c.Given) {
			out = append(out, Reminder{days, due})
		}
	}
	return out
}
