package detect_test

import (
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
)

// rateStory is a case that is read from 1 July until the morning of 31 October
// 2026; days are counted back from that day, 1 is yesterday.
func rateStory() *story {
	s := newStory(time.UTC, date(31, 9, 0), "kestrel", "sparrow")
	s.watched(date(1, 0, 0).AddDate(0, -3, 0), date(31, 9, 0))
	return s
}

// contacts adds n contacts on a day.
func (s *story) contacts(ago, n int) {
	for i := range n {
		s.message(0, date(31-ago, 12, i))
	}
}

func TestContact_RateOf28Days(t *testing.T) {
	each := func(s *story, from, to, n int) { // n contacts on each of some days
		for d := from; d <= to; d++ {
			s.contacts(d, n)
		}
	}
	tests := []struct {
		name  string
		tell  func(s *story)
		want  string // "" for no figure
		value int64
	}{
		{"more", func(s *story) { each(s, 1, 20, 2); s.contacts(21, 1); each(s, 29, 40, 1) },
			"In the last 28 days they contacted you 41 times, in the 28 before 12 times: 3.4 times as often (95 % interval 1.8 to 7.1).", 3417},
		{"fewer", func(s *story) { each(s, 1, 12, 1); each(s, 30, 49, 2); s.contacts(50, 1) },
			"In the last 28 days they contacted you 12 times, in the 28 before 41 times: 0.3 times as often (95 % interval 0.1 to 0.6).", 293},
		{"about as much", func(s *story) { each(s, 1, 5, 1); each(s, 30, 33, 1) },
			"In the last 28 days they contacted you 5 times, in the 28 before 4 times: no clear change (95 % interval 0.3 to 6.3).", 1250},
		{"nothing before", func(s *story) { each(s, 1, 8, 1) },
			"In the last 28 days they contacted you 8 times, in the 28 before 0 times: at least 1.7 times as often (95 % interval 1.7 or more).", 1707},
		{"nothing any more", func(s *story) { each(s, 29, 36, 1) },
			"In the last 28 days they contacted you 0 times, in the 28 before 8 times: at most 0.6 times as often (95 % interval 0.0 to 0.6).", 0},
		{"one evening", func(s *story) { s.contacts(3, 40); each(s, 1, 2, 1); each(s, 29, 33, 1) },
			"In the last 28 days they contacted you 42 times, in the 28 before 5 times: no clear change (95 % interval 0.5 to more than 1000). The interval allows for contacts that come in rows.", 8400},
		{"one evening before", func(s *story) { s.contacts(30, 40); each(s, 1, 3, 1) },
			"In the last 28 days they contacted you 3 times, in the 28 before 40 times: no clear change (95 % interval less than 0.001 to 1.9). The interval allows for contacts that come in rows.", 75},
		{"in rows, but far more", func(s *story) {
			for d := 1; d <= 28; d += 2 {
				s.contacts(d, 4)
			}
			for d := 30; d <= 56; d += 8 {
				s.contacts(d, 4)
			}
		}, "In the last 28 days they contacted you 56 times, in the 28 before 16 times: 3.5 times as often (95 % interval 1.1 to 14.6). The interval allows for contacts that come in rows.", 3500},
		{"today is not over", func(s *story) { each(s, 0, 0, 9); each(s, 1, 5, 1); each(s, 30, 33, 1) },
			"In the last 28 days they contacted you 5 times, in the 28 before 4 times: no clear change (95 % interval 0.3 to 6.3).", 1250},
		{"half was watched", func(s *story) {
			s.Gaps = []detect.GapSpan{{Account: "acc", Class: daybook.Hole, From: date(31-28, 0, 0), To: date(31-14, 0, 0)}}
			each(s, 1, 12, 1)
			each(s, 29, 40, 1)
		}, "In the last 28 days they contacted you 12 times, in the 28 before 12 times: no clear change (95 % interval 0.8 to 4.9). Of the last 28 days 14 were watched, of those before 28; the comparison is for equal time.", 2000},
		{"another account began", func(s *story) {
			s.Watched = append(s.Watched, detect.Interval{Account: "other", Lane: "n", From: date(10, 0, 0), To: date(31, 9, 0)})
			each(s, 1, 5, 1)
			each(s, 30, 33, 1)
		}, "In the last 28 days they contacted you 5 times, in the 28 before 4 times: no clear change (95 % interval 0.3 to 6.3). Which accounts were read changed in this time.", 1250},
		{"what was added by hand", func(s *story) {
			s.message(0, date(20, 0, 0), func(c *detect.Contact) { c.Origin = daybook.Entered })
		}, "", 0},
		{"too little was watched", func(s *story) {
			s.Watched = []detect.Interval{{Account: "acc", Lane: "n", From: date(31-30, 0, 0), To: date(31, 9, 0)}}
			each(s, 1, 5, 1)
		}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := rateStory()
			tt.tell(s)
			g := s.find(t)[0].Figures["rate-28-days"]
			if g.Text != tt.want || g.Value != tt.value {
				t.Errorf("got  %d %q\nwant %d %q", g.Value, g.Text, tt.value, tt.want)
			}
		})
	}
}

