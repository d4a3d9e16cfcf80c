package daybook

import (
	"log/slog"
	"strconv"
	"time"
)

// Kind says how a contact was made. A kind that is not known here stays as the
// platform names it.
type Kind string

const (
	KindMention       Kind = "mention"
	KindReply         Kind = "reply"
	KindDirectMessage Kind = "direct_message"
	KindFollow        Kind = "follow"
	KindRequest       Kind = "request" // a request to follow or to be let in
	KindFavourite     Kind = "favourite"
	KindBoost         Kind = "boost"
	KindQuote         Kind = "quote"
	KindPoll          Kind = "poll"
	KindPost          Kind = "post" // the person's own post, seen with something that answers it
	KindEmail         Kind = "email"
	KindSMS           Kind = "sms"
	KindCall          Kind = "call"
	KindMissedCall    Kind = "missed_call"
	KindReaction      Kind = "reaction"
	KindComment       Kind = "comment"
	KindStoryReply    Kind = "story_reply"
	KindSystem        Kind = "system" // said by the platform itself
	KindDiary         Kind = "diary"
	KindLogin         Kind = "login"
)

// Contact reports whether a message of this kind is somebody reaching out to
// the person: what detection counts. Polls that end, the person's own posts and
// what the platform says itself are not.
func (k Kind) Contact() bool {
	switch k {
	case KindPost, KindPoll, KindSystem, KindLogin, "status", "update", "severed_relationships", "moderation_warning":
		return false
	}
	return true
}

// Direction is seen from the person: in is what reached them.
type Direction string

const (
	In  Direction = "in"
	Out Direction = "out"
)

// Origin is the class of a record's source. It is shown beside every item and
// never mixed.
type Origin string

const (
	Collected Origin = "collected" // fetched by daybook from the platform
	Imported  Origin = "imported"  // read from an export that a person handed in
	Entered   Origin = "entered"   // written by a person
)

// State is what the last look at a message found.
type State string

const (
	Present State = "present"
	Edited  State = "edited"
	Gone    State = "gone" // not there at the last look; never "deleted", because a block looks the same
)

// Precision says how exactly a time is known.
type Precision string

const (
	Exact  Precision = ""       // as the platform gave it
	Minute Precision = "minute" // the source has no seconds
	Day    Precision = "day"
	About  Precision = "about" // a person's estimate
	Span   Precision = "span"  // between At and Until
)

// When is a time as a source states it: a point, a span, or "about".
type When struct {
	At        time.Time `json:"at,omitzero"`
	Until     time.Time `json:"until,omitzero"` // end of a span; zero for a point
	Precision Precision `json:"precision,omitzero"`
	Zone      string    `json:"zone,omitzero"`    // IANA name, if the source gave or a person chose one
	Assumed   string    `json:"assumed,omitzero"` // what was assumed to get At, in words
}

// MessageKey identifies a message through all its captures: the platform and
// its own identifier of the message ("mastodon:https://birds.example/…/9").
// Counting, listing, marking, redaction and erasure go by it. It is personal
// data: on disk it stands sealed, or as a keyed hash.
type MessageKey string

// Near returns a number that is about the same for messages that came into being
// at about the same time, if the identifier tells: the hour in a Mastodon
// identifier, else a 1024th of a count. It is 0 if it does not end in a number.
// Rows that are found by a hash of the key stand in this order, so that a batch
// touches few pages; it tells no more than the time of the message does.
func (k MessageKey) Near() uint32 {
	at := len(k)
	for at > 0 && '0' <= k[at-1] && k[at-1] <= '9' {
		at--
	}
	n, err := strconv.ParseUint(string(k[at:]), 10, 64)
	if err != nil {
		return 0
	}
	if n < 1<<42 {
		return uint32(n >> 10)
	}
	return uint32(n >> 16 / uint64(time.Hour.Milliseconds()))
}

// LogValue keeps personal data out of logs.
func (k MessageKey) LogValue() slog.Value { return Handle{Native: string(k)}.LogValue() }

// A Message is one contact, however many captures it came through. It is
// derived: it can be thrown away and made again from the log.
type Message struct {
	Key                 MessageKey
	Case                CaseID
	Account             AccountID
	Platform            Platform
	Kind                Kind
	Direction           Direction
	Sender              Handle
	To                  []Handle  // who else it names or addresses, as far as the platform says
	Sent                When      // the platform's claim
	FirstSeen, LastSeen time.Time // this machine's clock at fetching; last seen in files alone: when the newest of them was made
	Text                string    // plain text of the newest version, NFC, without markup
	Lang                string    // BCP 47; "" if unknown
	Thread, ReplyTo     string    // native identifiers
	URL                 string    // for a person to read, never fetched
	Media               []Media
	Versions            []Version // oldest first; one if never seen edited
	State               State
	GoneAt              time.Time // when a look first failed to find it; zero unless State is Gone
	Captures            []uint64  // entries, ascending
	Parser              string
	Origin              Origin
	Lanes               []Lane
	// Withheld says that whoever asked may not be shown what it says: Text,
	// Versions and Media are without it. See cases.Sight.
	Withheld bool
}

// A Version is one text that a message had.
type Version struct {
	At        time.Time // the platform's time of the edit, or of sending
	FirstSeen time.Time
	Entry     uint64 // the first capture that shows it
	Text      string
}

// Media is one attachment.
type Media struct {
	Digest      Digest     `json:"sha256,omitzero"` // of the bytes; zero if they were not fetched
	Native      string     `json:"native,omitzero"`
	Type        string     `json:"type,omitzero"` // RFC 6838, or the platform's word
	URL         string     `json:"url,omitzero"`  // at the person's own server
	Bytes       int64      `json:"bytes,omitzero"`
	State       MediaState `json:"state,omitzero"`
	Description string     `json:"description,omitzero"`
}

// MediaState says whether the bytes of an attachment are kept.
type MediaState string

const (
	MediaPending MediaState = "pending"
	MediaKept    MediaState = "kept"
	MediaMissing MediaState = "missing"     // asked for, not to be had
	MediaRefused MediaState = "not fetched" // it lies on a host that daybook does not ask
)
