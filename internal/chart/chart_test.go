package chart_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/internal/chart"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	solid   = chart.Style{Class: "c-a"}
	hatched = chart.Style{Class: "c-sug", Hatch: "l-sug", Outline: 1}
	lighter = chart.Style{Class: "c-other"}
	hollow  = chart.Style{Class: "c-diary", Outline: 1.6}
)

// sixWeeks is a made-up case of 42 days.
func sixWeeks(width int) chart.Bars {
	return chart.Bars{
		Width: width,
		First: time.Date(2026, 10, 12, 0, 0, 0, 0, time.UTC),
		Days:  42,
		Series: []chart.Series{
			{solid, []int{2, 3, 4, 2, 0, 0, 5, 3, 0, 7, 4, 0, 8, 9, 12, 6, 2, 0, 4, 0, 3, 5, 1, 0, 0, 3, 0, 0, 2, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 2}},
			{hatched, []int{22: 5, 3, 2, 0, 4, 0, 0, 3, 33: 2, 38: 3, 40: 2}},
			{lighter, []int{2: 3, 8: 4, 17: 2, 27: 3, 36: 2}},
			{hollow, []int{5: 1, 11: 1, 19: 1, 30: 1, 37: 1, 39: 1}},
		},
		Markers: []chart.Marker{
			{At: 14.885, Label: "You asked group A to stop", Short: "Asked to stop"},
			{At: 21.98, Label: "You blocked one handle", Short: "Blocked"},
			{At: 22.005, Label: "New handle, 36 minutes later", Short: "New handle"},
		},
		Gaps: []chart.Gap{{From: 29.09, To: 30.604, Label: "X not collected"}},
		More: "More is marked in the table.",
	}
}

func week(width int) chart.Grid {
	return chart.Grid{
		Width: width,
		Rows:  [7]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
		Hours: [7][24]int{
			{0, 3, 3, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 2, 2, 3, 3, 3, 3},
			{4, 3, 1, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 1, 0, 1, 0, 2, 1, 1, 0, 2, 0, 2},
			{3, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 2, 1, 0, 2, 1, 0, 1, 1, 0, 2, 3},
			{2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 2, 1, 2, 0, 3, 0, 3},
			{1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 2, 1, 1},
			{0, 0, 1, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 3, 3, 0, 1},
			{0, 1, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1, 7, 3, 2},
		},
	}
}

// handles is a made-up group, a handle that may belong to it, and two others.
func handles(width int) chart.Graph {
	return chart.Graph{
		Width:   width,
		Groups:  []chart.GraphGroup{{"Group A: confirmed as linked", []chart.GraphNode{{solid, "kestrel_74@birds.example", "22 contacts"}, {solid, "quiet_harbour@meres.example", "9 contacts"}}}},
		Singles: []chart.GraphNode{{hatched, "quiet_mere@meres.example", "2 contacts"}, {lighter, "mo@birds.example", "2 contacts"}, {lighter, strings.Repeat("long_", 20), "1 contact"}},
		Lines:   []chart.GraphLine{{1, 0}, {2, 3}, {9, 0}, {0, 0}},
	}
}

// What has no room in a graph is counted.
func TestGraph_SaysWhatIsLeftOut(t *testing.T) {
	g := chart.Graph{Width: 760, Groups: []chart.GraphGroup{{Label: "Group A", Nodes: make([]chart.GraphNode, 13)}}}
	for range 40 {
		g.Singles = append(g.Singles, chart.GraphNode{Style: lighter, Label: "handle"})
	}
	got := string(chart.SVG(chart.Picture{ID: "links"}, g))
	for _, want := range []string{"and 3 more", "26 more in the table."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in it", want)
		}
	}
}

