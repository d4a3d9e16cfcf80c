package upload_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/upload"
	"daybook/internal/work"
)

// A longFile has n messages in as many conversations as there are thousands.
type longFile struct{ n int }

var longMade = time.Date(2026, 11, 18, 8, 0, 0, 0, time.UTC)

func longThread(i int) string { return fmt.Sprintf("1480000101-%d", 2220000101+i/1000) }

func (l longFile) Summary() upload.Summary {
	s := upload.Summary{Kind: "long", Parser: "x/1", Owner: daybook.Handle{Platform: "x", Native: "1480000101"}, Made: longMade, Whole: true}
	for i := 0; i < l.n; i += 1000 {
		s.Threads = append(s.Threads, upload.Thread{ID: longThread(i), Kind: upload.ThreadDirect, Messages: min(1000, l.n-i), Usual: true})
	}
	return s
}

func (l longFile) Items(context.Context) iter.Seq2[upload.Item, error] {
	return func(yield func(upload.Item, error) bool) {
		for i := range l.n {
			sender := daybook.Handle{Platform: "x", Native: fmt.Sprint(2220000101 + i/1000)}
			text := fmt.Sprintf("message %d %s", i, strings.Repeat("and so on ", 30))
			it := upload.Item{Thread: longThread(i), Item: daybook.Item{
				Capture: daybook.Capture{Platform: "x", Lane: "archive", NativeID: fmt.Sprint(i), Raw: []byte(text), Member: "data/direct-messages.js#/0", Origin: daybook.Imported},
				Reading: &daybook.Reading{Parser: "x/1", Messages: []daybook.ReadMessage{{Key: daybook.MessageKey(fmt.Sprint("x:dm/", i)), Kind: daybook.KindDirectMessage,
					Direction: daybook.In, Sender: sender, Sent: daybook.When{At: longMade.Add(-time.Duration(i) * time.Minute)}, Text: text, Thread: longThread(i)}}},
			}}
			if !yield(it, nil) {
				return
			}
		}
	}
}

func (longFile) Close() error { return nil }

// A sieve is a store that keeps nothing.
type sieve struct {
	entries uint64
	each    func()
}

func (s *sieve) Update(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (s *sieve) Append(_ context.Context, _ daybook.CaseID, batch []daybook.Record) (uint64, error) {
	first := s.entries
	s.entries += uint64(len(batch))
	s.each()
	return first, nil
}

func (s *sieve) PutBlob(_ context.Context, _ daybook.CaseID, b []byte) (daybook.Digest, error) {
	return daybook.DigestOf(b), nil
}

func (s *sieve) Seen(_ context.Context, _ daybook.CaseID, keys []collectors.SeenKey, _ time.Time) ([]int64, error) {
	out := make([]int64, len(keys))
	for i := range out {
		out[i] = -1
	}
	return out, nil
}

func (s *sieve) Recall(_ context.Context, _ daybook.CaseID, keys []collectors.SeenKey) ([]collectors.Sighting, error) {
	out := make([]collectors.Sighting, len(keys))
	for i := range out {
		out[i].Entry = -1
	}
	return out, nil
}

func (s *sieve) Remember(context.Context, daybook.CaseID, []collectors.SeenKey, []uint64, time.Time) error {
	return nil
}

func (s *sieve) Excluded(context.Context, daybook.CaseID) (map[string]bool, error) { return nil, nil }

func (s *sieve) Put(context.Context, ...work.Task) error { return nil }
func (s *sieve) Claim(context.Context, string, string, string, time.Time, time.Duration, int) ([]work.Task, error) {
	return nil, nil
}
func (s *sieve) Done(context.Context, work.Task, time.Time, error) error { return nil }
func (s *sieve) Guard(context.Context, work.Task) error                  { return nil }
func (s *sieve) ClaimAbout(context.Context, string, string, string, time.Time, time.Time, time.Duration, int) ([]work.Task, error) {
	return []work.Task{{ID: "import/account"}}, nil
}

// An Importer's memory does not grow with the file: what it holds at any time is
// one batch.
func TestImporterMemory(t *testing.T) {
	const (
		n    = 100_000
		most = 24 << 20 // bytes; the messages themselves have more than 100 MB
	)
	var peak, before uint64
	batches := 0
	s := &sieve{each: func() {
		if batches++; batches%40 != 0 {
			return
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before = m.HeapAlloc
	file := longFile{n}
	im := upload.Importer{Log: s, Ledger: s, Accounts: s, Queue: s, Owner: "test", Clock: func() time.Time { return longMade.AddDate(0, 0, 1) }}
	r, err := im.Import(t.Context(), daybook.Actor{ID: "mara"}, upload.Order{
		Account: daybook.Account{ID: "account", Case: "case", Platform: "x", Handle: file.Summary().Owner},
		File:    upload.File{Name: "long.zip", ReaderAt: strings.NewReader("")}, Export: file,
	})
	if err != nil || r.Report.New != n || s.entries != n+2 {
		t.Fatalf("%d messages were new, %d entries, %v", r.Report.New, s.entries, err)
	}
	if peak-min(peak, before) > most {
		t.Errorf("at most %d MB more than before, want %d", (peak-before)>>20, most>>20)
	}
}

// BenchmarkImporter says what handing a message to the log costs, without reading
// the file and without sealing.
func BenchmarkImporter(b *testing.B) {
	const n = 50_000
	for b.Loop() {
		s := &sieve{each: func() {}}
		file := longFile{n}
		im := upload.Importer{Log: s, Ledger: s, Accounts: s, Queue: s, Owner: "test"}
		_, err := im.Import(b.Context(), daybook.Actor{ID: "mara"}, upload.Order{
			Account: daybook.Account{ID: "account", Case: "case", Platform: "x", Handle: file.Summary().Owner},
			File:    upload.File{Name: "long.zip", ReaderAt: strings.NewReader("")}, Export: file,
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
