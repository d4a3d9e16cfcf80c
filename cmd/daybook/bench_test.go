package main

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
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

	"daybook"
	"daybook/cases"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/internal/need"
)

// The benchmarks of this file measure the whole way of a message, and print
// ratios of processor time that was taken in one run, interleaved. make bench
// runs them; docs/benchmarks.md says what each line means.

type benchLine struct {
	Measure string  `json:"measure"`
	Ratio   float64 `json:"ratio"`
	Ours    float64 `json:"ours"`
	Theirs  float64 `json:"theirs"`
	Unit    string  `json:"unit"`
	N       int     `json:"n"`
}

func (l benchLine) print(t testing.TB) {
	t.Helper()
	l.Ratio = l.Ours / l.Theirs
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(b))
}

func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A loadMessage is one line of the load file.
type loadMessage struct {
	ID, Account, To, Text string
	Time                  time.Time
	Status                string // the identifier that Mastodon would give it: milliseconds, then 16 bits
}

// readLoad reads n messages; past the end of the file it begins again with
// other ids and later days.
func readLoad(t testing.TB, n int) []loadMessage {
	t.Helper()
	f, err := os.Open(filepath.Join(need.TestData(t), "data", "load", "messages.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read from
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out []loadMessage
	for s := bufio.NewScanner(z); len(out) < n && s.Scan(); {
		var m loadMessage
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	for i, first := 0, len(out); len(out) < n; i++ {
		m := out[i]
		m.ID, m.Time = m.ID+"+"+strconv.Itoa(i/first), m.Time.AddDate(1, 0, 0)
		out = append(out, m)
	}
	for i := range out {
		out[i].Status = strconv.FormatInt(out[i].Time.UnixMilli()<<16|int64(i&0xffff), 10)
	}
	return out
}

// notification writes a message as a Mastodon server sends it: about 2.4 KB of
// JSON, of which the text is the smallest part.
func (m *loadMessage) notification(b []byte) []byte {
	at := m.Time.UTC().Format("2006-01-02T15:04:05.000Z")
	account := fmt.Sprintf(`{"id":"%[1]s","username":"%[1]s","acct":"%[1]s@chat.example","display_name":"%[1]s","locked":false,"bot":false,"discoverable":true,"indexable":false,"group":false,"created_at":"2026-01-20T00:00:00.000Z","note":"<p></p>","url":"https://chat.example/@%[1]s","uri":"https://chat.example/users/%[1]s","avatar":"https://social.example/cache/accounts/avatars/1/original/%[1]s.png","avatar_static":"https://social.example/cache/accounts/avatars/1/original/%[1]s.png","header":"https://social.example/headers/original/missing.png","header_static":"https://social.example/headers/original/missing.png","followers_count":2,"following_count":5,"statuses_count":61,"last_status_at":"2026-11-23","hide_collections":null,"emojis":[],"fields":[]}`, m.Account)
	text, err := json.Marshal(`<p><span class="h-card" translate="no"><a href="https://social.example/@wren" class="u-url mention">@<span>wren</span></a></span> ` + html.EscapeString(m.Text) + `</p>`)
	if err != nil {
		panic(err) // a string always marshals
	}
	return fmt.Appendf(b, `{"id":"n-%[1]s","type":"mention","created_at":"%[2]s","group_key":"ungrouped-%[1]s","account":%[3]s,"status":{"id":"%[6]s","created_at":"%[2]s","in_reply_to_id":null,"in_reply_to_account_id":null,"sensitive":false,"spoiler_text":"","visibility":"public","language":"en","uri":"https://chat.example/users/%[4]s/statuses/%[6]s","url":"https://chat.example/@%[4]s/%[6]s","replies_count":0,"reblogs_count":0,"favourites_count":0,"quotes_count":0,"edited_at":null,"favourited":false,"reblogged":false,"muted":false,"bookmarked":false,"content":%[5]s,"filtered":[],"reblog":null,"account":%[3]s,"media_attachments":[],"mentions":[{"id":"1","username":"wren","url":"https://social.example/@wren","acct":"wren"}],"tags":[],"emojis":[],"card":null,"poll":null,"quote":null}}`,
		m.ID, at, account, m.Account, text, m.Status)
}

// onOneProcessor keeps the collector of garbage from using processors that are
// idle: that time would be counted too, and says nothing.
func onOneProcessor(b *testing.B) {
	before := runtime.GOMAXPROCS(1)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

const benchBatch = 1000

// waitUntilIdle waits until bleve's background work is done, so that each side
// pays for its own.
func waitUntilIdle(t testing.TB) {
	t.Helper()
	quiet := 0
	for range 600 {
		before := cpuTime(t)
		time.Sleep(50 * time.Millisecond)
		if quiet++; cpuTime(t)-before > 5*time.Millisecond {
			quiet = 0
		}
		if quiet == 6 {
			return
		}
	}
	t.Fatal("the index does not come to rest")
}

// A benchSource hands out pages of a thousand notifications that are split
// already; nothing goes over a network.
type benchSource struct{ pages *[][]daybook.Capture }

func (benchSource) Lanes() []daybook.Lane { return []daybook.Lane{"notifications"} }
func (benchSource) Close() error          { return nil }

func (s benchSource) Fetch(_ context.Context, _ daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	if at == "" {
		return collectors.Page{Exchange: daybook.Exchange{Status: 200, End: time.Now()}, Next: "0", More: true}, nil
	}
	n, err := strconv.Atoi(string(at))
	if err != nil || n >= len(*s.pages) {
		return collectors.Page{Next: at}, err
	}
	page := collectors.Page{Captures: (*s.pages)[n], Next: collectors.Cursor(strconv.Itoa(n + 1)), More: n+1 < len(*s.pages)}
	page.Exchange = *page.Captures[0].Exchange
	return page, nil
}

func (benchSource) Look(context.Context, []collectors.Ref) ([]collectors.Look, error) {
	return nil, nil
}
func (benchSource) Media(context.Context, daybook.Media) ([]byte, daybook.Exchange, error) {
	return nil, daybook.Exchange{}, collectors.ErrNotFetched
}

// A bencher is one instance with everything real but the network.
type bencher struct {
	*app
	id   daybook.CaseID
	acct daybook.Account

	waiting [][]daybook.Capture // pages that nobody has asked for
	pages   [][]daybook.Capture // by cursor
}

func newBencher(t testing.TB) *bencher {
	t.Helper()
	cfg := killConfig(t.TempDir())
	a, err := openApp(context.Background(), cfg, appOptions{log: slog.New(slog.DiscardHandler), clock: time.Now, notice: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	b := &bencher{app: a}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	driver := collectors.Driver{Platform: mastodon.Platform, Parse: mastodon.Parse,
		Open: func(context.Context, daybook.Account, []byte) (collectors.Source, error) {
			return benchSource{&b.pages}, nil
		}}
	a.runner = collectors.NewRunner(collectors.Config{Drivers: []collectors.Driver{driver}, Log: a.log, Ledger: a.db, Accounts: a.db, Queue: a.db,
		Owner: "bench", LookAfter: []time.Duration{}, Lease: time.Hour})
	if b.id, err = a.log.NewCase(context.Background(), cases.Operator("bench"), "Load", "UTC"); err != nil {
		t.Fatal(err)
	}
	account := daybook.Account{Case: b.id, Platform: mastodon.Platform, Server: "https://social.example",
		Handle: daybook.Handle{Platform: mastodon.Platform, Native: "https://social.example/users/wren", Names: []daybook.SeenName{{Account: "wren@social.example"}}}}
	b.acct, err = a.cases.Connect(context.Background(), cases.Operator("bench"), account, []byte("token"), daybook.Consent{Scopes: []string{"read"}, Purpose: "bench", Text: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// take ingests messages and returns what it cost. What was derived is brought up
// to date after every second page, as serve does at every other second.
func (b *bencher) take(t testing.TB, messages []loadMessage) time.Duration {
	t.Helper()
	for part := range slices.Chunk(messages, benchBatch) {
		x := &daybook.Exchange{Method: "GET", URL: "https://social.example/api/v1/notifications?limit=80", Status: 200, Start: time.Now(), End: time.Now(),
			Headers: []daybook.Header{{Name: "Content-Type", Value: "application/json; charset=utf-8"}}}
		page := make([]daybook.Capture, len(part))
		for i := range part {
			page[i] = daybook.Capture{Account: b.acct.ID, Platform: mastodon.Platform, Lane: "notifications", NativeID: "n-" + part[i].ID, MediaType: "application/json",
				Raw: part[i].notification(nil), Exchange: x, Member: "/" + strconv.Itoa(i), Origin: daybook.Collected}
		}
		b.waiting = append(b.waiting, page)
	}
	runtime.GC()
	start := cpuTime(t)
	for len(b.waiting) > 0 {
		n := min(2, len(b.waiting))
		b.read(t, b.waiting[:n])
		b.waiting = b.waiting[n:]
	}
	b.find(t, "nobody-says-this") // after this, every message is in the index's files
	waitUntilIdle(t)
	return cpuTime(t) - start
}

func (b *bencher) find(t testing.TB, words string) {
	t.Helper()
	q, err := b.query(context.Background(), b.id, words)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.index.Search(context.Background(), q); err != nil {
		t.Fatal(err)
	}
}

// read collects pages, derives from them and signs.
func (b *bencher) read(t testing.TB, pages [][]daybook.Capture) {
	t.Helper()
	want := 0
	for _, p := range pages {
		want += len(p)
	}
	b.pages = append(b.pages, pages...)
	report := collectors.Report{More: true}
	for report.More {
		more, err := b.runner.Once(context.Background(), b.acct.ID)
		if err != nil {
			t.Fatal(err)
		}
		report.New, report.More = report.New+more.New, more.More
	}
	if report.New != want {
		t.Fatalf("%d of %d messages were new: %+v", report.New, want, report)
	}
	if err := b.log.CatchUp(context.Background(), b.id, b.messages, b.index); err != nil {
		t.Fatal(err)
	}
	if _, err := b.log.Checkpoint(context.Background(), b.id); err != nil {
		t.Fatal(err)
	}
	for i := range b.pages {
		b.pages[i] = nil // what was read is not needed any more
	}
	for i := range pages {
		pages[i] = nil
	}
}

// A rawIndex is bleve alone, with the product's fields and its own tokenizer.
type rawIndex struct {
	ix     bleve.Index
	hooked bool
}

func newRaw(t testing.TB, hooked bool) *rawIndex {
	t.Helper()
	m := bleve.NewIndexMapping()
	if err := m.AddCustomAnalyzer("words", map[string]any{"type": custom.Name, "tokenizer": "unicode", "token_filters": []string{"to_lower"}}); err != nil {
		t.Fatal(err)
	}
	d := bleve.NewDocumentStaticMapping()
	text := bleve.NewTextFieldMapping()
	text.Analyzer, text.Store, text.DocValues, text.IncludeInAll = "words", false, false, false
	d.AddFieldMappingsAt("text", text)
	for _, name := range []string{"sender", "account", "kind", "origin", "direction", "at", "day"} {
		d.AddFieldMappingsAt(name, keywordMapping(name == "sender" || name == "kind" || name == "at"))
	}
	m.DefaultMapping, m.DefaultField = d, "text"
	m.StoreDynamic, m.IndexDynamic, m.DocValuesDynamic = false, false, false
	r := &rawIndex{hooked: hooked}
	r.with(func() {
		var err error
		if r.ix, err = bleve.NewUsing(filepath.Join(t.TempDir(), "raw"), m, scorch.Name, scorch.Name, nil); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

func keywordMapping(sorted bool) *mapping.FieldMapping {
	k := bleve.NewKeywordFieldMapping()
	k.Store, k.IncludeInAll, k.IncludeTermVectors, k.SkipFreqNorm, k.DocValues = false, false, false, true, sorted
	return k
}

// with runs fn without bleve's encryption hooks, which are global, or, for a
// sealed one, with the plainest hooks that there can be: AES-256-GCM under one
// key. No other index may be written meanwhile.
func (r *rawIndex) with(fn func()) {
	writer, reader := api.WriterHook, api.ReaderHook
	defer func() { api.WriterHook, api.ReaderHook = writer, reader }()
	api.WriterHook, api.ReaderHook = nil, nil
	if r.hooked {
		api.WriterHook = func([]byte) (string, func([]byte) []byte, error) {
			return "bench", func(plain []byte) []byte {
				nonce := make([]byte, benchAEAD.NonceSize(), benchAEAD.NonceSize()+len(plain)+benchAEAD.Overhead())
				rand.Read(nonce)
				return benchAEAD.Seal(nonce, nonce, plain, nil)
			}, nil
		}
		api.ReaderHook = func(id string, _ []byte) (func([]byte) ([]byte, error), error) {
			if id == "" {
				return func(b []byte) ([]byte, error) { return b, nil }, nil
			}
			return func(b []byte) ([]byte, error) {
				if len(b) == 0 {
					return b, nil
				}
				n := benchAEAD.NonceSize()
				return benchAEAD.Open(nil, b[:n], b[n:], nil)
			}, nil
		}
	}
	fn()
}

var benchAEAD = func() cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}()

func (r *rawIndex) take(t testing.TB, messages []loadMessage) (spent time.Duration) {
	t.Helper()
	r.with(func() {
		runtime.GC()
		start := cpuTime(t)
		for part := range slices.Chunk(messages, benchBatch) {
			b := r.ix.NewBatch()
			for i := range part {
				m := &part[i]
				err := b.Index(m.ID, map[string]any{"text": "@wren " + m.Text, "sender": m.Account, "account": "acct", "kind": "mention", "origin": "collected",
					"direction": "in", "at": fmt.Sprintf("%016d", m.Time.UnixMicro()), "day": m.Time.Format("20060102")})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := r.ix.Batch(b); err != nil {
				t.Fatal(err)
			}
		}
		waitUntilIdle(t)
		spent = cpuTime(t) - start
	})
	return spent
}

// Sealed durable ingest against bleve alone: decode, keys, log with salts per
// field, derived rows and the sealed index, in batches of a thousand, on disk;
// against plain bleve batches of the same documents with the product's fields.
func BenchmarkIngestRatio(b *testing.B) {
	// Many short rounds, and sums: what else runs on the machine is then in
	// all three alike, and every merge in the background is in one of them.
	const rounds, part = 16, 4_000
	onOneProcessor(b)
	messages := readLoad(b, rounds*part)
	var ours, plain, hooked float64
	for range b.N {
		x := newBencher(b)
		raw, sealed := newRaw(b, false), newRaw(b, true)
		for chunk := range slices.Chunk(messages, part) {
			plain += raw.take(b, chunk).Seconds()
			hooked += sealed.take(b, chunk).Seconds()
			ours += x.take(b, chunk).Seconds()
		}
		for _, r := range []*rawIndex{raw, sealed} {
			r.with(func() {
				if err := r.ix.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
	const what = "speed of sealed durable ingest / bleve batches of the same documents, "
	benchLine{Measure: what + "plain", Ours: rounds * part / ours, Theirs: rounds * part / plain, Unit: "docs per CPU second", N: rounds * part}.print(b)
	benchLine{Measure: what + "with encryption hooks", Ours: rounds * part / ours, Theirs: rounds * part / hooked, Unit: "docs per CPU second", N: rounds * part}.print(b)
}

func median(v []float64) float64 {
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}

// The cost of a message at 10,000 and at 400,000, and what reading costs then.
func BenchmarkGrowthRatio(b *testing.B) {
	total := 400_000
	if s := os.Getenv("DAYBOOK_BENCH_MESSAGES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		total = n
	}
	const part = 10_000
	onOneProcessor(b)
	for range b.N {
		x := newBencher(b)
		costs := x.takeAll(b, total, part)
		edge := min(3, len(costs)/2)
		first, last := costs[:max(1, edge)], costs[len(costs)-max(1, edge):]
		benchLine{Measure: "cost of a message at the end / at the beginning, CPU", Ours: median(last) / part * 1e6, Theirs: median(first) / part * 1e6, Unit: "µs", N: total}.print(b)
		debug.FreeOSMemory()
		benchLine{Measure: "resident memory / 300 MB", Ours: residentMB(b), Theirs: 300, Unit: "MB", N: total}.print(b)
		x.benchReads(b, total)
	}
}

// takeAll ingests messages and returns what each part of them cost. The load
// file is not the product's: when it returns, nothing holds it.
func (b *bencher) takeAll(t testing.TB, total, part int) (costs []float64) {
	t.Helper()
	for chunk := range slices.Chunk(readLoad(t, total), part) {
		costs = append(costs, b.take(t, chunk).Seconds())
	}
	return costs
}

// residentMB is what the process holds, files that are mapped included.
func residentMB(t testing.TB) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb / 1024
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func (b *bencher) benchReads(t testing.TB, total int) {
	words := []string{"accessibility", "browser", "question", "problem", "screen", "reader", "table", "image", "button", "keyboard", "people", "working", "really", "maybe", "think", "something"}
	var search, searchCPU, newest []float64
	start := time.Now()
	b.find(t, "firstword")
	benchLine{Measure: "first search after an ingest / 1 s", Ours: time.Since(start).Seconds(), Theirs: 1, Unit: "s", N: total}.print(t)
	for round := range 10 {
		for i, w := range words {
			q, err := b.query(context.Background(), b.id, w)
			if err != nil {
				t.Fatal(err)
			}
			q.From = time.Date(2012+(round+i)%6, time.Month(1+i%12), 1, 0, 0, 0, 0, time.UTC)
			q.To = q.From.AddDate(0, 0, 90)
			start, spent := time.Now(), cpuTime(t)
			if _, err := b.index.Search(context.Background(), q); err != nil {
				t.Fatal(err)
			}
			search = append(search, float64(time.Since(start).Microseconds())/1000)
			searchCPU = append(searchCPU, float64((cpuTime(t)-spent).Microseconds())/1000)
		}
		start := time.Now()
		page, _, err := b.db.List(context.Background(), b.id, daybook.MessageFilter{Newest: true}, 20, "")
		if err != nil || len(page) != 20 {
			t.Fatal(len(page), err)
		}
		newest = append(newest, float64(time.Since(start).Microseconds())/1000)
	}
	benchLine{Measure: "search of a case, word and 90 days, p99 / 20 ms", Ours: percentile(search, 99), Theirs: 20, Unit: "ms", N: total}.print(t)
	benchLine{Measure: "the same, processor time / 20 ms", Ours: percentile(searchCPU, 99), Theirs: 20, Unit: "ms", N: total}.print(t)
	benchLine{Measure: "newest 20 of a case, median / 5 ms", Ours: median(newest), Theirs: 5, Unit: "ms", N: total}.print(t)
}

func percentile(v []float64, p int) float64 {
	s := slices.Clone(v)
	slices.Sort(s)
	return s[min(len(s)-1, len(s)*p/100)]
}
