package report

import (
	"cmp"
	"context"
	"slices"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/export"
)

// A pattern is what was found in a bundle, sorted for printing. Nothing is
// counted here: the figures are those of the findings, and the days are those of
// detect.Calendar.
type pattern struct {
	facts    detect.Facts
	calendar detect.Calendar
	main     *detect.Series   // the group or handle that the summary is about; nil if nothing came in
	supposed *detect.Finding  // about main, if what is suggested for it belonged to it; nil if nothing is
	groups   []group          // confirmed ones, in the order in which they came about
	contact  []detect.Finding // of kind contact
	links    []detect.Finding // of kind link
	flags    []detect.Finding // of kind flag
	firsts   map[uint64]bool  // entries with the first contact of a handle
	places   map[string]int   // in facts.Handles, by Handle.Ref
	alone    map[string]int   // about one handle, in contact, by Handle.Ref
}

// A group is handles that a person confirmed as linked.
type group struct {
	letter  string
	handles []daybook.Handle
}

// mostDays bounds the calendar: a platform can claim any time.
const mostDays = 20 * 366

func newPattern(ctx context.Context, s *export.Shown, zone *time.Location) (*pattern, error) {
	p := &pattern{facts: s.Facts, firsts: map[uint64]bool{}, places: map[string]int{}, alone: map[string]int{}}
	p.facts.Zone = zone
	for i, h := range p.facts.Handles {
		p.places[h.Ref()] = i
	}
	for _, f := range s.Findings {
		switch f.Kind {
		case "contact":
			if len(f.Handles) == 1 {
				p.alone[f.Handles[0].Ref()] = len(p.contact)
			}
			p.contact = append(p.contact, f)
		case "link":
			p.links = append(p.links, f)
		case "flag":
			p.flags = append(p.flags, f)
		}
	}
	p.findGroups(s)
	p.calendar = detect.NewCalendar(p.until(s), p.daysOf(s, zone))
	if s.Spec.Kind == export.Selection { // the first that is in it need not be the first
		p.calendar.Markers = slices.DeleteFunc(p.calendar.Markers, func(m detect.Marker) bool { return m.What == detect.FirstMarker })
	}
	for _, m := range p.calendar.Markers {
		if m.What == detect.FirstMarker {
			p.firsts[m.Entry] = true
		}
	}
	p.main = p.mainSeries()
	if s.Spec.Kind == export.Selection {
		return p, nil // its facts are not of the whole record, as the findings are
	}
	return p, p.suppose(ctx)
}

// until returns the facts with the end of the period as their now, so that the
// calendar ends with it.
func (p *pattern) until(s *export.Shown) detect.Facts {
	f := p.facts
	if end := lastMoment(s); !end.IsZero() && (f.Now.IsZero() || end.Before(f.Now)) {
		f.Now = end
	}
	return f
}

// lastMoment is the last moment of the period.
func lastMoment(s *export.Shown) time.Time {
	if !s.Spec.To.IsZero() {
		return s.Spec.To.Add(-time.Microsecond) // sent before
	}
	return s.To
}

// daysOf counts the days of the period, the last with it.
func (p *pattern) daysOf(s *export.Shown, zone *time.Location) int {
	from, to := s.From, p.until(s).Now
	if from.IsZero() || to.Before(from) {
		return 1
	}
	return int(min(dayNumber(to.In(zone))-dayNumber(from.In(zone))+1, mostDays))
}

// findGroups puts the groups in the order in which they came about, so that one
// keeps its letter when another is made.
func (p *pattern) findGroups(s *export.Shown) {
	since := func(handles []daybook.Handle) uint64 {
		for _, d := range s.Decisions {
			if d.What == daybook.MarkLinked && d.Holds && slices.ContainsFunc(handles, d.Handle.Same) {
				return d.Index
			}
		}
		return 0
	}
	for _, members := range p.facts.Groups {
		var g group
		for _, i := range members {
			g.handles = append(g.handles, p.facts.Handles[i])
		}
		if len(g.handles) > 1 {
			p.groups = append(p.groups, g)
		}
	}
	slices.SortStableFunc(p.groups, func(a, b group) int { return cmp.Compare(since(a.handles), since(b.handles)) })
	for i := range p.groups {
		p.groups[i].letter = letter(i)
	}
}

// group returns the confirmed group of a handle, nil if it has none.
func (p *pattern) group(h daybook.Handle) *group {
	for i := range p.groups {
		if slices.ContainsFunc(p.groups[i].handles, h.Same) {
			return &p.groups[i]
		}
	}
	return nil
}

