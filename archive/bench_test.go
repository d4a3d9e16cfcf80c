package archive_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/store"
)

// BenchmarkAppend measures sealing alone: the rows go nowhere.
func BenchmarkAppend(b *testing.B) {
	m := archivetest.NewMemory()
	l, c := setup(b, m, 1, nil)
	batch := largeItems(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Append(context.Background(), c, batch); err != nil {
			b.Fatal(err)
		}
		m.Log[c] = m.Log[c][:0]
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/entry")
}

// largeItems returns items of about 4 KB of JSON.
func largeItems(t testing.TB, n int) []daybook.Record {
	t.Helper()
	raw, err := os.ReadFile("dictionary1.txt")
	if err != nil {
		t.Fatal(err)
	}
	raw = raw[bytes.IndexByte(raw, '{'):]
	batch := make([]daybook.Record, n)
	for i := range batch {
		batch[i] = archivetest.Item(fmt.Sprint(i), "text of a message")
		for k := range batch[i].Fields {
			if batch[i].Fields[k].Name == "raw" {
				batch[i].Fields[k].Value = bytes.ReplaceAll(raw, []byte("kestrel"), fmt.Appendf(nil, "goldcrest%d", i))
			}
		}
	}
	return batch
}

func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The check of everything against the least that has to be done for it: read
// the rows, open them, hash the bytes once. Processor time in one run.
func BenchmarkVerifyRatio(b *testing.B) {
	const entries = 50_000
	var key archive.InstanceKey
	rand.Read(key[:])
	db, err := store.OpenSQLite(context.Background(), filepath.Join(b.TempDir(), "daybook.db"), key)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	l, err := archive.Open(context.Background(), archive.Config{Storage: db, Keys: db.Keys, Blobs: archivetest.NewMemory()})
	if err != nil {
		b.Fatal(err)
	}
	c, err := l.NewCase(context.Background(), archivetest.Actor, "load", "UTC")
	if err != nil {
		b.Fatal(err)
	}
	for range entries / 1000 {
		if _, err := l.Append(context.Background(), c, largeItems(b, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := l.Checkpoint(context.Background(), c); err != nil {
		b.Fatal(err)
	}
	var ours, bare []float64
	for range b.N {
		for range 5 {
			start := cpuTime(b)
			if n, err := l.ReadAndHash(context.Background(), c); err != nil || n < entries {
				b.Fatal(n, err)
			}
			bare = append(bare, (cpuTime(b) - start).Seconds())
			start = cpuTime(b)
			if r, err := l.Verify(context.Background(), c); err != nil || r.Answer != archive.OK {
				b.Fatal(r, err)
			}
			ours = append(ours, (cpuTime(b) - start).Seconds())
		}
	}
	slices.Sort(ours)
	slices.Sort(bare)
	line, err := json.Marshal(map[string]any{"measure": "speed of verify / read, open and hash the same rows", "unit": "entries/s", "n": entries,
		"ours": entries / ours[len(ours)/2], "theirs": entries / bare[len(bare)/2], "ratio": bare[len(bare)/2] / ours[len(ours)/2]})
	if err != nil {
		b.Fatal(err)
	}
	fmt.Println(string(line))
}
