// Package daybook is the vocabulary that every other package shares: cases,
// accounts, consent, handles, captures, readings, messages and the records of
// the log. It holds types and small pure functions; it does no I/O and imports
// no other package of this module.
//
// Times are UTC. Sizes are bytes. Weights are millibits: thousandths of log2 of
// a likelihood ratio, integers, so that sums are the same on every machine.
package daybook

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Errors that cross package borders. Packages wrap them with fmt.Errorf and %w;
// callers test them with errors.Is.
var (
	ErrNotFound     = errors.New("not found")
	ErrForbidden    = errors.New("not allowed")
	ErrConsentEnded = errors.New("consent has ended")
	ErrInvalid      = errors.New("invalid") // the caller's input; the text says what to do next
)

type (
	// CaseID names a case: 26 characters of base32, random, without meaning.
	CaseID string
	// AccountID names a connected account: same form as CaseID.
	AccountID string
	// Platform is a driver's name: "mastodon", "x", "bluesky", "mail", "diary".
	Platform string
	// Lane is one of the places of a platform where a message can be found:
	// "notifications", "conversations", …. The driver names them.
	Lane string
)

// NewID returns a random identifier of 130 bits in lower-case base32. It says
// nothing about when or for whom it was made.
func NewID() string {
	var b [17]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))[:26]
}

// A Digest is a SHA-256 digest.
type Digest [sha256.Size]byte

// DigestOf returns the SHA-256 digest of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

func (d Digest) String() string               { return hex.EncodeToString(d[:]) }
func (d Digest) IsZero() bool                 { return d == Digest{} }
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 64 hexadecimal digits, or nothing for the zero digest.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Digest{}
		return nil
	}
	if hex.DecodedLen(len(b)) != len(d) {
		return fmt.Errorf("%w: a digest has 64 hexadecimal digits", ErrInvalid)
	}
	_, err := hex.Decode(d[:], b)
	return err
}

// An Actor is who did something: a person at the command line, a user of the
// app, or a part of the program. It stands on every record.
type Actor struct {
	ID   string `json:"id"`           // user id, "local", or the part's name
	Role string `json:"role"`         // "owner", "operator", "collector", …
	Via  string `json:"via,omitzero"` // "command line (OS user mara)", "web", "collector mastodon/1"
}

// LogValue keeps names out of logs: only the role is written.
func (a Actor) LogValue() slog.Value { return slog.StringValue(a.Role) }
