package web_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"daybook"
	"daybook/index"
)

// benchWords makes texts of made-up words, of which the k-th is used as often as
// the k-th of a language.
type benchWords struct {
	r    *rand.Rand
	list []string
}

func newBenchWords() *benchWords {
	w := &benchWords{r: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same texts at each run
	seen := map[string]bool{}
	for len(w.list) < 30_000 {
		var b strings.Builder
		for range 1 + w.r.IntN(4) {
			b.WriteByte("bcdfghjklmnprstvw"[w.r.IntN(17)])
			b.WriteByte("aeiou"[w.r.IntN(5)])
		}
		if s := b.String(); !seen[s] {
			seen[s] = true
			w.list = append(w.list, s)
		}
	}
	return w
}

func (w *benchWords) text() string {
	words := make([]string, 5+w.r.IntN(30))
	for i := range words {
		words[i] = w.list[int(math.Pow(float64(len(w.list)), w.r.Float64()))-1]
	}
	return strings.Join(words, " ")
}

// benchSearch makes a case of n messages in two years, from 200 senders.
func benchSearch(b *testing.B, n int) (*house, *benchWords) {
	h, words := newHouse(b), newBenchWords()
	h.tell()
	begin := at(11, 1, 0, 0).AddDate(-2, 0, 0)
	f := h.db.Messages(nil)
	for from := 0; from < n; from += 2000 {
		records := make([]daybook.Record, 0, 2000)
		for i := from; i < min(n, from+2000); i++ {
			no := i % 200
			who := person(fmt.Sprint("https://many.example/users/", no), fmt.Sprintf("user%d@many.example", no), "Somebody")
			m := told{id: fmt.Sprint("bench", i), from: who, at: begin.Add(time.Duration(i) * 10 * time.Minute), text: words.text()}
			r := h.item(m)
			r.Actor = daybook.Actor{ID: "mastodon", Role: "collector", Via: "collector mastodon/1"}
			records = append(records, r)
		}
		_, err := h.log.Append(b.Context(), h.mayas, records)
		h.ok(err)
		h.ok(h.log.CatchUp(b.Context(), h.mayas, f, h.index))
	}
	h.settle(h.mayas)
	return h, words
}

// spent is the processor time of this process, which a busy machine does not
// distort as it does the clock.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSearchPageAgainstIndex is the search page in a case of 100,000
// messages, by HTTP with all that a visit costs, beside the search of the index
// alone, with the facets that the index has, in one run. It is processor time.
func BenchmarkSearchPageAgainstIndex(b *testing.B) {
	const n = 100_000
	h, words := benchSearch(b, n)
	maya := h.enter(h.maya)
	common, middle, rare := words.list[0], words.list[300], words.list[12_000]
	for _, tt := range []struct {
		name, words string
		form        []string
	}{
		{"rare", rare, nil},
		{"middle", middle, nil},
		{"common", common, nil},
		{"common, with words", common, []string{"show", "1"}},
		{"common, newest", common, []string{"sort", "newest"}},
		{"common, narrowed", common, []string{"month", "2026-10", "after", "1"}},
		{"two", common + " " + middle, nil},
		{"phrase", `"` + common + " " + words.list[1] + `"`, nil},
		{"or", common + " OR " + middle, nil},
		{"prefix", words.list[300][:2] + "*", nil},
		{"near", words.list[300] + "~", nil},
		{"sender", "from:user7", nil},
	} {
		b.Run(tt.name, func(b *testing.B) {
			path := maya.post(h.path("search"), append([]string{"words", tt.words}, tt.form...)...).Location
			q, err := index.Parse(tt.words)
			h.ok(err)
			q.Case, q.Limit, q.Facets = h.mayas, 20, true
			if len(q.Names) > 0 {
				q.Senders = []daybook.Handle{person("https://many.example/users/7", "", "")}
			}
			var pages, searches, clock []time.Duration
			for range 40 {
				begin, start := spent(b), time.Now()
				if page := maya.get(path); page.Status != 200 || !strings.Contains(page.Body, `class="entry"`) {
					b.Fatalf("status %d", page.Status)
				}
				pages, clock = append(pages, spent(b)-begin), append(clock, time.Since(start))
				begin = spent(b)
				_, err := h.index.Search(b.Context(), q)
				h.ok(err)
				searches = append(searches, spent(b)-begin)
			}
			slices.Sort(pages)
			slices.Sort(searches)
			slices.Sort(clock)
			ms := func(d time.Duration) float64 { return math.Round(float64(d.Microseconds())/10) / 100 }
			p95 := len(pages) * 95 / 100
			line, err := json.Marshal(map[string]any{
				"measure": "web: search page, p95, " + tt.name, "ours": ms(pages[p95]), "theirs": ms(searches[p95]), "ratio": math.Round(10*ms(pages[p95])/ms(searches[p95])) / 10,
				"unit": "ms of processor time", "n": n, "p50": ms(pages[len(pages)/2]),
				"clock_p50": ms(clock[len(clock)/2]), "clock_p95": ms(clock[p95]),
			})
			h.ok(err)
			fmt.Println(string(line))
		})
	}
}
