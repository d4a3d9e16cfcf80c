package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"daybook"
)

// Erase destroys the content of entries and what the disk still has of it:
// Destroy, then Sweep. It is not called within an Update.
func (l *Log) Erase(ctx context.Context, actor daybook.Actor, c daybook.CaseID, indexes []uint64, reason string) error {
	if err := l.Destroy(ctx, actor, c, daybook.Erased{Entries: indexes, Reason: reason}); err != nil {
		return err
	}
	return l.Sweep(ctx, c)
}

// Destroy destroys the content of the entries that e names: their keys, their
// sealed fields, and the keys of the blobs that no other entry names. e is
// appended in the same transaction, with this machine's time; the leaves stay,
// and everything else still verifies. Files of blobs are left to Sweep, which is
// called once the transaction is committed; followers are told by the caller
// (Follower.Erased), before it says "done".
//
// An entry that is erased already stays so. Entries of other kinds than
// Erasable tell what was done and are not erased: daybook.ErrInvalid.
func (l *Log) Destroy(ctx context.Context, actor daybook.Actor, c daybook.CaseID, e daybook.Erased) error {
	if err := l.refusedFor(c); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	key, err := l.keys.Case(ctx, c)
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	going, blobs, err := l.going(ctx, c, e.Entries)
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	err = l.storage.Update(ctx, func(ctx context.Context) error {
		// In this order: who keeps one of these blobs again holds its row and
		// then the head, so that its entry is there when the log is asked.
		for _, d := range blobs {
			if _, err := l.storage.HoldBlob(ctx, c, key.MAC("blob", d.String())); err != nil && !errors.Is(err, daybook.ErrNotFound) {
				return err
			}
		}
		e.At = l.clock().UTC()
		if e.Entries == nil {
			e.Entries = []uint64{}
		}
		r := daybook.NewRecord(daybook.RecordErased, e)
		r.Actor = actor
		if _, err := l.Append(ctx, c, []daybook.Record{r}); err != nil {
			return err
		}
		needed, err := l.named(ctx, c, blobs, going)
		if err != nil {
			return err
		}
		for _, d := range blobs {
			if needed[d] {
				continue
			}
			if err := l.storage.EraseBlob(ctx, c, key.MAC("blob", d.String())); err != nil {
				return err
			}
		}
		return l.storage.EraseRows(ctx, c, going)
	})
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	return nil
}

// Erasable reports whether the content of entries of this kind can be destroyed.
func Erasable(kind daybook.RecordKind) bool {
	switch kind {
	case daybook.RecordItem, daybook.RecordExchange, daybook.RecordObservation, daybook.RecordMedia, daybook.RecordDiary, daybook.RecordImport:
		return true
	}
	return false
}

// going returns those entries that still have content, each once, and the blobs
// that they name.
func (l *Log) going(ctx context.Context, c daybook.CaseID, indexes []uint64) (going []uint64, blobs []daybook.Digest, err error) {
	indexes = slices.Compact(slices.Sorted(slices.Values(indexes)))
	for _, i := range indexes {
		e, err := l.Entry(ctx, c, i)
		if errors.Is(err, ErrErased) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if !Erasable(e.Record.Kind) {
			return nil, nil, fmt.Errorf("entry %d: %w: an entry of kind %s is kept", i, daybook.ErrInvalid, e.Record.Kind)
		}
		going = append(going, i)
		for _, d := range e.Record.Blobs {
			if !slices.Contains(blobs, d) {
				blobs = append(blobs, d)
			}
		}
	}
	return going, blobs, nil
}

// named returns which of some blobs are named by entries that are not going.
func (l *Log) named(ctx context.Context, c daybook.CaseID, blobs []daybook.Digest, going []uint64) (map[daybook.Digest]bool, error) {
	needed := map[daybook.Digest]bool{}
	if len(blobs) == 0 {
		return needed, nil
	}
	for e, err := range l.Entries(ctx, c, 0) {
		if err != nil {
			return nil, err
		}
		if len(e.Record.Blobs) == 0 {
			continue
		}
		if _, goes := slices.BinarySearch(going, e.Index); goes {
			continue
		}
		for _, d := range e.Record.Blobs {
			if slices.Contains(blobs, d) {
				needed[d] = true
			}
		}
	}
	return needed, nil
}

// Sweep removes the files of blobs that were erased, and notes beside the
// instance key which entries have no content any more, so that content which a
// backup brings back is noticed (Returned). It may be called at any time and
// again; a case that was erased as a whole is swept too.
func (l *Log) Sweep(ctx context.Context, c daybook.CaseID) error {
	names, err := l.storage.ErasedBlobs(ctx, c)
	if err != nil {
		return fmt.Errorf("sweep after an erasure: %w", err)
	}
	for _, name := range names {
		if err := l.blobs.Erase(ctx, name); err != nil {
			return fmt.Errorf("sweep after an erasure: %w", err)
		}
		if err := l.storage.ForgetBlob(ctx, c, name); err != nil {
			return fmt.Errorf("sweep after an erasure: %w", err)
		}
	}
	if l.water == nil {
		return nil
	}
	gone, err := l.storage.WithoutContent(ctx, c)
	if err != nil {
		return fmt.Errorf("sweep after an erasure: %w", err)
	}
	row, err := l.storage.Case(ctx, c)
	if err != nil {
		return fmt.Errorf("sweep after an erasure: %w", err)
	}
	if err := l.water.NoteErased(c, gone, row.WrappedKey == nil); err != nil {
		return fmt.Errorf("sweep after an erasure: %w", err)
	}
	return nil
}

// Returned returns the entries that were erased and have content again, because
// a backup was put back; whole says that the case was erased as a whole and has
// its key again.
func (l *Log) Returned(ctx context.Context, c daybook.CaseID) (entries []uint64, whole bool, err error) {
	if l.water == nil {
		return nil, false, nil
	}
	noted, wasWhole := l.water.Erased(c)
	if len(noted) == 0 && !wasWhole {
		return nil, false, nil
	}
	h, err := l.storage.Head(ctx, c)
	if errors.Is(err, daybook.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("look for erased content: %w", err)
	}
	gone, err := l.storage.WithoutContent(ctx, c)
	if err != nil {
		return nil, false, fmt.Errorf("look for erased content: %w", err)
	}
	for _, i := range noted {
		if _, still := slices.BinarySearch(gone, i); !still && i < h.Size {
			entries = append(entries, i)
		}
	}
	row, err := l.storage.Case(ctx, c)
	if err != nil {
		return nil, false, fmt.Errorf("look for erased content: %w", err)
	}
	return entries, wasWhole && row.WrappedKey != nil, nil
}

// ForgetCase drops what is noted of a case beside the instance key: its tree is
// gone too.
func (l *Log) ForgetCase(c daybook.CaseID) error {
	l.mu.Lock()
	delete(l.refused, c)
	l.mu.Unlock()
	if l.water == nil {
		return nil
	}
	return l.water.Forget(c)
}
