package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"daybook/detect/style"
)

// An example is one comparison of the mix's training.
type example struct {
	x      [9]float64 // 1, u, u², place times these, habits times these
	same   bool
	prior  float64 // log odds of same in its set
	weight float64
}

// Where the amount of text is measured from, and within which bounds.
const (
	middle, width = 6.5, 1.5
	low, high     = -2.2, 1.6
)

func exampleOf(place, habits, tx, ty float64, same bool) example {
	u := (math.Log(1/(1/tx+1/ty)) - middle) / width
	u = math.Max(low, math.Min(high, u))
	return example{x: [9]float64{1, u, u * u, place, place * u, place * u * u, habits, habits * u, habits * u * u}, same: same, weight: 1}
}

// A judge is the two comparisons, learned from some people, for judging others.
type judge struct {
	places *twoCov
	habits []style.HabitParameters
	centre [][]float64 // by community
	usual  [][]float64 // by community
}

// newJudge learns from the documents that use takes, and takes the backgrounds
// of communities from those that others takes.
func newJudge(docs []document, use, others func(d *document) bool) (*judge, error) {
	m, err := fitTwoCov(docs, use)
	if err != nil {
		return nil, err
	}
	j := &judge{places: m, habits: fitHabits(docs, use)}
	j.backgrounds(docs, others)
	return j, nil
}

// backgrounds takes the means of communities as style.NewBackground does.
func (j *judge) backgrounds(docs []document, use func(d *document) bool) {
	n := places(docs)
	sums, weights := newMatrix(n, dimensions), make([]float64, n)
	for i := range docs {
		d := &docs[i]
		if !use(d) || d.length != 3 {
			continue
		}
		w := d.characters / (d.characters + j.places.half)
		weights[d.place] += w
		for k, x := range j.places.where(d) {
			sums.v[d.place*dimensions+k] += w * x
		}
	}
	j.centre = make([][]float64, n)
	for p := range n {
		j.centre[p] = sums.row(p)
		for k := range j.centre[p] {
			prior := (j.places.between[k] + j.places.session[k]) / j.places.platform[k]
			j.centre[p][k] /= weights[p] + prior
		}
	}
	j.usual = usualIn(docs, use, j.habits)
}

func (j *judge) where(d *document) []float64 {
	y := j.places.where(d)
	for k := range y {
		y[k] -= j.centre[d.place][k]
	}
	return y
}

