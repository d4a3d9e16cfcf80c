package fakemastodon

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"time"
)

// A TimeMap tells a recording of minutes as a story of weeks: straight lines
// between points; outside them, the offset of the nearest.
type TimeMap struct {
	points []point
}

type point struct {
	Recorded time.Time `json:"recorded"`
	Story    time.Time `json:"story"`
}

// ReadTimeMap reads timemap.json.
func ReadTimeMap(file string) (*TimeMap, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read time map: %w", err)
	}
	var m struct{ Points []point }
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("read time map: %w", err)
	}
	if len(m.Points) == 0 {
		return nil, fmt.Errorf("read time map: it has no points")
	}
	slices.SortFunc(m.Points, func(a, b point) int { return a.Recorded.Compare(b.Recorded) })
	return &TimeMap{m.Points}, nil
}

// Story returns the story's time of a recorded time.
func (m *TimeMap) Story(t time.Time) time.Time {
	i := slices.IndexFunc(m.points, func(p point) bool { return p.Recorded.After(t) })
	switch {
	case i == 0:
		return m.points[0].Story.Add(t.Sub(m.points[0].Recorded))
	case i < 0:
		last := m.points[len(m.points)-1]
		return last.Story.Add(t.Sub(last.Recorded))
	}
	a, b := m.points[i-1], m.points[i]
	part := float64(t.Sub(a.Recorded)) / float64(b.Recorded.Sub(a.Recorded))
	return a.Story.Add(time.Duration(part * float64(b.Story.Sub(a.Story)))).Truncate(time.Millisecond)
}

var (
	instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	day     = regexp.MustCompile(`"last_status_at":"\d{4}-\d\d-\d\d"`)
)

// exchange rewrites the times of an exchange. A day that stands alone becomes
// that of the exchange.
func (m *TimeMap) exchange(x *exchange) {
	x.Time = m.Story(x.Time)
	x.Body = instant.ReplaceAllStringFunc(x.Body, func(s string) string {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return s
		}
		return stamp(m.Story(t))
	})
	x.Body = day.ReplaceAllString(x.Body, `"last_status_at":"`+x.Time.UTC().Format(time.DateOnly)+`"`)
	for i, h := range x.Headers {
		if t, err := http.ParseTime(h[1]); err == nil {
			x.Headers[i][1] = m.Story(t).UTC().Format(http.TimeFormat)
		}
	}
}
