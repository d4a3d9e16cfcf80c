// Package collectors reads the person's own accounts and hands what it finds to
// the log. One Runner drives every account through a Source; a Driver makes
// sources for one platform.
//
// Nothing here writes to a platform: the guarded transport lets pass only calls
// that are on a driver's list. Raw bytes are kept before anything is parsed,
// and a cursor moves only in the transaction that appends what it has passed.
// What comes from an excluded sender, or is a message that was erased, is dropped
// before any of it is stored.
package collectors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daybook"
)

// Errors that a Source returns and the Runner branches on. Everything else is
// taken as temporary and tried again.
var (
	// ErrRefused says that the platform no longer takes the token. The Runner
	// stops the account and a person must act.
	ErrRefused = errors.New("the platform refuses the token")
	// ErrNoLane says that the server does not offer this lane. The Runner
	// records that once and goes on with the others.
	ErrNoLane = errors.New("the server does not offer this place")
)

// A RateLimitError says when the platform may be asked again.
type RateLimitError struct {
	Until time.Time
	Cause string // for the entry of the gap, in words without personal data; "" if the platform sets the limit
	Only  bool   // of the one place that was asked for: others may be asked
}

func (e *RateLimitError) Error() string {
	if e.Cause != "" {
		return fmt.Sprintf("%s; not asked again until %s", e.Cause, e.Until.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("rate limited until %s", e.Until.UTC().Format(time.RFC3339))
}

// A Cursor marks how far a lane has been read. It is opaque to everything but
// the source that made it.
type Cursor string

// A Page is the answer to one request of a lane.
type Page struct {
	Exchange daybook.Exchange
	Captures []daybook.Capture // each with Exchange set; in the order of the page
	Whole    []byte            // the whole body, if it could not be split into items (then Captures is empty)
	Next     Cursor            // where to go on; the Runner saves it when the page is appended
	More     bool              // another page can be asked for now
	Back     Cursor            // set by the newest page of a lane: where its past begins; "" if there is none
	// Observed is what a page shows beside items: a list of blocks. The
	// Runner compares it with the last one. A list of several pages is read
	// from the newest page on by Next while More, each time.
	Observed []daybook.Handle
	// Missed says that the platform no longer holds all that came between the
	// cursor and this page: it is lost for good, and the log says so.
	Missed bool
}

// A Source reads one account. It never writes to the platform. It keeps no
// state between calls other than connections. Methods are called from one
// goroutine at a time.
type Source interface {
	// Lanes lists the places to read, the most important first.
	Lanes() []daybook.Lane

	// Fetch returns the page at a cursor. The empty cursor asks for the newest
	// page: its Next goes forward from there, its Back into the past. An empty
	// page with More is not the end.
	//
	// Errors: ErrRefused, ErrNoLane, *RateLimitError; others are temporary.
	// A status that the source does not know is an error, never a page.
	Fetch(ctx context.Context, lane daybook.Lane, at Cursor) (Page, error)

	// Look asks again for messages that are known: unchanged ones come back
	// as captures that are equal to what is archived, edited ones as other
	// captures, missing ones as Missing.
	Look(ctx context.Context, refs []Ref) ([]Look, error)

	// Media fetches one attachment from the person's own server or the
	// platform's own delivery hosts. ErrNotFetched for any other host.
	Media(ctx context.Context, m daybook.Media) ([]byte, daybook.Exchange, error)

	Close() error
}

// A Resumer is a Source with lanes whose newest page tells nothing that the page
// at a cursor does not: where each item that is handed out has its price, and old
// items are never put in afterwards. Such a lane is read from its cursor on.
type Resumer interface {
	// Resumes reports whether Fetch at the lane's forward cursor is enough.
	Resumes(lane daybook.Lane) bool
}

// A Paced is a Source with lanes that are read less often than others.
type Paced interface {
	// Every returns how long a lane is left alone once it was read to its
	// newest end; 0 means that it is read each time.
	Every(lane daybook.Lane) time.Duration
}

// ErrNotFetched says that an attachment lies on a host that is not asked.
var ErrNotFetched = errors.New("not fetched: not the person's own server")

// A Ref names a message for a second look.
type Ref struct {
	Key    daybook.MessageKey
	Native string // ReadMessage.Native
	Sender daybook.Handle
}

// A Look is what a second look at one message found.
type Look struct {
	Ref      Ref
	Captures []daybook.Capture // the message as it is now, its history if it has one, and what it answers or was answered with
	Missing  bool
	// Blocking says, for a missing message, that the person blocks the
	// sender: then its absence says nothing.
	Blocking bool
	Exchange daybook.Exchange
}

// A Driver makes sources for one platform. Drivers are handed to the Runner in
// a list; there is no registry.
type Driver struct {
	Platform daybook.Platform
	Title    string // "Mastodon"
	// Open makes a source. secret is the token, or what the driver made of
	// it when the account was connected.
	Open func(ctx context.Context, a daybook.Account, secret []byte) (Source, error)
	// Parse reads one capture. It is pure: no clock, no network. self is the
	// account that it was captured for. Hostile bytes give an error, never a
	// panic.
	Parse func(self daybook.Account, c daybook.Capture) (daybook.Reading, error)
	// Profiles reads what the accounts in a capture show of themselves, with
	// the address of their picture. It is as pure as Parse. nil if captures
	// show nothing of it.
	Profiles func(self daybook.Account, c daybook.Capture) []daybook.Profile
	// Revoke takes the token back at the platform (RFC 7009).
	Revoke func(ctx context.Context, a daybook.Account, secret []byte) error
	// Refresh gets a fresh secret in the place of one; the old one may be worth
	// nothing from the call on. Errors: ErrRefused if the platform does not
	// take it; others are temporary. nil if secrets do not end.
	Refresh func(ctx context.Context, a daybook.Account, secret []byte) (fresh []byte, err error)
	// Ends returns when the token of a secret ends; the zero time if it does
	// not, or if it cannot be refreshed.
	Ends func(secret []byte) time.Time
}
