package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/boombuler/barcode/qr"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"daybook"
)

const (
	recoveryCodes  = 10
	maxPasskeys    = 20
	maxPasskeyName = 60 // characters
)

// Ways says how a user can sign in. What is set up to recover does not count
// until Settle: see SetUpWays.
func (d *Desk) Ways(ctx context.Context, user string) (Ways, error) {
	return d.waysOf(ctx, ownerOf(user))
}

// SetUpWays says what was set up so far in a session: what Settle looks at. In an
// open session it is what Ways says of its user. ErrNoSession, ErrLocked.
func (d *Desk) SetUpWays(ctx context.Context, token string) (Ways, error) {
	s, err := d.mayFinish(ctx, token)
	if err != nil {
		return Ways{}, err
	}
	return d.waysOf(ctx, s.owner())
}

func (d *Desk) waysOf(ctx context.Context, o owner) (w Ways, err error) {
	if o.id == "" {
		return w, nil
	}
	r, err := d.store.Login(ctx, o.id)
	if err != nil {
		return w, fmt.Errorf("ways to sign in: %w", err)
	}
	keys, err := d.store.PasskeysOf(ctx, o.id)
	if err != nil {
		return w, fmt.Errorf("ways to sign in: %w", err)
	}
	codes, err := d.store.RecoveryCodesLeft(ctx, o.id)
	if err != nil {
		return w, fmt.Errorf("ways to sign in: %w", err)
	}
	return Ways{Passphrase: r.Ready, Passkeys: len(keys), RecoveryCodes: codes}, nil
}

// mayFinish returns a session that is open or sets up.
func (d *Desk) mayFinish(ctx context.Context, token string) (session, error) {
	s, err := d.settingUp(ctx, token)
	if !errors.Is(err, ErrNoSession) {
		return s, err
	}
	return d.inside(ctx, token)
}

// mayChange returns a session in which ways to sign in may be changed: one that
// sets up, or one that is open, fresh and not held. ErrNoSession, ErrLocked,
// ErrStrong, ErrHeld; daybook.ErrInvalid as long as there is no user.
func (d *Desk) mayChange(ctx context.Context, token string) (session, error) {
	s, err := d.mayFinish(ctx, token)
	now := d.now()
	switch {
	case err != nil:
		return session{}, err
	case s.User == "":
		return session{}, fmt.Errorf("%w: who is this for? Choose a name first", daybook.ErrInvalid)
	case s.Stage == SettingUp:
		return s, nil
	case s.show().Held(now):
		return session{}, ErrHeld
	case !s.show().Fresh(now):
		return session{}, ErrStrong
	}
	return s, nil
}

// changed ends the other sessions after a way was changed in an open one.
func (d *Desk) changed(ctx context.Context, s session) error {
	if s.Stage != Open {
		return nil
	}
	return d.endOthers(ctx, s)
}

// SetPassphrase sets the passphrase; it counts together with a one-time code
// (NewTOTP). The error wraps ErrWeak and daybook.ErrInvalid if it is too easy to
// guess; otherwise those of mayChange. In an open session it ends the user's
// other sessions.
func (d *Desk) SetPassphrase(ctx context.Context, token, passphrase string) error {
	s, err := d.mayChange(ctx, token)
	if err != nil {
		return err
	}
	u, err := d.user(ctx, s.User)
	if err != nil {
		return fmt.Errorf("set a passphrase: %w", err)
	}
	if err := checkPassphrase(passphrase, u.Name); err != nil {
		return err
	}
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	hash := d.hashPassphrase(passphrase)
	leave()
	err = d.changeLogin(ctx, s.owner(), func(l *login) error {
		l.Passphrase = hash
		return nil
	})
	if err != nil {
		return fmt.Errorf("set a passphrase: %w", err)
	}
	return d.changed(ctx, s)
}

