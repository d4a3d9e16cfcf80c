package collectors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/internal/work"
)

// askLostAgain is how long a place that the server does not offer is left
// alone: servers are updated.
const askLostAgain = 24 * time.Hour

// maxLanesFailing is how many lanes in a row may fail before the rest is left
// for the next run: it is the server, not the lane.
const maxLanesFailing = 2

var errUnreadable = errors.New("the answer could not be split into items")

// read reads all lanes: first each one to its newest end, then their past.
func (r *run) read(ctx context.Context) error {
	lanes := r.src.Lanes()
	r.rep.Lanes = make([]LaneReport, len(lanes))
	var failed []error
	row := 0
	for i, lane := range lanes {
		lr := &r.rep.Lanes[i]
		lr.Lane = lane
		if row >= maxLanesFailing || r.overdue() {
			lr.Err = errors.New("not reached")
			r.rep.More = r.rep.More || row < maxLanesFailing
			continue
		}
		err := r.forward(ctx, lane, lr)
		if err == nil {
			row = 0
			continue
		}
		if !onlyHere(err) {
			row++
		}
		lr.Err = err
		failed = append(failed, fmt.Errorf("lane %d: %w", i, err))
		if err := r.failedLane(ctx, lanes[i:], err, row); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	pages := r.rep.Pages
	for i, lane := range lanes {
		if r.spent() && r.rep.Pages > pages {
			r.rep.More = true
			break
		}
		if err := r.backward(ctx, lane, &r.rep.Lanes[i]); err != nil {
			r.rep.Lanes[i].Err = err
			if err := r.failedPast(ctx, lanes, lane, err); err != nil {
				return fmt.Errorf("lane %d, its past: %w", i, err)
			}
		}
	}
	return nil
}

// failedLane notes that the first of lanes has failed, the row-th one in a row,
// and returns an error if the others need not be tried. nil stands for all lanes
// that were ever read.
func (r *run) failedLane(ctx context.Context, lanes []daybook.Lane, err error, row int) error {
	var limit *RateLimitError
	var fetch *fetchError
	switch {
	case errors.Is(err, work.ErrLost):
		return err
	case errors.Is(err, ErrRefused):
		return errors.Join(err, r.refused(ctx))
	case errors.Is(err, daybook.ErrConsentEnded), errors.Is(err, ErrNotRead):
		return errors.Join(err, r.unwatched(ctx, causeOf(err)))
	case ctx.Err() != nil:
		return err
	case onlyHere(err) && r.src != nil:
		return errors.Join(r.notBefore(ctx, lanes[0], err), r.failing(ctx, lanes[:1], causeOf(err)))
	case errors.As(err, &limit) && r.src != nil:
		return errors.Join(err, r.failing(ctx, lanes, causeOf(err)), r.because(ctx, r.src.Lanes(), causeOf(err)))
	case errors.As(err, &limit), !errors.As(err, &fetch):
		return errors.Join(err, r.failing(ctx, lanes, causeOf(err)))
	case row >= maxLanesFailing:
		return r.failing(ctx, lanes, causeOf(err))
	}
	return r.failing(ctx, lanes[:1], causeOf(err))
}

// failedPast decides what a failure in a lane's past means. The past can wait:
// it is no gap, it keeps no other lane from being read, and what is new is not
// asked for less often because of it.
func (r *run) failedPast(ctx context.Context, lanes []daybook.Lane, lane daybook.Lane, err error) error {
	var limit *RateLimitError
	var fetch *fetchError
	switch {
	case errors.Is(err, ErrRefused):
		return errors.Join(err, r.refused(ctx))
	case onlyHere(err):
		return r.notBefore(ctx, lane, err)
	case errors.As(err, &limit):
		// Until then nothing is read: if that is long, this is why.
		return errors.Join(err, r.because(ctx, lanes, causeOf(err)))
	case errors.As(err, &fetch) && ctx.Err() == nil:
		return nil
	}
	return err
}

func (r *run) fetch(ctx context.Context, lane daybook.Lane, at Cursor) (p Page, err error) {
	err = r.ask(ctx, func() error {
		p, err = r.src.Fetch(ctx, lane, at)
		return err
	})
	if err == nil {
		r.rep.Pages++
	}
	return p, err
}

// forward reads a lane from where it was left to its newest end. The newest
// page is read each time, because accepted requests insert old ids; what it
// shows is appended before the pages between, so that even a cursor that the
// platform no longer takes does not hide what is new. A lane whose last page
// gives no cursor has no place to go on from: it is walked from its top each
// time. A lane of a Resumer is read from its cursor alone.
func (r *run) forward(ctx context.Context, lane daybook.Lane, lr *LaneReport) error {
	st, err := r.Ledger.Lane(ctx, r.acc.ID, lane)
	if err != nil {
		return err
	}
	began := r.now()
	if st.Lost && began.Sub(st.Asked) < askLostAgain || r.early(lane, st, began) {
		return nil
	}
	if began.Before(st.Until) {
		return &fetchError{&RateLimitError{Until: st.Until, Only: true}}
	}
	first := Cursor("")
	if s, ok := r.src.(Resumer); ok && s.Resumes(lane) {
		first = st.Forward
	}
	page, err := r.fetch(ctx, lane, first)
	if errors.Is(err, ErrNoLane) {
		return r.lost(ctx, lane)
	}
	if err != nil {
		return err
	}
	if page.Observed != nil || len(st.Listed)+len(st.Unlisted) > 0 {
		return r.list(ctx, lane, page, lr, began)
	}
	if page.Whole != nil {
		return r.unreadable(ctx, lane, page, lr)
	}
	at := st.Forward
	end := page.Next == at && !page.More
	switch {
	case at == "":
		at, end = page.Next, !page.More || page.Next == ""
	case first != "":
		at, end = page.Next, !page.More || page.Next == at
	}
	err = r.commit(ctx, lane, page, lr, func(st *LaneState) []daybook.Record {
		st.Lost = false
		switch {
		case st.Forward == "":
			st.Forward, st.Back, st.BackDone = page.Next, page.Back, page.Back == ""
		case first != "":
			st.Forward = page.Next
		}
		return r.moved(lane, st, page, end, began)
	})
	if err != nil {
		return err
	}
	for !end {
		if r.spent() {
			r.rep.More = true
			return nil
		}
		began = r.now()
		if page, err = r.fetch(ctx, lane, at); err != nil {
			return err
		}
		if page.Whole != nil {
			return r.unreadable(ctx, lane, page, lr)
		}
		next := page.Next
		if next == "" && page.More {
			next = at // it leads nowhere: asked again in the next run
		}
		end = !page.More || next == at
		err = r.commit(ctx, lane, page, lr, func(st *LaneState) []daybook.Record {
			st.Forward = next
			return r.moved(lane, st, page, end, began)
		})
		if err != nil {
			return err
		}
		at = next
	}
	lr.CaughtUp = true
	return nil
}

// unreadable keeps an answer that could not be split into items. Nobody knows
// what it held: the lane has not been read, no cursor moves, and it is asked for
// again.
func (r *run) unreadable(ctx context.Context, lane daybook.Lane, page Page, lr *LaneReport) error {
	if err := r.commit(ctx, lane, page, lr, func(*LaneState) []daybook.Record { return nil }); err != nil {
		return err
	}
	return &fetchError{errUnreadable}
}

// moved notes in a lane's state what a page says about its newest end.
func (r *run) moved(lane daybook.Lane, st *LaneState, page Page, end bool, began time.Time) []daybook.Record {
	st.Missed = st.Missed || page.Missed
	if !end {
		return nil
	}
	if gap, was := r.caughtUp(lane, st, began); was {
		return []daybook.Record{r.record(daybook.RecordGap, gap)}
	}
	return nil
}

// backward reads a lane's past to its end. It goes on where it was left.
func (r *run) backward(ctx context.Context, lane daybook.Lane, lr *LaneReport) error {
	st, err := r.Ledger.Lane(ctx, r.acc.ID, lane)
	if err != nil {
		return err
	}
	at, done := st.Back, st.BackDone || st.Back == "" || st.Lost
	if !done && r.now().Before(st.Until) {
		return &fetchError{&RateLimitError{Until: st.Until, Only: true}}
	}
	for pages := 0; !done; pages++ {
		if r.spent() && pages > 0 { // one page at least, or it would never end
			r.rep.More = true
			return nil
		}
		page, err := r.fetch(ctx, lane, at)
		if err != nil {
			return err
		}
		if page.Whole != nil {
			return r.unreadable(ctx, lane, page, lr)
		}
		next := page.Next
		done = !page.More || next == "" || next == at || r.beforeSince(page)
		err = r.commit(ctx, lane, page, lr, func(st *LaneState) []daybook.Record {
			st.Back, st.BackDone = next, done
			return nil
		})
		if err != nil {
			return err
		}
		at = next
	}
	lr.BackDone = true
	return nil
}

// lost records, once, that the server does not offer a lane.
func (r *run) lost(ctx context.Context, lane daybook.Lane) error {
	seen := 0
	err := r.held(ctx, func(ctx context.Context, _ map[string]bool) error {
		st, err := r.Ledger.Lane(ctx, r.acc.ID, lane)
		if err != nil {
			return err
		}
		if !st.Lost {
			o := daybook.Observation{
				Account: r.acc.ID, What: daybook.SeenLaneLost, At: r.now(),
				LastSeen: st.LastOK, Detail: string(lane),
			}
			if _, err := r.append(ctx, []daybook.Record{r.record(daybook.RecordObservation, o)}); err != nil {
				return err
			}
			seen = 1
		}
		st.Lost, st.Asked = true, r.now()
		return r.Ledger.SaveLane(ctx, r.acc.ID, lane, st)
	})
	if err != nil {
		return fmt.Errorf("record a lane that is not offered: %w", err)
	}
	r.rep.Observed += seen
	return nil
}
