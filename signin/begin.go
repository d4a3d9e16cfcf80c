package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"daybook"
)

// attemptLife is how long the second step may take.
const attemptLife = 5 * time.Minute

// An attempt is what stands between two steps. It is used once.
type attempt struct {
	Kind     string                `json:"kind"`
	User     string                `json:"user,omitempty"`    // who has got the first step right; "" for nobody
	Session  string                `json:"session,omitempty"` // in which it began
	Network  string                `json:"network,omitempty"` // from which it began
	Toll     toll                  `json:"toll,omitzero"`
	WebAuthn *webauthn.SessionData `json:"webauthn,omitempty"`
}

const (
	waitsForCode       = "code"
	waitsForPasskey    = "passkey"
	waitsForStepUp     = "step up"
	waitsForNewPasskey = "new passkey"
)

func attemptPlace(h Hash) string { return "signin/attempt/" + h.hex() }

func (d *Desk) putAttempt(ctx context.Context, a attempt) (token string, err error) {
	token = newToken()
	h := hashToken(token)
	sealed, err := d.seal(attemptPlace(h), a)
	if err == nil {
		err = d.store.PutAttempt(ctx, h, sealed, d.now().Add(attemptLife))
	}
	if err != nil {
		return "", fmt.Errorf("begin an attempt: %w", err)
	}
	return token, nil
}

// takeAttempt ends an attempt and returns it: ErrRefused if there is none of this
// kind, if it is too old, or if it began somewhere else.
func (d *Desk) takeAttempt(ctx context.Context, kind, token string, fits func(attempt) bool) (a attempt, err error) {
	h := hashToken(token)
	sealed, until, err := d.store.TakeAttempt(ctx, h)
	if errors.Is(err, daybook.ErrNotFound) {
		return a, ErrRefused
	}
	if err == nil {
		err = d.open(attemptPlace(h), sealed, &a)
	}
	if err != nil {
		return a, fmt.Errorf("end an attempt: %w", err)
	}
	if a.Kind != kind || !d.now().Before(until) || !fits(a) {
		return a, ErrRefused
	}
	return a, nil
}

// Begin is the first step with a passphrase. It does not say whether the name or
// the passphrase is right: it always returns an attempt, which is good for five
// minutes, for one Finish, from the same network. The only error that is about
// the caller is *WaitError. Each call counts as a wrong try until Finish
// succeeds.
func (d *Desk) Begin(ctx context.Context, door Door, name, passphrase string) (string, error) {
	u, who, err := d.named(ctx, name)
	if err != nil {
		return "", fmt.Errorf("begin to sign in: %w", err)
	}
	t, err := d.charge(ctx, door, who)
	if err != nil {
		return "", err
	}
	l, err := d.login(ctx, ownerOf(u.ID))
	if err != nil {
		return "", err
	}
	right, err := d.right(ctx, l.Passphrase, passphrase)
	if err != nil {
		return "", err
	}
	a := attempt{Kind: waitsForCode, Network: network(door), Toll: t}
	if right && l.ready() {
		a.User = u.ID
	}
	return d.putAttempt(ctx, a)
}

// Finish is the second step: a one-time code. It returns the token of a new
// session, and the token that the browser is known by from now on.
// ErrRefused says that the name, the passphrase or the code was wrong, that the
// code was used before, or that the attempt is over; both steps are to be done
// again.
func (d *Desk) Finish(ctx context.Context, door Door, attemptToken, code string) (token, device string, s Session, err error) {
	a, err := d.takeAttempt(ctx, waitsForCode, attemptToken, func(a attempt) bool { return a.Network == network(door) })
	if err != nil {
		return "", "", s, err
	}
	l, err := d.login(ctx, ownerOf(a.User))
	if err != nil {
		return "", "", s, err
	}
	right, err := d.takeCode(ctx, ownerOf(a.User), l.TOTP, code)
	if err != nil {
		return "", "", s, err
	}
	// A passphrase that was taken away meanwhile no longer counts.
	if !right || !l.ready() {
		return "", "", s, ErrRefused
	}
	return d.letIn(ctx, door, a.User, a.Toll)
}

// letIn opens a session for somebody who has shown who they are.
func (d *Desk) letIn(ctx context.Context, door Door, user string, t toll) (token, device string, s Session, err error) {
	if _, err := d.user(ctx, user); err != nil {
		if errors.Is(err, daybook.ErrNotFound) {
			err = ErrRefused
		}
		return "", "", s, err
	}
	if err := d.refund(ctx, t); err != nil {
		return "", "", s, fmt.Errorf("sign in: %w", err)
	}
	if device, err = d.deviceToken(ctx, door); err != nil {
		return "", "", s, err
	}
	old, err := d.store.SessionsOf(ctx, user)
	if err != nil {
		return "", "", s, fmt.Errorf("sign in: %w", err)
	}
	now := d.now()
	in := session{
		SessionRow: SessionRow{ID: daybook.NewID(), User: user, Device: hashToken(device), Stage: Open, Seen: now, Ends: now.Add(SessionLife)},
		facts:      facts{Words: deviceWords(door.Agent), Created: now, Strong: now},
	}
	err = d.store.Update(ctx, func(ctx context.Context) (err error) {
		if in.HeldTill, err = d.meet(ctx, in.Device, user, false); err != nil {
			return err
		}
		for _, o := range old {
			if o.Device == in.Device { // one browser has one session
				if err := d.store.EndSession(ctx, o.ID); err != nil {
					return err
				}
			}
		}
		if token, err = d.renew(&in); err != nil {
			return err
		}
		return d.store.AddSession(ctx, in.SessionRow)
	})
	if err != nil {
		return "", "", s, fmt.Errorf("sign in: %w", err)
	}
	return token, device, in.show(), nil
}
