package store_test

import (
	"fmt"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/detect"
	"daybook/store"
)

const (
	kestrel = "https://birds.example/users/kestrel"
	merlin  = "https://birds.example/users/merlin"
	hobby   = "https://birds.example/users/hobby"
	self    = "https://home.example/users/mara"
)

// longStory has 30 messages, one a minute, every third by merlin, every fifth
// an answer of the person.
func longStory() []daybook.Record {
	var records []daybook.Record
	for i := range 30 {
		s := sight{key: fmt.Sprint("m", i), text: fmt.Sprint(i), sent: i, seen: 100 + i, from: kestrel}
		if i%3 == 0 {
			s.from = merlin
		}
		if i%5 == 0 {
			s.from, s.direction, s.to, s.kind = self, daybook.Out, []daybook.Handle{birds(kestrel), birds(merlin)}, daybook.KindReply
		}
		if i%7 == 0 {
			s.origin = daybook.Imported
		}
		records = append(records, item(s))
	}
	return records
}

func TestListFilters(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, append(longStory(), look(daybook.SeenGone, "m4", 999))...)
		tests := []struct {
			name   string
			filter daybook.MessageFilter
			want   func(i int) bool
		}{
			{"all", daybook.MessageFilter{}, func(i int) bool { return true }},
			{"from", daybook.MessageFilter{From: at(7)}, func(i int) bool { return i >= 7 }},
			{"to", daybook.MessageFilter{To: at(7)}, func(i int) bool { return i < 7 }},
			{"kind", daybook.MessageFilter{Kind: daybook.KindReply}, func(i int) bool { return i%5 == 0 }},
			{"origin", daybook.MessageFilter{Origin: daybook.Imported}, func(i int) bool { return i%7 == 0 }},
			{"state", daybook.MessageFilter{State: daybook.Gone}, func(i int) bool { return i == 4 }},
			{"direction", daybook.MessageFilter{Direction: daybook.Out}, func(i int) bool { return i%5 == 0 }},
			{"account", daybook.MessageFilter{Account: mara}, func(i int) bool { return true }},
			{"other account", daybook.MessageFilter{Account: "other"}, func(i int) bool { return false }},
			{"handle", daybook.MessageFilter{Handle: birds(merlin)}, func(i int) bool { return i%3 == 0 || i%5 == 0 }},
			{"unknown handle", daybook.MessageFilter{Handle: birds("nobody")}, func(i int) bool { return false }},
			{"several", daybook.MessageFilter{Handle: birds(kestrel), Direction: daybook.In, From: at(3), To: at(20)},
				func(i int) bool { return i >= 3 && i < 20 && i%3 != 0 && i%5 != 0 }},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				var want []string
				for i := range 30 {
					if test.want(i) {
						want = append(want, fmt.Sprint(i))
					}
				}
				same(t, "oldest first", texts(list(t, db, c, test.filter)), want)
				same(t, "in pages", pages(t, db, c, test.filter), want)
				for i := range len(want) / 2 {
					want[i], want[len(want)-1-i] = want[len(want)-1-i], want[i]
				}
				test.filter.Newest = true
				same(t, "newest first", texts(list(t, db, c, test.filter)), want)
				same(t, "newest first in pages", pages(t, db, c, test.filter), want)
			})
		}
		if _, _, err := db.List(t.Context(), c, daybook.MessageFilter{}, 5, "nonsense"); err == nil {
			t.Error("a cursor that is none was taken")
		}
	})
}

func pages(t *testing.T, db *store.DB, c daybook.CaseID, f daybook.MessageFilter) (all []string) {
	t.Helper()
	cursor := ""
	for range 100 {
		page, next, err := db.List(t.Context(), c, f, 4, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > 4 {
			t.Fatalf("a page of %d messages, want 4 at most", len(page))
		}
		all = append(all, texts(page)...)
		if next == "" {
			return all
		}
		cursor = next
	}
	t.Fatal("no end after 100 pages")
	return nil
}

func TestAround(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, longStory()...)
		for _, test := range []struct {
			entry uint64
			want  []string
		}{
			{10, []string{"8", "9", "10", "11", "12"}},
			{0, []string{"0", "1", "2"}},
			{29, []string{"27", "28", "29"}},
		} {
			got, err := db.Around(t.Context(), c, test.entry, 2)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprint("around ", test.entry), texts(got), test.want)
		}
	})
}

