package detect_test

import (
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
)

// The night in which the clocks go back is one day of 25 hours, and one o'clock
// comes twice.
func TestCalendar_DaysOf23And25Hours(t *testing.T) {
	london := zone(t, "Europe/London")
	tests := []struct {
		name           string
		now            time.Time
		from, to       time.Time
		contacts       []time.Time
		perDay         []int
		oclock         int // hour of Sunday with
		n              int // contacts
		halfOfTheWhole time.Time
	}{
		{"25 hours", time.Date(2026, 10, 26, 9, 0, 0, 0, time.UTC),
			time.Date(2026, 10, 23, 23, 0, 0, 0, time.UTC), time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC),
			[]time.Time{
				time.Date(2026, 10, 24, 22, 59, 0, 0, time.UTC), // Saturday 23:59
				time.Date(2026, 10, 24, 23, 0, 0, 0, time.UTC),  // Sunday 00:00
				time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC),  // Sunday 01:30, summer
				time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC),  // Sunday 01:30 again
				time.Date(2026, 10, 25, 23, 59, 0, 0, time.UTC), // Sunday 23:59
				time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC),   // Monday
			}, []int{1, 4, 1}, 1, 2, time.Date(2026, 10, 25, 11, 30, 0, 0, time.UTC)},
		{"23 hours", time.Date(2026, 3, 30, 9, 0, 0, 0, time.UTC),
			time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 30, 23, 0, 0, 0, time.UTC),
			[]time.Time{
				time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC), // Sunday 00:59
				time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),  // Sunday 02:00
				time.Date(2026, 3, 29, 22, 59, 0, 0, time.UTC),
				time.Date(2026, 3, 29, 23, 0, 0, 0, time.UTC), // Monday 00:00
			}, []int{0, 3, 1}, 1, 0, time.Date(2026, 3, 29, 11, 30, 0, 0, time.UTC)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(london, tt.now, "kestrel")
			for _, at := range tt.contacts {
				s.message(0, at)
			}
			c := detect.NewCalendar(s.Facts, 3)
			if !c.From.Equal(tt.from) || !c.To.Equal(tt.to) {
				t.Errorf("got days from %v to %v, want %v to %v", c.From, c.To, tt.from, tt.to)
			}
			if diff := cmp.Diff(tt.perDay, c.All.PerDay()); diff != "" {
				t.Error(diff)
			}
			if got := c.Hours[6][tt.oclock]; got != tt.n {
				t.Errorf("got %d contacts on Sunday at %d o'clock, want %d", got, tt.oclock, tt.n)
			}
			if got := c.Position(tt.halfOfTheWhole); got != 1.5 {
				t.Errorf("got position %g, want the middle of the second day", got)
			}
		})
	}
}

func TestCalendar_Position(t *testing.T) {
	c := detect.NewCalendar(newStory(time.UTC, date(10, 15, 0)).Facts, 3)
	for at, want := range map[time.Time]float64{
		date(8, 0, 0):  0,
		date(9, 18, 0): 1.75,
		date(11, 0, 0): 3,
		date(7, 12, 0): -0.5,
	} {
		if got := c.Position(at); got != want {
			t.Errorf("%v: got %g, want %g", at, got, want)
		}
	}
}

