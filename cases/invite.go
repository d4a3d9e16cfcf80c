package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
)

// Invite adds a user who is not here yet and gives them access, as Grant does:
// g.Case, g.Role and g.Reason are needed, g.User is filled in. Who may give
// access may do it. If somebody here has the name already, a number is put after
// it; the answer never says that a name cannot be had. A way to sign in is not
// part of it. The error wraps daybook.ErrForbidden or daybook.ErrInvalid.
func (s *Cases) Invite(ctx context.Context, actor daybook.Actor, name string, g Grant) (User, Grant, error) {
	if err := s.Authorize(ctx, actor, g.Case, GiveAccess); err != nil {
		return User{}, Grant{}, err
	}
	name, err := cleanName(name)
	if err != nil {
		return User{}, Grant{}, err
	}
	u := User{ID: daybook.NewID(), Name: name, Created: s.now()}
	g.User = u.ID
	err = s.store.Update(ctx, func(ctx context.Context) error {
		if err := s.store.PutUser(ctx, u); err != nil { // a write first: it waits for whoever else adds a user
			return err
		}
		all, err := s.store.Users(ctx)
		if err != nil {
			return err
		}
		taken := func(name string) bool {
			return slices.ContainsFunc(all, func(o User) bool { return o.ID != u.ID && strings.EqualFold(o.Name, name) })
		}
		for n := 2; taken(u.Name); n++ {
			u.Name = name + " " + strconv.Itoa(n)
		}
		if u.Name != name {
			if err := s.store.PutUser(ctx, u); err != nil {
				return err
			}
		}
		g, err = s.Grant(ctx, actor, g)
		return err
	})
	if err != nil {
		return User{}, Grant{}, fmt.Errorf("invite: %w", err)
	}
	return u, g, nil
}

// Ends is when the grant stops, or stopped; zero if it has no end.
func (g Grant) Ends() time.Time { return g.ended() }

// ChangeEnd gives a grant that is in force another end, from now on at most
// MaxGrant away. Who may give access may do it, to others than themselves, unless
// the grant is more than they have. It returns the grant as it is then. Errors:
// daybook.ErrForbidden, daybook.ErrInvalid; daybook.ErrNotFound if there is no
// such grant in the case.
func (s *Cases) ChangeEnd(ctx context.Context, actor daybook.Actor, c daybook.CaseID, id string, end time.Time) (Grant, error) {
	if err := s.Authorize(ctx, actor, c, GiveAccess); err != nil {
		return Grant{}, err
	}
	all, err := s.store.Grants(ctx, c, "")
	if err != nil {
		return Grant{}, fmt.Errorf("change the end of access: %w", err)
	}
	i := slices.IndexFunc(all, func(g Grant) bool { return g.ID == id })
	if i < 0 {
		return Grant{}, fmt.Errorf("change the end of access: %w", daybook.ErrNotFound)
	}
	g, now := all[i], s.now()
	if g.User == actor.ID {
		return Grant{}, fmt.Errorf("%w: nobody changes the end of their own access; ask somebody else who may", daybook.ErrForbidden)
	}
	if err := s.outranks(ctx, actor, c, g.Role); err != nil {
		return Grant{}, err
	}
	end = end.UTC().Truncate(time.Microsecond)
	switch {
	case !g.InForce(now):
		return Grant{}, fmt.Errorf("%w: this access is over; give it again", daybook.ErrInvalid)
	case !end.After(now):
		return Grant{}, fmt.Errorf("%w: the end of the access has passed", daybook.ErrInvalid)
	case g.Role != Owner && end.Sub(now) > MaxGrant:
		return Grant{}, fmt.Errorf("%w: access lasts a year at most; it can be renewed", daybook.ErrInvalid)
	}
	u, err := s.store.User(ctx, g.User)
	if err != nil {
		return Grant{}, fmt.Errorf("change the end of access: %w", err)
	}
	g.End = end
	err = s.store.Update(ctx, func(ctx context.Context) error {
		if err := s.store.PutGrant(ctx, g); err != nil {
			return err
		}
		words := fmt.Sprintf("changed the access of %s as %s: until %s", u.Name, g.Role.Title(), end.Format("2 January 2006"))
		return s.Audit(ctx, actor, c, daybook.Access{Action: string(GiveAccess), Detail: words})
	})
	if err != nil {
		return Grant{}, fmt.Errorf("change the end of access: %w", err)
	}
	return g, nil
}

