package cases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"daybook"
)

// Authorize returns nil if the actor may do this in the case now. Otherwise the
// error wraps daybook.ErrForbidden and its text says what to do next. To a user
// without a grant a case that exists and one that does not look the same. For
// the local operator the case is not looked up.
//
// Looks at content, lists and searches go through Look, which writes the entry
// too.
func (s *Cases) Authorize(ctx context.Context, actor daybook.Actor, c daybook.CaseID, a Action) error {
	_, err := s.authorize(ctx, actor, c, a)
	return err
}

// authorize is Authorize; it also returns the role that allows the action.
func (s *Cases) authorize(ctx context.Context, actor daybook.Actor, c daybook.CaseID, a Action) (Role, error) {
	if !slices.Contains(Actions(), a) {
		return "", fmt.Errorf("%w: there is no action %q", daybook.ErrForbidden, a)
	}
	if isOperator(actor) {
		return roleOperator, nil
	}
	if c == "" {
		return "", fmt.Errorf("%w: only the operator, at the command line of the machine that holds the key, may do this", daybook.ErrForbidden)
	}
	grants, err := s.grantsInForce(ctx, actor, c)
	if err != nil {
		return "", err
	}
	var by Role
	for _, g := range grants.now {
		if g.Role.May(a) && by != Owner {
			by = g.Role
		}
	}
	switch {
	case by != "":
		return by, nil
	case len(grants.now) > 0:
		return "", fmt.Errorf("%w: the role %q does not include it; ask the person, or whoever runs this case, for one that does", daybook.ErrForbidden, grants.now[0].Role.Title())
	case !grants.ended.IsZero():
		return "", fmt.Errorf("%w: your access to this case ended on %s; ask the person, or whoever runs it, to renew it", daybook.ErrForbidden, grants.ended.Format("2 January 2006"))
	case !grants.begins.IsZero():
		return "", fmt.Errorf("%w: your access to this case begins on %s", daybook.ErrForbidden, grants.begins.Format("2 January 2006"))
	}
	return "", errNoAccess()
}

// errNoAccess is the answer for a case that the actor has nothing to do with,
// and for a case that does not exist.
func errNoAccess() error {
	return fmt.Errorf("%w: you have no access to such a case; check its number, or ask the person to give you access", daybook.ErrForbidden)
}

// standing is what the grants of one user in one case amount to now.
type standing struct {
	now    []Grant
	ended  time.Time // the latest end of those that are over
	begins time.Time // the earliest beginning of those that are to come
}

func (s *Cases) grantsInForce(ctx context.Context, actor daybook.Actor, c daybook.CaseID) (standing, error) {
	var st standing
	u, err := s.store.User(ctx, actor.ID)
	if errors.Is(err, daybook.ErrNotFound) {
		return st, nil
	}
	if err != nil {
		return st, fmt.Errorf("look up the user: %w", err)
	}
	now := s.now()
	if !u.Left.IsZero() {
		return st, nil
	}
	all, err := s.store.Grants(ctx, c, u.ID)
	if err != nil {
		return st, fmt.Errorf("look up the user's access: %w", err)
	}
	for _, g := range all {
		switch end := g.ended(); {
		case g.InForce(now):
			st.now = append(st.now, g)
		case !end.IsZero() && !now.Before(end):
			if end.After(st.ended) {
				st.ended = end
			}
		case st.begins.IsZero() || g.Start.Before(st.begins):
			st.begins = g.Start
		}
	}
	return st, nil
}

// Audit writes that the actor did this. When it returns nil the entry is on
// stable storage, or part of the transaction that ctx carries.
func (s *Cases) Audit(ctx context.Context, actor daybook.Actor, c daybook.CaseID, a daybook.Access) error {
	if _, err := s.append(ctx, actor, c, daybook.RecordAccess, a, s.now()); err != nil {
		return fmt.Errorf("write the access entry: %w", err)
	}
	return nil
}

// Look authorises the actor and writes the entry that says so, before anything
// is shown. what.Action is set. If the entry cannot be written, the person may
// still read their own case (a full disk must not lock them out); to everybody
// else, and for everything that is not reading, the error is returned and
// nothing may be shown or done.
func (s *Cases) Look(ctx context.Context, actor daybook.Actor, c daybook.CaseID, a Action, what daybook.Access) error {
	role, err := s.authorize(ctx, actor, c, a)
	if err != nil {
		return err
	}
	what.Action = string(a)
	err = s.Audit(ctx, actor, c, what)
	if err == nil {
		return nil
	}
	if role == Owner && a.Reads() && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "access entry not written; the person reads on", slog.String("case", string(c)), slog.Any("err", err))
		return nil
	}
	return fmt.Errorf("nothing is shown while the access log cannot be written; free disk space, or run doctor: %w", err)
}

// May lists the actions that the actor may do in a case now: what a page offers.
func (s *Cases) May(ctx context.Context, actor daybook.Actor, c daybook.CaseID) ([]Action, error) {
	if isOperator(actor) {
		return Actions(), nil
	}
	st, err := s.grantsInForce(ctx, actor, c)
	if err != nil {
		return nil, err
	}
	var out []Action
	for _, a := range Actions() {
		if slices.ContainsFunc(st.now, func(g Grant) bool { return g.Role.May(a) }) {
			out = append(out, a)
		}
	}
	return out, nil
}
