// Package upload reads files that a person hands in: what a platform gives them
// of their own account when they ask for it. A Format knows one kind of file; the
// Importer hands what it finds to the log.
//
// A file is hostile until it was read to its end: names, sizes, nesting and
// numbers in it are whatever its maker wanted. So it is first read in full
// (Open), within limits, and only then is anything of it stored. Nothing is
// unpacked to disk, nothing in a file is executed, and no address in it is asked
// for.
//
// The untouched file is the exhibit, and each message points into it. Where the
// person leaves out threads or senders, the bytes of the chosen items are kept
// instead, and the log says so.
package upload

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"daybook"
)

// A File is what a person handed in. Its bytes can be read at any place, by
// several goroutines.
type File struct {
	Name string // as their device named it; untrusted
	Size int64  // in bytes
	io.ReaderAt
}

// A Format reads one kind of file.
type Format struct {
	Kind     string // as Import.Kind: "x-archive"
	Title    string // "X account archive"
	Platform daybook.Platform
	// Recognize looks at a file without reading it to its end.
	Recognize func(ctx context.Context, f File) Recognition
	// Open reads a file from its beginning to its end and checks all of it. The
	// error is a *RefusedError if the file is not what it should be.
	Open func(ctx context.Context, f File, o Options) (Export, error)
}

// A Recognition says what a file seems to be.
type Recognition struct {
	Kind       string // Format.Kind; "" if it is none that the Format knows
	Confidence int    // from 0 to 100
	// Needs says, in words for the person, what to ask the platform for
	// instead, if the file is of the right platform and the wrong form. Such a
	// file cannot be opened.
	Needs string
}

// Options are what a file does not say of itself. A Format that does not need one
// of them leaves it alone.
type Options struct {
	Me    string         // the person's own name in it
	Zone  *time.Location // that its times are in
	Dates string         // "dmy" or "mdy"
	// Progress is told how many bytes have been read, of how many. May be nil.
	Progress func(done, total int64)
}

// An Export is a file that was read once and found good.
type Export interface {
	Summary() Summary
	// Items reads the file again and yields what is in it, in its order. An
	// error ends it. It may be called again.
	Items(ctx context.Context) iter.Seq2[Item, error]
	Close() error
}

// A Summary says what is in a file.
type Summary struct {
	Kind   string
	Parser string         // of its readings: "x/1"
	Owner  daybook.Handle // whose account it is, as the file says
	Made   time.Time      // when the platform made it; zero if it does not say
	// Whole says that every conversation of the account is in the file, from
	// its beginning: one that is not in it was not there when it was made.
	Whole bool
	// Holes says that something of the conversations in the file is known to be
	// missing, or could not be read: that a message is not in it says nothing.
	Holes   bool
	Threads []Thread // the one with the newest message first
	Members []daybook.ImportMember
	// Report holds what does not depend on what the person chooses.
	Report daybook.ImportReport
}

// A Thread is what a person chooses whole or not at all: a conversation, their
// own posts, log-ins.
type Thread struct {
	ID       string
	Kind     ThreadKind
	Title    string           // that the platform or a person gave it; untrusted; may be ""
	With     []daybook.Handle // who takes part, without the person
	Messages int
	In, Out  int
	From, To time.Time
	// Usual says that it is taken unless the person says otherwise.
	Usual bool
}

// ThreadKind says what a thread is.
type ThreadKind string

const (
	ThreadDirect  ThreadKind = "direct"  // with one other
	ThreadGroup   ThreadKind = "group"   // with several
	ThreadPosts   ThreadKind = "posts"   // the person's own public posts that name somebody
	ThreadLogins  ThreadKind = "logins"  // when and from where the account was used
	ThreadBlocked ThreadKind = "blocked" // whom the person blocks or mutes
)

// An Item is one thing in a file: a message, or what the file shows beside
// messages (Observed).
type Item struct {
	Item     daybook.Item // without Account and File, which the Importer knows
	Thread   string       // Thread.ID
	Observed *daybook.Observation
	Media    []Attachment
}

// An Attachment is a file that belongs to a message.
type Attachment struct {
	Media  daybook.Media // as the reading has it
	Member string        // its name in the archive; "" if it is not in it
	Size   int64         // in bytes, as the archive says; 0 if it is not in it
	// Open returns its bytes; nil if it is not in the file.
	Open func() (io.ReadCloser, error)
}

// A RefusedError says why a file was not taken. Nothing of it was kept.
type RefusedError struct {
	What string // is wrong, in words for the person, without anything of the file but a shortened name
	Hint string // what to do next
}

func (e *RefusedError) Error() string { return e.What + "; " + e.Hint }

// Unwrap makes it an ErrInvalid: what the person can do something about.
func (e *RefusedError) Unwrap() error { return daybook.ErrInvalid }

// ErrUnknown says that no Format knows a file.
var ErrUnknown = errors.New("this kind of file is not known")
