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
	place      []float64 // by dimension, centred, and scaled as if the text were endless
	variance   []float64 // by dimension: of place, writers and chance together
	square     []float64 // by dimension: place² / variance
	habits     []habitual
}

// habitual is one habit of a writing, in units of the standard deviation of a
// single message.
type habitual struct {
	occasions, shown uint32
	usual            float64
	z                float64
	variance         float64
	square           float64
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
	w := Writing{messages: p.messages, characters: p.characters, why: m.lacks(p), amount: t}
	numbers := make([]float64, 3*d)
	w.place, w.variance, w.square = numbers[:d], numbers[d:2*d], numbers[2*d:]
	for k := range d {
		w.place[k] = y[k] - bg.place[k]
		w.variance[k] = m.p.Between[k] + m.p.Session[k] + m.p.Sampling[k]/t
		w.square[k] = float64(w.place[k]*w.place[k]) / w.variance[k]
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
		v := h.Between + h.Session + h.Sampling/n
		w.habits[i].z, w.habits[i].variance, w.habits[i].square = z, v, float64(z*z)/v
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
			row := m.rows[f*d : f*d+d]
			for k, x := range sums[:len(row)] {
				sums[k] = x + q*int64(row[k])
			}
		}
	}
	z := make([]float64, d)
	for k := range z {
		z[k] = float64(sums[k]) / (1 << 24) * m.p.Projection.Scale[k]
	}
	return z
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
type Background struct {
	platform string
	writers  int
	place    []float64
	usual    []float64 // by habit
}

// Platform returns what the background was named.
func (b *Background) Platform() string { return b.platform }

// Writers returns how many profiles the background was made of.
func (b *Background) Writers() int { return b.writers }

// pseudo is how many writers the mean of the training data counts for in a
// background: a platform of which little is known is taken for an ordinary one.
const pseudo = 10

// maxOccasions is how many messages of one writer count in a background: nobody
// writes so much that what they do is usual.
const maxOccasions = 100

// NewBackground returns the mean of the writers of a platform, of whom nothing
// else is known. Their order does not matter. Profiles with little text weigh
// little; without any profile it is the mean of the training data.
func (m *Model) NewBackground(platform string, ws ...*Profile) *Background {
	d := m.p.Projection.Dimensions
	b := &Background{platform: platform, place: make([]float64, d), usual: make([]float64, len(m.habits))}
	sums, weights := make([]int64, d), toFixed(pseudo*0.8)
	shown, occasions := make([]int64, len(m.habits)), make([]int64, len(m.habits))
	for i, h := range m.p.Habits {
		const prior = 30 * pseudo // messages
		shown[i], occasions[i] = toFixed(prior*h.Usual), toFixed(prior)
	}
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
		for i := range shown {
			o, k := float64(p.occasions[i]), float64(p.shown[i])
			if o > maxOccasions {
				o, k = maxOccasions, float64(k*maxOccasions)/o
			}
			shown[i] += toFixed(k)
			occasions[i] += toFixed(o)
		}
	}
	for k := range d {
		b.place[k] = float64(sums[k]) / float64(weights)
	}
	for i := range b.usual {
		b.usual[i] = min(max(float64(shown[i])/float64(occasions[i]), 1e-4), 1-1e-4)
	}
	return b
}
