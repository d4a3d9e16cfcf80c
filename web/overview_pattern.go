package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

// A mainPattern is the group or handle that the sentence at the top is about:
// the one with most contact after a request to stop, then with most contact. Its
// numbers are those of the finding about it.
type mainPattern struct {
	Days, Of    int64
	DaysPath    string // of the entries of a number; "" if they may not be seen
	Watched     bool   // Of are days that were watched wholly, and fewer than were looked for
	Handles     int    // 1: a single handle
	HandlesPath string
	Letter      string
	Contacts    int64
	AfterStop   int64
	AfterPath   string
	AfterDays   int64
	Asked       []askedLine
	Quiet       int64 // longest quiet spell, days
	Rates       []figure
	More        []figure
	Supposed    *supposed
	Others      int // handles and groups that are not in it
	From, To    stamp
	GapsCounted []gapLine
	How         []counted
}

// counted says how one of the numbers is counted.
type counted struct {
	Key string // of what the number is called
	How string
}

// supposed is the same sentence if every handle that is suggested for the group
// belonged to it.
type supposed struct {
	Days, Of  int64
	Handles   int
	AfterStop int64
	Suggested int
	Asked     bool
}

type askedLine struct {
	At   stamp
	Ref  string // of the message; "" if there is none, or it may not be seen
	No   uint64
	Day  bool // known to the day alone
	Note string
}

type gapLine struct {
	From, To stamp
	Hole     bool
}

// chartParts are the series of the chart from the bottom up: the main one, what
// is suggested for it, and all others together. main is nil if nothing came in.
type chartParts struct {
	main      *detect.Series
	letter    string // of the main one, if it is a group
	suggested []detect.Series
	others    []detect.Series
}

// mainSeries is the group or handle that the overview is about; nil if nothing
// came in.
func (p *pattern) mainSeries() *detect.Series {
	var main *detect.Series
	for i := range p.Calendar.Series {
		s := &p.Calendar.Series[i]
		if s.Total.Contacts == 0 {
			continue
		}
		if main == nil || cmp.Or(cmp.Compare(s.Total.AfterStop, main.Total.AfterStop), cmp.Compare(s.Total.Contacts, main.Total.Contacts)) > 0 {
			main = s
		}
	}
	return main
}

// suggestedFor returns the handles, by their places in Facts.Handles, that are
// suggested for a series.
func (p *pattern) suggestedFor(s *detect.Series) (out []int) {
	for i := range p.Links {
		f := &p.Links[i]
		if !slices.ContainsFunc(f.Handles[1:], func(h daybook.Handle) bool { return p.in(s, h) }) {
			continue
		}
		for _, h := range p.with(f.Handles[0]) {
			if place, known := p.places[h.Ref()]; known && !slices.Contains(s.Handles, place) && !slices.Contains(out, place) {
				out = append(out, place)
			}
		}
	}
	return out
}

func (p *pattern) in(s *detect.Series, h daybook.Handle) bool {
	place, known := p.places[h.Ref()]
	return known && slices.Contains(s.Handles, place)
}

// A supposition is what would be found if the handles that are suggested for the
// main series belonged to it; nil if there are none. It is worked out once.
type supposition struct {
	once  sync.Once
	found *detect.Finding
	err   error
}

// suppose returns the supposition of a pattern whose links are known; nil of
// another.
func (p *pattern) suppose(ctx context.Context) (*detect.Finding, error) {
	if len(p.Links) == 0 {
		return nil, nil
	}
	s := p.supposition
	s.once.Do(func() { s.found, s.err = p.supposed(context.WithoutCancel(ctx)) })
	return s.found, s.err
}

func (p *pattern) supposed(ctx context.Context) (*detect.Finding, error) {
	main := p.mainSeries()
	if main == nil {
		return nil, nil
	}
	suggested := p.suggestedFor(main)
	if len(suggested) == 0 {
		return nil, nil
	}
	all := slices.Concat(main.Handles, suggested)
	facts := p.Facts
	facts.Groups = [][]int{all}
	facts.Contacts = nil
	for i := range p.Facts.Contacts {
		if c := &p.Facts.Contacts[i]; slices.Contains(all, c.Handle) {
			facts.Contacts = append(facts.Contacts, *c)
		}
	}
	found, err := (detect.RepeatedContact{}).Detect(ctx, facts)
	if err != nil || len(found) == 0 || len(found[0].Handles) < 2 {
		return nil, err
	}
	return &found[0], nil // groups come first
}

func (p *pattern) parts() (parts chartParts) {
	parts.main = p.mainSeries()
	if parts.main == nil {
		return parts
	}
	suggested := p.suggestedFor(parts.main)
	for i := range p.Calendar.Series {
		s := &p.Calendar.Series[i]
		switch {
		case s == parts.main || s.Total.Contacts == 0:
		case slices.Contains(suggested, s.Handles[0]):
			parts.suggested = append(parts.suggested, *s)
		default:
			parts.others = append(parts.others, *s)
		}
	}
	if m := parts.main; m.Group >= 0 {
		if g := p.group(p.Facts.Handles[m.Handles[0]]); g != nil {
			parts.letter = g.Letter
		}
	}
	return parts
}

