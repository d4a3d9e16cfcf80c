package main

import (
	"errors"
	"math"
	"sync"
)

// A matrix is dense, row by row.
type matrix struct {
	rows, cols int
	v          []float64
}

func newMatrix(rows, cols int) *matrix { return &matrix{rows, cols, make([]float64, rows*cols)} }

func (m *matrix) row(i int) []float64 { return m.v[i*m.cols : (i+1)*m.cols] }

// addOuter adds w x xᵀ to the lower triangle.
func (m *matrix) addOuter(x []float64, w float64) {
	for i, a := range x {
		a *= w
		row := m.v[i*m.cols : i*m.cols+i+1]
		for j := range row {
			row[j] += a * x[j]
		}
	}
}

// mirror copies the lower triangle to the upper.
func (m *matrix) mirror() {
	for i := range m.rows {
		for j := range i {
			m.v[j*m.cols+i] = m.v[i*m.cols+j]
		}
	}
}

func (m *matrix) trace() (sum float64) {
	for i := range m.rows {
		sum += m.v[i*m.cols+i]
	}
	return sum
}

// plus returns m with w n added.
func (m *matrix) plus(n *matrix, w float64) *matrix {
	out := newMatrix(m.rows, m.cols)
	for i := range out.v {
		out.v[i] = m.v[i] + w*n.v[i]
	}
	return out
}

// ridge returns m with w times its mean diagonal added to the diagonal.
func (m *matrix) ridge(w float64) *matrix {
	out := newMatrix(m.rows, m.cols)
	copy(out.v, m.v)
	add := w * m.trace() / float64(m.rows)
	for i := range m.rows {
		out.v[i*m.cols+i] += add
	}
	return out
}

// times returns m n.
func (m *matrix) times(n *matrix) *matrix {
	out := newMatrix(m.rows, n.cols)
	parallel(m.rows, func(i int) {
		o := out.row(i)
		for k, a := range m.row(i) {
			for j, b := range n.row(k) {
				o[j] += a * b
			}
		}
	})
	return out
}

func (m *matrix) transposed() *matrix {
	out := newMatrix(m.cols, m.rows)
	for i := range m.rows {
		for j := range m.cols {
			out.v[j*m.rows+i] = m.v[i*m.cols+j]
		}
	}
	return out
}

// gram returns mᵀ m.
func (m *matrix) gram() *matrix {
	const parts = 8
	sums := make([]*matrix, parts)
	parallel(parts, func(p int) {
		sums[p] = newMatrix(m.cols, m.cols)
		for i := m.rows * p / parts; i < m.rows*(p+1)/parts; i++ {
			sums[p].addOuter(m.row(i), 1)
		}
	})
	for _, s := range sums[1:] {
		for i := range s.v {
			sums[0].v[i] += s.v[i]
		}
	}
	sums[0].mirror()
	return sums[0]
}

var errNotPositive = errors.New("a covariance is not positive definite: too little data")

// cholesky returns the lower triangle L with m = L Lᵀ.
func (m *matrix) cholesky() (*matrix, error) {
	l := newMatrix(m.rows, m.rows)
	for i := range m.rows {
		for j := 0; j <= i; j++ {
			sum := m.v[i*m.cols+j]
			a, b := l.row(i)[:j], l.row(j)[:j]
			for k := range a {
				sum -= a[k] * b[k]
			}
			if i == j {
				if !(sum > 0) {
					return nil, errNotPositive
				}
				l.v[i*l.cols+i] = math.Sqrt(sum)
			} else {
				l.v[i*l.cols+j] = sum / l.v[j*l.cols+j]
			}
		}
	}
	return l, nil
}

// inverseLower returns the inverse of a lower triangle.
func (m *matrix) inverseLower() *matrix {
	n := m.rows
	out := newMatrix(n, n)
	for j := range n {
		out.v[j*n+j] = 1 / m.v[j*n+j]
		for i := j + 1; i < n; i++ {
			sum := 0.0
			for k := j; k < i; k++ {
				sum -= m.v[i*n+k] * out.v[k*n+j]
			}
			out.v[i*n+j] = sum / m.v[i*n+i]
		}
	}
	return out
}

// orthonormal makes the columns of m orthonormal, in place: the Gram matrix is
// factored twice, which is enough for what a projection needs.
func (m *matrix) orthonormal() error {
	for range 2 {
		l, err := m.gram().ridge(1e-12).cholesky()
		if err != nil {
			return err
		}
		inverse := l.inverseLower().transposed()
		parallel(m.rows, func(i int) {
			row := m.row(i)
			out := make([]float64, m.cols)
			for k, a := range row {
				if a == 0 {
					continue
				}
				for j, b := range inverse.row(k)[k:] {
					out[k+j] += a * b
				}
			}
			copy(row, out)
		})
	}
	return nil
}

