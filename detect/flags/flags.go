// Package flags marks in the text of one message what may help a reader to
// sort: words of harm near words of intent, "I am outside", an address that is
// on the person's own list. A flag is a filter for a reader. It says "possible"
// and why, never what is true, and nothing about the sender: there is no figure
// for a person here, and no sum over messages.
//
// A flag comes from a rule in rules.txt, which anybody can read, or from the
// linear threat model in threat.model, whose weights anybody can look up. How
// many of the messages that should be marked they find, and how many harmless
// ones they mark, was measured: Measured.
//
// Everything is a pure function of the text, of its language and of the
// person's own details: the same text gives the same flags, on every machine.
// Nothing is kept. The case's reader of messages calls it.
package flags

import (
	"cmp"
	"slices"
	"strings"
)

// A Flag is a kind of content that a reader may want to find.
type Flag string

// The flags.
const (
	Threat        Flag = "threat"        // harm to the person, to those near them, to their things or name
	Presence      Flag = "presence"      // the sender is near, was near or is on the way
	Surveillance  Flag = "surveillance"  // the sender knows or watches what the person does
	SelfHarm      Flag = "self-harm"     // the sender may harm themselves
	ThirdParties  Flag = "third-parties" // family, friends, employer are contacted or brought in
	Sexual        Flag = "sexual"        // sexual content
	Impersonation Flag = "impersonation" // somebody writes or acts in the person's name
	Doxxing       Flag = "doxxing"       // the person's details are named or made known
)

// All returns the flags in the order in which they are shown.
func All() []Flag {
	return []Flag{Threat, Presence, Surveillance, SelfHarm, ThirdParties, Sexual, Impersonation, Doxxing}
}

// Version names the rules and the model. It changes when either does.
func Version() string { return "flags/1" }

// maxText is how much of a text is read, in bytes; the rest is not looked at.
const maxText = 256 << 10

// maxSpans is how many places of a text one rule marks, the first ones.
const maxSpans = 32

// A Span is a place in the text as it was given: bytes From up to To.
type Span struct{ From, To int }

// Found is one rule that matched.
type Found struct {
	Flag  Flag
	Rule  string // a key that stays: "threat/intent-harm", "threat/model", "doxxing/own-address"
	Spans []Span // the words it rests on, in order, not overlapping; never none
	Text  string // one sentence for a reader. It holds nothing of the message and nothing of Own
}

// Own is what the person has told about themselves. It comes from a sealed
// place, is not exported, and does not show in a Found, whose spans point into
// the message alone.
type Own struct {
	Addresses  []string // "14 High Street, Anytown": commas set the parts apart
	Workplaces []string
	Names      []string // of the person, their children, whoever they want to be told about
	Phones     []string
}

// A Finder finds flags. It is safe for concurrent use.
type Finder struct {
	rules *ruleSet
	model *Model
	marks [][]int32 // the classes of the markers
	own   *ownDetails
}

// New returns a finder with the shipped rules and model. Details that are too
// short to be told from common words are left out: a name needs two letters, a
// telephone number seven digits.
func New(own Own) *Finder {
	rules := shippedRules()
	return &Finder{rules: rules, model: shippedModel(), marks: rules.markClasses(), own: newOwnDetails(own, rules)}
}

// Find returns what was found in a text, ordered by flag as in All, then by
// rule; nil if nothing was. The language is a tag such as "en-GB", or "" when
// it is not known: the English rules are always tried, those of another
// language when the tag names it or names none that there are rules for. The
// threat model reads English alone.
func (f *Finder) Find(text, lang string) []Found {
	r := f.read(text)
	found := f.rules.find(r, lang)
	found = append(found, f.own.find(r)...)
	if bits, words := f.model.score(f.rules, f.marks, r); bits >= f.model.Threshold {
		found = append(found, Found{Flag: Threat, Rule: ModelRule, Spans: r.spans(words), Text: modelText})
	}
	slices.SortFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(place(a.Flag), place(b.Flag)), strings.Compare(a.Rule, b.Rule))
	})
	return found
}

// ThreatBits is what the threat model makes of a text, in thousandths of a bit.
// It orders texts for measuring and is not shown.
func (f *Finder) ThreatBits(text string) int {
	bits, _ := f.model.score(f.rules, f.marks, f.read(text))
	return bits
}

// Threshold is the bits from which on the model marks a text, in thousandths.
func (f *Finder) Threshold() int { return f.model.Threshold }

// read reads a text into words, and the words into the classes of the rules.
func (f *Finder) read(text string) *reading {
	if len(text) > maxText {
		text = text[:maxText]
	}
	r := f.rules.vocabulary.read(text)
	f.own.look(r)
	f.rules.classify(r)
	return r
}

func place(flag Flag) int { return slices.Index(All(), flag) }
