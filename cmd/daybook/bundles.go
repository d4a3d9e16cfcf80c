package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
	"daybook/export/bundle"
	"daybook/internal/spool"
	"daybook/web"
)

// handover makes bundles beside the pages. What is made waits in a spool, sealed
// under a key in memory, until it is saved, for an hour at most; nothing of it is
// left after a restart. It implements web.Bundles.
type handover struct {
	app  *app
	dir  string
	turn turns // one is made at a time: each takes some hundred megabytes
	stop context.CancelFunc
	ctx  context.Context //nolint:containedctx // of what is made, which outlives the requests that begin it
	wg   sync.WaitGroup

	mu   sync.Mutex
	jobs []*bundleJob // oldest first
}

type bundleJob struct {
	web.BundleJob
	caseID daybook.CaseID
	cancel context.CancelFunc
	file   *spool.File // of BundleReady
}

const (
	bundleLife = time.Hour
	maxBundle  = 16 << 30 // bytes
	maxJobs    = 200      // that are remembered
)

func spoolPath(cfg config.Config) string { return filepath.Join(cfg.Data, "spool") }

// newHandover returns a maker of bundles, and removes what another run has left.
func newHandover(a *app) (*handover, error) {
	b := &handover{app: a, dir: spoolPath(a.cfg), turn: make(turns, 1)}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b, spool.Clear(b.dir)
}

// run removes what has waited for too long, until ctx ends. Then it ends what is
// being made and removes everything.
func (b *handover) run(ctx context.Context) error {
	err := every(ctx, time.Minute, b.sweep)
	b.stop()
	b.wg.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs = nil
	return errors.Join(err, spool.Clear(b.dir))
}

// sweep removes files and forgets bundles that are over.
func (b *handover) sweep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.app.clock()
	b.jobs = slices.DeleteFunc(b.jobs, func(j *bundleJob) bool {
		if j.State == web.BundleMaking || now.Before(j.Until) {
			return false
		}
		return b.remove(j)
	})
}

// remove removes the file of a bundle. false: it is still there, and is tried
// again.
func (b *handover) remove(j *bundleJob) bool {
	if j.file == nil {
		return true
	}
	if err := j.file.Remove(); err != nil {
		b.app.logger.WarnContext(b.ctx, "a bundle could not be removed", slog.Any("err", err))
		return false
	}
	j.file = nil
	return true
}

// find returns a job that the caller may change while it holds mu.
func (b *handover) find(c daybook.CaseID, id string) (*bundleJob, error) {
	for _, j := range b.jobs {
		if j.caseID == c && j.ID == id {
			return j, nil
		}
	}
	return nil, daybook.ErrNotFound
}

// Making implements web.BundleMaker.
func (b *handover) Making(c daybook.CaseID) (out []web.BundleJob) {
	b.sweep()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range slices.Backward(b.jobs) {
		if j.caseID == c {
			out = append(out, j.BundleJob)
		}
	}
	return out
}

// Start implements web.BundleMaker.
func (b *handover) Start(ctx context.Context, actor daybook.Actor, c daybook.CaseID, o web.Order) (string, error) {
	if err := b.app.cases.Authorize(ctx, actor, c, cases.Export); err != nil {
		return "", err
	}
	receivers, err := bundle.ParseRecipients(o.Receivers)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil || len(b.jobs) >= maxJobs || slices.ContainsFunc(b.jobs, func(j *bundleJob) bool { return j.caseID == c && j.State == web.BundleMaking }) {
		return "", web.ErrBundleBusy
	}
	j := &bundleJob{caseID: c, BundleJob: web.BundleJob{
		ID: daybook.NewID(), By: actor, Session: o.Session, State: web.BundleMaking, Began: b.app.clock().UTC(), For: o.Spec.For, Receivers: len(o.Receivers),
		Before: o.Check, BeforeAt: o.CheckedAt,
	}}
	ctx, j.cancel = context.WithCancel(b.ctx)
	b.jobs = append(b.jobs, j)
	b.wg.Go(func() { b.make(ctx, j, o, receivers) })
	return j.ID, nil
}

