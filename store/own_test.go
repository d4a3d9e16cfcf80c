package store_test

import (
	"context"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/store"
)

func putOwn(t testing.TB, db *store.DB, c daybook.CaseID, list ...daybook.OwnDetail) {
	t.Helper()
	if err := db.Update(t.Context(), func(ctx context.Context) error { return db.PutOwn(ctx, c, list) }); err != nil {
		t.Fatal(err)
	}
}

func ownName(value string) daybook.OwnDetail {
	return daybook.OwnDetail{Kind: daybook.OwnName, Value: value}
}

// The list is sealed under a key of its own, which goes with each change: what
// was sealed before opens with nothing that is left.
func TestOwnDetails(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c, other := emptyCase(t, db), emptyCase(t, db)
		none, err := db.Own(t.Context(), c)
		if err != nil || none != nil {
			t.Fatalf("got %v, %v, want no list", none, err)
		}
		want := []daybook.OwnDetail{{Kind: daybook.OwnAddress, Value: "14 Quillwort Lane"}, ownName("Periwinkle")}
		putOwn(t, db, c, want...)
		got, err := db.Own(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the list", got, want)
		if got, err := db.Own(t.Context(), other); err != nil || got != nil {
			t.Errorf("another case has %v, %v", got, err)
		}
		before, err := db.Columns(t.Context(), "own")
		if err != nil {
			t.Fatal(err)
		}
		putOwn(t, db, c, want[1])
		if got, err = db.Own(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		same(t, "the list after one was taken out", got, want[1:])
		after, err := db.Columns(t.Context(), "own")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range append(before, after...) {
			if strings.Contains(v, "Quillwort") || strings.Contains(v, "Periwinkle") {
				t.Errorf("a column holds %q", v)
			}
		}
		for i, v := range before[2:] { // the key and what it sealed
			if after[i+2] == v {
				t.Errorf("column %d is as it was before the change", i+2)
			}
		}
		putOwn(t, db, c)
		if got, err := db.Own(t.Context(), c); err != nil || len(got) != 0 {
			t.Errorf("got %v, %v after all were taken out", got, err)
		}
		if _, err := db.Own(archive.Within(t.Context(), other), c); err == nil {
			t.Error("the list can be read from within another case")
		}
	})
}