// MayRecover returns the user for whom the actor may ask for a new way to sign
// in: a person whom the case is about, who is not the actor, and who has and had
// access to no other case, because a new way in opens all that the user may see;
// so nobody may who is shown less (Sight). Anything else is for the operator. To an
// actor who may give access here, the error says so; a user that is not in this
// case is daybook.ErrNotFound.
func (s *Cases) MayRecover(ctx context.Context, actor daybook.Actor, c daybook.CaseID, user string) (User, error) {
	if err := s.Authorize(ctx, actor, c, GiveAccess); err != nil {
		return User{}, err
	}
	grants, err := s.store.Grants(ctx, c, user)
	if err != nil {
		return User{}, fmt.Errorf("look up the user's access: %w", err)
	}
	now := s.now()
	if user == "" || !slices.ContainsFunc(grants, func(g Grant) bool { return g.Role == Owner && g.InForce(now) }) {
		return User{}, fmt.Errorf("ask for a recovery: %w", daybook.ErrNotFound)
	}
	if user == actor.ID {
		return User{}, fmt.Errorf("%w: somebody else has to ask for it", daybook.ErrForbidden)
	}
	if err := s.shownNoLess(ctx, actor, c); err != nil {
		return User{}, err
	}
	if err := s.onlyHere(ctx, c, user); err != nil {
		return User{}, err
	}
	u, err := s.store.User(ctx, user)
	if err == nil && !u.Left.IsZero() {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return User{}, fmt.Errorf("ask for a recovery: %w", err)
	}
	return u, nil
}

// shownNoLess returns nil if the actor's access is not for a public body: a code
// that they have in hand could let them in as somebody who is shown more.
func (s *Cases) shownNoLess(ctx context.Context, actor daybook.Actor, c daybook.CaseID) error {
	public, err := s.WorksForPublic(ctx, actor, c)
	if err == nil && public {
		err = fmt.Errorf("%w: your own access is for a public body, and theirs is not; ask somebody else who may, or the operator", daybook.ErrForbidden)
	}
	return err
}

// onlyHere returns nil if a user has and had access to no other case. A way in
// that somebody of one case hands out must not open another.
func (s *Cases) onlyHere(ctx context.Context, c daybook.CaseID, user string) error {
	all, err := s.store.CasesOf(ctx, user)
	if err != nil {
		return fmt.Errorf("look up the user's access: %w", err)
	}
	if slices.ContainsFunc(all, func(o daybook.CaseID) bool { return o != c }) {
		return fmt.Errorf("%w: this user has access to other cases too; the operator can make a code for them", daybook.ErrForbidden)
	}
	return nil
}

// MayInviteAgain returns the user of a grant in force whom the actor may hand a
// new code to set up with, in the place of one that was lost: who has and had
// access to no other case, and no more than the actor, who is shown no less. Whether they can sign in
// already is not looked at. Errors as for MayRecover.
func (s *Cases) MayInviteAgain(ctx context.Context, actor daybook.Actor, c daybook.CaseID, grant string) (User, error) {
	if err := s.Authorize(ctx, actor, c, GiveAccess); err != nil {
		return User{}, err
	}
	grants, err := s.store.Grants(ctx, c, "")
	if err != nil {
		return User{}, fmt.Errorf("look up the user's access: %w", err)
	}
	i := slices.IndexFunc(grants, func(g Grant) bool { return g.ID == grant && g.InForce(s.now()) })
	if i < 0 {
		return User{}, fmt.Errorf("invite again: %w", daybook.ErrNotFound)
	}
	if err := s.outranks(ctx, actor, c, grants[i].Role); err != nil {
		return User{}, err
	}
	if !grants[i].Public {
		if err := s.shownNoLess(ctx, actor, c); err != nil {
			return User{}, err
		}
	}
	if err := s.onlyHere(ctx, c, grants[i].User); err != nil {
		return User{}, err
	}
	return s.Member(ctx, actor, c, grants[i].User)
}

// Member returns a user who has, or had, access to a case: whom its pages may
// name. daybook.ErrNotFound for anybody else. The actor must be allowed to see
// who has access.
func (s *Cases) Member(ctx context.Context, actor daybook.Actor, c daybook.CaseID, user string) (User, error) {
	if err := s.Authorize(ctx, actor, c, SeeAccess); err != nil {
		return User{}, err
	}
	grants, err := s.store.Grants(ctx, c, user)
	if err != nil {
		return User{}, fmt.Errorf("look up the user's access: %w", err)
	}
	if user == "" || len(grants) == 0 {
		return User{}, fmt.Errorf("user: %w", daybook.ErrNotFound)
	}
	u, err := s.store.User(ctx, user)
	if errors.Is(err, daybook.ErrNotFound) {
		return User{}, err
	}
	if err != nil {
		return User{}, fmt.Errorf("look up the user: %w", err)
	}
	return u, nil
}
