package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"daybook"
	"daybook/store"
)

func accessEntry() daybook.Record {
	r := daybook.NewRecord(daybook.RecordAccess, daybook.Access{Action: "list"})
	r.Actor, r.Logged = daybook.Actor{ID: "ana", Role: "owner"}, accountTime
	return r
}

func gapEntry() daybook.Record {
	r := daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: "a", Class: daybook.Hole, From: accountTime, To: accountTime.Add(time.Hour), Cause: "made up"})
	r.Actor, r.Logged = daybook.Actor{ID: "mastodon", Role: "collector"}, accountTime
	return r
}

func TestChangedPassesOverAccessEntries(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, log := t.Context(), openLog(t, db)
		c, other := caseOf(t, db), caseOf(t, db)
		if _, err := db.Changed(ctx, c); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("without a log: %v, want ErrNotFound", err)
		}
		for _, tt := range []struct {
			name  string
			batch []daybook.Record
			want  uint64
		}{
			{"a look at an empty case", []daybook.Record{accessEntry()}, 0},
			{"the first change", []daybook.Record{gapEntry()}, 1},
			{"looks", []daybook.Record{accessEntry(), accessEntry()}, 1},
			{"a change among looks", []daybook.Record{accessEntry(), gapEntry(), accessEntry()}, 5},
			{"one more look", []daybook.Record{accessEntry()}, 5},
		} {
			if _, err := log.Append(ctx, c, tt.batch); err != nil {
				t.Fatal(err)
			}
			if got, err := db.Changed(ctx, c); err != nil || got != tt.want {
				t.Errorf("%s: %d, %v, want %d", tt.name, got, err, tt.want)
			}
		}
		if _, err := log.Append(ctx, other, []daybook.Record{gapEntry(), gapEntry(), gapEntry()}); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Changed(ctx, c); err != nil || got != 5 {
			t.Errorf("after another case changed: %d, %v", got, err)
		}
		// What is rolled back changed nothing.
		stop := errors.New("stop")
		err := db.Update(ctx, func(inner context.Context) error {
			if _, err := log.Append(inner, c, []daybook.Record{gapEntry()}); err != nil {
				return err
			}
			return stop
		})
		if got, cerr := db.Changed(ctx, c); !errors.Is(err, stop) || cerr != nil || got != 5 {
			t.Errorf("after a roll-back: %d, %v, %v", got, cerr, err)
		}
	})
}

func TestDecisionsSayWhichHold(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, log, c := t.Context(), openLog(t, db), caseOf(t, db)
		kestrel := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel"}
		mark := func(d daybook.Decision) {
			t.Helper()
			r := daybook.NewRecord(daybook.RecordDecision, d)
			r.Actor, r.Logged = daybook.Actor{ID: "ana", Role: "owner"}, accountTime
			if _, err := log.Append(ctx, c, []daybook.Record{accessEntry(), r}); err != nil {
				t.Fatal(err)
			}
		}
		mark(daybook.Decision{What: daybook.MarkUnwanted, Handle: kestrel, At: accountTime})
		mark(daybook.Decision{What: daybook.MarkStop, Handle: kestrel, When: daybook.When{At: accountTime}, How: "on the phone", At: accountTime})
		mark(daybook.Decision{What: daybook.MarkUnwanted, Handle: kestrel, Undone: true, At: accountTime})
		if err := log.CatchUp(ctx, c, db.Messages(nil)); err != nil {
			t.Fatal(err)
		}
		got, err := db.Decisions(ctx, c)
		if err != nil || len(got) != 3 {
			t.Fatalf("%d decisions, %v", len(got), err)
		}
		for i, want := range []struct {
			index uint64
			holds bool
		}{{1, false}, {3, true}, {5, false}} {
			if got[i].Index != want.index || got[i].Holds != want.holds || !got[i].Handle.Same(kestrel) {
				t.Errorf("decision %d: %+v, want %v", i, got[i], want)
			}
		}
		if got[1].How != "on the phone" {
			t.Errorf("the words are %q", got[1].How)
		}
	})
}
