package collectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/internal/work"
)

// EndedTokens gives the Runner the tokens that are out of use and have yet to
// be taken back at the platform.
type EndedTokens interface {
	// EndedToken returns a token by its number; ErrNotFound if it is not kept
	// any more.
	EndedToken(ctx context.Context, id daybook.AccountID, number int64) (secret []byte, err error)
	// TokenRevoked destroys a token that the platform has confirmed to be
	// revoked, and writes that entry.
	TokenRevoked(ctx context.Context, actor daybook.Actor, id daybook.AccountID, number int64) error
}

// A Schedule plans the work that the Runner does. Called within a transaction,
// it plans as part of it.
type Schedule struct {
	Queue     work.Queue
	Clock     func() time.Time
	PollEvery time.Duration // as in Config
}

// Poll plans that an account is read, from now on.
func (s Schedule) Poll(ctx context.Context, a daybook.Account) error {
	return s.Queue.Put(ctx, PollTask(a, s.Clock(), s.PollEvery))
}

// revokeEvery is how far apart attempts to revoke a token are once the first
// few have failed. A token is never given up: hence the task repeats.
const revokeEvery = time.Hour

// Revoke plans that a token is taken back at the platform.
func (s Schedule) Revoke(ctx context.Context, a daybook.Account, token int64) error {
	return s.Queue.Put(ctx, work.Task{
		ID: "revoke/" + string(a.ID) + "/" + strconv.FormatInt(token, 10), Kind: "revoke", Case: string(a.Case),
		Due: s.Clock(), Every: revokeEvery,
	})
}

// Revoke takes back, at the platform, the tokens of an account that wait for
// it (RFC 7009), and returns an error if one could not be: it is tried again by
// Run until the platform confirms. It needs no consent: it ends one.
func (r *Runner) Revoke(ctx context.Context, id daybook.AccountID) error {
	var errs []error
	for {
		now := r.now()
		tasks, err := r.Queue.ClaimAbout(ctx, "revoke", string(id), r.Owner, now, now, r.Lease, 1)
		if err != nil {
			errs = append(errs, fmt.Errorf("revoke: %w", err))
		}
		if err != nil || len(tasks) == 0 {
			return errors.Join(errs...)
		}
		if err := r.revoke(ctx, tasks[0], id); err != nil {
			errs = append(errs, err)
		}
	}
}

func (r *Runner) revoke(ctx context.Context, t work.Task, id daybook.AccountID) error {
	err := r.revokeToken(ctx, t, id)
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("revoke a token of account %s: %w", id, err), r.release(ctx, t, err, false))
}

// giveBackToken takes a token back at the platform, and the one that it was refreshed
// to if that could not be kept: nobody else knows of it.
func (r *Runner) giveBackToken(ctx context.Context, a daybook.Account, secret []byte) error {
	all := [][]byte{secret}
	fresh := r.tokens.take(a.ID, secret)
	if fresh != nil {
		all = append(all, fresh)
	}
	for _, d := range r.Drivers {
		if d.Platform != a.Platform || d.Revoke == nil {
			continue
		}
		for _, s := range all {
			if err := d.Revoke(ctx, a, s); err != nil {
				if fresh != nil {
					r.tokens.keep(a.ID, freshToken{secret, fresh})
				}
				return err
			}
		}
	}
	return nil
}

func (r *Runner) revokeToken(ctx context.Context, t work.Task, id daybook.AccountID) error {
	if r.Tokens == nil {
		return fmt.Errorf("%w: there is nothing to revoke tokens with", daybook.ErrInvalid)
	}
	number, err := strconv.ParseInt(t.ID[strings.LastIndexByte(t.ID, '/')+1:], 10, 64)
	if err != nil {
		return fmt.Errorf("%w: task %s", daybook.ErrInvalid, t.ID)
	}
	a, _, _, err := r.Accounts.Account(ctx, id)
	if err != nil {
		return err
	}
	secret, err := r.Tokens.EndedToken(ctx, id, number)
	kept := !errors.Is(err, daybook.ErrNotFound)
	if err != nil && kept {
		return err
	}
	if kept {
		if err := r.giveBackToken(ctx, a, secret); err != nil {
			return &fetchError{err}
		}
	}
	// No lease is needed to end the task: to revoke twice does no harm.
	return r.Ledger.Update(ctx, func(ctx context.Context) error {
		t.Every = 0
		if err := r.Queue.Done(ctx, t, r.now(), nil); err != nil {
			return err
		}
		if !kept {
			return nil
		}
		// A refresh that was under way may have put another one in its place:
		// that one has to be revoked then. The error undoes Done.
		if now, err := r.Tokens.EndedToken(ctx, id, number); err != nil || !bytes.Equal(now, secret) {
			return errors.Join(err, ErrTokenMoved)
		}
		actor := daybook.Actor{ID: "collector", Role: "collector", Via: "collector " + string(a.Platform)}
		return r.Tokens.TokenRevoked(ctx, actor, id, number)
	})
}
