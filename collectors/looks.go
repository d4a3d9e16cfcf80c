package collectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"daybook"
	"daybook/internal/work"
)

// looksAtOnce is how many messages are asked for in one call of Source.Look.
const looksAtOnce = 40

// lookArgs are the arguments of a task of kind look.
type lookArgs struct {
	Ref  Ref `json:"ref"`
	Step int `json:"step"` // which of Config.LookAfter
}

// planLooks plans the second looks at a message that is new: one task for each
// step, counted from now. A message that was sent before the longest step is
// past editing; it is looked at once, after that time, to see whether it is
// still there.
func (b *batch) planLooks(i int, m daybook.ReadMessage) {
	if m.Native == "" || m.Direction == daybook.Out || len(b.LookAfter) == 0 {
		return
	}
	now := b.now()
	steps := b.LookAfter
	last := len(steps) - 1
	old := !m.Sent.At.IsZero() && now.Sub(m.Sent.At) > steps[last]
	for step, after := range steps {
		if old && step != last {
			continue
		}
		b.plan("look", "-"+strconv.Itoa(i)+"/"+strconv.Itoa(step), now.Add(after),
			lookArgs{Ref{Key: m.Key, Native: m.Native, Sender: m.Sender}, step})
	}
}

// Looks does the second looks of an account that are due: what has changed is
// appended as a further version; what is not there is recorded, once, as gone
// at T and last seen at T′. Errors: as Once.
func (r *Runner) Looks(ctx context.Context, id daybook.AccountID) (Report, error) {
	return r.tasks(ctx, "look", id, nil, looksAtOnce, (*run).look)
}

// tasks works on the due tasks of one kind and account, lot by lot, until none
// is left or the budget is used up. It begins with those that were claimed
// already. do ends the claims of the tasks that it did, and returns an error if
// there are others.
func (r *Runner) tasks(ctx context.Context, kind string, id daybook.AccountID, claimed []work.Task, lot int,
	do func(*run, context.Context, []work.Task) error) (rep Report, err error) {
	rep.Account = id
	var run *run
	defer func() {
		if run != nil {
			rep = run.rep
			err = errors.Join(err, run.close(ctx))
		}
		if err != nil {
			err = fmt.Errorf("work on account %s (%s): %w", id, kind, err)
		}
	}()
	for tasks := claimed; ; tasks = nil {
		if len(tasks) == 0 {
			now := r.now()
			tasks, err = r.Queue.ClaimAbout(ctx, kind, string(id), r.Owner, now, now, r.Lease, lot)
			if err != nil || len(tasks) == 0 {
				return rep, err
			}
		}
		if run == nil {
			run, err = r.open(ctx, id, work.Task{})
		}
		if err == nil {
			err = do(run, ctx, tasks)
		}
		if err != nil {
			return rep, errors.Join(err, r.giveBack(ctx, tasks, err))
		}
		if run.spent() {
			run.rep.More = true
			return rep, nil
		}
	}
}

