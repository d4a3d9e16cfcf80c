package store_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/store"
)

func TestWantedStamps_B8(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), emptyCase(t, db)
		want := func(size uint64, names ...string) {
			t.Helper()
			if err := db.WantStamps(ctx, c, size, names); err != nil {
				t.Fatal(err)
			}
		}
		due := func(now time.Time) (out []archive.WantedStamp) {
			t.Helper()
			out, err := db.DueStamps(ctx, now, 10)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		now := at(60)
		want(5, "b", "a")
		want(9, "a", "b")
		want(7, "a") // an older one changes nothing
		first := archive.WantedStamp{Case: c, Authority: "a", Size: 9}
		second := archive.WantedStamp{Case: c, Authority: "b", Size: 9}
		if diff := cmp.Diff([]archive.WantedStamp{first, second}, due(now)); diff != "" {
			t.Fatal(diff)
		}

		// One of two who want to ask does.
		for _, mine := range []bool{true, false} {
			if got, err := db.ClaimStamp(ctx, first, now, now.Add(time.Minute)); err != nil || got != mine {
				t.Errorf("claimed %v, %v; want %v", got, err, mine)
			}
		}
		if diff := cmp.Diff([]archive.WantedStamp{second}, due(now)); diff != "" {
			t.Error(diff)
		}
		if err := db.FailStamp(ctx, first, "refused", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		s := archive.Stamp{Size: 9, Authority: "b", Token: []byte{1, 2}, At: now.Add(-time.Second), Got: now, Offset: 1500 * time.Millisecond}
		for range 2 {
			if err := db.PutStamp(ctx, c, s, now.Add(10*time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.WantedStamps(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		all := []archive.WantedStamp{
			{Case: c, Authority: "a", Size: 9, Asked: now, Due: now.Add(time.Hour), Tries: 1, Failure: "refused"},
			{Case: c, Authority: "b", Size: 9, Stamped: 9, Asked: now, Due: now.Add(10 * time.Minute)},
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Error(diff)
		}

		// The next is due when the pause is over.
		want(12, "b")
		if got := due(now.Add(9 * time.Minute)); len(got) != 0 {
			t.Errorf("due before the pause is over: %+v", got)
		}
		if got := due(now.Add(10 * time.Minute)); len(got) != 1 || got[0].Authority != "b" || got[0].Size != 12 || !got[0].Waiting() {
			t.Errorf("due when it is over: %+v", got)
		}
	})
}

func TestStamps_B3(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), emptyCase(t, db), emptyCase(t, db)
		var all []archive.Stamp
		for size := uint64(1); size <= 3; size++ {
			for _, name := range []string{"a", "b"} {
				s := archive.Stamp{Size: size, Authority: name, Token: bytes.Repeat([]byte{byte(size)}, 3), At: at(int(size)), Got: at(int(size) + 1), Offset: -time.Second}
				all = append(all, s)
				if err := db.PutStamp(ctx, c, s, at(100)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := db.PutStamp(ctx, other, all[0], at(100)); err != nil {
			t.Fatal(err)
		}
		var got []archive.Stamp
		for last := (archive.Stamp{}); ; last = got[len(got)-1] {
			batch, err := db.Stamps(ctx, c, last.Size, last.Authority, 4)
			if err != nil {
				t.Fatal(err)
			}
			if len(batch) == 0 {
				break
			}
			got = append(got, batch...)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Error(diff)
		}
		newest, err := db.NewestStamps(ctx, c, 3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]archive.Stamp{all[4], all[5], all[2]}, newest); diff != "" {
			t.Error(diff)
		}
	})
}

func TestGivenAnchors_B3(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), emptyCase(t, db)
		first := store.GivenAnchor{At: at(1), Form: "file", Size: 3, Root: daybook.DigestOf([]byte("x"))}
		second := store.GivenAnchor{At: at(2), Form: "line", Size: 5, Root: daybook.DigestOf([]byte("y"))}
		for _, a := range []store.GivenAnchor{first, second} {
			if err := db.GiveAnchor(ctx, c, a); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.GivenAnchors(ctx, c, 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]store.GivenAnchor{second, first}, got); diff != "" {
			t.Error(diff)
		}
	})
}
