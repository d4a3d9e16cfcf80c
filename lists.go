package daybook

import "time"

// A MessageFilter says which messages a list holds. What is zero does not
// narrow the list.
type MessageFilter struct {
	From, To  time.Time // sent at From or later, and before To
	Handle    Handle    // who sent it, or to whom the person sent it; names are not compared
	Account   AccountID
	Kind      Kind
	Origin    Origin
	State     State
	Direction Direction
	Flag      string // a flag of detect/flags: "threat"; as far as they were looked for
	Newest    bool   // newest first; otherwise oldest first
}

// A HandleSummary is one handle of a case with what is known about it.
type HandleSummary struct {
	Handle      Handle    // with all names, the newest last
	Own         bool      // an account of the person
	In          int       // messages that it sent: to the person, or with an own account
	Out         int       // messages that the person sent to it
	First, Last time.Time // of both; messages of all kinds, also such as are no contact (Kind.Contact)
	Group       int       // handles with the same number were confirmed as linked; 0: none
	Marks       []Mark    // in force, each once, in order of name
	Called      string    // what a person calls it (MarkCalled); no platform has shown this name
}

// Counts is how much a case holds.
type Counts struct {
	Messages    int            `json:"messages"`
	Handles     int            `json:"handles"` // without the person's own
	ByKind      map[Kind]int   `json:"by_kind"`
	ByOrigin    map[Origin]int `json:"by_origin"`
	ByState     map[State]int  `json:"by_state"`
	First, Last time.Time      `json:"-"`
	Unknown     int            `json:"unknown"` // messages of a kind that this version does not know
	Unread      int            `json:"unread"`  // entries that this version cannot read
}
