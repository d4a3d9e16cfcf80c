package web

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/detect"
)

// Comparing the handles of a case can take seconds where its messages have not
// been read since the program began. No page waits for it for long: it goes on
// beside, and the next visit has it.

const (
	waitForLinks = 2 * time.Second        // of a page that is about them
	waitBriefly  = 200 * time.Millisecond // of another
	waitForWarm  = time.Minute            // of what nobody waits for
)

// A comparison is what may be linked in a case as it was at one moment. It is
// begun when somebody asks for it; after done is closed the rest can be read.
type comparison struct {
	changed uint64 // the entry up to which it knows the case
	begun   sync.Once
	done    chan struct{}
	links   []detect.Finding
	failed  bool
}

// comparisons are those that run.
type comparisons struct {
	linking Linking       // nil: nothing is compared
	wait    time.Duration // of a page that is about them
	logger  *slog.Logger
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // of what runs, which outlives the requests that begin it
	wg      sync.WaitGroup
	mu      sync.Mutex // of stop against begin
}

func newComparisons(c Config) *comparisons {
	k := &comparisons{linking: c.Linking, wait: waitForLinks, logger: c.Logger}
	k.ctx, k.stop = context.WithCancel(context.Background())
	return k
}

// next returns the comparison that belongs to figures which were worked out anew:
// that of the last ones, if the case has not changed and it did not fail.
func (k *comparisons) next(changed uint64, last *pattern) *comparison {
	if k.linking == nil {
		return nil
	}
	if last != nil && last.comparison.changed == changed && (!last.comparison.over() || !last.comparison.failed) {
		return last.comparison
	}
	return &comparison{changed: changed, done: make(chan struct{})}
}

// begin begins the comparison of a pattern, once, and reports whether this call
// did. tell is called with what it found when it is done.
func (k *comparisons) begin(c daybook.CaseID, p *pattern, tell func(undecided int)) (first bool) {
	n := p.comparison
	n.begun.Do(func() {
		first = true
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.ctx.Err() != nil {
			n.failed = true
			close(n.done)
			return
		}
		k.wg.Go(func() {
			defer close(n.done)
			defer k.survive(c, n)
			ctx := archive.Within(k.ctx, c)
			found, err := k.linking.Suggest(ctx, c, p.Facts)
			if err != nil { // a record can be read without it: the pages say so
				n.failed = true
				if ctx.Err() == nil {
					k.logger.WarnContext(ctx, "handles could not be compared", slog.String("case", string(c)), slog.Any("err", err))
				}
				return
			}
			n.links = slices.DeleteFunc(found, func(f detect.Finding) bool { return len(f.Handles) < 2 })
			tell(p.withLinks(n).undecided())
		})
	})
	return first
}

// survive ends a comparison that panicked as one that failed. The value is not
// logged: it may hold what somebody wrote.
func (k *comparisons) survive(c daybook.CaseID, n *comparison) {
	if recover() == nil {
		return
	}
	n.links, n.failed = nil, true
	k.logger.ErrorContext(k.ctx, "a comparison of handles panicked", slog.String("case", string(c)), slog.String("stack", string(debug.Stack())))
}

// over reports whether it is done.
func (n *comparison) over() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

// close ends what runs and waits for it. After that nothing is begun.
func (k *comparisons) close() {
	k.mu.Lock()
	k.stop()
	k.mu.Unlock()
	k.wg.Wait()
}

// withLinks returns the pattern with what a comparison found.
func (p *pattern) withLinks(n *comparison) *pattern {
	q := *p
	q.Links, q.NotCompared = n.links, n.failed
	return &q
}

// compared is pattern with what may be linked. If that is not known within a
// moment, Comparing says so.
func (r *request) compared() (*pattern, error) { return r.comparedIn(r.s.comparisons.wait) }

// comparedBriefly is compared for a page that has much else to say: it waits less,
// and only if nobody waited before.
func (r *request) comparedBriefly() (*pattern, error) {
	return r.comparedIn(min(r.s.comparisons.wait, waitBriefly))
}

func (r *request) comparedIn(wait time.Duration) (*pattern, error) {
	p, err := r.pattern()
	if err != nil || p.comparison == nil {
		return p, err
	}
	return r.s.compared(r.Context(), r.caseID, p, wait)
}

func (s *Server) compared(ctx context.Context, c daybook.CaseID, p *pattern, wait time.Duration) (*pattern, error) {
	s.patterns.wantLinks(c)
	first := s.comparisons.begin(c, p, func(undecided int) { s.patterns.setUndecided(c, undecided) })
	if !first && wait <= waitBriefly {
		wait = 0
	}
	if p.comparison.over() {
		return p.withLinks(p.comparison), nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-p.comparison.done:
		return p.withLinks(p.comparison), nil
	case <-timer.C:
		q := *p
		q.Comparing = true
		return &q, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
