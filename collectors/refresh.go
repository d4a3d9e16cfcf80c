package collectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"daybook"
	"daybook/internal/work"
)

// Some platforms give a token that lasts for hours, and another one by which the
// next pair is got, once: whoever uses that twice loses both. So one worker
// refreshes, while it holds the account's lease, only when the token is near its
// end, and the new pair is on stable storage before it is used.
//
// If the process dies between the platform's answer and that, or the answer is
// lost on its way, nobody has the new pair: the next refresh is refused, the
// account is stopped, and a person has to connect it again.

// ErrTokenMoved says that a token was refreshed, or replaced, by somebody else
// meanwhile.
var ErrTokenMoved = errors.New("the token was refreshed by another process")

// A TokenKeeper is an Accounts that can keep refreshed tokens. Without one no
// token is refreshed.
type TokenKeeper interface {
	// RenewToken puts fresh in the place of old. It does so too if old has gone
	// out of use meanwhile: then fresh is what has to be revoked. The error is
	// ErrTokenMoved if the account has no token that equals old.
	RenewToken(ctx context.Context, id daybook.AccountID, old, fresh []byte, at time.Time) error
}

const (
	// refreshBefore is how long before its end a token is refreshed: longer
	// than a run takes.
	refreshBefore = 15 * time.Minute
	// refreshTime is how long a refresh may take. It is not cut short when the
	// process is asked to stop: the old pair may be worth nothing by then.
	refreshTime = 30 * time.Second
	// refreshAgain is how far apart refreshes of tokens are that the platform
	// refused before their end.
	refreshAgain = time.Hour
)

// freshTokens is what a Runner remembers of refreshes.
type freshTokens struct {
	mu      sync.Mutex
	unsaved map[daybook.AccountID]freshToken // the store failed; nobody else has them
	forced  map[daybook.AccountID]time.Time  // when one was refreshed before its end
}

type freshToken struct{ old, fresh []byte }

func newFreshTokens() *freshTokens {
	return &freshTokens{unsaved: map[daybook.AccountID]freshToken{}, forced: map[daybook.AccountID]time.Time{}}
}

// take returns what was not saved in the place of a token, nil if there is
// nothing, and forgets it.
func (f *freshTokens) take(id daybook.AccountID, old []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.unsaved[id]
	if !ok || !bytes.Equal(t.old, old) {
		return nil // it goes when that one is given back
	}
	delete(f.unsaved, id)
	return t.fresh
}

func (f *freshTokens) keep(id daybook.AccountID, t freshToken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unsaved[id] = t
}

// mayForce reports whether a token may be refreshed before its end now.
func (f *freshTokens) mayForce(id daybook.AccountID, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	last, ok := f.forced[id]
	return !ok || now.Sub(last).Abs() >= refreshAgain
}

func (f *freshTokens) force(id daybook.AccountID, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forced[id] = now
}

// refresh makes sure that the run's token lasts for a while. The error is nil,
// too, if the platform could not be asked while the old one still lasts.
func (r *run) refresh(ctx context.Context) error {
	if !r.refreshes() {
		return nil
	}
	ends := r.driver.Ends(r.secret)
	if ends.IsZero() || r.now().Before(ends.Add(-refreshBefore)) {
		return nil
	}
	err := r.renew(ctx, false)
	if (isFetch(err) || errors.Is(err, ErrBusy)) && !errors.Is(err, ErrRefused) && r.now().Before(ends) {
		r.Logger.WarnContext(ctx, "a token could not be refreshed; it still lasts for a while", slog.String("account", string(r.acc.ID)))
		return nil
	}
	return err
}

func (r *run) refreshes() bool {
	_, keeps := r.Accounts.(TokenKeeper)
	return keeps && r.driver.Refresh != nil && r.driver.Ends != nil
}

// errNotAgain says that a token was refreshed before its end not long ago.
var errNotAgain = errors.New("the token was refreshed a short while ago")

// renew puts a fresh token in the place of the run's. If another one is there
// already, the run takes that. ErrBusy if another worker is about it; errNotAgain
// if it is early and was so a short while ago.
func (r *run) renew(ctx context.Context, early bool) (err error) {
	id, old := r.acc.ID, r.secret
	now := r.now()
	if err := r.Queue.Put(ctx, work.Task{ID: "refresh/" + string(id), Kind: "refresh", Case: string(r.acc.Case), Due: now}); err != nil {
		return fmt.Errorf("refresh a token: %w", err)
	}
	tasks, err := r.Queue.ClaimAbout(ctx, "refresh", string(id), r.Owner, now.AddDate(100, 0, 0), now, r.Lease, 1)
	if err != nil {
		return fmt.Errorf("refresh a token: %w", err)
	}
	if len(tasks) == 0 {
		return &fetchError{fmt.Errorf("refresh a token: %w", ErrBusy)}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTime)
	defer cancel()
	defer func() {
		if end := r.Queue.Done(ctx, tasks[0], r.now(), nil); !errors.Is(end, work.ErrLost) {
			err = errors.Join(err, end)
		}
	}()
	_, secret, err := r.readable(ctx, id)
	if err != nil {
		return err
	}
	if !bytes.Equal(secret, old) {
		r.secret = secret
		return nil
	}
	if early && !r.tokens.mayForce(id, now) {
		return errNotAgain
	}
	fresh := r.tokens.take(id, old)
	if fresh == nil {
		if fresh, err = r.driver.Refresh(ctx, r.acc, old); err != nil {
			return &fetchError{err}
		}
	}
	if early {
		r.tokens.force(id, now)
	}
	return r.saveToken(ctx, old, fresh)
}

// saveToken keeps a token before it is used. It does not ask for the lease: who
// has the newest pair keeps it, because no other works any more; that the row
// still holds the old one is what is compared.
func (r *run) saveToken(ctx context.Context, old, fresh []byte) error {
	id := r.acc.ID
	keeper, ok := r.Accounts.(TokenKeeper)
	if !ok {
		return fmt.Errorf("%w: there is nothing to keep refreshed tokens in", daybook.ErrInvalid)
	}
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		return keeper.RenewToken(ctx, id, old, fresh, r.now())
	})
	switch {
	case err == nil:
		r.secret, r.renewed = fresh, true
		return nil
	case errors.Is(err, ErrTokenMoved):
		// Whoever replaced the token did not know of this one.
		if r.driver.Revoke != nil {
			if err := r.driver.Revoke(ctx, r.acc, fresh); err != nil {
				return &fetchError{fmt.Errorf("give a token back that nobody uses: %w", err)}
			}
		}
		_, secret, err := r.readable(ctx, id)
		r.secret = secret
		return err
	}
	r.tokens.keep(id, freshToken{old, fresh})
	return fmt.Errorf("keep a refreshed token: %w", err)
}

// anew is called when the platform refused the run's token. It reports whether
// there may be another one in its place: then the account is not stopped, and
// the next run finds out. Clocks that were set, platforms that end a token early,
// and another worker who refreshed it are the reasons.
func (r *run) anew(ctx context.Context) (bool, error) {
	if r.src == nil || r.renewed || !r.refreshes() || r.driver.Ends(r.secret).IsZero() {
		return false, nil
	}
	err := r.renew(ctx, true)
	if errors.Is(err, ErrRefused) || errors.Is(err, errNotAgain) {
		return false, nil
	}
	return true, err
}
