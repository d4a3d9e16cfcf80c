package store_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook"
	"daybook/archive"
	"daybook/detect/flags"
	"daybook/store"
)

func bring(t testing.TB, db *store.DB, c daybook.CaseID) {
	t.Helper()
	done, all, err := db.BringFlags(t.Context(), c, 0)
	if err != nil || done != all {
		t.Fatalf("flags are brought to %d of %d: %v", done, all, err)
	}
}

// flagged lists the texts of the messages with a flag, oldest first.
func flagged(t testing.TB, db *store.DB, c daybook.CaseID, f flags.Flag) []string {
	t.Helper()
	return texts(list(t, db, c, daybook.MessageFilter{Flag: string(f)}))
}

const killing = "I am going to kill you"

func flagStory() []daybook.Record {
	return []daybook.Record{
		item(sight{key: "m1", text: killing, sent: 1, seen: 5, from: kestrel}),
		item(sight{key: "m2", text: "the Quillwort Café has nice cakes", sent: 2, seen: 6, from: merlin}),
		item(sight{key: "m3", text: "Lovely weather", sent: 3, seen: 7, from: kestrel}),
		item(sight{key: "m4", text: killing, sent: 4, seen: 8, from: self, direction: daybook.Out, to: []daybook.Handle{birds(kestrel)}}),
		item(sight{key: "m5", text: killing + ", Quillwort", sent: 5, seen: 9, from: kestrel}),
		item(sight{key: "m6", text: killing, sent: 6, seen: 10, from: kestrel, kind: daybook.KindPoll}),
	}
}

func TestFlags(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c, other := derive(t, db, flagStory()...), derive(t, db, flagStory()...)
		same(t, "before anybody asked", flagged(t, db, c, flags.Threat), []string{})
		bring(t, db, c)
		threats := []string{killing, killing + ", Quillwort"}
		same(t, "threats", flagged(t, db, c, flags.Threat), threats)
		same(t, "details, without a list of own ones", slices.Contains(flagged(t, db, c, flags.Doxxing), "the Quillwort Café has nice cakes"), false)
		same(t, "the other case", flagged(t, db, other, flags.Threat), []string{})

		putOwn(t, db, c, ownName("Quillwort"))
		bring(t, db, c)
		same(t, "details", flagged(t, db, c, flags.Doxxing), []string{"the Quillwort Café has nice cakes", killing + ", Quillwort"})
		same(t, "threats, looked for again", flagged(t, db, c, flags.Threat), threats)
		counts, err := db.FlagCounts(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "counts", []int{counts[flags.Threat], counts[flags.Doxxing]}, []int{2, 2})

		key, err := db.Keys.Case(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		refs, err := db.Flagged(t.Context(), c, flags.Threat, flags.Doxxing)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "as the index knows them", refs, [][32]byte{key.MessageMAC("m1"), key.MessageMAC("m5"), key.MessageMAC("m2")})
		whole, err := db.FlaggedMessages(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range whole {
			for _, f := range m.Found {
				if f.Flag == flags.Doxxing {
					got = append(got, fmt.Sprint(m.Entry, " ", m.Sender.Native, " ", m.Sent.Equal(at(int(m.Entry)+1)), " ", len(f.Spans)))
				}
			}
		}
		same(t, "flagged messages", got, []string{"1 " + merlin + " true 0", "4 " + kestrel + " true 0"})

		putOwn(t, db, c)
		bring(t, db, c)
		same(t, "details that were taken out", slices.Contains(flagged(t, db, c, flags.Doxxing), "the Quillwort Café has nice cakes"), false)
		if _, _, err := db.BringFlags(archive.Within(t.Context(), other), c, 0); err == nil {
			t.Error("flags can be looked for from within another case")
		}
	})
}

