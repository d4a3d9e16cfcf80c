package store_test

import (
	"sync"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/store"
)

// Pages, the collector and the command line append and sign at the same time:
// none of them takes another's work for a fault.
func TestCheckpointsAtOnce_B1(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		l, err := archive.Open(t.Context(), archive.Config{Storage: db, Keys: db.Keys, Blobs: archivetest.NewMemory()})
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.NewCase(t.Context(), daybook.Actor{ID: "local", Role: "operator"}, "Garden", "Europe/London")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					if _, err := l.Append(t.Context(), c, []daybook.Record{daybook.NewRecord(daybook.RecordAccess, daybook.Access{Action: "list"})}); err != nil {
						t.Error(err)
					}
					if _, err := l.Checkpoint(t.Context(), c); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		report, err := l.Verify(t.Context(), c)
		if err != nil || report.Answer != archive.OK {
			t.Errorf("got %v, %v", report.Answer, err)
		}
		if err := db.PutCheckpoint(t.Context(), c, report.Entries, []byte("another note"), day); err == nil {
			t.Error("another note took the place of one that was there")
		}
	})
}