func TestCalendar_Markers(t *testing.T) {
	s := newStory(time.UTC, date(20, 0, 0), "kestrel", "sparrow", "wren", "heron")
	s.message(0, date(1, 12, 0)) // before the days
	s.message(0, date(12, 12, 0))
	asked := s.message(0, date(13, 9, 0), out)
	s.mark(daybook.MarkAllowed, 1, daybook.When{At: date(14, 0, 0), Until: date(15, 0, 0)})
	agreed := s.message(1, date(14, 12, 0))
	s.message(1, date(16, 12, 0))
	spoken := s.message(2, date(17, 8, 0), roughly(daybook.Day, time.Time{}))
	byMessage := s.mark(daybook.MarkStop, 0, daybook.When{})
	s.Marks[len(s.Marks)-1].About = &asked
	dated := s.mark(daybook.MarkStop, 1, daybook.When{At: date(15, 0, 0), Until: date(16, 0, 0), Precision: daybook.Span})
	s.mark(daybook.MarkStop, 1, daybook.When{At: date(2, 0, 0)})
	s.mark(daybook.MarkUnwanted, 1, daybook.When{})
	s.Blocks = []detect.Block{
		{Handle: 2, Seen: date(18, 8, 0), Before: date(18, 7, 0), Entry: 90},
		{Handle: 0, Seen: date(3, 8, 0), Entry: 91},
		{Handle: 0, Seen: date(21, 8, 0), Entry: 92},
		{Handle: 7, Seen: date(18, 8, 0), Entry: 93},
	}
	want := []detect.Marker{
		{What: detect.StopMarker, Handle: 0, At: date(13, 9, 0), Earliest: date(13, 9, 0), Entry: byMessage, About: &asked},
		{What: detect.FirstMarker, Handle: 1, At: date(14, 12, 0), Earliest: date(14, 12, 0), Entry: agreed},
		{What: detect.StopMarker, Handle: 1, At: date(16, 0, 0), Earliest: date(15, 0, 0), Entry: dated},
		{What: detect.FirstMarker, Handle: 2, At: date(17, 8, 0), Earliest: date(17, 0, 0), Entry: spoken},
		{What: detect.BlockMarker, Handle: 2, At: date(18, 8, 0), Earliest: date(18, 7, 0), Entry: 90},
	}
	if diff := cmp.Diff(want, detect.NewCalendar(s.Facts, 10).Markers); diff != "" {
		t.Error(diff)
	}
}

func TestCalendar_Gaps(t *testing.T) {
	s := newStory(time.UTC, date(20, 0, 0))
	gap := func(account daybook.AccountID, lane daybook.Lane, class daybook.GapClass, from, to time.Time, entry uint64) {
		s.Gaps = append(s.Gaps, detect.GapSpan{Account: account, Lane: lane, Class: class, From: from, To: to, Entry: entry})
	}
	gap("a", "", daybook.Hole, date(1, 0, 0), date(5, 0, 0), 1)     // before the days
	gap("a", "", daybook.Hole, date(10, 0, 0), date(12, 0, 0), 2)   // cut
	gap("a", "n", daybook.Hole, date(14, 0, 0), date(15, 0, 0), 4)  // one
	gap("b", "n", daybook.Hole, date(14, 2, 0), date(14, 3, 0), 5)  // another account
	gap("a", "c", daybook.Hole, date(14, 12, 0), date(16, 0, 0), 3) // with this
	gap("a", "c", daybook.Late, date(15, 0, 0), date(16, 0, 0), 6)  // another class
	gap("a", "c", daybook.Hole, date(16, 0, 0), date(17, 0, 0), 0)  // touches, and is no entry yet
	gap("a", "c", daybook.Hole, date(18, 0, 0), date(18, 0, 0), 7)  // nothing
	gap("a", "c", daybook.Hole, date(20, 12, 0), date(25, 0, 0), 8) // cut
	want := []detect.CalendarGap{
		{Account: "a", Class: daybook.Hole, From: date(11, 0, 0), To: date(12, 0, 0), Entries: []uint64{2}},
		{Account: "a", Class: daybook.Hole, From: date(14, 0, 0), To: date(17, 0, 0), Entries: []uint64{3, 4}},
		{Account: "b", Class: daybook.Hole, From: date(14, 2, 0), To: date(14, 3, 0), Entries: []uint64{5}},
		{Account: "a", Class: daybook.Late, From: date(15, 0, 0), To: date(16, 0, 0), Entries: []uint64{6}},
		{Account: "a", Class: daybook.Hole, From: date(20, 12, 0), To: date(21, 0, 0), Entries: []uint64{8}},
	}
	if diff := cmp.Diff(want, detect.NewCalendar(s.Facts, 10).Gaps); diff != "" {
		t.Error(diff)
	}
}

