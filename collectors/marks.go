package collectors

import (
	"context"
	"iter"

	"daybook"
)

// Marks are keys of a SeenLedger that are about a message of one account, not
// about a capture. A capture's key begins with a digit, so the two never meet.
const (
	markMessage = "message" // its first capture; last seen with any capture
	markMedia   = "media"   // the capture that first showed an attachment
	markGone    = "gone"    // the observation that it is not there; seen when it was last missing
	markBack    = "back"    // the observation that it is there again
	markWhole   = "whole"   // an answer that could not be split
	markPicture = "picture" // the capture that first showed the picture of an account
	markImport  = "import"  // its first capture of a file; seen: when the newest file that has it was made
)

func (r *run) mark(kind string, m daybook.MessageKey, rest ...string) SeenKey {
	k := messageMark(kind, r.acc.ID, m)
	for _, s := range rest {
		k.What += "\x00" + s
	}
	return k
}

func messageMark(kind string, a daybook.AccountID, m daybook.MessageKey) SeenKey {
	return SeenKey{What: kind + "\x00" + string(a) + "\x00" + string(m), Near: m.Near()}
}

// MessageMark is the key under which a SeenLedger knows when a message of an
// account was seen last, with whatever capture.
func MessageMark(a daybook.AccountID, m daybook.MessageKey) SeenKey {
	return messageMark(markMessage, a, m)
}

// ImportMark is the key under which a SeenLedger knows when the newest file of an
// account that holds a message was made. Reading the account leaves it alone: it
// still plans its second looks at what a file has shown.
func ImportMark(a daybook.AccountID, m daybook.MessageKey) SeenKey {
	return messageMark(markImport, a, m)
}

// GoneMarks are the keys under which a SeenLedger knows that looks at a platform
// did not find a message, and that it was there again after that. The last thing
// known is the one with the higher entry.
func GoneMarks(a daybook.AccountID, m daybook.MessageKey) (gone, back SeenKey) {
	return messageMark(markGone, a, m), messageMark(markBack, a, m)
}

// captureKey is the key of an item. Near is the hour of its first message: the
// key changes with that time.
func captureKey(it *daybook.Item) SeenKey {
	k := SeenKey{What: it.CaptureKey()}
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

func mediaName(md daybook.Media) string {
	if md.Native != "" {
		return md.Native
	}
	return md.URL
}

// marks is what the ledger knows about the messages of a page.
type marks struct {
	run   *run
	known map[SeenKey]Sighting
	seen  []SeenKey // marks of messages whose "last seen" moves
}

// recall looks up what is known about the messages of items. Of a message that
// is not known nothing else is either, which is most of them: it is asked for
// by one mark alone.
func (r *run) recall(ctx context.Context, items []daybook.Item) (*marks, error) {
	m := &marks{run: r, known: make(map[SeenKey]Sighting, len(items))}
	var keys []SeenKey
	for msg := range messagesOf(items) {
		keys = append(keys, r.mark(markMessage, msg.Key))
	}
	if err := m.load(ctx, keys); err != nil {
		return nil, err
	}
	keys = keys[:0]
	for msg := range messagesOf(items) {
		if !m.has(msg.Key) {
			continue
		}
		keys = append(keys, r.mark(markGone, msg.Key), r.mark(markBack, msg.Key))
		for _, md := range msg.Media {
			keys = append(keys, r.mark(markMedia, msg.Key, mediaName(md)))
		}
	}
	return m, m.load(ctx, keys)
}

// messagesOf yields the messages of items that have a key.
func messagesOf(items []daybook.Item) iter.Seq[*daybook.ReadMessage] {
	return func(yield func(*daybook.ReadMessage) bool) {
		for i := range items {
			if items[i].Reading == nil {
				continue
			}
			for j := range items[i].Reading.Messages {
				if m := &items[i].Reading.Messages[j]; m.Key != "" && !yield(m) {
					return
				}
			}
		}
	}
}

func (m *marks) load(ctx context.Context, keys []SeenKey) error {
	if len(keys) == 0 {
		return nil
	}
	found, err := m.run.Ledger.Recall(ctx, m.run.acc.Case, keys)
	if err != nil {
		return err
	}
	for i, s := range found {
		if s.Entry >= 0 {
			m.known[keys[i]] = s
		}
	}
	return nil
}

// has reports whether a message was known before this page.
func (m *marks) has(key daybook.MessageKey) bool {
	s, ok := m.known[m.run.mark(markMessage, key)]
	return ok && s.Entry >= 0
}

// canBeKnown reports whether an item may be archived already. One that is has
// left a mark of each of its messages.
func (m *marks) canBeKnown(it *daybook.Item) bool {
	for msg := range messagesOf([]daybook.Item{*it}) {
		if !m.has(msg.Key) {
			return false
		}
	}
	return true
}

// first reports whether a mark is new; asked again, it is not.
func (m *marks) first(key SeenKey) bool {
	if _, ok := m.known[key]; ok {
		return false
	}
	m.known[key] = Sighting{Entry: -1}
	return true
}

// gone reports whether the last thing recorded of a message is that it was not
// there, and what is known of that.
func (m *marks) gone(key daybook.MessageKey) (Sighting, bool) {
	gone, ok := m.known[m.run.mark(markGone, key)]
	back, again := m.known[m.run.mark(markBack, key)]
	return gone, ok && (!again || back.Entry < gone.Entry)
}

// present notes that the messages of an item were seen, and records those that
// are back.
func (b *batch) present(it *daybook.Item, m *marks) {
	if it.Reading == nil {
		return
	}
	for _, msg := range it.Reading.Messages {
		if msg.Key == "" || b.buried[msg.Key] {
			continue
		}
		mark := b.mark(markMessage, msg.Key)
		if s, ok := m.known[mark]; ok && s.Entry >= 0 {
			m.seen = append(m.seen, mark)
		}
		if gone, was := m.gone(msg.Key); was && b.at.After(gone.At) {
			b.note(b.record(daybook.RecordObservation, daybook.Observation{
				Account: b.acc.ID, What: daybook.SeenAgain, Message: msg.Key, Handle: plain(msg.Sender),
				At: b.at, LastSeen: gone.At, Exchange: it.Capture.Exchange,
			}))
			back := b.mark(markBack, msg.Key)
			b.remember(back)
			m.known[back] = Sighting{Entry: gone.Entry + 1} // until the next page
		}
	}
}

// plain is a handle without names: what a name was stands in the items.
func plain(h daybook.Handle) daybook.Handle {
	h.Names = nil
	return h
}