func TestEditedGivesAllTexts(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db,
			item(sight{key: "m1", text: "First", sent: 1, seen: 5}),
			item(sight{key: "m2", text: "Same", sent: 1, seen: 5}),
			item(sight{key: "m1", text: "Second", sent: 1, edited: 9, seen: 15}),
			item(sight{key: "m2", text: "Same", sent: 1, seen: 16}),
		)
		both := map[daybook.MessageKey][]string{"m1": {"First", "Second"}}
		for _, test := range []struct {
			from, to uint64
			want     map[daybook.MessageKey][]string
		}{{0, 4, both}, {0, 1, both}, {1, 2, nil}, {2, 3, both}, {3, 4, nil}, {4, 9, nil}} {
			got, err := db.Edited(t.Context(), c, test.from, test.to)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("edited in [%d,%d)", test.from, test.to), got, test.want)
		}
	})
}

func TestCountsTellsOfUnknownKinds(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db,
			item(sight{key: "m1", kind: "hologram", sent: 3, seen: 5}),
			item(sight{key: "m2", kind: "hologram", sent: 4, seen: 5, origin: daybook.Imported}),
			item(sight{key: "m3", sent: 5, seen: 5}),
			daybook.Item{Capture: daybook.Capture{Platform: "mastodon", NativeID: "9", Offset: -1}, Failed: "unknown form"}.Record(),
		)
		n, err := db.Counts(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "counts", n, daybook.Counts{
			Messages: 3, Handles: 1, ByKind: map[daybook.Kind]int{"hologram": 2, "mention": 1},
			ByOrigin: map[daybook.Origin]int{"collected": 2, "imported": 1}, ByState: map[daybook.State]int{"present": 3},
			First: at(3), Last: at(5), Unknown: 2, Unread: 1,
		})
	})
}

func link(what daybook.Mark, a, b string) daybook.Record {
	return decide(daybook.Decision{What: what, Handle: birds(a), Other: birds(b), At: at(1)})
}

func undo(what daybook.Mark, a, b string) daybook.Record {
	d := daybook.Decision{What: what, Handle: birds(a), At: at(1), Undone: true}
	if b != "" {
		d.Other = birds(b)
	}
	return decide(d)
}

func TestGroups(t *testing.T) {
	tests := []struct {
		name      string
		decisions []daybook.Record
		want      []int // groups of kestrel, merlin, hobby
	}{
		{"none", nil, []int{0, 0, 0}},
		{"a pair", []daybook.Record{link(daybook.MarkLinked, kestrel, hobby)}, []int{1, 0, 1}},
		{"a chain", []daybook.Record{link(daybook.MarkLinked, kestrel, merlin), link(daybook.MarkLinked, hobby, merlin)}, []int{1, 1, 1}},
		{"left open", []daybook.Record{link(daybook.MarkLinked, kestrel, merlin), link(daybook.MarkOpen, merlin, kestrel)}, []int{0, 0, 0}},
		{"rejected afterwards", []daybook.Record{link(daybook.MarkLinked, kestrel, merlin), link(daybook.MarkApart, merlin, kestrel)}, []int{0, 0, 0}},
		{"confirmed afterwards", []daybook.Record{link(daybook.MarkApart, kestrel, merlin), link(daybook.MarkLinked, merlin, kestrel)}, []int{1, 1, 0}},
		{"taken back", []daybook.Record{link(daybook.MarkLinked, kestrel, merlin), undo(daybook.MarkLinked, kestrel, merlin)}, []int{0, 0, 0}},
		{"a rejected pair stays apart", []daybook.Record{link(daybook.MarkApart, kestrel, hobby), link(daybook.MarkLinked, kestrel, merlin),
			link(daybook.MarkLinked, merlin, hobby)}, []int{1, 1, 0}},
		{"rejected after the chain", []daybook.Record{link(daybook.MarkLinked, kestrel, merlin), link(daybook.MarkLinked, merlin, hobby),
			link(daybook.MarkApart, hobby, kestrel)}, []int{1, 1, 0}},
	}
	db := openSQLite(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := derive(t, db, append([]daybook.Record{
				item(sight{key: "m1", from: kestrel}), item(sight{key: "m2", from: merlin}), item(sight{key: "m3", from: hobby}),
			}, test.decisions...)...)
			all, err := db.Handles(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, h := range all {
				got = append(got, h.Group)
			}
			same(t, "groups", got, test.want)
		})
	}
}

