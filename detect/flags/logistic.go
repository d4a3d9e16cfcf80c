package flags

import "math"

// logistic fits the weights of a logistic regression by dual coordinate descent
// (Yu, Huang and Lin 2011, "Dual coordinate descent methods for logistic
// regression and maximum entropy models"). A threat counts weight times. The
// order in which the samples are taken is the same every time.
func logistic(samples []sample, size int, cost, weight float64, rounds int) (w []float64, bias float64) {
	w = make([]float64, size)
	alpha := make([]float64, len(samples))
	order := make([]int, len(samples))
	add := func(s *sample, step float64) {
		if !s.yes {
			step = -step
		}
		for k, id := range s.ids {
			w[id] += step * float64(s.values[k])
		}
		bias += step
	}
	limit := func(s *sample) float64 {
		if s.yes {
			return cost * weight
		}
		return cost
	}
	for i := range samples {
		order[i] = i
		alpha[i] = min(0.001*limit(&samples[i]), 1e-8)
		add(&samples[i], alpha[i])
	}
	state := uint64(1)
	for range rounds {
		for i := len(order) - 1; i > 0; i-- {
			state = state*6364136223846793005 + 1442695040888963407
			j := int((state >> 33) % uint64(i+1))
			order[i], order[j] = order[j], order[i]
		}
		for _, i := range order {
			s := &samples[i]
			margin := bias
			for k, id := range s.ids {
				margin += w[id] * float64(s.values[k])
			}
			if !s.yes {
				margin = -margin
			}
			next := newton(alpha[i], limit(s), s.square+1, margin)
			add(s, next-alpha[i])
			alpha[i] = next
		}
	}
	return w, bias
}

// newton minimises the dual in one variable, a, between 0 and c.
func newton(a, c, square, margin float64) float64 {
	low, sign := a, 1.0
	if 0.5*square*(c-2*a)+margin < 0 {
		low, sign = c-a, -1
	}
	z := low
	if c-z < 0.5*c {
		z *= 0.1
	}
	for range 100 {
		slope := square*(z-low) + sign*margin + math.Log(z/(c-z))
		if math.Abs(slope) < 1e-8 {
			break
		}
		next := z - slope/(square+c/(c-z)/z)
		if next <= 0 {
			next = z * 0.1
		}
		z = min(next, c*(1-1e-12))
	}
	if sign < 0 {
		return c - z
	}
	return z
}
