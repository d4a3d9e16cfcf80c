package style

import "math"

// Results must be the same on every machine. Go lets a compiler fuse x*y + z
// into one operation that rounds once where the processor has it; a conversion
// of the product forbids that. The logarithm of package math is in assembly on
// some machines, so here is one that is not. math.Sqrt and math.Frexp are exact
// everywhere.

const ln2 = 0.693147180559945309417232121458176568

// ln returns the natural logarithm of a positive finite number, to about 1e-15.
func ln(x float64) float64 {
	f, e := math.Frexp(x) // f in [0.5, 1)
	if f < math.Sqrt2/2 {
		f, e = f*2, e-1
	}
	// ln f = 2 artanh s, with |s| < 0.172
	s := (f - 1) / (f + 1)
	z := float64(s * s)
	sum := 1.0 / 23
	sum = float64(sum*z) + 1.0/21
	sum = float64(sum*z) + 1.0/19
	sum = float64(sum*z) + 1.0/17
	sum = float64(sum*z) + 1.0/15
	sum = float64(sum*z) + 1.0/13
	sum = float64(sum*z) + 1.0/11
	sum = float64(sum*z) + 1.0/9
	sum = float64(sum*z) + 1.0/7
	sum = float64(sum*z) + 1.0/5
	sum = float64(sum*z) + 1.0/3
	sum = float64(sum*z) + 1
	return float64(2*float64(s*sum)) + float64(float64(e)*ln2)
}

// fixed is the unit of the sums that must not depend on the order of what is
// added: integers.
const fixed = 1 << 20

func toFixed(x float64) int64 {
	const most = 1 << 40
	return int64(math.Round(min(max(x, -most), most) * fixed))
}
