package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"daybook"
)

// scopesOfFiles are what a person agrees to who adds a file from an account of
// theirs, in words.
var scopesOfFiles = []string{"read the files from this account that the person adds"}

// NameAccount returns the account of a case with a handle, whatever its state, or
// makes one that is never read: the person adds a file from it, which says whose
// it is. No token is kept, nothing is ever asked for at the platform, and there
// is nothing that ends: each file is the person's own act. Connecting it later
// keeps its identifier.
//
// It needs the right to Import. The error wraps daybook.ErrInvalid if messages
// from that handle have reached the person: a file of the other side's account is
// not read in.
func (s *Cases) NameAccount(ctx context.Context, actor daybook.Actor, c daybook.CaseID, platform daybook.Platform, handle daybook.Handle) (daybook.Account, error) {
	if err := s.Authorize(ctx, actor, c, Import); err != nil {
		return daybook.Account{}, err
	}
	if c == "" || platform == "" || handle.IsZero() || handle.Platform != platform {
		return daybook.Account{}, fmt.Errorf("%w: say whose account the file is of", daybook.ErrInvalid)
	}
	if err := s.catchUp(ctx, c); err != nil {
		return daybook.Account{}, fmt.Errorf("name an account: %w", err)
	}
	var a daybook.Account
	err := s.store.Update(ctx, func(ctx context.Context) error {
		known, err := s.store.Accounts(ctx, c)
		if err != nil {
			return err
		}
		for _, k := range known {
			if k.Handle.Same(handle) {
				a = k
				return nil
			}
		}
		n, err := s.messages.Wrote(ctx, c, handle)
		if err != nil {
			return err
		}
		if n > 0 {
			return errOtherSide
		}
		now := s.now()
		a = daybook.Account{ID: daybook.AccountID(daybook.NewID()), Case: c, Platform: platform, Handle: handle, State: daybook.Named}
		agreed := daybook.Consent{Account: a.ID, By: actor, Scopes: scopesOfFiles, Purpose: "keep a record of unwanted contact", Given: now}
		if err := s.store.PutAccount(ctx, a, agreed); err != nil {
			return err
		}
		return s.record(ctx, actor, daybook.AccountNamed, a, agreed, now)
	})
	if errors.Is(err, errOtherSide) {
		return daybook.Account{}, err
	}
	if err != nil {
		return daybook.Account{}, fmt.Errorf("name an account: %w", err)
	}
	return a, nil
}

// errOtherSide says that a file is of somebody who has written to the person.
var errOtherSide = fmt.Errorf("%w: this file is of an account whose messages are in this case: only files from the person's own accounts are read in; if it is theirs, connect it first", daybook.ErrInvalid)

// OwnAccount reports whether the account with a handle is one of the person's own in a
// case. others says that they have another one on that platform.
func (s *Cases) OwnAccount(ctx context.Context, c daybook.CaseID, handle daybook.Handle) (own, others bool, err error) {
	known, err := s.store.Accounts(ctx, c)
	if err != nil {
		return false, false, fmt.Errorf("look for the person's accounts: %w", err)
	}
	for _, k := range known {
		own = own || k.Handle.Same(handle)
		others = others || strings.EqualFold(string(k.Platform), string(handle.Platform)) && !k.Handle.Same(handle)
	}
	return own, others, nil
}
