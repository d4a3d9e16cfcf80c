package links

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"daybook"
	"daybook/detect"
	"daybook/detect/style"
)

// A Detector suggests which handles may be linked. It compares handles and
// confirmed groups with each other, each pair by itself: a suggestion that
// nobody has confirmed is never the ground of another.
//
// A pair is suggested when
//
//   - writing alone is strong: enough text on both sides, and a weight of 4.3 bits
//     and log2 of the number of handles and groups or more, with less than 4 bits
//     assumed against it; or
//   - what is assumed is strong: 7 bits more for than against, from two families of
//     comparisons with 3 bits or more each (3.5 for words, 2 for succession; or both
//     accounts name each other), and writing, where there is enough of it, does not
//     speak against it with 3 bits or more; from 64 handles on the 7 bits rise by
//     half of log2 of how many times 64 they are; or
//   - both are middling: 3 bits of writing, 4 bits assumed with one of those
//     families; where that is succession, 5 bits of writing.
//
// Hours, third parties and servers weigh, but are no family that a suggestion may
// stand on. Nor is succession where a crowd first came around that time: more than
// ten other handles, three times as many as otherwise.
//
// Not suggested, whatever speaks for it: a pair of which a person said that it is
// apart, or of a handle with a member of a group of which that was said; a pair
// that is confirmed; the person's own accounts; a pair of which neither side ever
// wrote to the person. What was left open stays suggested and says so.
type Detector struct{ Model *style.Model }

// Name is the version of the comparisons and of the model of writing.
func (d Detector) Name() string { return "links/1 " + d.Model.Name() }

// Detect returns one finding of kind "link" for each pair that is suggested,
// strongest first, then by Ref. Handles begins with the handle that came later
// (the single one, where the other side is a group); the rest is the handle or
// the confirmed group that it may be linked to, by Ref. From and To are its first
// and last contact. Weight is that of writing alone, 0 if there is too little
// text; the figures "assumed-for" and "assumed-against" are the others, in
// millibits; the two are never added up. Reasons are what speaks for,
// strongest first, then what speaks against, then what could not be compared.
// Between two groups the first handle of the later one stands for it.
func (d Detector) Detect(ctx context.Context, f Facts) ([]detect.Finding, error) {
	c, err := d.prepare(f)
	if err != nil {
		return nil, err
	}
	type suggested struct {
		compared
		detect.Finding
	}
	var all []suggested
	for i, pr := range c.candidates() {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		a, b := c.parties[pr[0]], c.parties[pr[1]]
		if len(a.in) == 0 && len(b.in) == 0 {
			continue
		}
		if mark, _ := c.decided(a, b); mark == daybook.MarkApart || mark == daybook.MarkLinked {
			continue
		}
		if r, ok := c.pairOf(a, b).compareIfWorth(); ok && c.isSuggested(&r) {
			all = append(all, suggested{r, c.finding(&r, d.Name())})
		}
	}
	slices.SortFunc(all, func(a, b suggested) int {
		return cmp.Or(cmp.Compare(b.strength(), a.strength()), slices.CompareFunc(a.Handles, b.Handles, func(x, y daybook.Handle) int { return strings.Compare(x.Ref(), y.Ref()) }))
	})
	out := make([]detect.Finding, len(all))
	for i := range all {
		out[i] = all[i].Finding
	}
	return out, nil
}

// Explain returns the finding of any two handles, given by their places in
// Handles, suggested or not: all that speaks for a link and against it; Text says
// whether it is suggested or was decided. Each
// stands with the group that it is in; of two handles of one group, the first is
// compared with the rest of it. It is an error if a place does not exist, is given
// twice, or is the person's own.
func (d Detector) Explain(ctx context.Context, f Facts, a, b int) (detect.Finding, error) {
	if a < 0 || b < 0 || a >= len(f.Handles) || b >= len(f.Handles) || a == b {
		return detect.Finding{}, fmt.Errorf("compare handles %d and %d of %d: two different ones are needed", a, b, len(f.Handles))
	}
	c, err := d.prepare(f)
	if err != nil {
		return detect.Finding{}, err
	}
	if err := ctx.Err(); err != nil {
		return detect.Finding{}, err
	}
	x, y := c.partyOf(a), c.partyOf(b)
	if x == nil || y == nil {
		return detect.Finding{}, errors.New("compare handles: one of them is the person's own")
	}
	if x == y {
		f.Groups = slices.DeleteFunc(slices.Clone(f.Groups), func(g []int) bool { return slices.Contains(g, a) && slices.Contains(g, b) })
		if rest := slices.DeleteFunc(slices.Clone(x.members), func(h int) bool { return h == a }); len(rest) > 1 {
			f.Groups = append(f.Groups, rest)
		}
		if c, err = d.prepare(f); err != nil {
			return detect.Finding{}, err
		}
		x, y = c.partyOf(a), c.partyOf(b)
	}
	r := c.pairOf(x, y).compare()
	return c.finding(&r, d.Name()), nil
}

