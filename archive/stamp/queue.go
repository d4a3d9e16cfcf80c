package stamp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/archive"
)

// A Store keeps what is wanted of authorities and what they gave. *store.DB does.
type Store interface {
	// WantedStamps returns how far the authorities have come with a case.
	WantedStamps(ctx context.Context, c daybook.CaseID) ([]archive.WantedStamp, error)
	// DueStamps returns up to limit stamps that are waited for and may be asked
	// for now, of all cases.
	DueStamps(ctx context.Context, now time.Time, limit int) ([]archive.WantedStamp, error)
	// ClaimStamp sets that it is asked for now and not to be asked for again
	// before until; false if somebody else did so since w was read.
	ClaimStamp(ctx context.Context, w archive.WantedStamp, now, until time.Time) (bool, error)
	// PutStamp keeps a token, and that the next is not to be asked for before
	// due. The same one again changes nothing.
	PutStamp(ctx context.Context, c daybook.CaseID, s archive.Stamp, due time.Time) error
	// FailStamp counts a try that failed.
	FailStamp(ctx context.Context, w archive.WantedStamp, failure string, due time.Time) error
}

// Log has the checkpoints. *archive.Log does.
type Log interface {
	LastCheckpoint(ctx context.Context, c daybook.CaseID) (archive.Checkpoint, error)
	Stamps(ctx context.Context, c daybook.CaseID, size uint64) ([]archive.Stamp, error)
}

// A Queue asks authorities for what is wanted of them, again and again until it
// is had. Its methods may be called from several goroutines.
type Queue struct {
	cfg Config

	mu    sync.Mutex
	holds map[string]time.Time // by authority: it did not answer, and is not asked before
}

// Config is what a Queue needs.
type Config struct {
	Store       Store
	Log         Log
	Authorities []Authority
	Every       time.Duration // the shortest time between two requests for one case to one authority
	Clock       func() time.Time
	Logger      *slog.Logger
}

// NewQueue makes a queue. Without authorities it does nothing.
func NewQueue(cfg Config) *Queue { return &Queue{cfg: cfg, holds: map[string]time.Time{}} }

// Names returns the authorities' names.
func Names(all []Authority) []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	return names
}

// Checker returns what checks the tokens of these authorities, and says of
// others that they cannot be checked.
func Checker(all []Authority) archive.StampChecker {
	return func(name string, token, checkpoint []byte) (time.Time, error) {
		i := slices.IndexFunc(all, func(a Authority) bool { return a.Name == name })
		if i < 0 {
			return time.Time{}, fmt.Errorf("%w: this authority is not set up here", archive.ErrUnchecked)
		}
		t, err := Check(token, checkpoint, all[i].Roots)
		if FailureOf(err) == Untrusted && err != nil {
			return time.Time{}, fmt.Errorf("%w: %w", archive.ErrUnchecked, err)
		}
		return t.At, err
	}
}

const (
	lookEvery = 5 * time.Second  // how often it is looked whether something is due
	atOnce    = 100              // how much is read of what is due
	longest   = time.Hour        // the pause between two tries grows to this
	claimed   = 2 * time.Minute  // after it, what somebody claimed and did not end is asked for again
	direct    = 10 * time.Second // how long Stamp and Once wait for those whom they ask
)

