package links_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"daybook/detect/links"
)

type measure struct {
	Measure string  `json:"measure"`
	Ratio   float64 `json:"ratio"` // ours / theirs
	Ours    float64 `json:"ours"`
	Theirs  float64 `json:"theirs"`
	Unit    string  `json:"unit"`
	N       int     `json:"n"` // handles
}

func (m measure) print(tb testing.TB) {
	m.Ratio = m.Ours / m.Theirs
	b, err := json.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	fmt.Println(string(b))
}

// cpu is the processor time of this process.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// everyPair is the plain way: the names of each pair, and the triples of words
// that both used.
func everyPair(names []string, texts [][]string) (found int) {
	letters := make([][]string, len(names))
	for i, name := range names {
		for j := range len(name) - 1 {
			letters[i] = append(letters[i], name[j:j+2])
		}
		slices.Sort(letters[i])
	}
	triples := make([][]string, len(texts))
	for i, list := range texts {
		for _, text := range list {
			w := strings.Fields(text)
			for j := 0; j+3 <= len(w); j++ {
				triples[i] = append(triples[i], strings.Join(w[j:j+3], " "))
			}
		}
		slices.Sort(triples[i])
	}
	for i := range names {
		for j := range i {
			if inCommon(triples[i], triples[j]) >= 4 || 5*inCommon(letters[i], letters[j]) >= len(letters[i])+len(letters[j]) {
				found++
			}
		}
	}
	return found
}

func inCommon(a, b []string) (same int) {
	for x, y := 0, 0; x < len(a) && y < len(b); {
		switch strings.Compare(a[x], b[y]) {
		case -1:
			x++
		case 1:
			y++
		default:
			same, x, y = same+1, x+1, y+1
		}
	}
	return same
}

// BenchmarkRatioLinks prints the lines of "make bench" about suggestions. What
// is measured is Detect with senders that are ready, as after the first time.
func BenchmarkRatioLinks(b *testing.B) {
	seconds := func(handles, messages int) (float64, *stage) {
		s := aCrowd(b, handles, messages)
		d := links.Detector{Model: s.model}
		best := math.Inf(1)
		for range 2 {
			start := cpu(b)
			if _, err := d.Detect(b.Context(), s.facts); err != nil {
				b.Fatal(err)
			}
			best = min(best, (cpu(b) - start).Seconds())
		}
		return best, s
	}
	for b.Loop() {
		ours, s := seconds(2000, 10)
		start := cpu(b)
		everyPair(s.names, s.texts)
		measure{Measure: "links: suggestions among 2,000 handles against comparing the names and words of every pair", Ours: ours, Theirs: (cpu(b) - start).Seconds(), Unit: "cpu s", N: 2000}.print(b)
		measure{Measure: "links: suggestions among 2,000 handles against one second", Ours: ours, Theirs: 1, Unit: "cpu s", N: 2000}.print(b)
		small, _ := seconds(1000, 1)
		large, _ := seconds(100_000, 1)
		measure{Measure: "links: growth from 1,000 to 100,000 handles, as an exponent, against 1.4", Ours: math.Log(large/small) / math.Log(100), Theirs: 1.4, Unit: "exponent", N: 100_000}.print(b)
	}
}
