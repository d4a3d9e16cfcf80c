package style

import (
	"crypto/sha256"
	"encoding/hex"
)

// Views is how many views of a text there are: characters, shapes, tokens and
// words.
const Views = views

// A Gatherer names what could be a feature, for training: the hash of each short
// run of symbols of a text, view by view. It is not safe for concurrent use.
type Gatherer struct{ r reader }

// NewGatherer returns a gatherer.
func NewGatherer() *Gatherer { return &Gatherer{reader{common: newCommon()}} }

// Gather masks a text as Profile.Add does and calls take for each run, as often
// as it occurs.
func (g *Gatherer) Gather(text string, take func(view int, hash uint32)) {
	g.r.read(cut(Mask(text), maxPiece))
	for v := range views {
		g.r.each(v, func(hash uint32) { take(v, hash) })
	}
}

// HashSize is how many hashes there are in a view.
const HashSize = 1 << hashBits

// HabitKeys returns the keys of the habits in the order of the parameters.
func HabitKeys() []string {
	var keys []string
	for _, h := range newHabits() {
		keys = append(keys, h.key)
	}
	return keys
}

// KeyOf returns what a card keeps of an account's id: enough to recognise it,
// too little to tell it.
func KeyOf(account string) string {
	sum := sha256.Sum256([]byte("daybook style people " + account))
	return hex.EncodeToString(sum[:4])
}
