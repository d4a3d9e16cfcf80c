package signin

import (
	"context"
	"errors"
	"fmt"

	"daybook"
)

// settingUp returns the session of a token while it sets up. ErrNoSession if
// there is none, or if its code was used up or replaced meanwhile.
func (d *Desk) settingUp(ctx context.Context, token string) (session, error) {
	s, err := d.find(ctx, token)
	if err != nil {
		return session{}, err
	}
	if s.Stage != SettingUp || s.Invite == nil {
		return session{}, ErrNoSession
	}
	if s.Code == (Hash{}) { // a recovery code, which is used up
		return s, nil
	}
	c, err := d.code(ctx, s.Code)
	if errors.Is(err, daybook.ErrNotFound) {
		return session{}, ErrNoSession
	}
	if err != nil {
		return session{}, fmt.Errorf("read a code: %w", err)
	}
	if c.User != s.User { // another browser has named the user: this one is late
		return session{}, ErrNoSession
	}
	return s, nil
}

// SettingUp returns the session of a token while it sets up, and the code that
// let it in. ErrNoSession if there is none.
func (d *Desk) SettingUp(ctx context.Context, token string) (Session, Code, error) {
	s, err := d.settingUp(ctx, token)
	if err != nil {
		return Session{}, Code{}, err
	}
	return s.show(), *s.Invite, nil
}

// Adopt ties the session and the code of a first run to the user that was made
// in it. A second call with the same user changes nothing. Errors: ErrNoSession;
// daybook.ErrInvalid if the session is for somebody else;
// daybook.ErrNotFound if there is no such user.
func (d *Desk) Adopt(ctx context.Context, token, user string) error {
	s, err := d.settingUp(ctx, token)
	if err != nil {
		return err
	}
	if s.User == user && user != "" {
		return nil
	}
	if s.Invite.Purpose != FirstUp || s.User != "" {
		return fmt.Errorf("begin the first run: %w: this session belongs to somebody", daybook.ErrInvalid)
	}
	u, err := d.user(ctx, user)
	if err != nil {
		return fmt.Errorf("begin the first run: %w", err)
	}
	if w, err := d.Ways(ctx, u.ID); err != nil {
		return err
	} else if w.Ready() {
		return fmt.Errorf("begin the first run: %w: this user can sign in already", daybook.ErrInvalid)
	}
	c := *s.Invite
	c.User, s.User, s.Invite = u.ID, u.ID, &c
	r := CodeRow{Code: s.Code, User: u.ID, Until: c.Until}
	if r.Sealed, err = d.seal(r.place(), c); err != nil {
		return err
	}
	if err := d.sealSession(&s); err != nil {
		return err
	}
	err = d.store.Update(ctx, func(ctx context.Context) error {
		there, err := d.store.DropCode(ctx, s.Code)
		if err == nil && there {
			err = d.store.PutCode(ctx, r)
		}
		if err != nil {
			return err
		}
		moved, err := d.store.MoveSession(ctx, s.SessionRow, SettingUp)
		if err == nil && (!moved || !there) {
			err = ErrNoSession
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("begin the first run: %w", err)
	}
	return nil
}

// Settle ends the set-up: the session becomes Open, under a new token. With
// Recover, what was set up takes the place of all that the user had before, and
// all their other sessions end. Errors: ErrNoSession; daybook.ErrInvalid if what
// was set up does not suffice to sign in.
func (d *Desk) Settle(ctx context.Context, token string, door Door) (token2 string, shown Session, err error) {
	s, err := d.settingUp(ctx, token)
	if err != nil {
		return "", shown, err
	}
	from := s.owner()
	w, err := d.waysOf(ctx, from)
	if err != nil {
		return "", shown, err
	}
	if s.User == "" || !w.Ready() {
		return "", shown, fmt.Errorf("finish the set-up: %w: there is no way to sign in yet", daybook.ErrInvalid)
	}
	recovers := s.Invite.Purpose == Recover
	now := d.now()
	s.Stage, s.Invite, s.Created, s.Strong, s.Seen, s.Ends = Open, nil, now, now, now, now.Add(SessionLife)
	code := s.Code
	s.Code = Hash{}
	s.Words = deviceWords(door.Agent)
	err = d.store.Update(ctx, func(ctx context.Context) (err error) {
		if _, err := d.store.HoldLogin(ctx, s.User, false); err != nil {
			return err
		}
		if code != (Hash{}) {
			if there, err := d.store.DropCode(ctx, code); err != nil {
				return err
			} else if !there {
				return ErrNoSession // another browser was first
			}
		}
		if err := d.store.DropCodesOf(ctx, s.User); err != nil {
			return err
		}
		if recovers {
			if err := d.store.ReplaceWays(ctx, from.id, s.User); err != nil {
				return err
			}
		}
		if err := d.clearAway(ctx, s, recovers); err != nil {
			return err
		}
		if s.HeldTill, err = d.meet(ctx, s.Device, s.User, !recovers); err != nil {
			return err
		}
		if token2, err = d.renew(&s); err != nil {
			return err
		}
		moved, err := d.store.MoveSession(ctx, s.SessionRow, SettingUp)
		if err == nil && !moved {
			err = ErrNoSession
		}
		return err
	})
	if errors.Is(err, ErrNoSession) {
		return "", Session{}, ErrNoSession
	}
	if err != nil {
		return "", Session{}, fmt.Errorf("finish the set-up: %w", err)
	}
	return token2, s.show(), nil
}

// clearAway ends the other sessions of a user; after a recovery it also forgets
// their other devices, and ends recoveries that wait.
func (d *Desk) clearAway(ctx context.Context, s session, recovers bool) error {
	if err := d.endOthers(ctx, s); err != nil || !recovers {
		return err
	}
	devices, err := d.store.DevicesOf(ctx, s.User)
	if err != nil {
		return err
	}
	for _, o := range devices {
		if o.Device == s.Device {
			continue
		}
		if err := d.forget(ctx, o.Device, s.User); err != nil {
			return err
		}
	}
	waiting, err := d.store.RecoveriesOf(ctx, s.User)
	if err != nil {
		return err
	}
	for _, r := range waiting {
		if _, err := d.store.DropRecovery(ctx, r.ID); err != nil {
			return err
		}
	}
	return nil
}
