package daybook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RecordKind is what an entry of the log is about. It stands in the leaf, for
// ever and in the clear.
type RecordKind string

const (
	RecordItem        RecordKind = "item"        // one captured item: Item
	RecordExchange    RecordKind = "exchange"    // an answer that could not be split into items
	RecordObservation RecordKind = "observation" // what a second look found; a block seen: Observation
	RecordMedia       RecordKind = "media"       // an attachment's bytes: MediaRecord
	RecordDiary       RecordKind = "diary"       // what happened offline
	RecordGap         RecordKind = "gap"         // a time that was not watched: Gap
	RecordConsent     RecordKind = "consent"     // given, renewed, paused, withdrawn: ConsentRecord
	RecordImport      RecordKind = "import"      // an export file that was read: Import
	RecordDecision    RecordKind = "decision"    // a person's mark: Decision
	RecordAccess      RecordKind = "access"      // a look, a search, a change: Access
	RecordExport      RecordKind = "export"      // a bundle that was made
	RecordErased      RecordKind = "erased"      // the content of entries was destroyed: Erased
	RecordKey         RecordKind = "key"         // the case was opened, a key was changed
	RecordClock       RecordKind = "clock"       // this machine's clock made a step
	RecordRestore     RecordKind = "restore"     // a backup was put back: a declared break
)

// A Record is one entry of the log before it is sealed: named values, each of
// which can later be shown or withheld by itself.
type Record struct {
	Kind   RecordKind
	Actor  Actor
	Logged time.Time // this machine's clock at appending
	Fields []Field
	Blobs  []Digest // bytes that lie beside the log and that Fields name
}

// A Field is one value of a record. Names are made of a-z, 0-9, dot and
// underscore, and occur once in a record. In an item, values are UTF-8 text
// (lists and objects: JSON), and raw is the bytes as they came; in every other
// kind a value is a JSON value.
type Field struct {
	Name  string
	Value []byte
}

// Value returns the value of the named field, nil if the record has none.
func (r Record) Value(name string) []byte {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			return r.Fields[i].Value
		}
	}
	return nil
}

