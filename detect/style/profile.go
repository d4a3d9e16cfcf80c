package style

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Profile is what is kept of the writing of one handle: counts alone, no text.
// It does not matter in which order messages come. It is not safe for
// concurrent use.
type Profile struct {
	m          *Model
	features   []uint16 // ascending
	counts     []uint32 // in how many messages each occurs
	pending    []uint16 // occurrences that are not in counts yet
	messages   int
	characters int
	occasions  []uint32 // by habit
	shown      []uint32
	letters    int
	latin      int
	words      int
	common     int
	place      []float64 // what project gave, nil after a change
	reader     reader
	seen       []uint64 // by feature: whether it occurred in this piece
}

// Limits of a message: what is beyond them is not looked at. Long texts are
// read in pieces, because the model was trained on messages of that length.
const (
	maxMessage = 4000
	maxPiece   = 280
)

// NewProfile returns a profile without messages. It belongs to the model.
func (m *Model) NewProfile() *Profile {
	return &Profile{m: m, occasions: make([]uint32, len(m.habits)), shown: make([]uint32, len(m.habits)), reader: reader{common: m.common}}
}

// Add counts a message. Mentions, web addresses, e-mail addresses and telephone
// numbers are masked first. Any text may come: at most 4,000 characters are
// read, and a message without a letter, digit or mark is not counted.
func (p *Profile) Add(text string) {
	text = Mask(cut(strings.ToValidUTF8(text, ""), maxMessage))
	if text == "" {
		return
	}
	p.place = nil
	p.messages++
	p.characters += utf8.RuneCountInString(text)
	p.script(text)
	t := look(text)
	for i := range p.m.habits {
		if occasion, shown := p.m.habits[i].seen(t); occasion {
			p.occasions[i]++
			if shown {
				p.shown[i]++
			}
		}
	}
	for text != "" {
		piece := cutAtBlank(text, maxPiece)
		text = strings.TrimPrefix(text[len(piece):], " ")
		p.piece(piece)
	}
	if len(p.pending) > 1<<14 {
		p.settle()
	}
}

func (p *Profile) piece(text string) {
	p.reader.read(text)
	p.words += p.reader.wordCount
	p.common += p.reader.commonCount
	from := len(p.pending)
	if p.seen == nil {
		p.seen = make([]uint64, len(p.m.weight)/64+1)
	}
	for v := range views {
		lookup := p.m.lookup[v]
		p.reader.each(v, func(hash uint32) {
			f := lookup[hash]
			if f == 0 {
				return
			}
			f--
			if bit := uint64(1) << (f % 64); p.seen[f/64]&bit == 0 {
				p.seen[f/64] |= bit
				p.pending = append(p.pending, f)
			}
		})
	}
	for _, f := range p.pending[from:] {
		p.seen[f/64] = 0
	}
}

// script counts letters by script.
func (p *Profile) script(text string) {
	text = strings.NewReplacer(maskUser, "", maskURL, "", maskMail, "", maskPhone, "").Replace(text)
	for _, r := range text {
		if unicode.IsLetter(r) {
			p.letters++
			if r < 0x250 || unicode.Is(unicode.Latin, r) {
				p.latin++
			}
		}
	}
}

// settle moves what is pending into the counts.
func (p *Profile) settle() {
	if len(p.pending) == 0 {
		return
	}
	sums := make([]uint32, len(p.m.weight))
	for i, f := range p.features {
		sums[f] = p.counts[i]
	}
	fresh := 0
	for _, f := range p.pending {
		if sums[f] == 0 {
			fresh++
		}
		sums[f] = more(sums[f], 1)
	}
	n := len(p.features) + fresh
	p.features, p.counts, p.pending = make([]uint16, 0, n), make([]uint32, 0, n), p.pending[:0]
	for f, n := range sums {
		if n > 0 {
			p.features, p.counts = append(p.features, uint16(f)), append(p.counts, n)
		}
	}
}

// more adds without running over.
func more(a, b uint32) uint32 {
	if a > math.MaxUint32-b {
		return math.MaxUint32
	}
	return a + b
}

