package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/collectors/upload"
	"daybook/config"
	"daybook/internal/spool"
	"daybook/web"
)

// importing reads files that people add on the pages. A file waits in a spool,
// sealed under a key in memory, until somebody has chosen what is kept of it, for
// an hour at most, and while it is read in; nothing of it is left in the spool
// after that, or after a restart. It implements web.Imports.
type importing struct {
	app     *app
	dir     string
	started time.Time
	limit   int64 // of one file, in bytes
	turn    turns // two are read at a time: each takes up to some hundred megabytes
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // of what is read, which outlives the requests that begin it
	wg      sync.WaitGroup

	mu   sync.Mutex
	jobs []*importJob // oldest first
}

type importJob struct {
	web.ImportJob
	caseID daybook.CaseID
	digest daybook.Digest
	ctx    context.Context //nolint:containedctx // of this job: it ends with cancel
	cancel context.CancelFunc
	file   *spool.File     // once its last byte is there
	reader *spool.ReaderAt // of file
	export upload.Export   // of ImportChoosing
	format upload.Format
}

const (
	importLife   = time.Hour      // of a file that waits
	importMemory = 24 * time.Hour // of what became of it
)

// importSpool is beside the bundles, which clear their own files alone.
func importSpool(cfg config.Config) string { return filepath.Join(spoolPath(cfg), "added") }

// newImporting returns a reader of files, and removes what another run has left.
func newImporting(a *app) (*importing, error) {
	m := &importing{app: a, dir: importSpool(a.cfg), started: a.clock().UTC(), limit: web.MaxImport, turn: make(turns, 2)}
	m.ctx, m.stop = context.WithCancel(context.Background())
	return m, spool.Clear(m.dir)
}

// run removes what has waited for too long, until ctx ends. Then it ends what is
// being read and removes everything.
func (m *importing) run(ctx context.Context) error {
	err := every(ctx, time.Minute, m.sweep)
	m.stop()
	m.wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs {
		m.letGo(j)
	}
	m.jobs = nil
	return errors.Join(err, spool.Clear(m.dir))
}

// sweep forgets files that are over.
func (m *importing) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.app.clock()
	m.jobs = slices.DeleteFunc(m.jobs, func(j *importJob) bool {
		if going(j) && j.State != web.ImportChoosing || now.Before(j.Until) {
			return false
		}
		return m.letGo(j)
	})
}

// going reports whether no other file of the case can be added before a job is
// over.
func going(j *importJob) bool {
	return slices.Contains([]web.ImportState{web.ImportComing, web.ImportLooking, web.ImportChoosing, web.ImportReading}, j.State)
}

// letGo closes a file and removes it, and forgets who is in it. false: it is still
// there, and is tried again.
func (m *importing) letGo(j *importJob) bool {
	var errs []error
	if j.Found != nil {
		j.Found = &web.ImportFound{Kind: j.Found.Kind, Title: j.Found.Title}
	}
	if j.export != nil {
		errs = append(errs, j.export.Close())
	}
	if j.reader != nil {
		errs = append(errs, j.reader.Close())
	}
	j.export, j.reader = nil, nil
	if j.file != nil {
		err := j.file.Remove()
		if err == nil {
			j.file = nil
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		m.app.logger.WarnContext(m.ctx, "a file that was added could not be removed", slog.Any("err", err))
	}
	return j.file == nil
}

// become changes the state of a job.
func (m *importing) become(j *importJob, s web.ImportState, life time.Duration) {
	now := m.app.clock().UTC()
	j.State, j.Since, j.Until, j.Done, j.Total = s, now, now.Add(life), 0, 0
}

// find returns a job that the caller may change while it holds mu.
func (m *importing) find(c daybook.CaseID, id string) (*importJob, error) {
	for _, j := range m.jobs {
		if j.caseID == c && j.ID == id {
			return j, nil
		}
	}
	return nil, daybook.ErrNotFound
}

// Adding implements web.ImportJobs.
func (m *importing) Adding(c daybook.CaseID) (out []web.ImportJob) {
	m.sweep()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range slices.Backward(m.jobs) {
		if j.caseID == c {
			out = append(out, j.ImportJob)
		}
	}
	return out
}

// Take implements web.ImportJobs.
func (m *importing) Take(ctx context.Context, actor daybook.Actor, c daybook.CaseID, name string, from io.Reader) (string, error) {
	if err := m.app.cases.Authorize(ctx, actor, c, cases.Import); err != nil {
		return "", err
	}
	j, err := m.reserve(actor, c, name)
	if err != nil {
		return "", err
	}
	file, digest, err := m.receive(ctx, j, from)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.jobs = slices.DeleteFunc(m.jobs, func(other *importJob) bool { return other == j })
		j.cancel()
		return "", err
	}
	j.file, j.digest, j.Size = file, digest, file.Size()
	m.become(j, web.ImportLooking, importLife)
	m.wg.Go(func() { m.look(j) })
	return j.ID, nil
}

