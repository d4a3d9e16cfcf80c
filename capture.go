package daybook

import (
	"slices"
	"time"
)

// MaxCapture is the largest Raw that is accepted, in bytes.
const MaxCapture = 64 << 20

// A Capture is the exact bytes of one item, as they came, and where they came
// from. It is evidence: nothing alters it once it is appended.
type Capture struct {
	Account   AccountID
	Platform  Platform
	Lane      Lane
	NativeID  string // the platform's identifier of the item in this lane
	MediaType string // RFC 6838
	Raw       []byte
	Exchange  *Exchange // nil unless Origin is Collected
	Member    string    // place in the body: a JSON pointer (RFC 6901); in a file: see Place
	Offset    int64     // of Raw in the body or member, in bytes; -1 if unknown
	Origin    Origin
	File      Digest    // of the file that it was read from; zero unless Origin is Imported
	Made      time.Time // when that file was made, as it says itself: it shows what was so then
}

// An Exchange is one request and its answer, without secrets.
type Exchange struct {
	Method  string    `json:"method"`
	URL     string    `json:"url"` // without tokens
	Status  int       `json:"status"`
	Headers []Header  `json:"headers,omitempty"` // chosen response headers, in the order they came
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"` // when the last byte arrived: "fetched at"
	Body    Digest    `json:"body"`
	Size    int64     `json:"size"`
}

// A Header is one response header.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Reading is what one named, versioned parser made of one capture. A capture
// can hold more than one message: a favourite comes with the post that it is
// about.
type Reading struct {
	Parser   string // "mastodon/1"
	Messages []ReadMessage
}

// A ReadMessage is one message as one capture shows it.
type ReadMessage struct {
	Key        MessageKey
	Native     string // for second looks: the platform's id of the message on the person's server
	Kind       Kind
	Direction  Direction
	Sender     Handle // Names holds the one name that this capture shows, or none
	To         []Handle
	Sent       When
	Edited     time.Time // the platform's time of the last edit; zero if it says none
	Text       string
	Lang       string
	Thread     string
	ReplyTo    string
	URL        string
	Media      []Media
	Incomplete bool // this capture lacks fields that another lane has; it never overwrites a fuller one
}

// An Account is one account that belongs to the person and that they have
// agreed to have read.
type Account struct {
	ID       AccountID    `json:"id"`
	Case     CaseID       `json:"case"`
	Platform Platform     `json:"platform"`
	Server   string       `json:"server,omitzero"` // base URL of the person's own server
	Handle   Handle       `json:"handle"`
	State    AccountState `json:"state"`
	Media    []string     `json:"media,omitempty"` // hosts that attachments may be fetched from
	Since    time.Time    `json:"since,omitzero"`  // nothing older is kept; zero: everything
	Kinds    []Kind       `json:"kinds,omitempty"` // nothing else that comes in is kept, see Wants; none: everything
}

// Wants reports whether what comes in by a message of this kind is to be kept. A
// kind that is not known here always is: what it is has to be looked at first.
func (a Account) Wants(k Kind) bool {
	return len(a.Kinds) == 0 || slices.Contains(a.Kinds, k) || !slices.Contains(choosable, k)
}

// choosable are the kinds that a person can choose to leave out.
var choosable = []Kind{
	KindMention, KindReply, KindDirectMessage, KindQuote, KindFollow, KindRequest, KindFavourite, KindBoost, KindPoll, KindReaction, KindComment,
}

// AccountState says whether an account is read.
type AccountState string

const (
	Active    AccountState = "active"
	Paused    AccountState = "paused"
	Withdrawn AccountState = "withdrawn"
	Expired   AccountState = "expired" // the consent's end has passed
	Stopped   AccountState = "stopped" // the platform refused; a person must act
	Named     AccountState = "named"   // never read: a file from it was added, and it was named as the person's own
)

// Consent records what the person agreed to for one account. Collection stops
// before the next request when it has ended.
type Consent struct {
	Account   AccountID `json:"account"`
	By        Actor     `json:"by"`
	Scopes    []string  `json:"scopes"` // in words, as shown to the person
	Purpose   string    `json:"purpose"`
	Text      string    `json:"text"` // version of the text that was shown
	Given     time.Time `json:"given"`
	Until     time.Time `json:"until"`
	Withdrawn time.Time `json:"withdrawn,omitzero"`
}

// ConsentPeriod is how long a consent lasts unless it is renewed.
const ConsentPeriod = 90 * 24 * time.Hour

// Check returns nil if the consent is in force at now, else an error that wraps
// ErrConsentEnded and says why.
func (c Consent) Check(now time.Time) error {
	switch {
	case c.Given.IsZero() || now.Before(c.Given):
		return wrapConsent("no consent is recorded")
	case !c.Withdrawn.IsZero():
		return wrapConsent("it was withdrawn")
	case !now.Before(c.Until):
		return wrapConsent("its end has passed; renew it to go on")
	}
	return nil
}

func wrapConsent(why string) error { return &consentError{why} }

type consentError struct{ why string }

func (e *consentError) Error() string { return "consent has ended: " + e.why }
func (e *consentError) Unwrap() error { return ErrConsentEnded }
