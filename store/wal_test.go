package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"daybook/collectors"
	"daybook/store"
)

// Whatever the size of a transaction is, other connections see all of it as soon
// as it is committed, nothing of one that was given up, and so does whoever opens
// the file afterwards.
func TestCommitsAreSeenAtOnce_B1(t *testing.T) {
	key := newKey()
	path := filepath.Join(t.TempDir(), "daybook.db")
	db, err := store.OpenSQLite(t.Context(), path, key)
	if err != nil {
		t.Fatal(err)
	}
	c := collectedCase(t, db)
	var (
		all    []collectors.SeenKey
		stop   = errors.New("stop")
		r      = rand.New(rand.NewPCG(2026, 11))
		recall = func(db *store.DB, keys []collectors.SeenKey, there bool) {
			t.Helper()
			found, err := db.Recall(t.Context(), c, keys)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range found {
				if (s.Entry >= 0) != there {
					t.Fatalf("%v is there: %t", keys[i], !there)
				}
			}
		}
	)
	for round := range 60 {
		keys := make([]collectors.SeenKey, 1+r.IntN(1+r.IntN(1500)))
		entries := make([]uint64, len(keys))
		for i := range keys {
			keys[i] = collectors.SeenKey{What: fmt.Sprint(round, "/", i), Near: r.Uint32()}
		}
		err := db.Update(t.Context(), func(ctx context.Context) error {
			if err := db.Remember(ctx, c, keys, entries, firstMonday); err != nil || round%4 > 0 {
				return err
			}
			return stop
		})
		if err != nil && !errors.Is(err, stop) {
			t.Fatal(err)
		}
		recall(db, keys, err == nil)
		if err == nil {
			all = append(all, keys...)
		}
		if round%9 == 8 { // the log begins anew
			if err := db.Truncate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	recall(db, all, true)
	closeDB(t, db)
	again, err := store.OpenSQLite(t.Context(), path, key)
	if err != nil {
		t.Fatal(err)
	}
	recall(again, all, true)
	closeDB(t, again)
}
