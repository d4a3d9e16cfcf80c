package collectors

import (
	"context"
	"time"

	"daybook"
	"daybook/internal/work"
)

// A Log is where records go. *archive.Log implements it. Appending with the
// context of a Ledger's Update is part of that transaction.
type Log interface {
	// Append adds records to the log of a case and returns the index of the
	// first. When the transaction is committed they are on stable storage.
	Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (first uint64, err error)
	// PutBlob keeps bytes beside the log, sealed, and returns their digest,
	// which a record must then name in Blobs.
	PutBlob(ctx context.Context, c daybook.CaseID, b []byte) (daybook.Digest, error)
}

// Accounts is what the Runner has to know about the accounts that it reads.
type Accounts interface {
	// Account returns an account with its consent and its secret, as they are
	// now. ErrNotFound if there is none.
	Account(ctx context.Context, id daybook.AccountID) (daybook.Account, daybook.Consent, []byte, error)
	// Accounts returns the accounts of a case; of all cases if c is "".
	Accounts(ctx context.Context, c daybook.CaseID) ([]daybook.Account, error)
	// SetState says whether an account is read from now on.
	SetState(ctx context.Context, id daybook.AccountID, s daybook.AccountState) error
	// Excluded returns the handles (Handle.Ref) whose messages are never
	// stored in this case.
	Excluded(ctx context.Context, c daybook.CaseID) (map[string]bool, error)
}

// Tombs knows which messages are not collected again, because they were erased
// or are hidden until they will be. *store.DB implements it.
type Tombs interface {
	// Erased returns those of some messages of a case.
	Erased(ctx context.Context, c daybook.CaseID, messages []daybook.MessageKey) (map[daybook.MessageKey]bool, error)
}

// LaneState is how far one lane of one account has been read.
type LaneState struct {
	Forward  Cursor    `json:"forward"`
	Back     Cursor    `json:"back,omitzero"`
	BackDone bool      `json:"back_done"`       // the past has been read to its end
	Lost     bool      `json:"lost"`            // the server does not offer this lane
	Opened   time.Time `json:"opened"`          // first read to its newest end: watched from here on
	LastOK   time.Time `json:"last_ok"`         // last read to its newest end
	Gap      time.Time `json:"gap,omitzero"`    // start of a failure that is still going on
	Cause    string    `json:"cause,omitzero"`  // of that failure, in words without personal data
	Missed   bool      `json:"missed,omitzero"` // since LastOK the platform lost something before it was read
	Asked    time.Time `json:"asked,omitzero"`  // of a lane that is Lost: when the server last said so
	Until    time.Time `json:"until,omitzero"`  // it may not be asked for before: the platform limits this lane by itself
	// Listed is what the lane's last list of handles was (blocks).
	Listed []daybook.Handle `json:"listed,omitempty"`
	// Unlisted are handles that were listed and are so no longer, while
	// nothing has shown yet that they still exist: a handle that deleted
	// itself leaves the list as well.
	Unlisted []Unlisted `json:"unlisted,omitempty"`
}

// An Unlisted is a handle that has left a list.
type Unlisted struct {
	Handle daybook.Handle `json:"handle"`
	Listed time.Time      `json:"listed"` // when it was last in it
}

// A Ledger is what the Runner keeps beside the log. All of it is primary: it
// cannot be made again from the log.
type Ledger interface {
	// Update runs fn in one transaction; calls made with fn's context, also
	// those to a Log and a work.Queue of the same store, are part of it.
	Update(ctx context.Context, fn func(ctx context.Context) error) error
	LaneLedger
	SeenLedger
}

// A LaneLedger keeps how far lanes have been read.
type LaneLedger interface {
	// Lane returns the state of a lane, the zero LaneState if it was never read.
	Lane(ctx context.Context, a daybook.AccountID, l daybook.Lane) (LaneState, error)
	// Lanes returns all lanes of an account that were ever saved.
	Lanes(ctx context.Context, a daybook.AccountID) (map[daybook.Lane]LaneState, error)
	SaveLane(ctx context.Context, a daybook.AccountID, l daybook.Lane, s LaneState) error
}

// A SeenLedger keeps what is in the log already.
type SeenLedger interface {
	// Seen looks keys up and moves "last seen" of those that are known to at,
	// never backwards. It returns the entry of each, -1 for those that are
	// not known.
	Seen(ctx context.Context, c daybook.CaseID, keys []SeenKey, at time.Time) ([]int64, error)
	// Recall looks keys up and changes nothing.
	Recall(ctx context.Context, c daybook.CaseID, keys []SeenKey) ([]Sighting, error)
	// Remember keeps keys with their entries, seen at. Of a key that is known
	// entry and time are replaced.
	Remember(ctx context.Context, c daybook.CaseID, keys []SeenKey, entries []uint64, at time.Time) error
}

// A SeenKey is what a SeenLedger finds an entry by.
type SeenKey struct {
	// What is a capture's key (Item.CaptureKey), or a mark that the Runner
	// makes about a message. It is personal data and stored as a keyed hash.
	What string
	// Near orders the rows: keys that are asked for together stand near one
	// another if theirs is nearly the same. It is stored as it is, and a
	// function of What: equal keys have equal numbers.
	Near uint32
}

// A Sighting is what a SeenLedger knows of a key.
type Sighting struct {
	Entry int64     // -1 if the key is not known
	At    time.Time // last seen
}

// A Queue is a work.Queue whose tasks can also be taken by what they are about.
type Queue interface {
	work.Queue
	// ClaimAbout takes up to n tasks of a kind whose ID is kind + "/" + about,
	// or begins with that and another "/"; those that are due at dueBy and
	// whose lease is free or over at now, earliest first.
	ClaimAbout(ctx context.Context, kind, about, owner string, dueBy, now time.Time, lease time.Duration, n int) ([]work.Task, error)
}
