package detect

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"daybook"
)

// ContactModel is the name and version of the RepeatedContact detector.
const ContactModel = "contact/1"

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
//     uncertainty: it stands in an "around" figure of its own.
//
// The figures are keyed by name:
//
//	messages, occasions, days, days-utc, days-watched (Of: watched-days),
//	watched-days, partly-watched-days, after-stop, around-stop, days-after-stop,
//	after-block, around-block, allowed, answered, quiet-spell, busiest-day,
//	imprecise, gone, edited, kind.K, channel.P, origin.O, hour.mon-23
//
// A figure whose value is 0 is left out, but for messages, occasions, days and
// answered; around-stop and after-stop stand, with 0 too, once there is a
// request to stop. In every figure of unit messages, occasions or days that
// lists entries, there is one entry for each thing that was counted; an entry
// that holds two messages stands twice.
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
	byTime := f.Contacts
	d := &counting{
		facts:     f,
		standings: NewStandings(f),
		calendar:  newCalendar(f),
		cells:     make([]cell, len(byTime)),
	}
	handles := make([][]int, len(f.Handles))
	for i, c := range byTime {
		if c.Handle < 0 || c.Handle >= len(f.Handles) || !c.Kind.Contact() {
			continue
		}
		d.cells[i] = d.cellOf(c)
		handles[c.Handle] = append(handles[c.Handle], i)
	}

	var out []Finding
	add := func(members []int, contacts []int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if slices.ContainsFunc(contacts, func(i int) bool { return byTime[i].Direction == daybook.In }) {
			out = append(out, d.finding(members, contacts))
		}
		return nil
	}
	for _, g := range confirmedGroups(f) {
		var contacts []int
		for _, h := range g {
			contacts = append(contacts, handles[h]...)
		}
		slices.Sort(contacts)
		if err := add(g, contacts); err != nil {
			return nil, err
		}
	}
	for _, h := range byRef(f, handleIndexes(len(f.Handles))) {
		if err := add([]int{h}, handles[h]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inOrder returns the contacts by time, the order total, so that facts that are
// equal but for their order give equal findings.
func inOrder(contacts []Contact) []Contact {
	less := func(a, b Contact) int {
		if c := cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Handle, b.Handle)); c != 0 {
			return c
		}
		return cmp.Or(
			strings.Compare(string(a.Direction), string(b.Direction)), strings.Compare(string(a.Kind), string(b.Kind)),
			a.Until.Compare(b.Until), strings.Compare(string(a.Precision), string(b.Precision)),
			strings.Compare(string(a.Account), string(b.Account)), strings.Compare(string(a.Platform), string(b.Platform)),
			strings.Compare(string(a.Origin), string(b.Origin)), a.Logged.Compare(b.Logged),
			compareBool(a.Gone, b.Gone), compareBool(a.Edited, b.Edited),
		)
	}
	if slices.IsSortedFunc(contacts, less) {
		return contacts
	}
	contacts = slices.Clone(contacts)
	slices.SortFunc(contacts, less)
	return contacts
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

func byRef(f Facts, handles []int) []int {
	slices.SortFunc(handles, func(a, b int) int {
		return cmp.Or(strings.Compare(f.Handles[a].Ref(), f.Handles[b].Ref()), cmp.Compare(a, b))
	})
	return handles
}

func handleIndexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// counting is what all findings of one run share.
type counting struct {
	facts     Facts // Contacts in order
	standings *Standings
	calendar  *calendar
	cells     []cell // one for each contact
}

// A cell is what is worked out once for each contact.
type cell struct {
	standing Standing
	day      int64 // local, days since 1970-01-01
	dayUTC   int64
	hour     int // of the local week: Monday 00:00 is 0
	end      time.Time
}

func (d *counting) cellOf(c Contact) cell {
	local := localSeconds(c.At, d.facts.Zone)
	cl := cell{day: floorDiv(local, 86400), dayUTC: floorDiv(c.At.Unix(), 86400), end: c.At}
	weekday := floorMod(cl.day+3, 7) // 1970-01-01 was a Thursday; Monday is 0
	cl.hour = int(weekday*24 + floorMod(local, 86400)/3600)
	if c.Precision == daybook.Span || c.Precision == daybook.Day {
		_, cl.end = bounds(c.At, c.Until, c.Precision, d.facts.Zone)
	}
	if c.Direction == daybook.In {
		cl.standing = d.standings.Of(c)
	}
	return cl
}