// Run asks for what is due until ctx ends.
func (q *Queue) Run(ctx context.Context) error {
	if len(q.cfg.Authorities) == 0 {
		<-ctx.Done()
		return nil
	}
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		if err := q.Due(ctx); err != nil && ctx.Err() == nil {
			q.cfg.Logger.WarnContext(ctx, "time stamps could not be asked for", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Due asks each authority once for everything that is due, one after the other;
// the authorities are asked at the same time. One that does not answer is not
// asked for the rest. An error is one of the store: that an authority does not
// answer is none.
func (q *Queue) Due(ctx context.Context) error {
	due, err := q.cfg.Store.DueStamps(ctx, q.cfg.Clock(), atOnce)
	if err != nil {
		return err
	}
	return q.each(func(a Authority) error {
		for _, w := range due {
			if w.Authority != a.Name {
				continue
			}
			if q.held(a.Name) || ctx.Err() != nil {
				return nil
			}
			if err := q.ask(ctx, ctx, a, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// Once asks for what is due of one case: what Due does, for one. It waits for ten
// seconds at most.
func (q *Queue) Once(ctx context.Context, c daybook.CaseID) error {
	if len(q.cfg.Authorities) == 0 {
		return nil
	}
	wanted, err := q.cfg.Store.WantedStamps(ctx, c)
	if err != nil {
		return err
	}
	now := q.cfg.Clock()
	asking, stop := context.WithTimeout(ctx, direct)
	defer stop()
	return q.each(func(a Authority) error {
		i := slices.IndexFunc(wanted, func(w archive.WantedStamp) bool {
			return w.Authority == a.Name && w.Waiting() && !w.Due.After(now)
		})
		if i < 0 || q.held(a.Name) {
			return nil
		}
		return q.ask(ctx, asking, a, wanted[i])
	})
}

// Stamp returns the stamps over a checkpoint by the authorities that are set up.
// Whom there is none of is asked now, whenever it was asked last, and waited for
// for ten seconds at most; what does not come is asked for again later. What is
// there is returned with every error.
func (q *Queue) Stamp(ctx context.Context, c daybook.CaseID, cp archive.Checkpoint) ([]archive.Stamp, error) {
	have, err := q.cfg.Log.Stamps(ctx, c, cp.Size)
	if err != nil {
		return nil, err
	}
	var (
		asking, stop = context.WithTimeout(ctx, direct)
		mu           sync.Mutex
	)
	defer stop()
	err = q.each(func(a Authority) error {
		if slices.ContainsFunc(have, func(s archive.Stamp) bool { return s.Authority == a.Name }) {
			return nil
		}
		s, err := q.request(asking, a, c, cp)
		if err != nil {
			return q.failed(ctx, a, archive.WantedStamp{Case: c, Authority: a.Name, Size: cp.Size}, err)
		}
		mu.Lock()
		have = append(have, s)
		mu.Unlock()
		return nil
	})
	have = slices.DeleteFunc(have, func(s archive.Stamp) bool { return !slices.Contains(Names(q.cfg.Authorities), s.Authority) })
	slices.SortFunc(have, func(a, b archive.Stamp) int { return strings.Compare(a.Authority, b.Authority) })
	return have, err
}

// each calls fn for every authority, at the same time, and waits.
func (q *Queue) each(fn func(a Authority) error) error {
	errs := make([]error, len(q.cfg.Authorities))
	var wg sync.WaitGroup
	for i, a := range q.cfg.Authorities {
		wg.Go(func() { errs[i] = fn(a) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// ask asks for a stamp over the newest checkpoint of a case, until asking ends.
func (q *Queue) ask(ctx, asking context.Context, a Authority, w archive.WantedStamp) error {
	now := q.cfg.Clock()
	mine, err := q.cfg.Store.ClaimStamp(ctx, w, now, now.Add(claimed))
	if err != nil || !mine {
		return err
	}
	cp, err := q.cfg.Log.LastCheckpoint(ctx, w.Case)
	if errors.Is(err, archive.ErrBroken) || errors.Is(err, daybook.ErrNotFound) {
		// Of a log that is not what it was nothing is stamped; that is said
		// where it is verified. Of one that was erased nothing is left.
		return q.cfg.Store.FailStamp(ctx, w, "checkpoint", now.Add(longest))
	}
	if err != nil {
		return err
	}
	if _, err := q.request(asking, a, w.Case, cp); err != nil {
		return q.failed(ctx, a, w, err)
	}
	return nil
}

// request gets a stamp and keeps it. An *Error is the authority's.
func (q *Queue) request(ctx context.Context, a Authority, c daybook.CaseID, cp archive.Checkpoint) (archive.Stamp, error) {
	t, err := a.Request(ctx, cp.Signed, q.cfg.Clock)
	if err != nil {
		return archive.Stamp{}, err
	}
	now := q.cfg.Clock().UTC()
	s := archive.Stamp{Size: cp.Size, Authority: a.Name, Token: t.Raw, At: t.At, Got: now, Offset: t.Offset}
	if err := q.cfg.Store.PutStamp(ctx, c, s, now.Add(q.cfg.Every)); err != nil {
		return archive.Stamp{}, err
	}
	q.hold(a.Name, time.Time{})
	return s, nil
}

// failed puts a stamp off if the error is the authority's.
func (q *Queue) failed(ctx context.Context, a Authority, w archive.WantedStamp, err error) error {
	var theirs *Error
	if !errors.As(err, &theirs) {
		return err
	}
	if ctx.Err() != nil {
		return nil // nobody waited for it: that is not the authority's fault
	}
	pause := min(q.cfg.Every<<min(w.Tries, 10), longest)
	due := q.cfg.Clock().Add(pause)
	if theirs.Failure == NoAnswer {
		q.hold(a.Name, due)
	}
	if w.Tries == 0 {
		q.cfg.Logger.WarnContext(ctx, "a time stamp could not be had; it is asked for again", slog.String("authority", a.Name), slog.String("case", string(w.Case)), slog.String("failure", string(theirs.Failure)))
	}
	return q.cfg.Store.FailStamp(ctx, w, string(theirs.Failure), due)
}

func (q *Queue) held(name string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.holds[name].After(q.cfg.Clock())
}

func (q *Queue) hold(name string, until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.holds[name] = until
}
