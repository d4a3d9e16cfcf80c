package cases

import (
	"context"
	"fmt"
	"slices"

	"daybook"
)

// Owns keeps the lists of own details. *store.DB implements it.
type Owns interface {
	// Own returns the list of a case in the order in which it was added to;
	// nil if there is none.
	Own(ctx context.Context, c daybook.CaseID) ([]daybook.OwnDetail, error)
	// PutOwn keeps a list, which may be empty, in the place of the one
	// before: that one cannot be opened any more.
	PutOwn(ctx context.Context, c daybook.CaseID, list []daybook.OwnDetail) error
}

// What the access log says of the list of own details: never what is in it.
const (
	ownLooked  = "looked at the list of own details"
	ownChanged = "changed the list of own details"
)

// Own returns the person's own details, once the access entry is written that
// says that somebody looked.
func (s *Cases) Own(ctx context.Context, actor daybook.Actor, c daybook.CaseID) ([]daybook.OwnDetail, error) {
	if err := s.Look(ctx, actor, c, OwnDetails, daybook.Access{Detail: ownLooked}); err != nil {
		return nil, err
	}
	return s.store.Own(ctx, c)
}

// AddOwn adds an own detail. One that is on the list already is passed over, and
// no entry is written. The error wraps daybook.ErrInvalid if the detail cannot
// be kept or the list is full; it never holds the detail.
func (s *Cases) AddOwn(ctx context.Context, actor daybook.Actor, c daybook.CaseID, d daybook.OwnDetail) error {
	return s.changeOwn(ctx, actor, c, d, func(list []daybook.OwnDetail, d daybook.OwnDetail) ([]daybook.OwnDetail, error) {
		if slices.Contains(list, d) {
			return list, nil
		}
		if len(list) >= daybook.MaxOwn {
			return nil, fmt.Errorf("%w: the list of own details is full; it holds %d", daybook.ErrInvalid, daybook.MaxOwn)
		}
		return append(list, d), nil
	})
}

// RemoveOwn takes an own detail out, for good. daybook.ErrNotFound if it is not
// on the list.
func (s *Cases) RemoveOwn(ctx context.Context, actor daybook.Actor, c daybook.CaseID, d daybook.OwnDetail) error {
	return s.changeOwn(ctx, actor, c, d, func(list []daybook.OwnDetail, d daybook.OwnDetail) ([]daybook.OwnDetail, error) {
		i := slices.Index(list, d)
		if i < 0 {
			return nil, fmt.Errorf("take out an own detail: %w", daybook.ErrNotFound)
		}
		return slices.Delete(list, i, i+1), nil
	})
}

// changeOwn writes the entry and the list in one transaction.
func (s *Cases) changeOwn(ctx context.Context, actor daybook.Actor, c daybook.CaseID, d daybook.OwnDetail, change func([]daybook.OwnDetail, daybook.OwnDetail) ([]daybook.OwnDetail, error)) error {
	if err := s.Authorize(ctx, actor, c, OwnDetails); err != nil {
		return err
	}
	d, err := d.Clean()
	if err != nil {
		return err
	}
	before, err := s.store.Own(ctx, c)
	if err != nil {
		return err
	}
	if after, err := change(slices.Clone(before), d); err != nil || len(after) == len(before) {
		return err
	}
	return s.store.Update(ctx, func(ctx context.Context) error {
		// The entry first: it takes the lock of the case, so that of two
		// changes at the same time none is lost.
		if err := s.Audit(ctx, actor, c, daybook.Access{Action: string(OwnDetails), Detail: ownChanged}); err != nil {
			return err
		}
		list, err := s.store.Own(ctx, c)
		if err != nil {
			return err
		}
		if list, err = change(list, d); err != nil {
			return err
		}
		return s.store.PutOwn(ctx, c, list)
	})
}
