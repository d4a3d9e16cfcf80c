// Package alerts tells the people whom the person chose that there is something
// new, and says almost nothing in doing so.
//
// A Follower looks at each new stretch of the log and writes events: "3 contacts
// after a request to stop". A Mailer plans mails from events (Plan: quiet hours,
// at most one a day, bursts as one) and hands them to a Notifier. Events,
// recipients and mails lie in a store that implements the small interfaces of
// this package; all of them are primary data and are never made again from the
// log: rebuilding what is derived keeps the position of the Follower, so it
// sends nothing twice.
//
// A mail never carries what was written, a handle, a platform or a link.
package alerts

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"daybook"
	"daybook/detect"
)

// ErrPermanent is wrapped by the error of a Notifier when the mail was refused
// for good: it is not tried again, and the refusal is shown.
var ErrPermanent = errors.New("refused for good")

// A RuleKind names what an event is about.
type RuleKind string

const (
	Unwanted    RuleKind = "unwanted"      // contact from a handle, or group, that is marked as unwanted
	AfterStop   RuleKind = "after-stop"    // contact after a request to stop, or after a block was seen
	MayBeLinked RuleKind = "may-be-linked" // a handle that may be linked to a group, or to a handle whose contact is not wanted
	NewHandle   RuleKind = "new-handle"    // the first contact of a handle that never wrote before
	AfterQuiet  RuleKind = "after-quiet"   // the first contact of a handle, or group, after a quiet time
	Stopped     RuleKind = "stopped"       // an account is not read any more and a person must act
	Renewal     RuleKind = "renewal"       // a consent comes to its end: for advisers, and for the person if there is none who is told
)

// RuleKinds lists every rule in the order in which a mail names them.
func RuleKinds() []RuleKind {
	return []RuleKind{AfterStop, Unwanted, MayBeLinked, NewHandle, AfterQuiet, Stopped, Renewal}
}

// A Rule says that events of a kind are wanted in a case.
type Rule struct {
	Kind  RuleKind
	Quiet time.Duration // of AfterQuiet: how long nothing came; 0 means DefaultQuiet
}

// DefaultQuiet is how long nothing has to come before AfterQuiet speaks.
const DefaultQuiet = 30 * 24 * time.Hour

// DefaultRules are the rules of a case for which nobody chose others: all.
func DefaultRules() []Rule {
	var rules []Rule
	for _, k := range RuleKinds() {
		rules = append(rules, Rule{Kind: k})
	}
	return rules
}

// FreshFor is how old a message may be and still be told of at once.
const FreshFor = 48 * time.Hour

// An Event is what one rule found in one stretch of the log, however many
// messages that were.
type Event struct {
	ID     string // unique in its case; the same stretch gives the same ID
	Seq    uint64 // its number in the case, from 1; set by the store
	Rule   RuleKind
	Count  int
	First  uint64    // the first entry that it counts; 0 for Stopped and Renewal
	Last   uint64    // the last
	At     time.Time // when the newest of them was appended
	Newest time.Time // when the newest of them was sent, as the platform says, but not after At
	Late   bool      // imported, written down, or sent more than FreshFor before it was appended: never told at once
}

// Facts gives what detection knows about a case. now is for what is still going
// on.
type Facts interface {
	Facts(ctx context.Context, c daybook.CaseID, now time.Time) (detect.Facts, error)
}

// Events is where events go.
type Events interface {
	// AlertPosition returns the number of entries that were looked at.
	AlertPosition(ctx context.Context, c daybook.CaseID) (uint64, error)
	// AlertRules returns the rules of a case, DefaultRules if none were chosen.
	AlertRules(ctx context.Context, c daybook.CaseID) ([]Rule, error)
	// AdvanceAlerts adds events and moves the position from one number of
	// entries to another, in one transaction. If the position is not where it
	// should be, somebody else was faster, and it does nothing.
	AdvanceAlerts(ctx context.Context, c daybook.CaseID, from, to uint64, events []Event) error
	// AddEvent adds an event that is not about entries. One whose ID is there
	// already is left as it is.
	AddEvent(ctx context.Context, c daybook.CaseID, e Event) error
}

// Recipients is who is told, and what they have been told.
type Recipients interface {
	// Recipients returns the recipients of a case, or of all cases if c is "",
	// in a fixed order.
	Recipients(ctx context.Context, c daybook.CaseID) ([]Recipient, error)
	// Untold returns the events that a recipient has not been told of, in
	// order, and what they have been told.
	Untold(ctx context.Context, r Recipient) ([]Event, Told, error)
	// Tell puts mails into the outbox and moves what the recipient has been
	// told from before to after, in one transaction. If it is not before any
	// more, somebody else was faster, and it does nothing.
	Tell(ctx context.Context, r Recipient, before, after Told, mails []Notification) error
}

// A Notification is one mail. It is sealed where it is kept.
type Notification struct {
	ID        string         `json:"id"` // of 26 characters; the Message-ID is made from it
	Case      daybook.CaseID `json:"case"`
	Recipient string         `json:"recipient"`
	Made      time.Time      `json:"made"`
	Body      string         `json:"body"` // plain text, lines end with "\n"

	// What follows is filled in from the recipient's settings when the mail
	// goes out, so that a change reaches mails that wait.
	To     string `json:"-"` // an address
	Sender string `json:"-"` // the name beside the sending address
	Title  string `json:"-"` // the mail's header line

	UpTo   uint64     `json:"up_to"`             // the last event that it tells of
	Anchor *Anchor    `json:"anchor,omitempty"`  // of an adviser's mail: the state of the log that it carries
	Code   string     `json:"code,omitempty"`    // Confirmation.ID, if it is the mail that asks to confirm an address
	AtOnce []RuleKind `json:"at_once,omitempty"` // the rules for which it could not wait
}

// LogValue keeps personal data out of logs.
func (n Notification) LogValue() slog.Value { return slog.StringValue(n.ID) }

// A Notifier delivers mails. When Notify returns nil, the mail has been taken
// over. An error that wraps ErrPermanent means that trying again is useless.
// The text of an error holds no personal data.
type Notifier interface {
	Notify(ctx context.Context, n Notification) error
}

// Outbox keeps mails until they are delivered.
type Outbox interface {
	// ClaimMails takes up to n mails that are due at now and that nobody else
	// holds, oldest first, for the time of the lease.
	ClaimMails(ctx context.Context, now time.Time, lease time.Duration, n int) ([]Mail, error)
	// EndMail ends a claim. If the lease has moved on it does nothing.
	EndMail(ctx context.Context, m Mail, now time.Time, e Ending) error
	// Recipient returns one recipient; daybook.ErrNotFound if it is gone.
	Recipient(ctx context.Context, c daybook.CaseID, id string) (Recipient, error)
}

// A Mail is a row of the outbox.
type Mail struct {
	Notification
	State MailState
	Tries int       // failures so far
	Due   time.Time // not before
	Error string    // of the last failure, without personal data
	Fence int64     // set by ClaimMails
}

// MailState says how a mail stands.
type MailState string

const (
	Waiting MailState = "waiting"
	Sent    MailState = "sent"
	Failed  MailState = "failed"  // refused for good; shown to the people of the case
	Dropped MailState = "dropped" // nobody is to get it any more
)

// An Ending says what became of a claim.
type Ending struct {
	State MailState
	Due   time.Time // of Waiting: not before
	Error error     // what went wrong; nil if it merely has to wait
}
