package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/store"
)

func TestBundleOrders(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
		check := daybook.DigestOf([]byte("a bundle"))
		put := func(order string, after time.Duration) {
			t.Helper()
			if err := db.PutBundle(ctx, c, check, accountTime.Add(after), []byte(order)); err != nil {
				t.Fatal(err)
			}
		}
		put("cover the word marzipan", 0)
		put("cover the word nougat", time.Hour)
		got, err := db.BundleOrder(ctx, c, check)
		if err != nil || string(got) != "cover the word nougat" {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err := db.BundleOrder(ctx, other, check); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("of another case: %v", err)
		}
		if _, err := db.BundleOrder(ctx, c, daybook.DigestOf([]byte("another"))); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("of another bundle: %v", err)
		}
		if _, err := db.BundleOrder(archive.Within(ctx, other), c, check); err == nil {
			t.Error("it was read from within another case")
		}
		values, err := db.Columns(ctx, "bundle")
		if err != nil || len(values) != 4 {
			t.Fatalf("%d values, %v", len(values), err)
		}
		for _, v := range values {
			if strings.Contains(v, "nougat") || strings.Contains(v, string(check[:])) || strings.Contains(v, check.String()) {
				t.Errorf("the table holds %q", v)
			}
		}
	})
}
