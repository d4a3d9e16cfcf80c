package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect"
	"daybook/internal/chart"
)

// calendarDays is how many days the overview looks back: six weeks, the time
// that is asked about most.
const calendarDays = 42

// Reading tells how the reading of a case's accounts stands.
type Reading interface {
	AccountStatuses(ctx context.Context, c daybook.CaseID) ([]daybook.AccountStatus, error)
}

func (s *Server) overviewRoutes() []route {
	return []route{{
		method: "GET", path: "/c/{case}/overview", who: inCase, action: cases.Counts, entry: "looked at the overview",
		handle: s.overview,
	}}
}

// overviewPage is the page overview.html. It names no handle, so it is for those
// too who may see counts alone.
type overviewPage struct {
	Today    stamp
	Since    stamp // the last visit or review; empty: never before
	New      detect.News
	Reading  []readingLine
	Main     *mainPattern // nil: nothing came in
	Bars     barsPart
	Hours    hoursPart
	Steps    []nextStep
	CanList  bool
	Review   bool // the adviser's button
	Access   stamp
	Messages int
}

// readingLine is an account that is not being read, in the numbers at the top.
type readingLine struct {
	Key      string
	Platform platformName
}

// A mainPattern is the group or handle that the sentence at the top is about:
// the one with most contact after a request to stop, then with most contact.
type mainPattern struct {
	Days, Of    int
	Handles     int // 1: a single handle
	Letter      string
	Contacts    int
	AfterStop   int
	AfterDays   int
	Asked       []askedLine
	Quiet       int // longest quiet spell, days
	Others      int // handles and groups that are not in it
	From, To    stamp
	GapsCounted []gapLine
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

// barsPart is the chart of the days with its legend and its table.
type barsPart struct {
	Legend     []legendItem
	Wide, Slim drawing
	Heads      []legendItem
	Rows       []dayRow
	From, To   stamp
	Most       int
}

type legendItem struct {
	Swatch drawing
	Key    string
	N      int    // contacts
	Of     int    // handles
	Letter string // of a group
}

type dayRow struct {
	Day    string
	Counts []int
	Notes  []markNote
}

type markNote struct {
	Key   string
	Clock stamp
	N     int // new handles; else 0
	day   int
}

// hoursPart is the grid of the week with its legend and its table.
type hoursPart struct {
	Legend     []hourStep
	Wide, Slim drawing
	Rows       []hourRow
	Night, Of  int
	Rough      int
	Hours      [24]string
}

type hourStep struct {
	Swatch   drawing
	From, To int // To -1: and more
}

type hourRow struct {
	Day    string
	Counts [24]int
}

// A nextStep is something that could be done, never something that must.
type nextStep struct {
	Key  string
	Arg  stamp
	Href string
}

func (s *Server) overview(r *request) error {
	ctx := r.Context()
	p, err := s.pattern(ctx, r.caseID, r.caseZone)
	if err != nil {
		return err
	}
	page := overviewPage{Today: r.dayLong(r.now()), CanList: r.can(cases.List), Review: !r.owner() && r.can(cases.ReviewCase), Messages: len(p.Facts.Contacts)}
	var since time.Time
	if r.owner() {
		since, _, err = s.Cases.Visit(ctx, r.actor, r.caseID, r.session.ID)
	} else {
		since, _, err = s.Cases.Reviewed(ctx, r.actor, r.caseID)
	}
	if err != nil {
		return err
	}
	page.Since, page.New = r.whenLong(since), p.Calendar.Since(since)
	statuses, err := s.Store.AccountStatuses(ctx, r.caseID)
	if err != nil {
		return err
	}
	for _, a := range statuses {
		if key, stopped := stoppedKey[a.Account.State]; stopped {
			page.Reading = append(page.Reading, readingLine{key, s.platform(a.Account.Platform)})
		}
	}
	parts := r.parts(p)
	if page.Main, err = r.mainPattern(p, parts); err != nil {
		return err
	}
	if page.Bars, err = r.barsPart(p, parts); err != nil {
		return err
	}
	page.Hours = r.hoursPart(p.Calendar)
	page.Steps = r.nextSteps(p, statuses)
	title := "title.overview"
	if !r.owner() {
		title = "title.item"
	}
	return r.render(http.StatusOK, "overview", title, page)
}

var stoppedKey = map[daybook.AccountState]string{
	daybook.Paused: "overview.reading.paused", daybook.Stopped: "overview.reading.stopped", daybook.Expired: "overview.reading.expired",
}

// parts are the series of the chart from the bottom up: the main one and all
// others together. nil: nothing came in.
type chartParts struct {
	main   *detect.Series
	letter string // of the main one, if it is a group
	others []detect.Series
}

func (r *request) parts(p *pattern) chartParts {
	var parts chartParts
	c := &p.Calendar
	for i := range c.Series {
		s := &c.Series[i]
		if s.Total.Contacts == 0 {
			continue
		}
		if m := parts.main; m == nil || cmp.Or(cmp.Compare(s.Total.AfterStop, m.Total.AfterStop), cmp.Compare(s.Total.Contacts, m.Total.Contacts)) > 0 {
			parts.main = s
		}
	}
	for i := range c.Series {
		if s := &c.Series[i]; s != parts.main && s.Total.Contacts > 0 {
			parts.others = append(parts.others, *s)
		}
	}
	if m := parts.main; m != nil && m.Group >= 0 {
		if g := p.group(p.Facts.Handles[m.Handles[0]]); g != nil {
			parts.letter = g.Letter
		}
	}
	return parts
}

func (r *request) mainPattern(p *pattern, parts chartParts) (*mainPattern, error) {
	m := parts.main
	if m == nil {
		return nil, nil
	}
	c := &p.Calendar
	days, _ := m.DaysWithContact()
	out := &mainPattern{
		Days: days, Of: c.Days, Handles: len(m.Handles), Letter: parts.letter, Contacts: m.Total.Contacts, AfterStop: m.Total.AfterStop,
		Others: len(parts.others), From: r.calendarDay(c, 0), To: r.calendarDay(c, c.Days-1),
	}
	if f := p.seriesFinding(m); f != nil {
		out.AfterDays = int(f.Figures["days-after-stop"].Value)
		out.Quiet = int(time.Duration(f.Figures["quiet-spell"].Value) * time.Second / (24 * time.Hour))
	}
	for _, mark := range p.Facts.Marks {
		if mark.What != daybook.MarkStop || !slices.Contains(m.Handles, mark.Handle) {
			continue
		}
		line := askedLine{At: r.sent(mark.When)}
		if mark.When.Precision == daybook.Exact {
			line.At = r.whenLong(mark.When.At)
		}
		if mark.About != nil && r.can(cases.List) {
			ref, err := r.ref(*mark.About)
			if err != nil {
				return nil, err
			}
			line.Ref, line.No = ref, *mark.About
		}
		out.Asked = append(out.Asked, line)
	}
	for _, g := range c.Gaps {
		out.GapsCounted = append(out.GapsCounted, gapLine{r.when(g.From), r.when(g.To), g.Class == daybook.Hole})
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

var (
	mainStyle  = chart.Style{Class: "c-a"}
	otherStyle = chart.Style{Class: "c-other"}
	diaryStyle = chart.Style{Class: "c-diary", Outline: 2}
)

func (r *request) barsPart(p *pattern, parts chartParts) (barsPart, error) {
	c := &p.Calendar
	out := barsPart{From: r.calendarDay(c, 0), To: r.calendarDay(c, c.Days-1)}
	var series []chart.Series
	add := func(key string, style chart.Style, counts []int, handles int, letter string) {
		n := 0
		for _, k := range counts {
			n += k
		}
		series = append(series, chart.Series{Style: style, Counts: counts})
		out.Legend = append(out.Legend, legendItem{Swatch: drawn(chart.Picture{}, chart.Swatch{Style: style}), Key: key, N: n, Of: handles, Letter: letter})
	}
	if m := parts.main; m != nil {
		key := "overview.legend.handle"
		if m.Group >= 0 {
			key = "overview.legend.group"
		}
		add(key, mainStyle, m.PerDay(), len(m.Handles), parts.letter)
	}
	if len(parts.others) > 0 {
		counts, handles := make([]int, c.Days), 0
		for _, o := range parts.others {
			handles += len(o.Handles)
			for i, n := range o.PerDay() {
				counts[i] += n
			}
		}
		add("overview.legend.others", otherStyle, counts, handles, "")
	}
	if slices.ContainsFunc(c.Diary, func(n int) bool { return n > 0 }) {
		add("overview.legend.diary", diaryStyle, c.Diary, 0, "")
	}
	out.Heads = out.Legend
	bars := chart.Bars{First: c.First, Days: c.Days, Series: series}
	words, err := r.markerWords()
	if err != nil {
		return out, err
	}
	bars.More = words["more"]
	notes := map[int][]markNote{}
	firsts := map[int]int{} // new handles of a day: a flood of them is one mark
	for _, m := range c.Markers {
		at := c.Position(m.At)
		if at < 0 || at >= float64(c.Days) || m.What == detect.FirstMarker && !wrote(c, m.Handle) {
			continue // contact that is agreed is no event
		}
		day := int(at)
		if m.What == detect.FirstMarker {
			if firsts[day]++; firsts[day] > 1 {
				continue
			}
		}
		bars.Markers = append(bars.Markers, chart.Marker{At: at, Label: words[string(m.What)], Short: words[string(m.What)+".short"]})
		notes[day] = append(notes[day], markNote{Key: "overview.note." + string(m.What), Clock: r.clock(m.At), day: day})
	}
	for _, list := range notes {
		for i := range list {
			if list[i].Key == "overview.note.first" {
				list[i].N = firsts[list[i].day]
			}
		}
	}
	for _, g := range c.Gaps {
		if g.Class == daybook.Hole {
			bars.Gaps = append(bars.Gaps, chart.Gap{From: c.Position(g.From), To: c.Position(g.To), Label: words["gap"]})
		}
	}
	picture := chart.Picture{ID: "days", Class: "wide", Title: words["title"], Desc: words["desc"]}
	bars.Width = 760
	out.Wide = drawn(picture, bars)
	bars.Width, picture.ID, picture.Class = 340, "days-slim", "slim"
	out.Slim = drawn(picture, bars)
	for i := range c.Days {
		row := dayRow{Day: c.First.AddDate(0, 0, i).Format("Mon 2 Jan"), Notes: notes[i]}
		any := len(row.Notes) > 0
		for _, s := range series {
			row.Counts = append(row.Counts, s.Counts[i])
			any = any || s.Counts[i] > 0
		}
		if any {
			out.Rows = append(out.Rows, row)
		}
	}
	return out, nil
}

// wrote reports whether there is contact from a handle that is not agreed.
func wrote(c *detect.Calendar, handle int) bool {
	return slices.ContainsFunc(c.Series, func(s detect.Series) bool { return s.Total.Contacts > 0 && slices.Contains(s.Handles, handle) })
}

// markerWords are the texts inside of the charts.
func (r *request) markerWords() (map[string]string, error) {
	out := map[string]string{}
	for _, key := range []string{"stop", "stop.short", "block", "block.short", "first", "first.short", "gap", "more", "title", "desc"} {
		name := "overview.chart." + key
		if !r.owner() && r.s.words.keys[name+".they"] {
			name += ".they"
		}
		text, err := r.s.words.plain(name)
		if err != nil {
			return nil, err
		}
		out[key] = text
	}
	return out, nil
}

func (r *request) hoursPart(c detect.Calendar) (out hoursPart) {
	grid := chart.Grid{Hours: c.Hours, Rows: [7]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}}
	picture := chart.Picture{ID: "hours", Class: "wide"}
	// Keys of the catalogue that cannot be missing: the page's own text uses them.
	if text, err := r.s.words.plain("overview.hours.title"); err == nil {
		picture.Title = text
	}
	grid.Width = 760
	out.Wide = drawn(picture, grid)
	grid.Width, picture.ID, picture.Class = 340, "hours-slim", "slim"
	out.Slim = drawn(picture, grid)
	out.Legend = append(out.Legend, hourStep{Swatch: drawn(chart.Picture{}, chart.Swatch{Style: chart.Style{Class: "h0"}})})
	steps := grid.Steps()
	for i, from := range steps {
		to := -1
		if i+1 < len(steps) {
			to = steps[i+1] - 1
		}
		out.Legend = append(out.Legend, hourStep{drawn(chart.Picture{}, chart.Swatch{Style: chart.Style{Class: "h" + strconv.Itoa(i+1)}}), from, to})
	}
	for i, row := range c.Hours {
		out.Rows = append(out.Rows, hourRow{grid.Rows[i], row})
	}
	for h := range out.Hours {
		out.Hours[h] = time.Date(0, 1, 1, h, 0, 0, 0, time.UTC).Format("15")
	}
	out.Night, out.Of = c.Night()
	out.Rough = c.Rough
	return out
}

// renewSoon is how long before a consent's end the overview speaks of it.
const renewSoon = 14 * 24 * time.Hour

func (r *request) nextSteps(p *pattern, statuses []daybook.AccountStatus) (steps []nextStep) {
	now, reading := r.now(), false
	for _, a := range statuses {
		reading = reading || a.Account.State == daybook.Active
	}
	if r.can(cases.Connect) && !reading && len(statuses) == 0 {
		steps = append(steps, nextStep{Key: "overview.step.connect", Href: r.in("accounts/connect")})
	}
	if r.can(cases.Consent) {
		for _, a := range statuses {
			switch {
			case a.Account.State == daybook.Stopped || a.Account.State == daybook.Expired:
				steps = append(steps, nextStep{Key: "overview.step.again", Href: r.in("accounts")})
			case a.Account.State == daybook.Active && a.Consent.Until.Sub(now) < renewSoon:
				steps = append(steps, nextStep{Key: "overview.step.renew", Arg: r.day(a.Consent.Until), Href: r.in("accounts")})
			}
		}
	}
	if r.can(cases.Mark) && len(p.Findings) > 0 && !slices.ContainsFunc(p.Facts.Marks, func(m detect.Mark) bool { return m.What == daybook.MarkStop }) {
		steps = append(steps, nextStep{Key: "overview.step.stop", Href: r.in("stop")})
	}
	if r.can(cases.List) && len(p.Findings) > 0 {
		steps = append(steps, nextStep{Key: "overview.step.handles", Href: r.in("handles")})
	}
	return steps
}
