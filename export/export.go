// Package export says what of a case leaves it: which messages, what of them is
// covered, and what a reader has to be told about the rest. It makes a Shown of
// a View and a Spec; export/report prints one, export/bundle packs it with the
// entries that stand behind it, export/check verifies a bundle without a store.
//
// A bundle is a function of the first Size entries of a log, of the time stamps
// over that checkpoint, and of the Spec; nothing here asks a clock, a network or
// what was derived later. docs/bundle-format.md has every file and byte.
package export

import (
	"io"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/flags"
)

// A Kind of bundle.
type Kind string

const (
	Complete  Kind = "complete"  // everything in the log
	Selection Kind = "selection" // some messages; says how many of the period are left out
)

// A Spec is what a person chose. The same Spec over the same log gives the same
// bundle.
type Spec struct {
	Kind       Kind             `json:"kind"`
	Size       uint64           `json:"size"` // entries that the checkpoint covers; exhibit numbers are smaller
	From       time.Time        `json:"from,omitzero"`
	To         time.Time        `json:"to,omitzero"`       // sent before
	Handles    []daybook.Handle `json:"handles,omitempty"` // their messages, in both directions; names are not compared
	Entries    []uint64         `json:"entries,omitempty"` // a basket: these messages, by any of their entries
	Redactions []Redaction      `json:"redact,omitempty"`  // fields of messages that are withheld
	Covers     []Cover          `json:"cover,omitempty"`   // words that are covered wherever they stand
	Access     bool             `json:"access,omitzero"`   // with who looked and searched: only in a person's own copy
	Files      bool             `json:"files,omitzero"`    // with the files that were added, as they are: in a complete bundle where nothing is withheld
	// KeptBack are platforms whose terms keep what was fetched from them from
	// whoever this is made for. The caller makes the View accordingly.
	KeptBack []daybook.Platform `json:"kept_back,omitempty"`
	Mark     string             `json:"mark,omitzero"`     // exhibit mark of whoever produces it: "MR" makes MR/17
	For      string             `json:"for,omitzero"`      // whom it is made for, in words
	Names    map[string]string  `json:"names,omitempty"`   // what the report calls people who acted: actor id → name
	Standing Standing           `json:"standing,omitzero"` // of the program that made it
}

// A Redaction withholds one field of one message in all its entries, and with it
// the raw bytes from which it could be read.
type Redaction struct {
	Entry  uint64 `json:"entry"` // any entry of the message
	Field  Field  `json:"field"`
	Reason string `json:"reason"` // shown in its place
}

// A Field of a message that can be withheld by itself.
type Field string

const (
	FieldText        Field = "text"        // the words, in all versions
	FieldNames       Field = "names"       // others whom it names or addresses
	FieldAddresses   Field = "addresses"   // addresses of pages in it, and its own
	FieldAttachments Field = "attachments" // the bytes and what describes them
)

// Fields lists the fields, in the order in which they are offered.
func Fields() []Field { return []Field{FieldText, FieldNames, FieldAddresses, FieldAttachments} }

// A Cover covers a word or name wherever it stands: the readable parts show As
// in its place, and every field of an entry that holds it is withheld.
type Cover struct {
	Word   string `json:"word"` // compared without case, at least two characters
	As     string `json:"as"`   // "Person 1", "an address"
	Reason string `json:"reason"`
}

// A Standing says how far the program itself can be relied on.
type Standing struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitzero"`
	Go       string `json:"go"`
	System   string `json:"system"` // "linux/amd64"
	Config   string `json:"config"` // first 16 hexadecimal digits of the SHA-256 of the settings without secrets
}

// A View is what the first Size entries of a log come to, derived from them and
// from nothing else.
type View struct {
	Case      daybook.CaseID
	Zone      *time.Location
	Size      uint64
	Messages  []daybook.Message // all, ordered by Sent.At, then first entry
	Handles   []daybook.HandleSummary
	Accounts  []daybook.Account // that were ever connected, in order of consent
	Consents  []ConsentLine
	Decisions []daybook.Decided
	Gaps      []daybook.GapStatus // in order of time
	Erased    []ErasedEntries
	Entries   []EntryLine                          // one for each entry, by number
	Facts     detect.Facts                         // Now is when the last entry was logged
	Findings  []detect.Finding                     // of all kinds: contact, link, flag
	Flags     map[daybook.MessageKey][]flags.Found // each rule once, without spans
	Unread    []uint64                             // entries of kind item that no parser could read
	Hidden    map[daybook.MessageKey]bool          // messages whose erasure was asked for, or that are kept back: not in Messages
	KeptBack  int                                  // messages that are kept back: see Spec.KeptBack
}

