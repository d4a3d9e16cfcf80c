package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"daybook"
)

func (r RecoveryRow) place() string { return "signin/recovery/" + r.ID }

// RequestRecovery notes that an adviser asked for a new way in for a user who has
// lost theirs. It can be taken after RecoveryHold; until then, and after, the
// user can cancel it wherever they are signed in. Who calls it tells the user
// and their safe contact. If the same adviser asks again, what waits already is
// returned, and the time stays. daybook.ErrNotFound if there is no such user.
func (d *Desk) RequestRecovery(ctx context.Context, user string, by daybook.Actor) (Recovery, error) {
	u, err := d.user(ctx, user)
	if err != nil {
		return Recovery{}, fmt.Errorf("ask for a recovery: %w", err)
	}
	waiting, err := d.Recoveries(ctx, u.ID)
	if err != nil {
		return Recovery{}, err
	}
	if i := slices.IndexFunc(waiting, func(r Recovery) bool { return r.By.ID == by.ID }); i >= 0 {
		return waiting[i], nil
	}
	now := d.now()
	r := Recovery{ID: daybook.NewID(), User: u.ID, By: by, Asked: now, Ready: now.Add(RecoveryHold)}
	row := RecoveryRow{ID: r.ID, User: r.User, Ready: r.Ready}
	if row.Sealed, err = d.seal(row.place(), r); err != nil {
		return Recovery{}, err
	}
	if err := d.store.PutRecovery(ctx, row); err != nil {
		return Recovery{}, fmt.Errorf("ask for a recovery: %w", err)
	}
	return r, nil
}

func (d *Desk) recovery(row RecoveryRow) (r Recovery, err error) {
	return r, d.open(row.place(), row.Sealed, &r)
}

// over reports whether nobody came for a recovery in all the time that a code
// lasts.
func (r Recovery) over(now time.Time) bool { return now.Sub(r.Ready) >= CodeLife }

// Recoveries lists what waits for a user, the first to be ready first.
func (d *Desk) Recoveries(ctx context.Context, user string) ([]Recovery, error) {
	rows, err := d.store.RecoveriesOf(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("list recoveries: %w", err)
	}
	var out []Recovery
	for _, row := range rows {
		r, err := d.recovery(row)
		if err != nil {
			return nil, fmt.Errorf("list recoveries: %w", err)
		}
		if r.User == user && !r.over(d.now()) {
			out = append(out, r)
		}
	}
	return out, nil
}

// CancelRecovery ends a recovery of a user. daybook.ErrNotFound if there is none.
func (d *Desk) CancelRecovery(ctx context.Context, user, id string) error {
	row, err := d.store.Recovery(ctx, id)
	if err == nil && row.User != user {
		err = daybook.ErrNotFound
	}
	dropped := false
	if err == nil {
		dropped, err = d.store.DropRecovery(ctx, id)
	}
	if err == nil && !dropped {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("cancel a recovery: %w", err)
	}
	return nil
}

// TakeRecovery ends a recovery that is ready and returns a code for the user, as
// NewCode does with the purpose Recover. Errors: daybook.ErrNotFound if there is
// none, or it was cancelled; daybook.ErrForbidden if somebody else asked for it;
// daybook.ErrInvalid before it is ready.
func (d *Desk) TakeRecovery(ctx context.Context, id string, by daybook.Actor) (code string, until time.Time, err error) {
	row, err := d.store.Recovery(ctx, id)
	var r Recovery
	if err == nil {
		r, err = d.recovery(row)
	}
	switch now := d.now(); {
	case err != nil:
	case r.By.ID != by.ID:
		err = daybook.ErrForbidden
	case r.over(now):
		err = daybook.ErrNotFound
	case now.Before(r.Ready):
		err = fmt.Errorf("%w: it is not ready yet", daybook.ErrInvalid)
	}
	if err != nil {
		return "", until, fmt.Errorf("take a recovery: %w", err)
	}
	// The code is made last, outside of the transaction that takes the
	// recovery: if that goes wrong the adviser has to ask again, and nobody
	// gets two codes for one wait.
	dropped, err := d.store.DropRecovery(ctx, id)
	if err == nil && !dropped {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return "", until, fmt.Errorf("take a recovery: %w", err)
	}
	return d.NewCode(ctx, Recover, r.User, by)
}

// AnyReady reports whether anybody can sign in. If not, this is the first run.
func (d *Desk) AnyReady(ctx context.Context) (bool, error) {
	users, err := d.store.ReadyUsers(ctx)
	if err != nil {
		return false, fmt.Errorf("look who can sign in: %w", err)
	}
	for _, id := range users {
		_, err := d.user(ctx, id)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, daybook.ErrNotFound) {
			return false, fmt.Errorf("look who can sign in: %w", err)
		}
	}
	return false, nil
}
