package alerts

import (
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
)

// A RecipientKind says who somebody is to the case.
type RecipientKind string

const (
	ThePerson RecipientKind = "person"
	Adviser   RecipientKind = "adviser"
)

// A Pace says when a recipient is told of events of a rule.
type Pace string

const (
	Never  Pace = ""       // not by mail
	Digest Pace = "digest" // with the next daily mail
	AtOnce Pace = "once"   // now, outside quiet hours
)

// What a mail says about itself unless the recipient chose something else.
const (
	DefaultTitle  = "Your notes"
	DefaultSender = "Notes"
)

// A Clock is a time of day in minutes after local midnight.
type Clock int

// ParseClock reads "22:00".
func ParseClock(s string) (Clock, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is not a time of day such as 22:00", daybook.ErrInvalid, s)
	}
	return Clock(t.Hour()*60 + t.Minute()), nil
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// A Recipient is somebody whom the person chose to be told, and how. All of it
// but ID and Case is sealed where it is kept.
type Recipient struct {
	ID         string            `json:"id"`
	Case       daybook.CaseID    `json:"case"`
	User       string            `json:"user,omitzero"`  // of the app, if they have an account there
	Label      string            `json:"label,omitzero"` // for the app alone: "Your adviser"
	Address    string            `json:"address"`
	Kind       RecipientKind     `json:"kind"`
	Title      string            `json:"title,omitzero"`  // the mail's header line; "": DefaultTitle
	Sender     string            `json:"sender,omitzero"` // the name beside the sending address; "": DefaultSender
	Zone       string            `json:"zone"`            // IANA; one that is not known is taken as UTC
	QuietFrom  Clock             `json:"quiet_from"`      // no mail from then …
	QuietUntil Clock             `json:"quiet_until"`     // … until then; equal: no quiet hours
	DigestAt   Clock             `json:"digest_at"`
	Rules      map[RuleKind]Pace `json:"rules"`
	Paused     time.Time         `json:"paused,omitzero"` // nothing before then
	Until      time.Time         `json:"until,omitzero"`  // nothing from then on: the access has ended; zero: no end

	// Weekly makes one mail a week, on the day of the week Weekday at DigestAt,
	// also when nothing happened: so the mail itself tells nobody anything. Rules
	// then do not matter. The first one comes after WeeklyFrom.
	Weekly     bool         `json:"weekly,omitzero"`
	Weekday    time.Weekday `json:"weekday,omitzero"`
	WeeklyFrom time.Time    `json:"weekly_from,omitzero"`

	// Unconfirmed is there as long as nobody has typed the number that was
	// mailed to Address: until then nothing else goes there. Confirmed is when
	// somebody did; zero for an address that the operator wrote down.
	Unconfirmed *Confirmation `json:"unconfirmed,omitempty"`
	Confirmed   time.Time     `json:"confirmed,omitzero"`
}

// NewRecipient returns a recipient with the usual choices: an adviser gets a
// digest at nine in the morning, the person gets nothing until they choose it.
// Nobody gets mail between ten at night and seven in the morning.
func NewRecipient(c daybook.CaseID, kind RecipientKind, address, zone string) Recipient {
	r := Recipient{ID: daybook.NewID(), Case: c, Kind: kind, Address: address, Zone: zone,
		QuietFrom: 22 * 60, QuietUntil: 7 * 60, DigestAt: 9 * 60, Rules: map[RuleKind]Pace{}}
	if kind == Adviser {
		for _, k := range RuleKinds() {
			r.Rules[k] = Digest
		}
	}
	return r
}

// LogValue keeps personal data out of logs.
func (r Recipient) LogValue() slog.Value { return slog.StringValue(r.ID) }

// maxLine bounds the title and the sender's name, in bytes.
const maxLine = 100

