package collectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"daybook"
	"daybook/internal/work"
)

// Errors of the Runner.
var (
	// ErrBusy says that another worker is reading the account now.
	ErrBusy = errors.New("another worker reads this account")
	// ErrNotRead says that the account is paused or stopped.
	ErrNotRead = errors.New("the account is not read now")

	errStopped = fmt.Errorf("%w: a person must connect it again", ErrNotRead)
)

// Config says what a Runner works with. Drivers, Log, Ledger, Accounts, Queue
// and Owner are needed; the rest has defaults. Log, Ledger, Accounts and Queue
// must share the transaction of Ledger.Update.
type Config struct {
	Drivers  []Driver
	Log      Log
	Ledger   Ledger
	Accounts Accounts
	Queue    Queue
	Tombs    Tombs       // nil: nothing was ever erased
	Tokens   EndedTokens // nil: Revoke is not available
	Owner    string      // names this process; another start, another name
	Logger   *slog.Logger

	Clock   func() time.Time     // the machine's clock; time.Now
	Elapsed func() time.Duration // runs evenly whatever happens to Clock; since NewRunner

	PollEvery time.Duration   // 1 minute
	LookAfter []time.Duration // 5 min, 65 min, 24 h, 7 days: when a new message is looked at again
	Lease     time.Duration   // 5 minutes: how long an account is held
	Budget    time.Duration   // a third of Lease: after that, a run gives the account back and goes on in the next one
	Workers   int             // 4: accounts that Run reads at the same time
	MaxMedia  int64           // 64 MiB: larger attachments are not kept

	// OnStopped is called when the platform refused an account's token,
	// after that was committed. It may be nil.
	OnStopped func(ctx context.Context, a daybook.Account)
	// OnAppended is called after a run that added to the log of a case: now
	// its followers can catch up. It may be nil.
	OnAppended func(ctx context.Context, c daybook.CaseID)
}

// A Runner reads accounts: when one is due it drains lane after lane, page by
// page. Each page is one transaction that checks the lease and the consent
// again, appends what is new, and saves the cursor; so a crash at any point
// means that a page is read twice and archived once. Its methods may be called
// from several goroutines and processes: a lease keeps them apart.
type Runner struct {
	Config
	clock  *clockWatch
	shown  shownToday
	tokens *freshTokens
}