// NewTOTP makes a secret for one-time codes. It counts once ConfirmTOTP is given
// a code made with it; the old one counts until then. It returns the uri that
// authenticator apps read, the secret as people type it, and the uri as a QR
// code: rows of modules, true is dark, without the light border of four modules
// that it needs around it. Errors as SetPassphrase.
func (d *Desk) NewTOTP(ctx context.Context, token string) (uri, secret string, qr [][]bool, err error) {
	s, err := d.mayChange(ctx, token)
	if err != nil {
		return "", "", nil, err
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: neutralName, AccountName: neutralAccount, Period: codeStep, SecretSize: 20, Rand: rand.Reader,
		Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	if err == nil {
		qr, err = qrCode(key.URL())
	}
	if err != nil {
		return "", "", nil, fmt.Errorf("make one-time codes: %w", err)
	}
	err = d.changeLogin(ctx, s.owner(), func(l *login) error {
		l.Pending = pending{Secret: key.Secret(), Session: s.ID, At: d.now()}
		return nil
	})
	if err != nil {
		return "", "", nil, fmt.Errorf("make one-time codes: %w", err)
	}
	return key.URL(), key.Secret(), qr, nil
}

func qrCode(text string) ([][]bool, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	size := code.Bounds()
	out := make([][]bool, size.Dy())
	for y := range out {
		out[y] = make([]bool, size.Dx())
		for x := range out[y] {
			r, _, _, _ := code.At(size.Min.X+x, size.Min.Y+y).RGBA()
			out[y][x] = r == 0
		}
	}
	return out, nil
}

// ConfirmTOTP puts the secret that NewTOTP showed in this session into use.
// ErrRefused if the code is not made with it; ErrNoSession, ErrLocked;
// daybook.ErrInvalid if there is no such secret, or half an hour has gone by. In
// an open session it ends the user's other sessions.
func (d *Desk) ConfirmTOTP(ctx context.Context, token, code string) error {
	s, err := d.mayFinish(ctx, token)
	if err != nil {
		return err
	}
	o := s.owner()
	code = digits(code)
	now := d.now()
	used := int64(0)
	err = d.changeLogin(ctx, o, func(l *login) error {
		if l.Pending.Session != s.ID || now.Sub(l.Pending.At) >= setUpLife {
			return fmt.Errorf("%w: nothing waits to be confirmed; begin again", daybook.ErrInvalid)
		}
		for step := now.Unix()/codeStep - skew; step <= now.Unix()/codeStep+skew; step++ {
			want, err := codeAt(l.Pending.Secret, step)
			if err != nil {
				return err
			}
			if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
				used = step
			}
		}
		if used == 0 {
			return ErrRefused
		}
		l.TOTP, l.Pending = l.Pending.Secret, pending{}
		return nil
	})
	if errors.Is(err, ErrRefused) {
		return ErrRefused
	}
	if err == nil {
		// That it was used matters only for signing in with it; it may lie
		// before the last code of the old secret.
		_, err = d.store.UseStep(ctx, o.id, used)
	}
	if err != nil {
		return fmt.Errorf("confirm one-time codes: %w", err)
	}
	return d.changed(ctx, s)
}

// BeginAddPasskey begins to register a passkey. It returns the options for
// navigator.credentials.create as JSON. Errors as SetPassphrase;
// daybook.ErrInvalid also if this instance has no host name, or the user too
// many passkeys.
func (d *Desk) BeginAddPasskey(ctx context.Context, token string) (options []byte, attemptToken string, err error) {
	s, err := d.mayChange(ctx, token)
	if err != nil {
		return nil, "", err
	}
	if d.webauthn == nil {
		return nil, "", errNoPasskeys()
	}
	keys, err := d.passkeys(ctx, s.owner())
	if err != nil {
		return nil, "", err
	}
	if len(keys) >= maxPasskeys {
		return nil, "", fmt.Errorf("add a passkey: %w: there are %d; remove one that is not used", daybook.ErrInvalid, len(keys))
	}
	holder := keyHolder{s.User, keys}
	got, data, err := d.webauthn.BeginRegistration(holder,
		webauthn.WithExclusions(webauthn.Credentials(holder.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, "", fmt.Errorf("add a passkey: %w", err)
	}
	return d.ask(ctx, got, attempt{Kind: waitsForNewPasskey, User: s.User, Session: s.ID, WebAuthn: data})
}

// FinishAddPasskey registers what navigator.credentials.create returned, under a
// name that the user chose. ErrRefused if it is not right; ErrNoSession,
// ErrLocked.
func (d *Desk) FinishAddPasskey(ctx context.Context, token, attemptToken, name string, response []byte) error {
	s, err := d.mayFinish(ctx, token)
	if err != nil {
		return err
	}
	a, err := d.takeAttempt(ctx, waitsForNewPasskey, attemptToken, func(a attempt) bool { return a.Session == s.ID && a.User == s.User })
	if err != nil {
		return err
	}
	if d.webauthn == nil || a.WebAuthn == nil || len(response) > maxResponse {
		return ErrRefused
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return ErrRefused
	}
	credential, err := d.webauthn.CreateCredential(keyHolder{user: s.User}, *a.WebAuthn, parsed)
	if err != nil {
		return ErrRefused
	}
	// Who made the device is nobody's business here.
	credential.Attestation = webauthn.CredentialAttestation{}
	o := s.owner()
	p := passkey{
		PasskeyRow: PasskeyRow{ID: daybook.NewID(), Credential: sha256.Sum256(credential.ID), Owner: o.id, Draft: o.draft, Added: d.now()},
		secretKey:  secretKey{Name: passkeyName(name), Credential: *credential},
	}
	if p.Sealed, err = d.seal(p.place(o.user), p.secretKey); err != nil {
		return err
	}
	if err := d.store.PutPasskey(ctx, p.PasskeyRow); errors.Is(err, daybook.ErrInvalid) {
		return ErrRefused // it is registered already
	} else if err != nil {
		return fmt.Errorf("add a passkey: %w", err)
	}
	return nil
}

// passkeyName makes a name that can be shown.
func passkeyName(name string) string {
	name = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, name[:min(len(name), 1000)])), " ")
	if r := []rune(name); len(r) > maxPasskeyName {
		name = strings.TrimSpace(string(r[:maxPasskeyName]))
	}
	if name == "" {
		return "Passkey"
	}
	return name
}

