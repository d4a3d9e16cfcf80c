package main

import (
	"math"

	"daybook/detect/style"
)

// A twoCov is the comparison of places: a two-covariance model whose covariance
// within a writer depends on the amount of text, in a basis in which all its
// covariances are nearly diagonal.
type twoCov struct {
	half                       float64
	basis                      *matrix // axes x dimensions
	mean                       *matrix // 4 x dimensions
	between, session, sampling []float64
	platform                   []float64
}

// dimensions are kept of the axes.
const dimensions = 160

// spread is what the documents of one length show.
type spread struct {
	docs    []int
	z       [][]float64
	writer  []int // by document: number among the writers
	persons []int // by writer
	size    []float64
	mean    *matrix // by writer
	within  *matrix
}

// spreadOf measures the documents of a length: centred in their community, with
// scale applied.
func spreadOf(docs []document, use func(d *document) bool, length int, scale func(t float64) float64) *spread {
	s := &spread{}
	places, counts := map[int][]float64{}, map[int]float64{}
	writers := map[int]int{}
	cols := len(docs[0].z)
	for i := range docs {
		d := &docs[i]
		if d.length != length || !use(d) {
			continue
		}
		s.docs = append(s.docs, i)
		if places[d.place] == nil {
			places[d.place] = make([]float64, cols)
		}
		counts[d.place]++
		for k, x := range d.z {
			places[d.place][k] += x
		}
		w, ok := writers[d.person]
		if !ok {
			w = len(s.persons)
			writers[d.person] = w
			s.persons, s.size = append(s.persons, d.person), append(s.size, 0)
		}
		s.writer = append(s.writer, w)
		s.size[w]++
	}
	s.mean = newMatrix(len(s.persons), cols)
	for n, i := range s.docs {
		d := &docs[i]
		z := make([]float64, cols)
		h := scale(d.characters)
		m := s.mean.row(s.writer[n])
		for k, x := range d.z {
			z[k] = (x - places[d.place][k]/counts[d.place]) * h
			m[k] += z[k] / s.size[s.writer[n]]
		}
		s.z = append(s.z, z)
	}
	rest := newMatrix(len(s.z), cols)
	for n, z := range s.z {
		r, m := rest.row(n), s.mean.row(s.writer[n])
		for k := range z {
			r[k] = z[k] - m[k]
		}
	}
	s.within = rest.gram()
	free := math.Max(1, float64(len(s.z)-len(s.persons)))
	for i := range s.within.v {
		s.within.v[i] /= free
	}
	return s
}

// between estimates the covariance of writers: of their means, less what chance
// within a writer adds to these; what would be negative is nothing.
func (s *spread) between() *matrix {
	weighted := newMatrix(s.mean.rows, s.mean.cols)
	sum, chance := 0.0, 0.0
	for i, n := range s.size {
		w := math.Sqrt(n / (n + 2))
		sum += w * w
		chance += w * w / n
		for k, x := range s.mean.row(i) {
			weighted.v[i*weighted.cols+k] = x * w
		}
	}
	b := weighted.gram()
	for i := range b.v {
		b.v[i] = b.v[i]/sum - s.within.v[i]*chance/sum
	}
	values, vectors := b.eigen()
	part := newMatrix(b.rows, b.cols)
	for i := range b.rows {
		for k, e := range values {
			part.v[i*b.cols+k] = vectors.v[i*b.cols+k] * math.Sqrt(math.Max(e, 1e-9))
		}
	}
	return part.times(part.transposed())
}

// fitTwoCov learns the comparison from the documents that use takes.
func fitTwoCov(docs []document, use func(d *document) bool) (*twoCov, error) {
	one := func(float64) float64 { return 1 }
	var raw [len(lengths)]*spread
	for l := range lengths {
		raw[l] = spreadOf(docs, use, l, one)
	}
	_, basis, err := general(raw[3].between(), raw[3].within.ridge(.5))
	if err != nil {
		return nil, err
	}
	m := &twoCov{half: halfOf(docs, raw, basis)}
	var s [len(lengths)]*spread
	for l := range lengths {
		s[l] = spreadOf(docs, use, l, m.scale)
	}
	within := s[0].within.plus(s[2].within, 1).plus(s[4].within, 1)
	for i := range within.v {
		within.v[i] /= 3
	}
	values, full, err := general(s[3].between(), within.ridge(.1))
	if err != nil {
		return nil, err
	}
	m.basis = newMatrix(full.rows, dimensions)
	for i := range full.rows {
		copy(m.basis.row(i), full.row(i))
	}
	for _, v := range values[:dimensions] {
		m.between = append(m.between, math.Max(v, 1e-6))
	}
	m.noise(docs, s)
	m.centre(docs, use)
	m.platforms(docs, use)
	return m, nil
}

func (m *twoCov) scale(t float64) float64 { return math.Sqrt((t + m.half) / t) }

