package signin

import (
	"context"
	"time"
)

// A Hash is what a row is found by instead of a secret: SHA-256 of a token, or a
// keyed hash of a code, a name or an address.
type Hash [32]byte

// A Store keeps the rows of this package. *store.DB implements it. What is in a
// field Sealed was sealed before; all else is random, a time or a count.
// A method that looks for one row returns daybook.ErrNotFound if there is none.
type Store interface {
	// Update runs fn in one transaction; calls made with fn's context are
	// part of it.
	Update(ctx context.Context, fn func(ctx context.Context) error) error
	Values
	SessionRows
	SessionMoves
	DeviceRows
	LoginRows
	WayRows
	RecoveryCodeRows
	PasskeyRows
	CodeRows
	AttemptRows
	TryRows
	RecoveryRows
}

// Values keeps single values of the instance. *store.DB has them for package
// archive too.
type Values interface {
	InstanceValue(ctx context.Context, name string) ([]byte, error) // nil if it was never set
	// SetInstanceValue sets a value once: daybook.ErrInvalid if it has another.
	SetInstanceValue(ctx context.Context, name string, value []byte) error
}

// A SessionRow is a session as it is kept.
type SessionRow struct {
	Token  Hash
	ID     string
	User   string // "" until somebody is named during the first run
	Device Hash
	Stage  Stage
	Code   Hash // the set-up code that let it in; zero for other ways
	Seen   time.Time
	Ends   time.Time
	Sealed []byte // the rest
}

// SessionRows keeps sessions.
type SessionRows interface {
	AddSession(ctx context.Context, r SessionRow) error
	Session(ctx context.Context, token Hash) (SessionRow, error)
	SessionsOf(ctx context.Context, user string) ([]SessionRow, error) // in no order
	// EndSession removes a session, and what was set up in it and not settled.
	// It is no error if there is none.
	EndSession(ctx context.Context, id string) error
}

// SessionMoves changes sessions.
type SessionMoves interface {
	// MoveSession replaces the row with this ID if its stage is still was. It
	// reports whether it did.
	MoveSession(ctx context.Context, r SessionRow, was Stage) (bool, error)
	// TouchSession notes that an open session was seen. One that is not open
	// stays as it is.
	TouchSession(ctx context.Context, id string, seen time.Time) error
}

// A DeviceRow says that a user signed in with a device.
type DeviceRow struct {
	Device   Hash
	User     string
	HeldTill time.Time // zero: never held
	Seen     time.Time // at the last sign-in; zero: forgotten
}

// DeviceRows keeps devices.
type DeviceRows interface {
	// HoldDevice returns the row of a device and a user, which it makes, as
	// one that was forgotten, if there is none, and holds it until the
	// transaction ends. It is called within an Update.
	HoldDevice(ctx context.Context, device Hash, user string) (DeviceRow, error)
	PutDevice(ctx context.Context, r DeviceRow) error                    // replaces one that is there
	DevicesOf(ctx context.Context, user string) ([]DeviceRow, error)     // in no order
	UsersOfDevice(ctx context.Context, device Hash) ([]DeviceRow, error) // in no order
}

// A LoginRow is the passphrase and the one-time codes of a user. Owner is the
// user's identifier, or the identifier of the session in which new ways are set
// up that do not count yet.
type LoginRow struct {
	Owner  string
	Draft  bool   // Owner is a session
	Ready  bool   // it suffices to sign in
	Step   int64  // of the last one-time code that was used; half minutes since 1970
	Sealed []byte // nil if nothing was set
}

// LoginRows keeps passphrases and secrets of one-time codes.
type LoginRows interface {
	// Login returns the row of an owner; an empty one if there is none.
	Login(ctx context.Context, owner string) (LoginRow, error)
	// HoldLogin returns the row of an owner, which it makes if there is none,
	// and holds it until the transaction ends. It is called within an Update.
	HoldLogin(ctx context.Context, owner string, draft bool) (LoginRow, error)
	PutLogin(ctx context.Context, r LoginRow) error // replaces one that is there, all but Step
	// UseStep takes a step if it is later than all that were used, and
	// reports whether it is.
	UseStep(ctx context.Context, owner string, step int64) (bool, error)
}

