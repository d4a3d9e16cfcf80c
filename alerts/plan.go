package alerts

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// BurstQuiet is how long, after a mail that could not wait, further events of
// the same rules wait for the digest: a flood is one mail.
const BurstQuiet = 6 * time.Hour

// Told is what a recipient has been told.
type Told struct {
	Seq     uint64                 `json:"seq"`               // events up to this one
	Mail    time.Time              `json:"mail,omitzero"`     // when the last mail was made
	AtOnce  map[RuleKind]time.Time `json:"at_once,omitempty"` // when the last mail was made that could not wait, by rule
	Waiting bool                   `json:"-"`                 // a mail has not gone out yet; set by the store
}

// After returns what the recipient has been told once n is made.
func (t Told) After(n Notification) Told {
	next := Told{Seq: n.UpTo, Mail: n.Made, AtOnce: maps.Clone(t.AtOnce), Waiting: true}
	for _, k := range n.AtOnce {
		if next.AtOnce == nil {
			next.AtOnce = map[RuleKind]time.Time{}
		}
		next.AtOnce[k] = n.Made
	}
	return next
}

// Plan returns the mails that are to go to r now: none, or one that tells of
// every event that r has not been told of. It is pure. events are those, in
// order; told is what r has been told; anchor stands in an adviser's mail.
//
//   - Nothing during a break, in quiet hours, after access has ended, or while
//     a mail still waits to go out. What happened meanwhile is told afterwards.
//   - An event whose rule is at once makes a mail now, unless it is late, older
//     than FreshFor, or part of a burst: within BurstQuiet of the last such
//     mail of its rule.
//   - All else waits for the digest: once a day, at r's time, and not on a day
//     on which there was a mail.
func Plan(now time.Time, r Recipient, events []Event, told Told, anchor Anchor) []Notification {
	wanted := make([]Event, 0, len(events))
	for _, e := range events {
		if r.Rules[e.Rule] != Never {
			wanted = append(wanted, e)
		}
	}
	if len(wanted) == 0 || told.Waiting || r.ended(now) || r.Paused.After(now) || r.quiet(now.In(r.zone())) {
		return nil
	}
	var atOnce []RuleKind
	for _, e := range wanted {
		if r.Rules[e.Rule] == AtOnce && !slices.Contains(atOnce, e.Rule) && cannotWait(now, e, told) {
			atOnce = append(atOnce, e.Rule)
		}
	}
	if len(atOnce) == 0 {
		due := r.digestBefore(now)
		waited := slices.ContainsFunc(wanted, func(e Event) bool { return !e.At.After(due) })
		if !waited || !told.Mail.IsZero() && r.sameDay(told.Mail, now) {
			return nil
		}
	}
	n := Notification{
		Case:      r.Case,
		Recipient: r.ID,
		Made:      now.UTC(),
		Body:      body(r, wanted, anchor),
		UpTo:      events[len(events)-1].Seq,
		AtOnce:    atOnce,
	}
	n.ID = mailID(r.ID, n.UpTo)
	return []Notification{n}
}

func cannotWait(now time.Time, e Event, told Told) bool {
	last, known := told.AtOnce[e.Rule]
	burst := known && e.At.Before(last.Add(BurstQuiet))
	return !e.Late && now.Sub(e.Newest) <= FreshFor && !burst
}

// mailID is the same for the same news to the same recipient.
func mailID(recipient string, upTo uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "daybook/mail/v1\n%s\n%d", recipient, upTo))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))[:26]
}
