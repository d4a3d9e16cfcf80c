package collectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook"
	"daybook/internal/work"
)

// When a time that was not watched becomes an entry of the log:
//
//   - A lane that is read to its newest end again gets a "late" entry, from the
//     last time that it was there to now, if anything had failed meanwhile or
//     the pause was longer than maxPause. Everything was caught up; only what
//     was deleted in that time can be missing. This is also how a machine that
//     was switched off shows.
//   - It gets a "hole" instead if the platform no longer had all of it
//     (Page.Missed).
//   - A token that was refused, a pause, and a consent that has ended give one
//     "hole" for all lanes at once, because nobody knows whether anything will
//     be caught up. It ends where it was written; the account's lanes stay
//     marked. If they are read again, each gets its "late" entry from the same
//     start: of two entries about one time, the later one counts.
//
// A failure that is still going on stands in the lane's state (LaneState.Gap).

// maxPause is how many polls may be left out before the pause is a gap.
const maxPause = 3

const (
	causeOff        = "daybook was not running"
	causeLimit      = "the platform allowed no more requests"
	causeRefused    = "the platform refused the token"
	causePaused     = "the account was paused"
	causeConsent    = "the consent had ended"
	causeFailed     = "the platform could not be read"
	causeUnreadable = "the platform's answer could not be read"
	causeStore      = "daybook could not keep what it read"
	causeWindow     = "the platform no longer had all of it"
)

// causeOf says in words, without personal data, why a run failed.
func causeOf(err error) string {
	var limit *RateLimitError
	var fetch *fetchError
	switch {
	case errors.As(err, &limit):
		return cmp.Or(limit.Cause, causeLimit)
	case errors.Is(err, ErrRefused):
		return causeRefused
	case errors.Is(err, daybook.ErrConsentEnded):
		return causeConsent
	case errors.Is(err, errStopped):
		return causeRefused
	case errors.Is(err, ErrNotRead):
		return causePaused
	case errors.Is(err, errUnreadable):
		return causeUnreadable
	case errors.As(err, &fetch):
		return causeFailed
	}
	return causeStore
}

// caughtUp notes that a lane was read to its newest end by a request that began
// at at, and returns the gap that has ended with that, if there was one.
func (r *run) caughtUp(lane daybook.Lane, st *LaneState, at time.Time) (daybook.Gap, bool) {
	gap := daybook.Gap{Account: r.acc.ID, Lane: lane, Class: daybook.Late, From: st.LastOK, To: at, Cause: st.Cause}
	first := st.Opened.IsZero()
	was := !st.Gap.IsZero() || st.Missed || at.Sub(st.LastOK) > r.every(lane)+maxPause*r.PollEvery
	switch {
	case st.Missed:
		gap.Class = daybook.Hole
		gap.Cause = joinCauses(gap.Cause, causeWindow)
	case gap.Cause == "":
		gap.Cause = causeOff
	}
	if first {
		st.Opened = at
		if st.Missed { // what lies before the first look is not a gap
			was = false
		}
	}
	if gap.To.Before(gap.From) {
		gap.To = gap.From // the clock was set back; that is an entry of its own
	}
	st.LastOK, st.Gap, st.Cause, st.Missed = at, time.Time{}, "", false
	return gap, was && !first
}

func joinCauses(was, now string) string {
	if was == "" {
		return now
	}
	if strings.Contains(was, now) {
		return was
	}
	return was + "; " + now
}

// failing marks lanes as failing from now on.
func (r *run) failing(ctx context.Context, lanes []daybook.Lane, cause string) error {
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		_, err := r.openGaps(ctx, lanes, cause)
		return err
	})
	if err != nil {
		return fmt.Errorf("note a failure: %w", err)
	}
	return nil
}

// because notes why lanes may not be read for a while, without calling it a
// failure: it becomes a gap only if the pause turns out to be long.
func (r *run) because(ctx context.Context, lanes []daybook.Lane, cause string) error {
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		for _, lane := range lanes {
			st, err := r.Ledger.Lane(ctx, r.acc.ID, lane)
			if err != nil {
				return err
			}
			if st.Cause != "" {
				continue
			}
			st.Cause = cause
			if err := r.Ledger.SaveLane(ctx, r.acc.ID, lane, st); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note a pause: %w", err)
	}
	return nil
}

// unwatched records that an account is not read any more.
func (r *run) unwatched(ctx context.Context, cause string) error {
	var gaps []daybook.Gap
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		var err error
		if gaps, err = r.openGaps(ctx, nil, cause); err != nil || len(gaps) == 0 {
			return err
		}
		_, err = r.append(ctx, []daybook.Record{r.record(daybook.RecordGap, gaps[0])})
		return err
	})
	if errors.Is(err, work.ErrLost) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("record that the account is not read: %w", err)
	}
	r.rep.Gaps = append(r.rep.Gaps, gaps...)
	return nil
}

// openGaps marks lanes as failing, all that were ever read if lanes is nil. It
// returns a hole that covers those that this cause is new to, to be recorded if
// nobody knows whether it will be caught up; none if there are no such lanes.
func (r *run) openGaps(ctx context.Context, lanes []daybook.Lane, cause string) ([]daybook.Gap, error) {
	states, err := r.Ledger.Lanes(ctx, r.acc.ID)
	if err != nil {
		return nil, err
	}
	if lanes == nil {
		for lane := range states {
			lanes = append(lanes, lane)
		}
	}
	now := r.now()
	hole := daybook.Gap{Account: r.acc.ID, Class: daybook.Hole, To: now, Cause: cause}
	for _, lane := range lanes {
		st := states[lane]
		if !st.Gap.IsZero() && strings.Contains(st.Cause, cause) || st.Lost {
			continue
		}
		if st.Gap.IsZero() {
			st.Gap = now
		}
		st.Cause = joinCauses(st.Cause, cause)
		if err := r.Ledger.SaveLane(ctx, r.acc.ID, lane, st); err != nil {
			return nil, err
		}
		if !st.LastOK.IsZero() && (hole.From.IsZero() || st.LastOK.Before(hole.From)) {
			hole.From = st.LastOK
		}
	}
	if hole.From.IsZero() {
		return nil, nil
	}
	if hole.To.Before(hole.From) {
		hole.To = hole.From
	}
	return []daybook.Gap{hole}, nil
}
