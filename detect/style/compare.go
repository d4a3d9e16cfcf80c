package style

import "math"

// A Comparison is what two writings say about each other.
type Comparison struct {
	// Millibits is the weight of what was compared, calibrated: thousandths of
	// log2 of how much more often writings are as alike as these when one
	// person wrote both. 0 when there is not enough text.
	Millibits int64
	// Raw is the same without a bound, also where there is too little text: for
	// measuring.
	Raw    int64
	Enough bool   // false: nothing is claimed
	Why    string // why there is not enough, a sentence; "" if there is
}

// Compare compares two writings of this model. It does not matter which is
// first.
func (m *Model) Compare(a, b Writing) Comparison {
	c := Comparison{Raw: m.weigh(a, b), Enough: a.why == "" && b.why == ""}
	if c.Enough {
		c.Millibits = min(max(c.Raw, -m.p.Mix.Most), m.p.Mix.Most)
	} else if c.Why = a.why; c.Why == "" {
		c.Why = b.why
	}
	return c
}

// weigh mixes the two comparisons.
func (m *Model) weigh(a, b Writing) int64 {
	x := m.p.Mix
	u := (ln(1/(1/a.amount+1/b.amount)) - x.Middle) / x.Width
	u = min(max(u, x.Low), x.High)
	u2 := float64(u * u)
	poly := func(c [3]float64) float64 { return c[0] + float64(u*c[1]) + float64(u2*c[2]) }
	z := x.Bias + float64(u*x.X) + float64(u2*x.XX) + float64(m.places(a, b)*poly(x.Place)) + float64(m.habitual(a, b)*poly(x.Habits))
	return int64(math.Round(min(max(z/ln2, -1000), 1000) * 1000))
}

// places is the log-likelihood ratio of a two-covariance model (Brümmer and de
// Villiers, "The speaker partitioning problem", Odyssey 2010) with diagonal
// covariances, in a basis in which those of writers and of texts are both nearly
// diagonal. The covariance of a text depends on its amount.
func (m *Model) places(a, b Writing) float64 {
	sum, product := 0.0, 1.0
	between := m.p.Between
	logs := 0.0
	for k, x := range a.place {
		y, va, vb, c := b.place[k], a.variance[k], b.variance[k], between[k]
		whole := float64(va * vb)
		det := whole - float64(c*c)
		both := float64(float64(x*x)*vb) - float64(2*float64(float64(x*y)*c)) + float64(float64(y*y)*va)
		sum += a.square[k] + b.square[k] - both/det
		product *= det / whole
		if k&7 == 7 {
			logs += ln(product)
			product = 1
		}
	}
	return float64(0.5*sum) - float64(0.5*(logs+ln(product)))
}

// habitual is the sum of the log-likelihood ratios of the habits.
func (m *Model) habitual(a, b Writing) float64 {
	sum := 0.0
	for i := range a.habits {
		sum += m.habit(i, &a.habits[i], &b.habits[i])
	}
	return sum
}

// habit is the log-likelihood ratio of one habit, within its bounds; 0 where one
// side had no occasion for it.
func (m *Model) habit(i int, a, b *habitual) float64 {
	if a.occasions == 0 || b.occasions == 0 {
		return 0
	}
	c := m.p.Habits[i].Between
	whole := float64(a.variance * b.variance)
	det := whole - float64(c*c)
	both := float64(float64(a.z*a.z)*b.variance) - float64(2*float64(float64(a.z*b.z)*c)) + float64(float64(b.z*b.z)*a.variance)
	l := float64(0.5*(a.square+b.square-both/det)) - float64(0.5*ln(det/whole))
	return min(max(l, -m.p.Mix.Clip), m.p.Mix.Clip)
}
