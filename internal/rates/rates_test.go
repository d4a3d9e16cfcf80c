package rates_test

import (
	"fmt"
	"math"
	"testing"

	"daybook/internal/rates"
)

// exactly is the interval by adding up the binomial distribution, another way
// than Compare's.
func exactly(now, before rates.Count) (low, high float64) {
	n := now.Events + before.Events
	atLeast := func(k int, p float64) float64 { // of n
		sum := 0.0
		for i := k; i <= n; i++ {
			l, _ := math.Lgamma(float64(n + 1))
			a, _ := math.Lgamma(float64(i + 1))
			b, _ := math.Lgamma(float64(n - i + 1))
			sum += math.Exp(l - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log(1-p))
		}
		return sum
	}
	solve := func(k int, want float64) float64 {
		lo, hi := 0.0, 1.0
		for range 60 {
			if mid := (lo + hi) / 2; atLeast(k, mid) < want {
				lo = mid
			} else {
				hi = mid
			}
		}
		return lo / (1 - lo) * float64(before.Exposure) / float64(now.Exposure)
	}
	high = math.Inf(1)
	if now.Events > 0 {
		low = solve(now.Events, 0.025)
	}
	if before.Events > 0 {
		high = solve(now.Events+1, 0.975)
	}
	return low, high
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		now, before rates.Count
		want        string
		clear       bool
	}{
		{rates.Count{Events: 41, Exposure: 28}, rates.Count{Events: 12, Exposure: 28}, "3.417 (1.762 to 7.142)", true},
		{rates.Count{Events: 12, Exposure: 28}, rates.Count{Events: 41, Exposure: 28}, "0.293 (0.140 to 0.568)", true},
		{rates.Count{Events: 5, Exposure: 28}, rates.Count{Events: 4, Exposure: 28}, "1.250 (0.269 to 6.300)", false},
		{rates.Count{Events: 6, Exposure: 28}, rates.Count{Exposure: 28}, "+Inf (1.177 to +Inf)", true},
		{rates.Count{Events: 5, Exposure: 28}, rates.Count{Exposure: 28}, "+Inf (0.916 to +Inf)", false},
		{rates.Count{Exposure: 28}, rates.Count{Events: 6, Exposure: 28}, "0.000 (0.000 to 0.849)", true},
		{rates.Count{Events: 5, Exposure: 14}, rates.Count{Events: 5, Exposure: 28}, "2.000 (0.460 to 8.690)", false},
		{rates.Count{Events: 3000, Exposure: 2800}, rates.Count{Events: 2500, Exposure: 2800}, "1.200 (1.138 to 1.266)", true},
		{rates.Count{Exposure: 28}, rates.Count{Exposure: 28}, "1.000 (0.000 to +Inf)", false},
		{rates.Count{Events: 1}, rates.Count{Events: 1, Exposure: 28}, "1.000 (0.000 to +Inf)", false},
	} {
		got := rates.Compare(tt.now, tt.before, rates.Dispersion{})
		if s := fmt.Sprintf("%.3f (%.3f to %.3f)", got.Ratio, got.Low, got.High); s != tt.want || got.Clear() != tt.clear {
			t.Errorf("%v against %v: got %s, clear %v; want %s, %v", tt.now, tt.before, s, got.Clear(), tt.want, tt.clear)
		}
	}
}

func TestCompare_AgreesWithTheBinomialDistribution(t *testing.T) {
	near := func(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-5*b }
	for now := range 30 {
		for before := range 25 {
			a, b := rates.Count{Events: now, Exposure: 3}, rates.Count{Events: before, Exposure: 7}
			if now+before == 0 {
				continue
			}
			got := rates.Compare(a, b, rates.Dispersion{})
			if low, high := exactly(a, b); !near(got.Low, low) || !near(got.High, high) {
				t.Errorf("%d against %d: got %v, want %v to %v", now, before, got, low, high)
			}
		}
	}
}

// The bits, not only the digits: they are the same on every machine.
func TestCompare_Bits(t *testing.T) {
	got := rates.Compare(rates.Count{Events: 41, Exposure: 27}, rates.Count{Events: 12, Exposure: 28}, rates.Dispersion{})
	bits := [3]uint64{math.Float64bits(got.Ratio), math.Float64bits(got.Low), math.Float64bits(got.High)}
	if want := [3]uint64{0x400c587e6b74f032, 0x3ffd3b2d4d651a5c, 0x401d9fc0688289b2}; bits != want {
		t.Errorf("got %#x, want %#x", bits, want)
	}
}

// Events that come in rows of n are worth as much as events divided by n.
func TestCompare_Rows(t *testing.T) {
	var rows rates.Dispersion
	for range 10 {
		rows.Add(4, 0) // 16/4
	}
	got := rates.Compare(rates.Count{Events: 40, Exposure: 28}, rates.Count{Events: 8, Exposure: 28}, rows)
	want := rates.Compare(rates.Count{Events: 10, Exposure: 28}, rates.Count{Events: 2, Exposure: 28}, rates.Dispersion{})
	if got != want || rows.Thousandths() != 4000 {
		t.Errorf("got %v and a dispersion of %d, want %v and 4000", got, rows.Thousandths(), want)
	}
}

func TestDispersion(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pairs [][2]int
		want  int64
	}{
		{"nothing", nil, 1000},
		{"pairs without events", [][2]int{{0, 0}, {0, 0}}, 1000},
		{"more even than chance", [][2]int{{5, 5}, {5, 5}}, 1000},
		{"one at a time", [][2]int{{1, 0}, {0, 1}}, 1000},
		{"in rows", [][2]int{{6, 0}, {0, 0}, {2, 4}}, 3333}, // (6 + 4/6) / 2
		{"no number at all", [][2]int{{-3, 1 << 30}}, 1_000_000_000},
	} {
		var d rates.Dispersion
		for _, p := range tt.pairs {
			d.Add(p[0], p[1])
		}
		if got := d.Thousandths(); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
