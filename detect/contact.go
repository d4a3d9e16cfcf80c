package detect

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// ContactModel is the name and version of the RepeatedContact detector.
const ContactModel = "contact/2"

// DefaultQuiet is the quiet time that ends an occasion unless Facts says
// another.
const DefaultQuiet = 6 * time.Hour

// RepeatedContact counts who contacted the person, how often, on how many days
// and occasions, and how that stands to what the person asked for. It makes one
// finding of kind "contact" for each handle that wrote in and one for each
// confirmed group of which a handle wrote in.
//
// How it counts:
//   - a contact is a message that came in and whose Kind is a contact;
//   - contact that is marked as agreed is counted apart, in the figure
//     "allowed" alone;
//   - days are calendar days in Facts.Zone; a contact that spans midnight
//     counts on the day on which it began;
//   - what is only roughly known never counts as "after" something within its
//     uncertainty: it stands in an "around" figure of its own;
//   - rates count only what was read from an account in watched time, and
//     compare it with how much time was watched: where nobody looked, it was not
//     quiet.
//
// The figures are keyed by name; HowCounted says how each is counted:
//
//	messages, occasions, days, days-utc, days-watched (Of: watched-days),
//	watched-days, partly-watched-days, last-42-days (Of: those days), handles
//	(Of: the handles of the group), after-stop, around-stop, days-after-stop,
//	after-block, around-block, allowed, answered, quiet-spell, busiest-day,
//	busiest-hour and night (Of: messages whose hour is known), named-days and
//	days-before-named-days (Of: those days), to-others, third-parties,
//	last-28-days, 28-days-before, rate-28-days, before-stop-watched,
//	after-stop-watched, rate-stop, changes, bursts, imprecise, gone, edited,
//	kind.K, channel.P, origin.O, hour.mon-23
//
// A figure whose value is 0 is left out, but for messages, occasions, days,
// answered, and what is about a number of days or compares two times;
// around-stop and after-stop stand, with 0 too, once there is a request to stop.
// Comparisons and changes are left out where too little was watched, or there
// was too little contact, to say anything; that no change was found is said.
//
// In every figure of unit messages, occasions, days or handles that lists
// entries, there is one entry for each thing that was counted; an entry that
// holds two messages stands twice. A comparison, in thousandths, has the entries
// of both sides; if there was nothing before, its value is the lower limit.
// changes has the first entry after each change, bursts all of the bursts.
type RepeatedContact struct{}

// Name returns ContactModel.
func (RepeatedContact) Name() string { return ContactModel }

// Detect returns the findings: groups first, then handles, each ordered by
// Handle.Ref. The order of f.Contacts does not matter. It fails only when ctx
// has ended.
func (RepeatedContact) Detect(ctx context.Context, f Facts) ([]Finding, error) {
	if f.Zone == nil {
		f.Zone = time.UTC
	}
	if f.Quiet <= 0 {
		f.Quiet = DefaultQuiet
	}
	f.Contacts = inOrder(f.Contacts)
	d := newCounting(f)
	out := make([]Finding, 0, len(d.parties))
	for i := range d.parties {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if p := &d.parties[i]; p.wrote {
			out = append(out, d.finding(p))
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// inOrder returns the contacts by time, the order total, so that facts that are
// equal but for their order give equal findings.
func inOrder(contacts []Contact) []Contact {
	if ordered(contacts) {
		return contacts
	}
	contacts = slices.Clone(contacts)
	slices.SortFunc(contacts, func(a, b Contact) int { return byTime(&a, &b) })
	return contacts
}

func ordered(contacts []Contact) bool {
	for i := 1; i < len(contacts); i++ {
		if byTime(&contacts[i-1], &contacts[i]) > 0 {
			return false
		}
	}
	return true
}

// byTime compares two contacts by everything there is, time first.
func byTime(a, b *Contact) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	if c := cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Handle, b.Handle)); c != 0 {
		return c
	}
	return cmp.Or(
		strings.Compare(string(a.Direction), string(b.Direction)), strings.Compare(string(a.Kind), string(b.Kind)),
		a.Until.Compare(b.Until), strings.Compare(string(a.Precision), string(b.Precision)),
		strings.Compare(string(a.Account), string(b.Account)), strings.Compare(string(a.Platform), string(b.Platform)),
		strings.Compare(string(a.Origin), string(b.Origin)), a.Logged.Compare(b.Logged),
		compareBool(a.Gone, b.Gone), compareBool(a.Edited, b.Edited), slices.Compare(a.Others, b.Others),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// confirmedGroups returns the groups of at least two known handles, each ordered
// by Ref, and the groups by their first.
func confirmedGroups(f Facts) [][]int {
	var out [][]int
	for _, g := range f.Groups {
		var known []int
		for _, h := range g {
			if h >= 0 && h < len(f.Handles) && !slices.Contains(known, h) {
				known = append(known, h)
			}
		}
		if len(known) > 1 {
			out = append(out, byRef(f, known))
		}
	}
	slices.SortFunc(out, func(a, b []int) int {
		return strings.Compare(f.Handles[a[0]].Ref(), f.Handles[b[0]].Ref())
	})
	return out
}

// byRef orders handles by Ref, in place.
func byRef(f Facts, handles []int) []int {
	type named struct {
		ref    string
		handle int
	}
	refs := make([]named, len(handles))
	for i, h := range handles {
		refs[i] = named{f.Handles[h].Ref(), h}
	}
	slices.SortFunc(refs, func(a, b named) int {
		if c := strings.Compare(a.ref, b.ref); c != 0 {
			return c
		}
		return cmp.Compare(a.handle, b.handle)
	})
	for i, r := range refs {
		handles[i] = r.handle
	}
	return handles
}

func handleIndexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
