package signin

import (
	"context"
	"errors"
	"fmt"

	"daybook"
)

// Unlock opens a locked session with the passphrase alone, if it is the session
// of the user with this name, in the browser that it began in. ErrRefused
// otherwise, also if there is no such session; the answer does not say why. A
// try in which there was a session counts as one of Begin. The session is no
// fresher than before.
func (d *Desk) Unlock(ctx context.Context, token string, door Door, name, passphrase string) (Session, error) {
	s, err := d.find(ctx, token)
	if errors.Is(err, ErrNoSession) || err == nil && (s.Stage == SettingUp || s.Device != hashToken(door.Device)) {
		return Session{}, ErrRefused
	}
	if err != nil {
		return Session{}, err
	}
	u, who, err := d.named(ctx, name)
	if err != nil {
		return Session{}, fmt.Errorf("unlock: %w", err)
	}
	t, err := d.charge(ctx, door, who)
	if err != nil {
		return Session{}, err
	}
	l, err := d.login(ctx, ownerOf(u.ID))
	if err != nil {
		return Session{}, err
	}
	right, err := d.right(ctx, l.Passphrase, passphrase)
	if err != nil {
		return Session{}, err
	}
	if !right || u.ID != s.User {
		return Session{}, ErrRefused
	}
	was := s.Stage
	s.Stage, s.Seen = Open, d.now()
	moved, err := d.store.MoveSession(ctx, s.SessionRow, was)
	switch {
	case err != nil:
		return Session{}, fmt.Errorf("unlock: %w", err)
	case !moved: // ended meanwhile
		return Session{}, ErrRefused
	}
	if err := d.refund(ctx, t); err != nil {
		return Session{}, fmt.Errorf("unlock: %w", err)
	}
	return s.show(), nil
}

// StepUp makes an open session fresh with the passphrase and a one-time code.
// ErrRefused if one of them is wrong, *WaitError, ErrNoSession, ErrLocked.
func (d *Desk) StepUp(ctx context.Context, token string, door Door, passphrase, code string) error {
	s, err := d.inside(ctx, token)
	if err != nil {
		return err
	}
	t, err := d.charge(ctx, door, "user "+s.User)
	if err != nil {
		return err
	}
	l, err := d.login(ctx, ownerOf(s.User))
	if err != nil {
		return err
	}
	right, err := d.right(ctx, l.Passphrase, passphrase)
	if err != nil {
		return err
	}
	if !right { // the code stays good, and is compared with one that nobody has
		l.TOTP = ""
	}
	if right, err = d.takeCode(ctx, ownerOf(s.User), l.TOTP, code); err != nil {
		return err
	}
	if !right {
		return ErrRefused
	}
	if err := d.refund(ctx, t); err != nil {
		return fmt.Errorf("sign in again: %w", err)
	}
	return d.strengthen(ctx, s)
}

// strengthen notes that the user of an open session has shown who they are.
func (d *Desk) strengthen(ctx context.Context, s session) error {
	now := d.now()
	s.Strong, s.Seen = now, now
	if err := d.sealSession(&s); err != nil {
		return err
	}
	moved, err := d.store.MoveSession(ctx, s.SessionRow, Open)
	switch {
	case err != nil:
		return fmt.Errorf("sign in again: %w", err)
	case !moved: // locked or ended meanwhile
		return ErrLocked
	}
	return nil
}

// BeginStepUp begins to make an open session fresh with a passkey. It returns
// the options for navigator.credentials.get as JSON. daybook.ErrInvalid if the
// user has no passkey.
func (d *Desk) BeginStepUp(ctx context.Context, token string) (options []byte, attemptToken string, err error) {
	s, err := d.inside(ctx, token)
	if err != nil {
		return nil, "", err
	}
	if d.webauthn == nil {
		return nil, "", errNoPasskeys()
	}
	keys, err := d.passkeys(ctx, ownerOf(s.User))
	if err != nil {
		return nil, "", err
	}
	if len(keys) == 0 {
		return nil, "", fmt.Errorf("%w: there is no passkey; use the passphrase", daybook.ErrInvalid)
	}
	got, data, err := d.webauthn.BeginLogin(keyHolder{s.User, keys})
	if err != nil {
		return nil, "", fmt.Errorf("ask for a passkey: %w", err)
	}
	return d.ask(ctx, got, attempt{Kind: waitsForStepUp, User: s.User, Session: s.ID, WebAuthn: data})
}

// FinishStepUp makes the session fresh with what navigator.credentials.get
// returned. ErrRefused if it is not right.
func (d *Desk) FinishStepUp(ctx context.Context, token string, door Door, attemptToken string, response []byte) error {
	s, err := d.inside(ctx, token)
	if err != nil {
		return err
	}
	t, err := d.charge(ctx, door, "user "+s.User)
	if err != nil {
		return err
	}
	a, err := d.takeAttempt(ctx, waitsForStepUp, attemptToken, func(a attempt) bool { return a.Session == s.ID && a.User == s.User })
	if err != nil {
		return err
	}
	if _, err := d.verify(ctx, a, response); err != nil {
		return err
	}
	if err := d.refund(ctx, t); err != nil {
		return fmt.Errorf("sign in again: %w", err)
	}
	return d.strengthen(ctx, s)
}
