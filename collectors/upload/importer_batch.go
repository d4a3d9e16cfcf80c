package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"daybook"
	"daybook/collectors"
)

// A batch is as much of a file as goes into one transaction.
const (
	batchItems = 500
	batchBytes = 16 << 20 // of captures and attachments; one that is larger goes alone
	batchMedia = 20       // attachments
)

// followAfter is how many entries are appended before what is derived follows.
const followAfter = 2000

// errErasedMeanwhile says that a message was erased while it was being read in.
// Nothing was kept; the next try drops it.
var errErasedMeanwhile = errors.New("a message was erased meanwhile")

// items reads the file and keeps what is in it, batch by batch.
func (r *reading) items(ctx context.Context) error {
	var (
		lot   []Item
		bytes int64
		media int
		total = r.total()
	)
	r.progress(StageItems, 0, total)
	for it, err := range r.order.Export.Items(ctx) {
		if err != nil {
			return err
		}
		more := weight(&it)
		if len(lot) == r.Batch || len(lot) > 0 && (bytes+more > batchBytes || media+len(it.Media) > batchMedia) {
			if err := r.keep(ctx, lot); err != nil {
				return err
			}
			lot, bytes, media = lot[:0], 0, 0
			r.progress(StageItems, min(r.done, total), total)
		}
		lot = append(lot, it)
		bytes += more
		media += len(it.Media)
	}
	if err := r.keep(ctx, lot); err != nil {
		return err
	}
	r.progress(StageItems, total, total)
	return nil
}

// weight is how many bytes of an item are read and sealed while a transaction keeps
// others from writing.
func weight(it *Item) int64 {
	n := int64(len(it.Item.Capture.Raw))
	for i := range it.Media {
		n += it.Media[i].Size
	}
	return n
}

// keep keeps one batch.
func (r *reading) keep(ctx context.Context, lot []Item) error {
	if len(lot) == 0 {
		return nil
	}
	var b *batch
	try := func(ctx context.Context) error {
		b = &batch{reading: r}
		return b.take(ctx, lot)
	}
	err := r.Ledger.Update(ctx, try)
	if errors.Is(err, errErasedMeanwhile) {
		err = r.Ledger.Update(ctx, try)
	}
	if err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	if r.unread += len(b.records); r.unread >= followAfter && r.Follow != nil {
		r.unread = 0
		r.Follow(ctx, r.order.Account.Case)
	}
	rep := &r.result.Report
	rep.New += b.new
	rep.Known += b.known
	rep.Excluded += b.excluded
	rep.Erased += b.erased
	rep.NotChosen += b.notChosen
	rep.Messages += b.new + b.known + b.excluded + b.erased
	for i := range lot {
		for range messages(&lot[i]) {
			r.done++
		}
	}
	return nil
}

// A batch lives within one transaction.
type batch struct {
	*reading
	records  []daybook.Record
	keys     []collectors.SeenKey // to be remembered
	entries  []int                // which of records each key is about
	seen     []collectors.SeenKey // whose "last seen" moves
	messages []daybook.MessageKey // that its records show
	buried   map[daybook.MessageKey]bool
	marks    map[collectors.SeenKey]collectors.Sighting

	new, known, excluded, erased, notChosen int
}

// take does all that there is to do with some items.
func (b *batch) take(ctx context.Context, lot []Item) error {
	if err := b.Queue.Guard(ctx, b.task); err != nil {
		return err
	}
	excluded, _, err := b.limits(ctx)
	if err != nil {
		return err
	}
	if b.buried, err = b.reading.erased(ctx, lot); err != nil {
		return err
	}
	if err := b.recall(ctx, lot); err != nil {
		return err
	}
	var kept []*Item
	for i := range lot {
		it := &lot[i]
		n := 0
		for range messages(it) {
			n++
		}
		switch {
		case b.onlyErased(it):
			b.erased += n
		case !b.chosen[it.Thread]:
			b.notChosen += n
			b.sight(it, len(b.excludedIn(it, excluded)) == 0)
		case len(b.excludedIn(it, excluded)) > 0:
			b.excluded += n
			b.sight(it, false)
		default:
			kept = append(kept, it)
		}
	}
	known, err := b.archived(ctx, kept)
	if err != nil {
		return err
	}
	for i, it := range kept {
		b.count(it)
		b.sight(it, true)
		if !known[i] {
			b.item(it)
		}
		b.observe(it)
		if err := b.attachments(ctx, it); err != nil {
			return err
		}
	}
	return b.flush(ctx)
}

