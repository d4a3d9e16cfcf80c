package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/store"
)

func collectedAccount(t *testing.T, db *store.DB) daybook.Account {
	t.Helper()
	a := daybook.Account{ID: daybook.AccountID(daybook.NewID()), Case: collectedCase(t, db), Platform: "birds", State: daybook.Active}
	c := daybook.Consent{Account: a.ID, Given: firstMonday, Until: firstMonday.Add(daybook.ConsentPeriod)}
	if err := db.PutAccount(t.Context(), a, c); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestLaneState(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		a, other := collectedAccount(t, db), collectedAccount(t, db)
		if got, err := db.Lane(t.Context(), a.ID, "inbox"); err != nil || !cmp.Equal(got, collectors.LaneState{}) {
			t.Errorf("a lane that was never read: %+v, %v", got, err)
		}
		want := collectors.LaneState{
			Forward: "newer marker", Back: "older", Opened: firstMonday, LastOK: firstMonday.Add(time.Minute),
			Gap: firstMonday.Add(time.Hour), Cause: "no answer", Missed: true,
			Listed:   []daybook.Handle{{Platform: "birds", Native: "marker rook"}},
			Unlisted: []collectors.Unlisted{{Handle: daybook.Handle{Platform: "birds", Native: "jay"}, Listed: firstMonday}},
		}
		save := func(lane daybook.Lane, st collectors.LaneState) {
			t.Helper()
			if err := db.SaveLane(t.Context(), a.ID, lane, st); err != nil {
				t.Fatal(err)
			}
		}
		save("Letters from marker", collectors.LaneState{Forward: "before"})
		save("Letters from marker", want)
		save("second", collectors.LaneState{Lost: true, Asked: firstMonday})
		got, err := db.Lane(t.Context(), a.ID, "Letters from marker")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lane (-want +got):\n%s", diff)
		}
		all, err := db.Lanes(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[daybook.Lane]collectors.LaneState{
			"Letters from marker": want, "second": {Lost: true, Asked: firstMonday},
		}, all); diff != "" {
			t.Errorf("lanes (-want +got):\n%s", diff)
		}
		if got, err := db.Lanes(t.Context(), other.ID); err != nil || len(got) != 0 {
			t.Errorf("another account's lanes: %v, %v", got, err)
		}
		if _, err := db.Lane(t.Context(), "nobody", "inbox"); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("an account that is not there: %v, want ErrNotFound", err)
		}
		columns, err := db.Columns(t.Context(), "lane")
		if err != nil || len(columns) != 6 {
			t.Fatalf("%d columns, %v", len(columns), err)
		}
		for _, column := range columns {
			if strings.Contains(column, "marker") {
				t.Errorf("a column holds %q", column)
			}
		}
	})
}

func TestSeen(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c, other := collectedCase(t, db), collectedCase(t, db)
		var keys []collectors.SeenKey
		var entries []uint64
		for i := range 450 { // more than two statements
			keys = append(keys, collectors.SeenKey{What: fmt.Sprint("capture ", i), Near: uint32(i / 7)})
			entries = append(entries, uint64(i))
		}
		if err := db.Remember(t.Context(), c, keys[:420], entries[:420], firstMonday); err != nil {
			t.Fatal(err)
		}
		got, err := db.Seen(t.Context(), c, keys, firstMonday.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range got {
			if want := int64(i); i < 420 && e != want || i >= 420 && e != -1 {
				t.Fatalf("entry of key %d: %d", i, e)
			}
		}
		if got, err := db.Seen(t.Context(), other, keys[:3], firstMonday); err != nil || !cmp.Equal(got, []int64{-1, -1, -1}) {
			t.Errorf("in another case: %v, %v", got, err)
		}
		if _, err := db.Seen(t.Context(), c, keys[:1], firstMonday); err != nil {
			t.Fatal(err)
		}
		at := firstMonday.Add(time.Hour)
		want := []collectors.Sighting{{Entry: 0, At: at}, {Entry: -1}, {Entry: 419, At: at}, {Entry: 0, At: at}}
		sightings, err := db.Recall(t.Context(), c, []collectors.SeenKey{keys[0], {What: "never"}, keys[419], keys[0]})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, sightings); diff != "" {
			t.Errorf("last seen never goes back (-want +got):\n%s", diff)
		}
		if err := db.Remember(t.Context(), c, []collectors.SeenKey{{What: "a"}, {What: "b"}, {What: "a"}, keys[0]}, []uint64{7, 8, 9, 10}, firstMonday); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Seen(t.Context(), c, []collectors.SeenKey{{What: "a"}, {What: "b"}, keys[0]}, firstMonday); err != nil || !cmp.Equal(got, []int64{9, 8, 10}) {
			t.Errorf("after it was replaced: %v, %v", got, err)
		}
		stop := errors.New("stop")
		err = db.Update(t.Context(), func(ctx context.Context) error {
			if err := db.Remember(ctx, c, []collectors.SeenKey{{What: "not kept"}}, []uint64{1}, firstMonday); err != nil {
				return err
			}
			if got, err := db.Seen(ctx, c, []collectors.SeenKey{{What: "not kept"}}, firstMonday); err != nil || got[0] != 1 {
				t.Errorf("within the transaction: %v, %v", got, err)
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if got, err := db.Seen(t.Context(), c, []collectors.SeenKey{{What: "not kept"}}, firstMonday); err != nil || got[0] != -1 {
			t.Errorf("after the transaction was given up: %v, %v", got, err)
		}
	})
}
