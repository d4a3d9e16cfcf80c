package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"daybook"
)

// alphabet is Crockford's base32: no letter that looks or sounds like another.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	codeLength = 16 // characters of 5 bits
	codeGroup  = 4
)

// newCode returns 80 random bits as people read them out: "k3f9-…".
func newCode() string {
	var random [codeLength]byte
	rand.Read(random[:])
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%codeGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[r%32])
	}
	return b.String()
}

// readCode returns the 16 characters of a code that somebody typed, whatever
// stands between them; "" if it is none. Letters that are not in a code stand for
// the digit that they look like.
func readCode(typed string) string {
	if len(typed) > 200 {
		return ""
	}
	var b strings.Builder
	for _, r := range typed {
		switch r = unicode.ToLower(r); {
		case r == 'o':
			r = '0'
		case r == 'i' || r == 'l':
			r = '1'
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u00ad' || r == '\u2212':
			continue
		}
		if !strings.ContainsRune(alphabet, r) {
			return ""
		}
		b.WriteRune(r)
	}
	if b.Len() != codeLength {
		return ""
	}
	return b.String()
}

func (d *Desk) hashCode(ctx context.Context, code string) (Hash, error) {
	return d.mac(ctx, "code", readCode(code))
}

// hashRecoveryCode binds a recovery code to whom it was given.
func (d *Desk) hashRecoveryCode(ctx context.Context, user, code string) (Hash, error) {
	return d.mac(ctx, "recovery code of "+user, readCode(code))
}

func (r CodeRow) place() string { return "signin/code/" + r.Code.hex() }

// NewCode makes a set-up code for a user, in the place of one that they may have.
// With FirstUp the user is "". It returns the code, which is nowhere kept in the
// clear, and until when it is good. Errors: daybook.ErrNotFound if there is no
// such user, or they have left; daybook.ErrInvalid if the user of a SetUp can
// sign in already.
func (d *Desk) NewCode(ctx context.Context, purpose Purpose, user string, by daybook.Actor) (code string, until time.Time, err error) {
	switch {
	case purpose != SetUp && purpose != FirstUp && purpose != Recover:
		return "", until, fmt.Errorf("make a code: %w: there is no purpose %q", daybook.ErrInvalid, purpose)
	case (purpose == FirstUp) != (user == ""):
		return "", until, fmt.Errorf("make a code: %w: a code for the first run names no user, and any other does", daybook.ErrInvalid)
	}
	if user != "" {
		u, err := d.user(ctx, user)
		if err != nil {
			return "", until, fmt.Errorf("make a code: %w", err)
		}
		user = u.ID
	}
	if purpose == SetUp {
		w, err := d.Ways(ctx, user)
		if err != nil {
			return "", until, err
		}
		if w.Ready() {
			return "", until, fmt.Errorf("make a code: %w: this user can sign in; to replace what they sign in with, make a code to recover", daybook.ErrInvalid)
		}
	}
	code = newCode()
	r := CodeRow{User: user, Until: d.now().Add(CodeLife)}
	if r.Code, err = d.hashCode(ctx, code); err == nil {
		r.Sealed, err = d.seal(r.place(), Code{Purpose: purpose, User: user, By: by, Until: r.Until})
	}
	if err == nil {
		err = d.store.PutCode(ctx, r)
	}
	if err != nil {
		return "", until, fmt.Errorf("make a code: %w", err)
	}
	return code, r.Until, nil
}

// code returns what a set-up code stands for: daybook.ErrNotFound if it is not
// good for anything.
func (d *Desk) code(ctx context.Context, h Hash) (c Code, err error) {
	r, err := d.store.Code(ctx, h)
	if err == nil {
		err = d.open(r.place(), r.Sealed, &c)
	}
	if err != nil {
		return c, err
	}
	if !d.now().Before(r.Until) || r.User != c.User {
		return Code{}, daybook.ErrNotFound
	}
	if c.User == "" {
		return c, nil
	}
	_, err = d.user(ctx, c.User)
	return c, err
}

// UseCode lets in whoever has a set-up code, to set up a way to sign in and for
// nothing else: a session in the stage SettingUp, for half an hour. The code
// stays good until Settle. ErrRefused if it is not right, is over, or is for
// first credentials of a user who has some by now; *WaitError.
func (d *Desk) UseCode(ctx context.Context, door Door, code string) (token, device string, c Code, err error) {
	t, err := d.charge(ctx, door, "")
	if err != nil {
		return "", "", c, err
	}
	h, err := d.hashCode(ctx, code)
	if err != nil {
		return "", "", c, fmt.Errorf("use a code: %w", err)
	}
	c, err = d.code(ctx, h)
	if errors.Is(err, daybook.ErrNotFound) {
		return "", "", Code{}, ErrRefused
	}
	if err != nil {
		return "", "", Code{}, fmt.Errorf("use a code: %w", err)
	}
	if c.Purpose != Recover && c.User != "" {
		w, err := d.Ways(ctx, c.User)
		if err != nil {
			return "", "", Code{}, err
		}
		if w.Ready() {
			return "", "", Code{}, ErrRefused
		}
	}
	token, device, err = d.letSetUp(ctx, door, c, h, t)
	return token, device, c, err
}

// UseRecoveryCode lets in a user who has one of their recovery codes, as UseCode
// does with the purpose Recover. The code is used up. ErrRefused if the name or
// the code is not right; *WaitError.
func (d *Desk) UseRecoveryCode(ctx context.Context, door Door, name, code string) (token, device string, err error) {
	u, who, err := d.named(ctx, name)
	if err != nil {
		return "", "", fmt.Errorf("use a recovery code: %w", err)
	}
	t, err := d.charge(ctx, door, who)
	if err != nil {
		return "", "", err
	}
	h, err := d.hashRecoveryCode(ctx, u.ID, code)
	if err != nil {
		return "", "", fmt.Errorf("use a recovery code: %w", err)
	}
	found, err := d.store.DropRecoveryCode(ctx, u.ID, h)
	if err != nil {
		return "", "", fmt.Errorf("use a recovery code: %w", err)
	}
	if !found {
		return "", "", ErrRefused
	}
	own := daybook.Actor{ID: u.ID, Role: "user", Via: "recovery code"}
	return d.letSetUp(ctx, door, Code{Purpose: Recover, User: u.ID, By: own, Until: d.now().Add(setUpLife)}, Hash{}, t)
}

// setUpLife is how long somebody may take to set up a way to sign in.
const setUpLife = 30 * time.Minute

func (d *Desk) letSetUp(ctx context.Context, door Door, c Code, h Hash, t toll) (token, device string, err error) {
	if err := d.refund(ctx, t); err != nil {
		return "", "", fmt.Errorf("use a code: %w", err)
	}
	if device, err = d.deviceToken(ctx, door); err != nil {
		return "", "", err
	}
	now := d.now()
	s := session{
		SessionRow: SessionRow{
			ID: daybook.NewID(), User: c.User, Device: hashToken(device), Stage: SettingUp, Code: h,
			Seen: now, Ends: now.Add(setUpLife),
		},
		facts: facts{Words: deviceWords(door.Agent), Created: now, Invite: &c},
	}
	if token, err = d.renew(&s); err != nil {
		return "", "", err
	}
	if err := d.store.AddSession(ctx, s.SessionRow); err != nil {
		return "", "", fmt.Errorf("use a code: %w", err)
	}
	return token, device, nil
}