func TestMarksInForce(t *testing.T) {
	mark := func(what daybook.Mark, handle string, minute int, how string) daybook.Record {
		d := daybook.Decision{What: what, Handle: birds(handle), How: how, At: at(500)}
		if minute > 0 {
			d.When = daybook.When{At: at(minute)}
		}
		return decide(d)
	}
	tests := []struct {
		name      string
		decisions []daybook.Record
		want      []string
	}{
		{"one", []daybook.Record{mark(daybook.MarkStop, kestrel, 5, "by letter")}, []string{"stop by letter"}},
		{"said again", []daybook.Record{mark(daybook.MarkStop, kestrel, 5, "by letter"), mark(daybook.MarkStop, kestrel, 5, "by mail")}, []string{"stop by mail"}},
		{"asked twice", []daybook.Record{mark(daybook.MarkStop, kestrel, 5, "first"), mark(daybook.MarkStop, kestrel, 9, "second")}, []string{"stop first", "stop second"}},
		{"all taken back", []daybook.Record{mark(daybook.MarkStop, kestrel, 5, "first"), mark(daybook.MarkStop, kestrel, 9, "second"), undo(daybook.MarkStop, kestrel, "")}, nil},
		{"of another handle", []daybook.Record{mark(daybook.MarkStop, kestrel, 5, "first"), undo(daybook.MarkStop, merlin, "")}, []string{"stop first"}},
		{"another mark", []daybook.Record{mark(daybook.MarkUnwanted, kestrel, 0, "a"), mark(daybook.MarkAllowed, kestrel, 3, "b"), undo(daybook.MarkUnwanted, kestrel, "")}, []string{"allowed b"}},
		{"taken back and set again", []daybook.Record{mark(daybook.MarkExcluded, merlin, 0, "a"), undo(daybook.MarkExcluded, merlin, ""), mark(daybook.MarkExcluded, merlin, 0, "b")}, []string{"excluded b"}},
		{"a day", []daybook.Record{decide(daybook.Decision{What: daybook.MarkNamedDay, When: daybook.When{At: at(1)}, How: "birthday"})}, []string{"named-day birthday"}},
	}
	db := openSQLite(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := derive(t, db, test.decisions...)
			f, err := db.Facts(t.Context(), c, at(900))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range f.Marks {
				got = append(got, string(m.What)+" "+m.How)
			}
			same(t, "marks", got, test.want)
			excluded, err := db.Excluded(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "excluded", excluded["mastodon:"+merlin], test.name == "taken back and set again")
		})
	}
}

