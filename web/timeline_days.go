package web

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"daybook"
)

// A timelineDay is one row of the sheet: a day, or a stretch of days without an
// entry.
type timelineDay struct {
	ID      string
	Day     string // "22", or "12–17" of a stretch
	Month   string // "November", with the year if it is not this one
	Weekday string
	Count   int  // contacts of the whole day
	More    bool // at least
	Counted bool
	Days    int  // of a stretch; 0 of a day
	Gap     bool // of a stretch: part of it was not watched
	Items   []timelineItem

	begins time.Time
}

// A timelineItem is one of its fields.
type timelineItem struct {
	Entry *entryLine
	Run   *entryRun
	Gap   *gapItem
	Event *eventItem

	at time.Time
}

// An entryRun is many messages of one kind by one sender in a row: the newest is
// shown, the others are folded.
type entryRun struct {
	First    *entryLine
	Rest     []*entryLine
	From, To stamp
	Flags    []flagCount // of those that are folded
}

// minRun is how many messages make a run.
const minRun = 5

// A gapItem is a time that was not watched.
type gapItem struct {
	Account  name
	Platform platformName
	From, To stamp
	Open     bool // it still goes on
	Late     bool
	Lanes    int // 0: all
	Hours    int
	Minutes  int
	Cause    name
}

// An eventItem is something that was done about a sender.
type eventItem struct {
	Key, Note string
	At        stamp
	Who       *handleLabel
	Entry     uint64 // of the decision or observation
}

// timelineDays sorts what was found, and what happened in the same time, into
// days, newest first.
func (r *request) timelineDays(page *timelinePage, t *terms, f daybook.TimelineFilter, v timelineView, found daybook.TimelinePage, accounts []daybook.Account, here string) error {
	lines, err := r.lines(t, found.Messages, here)
	if err != nil {
		return err
	}
	page.Choose = r.offerChoice(lines, cmp.Or(here, "-"))
	// What this page is about: from its oldest message up to the page before.
	w := window{from: found.Back, to: v.Before}
	w.narrow(f.From, f.To)
	gaps, err := r.s.Store.GapsBetween(r.Context(), r.caseID, w.from, w.to, maxGapsShown)
	if err != nil {
		return err
	}
	items := r.gapItems(gaps, w, f, accounts)
	events, err := r.eventItems(t, w, f)
	if err != nil {
		return err
	}
	items = append(items, events...)
	for _, l := range lines {
		items = append(items, timelineItem{Entry: l, at: l.sent})
	}
	slices.SortStableFunc(items, func(a, b timelineItem) int { return b.at.Compare(a.at) })
	for _, item := range items {
		begins := r.midnight(item.at)
		last := len(page.Days) - 1
		if last >= 0 && page.Days[last].begins.Equal(begins) {
			page.Days[last].Items = append(page.Days[last].Items, item)
			continue
		}
		if last >= 0 {
			if s := r.stretch(begins, page.Days[last].begins, gaps); s != nil {
				page.Days = append(page.Days, s)
			}
		}
		page.Days = append(page.Days, r.newDay(begins, item))
	}
	for _, d := range page.Days {
		d.fold(r)
	}
	return r.countDays(page, f, v, found)
}

// A window is a time; a zero end is open.
type window struct{ from, to time.Time }

func (w *window) narrow(from, to time.Time) {
	if w.from.Before(from) {
		w.from = from
	}
	if !to.IsZero() && (w.to.IsZero() || to.Before(w.to)) {
		w.to = to
	}
}

func (w window) holds(t time.Time) bool {
	return !t.Before(w.from) && (w.to.IsZero() || t.Before(w.to))
}

func (r *request) newDay(begins time.Time, first timelineItem) *timelineDay {
	d := &timelineDay{
		ID: "d" + begins.Format("20060102"), Day: strconv.Itoa(begins.Day()), Month: r.month(begins), Weekday: begins.Format("Monday"),
		Items: []timelineItem{first}, begins: begins,
	}
	return d
}