// reserve keeps the case's place for a file that is coming in.
func (m *importing) reserve(actor daybook.Actor, c daybook.CaseID, name string) (*importJob, error) {
	m.sweep()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.jobs) >= maxJobs { // what is over makes room: one case does not keep the others out
		if i := slices.IndexFunc(m.jobs, func(j *importJob) bool { return !going(j) }); i >= 0 && m.letGo(m.jobs[i]) {
			m.jobs = slices.Delete(m.jobs, i, i+1)
		}
	}
	if m.ctx.Err() != nil || len(m.jobs) >= maxJobs || slices.ContainsFunc(m.jobs, func(j *importJob) bool { return j.caseID == c && going(j) }) {
		return nil, web.ErrImportBusy
	}
	j := &importJob{caseID: c, ImportJob: web.ImportJob{ID: daybook.NewID(), By: actor, Began: m.app.clock().UTC(), Name: name}}
	j.ctx, j.cancel = context.WithCancel(m.ctx)
	m.become(j, web.ImportComing, importLife)
	m.jobs = append(m.jobs, j)
	return j, nil
}

// receive seals the bytes of a file as they come. After an error nothing of it is
// on disk.
func (m *importing) receive(ctx context.Context, j *importJob, from io.Reader) (*spool.File, daybook.Digest, error) {
	w, err := spool.Create(m.dir, m.limit)
	if err != nil {
		return nil, daybook.Digest{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), &endable{ctx: []context.Context{ctx, j.ctx}, from: from})
	switch {
	case errors.Is(err, spool.ErrFull):
		err = web.ErrImportLarge
	case err == nil && n == 0:
		err = fmt.Errorf("%w: the file is empty", daybook.ErrInvalid)
	}
	if err != nil {
		return nil, daybook.Digest{}, errors.Join(err, w.Abort())
	}
	file, err := w.Close()
	if err != nil {
		return nil, daybook.Digest{}, err
	}
	return file, daybook.Digest(sum.Sum(nil)), nil
}

// endable reads until one of its contexts ends.
type endable struct {
	ctx  []context.Context //nolint:containedctx // of one call
	from io.Reader
}

// Read implements io.Reader.
func (e *endable) Read(b []byte) (int, error) {
	for _, ctx := range e.ctx {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
	return e.from.Read(b)
}

// Drop implements web.ImportJobs.
func (m *importing) Drop(c daybook.CaseID, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, err := m.find(c, id)
	if err != nil {
		return err
	}
	j.cancel()
	if going(j) && j.State != web.ImportChoosing {
		return nil // whoever reads it ends it
	}
	if m.letGo(j) {
		m.jobs = slices.DeleteFunc(m.jobs, func(other *importJob) bool { return other == j })
	}
	return nil
}

// Choose implements web.ImportJobs.
func (m *importing) Choose(ctx context.Context, actor daybook.Actor, c daybook.CaseID, id string, choice web.ImportChoice) error {
	if err := m.app.cases.Authorize(ctx, actor, c, cases.Import); err != nil {
		return err
	}
	m.sweep()
	m.mu.Lock()
	defer m.mu.Unlock()
	j, err := m.find(c, id)
	if err != nil {
		return err
	}
	if j.State != web.ImportChoosing || j.export == nil {
		return daybook.ErrNotFound
	}
	m.become(j, web.ImportReading, importLife)
	m.wg.Go(func() { m.read(j, actor, choice) })
	return nil
}