func TestFacts_A7(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := emptyCase(t, db)
		account := daybook.Account{ID: mara, Case: c, Platform: "mastodon", Server: "https://home.example", Handle: birds(self), State: daybook.Active}
		if err := db.PutAccount(t.Context(), account, daybook.Consent{Account: mara, Given: at(0), Until: at(9999)}); err != nil {
			t.Fatal(err)
		}
		for lane, state := range map[daybook.Lane]collectors.LaneState{
			"notifications": {Opened: at(10), LastOK: at(600)},
			"conversations": {Opened: at(11), LastOK: at(500)},
			"requests":      {Gap: at(11)}, // never read to its end
		} {
			if err := db.SaveLane(t.Context(), mara, lane, state); err != nil {
				t.Fatal(err)
			}
		}
		four := uint64(1)
		gap := daybook.Gap{Account: mara, Lane: "notifications", Class: daybook.Late, From: at(300), To: at(310), Cause: "rate limit"}
		block := func(what daybook.ObservationKind, minute, last int) daybook.Record {
			return daybook.NewRecord(daybook.RecordObservation, daybook.Observation{Account: mara, What: what, Handle: birds(merlin), At: at(minute), LastSeen: at(last)})
		}
		handle(t, db.Messages(nil), c, entries(0,
			daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.ConsentGiven, Account: account, At: at(0)}),
			item(sight{key: "m1", text: "Hello", sent: 20, seen: 30, from: kestrel}),
			item(sight{key: "m2", text: "Leave me alone", sent: 40, seen: 41, from: self, direction: daybook.Out, to: []daybook.Handle{birds(kestrel), birds(merlin)}}),
			item(sight{key: "m3", text: "", sent: 15, seen: 42, from: merlin, kind: daybook.KindFollow}),
			item(sight{key: "m1", text: "Hello you", sent: 20, edited: 50, seen: 60, from: kestrel}),
			look(daybook.SeenGone, "m3", 70),
			block(daybook.SeenBlocked, 80, 70),
			block(daybook.SeenBlocked, 90, 80), // seen again
			block(daybook.SeenUnblocked, 100, 90),
			block(daybook.SeenBlocked, 120, 110),
			decide(daybook.Decision{What: daybook.MarkStop, Handle: birds(kestrel), Entry: &four, When: daybook.When{At: at(40)}, How: "wrote it", At: at(200)}),
			link(daybook.MarkLinked, kestrel, merlin),
			daybook.NewRecord(daybook.RecordGap, gap),
			item(sight{key: "m4", text: "to nobody", sent: 45, seen: 46, from: self, direction: daybook.Out}),
		))
		got, err := db.Facts(t.Context(), c, at(1000))
		if err != nil {
			t.Fatal(err)
		}
		london, err := time.LoadLocation("Europe/London")
		if err != nil {
			t.Fatal(err)
		}
		contact := func(entry uint64, handle, sent, logged int) detect.Contact {
			return detect.Contact{Entry: entry, Handle: handle, At: at(sent), Logged: at(logged), Kind: daybook.KindMention,
				Direction: daybook.In, Account: mara, Platform: "mastodon", Origin: daybook.Collected}
		}
		follow := contact(3, 0, 15, 42)
		follow.Kind, follow.Gone = daybook.KindFollow, true
		hello := contact(1, 1, 20, 30)
		hello.Edited = true
		toKestrel, toMerlin, toNobody := contact(2, 1, 40, 41), contact(2, 0, 40, 41), contact(13, -1, 45, 46)
		for _, out := range []*detect.Contact{&toKestrel, &toMerlin, &toNobody} {
			out.Direction = daybook.Out
		}
		want := detect.Facts{
			Handles:  []daybook.Handle{birds(merlin), birds(kestrel)},
			Groups:   [][]int{{0, 1}},
			Contacts: []detect.Contact{follow, hello, toKestrel, toMerlin, toNobody},
			Blocks: []detect.Block{
				{Handle: 0, Seen: at(80), Before: at(70), Ended: at(100), Entry: 6},
				{Handle: 0, Seen: at(120), Before: at(110), Entry: 9},
			},
			Marks: []detect.Mark{{What: daybook.MarkStop, Handle: 1, When: daybook.When{At: at(40)}, Entry: 10, About: &four, How: "wrote it", At: at(200)}},
			Watched: []detect.Interval{
				{Account: mara, Lane: "conversations", From: at(11), To: at(500)},
				{Account: mara, Lane: "notifications", From: at(10), To: at(600)},
			},
			Gaps: []detect.GapSpan{{Account: mara, Lane: "notifications", Class: daybook.Late, From: at(300), To: at(310), Entry: 12}},
			Zone: london, Now: at(1000),
		}
		same(t, "facts", got, want, equalZones)

		handles, err := db.Handles(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "handles", handles, []daybook.HandleSummary{
			{Handle: birds(self), Own: true, In: 2, First: at(40), Last: at(45)},
			{Handle: birds(kestrel), In: 1, Out: 1, First: at(20), Last: at(40), Group: 1, Marks: []daybook.Mark{daybook.MarkStop}},
			{Handle: birds(merlin), In: 1, Out: 1, First: at(15), Last: at(40), Group: 1},
		})
	})
}

