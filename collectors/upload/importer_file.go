package upload

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"daybook"
)

// pieceSize is how much of a file is kept as one blob, in bytes.
const pieceSize = 16 << 20

// leftOut is what of a file is not kept.
type leftOut struct {
	senders  map[string]bool // excluded ones that are in it
	members  map[string]bool // attachments of what is left out
	erased   int             // messages
	threads  bool            // the person left usual ones out
	excluded map[string]bool // as it was looked for
	tombs    int             // as many tombstones there were
}

// any reports whether the file itself must not be kept.
func (l leftOut) any() bool { return len(l.senders) > 0 || l.erased > 0 || l.threads }

// errChanged says that what is left out changed while the file was looked at.
var errChanged = errors.New("what is to be left out has changed")

// begin finds out what is left out, keeps the file itself if that is nothing, and
// writes the first entry.
func (r *reading) begin(ctx context.Context) error {
	for range 3 {
		if err := r.survey(ctx); err != nil {
			return err
		}
		if err := r.keepFile(ctx, !r.left.any()); err != nil {
			return err
		}
		if err := r.beginEntry(ctx); !errors.Is(err, errChanged) {
			return err
		}
	}
	return errChanged
}

// survey looks through the file for what is left out, unless nothing can be.
func (r *reading) survey(ctx context.Context) (err error) {
	r.left = leftOut{senders: map[string]bool{}, members: map[string]bool{}}
	if r.left.excluded, r.left.tombs, err = r.limits(ctx); err != nil {
		return err
	}
	for _, t := range r.sum.Threads {
		r.left.threads = r.left.threads || t.Usual && !r.chosen[t.ID]
	}
	if len(r.left.excluded) == 0 && r.left.tombs == 0 && !r.left.threads {
		return nil
	}
	var lot []Item
	look := func() error {
		defer func() { lot = lot[:0] }()
		erased, err := r.erased(ctx, lot)
		if err != nil {
			return err
		}
		for i := range lot {
			r.leave(&lot[i], erased)
		}
		return nil
	}
	for it, err := range r.order.Export.Items(ctx) {
		if err != nil {
			return err
		}
		it.Item.Capture.Raw = nil
		if lot = append(lot, it); len(lot) == batchItems {
			if err := look(); err != nil {
				return err
			}
		}
	}
	return look()
}

// leave notes what of an item is left out.
func (r *reading) leave(it *Item, erased map[daybook.MessageKey]bool) {
	out := !r.chosen[it.Thread] && r.threads[it.Thread].Usual
	for ref := range r.excludedIn(it, r.left.excluded) {
		r.left.senders[ref] = true
		out = true
	}
	for m := range messages(it) {
		if erased[m.Key] {
			r.left.erased++
			out = true
		}
	}
	if !out {
		return
	}
	for _, a := range it.Media {
		if a.Member != "" {
			r.left.members[a.Member] = true
		}
	}
}

// limits returns the handles that are never stored and how much was erased.
func (r *reading) limits(ctx context.Context) (excluded map[string]bool, tombs int, err error) {
	never, err := r.Accounts.Excluded(ctx, r.order.Account.Case)
	if err != nil {
		return nil, 0, err
	}
	excluded = maps.Clone(r.exclude)
	for ref, on := range never {
		if on {
			excluded[ref] = true
		}
	}
	if r.Tombs != nil {
		tombs, err = r.Tombs.Tombstones(ctx, r.order.Account.Case)
	}
	return excluded, tombs, err
}

// keepFile reads the file itself for its digest and, if it is kept, keeps its
// pieces beside the log. What names them comes with beginEntry; pieces that
// nothing names yet are found again by the next try.
func (r *reading) keepFile(ctx context.Context, keep bool) error {
	f := r.order.File
	r.file = daybook.Import{
		ID: r.id, Event: daybook.ImportBegun, Account: r.order.Account.ID, Name: shortName(f.Name), Size: f.Size,
		Kind: r.sum.Kind, Parser: r.sum.Parser, Made: r.sum.Made.UTC(), Excluded: len(r.left.senders),
	}
	h := sha256.New()
	buf := make([]byte, min(f.Size, pieceSize))
	for at := int64(0); at < f.Size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.progress(StageFile, at, f.Size)
		piece := buf[:min(f.Size-at, pieceSize)]
		if n, err := f.ReadAt(piece, at); n < len(piece) {
			return fmt.Errorf("read the file: %w", whyShort(err))
		}
		h.Write(piece)
		if keep {
			d, err := r.Log.PutBlob(ctx, r.order.Account.Case, piece)
			if err != nil {
				return err
			}
			r.file.Parts = append(r.file.Parts, daybook.ImportPart{Digest: d, Bytes: int64(len(piece))})
		}
		at += int64(len(piece))
	}
	r.progress(StageFile, f.Size, f.Size)
	h.Sum(r.file.File[:0])
	r.result.File, r.result.Kept = r.file.File, keep
	r.result.Before = nil
	for _, old := range r.former {
		if old.Event == daybook.ImportDone && old.File == r.file.File {
			r.result.Before = append(r.result.Before, old)
		}
	}
	if len(r.order.Threads) > 0 {
		r.file.Threads = r.held()
	}
	for _, m := range r.sum.Members {
		if !r.left.members[m.Name] {
			r.file.Members = append(r.file.Members, m)
		}
	}
	return nil
}

