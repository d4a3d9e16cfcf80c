package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"daybook"
)

var (
	// errNotErasable says that this instance was put together without a way
	// to erase.
	errNotErasable  = fmt.Errorf("%w: this instance cannot erase", daybook.ErrInvalid)
	errNothingNamed = fmt.Errorf("%w: name the entries whose messages are to be erased", daybook.ErrInvalid)
)

// AskErasure hides the messages that these entries show, or the whole case if
// entries is nil, and plans that they are destroyed when the delay is over: at
// once if there is none. When it returns nil they are in no list, figure or
// search any more, nothing of them is collected again, and an entry says who
// asked for how many. reason is sealed in the log, in the entry that says that
// the content was destroyed. It needs the right to erase. Errors: as
// PlanErasure.
//
// Of a whole case the accounts are paused until it is cancelled or done.
func (s *Cases) AskErasure(ctx context.Context, actor daybook.Actor, c daybook.CaseID, entries []uint64, reason string) (Erasure, error) {
	if err := s.Authorize(ctx, actor, c, Erase); err != nil {
		return Erasure{}, err
	}
	return s.ask(ctx, actor, c, entries, reason, s.erasing.After)
}

// EraseNow is AskErasure without a delay. Only the operator may, at the command
// line of the machine that holds the key: nobody else can be kept from erasing
// there.
func (s *Cases) EraseNow(ctx context.Context, actor daybook.Actor, c daybook.CaseID, entries []uint64, reason string) (Erasure, error) {
	if !isOperator(actor) {
		return Erasure{}, fmt.Errorf("%w: only the operator, at the command line of the machine that holds the key, may erase without a delay", daybook.ErrForbidden)
	}
	return s.ask(ctx, actor, c, entries, reason, 0)
}

func (s *Cases) ask(ctx context.Context, actor daybook.Actor, c daybook.CaseID, entries []uint64, reason string, after time.Duration) (Erasure, error) {
	reason = strings.TrimSpace(reason)
	if utf8.RuneCountInString(reason) > maxReason || !utf8.ValidString(reason) {
		return Erasure{}, fmt.Errorf("%w: a reason has %d characters at most", daybook.ErrInvalid, maxReason)
	}
	plan, target, err := s.planErasure(ctx, c, entries, after)
	if err != nil {
		return Erasure{}, err
	}
	now := s.now()
	e := Erasure{
		ID: daybook.NewID(), Case: c, Whole: plan.Whole, Entries: plan.Entries, Messages: plan.Messages, Reason: reason, By: actor,
		Asked: now, Due: now.Add(after), State: ErasureWaiting,
	}
	if e.Whole {
		if target.Accounts, err = s.toPause(ctx, c); err != nil {
			return e, err
		}
	}
	err = s.store.Update(ctx, func(ctx context.Context) error {
		// The entry first: it holds the case.
		if err := s.Audit(ctx, actor, c, daybook.Access{Action: string(Erase), Detail: e.words(), Count: e.Messages}); err != nil {
			return err
		}
		if err := s.onlyErasure(ctx, e); err != nil {
			return err
		}
		if err := s.erasing.Erasures.PutErasure(ctx, e, target); err != nil {
			return err
		}
		for _, id := range target.Accounts {
			if err := s.pauseFor(ctx, actor, id); err != nil {
				return err
			}
		}
		return s.erasing.Eraser.Hide(ctx, e, target)
	})
	if err != nil {
		return e, fmt.Errorf("ask for an erasure: %w", err)
	}
	if after <= 0 {
		return s.finish(ctx, c, e.ID, now) // what is derived is made again once, by that
	}
	if err := s.erasing.Eraser.Refresh(ctx, e); err != nil {
		return e, fmt.Errorf("ask for an erasure: %w", err)
	}
	return e, nil
}

// words says what an erasure is about, without content.
func (e *Erasure) words() string {
	switch {
	case e.Whole:
		return "the whole case"
	case e.Messages == 1:
		return "one message"
	}
	return fmt.Sprintf("%d messages", e.Messages)
}

// onlyErasure refuses an erasure of a case that is being erased as a whole.
func (s *Cases) onlyErasure(ctx context.Context, e Erasure) error {
	all, err := s.erasing.Erasures.ErasuresOf(ctx, e.Case)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.Whole && o.State != ErasureCancelled && o.ID != e.ID {
			return fmt.Errorf("%w: the whole case is being erased already", daybook.ErrInvalid)
		}
	}
	return nil
}

// CancelErasure brings back what an erasure that is waiting has hidden, and goes
// on with the accounts that it has paused. It needs the right to cancel
// erasures, which a manager has too. daybook.ErrNotFound if the case has no such
// erasure, daybook.ErrInvalid if it waits no more.
func (s *Cases) CancelErasure(ctx context.Context, actor daybook.Actor, c daybook.CaseID, id string) error {
	if err := s.Authorize(ctx, actor, c, CancelErase); err != nil {
		return err
	}
	if s.erasing.Eraser == nil {
		return errNotErasable
	}
	var e Erasure
	err := s.store.Update(ctx, func(ctx context.Context) error {
		now := s.now()
		// The entry first: it holds the case, so that nobody begins to
		// destroy meanwhile.
		if err := s.Audit(ctx, actor, c, daybook.Access{Action: string(CancelErase)}); err != nil {
			return err
		}
		var (
			t   ErasureTarget
			err error
		)
		if e, t, err = s.erasing.Erasures.Erasure(ctx, c, id); err != nil {
			return err
		}
		if e.State != ErasureWaiting {
			return fmt.Errorf("%w: this erasure is %s and cannot be cancelled", daybook.ErrInvalid, e.State)
		}
		e.State, e.Done = ErasureCancelled, now
		if err := s.erasing.Erasures.PutErasure(ctx, e, ErasureTarget{}); err != nil {
			return err
		}
		for _, account := range t.Accounts {
			if err := s.resumeAfter(ctx, actor, account); err != nil {
				return err
			}
		}
		return s.erasing.Eraser.Unhide(ctx, e)
	})
	if err != nil {
		return fmt.Errorf("cancel an erasure: %w", err)
	}
	if err := s.erasing.Eraser.Refresh(ctx, e); err != nil {
		return fmt.Errorf("cancel an erasure: %w", err)
	}
	return nil
}

// toPause returns the accounts of a case that are read now.
func (s *Cases) toPause(ctx context.Context, c daybook.CaseID) (out []daybook.AccountID, err error) {
	all, err := s.store.Accounts(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("ask for an erasure: %w", err)
	}
	for _, a := range all {
		if a.State == daybook.Active {
			out = append(out, a.ID)
		}
	}
	return out, nil
}

func (s *Cases) pauseFor(ctx context.Context, actor daybook.Actor, id daybook.AccountID) error {
	return s.changeAnyway(ctx, actor, id, "pause", daybook.ConsentPaused, func(a *daybook.Account, _ *daybook.Consent, _ time.Time) error {
		if a.State != daybook.Active {
			return errDone
		}
		a.State = daybook.Paused
		return nil
	})
}

// resumeAfter goes on with an account unless somebody has changed it meanwhile.
func (s *Cases) resumeAfter(ctx context.Context, actor daybook.Actor, id daybook.AccountID) error {
	err := s.changeAnyway(ctx, actor, id, "resume", daybook.ConsentResumed, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
		if a.State != daybook.Paused || c.Check(now) != nil {
			return errDone
		}
		a.State = daybook.Active
		return nil
	})
	if errors.Is(err, daybook.ErrNotFound) {
		return nil
	}
	return err
}
