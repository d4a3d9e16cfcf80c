package detect_test

import (
	"testing"
	"time"

	"daybook"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
)

func TestContact_Occasions(t *testing.T) {
	tests := []struct {
		name  string
		quiet time.Duration
		tell  func(s *story)
		want  int64
	}{
		{"exactly the quiet time is still one", 0, func(s *story) { s.message(0, date(1, 0, 0)); s.message(0, date(1, 6, 0)) }, 1},
		{"a second more is two", 0, func(s *story) { s.message(0, date(1, 0, 0)); s.message(0, date(1, 6, 0).Add(time.Second)) }, 2},
		{"another quiet time", time.Hour, func(s *story) { s.message(0, date(1, 0, 0)); s.message(0, date(1, 2, 0)) }, 2},
		{"a chain over midnight is one", 0, func(s *story) {
			for h := range 10 {
				s.message(0, date(1, 5*h, 0))
			}
		}, 1},
		{"a span ends an occasion at its end", 0, func(s *story) {
			s.message(0, date(1, 0, 0), roughly(daybook.Span, date(1, 10, 0)))
			s.message(0, date(1, 15, 0))
		}, 1},
		{"a day that is known without its hour takes the whole day", 0, func(s *story) {
			s.message(0, date(1, 0, 0), roughly(daybook.Day, time.Time{}))
			s.message(0, date(1, 20, 0))
		}, 1},
		{"what went out does not hold an occasion together", 0, func(s *story) {
			s.message(0, date(1, 0, 0))
			s.message(0, date(1, 5, 0), out)
			s.message(0, date(1, 10, 0))
		}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(time.UTC, date(31, 0, 0), "kestrel")
			s.Quiet = tt.quiet
			tt.tell(s)
			if got := s.find(t)[0].Figures["occasions"].Value; got != tt.want {
				t.Errorf("got %d occasions, want %d", got, tt.want)
			}
		})
	}
}

func TestContact_StopCountsForLinkedHandlesOnly(t *testing.T) {
	s := newStory(time.UTC, date(31, 0, 0), "kestrel", "sparrow", "wren")
	s.Groups = [][]int{{0, 1}}
	s.mark(daybook.MarkStop, 0, daybook.When{At: date(5, 12, 0)})
	s.message(1, date(4, 0, 0))
	s.message(1, date(5, 12, 0)) // the very moment
	s.message(1, date(6, 0, 0), func(c *detect.Contact) { c.Platform = "x" })
	s.message(2, date(7, 0, 0))
	got := s.find(t)
	if len(got) != 3 {
		t.Fatalf("got %d findings, want the group, sparrow and wren", len(got))
	}
	for i, want := range []map[string]int64{
		{"messages": 3, "after-stop": 1, "around-stop": 1},
		{"messages": 3, "after-stop": 1, "around-stop": 1},
		{"messages": 1, "after-stop": 0, "around-stop": 0},
	} {
		if diff := cmp.Diff(want, values(got[i], "messages", "after-stop", "around-stop")); diff != "" {
			t.Errorf("finding %d: %s", i, diff)
		}
	}
}