// Check returns an error that wraps daybook.ErrInvalid and says what to change
// if mail cannot, or must not, be sent with these settings.
func (r Recipient) Check() error {
	a, err := mail.ParseAddress(r.Address)
	if err != nil || a.Address != r.Address {
		return fmt.Errorf("%w: the address must be one plain address such as name@mail.example", daybook.ErrInvalid)
	}
	for _, line := range []string{r.Title, r.Sender, r.Address} {
		if len(line) > maxLine || !utf8.ValidString(line) || strings.ContainsFunc(line, hidden) {
			return fmt.Errorf("%w: title, sender and address are one line of at most %d bytes each, without control characters", daybook.ErrInvalid, maxLine)
		}
	}
	if r.Kind != ThePerson && r.Kind != Adviser {
		return fmt.Errorf("%w: a recipient is %q or %q", daybook.ErrInvalid, ThePerson, Adviser)
	}
	if r.Weekly && (r.Kind != ThePerson || r.Weekday < time.Sunday || r.Weekday > time.Saturday) {
		return fmt.Errorf("%w: a mail a week is for the person, on one of the days 0 (Sunday) to 6", daybook.ErrInvalid)
	}
	for _, c := range []Clock{r.QuietFrom, r.QuietUntil, r.DigestAt} {
		if c < 0 || c >= 24*60 {
			return fmt.Errorf("%w: a time of day lies between 00:00 and 23:59", daybook.ErrInvalid)
		}
	}
	if _, err := time.LoadLocation(r.Zone); err != nil {
		return fmt.Errorf("%w: %q is not a time zone such as Europe/London", daybook.ErrInvalid, r.Zone)
	}
	for k, p := range r.Rules {
		if p != Never && p != Digest && p != AtOnce {
			return fmt.Errorf("%w: the pace of %q is %q, %q or empty", daybook.ErrInvalid, k, Digest, AtOnce)
		}
	}
	return nil
}

// hidden reports whether a character has no place in a header: control, format
// (such as bidirectional overrides) or line separators.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

func (r Recipient) zone() *time.Location {
	z, err := time.LoadLocation(r.Zone)
	if err != nil {
		return time.UTC // Check refuses it; a zone can go from the machine afterwards
	}
	return z
}

// quiet reports whether a local time lies in the quiet hours. It goes by the
// clock on the wall: a night in which the clocks change is an hour longer or
// shorter.
func (r Recipient) quiet(local time.Time) bool {
	now := Clock(local.Hour()*60 + local.Minute())
	if r.QuietFrom <= r.QuietUntil {
		return r.QuietFrom <= now && now < r.QuietUntil
	}
	return now >= r.QuietFrom || now < r.QuietUntil
}

// ended reports whether the recipient is not to be told any more.
func (r Recipient) ended(now time.Time) bool { return !r.Until.IsZero() && !now.Before(r.Until) }

// Open returns the first moment from now on at which a mail may go out: now
// itself, unless there is a break or it is quiet.
func (r Recipient) Open(now time.Time) time.Time {
	t := now
	if r.Paused.After(t) {
		t = r.Paused
	}
	zone := r.zone()
	if !r.quiet(t.In(zone)) {
		return t
	}
	// Minute by minute, because the end can come twice, or not at all, in a
	// night in which the clocks change.
	t = t.Truncate(time.Minute)
	for range 26 * 60 {
		if !r.quiet(t.In(zone)) {
			break
		}
		t = t.Add(time.Minute)
	}
	return t.UTC()
}

// weeklyBefore returns the last moment at which a weekly mail was due, at or
// before now.
func (r Recipient) weeklyBefore(now time.Time) time.Time {
	local := now.In(r.zone())
	at := func(daysAgo int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()-daysAgo, 0, int(r.DigestAt), 0, 0, r.zone())
	}
	back := (int(local.Weekday()) - int(r.Weekday) + 7) % 7
	if t := at(back); !t.After(now) {
		return t
	}
	return at(back + 7)
}

// Wanted reports whether the recipient is ever told of events of a kind by mail.
func (r Recipient) Wanted(k RuleKind) bool { return r.Weekly || r.Rules[k] != Never }

// digestBefore returns the last moment at which a digest was due, at or before
// now.
func (r Recipient) digestBefore(now time.Time) time.Time {
	local := now.In(r.zone())
	at := func(day int) time.Time {
		return time.Date(local.Year(), local.Month(), day, 0, int(r.DigestAt), 0, 0, r.zone())
	}
	if t := at(local.Day()); !t.After(now) {
		return t
	}
	return at(local.Day() - 1)
}

// sameDay reports whether two moments lie on one local day.
func (r Recipient) sameDay(a, b time.Time) bool {
	ay, am, ad := a.In(r.zone()).Date()
	by, bm, bd := b.In(r.zone()).Date()
	return ay == by && am == bm && ad == bd
}
