package main

import (
	"fmt"
	"math"
	"slices"

	"daybook/detect/style"
	"daybook/internal/labelled"
)

// Sizes of the vocabulary, view by view: the most frequent runs.
var sizes = [style.Views]int{12000, 8000, 8000, 4000}

// lengths are the numbers of messages in a document. The last is for documents
// that are put together from up to four blocks of other months.
var lengths = [5]int{3, 5, 10, 30, 100}

const block = 30

// A document is some messages of one writer.
type document struct {
	person, place int
	length        int // which of lengths
	blocks        []int
	characters    float64
	messages      int
	features      []uint16
	counts        []uint16
	occasions     []uint32
	shown         []uint32
	z             []float64 // its projection
}

// A vocabulary is the features of a draft of the model, and a model that has
// nothing but them.
type vocabulary struct {
	hashes []uint32 // view by view, ascending
	weight []float32
	views  [style.Views]int
	draft  *style.Model
}

// newVocabulary takes the most frequent features of the pool. What is in most
// documents weighs little.
func newVocabulary(s *sets) (*vocabulary, error) {
	const workers = 2
	var counters [workers]counter
	parallel(workers, func(w int) {
		counters[w] = newCounter()
		for i := w; i < len(s.pool); i += workers {
			counters[w].count(s.pool[i])
		}
	})
	frequency, total := counters[0].frequency, counters[0].documents
	for _, c := range counters[1:] {
		total += c.documents
		for v := range frequency {
			for h, n := range c.frequency[v] {
				frequency[v][h] += n
			}
		}
	}
	voc := &vocabulary{}
	var features []style.Feature
	for v := range frequency {
		order := make([]uint32, 0, style.HashSize/8)
		for h, n := range frequency[v] {
			if n >= 5 {
				order = append(order, uint32(h))
			}
		}
		slices.SortStableFunc(order, func(a, b uint32) int { return int(frequency[v][b]) - int(frequency[v][a]) })
		order = order[:min(len(order), sizes[v])]
		slices.Sort(order)
		voc.views[v] = len(order)
		for _, h := range order {
			w := float32(math.Log(float64(1+total)/float64(1+frequency[v][h])) + .3)
			voc.hashes, voc.weight = append(voc.hashes, h), append(voc.weight, w)
			features = append(features, style.Feature{Hash: h, Weight: w, Row: []int8{0}})
		}
	}
	p, projection := draft(features, voc.views)
	m, err := style.ParseModel(p, projection)
	if err != nil {
		return nil, fmt.Errorf("make a draft of the model: %w", err)
	}
	voc.draft = m
	return voc, nil
}

// A counter counts in how many documents each feature occurs.
type counter struct {
	frequency [style.Views][]int32
	last      [style.Views][]int32 // the last document that each was counted for
	documents int
	g         *style.Gatherer
}

func newCounter() counter {
	c := counter{g: style.NewGatherer()}
	for v := range c.frequency {
		c.frequency[v], c.last[v] = make([]int32, style.HashSize), make([]int32, style.HashSize)
	}
	return c
}

func (c *counter) count(a labelled.Account) {
	for from := 0; from < len(a.Messages); from += block {
		c.documents++
		n := int32(c.documents)
		for _, m := range a.Messages[from:min(from+block, len(a.Messages))] {
			c.g.Gather(m.Text, func(view int, hash uint32) {
				if c.last[view][hash] != n {
					c.last[view][hash] = n
					c.frequency[view][hash]++
				}
			})
		}
	}
}

// documents makes the documents of the pool: of each block its first 3, 5, 10
// messages and all, and of up to four blocks together one more.
func (voc *vocabulary) documents(s *sets) []document {
	by := make([][]document, len(s.pool))
	first := make([]int, len(s.pool)) // number of each account's first block
	n := 0
	for i, a := range s.pool {
		first[i] = n
		n += len(starts(a.Blocks, len(a.Messages)))
	}
	parallel(len(s.pool), func(i int) {
		a := s.pool[i]
		d := document{person: s.person[i], place: s.place[i]}
		var whole []*style.Profile
		var numbers []int
		for b, span := range starts(a.Blocks, len(a.Messages)) {
			p := voc.draft.NewProfile()
			number := first[i] + b
			at := span[0]
			for l, length := range lengths[:4] {
				if span[1]-span[0] < length && !(length == block && span[1]-span[0] >= 25) {
					break
				}
				for ; at < min(span[0]+length, span[1]); at++ {
					p.Add(a.Messages[at].Text)
				}
				by[i] = append(by[i], d.of(p, l, number))
			}
			if span[1]-span[0] >= 25 {
				whole, numbers = append(whole, p), append(numbers, number)
			}
		}
		if len(whole) < 3 {
			return
		}
		groups := max(1, (len(whole)+2)/4)
		for g := range groups {
			from, to := g*len(whole)/groups, (g+1)*len(whole)/groups
			if to-from < 3 {
				continue
			}
			p := voc.draft.NewProfile()
			for _, q := range whole[from:to] {
				p.Merge(q)
			}
			by[i] = append(by[i], d.of(p, 4, numbers[from:to]...))
		}
	})
	return slices.Concat(by...)
}

// starts returns where the blocks of an account begin and end: 30 messages each.
func starts(blocks []int, messages int) (spans [][2]int) {
	for i, from := range blocks {
		end := messages
		if i+1 < len(blocks) {
			end = blocks[i+1]
		}
		for ; from < end; from += block {
			spans = append(spans, [2]int{from, min(from+block, end)})
		}
	}
	return spans
}

// of returns a document with what a profile holds by now.
func (d document) of(p *style.Profile, length int, blocks ...int) document {
	features, counts := p.Counts()
	d.length, d.blocks = length, slices.Clone(blocks)
	d.features = slices.Clone(features)
	d.counts = make([]uint16, len(counts))
	for i, n := range counts {
		d.counts[i] = uint16(min(n, math.MaxUint16))
	}
	occasions, shown := p.HabitCounts()
	d.occasions, d.shown = slices.Clone(occasions), slices.Clone(shown)
	d.characters, d.messages = max(float64(p.Characters()), 3), p.Messages()
	return d
}

// weighted calls take with the weights of a document's features, each view of
// length one.
func (voc *vocabulary) weighted(d *document, take func(feature int, w float32)) {
	i, end := 0, 0
	for v := range voc.views {
		end += voc.views[v]
		from, sum := i, 0.0
		for ; i < len(d.features) && int(d.features[i]) < end; i++ {
			w := math.Log1p(float64(d.counts[i])) * float64(voc.weight[d.features[i]])
			sum += w * w
		}
		for j := from; j < i; j++ {
			f := int(d.features[j])
			take(f, float32(math.Log1p(float64(d.counts[j]))*float64(voc.weight[f])/math.Sqrt(sum)))
		}
	}
}
