package store_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/store"
)

// go test ./store -run - -bench Messages -messages 400000
var benchMessages = flag.Int("messages", 20_000, "messages in the case that is measured")

// benchStory makes entries of one message each, from 40 handles, one in ten by
// the person.
func benchStory(from, n int) []archive.Entry {
	out := make([]archive.Entry, n)
	for i := range n {
		no := from + i
		s := sight{
			key: fmt.Sprint("mastodon:https://birds.example/users/kestrel/statuses/", no), sent: no, seen: no + 1,
			text: fmt.Sprint("Message ", no, ": nothing of note, said in about a hundred characters, as people do when they write."),
			from: fmt.Sprint("https://birds.example/users/", no%40), account: fmt.Sprint("user", no%40, "@birds.example"), display: "Some name",
		}
		if no%10 == 0 {
			s.from, s.account, s.direction, s.to = self, "mara@home.example", daybook.Out, []daybook.Handle{birds(fmt.Sprint("https://birds.example/users/", 1+no%39))}
		}
		out[i] = archive.Entry{Index: uint64(no), Record: item(s)}
	}
	return out
}

func benchCase(b *testing.B, n int) (*store.DB, daybook.CaseID) {
	db, err := store.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "daybook.db"), newKey())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	c := emptyCase(b, db)
	f := db.Messages(nil)
	for from := 0; from < n; from += 500 {
		handle(b, f, c, benchStory(from, min(500, n-from)))
	}
	return db, c
}

// BenchmarkMessagesDerive is the cost of one message, in batches of 500, at the
// end of a case of that many.
func BenchmarkMessagesDerive(b *testing.B) {
	db, c := benchCase(b, *benchMessages)
	f := db.Messages(nil)
	done := *benchMessages
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; {
		n := min(500, left)
		b.StopTimer()
		batch := benchStory(done, n)
		b.StartTimer()
		handle(b, f, c, batch)
		done, left = done+n, left-n
	}
}

func BenchmarkMessagesRead(b *testing.B) {
	db, c := benchCase(b, *benchMessages)
	b.Run("newest 20", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := db.List(b.Context(), c, daybook.MessageFilter{Newest: true}, 20, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("newest 20 of a handle", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := db.List(b.Context(), c, daybook.MessageFilter{Newest: true, Handle: birds("https://birds.example/users/7")}, 20, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("facts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := db.Facts(b.Context(), c, day); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("handles", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.Handles(b.Context(), c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.Counts(b.Context(), c); err != nil {
				b.Fatal(err)
			}
		}
	})
}
