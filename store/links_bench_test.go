package store_test

import (
	"testing"

	"daybook/detect/links"
	"daybook/detect/style"
)

// BenchmarkLinks is what it costs to have ready what handles are compared by:
// from nothing, with nothing new, and with one new message.
func BenchmarkLinks(b *testing.B) {
	db, c := benchCase(b, *benchMessages)
	model, err := style.Shipped()
	if err != nil {
		b.Fatal(err)
	}
	facts, err := db.Facts(b.Context(), c, at(1_000_000))
	if err != nil {
		b.Fatal(err)
	}
	ask := func() {
		if err := db.Links(b.Context(), c, facts, model, func(links.Facts) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	f := db.Messages(nil)
	b.Run("from nothing", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			if err := f.Erased(b.Context(), c, nil); err != nil { // it lets go of what is kept
				b.Fatal(err)
			}
			b.StartTimer()
			ask()
		}
	})
	b.Run("nothing new", func(b *testing.B) {
		for b.Loop() {
			ask()
		}
	})
	done := *benchMessages
	b.Run("one new message", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			handle(b, f, c, benchStory(done, 1))
			done++
			b.StartTimer()
			ask()
		}
	})
}
