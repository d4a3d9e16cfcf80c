package rates

import (
	"math"
	"slices"
)

// A Cell is a stretch of time, the smallest in which a change is looked for.
type Cell struct {
	Events   int // at most 1e6 in all cells together
	Exposure int // whole units, above 0; at most 1e7 in all cells together
}

// MaxCells is how many cells Blocks looks at: those at the end.
const MaxCells = 400

// Blocks finds where the rate of events changes. It is used for many rows after
// each other, because it keeps what does not depend on them.
type Blocks struct {
	logs         []int64 // log2 of each whole number, in units of 2^-30
	events, time []int64 // up to each cell
	best         []int64
	start        []int
}

// Find returns the first cell of each block, ascending; nil if there are no
// cells. A block is a run of cells with one rate.
//
// It is the Bayesian Blocks algorithm (Scargle, Norris, Jackson and Chiang,
// Astrophysical Journal 764:167, 2013): of all ways to cut the row into blocks
// it finds the one with the largest sum of N log(N/T) - penalty (their
// equations 19 and 21), where N events fell into the time T of a block, and
// penalty = 4 - log(73.53 p N^-0.478) with p = 0.05 and the N of the whole row.
// Of two ways that are equal the one with the later last cut loses.
//
// Between neighbours that have the same rate the best cut never lies, because
// N log(N/T) is convex; who joins such cells first changes nothing but the time
// that it takes. Equality needs no care: all is done in whole numbers.
//
// Events that come in rows would be taken for changes: the penalty, which is
// meant to be set for the data at hand (their section 2.7), is multiplied by the
// dispersion of the events.
func (b *Blocks) Find(cells []Cell, d Dispersion) []int {
	skipped := max(0, len(cells)-MaxCells)
	cells = cells[skipped:]
	n := len(cells)
	if n == 0 {
		return nil
	}
	b.events, b.time = slices.Grow(b.events[:0], n+1)[:n+1], slices.Grow(b.time[:0], n+1)[:n+1]
	b.best, b.start = slices.Grow(b.best[:0], n+1)[:n+1], slices.Grow(b.start[:0], n+1)[:n+1]
	b.events[0], b.time[0], b.best[0], b.start[0] = 0, 0, 0, 0
	for i, c := range cells {
		b.events[i+1], b.time[i+1] = b.events[i]+int64(c.Events), b.time[i]+int64(c.Exposure)
	}
	b.grow(int(max(b.events[n], b.time[n])))
	penalty := b.penalty(b.events[n]) / 1000 * d.Thousandths()
	logs := b.logs
	for end := 1; end <= n; end++ {
		allEvents, allTime := b.events[end], b.time[end]
		best, start := int64(math.MinInt64), 0
		events, time, before := b.events[:end], b.time[:end], b.best[:end]
		for i := range before {
			k := allEvents - events[i]
			if v := before[i] + k*(logs[k]-logs[allTime-time[i]]); v > best {
				best, start = v, i
			}
		}
		b.best[end], b.start[end] = best-penalty, start
	}
	var out []int
	for end := n; end > 0; end = b.start[end] {
		out = append(out, b.start[end]+skipped)
	}
	slices.Reverse(out)
	return out
}

const unit = 1 << 30

// penalty is what a block costs, in units of 2^-30 bits.
func (b *Blocks) penalty(events int64) int64 {
	const p = 0.05
	fixed := float64(4*math.Log2E) - log2(float64(73.53*p))
	return int64(float64(fixed*unit)) + b.logs[max(events, 1)]*478/1000
}

// grow makes the logarithms up to n. That of 0 is 0: no events count nothing.
func (b *Blocks) grow(n int) {
	if len(b.logs) > n {
		return
	}
	n = max(n, 2*len(b.logs), 1023)
	logs := make([]int64, n+1)
	from := copy(logs, b.logs)
	for k := max(from, 1); k <= n; k++ {
		logs[k] = int64(float64(log2(float64(k))*unit) + 0.5)
	}
	b.logs = logs
}
