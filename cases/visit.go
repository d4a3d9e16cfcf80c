package cases

import (
	"context"
	"fmt"
	"time"

	"daybook"
)

// A LastVisit says when a user opened the overview of a case.
type LastVisit struct {
	Session    string    // that opened it last
	At         time.Time // the last time in that session
	Size       uint64    // entries of the log then
	Before     time.Time // the last time in an earlier session; zero: there was none
	BeforeSize uint64
}

// Visits keeps when users looked at cases. *store.DB implements it.
type Visits interface {
	// LastVisit returns the zero LastVisit if there was none.
	LastVisit(ctx context.Context, c daybook.CaseID, user string) (LastVisit, error)
	PutVisit(ctx context.Context, c daybook.CaseID, user string, v LastVisit) error
	// LastReview returns the zero time if there was none.
	LastReview(ctx context.Context, c daybook.CaseID, user string) (at time.Time, size uint64, err error)
	PutReview(ctx context.Context, c daybook.CaseID, user string, at time.Time, size uint64) error
}

// Review marks that the actor has been through the case as it is now. The mark
// is an access entry with the action "review", which the person sees, and a row
// that is quick to ask. It says nothing but when.
func (s *Cases) Review(ctx context.Context, actor daybook.Actor, c daybook.CaseID) error {
	if err := s.Authorize(ctx, actor, c, ReviewCase); err != nil {
		return err
	}
	now := s.now()
	err := s.store.Update(ctx, func(ctx context.Context) error {
		n, err := s.append(ctx, actor, c, daybook.RecordAccess, daybook.Access{Action: string(ReviewCase)}, now)
		if err != nil {
			return err
		}
		return s.store.PutReview(ctx, c, actor.ID, now, n+1)
	})
	if err != nil {
		return fmt.Errorf("mark the case as reviewed: %w", err)
	}
	return nil
}

// Reviewed returns when the actor last marked the case as reviewed, and how many
// entries its log had then: what has come since are the entries from that number
// on. The time is zero if they never did.
func (s *Cases) Reviewed(ctx context.Context, actor daybook.Actor, c daybook.CaseID) (at time.Time, size uint64, err error) {
	if err := s.Authorize(ctx, actor, c, Counts); err != nil {
		return at, 0, err
	}
	return s.store.LastReview(ctx, c, actor.ID)
}

// visitEvery is how often it is written down that a session opened the overview
// again.
const visitEvery = time.Minute

// Visit notes that the actor opens the overview of the case in a session, and
// returns when they last did in an earlier one, with how many entries the log
// had then: what "since your last visit" counts from. The time is zero at the
// first visit. Within one session the answer stays the same. It writes no entry.
func (s *Cases) Visit(ctx context.Context, actor daybook.Actor, c daybook.CaseID, session string) (at time.Time, size uint64, err error) {
	if err := s.Authorize(ctx, actor, c, Counts); err != nil {
		return at, 0, err
	}
	v, err := s.store.LastVisit(ctx, c, actor.ID)
	if err != nil {
		return at, 0, err
	}
	now := s.now()
	if v.Session == session && now.Sub(v.At) < visitEvery {
		return v.Before, v.BeforeSize, nil
	}
	if v.Session != session {
		v.Session, v.Before, v.BeforeSize = session, v.At, v.Size
	}
	v.At = now
	if v.Size, err = s.store.Size(ctx, c); err != nil {
		return at, 0, err
	}
	if err := s.store.PutVisit(ctx, c, actor.ID, v); err != nil {
		return at, 0, err
	}
	return v.Before, v.BeforeSize, nil
}

// Visited returns what Visit would, and notes nothing: for other pages than the
// overview.
func (s *Cases) Visited(ctx context.Context, actor daybook.Actor, c daybook.CaseID, session string) (at time.Time, size uint64, err error) {
	if err := s.Authorize(ctx, actor, c, Counts); err != nil {
		return at, 0, err
	}
	v, err := s.store.LastVisit(ctx, c, actor.ID)
	if err != nil {
		return at, 0, err
	}
	if v.Session != session {
		return v.At, v.Size, nil
	}
	return v.Before, v.BeforeSize, nil
}
