// Package detect finds patterns in the messages of one case: repeated contact,
// contact after "please stop", and what rests on them. It gives figures and
// reasons, each with the entries that it rests on, so that anyone can recount
// them; never a verdict, a score of a person or a type of sender.
//
// Everything here is a pure function of Facts: no clock, no network, no files,
// no randomness. The same facts give the same findings, on every machine.
package detect

import (
	"context"
	"time"

	"daybook"
)

// Millibits is the weight of evidence: thousandths of log2 of a likelihood
// ratio. +1000 doubles the odds, -1000 halves them, 0 says nothing.
type Millibits int64

// Facts is all that a detector may know about a case, by value. Handles are
// referred to by their index in Handles.
type Facts struct {
	Handles  []daybook.Handle // every handle that wrote, was written to, blocked or marked
	Groups   [][]int          // handles that a person confirmed as linked; a handle stands in at most one
	Contacts []Contact        // every message, ordered by At, then Entry
	Blocks   []Block          // ordered by Seen
	Marks    []Mark           // in force, ordered by entry; undone and superseded ones are left out
	Watched  []Interval       // when each account and lane was read, ordered by account, lane, From
	Gaps     []GapSpan        // ordered by From
	Zone     *time.Location   // the person's; days and hours are counted in it
	Now      time.Time
	Quiet    time.Duration // contacts further apart than this are two occasions; 0 means 6 hours
}

// A Contact is one message as detection sees it: without its text.
type Contact struct {
	Entry     uint64 // of its first capture
	Handle    int    // the other side: the sender of what came in, each addressee of what went out is a Contact of its own; -1 if nobody is addressed
	At        time.Time
	Until     time.Time // of a span; else zero
	Precision daybook.Precision
	Kind      daybook.Kind
	Direction daybook.Direction
	Account   daybook.AccountID
	Platform  daybook.Platform
	Origin    daybook.Origin
	Logged    time.Time // when it was appended
	Gone      bool
	Edited    bool
	Others    []int // of what came in: who else it names or addresses, ascending: handles, and from len(Facts.Handles) on one number for each that the case knows by such mentions alone
}

// A Block is a block by the person of a handle, as far as the platform shows it.
type Block struct {
	Handle int
	Seen   time.Time // first seen in force
	Before time.Time // last seen not in force; the block was made between the two. Zero if never looked before
	Ended  time.Time // first seen lifted while the handle still exists; zero if in force
	Entry  uint64
}

// A Mark is a person's decision about a handle or a day.
type Mark struct {
	What   daybook.Mark
	Handle int // -1 for a day
	When   daybook.When
	Entry  uint64  // of the decision
	About  *uint64 // the entry that it is about
	How    string
	At     time.Time // when it was decided
}

// An Interval is a time in which one lane of one account was read.
type Interval struct {
	Account  daybook.AccountID
	Lane     daybook.Lane
	From, To time.Time
}

// A GapSpan is a time in which something may have been missed.
type GapSpan struct {
	Account  daybook.AccountID
	Lane     daybook.Lane // "" for all
	Class    daybook.GapClass
	From, To time.Time
	Entry    uint64
}

// A Reason is one piece of evidence for or against a finding.
type Reason struct {
	Feature string    `json:"feature"` // stable key: "after-stop"
	Weight  Millibits `json:"weight_millibits,omitzero"`
	Learned bool      `json:"learned,omitzero"` // false: set by hand and capped
	Text    string    `json:"text"`             // one sentence for a person
	Entries []uint64  `json:"entries"`          // what it rests on, ascending
}

// A Figure is one number with the entries that it counts.
type Figure struct {
	Value   int64       `json:"value"`
	Of      int64       `json:"of,omitzero"`       // the whole, where Value is a part of something: "23 of 42 days"
	Unit    string      `json:"unit"`              // "messages", "occasions", "days", "seconds", "handles", "changes", "bursts", "thousandths"
	Text    string      `json:"text"`              // one sentence for a person
	Entries []uint64    `json:"entries,omitempty"` // ascending; recounting them gives Value where the unit is messages
	At      []time.Time `json:"-"`                 // of "changes", for a chart: since when the rate was another, ascending
}

// A Finding is a pattern that is worth a person's attention.
type Finding struct {
	Kind    string            `json:"kind"` // "contact"
	Handles []daybook.Handle  `json:"handles"`
	From    time.Time         `json:"from"`
	To      time.Time         `json:"to"`
	Figures map[string]Figure `json:"figures"`
	Weight  Millibits         `json:"weight_millibits,omitzero"`
	Text    string            `json:"text"` // the finding in one or two sentences
	Reasons []Reason          `json:"reasons"`
	Model   string            `json:"model"` // name and version: "contact/2"
}

// A Detector looks at the facts of one case. It is pure.
type Detector interface {
	Name() string
	Detect(ctx context.Context, f Facts) ([]Finding, error)
}
