// Package links compares handles and says which of them may be linked, with the
// reasons for and against. It is part of detection: pure functions of Facts,
// with no clock, network or files. It never says that two handles are one
// person: a person reads the reasons and decides.
//
// A comparison gives a weight in bits (Fellegi and Sunter, "A theory for record
// linkage", JASA 64, 1969): what it adds to the logarithm of the odds. Writing
// is compared by package style, which is learned from data and calibrated. All
// other comparisons are set by hand, capped and marked as assumed. The two are
// shown apart and never added up.
package links

import (
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/style"
)

// Facts is what is known about a case when handles are compared.
type Facts struct {
	detect.Facts
	Senders    []*Sender                              // of each of Facts.Handles; nil if nothing is known but contacts
	Decisions  []Decision                             // in force, about pairs
	Background map[daybook.Platform]*style.Background // what is usual there; where there is none, or one of few writers, writing weighs little
	Own        []string                               // Refs of the person's own accounts: never compared
	Said       *Sender                                // what the person wrote, so that a phrase that two handles quote from there is not taken for theirs; nil if that is not known
}

// A Decision is what a person said about two handles.
type Decision struct {
	A, B  int          // places in Facts.Handles
	What  daybook.Mark // MarkLinked, MarkApart or MarkOpen
	Entry uint64
	At    time.Time
}

// A Message is one message of a sender with its text, as links needs it.
type Message struct {
	Entry    uint64 // of its first capture
	Key      uint64 // tells messages apart: a short keyed hash of daybook.MessageKey
	At       time.Time
	Text     string
	Lang     string   // BCP 47, "" if unknown
	Others   []string // Handle.Ref of everybody else whom it addresses, without the person's own
	Media    []daybook.Digest
	Platform daybook.Platform
}

// A Profile is what an account showed of itself beside a message.
type Profile = daybook.Profile