func TestCalendar_SeriesInTheOrderOfTheFindings(t *testing.T) {
	s := newStory(time.UTC, date(20, 0, 0), "wren", "kestrel", "heron", "dipper", "egret")
	s.Groups = [][]int{{3, 1}, {4, 0}}
	for h := range 4 { // egret never wrote, but wren of its group did
		s.message(h, date(19, 0, 0))
	}
	s.message(4, date(19, 0, 0), out)
	var got [][]int
	for _, c := range detect.NewCalendar(s.Facts, 42).Series {
		got = append(got, append(slices.Clone(c.Handles), c.Group))
	}
	want := [][]int{{3, 1, 0}, {4, 0, 1}, {2, -1}} // by Ref: dipper and kestrel, egret and wren, heron
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCalendar_NightAndNews(t *testing.T) {
	s := newStory(time.UTC, date(20, 12, 0), "kestrel", "sparrow")
	s.message(0, date(18, 1, 59))
	s.message(0, date(18, 2, 0))
	s.message(0, date(18, 19, 59))
	s.message(1, date(18, 20, 0))
	s.message(1, date(18, 22, 0), roughly(daybook.About, time.Time{}))
	s.message(0, date(2, 1, 0), func(c *detect.Contact) { c.Logged = date(19, 0, 0) }) // before the days, added later
	s.message(-1, date(18, 12, 0), kind(daybook.KindDiary))
	c := detect.NewCalendar(s.Facts, 7)
	if night, of := c.Night(); night != 2 || of != 4 || c.Rough != 1 {
		t.Errorf("got %d of %d and %d rough, want 2 of 4 and 1", night, of, c.Rough)
	}
	if diff := cmp.Diff(detect.News{Contacts: 3, Handles: 2, Older: 1}, c.Since(date(18, 19, 59))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(detect.News{Contacts: 5, Handles: 2, Older: 1, Diary: 1}, c.Since(date(18, 0, 0))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{0, 0, 0, 0, 1, 0, 0}, c.Diary); diff != "" {
		t.Error(diff)
	}
}

func TestCalendar_NoDays(t *testing.T) {
	s := newStory(nil, date(20, 12, 0), "kestrel")
	s.message(0, date(20, 1, 0))
	for _, days := range []int{0, -5} {
		c := detect.NewCalendar(s.Facts, days)
		if c.Days != 0 || !c.From.Equal(c.To) || c.All.Total.Contacts != 1 || c.All.Before.Contacts != 1 {
			t.Errorf("%d days: got %+v", days, c)
		}
	}
}

func TestCalendar_Weeks(t *testing.T) {
	s := newStory(zone(t, "Europe/London"), date(20, 12, 0), "kestrel")
	for _, d := range []int{6, 7, 13, 14, 20, 21} { // at noon
		s.message(0, date(d, 12, 0))
	}
	c := detect.NewCalendar(s.Facts, 3) // the weeks do not need the days
	if c.All.Week != 2 || c.All.WeekBefore != 2 {
		t.Errorf("got %d and %d before, want the 14th and 20th, and the 7th and 13th", c.All.Week, c.All.WeekBefore)
	}
}

// A request by a message that shares its entry with another goes by the first of
// them, in whatever order they are given.
func TestCalendar_StopByAnEntryOfTwo(t *testing.T) {
	s := newStory(time.UTC, date(20, 12, 0), "kestrel")
	s.message(0, date(10, 12, 0), out)
	s.entry--
	shared := s.message(0, date(12, 12, 0), out)
	s.message(0, date(11, 12, 0))
	s.Marks = []detect.Mark{{What: daybook.MarkStop, About: &shared, At: date(19, 0, 0), Entry: 50}}
	for range 2 {
		c := detect.NewCalendar(s.Facts, 42)
		if c.All.Total.AfterStop != 1 || !c.Markers[0].At.Equal(date(10, 12, 0)) {
			t.Errorf("got %d after %v, want 1 after the 10th", c.All.Total.AfterStop, c.Markers[0].At)
		}
		slices.Reverse(s.Contacts)
	}
}
