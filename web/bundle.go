package web

import (
	"context"
	"errors"
	"io"
	"time"

	"daybook"
	"daybook/export"
)

// Bundles makes what is handed over. nil: this instance makes none.
type Bundles interface {
	BundleMaker
	BundleShelf
}

// A BundleMaker makes bundles beside the pages, one at a time for a case.
type BundleMaker interface {
	// Preview says what a bundle would hold if it were made now. It writes
	// nothing; whoever shows it has written the access entry.
	Preview(ctx context.Context, actor daybook.Actor, c daybook.CaseID, o Order) (BundlePreview, error)
	// Start begins to make a bundle and returns its id. It goes on when ctx
	// ends. ErrBundleBusy if one of the case is being made.
	Start(ctx context.Context, actor daybook.Actor, c daybook.CaseID, o Order) (string, error)
	// Making lists the bundles of a case that are being made or wait to be
	// saved, and those that could not be made, the newest first.
	Making(c daybook.CaseID) []BundleJob
	// Drop ends one that is being made, and removes one that is there.
	// daybook.ErrNotFound if there is none.
	Drop(c daybook.CaseID, id string) error
}

// A BundleShelf hands bundles out, and knows those of before.
type BundleShelf interface {
	// Open opens a bundle that is ready. daybook.ErrNotFound if there is none.
	Open(c daybook.CaseID, id string) (io.ReadCloser, error)
	// Saved removes a bundle that went out whole.
	Saved(c daybook.CaseID, id string) error
	// Made lists the bundles that the log tells of, the newest first.
	Made(ctx context.Context, c daybook.CaseID, limit int) ([]BundleMade, error)
	// Again returns the order of the bundle that an entry tells of, to make the
	// same one. daybook.ErrNotFound if it is not kept.
	Again(ctx context.Context, c daybook.CaseID, entry uint64) (Order, error)
}

// ErrBundleBusy says that a bundle of the case is being made.
var ErrBundleBusy = errors.New("a bundle of this case is being made")

// An Order is what somebody asked for: a Spec, and what is covered without being
// named.
type Order struct {
	Spec      export.Spec    `json:"spec"`               // Size is 0: as the record is now
	Own       bool           `json:"own,omitzero"`       // the person's own details are covered
	Others    bool           `json:"others,omitzero"`    // names of other people, as far as the platform marks them
	Replies   bool           `json:"replies,omitzero"`   // what the person wrote is withheld
	Receivers []string       `json:"receivers,omitzero"` // age public keys that it is sealed for; none: it is not sealed
	Settled   bool           `json:"settled,omitzero"`   // Spec has all of that already: it is an order of before
	Check     daybook.Digest `json:"-"`                  // of the bundle that is made again
	CheckedAt time.Time      `json:"-"`                  // when that was made
	Session   string         `json:"-"`                  // that may save it without being asked again
}

// A BundlePreview says what a bundle would hold.
type BundlePreview struct {
	Size        uint64 // lines of the record that it would cover
	Messages    int
	LeftOut     int // messages of the same period that it does not hold
	From, To    time.Time
	Attachments int // whose bytes it holds
	Handles     int
	Gaps        int
	Erased      int
	Withheld    []BundleEffect // whole fields of messages
	Covered     []BundleEffect // words, wherever they stand
	Warnings    []string       // in words
}

// A BundleEffect says where something is not shown.
type BundleEffect struct {
	Field export.Field // of a field that is withheld
	As    string       // of a word: what stands in its place
	Where []string     // messages, as the bundle calls them: "MR/17"
}

// BundleState says how far a bundle is.
type BundleState string

// The states of a bundle.
const (
	BundleMaking BundleState = "making"
	BundleReady  BundleState = "ready"
	BundleSaved  BundleState = "saved" // and removed from here
	BundleFailed BundleState = "failed"
	BundleEnded  BundleState = "ended" // by somebody, before it was whole
)

// A BundleJob is a bundle that is being made, or waits to be saved.
type BundleJob struct {
	ID          string
	By          daybook.Actor
	Session     string // of Order
	State       BundleState
	Err         error // of BundleFailed
	Began       time.Time
	Until       time.Time // when it is removed
	Done, Total int       // steps; Total is 0 before they are known
	For         string
	Receivers   int // it is sealed for

	// Of BundleReady:
	Lines    uint64 // of the record that it covers
	Messages int
	LeftOut  int
	Bytes    int64
	Check    daybook.Digest // SHA-256
	Before   daybook.Digest // of the bundle that was made again; zero: of none
	BeforeAt time.Time
}

// A BundleMade is a bundle that the log tells of.
type BundleMade struct {
	Entry    uint64
	At       time.Time
	By       daybook.Actor
	Complete bool
	Messages int
	LeftOut  int
	Lines    uint64
	Bytes    int64
	Check    daybook.Digest
	For      string // "" if it is not known any more
	Again    bool   // the order is kept
}