func TestFlagsNarrowListsAndTimelines(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		var records []daybook.Record
		for i := range 90 {
			s := sight{key: fmt.Sprint("m", i), text: fmt.Sprint(i, " Quillwort"), sent: i, seen: 100 + i, from: []string{kestrel, merlin, hobby}[i%3]}
			if i%4 != 0 {
				s.text = fmt.Sprint(i)
			}
			if i%8 == 0 {
				s.media = []daybook.Media{{Native: fmt.Sprint("a", i), Type: "image/png"}}
			}
			records = append(records, item(s))
		}
		c := derive(t, db, append(records, look(daybook.SeenGone, "m12", 300), look(daybook.SeenGone, "m13", 300))...)
		putOwn(t, db, c, ownName("Quillwort"))
		bring(t, db, c)
		for _, test := range []struct {
			name   string
			filter daybook.TimelineFilter
			want   func(i int) bool
		}{
			{"all", daybook.TimelineFilter{}, func(int) bool { return true }},
			{"span", daybook.TimelineFilter{From: at(7), To: at(20)}, func(i int) bool { return i >= 7 && i < 20 }},
			{"one handle", daybook.TimelineFilter{Among: []daybook.Handle{birds(merlin)}}, func(i int) bool { return i%3 == 1 }},
			{"two handles", daybook.TimelineFilter{Among: []daybook.Handle{birds(kestrel), birds(merlin)}}, func(i int) bool { return i%3 != 2 }},
			{"nobody that is known", daybook.TimelineFilter{Among: []daybook.Handle{birds("nobody")}}, func(int) bool { return false }},
			{"another account", daybook.TimelineFilter{Account: "another"}, func(int) bool { return false }},
			{"gone", daybook.TimelineFilter{Marked: daybook.MarkedGone}, func(i int) bool { return i == 12 }},
			{"attachment", daybook.TimelineFilter{Marked: daybook.MarkedMedia}, func(i int) bool { return i%8 == 0 }},
			{"first", daybook.TimelineFilter{Marked: daybook.MarkedFirst}, func(i int) bool { return i == 0 }},
		} {
			t.Run(test.name, func(t *testing.T) {
				test.filter.Flag = string(flags.Doxxing)
				var want []string
				for i := range 90 {
					if i%4 == 0 && test.want(i) {
						want = append(want, fmt.Sprint(i, " Quillwort"))
					}
				}
				for _, size := range []int{1, 7, 200} {
					got := timelinePages(t, db, c, test.filter, size)
					slices.Reverse(got)
					same(t, fmt.Sprint("in pages of ", size), got, want)
				}
				if test.filter.Marked != daybook.MarkedMedia {
					n, more, err := db.TimelineCount(t.Context(), c, test.filter)
					if err != nil || n != len(want) || more {
						t.Errorf("counted %d, %v, %v, want %d", n, more, err, len(want))
					}
				}
				f := test.filter
				if f.Marked != "" || len(f.Among) > 1 {
					return
				}
				lf := daybook.MessageFilter{From: f.From, To: f.To, Account: f.Account, Flag: f.Flag}
				if len(f.Among) == 1 {
					lf.Handle = f.Among[0]
				}
				same(t, "as a list", pages(t, db, c, lf), want)
				lf.Newest = true
				newest := pages(t, db, c, lf)
				slices.Reverse(newest)
				same(t, "as a list, newest first", newest, want)
			})
		}
		same(t, "with a kind", len(list(t, db, c, daybook.MessageFilter{Flag: string(flags.Doxxing), Kind: daybook.KindMention})), 23)
		same(t, "with another kind", len(list(t, db, c, daybook.MessageFilter{Flag: string(flags.Doxxing), Kind: daybook.KindReply})), 0)
	})
}

// A visit, which is an entry too, makes nobody write down that there was nothing
// to look at.
func TestFlagsOfNothingNewWriteNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, flagStory()...)
		bring(t, db, c)
		handle(t, db.Messages(nil), c, entries(6, daybook.NewRecord(daybook.RecordAccess, daybook.Access{Action: "list"})))
		before, err := db.Columns(t.Context(), "follower")
		if err != nil {
			t.Fatal(err)
		}
		bring(t, db, c)
		after, err := db.Columns(t.Context(), "follower")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "positions", after, before)
		handle(t, db.Messages(nil), c, entries(7, item(sight{key: "m9", text: killing, sent: 9, seen: 20, from: kestrel})))
		bring(t, db, c)
		same(t, "threats", len(flagged(t, db, c, flags.Threat)), 3)
	})
}

// What was edited away stays flagged, and a capture that changes a message later
// is looked at again.
func TestFlagsOfEveryVersion_A2(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, item(sight{key: "m1", text: "Hello", sent: 1, seen: 5}), item(sight{key: "m2", text: "Hello", sent: 2, seen: 5}))
		putOwn(t, db, c, ownName("Quillwort"))
		bring(t, db, c)
		f := db.Messages(nil)
		handle(t, f, c, entries(2, item(sight{key: "m1", text: "Hello, Quillwort", sent: 1, edited: 6, seen: 7})))
		bring(t, db, c)
		same(t, "once it says more", flagged(t, db, c, flags.Doxxing), []string{"Hello, Quillwort"})
		handle(t, f, c, entries(3, item(sight{key: "m1", text: "Hello again", sent: 1, edited: 8, seen: 9})))
		bring(t, db, c)
		same(t, "once it was edited away", flagged(t, db, c, flags.Doxxing), []string{"Hello again"})
	})
}

