package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"daybook"
)

// How long access lasts. An adviser's access always has an end; the person's
// own has none unless one is given.
const (
	GrantPeriod = 30 * 24 * time.Hour  // unless another end is given
	MaxGrant    = 366 * 24 * time.Hour // for everybody but the person
)

const maxReason = 1000 // characters

// A Grant lets a user do in a case what a role allows, for a time.
type Grant struct {
	ID      string         `json:"id"`
	Case    daybook.CaseID `json:"case"`
	User    string         `json:"user"` // User.ID
	Role    Role           `json:"role"`
	Start   time.Time      `json:"start"`
	End     time.Time      `json:"end,omitzero"` // zero: no end, for the person alone
	By      daybook.Actor  `json:"by"`
	Reason  string         `json:"reason,omitzero"`
	Revoked time.Time      `json:"revoked,omitzero"` // ended before its time
	// Public says that the user works for a public body: police, a council, a
	// court. See Sight.
	Public bool `json:"public,omitzero"`
}

// InForce reports whether the grant holds at now.
func (g Grant) InForce(now time.Time) bool {
	end := g.ended()
	return !now.Before(g.Start) && (end.IsZero() || now.Before(end))
}

// ended is when the grant stops, or stopped; zero if it has no end.
func (g Grant) ended() time.Time {
	if !g.Revoked.IsZero() && (g.End.IsZero() || g.Revoked.Before(g.End)) {
		return g.Revoked
	}
	return g.End
}

// Grant gives a user access. Case, User and Role are needed, and for an adviser
// a Reason; the rest is filled in: Start is now, End is Start + GrantPeriod
// (none for the person). An actor gives nothing that they do not have
// themselves, and nothing to themselves. The error wraps daybook.ErrForbidden or
// daybook.ErrInvalid.
func (s *Cases) Grant(ctx context.Context, actor daybook.Actor, g Grant) (Grant, error) {
	if err := s.Authorize(ctx, actor, g.Case, GiveAccess); err != nil {
		return Grant{}, err
	}
	if !slices.Contains(Roles(), g.Role) {
		return Grant{}, fmt.Errorf("%w: there is no role %q; choose one of %s", daybook.ErrInvalid, g.Role, roleList())
	}
	if err := s.outranks(ctx, actor, g.Case, g.Role); err != nil {
		return Grant{}, err
	}
	if !g.Public {
		own, err := s.WorksForPublic(ctx, actor, g.Case)
		if err != nil {
			return Grant{}, err
		}
		if own {
			return Grant{}, fmt.Errorf("%w: your own access is for a public body, and what you give is too; say so, or ask somebody else who may", daybook.ErrForbidden)
		}
	}
	if g.User == actor.ID {
		return Grant{}, fmt.Errorf("%w: nobody gives access to themselves; ask somebody else who may", daybook.ErrForbidden)
	}
	u, err := s.store.User(ctx, g.User)
	if errors.Is(err, daybook.ErrNotFound) || err == nil && !u.Left.IsZero() {
		return Grant{}, fmt.Errorf("%w: there is no such user, or they have left; add them first", daybook.ErrInvalid)
	}
	if err != nil {
		return Grant{}, fmt.Errorf("look up the user: %w", err)
	}
	now := s.now()
	g.ID, g.By, g.Revoked = daybook.NewID(), actor, time.Time{}
	if g.Start.IsZero() {
		g.Start = now
	}
	if g.End.IsZero() && g.Role != Owner {
		g.End = g.Start.Add(GrantPeriod)
	}
	g.Start, g.End = g.Start.UTC().Truncate(time.Microsecond), g.End.UTC().Truncate(time.Microsecond)
	if err := g.check(now); err != nil {
		return Grant{}, err
	}
	err = s.store.Update(ctx, func(ctx context.Context) error {
		if err := s.store.PutGrant(ctx, g); err != nil {
			return err
		}
		return s.Audit(ctx, actor, g.Case, daybook.Access{Action: string(GiveAccess), Detail: g.given(u)})
	})
	if err != nil {
		return Grant{}, fmt.Errorf("give access: %w", err)
	}
	return g, nil
}

