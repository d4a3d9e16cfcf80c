package main

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/collectors/upload"
)

// pastImports is what the logs of this instance tell of files that were read in.
// It implements upload.Past.
type pastImports struct{ app *app }

// formerBatch is how many entries of kind import are looked up at once.
const formerBatch = 200

// Imports implements upload.Past.
func (p pastImports) Imports(ctx context.Context, c daybook.CaseID) ([]upload.Former, error) {
	var out []upload.Former
	for before := uint64(math.MaxInt64); ; {
		found, err := p.app.db.EntriesOfKind(ctx, c, []daybook.RecordKind{daybook.RecordImport}, before, formerBatch)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			before = n
			e, err := p.app.log.Entry(ctx, c, n)
			if errors.Is(err, archive.ErrErased) {
				continue
			}
			if err != nil {
				return nil, err
			}
			f := upload.Former{Entry: n, Logged: e.Record.Logged}
			if err := e.Record.Decode(&f.Import); err != nil {
				return nil, err
			}
			f.Parts, f.Members = nil, nil // long, and not asked for
			out = append(out, f)
		}
		if len(found) < formerBatch {
			slices.Reverse(out)
			return out, nil
		}
	}
}

// Messages implements upload.Past.
func (p pastImports) Messages(ctx context.Context, c daybook.CaseID, before time.Time, fn func([]daybook.Message) error) error {
	if err := p.app.log.CatchUp(ctx, c, p.app.messages); err != nil {
		return err
	}
	for cursor := ""; ; {
		lot, next, err := p.app.db.List(ctx, c, daybook.MessageFilter{To: before}, formerBatch, cursor)
		if err != nil {
			return err
		}
		if err := fn(lot); err != nil || next == "" || len(lot) == 0 {
			return err
		}
		cursor = next
	}
}
