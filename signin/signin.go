// Package signin lets people in and keeps others out: passphrases with one-time
// codes, passkeys, sessions that lock, recovery, and limits on tries.
//
// It thinks of somebody who sits beside the person, knows their passphrase, reads
// their mail or holds their phone. So nothing is recovered by mail; a device that
// was never seen before may look but not change settings or take things out for a
// day; and an answer never says whether a name exists here.
//
// It keeps nothing itself: credentials, sessions and codes are rows of a Store,
// secrets in them sealed under the instance key or kept as hashes alone. What a
// user may do in a case is not decided here but in package cases.
package signin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"daybook"
	"daybook/cases"
)

// How long things last.
const (
	IdleLock     = 5 * time.Minute      // without a request, a session locks
	SessionLife  = 12 * time.Hour       // after that, signing in anew
	StepUpLife   = 5 * time.Minute      // how long a fresh sign-in stands for StepUp
	NewDevice    = 24 * time.Hour       // a device that was never seen may not change settings, export or erase
	RecoveryHold = 72 * time.Hour       // between an adviser's word and a new way in
	CodeLife     = 7 * 24 * time.Hour   // of a code to set up with
	DeviceLife   = 400 * 24 * time.Hour // a device that was not seen for so long is new again
)

// Errors that callers branch on. Their texts are not for people.
var (
	// ErrRefused is the one answer to whatever was wrong: an unknown name, a
	// wrong passphrase, a wrong or used code, a passkey of somebody who left.
	ErrRefused   = errors.New("not signed in")
	ErrNoSession = errors.New("no session")
	ErrLocked    = errors.New("the session is locked") // the session is there; Begin or a passkey opens it
	// ErrStrong asks for StepUp before what was asked for.
	ErrStrong = errors.New("sign in again first")
	// ErrHeld says that this device is too new for that.
	ErrHeld = errors.New("this device is new")
	// ErrWeak is wrapped by what SetPassphrase says about a passphrase that is
	// too short or among the most common; it also wraps daybook.ErrInvalid.
	ErrWeak = errors.New("too easy to guess")
)

// A WaitError says that there were too many wrong tries. It wraps ErrRefused.
type WaitError struct{ Until time.Time }

func (e *WaitError) Error() string { return "too many tries" }

// Unwrap makes errors.Is(err, ErrRefused) true.
func (e *WaitError) Unwrap() error { return ErrRefused }

// A Door is where a request came in.
type Door struct {
	Address string // IP address, without port
	Device  string // the long-lived device token that the browser sent; "" if none
	Agent   string // the browser's User-Agent; hostile
}

// Stage says how far a session has come.
type Stage string

const (
	SettingUp Stage = "setting up" // let in by a code: may only set up a way to sign in
	Open      Stage = "open"
	Locked    Stage = "locked"
)

// A Session is one browser that was let in.
type Session struct {
	ID       string // for lists; not the token
	User     string // cases.User.ID
	Device   string // in words, without a version: "Firefox on Android"
	Created  time.Time
	Seen     time.Time
	Strong   time.Time // when the user last showed who they are
	Stage    Stage
	HeldTill time.Time // before that the device is new; zero if it is known
}

// A Passkey is one registered passkey, as it is listed.
type Passkey struct {
	ID    string
	Name  string // chosen by the user
	Added time.Time
	Used  time.Time // zero if never
}

// Ways says how a user can sign in.
type Ways struct {
	Passphrase    bool // and a one-time code
	Passkeys      int
	RecoveryCodes int // left
}

// Ready reports whether the user can sign in at all.
func (w Ways) Ready() bool { return w.Passphrase || w.Passkeys > 0 }

// A Recovery is a new way in that an adviser asked for and that is waiting.
type Recovery struct {
	ID    string
	User  string
	By    daybook.Actor
	Asked time.Time
	Ready time.Time // from then on a code can be handed out
}

// Purpose says what a code is good for.
type Purpose string

const (
	SetUp   Purpose = "set up"  // first credentials of a user
	FirstUp Purpose = "first"   // first run of this instance: also names the user and opens their case; Code.User is ""
	Recover Purpose = "recover" // new credentials in the place of the old, which stop working
)

// A Code is what a set-up code, once entered, stands for.
type Code struct {
	Purpose Purpose
	User    string
	By      daybook.Actor
	Until   time.Time
}

// People finds the users that can sign in. *cases.Cases implements it.
type People interface {
	// FindUser returns the user with this identifier or name, or
	// daybook.ErrNotFound.
	FindUser(ctx context.Context, idOrName string) (cases.User, error)
}

// A Sealer seals what is kept; purpose binds it to where it lies.
// *archive.Keyring implements it with the instance key.
type Sealer interface {
	Seal(purpose string, plain []byte) []byte
	Open(purpose string, sealed []byte) ([]byte, error)
}

// A Cost is what one passphrase check costs (Argon2id, RFC 9106 §4).
type Cost struct {
	Time, MemoryKiB uint32
	Threads         uint8
}

// DefaultCost is RFC 9106's second recommended choice: 64 MiB, three passes.
func DefaultCost() Cost { return Cost{Time: 3, MemoryKiB: 64 << 10, Threads: 4} }

// Config says what a Desk works with.
type Config struct {
	Store  Store
	People People
	Sealer Sealer
	Clock  func() time.Time
	Logger *slog.Logger
	Cost   Cost          // zero: DefaultCost
	Idle   time.Duration // zero: IdleLock
	// Host is the relying party of passkeys: "localhost" or a DNS name, never an
	// address. Origins are where the pages are: "https://notes.charity.example".
	Host    string
	Origins []string
}