// giveBack ends the claims of those tasks that were not done. If the platform
// refused the token, the next poll finds the same and stops the account.
func (r *Runner) giveBack(ctx context.Context, tasks []work.Task, why error) error {
	var errs []error
	for _, t := range tasks {
		if err := r.release(ctx, t, why, false); err != nil && !errors.Is(err, work.ErrLost) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// look does one lot of second looks.
func (r *run) look(ctx context.Context, tasks []work.Task) error {
	excluded, err := r.Accounts.Excluded(ctx, r.acc.Case)
	if err != nil {
		return err
	}
	var refs []Ref
	asked, key := map[daybook.MessageKey]bool{}, map[string]daybook.MessageKey{}
	all := make([]Ref, len(tasks))
	for i, t := range tasks {
		var args lookArgs
		if err := json.Unmarshal(t.Args, &args); err != nil {
			return fmt.Errorf("second look: %w", err)
		}
		key[t.ID], all[i] = args.Ref.Key, args.Ref
	}
	erased, err := r.erased(ctx, slices.Collect(maps.Values(key)))
	if err != nil {
		return err
	}
	for _, ref := range all {
		if !asked[ref.Key] && !excluded[ref.Sender.Ref()] && !erased[ref.Key] {
			asked[ref.Key] = true
			refs = append(refs, ref)
		}
	}
	var (
		looks  []Look
		failed error
	)
	if len(refs) > 0 {
		failed = r.ask(ctx, func() (err error) { looks, err = r.src.Look(ctx, refs); return err })
	}
	if failed != nil { // what was found so far is kept
		found := map[daybook.MessageKey]bool{}
		for _, l := range looks {
			found[l.Ref.Key] = true
		}
		tasks = slices.DeleteFunc(slices.Clone(tasks), func(t work.Task) bool { return !found[key[t.ID]] })
	}
	if len(tasks) == 0 {
		return failed
	}
	var b *batch
	err = r.heldAll(ctx, tasks, func(ctx context.Context, excluded map[string]bool) error {
		b = &batch{run: r, at: r.now(), excluded: excluded}
		for _, l := range looks {
			if !asked[l.Ref.Key] {
				continue // not what was asked for
			}
			if err := b.looked(ctx, l); err != nil {
				return err
			}
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		return r.doneAll(ctx, tasks)
	})
	if err != nil {
		return fmt.Errorf("keep second looks: %w", err)
	}
	r.rep.Looked += len(looks)
	r.rep.Captures += b.rep.Captures
	r.rep.add(b)
	return failed
}

// looked takes what one second look found.
func (b *batch) looked(ctx context.Context, l Look) error {
	b.at = l.Exchange.End
	if b.at.IsZero() {
		b.at = b.now()
	}
	if !l.Missing {
		b.rep.Captures += len(l.Captures)
		return b.add(ctx, b.parse(l.Captures))
	}
	if b.excluded[l.Ref.Sender.Ref()] {
		return nil
	}
	if erased, err := b.erased(ctx, []daybook.MessageKey{l.Ref.Key}); err != nil || erased[l.Ref.Key] {
		return err
	}
	b.messages = append(b.messages, l.Ref.Key)
	m := &marks{run: b.run, known: map[SeenKey]Sighting{}}
	message, gone, back := b.mark(markMessage, l.Ref.Key), b.mark(markGone, l.Ref.Key), b.mark(markBack, l.Ref.Key)
	if err := m.load(ctx, []SeenKey{message, gone, back}); err != nil {
		return err
	}
	if _, was := m.gone(l.Ref.Key); was {
		_, err := b.Ledger.Seen(ctx, b.acc.Case, []SeenKey{gone}, b.at)
		return err
	}
	o := daybook.Observation{
		Account: b.acc.ID, What: daybook.SeenGone, Message: l.Ref.Key, Handle: plain(l.Ref.Sender),
		At: b.at, LastSeen: m.known[message].At,
		Detail: "not there at this look; this does not tell who removed it or why",
	}
	if l.Blocking {
		o.Detail = "not there at this look; the person blocks the sender, and that alone hides it"
	}
	if !l.Exchange.Start.IsZero() {
		o.Exchange = &l.Exchange
	}
	b.note(b.record(daybook.RecordObservation, o))
	b.remember(gone)
	return nil
}

// heldAll is held for tasks of which all leases are checked.
func (r *run) heldAll(ctx context.Context, tasks []work.Task, fn func(ctx context.Context, excluded map[string]bool) error) error {
	return r.Ledger.Update(ctx, func(ctx context.Context) error {
		for _, t := range tasks {
			if err := r.Queue.Guard(ctx, t); err != nil {
				return err
			}
		}
		return r.checked(ctx, fn)
	})
}

func (r *run) doneAll(ctx context.Context, tasks []work.Task) error {
	now := r.now()
	for _, t := range tasks {
		if err := r.Queue.Done(ctx, t, now, nil); err != nil {
			return err
		}
	}
	return nil
}