func (g Grant) check(now time.Time) error {
	switch {
	case g.Role == Owner && g.Public:
		return fmt.Errorf("%w: the person's own access is not for a public body", daybook.ErrInvalid)
	case g.Role != Owner && strings.TrimSpace(g.Reason) == "":
		return fmt.Errorf("%w: say in a few words why they are given access", daybook.ErrInvalid)
	case !utf8.ValidString(g.Reason) || utf8.RuneCountInString(g.Reason) > maxReason:
		return fmt.Errorf("%w: the reason should be plain text of at most %d characters", daybook.ErrInvalid, maxReason)
	case g.Role == Owner && g.End.IsZero():
		return nil
	case !g.End.After(g.Start) || !g.End.After(now):
		return fmt.Errorf("%w: the end of the access lies before its beginning, or has passed", daybook.ErrInvalid)
	case g.Role != Owner && g.End.Sub(g.Start) > MaxGrant:
		return fmt.Errorf("%w: access lasts a year at most; it can be renewed", daybook.ErrInvalid)
	}
	return nil
}

// given is the grant in words, for the access log.
func (g Grant) given(u User) string {
	until := "without an end"
	if !g.End.IsZero() {
		until = "until " + g.End.Format("2 January 2006")
	}
	public := ""
	if g.Public {
		public = ", for a public body,"
	}
	return fmt.Sprintf("gave %s access as %s%s %s", u.Name, g.Role.Title(), public, until)
}

// WorksForPublic reports whether an access of the actor in the case is for a
// public body.
func (s *Cases) WorksForPublic(ctx context.Context, actor daybook.Actor, c daybook.CaseID) (bool, error) {
	if isOperator(actor) {
		return false, nil
	}
	st, err := s.grantsInForce(ctx, actor, c)
	return slices.ContainsFunc(st.now, func(g Grant) bool { return g.Public }), err
}

// Revoke ends a grant now. Who may give access may end it, unless it is more
// than they have themselves; and everybody may give up their own. A second call
// changes nothing. To somebody who may not see the grant it does not exist.
func (s *Cases) Revoke(ctx context.Context, actor daybook.Actor, c daybook.CaseID, id, reason string) error {
	all, err := s.store.Grants(ctx, c, "")
	if err != nil {
		return fmt.Errorf("end access: %w", err)
	}
	i := slices.IndexFunc(all, func(g Grant) bool { return g.ID == id })
	own := i >= 0 && all[i].User == actor.ID
	if !own || isOperator(actor) {
		if err := s.Authorize(ctx, actor, c, GiveAccess); err != nil {
			return err
		}
	}
	if i < 0 {
		return fmt.Errorf("end access: %w: there is no such grant in this case; daybook grant list shows those there are", daybook.ErrNotFound)
	}
	if !own {
		if err := s.outranks(ctx, actor, c, all[i].Role); err != nil {
			return err
		}
	}
	g, now := all[i], s.now()
	if end := g.ended(); !end.IsZero() && !now.Before(end) {
		return nil
	}
	u, err := s.store.User(ctx, g.User)
	if err != nil {
		return fmt.Errorf("end access: %w", err)
	}
	err = s.store.Update(ctx, func(ctx context.Context) error { return s.end(ctx, actor, g, u, now, reason) })
	if err != nil {
		return fmt.Errorf("end access: %w", err)
	}
	return nil
}

// end ends one grant, within a transaction.
func (s *Cases) end(ctx context.Context, actor daybook.Actor, g Grant, u User, now time.Time, reason string) error {
	g.Revoked = now
	if err := s.store.PutGrant(ctx, g); err != nil {
		return err
	}
	words := fmt.Sprintf("ended the access of %s as %s", u.Name, g.Role.Title())
	if reason != "" {
		words += ": " + reason
	}
	return s.Audit(ctx, actor, g.Case, daybook.Access{Action: string(GiveAccess), Detail: words})
}

// outranks returns nil if the actor may do everything that the role allows.
func (s *Cases) outranks(ctx context.Context, actor daybook.Actor, c daybook.CaseID, r Role) error {
	own, err := s.May(ctx, actor, c)
	if err != nil {
		return err
	}
	for _, a := range actionsOf(r) {
		if !slices.Contains(own, a) {
			return fmt.Errorf("%w: the role %q allows more than your own; ask the person, or the operator", daybook.ErrForbidden, r.Title())
		}
	}
	return nil
}

// Grants lists the grants of a case, ended ones too, oldest first.
func (s *Cases) Grants(ctx context.Context, actor daybook.Actor, c daybook.CaseID) ([]Grant, error) {
	if err := s.Authorize(ctx, actor, c, SeeAccess); err != nil {
		return nil, err
	}
	return s.store.Grants(ctx, c, "")
}

// Mine lists the actor's own grants that are in force, in all cases: the cases
// that a user may know of. It is empty for the operator, who needs none.
func (s *Cases) Mine(ctx context.Context, actor daybook.Actor) ([]Grant, error) {
	if isOperator(actor) {
		return nil, nil
	}
	st, err := s.grantsInForce(ctx, actor, "")
	return st.now, err
}

func roleList() string {
	var names []string
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}
