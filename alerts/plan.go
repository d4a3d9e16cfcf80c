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
//   - Nothing to an address that is not confirmed.
//   - Nothing during a break, in quiet hours, after access has ended, or while
//     a mail still waits to go out. What happened meanwhile is told afterwards.
//   - An event whose rule is at once makes a mail now, unless it is late, older
//     than FreshFor, or part of a burst: within BurstQuiet of the last such
//     mail of its rule.
//   - All else waits for the digest: once a day, at r's time, and not on a day
//     on which there was a mail.
//   - Who chose one mail a week gets that one alone, on its day or, if that was
//     missed, not before the next.
func Plan(now time.Time, r Recipient, events []Event, told Told, anchor Anchor) []Notification {
	if r.Unconfirmed != nil || told.Waiting || r.ended(now) || r.Paused.After(now) || r.quiet(now.In(r.zone())) {
		return nil
	}
	if r.Weekly {
		return planWeekly(now, r, events, told, anchor)
	}
	wanted := r.wanted(events)
	if len(wanted) == 0 {
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
	n := write(now, r, wanted, anchor)
	n.UpTo, n.AtOnce = events[len(events)-1].Seq, atOnce
	n.ID = mailID(r.ID, n.UpTo)
	return []Notification{n}
}

// wanted leaves out the events that r is never told of.
func (r Recipient) wanted(events []Event) []Event {
	wanted := make([]Event, 0, len(events))
	for _, e := range events {
		if r.Wanted(e.Rule) {
			wanted = append(wanted, e)
		}
	}
	return wanted
}

// planWeekly returns the mail of the week if it is its day and it was not made
// yet.
func planWeekly(now time.Time, r Recipient, events []Event, told Told, anchor Anchor) []Notification {
	due := r.weeklyBefore(now)
	if !due.After(r.WeeklyFrom) || !told.Mail.Before(due) || !r.sameDay(due, now) {
		return nil
	}
	n := write(now, r, events, anchor)
	n.UpTo = told.Seq
	if len(events) > 0 {
		n.UpTo = events[len(events)-1].Seq
	}
	n.ID = weeklyID(r.ID, due)
	return []Notification{n}
}

// write makes a mail. Everything that tells people of something goes through it.
func write(now time.Time, r Recipient, events []Event, anchor Anchor) Notification {
	n := Notification{Case: r.Case, Recipient: r.ID, Made: now.UTC(), Body: body(r, events, anchor)}
	if r.Kind == Adviser {
		n.Anchor = &anchor
	}
	return n
}

// Preview returns the mail that would tell r of events, filled in as it goes
// out. With no events it is, for an adviser, one of each kind that they want to
// be told of.
func Preview(now time.Time, r Recipient, events []Event, anchor Anchor) Notification {
	wanted := r.wanted(events)
	if len(wanted) == 0 {
		for _, k := range RuleKinds() {
			if r.Wanted(k) {
				wanted = append(wanted, Event{Rule: k, Count: 1})
			}
		}
	}
	return write(now, r, wanted, anchor).to(r)
}

func cannotWait(now time.Time, e Event, told Told) bool {
	last, known := told.AtOnce[e.Rule]
	burst := known && e.At.Before(last.Add(BurstQuiet))
	return !e.Late && now.Sub(e.Newest) <= FreshFor && !burst
}

// weeklyID is the same for the mail of one week to the same recipient.
func weeklyID(recipient string, due time.Time) string {
	return shortID(fmt.Appendf(nil, "daybook/mail/weekly/v1\n%s\n%d", recipient, due.Unix()))
}

// mailID is the same for the same news to the same recipient.
func mailID(recipient string, upTo uint64) string {
	return shortID(fmt.Appendf(nil, "daybook/mail/v1\n%s\n%d", recipient, upTo))
}

func shortID(b []byte) string {
	sum := sha256.Sum256(b)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))[:26]
}
