// Package style compares how people write: the characters and marks they use,
// the shapes of their sentences, their common words and a hundred-odd habits
// such as leaving out the apostrophe in dont. It says how much more often two
// samples of writing are as alike as these when one person wrote both than when
// two people of the same platform did: a likelihood ratio in thousandths of a
// bit. It knows how much text it has seen: little text gives little weight, and
// too little gives none.
//
// What everybody on a platform does is never a reason: samples are centred on a
// Background, the mean of the platform's writers.
//
// The model is two embedded files that detect/train makes from labelled data:
// a readable one with every parameter, and the projection of n-grams. The
// package reads no files and keeps no text: a Profile is counts alone. The same
// messages in any order give the same result, on every machine.
package style

import (
	"crypto/sha256"
	_ "embed" // the model's files
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

//go:embed model/style.json
var shippedReadable []byte

//go:embed model/projection.bin
var shippedProjection []byte

// A Model compares writing. It does not change and may be used concurrently.
type Model struct {
	p      Parameters
	name   string
	lookup [views][]uint16 // by hash: the feature's number plus one, 0 if it has none
	first  [views + 1]int  // where the features of each view begin
	weight []float64       // by feature
	step   []float64       // by feature: what the integers of its row are times
	rows   []int8          // by feature, then dimension
	common map[string]uint32
	habits []habit
	logs   []float64   // ln(1+n)
	back   *Background // of the people that the model was trained on
}

// Shipped returns the model that the program comes with. It parses it anew each
// time, in about a twentieth of a second: keep it. An error means that the
// program was built from broken files.
func Shipped() (*Model, error) { return ParseModel(shippedReadable, shippedProjection) }

// ParseModel reads a model from its readable file and its projection. Both are
// checked: a projection other than the one that the readable file names, a
// habit that this program does not know or a number out of range is an error.
func ParseModel(readable, projection []byte) (*Model, error) {
	m := &Model{common: newCommon(), habits: newHabits()}
	if err := json.Unmarshal(readable, &m.p); err != nil {
		return nil, fmt.Errorf("read the model's parameters: %w", err)
	}
	sum := sha256.Sum256(projection)
	if got := hex.EncodeToString(sum[:]); got != m.p.Projection.SHA256 {
		return nil, fmt.Errorf("the projection is %s, the parameters belong to %s", got, m.p.Projection.SHA256)
	}
	if err := m.p.check(m.habits); err != nil {
		return nil, fmt.Errorf("check the model's parameters: %w", err)
	}
	if err := m.readProjection(projection); err != nil {
		return nil, fmt.Errorf("read the projection: %w", err)
	}
	whole := sha256.Sum256(readable)
	m.name = m.p.Name + "+" + hex.EncodeToString(whole[:4])
	m.logs = make([]float64, 1024)
	for n := range m.logs {
		m.logs[n] = ln(1 + float64(n))
	}
	m.back = m.NewBackground("")
	return m, nil
}

// Name names the model with a digest of its parameters: "style/1+0a1b2c3d".
func (m *Model) Name() string { return m.name }

// Parameters returns the model's readable parameters. The slices in it are the
// model's own.
func (m *Model) Parameters() Parameters { return m.p }

// Card returns what the model was made from and how well it does.
func (m *Model) Card() Card { return m.p.Card }

var errProjection = errors.New("it has not the form that the parameters give")
