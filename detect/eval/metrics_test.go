package main

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Worked out by hand.
func TestMeasure(t *testing.T) {
	yes, no := true, false
	for _, tc := range []struct {
		name string
		all  []scored
		want figures
	}{
		// Sorted: yes no yes no. Pairs in order: 3 of 4. Precision at the yeses: 1, 2/3.
		// All probabilities are those of 2^bits with even odds.
		{"mixed", []scored{{2, yes}, {1, no}, {0, yes}, {-1, no}}, figures{
			AUC: .75, AP: (1 + 2.0/3) / 2, Recall: .5, EER: .5, Same: 2, Different: 2,
			// p = .8, 2/3, .5, 1/3
			Brier: (.04 + 4.0/9 + .25 + 1.0/9) / 4,
			ECE:   (.2 + 2.0/3 + .5 + 1.0/3) / 4,
		}},
		{"all apart", []scored{{10, yes}, {-10, no}, {-10, no}}, figures{
			AUC: 1, AP: 1, Recall: 1, EER: 0, Same: 1, Different: 2,
			// odds 1/2: p = 1024/1026 and 1/2049
			Brier: (math.Pow(2.0/1026, 2) + 2*math.Pow(1.0/2049, 2)) / 3,
			ECE:   (2.0/1026 + 2.0/2049) / 3,
		}},
		{"a tie", []scored{{0, yes}, {0, no}}, figures{AUC: .5, AP: .5, Recall: 0, EER: .5, Same: 1, Different: 1, Brier: .25, ECE: 0}},
		{"nothing to tell apart", []scored{{0, yes}}, figures{Same: 1}},
		{"nothing", nil, figures{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, measure(tc.all), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// With 200 different ones, two may be above: 1 %.
func TestRecallAtOnePercent(t *testing.T) {
	all := []scored{{5, true}, {4, false}, {3, true}, {2, false}, {1, true}, {.5, false}, {.4, true}}
	for range 197 {
		all = append(all, scored{-1, false})
	}
	if got := measure(all).Recall; got != .75 {
		t.Errorf("got %v, want 0.75", got)
	}
}
