package signin

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// An owner is whom ways to sign in belong to: a user, or a session in which
// somebody who lost theirs sets up new ones that do not count yet.
type owner struct {
	id    string
	user  string
	draft bool
}

func ownerOf(user string) owner { return owner{id: user, user: user} }

// A login is a passphrase and the secret of one-time codes.
type login struct {
	Passphrase string  `json:"passphrase,omitempty"` // Argon2id hash
	TOTP       string  `json:"totp,omitempty"`       // secret in base32
	Pending    pending `json:"pending,omitzero"`
}

// pending is a secret that is shown and not confirmed yet.
type pending struct {
	Secret  string    `json:"secret"`
	Session string    `json:"session"`
	At      time.Time `json:"at"`
}

func (l login) ready() bool { return l.Passphrase != "" && l.TOTP != "" }

func loginPlace(user string) string { return "signin/login/" + user }

// login reads the passphrase and the secret of an owner; an empty login if there
// is none.
func (d *Desk) login(ctx context.Context, o owner) (l login, err error) {
	r, err := d.store.Login(ctx, o.id)
	if err != nil {
		return l, fmt.Errorf("read a login: %w", err)
	}
	return l, d.openLogin(r, o, &l)
}

func (d *Desk) openLogin(r LoginRow, o owner, l *login) error {
	if len(r.Sealed) == 0 {
		return nil
	}
	return d.open(loginPlace(o.user), r.Sealed, l)
}

// changeLogin changes the login of an owner in one transaction.
func (d *Desk) changeLogin(ctx context.Context, o owner, change func(l *login) error) error {
	return d.store.Update(ctx, func(ctx context.Context) error {
		r, err := d.store.HoldLogin(ctx, o.id, o.draft)
		if err != nil {
			return err
		}
		var l login
		if err := d.openLogin(r, o, &l); err != nil {
			return err
		}
		if err := change(&l); err != nil {
			return err
		}
		r.Ready = l.ready()
		if r.Sealed, err = d.seal(loginPlace(o.user), l); err != nil {
			return err
		}
		return d.store.PutLogin(ctx, r)
	})
}

// The usual one-time codes, which every app can make (RFC 6238 §1.2).
const (
	codeStep   = 30 // seconds
	codeDigits = 6
	skew       = 1 // steps that a phone's clock may be off
)

// codeAt returns the one-time code of a step.
func codeAt(secret string, step int64) (string, error) {
	return totp.GenerateCodeCustom(secret, time.Unix(step*codeStep, 0).UTC(),
		totp.ValidateOpts{Period: codeStep, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// takeCode reports whether a one-time code is right at this time and was not
// used yet, nor one after it; then it is used. Without a secret it does the same work and
// says no.
func (d *Desk) takeCode(ctx context.Context, o owner, secret, code string) (bool, error) {
	if secret == "" {
		secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		o.id = ""
	}
	code = digits(code)
	found, now := int64(0), d.now().Unix()/codeStep
	for step := now - skew; step <= now+skew; step++ {
		want, err := codeAt(secret, step)
		if err != nil {
			return false, fmt.Errorf("check a one-time code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	// Asked in any case, so that a wrong code is as much work as a right one.
	// Step 0 is never later than one that was used.
	used, err := d.store.UseStep(ctx, o.id, found)
	if err != nil {
		return false, fmt.Errorf("use up a one-time code: %w", err)
	}
	return used && found != 0, nil
}

// digits leaves out the space that apps show in the middle of a code. What is no
// code at all becomes "".
func digits(code string) string {
	if len(code) > 50 {
		return ""
	}
	code = strings.Join(strings.Fields(code), "")
	if len(code) != codeDigits || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}