// NewRunner makes a Runner.
func NewRunner(c Config) *Runner {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Elapsed == nil {
		start := time.Now()
		c.Elapsed = func() time.Duration { return time.Since(start) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.PollEvery <= 0 {
		c.PollEvery = time.Minute
	}
	if c.LookAfter == nil {
		c.LookAfter = []time.Duration{5 * time.Minute, 65 * time.Minute, 24 * time.Hour, 7 * 24 * time.Hour}
	}
	if c.Lease <= 0 {
		c.Lease = 5 * time.Minute
	}
	if c.Budget <= 0 {
		c.Budget = c.Lease / 3
	}
	if c.Workers <= 0 {
		c.Workers = 4
	}
	if c.MaxMedia <= 0 {
		c.MaxMedia = 64 << 20
	}
	c.Drivers = slices.Clone(c.Drivers)
	for i, d := range c.Drivers {
		c.Drivers[i] = d.Guarded(c.Logger)
	}
	r := &Runner{Config: c, tokens: newFreshTokens()}
	r.clock = newClockWatch(c.Clock, c.Elapsed)
	return r
}

func (r *Runner) now() time.Time { return r.Clock().UTC().Truncate(time.Microsecond) }

// A Report says what one run did. Captures are counted as they came; each is
// New, Known, Excluded, Erased, Early or NotChosen.
type Report struct {
	Account   daybook.AccountID
	Pages     int
	Captures  int
	New       int
	Known     int // equal to what is archived
	Excluded  int // of senders who are never collected: nothing was kept
	Erased    int // of messages that were erased: nothing was kept
	Early     int // older than the account's Since: nothing was kept
	NotChosen int // of kinds that the account's Kinds leave out: nothing was kept
	Unknown   int // new, but of a kind that this version cannot read
	Failed    int // new, but without a reading
	Observed  int // observations that were recorded
	Looked    int // messages that were looked at again
	Media     int // attachments that were kept
	Gaps      []daybook.Gap
	Lanes     []LaneReport
	More      bool // the run ended before it was done: call again
}

// A LaneReport says how one lane of a run went.
type LaneReport struct {
	Lane     daybook.Lane
	Captures int
	New      int
	CaughtUp bool  // read to its newest end
	BackDone bool  // the past has been read to its end
	Err      error // nil if it went well
}

// anyLane reports whether a lane was read to its newest end.
func (rep *Report) anyLane() bool {
	return slices.ContainsFunc(rep.Lanes, func(l LaneReport) bool { return l.CaughtUp })
}

// PollTask is the task by which an account is read again and again.
func PollTask(a daybook.Account, due time.Time, every time.Duration) work.Task {
	return work.Task{ID: "poll/" + string(a.ID), Kind: "poll", Case: string(a.Case), Due: due, Every: every}
}

// Once reads an account now, whether it is due or not, and returns what it did.
//
// Errors: ErrNotFound; ErrBusy; ErrNotRead if the account is paused or stopped;
// ErrConsentEnded; ErrRefused; *RateLimitError; work.ErrLost if another worker
// took over. Others are temporary: the run is tried again by Run. What was
// committed before an error stays.
func (r *Runner) Once(ctx context.Context, id daybook.AccountID) (Report, error) {
	rep := Report{Account: id}
	a, _, _, err := r.Accounts.Account(ctx, id)
	if err != nil {
		return rep, fmt.Errorf("read account %s: %w", id, err)
	}
	now := r.now()
	if err := r.Queue.Put(ctx, PollTask(a, now, r.PollEvery)); err != nil {
		return rep, fmt.Errorf("read account %s: %w", id, err)
	}
	tasks, err := r.Queue.ClaimAbout(ctx, "poll", string(id), r.Owner, now.AddDate(100, 0, 0), now, r.Lease, 1)
	if err != nil {
		return rep, fmt.Errorf("read account %s: %w", id, err)
	}
	if len(tasks) == 0 {
		return rep, fmt.Errorf("read account %s: %w", id, ErrBusy)
	}
	return r.poll(ctx, tasks[0], id)
}

// poll does a claimed poll and ends the claim.
func (r *Runner) poll(ctx context.Context, task work.Task, id daybook.AccountID) (Report, error) {
	run, err := r.open(ctx, id, task)
	if err == nil {
		if err = run.read(ctx); run.another {
			err, run.rep.More = run.noOther, run.noOther == nil
		}
	} else {
		err = errors.Join(err, run.failedLane(ctx, nil, err, maxLanesFailing))
	}
	err = errors.Join(err, run.close(ctx))
	ended := err
	if run.rep.anyLane() && isFetch(err) && (!putOff(err) || onlyHere(err)) && ctx.Err() == nil {
		ended = nil // one lane that fails does not make the others wait
	}
	if end := r.release(ctx, task, ended, run.rep.More); !errors.Is(err, work.ErrLost) {
		err = errors.Join(err, end)
	}
	if err != nil {
		return run.rep, fmt.Errorf("read account %s: %w", id, err)
	}
	return run.rep, nil
}

// release ends a claim: it says when the task is due again. It does so even
// when ctx has ended, so that nobody has to wait for the lease.
func (r *Runner) release(ctx context.Context, t work.Task, err error, more bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	now := r.now()
	var limit *RateLimitError
	switch {
	case errors.Is(err, work.ErrLost):
		return nil
	case errors.As(err, &limit):
		return r.postpone(ctx, t, now, limit.Until.Sub(now))
	case errors.Is(err, context.Canceled), err == nil && more:
		return r.postpone(ctx, t, now, 0)
	case errors.Is(err, ErrNotRead), errors.Is(err, daybook.ErrConsentEnded), errors.Is(err, ErrRefused):
		return r.postpone(ctx, t, now, r.PollEvery)
	case err != nil:
		return r.Queue.Done(ctx, t, now, errors.New(causeOf(err)))
	}
	return r.Queue.Done(ctx, t, now, nil)
}

// postpone makes a task due again after d without counting a failure.
func (r *Runner) postpone(ctx context.Context, t work.Task, now time.Time, d time.Duration) error {
	t.Every = max(d, time.Microsecond)
	return r.Queue.Done(ctx, t, now, nil)
}

// A run is one claim of one account with an open source. It lives in one
// goroutine.
type run struct {
	*Runner
	task    work.Task
	acc     daybook.Account
	secret  []byte
	renewed bool  // the secret was refreshed in this run
	another bool  // the platform refused it, and there may be another one
	noOther error // why that is not known
	driver  Driver
	src     Source
	end     time.Duration // of Elapsed: when the budget is used up
	doubt   bool          // a lane has handles that are Unlisted
	wrote   bool          // something may have been appended
	rep     Report
}

// open makes a run. It is never nil. Errors: as Once.
func (r *Runner) open(ctx context.Context, id daybook.AccountID, task work.Task) (*run, error) {
	run := &run{Runner: r, task: task, end: r.Elapsed() + r.Budget, rep: Report{Account: id}}
	a, secret, err := r.readable(ctx, id)
	run.acc, run.secret = a, secret
	run.acc.ID = id
	if err != nil {
		return run, err
	}
	for _, d := range r.Drivers {
		if d.Platform == a.Platform {
			run.driver = d
		}
	}
	if run.driver.Open == nil {
		return run, fmt.Errorf("%w: there is no collector for %q", daybook.ErrInvalid, a.Platform)
	}
	if err := run.refresh(ctx); err != nil {
		return run, err
	}
	if run.src, err = run.driver.Open(ctx, a, run.secret); err != nil {
		return run, &fetchError{err}
	}
	states, err := r.Ledger.Lanes(ctx, id)
	if err != nil {
		return run, err
	}
	for _, st := range states {
		run.doubt = run.doubt || len(st.Unlisted) > 0
	}
	return run, run.recordClock(ctx)
}

// close ends a run, also one that open could not make.
func (r *run) close(ctx context.Context) error {
	if r.wrote && r.OnAppended != nil {
		r.OnAppended(ctx, r.acc.Case)
	}
	if r.src == nil {
		return nil
	}
	if err := r.src.Close(); err != nil {
		return fmt.Errorf("close the connection: %w", err)
	}
	return nil
}

// spent reports whether the run has used up its time.
func (r *run) spent() bool { return r.Elapsed() >= r.end }

// overdue reports whether it is time to give the account back in any case.
func (r *run) overdue() bool { return r.Elapsed() >= r.end+r.Budget }

// readable returns the account and its secret if it may be read at this moment.
func (r *Runner) readable(ctx context.Context, id daybook.AccountID) (daybook.Account, []byte, error) {
	a, consent, secret, err := r.Accounts.Account(ctx, id)
	if err != nil {
		return a, nil, err
	}
	switch a.State {
	case daybook.Active:
	case daybook.Withdrawn, daybook.Expired:
		return a, nil, fmt.Errorf("%w: the account is %s", daybook.ErrConsentEnded, a.State)
	case daybook.Stopped:
		return a, nil, errStopped
	default:
		return a, nil, fmt.Errorf("%w: it is %s", ErrNotRead, a.State)
	}
	return a, secret, consent.Check(r.now())
}

// ask makes sure that the account may still be read, then makes one request.
func (r *run) ask(ctx context.Context, request func() error) error {
	if _, _, err := r.readable(ctx, r.acc.ID); err != nil {
		return err
	}
	if err := Guard(r.Logger, request); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &fetchError{err}
	}
	return nil
}

// A fetchError comes from the platform or the way to it, not from the store.
type fetchError struct{ err error }

func isFetch(err error) bool {
	var fetch *fetchError
	return errors.As(err, &fetch)
}

func (e *fetchError) Error() string { return "ask the platform: " + e.err.Error() }
func (e *fetchError) Unwrap() error { return e.err }

// held runs fn in one transaction that holds the lease and has checked, inside
// it, that the account may still be read: what came in meanwhile is thrown away
// if not. fn gets the handles that are never collected.
func (r *run) held(ctx context.Context, fn func(ctx context.Context, excluded map[string]bool) error) error {
	return r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		return r.checked(ctx, fn)
	})
}

