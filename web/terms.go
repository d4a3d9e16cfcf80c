package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/detect"
)

// Timelines reads a case as a timeline, and what stands around its messages.
type Timelines interface {
	Timeline(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter, limit int, cursor string) (daybook.TimelinePage, error)
	TimelineCount(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter) (n int, more bool, err error)
	// Terms returns the facts without the messages: Contact.Handle i means
	// Handles[i].
	Terms(ctx context.Context, c daybook.CaseID) (detect.Facts, error)
	FirstContacts(ctx context.Context, c daybook.CaseID, handles []daybook.Handle) (map[string]detect.Contact, error)
	GapsBetween(ctx context.Context, c daybook.CaseID, from, to time.Time, limit int) ([]daybook.Gap, error)
	SignedOver(ctx context.Context, c daybook.CaseID, entry uint64) (size uint64, made time.Time, err error)
	Accounts(ctx context.Context, c daybook.CaseID) ([]daybook.Account, error)
}

// terms are what was said about the handles of a case, and done to them: enough
// to tell how one message stands, without reading the others. They are shared:
// nobody changes them.
type terms struct {
	detect.Facts
	standings *detect.Standings
	places    map[string]int    // in Handles, by Handle.Ref
	letters   map[int]string    // of a handle's group, by its place
	called    map[string]string // what a person calls a handle, by Handle.Ref
	groups    []termsGroup      // in the order of their letters
}

type termsGroup struct {
	Letter  string
	Handles []int
}

// terms returns the terms of a case. They are read again when its log tells
// something new.
func (s *Server) terms(ctx context.Context, c daybook.CaseID) (*terms, error) {
	changed, err := s.Store.Changed(ctx, c)
	if err != nil {
		return nil, err
	}
	if t := s.termsKept.find(c, changed); t != nil {
		return t, nil
	}
	if err := s.CatchUp(ctx, c); err != nil {
		return nil, err
	}
	t := &terms{places: map[string]int{}, letters: map[int]string{}, called: map[string]string{}}
	if t.Facts, err = s.Store.Terms(ctx, c); err != nil {
		return nil, err
	}
	t.standings = detect.NewStandings(t.Facts)
	for i, h := range t.Handles {
		if !h.IsZero() {
			t.places[h.Ref()] = i
		}
	}
	all, err := s.Store.Decisions(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.What == daybook.MarkCalled && d.Holds {
			t.called[d.Handle.Ref()] = d.How
		}
	}
	t.nameGroups(all)
	s.termsKept.keep(c, changed, t)
	return t, nil
}

// nameGroups gives groups their letters, in the order in which they came about.
func (t *terms) nameGroups(all []daybook.Decided) {
	since := func(handles []int) uint64 {
		for _, d := range all {
			if d.What == daybook.MarkLinked && d.Holds && slices.Contains(handles, t.place(d.Handle)) {
				return d.Index
			}
		}
		return 0
	}
	for _, g := range t.Groups {
		if len(g) > 1 {
			t.groups = append(t.groups, termsGroup{Handles: g})
		}
	}
	slices.SortStableFunc(t.groups, func(a, b termsGroup) int { return cmp.Compare(since(a.Handles), since(b.Handles)) })
	for i := range t.groups {
		t.groups[i].Letter = letter(i)
		for _, h := range t.groups[i].Handles {
			t.letters[h] = t.groups[i].Letter
		}
	}
}

// place returns where a handle stands in Handles, -1 if it does not.
func (t *terms) place(h daybook.Handle) int {
	if i, ok := t.places[h.Ref()]; ok {
		return i
	}
	return -1
}

// known is a handle with the names that it is known by, where a message was
// captured with none: a file has numbers alone.
func (t *terms) known(h daybook.Handle) daybook.Handle {
	if i := t.place(h); len(h.Names) == 0 && i >= 0 {
		return t.Handles[i]
	}
	return h
}

// contact is a message that came in, as detection sees it.
func (t *terms) contact(m *daybook.Message) detect.Contact {
	at := m.Sent.At
	if at.IsZero() {
		at = m.FirstSeen
	}
	return detect.Contact{
		Handle: t.place(m.Sender), At: at.Truncate(time.Microsecond), Until: m.Sent.Until.Truncate(time.Microsecond),
		Precision: m.Sent.Precision, Kind: m.Kind, Direction: m.Direction,
	}
}

// standing tells how a message stands; what the person wrote has none.
func (t *terms) standing(m *daybook.Message) detect.Standing {
	if m.Direction == daybook.Out {
		return detect.Standing{}
	}
	return t.standings.Of(t.contact(m))
}

// termsKept keeps the terms of the cases that were looked at last.
type termsKept struct {
	mu    sync.Mutex
	all   map[daybook.CaseID]keptTerms
	order []daybook.CaseID // that was read longest ago first
}

type keptTerms struct {
	changed uint64
	terms   *terms
}

const maxTerms = 32 // cases

func newTermsKept() *termsKept { return &termsKept{all: map[daybook.CaseID]keptTerms{}} }

func (k *termsKept) find(c daybook.CaseID, changed uint64) *terms {
	k.mu.Lock()
	defer k.mu.Unlock()
	if found, ok := k.all[c]; ok && found.changed == changed {
		return found.terms
	}
	return nil
}

func (k *termsKept) keep(c daybook.CaseID, changed uint64, t *terms) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.order = append(slices.DeleteFunc(k.order, func(o daybook.CaseID) bool { return o == c }), c)
	if len(k.order) > maxTerms {
		delete(k.all, k.order[0])
		k.order = k.order[1:]
	}
	k.all[c] = keptTerms{changed, t}
}
