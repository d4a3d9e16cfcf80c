package flags

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// An Example is a message with its label, from which the threat model is
// learned.
type Example struct {
	Text   string
	Threat bool
}

// Settings are those of the learning.
type Settings struct {
	Cost   float64            // how much a mistake costs against large weights
	Rare   int                // features in fewer messages are left out
	Keep   int                // so many features stay, those that say most
	Rounds int                // over all examples
	Scale  map[string]float64 // how much a block of features counts, by its letter
}

// DefaultSettings are those of the shipped model.
func DefaultSettings() Settings {
	return Settings{Cost: 0.1, Rare: 5, Keep: 45000, Rounds: 12, Scale: map[string]float64{"w": 1.5, "c": 1, "m": 0.1, "r": 0.2}}
}

// Featured are examples as features, worked out once.
type Featured struct {
	keys [][]string // sorted, each once
	yes  []bool
}

// Features works out the features of examples.
func Features(examples []Example) *Featured {
	rules := shippedRules()
	marks := rules.markClasses()
	out := &Featured{}
	for _, e := range examples {
		r := rules.vocabulary.read(e.Text[:min(len(e.Text), maxText)])
		rules.classify(r)
		var keys []string
		rules.features(r, marks, func(f feature) { keys = append(keys, string(f.key)) })
		slices.Sort(keys)
		out.keys = append(out.keys, slices.Compact(keys))
		out.yes = append(out.yes, e.Threat)
	}
	return out
}

// Learn learns a model from the examples for which in says so. Threats count as
// much as all other messages together. The threshold is left at 0.
func (f *Featured) Learn(in func(i int) bool, s Settings) (*Model, error) {
	seen := map[string]int{}
	n, threats := 0, 0
	for i, keys := range f.keys {
		if !in(i) {
			continue
		}
		n++
		if f.yes[i] {
			threats++
		}
		for _, k := range keys {
			seen[k]++
		}
	}
	if threats == 0 || threats == n {
		return nil, fmt.Errorf("%d of %d examples are threats: both kinds are needed", threats, n)
	}
	l := learner{Featured: f, in: in, settings: s, seen: seen, of: n, weight: float64(n-threats) / float64(threats)}
	names := make([]string, 0, len(seen))
	for k, count := range seen {
		if count >= s.Rare {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	if len(names) > s.Keep {
		w, _ := l.fit(names)
		names = l.best(names, w)
	}
	w, bias := l.fit(names)
	return l.model(names, w, bias), nil
}

type learner struct {
	*Featured
	in       func(int) bool
	settings Settings
	seen     map[string]int
	of       int
	weight   float64 // of a threat
}

// rarity is how rare a word or sign is; 1 and above.
func (l *learner) rarity(name string) float64 {
	return math.Log(float64(l.of+1)/float64(l.seen[name]+1)) + 1
}

func lengthCounts(name string) bool { return name[0] == 'w' || name[0] == 'c' }

// A sample is an example as numbers.
type sample struct {
	ids    []int32
	values []float32
	square float64
	yes    bool
}

// fit returns the weights of features that were divided by the length of their
// block and multiplied by their rarity and scale.
func (l *learner) fit(names []string) (w []float64, bias float64) {
	index := make(map[string]int32, len(names))
	values := make([]float64, len(names))
	for i, name := range names {
		index[name] = int32(i)
		values[i] = 1
		if lengthCounts(name) {
			values[i] = l.rarity(name)
		}
	}
	var samples []sample
	for i, keys := range l.keys {
		if !l.in(i) {
			continue
		}
		s := sample{yes: l.yes[i]}
		var squares [256]float64
		for _, k := range keys {
			if id, ok := index[k]; ok {
				s.ids = append(s.ids, id)
				squares[k[0]] += values[id] * values[id]
			}
		}
		for _, id := range s.ids {
			name, x := names[id], values[id]
			if lengthCounts(name) {
				x /= math.Sqrt(squares[name[0]])
			}
			x *= l.settings.Scale[name[:1]]
			s.values = append(s.values, float32(x))
			s.square += x * x
		}
		samples = append(samples, s)
	}
	return logistic(samples, len(names), l.settings.Cost, l.weight, l.settings.Rounds)
}

// best returns the names that say most, sorted.
func (l *learner) best(names []string, w []float64) []string {
	order := make([]int, len(names))
	says := make([]float64, len(names))
	for i, name := range names {
		order[i] = i
		says[i] = math.Abs(w[i]) * math.Sqrt(float64(l.seen[name])) * l.settings.Scale[name[:1]]
		if lengthCounts(name) {
			says[i] *= l.rarity(name)
		} else {
			says[i] = math.Inf(1)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(says[b], says[a]), strings.Compare(names[a], names[b]))
	})
	out := make([]string, 0, l.settings.Keep)
	for _, i := range order[:l.settings.Keep] {
		out = append(out, names[i])
	}
	slices.Sort(out)
	return out
}

// model writes weights as whole millibits.
func (l *learner) model(names []string, w []float64, bias float64) *Model {
	m := &Model{bias: millibits(bias), names: names, index: make(map[string]int32, len(names))}
	for i, name := range names {
		weight, rarity := w[i]*l.settings.Scale[name[:1]], 0.0
		if lengthCounts(name) {
			rarity = l.rarity(name)
			weight *= rarity
		}
		m.index[name] = int32(i)
		m.weights = append(m.weights, int32(millibits(weight)))
		m.rarity = append(m.rarity, int32(math.Round(rarity*100)))
	}
	return m
}

func millibits(nats float64) int { return int(math.Round(nats / math.Ln2 * 1000)) }
