package collectors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daybook"
)

// onlyHere reports whether err is a limit of the one place that was asked for.
func onlyHere(err error) bool {
	var limit *RateLimitError
	return errors.As(err, &limit) && limit.Only
}

// notBefore keeps until when a lane is not asked for, so that the next runs do
// not ask either. The other lanes are read.
func (r *run) notBefore(ctx context.Context, lane daybook.Lane, err error) error {
	var limit *RateLimitError
	if !errors.As(err, &limit) {
		return nil
	}
	err = r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		st, err := r.Ledger.Lane(ctx, r.acc.ID, lane)
		if err != nil {
			return err
		}
		st.Until = limit.Until.UTC()
		return r.Ledger.SaveLane(ctx, r.acc.ID, lane, st)
	})
	if err != nil {
		return fmt.Errorf("note the limit of a lane: %w", err)
	}
	return nil
}

// every is how long a lane is left alone once it was read to its newest end.
func (r *run) every(lane daybook.Lane) time.Duration {
	if p, ok := r.src.(Paced); ok {
		return p.Every(lane)
	}
	return 0
}

// early reports whether a lane was read to its newest end so lately that it is
// left alone. One that has failed since is not.
func (r *run) early(lane daybook.Lane, st LaneState, now time.Time) bool {
	every := r.every(lane)
	return every > 0 && !st.LastOK.IsZero() && st.Gap.IsZero() && !now.Before(st.LastOK) && now.Sub(st.LastOK) < every
}
