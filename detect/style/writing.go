package style

import "math"

// A Writing is what is compared: where the writing of one handle lies, and its
// habits, both seen from a background. It is computed once for each handle and
// does not change.
type Writing struct {
	messages   int
	characters int
	why        string // why there is not enough, "" if there is
	amount     float64
	back       *Background
	place      []float64 // by dimension, centred, and scaled as if the text were endless
	variance   []float64 // by dimension: of place; writers, chance and the background together
	habits     []habitual
}

// habitual is one habit of a writing, in units of the standard deviation of a
// single message.
type habitual struct {
	occasions, shown uint32
	usual            float64
	z                float64
	variance         float64
}

// Messages returns how many messages the writing rests on.
func (w Writing) Messages() int { return w.messages }

// Enough says whether there is enough text for a comparison. If not, why is a
// sentence.
func (w Writing) Enough() (ok bool, why string) { return w.why == "", w.why }

// Writing works out what is compared of a profile, against the background of its
// platform; nil is that of the people that the model was trained on. p keeps
// part of the work until it changes: not for concurrent use of one profile.
func (m *Model) Writing(p *Profile, bg *Background) Writing {
	if bg == nil {
		bg = m.back
	}
	d := m.p.Projection.Dimensions
	t, y := m.locate(p)
	w := Writing{messages: p.messages, characters: p.characters, why: m.lacks(p), amount: t, back: bg}
	numbers := make([]float64, 2*d)
	w.place, w.variance = numbers[:d], numbers[d:]
	for k := range d {
		w.place[k] = y[k] - bg.place[k]
		w.variance[k] = m.p.Between[k] + m.p.Session[k] + m.p.Sampling[k]/t + bg.doubt[k]
	}
	w.habits = make([]habitual, len(m.habits))
	for i := range w.habits {
		o, k := p.occasions[i], p.shown[i]
		h, usual := m.p.Habits[i], bg.usual[i]
		w.habits[i] = habitual{occasions: o, shown: k, usual: usual}
		if o == 0 {
			continue
		}
		n := float64(o)
		z := (float64(k) - float64(n*usual)) / n / math.Sqrt(max(float64(usual*(1-usual)), 1e-4))
		w.habits[i].z, w.habits[i].variance = z, h.Between+h.Session+h.Sampling/n+bg.habitDoubt[i]
	}
	return w
}

// lacks says in a sentence why nothing is claimed of a profile, "" if there is
// enough.
func (m *Model) lacks(p *Profile) string {
	e := m.p.Enough
	switch {
	case p.messages == 0:
		return "There are no messages with text."
	case p.letters > 0 && float64(p.latin) < e.Latin*float64(p.letters):
		return "The messages are written mostly in a script that the model was not trained on."
	case p.messages < e.Messages || p.characters < e.Characters:
		return "There is too little text: " + count(p.messages, "message") + " with " + count(p.characters, "character") + "."
	case float64(p.common) < e.Common*float64(p.words):
		return "The messages are written mostly in a language that the model was not trained on."
	}
	return ""
}

// locate returns the amount of text, kept within what the model was trained on,
// and where the profile lies seen from the mean of all writers, scaled as if the
// text were endless.
func (m *Model) locate(p *Profile) (t float64, y []float64) {
	a := m.p.Amount
	t = min(max(float64(p.characters), a.Least), a.Most)
	if p.place != nil {
		return t, p.place
	}
	d := m.p.Projection.Dimensions
	z := m.project(p)
	u := ln(t) / 8
	u2 := u * u
	u3 := u2 * u
	scale := math.Sqrt((t + a.Half) / t)
	mean := m.p.Mean
	for k := range d {
		mu := mean[0][k] + float64(u*mean[1][k]) + float64(u2*mean[2][k]) + float64(u3*mean[3][k])
		z[k] = (z[k] - mu) * scale
	}
	p.place = z
	return t, z
}

// project returns the projection of a profile: for each view the counts, damped
// and weighted and brought to length one, times the rows of their features.
// Sums are of integers, so that their order does not matter.
func (m *Model) project(p *Profile) []float64 {
	features, counts := p.Counts()
	d := m.p.Projection.Dimensions
	sums := make([]int64, d)
	i := 0
	for v := range views {
		from := i
		length := 0.0
		for ; i < len(features) && int(features[i]) < m.first[v+1]; i++ {
			w := m.damped(counts[i]) * m.weight[features[i]]
			length += float64(w * w)
		}
		if length == 0 {
			continue
		}
		length = math.Sqrt(length)
		for j := from; j < i; j++ {
			f := int(features[j])
			w := m.damped(counts[j]) * m.weight[f] / length
			q := int64(math.Round(w * m.step[f] * (1 << 24)))
			addRow(sums, m.rows[f*d:f*d+d], q)
		}
	}
	z := make([]float64, d)
	for k := range z {
		z[k] = float64(sums[k]) / (1 << 24) * m.p.Projection.Scale[k]
	}
	return z
}