func TestContact_StopWithinItsUncertainty(t *testing.T) {
	about := uint64(0)
	tests := []struct {
		name          string
		mark          detect.Mark
		around, after int64 // of contacts on 1 to 9 October at 12:00
	}{
		{"exact", detect.Mark{When: daybook.When{At: date(5, 11, 0)}}, 0, 5},
		{"minute", detect.Mark{When: daybook.When{At: date(5, 12, 0), Precision: daybook.Minute}}, 1, 4},
		{"day", detect.Mark{When: daybook.When{At: date(5, 3, 0), Precision: daybook.Day}}, 1, 4},
		{"about", detect.Mark{When: daybook.When{At: date(5, 12, 0), Precision: daybook.About}}, 3, 3},
		{"span", detect.Mark{When: daybook.When{At: date(3, 0, 0), Until: date(7, 0, 0), Precision: daybook.Span}}, 4, 3},
		{"by an own message", detect.Mark{About: &about}, 0, 7},
		{"no time at all: by when it was marked", detect.Mark{At: date(8, 0, 0)}, 0, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(time.UTC, date(31, 0, 0), "kestrel")
			s.message(0, date(2, 13, 0), out) // entry 0
			for d := 1; d < 10; d++ {
				s.message(0, date(d, 12, 0))
			}
			tt.mark.What = daybook.MarkStop
			s.Marks = []detect.Mark{tt.mark}
			got := values(s.find(t)[0], "around-stop", "after-stop")
			if diff := cmp.Diff(map[string]int64{"around-stop": tt.around, "after-stop": tt.after}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestContact_SecondRequestWithAKnownTime(t *testing.T) {
	s := newStory(time.UTC, date(31, 0, 0), "kestrel")
	s.mark(daybook.MarkStop, 0, daybook.When{At: date(2, 0, 0), Until: date(20, 0, 0), Precision: daybook.Span})
	s.mark(daybook.MarkStop, 0, daybook.When{At: date(5, 0, 0)})
	for _, d := range []int{1, 3, 6} {
		s.message(0, date(d, 12, 0))
	}
	got := values(s.find(t)[0], "around-stop", "after-stop")
	if diff := cmp.Diff(map[string]int64{"around-stop": 1, "after-stop": 1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestContact_Blocks(t *testing.T) {
	block := detect.Block{Seen: date(5, 0, 0), Before: date(4, 0, 0), Entry: 99}
	tests := []struct {
		name          string
		block         detect.Block
		around, after int64 // of contacts on 1 to 9 October at 12:00
	}{
		{"between two looks", block, 1, 5},
		{"never looked before", detect.Block{Seen: block.Seen}, 0, 5},
		{"lifted", detect.Block{Seen: block.Seen, Before: block.Before, Ended: date(8, 0, 0)}, 1, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(time.UTC, date(31, 0, 0), "kestrel", "sparrow")
			s.Groups = [][]int{{0, 1}}
			for d := 1; d < 10; d++ {
				s.message(1, date(d, 12, 0))
			}
			s.Blocks = []detect.Block{tt.block}
			got := values(s.find(t)[0], "around-block", "after-block")
			if diff := cmp.Diff(map[string]int64{"around-block": tt.around, "after-block": tt.after}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestContact_AllowedIsCountedApart(t *testing.T) {
	s := newStory(time.UTC, date(31, 0, 0), "kestrel", "sparrow")
	s.Groups = [][]int{{0, 1}}
	s.mark(daybook.MarkStop, 0, daybook.When{At: date(1, 0, 0)})
	s.mark(daybook.MarkAllowed, 0, daybook.When{At: date(3, 0, 0), Until: date(5, 0, 0)})
	for d := 2; d < 7; d++ {
		s.message(0, date(d, 0, 0))
	}
	s.message(1, date(4, 0, 0)) // linked, but nothing was agreed for it
	got := values(s.find(t)[0], "messages", "allowed", "after-stop", "days")
	want := map[string]int64{"messages": 4, "allowed": 2, "after-stop": 4, "days": 4}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestContact_QuietSpell(t *testing.T) {
	s := newStory(time.UTC, date(31, 0, 0), "kestrel")
	s.watched(date(1, 0, 0), date(31, 0, 0))
	s.message(0, date(2, 0, 0))
	from := s.message(0, date(3, 0, 0))
	to := s.message(0, date(6, 0, 0))
	s.message(0, date(7, 0, 0))
	want := detect.Figure{Value: 3 * 86400, Unit: "seconds", Entries: []uint64{from, to},
		Text: "The longest quiet time between two contacts was 3 days, from 3 October 2026, 00:00 UTC to 6 October 2026, 00:00 UTC."}
	if diff := cmp.Diff(want, s.find(t)[0].Figures["quiet-spell"]); diff != "" {
		t.Error(diff)
	}
	s.Gaps = []detect.GapSpan{{Account: "acc", Class: daybook.Hole, From: date(4, 1, 0), To: date(4, 2, 0)}}
	want.Text += " Not all of it was watched."
	if diff := cmp.Diff(want, s.find(t)[0].Figures["quiet-spell"]); diff != "" {
		t.Error(diff)
	}
}

func TestContact_AnswerToTwoHandlesOfAGroupIsOne(t *testing.T) {
	s := newStory(time.UTC, date(31, 0, 0), "kestrel", "sparrow")
	s.Groups = [][]int{{0, 1}}
	s.message(0, date(1, 0, 0))
	s.message(0, date(2, 0, 0), out)
	s.entry--
	s.message(1, date(2, 0, 0), out)
	got := s.find(t)
	if n := got[0].Figures["answered"]; n.Value != 1 || len(n.Entries) != 1 {
		t.Errorf("got %+v, want one answer", n)
	}
	if len(got) != 2 {
		t.Errorf("got %d findings, want 2: sparrow never wrote", len(got))
	}
}
