package signin

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

const (
	freeTries = 5                // tries before the first wait
	maxWait   = 15 * time.Minute // no wait is longer
	triesLife = 24 * time.Hour   // after that, tries are forgotten
)

// A toll is a try that was counted before anybody looked whether it is right. So
// tries that are made at the same time count one by one, and the count does not
// tell which of them were right.
type toll struct {
	Clear  []Hash `json:"clear,omitempty"`  // counts that end when the try was right
	Return []Hash `json:"return,omitempty"` // counts from which this one try is taken back
}

// charge counts a try of who ("" if nobody was named) at a door. It returns a
// *WaitError if they have to wait.
//
// A device on which somebody has signed in, and that is no longer held, has a
// count of its own: nobody who knows a name can lock its owner out of it.
func (d *Desk) charge(ctx context.Context, door Door, who string) (t toll, err error) {
	trusted, err := d.trusts(ctx, door)
	if err != nil {
		return t, fmt.Errorf("count a try: %w", err)
	}
	count := func(label, data string) (h Hash) {
		if err == nil {
			h, err = d.mac(ctx, label, data)
		}
		return h
	}
	switch {
	case trusted:
		t.Clear = []Hash{count("tries of a device", door.Device)}
	case who != "":
		t.Clear = []Hash{count("tries of a name", who)}
		fallthrough
	default:
		t.Return = []Hash{count("tries of an address", network(door))}
	}
	if err != nil {
		return t, fmt.Errorf("count a try: %w", err)
	}
	now := d.now()
	err = d.eachCount(ctx, t, func(r *TryRow, _ bool) error {
		// A wait longer than the longest comes from a clock that was wrong.
		if wait := r.Until.Sub(now); wait > 0 && wait <= maxWait {
			return &WaitError{Until: r.Until}
		}
		if now.Sub(r.Last) >= triesLife {
			r.Count = 0
		}
		r.Count++
		r.Last, r.Until = now, time.Time{}
		if wait := waitAfter(r.Count); wait > 0 {
			r.Until = now.Add(wait)
		}
		return nil
	})
	return t, err
}

// waitAfter returns how long to wait after n tries: 1 s after the fifth, then
// twice as long each time.
func waitAfter(n int64) time.Duration {
	if n < freeTries {
		return 0
	}
	return min(time.Second<<min(n-freeTries, 20), maxWait)
}

// refund takes back what charge counted, because the try was right.
func (d *Desk) refund(ctx context.Context, t toll) error {
	return d.eachCount(ctx, t, func(r *TryRow, clear bool) error {
		if clear || r.Count <= 1 {
			r.Count = 0
		} else {
			r.Count--
		}
		if waitAfter(r.Count) == 0 {
			r.Until = time.Time{}
		}
		return nil
	})
}

// eachCount changes the counts of a toll in one transaction, in an order that is
// the same for all, so that nobody waits for each other.
func (d *Desk) eachCount(ctx context.Context, t toll, change func(r *TryRow, clear bool) error) error {
	keys := slices.SortedFunc(slices.Values(slices.Concat(t.Clear, t.Return)), func(a, b Hash) int { return bytes.Compare(a[:], b[:]) })
	return d.store.Update(ctx, func(ctx context.Context) error {
		for _, key := range keys {
			r, err := d.store.HoldTries(ctx, key)
			if err == nil {
				err = change(&r, slices.Contains(t.Clear, key))
			}
			if err == nil {
				err = d.store.PutTries(ctx, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// network returns what an address is counted by: an IPv6 address by its /64,
// because whoever has one has them all.
func network(door Door) string {
	a, err := netip.ParseAddr(door.Address)
	if err != nil {
		return door.Address
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}
