package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/detect"
	"daybook/store"
)

// timelineStory is longStory with more handles, answers, edits, attachments,
// marks, blocks and a group.
func timelineStory() []daybook.Record {
	var records []daybook.Record
	for i := range 60 {
		s := sight{key: fmt.Sprint("m", i), text: fmt.Sprint(i), sent: i, seen: 100 + i, from: []string{kestrel, merlin, hobby}[i%3]}
		switch {
		case i%10 == 9:
			s.from, s.direction, s.to, s.kind = self, daybook.Out, []daybook.Handle{birds(kestrel), birds(merlin)}, daybook.KindReply
		case i%11 == 0:
			s.kind = daybook.KindPoll
		case i%7 == 0:
			s.media = []daybook.Media{{Native: fmt.Sprint("a", i), Type: "image/png"}}
		}
		records = append(records, item(s))
	}
	nine := uint64(9)
	return append(records,
		look(daybook.SeenGone, "m4", 300),
		item(sight{key: "m5", text: "5", sent: 5, seen: 301, edited: 200, from: hobby}),
		item(sight{key: "m5", text: "5, edited", sent: 5, seen: 302, edited: 201, from: hobby}),
		daybook.NewRecord(daybook.RecordObservation, daybook.Observation{Account: mara, What: daybook.SeenBlocked, Handle: birds(hobby), At: at(40), LastSeen: at(30)}),
		decide(daybook.Decision{What: daybook.MarkStop, Handle: birds(kestrel), Entry: &nine, At: at(400)}), // its time is that of the message
		decide(daybook.Decision{What: daybook.MarkAllowed, Handle: birds(merlin), When: daybook.When{At: at(30), Until: at(40), Precision: daybook.Span}, At: at(401)}),
		link(daybook.MarkLinked, kestrel, merlin),
		daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: mara, Class: daybook.Hole, From: at(10), To: at(20), Cause: "rate limit"}),
	)
}

// The standing of one message is the same with and without reading the others.
func TestTermsAgreeWithFacts(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, timelineStory()...)
		facts, err := db.Facts(t.Context(), c, at(1000))
		if err != nil {
			t.Fatal(err)
		}
		terms, err := db.Terms(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		place := map[string]int{}
		for i, h := range terms.Handles {
			place[h.Ref()] = i
		}
		whole, alone := detect.NewStandings(facts), detect.NewStandings(terms)
		seen := map[detect.Standing]int{}
		for _, contact := range facts.Contacts {
			want := whole.Of(contact)
			if contact.Handle >= 0 {
				contact.Handle = place[facts.Handles[contact.Handle].Ref()]
			}
			seen[want]++
			same(t, fmt.Sprint("standing of entry ", contact.Entry), alone.Of(contact), want)
		}
		if len(seen) < 4 {
			t.Errorf("the story has %d kinds of standing: too few to compare", len(seen))
		}
		if _, there := place["mastodon:"+self]; there {
			t.Error("a handle of the person is among the terms")
		}
	})
}

func TestTimeline(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, timelineStory()...)
		gone := func(i int) bool { return i%10 == 9 || i%3 != 2 } // written to or by kestrel and merlin
		contact := func(i int) bool { return i%10 != 9 && i%11 != 0 }
		tests := []struct {
			name   string
			filter daybook.TimelineFilter
			want   func(i int) bool
		}{
			{"all", daybook.TimelineFilter{}, func(int) bool { return true }},
			{"span", daybook.TimelineFilter{From: at(7), To: at(20)}, func(i int) bool { return i >= 7 && i < 20 }},
			{"one handle", daybook.TimelineFilter{Among: []daybook.Handle{birds(hobby)}}, func(i int) bool { return i%10 != 9 && i%3 == 2 }},
			{"a group", daybook.TimelineFilter{Among: []daybook.Handle{birds(kestrel), birds(merlin)}}, gone},
			{"a group in a span", daybook.TimelineFilter{Among: []daybook.Handle{birds(kestrel), birds(merlin)}, From: at(7), To: at(20)},
				func(i int) bool { return i >= 7 && i < 20 && gone(i) }},
			{"nobody that is known", daybook.TimelineFilter{Among: []daybook.Handle{birds("nobody")}}, func(int) bool { return false }},
			{"kind", daybook.TimelineFilter{Kind: daybook.KindReply}, func(i int) bool { return i%10 == 9 }},
			{"account", daybook.TimelineFilter{Account: mara}, func(int) bool { return true }},
			{"another account", daybook.TimelineFilter{Account: "another"}, func(int) bool { return false }},
			{"after stop", daybook.TimelineFilter{Marked: daybook.MarkedAfterStop},
				func(i int) bool { return contact(i) && i > 9 && i%3 != 2 && (i%3 != 1 || i < 30 || i >= 40) }},
			{"after stop, one handle", daybook.TimelineFilter{Marked: daybook.MarkedAfterStop, Among: []daybook.Handle{birds(kestrel)}},
				func(i int) bool { return contact(i) && i > 9 && i%3 == 0 }},
			{"edited", daybook.TimelineFilter{Marked: daybook.MarkedEdited}, func(i int) bool { return i == 5 }},
			{"gone", daybook.TimelineFilter{Marked: daybook.MarkedGone}, func(i int) bool { return i == 4 }},
			{"attachment", daybook.TimelineFilter{Marked: daybook.MarkedMedia}, func(i int) bool { return contact(i) && i%7 == 0 }},
			{"first", daybook.TimelineFilter{Marked: daybook.MarkedFirst}, func(i int) bool { return i == 1 || i == 2 || i == 3 }},
			{"first in a span", daybook.TimelineFilter{Marked: daybook.MarkedFirst, From: at(2)}, func(i int) bool { return i == 2 || i == 3 }},
			{"first of one", daybook.TimelineFilter{Marked: daybook.MarkedFirst, Among: []daybook.Handle{birds(merlin)}}, func(i int) bool { return i == 1 }},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				var want []string
				contacts := 0
				for i := 59; i >= 0; i-- {
					if !test.want(i) {
						continue
					}
					if contact(i) {
						contacts++
					}
					text := fmt.Sprint(i)
					if i == 5 {
						text += ", edited"
					}
					want = append(want, text)
				}
				for _, size := range []int{1, 4, 60, 61} {
					same(t, fmt.Sprint("in pages of ", size), timelinePages(t, db, c, test.filter, size), want)
				}
				if test.filter.Marked == daybook.MarkedMedia {
					return
				}
				n, more, err := db.TimelineCount(t.Context(), c, test.filter)
				if err != nil || n != contacts || more {
					t.Errorf("counted %d, more %v, error %v; want %d contacts", n, more, err, contacts)
				}
			})
		}
		if _, err := db.Timeline(t.Context(), c, daybook.TimelineFilter{}, 5, "nonsense"); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("a cursor that is none: %v, want ErrInvalid", err)
		}
	})
}