// An accountHolder is an Accounts whose rows can be held until the transaction
// ends, so that nobody withdraws between the check and the commit.
type accountHolder interface {
	HoldAccount(ctx context.Context, id daybook.AccountID) (daybook.Account, daybook.Consent, error)
}

// checked runs fn within a transaction if the account may still be read.
func (r *run) checked(ctx context.Context, fn func(ctx context.Context, excluded map[string]bool) error) error {
	if h, ok := r.Accounts.(accountHolder); ok {
		if _, _, err := h.HoldAccount(ctx, r.acc.ID); err != nil {
			return err
		}
	}
	if _, _, err := r.readable(ctx, r.acc.ID); err != nil {
		return err
	}
	excluded, err := r.Accounts.Excluded(ctx, r.acc.Case)
	if err != nil {
		return err
	}
	return fn(ctx, excluded)
}

// append adds records to the account's log.
func (r *run) append(ctx context.Context, batch []daybook.Record) (uint64, error) {
	r.wrote = true
	return r.Log.Append(ctx, r.acc.Case, batch)
}

// actor stands on every record that the Runner makes.
func (r *run) actor(parser string) daybook.Actor {
	if parser == "" {
		parser = string(r.acc.Platform)
	}
	return daybook.Actor{ID: "collector", Role: "collector", Via: "collector " + parser}
}

