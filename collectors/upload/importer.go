package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/internal/work"
)

// ErrBusy says that another file of this account is being read in now.
var ErrBusy = errors.New("another file of this account is being read in")

// An Importer hands what is in a file to the log of a case. Log, Ledger, Accounts
// and Queue are needed, and must share the transaction of Ledger.Update.
//
// A file is read in batches, each of which is one transaction. Whatever stops it,
// reading the same file again goes on where it ended: what was archived is not
// archived again. What comes from excluded senders, or was erased, is dropped
// before any of it is stored; so are threads that the person did not choose. The
// account's own choices for what is collected (Since, Kinds) are not asked: who
// hands in a file chooses by its threads.
type Importer struct {
	Log      collectors.Log
	Ledger   Ledger
	Accounts Excluder
	Queue    collectors.Queue
	Tombs    Tombs            // nil: nothing was ever erased
	Past     Past             // nil: what is missing from a file is not looked for
	Owner    string           // names this process
	Clock    func() time.Time // nil: time.Now
	MaxMedia int64            // 64 MiB if 0: larger attachments are not kept
	Batch    int              // 500 if 0: items that go into one transaction
	// Follow is called now and then, so that what is derived from the log follows
	// while what was appended is at hand. May be nil.
	Follow func(ctx context.Context, c daybook.CaseID)
}

// A Ledger is what an Importer keeps beside the log.
type Ledger interface {
	// Update is that of collectors.Ledger.
	Update(ctx context.Context, fn func(ctx context.Context) error) error
	collectors.SeenLedger
}

// An Excluder knows the handles (Handle.Ref) whose messages are never stored in
// a case.
type Excluder interface {
	Excluded(ctx context.Context, c daybook.CaseID) (map[string]bool, error)
}

// Tombs knows which messages are not taken in again, because they were erased.
type Tombs interface {
	collectors.Tombs
	// Tombstones returns how many there are. With each erasure it grows.
	Tombstones(ctx context.Context, c daybook.CaseID) (int, error)
}

// A Past knows what former files of a case held.
type Past interface {
	// Imports returns the entries of kind import, oldest first. Those whose
	// content was destroyed are left out.
	Imports(ctx context.Context, c daybook.CaseID) ([]Former, error)
	// Messages calls fn with all messages that the log of a case shows by now
	// and that were sent before a time, a few hundred at once.
	Messages(ctx context.Context, c daybook.CaseID, before time.Time, fn func([]daybook.Message) error) error
}

// A Former is an entry of kind import.
type Former struct {
	daybook.Import
	Entry  uint64
	Logged time.Time
}

// An Order says what to read in.
type Order struct {
	Account daybook.Account // whose file it is; its Case is where it goes
	File    File
	Export  Export
	// Threads are the threads that the person chose, by Thread.ID; none: all
	// that are Usual.
	Threads []string
	// Exclude are senders of whom nothing of this file is stored (Handle.Ref),
	// beside those who are never stored.
	Exclude []string
	// Progress is told how far it has come. May be nil.
	Progress func(s Stage, done, total int64)
}

// A Stage is a part of reading a file in.
type Stage string

// The stages, in their order.
const (
	StageFile    Stage = "file"    // the file itself, in bytes
	StageItems   Stage = "items"   // what is in it, in messages
	StageCompare Stage = "compare" // with former files of the account, in messages
)

// A Result is what came of an Order.
type Result struct {
	ID     string // Import.ID
	File   daybook.Digest
	Begun  uint64 // entries
	Ended  uint64
	Kept   bool     // the file itself is kept
	Before []Former // when the very same bytes were read in before, to the end
	Report daybook.ImportReport
}