func timelinePages(t *testing.T, db *store.DB, c daybook.CaseID, f daybook.TimelineFilter, size int) (all []string) {
	t.Helper()
	cursor := ""
	for range 100 {
		page, err := db.Timeline(t.Context(), c, f, size, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Messages) > size {
			t.Fatalf("a page of %d messages, want %d at most", len(page.Messages), size)
		}
		all = append(all, texts(page.Messages)...)
		if page.Next == "" {
			return all
		}
		cursor = page.Next
	}
	t.Fatal("no end after 100 pages")
	return nil
}

// A rare message of a long case is found a stretch at a time: no page looks at
// more than a few thousand.
func TestTimelineLooksABoundedWay(t *testing.T) {
	db := openSQLite(t)
	records := []daybook.Record{
		item(sight{key: "rare", text: "First", sent: 1, seen: 5}), item(sight{key: "rare", text: "Second", sent: 1, edited: 2, seen: 6}),
	}
	for i := range 9000 {
		records = append(records, item(sight{key: fmt.Sprint("m", i), text: "-", sent: 10 + i, seen: 10 + i, from: merlin}))
	}
	c := emptyCase(t, db)
	f, n := db.Messages(nil), uint64(0)
	for batch := range slices.Chunk(records, 500) {
		handle(t, f, c, entries(n, batch...))
		n += uint64(len(batch))
	}
	edited := daybook.TimelineFilter{Marked: daybook.MarkedEdited}
	first, err := db.Timeline(t.Context(), c, edited, 50, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Messages) != 0 || first.Next == "" || !first.Back.After(at(10)) {
		t.Fatalf("first page: %d messages, next %q, back to %v; want none, and to go on", len(first.Messages), first.Next, first.Back)
	}
	same(t, "with the next pages", timelinePages(t, db, c, edited, 50), []string{"Second"})
	if n, more, err := db.TimelineCount(t.Context(), c, daybook.TimelineFilter{}); err != nil || !more || n == 0 || n >= 9000 {
		t.Errorf("counted %d, more %v, error %v; want a part of them, and more", n, more, err)
	}
}

func TestAroundTheMessages(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, timelineStory()...)
		firsts, err := db.FirstContacts(t.Context(), c, []daybook.Handle{birds(kestrel), birds(merlin), birds(self), birds("nobody")})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]uint64{}
		for ref, f := range firsts {
			got[ref] = f.Entry
		}
		same(t, "first contacts", got, map[string]uint64{"mastodon:" + kestrel: 3, "mastodon:" + merlin: 1}) // 0 is a poll

		account := daybook.Account{ID: mara, Case: c, Platform: "mastodon", Handle: birds(self), State: daybook.Active}
		if err := db.PutAccount(t.Context(), account, daybook.Consent{Account: mara, Given: at(0), Until: at(9999)}); err != nil {
			t.Fatal(err)
		}
		if err := db.SaveLane(t.Context(), mara, "notifications", collectors.LaneState{Opened: at(1), LastOK: at(50), Gap: at(52), Cause: "no answer"}); err != nil {
			t.Fatal(err)
		}
		closed := daybook.Gap{Account: mara, Class: daybook.Hole, From: at(10), To: at(20), Cause: "rate limit"}
		open := daybook.Gap{Account: mara, Lane: "notifications", Class: daybook.Hole, From: at(50), Cause: "no answer"}
		for _, test := range []struct {
			name     string
			from, to time.Time
			want     []daybook.Gap
		}{
			{"all", time.Time{}, time.Time{}, []daybook.Gap{closed, open}},
			{"before", time.Time{}, at(10), nil},
			{"across", at(12), at(13), []daybook.Gap{closed}},
			{"after", at(20), time.Time{}, []daybook.Gap{open}},
		} {
			got, err := db.GapsBetween(t.Context(), c, test.from, test.to, 100)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "gaps "+test.name, got, test.want)
		}

		if err := db.PutCheckpoint(t.Context(), c, 7, []byte("note"), at(60)); err != nil {
			t.Fatal(err)
		}
		if size, made, err := db.SignedOver(t.Context(), c, 6); err != nil || size != 7 || !made.Equal(at(60)) {
			t.Errorf("entry 6 is covered by %d of %v, error %v; want 7 of %v", size, made, err, at(60))
		}
		if _, _, err := db.SignedOver(t.Context(), c, 7); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("entry 7: %v, want ErrNotFound", err)
		}
	})
}
