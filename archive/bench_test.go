package archive_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"daybook"
	"daybook/archive/archivetest"
)

// BenchmarkAppend measures sealing alone: the rows go nowhere.
func BenchmarkAppend(b *testing.B) {
	raw, err := os.ReadFile("dictionary1.txt")
	if err != nil {
		b.Fatal(err)
	}
	raw = bytes.ReplaceAll(raw[bytes.IndexByte(raw, '{'):], []byte("kestrel"), []byte("goldcrest"))
	m := archivetest.NewMemory()
	l, c := setup(b, m, 1, nil)
	batch := make([]daybook.Record, 1000)
	for i := range batch {
		batch[i] = archivetest.Item("n", "text of a message")
		for k := range batch[i].Fields {
			if batch[i].Fields[k].Name == "raw" {
				batch[i].Fields[k].Value = raw
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Append(context.Background(), c, batch); err != nil {
			b.Fatal(err)
		}
		m.Log[c] = m.Log[c][:0]
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/entry")
	b.ReportMetric(float64(len(raw)), "raw-bytes")
}