// An EntryLine is what custody needs of an entry.
type EntryLine struct {
	Index    uint64
	Kind     daybook.RecordKind
	Logged   time.Time
	Actor    daybook.Actor
	Account  daybook.AccountID    // whose it is; "" if of none
	Fetched  time.Time            // of what was asked for: when the answer had come
	Origin   daybook.Origin       // of an item
	File     daybook.Digest       // of an item that was read from a file: its SHA-256
	Place    string               // in that file: see daybook.Place; "" if it is not shown
	Offset   int64                // there, in bytes; -1 if unknown or not shown
	Import   *daybook.Import      // of kind import
	Parser   string               // of an item that was read
	Messages []daybook.MessageKey // that it shows or tells of, in the order of the reading; nil in a Shown
	Natives  []string             // of an item: the platform's identifiers of it and of its messages; nil in a Shown
	Exhibits []string             // in a Shown: as which exhibits it shows them
	Media    *daybook.Media       // of kind media: what it tells of
	Why      string               // of kind media: why there are no bytes
	Erased   bool                 // its content is gone: all but Index, Kind and Logged is zero
	Hidden   bool                 // its erasure was asked for, and of no message
	KeptBack bool                 // it was fetched from a platform of Spec.KeptBack: it is not in the bundle
	Searched bool                 // of kind access: it holds the words of a search, which are never handed on
	Detail   string               // in words without content: "gave consent", "made a bundle to hand over"
}

// A ConsentLine is one change of a consent.
type ConsentLine struct {
	daybook.ConsentChange
	Account daybook.AccountID
	Consent daybook.Consent
}

// ErasedEntries are entries whose content was destroyed on somebody's word.
type ErasedEntries struct {
	By      uint64 // the entry that says so
	At      time.Time
	Reason  string
	Entries []uint64
}

// An Exhibit is one message as the readable parts show it.
type Exhibit struct {
	Number   uint64 // the entry of its first capture; the same in every bundle
	Message  daybook.Message
	Covered  []Covered // what of it is not shown
	Entries  []EntryLine
	Media    []ExhibitMedia
	Sealed   bool          // raw bytes are withheld: the shown fields are what the parser read on the day, without them
	FromMark string        // the number as it is written: "MR/17"; without a mark "17". Of a further message that was first captured in the same entry "MR/17-2"
	At       time.Time     // that it is ordered by: when it was sent; without such a claim, when it was first seen
	Stop     string        // "after", "around" a request to stop to its sender, or ""
	Asked    time.Time     // when that request was made, at the latest; zero if Stop is ""
	Allowed  bool          // contact was agreed then
	Flags    []flags.Found // each rule once, without spans; none if the text is withheld

	key daybook.MessageKey // as the log has it
}

// Covered says that something of an exhibit is not shown.
type Covered struct {
	Field  Field
	As     string // what stands in its place, "" for a whole field
	Reason string

	word int // of a cover: its place in the Spec
}

// ExhibitMedia is one attachment of an exhibit. Its bytes are asked for.
type ExhibitMedia struct {
	daybook.Media
	Entry    uint64 // of kind media; 0 with File "" if there are no bytes
	File     string // in the bundle: "data/items/000123/media/1f0c….jpg"
	Withheld string // why it is not shown; "" if it is
	Why      string // why there are no bytes, in words
}

// A Shown is a View through a Spec: what the readable parts of a bundle say.
// Everything in it may be shown: nothing covered is left in it.
//
// Of a selection, Messages, Handles with their names and counts, Accounts, Facts
// and Entries are those of its exhibits; the figures in Findings are of the whole
// record (FiguresNote says so), with the entries that are in the bundle.
//
// Stamps and what follows are set by the caller; Show leaves them empty.
type Shown struct {
	*View    // Messages, Handles, Decisions and Findings are narrowed and covered too
	Spec     Spec
	Exhibits []Exhibit // in order of time
	From, To time.Time // the period: of the Spec, else of the record
	InPeriod int       // messages of the case in it
	LeftOut  int       // of these: not in the bundle
	Unsaid   int       // of a selection: reasons that rest on messages which are not in it, and are left out
	Handled  []Cover   // what the covers came to: words are not in it, Word is ""
	Stamps   []Stamp
	Root     daybook.Digest
	Origin   string
	Key      string // note verifier key (c2sp.org/signed-note)
	Finger   daybook.Digest
	Check    Check

	choice *choice // what was chosen, for Holds and Withhold
}

// A Stamp is a time stamp over the checkpoint.
type Stamp struct {
	Authority string
	At        time.Time
	Qualified bool
	State     string        // "stamped", "pending"
	Offset    time.Duration // this machine's clock less the authority's; meaningless while pending
	Token     []byte        // TimeStampResp (RFC 3161)
	Chain     []byte        // certificates, PEM
}

// A Check is what verifying the log came to when the bundle was made.
type Check struct {
	Answer   string // archive.Answer
	Problems int
	Erased   int
	Failed   int // items that no parser could read
	Steps    int // of the clock
	Restores int // declared breaks
}

// A File of a bundle that says in tables or words what a Shown holds.
type File struct {
	Name  string // below data/
	Write func(w io.Writer) error
}

// Files are the tables and drafts of a bundle, in order of name. Each can be
// written more than once.
func (s *Shown) Files() []File {
	return []File{
		{"certificate-902.txt", s.WriteCertificate},
		{"completeness.json", s.WriteCompleteness},
		{"custody.csv", s.WriteCustody},
		{"production-statement.txt", s.WriteProductionStatement},
		{"timeline.csv", s.WriteTimelineCSV},
		{"timeline.json", s.WriteTimelineJSON},
	}
}
