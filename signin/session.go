package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"daybook"
)

// seenEvery is how often it is written down that a session was seen.
const seenEvery = 30 * time.Second

// A session is a row with what is sealed in it.
type session struct {
	SessionRow
	facts
}

// facts are what counts about a session beside its stage. They are sealed
// together with its token, user and device: a row that was altered does not
// open.
type facts struct {
	Words    string    `json:"words"` // the device in words
	Created  time.Time `json:"created"`
	Strong   time.Time `json:"strong,omitzero"`
	HeldTill time.Time `json:"held_till,omitzero"`
	Invite   *Code     `json:"invite,omitempty"` // what let it in while it sets up
}

func (r SessionRow) place() string {
	return "signin/session/" + r.ID + "/" + r.User + "/" + r.Token.hex() + "/" + r.Device.hex()
}

// show is the session as callers see it.
func (s session) show() Session {
	return Session{
		ID: s.ID, User: s.User, Device: s.Words, Created: s.Created, Seen: s.Seen,
		Strong: s.Strong, Stage: s.Stage, HeldTill: s.HeldTill,
	}
}

// owner is whom ways belong to that are set up in this session.
func (s session) owner() owner {
	if s.Stage == SettingUp && s.Invite != nil && s.Invite.Purpose == Recover {
		return owner{id: s.ID, user: s.User, draft: true}
	}
	return ownerOf(s.User)
}

// renew gives a session a new token and seals it.
func (d *Desk) renew(s *session) (token string, err error) {
	token = newToken()
	s.Token = hashToken(token)
	return token, d.sealSession(s)
}

func (d *Desk) sealSession(s *session) (err error) {
	s.Sealed, err = d.seal(s.place(), s.facts)
	return err
}

// find returns the session of a token: ErrNoSession if there is none, if it is
// over, or if its user has left.
func (d *Desk) find(ctx context.Context, token string) (s session, err error) {
	s.SessionRow, err = d.store.Session(ctx, hashToken(token))
	if errors.Is(err, daybook.ErrNotFound) {
		return session{}, ErrNoSession
	}
	if err == nil {
		err = d.open(s.place(), s.Sealed, &s.facts)
	}
	if err != nil {
		return session{}, fmt.Errorf("read a session: %w", err)
	}
	if !d.now().Before(s.Ends) {
		return session{}, ErrNoSession
	}
	if s.User == "" { // during the first run
		return s, nil
	}
	if _, err := d.user(ctx, s.User); errors.Is(err, daybook.ErrNotFound) {
		if err := d.EndAll(ctx, s.User, ""); err != nil {
			return session{}, err
		}
		return session{}, ErrNoSession
	} else if err != nil {
		return session{}, fmt.Errorf("read a session: %w", err)
	}
	return s, nil
}

// inside returns the open session of a token; it locks one that was idle. Errors:
// ErrNoSession, ErrLocked.
func (d *Desk) inside(ctx context.Context, token string) (session, error) {
	s, err := d.find(ctx, token)
	switch {
	case err != nil:
		return session{}, err
	case s.Stage == Locked:
		return session{}, ErrLocked
	case s.Stage != Open:
		return session{}, ErrNoSession
	case d.now().Sub(s.Seen) >= d.idle:
		if err := d.lock(ctx, s); err != nil {
			return session{}, err
		}
		return session{}, ErrLocked
	}
	return s, nil
}

func (d *Desk) lock(ctx context.Context, s session) error {
	s.Stage = Locked
	if _, err := d.store.MoveSession(ctx, s.SessionRow, Open); err != nil {
		return fmt.Errorf("lock a session: %w", err)
	}
	return nil
}

// Peek is Check for a page that asks again by itself, which nobody may be sitting
// at: the session is not seen by that, and locks in its time.
func (d *Desk) Peek(ctx context.Context, token string, _ Door) (Session, error) {
	s, err := d.inside(ctx, token)
	if err != nil {
		return Session{}, err
	}
	return s.show(), nil
}

