package index_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	_ "github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	_ "github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	api "github.com/blevesearch/bleve_index_api"
	"github.com/klauspost/compress/zstd"
	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"daybook"
	"daybook/archive"
	"daybook/index"
)

// A measure is one line of "make bench": a ratio of two things that were
// measured in one run, interleaved.
type measure struct {
	Measure string  `json:"measure"`
	Ratio   float64 `json:"ratio"` // ours / theirs
	Ours    float64 `json:"ours"`
	Theirs  float64 `json:"theirs"`
	Unit    string  `json:"unit"`
	N       int     `json:"n"` // documents, or queries
}

func (m measure) print(t testing.TB) {
	m.Ratio = m.Ours / m.Theirs
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(b))
}

// cpu is the processor time of this process, which a busy machine does not
// distort as it does the clock.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A line is one message of the load file.
type line struct {
	ID, Account, To, Text string
	Time                  time.Time
}

// load reads n messages of the load file; what is more than it holds is made of
// the same texts with other ids.
func load(t testing.TB, n int) []line {
	t.Helper()
	dir := os.Getenv("DAYBOOK_TESTDATA")
	if dir == "" {
		if os.Getenv("DAYBOOK_REQUIRE") == "all" {
			t.Fatal("DAYBOOK_TESTDATA is not set")
		}
		t.Skip("DAYBOOK_TESTDATA is not set")
	}
	file, err := os.Open(filepath.Join(dir, "data/load/messages.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out []line
	for s := bufio.NewScanner(z); len(out) < n && s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		t.Fatal("the load file is empty")
	}
	for i := 0; len(out) < n; i++ {
		l := out[i]
		l.ID, l.Time = fmt.Sprintf("%s+%d", l.ID, i), l.Time.AddDate(0, 0, 1)
		out = append(out, l)
	}
	return out
}

const benchBatch = 1000

func (l *line) record() daybook.Record {
	return daybook.Item{
		Capture: daybook.Capture{Account: "acct", Platform: "mastodon", Lane: "notifications", NativeID: l.ID, Raw: []byte(`{}`), Offset: -1, Origin: daybook.Imported},
		Reading: &daybook.Reading{Parser: "bench/1", Messages: []daybook.ReadMessage{{
			Key: daybook.MessageKey("mastodon:" + l.ID), Kind: daybook.KindMention, Direction: daybook.In,
			Sender: sender(l.Account), Sent: daybook.When{At: l.Time}, Text: l.Text,
		}}},
	}.Record()
}

// entriesOf makes the log's entries, so that only the index is measured.
func entriesOf(lines []line) [][]archive.Entry {
	var out [][]archive.Entry
	n := uint64(0)
	for part := range slices.Chunk(lines, benchBatch) {
		batch := make([]archive.Entry, len(part))
		for i := range part {
			batch[i] = archive.Entry{Index: n, Record: part[i].record()}
			n++
		}
		out = append(out, batch)
	}
	return out
}

// buildOurs indexes with everything that the product does, and closes.
func buildOurs(t testing.TB, batches [][]archive.Entry) (spent time.Duration, dir string, w *world) {
	t.Helper()
	w = newWorld(t)
	w.close()
	cfg := w.config()
	cfg.Heads = nil // the log is not in the store
	start := cpu(t)
	w.openWith(cfg)
	for _, b := range batches {
		if err := w.x.Handle(t.Context(), w.c, b); err != nil {
			t.Fatal(err)
		}
	}
	w.close()
	return cpu(t) - start, w.dir, w
}

// productMapping has the product's fields, for bleve as it comes: its own
// tokenizer, and everything through reflection over a map.
func productMapping(t testing.TB) mapping.IndexMapping {
	m := bleve.NewIndexMapping()
	err := m.AddCustomAnalyzer("words", map[string]any{"type": custom.Name, "tokenizer": "unicode", "token_filters": []string{"to_lower"}})
	if err != nil {
		t.Fatal(err)
	}
	d := bleve.NewDocumentStaticMapping()
	text := bleve.NewTextFieldMapping()
	text.Analyzer, text.Store, text.DocValues, text.IncludeInAll = "words", false, false, false
	d.AddFieldMappingsAt("text", text)
	for _, name := range []string{"sender", "account", "kind", "origin", "direction", "at", "day"} {
		k := bleve.NewKeywordFieldMapping()
		k.Store, k.IncludeInAll, k.IncludeTermVectors, k.SkipFreqNorm = false, false, false, true
		k.DocValues = name == "sender" || name == "kind" || name == "at"
		d.AddFieldMappingsAt(name, k)
	}
	m.DefaultMapping, m.DefaultField = d, "text"
	m.StoreDynamic, m.IndexDynamic, m.DocValuesDynamic = false, false, false
	return m
}

// buildRaw indexes the same documents with bleve alone: safe batches, files in
// the clear. The hooks are taken away meanwhile, so no Index may be open.
func buildRaw(t testing.TB, m mapping.IndexMapping, lines []line) (spent time.Duration, dir string) {
	t.Helper()
	writer, reader := api.WriterHook, api.ReaderHook
	api.WriterHook, api.ReaderHook = nil, nil
	defer func() { api.WriterHook, api.ReaderHook = writer, reader }()
	dir = filepath.Join(t.TempDir(), "raw")
	start := cpu(t)
	ix, err := bleve.NewUsing(dir, m, scorch.Name, scorch.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(lines, benchBatch) {
		b := ix.NewBatch()
		for i := range part {
			l := &part[i]
			err := b.Index(l.ID, map[string]any{
				"text": l.Text, "sender": l.Account, "account": "acct", "kind": "mention", "origin": "imported", "direction": "in",
				"at": fmt.Sprintf("%016d", l.Time.UnixMicro()), "day": l.Time.Format("20060102"),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := ix.Batch(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	return cpu(t) - start, dir
}

func size(t testing.TB, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		n += info.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func median[T time.Duration | float64](v []T) float64 {
	slices.Sort(v)
	return float64(v[len(v)/2])
}

// BenchmarkRatios prints the index's lines of "make bench":
//
//	DAYBOOK_TESTDATA=… go test ./index -run '^$' -bench Ratios -benchtime 1x
func BenchmarkRatios(b *testing.B) {
	n := 20_000
	lines := load(b, n)
	batches := entriesOf(lines)
	textBytes := 0
	for i := range lines {
		textBytes += len(lines[i].Text)
	}
	for b.Loop() {
		var ours, raw, dynamic []time.Duration
		var ourSize, rawSize int64
		for range 5 {
			d, dir, _ := buildOurs(b, batches)
			ours, ourSize = append(ours, d), size(b, dir)
			d, dir = buildRaw(b, productMapping(b), lines)
			raw, rawSize = append(raw, d), size(b, dir)
			d, _ = buildRaw(b, bleve.NewIndexMapping(), lines)
			dynamic = append(dynamic, d)
		}
		us := func(v []time.Duration) float64 { return median(v) / 1e3 / float64(n) }
		measure{Measure: "index: sealed build against raw bleve with the product's mapping", Ours: us(ours), Theirs: us(raw), Unit: "cpu us/message", N: n}.print(b)
		measure{Measure: "index: sealed build against bleve's default mapping", Ours: us(ours), Theirs: us(dynamic), Unit: "cpu us/message", N: n}.print(b)
		measure{Measure: "index: sealed size against raw bleve with the product's mapping", Ours: float64(ourSize) / float64(n), Theirs: float64(rawSize) / float64(n), Unit: "B/message", N: n}.print(b)
		measure{Measure: "index: sealed size against the bytes of the texts", Ours: float64(ourSize) / float64(n), Theirs: float64(textBytes) / float64(n), Unit: "B/message", N: n}.print(b)
	}
}

// BenchmarkSearchAgainstFTS5 prints the 99th percentile of searches in one case.
func BenchmarkSearchAgainstFTS5(b *testing.B) {
	const n, queries = 20_000, 300
	lines := load(b, n)
	_, _, w := buildOurs(b, entriesOf(lines))
	cfg := w.config()
	cfg.Heads = nil
	w.openWith(cfg)
	db := buildFTS5(b, lines)
	shapes := map[string][2][]string{}
	words := sampleWords(lines, queries)
	for i := range queries {
		p, q := words[i], words[(i+1)%queries]
		add := func(shape, ours, theirs string) {
			v := shapes[shape]
			v[0], v[1] = append(v[0], ours), append(v[1], theirs)
			shapes[shape] = v
		}
		add("one word", p, `"`+p+`"`)
		add("two words", p+" "+q, `"`+p+`" "`+q+`"`)
		add("one of two", p+" OR "+q, `"`+p+`" OR "`+q+`"`)
		if len(p) >= 3 {
			add("beginning", p[:3]+"*", p[:3]+"*")
		}
	}
	for b.Loop() {
		for _, shape := range slices.Sorted(mapKeys(shapes)) {
			pair := shapes[shape]
			var ours, theirs []float64
			for pass := range 2 {
				for i := range pair[0] {
					start := time.Now()
					r, err := w.x.Search(b.Context(), index.Query{Case: w.c, Text: pair[0][i]})
					if err != nil {
						b.Fatal(err)
					}
					d := time.Since(start)
					start = time.Now()
					total := searchFTS5(b, db, pair[1][i])
					e := time.Since(start)
					if r.Total == 0 && total > 0 {
						b.Errorf("%s: found nothing, FTS5 %d", pair[0][i], total)
					}
					if pass == 1 {
						ours, theirs = append(ours, d.Seconds()*1e3), append(theirs, e.Seconds()*1e3)
					}
				}
			}
			for _, share := range []float64{0.5, 0.99} {
				measure{Measure: fmt.Sprintf("search: %s, p%.0f against FTS5", shape, share*100), Ours: quantile(ours, share), Theirs: quantile(theirs, share), Unit: "ms", N: len(ours)}.print(b)
			}
		}
	}
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func quantile(v []float64, share float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[min(len(v)-1, int(float64(len(v))*share))]
}

// sampleWords draws plain words as they occur: common ones often.
func sampleWords(lines []line, n int) (out []string) {
	r := rand.New(rand.NewPCG(1, 2))
	for len(out) < n {
		fields := strings.FieldsFunc(lines[r.IntN(len(lines))].Text, func(c rune) bool { return c < 'a' || c > 'z' })
		if len(fields) > 0 {
			if f := fields[r.IntN(len(fields))]; len(f) > 1 && len(f) < 20 {
				out = append(out, f)
			}
		}
	}
	return out
}

func buildFTS5(t testing.TB, lines []line) *sql.DB {
	t.Helper()
	sqlite3.AutoExtension(fts5.Register)
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "fts.db")+"?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Exec(`CREATE VIRTUAL TABLE messages USING fts5(text)`); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	insert, err := tx.PrepareContext(context.Background(), `INSERT INTO messages(text) VALUES ($1)`)
	if err != nil {
		t.Fatal(err)
	}
	for i := range lines {
		if _, err := insert.Exec(lines[i].Text); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return db
}

// searchFTS5 does what a page of results needs: the number of hits and the best
// twenty.
func searchFTS5(t testing.TB, db *sql.DB, query string) (total int) {
	t.Helper()
	if err := db.QueryRow(`SELECT count(*) FROM messages WHERE messages MATCH $1`, query).Scan(&total); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`SELECT rowid, rank FROM messages WHERE messages MATCH $1 ORDER BY rank LIMIT 20`, query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var rank float64
		if err := rows.Scan(&id, &rank); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return total
}

// BenchmarkHandle is the cost of following the log, for profiles.
func BenchmarkHandle(b *testing.B) {
	lines := load(b, 20_000)
	batches := entriesOf(lines)
	b.ReportAllocs()
	var spent time.Duration
	n := 0
	for b.Loop() {
		d, _, _ := buildOurs(b, batches)
		spent += d
		n += len(lines)
	}
	b.ReportMetric(float64(spent.Microseconds())/float64(n), "cpu-us/message")
}
