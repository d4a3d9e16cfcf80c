// Package cases decides who may do what in a case, and makes the changes that
// depend on a person's word: consent, marks, grants. It is the only place that
// answers "may X do Y"; everything that shows or changes a case asks it first.
//
// It keeps nothing itself. Users, grants, accounts and tokens are rows of a
// Store; what was done, by whom, is an entry of the case's log, written in the
// same transaction as its effect: neither is ever there without the other.
//
// It never decides by what an actor claims to be: a user's role is looked up at
// each call, so that a grant that has ended, or a user who has left, is refused
// at once. The one exception is the local operator, a person at the command line
// who holds the instance key and could read everything anyway.
package cases

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"daybook"
)

// A Log is where entries go. *archive.Log implements it.
type Log interface {
	// Append adds records to the log of a case; with the context of a
	// Store's Update it is part of that transaction.
	Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (first uint64, err error)
}

// A Store keeps what this package is about. *store.DB implements it.
type Store interface {
	// Update runs fn in one transaction; calls made with fn's context are
	// part of it.
	Update(ctx context.Context, fn func(ctx context.Context) error) error
	Users
	Grants
	Accounts
	Tokens
	Acts
	Visits
	Owns
}

// Users keeps users; their names and addresses sealed.
type Users interface {
	PutUser(ctx context.Context, u User) error // adds or replaces
	User(ctx context.Context, id string) (User, error)
	Users(ctx context.Context) ([]User, error) // oldest first
}

// Grants keeps grants, ended ones too.
type Grants interface {
	PutGrant(ctx context.Context, g Grant) error // adds or replaces
	// Grants returns the grants of a user in a case, oldest first. An empty
	// case or user stands for all. A case that is not there, or that was
	// erased, has none.
	Grants(ctx context.Context, c daybook.CaseID, user string) ([]Grant, error)
	// CasesOf returns the cases in which a user has or had a grant, but for
	// those that were erased.
	CasesOf(ctx context.Context, user string) ([]daybook.CaseID, error)
}

// Accounts keeps connected accounts, each with its consent.
type Accounts interface {
	PutAccount(ctx context.Context, a daybook.Account, consent daybook.Consent) error // adds or replaces
	// HoldAccount returns an account and holds its row until the transaction
	// ends. It is called within an Update. ErrNotFound if there is none.
	HoldAccount(ctx context.Context, id daybook.AccountID) (daybook.Account, daybook.Consent, error)
	// Accounts returns the accounts of a case, oldest first.
	Accounts(ctx context.Context, c daybook.CaseID) ([]daybook.Account, error)
	// EndedConsents returns the accounts whose consent's end lies at or before
	// now and that are in no final state yet. An account that is Named alone
	// has none that ends.
	EndedConsents(ctx context.Context, now time.Time) ([]daybook.AccountID, error)
}

// Tokens keeps the secrets of accounts, sealed. Each time that an account is
// connected its token gets the next number; at most one is in use, the others
// wait until the platform has confirmed that they are revoked.
type Tokens interface {
	// PutToken keeps the token that is in use from now on.
	PutToken(ctx context.Context, id daybook.AccountID, secret []byte, at time.Time) (number int64, err error)
	// EndTokens takes the account's token out of use and returns the numbers
	// of all that have yet to be revoked.
	EndTokens(ctx context.Context, id daybook.AccountID, at time.Time) ([]int64, error)
	// EndedTokens returns the tokens of a case that have yet to be revoked.
	EndedTokens(ctx context.Context, c daybook.CaseID) ([]EndedToken, error)
	// DropToken destroys a token that is out of use; ErrNotFound if there is
	// no such token, or if it is in use.
	DropToken(ctx context.Context, id daybook.AccountID, number int64) error
}

// An EndedToken is a token that is no longer used and that the platform has not
// yet confirmed to be revoked.
type EndedToken struct {
	Account daybook.AccountID
	Number  int64
	Since   time.Time
}

// A Schedule plans work. Its methods are called within the transaction that
// makes the work necessary, and may be called twice for the same piece.
type Schedule interface {
	// Poll plans the reading of an account that may be read from now on.
	Poll(ctx context.Context, a daybook.Account) error
	// Revoke plans that a token is taken back at the platform. When that is
	// done, TokenRevoked is to be called.
	Revoke(ctx context.Context, a daybook.Account, token int64) error
}

// Messages knows what is derived from a log. *store.DB implements it.
type Messages interface {
	// Message returns the message that an entry shows; ErrNotFound if it
	// shows none.
	Message(ctx context.Context, c daybook.CaseID, entry uint64) (daybook.Message, error)
	// Wrote returns how many messages from a handle have reached the person.
	Wrote(ctx context.Context, c daybook.CaseID, h daybook.Handle) (int, error)
}

// Config says what Cases works with. All fields but Erasing and KeptFromPublic
// are needed.
type Config struct {
	Store    Store
	Log      Log
	Messages Messages
	Schedule Schedule
	// CatchUp brings what is derived from a case's log (messages, marks) up
	// to its end. It is also called within the transaction of a mark, so that
	// not one more message of a sender is stored once they are excluded.
	CatchUp func(ctx context.Context, c daybook.CaseID) error
	Clock   func() time.Time
	Logger  *slog.Logger
	// Erasing says how content is erased; the zero value: not at all.
	Erasing Erasing
	// KeptFromPublic are the platforms whose terms keep what their interface
	// gives from public bodies, without those that have approved it.
	KeptFromPublic []daybook.Platform
}

// Cases answers who may do what. Its methods may be called from several
// goroutines.
type Cases struct {
	store    Store
	log      Log
	messages Messages
	schedule Schedule
	catchUp  func(ctx context.Context, c daybook.CaseID) error
	clock    func() time.Time
	logger   *slog.Logger
	refusals *refusals
	erasing  Erasing

	keptFromPublic []daybook.Platform

	oneErasure sync.Mutex // held by who carries an erasure through
}

// New returns Cases on a store and a log.
func New(c Config) *Cases {
	return &Cases{
		store: c.Store, log: c.Log, messages: c.Messages, schedule: c.Schedule,
		catchUp: c.CatchUp, clock: c.Clock, logger: c.Logger, erasing: c.Erasing,
		refusals: &refusals{at: map[string]time.Time{}}, keptFromPublic: c.KeptFromPublic,
	}
}

// now is the machine's clock in UTC, to the microsecond: as a column keeps it.
func (s *Cases) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// append writes one entry and returns its number.
func (s *Cases) append(ctx context.Context, actor daybook.Actor, c daybook.CaseID, kind daybook.RecordKind, v any, at time.Time) (uint64, error) {
	r := daybook.NewRecord(kind, v)
	r.Actor, r.Logged = actor, at
	return s.log.Append(ctx, c, []daybook.Record{r})
}
