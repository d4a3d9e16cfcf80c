package web

import (
	"time"

	"daybook"
)

// A stamp is a time as a page shows it, in the person's zone, with its zone; an
// empty one shows nothing.
type stamp struct {
	ISO  string // UTC, RFC 3339
	Text string
}

// when shows a time of day: "22 Nov 2026, 23:10 GMT".
func (r *request) when(t time.Time) stamp { return r.stamp(t, "2 Jan 2006, 15:04 MST") }

// whenLong shows a time with its weekday: "Monday 26 October 2026, 21:14 GMT".
func (r *request) whenLong(t time.Time) stamp { return r.stamp(t, "Monday 2 January 2006, 15:04 MST") }

// day shows a date: "22 Nov 2026".
func (r *request) day(t time.Time) stamp { return r.stamp(t, "2 Jan 2006") }

// dayLong shows a date with its weekday: "Monday 23 November 2026".
func (r *request) dayLong(t time.Time) stamp { return r.stamp(t, "Monday 2 January 2006") }

// clock shows a time within a day that is named already: "23:10 GMT".
func (r *request) clock(t time.Time) stamp { return r.stamp(t, "15:04 MST") }

func (r *request) stamp(t time.Time, layout string) stamp {
	if t.IsZero() {
		return stamp{}
	}
	zone := r.zone
	if zone == nil {
		zone = time.UTC
	}
	return stamp{ISO: t.UTC().Format(time.RFC3339), Text: t.In(zone).Format(layout)}
}

// sent shows when something was sent, no more exactly than it is known.
func (r *request) sent(w daybook.When) stamp {
	switch w.Precision {
	case daybook.Day:
		return r.day(w.At)
	case daybook.About:
		s := r.when(w.At)
		s.Text = "about " + s.Text
		return s
	case daybook.Span:
		s := r.when(w.At)
		s.Text += " to " + r.when(w.Until).Text
		return s
	}
	return r.when(w.At)
}
