package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestEigen(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 5, 40} {
		m := newMatrix(n, n)
		for i := range n {
			for j := range i + 1 {
				m.v[i*n+j] = r.NormFloat64()
			}
		}
		m.mirror()
		values, vectors := m.eigen()
		left, right := m.times(vectors), newMatrix(n, n)
		for i := range n {
			for j := range n {
				right.v[i*n+j] = vectors.v[i*n+j] * values[j]
			}
		}
		same(t, left, right)
		same(t, vectors.gram(), identity(n))
		for j := 1; j < n; j++ {
			if values[j] > values[j-1] {
				t.Errorf("values %v are not in order", values)
			}
		}
	}
}

func TestGeneral(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const n = 12
	x, y := newMatrix(30, n), newMatrix(40, n)
	for i := range x.v {
		x.v[i] = r.NormFloat64()
	}
	for i := range y.v {
		y.v[i] = r.NormFloat64()
	}
	b, w := x.gram(), y.gram()
	values, vectors, err := general(b, w)
	if err != nil {
		t.Fatal(err)
	}
	same(t, vectors.transposed().times(w).times(vectors), identity(n))
	diagonal := newMatrix(n, n)
	for i, v := range values {
		diagonal.v[i*n+i] = v
	}
	same(t, vectors.transposed().times(b).times(vectors), diagonal)
}

func TestOrthonormal(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	m := newMatrix(50, 8)
	for i := range m.v {
		m.v[i] = r.NormFloat64()
	}
	if err := m.orthonormal(); err != nil {
		t.Fatal(err)
	}
	same(t, m.gram(), identity(8))
}

// Two numbers with variance 2 and covariance 1: by hand.
func TestRatio(t *testing.T) {
	// Together: det 3, quadratic (1·2 - 2·1 + 1·2)/3 = 2/3; apart: 1/2 + 1/2.
	want := .5*(1-2.0/3) - .5*math.Log(3.0/4)
	if got := ratio(1, 1, 2, 2, 1); math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A mix that is told what the truth is made of finds it.
func TestFitMix(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var all []example
	for range 20000 {
		e := exampleOf(r.NormFloat64()*3, r.NormFloat64()*3, 1000, 1000, false)
		z := .5 + .7*e.x[3] + .2*e.x[6]
		e.same = r.Float64() < 1/(1+math.Exp(-z))
		all = append(all, e)
	}
	m := fitMix(all)
	u := (math.Log(500) - m.Middle) / m.Width
	at := func(c [3]float64) float64 { return c[0] + u*c[1] + u*u*c[2] }
	if p, h, b := at(m.Place), at(m.Habits), m.Bias+u*m.X+u*u*m.XX; math.Abs(p-.7) > .05 || math.Abs(h-.2) > .03 || math.Abs(b-.5) > .08 {
		t.Errorf("got place %v, habits %v, bias %v; want 0.7, 0.2, 0.5", p, h, b)
	}
}

func identity(n int) *matrix {
	m := newMatrix(n, n)
	for i := range n {
		m.v[i*n+i] = 1
	}
	return m
}

func same(t *testing.T, got, want *matrix) {
	t.Helper()
	for i := range want.v {
		if math.Abs(got.v[i]-want.v[i]) > 1e-8 {
			t.Fatalf("entry %d: got %v, want %v", i, got.v[i], want.v[i])
		}
	}
}