func TestErasedMessageLeavesNoRow(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db,
			item(sight{key: "m1", text: "One", sent: 1, seen: 5, from: kestrel, account: "k@birds.example", display: "What I will do to you"}),
			item(sight{key: "m2", text: "Two", sent: 2, seen: 6, from: kestrel, account: "k@birds.example", display: "K"}),
			item(sight{key: "m1", text: "One, edited", sent: 1, edited: 7, seen: 8, from: kestrel}),
			item(sight{key: "m3", text: "Three", sent: 3, seen: 9, from: merlin}),
			item(sight{key: "m4", text: "Four", sent: 4, seen: 9, from: hobby}),
			decide(daybook.Decision{What: daybook.MarkUnwanted, Handle: birds(hobby), At: at(8)}),
		)
		f := db.Messages(nil)
		for range 2 {
			if err := f.Erased(t.Context(), c, []daybook.MessageKey{"m1", "m3", "m4", "never there"}); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "messages", texts(list(t, db, c, daybook.MessageFilter{})), []string{"Two"})
		handles, err := db.Handles(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "handles", handles, []daybook.HandleSummary{
			{Handle: daybook.Handle{Platform: "mastodon", Native: kestrel, Names: []daybook.SeenName{{Account: "k@birds.example", Display: "K", From: at(6), To: at(6)}}},
				In: 1, First: at(2), Last: at(2)},
			{Handle: birds(hobby), Marks: []daybook.Mark{daybook.MarkUnwanted}},
		})
		for _, entry := range []uint64{0, 2, 3, 4} {
			if _, err := db.Message(t.Context(), c, entry); err == nil {
				t.Errorf("entry %d still shows a message", entry)
			}
		}
		handle(t, f, c, entries(6, item(sight{key: "m5", text: "Five", sent: 5, seen: 10, from: merlin})))
		same(t, "messages afterwards", texts(list(t, db, c, daybook.MessageFilter{})), []string{"Two", "Five"})
	})
}

func TestResetAndDeriveAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		records := append(longStory(), look(daybook.SeenGone, "m4", 999), link(daybook.MarkLinked, kestrel, merlin))
		c, other := derive(t, db, records...), derive(t, db, records...)
		want := list(t, db, c, daybook.MessageFilter{})
		facts, err := db.Facts(t.Context(), c, at(0))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"alerts/1", "index/1"} {
			if err := db.SetFollowerPosition(t.Context(), c, name, 7); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.ResetDerived(t.Context(), c, "alerts/1"); err != nil {
			t.Fatal(err)
		}
		same(t, "messages after the reset", list(t, db, c, daybook.MessageFilter{}), []daybook.Message{})
		same(t, "messages of the other case", len(list(t, db, other, daybook.MessageFilter{})), len(want))
		for name, want := range map[string]uint64{"alerts/1": 7, "index/1": 0, "messages/1": 0} {
			got, err := db.FollowerPosition(t.Context(), c, name)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "position of "+name, got, want)
		}
		handle(t, db.Messages(nil), c, entries(0, records...))
		same(t, "messages made again", list(t, db, c, daybook.MessageFilter{}), want)
		again, err := db.Facts(t.Context(), c, at(0))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "facts made again", again, facts, equalZones)
	})
}