func TestGolden(t *testing.T) {
	crowded := sixWeeks(760)
	crowded.Markers = nil
	for i := range 12 {
		crowded.Markers = append(crowded.Markers, chart.Marker{At: 20 + float64(i)/3, Label: "Another handle wrote for the first time", Short: "New handle"})
	}
	crowded.Gaps = []chart.Gap{{From: 13, To: 15.5, Label: "Mastodon not collected"}, {From: 14, To: 16, Label: "X not collected"}, {From: -3, To: 0.2, Label: "E-mail not collected"}}
	year := sixWeeks(760)
	year.Days, year.First = 400, time.Date(2025, 10, 15, 0, 0, 0, 0, time.UTC)
	pictures := []struct {
		name    string
		picture chart.Picture
		drawing chart.Drawing
	}{
		{"bars-wide", chart.Picture{ID: "days", Class: "wide", Title: "Contacts per day", Desc: "Bars for 42 days."}, sixWeeks(760)},
		{"bars-slim", chart.Picture{ID: "days-slim", Class: "slim", Title: "Contacts per day", Desc: "Bars for 42 days."}, sixWeeks(340)},
		{"bars-crowded", chart.Picture{ID: "crowded", Class: "wide", Title: "Contacts per day"}, crowded},
		{"bars-year", chart.Picture{ID: "year", Class: "wide", Title: "Contacts per day"}, year},
		{"bars-year-by-week", chart.Picture{ID: "weeks", Class: "slim", Title: "Contacts per week"}, func() chart.Bars { b := year; b.Width = 340; return b.ByWeek() }()},
		{"bars-none", chart.Picture{ID: "none", Class: "wide", Title: "Contacts per day"}, chart.Bars{Width: 760}},
		{"bars-one-day", chart.Picture{ID: "one", Class: "slim", Title: "Contacts per day"}, chart.Bars{Width: 340, Days: 1, First: year.First, Series: []chart.Series{{solid, []int{3}}, {hollow, []int{1}}}}},
		{"grid-wide", chart.Picture{ID: "hours", Class: "wide", Title: "Contacts by hour of the week", Desc: "Seven days by 24 hours."}, week(760)},
		{"grid-slim", chart.Picture{ID: "hours-slim", Class: "slim", Title: "Contacts by hour of the week", Desc: "Seven days by 24 hours."}, week(340)},
		{"spark", chart.Picture{Class: "spark", Title: "Contacts per day over 42 days, 97 in all"}, chart.Spark{Days: 42, Series: sixWeeks(0).Series[:1]}},
		{"spark-stacked", chart.Picture{ID: "spark", Class: "spark", Title: "Contacts per day over 42 days, 121 in all"}, chart.Spark{Days: 42, Series: sixWeeks(0).Series[:2]}},
		{"legend", chart.Picture{ID: "key", Class: "wide", Title: "Contacts by hour of the week"}, chart.Legend{Of: week(760), Items: []chart.LegendItem{
			{solid, "Group A, 2 linked handles: 97"}, {hatched, "Suggested, not confirmed: 24"}, {lighter, "Other handles, each of which wrote at one time or another: 14"}, {hollow, "Diary entries: 6"}}}},
		{"graph", chart.Picture{ID: "links", Class: "wide", Title: "Handles and links"}, handles(760)},
		{"swatch-hatched", chart.Picture{ID: "swatch"}, chart.Swatch{Style: hatched}},
		{"swatch-hollow", chart.Picture{}, chart.Swatch{Style: hollow}},
	}
	for _, p := range pictures {
		t.Run(p.name, func(t *testing.T) {
			got := string(chart.SVG(p.picture, p.drawing))
			if again := string(chart.SVG(p.picture, p.drawing)); again != got {
				t.Error("the same drawing came out differently")
			}
			checkPicture(t, got)
			got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
			file := filepath.Join("testdata", p.name+".svg")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s differs (-update writes it anew):\n%s", file, diff)
			}
		})
	}
}

// Every label of the made-up case has room, in both widths.
func TestBars_LabelsAreThere(t *testing.T) {
	for width, want := range map[int][]string{
		760: {"You asked group A to stop", "You blocked one handle", "New handle, 36 minutes later", "X not", "collected", "Mon 12 Oct", "Mon 16 Nov"},
		340: {"Asked to stop", "Blocked", "New handle", "X not", "collected", "12 Oct", "26 Oct", "9 Nov"},
	} {
		got := string(chart.SVG(chart.Picture{ID: "x", Title: "x"}, sixWeeks(width)))
		for _, text := range want {
			if !strings.Contains(got, ">"+text+"</text>") {
				t.Errorf("%d: %q is not written", width, text)
			}
		}
		if strings.Contains(got, "More is marked") {
			t.Errorf("%d: a label is said to be left out", width)
		}
	}
}

func TestBars_SaysWhatIsLeftOut(t *testing.T) {
	b := sixWeeks(340)
	for range 40 {
		b.Markers = append(b.Markers, chart.Marker{At: 20, Label: "Another"})
	}
	if got := string(chart.SVG(chart.Picture{}, b)); !strings.Contains(got, ">More is marked in the table.</text>") {
		t.Error("labels had no room, and the picture does not say so")
	}
}

func TestBars_ByWeek(t *testing.T) {
	b := chart.Bars{
		First:   time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC), // a Thursday
		Days:    12,
		Series:  []chart.Series{{solid, []int{1, 2, 3, 4, 10, 0, 0, 0, 0, 0, 20, 100}}},
		Markers: []chart.Marker{{At: 1.5}},
		Gaps:    []chart.Gap{{From: 2, To: 3}},
	}
	want := chart.Bars{
		First:   time.Date(2026, 10, 12, 0, 0, 0, 0, time.UTC),
		Days:    15,
		Each:    7,
		Series:  []chart.Series{{solid, []int{10, 30, 100}}},
		Markers: []chart.Marker{{At: 4.5}},
		Gaps:    []chart.Gap{{From: 5, To: 6}},
	}
	got := b.ByWeek()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, got.ByWeek()); diff != "" {
		t.Errorf("a second time: %s", diff)
	}
}

func TestGrid_Steps(t *testing.T) {
	for most, want := range map[int][4]int{
		0:           {1, 2, 3, 5},
		9:           {1, 2, 3, 5},
		10:          {1, 2, 4, 6},
		24:          {1, 5, 10, 15},
		100:         {1, 20, 40, 60},
		math.MaxInt: {1, 1e18, 2e18, 3e18},
	} {
		g := chart.Grid{}
		g.Hours[3][4] = most
		if got := g.Steps(); got != want {
			t.Errorf("%d: got %v, want %v", most, got, want)
		}
	}
}

// A few beside very many can be seen, and the bar is no higher for it.
func TestSpark_FewBesideVeryMany(t *testing.T) {
	s := chart.Spark{Days: 1}
	for range 6 {
		s.Series = append(s.Series, chart.Series{Style: lighter, Counts: []int{1}})
	}
	s.Series[2].Counts[0] = 1_000_000
	got := string(chart.SVG(chart.Picture{Title: "x"}, s))
	checkPicture(t, got)
	bars := 0
	for _, e := range elements(t, got) {
		if e.name == "rect" {
			bars++
			if e.number(t, "y") < 2 {
				t.Errorf("a bar begins at %s, above the highest", e.attr["y"])
			}
		}
	}
	if bars != 6 {
		t.Errorf("got %d parts, want 6", bars)
	}
}
