package cases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"daybook"
)

// RunErasures destroys what is due at now and returns how many erasures were
// finished. One that could not be finished is tried again by the next call; the
// others go on. It needs no right: it does what somebody who had it has asked
// for. After a crash it goes on where it was.
func (s *Cases) RunErasures(ctx context.Context, now time.Time) (done int, err error) {
	if s.erasing.Eraser == nil {
		return 0, nil
	}
	due, err := s.erasing.Erasures.DueErasures(ctx, now)
	if err != nil {
		return 0, fmt.Errorf("look for erasures that are due: %w", err)
	}
	var errs []error
	for _, d := range due {
		e, err := s.finish(ctx, d.Case, d.ID, now)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if e.State == ErasureDone {
			done++
		}
	}
	return done, errors.Join(errs...)
}

// finish carries an erasure through. Steps, of which each is committed before
// the next begins and can be repeated:
//
//  1. Contents and keys in the log are destroyed, the entry that says so is
//     appended, and the erasure is "erasing": one transaction.
//  2. What is left outside that transaction is removed.
//  3. What was known to find it by is dropped.
//  4. The journal of the database is emptied, a checkpoint is signed.
//  5. It is "done".
//
// A process carries one through at a time.
func (s *Cases) finish(ctx context.Context, c daybook.CaseID, id string, now time.Time) (Erasure, error) {
	s.oneErasure.Lock()
	defer s.oneErasure.Unlock()
	e, t, err := s.begin(ctx, c, id, now)
	if err != nil {
		return e, fmt.Errorf("erase: %w", err)
	}
	if e.State != ErasureErasing && e.State != ErasureFailed {
		return e, nil
	}
	if err := s.carryOn(ctx, &e, t); err != nil {
		s.failed(ctx, e, t)
		return e, fmt.Errorf("erase: %w", err)
	}
	return e, nil
}

// begin is the first step; an erasure that was begun, cancelled or done stays as
// it is.
func (s *Cases) begin(ctx context.Context, c daybook.CaseID, id string, now time.Time) (e Erasure, t ErasureTarget, err error) {
	if e, t, err = s.erasing.Erasures.Erasure(ctx, c, id); err != nil || e.State != ErasureWaiting || e.Due.After(now) {
		return e, t, err
	}
	err = s.store.Update(ctx, func(ctx context.Context) error {
		// Whoever cancels holds the case as well.
		if err := s.erasing.Eraser.Hold(ctx, c); err != nil {
			return err
		}
		if e, t, err = s.erasing.Erasures.Erasure(ctx, c, id); err != nil || e.State != ErasureWaiting {
			return err
		}
		if e.Whole {
			if err := s.withdrawAll(ctx, e); err != nil {
				return err
			}
		}
		if err := s.erasing.Eraser.Destroy(ctx, e, t); err != nil {
			return err
		}
		e.State = ErasureErasing
		return s.erasing.Erasures.PutErasure(ctx, e, t)
	})
	return e, t, err
}

func (s *Cases) carryOn(ctx context.Context, e *Erasure, t ErasureTarget) error {
	if err := s.erasing.Eraser.Remove(ctx, *e, t); err != nil {
		return err
	}
	e.State = ErasureErasing
	if err := s.erasing.Erasures.PutErasure(ctx, *e, ErasureTarget{}); err != nil {
		return err
	}
	if err := s.erasing.Eraser.Settle(ctx, *e); err != nil {
		return err
	}
	e.State, e.Done = ErasureDone, s.now()
	return s.erasing.Erasures.PutErasure(ctx, *e, ErasureTarget{})
}

// failed notes that a try did not end well. That it cannot be noted changes
// nothing: it is tried again in any case.
func (s *Cases) failed(ctx context.Context, e Erasure, t ErasureTarget) {
	if _, kept, err := s.erasing.Erasures.Erasure(ctx, e.Case, e.ID); err == nil && len(kept.Messages) == 0 {
		t = ErasureTarget{}
	}
	e.State, e.Done = ErasureFailed, time.Time{}
	if err := s.erasing.Erasures.PutErasure(ctx, e, t); err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "that an erasure did not end could not be noted", slog.String("case", string(e.Case)), slog.Any("err", err))
	}
}

// withdrawAll ends the consents of a case that goes as a whole; tokens wait to
// be revoked.
func (s *Cases) withdrawAll(ctx context.Context, e Erasure) error {
	all, err := s.store.Accounts(ctx, e.Case)
	if err != nil {
		return err
	}
	for _, a := range all {
		err := s.changeAnyway(ctx, e.By, a.ID, "withdraw", daybook.ConsentWithdrawn, func(a *daybook.Account, c *daybook.Consent, now time.Time) error {
			if a.State == daybook.Withdrawn || a.State == daybook.Expired {
				return errDone
			}
			a.State, c.Withdrawn = daybook.Withdrawn, now
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