// addRow adds q times a row to the sums. It is where the time goes.
func addRow(sums []int64, row []int8, q int64) {
	row = row[:len(sums)]
	for len(sums) >= 8 {
		s, r := sums[:8:8], row[:8:8]
		s[0] += q * int64(r[0])
		s[1] += q * int64(r[1])
		s[2] += q * int64(r[2])
		s[3] += q * int64(r[3])
		s[4] += q * int64(r[4])
		s[5] += q * int64(r[5])
		s[6] += q * int64(r[6])
		s[7] += q * int64(r[7])
		sums, row = sums[8:], row[8:]
	}
	for k := range sums {
		sums[k] += q * int64(row[k])
	}
}

// damped returns ln(1+n).
func (m *Model) damped(n uint32) float64 {
	if int(n) < len(m.logs) {
		return m.logs[n]
	}
	return ln(1 + float64(n))
}

// A Background is how the writers of a platform write on average: what is usual
// there. It does not change.
//
// The mean of a platform is not known but estimated, from the writers seen and
// from how far the means of platforms lie apart. What remains in doubt is shared
// by all writings with this background, so that it makes nobody alike: with few
// writers seen, weights are small.
type Background struct {
	platform   string
	writers    int
	place      []float64
	doubt      []float64 // by dimension: variance of place
	usual      []float64 // by habit
	habitDoubt []float64 // by habit: variance of what is usual
}

// Platform returns what the background was named.
func (b *Background) Platform() string { return b.platform }

// Writers returns how many profiles the background was made of.
func (b *Background) Writers() int { return b.writers }

// maxOccasions is how many messages of one writer count in a background: nobody
// writes so much that what they do is usual.
const maxOccasions = 100

// NewBackground returns the mean of the writers of a platform, of whom nothing
// else is known. Their order does not matter. Profiles with little text weigh
// little; without any profile it is the mean of the training data.
func (m *Model) NewBackground(platform string, ws ...*Profile) *Background {
	d, n := m.p.Projection.Dimensions, len(m.habits)
	sums, weights := make([]int64, d), int64(0)
	shown, occasions, writers := make([]int64, n), make([]int64, n), make([]int64, n)
	b := &Background{platform: platform}
	for _, p := range ws {
		if p.messages == 0 || p.letters > 0 && float64(p.latin) < m.p.Enough.Latin*float64(p.letters) {
			continue
		}
		b.writers++
		t, y := m.locate(p)
		weight := t / (t + m.p.Amount.Half)
		weights += toFixed(weight)
		for k := range d {
			sums[k] += toFixed(weight * y[k])
		}
		for i := range n {
			o, k := float64(p.occasions[i]), float64(p.shown[i])
			if o == 0 {
				continue
			}
			if o > maxOccasions {
				o, k = maxOccasions, float64(k*maxOccasions)/o
			}
			shown[i] += toFixed(k)
			occasions[i] += toFixed(o)
			h := m.p.Habits[i]
			own := h.Between + h.Session
			writers[i] += toFixed(own / (own + h.Sampling/o))
		}
	}
	numbers := make([]float64, 2*d+2*n)
	b.place, b.doubt, b.usual, b.habitDoubt = numbers[:d], numbers[d:2*d], numbers[2*d:2*d+n], numbers[2*d+n:]
	for k := range d {
		// As many writers as tell as much as the spread of platforms does.
		prior := (m.p.Between[k] + m.p.Session[k]) / m.p.Platform[k]
		seen := float64(weights) / fixed
		b.place[k] = float64(sums[k]) / fixed / (seen + prior)
		b.doubt[k] = m.p.Platform[k] * prior / (seen + prior)
	}
	for i, h := range m.p.Habits {
		prior := (h.Between + h.Session) / h.Platform
		seen := float64(writers[i]) / fixed
		share := h.Usual
		if occasions[i] > 0 {
			share = float64(shown[i]) / float64(occasions[i])
		}
		b.usual[i] = min(max((float64(seen*share)+float64(prior*h.Usual))/(seen+prior), 1e-4), 1-1e-4)
		b.habitDoubt[i] = h.Platform * prior / (seen + prior)
	}
	return b
}
