package collectors

import (
	"context"
	"slices"

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
)

func (r *run) mark(kind, what string) string {
	return kind + "\x00" + string(r.acc.ID) + "\x00" + what
}

func mediaName(m daybook.ReadMessage, md daybook.Media) string {
	name := md.Native
	if name == "" {
		name = md.URL
	}
	return string(m.Key) + "\x00" + name
}

// marks is what the ledger knows about the messages of a page.
type marks struct {
	run   *run
	known map[string]Sighting
	seen  []string // marks of messages whose "last seen" moves
}

// recall looks up what is known about the messages of items.
func (r *run) recall(ctx context.Context, items []daybook.Item) (*marks, error) {
	m := &marks{run: r, known: map[string]Sighting{}}
	var keys []string
	for _, it := range items {
		if it.Reading == nil {
			continue
		}
		for _, msg := range it.Reading.Messages {
			if msg.Key == "" {
				continue
			}
			for _, kind := range []string{markMessage, markGone, markBack} {
				keys = append(keys, r.mark(kind, string(msg.Key)))
			}
			for _, md := range msg.Media {
				keys = append(keys, r.mark(markMedia, mediaName(msg, md)))
			}
		}
	}
	return m, m.load(ctx, keys)
}

func (m *marks) load(ctx context.Context, keys []string) error {
	slices.Sort(keys)
	keys = slices.Compact(keys)
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

// first reports whether a mark is new; asked again, it is not.
func (m *marks) first(kind, what string) bool {
	key := m.run.mark(kind, what)
	if _, ok := m.known[key]; ok {
		return false
	}
	m.known[key] = Sighting{Entry: -1}
	return true
}

// gone reports whether the last thing recorded of a message is that it was not
// there, and what is known of that.
func (m *marks) gone(key daybook.MessageKey) (Sighting, bool) {
	gone, ok := m.known[m.run.mark(markGone, string(key))]
	back, again := m.known[m.run.mark(markBack, string(key))]
	return gone, ok && (!again || back.Entry < gone.Entry)
}

// present notes that the messages of an item were seen, and records those that
// are back.
func (b *batch) present(it daybook.Item, m *marks) {
	if it.Reading == nil {
		return
	}
	for _, msg := range it.Reading.Messages {
		if msg.Key == "" {
			continue
		}
		mark := b.mark(markMessage, string(msg.Key))
		if s, ok := m.known[mark]; ok && s.Entry >= 0 {
			m.seen = append(m.seen, mark)
		}
		if gone, was := m.gone(msg.Key); was && b.at.After(gone.At) {
			b.note(b.record(daybook.RecordObservation, daybook.Observation{
				Account: b.acc.ID, What: daybook.SeenAgain, Message: msg.Key, Handle: plain(msg.Sender),
				At: b.at, LastSeen: gone.At, Exchange: it.Capture.Exchange,
			}))
			back := b.mark(markBack, string(msg.Key))
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
