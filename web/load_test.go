package web_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/internal/need"
)

// fill puts n messages of 40 handles over six weeks into Maya's case.
func (h *house) fill(n int) {
	h.t.Helper()
	ctx := h.t.Context()
	h.account = daybook.Account{ID: "a", Case: h.mayas, Platform: "mastodon"}
	const batch = 1000
	for from := 0; from < n; from += batch {
		var records []daybook.Record
		for i := from; i < min(from+batch, n); i++ {
			k := i % 40
			handle := person(fmt.Sprintf("https://birds.example/users/%d", k), fmt.Sprintf("bird_%d@birds.example", k), fmt.Sprint("Bird ", k))
			m := told{id: fmt.Sprint("f", i), from: handle, at: at(10, 12, 0, 0).Add(time.Duration(i) * 42 * 24 * time.Hour / time.Duration(n)), text: fmt.Sprint("a made-up sentence about the river, number ", i)}
			if i%97 == 0 {
				m.out = true
			}
			records = append(records, h.item(m))
		}
		for i := range records {
			records[i].Actor = daybook.Actor{ID: "mastodon", Role: "collector"}
		}
		_, err := h.log.Append(ctx, h.mayas, records)
		h.ok(err)
		h.settle(h.mayas)
	}
	h.account.ID = ""
}

// BenchmarkOverview100k shows the first page of a case of 100,000 messages, as
// it is seen again and again, and after a new message came in.
func BenchmarkOverview100k(b *testing.B) {
	h := newHouse(b)
	h.fill(100_000)
	maya := h.enter(h.maya)
	path := "/c/" + string(h.mayas) + "/overview"
	begin := time.Now()
	if got := maya.get(path); got.Status != http.StatusOK {
		b.Fatalf("got %d", got.Status)
	}
	first := time.Since(begin)
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		maya.get(path)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	bare := time.Now()
	if _, err := h.db.Counts(b.Context(), h.mayas); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(first.Microseconds())/1000, "first_ms")
	b.ReportMetric(float64(p95.Microseconds())/1000, "p95_ms")
	b.ReportMetric(float64(time.Since(bare).Microseconds())/1000, "counts_query_ms")
}

// TestSoakSessions lets 200 people who are signed in look again and again, for
// as long as DAYBOOK_SOAK says: memory stays where it was after the first third.
func TestSoakSessions(t *testing.T) {
	soak := need.Soak(t)
	h := newHouse(t)
	h.tell()
	const sessions = 200
	browsers := make([]*browserClient, sessions)
	for i := range browsers {
		u := h.user(fmt.Sprint("Adviser ", i))
		h.grant(h.mayas, u, "content")
		browsers[i] = h.enter(u)
	}
	pages := []string{"overview", "timeline", "handles", "people"}
	round := func(n int) {
		var wg sync.WaitGroup
		for i, b := range browsers {
			wg.Go(func() {
				page := pages[(i+n)%len(pages)]
				if page == "people" {
					page = "overview"
				}
				if got := b.get("/c/" + string(h.mayas) + "/" + page); got.Status != http.StatusOK {
					t.Errorf("%s: %d", page, got.Status)
				}
			})
		}
		wg.Wait()
	}
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	begin, rounds := time.Now(), 0
	var third uint64
	for time.Since(begin) < soak {
		round(rounds)
		rounds++
		h.move(20 * time.Second)
		if third == 0 && time.Since(begin) > soak/3 {
			third = held()
		}
	}
	end := held()
	t.Logf("%d sessions, %d rounds in %s: %.1f MB after a third, %.1f MB at the end", sessions, rounds, soak, float64(third)/1e6, float64(end)/1e6)
	if float64(end) > float64(third)*1.2+8e6 {
		t.Errorf("memory grew from %d to %d bytes", third, end)
	}
	if _, err := os.Stat("/proc/self/fd"); err == nil {
		fds, err := os.ReadDir("/proc/self/fd")
		h.ok(err)
		t.Logf("%d open files", len(fds))
	}
}