// month names the month of a day, with the year unless it is this one.
func (r *request) month(t time.Time) string {
	if t.Year() == r.now().In(r.zone).Year() {
		return t.Format("January")
	}
	return t.Format("January 2006")
}

// stretch is the row of the days between two that have entries; nil if there is
// none.
func (r *request) stretch(older, newer time.Time, gaps []daybook.Gap) *timelineDay {
	first, last := older.AddDate(0, 0, 1), newer.AddDate(0, 0, -1)
	if last.Before(first) {
		return nil
	}
	days := 0
	for d := first; !d.After(last) && days < 100_000; d = d.AddDate(0, 0, 1) {
		days++
	}
	s := &timelineDay{ID: "d" + first.Format("20060102"), Day: strconv.Itoa(last.Day()), Month: r.month(last), Days: days, begins: first}
	switch {
	case days == 1:
		s.Weekday = first.Format("Monday")
	case first.Year() == last.Year() && first.Month() == last.Month():
		s.Day = strconv.Itoa(first.Day()) + "–" + s.Day
	default:
		s.Day = first.Format("2 Jan") + " – " + last.Format("2 Jan")
		s.Month = ""
		if first.Year() != last.Year() || last.Year() != r.now().In(r.zone).Year() {
			s.Day = first.Format("2 Jan 2006") + " – " + last.Format("2 Jan 2006")
		}
	}
	for _, g := range gaps {
		s.Gap = s.Gap || g.From.Before(newer) && (g.To.IsZero() || g.To.After(first))
	}
	return s
}

// fold puts runs together.
func (d *timelineDay) fold(r *request) {
	var out []timelineItem
	for i := 0; i < len(d.Items); {
		n := 1
		if first := d.Items[i].Entry; first != nil {
			for i+n < len(d.Items) && first.runsOnWith(d.Items[i+n].Entry) {
				n++
			}
			if n >= minRun {
				run := &entryRun{First: first}
				for _, item := range d.Items[i+1 : i+n] {
					run.Rest = append(run.Rest, item.Entry)
				}
				run.Flags = countFlags(run.Rest)
				run.From, run.To = r.clock(run.Rest[len(run.Rest)-1].sent), r.clock(run.Rest[0].sent)
				out = append(out, timelineItem{Run: run, at: d.Items[i].at})
				i += n
				continue
			}
		}
		out = append(out, d.Items[i:i+n]...)
		i += n
	}
	d.Items = out
}

// runsOnWith reports whether o belongs into one run with l.
func (l *entryLine) runsOnWith(o *entryLine) bool {
	return o != nil && !l.special && !o.special && !l.Out && !o.Out && l.sender == o.sender && l.kind == o.kind && slices.EqualFunc(l.Tags, o.Tags, func(a, b remark) bool { return a.Key == b.Key })
}

// countDays counts the contacts of each day: those on the page or, where the
// page cuts a day, all of that day.
func (r *request) countDays(page *timelinePage, f daybook.TimelineFilter, v timelineView, found daybook.TimelinePage) error {
	for _, d := range page.Days {
		if d.Days > 0 {
			continue
		}
		ends := d.begins.AddDate(0, 0, 1)
		cut := !v.Before.IsZero() && v.Before.After(d.begins) && !v.Before.After(ends) || !found.Back.IsZero() && !found.Back.Before(d.begins) && found.Back.Before(ends)
		if !cut {
			d.Counted = true
			for _, item := range d.Items {
				d.Count += item.contacts()
			}
			continue
		}
		if f.Marked == daybook.MarkedMedia {
			continue
		}
		day, w := f, window{d.begins, ends}
		w.narrow(f.From, f.To)
		day.From, day.To = w.from, w.to
		var err error
		if d.Count, d.More, err = r.s.Store.TimelineCount(r.Context(), r.caseID, day); err != nil {
			return err
		}
		d.Counted = true
	}
	return nil
}

func (item timelineItem) contacts() (n int) {
	switch {
	case item.Entry != nil && item.Entry.contact:
		return 1
	case item.Run != nil && item.Run.First.contact:
		return 1 + len(item.Run.Rest)
	}
	return 0
}

