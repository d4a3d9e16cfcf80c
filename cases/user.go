package cases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
)

// A User is somebody who can be given access: the person, or an adviser.
type User struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`             // unique, without regard to case
	Address string    `json:"address,omitzero"` // where alerts go; "" for nowhere
	Zone    string    `json:"zone,omitzero"`    // IANA; "" for the zone of each case
	Country string    `json:"country,omitzero"` // ISO 3166-1 alpha-2, for help numbers; "" for where this is run
	Created time.Time `json:"created"`
	Left    time.Time `json:"left,omitzero"` // from then on nothing is allowed
}

// LogValue keeps names and addresses out of logs.
func (u User) LogValue() slog.Value { return slog.StringValue(u.ID) }

const maxName = 100 // characters

// NewUser adds a user. Only the operator may. The name is what people are shown
// and what --as takes; the address may be empty. The error wraps
// daybook.ErrInvalid if one of them cannot be used.
func (s *Cases) NewUser(ctx context.Context, actor daybook.Actor, name, address string) (User, error) {
	if err := s.Authorize(ctx, actor, "", People); err != nil {
		return User{}, err
	}
	name, err := cleanName(name)
	if err != nil {
		return User{}, err
	}
	if address != "" {
		a, err := mail.ParseAddress(address)
		if err != nil || a.Address != address {
			return User{}, fmt.Errorf("%w: the address should look like name@host.example, without anything around it", daybook.ErrInvalid)
		}
	}
	u := User{ID: daybook.NewID(), Name: name, Address: address, Created: s.now()}
	err = s.store.Update(ctx, func(ctx context.Context) error {
		if err := s.store.PutUser(ctx, u); err != nil {
			return err
		}
		all, err := s.store.Users(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(o User) bool { return o.ID != u.ID && strings.EqualFold(o.Name, name) }) {
			return fmt.Errorf("%w: there is a user of this name; choose another", daybook.ErrInvalid)
		}
		return nil
	})
	if err != nil {
		return User{}, fmt.Errorf("add user: %w", err)
	}
	return u, nil
}

// cleanName returns a name as it is kept; the error wraps daybook.ErrInvalid if
// it cannot be one.
func cleanName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return "", fmt.Errorf("%w: a user needs a name", daybook.ErrInvalid)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fmt.Errorf("%w: the name holds characters that cannot be shown; type it anew", daybook.ErrInvalid)
	case utf8.RuneCountInString(name) > maxName:
		return "", fmt.Errorf("%w: the name is longer than %d characters", daybook.ErrInvalid, maxName)
	}
	return name, nil
}

// Users lists all users, oldest first. Only the operator may.
func (s *Cases) Users(ctx context.Context, actor daybook.Actor) ([]User, error) {
	if err := s.Authorize(ctx, actor, "", People); err != nil {
		return nil, err
	}
	return s.store.Users(ctx)
}

// FindUser returns the user with this identifier or name. The error wraps
// daybook.ErrNotFound if there is none. It asks for no right: who calls it has
// already been let in, by the operating system or by a password.
func (s *Cases) FindUser(ctx context.Context, idOrName string) (User, error) {
	u, err := s.store.User(ctx, idOrName)
	if err == nil || !errors.Is(err, daybook.ErrNotFound) {
		return u, err
	}
	all, err := s.store.Users(ctx)
	if err != nil {
		return User{}, err
	}
	for _, u := range all {
		if strings.EqualFold(u.Name, strings.Join(strings.Fields(idOrName), " ")) {
			return u, nil
		}
	}
	return User{}, fmt.Errorf("user: %w; daybook user list shows who there is", daybook.ErrNotFound)
}

// Actor returns the actor that stands for a user in a case, with the role that
// the user has there now ("user" if none). via says which way they came in.
func (s *Cases) Actor(ctx context.Context, u User, c daybook.CaseID, via string) (daybook.Actor, error) {
	a := daybook.Actor{ID: u.ID, Role: "user", Via: via}
	st, err := s.grantsInForce(ctx, a, c)
	if err != nil {
		return a, err
	}
	for _, r := range Roles() {
		if slices.ContainsFunc(st.now, func(g Grant) bool { return g.Role == r }) {
			a.Role = string(r)
			if r == Owner {
				break
			}
		}
	}
	return a, nil
}

// Leave ends all access of a user at once, in every case, and says so in the
// log of each. Only the operator may. A second call changes nothing.
func (s *Cases) Leave(ctx context.Context, actor daybook.Actor, id string) error {
	if err := s.Authorize(ctx, actor, "", People); err != nil {
		return err
	}
	u, err := s.store.User(ctx, id)
	if err != nil {
		return fmt.Errorf("user: %w", err)
	}
	if !u.Left.IsZero() {
		return nil
	}
	now := s.now()
	u.Left = now
	err = s.store.Update(ctx, func(ctx context.Context) error {
		if err := s.store.PutUser(ctx, u); err != nil {
			return err
		}
		all, err := s.store.Grants(ctx, "", id)
		if err != nil {
			return err
		}
		for _, g := range all {
			if end := g.ended(); !end.IsZero() && !now.Before(end) {
				continue
			}
			if err := s.end(ctx, actor, g, u, now, u.Name+" has left"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("let a user leave: %w", err)
	}
	return nil
}
