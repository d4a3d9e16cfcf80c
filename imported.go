package daybook

import (
	"cmp"
	"strings"
	"time"
)

// An Import is the content of an entry of kind import. Each file that a person
// hands in makes two of them: one when it begins to be read, which names the
// file, and one when that has ended, with the report. The items that were read
// from it stand between the two; Capture.File names the file.
type Import struct {
	ID      string      `json:"id"` // the same on all entries of one import
	Event   ImportEvent `json:"event"`
	Account AccountID   `json:"account"` // whose export it is
	Name    string      `json:"name"`    // as the person's device named the file; untrusted
	File    Digest      `json:"file"`    // SHA-256 of its bytes
	Size    int64       `json:"size"`    // in bytes
	Kind    string      `json:"kind"`    // of export: "x-archive"
	Parser  string      `json:"parser"`  // "x/1"
	Made    time.Time   `json:"made,omitzero"`
	// Parts are the file itself, cut into pieces that lie beside the log, in
	// order; their digests stand in Record.Blobs as well. None if only what was
	// chosen is kept.
	Parts   []ImportPart   `json:"parts,omitempty"`
	Members []ImportMember `json:"members,omitempty"` // what is in the file, in its order
	Threads []string       `json:"threads,omitempty"` // that the person chose; none: all that are taken by default
	// Excluded is how many senders in the file are never stored. If there are
	// any, or Threads leaves some out, or the file holds a message that was
	// erased, Parts is empty, and Members lacks what belongs to them.
	Excluded int           `json:"excluded,omitzero"`
	Report   *ImportReport `json:"report,omitempty"` // of the entry that ends it
	// Whole and Held are of that entry too: what the absence of a message from
	// this file is worth.
	Whole bool     `json:"whole,omitzero"` // every conversation of the account is in it, from its beginning
	Held  []string `json:"held,omitempty"` // the threads that are in it and were read
}

// ImportEvent says what an entry of kind import tells.
type ImportEvent string

const (
	ImportBegun   ImportEvent = "begun"
	ImportDone    ImportEvent = "done"
	ImportStopped ImportEvent = "stopped" // before its end: by a person, or because the file changed
)

// An ImportPart is one piece of a file.
type ImportPart struct {
	Digest Digest `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// An ImportMember is one file in an archive.
type ImportMember struct {
	Name   string `json:"name"` // untrusted
	Bytes  int64  `json:"bytes"`
	Digest Digest `json:"sha256"`
}

// An ImportReport says what was in a file, what was not, and what such files
// never hold. Counts are of what the file shows, whether or not it was chosen,
// except where they say otherwise.
type ImportReport struct {
	From       time.Time    `json:"from,omitzero"` // the first and last message in it
	To         time.Time    `json:"to,omitzero"`
	Threads    int          `json:"threads"`
	Messages   int          `json:"messages"` // that were chosen
	New        int          `json:"new"`      // of those, messages that no capture had shown
	Known      int          `json:"known"`    // of those, messages that were here
	Excluded   int          `json:"excluded,omitzero"`
	Erased     int          `json:"erased,omitzero"`     // had been erased: not taken in
	NotChosen  int          `json:"not_chosen,omitzero"` // in threads that were not chosen
	ByKind     map[Kind]int `json:"by_kind"`
	Media      ImportMedia  `json:"media"`
	NotRead    []NotRead    `json:"not_understood"`
	NotTaken   []NotRead    `json:"not_taken,omitempty"` // understood, and no contact: settings, likes, …
	Assumed    []string     `json:"assumed"`             // in words
	Never      []string     `json:"never_contains"`      // in words: what such a file cannot hold
	Incomplete []string     `json:"incomplete,omitempty"`
	Gone       int          `json:"gone_since_last"` // in an earlier file of this account, and not in this one
}

// ImportMedia counts attachments.
type ImportMedia struct {
	Present int `json:"present"`
	Missing int `json:"missing"` // named in a message, and not in the file
}

// A NotRead names records of one kind that no message was made of.
type NotRead struct {
	Member string `json:"member"`         // untrusted
	What   string `json:"what"`           // in words or as the platform names it
	Count  int    `json:"count"`          // how many
	Where  string `json:"where,omitzero"` // the first of them: a JSON pointer
}

// Place names a spot in a member of a file: the member's name, "#", and a JSON
// pointer (RFC 6901), as in a URI fragment. A "#" or "%" in the name is written
// as %23 or %25.
func Place(member, pointer string) string {
	if strings.ContainsAny(member, "#%") {
		member = strings.NewReplacer("%", "%25", "#", "%23").Replace(member)
	}
	if pointer == "" {
		return member
	}
	return member + "#" + pointer
}

// SplitPlace is the reverse of Place.
func SplitPlace(place string) (member, pointer string) {
	member, pointer, _ = strings.Cut(place, "#")
	return strings.NewReplacer("%23", "#", "%25", "%").Replace(member), pointer
}

// Title is what the kind of a file is called, its name in the program if this
// version does not know it.
func (i Import) Title() string {
	return cmp.Or(map[string]string{"x-archive": "X account archive"}[i.Kind], i.Kind)
}

// A Shown is how one capture shows a message, as far as that tells which files it
// stands in.
type Shown struct {
	Account   AccountID
	Kind      Kind
	Direction Direction
	Sent      time.Time
	File      Digest
}

// ShownBy is how a capture shows a message.
func ShownBy(c *Capture, m *ReadMessage) Shown {
	return Shown{Account: c.Account, Kind: m.Kind, Direction: m.Direction, Sent: m.Sent.At, File: c.File}
}

// MayHold reports whether the bytes of the file are kept as a whole and a message
// may stand in them: it was read from this file; or it reached the same account
// before the file was made, and is of a kind that such files hold. A later file
// holds what an earlier one held, and nothing says so: what is equal is not
// archived again. It says yes where it is not known.
func (i Import) MayHold(m Shown) bool {
	const clocks = 48 * time.Hour // that two clocks may be apart
	switch {
	case len(i.Parts) == 0:
		return false
	case m.File == i.File && !m.File.IsZero():
		return true
	case m.Account != i.Account:
		return false
	case m.File.IsZero() && m.Direction == In && public(m.Kind):
		return false // what others do in public is in no file of one's own account
	}
	return i.Made.IsZero() || m.Sent.IsZero() || !m.Sent.After(i.Made.Add(clocks))
}

func public(k Kind) bool {
	switch k {
	case KindMention, KindReply, KindQuote, KindFollow, KindRequest, KindFavourite, KindBoost, KindPoll, KindComment:
		return true
	}
	return false
}