// letter counts A, B, … Z, AA, AB, ….
func letter(n int) string {
	s := ""
	for n++; n > 0; n = (n - 1) / 26 {
		s = string(rune('A'+(n-1)%26)) + s
	}
	return s
}

// mainSeries is the group or handle with most contact after a request to stop,
// then with most contact; nil if nothing came in.
func (p *pattern) mainSeries() *detect.Series {
	var main *detect.Series
	for i := range p.calendar.Series {
		s := &p.calendar.Series[i]
		if s.Total.Contacts == 0 || p.seriesFinding(s) == nil {
			continue
		}
		if main == nil || cmp.Or(cmp.Compare(s.Total.AfterStop, main.Total.AfterStop), cmp.Compare(s.Total.Contacts, main.Total.Contacts)) > 0 {
			main = s
		}
	}
	return main
}

// seriesFinding is the finding of kind contact about the handles of a series;
// nil if there is none.
func (p *pattern) seriesFinding(s *detect.Series) *detect.Finding {
	if s.Group < 0 {
		return p.about(p.facts.Handles[s.Handles[0]])
	}
	for i := range p.contact {
		f := &p.contact[i]
		if len(f.Handles) > 1 && slices.ContainsFunc(f.Handles, func(h daybook.Handle) bool { return p.in(s, h) }) {
			return f
		}
	}
	return nil
}

// about returns the finding of kind contact about one handle, nil if it never
// wrote.
func (p *pattern) about(h daybook.Handle) *detect.Finding {
	if i, wrote := p.alone[h.Ref()]; wrote {
		return &p.contact[i]
	}
	return nil
}

func (p *pattern) in(s *detect.Series, h daybook.Handle) bool {
	place, known := p.places[h.Ref()]
	return known && slices.Contains(s.Handles, place)
}

// suggested reports whether nobody has confirmed yet what a finding of kind link
// suggests.
func (p *pattern) suggested(f *detect.Finding) bool {
	if len(f.Handles) < 2 {
		return false
	}
	g := p.group(f.Handles[0])
	return g == nil || !slices.ContainsFunc(g.handles, f.Handles[1].Same)
}

// suggestedFor returns the handles, by place, that are suggested for a series.
func (p *pattern) suggestedFor(s *detect.Series) (out []int) {
	for i := range p.links {
		f := &p.links[i]
		if !p.suggested(f) || !slices.ContainsFunc(f.Handles[1:], func(h daybook.Handle) bool { return p.in(s, h) }) {
			continue
		}
		with := []daybook.Handle{f.Handles[0]}
		if g := p.group(f.Handles[0]); g != nil {
			with = g.handles
		}
		for _, h := range with {
			if place, known := p.places[h.Ref()]; known && !slices.Contains(s.Handles, place) && !slices.Contains(out, place) {
				out = append(out, place)
			}
		}
	}
	return out
}

// suppose counts again as if the handles that are suggested for the main series
// belonged to it.
func (p *pattern) suppose(ctx context.Context) error {
	if p.main == nil {
		return nil
	}
	suggested := p.suggestedFor(p.main)
	if len(suggested) == 0 {
		return nil
	}
	all := slices.Concat(p.main.Handles, suggested)
	facts := p.facts
	facts.Groups, facts.Contacts = [][]int{all}, nil
	for i := range p.facts.Contacts {
		if c := &p.facts.Contacts[i]; slices.Contains(all, c.Handle) {
			facts.Contacts = append(facts.Contacts, *c)
		}
	}
	found, err := (detect.RepeatedContact{}).Detect(ctx, facts)
	if err != nil || len(found) == 0 || len(found[0].Handles) < 2 {
		return err
	}
	p.supposed = &found[0] // groups come first
	return nil
}

// parts are the series of the chart: the main one, what is suggested for it, and
// all others.
func (p *pattern) parts() (suggested, others []detect.Series) {
	if p.main == nil {
		return nil, nil
	}
	maybe := p.suggestedFor(p.main)
	for i := range p.calendar.Series {
		s := &p.calendar.Series[i]
		switch {
		case s == p.main || s.Total.Contacts == 0:
		case slices.Contains(maybe, s.Handles[0]):
			suggested = append(suggested, *s)
		default:
			others = append(others, *s)
		}
	}
	return suggested, others
}
