package collectors

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"daybook"
)

// The picture that an account shows of itself is fetched like an attachment: from
// the person's own server alone, once for each address. What is kept says which
// accounts show the same picture.

// maxPicture is the largest picture of an account that is kept, in bytes.
const maxPicture = 8 << 20

// A shownBy is an item that a batch appends, with its place in batch.records.
type shownBy struct {
	item   *daybook.Item
	record int
}

// planPictures plans that the pictures of those who sent new items are fetched,
// if they were not yet. A sender's profile is read once a day and process.
func (b *batch) planPictures(ctx context.Context, items []shownBy) error {
	if b.driver.Profiles == nil {
		return nil
	}
	type candidate struct {
		shownBy
		args mediaArgs
	}
	var (
		found []candidate
		keys  []SeenKey
	)
	for _, it := range items {
		if it.item.Reading == nil || !b.newToday(it.item.Reading) {
			continue
		}
		for _, p := range b.driver.Profiles(b.acc, it.item.Capture) {
			key := SeenKey{What: markPicture + "\x00" + string(b.acc.ID) + "\x00" + p.AvatarAt}
			if p.AvatarAt == "" || !sends(it.item.Reading, p.Handle) || excludes(b.excluded, named(p)) || slices.Contains(keys, key) {
				continue
			}
			keys = append(keys, key)
			found = append(found, candidate{it, mediaArgs{Sender: p.Handle, Media: daybook.Media{URL: p.AvatarAt, Type: "image"}}})
		}
	}
	if len(keys) == 0 {
		return nil
	}
	known, err := b.Ledger.Recall(ctx, b.acc.Case, keys)
	if err != nil {
		return err
	}
	for i, c := range found {
		if known[i].Entry >= 0 {
			continue
		}
		b.keys, b.entries = append(b.keys, keys[i]), append(b.entries, c.record)
		b.plan("media", "-picture/"+strconv.Itoa(i), b.now(), c.args)
	}
	return nil
}

// newToday reports whether somebody who came in by a reading was not looked at
// today, and notes that they are now.
func (b *batch) newToday(reading *daybook.Reading) bool {
	any := false
	for i := range reading.Messages {
		m := &reading.Messages[i]
		if m.Direction == daybook.Out || m.Sender.IsZero() {
			continue
		}
		who := string(b.acc.ID) + " " + b.at.UTC().Format(time.DateOnly) + " " + m.Sender.Ref()
		if b.shown.has(who) || slices.Contains(b.profiled, who) {
			continue
		}
		b.profiled = append(b.profiled, who)
		any = true
	}
	return any
}

func sends(reading *daybook.Reading, h daybook.Handle) bool {
	return slices.ContainsFunc(reading.Messages, func(m daybook.ReadMessage) bool { return m.Direction != daybook.Out && m.Sender.Same(h) })
}

// named is the handle of a profile with the name that it shows.
func named(p daybook.Profile) daybook.Handle {
	h := p.Handle
	h.Names = []daybook.SeenName{{Account: p.Account}}
	return h
}

// A shownToday remembers whose profile was looked at, so that it is not read with
// each message. What it forgets is read once more.
type shownToday struct {
	mu   sync.Mutex
	seen map[string]bool
}

const maxShownToday = 20_000

func (s *shownToday) has(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[who]
}

// add remembers those whose pictures are planned and committed.
func (s *shownToday) add(who []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil || len(s.seen) > maxShownToday {
		s.seen = map[string]bool{}
	}
	for _, w := range who {
		s.seen[w] = true
	}
}
