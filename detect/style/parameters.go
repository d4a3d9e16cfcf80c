package style

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// Parameters is the readable file of a model.
type Parameters struct {
	Name       string            `json:"name"`
	Card       Card              `json:"card"`
	Projection Projection        `json:"projection"`
	Amount     Amount            `json:"amount"`
	Mean       [][]float64       `json:"mean"`     // four rows of the mean of all writers: with u = ln(characters)/8, row 0 + u row 1 + u² row 2 + u³ row 3
	Between    []float64         `json:"between"`  // by dimension: variance of writers
	Session    []float64         `json:"session"`  // by dimension: variance of one writer from one time to another, however much text
	Sampling   []float64         `json:"sampling"` // by dimension: variance of one writer that vanishes with the characters: divided by them
	Platform   []float64         `json:"platform"` // by dimension: variance of the means of platforms
	Habits     []HabitParameters `json:"habits"`
	Mix        Mix               `json:"mix"`
	Enough     Limits            `json:"enough"`
}

// A Card says what a model was made from and how well it does.
type Card struct {
	Made    string            `json:"made"` // date
	Command string            `json:"command"`
	Data    []string          `json:"data"` // one line for each source: what, how many people and messages, where from, licence
	Use     string            `json:"use"`
	Limits  []string          `json:"limits"`
	Figures map[string]string `json:"figures"` // what was measured, on which set, how
	// People are keyed hashes of the labelled accounts that the training saw,
	// so that an evaluation can say that it measures on them.
	People []string `json:"people"`
}

// Projection describes projection.bin.
type Projection struct {
	SHA256     string     `json:"sha256"`
	Features   [views]int `json:"features"` // how many of each view: characters, shapes, tokens, words
	Dimensions int        `json:"dimensions"`
	Scale      []float64  `json:"scale"` // by dimension: what a step of the stored integers is worth
}

// Amount is how the amount of text shows in a sample's place: a sample of t
// characters lies at sqrt(t/(t+Half)) of where endless text would.
type Amount struct {
	Half  float64 `json:"half"`
	Least float64 `json:"least"` // characters: less is taken for this
	Most  float64 `json:"most"`  // characters: more is taken for this
}

// HabitParameters are those of one habit, in units of the standard deviation of
// a single message.
type HabitParameters struct {
	Key      string  `json:"key"`
	Usual    float64 `json:"usual"`    // how many of the messages that give an occasion show it
	Between  float64 `json:"between"`  // variance of writers
	Platform float64 `json:"platform"` // variance of the means of platforms
	Session  float64 `json:"session"`  // variance of one writer from one time to another
	Sampling float64 `json:"sampling"` // variance of one message
}

// Mix weighs the two comparisons: of places (the projection) and of habits, both
// natural logarithms of a likelihood ratio. With
// x = (ln(ta tb/(ta+tb)) - Middle)/Width, kept between Low and High, it is
// Bias + x X + x² XX + place (Place[0] + x Place[1] + x² Place[2]) + the same for habits.
type Mix struct {
	Middle float64    `json:"middle"`
	Width  float64    `json:"width"`
	Low    float64    `json:"low"`
	High   float64    `json:"high"`
	Bias   float64    `json:"bias"`
	X      float64    `json:"x"`
	XX     float64    `json:"xx"`
	Place  [3]float64 `json:"place"`
	Habits [3]float64 `json:"habits"`
	Clip   float64    `json:"clip"` // the most that one habit adds or takes, before weighing
	Most   int64      `json:"most"` // millibits: more is never claimed, either way
	// Writers is for how many writers seen of a platform about half of Most may
	// be claimed: assumed, because no private messages were at hand to measure
	// it on.
	Writers int `json:"writers"`
}

// Limits is what a sample needs before anything is claimed.
type Limits struct {
	Messages   int     `json:"messages"`
	Characters int     `json:"characters"`
	Latin      float64 `json:"latin"`  // the least share of letters in Latin script
	Common     float64 `json:"common"` // the least share of words that are common English ones
}

