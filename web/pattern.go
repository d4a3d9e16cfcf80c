package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/detect"
)

// Changes tells when the log of a case last told something new.
type Changes interface {
	// Changed returns the newest entry that is not of kind access.
	Changed(ctx context.Context, c daybook.CaseID) (uint64, error)
}

// Decisions tells what people decided about handles.
type Decisions interface {
	// Decisions returns all decisions of a case in the order of the log.
	Decisions(ctx context.Context, c daybook.CaseID) ([]daybook.Decided, error)
}

// A pattern is what detection finds in a whole case, with what it rests on. It
// is shared: nobody changes it.
type pattern struct {
	Facts     detect.Facts
	Findings  []detect.Finding
	Calendar  detect.Calendar         // of the last calendarDays days
	Handles   []daybook.HandleSummary // the person's own too, in the order of first mention
	Decisions []decided               // in the order of the log
	Groups    []group                 // confirmed ones, in the order in which they came about

	places   map[string]int // in Facts.Handles, by Handle.Ref
	findings map[string]int // about one handle, in Findings, by Handle.Ref

	comparison  *comparison // nil: nothing is compared
	supposition *supposition
	// Of what request.compared returns:
	Links       []detect.Finding // which handles may be linked, the strongest first
	NotCompared bool             // it failed
	Comparing   bool             // it is not known yet
}

// A decided is a decision with who made it.
type decided struct {
	daybook.Decided
	By daybook.Actor
}

// A group is handles that a person confirmed as linked.
type group struct {
	Letter  string // what pages call it: A, B, …
	Handles []daybook.Handle
	Finding *detect.Finding // nil if none of them ever wrote
}

// finding returns the finding about one handle, nil if it never wrote.
func (p *pattern) finding(h daybook.Handle) *detect.Finding {
	if i, ok := p.findings[h.Ref()]; ok {
		return &p.Findings[i]
	}
	return nil
}

// group returns the confirmed group of a handle, nil if it has none.
func (p *pattern) group(h daybook.Handle) *group {
	for i := range p.Groups {
		if slices.ContainsFunc(p.Groups[i].Handles, h.Same) {
			return &p.Groups[i]
		}
	}
	return nil
}