// Check returns the open session of a token, and notes that it was seen.
// ErrNoSession if there is none, and also while it is SettingUp; ErrLocked if it
// is locked, or was idle for too long, which locks it. door is where the request
// came in; a session is not bound to an address, which changes on the way to
// work.
func (d *Desk) Check(ctx context.Context, token string, _ Door) (Session, error) {
	s, err := d.inside(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if now := d.now(); now.Sub(s.Seen) >= min(seenEvery, d.idle/10) {
		if err := d.store.TouchSession(ctx, s.ID, now); err != nil {
			return Session{}, fmt.Errorf("note that a session was seen: %w", err)
		}
		s.Seen = now
	}
	return s.show(), nil
}

// Lock locks the session of a token. Without one, or if it is not open, it does
// nothing.
func (d *Desk) Lock(ctx context.Context, token string) error {
	s, err := d.find(ctx, token)
	if errors.Is(err, ErrNoSession) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.lock(ctx, s)
}

// End signs out: the session of a token is no longer there. Without one it does
// nothing.
func (d *Desk) End(ctx context.Context, token string) error {
	r, err := d.store.Session(ctx, hashToken(token))
	if errors.Is(err, daybook.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = d.store.EndSession(ctx, r.ID)
	}
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// all returns the sessions of a user that are not over, the last seen first.
func (d *Desk) all(ctx context.Context, user string) ([]session, error) {
	rows, err := d.store.SessionsOf(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	now := d.now()
	var out []session
	for _, r := range rows {
		if !now.Before(r.Ends) {
			continue
		}
		s := session{SessionRow: r}
		if err := d.open(r.place(), r.Sealed, &s.facts); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		if s.Stage == Open && now.Sub(s.Seen) >= d.idle {
			s.Stage = Locked // as Check would find it
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b session) int { return b.Seen.Compare(a.Seen) })
	return out, nil
}

// Sessions lists the sessions of a user, the last seen first; also one in which
// somebody sets up a new way in.
func (d *Desk) Sessions(ctx context.Context, user string) ([]Session, error) {
	all, err := d.all(ctx, user)
	var out []Session
	for _, s := range all {
		out = append(out, s.show())
	}
	return out, err
}

// EndSession ends one session of a user, and forgets its device: there it is as
// if nobody had ever signed in. daybook.ErrNotFound if the user has no such
// session.
func (d *Desk) EndSession(ctx context.Context, user, id string) error {
	all, err := d.all(ctx, user)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s session) bool { return s.ID == id })
	if i < 0 {
		return fmt.Errorf("end a session: %w", daybook.ErrNotFound)
	}
	return d.endAndForget(ctx, user, all[i])
}

// EndAll ends all sessions of a user but the one with this identifier ("" for
// all), and forgets their devices.
func (d *Desk) EndAll(ctx context.Context, user, but string) error {
	all, err := d.all(ctx, user)
	if err != nil {
		return err
	}
	return d.endAndForget(ctx, user, slices.DeleteFunc(all, func(s session) bool { return s.ID == but })...)
}

func (d *Desk) endAndForget(ctx context.Context, user string, sessions ...session) error {
	err := d.store.Update(ctx, func(ctx context.Context) error {
		for _, s := range sessions {
			if err := d.store.EndSession(ctx, s.ID); err != nil {
				return err
			}
			if s.Stage == SettingUp {
				continue // its device was not met yet
			}
			if err := d.forget(ctx, s.Device, user); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// endOthers ends the other sessions of the user of a session, because a way to
// sign in was changed in this one.
func (d *Desk) endOthers(ctx context.Context, s session) error {
	all, err := d.store.SessionsOf(ctx, s.User)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	for _, o := range all {
		if o.ID == s.ID {
			continue
		}
		if err := d.store.EndSession(ctx, o.ID); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
	}
	return nil
}

// Fresh reports whether the user showed who they are within StepUpLife.
func (s Session) Fresh(now time.Time) bool {
	age := now.Sub(s.Strong)
	return age >= 0 && age < StepUpLife
}

// Held reports whether the device is too new to change settings, export or erase.
func (s Session) Held(now time.Time) bool { return now.Before(s.HeldTill) }