func (p *Parameters) check(habits []habit) error {
	d := p.Projection.Dimensions
	switch {
	case d < 1 || d > 1024:
		return fmt.Errorf("%d dimensions", d)
	case len(p.Mean) != 4 || len(p.Between) != d || len(p.Session) != d || len(p.Sampling) != d || len(p.Platform) != d || len(p.Projection.Scale) != d:
		return fmt.Errorf("not all of mean, between, session, sampling, platform and scale have %d dimensions", d)
	case !(p.Amount.Half > 0 && p.Amount.Least >= 1 && p.Amount.Most > p.Amount.Least):
		return fmt.Errorf("amount %v", p.Amount)
	case !(p.Mix.Width > 0 && p.Mix.Low < p.Mix.High && p.Mix.Most > 0 && p.Mix.Clip > 0 && p.Mix.Writers > 0):
		return fmt.Errorf("mix %v", p.Mix)
	case p.Enough.Messages < 1 || p.Enough.Characters < 1:
		return fmt.Errorf("enough %v", p.Enough)
	}
	for _, row := range p.Mean {
		if len(row) != d {
			return fmt.Errorf("a row of the mean has %d dimensions, not %d", len(row), d)
		}
	}
	for k := range d {
		if !(p.Between[k] > 0 && p.Platform[k] > 0 && p.Session[k] >= 0 && p.Sampling[k] >= 0 && p.Session[k]+p.Sampling[k] > 0) {
			return fmt.Errorf("variances of dimension %d: %v, %v, %v", k, p.Between[k], p.Session[k], p.Sampling[k])
		}
	}
	if len(p.Habits) != len(habits) {
		return fmt.Errorf("%d habits, not %d", len(p.Habits), len(habits))
	}
	for i, h := range p.Habits {
		if h.Key != habits[i].key {
			return fmt.Errorf("habit %d is %q, not %q", i, h.Key, habits[i].key)
		}
		if !(h.Usual > 0 && h.Usual < 1 && h.Between > 0 && h.Platform > 0 && h.Session >= 0 && h.Sampling > 0) {
			return fmt.Errorf("habit %s: %v", h.Key, h)
		}
	}
	return nil
}

// The layout of projection.bin, little endian: the eight bytes of the magic; for
// each feature, view by view in ascending order of hash: uint32 hash, float32
// weight, float32 step, and one int8 for each dimension: what the feature adds
// to a dimension is that integer times the step times the dimension's scale.
// Nothing follows.
const magic = "daystyl1"

func (m *Model) readProjection(data []byte) error {
	d, n := m.p.Projection.Dimensions, 0
	for v, k := range m.p.Projection.Features {
		if k < 0 || k > 1<<16 {
			return errProjection
		}
		n += k
		m.first[v+1] = n
	}
	size := 12 + d
	if n < 1 || n >= 1<<16-1 || len(data) != len(magic)+n*size || !bytes.HasPrefix(data, []byte(magic)) {
		return errProjection
	}
	data = data[len(magic):]
	m.weight, m.step, m.rows = make([]float64, n), make([]float64, n), make([]int8, n*d)
	for v := range views {
		m.lookup[v] = make([]uint16, 1<<hashBits)
		last := -1
		for i := m.first[v]; i < m.first[v+1]; i++ {
			row := data[i*size : (i+1)*size]
			hash := int(binary.LittleEndian.Uint32(row))
			w := float64(math.Float32frombits(binary.LittleEndian.Uint32(row[4:])))
			step := float64(math.Float32frombits(binary.LittleEndian.Uint32(row[8:])))
			if hash <= last || hash >= 1<<hashBits || !(w >= 0 && w < 1e6) || !(step >= 0 && step < 1e6) {
				return errProjection
			}
			last = hash
			m.lookup[v][hash] = uint16(i + 1)
			m.weight[i], m.step[i] = w, step
			out := m.rows[i*d : (i+1)*d]
			for k, b := range row[12:] {
				out[k] = int8(b)
			}
		}
	}
	return nil
}

// A Feature is a row of a projection.
type Feature struct {
	Hash   uint32
	Weight float32
	Step   float32
	Row    []int8 // by dimension
}

// WriteProjection returns the bytes of a projection: for each view its features
// in ascending order of hash.
func WriteProjection(features []Feature) []byte {
	data := []byte(magic)
	for _, f := range features {
		data = binary.LittleEndian.AppendUint32(data, f.Hash)
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f.Weight))
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f.Step))
		for _, q := range f.Row {
			data = append(data, byte(q))
		}
	}
	return data
}
