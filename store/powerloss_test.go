package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/ncruces/go-sqlite3/vfs/adiantum"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/internal/powerloss"
	"daybook/store"
)

// The power goes at random moments while a log is written: what was
// acknowledged is there afterwards, nothing is there twice, and every byte
// verifies.
func TestPowerLoss_B1(t *testing.T) {
	const cuts = 100
	disk := powerloss.New()
	vfs.Register("power-loss", adiantum.Wrap(disk, nil))
	t.Cleanup(func() { vfs.Unregister("power-loss") })
	key := newKey()
	path := filepath.Join(t.TempDir(), "daybook.db")
	db, err := store.OpenSQLiteOn(t.Context(), "power-loss", path, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDB(t, db) })
	l := openLog(t, db)
	c, err := l.NewCase(t.Context(), archivetest.Actor, "a case", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	var (
		acknowledged atomic.Uint64
		tick         = make(chan struct{})
		stop         = make(chan struct{})
		done         = make(chan error)
	)
	acknowledged.Store(1)
	go func() {
		done <- func() error {
			for i := 0; ; i++ {
				batch := make([]daybook.Record, 1+i%7)
				for k := range batch {
					batch[k] = archivetest.Item(fmt.Sprint(i, "/", k), "some text")
				}
				first, err := l.Append(t.Context(), c, batch)
				if err != nil {
					return err
				}
				acknowledged.Store(first + uint64(len(batch)))
				if i%5 == 0 { // the database itself is written, page by page
					if err := db.Truncate(t.Context()); err != nil {
						return err
					}
				}
				select {
				case <-stop:
					return nil
				case tick <- struct{}{}: // waits, so that the log does not outgrow the test
				}
			}
		}()
	}()
	r := rand.New(rand.NewPCG(2026, 11))
	for range cuts {
		for range 1 + r.IntN(5) {
			<-tick // the writer goes on with the next batch meanwhile
		}
		want := acknowledged.Load()
		dir := t.TempDir()
		if err := disk.Cut(dir, r); err != nil {
			t.Fatal(err)
		}
		after, err := store.OpenSQLite(t.Context(), filepath.Join(dir, "daybook.db"), key)
		if err != nil {
			t.Fatalf("open after the power went: %v", err)
		}
		report, err := openLog(t, after).Verify(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if report.Answer != archive.OK || report.Entries < want {
			t.Errorf("after the power went: %s, %d entries of %d acknowledged, %v", report.Answer, report.Entries, want, report.Problems)
		}
		closeDB(t, after)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// While the disk is full nothing is acknowledged and nothing is lost; when there
// is room again it goes on.
func TestDiskFull_B1(t *testing.T) {
	disk := powerloss.New()
	vfs.Register("disk-full", adiantum.Wrap(disk, nil))
	t.Cleanup(func() { vfs.Unregister("disk-full") })
	db, err := store.OpenSQLiteOn(t.Context(), "disk-full", filepath.Join(t.TempDir(), "daybook.db"), newKey())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDB(t, db) })
	l := openLog(t, db)
	c, err := l.NewCase(t.Context(), archivetest.Actor, "a case", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	for round := range uint64(5) {
		if first, err := l.Append(t.Context(), c, []daybook.Record{archivetest.Item("kept", "text")}); err != nil || first != 1+round {
			t.Fatalf("append: %d, %v; want %d", first, err, 1+round)
		}
		disk.Full(true)
		if _, err := l.Append(t.Context(), c, []daybook.Record{archivetest.Item("refused", "text")}); err == nil {
			t.Fatal("an append to a full disk was acknowledged")
		}
		disk.Full(false)
	}
	report, err := l.Verify(t.Context(), c)
	if err != nil || report.Answer != archive.OK || report.Entries != 6 {
		t.Errorf("verify: %+v, %v; want ok with 6 entries", report, err)
	}
}

func openLog(t testing.TB, db *store.DB) *archive.Log {
	t.Helper()
	l, err := archive.Open(t.Context(), archive.Config{Storage: db, Keys: db.Keys, Blobs: archivetest.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