func TestErasedMessagesHaveNoFlags(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, flagStory()...)
		putOwn(t, db, c, ownName("Quillwort"))
		bring(t, db, c)
		f := db.Messages(nil)
		if err := f.Erased(t.Context(), c, []daybook.MessageKey{"m5"}); err != nil {
			t.Fatal(err)
		}
		key, err := db.Keys.Case(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		gone := key.MessageMAC("m5")
		check := func(when string) {
			t.Helper()
			refs, err := db.Flagged(t.Context(), c, flags.All()...)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(refs, gone) {
				t.Errorf("%s, the erased message has a flag", when)
			}
		}
		check("at once")
		same(t, "threats", flagged(t, db, c, flags.Threat), []string{killing})
		putOwn(t, db, c, ownName("Café"))
		bring(t, db, c)
		check("after all were looked for again")

		// Everything goes with what is derived, and comes back with it.
		if err := db.ResetDerived(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		left, err := db.Columns(t.Context(), "flag")
		if err != nil || len(left) > 0 {
			t.Errorf("flags are left after a reset: %d, %v", len(left), err)
		}
		handle(t, f, c, entries(0, flagStory()[:4]...))
		bring(t, db, c)
		same(t, "threats, made again", flagged(t, db, c, flags.Threat), []string{killing})
	})
}

// Whatever the order and the batches in which messages come, and whenever
// somebody asks, the flags are those of the messages as they are.
func TestFlagsAreThoseOfAFreshStart(t *testing.T) {
	db := openSQLite(t)
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		c, err := db.NewCase(ctx, "", "UTC", day)
		if err != nil {
			t.Fatal(err)
		}
		ok := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		own := func() {
			word := rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "own")
			ok(db.Update(ctx, func(ctx context.Context) error { return db.PutOwn(ctx, c, []daybook.OwnDetail{ownName(word)}) }))
		}
		own()
		f := db.Messages(nil)
		all := entries(0, stories().Draw(t, "records")...)
		var erased []daybook.MessageKey
		for len(all) > 0 {
			n := rapid.IntRange(1, len(all)).Draw(t, "batch")
			ok(f.Handle(ctx, c, all[:n]))
			all = all[n:]
			switch rapid.IntRange(0, 4).Draw(t, "between") {
			case 0, 1:
				_, _, err := db.BringFlags(ctx, c, rapid.IntRange(0, 2).Draw(t, "most"))
				ok(err)
			case 2:
				own()
			case 3:
				erased = []daybook.MessageKey{"m2"}
				ok(f.Erased(ctx, c, erased))
			}
		}
		_, _, err = db.BringFlags(ctx, c, 0)
		ok(err)
		messages, _, err := db.List(ctx, c, daybook.MessageFilter{}, 100, "")
		ok(err)
		found, err := db.FlagsOf(ctx, c, messages)
		ok(err)
		for _, flag := range flags.All() {
			var want, got []string
			for i, m := range messages {
				if slices.ContainsFunc(found[i], func(f flags.Found) bool { return f.Flag == flag }) {
					want = append(want, string(m.Key))
				}
			}
			narrowed, _, err := db.List(ctx, c, daybook.MessageFilter{Flag: string(flag)}, 100, "")
			ok(err)
			for _, m := range narrowed {
				got = append(got, string(m.Key))
			}
			slices.SortFunc(want, cmp.Compare)
			slices.SortFunc(got, cmp.Compare)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: got %v, want %v", flag, got, want)
			}
			refs, err := db.Flagged(ctx, c, flag)
			ok(err)
			if len(refs) != len(want) {
				t.Fatalf("%s: %d rows, want %d", flag, len(refs), len(want))
			}
		}
	})
}

// A database that is read without keys does not tell which flags there are.
func TestFlagsAreNotNamedInRows(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, flagStory()...)
		putOwn(t, db, c, ownName("Quillwort"))
		bring(t, db, c)
		for _, table := range []string{"flag", "own", "follower"} {
			values, err := db.Columns(t.Context(), table)
			if err != nil || len(values) == 0 {
				t.Fatalf("table %s: %d values, %v", table, len(values), err)
			}
			for _, v := range values {
				for _, f := range append(flags.All(), "Quillwort", "kill") {
					if strings.Contains(strings.ToLower(v), strings.ToLower(string(f))) {
						t.Errorf("table %s holds %q", table, v)
					}
				}
			}
		}
	})
}

// BenchmarkFlags is the cost of one message: go test ./store -run - -bench Flags
func BenchmarkFlags(b *testing.B) {
	db, c := benchCase(b, *benchMessages)
	b.Run("look", func(b *testing.B) {
		for i := range b.N {
			if i%2 == 0 {
				putOwn(b, db, c, ownName("Quillwort"))
			} else {
				putOwn(b, db, c, ownName("Periwinkle"))
			}
			bring(b, db, c)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N**benchMessages), "ns/message")
	})
	b.Run("nothing new", func(b *testing.B) {
		for b.Loop() {
			bring(b, db, c)
		}
	})
	b.Run("newest 50", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.Timeline(b.Context(), c, daybook.TimelineFilter{Flag: string(flags.Threat)}, 50, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