// halfOf finds how the signal grows with the amount of text: by regression of
// the writers' means at each length on those at 30 messages, along the 40 best
// directions, and a search for the amount at which half of it is there.
func halfOf(docs []document, s [len(lengths)]*spread, basis *matrix) float64 {
	const best = 40
	of := func(row []float64) (out [best]float64) {
		for i, x := range row {
			for k := range best {
				out[k] += x * basis.v[i*basis.cols+k]
			}
		}
		return out
	}
	long := map[int][best]float64{}
	for i, p := range s[3].persons {
		long[p] = of(s[3].mean.row(i))
	}
	var gain, amount [len(lengths)]float64
	for l := range lengths {
		ab, bb, logs := 0.0, 0.0, 0.0
		for i, p := range s[l].persons {
			b, ok := long[p]
			if !ok {
				continue
			}
			a := of(s[l].mean.row(i))
			for k := range best {
				ab += a[k] * b[k]
				bb += b[k] * b[k]
			}
		}
		for _, i := range s[l].docs {
			logs += math.Log(docs[i].characters)
		}
		gain[l], amount[l] = math.Log(ab/bb), math.Exp(logs/float64(len(s[l].docs)))
	}
	half, least := 0.0, math.Inf(1)
	for c := 50.0; c < 20000; c *= 1.02 {
		mean, errors := 0.0, 0.0
		var d [len(lengths)]float64
		for l := range lengths {
			d[l] = gain[l] - .5*math.Log(amount[l]/(amount[l]+c))
			mean += d[l] / float64(len(lengths))
		}
		for l := range lengths {
			errors += (d[l] - mean) * (d[l] - mean)
		}
		if errors < least {
			half, least = c, errors
		}
	}
	return half
}

// noise fits, for each dimension, the variance within a writer as a constant and
// a part that is divided by the amount of text: least squares over 24 classes of
// amounts, both at least 0, each then drawn up a little towards all dimensions'.
func (m *twoCov) noise(docs []document, s [len(lengths)]*spread) {
	type rest struct {
		t float64
		r []float64
	}
	var all []rest
	for l := range lengths {
		for n, i := range s[l].docs {
			w := s[l].writer[n]
			if s[l].size[w] < 2 {
				continue
			}
			f := s[l].size[w] / (s[l].size[w] - 1)
			y := make([]float64, dimensions)
			mean := s[l].mean.row(w)
			for j, x := range s[l].z[n] {
				x -= mean[j]
				for k, b := range m.basis.row(j) {
					y[k] += x * b
				}
			}
			for k := range y {
				y[k] *= y[k] * f
			}
			all = append(all, rest{docs[i].characters, y})
		}
	}
	sortBy(all, func(r rest) float64 { return r.t })
	const classes = 24
	var inverse [classes]float64
	values := make([][]float64, classes)
	for c := range classes {
		part := all[c*len(all)/classes : (c+1)*len(all)/classes]
		values[c] = make([]float64, dimensions)
		for _, r := range part {
			inverse[c] += 1 / r.t / float64(len(part))
			for k, x := range r.r {
				values[c][k] += x / float64(len(part))
			}
		}
	}
	m.session, m.sampling = make([]float64, dimensions), make([]float64, dimensions)
	meanA, meanB := 0.0, 0.0
	for k := range dimensions {
		var sw, sx, sxx, sy, sxy float64
		for c := range classes {
			v := values[c][k]
			w := 1 / (v * v)
			x := inverse[c]
			sw, sx, sxx, sy, sxy = sw+w, sx+w*x, sxx+w*x*x, sy+w*v, sxy+w*x*v
		}
		det := sw*sxx - sx*sx
		a, b := (sxx*sy-sx*sxy)/det, (sw*sxy-sx*sy)/det
		if a < 0 {
			a, b = 0, sxy/sxx
		} else if b < 0 {
			a, b = sy/sw, 0
		}
		m.session[k], m.sampling[k] = a, b
		meanA += a / dimensions
		meanB += b / dimensions
	}
	for k := range dimensions {
		m.session[k] += .1 * meanA
		m.sampling[k] += .1 * meanB
	}
}

// powers are what the mean of all writers is a combination of.
func powers(t float64) [4]float64 {
	u := math.Log(t) / 8
	return [4]float64{1, u, u * u, u * u * u}
}

// centre fits the mean of all writers by the amount of text, before scaling.
// Communities count by the root of their size.
func (m *twoCov) centre(docs []document, use func(d *document) bool) {
	counts := map[[2]int]float64{}
	total := map[int]float64{}
	for i := range docs {
		if d := &docs[i]; use(d) {
			counts[[2]int{d.length, d.place}]++
		}
	}
	for l := range lengths {
		for p := range places(docs) {
			total[l] += math.Sqrt(counts[[2]int{l, p}])
		}
	}
	normal, right := newMatrix(4, 4), newMatrix(4, axes)
	for i := range docs {
		d := &docs[i]
		if !use(d) {
			continue
		}
		w := 1 / math.Sqrt(counts[[2]int{d.length, d.place}]) / total[d.length]
		x := powers(d.characters)
		for a := range x {
			for b := range x {
				normal.v[a*4+b] += w * x[a] * x[b]
			}
			r := right.row(a)
			for k, z := range d.z {
				r[k] += w * x[a] * z
			}
		}
	}
	l, err := normal.ridge(1e-9).cholesky()
	if err != nil {
		m.mean = newMatrix(4, dimensions)
		return
	}
	inverse := l.inverseLower()
	m.mean = inverse.transposed().times(inverse).times(right).times(m.basis)
}

