package upload

import (
	"context"
	"errors"
	"slices"
	"time"

	"daybook"
	"daybook/collectors"
)

// goneWords is what an observation says of a message that a file does not have.
const goneWords = "in an earlier file of this account, not in this one; this does not tell who removed it or why"

// A cover is what the absence of a message from one file rests on.
type cover struct {
	made    time.Time
	from    time.Time       // of the first message in it; zero: from the beginning of the account
	threads map[string]bool // that are in it; nil: all conversations that there are
	posts   bool            // the person's own posts are in it
}

// has reports whether a message would stand in the file if it had been there when
// the file was made.
func (c *cover) has(m *daybook.Message) bool {
	switch {
	case m.Kind == daybook.KindLogin: // platforms hand out the last months of these
		return false
	case m.Sent.At.IsZero() || !m.Sent.At.Before(c.made) || m.Sent.At.Before(c.from):
		return false
	}
	if public(m.Kind) {
		return c.posts
	}
	return c.threads == nil || c.threads[m.Thread]
}

func public(k daybook.Kind) bool {
	switch k {
	case daybook.KindMention, daybook.KindReply, daybook.KindQuote, daybook.KindPost:
		return true
	}
	return false
}

// covers returns what the files of this account cover, this one too, the oldest
// first.
func (r *reading) covers() []cover {
	this := cover{made: r.made, posts: slices.ContainsFunc(r.sum.Threads, func(t Thread) bool { return t.Kind == ThreadPosts })}
	if !r.sum.Whole {
		this.from, this.threads = r.sum.Report.From, map[string]bool{}
		for id := range r.threads {
			this.threads[id] = true
		}
	}
	var out []cover
	if r.dated && !r.sum.Holes {
		out = append(out, this)
	}
	for _, f := range r.former {
		if c, ok := formerCover(f); ok && r.known[f.ID] {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b cover) int { return a.made.Compare(b.made) })
	return out
}

// formerCover is what a file that was read in before covers. What was left out of
// it then was not noted: if it was a thread, nothing is concluded of that thread;
// if it was a sender, nobody knows whom any more, and nothing is concluded; nor is
// it if nobody knows when the file was made.
func formerCover(f Former) (cover, bool) {
	if f.Event != daybook.ImportDone || f.Excluded > 0 || f.Report == nil || !dated(f.Made, f.Logged) {
		return cover{}, false
	}
	c := cover{made: f.Made, posts: slices.Contains(f.Held, string(ThreadPosts))}
	if !f.Whole {
		c.from = f.Report.From
	}
	if !f.Whole || len(f.Threads) > 0 {
		c.threads = map[string]bool{}
		for _, id := range f.Held {
			c.threads[id] = true
		}
	}
	return c, true
}

// gone notes which messages were in a file of this account and are not in a later
// one. Whichever file is read in first, the same comes of it.
func (r *reading) gone(ctx context.Context) error {
	if r.Past == nil || len(r.former) == 0 {
		return nil // no other file, nothing to miss
	}
	covers := r.covers()
	if len(covers) == 0 {
		return nil
	}
	total := int64(0)
	done := int64(0)
	return r.Past.Messages(ctx, r.order.Account.Case, covers[len(covers)-1].made, func(lot []daybook.Message) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		done += int64(len(lot))
		total = max(total, done)
		r.progress(StageCompare, done, total)
		var n int
		try := func(ctx context.Context) (err error) {
			n, err = r.missing(ctx, lot, covers)
			return err
		}
		err := r.Ledger.Update(ctx, try)
		if errors.Is(err, errErasedMeanwhile) {
			err = r.Ledger.Update(ctx, try)
		}
		r.result.Report.Gone += n
		return err
	})
}

// missing notes which of some messages are missing, and returns how many of them
// are missing from this very file.
func (r *reading) missing(ctx context.Context, lot []daybook.Message, covers []cover) (int, error) {
	if err := r.Queue.Guard(ctx, r.task); err != nil {
		return 0, err
	}
	c := r.order.Account.Case
	last, err := r.sightings(ctx, r.importMark, lot)
	if err != nil {
		return 0, err
	}
	noted, err := r.sightings(ctx, r.goneMark, lot)
	if err != nil {
		return 0, err
	}
	erased, err := r.goneForGood(ctx, lot)
	if err != nil {
		return 0, err
	}
	var (
		this    int
		records []daybook.Record
		keys    []daybook.MessageKey
		at      = map[time.Time][]collectors.SeenKey{}
		entries = map[time.Time][]uint64{}
	)
	for i := range lot {
		m := &lot[i]
		n := firstMissing(m, last[i], covers)
		if n < 0 || erased[m.Key] {
			continue
		}
		when := covers[n].made
		if g := noted[i]; g.Entry >= 0 && g.At.After(last[i].At) && !g.At.After(when) {
			continue // said before
		}
		if r.dated && when.Equal(r.made) {
			this++
		}
		at[when] = append(at[when], r.goneMark(m.Key))
		entries[when] = append(entries[when], uint64(len(records)))
		keys = append(keys, m.Key)
		records = append(records, r.told(daybook.RecordObservation, daybook.Observation{
			Account: r.order.Account.ID, What: daybook.SeenGone, Message: m.Key, Handle: plain(m.Sender),
			At: when, LastSeen: last[i].At, Detail: goneWords,
		}))
	}
	if len(records) == 0 {
		return 0, nil
	}
	first, err := r.Log.Append(ctx, c, records)
	if err != nil {
		return 0, err
	}
	if err := r.stillWanted(ctx, keys, erased); err != nil {
		return 0, err
	}
	for when, marks := range at {
		for i := range entries[when] {
			entries[when][i] += first
		}
		if err := r.Ledger.Remember(ctx, c, marks, entries[when], when); err != nil {
			return 0, err
		}
	}
	return this, nil
}

// firstMissing returns the oldest of the files that should have a message and was
// made after the newest that does; -1 if there is none, or if the message has
// come in no file.
func firstMissing(m *daybook.Message, last collectors.Sighting, covers []cover) int {
	if last.Entry < 0 {
		return -1
	}
	return slices.IndexFunc(covers, func(c cover) bool { return c.made.After(last.At) && c.has(m) })
}

func (r *reading) sightings(ctx context.Context, mark func(daybook.MessageKey) collectors.SeenKey, lot []daybook.Message) ([]collectors.Sighting, error) {
	keys := make([]collectors.SeenKey, len(lot))
	for i := range lot {
		keys[i] = mark(lot[i].Key)
	}
	return r.Ledger.Recall(ctx, r.order.Account.Case, keys)
}

// goneForGood returns which of some messages were erased.
func (r *reading) goneForGood(ctx context.Context, lot []daybook.Message) (map[daybook.MessageKey]bool, error) {
	if r.Tombs == nil || len(lot) == 0 {
		return nil, nil
	}
	keys := make([]daybook.MessageKey, len(lot))
	for i := range lot {
		keys[i] = lot[i].Key
	}
	return r.Tombs.Erased(ctx, r.order.Account.Case, keys)
}
