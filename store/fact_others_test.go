package store_test

import (
	"testing"

	"daybook"
	"daybook/store"
)

func TestFacts_ThirdParties(t *testing.T) {
	const (
		owl    = "https://birds.example/users/owl"
		finch  = "https://birds.example/users/finch"
		plover = "https://birds.example/users/plover"
	)
	handles := func(natives ...string) (out []daybook.Handle) {
		for _, n := range natives {
			out = append(out, birds(n))
		}
		return out
	}
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db,
			item(sight{key: "m0", text: "mine", sent: 1, seen: 10, from: self, direction: daybook.Out, to: handles(kestrel)}),
			item(sight{key: "m1", text: "a", sent: 2, seen: 11, to: handles(owl, self, finch, kestrel)}),
			item(sight{key: "m2", text: "b", sent: 3, seen: 12, to: handles(finch)}),
			item(sight{key: "m3", text: "c", sent: 4, seen: 13, to: handles(self)}),
			item(sight{key: "m4", text: "d", sent: 5, seen: 14, from: merlin, to: handles(plover, finch, finch)}),
			item(sight{key: "m5", text: "e", sent: 6, seen: 15, from: owl}),
		)
		f, err := db.Facts(t.Context(), c, at(100))
		if err != nil {
			t.Fatal(err)
		}
		place := map[string]int{}
		for i, h := range f.Handles {
			place[h.Native] = i
		}
		var got [][]int
		for _, contact := range f.Contacts {
			got = append(got, contact.Others)
		}
		// finch and plover never wrote: they have numbers beyond the handles.
		n := len(f.Handles)
		same(t, "third parties", got, [][]int{nil, {place[owl], n}, {n}, {}, {n, n + 1}, nil})
	})
}
