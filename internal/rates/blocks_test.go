package rates_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"daybook/internal/rates"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// naive tries every way to cut a short row.
func naive(cells []rates.Cell) (best float64, starts []int) {
	events := 0
	for _, c := range cells {
		events += c.Events
	}
	penalty := 4 - math.Log(73.53*0.05*math.Pow(float64(max(events, 1)), -0.478))
	best = math.Inf(-1)
	for cuts := range 1 << (len(cells) - 1) {
		var at []int
		sum, n, time := 0.0, 0.0, 0.0
		for i, c := range cells {
			if i == 0 || cuts&(1<<(i-1)) != 0 {
				sum += value(n, time) - penalty
				n, time = 0, 0
				at = append(at, i)
			}
			n, time = n+float64(c.Events), time+float64(c.Exposure)
		}
		if sum += value(n, time); sum > best {
			best, starts = sum, at
		}
	}
	return best, starts
}

func value(n, time float64) float64 {
	if n == 0 {
		return 0
	}
	return n * math.Log(n/time)
}

func drawCells(rt *rapid.T) []rates.Cell {
	var cells []rates.Cell
	for range rapid.IntRange(1, 10).Draw(rt, "cells") {
		cells = append(cells, rates.Cell{
			Events:   rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 5, 20}).Draw(rt, "events"),
			Exposure: rapid.SampledFrom([]int{24, 24, 24, 23, 7, 200}).Draw(rt, "exposure"),
		})
	}
	return cells
}

func TestBlocks_BestOfAllWays(t *testing.T) {
	var b rates.Blocks
	rapid.Check(t, func(rt *rapid.T) {
		cells := drawCells(rt)
		_, want := naive(cells)
		if got := b.Find(cells, rates.Dispersion{}); !slices.Equal(got, want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Cells of one rate that follow each other may be joined.
func TestBlocks_JoiningChangesNothing(t *testing.T) {
	var b rates.Blocks
	rapid.Check(t, func(rt *rapid.T) {
		cells := drawCells(rt)
		var split []rates.Cell
		var from []int // in split
		for _, c := range cells {
			from = append(from, len(split))
			parts := rapid.IntRange(1, 4).Draw(rt, "parts")
			for range parts {
				split = append(split, rates.Cell{Events: c.Events, Exposure: c.Exposure})
			}
			c.Events, c.Exposure = c.Events*parts, c.Exposure*parts
			cells[len(from)-1] = c
		}
		var want []int
		for _, i := range b.Find(cells, rates.Dispersion{}) {
			want = append(want, from[i])
		}
		if got := b.Find(split, rates.Dispersion{}); !slices.Equal(got, want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestBlocks(t *testing.T) {
	row := func(counts ...int) (cells []rates.Cell) {
		for _, n := range counts {
			cells = append(cells, rates.Cell{Events: n, Exposure: 24})
		}
		return cells
	}
	long := make([]int, 2*rates.MaxCells)
	long[len(long)-10] = 500
	for _, tt := range []struct {
		name  string
		cells []rates.Cell
		want  []int
	}{
		{"none", nil, nil},
		{"one", row(3), []int{0}},
		{"even", row(1, 1, 2, 1, 0, 1, 1, 2, 1, 1), []int{0}},
		{"it rises", row(1, 0, 1, 0, 1, 0, 0, 6, 5, 8, 6, 4, 7), []int{0, 7}},
		{"a burst", row(0, 1, 0, 0, 1, 0, 20, 18, 0, 1, 0, 0, 1), []int{0, 6, 8}},
		{"unwatched time is no quiet time", []rates.Cell{{2, 24}, {1, 24}, {2, 24}, {0, 1}, {2, 24}, {1, 24}}, []int{0}},
		{"nothing at all", row(0, 0, 0), []int{0}},
		{"long: the end of it", row(long...), []int{rates.MaxCells, 2*rates.MaxCells - 10, 2*rates.MaxCells - 9}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b rates.Blocks
			if diff := cmp.Diff(tt.want, b.Find(tt.cells, rates.Dispersion{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where the rate never changes, a change is found in about 5 of 100 rows: in
// fewer of long rows, in 9 of rows of two dozen events. Equation 21 is a fit.
func TestBlocks_FalseChanges(t *testing.T) {
	var b rates.Blocks
	r := rand.New(rand.NewPCG(1, 2))
	for _, rate := range []float64{0.2, 0.5, 2, 10} {
		const rows = 2000
		found := 0
		for range rows {
			cells := make([]rates.Cell, 120)
			for i := range cells {
				cells[i] = rates.Cell{Events: poisson(r, rate), Exposure: 24}
			}
			if len(b.Find(cells, rates.Dispersion{})) > 1 {
				found++
			}
		}
		share := float64(found) / rows
		t.Logf("%v events a day: a change was found in %.1f%% of the rows", rate, 100*share)
		if share > 0.1 {
			t.Errorf("%v events a day: a change was found in %.1f%% of the rows", rate, 100*share)
		}
	}
}

func poisson(r *rand.Rand, rate float64) int {
	n, p := 0, r.Float64()
	for limit := math.Exp(-rate); p > limit; n++ {
		p *= r.Float64()
	}
	return n
}

func BenchmarkBlocks(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	cells := make([]rates.Cell, rates.MaxCells)
	for i := range cells {
		cells[i] = rates.Cell{Events: poisson(r, 3), Exposure: 24}
	}
	var blocks rates.Blocks
	for b.Loop() {
		blocks.Find(cells, rates.Dispersion{})
	}
}
