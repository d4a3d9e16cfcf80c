package cases

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"daybook"
)

// Refused writes into the log of a case that somebody tried to do what they may
// not. A case that is not there has no log, and nothing is written. Tries at a
// case without a grant are written once an hour for each user, so that nobody
// can fill the log of a case that is not theirs.
func (s *Cases) Refused(ctx context.Context, actor daybook.Actor, c daybook.CaseID, a Action) error {
	standing, err := s.grantsInForce(ctx, actor, c)
	if err != nil {
		return err
	}
	if len(standing.now) == 0 && !s.refusals.first(actor.ID+" "+string(c), s.now()) {
		return nil
	}
	err = s.Audit(ctx, actor, c, daybook.Access{Action: string(a), Detail: refusedDetail})
	if errors.Is(err, daybook.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write down a refusal: %w", err)
	}
	return nil
}

// refusedDetail is what an access entry says of what was not allowed.
const refusedDetail = "was refused"

const refusalEvery = time.Hour

// refusals remembers when a refusal was last written down.
type refusals struct {
	mu sync.Mutex
	at map[string]time.Time
}

// first reports whether none was written down for a key within the hour, and
// takes it that one is now.
func (r *refusals) first(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t, ok := r.at[key]; ok && now.Sub(t) < refusalEvery {
		return false
	}
	if len(r.at) > 10_000 {
		for k, t := range r.at {
			if now.Sub(t) >= refusalEvery {
				delete(r.at, k)
			}
		}
	}
	r.at[key] = now
	return true
}