// rateFigures, and moreFigures, are the figures that stand below the sentence.
func rateFigures() []string { return []string{"rate-28-days", "rate-stop"} }

func moreFigures() []string {
	return []string{"changes", "bursts", "night", "busiest-hour", "named-days", "days-before-named-days", "third-parties"}
}

func (r *request) mainPattern(p *pattern, parts chartParts) (*mainPattern, error) {
	m := parts.main
	if m == nil {
		return nil, nil
	}
	f := p.seriesFinding(m)
	if f == nil {
		return nil, nil
	}
	c := &p.Calendar
	out := &mainPattern{
		Handles: len(m.Handles), Letter: parts.letter, Contacts: f.Figures["messages"].Value, AfterStop: f.Figures["after-stop"].Value,
		AfterDays: f.Figures["days-after-stop"].Value, Quiet: f.Figures["quiet-spell"].Value / 86400,
		Others: len(parts.others) + len(parts.suggested), From: r.calendarDay(c, 0), To: r.calendarDay(c, c.Days-1),
	}
	if err := r.mainNumbers(p, f, m, out); err != nil {
		return nil, err
	}
	var err error
	if out.Rates, err = r.someFigures(p, f, rateFigures()); err != nil {
		return nil, err
	}
	if out.More, err = r.someFigures(p, f, moreFigures()); err != nil {
		return nil, err
	}
	if out.Asked, err = r.askedLines(p, m); err != nil {
		return nil, err
	}
	g, err := p.suppose(r.Context())
	if err != nil {
		return nil, err
	}
	if g != nil && r.can(cases.List) {
		out.Supposed = &supposed{Handles: len(g.Handles), AfterStop: g.Figures["after-stop"].Value, Suggested: len(g.Handles) - len(m.Handles)}
		_, out.Supposed.Asked = g.Figures["after-stop"]
		out.Supposed.Days, out.Supposed.Of = g.Figures[recentKey].Value, g.Figures[recentKey].Of
	}
	for _, g := range c.Gaps {
		out.GapsCounted = append(out.GapsCounted, gapLine{r.when(g.From), r.when(g.To), g.Class == daybook.Hole})
	}
	return out, nil
}

// recentKey is the figure of the last days that were watched.
const recentKey = "last-42-days"

// mainNumbers fills in the numbers of the sentence, with the way to their
// entries. Where nothing was watched wholly yet, days are counted as they are.
func (r *request) mainNumbers(p *pattern, f *detect.Finding, m *detect.Series, out *mainPattern) (err error) {
	days, watched := f.Figures[recentKey]
	out.Days, out.Of, out.Watched = days.Value, days.Of, watched && days.Of < calendarDays
	if !watched {
		n, _ := m.DaysWithContact()
		out.Days, out.Of = int64(n), calendarDays
	}
	for _, key := range []string{recentKey, "after-stop", "days-after-stop", "quiet-spell"} {
		if g, there := f.Figures[key]; there && g.Value > 0 {
			how, err := r.howCounted(key)
			if err != nil {
				return err
			}
			out.How = append(out.How, counted{"overview.how." + key, how})
		}
	}
	if !r.can(cases.List) {
		return nil
	}
	out.HandlesPath = r.in("handles")
	for key, path := range map[string]*string{recentKey: &out.DaysPath, "after-stop": &out.AfterPath} {
		if len(f.Figures[key].Entries) > 0 {
			if *path, err = r.figurePath(p, f, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// someFigures shows those of some figures that a finding has.
func (r *request) someFigures(p *pattern, f *detect.Finding, keys []string) (out []figure, err error) {
	for _, key := range keys {
		if _, there := f.Figures[key]; !there {
			continue
		}
		shown, err := r.figure(p, f, key)
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

// askedLines lists the requests to stop to any handle of a series.
func (r *request) askedLines(p *pattern, m *detect.Series) (out []askedLine, err error) {
	for _, mark := range p.Facts.Marks {
		if mark.What != daybook.MarkStop || !slices.Contains(m.Handles, mark.Handle) {
			continue
		}
		line := askedLine{At: r.sent(mark.When)}
		if mark.When.Precision == daybook.Exact {
			line.At = r.whenLong(mark.When.At)
		}
		if mark.About != nil && r.can(cases.List) {
			if line.Ref, err = r.ref(*mark.About); err != nil {
				return nil, err
			}
			line.No = *mark.About
		}
		out = append(out, line)
	}
	return out, nil
}

// seriesFinding is the finding about a series; nil if there is none.
func (p *pattern) seriesFinding(s *detect.Series) *detect.Finding {
	first := p.Facts.Handles[s.Handles[0]]
	if s.Group < 0 {
		return p.finding(first)
	}
	if g := p.group(first); g != nil {
		return g.Finding
	}
	return nil
}

// calendarDay is the date of one of the days.
func (r *request) calendarDay(c *detect.Calendar, i int) stamp {
	d := c.First.AddDate(0, 0, i)
	return stamp{ISO: d.Format(time.DateOnly), Text: d.Format("Monday 2 January")}
}