// Merge adds all that q has counted: a confirmed group is one writer. q is not
// changed but for its own order of work; both belong to one model.
func (p *Profile) Merge(q *Profile) {
	q.settle()
	p.settle()
	p.place = nil
	features := make([]uint16, 0, len(p.features)+len(q.features))
	counts := make([]uint32, 0, cap(features))
	for i, j := 0, 0; i < len(p.features) || j < len(q.features); {
		switch {
		case j == len(q.features) || i < len(p.features) && p.features[i] < q.features[j]:
			features, counts = append(features, p.features[i]), append(counts, p.counts[i])
			i++
		case i == len(p.features) || q.features[j] < p.features[i]:
			features, counts = append(features, q.features[j]), append(counts, q.counts[j])
			j++
		default:
			features, counts = append(features, p.features[i]), append(counts, more(p.counts[i], q.counts[j]))
			i, j = i+1, j+1
		}
	}
	p.features, p.counts = features, counts
	p.messages += q.messages
	p.characters += q.characters
	p.letters += q.letters
	p.latin += q.latin
	p.words += q.words
	p.common += q.common
	for i := range p.occasions {
		p.occasions[i] = more(p.occasions[i], q.occasions[i])
		p.shown[i] = more(p.shown[i], q.shown[i])
	}
}

// Messages returns how many messages have been counted.
func (p *Profile) Messages() int { return p.messages }

// Characters returns how many characters they had, masked.
func (p *Profile) Characters() int { return p.characters }

// Counts returns in how many messages each feature of the model occurs,
// features ascending. The slices are the profile's own.
func (p *Profile) Counts() (features []uint16, counts []uint32) {
	p.settle()
	return p.features, p.counts
}

// HabitCounts returns by habit how many messages gave an occasion for it and how
// many showed it. The slices are the profile's own.
func (p *Profile) HabitCounts() (occasions, shown []uint32) { return p.occasions, p.shown }

// cut returns the first runes of a text.
func cut(text string, runes int) string {
	if len(text) <= runes {
		return text
	}
	for i := range text {
		if runes--; runes < 0 {
			return text[:i]
		}
	}
	return text
}

// cutAtBlank is cut that ends at a blank where there is one.
func cutAtBlank(text string, runes int) string {
	piece := cut(text, runes)
	if len(piece) == len(text) {
		return piece
	}
	if i := strings.LastIndexByte(piece, ' '); i > 0 {
		return piece[:i]
	}
	return piece
}

var errProfile = errors.New("style: no profile of this model")

const profileVersion = 1

// MarshalBinary returns the profile for a cache. Equal counts give equal bytes.
func (p *Profile) MarshalBinary() ([]byte, error) {
	p.settle()
	data := append([]byte{profileVersion, byte(len(p.m.name))}, p.m.name...)
	for _, n := range []int{p.messages, p.characters, p.letters, p.latin, p.words, p.common, len(p.features)} {
		data = binary.AppendUvarint(data, uint64(n))
	}
	for i := range p.occasions {
		data = binary.AppendUvarint(data, uint64(p.occasions[i]))
		data = binary.AppendUvarint(data, uint64(p.shown[i]))
	}
	last := 0
	for i, f := range p.features {
		data = binary.AppendUvarint(data, uint64(int(f)-last))
		data = binary.AppendUvarint(data, uint64(p.counts[i]))
		last = int(f)
	}
	return data, nil
}

// UnmarshalBinary reads what MarshalBinary wrote, into a profile that NewProfile
// made. What another model wrote is an error, as is anything else; the profile
// is unchanged then.
func (p *Profile) UnmarshalBinary(data []byte) error {
	name := p.m.name
	if len(data) < 2+len(name) || data[0] != profileVersion || int(data[1]) != len(name) || string(data[2:2+len(name)]) != name {
		return errProfile
	}
	r := numbers{data: data[2+len(name):]}
	q := p.m.NewProfile()
	for _, n := range []*int{&q.messages, &q.characters, &q.letters, &q.latin, &q.words, &q.common} {
		*n = int(r.next(math.MaxInt32))
	}
	size := int(r.next(uint64(len(p.m.weight))))
	for i := range q.occasions {
		q.occasions[i] = uint32(r.next(math.MaxUint32))
		q.shown[i] = uint32(r.next(uint64(q.occasions[i])))
	}
	last := 0
	for i := range size {
		step := int(r.next(uint64(len(p.m.weight))))
		last += step
		n := uint32(r.next(math.MaxUint32))
		if r.bad || step == 0 && i > 0 || last >= len(p.m.weight) || n == 0 {
			return errProfile
		}
		q.features, q.counts = append(q.features, uint16(last)), append(q.counts, n)
	}
	if r.bad || len(r.data) > 0 || q.latin > q.letters || q.common > q.words {
		return fmt.Errorf("%w: its numbers do not fit", errProfile)
	}
	*p = *q
	return nil
}

// numbers reads unsigned numbers; bad once one is missing or too large.
type numbers struct {
	data []byte
	bad  bool
}

func (r *numbers) next(most uint64) uint64 {
	n, w := binary.Uvarint(r.data)
	if w <= 0 || n > most {
		r.bad = true
		return 0
	}
	r.data = r.data[w:]
	return n
}
