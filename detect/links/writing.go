package links

import (
	"strings"

	"daybook"
	"daybook/detect"
	"daybook/detect/style"
)

// writing is what is kept of how a sender writes. What is worked out from it is
// kept until more is added.
type writing struct {
	model   *style.Model
	profile *style.Profile
	made    style.Writing
	madeBy  *style.Background
	fresh   bool
}

// NewSender returns a sender of whom nothing is known yet. The model must be
// that of the Detector.
func NewSender(model *style.Model) *Sender {
	return &Sender{
		writing: writing{model: model, profile: model.NewProfile()},
		keys:    map[uint64]struct{}{},
		langs:   map[string]int64{},
	}
}

func (w *writing) add(text string) {
	w.profile.Add(text)
	w.fresh = false
}

// Written is what is kept of how the sender writes: for a Background of the
// platform. It must not be changed.
func (s *Sender) Written() *style.Profile { return s.writing.profile }

// against returns what the model makes of the writing, before a background.
func (w *writing) against(bg *style.Background) style.Writing {
	if !w.fresh || w.madeBy != bg {
		w.made, w.madeBy, w.fresh = w.model.Writing(w.profile, bg), bg, true
	}
	return w.made
}

// A manuscript is the writing of a party.
type manuscript struct {
	profile *style.Profile
	style.Writing
}

// manuscript returns the writing of a party, nil if it wrote nothing. What a
// group wrote counts as one.
func (c *casework) manuscript(p *party) *manuscript {
	if p.read {
		return p.written
	}
	p.read = true
	bg := c.facts.Background[p.platform]
	var whole *style.Profile
	for _, h := range p.members {
		if h >= len(c.facts.Senders) || c.facts.Senders[h] == nil {
			continue
		}
		w := &c.facts.Senders[h].writing
		if len(p.members) == 1 {
			if w.profile.Messages() > 0 {
				p.written = &manuscript{w.profile, w.against(bg)}
			}
			return p.written
		}
		if whole == nil {
			whole = c.model.NewProfile()
		}
		whole.Merge(w.profile)
	}
	if whole != nil && whole.Messages() > 0 {
		p.written = &manuscript{whole, c.model.Writing(whole, bg)}
	}
	return p.written
}

// fewKnown is how many writers of a platform have to be known for writing to weigh
// what it can: the model gives less where it is not known what is usual.
const fewKnown = 100

// writersOf is how many writers of a platform are known.
func (c *casework) writersOf(p daybook.Platform) int {
	if bg := c.facts.Background[p]; bg != nil {
		return bg.Writers()
	}
	return 0
}

// written is what the comparison of writing says.
type written struct {
	enough bool
	weight detect.Millibits
	notes  []note
	a, b   style.Writing
}

// writing compares how the two write. It is the one comparison that is learned.
func (p *pair) writing() written {
	a, b := p.c.manuscript(p.a), p.c.manuscript(p.b)
	nothing := func(text string) written {
		return written{notes: []note{{familyNothing, detect.Reason{Feature: "writing-too-little", Learned: true, Text: strings.TrimSpace(text)}}}}
	}
	if a == nil || b == nil {
		for _, q := range []*party{p.a, p.b} {
			if p.c.manuscript(q) == nil {
				return nothing("Writing could not be compared: there is no text of " + p.c.callAll(q) + ".")
			}
		}
	}
	for _, m := range []*manuscript{a, b} {
		ok, why := m.Enough()
		if ok {
			continue
		}
		if strings.HasPrefix(why, "There is too little text") {
			why = "" // that is what the sentence says
		}
		return nothing("Too little text to compare writing: " + amount(a) + " of " + p.c.callAll(p.a) + " and " + amount(b) + " of " + p.c.callAll(p.b) + ". " + why)
	}
	w := written{enough: true, weight: detect.Millibits(p.c.model.Compare(a.Writing, b.Writing).Millibits)}
	w.a, w.b = a.Writing, b.Writing
	amounts := amount(a) + " of " + p.c.callAll(p.a) + " and " + amount(b) + " of " + p.c.callAll(p.b) + " were compared."
	text := "The writing says little for or against a link: "
	switch bits := w.weight; {
	case bits >= 1000:
		text = "Writing as alike as this was measured " + factor(bits) + " times as often between two handles of one writer as between those of two writers: "
	case bits <= -1000:
		text = "Writing as unlike as this was measured " + factor(-bits) + " times as often between handles of two writers as between those of one: "
	}
	for _, q := range []*party{p.a, p.b} {
		if n := p.c.writersOf(q.platform); n < fewKnown {
			amounts += " What is usual on " + visible(platformTitle(q.platform)) + " is known of " + count(int64(n), "writer") + " alone, so it cannot weigh much."
			break
		}
	}
	w.notes = []note{{familyNothing, detect.Reason{Feature: "writing", Weight: w.weight, Learned: true, Text: text + amounts}}}
	return w
}

// mostHabits is how many habits are said on each side.
const mostHabits = 4

// habits says which habits the writing has in common, and which not. They are
// parts of the weight of writing, and not to be added to it.
func (p *pair) habits(w written) []note {
	notes := w.notes
	if !w.enough {
		return notes
	}
	var sides [2]int
	for _, h := range p.c.model.Habits(w.a, w.b) {
		side := 0
		if h.For {
			side = 1
		}
		if sides[side]++; sides[side] <= mostHabits {
			notes = append(notes, note{familyNothing, detect.Reason{Feature: "habit-" + h.Key, Weight: detect.Millibits(h.Millibits), Learned: true, Text: h.Text}})
		}
	}
	return notes
}

// factor writes 2 to the power of some bits as a round number, rounded down.
func factor(bits detect.Millibits) string {
	n := int64(1) << min(bits/1000, 20)
	if bits < 20_000 {
		switch part := bits % 1000; { // log2 of 7/4, 3/2 and 5/4
		case part >= 807:
			n = n * 7 / 4
		case part >= 585:
			n = n * 3 / 2
		case part >= 322:
			n = n * 5 / 4
		}
	}
	for unit := int64(100_000); unit >= 1; unit /= 10 {
		if n >= 10*unit {
			n = n / unit * unit
			break
		}
	}
	return "about " + decimal(n)
}

func amount(m *manuscript) string {
	return count(int64(m.profile.Messages()), "message") + " (" + decimal(int64(m.profile.Characters())) + " characters)"
}

// platformTitle is what a platform is called in a sentence.
func platformTitle(p daybook.Platform) string {
	if p == "x" {
		return "X"
	}
	return string(p)
}