func whyShort(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return &RefusedError{What: "the file became shorter while it was read", Hint: "add it again"}
	}
	return err
}

// shortName is the file's name without its folders, of a length that anybody can
// read.
func shortName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if r := []rune(name); len(r) > 200 {
		name = string(r[:200]) + "…"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// held are the threads that are read: those that are chosen, without those that
// are with excluded senders alone.
func (r *reading) held() []string {
	var out []string
	for _, t := range r.sum.Threads {
		if r.chosen[t.ID] && !excludedThread(t, r.left.excluded) {
			out = append(out, t.ID)
		}
	}
	slices.Sort(out)
	return out
}

func excludedThread(t Thread, excluded map[string]bool) bool {
	return len(t.With) > 0 && !slices.ContainsFunc(t.With, func(h daybook.Handle) bool { return !excludes(excluded, h) })
}

// beginEntry writes the first entry, if what is left out is still what it was.
func (r *reading) beginEntry(ctx context.Context) error {
	rec := r.record(daybook.RecordImport, r.file)
	for _, p := range r.file.Parts {
		if !slices.Contains(rec.Blobs, p.Digest) {
			rec.Blobs = append(rec.Blobs, p.Digest)
		}
	}
	err := r.Ledger.Update(ctx, func(ctx context.Context) error {
		if err := r.Queue.Guard(ctx, r.task); err != nil {
			return err
		}
		n, err := r.Log.Append(ctx, r.order.Account.Case, []daybook.Record{rec})
		if err != nil {
			return err
		}
		r.result.Begun = n
		excluded, tombs, err := r.limits(ctx)
		if err == nil && (tombs != r.left.tombs || !maps.Equal(excluded, r.left.excluded)) {
			err = errChanged
		}
		return err
	})
	r.begun = err == nil
	return err
}

// excludedIn returns those excluded handles whose words or whose part in a
// conversation an item is. An own message to them is theirs as well: it names
// them.
func (r *reading) excludedIn(it *Item, excluded map[string]bool) map[string]bool {
	if len(excluded) == 0 {
		return nil
	}
	found := map[string]bool{}
	take := func(h daybook.Handle) {
		if excludes(excluded, h) {
			found[h.Ref()] = true
		}
	}
	if t := r.threads[it.Thread]; t.Kind == ThreadDirect || excludedThread(t, excluded) {
		for _, h := range t.With {
			take(h)
		}
	}
	if it.Observed != nil {
		take(it.Observed.Handle)
	}
	plain := true // its words are one message, whose sender and receivers are known
	for m := range messages(it) {
		plain = plain && m.Kind != daybook.KindSystem && m.Kind != daybook.KindReaction
		if m.Direction != daybook.Out {
			take(m.Sender)
		}
		for _, to := range m.To {
			if m.Direction == daybook.Out {
				take(to)
			}
		}
	}
	if it.Item.Reading == nil || len(it.Item.Reading.Messages) == 0 || !plain {
		for ref, on := range excluded {
			if _, native, _ := strings.Cut(ref, ":"); on && holdsName(it.Item.Capture, native) {
				found[ref] = true
			}
		}
	}
	return found
}

// holdsName reports whether the bytes of a capture name a handle.
func holdsName(c daybook.Capture, native string) bool {
	if native == "" {
		return false
	}
	return bytes.Contains(c.Raw, []byte(native)) || bytes.Contains(c.Raw, []byte(strings.ReplaceAll(native, "/", `\/`))) ||
		strings.Contains(c.NativeID, native)
}

// excludes reports whether a handle is one of those who are never stored: by
// identifier or, where only the name of their account was known when they were
// excluded, by that name.
func excludes(excluded map[string]bool, h daybook.Handle) bool {
	return excluded[h.Ref()] || slices.ContainsFunc(h.Names, func(n daybook.SeenName) bool {
		return n.Account != "" && excluded[daybook.Handle{Platform: h.Platform, Native: strings.ToLower(n.Account)}.Ref()]
	})
}