// Import reads a file in. The log says that it began and that it ended, by whom
// and with what report; an end that a person brought about by ctx is said as well.
//
// Errors: ErrBusy; *RefusedError if the file is not what it was when it was
// opened; daybook.ErrInvalid if it is not the account's, or if there is no such
// thread in it; ctx's error. Whatever was committed before an error stays.
func (im Importer) Import(ctx context.Context, actor daybook.Actor, o Order) (Result, error) {
	r := &reading{Importer: im, order: o, actor: actor, sum: o.Export.Summary(), id: daybook.NewID()}
	r.result.ID = r.id
	if err := r.check(); err != nil {
		return r.result, err
	}
	if err := r.claim(ctx); err != nil {
		return r.result, fmt.Errorf("read a file in: %w", err)
	}
	err := r.all(ctx)
	if r.stopped(ctx, err) {
		err = errors.Join(err, r.stop(ctx))
	}
	if err = errors.Join(err, r.release(ctx)); err != nil {
		return r.result, fmt.Errorf("read a file in: %w", err)
	}
	return r.result, nil
}

// A reading is one call of Import.
type reading struct {
	Importer
	order  Order
	actor  daybook.Actor
	sum    Summary
	id     string
	made   time.Time // of the file or, if it does not say, of the newest message in it
	dated  bool      // it says
	task   work.Task
	former []Former        // of this account
	known  map[string]bool // Import.ID of those of which the ledger knows what stands in them
	left   leftOut
	begun  bool
	file   daybook.Import // as the entry that begins it has it
	done   int64          // messages so far
	unread int            // entries since Follow was called
	codec  daybook.ItemCodec

	threads map[string]Thread
	chosen  map[string]bool
	exclude map[string]bool // of the order
	result  Result
}

func (r *reading) now() time.Time {
	if r.Clock == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return r.Clock().UTC().Truncate(time.Microsecond)
}

func (r *reading) progress(s Stage, done, total int64) {
	if r.order.Progress != nil {
		r.order.Progress(s, done, total)
	}
}

// check looks at the order before anything is done.
func (r *reading) check() error {
	a := r.order.Account
	if a.ID == "" || a.Case == "" {
		return fmt.Errorf("%w: say which account the file is of", daybook.ErrInvalid)
	}
	if !r.sum.Owner.IsZero() && !r.sum.Owner.Same(a.Handle) {
		return fmt.Errorf("%w: this file is of another account than the one that it was to be read in for", daybook.ErrInvalid)
	}
	r.threads, r.chosen, r.exclude = map[string]Thread{}, map[string]bool{}, map[string]bool{}
	for _, t := range r.sum.Threads {
		r.threads[t.ID] = t
		if t.Usual && len(r.order.Threads) == 0 {
			r.chosen[t.ID] = true
		}
	}
	for _, id := range r.order.Threads {
		if _, ok := r.threads[id]; !ok {
			return fmt.Errorf("%w: there is no thread %q in this file", daybook.ErrInvalid, id)
		}
		r.chosen[id] = true
	}
	for _, ref := range r.order.Exclude {
		r.exclude[ref] = true
	}
	if r.MaxMedia <= 0 {
		r.MaxMedia = 64 << 20
	}
	if r.Batch <= 0 {
		r.Batch = batchItems
	}
	r.made, r.dated = r.sum.Made.UTC().Truncate(time.Microsecond), dated(r.sum.Made, r.now())
	if !r.dated { // not before the newest message in it: more is not known
		r.made = r.sum.Report.To.UTC().Truncate(time.Microsecond)
	}
	return nil
}

// dated reports whether a file that was read at a time says when it was made: not
// at no time, and not later. Clocks differ by a day at most.
func dated(made, read time.Time) bool {
	return !made.IsZero() && made.Before(read.Add(24*time.Hour))
}

// lease is how long an account is held against other files. Who reads longer than
// that goes on unless somebody else has begun.
const lease = 15 * time.Minute

// claim keeps others from reading in a file of the same account.
func (r *reading) claim(ctx context.Context) error {
	a, now := r.order.Account, r.now()
	task := work.Task{ID: "import/" + string(a.ID), Kind: "import", Case: string(a.Case), Due: now}
	if err := r.Queue.Put(ctx, task); err != nil {
		return err
	}
	tasks, err := r.Queue.ClaimAbout(ctx, "import", string(a.ID), r.Owner, now.AddDate(100, 0, 0), now, lease, 1)
	if err != nil {
		return err
	}
	if len(tasks) == 0 {
		return ErrBusy
	}
	r.task = tasks[0]
	return nil
}

