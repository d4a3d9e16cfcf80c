package main

import (
	"math"

	"daybook/detect/style"
)

// fitHabits learns how much each habit tells writers apart, from the documents
// of 30 messages: in units of the standard deviation of one message, in the
// document's community.
func fitHabits(docs []document, use func(d *document) bool) []style.HabitParameters {
	keys := style.HabitKeys()
	all := make([]style.HabitParameters, len(keys))
	usual := usualIn(docs, use, nil)
	ratio := 0.0
	writers := writersIn(docs, use)
	for h, key := range keys {
		all[h] = fitHabit(docs, use, h, usual)
		all[h].Key = key
		p := all[h].Usual
		own := all[h].Between + all[h].Session
		all[h].Platform = varianceOfMeans(len(writers), func(place int) (mean, chance float64, ok bool) {
			if writers[place] < 5 {
				return 0, 0, false
			}
			return (usual[place][h] - p) / math.Sqrt(math.Max(p*(1-p), 1e-4)), (own + all[h].Sampling/100) / writers[place], true
		})
		ratio += all[h].Platform / own / float64(len(keys))
	}
	for h := range all {
		own, n := all[h].Between+all[h].Session, float64(len(writers))
		all[h].Platform = further * (n*all[h].Platform + moreCommunities*math.Max(math.Min(ratio, .5), .05)*own) / (n + moreCommunities)
	}
	return all
}

// writersIn counts the writers of each community.
func writersIn(docs []document, use func(d *document) bool) []float64 {
	writers := make([]float64, places(docs))
	seen := map[int]bool{}
	for i := range docs {
		if d := &docs[i]; d.length == 3 && use(d) && !seen[d.person] {
			seen[d.person] = true
			writers[d.place]++
		}
	}
	return writers
}

// usualIn returns how often each habit is shown, by community, drawn towards the
// prior as style.NewBackground does if there is one.
func usualIn(docs []document, use func(d *document) bool, prior []style.HabitParameters) (usual [][]float64) {
	n := len(docs[0].occasions)
	type sum struct{ o, k, writers float64 }
	sums := make([][]sum, places(docs))
	for p := range sums {
		sums[p] = make([]sum, n)
	}
	for i := range docs {
		d := &docs[i]
		if d.length != 3 || !use(d) {
			continue
		}
		for h := range n {
			o, k := float64(d.occasions[h]), float64(d.shown[h])
			sums[d.place][h].o += o
			sums[d.place][h].k += k
			if prior != nil && o > 0 {
				own := prior[h].Between + prior[h].Session
				sums[d.place][h].writers += own / (own + prior[h].Sampling/o)
			}
		}
	}
	for p := range sums {
		row := make([]float64, n)
		for h, s := range sums[p] {
			row[h] = (s.k + .5) / (s.o + 1)
			if prior != nil {
				w := (prior[h].Between + prior[h].Session) / prior[h].Platform
				row[h] = (s.writers*row[h] + w*prior[h].Usual) / (s.writers + w)
			}
			row[h] = math.Max(1e-4, math.Min(1-1e-4, row[h]))
		}
		usual = append(usual, row)
	}
	return usual
}

func fitHabit(docs []document, use func(d *document) bool, h int, usual [][]float64) style.HabitParameters {
	type point struct {
		writer  int
		z, o, w float64
	}
	var points []point
	writers := map[int]int{}
	var weight, sum, count []float64
	shown, occasions := 0.0, 0.0
	for i := range docs {
		d := &docs[i]
		if d.length != 3 || !use(d) || d.occasions[h] == 0 {
			continue
		}
		o, k, p := float64(d.occasions[h]), float64(d.shown[h]), usual[d.place][h]
		shown, occasions = shown+k, occasions+o
		n, ok := writers[d.person]
		if !ok {
			n = len(weight)
			writers[d.person] = n
			weight, sum, count = append(weight, 0), append(sum, 0), append(count, 0)
		}
		pt := point{n, deviation(o, k, p), o, math.Min(o, 20)}
		weight[n] += pt.w
		sum[n] += pt.w * pt.z
		count[n]++
		points = append(points, pt)
	}
	// The square of what is left of a document, on 1 and 1/occasions.
	var sw, sx, sxx, sy, sxy float64
	for _, p := range points {
		if count[p.writer] < 2 {
			continue
		}
		r := p.z - sum[p.writer]/weight[p.writer]
		y, x, w := r*r*count[p.writer]/(count[p.writer]-1), 1/p.o, p.w*p.w
		sw, sx, sxx, sy, sxy = sw+w, sx+w*x, sxx+w*x*x, sy+w*y, sxy+w*x*y
	}
	out := style.HabitParameters{Usual: math.Max(1e-4, math.Min(1-1e-4, (shown+.5)/(occasions+1))), Between: 1e-4, Session: .05, Sampling: 1}
	if det := sw*sxx - sx*sx; det > 1e-12 {
		a, b := (sxx*sy-sx*sxy)/det, (sw*sxy-sx*sy)/det
		if a < 0 {
			a, b = 0, sxy/sxx
		} else if b < 0 {
			a, b = sy/sw, 0
		}
		out.Session, out.Sampling = a, b
	}
	var squares, chance, n float64
	for i := range weight {
		if count[i] < 2 {
			continue
		}
		m := sum[i] / weight[i]
		squares += m * m
		chance += (out.Session + out.Sampling/math.Max(weight[i]/count[i], 1)) / count[i]
		n++
	}
	if n > 0 {
		out.Between = math.Max(1e-4, (squares-chance)/n)
	}
	// A message is at least nearly as much chance as a coin with that share.
	out.Sampling = math.Max(out.Sampling, .9)
	return out
}

// deviation is how far k of o messages are from what is usual, in standard
// deviations of one message.
func deviation(o, k, usual float64) float64 {
	return (k - o*usual) / o / math.Sqrt(math.Max(usual*(1-usual), 1e-4))
}

// clip is the most that one habit may add or take.
const clip = 4

// compareHabits is the log-likelihood ratio of the habits of two documents.
func compareHabits(p []style.HabitParameters, a, b *document, usualA, usualB []float64) (sum float64) {
	for h := range p {
		if a.occasions[h] == 0 || b.occasions[h] == 0 {
			continue
		}
		oa, ob := float64(a.occasions[h]), float64(b.occasions[h])
		x, y := deviation(oa, float64(a.shown[h]), usualA[h]), deviation(ob, float64(b.shown[h]), usualB[h])
		v := p[h].Between + p[h].Session
		l := ratio(x, y, v+p[h].Sampling/oa, v+p[h].Sampling/ob, p[h].Between)
		sum += math.Max(-clip, math.Min(clip, l))
	}
	return sum
}
