// Package rates compares how often something happened: in two times with an
// exact interval, and along a row of times with the points at which the rate
// changed. It knows nothing of what happened.
//
// Everything is a pure function and gives the same bits on every machine: the
// logarithms are its own, products are rounded before they are added, and the
// points of change come from whole numbers.
package rates

import "math"

// A Count is how often something happened in a time that was looked at.
type Count struct {
	Events   int   // not negative
	Exposure int64 // how long it was looked, in any unit; above 0
}

// An Interval is how many times as often something happened as before, with the
// limits between which that lies in 95 of 100 such comparisons, or more.
type Interval struct {
	Ratio     float64 // for each unit of exposure; +Inf if there was nothing before
	Low, High float64 // 0 and +Inf where there is no limit
}

// Clear reports whether the interval lies to one side of 1: the rate rose or
// fell by more than chance explains.
func (i Interval) Clear() bool { return i.Low > 1 || i.High < 1 }

// tail is the part of the 5 percent that lies on either side.
const tail = 0.025

// Compare returns how many times as often something happened now as before. The
// interval is exact if events come independently: given the sum of both counts,
// the one of now is binomial (Przyborowski and Wilenski, Biometrika 31, 1940),
// and its limits are those of Clopper and Pearson (Biometrika 26, 1934). If they
// come in rows, the counts are divided by their dispersion first (Rao and Scott,
// Biometrics 48, 1992), which makes it wider. With no events at all, or without
// exposure, nothing is known: the interval is 0 to +Inf and the ratio 1.
func Compare(now, before Count, d Dispersion) Interval {
	out := Interval{Ratio: 1, High: math.Inf(1)}
	if now.Events < 0 || before.Events < 0 || now.Events+before.Events == 0 || now.Exposure <= 0 || before.Exposure <= 0 {
		return out
	}
	a, b := float64(now.Events), float64(before.Events)
	times := float64(before.Exposure) / float64(now.Exposure)
	out.Ratio = math.Inf(1)
	if before.Events > 0 {
		out.Ratio = float64(a/b) * times
	}
	rows := float64(d.Thousandths()) / 1000
	a, b = a/rows, b/rows
	if now.Events > 0 {
		out.Low = odds(share(a, b+1, tail)) * times
	}
	if before.Events > 0 {
		out.High = odds(share(a+1, b, 1-tail)) * times
	}
	return out
}

func odds(p float64) float64 { return p / (1 - p) }

// share returns the p at which betaCDF reaches want. It halves the interval in
// which p lies until the odds are known to a millionth.
func share(a, b, want float64) float64 {
	scale := logBeta(a, b)
	lo, hi := 0.0, 1.0
	for range 100 {
		mid := (lo + hi) / 2
		if betaCDF(a, b, mid, scale) < want {
			lo = mid
		} else {
			hi = mid
		}
		if hi-lo < float64(1e-6*lo*(1-hi)) {
			break
		}
	}
	return (lo + hi) / 2
}

// betaCDF is the regularised incomplete beta function I_x(a, b) by its continued
// fraction (DLMF 8.17.22). a and b are above 0, scale is
// logBeta(a, b).
func betaCDF(a, b, x, scale float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2): // there it converges fast
		return 1 - betaCDF(b, a, 1-x, scale)
	}
	const tiny = 1e-300
	value, c, d := 1.0, 1.0, 0.0
	for n := 1; n < 100_000; n++ {
		m := float64(n / 2)
		var term float64
		if n%2 == 0 {
			term = float64(m*(b-m)*x) / float64((a+2*m-1)*(a+2*m))
		} else {
			term = -float64((a+m)*(a+b+m)*x) / float64((a+2*m)*(a+2*m+1))
		}
		d = 1 + float64(term*d)
		if math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		c = 1 + term/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		step := float64(c * d)
		value *= step
		if math.Abs(step-1) < 1e-13 {
			break
		}
	}
	front := float64(a*log(x)) + float64(b*log(1-x)) - scale
	return exp(front) / a / value
}
