package links

import (
	"encoding/binary"
	"maps"
	"slices"
)

// A Tally counts what writers use, for the table of common words (common.bin).
// detect/train fills it.
type Tally struct {
	writers int
	words   map[uint32]int
	runs    map[uint32]int
}

// NewTally returns an empty count.
func NewTally() *Tally { return &Tally{words: map[uint32]int{}, runs: map[uint32]int{}} }

// Add counts the messages of one writer: each word and each run of three words
// once, however often it comes.
func (t *Tally) Add(messages []string) {
	t.writers++
	words, runs := map[uint32]bool{}, map[uint32]bool{}
	for _, text := range messages {
		w := readWords(text)
		for i := range w.len() {
			words[uint32(hash(w.run(i, 1))>>32)] = true
			if w.unbroken(i, 3) {
				runs[uint32(hash(w.run(i, 3))>>32)] = true
			}
		}
	}
	for key := range words {
		t.words[key]++
	}
	for key := range runs {
		t.runs[key]++
	}
}

// Writers is how many were added.
func (t *Tally) Writers() int { return t.writers }

// Table returns the table: what at least 10 writers use. It depends on what was
// added alone, not on the order.
func (t *Tally) Table() []byte {
	common := func(m map[uint32]int) []uint32 {
		var out []uint32
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if m[key] >= fewWriters {
				out = append(out, key)
			}
		}
		return out
	}
	words, runs := common(t.words), common(t.runs)
	out := binary.BigEndian.AppendUint32(nil, uint32(len(words)))
	for _, key := range words {
		out = binary.BigEndian.AppendUint32(out, key)
		out = binary.BigEndian.AppendUint16(out, uint16(min(t.words[key], 1<<16-1)))
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(runs)))
	for _, key := range runs {
		out = binary.BigEndian.AppendUint32(out, key)
	}
	return out
}