// record makes a record of the Runner's own.
func (r *run) record(kind daybook.RecordKind, v any) daybook.Record {
	rec := daybook.NewRecord(kind, v)
	rec.Actor, rec.Logged = r.actor(""), r.now()
	return rec
}

// refused stops the account, because the platform does not take its token, and
// says so in the log: the token was refused, and what may be missing since. If
// the account got another token meanwhile, nothing is done.
func (r *run) refused(ctx context.Context) error {
	if r.another, r.noOther = r.anew(ctx); r.another {
		return nil
	}
	stopped := false
	var gaps []daybook.Gap
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		a, consent, secret, err := r.Accounts.Account(ctx, r.acc.ID)
		if err != nil || a.State != daybook.Active || !bytes.Equal(secret, r.secret) {
			return err
		}
		if err := r.Accounts.SetState(ctx, a.ID, daybook.Stopped); err != nil {
			return err
		}
		a.State = daybook.Stopped
		batch := []daybook.Record{r.record(daybook.RecordConsent, daybook.ConsentRecord{
			Event: daybook.TokenRefused, Consent: consent, Account: a, At: r.now(),
		})}
		if gaps, err = r.openGaps(ctx, nil, causeRefused); err != nil {
			return err
		}
		for _, g := range gaps {
			batch = append(batch, r.record(daybook.RecordGap, g))
		}
		_, err = r.append(ctx, batch)
		stopped = err == nil
		return err
	})
	if err != nil {
		return fmt.Errorf("stop the account: %w", err)
	}
	if !stopped {
		return nil
	}
	r.rep.Gaps = append(r.rep.Gaps, gaps...)
	r.Logger.WarnContext(ctx, "the platform refuses the token; the account is stopped until a person connects it again",
		slog.String("account", string(r.acc.ID)))
	if r.OnStopped != nil {
		r.OnStopped(ctx, r.acc)
	}
	return nil
}