// gapItems are the gaps of a page. A gap stands where it ends, so that whoever
// reads back meets it before the empty space.
func (r *request) gapItems(gaps []daybook.Gap, w window, f daybook.TimelineFilter, accounts []daybook.Account) []timelineItem {
	type same struct {
		account  daybook.AccountID
		from, to time.Time
		class    daybook.GapClass
		cause    string
	}
	at := map[same]*gapItem{}
	var out []timelineItem
	for _, g := range gaps {
		end := g.To
		if end.IsZero() {
			end = r.now()
		}
		if !w.holds(end) || f.Account != "" && g.Account != f.Account {
			continue
		}
		k := same{g.Account, g.From, g.To, g.Class, g.Cause}
		if known := at[k]; known != nil { // the same in another place of the account
			known.Lanes++
			continue
		}
		item := &gapItem{From: r.when(g.From), To: r.when(g.To), Open: g.To.IsZero(), Late: g.Class == daybook.Late, Cause: nameOf(g.Cause)}
		if g.Lane != "" {
			item.Lanes = 1
		}
		long := end.Sub(g.From).Round(time.Minute)
		item.Hours, item.Minutes = int(long/time.Hour), int(long%time.Hour/time.Minute)
		for _, a := range accounts {
			if a.ID == g.Account {
				item.Account, item.Platform = handleText(a.Handle.Shown()), r.s.platform(a.Platform)
			}
		}
		at[k] = item
		out = append(out, timelineItem{Gap: item, at: end})
	}
	return out
}

// eventItems are what was done about senders in the time of a page. A list that
// is narrowed to some messages leaves them out.
func (r *request) eventItems(t *terms, w window, f daybook.TimelineFilter) ([]timelineItem, error) {
	if f.Kind != "" || f.Marked != "" || f.Account != "" || f.Flag != "" {
		return nil, nil
	}
	var (
		out []timelineItem
		err error
	)
	add := func(at time.Time, handle int, key, note string, entry uint64) {
		if !w.holds(at) || err != nil {
			return
		}
		e := &eventItem{Key: r.voice().Say(key), At: r.clock(at), Entry: entry}
		if note != "" {
			e.Note = r.voice().Say(note)
		}
		if handle >= 0 && handle < len(t.Handles) && !t.Handles[handle].IsZero() {
			if len(f.Among) > 0 && !slices.ContainsFunc(f.Among, t.Handles[handle].Same) {
				return
			}
			var n handleLabel
			if n, err = r.handleLabel(t.Handles[handle]); err != nil {
				return
			}
			e.Who = &n
		} else if len(f.Among) > 0 {
			return
		}
		out = append(out, timelineItem{Event: e, at: at})
	}
	for _, b := range t.Blocks {
		add(b.Seen, b.Handle, "timeline.event.block", "timeline.event.block.note", b.Entry)
		if !b.Ended.IsZero() {
			add(b.Ended, b.Handle, "timeline.event.unblock", "timeline.event.block.note", b.Entry)
		}
	}
	for _, m := range t.Marks {
		switch m.What {
		case daybook.MarkStop:
			at, note := m.When.At, "timeline.event.stop.stated"
			if m.About != nil {
				note = "timeline.event.stop.message"
			}
			if at.IsZero() {
				at = t.askedAt(m.About, m.At)
			}
			add(at, m.Handle, "timeline.event.stop", note, m.Entry)
		case daybook.MarkUnwanted, daybook.MarkAllowed, daybook.MarkExcluded, daybook.MarkNamedDay:
			add(m.At, m.Handle, "timeline.event."+string(m.What), "", m.Entry)
		}
	}
	return out, err
}

// askedAt is the time of a request to stop whose mark names none.
func (t *terms) askedAt(about *uint64, marked time.Time) time.Time {
	if about != nil {
		for _, c := range t.Contacts {
			if c.Entry == *about {
				return cmp.Or(c.At, marked)
			}
		}
	}
	return marked
}
