package cases

import (
	"context"
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
	// Files are entries of Entries that hold a file which somebody added, as a
	// whole: one of the messages may stand in it. What was read from it stays.
	Files []uint64
	// Kept are entries that show one of the messages beside others that stay:
	// their content stays, and the message is in no list or search.
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
	ErasureFailed    ErasureState = "failed"    // as erasing, and the last try did not end well: it is tried again
)

// An ErasureTarget is what has to be known to find again what an erasure is
// about. It is personal data: it is kept sealed, and dropped once the erasure is
// done.
type ErasureTarget struct {
	Messages []daybook.MessageKey // nil for a whole case
	Captures []uint64             // entries that showed them when it was asked for
	Pictures []daybook.Handle     // accounts that wrote nothing else: their pictures go as well
	Accounts []daybook.AccountID  // that were paused because the whole case goes
}

// Erasures keeps erasures. *store.DB implements it.
type Erasures interface {
	// PutErasure adds or replaces an erasure. Of a case whose key was
	// destroyed neither target nor words are kept.
	PutErasure(ctx context.Context, e Erasure, t ErasureTarget) error
	// Erasure returns one; daybook.ErrNotFound if the case has none such.
	Erasure(ctx context.Context, c daybook.CaseID, id string) (Erasure, ErasureTarget, error)
	// ErasuresOf returns those of a case, the newest first.
	ErasuresOf(ctx context.Context, c daybook.CaseID) ([]Erasure, error)
	// DueErasures returns case and identifier of those that wait and are due
	// at now, and of those that were begun, the oldest first.
	DueErasures(ctx context.Context, now time.Time) ([]Erasure, error)
}

// An Eraser finds what an erasure is about, and destroys it.
type Eraser interface {
	// FindErasure says what an erasure of the messages that entries show
	// would destroy, but for when. daybook.ErrNotFound if one shows none.
	FindErasure(ctx context.Context, c daybook.CaseID, entries []uint64) (ErasurePlan, ErasureTarget, error)
	Hider
	Destroyer
}

// A Hider takes messages out of everything that is derived, and brings them back.
type Hider interface {
	// Hide deletes what is derived from the messages, so that it is not
	// derived or collected again. It is called within an Update.
	Hide(ctx context.Context, e Erasure, t ErasureTarget) error
	// Unhide takes that back. It is called within an Update.
	Unhide(ctx context.Context, e Erasure) error
	// Refresh brings lists, index and figures up to date after either, once
	// it is committed. It may be called again.
	Refresh(ctx context.Context, e Erasure) error
}

// A Destroyer destroys contents in three steps, of which each may be repeated.
type Destroyer interface {
	// Hold lets nobody else add to the log of a case until the Update that it
	// is called in ends. It is the first call of that.
	Hold(ctx context.Context, c daybook.CaseID) error
	// Destroy destroys keys and contents in the log and appends the entry
	// that says so. It is called within an Update.
	Destroy(ctx context.Context, e Erasure, t ErasureTarget) error
	// Remove removes what is left once that is committed: files, work that
	// waits, what was derived; of a whole case, its key and its rows.
	Remove(ctx context.Context, e Erasure, t ErasureTarget) error
	// Settle leaves nothing of it in a journal of the database, and signs.
	Settle(ctx context.Context, e Erasure) error
}

// An Erasing says how an instance erases.
type Erasing struct {
	Erasures Erasures
	Eraser   Eraser
	After    time.Duration // how long an erasure waits and can be cancelled; 0: not at all
	Backups  time.Duration // how long backups are kept
	Engine   string        // of the database
}

// PlanErasure says what an erasure of the messages that these entries show would
// destroy; of the whole case if entries is nil. It reads the whole log and
// changes nothing. It needs the right to erase; daybook.ErrNotFound if an entry
// shows no message.
func (s *Cases) PlanErasure(ctx context.Context, actor daybook.Actor, c daybook.CaseID, entries []uint64) (ErasurePlan, error) {
	if err := s.Authorize(ctx, actor, c, Erase); err != nil {
		return ErasurePlan{}, err
	}
	plan, _, err := s.planErasure(ctx, c, entries, s.erasing.After)
	return plan, err
}

func (s *Cases) planErasure(ctx context.Context, c daybook.CaseID, entries []uint64, after time.Duration) (ErasurePlan, ErasureTarget, error) {
	if s.erasing.Eraser == nil {
		return ErasurePlan{}, ErasureTarget{}, errNotErasable
	}
	if entries != nil && len(entries) == 0 {
		return ErasurePlan{}, ErasureTarget{}, errNothingNamed
	}
	plan, target, err := s.erasing.Eraser.FindErasure(ctx, c, entries)
	if err != nil {
		return plan, target, err
	}
	plan.Whole = entries == nil
	plan.Due = s.now().Add(after)
	plan.Complete = plan.Due.Add(s.erasing.Backups)
	plan.Engine = s.erasing.Engine
	return plan, target, nil
}

// Erasures lists the erasures of a case, the newest first. Whoever shows them
// has asked Authorize first.
func (s *Cases) Erasures(ctx context.Context, c daybook.CaseID) ([]Erasure, error) {
	if s.erasing.Erasures == nil {
		return nil, nil
	}
	return s.erasing.Erasures.ErasuresOf(ctx, c)
}