// make makes a bundle when it is its turn, and says what came of it.
func (b *handover) make(ctx context.Context, j *bundleJob, o web.Order, receivers bundle.Recipients) {
	defer j.cancel()
	var (
		e    exported
		file *spool.File
	)
	err := b.turn.do(ctx, b.app.logger.With(slog.String("case", string(j.caseID))), "the making of a bundle", func(ctx context.Context) (err error) {
		e, file, err = b.write(ctx, j, o, receivers)
		return err
	})
	ended := ctx.Err() != nil
	if err != nil && !ended {
		b.app.logger.ErrorContext(ctx, "a bundle could not be made", slog.String("case", string(j.caseID)), slog.Any("err", err))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	j.Until = b.app.clock().UTC().Add(bundleLife)
	switch {
	case err == nil: // also if it was to end a moment ago: it is in the log
		j.State, j.file = web.BundleReady, file
		j.Lines, j.Messages, j.LeftOut, j.Bytes, j.Check = e.Checkpoint.Size, e.Exhibits, e.LeftOut, file.Size(), e.SHA256
	case ended:
		j.State = web.BundleEnded
	default:
		j.State, j.Err = web.BundleFailed, err
	}
}

// write makes the bundle into a new file of the spool and keeps its order.
func (b *handover) write(ctx context.Context, j *bundleJob, o web.Order, receivers bundle.Recipients) (e exported, _ *spool.File, err error) {
	if o, err = b.settled(ctx, j.caseID, o); err != nil {
		return e, nil, err
	}
	w, err := spool.Create(b.dir, maxBundle)
	if err != nil {
		return e, nil, err
	}
	whole := false
	defer func() { // after a panic too
		if !whole {
			err = errors.Join(err, w.Abort())
		}
	}()
	e, err = b.app.exportFor(ctx, j.By, j.caseID, o.Spec, receivers, w, func(done, total int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		j.Done, j.Total = done, total
	})
	if err != nil {
		return e, nil, err
	}
	whole = true // from here on Close removes what it cannot keep
	file, err := w.Close()
	if err != nil {
		return e, nil, err
	}
	o.Spec.Size, o.Settled = e.Checkpoint.Size, true
	order, err := json.Marshal(o)
	if err == nil {
		err = b.app.db.PutBundle(archive.Within(ctx, j.caseID), j.caseID, e.SHA256, b.app.clock(), order)
	}
	if err != nil { // the bundle is whole; it cannot be made again by one press of a button
		b.app.logger.WarnContext(ctx, "the order of a bundle could not be kept", slog.String("case", string(j.caseID)), slog.Any("err", err))
	}
	return e, file, nil
}

// Preview implements web.BundleMaker.
func (b *handover) Preview(ctx context.Context, actor daybook.Actor, c daybook.CaseID, o web.Order) (p web.BundlePreview, err error) {
	if err := b.app.cases.Authorize(ctx, actor, c, cases.Export); err != nil {
		return p, err
	}
	if _, err := bundle.ParseRecipients(o.Receivers); err != nil {
		return p, err
	}
	if o, err = b.settled(ctx, c, o); err != nil {
		return p, err
	}
	if err := b.app.catchUp(ctx, c); err != nil {
		return p, err
	}
	size := o.Spec.Size
	if size == 0 {
		if size, _, err = b.app.log.Head(ctx, c); err != nil {
			return p, err
		}
	}
	sight, err := b.app.cases.Sight(ctx, actor, c)
	if err != nil {
		return p, err
	}
	o.Spec.KeptBack = sight.Platforms()
	s, err := b.app.shownAt(ctx, c, o.Spec, archive.Checkpoint{Size: size})
	if err != nil {
		return p, err
	}
	return previewOf(s), nil
}

// Drop implements web.BundleMaker.
func (b *handover) Drop(c daybook.CaseID, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, err := b.find(c, id)
	if err != nil {
		return err
	}
	if j.State == web.BundleMaking {
		j.cancel()
		return nil
	}
	if b.remove(j) {
		b.jobs = slices.DeleteFunc(b.jobs, func(other *bundleJob) bool { return other == j })
	}
	return nil
}

// Open implements web.BundleShelf.
func (b *handover) Open(c daybook.CaseID, id string) (io.ReadCloser, error) {
	b.sweep()
	b.mu.Lock()
	defer b.mu.Unlock()
	j, err := b.find(c, id)
	if err != nil {
		return nil, err
	}
	if j.file == nil {
		return nil, fmt.Errorf("open a bundle: %w", daybook.ErrNotFound)
	}
	return j.file.Open()
}

// Saved implements web.BundleShelf.
func (b *handover) Saved(c daybook.CaseID, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	j, err := b.find(c, id)
	if err != nil {
		return err
	}
	if b.remove(j) {
		j.State = web.BundleSaved
	}
	return nil
}

// Made implements web.BundleShelf.
func (b *handover) Made(ctx context.Context, c daybook.CaseID, limit int) (out []web.BundleMade, err error) {
	numbers, err := b.app.db.EntriesOfKind(ctx, c, []daybook.RecordKind{daybook.RecordExport}, 1<<63-1, limit)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		m, _, err := b.madeAt(ctx, c, n)
		if errors.Is(err, archive.ErrErased) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// madeAt reads what the log tells of a bundle, and its order if that is kept.
func (b *handover) madeAt(ctx context.Context, c daybook.CaseID, n uint64) (m web.BundleMade, o web.Order, err error) {
	entry, err := b.app.log.Entry(ctx, c, n)
	if err != nil {
		return m, o, err
	}
	if entry.Record.Kind != daybook.RecordExport {
		return m, o, daybook.ErrNotFound
	}
	var x daybook.Export
	if err := entry.Record.Decode(&x); err != nil {
		return m, o, err
	}
	m = web.BundleMade{
		Entry: n, At: entry.Record.Logged, By: entry.Record.Actor, Complete: x.Kind == "complete", Messages: x.Messages, LeftOut: x.LeftOut,
		Lines: x.Size, Bytes: x.Bytes, Check: x.SHA256,
	}
	order, err := b.app.db.BundleOrder(ctx, c, x.SHA256)
	if errors.Is(err, daybook.ErrNotFound) {
		return m, o, nil
	}
	if err == nil {
		err = json.Unmarshal(order, &o)
	}
	if err != nil {
		return m, o, fmt.Errorf("read the order of a bundle: %w", err)
	}
	m.For, m.Again = o.Spec.For, true
	return m, o, nil
}

// Again implements web.BundleShelf.
func (b *handover) Again(ctx context.Context, c daybook.CaseID, entry uint64) (web.Order, error) {
	size, _, err := b.app.log.Head(ctx, c)
	if err != nil {
		return web.Order{}, err
	}
	if entry >= size {
		return web.Order{}, daybook.ErrNotFound
	}
	m, o, err := b.madeAt(ctx, c, entry)
	if errors.Is(err, archive.ErrErased) || err == nil && !m.Again {
		return o, fmt.Errorf("make a bundle again: %w", daybook.ErrNotFound)
	}
	o.Check, o.CheckedAt = m.Check, m.At
	return o, err
}
