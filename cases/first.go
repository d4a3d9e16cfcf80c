package cases

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
)

// An Opener makes cases. *archive.Log does.
type Opener interface {
	// NewCase opens a case with nothing in it; with the context of a Store's
	// Update it is part of that transaction.
	NewCase(ctx context.Context, actor daybook.Actor, name, zone string) (daybook.CaseID, error)
}

// FirstRun makes a user and a case that is about them, which is what the first
// run of an instance begins with. Of u, Name, Zone and Country count; record is
// what the case is called. Only the operator may, whose code let the person in.
// then is called in the same transaction with the user that was made: what it
// refuses did not happen. The error wraps daybook.ErrForbidden or
// daybook.ErrInvalid.
func (s *Cases) FirstRun(ctx context.Context, by daybook.Actor, log Opener, u User, record string, then func(ctx context.Context, u User) error) (made User, c daybook.CaseID, err error) {
	for _, a := range []Action{People, OpenCase} {
		if err := s.Authorize(ctx, by, "", a); err != nil {
			return User{}, "", err
		}
	}
	record = strings.Join(strings.Fields(record), " ")
	if record == "" || utf8.RuneCountInString(record) > maxName || !utf8.ValidString(record) || strings.ContainsFunc(record, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return User{}, "", fmt.Errorf("%w: a record needs a name of at most %d characters that can be shown", daybook.ErrInvalid, maxName)
	}
	err = s.store.Update(ctx, func(ctx context.Context) (err error) {
		if made, err = s.NewUser(ctx, by, u.Name, u.Address); err != nil {
			return err
		}
		if made, err = s.choose(ctx, made, u.Zone, u.Country); err != nil {
			return err
		}
		if c, err = log.NewCase(ctx, by, record, u.Zone); err != nil {
			return err
		}
		if _, err = s.Grant(ctx, by, Grant{Case: c, User: made.ID, Role: Owner}); err != nil {
			return err
		}
		return then(ctx, made)
	})
	if err != nil {
		return User{}, "", fmt.Errorf("first run: %w", err)
	}
	return made, c, nil
}

// Choose saves in which time zone a user reads times, and for which country they
// are shown help numbers; either may be empty (see User). Everybody chooses for
// themselves. The error wraps daybook.ErrForbidden or daybook.ErrInvalid.
func (s *Cases) Choose(ctx context.Context, actor daybook.Actor, zone, country string) (u User, err error) {
	err = s.store.Update(ctx, func(ctx context.Context) error {
		u, err = s.store.User(ctx, actor.ID)
		if err != nil {
			return err
		}
		if !u.Left.IsZero() {
			return fmt.Errorf("%w: this user has left", daybook.ErrForbidden)
		}
		u, err = s.choose(ctx, u, zone, country)
		return err
	})
	if err != nil {
		return User{}, fmt.Errorf("save what a user chose: %w", err)
	}
	return u, nil
}

func (s *Cases) choose(ctx context.Context, u User, zone, country string) (User, error) {
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return u, fmt.Errorf("%w: time zone %q is not known; give a name such as Europe/London", daybook.ErrInvalid, zone)
	}
	if country != "" && (len(country) != 2 || strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return u, fmt.Errorf("%w: a country is two capital letters, such as GB", daybook.ErrInvalid)
	}
	u.Zone, u.Country = zone, country
	return u, s.store.PutUser(ctx, u)
}