// eigen returns the eigenvalues of a symmetric matrix, largest first, and their
// vectors as columns (Householder reduction and implicit QL: Martin, Reinsch and
// Wilkinson 1968; Dubrulle, Martin and Wilkinson 1968).
func (m *matrix) eigen() (values []float64, vectors *matrix) {
	n := m.rows
	z := newMatrix(n, n)
	copy(z.v, m.v)
	d, e := make([]float64, n), make([]float64, n)
	tridiagonal(z, d, e)
	implicitQL(z, d, e)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	// Few: insertion keeps it plain and stable.
	for i := 1; i < n; i++ {
		for j := i; j > 0 && d[order[j]] > d[order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	values, vectors = make([]float64, n), newMatrix(n, n)
	for j, from := range order {
		values[j] = d[from]
		// The sign is free: the largest entry is made positive.
		most, sign := 0.0, 1.0
		for i := range n {
			if a := math.Abs(z.v[i*n+from]); a > most {
				most, sign = a, math.Copysign(1, z.v[i*n+from])
			}
		}
		for i := range n {
			vectors.v[i*n+j] = sign * z.v[i*n+from]
		}
	}
	return values, vectors
}

func tridiagonal(z *matrix, d, e []float64) {
	n := z.rows
	at := func(i, j int) *float64 { return &z.v[i*n+j] }
	for i := n - 1; i > 0; i-- {
		h, scale := 0.0, 0.0
		if i > 1 {
			for k := range i {
				scale += math.Abs(*at(i, k))
			}
		}
		if scale == 0 {
			e[i] = *at(i, i-1)
			d[i] = 0
			continue
		}
		for k := range i {
			*at(i, k) /= scale
			h += *at(i, k) * *at(i, k)
		}
		f := *at(i, i-1)
		g := -math.Copysign(math.Sqrt(h), f)
		e[i] = scale * g
		h -= f * g
		*at(i, i-1) = f - g
		f = 0
		for j := range i {
			*at(j, i) = *at(i, j) / h
			g := 0.0
			for k := 0; k <= j; k++ {
				g += *at(j, k) * *at(i, k)
			}
			for k := j + 1; k < i; k++ {
				g += *at(k, j) * *at(i, k)
			}
			e[j] = g / h
			f += e[j] * *at(i, j)
		}
		hh := f / (h + h)
		for j := range i {
			f := *at(i, j)
			e[j] -= hh * f
			g := e[j]
			for k := 0; k <= j; k++ {
				*at(j, k) -= f*e[k] + g**at(i, k)
			}
		}
		d[i] = h
	}
	d[0], e[0] = 0, 0
	for i := range n {
		if d[i] != 0 {
			for j := range i {
				g := 0.0
				for k := range i {
					g += *at(i, k) * *at(k, j)
				}
				for k := range i {
					*at(k, j) -= g * *at(k, i)
				}
			}
		}
		d[i] = *at(i, i)
		*at(i, i) = 1
		for j := range i {
			*at(j, i), *at(i, j) = 0, 0
		}
	}
}

func implicitQL(z *matrix, d, e []float64) {
	n := z.rows
	copy(e, e[1:])
	e[n-1] = 0
	for l := range n {
		for range 60 {
			m := l
			for ; m < n-1; m++ {
				dd := math.Abs(d[m]) + math.Abs(d[m+1])
				if math.Abs(e[m]) <= 1e-16*dd {
					break
				}
			}
			if m == l {
				break
			}
			g := (d[l+1] - d[l]) / (2 * e[l])
			r := math.Hypot(g, 1)
			g = d[m] - d[l] + e[l]/(g+math.Copysign(r, g))
			s, c, p := 1.0, 1.0, 0.0
			i := m - 1
			for ; i >= l; i-- {
				f, b := s*e[i], c*e[i]
				r = math.Hypot(f, g)
				e[i+1] = r
				if r == 0 {
					d[i+1] -= p
					e[m] = 0
					break
				}
				s, c = f/r, g/r
				g = d[i+1] - p
				r = (d[i]-g)*s + 2*c*b
				p = s * r
				d[i+1] = g + p
				g = c*r - b
				for k := range n {
					row := z.v[k*n:]
					f := row[i+1]
					row[i+1] = s*row[i] + c*f
					row[i] = c*row[i] - s*f
				}
			}
			if r == 0 && i >= l {
				continue
			}
			d[l] -= p
			e[l] = g
			e[m] = 0
		}
	}
}

// general solves b x = λ w x: the columns of vectors fulfil Vᵀ w V = 1.
func general(b, w *matrix) (values []float64, vectors *matrix, err error) {
	l, err := w.cholesky()
	if err != nil {
		return nil, nil, err
	}
	inverse := l.inverseLower()
	values, u := inverse.times(b).times(inverse.transposed()).eigen()
	return values, inverse.transposed().times(u), nil
}

// parallel calls do for 0 to n-1 on two goroutines and waits. What do writes may
// depend on its number alone.
func parallel(n int, do func(i int)) {
	var wait sync.WaitGroup
	const workers = 2
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wait.Wait()
}
