package signin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"daybook"
)

// maxResponse is more than any browser sends.
const maxResponse = 64 << 10 // bytes

// A passkey is a row with what is sealed in it.
type passkey struct {
	PasskeyRow
	secretKey
}

type secretKey struct {
	Name       string              `json:"name"`
	Credential webauthn.Credential `json:"credential"`
}

func (r PasskeyRow) place(user string) string { return "signin/passkey/" + r.ID + "/" + user }

func errNoPasskeys() error {
	return fmt.Errorf("%w: passkeys are not set up here; use a passphrase", daybook.ErrInvalid)
}

// keyHolder is a user as the passkey library wants one. The handle is the user's
// random identifier; the name is the same for all, because it is shown by
// whatever device holds the passkey.
type keyHolder struct {
	user string
	keys []passkey
}

func (k keyHolder) WebAuthnID() []byte          { return []byte(k.user) }
func (k keyHolder) WebAuthnName() string        { return neutralAccount }
func (k keyHolder) WebAuthnDisplayName() string { return neutralAccount }

func (k keyHolder) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, 0, len(k.keys))
	for _, p := range k.keys {
		out = append(out, p.secretKey.Credential)
	}
	return out
}

// passkeys returns the passkeys of an owner, oldest first.
func (d *Desk) passkeys(ctx context.Context, o owner) ([]passkey, error) {
	rows, err := d.store.PasskeysOf(ctx, o.id)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	out := make([]passkey, 0, len(rows))
	for _, r := range rows {
		p := passkey{PasskeyRow: r}
		if err := d.open(r.place(o.user), r.Sealed, &p.secretKey); err != nil {
			return nil, fmt.Errorf("list passkeys: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// ask keeps an attempt and returns what the browser is asked for.
func (d *Desk) ask(ctx context.Context, options any, a attempt) ([]byte, string, error) {
	b, err := json.Marshal(options)
	if err != nil {
		return nil, "", fmt.Errorf("ask for a passkey: %w", err)
	}
	token, err := d.putAttempt(ctx, a)
	return b, token, err
}

// BeginPasskey begins to sign in with a passkey. It asks for no name. It returns
// the options for navigator.credentials.get as JSON. daybook.ErrInvalid if there
// are no passkeys on this instance, because it has no host name.
func (d *Desk) BeginPasskey(ctx context.Context, door Door) (options []byte, attemptToken string, err error) {
	if d.webauthn == nil {
		return nil, "", errNoPasskeys()
	}
	got, data, err := d.webauthn.BeginDiscoverableLogin()
	if err != nil {
		return nil, "", fmt.Errorf("ask for a passkey: %w", err)
	}
	return d.ask(ctx, got, attempt{Kind: waitsForPasskey, Network: network(door), WebAuthn: data})
}

// FinishPasskey signs in with what navigator.credentials.get returned. Its
// results are those of Finish. ErrRefused if it is not right, if the user was
// not verified by the device, or if the passkey seems to have been copied.
func (d *Desk) FinishPasskey(ctx context.Context, door Door, attemptToken string, response []byte) (token, device string, s Session, err error) {
	t, err := d.charge(ctx, door, "")
	if err != nil {
		return "", "", s, err
	}
	a, err := d.takeAttempt(ctx, waitsForPasskey, attemptToken, func(a attempt) bool { return a.Network == network(door) })
	if err != nil {
		return "", "", s, err
	}
	user, err := d.verify(ctx, a, response)
	if err != nil {
		return "", "", s, err
	}
	return d.letIn(ctx, door, user, t)
}

// verify checks the answer of a passkey and notes that it was used. It returns
// whose it is; ErrRefused for whatever is wrong.
func (d *Desk) verify(ctx context.Context, a attempt, response []byte) (user string, err error) {
	if d.webauthn == nil || a.WebAuthn == nil || len(response) > maxResponse {
		return "", ErrRefused
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return "", ErrRefused
	}
	copied := false
	err = d.store.Update(ctx, func(ctx context.Context) error {
		r, err := d.store.HoldPasskey(ctx, sha256.Sum256(parsed.RawID))
		if errors.Is(err, daybook.ErrNotFound) || err == nil && (r.Draft || a.User != "" && r.Owner != a.User) {
			return ErrRefused
		}
		if err != nil {
			return err
		}
		p := passkey{PasskeyRow: r}
		if err := d.open(r.place(r.Owner), r.Sealed, &p.secretKey); err != nil {
			return err
		}
		holder := keyHolder{r.Owner, []passkey{p}}
		credential, err := d.validate(holder, a, parsed)
		if err != nil {
			return ErrRefused
		}
		if copied = credential.Authenticator.CloneWarning; copied {
			return ErrRefused
		}
		user, p.secretKey.Credential, p.Used = r.Owner, *credential, d.now()
		if p.Sealed, err = d.seal(r.place(r.Owner), p.secretKey); err != nil {
			return err
		}
		return d.store.PutPasskey(ctx, p.PasskeyRow)
	})
	if copied {
		d.logger.WarnContext(ctx, "a passkey was refused: its counter went back, so there may be a copy of it")
	}
	switch {
	case errors.Is(err, ErrRefused):
		return "", ErrRefused
	case err != nil:
		return "", fmt.Errorf("check a passkey: %w", err)
	}
	return user, nil
}

func (d *Desk) validate(holder keyHolder, a attempt, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	if a.User == "" {
		return d.webauthn.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
			if !bytes.Equal(handle, holder.WebAuthnID()) {
				return nil, ErrRefused
			}
			return holder, nil
		}, *a.WebAuthn, parsed)
	}
	// The library wants all keys that it asked for to be the user's still; that
	// the one which answered is, the caller has seen.
	data := *a.WebAuthn
	data.AllowedCredentialIDs = nil
	return d.webauthn.ValidateLogin(holder, data, parsed)
}