func TestContact_RateAroundStop(t *testing.T) {
	s := rateStory()
	s.mark(daybook.MarkStop, 0, daybook.When{At: date(11, 0, 0)})
	for d := range 20 {
		s.contacts(21+d, 1) // before, from 21 September on
	}
	for d := range 20 {
		s.contacts(1+d, 3)
	}
	f := s.find(t)[0]
	want := "In 20.4 watched days after you asked them to stop they contacted you 60 times, in 20 watched days before it 20 times: for equal time, 2.9 times as often (95 % interval 1.7 to 5.2)."
	if got := f.Figures["rate-stop"].Text; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if diff := cmp.Diff(map[string]int64{"before-stop-watched": 20, "after-stop-watched": 60, "rate-stop": 2945},
		values(f, "before-stop-watched", "after-stop-watched", "rate-stop")); diff != "" {
		t.Error(diff)
	}
	for _, r := range f.Reasons {
		if r.Feature == "rate-stop" && r.Text == want && len(r.Entries) == 80 {
			return
		}
	}
	t.Errorf("it is not among the reasons: %v", f.Reasons)
}

func TestContact_Changes(t *testing.T) {
	tests := []struct {
		name            string
		tell            func(s *story)
		changes, bursts string
		firsts          int
	}{
		{"too few", func(s *story) { s.contacts(10, 19) }, "", "", 0},
		{"even", func(s *story) {
			for d := range 30 {
				s.contacts(d+1, 1)
			}
		}, "From 1 October 2026 to 31 October 2026 no change of the rate of contact was found: 1.0 a day.", "", 0},
		{"a burst", func(s *story) {
			for d := range 30 {
				s.contacts(d+1, 1)
			}
			s.contacts(9, 15)
			s.contacts(8, 12)
		}, "The rate of contact changed 2 times: on 22 October 2026 from 1.0 to 15 a day, on 24 October 2026 from 15 to 0.9 a day.",
			"Once there was a burst of contact, more than before and after: 29 times from 22 October 2026 to 23 October 2026.", 2},
		{"it rises and stays", func(s *story) {
			for d := range 60 {
				if d < 20 {
					s.contacts(d+1, 3)
				} else if d%4 == 0 {
					s.contacts(d+1, 1)
				}
			}
		}, "The rate of contact changed once: on 11 October 2026 from 0.3 to 2.9 a day.", "", 1},
		{"they fall silent", func(s *story) {
			for d := 40; d < 70; d++ {
				s.contacts(d, 2)
			}
		}, "The rate of contact changed once: on 22 September 2026 from 2.0 to 0.0 a day.", "", 1},
		{"nobody looked", func(s *story) {
			s.Gaps = []detect.GapSpan{{Account: "acc", Class: daybook.Hole, From: date(31-39, 0, 0), To: date(31, 9, 0), Entry: 5000}}
			for d := 40; d < 70; d++ {
				s.contacts(d, 2)
			}
		}, "From 23 August 2026 to 21 September 2026 no change of the rate of contact was found: 2.0 a day.", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := rateStory()
			tt.tell(s)
			f := s.find(t)[0]
			changes, bursts := f.Figures["changes"], f.Figures["bursts"]
			if diff := cmp.Diff([]string{tt.changes, tt.bursts}, []string{changes.Text, bursts.Text}); diff != "" {
				t.Error(diff)
			}
			for _, at := range changes.At {
				if day := at.Format("2 January 2006"); !strings.Contains(tt.changes, "on "+day+" from ") {
					t.Errorf("a change on %s, of which %q knows nothing", day, tt.changes)
				}
			}
			if len(changes.Entries) != tt.firsts || len(changes.At) != tt.firsts || int(changes.Value) != tt.firsts {
				t.Errorf("got %d changes with the entries %v, want %d", changes.Value, changes.Entries, tt.firsts)
			}
		})
	}
}