// NewRecord makes a record of a struct: one field for each JSON member of v,
// its value the member's JSON text. v must marshal to an object; anything else
// is a programmer's error and panics.
func NewRecord(kind RecordKind, v any) Record {
	b, err := json.Marshal(v)
	if err != nil {
		panic("daybook: record: " + err.Error())
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		panic("daybook: record is not an object: " + err.Error())
	}
	r := Record{Kind: kind, Fields: make([]Field, 0, len(members))}
	for name, value := range members {
		r.Fields = append(r.Fields, Field{name, value})
	}
	slices.SortFunc(r.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return r
}

// Decode reads into v what NewRecord made of it. Fields that v does not know
// are left alone.
func (r Record) Decode(v any) error {
	members := make(map[string]json.RawMessage, len(r.Fields))
	for _, f := range r.Fields {
		members[f.Name] = f.Value
	}
	b, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("read %s record: %w", r.Kind, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("read %s record: %w", r.Kind, err)
	}
	return nil
}

// A Gap is a time in which a lane of an account was not watched, or in which
// something may have been missed.
type Gap struct {
	Account AccountID `json:"account"`
	Lane    Lane      `json:"lane,omitzero"` // "" for all lanes
	Class   GapClass  `json:"class"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Cause   string    `json:"cause"` // in words, without personal data
}

// GapClass says what may be missing.
type GapClass string

const (
	Late GapClass = "late" // caught up afterwards: only what was deleted meanwhile can be missing
	Hole GapClass = "hole" // not caught up: anything can be missing
)

// An Observation is something seen about a message or a handle that is not a
// message itself.
type Observation struct {
	Account  AccountID       `json:"account"`
	What     ObservationKind `json:"what"`
	Message  MessageKey      `json:"message,omitzero"`
	Handle   Handle          `json:"handle,omitzero"`
	At       time.Time       `json:"at"`                 // when it was seen
	LastSeen time.Time       `json:"last_seen,omitzero"` // when the contrary was last seen
	Detail   string          `json:"detail,omitzero"`    // in words
	Exchange *Exchange       `json:"exchange,omitempty"`
}

// ObservationKind names what was observed.
type ObservationKind string

const (
	SeenGone      ObservationKind = "gone"             // a message was not there; not "deleted": a block looks the same
	SeenAgain     ObservationKind = "back"             // a message that was gone is there
	SeenBlocked   ObservationKind = "blocked"          // the person's block of a handle, first seen
	SeenUnblocked ObservationKind = "unblocked"        // the handle exists and is no longer blocked
	SeenMuted     ObservationKind = "muted"            // the person's muting of a handle, first seen
	SeenLaneLost  ObservationKind = "lane not offered" // the server does not have this place
)

// A MediaRecord tells of one attachment: its bytes, or why there are none. Or it
// tells so of the picture of an account: then Message is empty and Handle says
// whose it is.
type MediaRecord struct {
	Account  AccountID  `json:"account"`
	Message  MessageKey `json:"message"`
	Handle   Handle     `json:"handle,omitzero"`
	Media    Media      `json:"media"`
	Exchange *Exchange  `json:"exchange,omitempty"`
	Why      string     `json:"why,omitzero"` // why there are no bytes, in words
}

// A ConsentRecord tells of one change of a consent.
type ConsentRecord struct {
	Event   ConsentEvent `json:"event"`
	Consent Consent      `json:"consent"`
	Account Account      `json:"account"`
	At      time.Time    `json:"at"`
}

// ConsentEvent names the change.
type ConsentEvent string

const (
	ConsentGiven     ConsentEvent = "given"
	AccountNamed     ConsentEvent = "named" // a file from it was added; the platform is not asked for anything
	ConsentRenewed   ConsentEvent = "renewed"
	ConsentPaused    ConsentEvent = "paused"
	ConsentResumed   ConsentEvent = "resumed"
	ConsentWithdrawn ConsentEvent = "withdrawn"
	ConsentExpired   ConsentEvent = "expired"
	TokenRevoked     ConsentEvent = "token revoked" // the platform confirmed it
	TokenRefused     ConsentEvent = "token refused" // the platform no longer takes the token
)

// A Decision is what a person said about a handle, a pair of handles or a
// message. A later decision about the same supersedes it; both stay.
type Decision struct {
	What   Mark      `json:"what"`
	Handle Handle    `json:"handle,omitzero"`
	Other  Handle    `json:"other,omitzero"`  // of a pair
	Entry  *uint64   `json:"entry,omitempty"` // the entry that it is about
	When   When      `json:"when,omitzero"`   // when it happened, if it is about a time
	How    string    `json:"how,omitzero"`    // in the person's words
	Undone bool      `json:"undone,omitzero"` // takes the mark back
	At     time.Time `json:"at"`              // when it was decided
}

// Mark names a decision.
type Mark string

const (
	MarkStop     Mark = "stop"      // the person asked them to stop, at When
	MarkUnwanted Mark = "unwanted"  // contact from this handle is not wanted
	MarkAllowed  Mark = "allowed"   // contact from this handle is agreed (child arrangements), in When
	MarkExcluded Mark = "excluded"  // nothing from this handle is stored
	MarkNamedDay Mark = "named-day" // a birthday, a court date
	MarkCalled   Mark = "called"    // what the person calls this handle, in How: never mixed with names that a platform showed
	MarkLinked   Mark = "linked"    // a person confirmed that Handle and Other are linked
	MarkApart    Mark = "apart"     // a person said that they are not
	MarkOpen     Mark = "open"      // a person left it open
)

// An Access tells who looked at, searched for, exported or changed what.
type Access struct {
	Action  string   `json:"action"` // one of the actions of package cases
	Entries []uint64 `json:"entries,omitempty"`
	Words   string   `json:"words,omitzero"`  // of a search; sealed like all else, never exported
	Detail  string   `json:"detail,omitzero"` // in words, without content
	Count   int      `json:"count,omitzero"`
}

// Erased tells which entries lost their content, when and on whose word.
type Erased struct {
	Entries []uint64  `json:"entries"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
	// Messages are keyed hashes, under the case key, of the keys of the
	// messages that were erased: what must not be collected again.
	Messages [][]byte `json:"messages,omitempty"`
	// Whole says that the whole case goes: the case key is destroyed next.
	Whole bool `json:"whole,omitzero"`
}

// ClockStep tells that this machine's clock did not run evenly.
type ClockStep struct {
	Before time.Time     `json:"before"` // what the clock should have said
	After  time.Time     `json:"after"`  // what it said
	Step   time.Duration `json:"step_ns"`
}

// Restore declares that a backup was put back under a log that had gone on, or
// that a log was put back that another instance had handed over (Origin).
type Restore struct {
	Size     uint64 `json:"size"`      // entries in the backup, or that were handed over
	Root     Digest `json:"root"`      // over them
	LostSize uint64 `json:"lost_size"` // entries that there had been
	LostRoot Digest `json:"lost_root"`
	Reason   string `json:"reason"`

	Origin        string        `json:"origin,omitzero"`           // that the log had
	Key           string        `json:"key,omitzero"`              // that signed it: a note verifier key
	Checkpoint    []byte        `json:"checkpoint,omitempty"`      // the signed note over Size entries
	Stamps        []HandedStamp `json:"stamps,omitempty"`          // over the bytes of Checkpoint
	NotHandedOver []uint64      `json:"not_handed_over,omitempty"` // entries whose content did not come with it
	// BlobsNotHandedOver are bytes that entries name and that did not come with
	// them: pieces of files that were added, which a bundle leaves out.
	BlobsNotHandedOver []Digest `json:"blobs_not_handed_over,omitempty"`
}

// A HandedStamp is a time stamp (RFC 3161) that came with a log.
type HandedStamp struct {
	Authority string    `json:"authority"`
	At        time.Time `json:"at"`
	Token     []byte    `json:"token"`
	Chain     []byte    `json:"chain,omitempty"` // certificates, PEM
}