func (r *reading) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := r.Queue.Done(ctx, r.task, r.now(), nil); !errors.Is(err, work.ErrLost) {
		return err
	}
	return nil
}

// all does it step by step.
func (r *reading) all(ctx context.Context) error {
	if err := r.remember(ctx); err != nil {
		return err
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	if err := r.items(ctx); err != nil {
		return err
	}
	if err := r.gone(ctx); err != nil {
		return err
	}
	return r.end(ctx, daybook.ImportDone)
}

// remember looks up what was read in before.
func (r *reading) remember(ctx context.Context) error {
	r.result.Report = r.base()
	if r.Past == nil {
		return nil
	}
	all, err := r.Past.Imports(ctx, r.order.Account.Case)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.Account == r.order.Account.ID {
			r.former = append(r.former, f)
		}
	}
	return r.remembered(ctx)
}

// remembered looks up of which former files it is known what stands in them. It
// is not in a case that was put back from a bundle, which has the log alone.
func (r *reading) remembered(ctx context.Context) error {
	keys := make([]collectors.SeenKey, len(r.former))
	for i, f := range r.former {
		keys[i] = r.fileMark(f.ID)
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := r.Ledger.Recall(ctx, r.order.Account.Case, keys)
	if err != nil {
		return err
	}
	r.known = map[string]bool{}
	for i, s := range found {
		r.known[r.former[i].ID] = s.Entry >= 0
	}
	return nil
}

// base is the report before anything was read in.
func (r *reading) base() daybook.ImportReport {
	rep := r.sum.Report
	rep.Messages, rep.New, rep.Known, rep.Excluded, rep.Erased, rep.NotChosen, rep.Gone = 0, 0, 0, 0, 0, 0, 0
	return rep
}

// total is how many messages there are in the file.
func (r *reading) total() (n int64) {
	for _, t := range r.sum.Threads {
		n += int64(t.Messages)
	}
	return n
}

// stopped reports whether an error is one that the log tells of: not that the
// store is gone.
func (r *reading) stopped(ctx context.Context, err error) bool {
	var refused *RefusedError
	return err != nil && r.begun && (ctx.Err() != nil || errors.As(err, &refused))
}

// stop says in the log that it ended early.
func (r *reading) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return r.end(ctx, daybook.ImportStopped)
}

// end writes the last entry.
func (r *reading) end(ctx context.Context, e daybook.ImportEvent) error {
	ended := r.file
	ended.Event, ended.Parts, ended.Members = e, nil, nil
	rep := r.result.Report
	ended.Report = &rep
	if e == daybook.ImportDone {
		if !r.sum.Holes {
			ended.Whole, ended.Held = r.sum.Whole, r.held()
		}
	}
	return r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		c := r.order.Account.Case
		n, err := r.Log.Append(ctx, c, []daybook.Record{r.record(daybook.RecordImport, ended)})
		r.result.Ended = n
		if err != nil || e != daybook.ImportDone {
			return err
		}
		return r.Ledger.Remember(ctx, c, []collectors.SeenKey{r.fileMark(r.id)}, []uint64{n}, r.made)
	})
}

// record makes a record of the person who hands the file in.
func (r *reading) record(kind daybook.RecordKind, v any) daybook.Record {
	rec := daybook.NewRecord(kind, v)
	rec.Actor, rec.Logged = r.actor, r.now()
	return rec
}

// told is a record that the program made of what it read.
func (r *reading) told(kind daybook.RecordKind, v any) daybook.Record {
	rec := r.record(kind, v)
	rec.Actor = r.reader()
	return rec
}

// reader stands on what was read from the file; who handed it in stands on the
// entries of kind import.
func (r *reading) reader() daybook.Actor {
	return daybook.Actor{ID: "import", Role: "collector", Via: "import " + r.sum.Parser}
}