// pattern returns the figures of a case, counted in a zone. They are worked out
// when the case has changed, on a new day, and after some minutes, because
// reading goes on without an entry; meanwhile each visit gets the same ones.
func (s *Server) pattern(ctx context.Context, c daybook.CaseID, zone *time.Location) (*pattern, error) {
	slot := s.patterns.slot(c)
	select {
	case slot.turn <- struct{}{}: // one at a time works it out, the others wait for that
		defer func() { <-slot.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := s.Clock().UTC()
	changed, err := s.Store.Changed(ctx, c)
	if err != nil {
		return nil, err
	}
	key := patternKey{changed: changed, zone: zone.String(), day: now.In(zone).Format(time.DateOnly)}
	if p := slot.found; p != nil && slot.key == key && !now.Before(slot.at) && now.Sub(slot.at) < patternLife {
		return p, nil
	}
	if err := s.CatchUp(ctx, c); err != nil {
		return nil, err
	}
	p, err := s.workOut(ctx, c, now, zone)
	if err != nil {
		return nil, err
	}
	p.comparison = s.comparisons.next(changed, slot.found)
	slot.found, slot.key, slot.at = p, key, now
	s.patterns.keep(c, len(p.Facts.Contacts))
	return p, nil
}

// Warm works the figures, flags and links of a case out again after it has changed, if
// somebody looked at them lately, so that the next visit does not wait for it.
func (s *Server) Warm(ctx context.Context, c daybook.CaseID) error {
	if !s.patterns.has(c) {
		return nil
	}
	ctx = archive.Within(ctx, c)
	p, err := s.patternOf(ctx, c)
	if err != nil {
		return err
	}
	if p.comparison != nil && s.patterns.wantedLinks(c) {
		if _, err := s.compared(ctx, c, p, waitForWarm); err != nil {
			return err
		}
	}
	_, _, err = s.Store.BringFlags(ctx, c, 0)
	return err
}

func (s *Server) workOut(ctx context.Context, c daybook.CaseID, now time.Time, zone *time.Location) (*pattern, error) {
	p := &pattern{places: map[string]int{}, findings: map[string]int{}, supposition: &supposition{}}
	var err error
	if p.Facts, err = s.Store.Facts(ctx, c, now); err != nil {
		return nil, err
	}
	p.Facts.Zone = zone
	if p.Findings, err = (detect.RepeatedContact{}).Detect(ctx, p.Facts); err != nil {
		return nil, err
	}
	if p.Handles, err = s.Store.Handles(ctx, c); err != nil {
		return nil, err
	}
	all, err := s.Store.Decisions(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		e, err := s.Log.Entry(ctx, c, d.Index)
		if err != nil {
			return nil, err
		}
		p.Decisions = append(p.Decisions, decided{d, e.Record.Actor})
	}
	p.Calendar = detect.NewCalendar(p.Facts, calendarDays)
	for i, h := range p.Facts.Handles {
		p.places[h.Ref()] = i
	}
	for i := range p.Findings {
		if f := &p.Findings[i]; len(f.Handles) == 1 {
			p.findings[f.Handles[0].Ref()] = i
		}
	}
	p.findGroups()
	return p, nil
}

// findGroups puts the groups in the order in which they came about, so that one
// keeps its letter when another is made.
func (p *pattern) findGroups() {
	since := func(handles []daybook.Handle) uint64 {
		for _, d := range p.Decisions {
			if d.What == daybook.MarkLinked && d.Holds && slices.ContainsFunc(handles, d.Handle.Same) {
				return d.Index
			}
		}
		return 0
	}
	for _, members := range p.Facts.Groups {
		var g group
		for _, i := range members {
			g.Handles = append(g.Handles, p.Facts.Handles[i])
		}
		if len(g.Handles) < 2 {
			continue
		}
		for i := range p.Findings {
			if f := &p.Findings[i]; len(f.Handles) > 1 && slices.ContainsFunc(f.Handles, g.Handles[0].Same) {
				g.Finding = f
			}
		}
		p.Groups = append(p.Groups, g)
	}
	slices.SortStableFunc(p.Groups, func(a, b group) int { return cmp.Compare(since(a.Handles), since(b.Handles)) })
	for i := range p.Groups {
		p.Groups[i].Letter = letter(i)
	}
}

// letter counts A, B, … Z, AA, AB, ….
func letter(n int) string {
	s := ""
	for n++; n > 0; n = (n - 1) / 26 {
		s = string(rune('A'+(n-1)%26)) + s
	}
	return s
}

const (
	patternLife     = 5 * time.Minute
	maxPatterns     = 64      // cases
	maxPatternFacts = 400_000 // contacts in all of them, about 300 bytes each
)

// patterns keeps the figures of the cases that were looked at last.
type patterns struct {
	mu    sync.Mutex
	uses  int
	slots map[daybook.CaseID]*patternSlot
}

// A patternSlot is the place of one case. Who is in its turn may touch key, at
// and found; the rest is under patterns.mu.
type patternSlot struct {
	turn  chan struct{}
	key   patternKey
	at    time.Time
	found *pattern

	used, contacts int
	undecided      int  // suggestions that nobody said anything about
	links          bool // somebody asked what may be linked
}

type patternKey struct {
	changed   uint64
	zone, day string
}

func newPatterns() *patterns { return &patterns{slots: map[daybook.CaseID]*patternSlot{}} }

// has reports whether the figures of a case are kept.
func (p *patterns) has(c daybook.CaseID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots[c] != nil
}

// undecided returns how many suggestions of a case wait for a decision, as far as
// its figures are kept: the menu does not wait for them.
func (p *patterns) undecided(c daybook.CaseID) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot := p.slots[c]; slot != nil {
		return slot.undecided
	}
	return 0
}

func (p *patterns) setUndecided(c daybook.CaseID, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot := p.slots[c]; slot != nil {
		slot.undecided = n
	}
}

// wantLinks notes that somebody asked what may be linked in a case.
func (p *patterns) wantLinks(c daybook.CaseID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot := p.slots[c]; slot != nil {
		slot.links = true
	}
}

// wantedLinks reports whether somebody did.
func (p *patterns) wantedLinks(c daybook.CaseID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots[c] != nil && p.slots[c].links
}

// slot returns the place of a case.
func (p *patterns) slot(c daybook.CaseID) *patternSlot {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := p.slots[c]
	if slot == nil {
		slot = &patternSlot{turn: make(chan struct{}, 1)}
		p.slots[c] = slot
	}
	p.uses++
	slot.used = p.uses
	return slot
}

// keep notes how large the figures of a case are and lets go of those that were
// not used for longest. Who still works on one of them is not disturbed.
func (p *patterns) keep(c daybook.CaseID, contacts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot := p.slots[c]; slot != nil {
		slot.contacts = contacts
	}
	order, all := make([]daybook.CaseID, 0, len(p.slots)), 0
	for id, slot := range p.slots {
		order, all = append(order, id), all+slot.contacts
	}
	slices.SortFunc(order, func(a, b daybook.CaseID) int { return cmp.Compare(p.slots[a].used, p.slots[b].used) })
	for _, id := range order {
		if len(p.slots) <= maxPatterns && all <= maxPatternFacts || id == c {
			break
		}
		all -= p.slots[id].contacts
		delete(p.slots, id)
	}
}
