package export

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/detect"
)

// A choice is what a Spec came to: which messages are shown, and by which
// entries.
type choice struct {
	spec      Spec
	shown     map[daybook.MessageKey]bool
	labels    map[daybook.MessageKey]string           // of all messages
	held      []bool                                  // by entry: it is in the bundle
	redacted  map[daybook.MessageKey]map[Field]string // reasons
	covers    *coverer
	outside   map[string]bool // identifiers of what is not in a selection; nil in a complete bundle
	hidden    map[daybook.MessageKey]bool
	originals map[daybook.MessageKey]*daybook.Message // the shown ones as the log has them
	quoted    *coverer                                // texts that are withheld, for answers that could not be taken apart
	embedded  *coverer                                // of these, the long ones: other messages may hold them
	shows     [][]daybook.MessageKey                  // by entry: what it shows or tells of
	addresses map[daybook.MessageKey]*coverer         // of messages whose addresses are withheld: those in their texts
}

// Show chooses, narrows and covers. It is pure: the same View and Spec give the
// same, and nothing in v is changed. The error wraps daybook.ErrInvalid and says
// what to do if the Spec asks for what is not there.
func Show(v *View, spec Spec) (*Shown, error) {
	if spec.Size == 0 {
		spec.Size = v.Size
	}
	if err := spec.check(v); err != nil {
		return nil, err
	}
	c := &choice{spec: spec, shown: map[daybook.MessageKey]bool{}, redacted: map[daybook.MessageKey]map[Field]string{}, hidden: v.Hidden}
	c.covers = newCoverer(spec.Covers)
	chosen, err := c.choose(v)
	if err != nil {
		return nil, err
	}
	if err := c.redact(v); err != nil {
		return nil, err
	}
	s := &Shown{View: v, Spec: spec, choice: c}
	s.period(v)
	c.labels = spec.labels(v)
	telling := c.hold(v)
	if spec.Kind == Selection {
		s.narrow(v, chosen)
		c.findOutside(v)
	} else {
		s.whole(v)
	}
	c.originals = make(map[daybook.MessageKey]*daybook.Message, len(chosen))
	for _, m := range chosen {
		c.originals[m.Key] = m
	}
	s.exhibit(v, chosen, telling)
	s.cover()
	return s, nil
}

// at is the time that a message is ordered by.
func at(m *daybook.Message) time.Time {
	if m.Sent.At.IsZero() {
		return m.FirstSeen
	}
	return m.Sent.At
}

// first is the entry of the first capture.
func first(m *daybook.Message) uint64 {
	if len(m.Captures) == 0 {
		return 0
	}
	return m.Captures[0]
}

// choose returns the messages that are shown, in order of time.
func (c *choice) choose(v *View) ([]*daybook.Message, error) {
	basket := map[daybook.MessageKey]bool{}
	for _, n := range c.spec.Entries {
		keys, err := messagesOf(v, n)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			basket[k] = true
		}
	}
	narrowed := !c.spec.From.IsZero() || !c.spec.To.IsZero() || len(c.spec.Handles) > 0
	var out []*daybook.Message
	for i := range v.Messages {
		m := &v.Messages[i]
		if c.spec.Kind == Complete || basket[m.Key] || narrowed && c.spec.in(at(m)) && c.spec.with(m) {
			c.shown[m.Key] = true
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b *daybook.Message) int {
		return cmp.Or(at(a).Compare(at(b)), cmp.Compare(first(a), first(b)), cmp.Compare(a.Key, b.Key))
	})
	if len(out) == 0 && c.spec.Kind == Selection {
		return nil, fmt.Errorf("%w: no message is chosen; choose another period, other handles, or exhibits by their numbers", daybook.ErrInvalid)
	}
	return out, nil
}

// in reports whether a time lies in the period of a Spec.
func (s *Spec) in(t time.Time) bool {
	return (s.From.IsZero() || !t.Before(s.From)) && (s.To.IsZero() || t.Before(s.To))
}

// with reports whether a message is from, or of the person to, one of the
// handles.
func (s *Spec) with(m *daybook.Message) bool {
	if len(s.Handles) == 0 {
		return true
	}
	for _, h := range s.Handles {
		if m.Sender.Same(h) || m.Direction == daybook.Out && slices.ContainsFunc(m.To, h.Same) {
			return true
		}
	}
	return false
}