func TestContact_NamedDays(t *testing.T) {
	day := func(d int) daybook.When { return daybook.When{At: date(d, 12, 0), Precision: daybook.Day} }
	tests := []struct {
		name           string
		tell           func(s *story)
		on, before     string
		days, daysPrev int64
	}{
		{"no day is named", func(s *story) { s.message(0, date(5, 12, 0)) }, "", "", 0, 0},
		{"three of four", func(s *story) {
			for _, d := range []int{5, 9, 14, 20} {
				s.mark(daybook.MarkNamedDay, -1, day(d))
			}
			s.mark(daybook.MarkNamedDay, -1, day(5)) // once more
			for _, d := range []int{5, 5, 9, 13, 20} {
				s.message(0, date(d, 12, 0))
			}
		}, "They contacted you on 3 of 4 named days: 5 October 2026, 9 October 2026, 20 October 2026.",
			"They contacted you on 1 of 4 days before a named day: 13 October 2026.", 3, 1},
		{"not yet", func(s *story) {
			s.mark(daybook.MarkNamedDay, -1, daybook.When{At: date(31, 12, 0).AddDate(0, 0, 1), Precision: daybook.Day})
			s.message(0, date(31, 8, 0))
		}, "", "", 0, 0},
		{"not watched", func(s *story) {
			s.Gaps = []detect.GapSpan{{Account: "acc", Class: daybook.Hole, From: date(4, 0, 0), To: date(6, 0, 0)}}
			s.mark(daybook.MarkNamedDay, -1, day(5))
			s.mark(daybook.MarkNamedDay, -1, day(9))
			s.message(0, date(12, 12, 0))
		}, "They contacted you on 0 of 1 named day. Not counted: 1 that was not watched all day.",
			"They contacted you on 0 of 1 day before a named day. Not counted: 1 that was not watched all day.", 0, 0},
		{"not watched, but it is known", func(s *story) {
			s.Watched = nil
			s.mark(daybook.MarkNamedDay, -1, day(5))
			s.message(0, date(5, 12, 0), roughly(daybook.Day, time.Time{}), func(c *detect.Contact) { c.Origin = daybook.Entered })
			s.message(0, date(4, 12, 0), roughly(daybook.About, time.Time{}))
		}, "They contacted you on 1 of 1 named day: 5 October 2026.", "", 1, 0},
		{"several days", func(s *story) {
			s.mark(daybook.MarkNamedDay, -1, daybook.When{At: date(5, 0, 0), Until: date(7, 23, 0), Precision: daybook.Span})
			s.message(0, date(6, 12, 0))
			s.message(0, date(7, 12, 0))
		}, "They contacted you on 1 of 1 named day: 6 October 2026.", "They contacted you on 0 of 1 day before a named day.", 1, 0},
		{"a day that is known only roughly", func(s *story) {
			s.mark(daybook.MarkNamedDay, -1, daybook.When{At: date(5, 0, 0), Precision: daybook.About})
			s.message(0, date(5, 12, 0))
		}, "", "", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := rateStory()
			tt.tell(s)
			on, before := s.find(t)[0].Figures["named-days"], s.find(t)[0].Figures["days-before-named-days"]
			if diff := cmp.Diff([]string{tt.on, tt.before}, []string{on.Text, before.Text}); diff != "" {
				t.Error(diff)
			}
			if on.Value != tt.days || len(on.Entries) != int(tt.days) || before.Value != tt.daysPrev || len(before.Entries) != int(tt.daysPrev) {
				t.Errorf("got %v and %v, want %d and %d days with an entry each", on, before, tt.days, tt.daysPrev)
			}
		})
	}
}

func TestContact_ThirdPartiesAndHours(t *testing.T) {
	s := rateStory()
	s.Groups = [][]int{{0, 1}}
	others := func(h ...int) func(*detect.Contact) { return func(c *detect.Contact) { c.Others = h } }
	s.message(0, date(5, 3, 0), others(1))      // the linked handle is none
	s.message(0, date(12, 3, 59), others(1, 2)) // a Monday, as the first
	s.message(1, date(13, 6, 0), others(2, 3))  // no night any more
	s.message(1, date(14, 23, 0), others())     // nobody
	s.message(1, date(14, 1, 0), roughly(daybook.Day, time.Time{}))
	f := s.find(t)[0]
	want := map[string]detect.Figure{
		"third-parties": {Value: 2, Unit: "handles", Entries: []uint64{1, 2}, Text: "Beside you, their messages named or addressed 2 other handles."},
		"to-others":     {Value: 2, Unit: "messages", Entries: []uint64{1, 2}, Text: "2 messages also named or addressed somebody else."},
		"night":         {Value: 2, Of: 4, Unit: "messages", Entries: []uint64{0, 1}, Text: "2 of the 4 contacts whose hour is known came between 00:00 and 06:00."},
		"busiest-hour":  {Value: 2, Of: 4, Unit: "messages", Entries: []uint64{0, 1}, Text: "The hour of the week with the most contact was Monday from 03:00 to 04:00: 2 times."},
		"handles":       {Value: 2, Of: 2, Unit: "handles", Entries: []uint64{0, 2}, Text: "2 of the 2 linked handles contacted you."},
	}
	for key, figure := range want {
		if diff := cmp.Diff(figure, f.Figures[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}
