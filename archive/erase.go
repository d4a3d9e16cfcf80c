package archive

import (
	"context"
	"errors"
	"fmt"

	"daybook"
)

// Erase destroys the content of entries: their keys, their sealed fields and
// the blobs that only they name. An erased entry is appended in the same
// transaction; the leaves stay, and everything else still verifies. Followers
// are told by the caller (Follower.Erased), before it says "done".
//
// An entry that is erased already stays so. Entries of kind erased, consent,
// access, decision, restore and key tell what was done and are not erased:
// daybook.ErrInvalid.
func (l *Log) Erase(ctx context.Context, actor daybook.Actor, c daybook.CaseID, indexes []uint64, reason string) error {
	if err := l.refusedFor(c); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	key, err := l.keys.Case(ctx, c)
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	var blobs []daybook.Digest
	for _, i := range indexes {
		e, err := l.Entry(ctx, c, i)
		if errors.Is(err, ErrErased) {
			continue
		}
		if err != nil {
			return fmt.Errorf("erase: %w", err)
		}
		switch e.Record.Kind {
		case daybook.RecordItem, daybook.RecordExchange, daybook.RecordObservation, daybook.RecordMedia, daybook.RecordDiary, daybook.RecordImport:
		default:
			return fmt.Errorf("erase entry %d: %w: an entry of kind %s is kept", i, daybook.ErrInvalid, e.Record.Kind)
		}
		blobs = append(blobs, e.Record.Blobs...)
	}
	var names []string
	err = l.storage.Update(ctx, func(ctx context.Context) error {
		r := daybook.NewRecord(daybook.RecordErased, daybook.Erased{Entries: indexes, Reason: reason, At: l.clock().UTC()})
		r.Actor = actor
		if _, err := l.Append(ctx, c, []daybook.Record{r}); err != nil {
			return err
		}
		for _, d := range blobs {
			ref := key.MAC("blob", d.String())
			row, err := l.storage.Blob(ctx, c, ref)
			if errors.Is(err, daybook.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			names = append(names, row.Name)
			if err := l.storage.EraseBlob(ctx, c, ref); err != nil {
				return err
			}
		}
		return l.storage.EraseRows(ctx, c, indexes)
	})
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	for _, name := range names {
		if err := l.blobs.Erase(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