// Of the means of few communities little is known: as if there were so many more
// that lie as far apart, in every dimension, as on average.
const moreCommunities = 6

// Private messages, mail and the like lie further from the public chats of the
// training than these from each other: assumed, not measured.
const further = 2

// platforms estimates how far the means of platforms lie apart, from those of
// the communities of the documents of 30 messages.
func (m *twoCov) platforms(docs []document, use func(d *document) bool) {
	n := places(docs)
	sums, writers := newMatrix(n, dimensions), make([]float64, n)
	count := make([]float64, n)
	seen := map[int]bool{}
	for i := range docs {
		d := &docs[i]
		if d.length != 3 || !use(d) {
			continue
		}
		if !seen[d.person] {
			seen[d.person] = true
			writers[d.place]++
		}
		count[d.place]++
		row := sums.row(d.place)
		for k, x := range m.where(d) {
			row[k] += x
		}
	}
	m.platform = make([]float64, dimensions)
	ratio := 0.0
	for k := range dimensions {
		own := m.between[k] + m.session[k]
		m.platform[k] = varianceOfMeans(n, func(p int) (mean, chance float64, ok bool) {
			if writers[p] < 5 {
				return 0, 0, false
			}
			return sums.v[p*dimensions+k] / count[p], (own + m.sampling[k]/3000) / writers[p], true
		})
		ratio += m.platform[k] / own / dimensions
	}
	for k := range dimensions {
		own := m.between[k] + m.session[k]
		m.platform[k] = further * (float64(n)*m.platform[k] + moreCommunities*math.Max(ratio, .05)*own) / float64(n+moreCommunities)
	}
}

// varianceOfMeans is the variance of means about their mean, less what chance
// adds, at least 0.
func varianceOfMeans(n int, mean func(p int) (mean, chance float64, ok bool)) float64 {
	var sum, squares, noise, many float64
	for p := range n {
		x, chance, ok := mean(p)
		if !ok {
			continue
		}
		sum, squares, noise, many = sum+x, squares+x*x, noise+chance, many+1
	}
	if many < 2 {
		return 0
	}
	return math.Max(0, (squares-sum*sum/many)/(many-1)-noise/many)
}

// where returns the place of a document seen from the mean of all writers.
func (m *twoCov) where(d *document) []float64 {
	y := make([]float64, dimensions)
	for j, x := range d.z {
		for k, b := range m.basis.row(j) {
			y[k] += x * b
		}
	}
	x := powers(d.characters)
	for k := range y {
		for a := range x {
			y[k] -= x[a] * m.mean.v[a*dimensions+k]
		}
		y[k] *= m.scale(d.characters)
	}
	return y
}

// compare is the log-likelihood ratio of two places.
func (m *twoCov) compare(x, y []float64, tx, ty float64) (sum float64) {
	for k, b := range m.between {
		vx, vy := b+m.session[k]+m.sampling[k]/tx, b+m.session[k]+m.sampling[k]/ty
		sum += ratio(x[k], y[k], vx, vy, b)
	}
	return sum
}

// ratio is the log-likelihood ratio of two numbers with variances vx and vy that
// have covariance b if one writer is behind them, and none if not.
func ratio(x, y, vx, vy, b float64) float64 {
	det := vx*vy - b*b
	return .5*(x*x/vx+y*y/vy-(x*x*vy-2*x*y*b+y*y*vx)/det) - .5*math.Log(det/(vx*vy))
}

// rows returns the projection as it is stored: the axes turned into the basis,
// in integers with a scale for each dimension and a step for each feature.
func (m *twoCov) rows(voc *vocabulary, p *matrix) (features []style.Feature, scale []float64) {
	full := p.times(m.basis)
	scale = make([]float64, dimensions)
	for i := range full.rows {
		for k, x := range full.row(i) {
			scale[k] += x * x / float64(full.rows)
		}
	}
	for k := range scale {
		scale[k] = math.Sqrt(scale[k])
	}
	features = make([]style.Feature, full.rows)
	parallel(full.rows, func(i int) {
		most := 0.0
		row := full.row(i)
		for k, x := range row {
			most = math.Max(most, math.Abs(x)/scale[k])
		}
		f := style.Feature{Hash: voc.hashes[i], Weight: voc.weight[i], Step: float32(most / 127), Row: make([]int8, dimensions)}
		for k, x := range row {
			if f.Step > 0 {
				f.Row[k] = int8(math.Max(-127, math.Min(127, math.Round(x/scale[k]/float64(f.Step)))))
			}
		}
		features[i] = f
	})
	return features, scale
}
