package web

import (
	"html/template"

	"daybook"
	"daybook/internal/chart"
)

// A drawing is an svg element that package chart made: it escapes every text.
type drawing = template.HTML

// drawn draws one. Beside words.html and partial it makes template.HTML.
func drawn(p chart.Picture, d chart.Drawing) drawing {
	return drawing(chart.SVG(p, d)) //nolint:gosec // package chart escapes every text, and its tests parse what it writes
}

// leastSpark is what the full height of a spark means at least: a handle that
// wrote once is not drawn as high as one that wrote every hour.
const leastSpark = 6

// spark draws the last days of a handle; nothing if it never wrote.
func (r *request) spark(p *pattern, h daybook.Handle) (drawing, error) {
	i, known := p.places[h.Ref()]
	if !known || p.finding(h) == nil {
		return "", nil
	}
	counts, all := make([]int, p.Calendar.Days), 0
	for day, n := range p.Calendar.Handles[i].Days {
		counts[day] = n.Contacts
		all += n.Contacts
	}
	title, err := r.s.words.plain("handles.spark.label", all)
	if err != nil {
		return "", err
	}
	return drawn(chart.Picture{Class: "spark", Title: title}, chart.Spark{
		Days: p.Calendar.Days, Most: leastSpark, Series: []chart.Series{{Style: chart.Style{Class: "c-a"}, Counts: counts}},
	}), nil
}
