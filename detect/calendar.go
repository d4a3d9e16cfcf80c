package detect

import (
	"time"

	"daybook"
)

// A Calendar is what the pages draw: how many contacts there were on each of the
// last days, from whom, at which hours, and what happened on the way. It counts
// by the rules of RepeatedContact and with its code, so that a page and a
// finding never disagree: "contacts" is its figure "messages", agreed contact is
// counted apart, and a day is a local day.
type Calendar struct {
	Zone     *time.Location
	First    time.Time // date of the first day: its year, month and day, at 00:00 UTC
	Days     int       // the last of them is that of Facts.Now
	From, To time.Time // the first moment of the first day, and the first after the last day

	All     Series   // every handle together; its Handles are those that wrote in, by index
	Series  []Series // groups of which a handle wrote in, then the other handles that did; in the order of the findings
	Handles []Series // every handle, in the order of Facts.Handles, whether or not it stands in a group

	Diary   []int      // entries of kind diary on each day. Those that name a handle are contacts too: Count.Diary
	Hours   [7][24]int // contacts by local weekday, Monday first, and hour; neither the diary's nor what is known only roughly
	Rough   int        // contacts in the days that Hours leaves out because their hour is not known
	Markers []Marker   // by time
	Gaps    []CalendarGap

	today    int64
	arrivals []arrival
}

// A Count is how many contacts there were.
type Count struct {
	Contacts  int // came in and are not agreed
	AfterStop int // of Contacts: certainly after a request to stop
	Diary     int // of Contacts: written down in the diary
	Allowed   int // agreed: counted here and nowhere else
}

func (n *Count) add(o Count) {
	n.Contacts += o.Contacts
	n.AfterStop += o.AfterStop
	n.Diary += o.Diary
	n.Allowed += o.Allowed
}

// A Series is what came in from one handle, or from the handles of a group.
type Series struct {
	Handles               []int     // indexes of Facts.Handles; of a group by Ref
	Group                 int       // index of Facts.Groups, -1 for a handle
	Total                 Count     // of all time: what the finding says
	Before, Within, After Count     // before the days, on them, and later
	Days                  []Count   // of each day; nil if nothing came in on them
	First, Last           time.Time // of all contacts; of what is agreed if there is nothing else; zero if nothing came in
	Week, WeekBefore      int       // contacts on the last seven days, today with them, and on the seven before
}

// PerDay returns the contacts of each day without the diary's, which Calendar
// has in a series of their own.
func (s Series) PerDay() []int {
	out := make([]int, len(s.Days))
	for i, n := range s.Days {
		out[i] = n.Contacts - n.Diary
	}
	return out
}

// DaysWithContact returns on how many of the days there was contact, and on how
// many there was some after a request to stop.
func (s Series) DaysWithContact() (days, afterStop int) {
	for _, n := range s.Days {
		if n.Contacts > 0 {
			days++
		}
		if n.AfterStop > 0 {
			afterStop++
		}
	}
	return days, afterStop
}

// MarkerKind says what a Marker marks.
type MarkerKind string

const (
	StopMarker  MarkerKind = "stop"  // a request to stop
	BlockMarker MarkerKind = "block" // a block was first seen in force
	FirstMarker MarkerKind = "first" // the first that ever came in from a handle, agreed or not
)

// A Marker is a moment in the days.
type Marker struct {
	What     MarkerKind
	Handle   int
	At       time.Time // of a stop and a block the latest moment that it can have been: what counts as after it came later than this
	Earliest time.Time // the earliest that it can have been; At if that is exact, zero if unknown
	Entry    uint64    // of the decision, of what showed the block, of the first message
	About    *uint64   // of StopMarker: the entry that it is about
}

// A CalendarGap is a time on the days in which something of an account may have
// been missed. Gaps of several lanes are one where they touch.
type CalendarGap struct {
	Account  daybook.AccountID
	Class    daybook.GapClass
	From, To time.Time // cut to the days
	Entries  []uint64  // ascending; none of a gap that goes on and is no entry yet
}

// News is what has been added since some moment.
type News struct {
	Contacts int // made since then
	Handles  int // that made them
	Older    int // contacts that are older, but were added since then
	Diary    int // entries of kind diary that were written since then; those that name a handle are Contacts or Older too
}

// An arrival is what Since needs of a contact.
type arrival struct {
	at, logged int64 // Unix microseconds
	handle     int32 // -1: a diary entry that names nobody
	diary      bool
}

// Since counts what has been added since t, t itself included.
func (c Calendar) Since(t time.Time) News {
	var n News
	since := t.UnixMicro()
	seen := make([]bool, len(c.Handles))
	for i := range c.arrivals {
		a := &c.arrivals[i]
		if a.diary && a.logged >= since {
			n.Diary++
		}
		switch {
		case a.handle < 0:
		case a.at >= since:
			n.Contacts++
			if !seen[a.handle] {
				seen[a.handle] = true
				n.Handles++
			}
		case a.logged >= since:
			n.Older++
		}
	}
	return n
}

// Night returns how many of the contacts in Hours came between 20:00 and 02:00,
// and how many there are.
func (c Calendar) Night() (night, of int) {
	for _, day := range c.Hours {
		for hour, n := range day {
			of += n
			if hour >= 20 || hour < 2 {
				night += n
			}
		}
	}
	return night, of
}

// Position returns how many days after the first day began t is: 1.5 is the
// middle of the second day, however long that was. It is negative before the
// days, and Days or more after them.
func (c Calendar) Position(t time.Time) float64 {
	day := dayOf(t, c.Zone)
	from, to := dayStart(day, c.Zone), dayStart(day+1, c.Zone)
	part := 0.0
	if to.After(from) {
		part = min(max(t.Sub(from).Seconds()/to.Sub(from).Seconds(), 0), 1)
	}
	return float64(day-(c.today-int64(c.Days)+1)) + part
}

// maxCalendarDays bounds the work; nobody looks at a hundred years.
const maxCalendarDays = 100 * 366

// NewCalendar counts the last days up to Facts.Now, in Facts.Zone. The order of
// Facts.Contacts does not matter.
func NewCalendar(f Facts, days int) Calendar {
	if f.Zone == nil {
		f.Zone = time.UTC
	}
	days = min(max(days, 0), maxCalendarDays)
	c := Calendar{Zone: f.Zone, Days: days, today: dayOf(f.Now, f.Zone), Diary: make([]int, days)}
	first := c.today - int64(days) + 1
	c.First = time.Unix(first*86400, 0).UTC()
	c.From, c.To = dayStart(first, f.Zone), dayStart(c.today+1, f.Zone)
	standings := NewStandings(f)
	firsts := c.count(f, standings)
	c.group(f)
	c.Markers = c.markers(f, standings, firsts)
	c.Gaps = c.gaps(f.Gaps)
	return c
}
