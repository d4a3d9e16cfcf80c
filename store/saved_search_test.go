package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/store"
)

func TestSavedSearches(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
		kept := func(c daybook.CaseID, user, name string, after time.Duration) cases.SavedSearch {
			s := cases.SavedSearch{ID: daybook.NewID(), Case: c, User: user, Name: name, Words: "library OR المكتبة", Made: accountTime.Add(after), Looked: accountTime.Add(after), Found: 3}
			if err := db.PutSavedSearch(ctx, s); err != nil {
				t.Fatal(err)
			}
			return s
		}
		second := kept(c, "ana", "Places", time.Hour)
		first := kept(c, "ana", "Family", 0)
		kept(c, "ben", "Ben’s", 0)
		elsewhere := kept(other, "ana", "Elsewhere", 0)
		second.Looked, second.Found = accountTime.Add(2*time.Hour), 7
		if err := db.PutSavedSearch(ctx, second); err != nil {
			t.Fatal(err)
		}
		got, err := db.SavedSearches(ctx, c, "ana")
		if diff := cmp.Diff([]cases.SavedSearch{first, second}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		for _, tt := range []struct {
			name string
			c    daybook.CaseID
			user string
		}{{"another user", c, "ben"}, {"another case", other, "ana"}} {
			if err := db.DropSavedSearch(ctx, tt.c, tt.user, first.ID); !errors.Is(err, daybook.ErrNotFound) {
				t.Errorf("%s drops it: %v, want ErrNotFound", tt.name, err)
			}
		}
		if err := db.DropSavedSearch(ctx, c, "ana", first.ID); err != nil {
			t.Fatal(err)
		}
		if got, err := db.SavedSearches(ctx, c, "ana"); err != nil || len(got) != 1 || got[0].ID != second.ID {
			t.Errorf("after dropping: %v, %v", got, err)
		}
		inside := archive.Within(ctx, c)
		if _, err := db.SavedSearches(inside, other, "ana"); !errors.Is(err, daybook.ErrForbidden) {
			t.Errorf("within another case: %v, want ErrForbidden", err)
		}
		if err := db.DropSavedSearch(inside, other, "ana", elsewhere.ID); !errors.Is(err, daybook.ErrForbidden) {
			t.Errorf("drop within another case: %v, want ErrForbidden", err)
		}
	})
}
