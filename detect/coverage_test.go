package detect_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/detect"
)

func TestCoverage(t *testing.T) {
	zone := time.FixedZone("+2", 2*60*60)
	at := func(day, hour int) time.Time { return time.Date(2026, 10, day, hour, 0, 0, 0, zone).UTC() }
	watched := []detect.Interval{{Account: "a", Lane: "l", From: at(1, 9), To: at(6, 8)}}
	for _, tc := range []struct {
		name string
		f    detect.Facts
		want daybook.Coverage
	}{
		{"nothing was ever read", detect.Facts{Now: at(6, 9)}, daybook.Coverage{}},
		{"read without a break", detect.Facts{Watched: watched, Now: at(6, 9)}, daybook.Coverage{From: at(1, 9), Days: 6, Wholly: 4, Partly: 2}},
		{"a hole takes a day away", detect.Facts{Watched: watched, Now: at(6, 9),
			Gaps: []detect.GapSpan{{Account: "a", Class: daybook.Hole, From: at(3, 0), To: at(4, 0)}}}, daybook.Coverage{From: at(1, 9), Days: 6, Wholly: 3, Partly: 2}},
		{"what was caught up takes nothing", detect.Facts{Watched: watched, Now: at(6, 9),
			Gaps: []detect.GapSpan{{Account: "a", Class: daybook.Late, From: at(3, 0), To: at(4, 0)}}}, daybook.Coverage{From: at(1, 9), Days: 6, Wholly: 4, Partly: 2}},
		{"not read for some days", detect.Facts{Watched: watched, Now: at(10, 9)}, daybook.Coverage{From: at(1, 9), Days: 10, Wholly: 4, Partly: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.f.Zone = zone
			if diff := cmp.Diff(tc.want, detect.Coverage(tc.f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
