package web

import (
	"context"
	"errors"
	"io"
	"time"

	"daybook"
)

// Imports reads files that people add. nil: this instance takes none.
type Imports interface {
	ImportJobs
	ImportsMade
}

// ImportJobs reads files beside the pages, one at a time for a case: first in
// full, to see what is in them; then, when somebody has chosen, into the record.
type ImportJobs interface {
	// Take keeps the bytes of a file, sealed, and begins to look through it. It
	// returns the job's id once the last byte is there; the job goes on when ctx
	// ends. ErrImportBusy if a file of the case is being read or waits for
	// somebody to choose, ErrImportLarge if it has more bytes than are taken.
	Take(ctx context.Context, actor daybook.Actor, c daybook.CaseID, name string, from io.Reader) (string, error)
	// Choose begins to read a file in that waits for it.
	Choose(ctx context.Context, actor daybook.Actor, c daybook.CaseID, id string, choice ImportChoice) error
	// Adding lists the files of a case that are being read or wait, and those
	// that came to nothing, the newest first.
	Adding(c daybook.CaseID) []ImportJob
	// Drop ends one that is being read, and forgets one that is not.
	// daybook.ErrNotFound if there is none.
	Drop(c daybook.CaseID, id string) error
}

// ImportsMade knows the files of before, of which the log tells.
type ImportsMade interface {
	// Added lists them, the newest first.
	Added(ctx context.Context, c daybook.CaseID, limit int) ([]ImportMade, error)
	// AddedAt returns the one that an entry of the log tells of.
	// daybook.ErrNotFound if it tells of none.
	AddedAt(ctx context.Context, c daybook.CaseID, entry uint64) (ImportMade, error)
}

// Errors of Take.
var (
	ErrImportBusy  = errors.New("a file of this case is being read")
	ErrImportLarge = errors.New("the file is larger than those that are taken")
)

// MaxImport is the largest file that is taken, in bytes.
const MaxImport = 8 << 30

// ImportState says how far a file is.
type ImportState string

// The states of a file.
const (
	ImportComing   ImportState = "coming"   // its bytes are on their way
	ImportLooking  ImportState = "looking"  // it is read in full; nothing of it is kept yet
	ImportChoosing ImportState = "choosing" // somebody has to choose
	ImportReading  ImportState = "reading"  // into the record
	ImportDone     ImportState = "done"
	ImportStopped  ImportState = "stopped" // by somebody
	ImportRefused  ImportState = "refused" // it cannot be read; nothing of it was kept
	ImportFailed   ImportState = "failed"
)

// An ImportJob is a file that somebody has added.
type ImportJob struct {
	ID          string
	By          daybook.Actor
	State       ImportState
	Began       time.Time
	Since       time.Time // when it came into its state
	Until       time.Time // when it is removed, if it waits, and forgotten, if it is over
	Name        string    // as the person's device named it; untrusted
	Size        int64
	Stage       string // of ImportReading: "file", "items", "compare"; "" before
	Done, Total int64  // of ImportLooking and of the stage "file" bytes, else messages; Total is 0 before it is known
	// What and Hint say, of ImportRefused, why and what to do, in words that may
	// hold a name of the file's maker.
	What, Hint string
	Found      *ImportFound // once it was read in full
	Begun      bool         // of ImportStopped and ImportFailed: something had been read in
	Entry      uint64       // of ImportDone: which tells of it
}

// ImportFound is what is in a file.
type ImportFound struct {
	Kind     string // as Import.Kind
	Title    string // "X account archive"
	Platform daybook.Platform
	Owner    daybook.Handle // whose account it is, as the file says
	Known    bool           // that account is one of the case
	Before   time.Time      // when the very same file was read in; zero: never
	Made     time.Time      // when the platform made it; zero if it does not say
	From, To time.Time      // of the first and last message
	Messages int
	Threads  []ImportThread // the one with the newest message first
	Report   daybook.ImportReport
}

// An ImportThread is what a person chooses whole or not at all.
type ImportThread struct {
	ID       string
	Kind     string           // "direct", "group", "posts", "logins", "blocked"
	Title    string           // untrusted; may be ""
	With     []daybook.Handle // who takes part, without the person
	Messages int
	In, Out  int
	From, To time.Time
	Usual    bool // it is taken unless the person says otherwise
}

// An ImportChoice is what somebody chose.
type ImportChoice struct {
	Threads []string         // of ImportThread.ID; nil: the usual ones
	Exclude []daybook.Handle // senders of whom nothing is kept
}

// An ImportMade is a file that the log tells of.
type ImportMade struct {
	Entry      uint64 // that ends it, or begins it if nothing ends it
	At         time.Time
	By         daybook.Actor
	Import     daybook.Import // with the members left out
	Platform   daybook.Platform
	Owner      daybook.Handle // whose account it is
	Unfinished bool           // it began to be read and nobody is reading it any more
	Whole      bool           // the file itself is kept
	// Gone are messages that an earlier file of the account held and this one
	// does not, by the entries of their first captures; at most maxGone.
	Gone []uint64
}
