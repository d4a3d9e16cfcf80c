package flags

import (
	"cmp"
	_ "embed" // the model
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ModelRule is the Rule of what the threat model finds.
const ModelRule = "threat/model"

const modelText = "Possible threat: its words are like those of messages that people marked as threats."

// modelSpans is how many words a finding of the model marks.
const modelSpans = 6

//go:embed threat.model
var modelFile string

// shippedModel is the model of threat.model, read once.
var shippedModel = sync.OnceValue(func() *Model {
	m, err := ParseModel(modelFile)
	if err != nil {
		panic(err)
	}
	return m
})

// A Model is the threat model: a weight for each feature of a text, added up.
// Words and signs are divided by the length of their block, so that a long text
// says no more than a short one.
type Model struct {
	Notes     []string // what it was made from and how it does, for a reader
	Threshold int      // a text with so many millibits is marked
	bias      int
	names     []string // sorted
	weights   []int32  // millibits, times the rarity
	rarity    []int32  // hundredths; 0 for marks and rules
	index     map[string]int32
}

// blocks are the blocks of features, in the order of Model.score's sums.
const blocks = "wcmr"

// score returns the evidence that a reading holds a threat, in millibits, and
// the words that speak for it most.
func (m *Model) score(rs *ruleSet, marks [][]int32, r *reading) (bits int, words []int32) {
	type place struct {
		feature  int32
		from, to int32
	}
	places := make([]place, 0, 16*len(r.words))
	rs.features(r, marks, func(f feature) {
		if i, ok := m.index[string(f.key)]; ok {
			places = append(places, place{i, int32(f.from), int32(f.to)})
		}
	})
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.feature, b.feature), cmp.Compare(a.from, b.from)) })
	var sums, squares [len(blocks)]int64
	byWord := make([]int64, len(r.words))
	for i, p := range places {
		if i > 0 && places[i-1].feature == p.feature {
			continue
		}
		b, weight := strings.IndexByte(blocks, m.names[p.feature][0]), int64(m.weights[p.feature])
		sums[b] += weight
		squares[b] += int64(m.rarity[p.feature]) * int64(m.rarity[p.feature])
		for w := p.from; w < p.to; w++ {
			byWord[w] += weight / int64(p.to-p.from)
		}
	}
	bits = m.bias
	for b := range sums {
		if squares[b] > 0 {
			bits += int(math.Round(float64(sums[b]*100) / math.Sqrt(float64(squares[b]))))
		} else {
			bits += int(sums[b])
		}
	}
	for i := range byWord {
		if byWord[i] > 0 {
			words = append(words, int32(i))
		}
	}
	slices.SortStableFunc(words, func(a, b int32) int { return cmp.Compare(byWord[b], byWord[a]) })
	return bits, words[:min(len(words), modelSpans)]
}

// Bits is the evidence for a threat in a text, in millibits, by this model and
// the shipped rules.
func (m *Model) Bits(text string) int {
	rules := shippedRules()
	r := rules.vocabulary.read(text[:min(len(text), maxText)])
	rules.classify(r)
	bits, _ := m.score(rules, rules.markClasses(), r)
	return bits
}

// String writes the model as ParseModel reads it: notes, then one feature a
// line with its weight and its rarity.
func (m *Model) String() string {
	var b strings.Builder
	for _, note := range m.Notes {
		fmt.Fprintln(&b, strings.TrimSpace("# "+note))
	}
	fmt.Fprintf(&b, "threshold %d\nbias %d\n", m.Threshold, m.bias)
	for i, name := range m.names {
		fmt.Fprintf(&b, "%s\t%d", name, m.weights[i])
		if m.rarity[i] > 0 {
			fmt.Fprintf(&b, "\t%d", m.rarity[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// ParseModel reads what String wrote.
func ParseModel(text string) (*Model, error) {
	m := &Model{index: map[string]int32{}}
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if err := m.parse(line); err != nil {
			return nil, fmt.Errorf("threat model, line %d: %w", n+1, err)
		}
	}
	return m, nil
}

func (m *Model) parse(line string) error {
	if note, ok := strings.CutPrefix(line, "#"); ok && len(m.names) == 0 {
		m.Notes = append(m.Notes, strings.TrimSpace(note))
		return nil
	}
	for verb, into := range map[string]*int{"threshold ": &m.Threshold, "bias ": &m.bias} {
		if figure, ok := strings.CutPrefix(line, verb); ok && len(m.names) == 0 {
			n, err := strconv.Atoi(figure)
			*into = n
			return err
		}
	}
	fields := strings.Split(line, "\t")
	if len(fields) < 2 || len(fields) > 3 || len(fields[0]) < 3 || fields[0][1] != ':' || strings.IndexByte(blocks, fields[0][0]) < 0 {
		return fmt.Errorf("%q is no feature", line)
	}
	if n := len(m.names); n > 0 && m.names[n-1] >= fields[0] {
		return fmt.Errorf("%q is not in order", fields[0])
	}
	var figures [2]int32
	for i, field := range fields[1:] {
		n, err := strconv.ParseInt(field, 10, 32)
		if err != nil || n > 1<<24 || n < -1<<24 {
			return fmt.Errorf("%q is no weight", field)
		}
		figures[i] = int32(n)
	}
	m.index[fields[0]] = int32(len(m.names))
	m.names, m.weights, m.rarity = append(m.names, fields[0]), append(m.weights, figures[0]), append(m.rarity, figures[1])
	return nil
}