// messagesOf returns the messages that an entry shows or tells of.
func messagesOf(v *View, n uint64) ([]daybook.MessageKey, error) {
	if n >= uint64(len(v.Entries)) || n >= v.Size {
		return nil, fmt.Errorf("%w: entry %d is not among the %d that the bundle is made of; choose an exhibit by its number, or make a newer checkpoint", daybook.ErrInvalid, n, v.Size)
	}
	e := &v.Entries[n]
	var keys []daybook.MessageKey
	for _, k := range e.Messages {
		if !v.Hidden[k] {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		what := "of kind " + string(e.Kind)
		if e.Erased {
			what = "erased"
		}
		return nil, fmt.Errorf("%w: entry %d is %s and shows no message; choose an exhibit by its number", daybook.ErrInvalid, n, what)
	}
	return keys, nil
}

// redact notes which fields of which messages are withheld.
func (c *choice) redact(v *View) error {
	c.addresses = map[daybook.MessageKey]*coverer{}
	for _, r := range c.spec.Redactions {
		keys, err := messagesOf(v, r.Entry)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if c.redacted[k] == nil {
				c.redacted[k] = map[Field]string{}
			}
			if _, twice := c.redacted[k][r.Field]; !twice {
				c.redacted[k][r.Field] = r.why()
			}
		}
	}
	var quoted []Cover
	for i := range v.Messages {
		m := &v.Messages[i]
		if why, ok := c.redacted[m.Key][FieldAddresses]; ok {
			c.addresses[m.Key] = newCoverer(addressCovers(m, why))
			quoted = append(quoted, addressCovers(m, why)...)
		}
		if why, ok := c.redacted[m.Key][FieldText]; ok {
			for _, t := range texts(m) {
				quoted = append(quoted, Cover{Word: t, Reason: why})
			}
		}
	}
	c.quoted = newCoverer(quoted)
	c.embedded = newCoverer(slices.DeleteFunc(quoted, func(q Cover) bool { return utf8.RuneCountInString(foldWord(q.Word)) < leastQuoted }))
	return nil
}

func (r *Redaction) why() string {
	if r.Reason == "" {
		return "withheld by whoever made this bundle"
	}
	return r.Reason
}

// hold notes which entries are in the bundle, and returns for each message the
// entries that tell of it, ascending.
func (c *choice) hold(v *View) map[daybook.MessageKey][]int {
	telling := make(map[daybook.MessageKey][]int, len(v.Messages))
	c.held = make([]bool, len(v.Entries))
	c.shows = make([][]daybook.MessageKey, len(v.Entries))
	for i := range v.Entries {
		e := &v.Entries[i]
		c.shows[i] = e.Messages
		if e.Erased || e.KeptBack {
			continue
		}
		some := false
		for _, k := range e.Messages {
			if c.shown[k] {
				telling[k] = append(telling[k], i)
				some = true
			}
		}
		switch {
		case some:
			c.held[i] = true
		case c.spec.Kind == Selection:
		case e.Hidden:
		case e.Kind == daybook.RecordAccess:
			c.held[i] = c.spec.Access && !e.Searched
		default:
			c.held[i] = !slices.ContainsFunc(e.Messages, func(k daybook.MessageKey) bool { return v.Hidden[k] })
		}
	}
	return telling
}

// whole makes the View of a complete bundle.
func (s *Shown) whole(v *View) {
	n := *v
	n.Hidden, n.Flags = nil, nil
	n.Entries = make([]EntryLine, len(v.Entries))
	for i := range v.Entries {
		n.Entries[i] = s.choice.line(v.Entries[i])
	}
	s.View = &n
}

// line is an entry as a Shown has it: with exhibits in the place of messages.
func (c *choice) line(e EntryLine) EntryLine {
	for _, k := range e.Messages {
		if c.shown[k] {
			e.Exhibits = append(e.Exhibits, c.labels[k])
		}
		if _, ok := c.redacted[k][FieldAttachments]; ok || !c.shown[k] {
			e.Media = nil
		}
		if c.leaves(k) {
			e.Place, e.Offset = "", -1
		}
	}
	e.Messages, e.Natives = nil, nil
	if e.Import != nil && c.spec.Kind == Selection {
		e.Import = bareImport(e.Import)
	}
	return e
}

// Holds reports whether an entry is in the bundle.
func (s *Shown) Holds(index uint64) bool {
	return index < uint64(len(s.choice.held)) && s.choice.held[index]
}

