package main

import (
	"math/rand/v2"
	"slices"
)

// axes is how many dimensions documents are first reduced to.
const axes = 240

// sparse is a document with its weights.
type sparse struct {
	features []uint16
	weights  []float32
}

// axesOf finds the dimensions in which documents differ most (latent semantic
// analysis), with the randomised method of Halko, Martinsson and Tropp (2011),
// two power iterations. The columns of the result are orthonormal.
func (voc *vocabulary) axesOf(docs []document) (*matrix, error) {
	rows := make([]sparse, len(docs))
	parallel(len(docs), func(i int) {
		rows[i].features = docs[i].features
		voc.weighted(&docs[i], func(_ int, w float32) { rows[i].weights = append(rows[i].weights, w) })
	})
	random := rand.New(rand.NewPCG(1, 2))
	q := newMatrix(len(voc.hashes), axes+20)
	for i := range q.v {
		q.v[i] = random.NormFloat64()
	}
	for range 2 {
		y := forward(rows, q)
		if err := y.orthonormal(); err != nil {
			return nil, err
		}
		q = backward(rows, y, len(voc.hashes))
		if err := q.orthonormal(); err != nil {
			return nil, err
		}
	}
	_, turn := forward(rows, q).gram().eigen()
	p := q.times(turn)
	out := newMatrix(p.rows, axes)
	for i := range p.rows {
		copy(out.row(i), p.row(i))
	}
	return out, nil
}

// forward returns documents times q. What is added to is single precision:
// it is fast, and exact enough here.
func forward(rows []sparse, q *matrix) *matrix {
	narrow := single(q)
	out := newMatrix(len(rows), q.cols)
	parallel(len(rows), func(i int) {
		sum := make([]float32, q.cols)
		for k, f := range rows[i].features {
			add(sum, rows[i].weights[k], narrow[int(f)*q.cols:(int(f)+1)*q.cols])
		}
		o := out.row(i)
		for j, x := range sum {
			o[j] = float64(x)
		}
	})
	return out
}

// backward returns the documents' transpose times y: each goroutine has columns
// of its own.
func backward(rows []sparse, y *matrix, features int) *matrix {
	narrow := single(y)
	out := newMatrix(features, y.cols)
	const parts = 4
	parallel(parts, func(p int) {
		from, to := y.cols*p/parts, y.cols*(p+1)/parts
		width := to - from
		sums := make([]float32, features*width)
		for i, r := range rows {
			x := narrow[i*y.cols+from : i*y.cols+to]
			for k, f := range r.features {
				add(sums[int(f)*width:(int(f)+1)*width], r.weights[k], x)
			}
		}
		for f := range features {
			o := out.row(f)[from:to]
			for j, x := range sums[f*width : (f+1)*width] {
				o[j] = float64(x)
			}
		}
	})
	return out
}

func add(sum []float32, w float32, x []float32) {
	x = x[:len(sum)]
	for len(sum) >= 4 {
		s, v := sum[:4:4], x[:4:4]
		s[0] += w * v[0]
		s[1] += w * v[1]
		s[2] += w * v[2]
		s[3] += w * v[3]
		sum, x = sum[4:], x[4:]
	}
	for j := range sum {
		sum[j] += w * x[j]
	}
}

func single(m *matrix) []float32 {
	out := make([]float32, len(m.v))
	for i, x := range m.v {
		out[i] = float32(x)
	}
	return out
}

// place projects documents onto the axes.
func (voc *vocabulary) place(docs []document, p *matrix) {
	narrow := single(p)
	parallel(len(docs), func(i int) {
		sum := make([]float32, p.cols)
		voc.weighted(&docs[i], func(f int, w float32) { add(sum, w, narrow[f*p.cols:(f+1)*p.cols]) })
		docs[i].z = make([]float64, p.cols)
		for j, x := range sum {
			docs[i].z[j] = float64(x)
		}
	})
}

// some returns at most n documents of a length, spread evenly.
func some(docs []document, length, n int) (chosen []document) {
	var all []int
	for i := range docs {
		if docs[i].length == length {
			all = append(all, i)
		}
	}
	n = min(n, len(all))
	for k := range n {
		chosen = append(chosen, docs[all[k*len(all)/n]])
	}
	return slices.Clip(chosen)
}
