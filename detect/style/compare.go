package style

import "math"

// A Comparison is what two writings say about each other.
type Comparison struct {
	// Millibits is the weight of what was compared, calibrated: thousandths of
	// log2 of how much more often writings are as alike as these when one
	// person wrote both. 0 when there is not enough text, and not more than
	// the writers seen of the platform allow.
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
		most := m.most(a, b)
		c.Millibits = min(max(c.Raw, -most), most)
	} else if c.Why = a.why; c.Why == "" {
		c.Why = b.why
	}
	return c
}

// most is how much is claimed at most: little where few writers of the platform
// have been seen, because what is usual there is not known then.
func (m *Model) most(a, b Writing) int64 {
	n := int64(min(a.back.writers, b.back.writers))
	return m.p.Mix.Most * (n + 2) / (n + int64(m.p.Mix.Writers))
}

// weigh mixes the two comparisons.
func (m *Model) weigh(a, b Writing) int64 {
	x, u := m.p.Mix, m.p.Mix.amount(a, b)
	z := at([3]float64{x.Bias, x.X, x.XX}, u) + float64(m.places(a, b)*at(x.Place, u)) + float64(m.habitual(a, b)*at(x.Habits, u))
	return int64(math.Round(min(max(z/ln2, -1000), 1000) * 1000))
}

// amount returns what the mix knows of the amount of text on both sides.
func (x Mix) amount(a, b Writing) float64 {
	u := (ln(1/(1/a.amount+1/b.amount)) - x.Middle) / x.Width
	return min(max(u, x.Low), x.High)
}

// at returns c0 + c1 u + c2 u².
func at(c [3]float64, u float64) float64 {
	return c[0] + float64(u*c[1]) + float64(float64(u*u)*c[2])
}

// places is the log-likelihood ratio of a two-covariance model (Brümmer and de
// Villiers, "The speaker partitioning problem", Odyssey 2010) with diagonal
// covariances, in a basis in which those of writers and of texts are both nearly
// diagonal. The covariance of a text depends on its amount; the doubt about a
// common background is shared by two writers as well.
func (m *Model) places(a, b Writing) float64 {
	sum, logs := 0.0, 0.0
	one, two := 1.0, 1.0
	common := a.back == b.back
	for k, x := range a.place {
		y, va, vb := b.place[k], a.variance[k], b.variance[k]
		shared := 0.0
		if common {
			shared = a.back.doubt[k]
		}
		q, d1, d2 := quadratics(x, y, va, vb, shared, shared+m.p.Between[k])
		sum += q
		one, two = one*d1, two*d2
		if k&3 == 3 {
			logs += ln(one / two)
			one, two = 1, 1
		}
	}
	return float64(0.5*sum) + float64(0.5*(logs+ln(one/two)))
}

// quadratics returns what x and y, with variances va and vb, say for covariance
// c2 rather than c1, without the determinants, and these.
func quadratics(x, y, va, vb, c1, c2 float64) (q, det1, det2 float64) {
	squares := float64(float64(x*x)*vb) + float64(float64(y*y)*va)
	product := float64(2 * float64(x*y))
	whole := float64(va * vb)
	det1, det2 = whole-float64(c1*c1), whole-float64(c2*c2)
	return (squares-float64(product*c1))/det1 - (squares-float64(product*c2))/det2, det1, det2
}

// habitual is the sum of the log-likelihood ratios of the habits.
func (m *Model) habitual(a, b Writing) float64 {
	sum := 0.0
	for i := range a.habits {
		sum += m.habit(i, a, b)
	}
	return sum
}

// habit is the log-likelihood ratio of one habit, within its bounds; 0 where one
// side had no occasion for it.
func (m *Model) habit(i int, a, b Writing) float64 {
	x, y := &a.habits[i], &b.habits[i]
	if x.occasions == 0 || y.occasions == 0 {
		return 0
	}
	shared := 0.0
	if a.back == b.back {
		shared = a.back.habitDoubt[i]
	}
	q, det1, det2 := quadratics(x.z, y.z, x.variance, y.variance, shared, shared+m.p.Habits[i].Between)
	l := float64(0.5*q) + float64(0.5*ln(det1/det2))
	return min(max(l, -m.p.Mix.Clip), m.p.Mix.Clip)
}
