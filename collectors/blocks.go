package collectors

import (
	"context"
	"fmt"
	"slices"
	"time"

	"daybook"
)

// Lists of blocks. A list says who is blocked now; an entry is made of the
// difference to the last one:
//
//   - A handle that is new in the list gives "blocked", with the time of the
//     last list, in which it was not.
//   - A handle that is missing gives no entry by itself: a handle that deleted
//     itself leaves the list in the same way. It is kept as Unlisted until the
//     platform shows something that it sent, fetched after the list: then it
//     exists and is not blocked, and "unblocked" is recorded. A platform drops
//     what a deleted handle sent; so nothing is recorded of one that never
//     shows again.
//   - A handle that comes back into the list meanwhile gives no entry.

// list reads a list of handles to its end and records what has changed.
func (r *run) list(ctx context.Context, lane daybook.Lane, page Page, lr *LaneReport, began time.Time) error {
	listed := slices.Clone(page.Observed)
	last := page
	at := Cursor("")
	for page.More && page.Next != "" && page.Next != at {
		if r.spent() {
			r.rep.More = true
			return nil // half a list says nothing: it is read again
		}
		keep := func(*LaneState) []daybook.Record { return nil }
		if err := r.commit(ctx, lane, page, lr, keep); err != nil {
			return err
		}
		at = page.Next
		var err error
		if page, err = r.fetch(ctx, lane, at); err != nil {
			return err
		}
		if page.Whole != nil {
			return r.unreadable(ctx, lane, page, lr)
		}
		listed = append(listed, page.Observed...)
		last = page
	}
	err := r.commit(ctx, lane, last, lr, func(st *LaneState) []daybook.Record {
		records := r.compare(st, listed, last.Exchange, began)
		st.Lost, st.BackDone = false, true
		return append(records, r.moved(lane, st, last, true, began)...)
	})
	if err != nil {
		return fmt.Errorf("compare a list: %w", err)
	}
	lr.CaughtUp, lr.BackDone = true, true
	return nil
}

// compare notes a new list in a lane's state and returns what has changed.
func (r *run) compare(st *LaneState, listed []daybook.Handle, x daybook.Exchange, at time.Time) []daybook.Record {
	var records []daybook.Record
	now := make([]daybook.Handle, 0, len(listed))
	for _, h := range listed {
		if has(now, h) {
			continue
		}
		now = append(now, plain(h))
		if has(st.Listed, h) || slices.ContainsFunc(st.Unlisted, func(u Unlisted) bool { return u.Handle.Same(h) }) {
			continue
		}
		records = append(records, r.record(daybook.RecordObservation, daybook.Observation{
			Account: r.acc.ID, What: daybook.SeenBlocked, Handle: h, At: at, LastSeen: st.LastOK, Exchange: &x,
		}))
	}
	gone := slices.DeleteFunc(st.Unlisted, func(u Unlisted) bool { return has(now, u.Handle) })
	for _, h := range st.Listed {
		if !has(now, h) {
			gone = append(gone, Unlisted{h, st.LastOK})
		}
	}
	st.Listed, st.Unlisted = now, gone
	r.doubt = r.doubt || len(gone) > 0
	return records
}

func has(list []daybook.Handle, h daybook.Handle) bool {
	return slices.ContainsFunc(list, h.Same)
}

// stillThere records that handles which left a list are not blocked, if items
// show that they still exist.
func (b *batch) stillThere(ctx context.Context, items []daybook.Item) error {
	if !b.doubt {
		return nil
	}
	states, err := b.Ledger.Lanes(ctx, b.acc.ID)
	if err != nil {
		return err
	}
	for lane, st := range states {
		left := st.Unlisted[:0:0]
		for _, u := range st.Unlisted {
			x := shows(items, u.Handle, st.LastOK)
			if x == nil {
				left = append(left, u)
				continue
			}
			b.note(b.record(daybook.RecordObservation, daybook.Observation{
				Account: b.acc.ID, What: daybook.SeenUnblocked, Handle: u.Handle, At: b.at, LastSeen: u.Listed,
				Detail: "it has left the list of blocks, and what it sent is shown", Exchange: x,
			}))
		}
		if len(left) == len(st.Unlisted) {
			continue
		}
		st.Unlisted = left
		if err := b.Ledger.SaveLane(ctx, b.acc.ID, lane, st); err != nil {
			return err
		}
	}
	return nil
}

// shows returns the exchange of an item that a handle sent and that was asked
// for after a time; nil if there is none.
func shows(items []daybook.Item, h daybook.Handle, after time.Time) *daybook.Exchange {
	for _, it := range items {
		x := it.Capture.Exchange
		if x == nil || it.Reading == nil || !x.Start.After(after) {
			continue
		}
		for _, m := range it.Reading.Messages {
			if m.Direction != daybook.Out && m.Sender.Same(h) {
				return x
			}
		}
	}
	return nil
}
