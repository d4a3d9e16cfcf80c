package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/collectors"
	"daybook/store"
)

var _ collectors.TokenKeeper = (*store.DB)(nil)

func TestSpend(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
		a, _ := newAccount(c, "mara")
		b, _ := newAccount(c, "mara_b")
		day := func(s string) time.Time {
			at, err := time.Parse(time.DateTime, s)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		for _, add := range []struct {
			a    daybook.Account
			at   string
			what string
			ids  []string
			each int64
		}{
			{a, "2026-02-28 23:59:59", "message", []string{"1"}, 7},
			{a, "2026-03-01 00:00:00", "message", []string{"1"}, 10_000},
			{a, "2026-03-01 23:59:59", "message", []string{"1"}, 10_000}, // the same day
			{a, "2026-03-01 23:59:59", "post", []string{"1", "1"}, 5_000},
			{a, "2026-03-31 12:00:00", "message", []string{"1"}, 1},
			{a, "2026-03-31 13:00:00", "message", []string{"1"}, 1},
			{a, "2026-03-31 13:00:00", "message", nil, 1},
			{b, "2026-03-01 00:00:00", "message", []string{"1", "2", "3"}, 300},
		} {
			if err := db.AddSpent(ctx, add.a, day(add.at), add.what, add.ids, add.each); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			name        string
			a           daybook.Account
			from, until string
			want        int64
		}{
			{"a month", a, "2026-03-01 00:00:00", "2026-04-01 00:00:00", 15_001},
			{"up to a day, without it", a, "2026-03-01 08:00:00", "2026-03-31 08:00:00", 15_000},
			{"across months", a, "2026-01-01 00:00:00", "2026-03-02 00:00:00", 15_007},
			{"another account", b, "2026-03-01 00:00:00", "2026-04-01 00:00:00", 900},
			{"nothing", b, "2026-04-01 00:00:00", "2026-05-01 00:00:00", 0},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if got, err := db.Spent(ctx, tt.a, day(tt.from), day(tt.until)); err != nil || got != tt.want {
					t.Errorf("got %d, %v, want %d", got, err, tt.want)
				}
			})
		}
		if err := db.AddSpent(ctx, a, accountTime, "message", []string{"1"}, -1); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("less than nothing: %v, want ErrInvalid", err)
		}
		elsewhere := archive.Within(ctx, other)
		if _, err := db.Spent(elsewhere, a, accountTime, accountTime); !errors.Is(err, daybook.ErrForbidden) {
			t.Errorf("from another case: %v, want ErrForbidden", err)
		}
		if err := db.AddSpent(elsewhere, a, accountTime, "message", []string{"1"}, 1); !errors.Is(err, daybook.ErrForbidden) {
			t.Errorf("from another case: %v, want ErrForbidden", err)
		}
		if err := db.EraseCase(ctx, c); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Spent(ctx, a, day("2026-01-01 00:00:00"), day("2027-01-01 00:00:00")); err != nil || got != 0 {
			t.Errorf("of a case that was erased: %d, %v", got, err)
		}
	})
}

// Of several workers that refreshed one token, the one whose pair is kept is told
// so, and the others are told that theirs is not.
func TestRenewToken(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		a, agreed := newAccount(caseOf(t, db), "mara")
		if err := db.PutAccount(ctx, a, agreed); err != nil {
			t.Fatal(err)
		}
		former, err := db.PutToken(ctx, a.ID, []byte("former"), accountTime)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.EndTokens(ctx, a.ID, accountTime); err != nil {
			t.Fatal(err)
		}
		if _, err := db.PutToken(ctx, a.ID, []byte("one"), accountTime); err != nil {
			t.Fatal(err)
		}
		const workers = 4
		results := make([]error, workers)
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				results[i] = db.Update(ctx, func(ctx context.Context) error {
					return db.RenewToken(ctx, a.ID, []byte("one"), fmt.Appendf(nil, "fresh %d", i), accountTime)
				})
			})
		}
		wg.Wait()
		winner := -1
		for i, err := range results {
			switch {
			case err == nil && winner < 0:
				winner = i
			case !errors.Is(err, collectors.ErrTokenMoved):
				t.Errorf("worker %d: %v, want ErrTokenMoved", i, err)
			}
		}
		if _, _, secret, err := db.Account(ctx, a.ID); err != nil || string(secret) != fmt.Sprintf("fresh %d", winner) {
			t.Errorf("got %q, %v; worker %d was told that it won", secret, err, winner)
		}
		// One that comes back after its token went out of use is what has to be
		// revoked, and the one in use stays.
		if err := db.RenewToken(ctx, a.ID, []byte("former"), []byte("late"), accountTime); err != nil {
			t.Error(err)
		}
		if secret, err := db.EndedToken(ctx, a.ID, former); err != nil || string(secret) != "late" {
			t.Errorf("to revoke: %q, %v", secret, err)
		}
		if _, _, secret, err := db.Account(ctx, a.ID); err != nil || string(secret) != fmt.Sprintf("fresh %d", winner) {
			t.Errorf("in use: %q, %v", secret, err)
		}
		if err := db.RenewToken(ctx, "none", []byte("former"), []byte("late"), accountTime); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("no account: %v, want ErrNotFound", err)
		}
	})
}
