package store_test

import (
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/store"
)

// Two stores in memory know nothing of each other, and a case keeps the id that
// another store gave it.
func TestStoresInMemoryAreApart(t *testing.T) {
	c := daybook.CaseID(daybook.NewID())
	var open []*store.DB
	for range 2 {
		db, err := store.OpenMemory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closeDB(t, db) })
		open = append(open, db)
	}
	if err := open[0].AddCase(t.Context(), archive.CaseRow{ID: c, Zone: "Europe/London", Created: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 0} {
		all, err := open[i].Cases(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != want {
			t.Errorf("store %d has %d cases, want %d", i, len(all), want)
		}
	}
	key, err := open[0].Keys.Case(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if sealed := key.Seal("here", []byte("words")); len(sealed) == 0 {
		t.Error("the case has no key of its own")
	}
}