// Passkeys lists the passkeys of a user, oldest first. Those of a recovery that
// is not settled do not count.
func (d *Desk) Passkeys(ctx context.Context, user string) ([]Passkey, error) {
	keys, err := d.passkeys(ctx, ownerOf(user))
	out := make([]Passkey, 0, len(keys))
	for _, p := range keys {
		out = append(out, Passkey{ID: p.ID, Name: p.Name, Added: p.Added, Used: p.Used})
	}
	return out, err
}

// RemovePasskey removes a passkey of the session's user, and ends their other
// sessions. Errors as SetPassphrase; daybook.ErrNotFound if there is no such
// passkey; daybook.ErrInvalid if it is the last way to sign in.
func (d *Desk) RemovePasskey(ctx context.Context, token, id string) error {
	s, err := d.mayChange(ctx, token)
	if err != nil {
		return err
	}
	o := s.owner()
	err = d.store.Update(ctx, func(ctx context.Context) error {
		// Held, so that two passkeys are not removed at once, each in the
		// belief that the other stays.
		l, err := d.store.HoldLogin(ctx, o.id, o.draft)
		if err != nil {
			return err
		}
		rows, err := d.store.PasskeysOf(ctx, o.id)
		if err != nil {
			return err
		}
		switch {
		case !slices.ContainsFunc(rows, func(r PasskeyRow) bool { return r.ID == id }):
			return daybook.ErrNotFound
		case len(rows) == 1 && !l.Ready && s.Stage == Open:
			return fmt.Errorf("%w: it is the last way to sign in; add another first", daybook.ErrInvalid)
		}
		return d.store.DropPasskey(ctx, o.id, id)
	})
	if err != nil {
		return fmt.Errorf("remove a passkey: %w", err)
	}
	return d.changed(ctx, s)
}

// NewRecoveryCodes makes ten recovery codes in the place of those that there may
// be. They are nowhere kept in the clear. Errors as SetPassphrase.
func (d *Desk) NewRecoveryCodes(ctx context.Context, token string) ([]string, error) {
	s, err := d.mayChange(ctx, token)
	if err != nil {
		return nil, err
	}
	codes, hashes := make([]string, recoveryCodes), make([]Hash, recoveryCodes)
	for i := range codes {
		codes[i] = newCode()
		if hashes[i], err = d.hashRecoveryCode(ctx, s.User, codes[i]); err != nil {
			return nil, fmt.Errorf("make recovery codes: %w", err)
		}
	}
	o := s.owner()
	if err := d.store.PutRecoveryCodes(ctx, o.id, o.draft, hashes); err != nil {
		return nil, fmt.Errorf("make recovery codes: %w", err)
	}
	return codes, nil
}