func (d Detector) prepare(f Facts) (*casework, error) {
	if d.Model == nil {
		return nil, errors.New("compare handles: there is no model of writing")
	}
	if len(f.Senders) != 0 && len(f.Senders) != len(f.Handles) {
		return nil, fmt.Errorf("compare handles: %d senders for %d handles", len(f.Senders), len(f.Handles))
	}
	c := prepare(f)
	c.model = d.Model
	return c, nil
}

// mostCrowd is how many others may first come around that time before succession
// is no ground for a suggestion.
const mostCrowd = 10

// isSuggested is the rule of Detector.
func (c *casework) isSuggested(r *compared) bool {
	parties := uint64(len(c.parties))
	net := r.forLink + r.against
	if r.writing.enough && r.writing.weight >= ruleWriting+detect.Millibits(log2(parties, 1)) && net > -ruleBeside {
		return true
	}
	if r.writing.enough && r.writing.weight <= ruleNotByHand {
		return false
	}
	grounds := 0
	for f, w := range r.families {
		if f := family(f); f.isGround(w) && (f != familySuccession || r.crowd <= mostCrowd) {
			grounds++
		}
	}
	if r.families[familyMoved] >= movedBoth {
		grounds = max(grounds, 2)
	}
	need := ruleAssumed
	if parties > 64 {
		need += detect.Millibits(log2(parties, 64)) / 2
	}
	if grounds >= 2 && net >= need {
		return true
	}
	middling := ruleMiddling
	if grounds == 1 && familySuccession.isGround(r.families[familySuccession]) {
		middling = ruleFollowing
	}
	return r.writing.enough && r.writing.weight >= middling && grounds >= 1 && net >= ruleBeside
}

// strength orders suggestions; it is shown to nobody.
func (r *compared) strength() detect.Millibits {
	return max(r.writing.weight, r.forLink+r.against)
}

// finding makes the finding of a pair.
func (c *casework) finding(r *compared, model string) detect.Finding {
	a, b := r.pair.a, r.pair.b
	f := detect.Finding{Kind: "link", Weight: r.writing.weight, Model: model, Figures: map[string]detect.Figure{}}
	shown := a.members[0]
	if first, ok := a.first(); ok {
		f.From, f.To = first.at, a.in[len(a.in)-1].at
		if len(a.members) > 1 {
			shown = first.handle
		}
	}
	f.Handles = append(f.Handles, c.facts.Handles[shown])
	for _, h := range b.members {
		f.Handles = append(f.Handles, c.facts.Handles[h])
	}
	f.Figures["assumed-for"] = detect.Figure{Value: int64(r.forLink), Unit: "millibits",
		Text: "What speaks for a link, by weights that were set by hand: " + bitsWords(r.forLink) + "."}
	f.Figures["assumed-against"] = detect.Figure{Value: int64(r.against), Unit: "millibits",
		Text: "What speaks against it, by weights that were set by hand: " + bitsWords(r.against) + "."}
	contacts := make([]uint64, 0, len(a.in))
	for _, m := range a.in {
		contacts = append(contacts, m.entry)
	}
	f.Figures["contacts"] = detect.Figure{Value: int64(len(a.in)), Unit: "messages", Entries: ascending(contacts),
		Text: c.callAll(a) + " contacted you " + count(int64(len(a.in)), "time") + "."}
	for _, n := range r.notes {
		if n.Entries == nil {
			n.Entries = []uint64{}
		}
		f.Reasons = append(f.Reasons, n.Reason)
	}
	if r.crowd > mostCrowd {
		f.Reasons = append(f.Reasons, detect.Reason{Feature: "crowd", Entries: []uint64{},
			Text: count(int64(r.crowd), "other handle") + " first contacted you around that time, so coming then says little."})
	}
	if mark, d := c.decided(a, b); mark == daybook.MarkOpen {
		f.Reasons = append(f.Reasons, detect.Reason{Feature: "left-open", Entries: []uint64{d.Entry}, Text: "You left open whether they are linked, on " + c.moment(d.At) + "."})
	}
	f.Text = c.sentence(r)
	return f
}

// sentence says what became of a pair, and what speaks for it most.
func (c *casework) sentence(r *compared) string {
	a, b := c.callAll(r.pair.a), c.callAll(r.pair.b)
	switch mark, _ := c.decided(r.pair.a, r.pair.b); {
	case mark == daybook.MarkApart:
		return "You said that " + a + " and " + b + " are not linked."
	case mark == daybook.MarkLinked:
		return "You said that " + a + " is linked to " + b + "."
	case !c.isSuggested(r):
		return "A link between " + a + " and " + b + " is not suggested."
	}
	text := a + " may be linked to " + b + "."
	for _, n := range r.notes {
		if n.Weight > 0 && !Quotes(n.Feature) {
			return text + " " + n.Text
		}
	}
	return text
}

// bitsWords writes "3.5 bits".
func bitsWords(w detect.Millibits) string {
	sign := ""
	if w < 0 {
		sign, w = "−", -w
	}
	return sign + decimal(int64(w/1000)) + "." + decimal(int64(w%1000/100)) + " bits"
}
