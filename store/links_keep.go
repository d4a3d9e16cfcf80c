package store

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"daybook"
)

const (
	maxSenderCases = 64        // cases whose senders are kept
	maxSenderBytes = 256 << 20 // of all of them, about
)

// senderCases keeps the senders of the cases that were asked for last.
type senderCases struct {
	mu    sync.Mutex
	uses  int
	cases map[daybook.CaseID]*senderSlot
}

// A senderSlot is the place of one case. Who is in its turn may touch kept; the
// rest is under senderCases.mu.
type senderSlot struct {
	turn chan struct{}
	kept senderCase

	used, size int
}

// enter waits for its turn at what is kept of a case. leave ends the turn.
func (k *senderCases) enter(ctx context.Context, c daybook.CaseID) (kept *senderCase, leave func(), err error) {
	k.mu.Lock()
	slot := k.cases[c]
	if slot == nil {
		slot = &senderSlot{turn: make(chan struct{}, 1)}
		if k.cases == nil {
			k.cases = map[daybook.CaseID]*senderSlot{}
		}
		k.cases[c] = slot
	}
	k.uses++
	slot.used = k.uses
	k.mu.Unlock()
	select {
	case slot.turn <- struct{}{}:
		return &slot.kept, func() { <-slot.turn }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// drop lets go of what is kept of a case. Who is at it goes on with a copy that
// nobody else gets.
func (k *senderCases) drop(c daybook.CaseID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.cases, c)
}

// keep notes how many bytes a case takes and lets go of those that were not used
// for longest.
func (k *senderCases) keep(c daybook.CaseID, size int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if slot := k.cases[c]; slot != nil {
		slot.size = size
	}
	order, all := make([]daybook.CaseID, 0, len(k.cases)), 0
	for id, slot := range k.cases {
		order, all = append(order, id), all+slot.size
	}
	slices.SortFunc(order, func(a, b daybook.CaseID) int { return cmp.Compare(k.cases[a].used, k.cases[b].used) })
	for _, id := range order {
		if len(k.cases) <= maxSenderCases && all <= maxSenderBytes || id == c {
			break
		}
		all -= k.cases[id].size
		delete(k.cases, id)
	}
}
