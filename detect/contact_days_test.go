package detect_test

import (
	"testing"
	"time"

	"daybook"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
)

func TestContact_A7_DaysWatched(t *testing.T) {
	lane := func(a daybook.AccountID, l daybook.Lane, from, to time.Time) detect.Interval {
		return detect.Interval{Account: a, Lane: l, From: from, To: to}
	}
	hole := func(l daybook.Lane, c daybook.GapClass, from, to time.Time) detect.GapSpan {
		return detect.GapSpan{Account: "a", Lane: l, Class: c, From: from, To: to}
	}
	tests := []struct {
		name         string
		watched      []detect.Interval
		gaps         []detect.GapSpan
		whole, parts int64
	}{
		{"never", nil, nil, 0, 0},
		{"part of a day", []detect.Interval{lane("a", "n", date(1, 1, 0), date(1, 23, 0))}, nil, 0, 1},
		{"midnight to midnight", []detect.Interval{lane("a", "n", date(1, 0, 0), date(3, 0, 0))}, nil, 2, 0},
		{"two that touch", []detect.Interval{lane("a", "n", date(1, 0, 0), date(1, 12, 0)), lane("a", "n", date(1, 12, 0), date(2, 0, 0))}, nil, 1, 0},
		{"two that do not", []detect.Interval{lane("a", "n", date(1, 0, 0), date(1, 12, 0)), lane("a", "n", date(1, 12, 1), date(2, 0, 0))}, nil, 0, 1},
		{"a hole", []detect.Interval{lane("a", "n", date(1, 0, 0), date(5, 0, 0))},
			[]detect.GapSpan{hole("", daybook.Hole, date(2, 2, 0), date(3, 14, 0))}, 2, 2},
		{"a hole of whole days", []detect.Interval{lane("a", "n", date(1, 0, 0), date(5, 0, 0))},
			[]detect.GapSpan{hole("n", daybook.Hole, date(2, 0, 0), date(4, 0, 0))}, 2, 0},
		{"late is caught up", []detect.Interval{lane("a", "n", date(1, 0, 0), date(5, 0, 0))},
			[]detect.GapSpan{hole("", daybook.Late, date(2, 2, 0), date(3, 14, 0))}, 4, 0},
		{"a hole of another lane", []detect.Interval{lane("a", "n", date(1, 0, 0), date(5, 0, 0))},
			[]detect.GapSpan{hole("other", daybook.Hole, date(2, 2, 0), date(3, 14, 0))}, 4, 0},
		{"every lane must be read", []detect.Interval{lane("a", "n", date(1, 0, 0), date(5, 0, 0)), lane("a", "c", date(1, 0, 0), date(2, 0, 0)), lane("a", "c", date(3, 0, 0), date(5, 0, 0))}, nil, 3, 1},
		{"a second account that began later", []detect.Interval{lane("a", "n", date(1, 0, 0), date(5, 0, 0)), lane("b", "n", date(3, 12, 0), date(5, 0, 0))}, nil, 3, 1},
		{"an account that was given up", []detect.Interval{lane("a", "n", date(1, 0, 0), date(2, 12, 0)), lane("b", "n", date(1, 0, 0), date(5, 0, 0))}, nil, 3, 1},
		{"a gap that goes on", []detect.Interval{lane("a", "n", date(1, 0, 0), date(3, 0, 0)), lane("b", "n", date(1, 0, 0), date(5, 0, 0))},
			[]detect.GapSpan{hole("", daybook.Hole, date(3, 0, 0), date(5, 0, 0))}, 2, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(time.UTC, date(31, 0, 0), "kestrel")
			s.message(0, date(1, 2, 0))
			s.Watched, s.Gaps = tt.watched, tt.gaps
			got := values(s.find(t)[0], "watched-days", "partly-watched-days")
			if diff := cmp.Diff(map[string]int64{"watched-days": tt.whole, "partly-watched-days": tt.parts}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A day begins when the zone says so, also where the clocks change at midnight.
func TestContact_DaysFollowTheZone(t *testing.T) {
	utc := func(y, m, d, h, min int) time.Time { return time.Date(y, time.Month(m), d, h, min, 0, 0, time.UTC) }
	tests := []struct {
		name, zone string
		from, to   time.Time   // watched: exactly these local days
		whole      int64       // days
		contacts   []time.Time // two
		days, utc  int64
	}{
		{"no change", "UTC", utc(2026, 3, 1, 0, 0), utc(2026, 3, 2, 0, 0), 1, []time.Time{utc(2026, 3, 1, 0, 0), utc(2026, 3, 1, 23, 59)}, 1, 1},
		{"23 hours", "Europe/London", utc(2026, 3, 29, 0, 0), utc(2026, 3, 29, 23, 0), 1, []time.Time{utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 23, 30)}, 2, 1},
		{"25 hours", "Europe/London", utc(2026, 10, 24, 23, 0), utc(2026, 10, 26, 0, 0), 1, []time.Time{utc(2026, 10, 24, 23, 30), utc(2026, 10, 25, 23, 30)}, 1, 2},
		{"midnight does not exist", "America/Sao_Paulo", utc(2018, 11, 3, 3, 0), utc(2018, 11, 5, 2, 0), 2, []time.Time{utc(2018, 11, 4, 2, 59), utc(2018, 11, 4, 3, 1)}, 2, 1},
		{"midnight comes twice", "America/Havana", utc(2024, 11, 3, 4, 0), utc(2024, 11, 4, 5, 0), 1, []time.Time{utc(2024, 11, 3, 4, 30), utc(2024, 11, 3, 5, 30)}, 1, 1},
		{"half an hour", "Asia/Kolkata", utc(2026, 3, 1, 18, 30), utc(2026, 3, 2, 18, 30), 1, []time.Time{utc(2026, 3, 1, 18, 29), utc(2026, 3, 1, 18, 30)}, 2, 1},
		{"far east", "Pacific/Kiritimati", utc(2026, 3, 1, 10, 0), utc(2026, 3, 2, 10, 0), 1, []time.Time{utc(2026, 3, 1, 11, 0), utc(2026, 3, 2, 9, 0)}, 1, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(zone(t, tt.zone), utc(2026, 12, 1, 0, 0), "kestrel")
			s.watched(tt.from, tt.to)
			for _, at := range tt.contacts {
				s.message(0, at)
			}
			want := map[string]int64{"watched-days": tt.whole, "partly-watched-days": 0, "days": tt.days, "days-utc": tt.utc}
			if diff := cmp.Diff(want, values(s.find(t)[0], "watched-days", "partly-watched-days", "days", "days-utc")); diff != "" {
				t.Error(diff)
			}
			s.Watched[0].From = s.Watched[0].From.Add(time.Second)
			if got := values(s.find(t)[0], "watched-days")["watched-days"]; got != tt.whole-1 {
				t.Errorf("a second less: got %d whole days, want %d", got, tt.whole-1)
			}
		})
	}
}

func TestContact_HoursAreLocal(t *testing.T) {
	s := newStory(zone(t, "Europe/London"), date(31, 0, 0), "kestrel")
	s.message(0, time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC)) // Sunday 00:30 BST
	s.message(0, time.Date(2026, 10, 25, 23, 30, 0, 0, time.UTC)) // Sunday 23:30 GMT
	s.message(0, time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC), roughly(daybook.Day, time.Time{}))
	f := s.find(t)[0]
	for k, want := range map[string]int64{"hour.sun-00": 1, "hour.sun-23": 1, "hour.mon-00": 0} {
		if got := f.Figures[k].Value; got != want {
			t.Errorf("%s: got %d, want %d", k, got, want)
		}
	}
}