// messages yields the messages of an item that have a key.
func messages(it *Item) iter.Seq[*daybook.ReadMessage] {
	return func(yield func(*daybook.ReadMessage) bool) {
		if it.Item.Reading == nil {
			return
		}
		for i := range it.Item.Reading.Messages {
			if m := &it.Item.Reading.Messages[i]; m.Key != "" && !yield(m) {
				return
			}
		}
	}
}

// erased returns which messages of some items were erased.
func (r *reading) erased(ctx context.Context, lot []Item) (map[daybook.MessageKey]bool, error) {
	if r.Tombs == nil {
		return nil, nil
	}
	var keys []daybook.MessageKey
	for i := range lot {
		for m := range messages(&lot[i]) {
			keys = append(keys, m.Key)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return r.Tombs.Erased(ctx, r.order.Account.Case, keys)
}

func (b *batch) onlyErased(it *Item) bool {
	all := false
	for m := range messages(it) {
		if !b.buried[m.Key] {
			return false
		}
		all = true
	}
	return all
}

// archived reports which items are in the log already, and moves "last seen" of
// those captures.
func (b *batch) archived(ctx context.Context, kept []*Item) ([]bool, error) {
	out := make([]bool, len(kept))
	var (
		keys []collectors.SeenKey
		at   []int
	)
	for i, it := range kept {
		it.Item.Capture.Account, it.Item.Capture.File = b.order.Account.ID, b.file.File
		if b.dated {
			it.Item.Capture.Made = b.file.Made
		}
		can := true
		for m := range messages(it) {
			can = can && b.was(b.importMark(m.Key))
		}
		if can {
			keys, at = append(keys, captureKey(&it.Item)), append(at, i)
		}
	}
	if len(keys) == 0 {
		return out, nil
	}
	entries, err := b.Ledger.Seen(ctx, b.order.Account.Case, keys, b.made)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		out[i] = entries[n] >= 0
	}
	return out, nil
}

// count says of each message whether it was here, by whatever way.
func (b *batch) count(it *Item) {
	for m := range messages(it) {
		switch {
		case b.buried[m.Key]:
			b.erased++
		case b.was(b.importMark(m.Key)) || b.was(collectors.MessageMark(b.order.Account.ID, m.Key)):
			b.known++
		default:
			b.new++
		}
	}
}

// item appends an item, once in a batch.
func (b *batch) item(it *Item) {
	if len(it.Item.Capture.Raw) == 0 {
		return // it is an observation alone
	}
	key := captureKey(&it.Item)
	if _, twice := b.marks[key]; twice {
		return
	}
	b.marks[key] = collectors.Sighting{}
	rec := b.codec.Record(it.Item)
	rec.Actor, rec.Logged = b.reader(), b.now()
	b.append(rec, key)
	for m := range messages(it) {
		b.messages = append(b.messages, m.Key)
		if mark := b.importMark(m.Key); !b.was(mark) && !b.buried[m.Key] {
			b.marks[mark] = collectors.Sighting{At: b.made}
			b.know(mark)
		}
	}
}

// append adds a record, which key is known by.
func (b *batch) append(rec daybook.Record, key collectors.SeenKey) {
	b.records = append(b.records, rec)
	b.know(key)
}

// know plans that a key is known from the last record on.
func (b *batch) know(key collectors.SeenKey) {
	b.keys = append(b.keys, key)
	b.entries = append(b.entries, len(b.records)-1)
}

// observe appends what an item shows beside messages: the first time, and again
// from a file that was made before. If a file does not say when it was made, nobody
// knows when what it shows was so.
func (b *batch) observe(it *Item) {
	if it.Observed == nil || !b.dated {
		return
	}
	o := *it.Observed
	o.Account = b.order.Account.ID
	key := b.observedMark(&o)
	if first, known := b.marks[key]; known && !b.made.Before(first.At) {
		return
	}
	b.marks[key] = collectors.Sighting{At: b.made}
	b.append(b.told(daybook.RecordObservation, o), key)
}

// attachments keeps the attachments of an item that are not kept.
func (b *batch) attachments(ctx context.Context, it *Item) error {
	for i := range it.Media {
		a := &it.Media[i]
		m := about(it, a)
		if m == nil || b.buried[m.Key] {
			continue
		}
		rec := daybook.MediaRecord{Account: b.order.Account.ID, Message: m.Key, Media: a.Media}
		key := b.mediaMark(m.Key, a)
		if b.was(key) {
			continue
		}
		b.marks[key] = collectors.Sighting{}
		var blobs []daybook.Digest
		if a.Open == nil {
			rec.Media.State, rec.Why = daybook.MediaMissing, "it is not in the file"
		} else if err := b.bytes(ctx, a, &rec); err != nil {
			return err
		}
		if rec.Media.State == daybook.MediaKept {
			blobs = []daybook.Digest{rec.Media.Digest}
		}
		record := b.told(daybook.RecordMedia, rec)
		record.Blobs = blobs
		b.messages = append(b.messages, m.Key)
		b.append(record, key)
	}
	return nil
}

// about is the message of an item that an attachment belongs to.
func about(it *Item, a *Attachment) *daybook.ReadMessage {
	var first *daybook.ReadMessage
	for m := range messages(it) {
		if first == nil {
			first = m
		}
		for _, md := range m.Media {
			if md.Native == a.Media.Native && md.URL == a.Media.URL {
				return m
			}
		}
	}
	return first
}

// bytes keeps the bytes of an attachment.
func (b *batch) bytes(ctx context.Context, a *Attachment, rec *daybook.MediaRecord) (err error) {
	f, err := a.Open()
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(f, b.MaxMedia+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if int64(len(body)) > b.MaxMedia {
		rec.Media.State, rec.Why = daybook.MediaMissing, fmt.Sprintf("it has more than the %d bytes that are kept", b.MaxMedia)
		return nil
	}
	rec.Media.State, rec.Media.Bytes = daybook.MediaKept, int64(len(body))
	rec.Media.Digest, err = b.Log.PutBlob(ctx, b.order.Account.Case, body)
	return err
}

// flush appends the records and remembers the keys.
func (b *batch) flush(ctx context.Context) error {
	c := b.order.Account.Case
	if len(b.seen) > 0 {
		if _, err := b.Ledger.Seen(ctx, c, b.seen, b.made); err != nil {
			return err
		}
	}
	if len(b.records) == 0 {
		return nil
	}
	first, err := b.Log.Append(ctx, c, b.records)
	if err != nil {
		return err
	}
	if err := b.stillWanted(ctx, b.messages, b.buried); err != nil {
		return err
	}
	entries := make([]uint64, len(b.entries))
	for i, n := range b.entries {
		entries[i] = first + uint64(n)
	}
	return b.Ledger.Remember(ctx, c, b.keys, entries, b.made)
}

// stillWanted is called once the log is held by what was appended: a message that
// was erased since it was asked for takes the transaction back.
func (r *reading) stillWanted(ctx context.Context, messages []daybook.MessageKey, buried map[daybook.MessageKey]bool) error {
	if r.Tombs == nil || len(messages) == 0 {
		return nil
	}
	found, err := r.Tombs.Erased(ctx, r.order.Account.Case, messages)
	if err != nil {
		return err
	}
	for m := range found {
		if !buried[m] {
			return errErasedMeanwhile
		}
	}
	return nil
}
