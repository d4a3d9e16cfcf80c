package daybook

import "time"

// A TimelineFilter says which messages a timeline holds. What is zero does not
// narrow it.
type TimelineFilter struct {
	From, To time.Time // sent at From or later, and before To
	Among    []Handle  // sent by one of them, or sent to one of them by the person
	Account  AccountID
	Kind     Kind
	Marked   TimelineMark
	Flag     string // a flag of detect/flags: "threat"; as far as they were looked for
}

// A TimelineMark is something about a message that a timeline can be narrowed to.
type TimelineMark string

const (
	MarkedAfterStop TimelineMark = "after stop" // certainly sent after the person asked them to stop, and not agreed
	MarkedEdited    TimelineMark = "edited"     // more than one text was seen
	MarkedGone      TimelineMark = "gone"       // not there at the last look
	MarkedMedia     TimelineMark = "attachment"
	MarkedFirst     TimelineMark = "first" // the first contact of its sender
)

// TimelineMarks lists the marks, in the order in which they are offered.
func TimelineMarks() []TimelineMark {
	return []TimelineMark{MarkedAfterStop, MarkedEdited, MarkedGone, MarkedMedia, MarkedFirst}
}

// A TimelinePage is a part of a timeline. A page may be shorter than asked for,
// or empty, although the list goes on: looking for rare messages in a long case
// is done a stretch at a time.
type TimelinePage struct {
	Messages []Message // newest first
	Next     string    // where to go on; "" at the end
	Back     time.Time // how far back was looked; zero at the end
}
