package rates

import "math"

// log is the natural logarithm of x > 0. That of package math differs in its
// last bits from machine to machine.
func log(x float64) float64 { return float64(log2(x) * math.Ln2) }

// log2 is the logarithm of x > 0 to the base 2: the exponent, and a series of
// s = (m-1)/(m+1) for the rest, m between the root of 1/2 and that of 2.
func log2(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	s := (m - 1) / (m + 1)
	q := float64(s * s)
	sum := 0.0
	for n := 21; n >= 1; n -= 2 {
		sum = float64(sum*q) + 1/float64(n)
	}
	return float64(e) + float64(float64(2*s*sum)*math.Log2E)
}

// exp is e to the power of x.
func exp(x float64) float64 {
	if x < -700 {
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*math.Ln2)
	sum := 1.0
	for n := 16; n >= 1; n-- {
		sum = 1 + float64(r*sum)/float64(n)
	}
	return math.Ldexp(sum, int(k))
}

// logGamma is the logarithm of the gamma function of x > 0, by Stirling's series
// from 16 on, and below by going there.
func logGamma(x float64) float64 {
	product := 1.0
	for x < 16 {
		product *= x
		x++
	}
	q := 1 / float64(x*x)
	series := (1.0/12 - float64(q*(1.0/360-float64(q*(1.0/1260-float64(q/1680)))))) / x
	return float64((x-0.5)*log(x)) - x + 0.91893853320467274178 + series - log(product)
}

// logBeta is the logarithm of the beta function of two numbers above 0.
func logBeta(a, b float64) float64 { return logGamma(a) + logGamma(b) - logGamma(a+b) }
