package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"daybook"
	"daybook/collectors/upload"
	"daybook/web"
)

// look reads a file in full, to see what is in it. Nothing of it is kept.
func (m *importing) look(j *importJob) {
	err := m.inTurn(j, func(ctx context.Context) error { return m.open(ctx, j) })
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.fail(j, err)
		return
	}
	m.become(j, web.ImportChoosing, importLife)
}

// inTurn does one thing when it is its turn.
func (m *importing) inTurn(j *importJob, fn func(ctx context.Context) error) error {
	return m.turn.do(j.ctx, m.app.logger.With(slog.String("case", string(j.caseID))), "the reading of a file that was added", fn)
}

// fail says what became of a job that came to nothing. The caller holds mu.
func (m *importing) fail(j *importJob, err error) {
	ended := j.ctx.Err() != nil
	m.letGo(j)
	j.cancel()
	var refused *upload.RefusedError
	switch {
	case ended:
		m.become(j, web.ImportStopped, importMemory)
	case errors.As(err, &refused):
		m.become(j, web.ImportRefused, importMemory)
		j.What, j.Hint = sentence(refused.What), sentence(refused.Hint)
	default:
		m.app.logger.ErrorContext(m.ctx, "a file that was added could not be read", slog.String("case", string(j.caseID)), slog.Any("err", err))
		m.become(j, web.ImportFailed, importMemory)
	}
}

// sentence makes a sentence of words that have neither beginning nor end.
func sentence(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	if r[0] >= 'a' && r[0] <= 'z' {
		r[0] -= 'a' - 'A'
	}
	if end := r[len(r)-1]; end != '.' && end != '?' && end != '!' {
		r = append(r, '.')
	}
	return string(r)
}

// open finds out what a file is and reads it to its end.
func (m *importing) open(ctx context.Context, j *importJob) error {
	reader, err := j.file.ReaderAt()
	if err != nil {
		return err
	}
	m.mu.Lock()
	j.reader = reader
	m.mu.Unlock()
	f := upload.File{Name: j.Name, Size: j.Size, ReaderAt: reader}
	format, _, err := upload.Recognize(ctx, f, m.app.formats...)
	if err != nil {
		return err
	}
	zone, err := m.app.zone(ctx, j.caseID)
	if err != nil {
		return err
	}
	export, err := format.Open(ctx, f, upload.Options{Zone: zone, Progress: m.progress(j)})
	if err != nil {
		return err
	}
	found, err := m.found(ctx, j, format, export.Summary())
	if err != nil {
		return errors.Join(err, export.Close())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	j.export, j.format, j.Found = export, format, found
	return nil
}

// progress is told how far a job is.
func (m *importing) progress(j *importJob) func(done, total int64) {
	return func(done, total int64) {
		m.mu.Lock()
		defer m.mu.Unlock()
		j.Done, j.Total = done, total
	}
}

// found says what is in a file. It refuses one that is of somebody who has
// written to the person.
func (m *importing) found(ctx context.Context, j *importJob, format upload.Format, sum upload.Summary) (*web.ImportFound, error) {
	own, _, err := m.app.cases.OwnAccount(ctx, j.caseID, sum.Owner)
	if err != nil {
		return nil, err
	}
	if !own {
		if err := m.app.catchUp(ctx, j.caseID); err != nil {
			return nil, err
		}
		n, err := m.app.db.Wrote(ctx, j.caseID, sum.Owner)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, errOtherSide()
		}
	}
	f := &web.ImportFound{
		Kind: sum.Kind, Title: format.Title, Platform: format.Platform, Owner: sum.Owner, Known: own, Made: sum.Made,
		From: sum.Report.From, To: sum.Report.To, Report: sum.Report,
	}
	former, err := pastImports{m.app}.Imports(ctx, j.caseID)
	if err != nil {
		return nil, err
	}
	for _, p := range former {
		if p.File == j.digest && p.Event == daybook.ImportDone {
			f.Before = p.Logged
		}
	}
	for _, t := range sum.Threads {
		f.Threads = append(f.Threads, web.ImportThread{
			ID: t.ID, Kind: string(t.Kind), Title: t.Title, With: t.With, Messages: t.Messages, In: t.In, Out: t.Out, From: t.From, To: t.To, Usual: t.Usual,
		})
		if t.Kind != upload.ThreadBlocked && t.Kind != upload.ThreadLogins {
			f.Messages += t.Messages
		}
	}
	return f, nil
}

func errOtherSide() error {
	return &upload.RefusedError{
		What: "this file is of an account whose messages are in this record",
		Hint: "only files of one’s own accounts are read in; if this one is, connect the account first",
	}
}

// read reads a file into the record, and says what came of it.
func (m *importing) read(j *importJob, actor daybook.Actor, choice web.ImportChoice) {
	var result upload.Result
	err := m.inTurn(j, func(ctx context.Context) (err error) {
		result, err = m.readIn(ctx, j, actor, choice)
		return err
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	j.Begun = result.Begun > 0
	if err != nil {
		m.fail(j, err)
		return
	}
	m.letGo(j)
	j.cancel()
	m.become(j, web.ImportDone, importMemory)
	j.Entry = result.Ended
}

func (m *importing) readIn(ctx context.Context, j *importJob, actor daybook.Actor, choice web.ImportChoice) (upload.Result, error) {
	account, err := m.app.cases.NameAccount(ctx, actor, j.caseID, j.format.Platform, j.Found.Owner)
	if errors.Is(err, daybook.ErrInvalid) {
		err = errOtherSide()
	}
	if err != nil {
		return upload.Result{}, err
	}
	order := upload.Order{
		Account: account, File: upload.File{Name: j.Name, Size: j.Size, ReaderAt: j.reader}, Export: j.export, Threads: choice.Threads,
		Progress: func(s upload.Stage, done, total int64) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if string(s) != j.Stage {
				j.Stage, j.Since = string(s), m.app.clock().UTC()
			}
			j.Done, j.Total = done, total
		},
	}
	for _, h := range choice.Exclude {
		order.Exclude = append(order.Exclude, h.Ref())
	}
	result, err := m.app.importer().Import(ctx, actor, order)
	if errors.Is(err, upload.ErrBusy) {
		err = &upload.RefusedError{What: "another file of this account is being read in at this moment", Hint: "add this one again when that is done"}
	}
	// What was read in is to be seen also if the rest was stopped. If that fails,
	// it comes with the next look.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := m.app.settle(after, j.caseID); err != nil {
		m.app.logger.ErrorContext(ctx, "what follows from a file that was added could not be derived", slog.String("case", string(j.caseID)), slog.Any("err", err))
	}
	return result, err
}

// settleTime is longer than a million messages take to be derived and found.
const settleTime = 2 * time.Hour
