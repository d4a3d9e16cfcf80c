package upload

import (
	"context"
	"time"

	"daybook"
	"daybook/collectors"
)

// Marks are keys of a SeenLedger that are about a message of one account and not
// about a capture: collectors.ImportMark, and these.
const (
	markGone     = "import gone"     // the observation that a file does not have it; seen: when that file was made
	markObserved = "import observed" // the observation of a block; seen: when the first file that shows it was made
	markMedia    = "import media"    // the record with an attachment's bytes
	markNoMedia  = "import no media" // the record that a file does not have them
	markFile     = "import file"     // that a file was read in to its end; of an Import.ID
)

func (r *reading) mark(kind string, m daybook.MessageKey) collectors.SeenKey {
	return collectors.SeenKey{What: kind + "\x00" + string(r.order.Account.ID) + "\x00" + string(m), Near: m.Near()}
}

func (r *reading) importMark(m daybook.MessageKey) collectors.SeenKey {
	return collectors.ImportMark(r.order.Account.ID, m)
}

func (r *reading) fileMark(id string) collectors.SeenKey {
	return collectors.SeenKey{What: markFile + "\x00" + string(r.order.Account.ID) + "\x00" + id}
}

func (r *reading) goneMark(m daybook.MessageKey) collectors.SeenKey { return r.mark(markGone, m) }

func (r *reading) observedMark(o *daybook.Observation) collectors.SeenKey {
	return collectors.SeenKey{What: markObserved + "\x00" + string(r.order.Account.ID) + "\x00" + string(o.What) + "\x00" + o.Handle.Ref() + "\x00" + string(o.Message)}
}

func (r *reading) mediaMark(m daybook.MessageKey, a *Attachment) collectors.SeenKey {
	kind := markMedia
	if a.Open == nil {
		kind = markNoMedia
	}
	k := r.mark(kind, m)
	name := a.Media.Native
	if name == "" {
		name = a.Member + "\x00" + a.Media.URL
	}
	k.What += "\x00" + name
	return k
}

// captureKey is the key of an item, as live collection makes it.
func captureKey(it *daybook.Item) collectors.SeenKey {
	k := collectors.SeenKey{What: it.CaptureKey()}
	if it.Reading != nil && len(it.Reading.Messages) > 0 {
		m := &it.Reading.Messages[0]
		at := m.Sent.At
		if at.IsZero() {
			at = m.Edited
		}
		if hour := at.Unix() / 3600; hour > 0 {
			k.Near = uint32(hour)
		}
	}
	return k
}

// recall looks up what is known about the messages of some items.
func (b *batch) recall(ctx context.Context, lot []Item) error {
	b.marks = map[collectors.SeenKey]collectors.Sighting{}
	var keys []collectors.SeenKey
	for i := range lot {
		for m := range messages(&lot[i]) {
			keys = append(keys, b.importMark(m.Key), collectors.MessageMark(b.order.Account.ID, m.Key))
		}
		if o := lot[i].Observed; o != nil {
			keys = append(keys, b.observedMark(o))
		}
	}
	if err := b.load(ctx, keys); err != nil {
		return err
	}
	keys = keys[:0]
	for i := range lot {
		for m := range messages(&lot[i]) {
			if b.was(b.importMark(m.Key)) {
				keys = append(keys, b.goneMark(m.Key))
			}
			if account := b.order.Account.ID; b.was(collectors.MessageMark(account, m.Key)) {
				gone, back := collectors.GoneMarks(account, m.Key)
				keys = append(keys, gone, back)
			}
		}
		for j := range lot[i].Media {
			a := &lot[i].Media[j]
			if m := about(&lot[i], a); m != nil && b.was(b.importMark(m.Key)) {
				keys = append(keys, b.mediaMark(m.Key, a))
			}
		}
	}
	return b.load(ctx, keys)
}

func (b *batch) load(ctx context.Context, keys []collectors.SeenKey) error {
	if len(keys) == 0 {
		return nil
	}
	found, err := b.Ledger.Recall(ctx, b.order.Account.Case, keys)
	if err != nil {
		return err
	}
	for i, s := range found {
		if s.Entry >= 0 {
			b.marks[keys[i]] = s
		}
	}
	return nil
}

// was reports whether a key is known.
func (b *batch) was(key collectors.SeenKey) bool {
	_, ok := b.marks[key]
	return ok
}

// sight notes that the messages of an item stand in this file. Of those that are
// not known nothing is noted. One that a file made in between did not have, or a
// look at the platform before this file was made, is back, which is said if tell
// is set.
func (b *batch) sight(it *Item, tell bool) {
	for m := range messages(it) {
		if tell && b.dated && !b.buried[m.Key] {
			b.backAfterLook(m)
		}
		mark := b.importMark(m.Key)
		last, known := b.marks[mark]
		if !known || b.buried[m.Key] {
			continue
		}
		b.seen = append(b.seen, mark)
		gone, was := b.marks[b.goneMark(m.Key)]
		if !tell || !was || !gone.At.After(last.At) || !b.made.After(gone.At) {
			continue
		}
		b.records = append(b.records, b.again(m, gone.At))
		b.messages = append(b.messages, m.Key)
		b.marks[mark] = collectors.Sighting{Entry: last.Entry, At: b.made} // said once
	}
}

// backAfterLook says that a message is back which the last look at the platform
// did not find, if the file was made after that look.
func (b *batch) backAfterLook(m *daybook.ReadMessage) {
	goneMark, backMark := collectors.GoneMarks(b.order.Account.ID, m.Key)
	gone, was := b.marks[goneMark]
	back, again := b.marks[backMark]
	if !was || again && back.Entry > gone.Entry || !b.made.After(gone.At) {
		return
	}
	b.append(b.again(m, gone.At), backMark)
	b.messages = append(b.messages, m.Key)
	b.marks[backMark] = collectors.Sighting{Entry: gone.Entry + 1, At: b.made} // said once
}

// again is what is said of a message that stands in this file and was gone before.
func (b *batch) again(m *daybook.ReadMessage, gone time.Time) daybook.Record {
	return b.told(daybook.RecordObservation, daybook.Observation{
		Account: b.order.Account.ID, What: daybook.SeenAgain, Message: m.Key, Handle: plain(m.Sender),
		At: b.made, LastSeen: gone, Detail: "in a file of this account that was made later",
	})
}

// plain is a handle without names: what a name was stands in the items.
func plain(h daybook.Handle) daybook.Handle {
	h.Names = nil
	return h
}
