package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"golang.org/x/crypto/argon2"

	"daybook"
	"daybook/cases"
)

// A Desk lets people in. Its methods may be called from several goroutines.
// Every time comes from Config.Clock.
//
// A token is what lies in a cookie: 256 random bits in base64url. The store has
// its SHA-256 alone. Users that have left are refused like names that nobody
// has, and their sessions end.
type Desk struct {
	store    Store
	people   People
	sealer   Sealer
	clock    func() time.Time
	logger   *slog.Logger
	cost     Cost
	idle     time.Duration
	webauthn *webauthn.WebAuthn // nil: no passkeys here

	argon func(passphrase, salt []byte, time, memory uint32, threads uint8, size uint32) []byte
	dummy string        // what a passphrase is checked against when there is none
	gate  chan struct{} // holds back passphrase checks: each takes the memory of its cost

	mu     sync.Mutex
	secret []byte // key of the keyed hashes; nil until it is read
}

// checksAtOnce is how many passphrases are checked at the same time.
const checksAtOnce = 4

// New returns a Desk. The error wraps daybook.ErrInvalid if the host is an
// address. Without a host there are no passkeys.
func New(c Config) (*Desk, error) {
	d := &Desk{
		store: c.Store, people: c.People, sealer: c.Sealer, clock: c.Clock, logger: c.Logger,
		cost: c.Cost, idle: c.Idle, argon: argon2.IDKey, gate: make(chan struct{}, checksAtOnce),
	}
	if d.cost == (Cost{}) {
		d.cost = DefaultCost()
	}
	if d.idle == 0 {
		d.idle = IdleLock
	}
	d.dummy = d.hashPassphrase(newToken())
	if c.Host == "" {
		return d, nil
	}
	if _, err := netip.ParseAddr(strings.Trim(c.Host, "[]")); err == nil {
		return nil, fmt.Errorf("%w: passkeys need a host name, not an address", daybook.ErrInvalid)
	}
	resident := true
	var err error
	d.webauthn, err = webauthn.New(&webauthn.Config{
		RPID: c.Host, RPDisplayName: neutralName, RPOrigins: c.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &resident, ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%w: passkeys: %w", daybook.ErrInvalid, err)
	}
	return d, nil
}

// What a phone or a password manager shows.
const (
	neutralName    = "Daybook"
	neutralAccount = "notes"
)

// now is the clock in UTC, to the microsecond: as a column keeps it.
func (d *Desk) now() time.Time { return d.clock().UTC().Truncate(time.Microsecond) }

// Clean removes what is over. It may be called at any time.
func (d *Desk) Clean(ctx context.Context) error {
	now := d.now()
	if err := d.store.CleanSignin(ctx, now, now.Add(-triesLife), now.Add(-DeviceLife), now.Add(-CodeLife)); err != nil {
		return fmt.Errorf("clean up after sign-ins: %w", err)
	}
	return nil
}

func newToken() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashToken(token string) Hash { return sha256.Sum256([]byte(token)) }

// mac returns a keyed hash of what could be guessed: codes, names, addresses. It
// is not called within a transaction, which could take back the key.
func (d *Desk) mac(ctx context.Context, label, data string) (out Hash, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.secret == nil {
		if d.secret, err = d.readSecret(ctx); err != nil {
			return out, fmt.Errorf("read the key of sign-ins: %w", err)
		}
	}
	h := hmac.New(sha256.New, d.secret)
	fmt.Fprintf(h, "%s\x00%s", label, data)
	h.Sum(out[:0])
	return out, nil
}

func (d *Desk) readSecret(ctx context.Context) ([]byte, error) {
	const name, place = "signin-key", "signin/key"
	sealed, err := d.store.InstanceValue(ctx, name)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		secret := make([]byte, 32)
		rand.Read(secret)
		// ErrInvalid says that another process was first: its key counts.
		if err := d.store.SetInstanceValue(ctx, name, d.sealer.Seal(place, secret)); err != nil && !errors.Is(err, daybook.ErrInvalid) {
			return nil, err
		}
		if sealed, err = d.store.InstanceValue(ctx, name); err != nil {
			return nil, err
		}
	}
	return d.sealer.Open(place, sealed)
}

// seal seals a value as JSON for a place.
func (d *Desk) seal(place string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", kindOfPlace(place), err)
	}
	return d.sealer.Seal(place, plain), nil
}

func (d *Desk) open(place string, sealed []byte, v any) error {
	plain, err := d.sealer.Open(place, sealed)
	if err == nil {
		err = json.Unmarshal(plain, v)
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", kindOfPlace(place), err)
	}
	return nil
}

// kindOfPlace leaves out what a place belongs to: errors are logged.
func kindOfPlace(place string) string {
	parts := strings.SplitN(place, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

func (h Hash) hex() string { return hex.EncodeToString(h[:]) }

// user returns a user who may sign in: daybook.ErrNotFound if there is none, or
// if they have left.
func (d *Desk) user(ctx context.Context, idOrName string) (cases.User, error) {
	if idOrName == "" {
		return cases.User{}, daybook.ErrNotFound
	}
	u, err := d.people.FindUser(ctx, idOrName)
	if err == nil && !u.Left.IsZero() {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return cases.User{}, fmt.Errorf("user: %w", err)
	}
	return u, nil
}

// named returns the user whom somebody says they are, and what their tries are
// counted by. A name that nobody has gives the zero user; from there on it is
// treated as any other.
func (d *Desk) named(ctx context.Context, name string) (u cases.User, who string, err error) {
	u, err = d.user(ctx, name)
	switch {
	case errors.Is(err, daybook.ErrNotFound):
		return cases.User{}, "name " + strings.ToLower(strings.Join(strings.Fields(name), " ")), nil
	case err != nil:
		return cases.User{}, "", err
	}
	return u, "user " + u.ID, nil
}
