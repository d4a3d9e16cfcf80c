package store_test

import (
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/store"
)

// What came by a file alone was last seen when the newest file that has it was
// made. What is read from a platform was last seen there, whenever a file that
// has it was read in.
func TestLastSeenInFiles(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c, f := emptyCase(t, db), db.Messages(nil)
		handle(t, f, c, entries(0,
			item(sight{key: "m1", text: "one", sent: 1, seen: 1000, lane: "archive", origin: daybook.Imported}),
			item(sight{key: "m2", text: "two", sent: 2, seen: 1000, lane: "archive", origin: daybook.Imported}),
			item(sight{key: "m2", text: "two", sent: 2, seen: 20}),
			item(sight{key: "m3", text: "three", sent: 3, seen: 30}),
			item(sight{key: "m4", text: "four", sent: 4, seen: 1000, lane: "archive", origin: daybook.Imported}),
			item(sight{key: "m5", text: "five", sent: 5, seen: 1000, made: 400, lane: "archive", origin: daybook.Imported}),
			look(daybook.SeenGone, "m1", 600),
			look(daybook.SeenGone, "m2", 15),
			look(daybook.SeenGone, "m3", 600),
		))
		keys := func(names ...daybook.MessageKey) (out []collectors.SeenKey) {
			for _, k := range names {
				out = append(out, collectors.ImportMark(mara, k))
			}
			return out
		}
		if err := db.Remember(t.Context(), c, keys("m1", "m2"), []uint64{0, 1}, at(500)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Seen(t.Context(), c, keys("m2"), at(700)); err != nil {
			t.Fatal(err)
		}
		page, _, err := db.List(t.Context(), c, daybook.MessageFilter{}, 10, "")
		if err != nil || len(page) != 5 {
			t.Fatalf("%d messages, %v", len(page), err)
		}
		for i, want := range []struct {
			last  int // minutes
			state daybook.State
			gone  int
		}{
			{500, daybook.Gone, 600},
			{700, daybook.Present, 0}, // live collection saw it after the file without it was made
			{30, daybook.Gone, 600},
			{1000, daybook.Present, 0}, // nothing says when the file was made: when it was read in
			{400, daybook.Present, 0},  // the log alone says when it was
		} {
			m := page[i]
			if !m.LastSeen.Equal(at(want.last)) || m.State != want.state || want.gone > 0 != !m.GoneAt.IsZero() || want.gone > 0 && !m.GoneAt.Equal(at(want.gone)) {
				t.Errorf("%s: last seen %s, %s, gone %s; want %s, %s", m.Key, m.LastSeen, m.State, m.GoneAt, at(want.last), want.state)
			}
		}
	})
}

// What a person adds says nothing of days that were watched, and moves none.
func TestFilesAreNoWatching(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c, f := emptyCase(t, db), db.Messages(nil)
		a := daybook.Account{ID: mara, Case: c, Platform: "mastodon", Handle: birds("https://birds.example/users/mara"), State: daybook.Named}
		if err := db.PutAccount(t.Context(), a, daybook.Consent{Account: mara, Given: at(1000)}); err != nil {
			t.Fatal(err)
		}
		named := daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.AccountNamed, Account: a, At: at(1000)})
		named.Logged = at(1000)
		handle(t, f, c, entries(0, named,
			item(sight{key: "m1", text: "one", sent: 1, seen: 1000, lane: "archive", origin: daybook.Imported}),
			item(sight{key: "m2", text: "two", sent: 4 * 24 * 60, seen: 1000, lane: "archive", origin: daybook.Imported}),
		))
		now := at(1000).AddDate(0, 0, 10)
		facts, err := db.Facts(t.Context(), c, now)
		if err != nil {
			t.Fatal(err)
		}
		if len(facts.Contacts) != 2 || len(facts.Watched) != 0 || len(facts.Gaps) != 0 {
			t.Errorf("%d contacts, watched %v, gaps %v", len(facts.Contacts), facts.Watched, facts.Gaps)
		}
		got, err := db.Coverage(t.Context(), c, now)
		if err != nil || got != (daybook.Coverage{}) {
			t.Errorf("coverage %+v, %v", got, err)
		}
		statuses, err := db.AccountStatuses(t.Context(), c)
		if err != nil || len(statuses) != 1 || len(statuses[0].Lanes) != 0 || statuses[0].Account.State != daybook.Named || !statuses[0].Checked().IsZero() {
			t.Errorf("statuses %+v, %v", statuses, err)
		}
		ended, err := db.EndedConsents(t.Context(), now.Add(1000*time.Hour))
		if err != nil || len(ended) != 0 {
			t.Errorf("consents that have ended: %v, %v", ended, err)
		}
	})
}

func TestWrote(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c, f := emptyCase(t, db), db.Messages(nil)
		kestrel := birds("https://birds.example/users/kestrel")
		own := "https://birds.example/users/mara"
		handle(t, f, c, entries(0,
			item(sight{key: "m1", sent: 1, seen: 2}), item(sight{key: "m2", sent: 3, seen: 4}), item(sight{key: "m2", sent: 3, seen: 4, lane: "home"}),
			item(sight{key: "m3", sent: 5, seen: 6, from: own, direction: daybook.Out, to: []daybook.Handle{kestrel}}),
		))
		for _, tt := range []struct {
			name string
			of   daybook.Handle
			want int
		}{
			{"a sender", kestrel, 2},
			{"the person", birds(own), 0},
			{"nobody", birds("https://birds.example/users/nobody"), 0},
		} {
			n, err := db.Wrote(t.Context(), c, tt.of)
			if n != tt.want || err != nil {
				t.Errorf("%s: %d, %v, want %d", tt.name, n, err, tt.want)
			}
		}
		if n, err := db.Tombstones(t.Context(), c); n != 0 || err != nil {
			t.Errorf("tombstones: %d, %v", n, err)
		}
	})
}
