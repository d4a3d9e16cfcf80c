package index

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"

	api "github.com/blevesearch/bleve_index_api"

	"daybook"
	"daybook/archive"
)

var _ archive.Follower = (*Index)(nil)

// Name implements archive.Follower.
func (x *Index) Name() string { return "index/" + strconv.Itoa(mappingVersion) }

// Position implements archive.Follower. An index of another past than the log
// (it is ahead of it, or content was erased without its knowing) is removed,
// and the position is 0.
func (x *Index) Position(ctx context.Context, c daybook.CaseID) (uint64, error) {
	var s state
	err := x.with(ctx, c, func(f *folder) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		s = f.state
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("position of the index: %w", err)
	}
	if x.cfg.Heads == nil {
		return s.position, nil
	}
	h, err := x.head(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("position of the index: %w", err)
	}
	if s.position <= h.Size && s.erasures == h.Erasures {
		return s.position, nil
	}
	if err := x.remove(ctx, c); err != nil {
		return 0, fmt.Errorf("position of the index: %w", err)
	}
	return 0, nil
}

// Handle implements archive.Follower: it indexes the messages of items, one
// document for each message however often it was captured. Entries that are
// done already are passed over; entries that leave some out are an error that
// wraps ErrBehind.
//
// The entries can be found when it returns. They are on the disk some time
// later, together with the position: what a crash loses comes again.
func (x *Index) Handle(ctx context.Context, c daybook.CaseID, entries []archive.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	err := x.with(ctx, c, func(f *folder) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		// Asked for while the folder is held: who hides a message removes it
		// after the tombstone is there.
		var tombs archive.Tombs
		if x.cfg.Tombs != nil {
			var err error
			if tombs, err = x.cfg.Tombs.Tombs(ctx, c); err != nil {
				return err
			}
		}
		return f.handle(ctx, c, entries, x.cfg.Versions, tombs)
	})
	if err != nil {
		return fmt.Errorf("index entries from %d on: %w", entries[0].Index, err)
	}
	return nil
}

// Erased implements archive.Follower: it removes the whole index, which then
// starts again at entry 0.
func (x *Index) Erased(ctx context.Context, c daybook.CaseID, messages []daybook.MessageKey) error {
	if len(messages) == 0 {
		return nil
	}
	if err := x.remove(ctx, c); err != nil {
		return fmt.Errorf("erase from the index: %w", err)
	}
	return nil
}

// handle needs f.mu.
func (f *folder) handle(ctx context.Context, c daybook.CaseID, entries []archive.Entry, versions Versions, tombs archive.Tombs) error {
	from, end := f.state.position, entries[len(entries)-1].Index+1
	if entries[0].Index > from {
		return fmt.Errorf("%w: entry %d comes next", ErrBehind, from)
	}
	if end <= from {
		return nil
	}
	entries = entries[from-entries[0].Index:]
	var edited map[daybook.MessageKey][]string
	if versions != nil {
		var err error
		if edited, err = versions.Edited(ctx, c, from, end); err != nil {
			return err
		}
	}
	contents, err := f.contents(ctx, entries, edited, tombs)
	if err != nil {
		return err
	}
	if f.gathered == nil {
		f.gathered = f.words.NewBatch()
	}
	f.waiting.Store(true)
	for i := range contents {
		if f.recent.has(&contents[i]) {
			continue
		}
		if err := f.gathered.IndexAdvanced(contents[i].document()); err != nil {
			return err
		}
		f.recent.put(&contents[i])
	}
	f.state.position = end
	f.seen.Store(end)
	if f.gathered.Size() >= fullBatch || len(entries) < smallBatch {
		return f.handOver(ctx)
	}
	return nil
}

// contents reads the messages of entries: each message once, as the last
// capture that is complete shows it.
func (f *folder) contents(ctx context.Context, entries []archive.Entry, edited map[daybook.MessageKey][]string, tombs archive.Tombs) ([]content, error) {
	var (
		out  []content
		at   = map[daybook.MessageKey]int{}
		full = map[daybook.MessageKey]bool{}
	)
	for i := range entries {
		e := &entries[i]
		if e.Erased || e.Record.Kind != daybook.RecordItem {
			continue
		}
		it, err := e.Item()
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Index, err)
		}
		if it.Reading == nil {
			continue
		}
		for j := range it.Reading.Messages {
			m := &it.Reading.Messages[j]
			if m.Key == "" || tombs.Has(f.key, m.Key) {
				continue
			}
			n, seen := at[m.Key]
			if m.Incomplete && (full[m.Key] || seen) {
				continue
			}
			made := contentOf(f.key, &it, m, edited[m.Key])
			if m.Incomplete && edited[m.Key] == nil {
				known, err := f.has(ctx, made.id)
				if err != nil {
					return nil, err
				}
				if known {
					continue
				}
			}
			full[m.Key] = !m.Incomplete
			if seen {
				out[n] = made
				continue
			}
			at[m.Key] = len(out)
			out = append(out, made)
		}
	}
	return out, nil
}

// has reports whether a message is in the index. It needs f.mu.
func (f *folder) has(ctx context.Context, id [32]byte) (known bool, err error) {
	if err := f.handOver(ctx); err != nil {
		return false, err
	}
	err = guard(func() error {
		scorch, err := f.words.Advanced()
		if err != nil {
			return err
		}
		r, err := scorch.Reader()
		if err != nil {
			return err
		}
		var n api.IndexInternalID
		if n, err = r.InternalID(string(id[:])); err != nil {
			return errJoinClose(err, r)
		}
		known = n != nil
		return r.Close()
	})
	if err != nil {
		return false, damaged(err)
	}
	return known, nil
}

// recent remembers what was indexed of the last messages, so that a message
// that comes again unchanged is not indexed again. It forgets by halves.
type recent struct {
	now, before map[[32]byte][sha256.Size]byte
}

const recentSize = 8192

func (r *recent) has(c *content) bool {
	d, ok := r.now[c.id]
	if !ok {
		d, ok = r.before[c.id]
	}
	return ok && d == c.digest()
}

func (r *recent) put(c *content) {
	if r.now == nil || len(r.now) >= recentSize {
		r.now, r.before = make(map[[32]byte][sha256.Size]byte, recentSize/8), r.now
	}
	r.now[c.id] = c.digest()
}