// period sets the period and counts what of it is left out. An end that the
// Spec does not have is that of the record: a basket of three messages says how
// many others there are, and not how many lie between them.
func (s *Shown) period(v *View) {
	s.From, s.To = s.Spec.From, s.Spec.To
	open := s.To.IsZero()
	for i := range v.Messages {
		t := at(&v.Messages[i])
		if s.Spec.From.IsZero() && (s.From.IsZero() || t.Before(s.From)) {
			s.From = t
		}
		if open && t.After(s.To) {
			s.To = t
		}
	}
	if s.Spec.Kind == Selection && len(v.Messages) > 0 { // days: when exactly somebody wrote is of that message
		if s.Spec.From.IsZero() {
			s.From = midnight(s.From, v.Zone, 0)
		}
		if open {
			s.To = midnight(s.To, v.Zone, 1).Add(-time.Second)
		}
	}
	for i := range v.Messages {
		m := &v.Messages[i]
		t := at(m)
		if t.Before(s.From) || t.After(s.To) || !open && t.Equal(s.To) {
			continue
		}
		s.InPeriod++
		if !s.choice.shown[m.Key] {
			s.LeftOut++
		}
	}
}

// midnight returns when the local day of t began, or a later day did.
func midnight(t time.Time, zone *time.Location, days int) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day+days, 0, 0, 0, 0, zone).UTC()
}

// exhibit makes the exhibits.
func (s *Shown) exhibit(v *View, chosen []*daybook.Message, telling map[daybook.MessageKey][]int) {
	stands := newStands(v.Facts)
	s.Exhibits = make([]Exhibit, len(chosen))
	for i, m := range chosen {
		x := &s.Exhibits[i]
		*x = Exhibit{Number: first(m), Message: *m, FromMark: s.choice.labels[m.Key], At: at(m), Flags: v.Flags[m.Key]}
		for _, n := range telling[m.Key] {
			x.Entries = append(x.Entries, s.choice.line(v.Entries[n]))
		}
		stands.tell(x)
		x.Media = s.attachments(m, x.Entries)
	}
}

// labels returns how exhibits are called. Messages that were first captured in
// one entry are told apart by their order in it, which is the same in every
// bundle.
func (s *Spec) labels(v *View) map[daybook.MessageKey]string {
	label := make(map[daybook.MessageKey]string, len(v.Messages))
	together := map[uint64][]daybook.MessageKey{}
	for i := range v.Messages {
		n := first(&v.Messages[i])
		together[n] = append(together[n], v.Messages[i].Key)
	}
	for n, keys := range together {
		name := strconv.FormatUint(n, 10)
		if s.Mark != "" {
			name = s.Mark + "/" + name
		}
		if len(keys) > 1 && n < uint64(len(v.Entries)) {
			order := v.Entries[n].Messages
			slices.SortFunc(keys, func(a, b daybook.MessageKey) int { return slices.Index(order, a) - slices.Index(order, b) })
		}
		for i, k := range keys {
			label[k] = name
			if i > 0 {
				label[k] += "-" + strconv.Itoa(i+1)
			}
		}
	}
	return label
}

// stands tells which contacts came after a request to stop.
type stands struct {
	facts *detect.Facts
	of    *detect.Standings
	at    map[standKey]*detect.Contact
}

type standKey struct {
	entry  uint64
	handle string // Handle.Ref
	kind   daybook.Kind
}

func newStands(f detect.Facts) *stands {
	st := &stands{facts: &f, of: detect.NewStandings(f), at: make(map[standKey]*detect.Contact, len(f.Contacts))}
	for i := range f.Contacts {
		if c := &f.Contacts[i]; c.Handle >= 0 && c.Direction != daybook.Out {
			st.at[standKey{c.Entry, f.Handles[c.Handle].Ref(), c.Kind}] = c
		}
	}
	return st
}

func (st *stands) tell(x *Exhibit) {
	m := &x.Message
	c := st.at[standKey{first(m), m.Sender.Ref(), m.Kind}]
	if c == nil || !c.Kind.Contact() {
		return
	}
	standing := st.of.Of(*c)
	x.Allowed = standing.Allowed
	switch {
	case standing.Allowed:
		return
	case standing.AfterStop:
		x.Stop = "after"
	case standing.AroundStop:
		x.Stop = "around"
	default:
		return
	}
	_, x.Asked, _ = st.of.Asked(c.Handle)
}
