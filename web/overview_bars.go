package web

import (
	"math"
	"slices"
	"strconv"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect"
	"daybook/internal/chart"
)

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

var (
	mainStyle  = chart.Style{Class: "c-a"}
	maybeStyle = chart.Style{Class: "c-sug", Hatch: "l-sug", Outline: 1}
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
		out.Legend = append(out.Legend, legendItem{Swatch: drawn(chart.Picture{ID: "swatch" + strconv.Itoa(len(series))}, chart.Swatch{Style: style}), Key: key, N: n, Of: handles, Letter: letter})
	}
	if m := parts.main; m != nil {
		key := "overview.legend.handle"
		if m.Group >= 0 {
			key = "overview.legend.group"
		}
		add(key, mainStyle, m.PerDay(), len(m.Handles), parts.letter)
	}
	if len(parts.suggested) > 0 && r.can(cases.List) {
		counts, handles := together(parts.suggested, c.Days)
		add("overview.legend.suggested", maybeStyle, counts, handles, "")
	} else {
		parts.others = slices.Concat(parts.others, parts.suggested)
	}
	if len(parts.others) > 0 {
		counts, handles := together(parts.others, c.Days)
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
	var notes map[int][]markNote
	bars.Markers, notes = r.barMarks(p, parts.main, words)
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

// barMarks are the lines of the chart and the notes of its table, by day: what
// happened on the days, the days that were named, and since when the main series
// came at another rate.
func (r *request) barMarks(p *pattern, main *detect.Series, words map[string]string) (lines []chart.Marker, notes map[int][]markNote) {
	c := &p.Calendar
	notes = map[int][]markNote{}
	add := func(key string, at float64, clock stamp) {
		day := int(at)
		lines = append(lines, chart.Marker{At: at, Label: words[key], Short: words[key+".short"]})
		notes[day] = append(notes[day], markNote{Key: "overview.note." + key, Clock: clock, day: day})
	}
	firsts := map[int]int{} // new handles of a day: a flood of them is one mark
	for _, m := range c.Markers {
		at := c.Position(m.At)
		if at < 0 || at >= float64(c.Days) || m.What == detect.FirstMarker && !wrote(c, m.Handle) {
			continue // contact that is agreed is no event
		}
		if m.What == detect.FirstMarker {
			if firsts[int(at)]++; firsts[int(at)] > 1 {
				continue
			}
		}
		add(string(m.What), at, r.clock(m.At))
	}
	for _, m := range p.Facts.Marks {
		if m.What != daybook.MarkNamedDay || m.When.At.IsZero() {
			continue
		}
		if at := math.Floor(c.Position(m.When.At)) + 0.5; at >= 0 && at < float64(c.Days) {
			add("named", at, stamp{})
		}
	}
	for _, t := range p.changesOf(main) {
		at := c.Position(t)
		if at < 0 || at >= float64(c.Days) {
			continue
		}
		crowded := slices.ContainsFunc(lines, func(m chart.Marker) bool { return math.Abs(m.At-at) < 1 })
		add("change", at, stamp{})
		if crowded { // what happened on that day says more than the line: the table has both
			lines = lines[:len(lines)-1]
		}
	}
	for _, list := range notes {
		for i := range list {
			if list[i].Key == "overview.note.first" {
				list[i].N = firsts[list[i].day]
			}
		}
	}
	return lines, notes
}

// changesOf returns since when a series came at another rate; nil of nil.
func (p *pattern) changesOf(s *detect.Series) []time.Time {
	if s == nil {
		return nil
	}
	if f := p.seriesFinding(s); f != nil {
		return f.Figures["changes"].At
	}
	return nil
}

// together adds some series up.
func together(all []detect.Series, days int) (counts []int, handles int) {
	counts = make([]int, days)
	for _, s := range all {
		handles += len(s.Handles)
		for i, n := range s.PerDay() {
			counts[i] += n
		}
	}
	return counts, handles
}

// wrote reports whether there is contact from a handle that is not agreed.
func wrote(c *detect.Calendar, handle int) bool {
	return slices.ContainsFunc(c.Series, func(s detect.Series) bool { return s.Total.Contacts > 0 && slices.Contains(s.Handles, handle) })
}

// markerWords are the texts inside of the charts.
func (r *request) markerWords() (map[string]string, error) {
	out := map[string]string{}
	for _, key := range []string{"stop", "stop.short", "block", "block.short", "first", "first.short", "named", "named.short", "change", "change.short", "gap", "more", "title", "desc"} {
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
