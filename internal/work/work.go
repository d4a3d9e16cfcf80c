// Package work describes pieces of work that outlive a process: a poll, a
// second look, an attachment to fetch, a mail. Each is a row with a due time
// and a lease; the lease carries a fence, a number that grows with each claim,
// so that a worker whose lease has moved on cannot commit.
package work

import (
	"context"
	"errors"
	"time"
)

// ErrLost says that the lease of a task has moved on to another worker.
var ErrLost = errors.New("lease lost")

// A Task is one piece of work. Args may hold personal data: a Queue seals them.
type Task struct {
	ID      string // unique; made by whoever puts it
	Kind    string // "poll", "look", "media", "revoke", "mail", …
	Case    string // whose key seals Args
	Args    []byte
	Due     time.Time
	Every   time.Duration // 0: once, and then the task is deleted
	Fence   int64         // set by Claim
	Tries   int           // failures since the last success
	LastErr string        // of the last failure; without personal data
	Dead    bool          // given up after MaxTries
}

// MaxTries is how often a one-off task is tried before it is given up.
const MaxTries = 20

// A Queue keeps tasks durably.
type Queue interface {
	// Put adds tasks. One whose ID is there already is left as it is.
	Put(ctx context.Context, tasks ...Task) error

	// Claim takes up to n tasks of a kind that are due at now and whose lease
	// is free or over, earliest first. case "" means any case.
	Claim(ctx context.Context, kind, caseID, owner string, now time.Time, lease time.Duration, n int) ([]Task, error)

	// Done ends a claim. With fail == nil a task that repeats is due again at
	// now + Every, and a one-off is deleted. Otherwise it is due again after a
	// backoff of 2^Tries seconds, at most about an hour. It returns ErrLost,
	// and changes nothing, if the lease has moved on.
	Done(ctx context.Context, t Task, now time.Time, fail error) error

	// Guard fails with ErrLost if the lease of t has moved on. Called first in
	// a transaction, it holds the row until the transaction ends.
	Guard(ctx context.Context, t Task) error
}
