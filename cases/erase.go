package cases

import (
	"context"
	"fmt"
	"time"

	"daybook"
)

// An ErasurePlan says what an erasure would destroy, before anybody asks for it.
// Nothing in it is content.
type ErasurePlan struct {
	Whole    bool     // the whole case
	Messages int      // that go, with all their captures
	Entries  []uint64 // of the log whose content goes, ascending; nil for a whole case
	Media    int      // attachments and pictures of accounts whose bytes go
	Versions int      // texts that the messages had
	// Kept are entries that show one of the messages beside others that stay:
	// their content stays, and the message is in no list, search or export.
	Kept     []uint64
	Quoted   []uint64  // first entries of other messages that quote or answer one of them; they are left as they are
	Bundles  int       // bundles made so far that hold one of them; those cannot be called back
	Due      time.Time // when the content is destroyed; until then it is hidden and the erasure can be cancelled
	Complete time.Time // when it is in no backup either, if backups are kept as long as the configuration says
	Engine   string    // "sqlite", "postgres": how long its own log keeps what was deleted (docs/threat-model.md)
}

// An Erasure is one that was asked for.
type Erasure struct {
	ID       string // random
	Case     daybook.CaseID
	Whole    bool
	Entries  []uint64 // whose content goes, or went; nil for a whole case
	Messages int
	Reason   string // in the words of who asked; "" once a whole case is gone
	By       daybook.Actor
	Asked    time.Time
	Due      time.Time
	Done     time.Time // or cancelled; zero until then
	State    ErasureState
}

// ErasureState says how far an erasure is.
type ErasureState string

const (
	ErasureWaiting   ErasureState = "waiting"   // hidden; destroyed when it is due
	ErasureErasing   ErasureState = "erasing"   // the content is destroyed, and what was derived from it is being removed; cannot be cancelled
	ErasureCancelled ErasureState = "cancelled" // everything is back
	ErasureDone      ErasureState = "done"      // nothing of it is left but keyed hashes and the entry that says so
	ErasureFailed    ErasureState = "failed"    // the last try to destroy it did not end well; it is tried again
)

// PlanErasure says what an erasure of the messages that these entries show would
// destroy; of the whole case if entries is nil. It reads the whole log and
// changes nothing. It needs the right to erase; daybook.ErrNotFound if an entry
// shows no message.
func (s *Cases) PlanErasure(ctx context.Context, actor daybook.Actor, c daybook.CaseID, entries []uint64) (ErasurePlan, error) {
	if err := s.Authorize(ctx, actor, c, Erase); err != nil {
		return ErasurePlan{}, err
	}
	return ErasurePlan{}, errNotErasable
}

// AskErasure hides the messages that these entries show, or the whole case if
// entries is nil, and plans that they are destroyed when the delay is over. When
// it returns nil they are in no list, figure, search or export any more, nothing
// of them is collected again, and an entry says who asked. reason is sealed in
// the log. It needs the right to erase.
func (s *Cases) AskErasure(ctx context.Context, actor daybook.Actor, c daybook.CaseID, entries []uint64, reason string) (Erasure, error) {
	if err := s.Authorize(ctx, actor, c, Erase); err != nil {
		return Erasure{}, err
	}
	return Erasure{}, errNotErasable
}

// CancelErasure brings back what an erasure that is waiting has hidden. It needs
// the right to cancel erasures, which a manager has too. daybook.ErrNotFound if
// the case has no such erasure, daybook.ErrInvalid if it waits no more.
func (s *Cases) CancelErasure(ctx context.Context, actor daybook.Actor, c daybook.CaseID, id string) error {
	if err := s.Authorize(ctx, actor, c, CancelErase); err != nil {
		return err
	}
	return errNotErasable
}

// Erasures lists the erasures of a case, the newest first. Whoever shows them
// has asked Authorize first.
func (s *Cases) Erasures(ctx context.Context, c daybook.CaseID) ([]Erasure, error) { return nil, nil }

// RunErasures destroys what is due at now and returns how many erasures were
// finished. One that could not be finished is tried again by the next call; the
// others go on.
func (s *Cases) RunErasures(ctx context.Context, now time.Time) (done int, err error) { return 0, nil }

// errNotErasable says that this instance was put together without a way to
// erase.
var errNotErasable = fmt.Errorf("%w: this instance cannot erase", daybook.ErrInvalid)