// poolExamples makes pairs of documents of the people that use takes: as many
// combinations of lengths as the evaluation has, one writer's from different
// blocks and two writers' from one community, every other time from those whose
// words are nearest.
func (j *judge) poolExamples(docs []document, use func(d *document) bool, seed uint64, same, different int) []example {
	random := rand.New(rand.NewPCG(seed, 7))
	by := map[[2]int][]int{} // by person and length
	var persons []int
	community := map[int][]int{}
	long := map[int]int{} // a document of 30 messages by person, for nearness
	for i := range docs {
		d := &docs[i]
		if !use(d) {
			continue
		}
		key := [2]int{d.person, d.length}
		by[key] = append(by[key], i)
		if !slices.Contains(community[d.place], d.person) {
			community[d.place] = append(community[d.place], d.person)
			persons = append(persons, d.person)
		}
		if d.length == 3 {
			long[d.person] = i
		}
	}
	combinations := [][2]int{{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {4, 0}, {4, 1}, {4, 2}, {3, 1}, {3, 2}}
	home := map[int]int{}
	for p, people := range community {
		for _, q := range people {
			home[q] = p
		}
	}
	pick := func(list []int) int { return list[random.IntN(len(list))] }
	places := map[int][]float64{}
	where := func(i int) []float64 {
		if places[i] == nil {
			places[i] = j.where(&docs[i])
		}
		return places[i]
	}
	var out []example
	for _, want := range []bool{true, false} {
		number := different
		if want {
			number = same
		}
		for n := 0; n < number; {
			c := combinations[random.IntN(len(combinations))]
			p := pick(persons)
			q := p
			if !want {
				q = pick(community[home[p]])
				if random.IntN(2) == 0 {
					for range 9 {
						if r := pick(community[home[p]]); r != p && nearness(docs, long, p, r) > nearness(docs, long, p, q) {
							q = r
						}
					}
				}
				if q == p {
					continue
				}
			}
			as, bs := by[[2]int{p, c[0]}], by[[2]int{q, c[1]}]
			if len(as) == 0 || len(bs) == 0 {
				continue
			}
			a, b := pick(as), pick(bs)
			x, y := &docs[a], &docs[b]
			if want && slices.ContainsFunc(x.blocks, func(k int) bool { return slices.Contains(y.blocks, k) }) {
				continue
			}
			out = append(out, exampleOf(j.places.compare(where(a), where(b), x.characters, y.characters),
				compareHabits(j.habits, x, y, j.usual[x.place], j.usual[y.place]), x.characters, y.characters, want))
			n++
		}
	}
	setPrior(out)
	return out
}

// nearness is the cosine of two people's documents before any learning: what
// they write about, mostly.
func nearness(docs []document, long map[int]int, p, q int) float64 {
	i, ok := long[p]
	k, ok2 := long[q]
	if !ok || !ok2 || p == q {
		return -1
	}
	var ab, aa, bb float64
	for n, x := range docs[i].z {
		y := docs[k].z[n]
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

func setPrior(all []example) {
	n := 0
	for i := range all {
		if all[i].same {
			n++
		}
	}
	for i := range all {
		all[i].prior = math.Log(float64(n) / float64(len(all)-n))
	}
}

// fitMix finds the weights with which the examples are most likely, given how
// many of each set are of one writer (logistic regression, Newton's method, with
// a small ridge).
func fitMix(all []example) style.Mix {
	var w, scale [9]float64
	for i := range all {
		for k, x := range all[i].x {
			scale[k] += x * x / float64(len(all))
		}
	}
	for k := range scale {
		scale[k] = math.Sqrt(scale[k])
	}
	for range 30 {
		gradient, hessian := make([]float64, 9), newMatrix(9, 9)
		for i := range all {
			e := &all[i]
			z := e.prior
			var x [9]float64
			for k := range x {
				x[k] = e.x[k] / scale[k]
				z += w[k] * x[k]
			}
			p := 1 / (1 + math.Exp(-z))
			y := 0.0
			if e.same {
				y = 1
			}
			for k := range x {
				gradient[k] += e.weight * (y - p) * x[k]
			}
			hessian.addOuter(x[:], e.weight*p*(1-p))
		}
		hessian.mirror()
		for k := range w {
			gradient[k] -= w[k]
			hessian.v[k*9+k]++
		}
		l, err := hessian.cholesky()
		if err != nil {
			break // the ridge keeps it positive
		}
		inverse := l.inverseLower()
		step := inverse.transposed().times(inverse)
		moved := 0.0
		for k := range w {
			d := 0.0
			for j := range w {
				d += step.v[k*9+j] * gradient[j]
			}
			w[k] += d
			moved += math.Abs(d)
		}
		if moved < 1e-9 {
			break
		}
	}
	for k := range w {
		w[k] /= scale[k]
	}
	return style.Mix{Middle: middle, Width: width, Low: low, High: high, Bias: w[0], X: w[1], XX: w[2],
		Place: [3]float64(w[3:6]), Habits: [3]float64(w[6:9]), Clip: clip, Most: 12000, Writers: 20}
}

func places(docs []document) int {
	n := 0
	for i := range docs {
		n = max(n, docs[i].place+1)
	}
	return n
}

func sortBy[T any](all []T, key func(T) float64) {
	sort.SliceStable(all, func(i, j int) bool { return key(all[i]) < key(all[j]) })
}