// WayRows is about all the ways to sign in of an owner together.
type WayRows interface {
	// ReplaceWays removes all ways of a user and gives them those of a draft.
	ReplaceWays(ctx context.Context, draft, user string) error
	// ReadyUsers returns who has a passphrase with one-time codes, or a
	// passkey. Drafts do not count.
	ReadyUsers(ctx context.Context) ([]string, error)
}

// RecoveryCodeRows keeps recovery codes.
type RecoveryCodeRows interface {
	// PutRecoveryCodes keeps codes in the place of those that are there.
	PutRecoveryCodes(ctx context.Context, owner string, draft bool, codes []Hash) error
	// DropRecoveryCode removes one, and reports whether it was there.
	DropRecoveryCode(ctx context.Context, owner string, code Hash) (bool, error)
	RecoveryCodesLeft(ctx context.Context, owner string) (int, error)
}

// A PasskeyRow is a passkey as it is kept.
type PasskeyRow struct {
	ID         string
	Credential Hash // of the credential's identifier
	Owner      string
	Draft      bool // Owner is a session
	Added      time.Time
	Used       time.Time
	Sealed     []byte
}

// PasskeyRows keeps passkeys.
type PasskeyRows interface {
	// PutPasskey adds a passkey, or replaces the one with this ID. The error
	// wraps daybook.ErrInvalid if the credential is there under another ID.
	PutPasskey(ctx context.Context, r PasskeyRow) error
	// HoldPasskey returns a passkey and holds its row until the transaction
	// ends. It is called within an Update.
	HoldPasskey(ctx context.Context, credential Hash) (PasskeyRow, error)
	PasskeysOf(ctx context.Context, owner string) ([]PasskeyRow, error) // oldest first
	DropPasskey(ctx context.Context, owner, id string) error
}

// A CodeRow is a set-up code as it is kept.
type CodeRow struct {
	Code   Hash
	User   string
	Until  time.Time
	Sealed []byte
}

// CodeRows keeps set-up codes, at most one for each user.
type CodeRows interface {
	PutCode(ctx context.Context, r CodeRow) error // in the place of the user's last one
	Code(ctx context.Context, code Hash) (CodeRow, error)
	// DropCode removes a code, and reports whether it was there.
	DropCode(ctx context.Context, code Hash) (bool, error)
	DropCodesOf(ctx context.Context, user string) error
}

// AttemptRows keeps what a sign-in waits for.
type AttemptRows interface {
	PutAttempt(ctx context.Context, attempt Hash, sealed []byte, until time.Time) error
	// TakeAttempt removes an attempt and returns what was kept of it.
	TakeAttempt(ctx context.Context, attempt Hash) (sealed []byte, until time.Time, err error)
}

// A TryRow counts the tries of somebody.
type TryRow struct {
	Key   Hash
	Count int64
	Last  time.Time // the last one
	Until time.Time // none before that
}

// TryRows keeps counts of tries.
type TryRows interface {
	// HoldTries returns a count, which it makes if there is none, and holds
	// its row until the transaction ends. It is called within an Update.
	HoldTries(ctx context.Context, key Hash) (TryRow, error)
	PutTries(ctx context.Context, r TryRow) error // replaces one that is there
	// CleanSignin removes what is over: sessions, codes and attempts that
	// ended before now, counts of tries whose last was before tries, devices
	// not seen since devices (the last of a user stays, so that a user who
	// had one is known to have had one), and recoveries that were ready
	// before recoveries.
	CleanSignin(ctx context.Context, now, tries, devices, recoveries time.Time) error
}

// A RecoveryRow is a recovery that waits, as it is kept.
type RecoveryRow struct {
	ID     string
	User   string
	Ready  time.Time
	Sealed []byte
}

// RecoveryRows keeps recoveries that wait.
type RecoveryRows interface {
	PutRecovery(ctx context.Context, r RecoveryRow) error
	Recovery(ctx context.Context, id string) (RecoveryRow, error)
	RecoveriesOf(ctx context.Context, user string) ([]RecoveryRow, error) // the first to be ready first
	// DropRecovery removes one, and reports whether it was there.
	DropRecovery(ctx context.Context, id string) (bool, error)
}
