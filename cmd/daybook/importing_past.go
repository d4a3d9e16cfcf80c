package main

import (
	"context"
	"errors"
	"math"
	"slices"

	"daybook"
	"daybook/archive"
	"daybook/web"
)

// Added implements web.ImportsMade. Gone is looked up for the newest that has a
// report.
func (m *importing) Added(ctx context.Context, c daybook.CaseID, limit int) (out []web.ImportMade, err error) {
	seen := map[string]int{} // of out, by Import.ID
	for before := uint64(math.MaxInt64); ; {
		numbers, err := m.app.db.EntriesOfKind(ctx, c, []daybook.RecordKind{daybook.RecordImport}, before, formerBatch)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			before = n
			made, err := m.importAt(ctx, c, n)
			if errors.Is(err, archive.ErrErased) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if i, ok := seen[made.Import.ID]; ok { // its beginning: the end was there before
				out[i].Whole = made.Whole
				continue
			}
			if len(out) == limit { // what is older may begin one that is listed
				if made.Import.Event != daybook.ImportBegun {
					return out, nil
				}
				continue
			}
			seen[made.Import.ID] = len(out)
			out = append(out, made)
		}
		if len(numbers) < formerBatch {
			break
		}
	}
	told := false
	for i := range out {
		if err := m.unfinished(ctx, &out[i]); err != nil {
			return nil, err
		}
		if !told && out[i].Import.Report != nil { // of the newest, all is asked for
			told = true
			if err := m.complete(ctx, c, &out[i]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// importAt is what one entry tells.
func (m *importing) importAt(ctx context.Context, c daybook.CaseID, n uint64) (made web.ImportMade, err error) {
	e, err := m.app.log.Entry(ctx, c, n)
	if err != nil {
		return made, err
	}
	if e.Record.Kind != daybook.RecordImport {
		return made, daybook.ErrNotFound
	}
	made = web.ImportMade{Entry: n, At: e.Record.Logged, By: e.Record.Actor}
	if err := e.Record.Decode(&made.Import); err != nil {
		return made, err
	}
	made.Whole = len(made.Import.Parts) > 0
	made.Import.Parts, made.Import.Members = nil, nil
	account, _, _, err := m.app.db.Account(ctx, made.Import.Account)
	if errors.Is(err, daybook.ErrNotFound) {
		return made, nil
	}
	made.Platform, made.Owner = account.Platform, account.Handle
	return made, err
}

// AddedAt implements web.ImportsMade.
func (m *importing) AddedAt(ctx context.Context, c daybook.CaseID, entry uint64) (made web.ImportMade, err error) {
	size, _, err := m.app.log.Head(ctx, c)
	if err != nil {
		return made, err
	}
	if entry >= size {
		return made, daybook.ErrNotFound
	}
	made, err = m.importAt(ctx, c, entry)
	if errors.Is(err, archive.ErrErased) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return made, err
	}
	if err := m.unfinished(ctx, &made); err != nil {
		return made, err
	}
	return made, m.complete(ctx, c, &made)
}

// unfinished says of a file of which the log tells no end whether anybody reads
// it: whoever does holds a task of its account.
func (m *importing) unfinished(ctx context.Context, made *web.ImportMade) error {
	if made.Import.Event != daybook.ImportBegun {
		return nil
	}
	made.Unfinished = made.At.Before(m.started)
	if made.Unfinished {
		return nil
	}
	_, err := m.app.db.Task(ctx, "import/"+string(made.Import.Account))
	made.Unfinished = errors.Is(err, daybook.ErrNotFound)
	if made.Unfinished {
		err = nil
	}
	return err
}

const (
	goneShown   = 50
	goneLookups = 2000 // entries that are looked through for them
	goneAround  = 200  // entries that something else may have put between them
)

// complete finds the beginning of a file whose end the entry tells of, and the
// messages that were in an earlier file and are not in it: the entries just
// before its end tell of them.
func (m *importing) complete(ctx context.Context, c daybook.CaseID, made *web.ImportMade) error {
	if made.Import.Event == daybook.ImportBegun {
		return nil
	}
	begun, err := m.begunAt(ctx, c, made)
	if err != nil || made.Import.Report == nil || made.Import.Report.Gone == 0 {
		return err
	}
	key, err := m.app.db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	seen := map[daybook.MessageKey]bool{}
	first := max(begun+1, made.Entry-min(made.Entry, uint64(min(goneLookups, 2*made.Import.Report.Gone+goneAround))))
	for n := made.Entry; n > first && len(made.Gone) < goneShown; {
		n--
		gone, err := m.goneAt(ctx, c, n, made.Import.Account)
		if err != nil {
			return err
		}
		if gone == "" || seen[gone] {
			continue
		}
		seen[gone] = true
		message, err := m.app.db.MessageByMAC(ctx, c, key.MessageMAC(gone))
		if errors.Is(err, daybook.ErrNotFound) { // erased since
			continue
		}
		if err != nil {
			return err
		}
		made.Gone = append(made.Gone, message.Captures[0])
	}
	slices.Sort(made.Gone)
	return nil
}

// begunAt returns the entry that begins a file, the one that ends it if that was
// erased, and notes whether the file is kept.
func (m *importing) begunAt(ctx context.Context, c daybook.CaseID, made *web.ImportMade) (uint64, error) {
	for before := made.Entry; ; {
		numbers, err := m.app.db.EntriesOfKind(ctx, c, []daybook.RecordKind{daybook.RecordImport}, before, formerBatch)
		if err != nil {
			return 0, err
		}
		for _, n := range numbers {
			before = n
			b, err := m.importAt(ctx, c, n)
			if errors.Is(err, archive.ErrErased) {
				continue
			}
			if err != nil {
				return 0, err
			}
			if b.Import.ID == made.Import.ID && b.Import.Event == daybook.ImportBegun {
				made.Whole = b.Whole
				return n, nil
			}
		}
		if len(numbers) < formerBatch {
			made.Whole = false
			return made.Entry, nil
		}
	}
}

// goneAt returns which message an entry says is gone from the files of an
// account; "" if it says something else.
func (m *importing) goneAt(ctx context.Context, c daybook.CaseID, n uint64, a daybook.AccountID) (daybook.MessageKey, error) {
	e, err := m.app.log.Entry(ctx, c, n)
	if errors.Is(err, archive.ErrErased) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if e.Record.Kind != daybook.RecordObservation {
		return "", nil
	}
	var o daybook.Observation
	if err := e.Record.Decode(&o); err != nil {
		return "", err
	}
	if o.What != daybook.SeenGone || o.Account != a {
		return "", nil
	}
	return o.Message, nil
}
