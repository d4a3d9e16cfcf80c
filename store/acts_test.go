package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/store"
)

func TestEntriesOfKind_D7(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
		kinds := []daybook.RecordKind{
			daybook.RecordKey, daybook.RecordItem, daybook.RecordAccess, daybook.RecordItem, daybook.RecordGap,
			daybook.RecordConsent, daybook.RecordMedia, daybook.RecordAccess, daybook.RecordDecision, daybook.RecordItem,
		}
		for _, id := range []daybook.CaseID{c, other} {
			rows := make([]archive.Row, len(kinds))
			for i, k := range kinds {
				rows[i] = archive.Row{Index: uint64(i), Kind: k, Logged: accountTime, Hashes: []byte{}, WrappedKey: []byte{}, Sealed: []byte{}}
			}
			if id == other {
				rows = rows[:3]
			}
			err := db.Update(ctx, func(ctx context.Context) error {
				if _, err := db.LockHead(ctx, id); err != nil {
					return err
				}
				return db.PutRows(ctx, id, rows, archive.Head{Size: uint64(len(rows)), Frontier: []byte{}})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		few := []daybook.RecordKind{daybook.RecordAccess, daybook.RecordConsent, daybook.RecordDecision}
		for _, tt := range []struct {
			name   string
			c      daybook.CaseID
			kinds  []daybook.RecordKind
			before uint64
			limit  int
			want   []uint64
		}{
			{"all, newest first", c, few, 1 << 63, 10, []uint64{8, 7, 5, 2}},
			{"a page", c, few, 10, 2, []uint64{8, 7}},
			{"the next", c, few, 7, 2, []uint64{5, 2}},
			{"the end", c, few, 2, 2, nil},
			{"one kind", c, few[:1], 10, 10, []uint64{7, 2}},
			{"what is taken in by the thousand", c, []daybook.RecordKind{daybook.RecordItem}, 10, 10, nil},
			{"another case", other, few, 10, 10, []uint64{2}},
			{"no case", "none", few, 10, 10, nil},
			{"no kind", c, nil, 10, 10, nil},
		} {
			got, err := db.EntriesOfKind(ctx, tt.c, tt.kinds, tt.before, tt.limit)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", tt.name, err, diff)
			}
		}
		if n, err := db.Size(ctx, c); err != nil || n != uint64(len(kinds)) {
			t.Errorf("size: got %d, %v, want %d", n, err, len(kinds))
		}
		plan, err := db.ActsPlan(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if plan != "" && (!strings.Contains(plan, "log_entry_act") || strings.Contains(plan, "TEMP B-TREE")) {
			t.Errorf("the index is not used as it should be: %s", plan)
		}
	})
}

func TestVisitsAndReviews(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
		v, err := db.LastVisit(ctx, c, "ana")
		if err != nil || v != (cases.LastVisit{}) {
			t.Errorf("none yet: %v, %v", v, err)
		}
		at, size, err := db.LastReview(ctx, c, "ana")
		if err != nil || !at.IsZero() || size != 0 {
			t.Errorf("none yet: %v, %d, %v", at, size, err)
		}
		for i := range 2 {
			now := accountTime.Add(time.Duration(i) * time.Hour)
			want := cases.LastVisit{Session: fmt.Sprint("s", i), At: now, Size: uint64(10 + i), Before: now.Add(-time.Hour), BeforeSize: 7}
			if err := db.PutVisit(ctx, c, "ana", want); err != nil {
				t.Fatal(err)
			}
			if err := db.PutReview(ctx, c, "ana", now, uint64(20+i)); err != nil {
				t.Fatal(err)
			}
			if v, err = db.LastVisit(ctx, c, "ana"); err != nil || v != want {
				t.Errorf("got %v, %v, want %v", v, err, want)
			}
			if at, size, err = db.LastReview(ctx, c, "ana"); err != nil || !at.Equal(now) || size != uint64(20+i) {
				t.Errorf("got %v, %d, %v", at, size, err)
			}
		}
		for _, o := range []struct {
			c    daybook.CaseID
			user string
		}{{c, "ben"}, {other, "ana"}} {
			if v, err := db.LastVisit(ctx, o.c, o.user); err != nil || v != (cases.LastVisit{}) {
				t.Errorf("somebody else's: %v, %v", v, err)
			}
			if at, _, err := db.LastReview(ctx, o.c, o.user); err != nil || !at.IsZero() {
				t.Errorf("somebody else's: %v, %v", at, err)
			}
		}
	})
}
