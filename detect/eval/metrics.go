package main

import (
	"cmp"
	"math"
	"slices"
)

// A scored comparison: the weight and what is true.
type scored struct {
	bits float64 // log2 of the likelihood ratio
	same bool
}

// figures are what is said of a set of comparisons. A figure that cannot be
// worked out, because all are the same or none is, is 0.
type figures struct {
	AUC       float64 `json:"auc"`            // chance that one of the same is above one of the different; ties count half
	AP        float64 `json:"ap"`             // average precision
	Recall    float64 `json:"recall_at_1pct"` // share of the same above all but 1 % of the different
	EER       float64 `json:"eer"`            // where as many of the different are above as of the same below
	Brier     float64 `json:"brier"`          // mean square of probability less truth
	ECE       float64 `json:"ece"`            // mean distance of probability and frequency, over ten classes of equal width
	Same      int     `json:"same"`
	Different int     `json:"different"`
	Enough    int     `json:"enough"` // comparisons of which the model claims something
}

// measure works out the figures. Probabilities are those that the weights give
// with the odds of the set.
func measure(all []scored) figures {
	f := figures{}
	for _, s := range all {
		if s.same {
			f.Same++
		} else {
			f.Different++
		}
	}
	if f.Same == 0 || f.Different == 0 {
		return f
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.bits, a.bits) })
	f.rank(all)
	f.calibration(all)
	return f
}

// rank fills in what depends on the order alone; all is sorted, highest first.
func (f *figures) rank(all []scored) {
	same, different := float64(f.Same), float64(f.Different)
	tp, fp := 0.0, 0.0
	f.EER = 1
	gap := math.Inf(1)
	allowed := math.Floor(different / 100)
	for i := 0; i < len(all); {
		p, n := 0.0, 0.0
		for j := i; j < len(all) && all[j].bits == all[i].bits; j++ {
			if all[j].same {
				p++
			} else {
				n++
			}
		}
		f.AUC += n * (tp + p/2) / (same * different)
		tp, fp = tp+p, fp+n
		f.AP += p / same * tp / (tp + fp)
		if fp <= allowed {
			f.Recall = tp / same
		}
		if d := math.Abs(fp/different - (1 - tp/same)); d < gap {
			gap, f.EER = d, (fp/different+1-tp/same)/2
		}
		i += int(p + n)
	}
}

// calibration fills in what depends on the probabilities.
func (f *figures) calibration(all []scored) {
	odds := float64(f.Same) / float64(f.Different)
	var sums [10]float64 // of probability less truth
	for _, s := range all {
		p := 1 / (1 + math.Exp2(-s.bits)/odds)
		truth := 0.0
		if s.same {
			truth = 1
		}
		f.Brier += (p - truth) * (p - truth) / float64(len(all))
		sums[min(int(p*10), 9)] += p - truth
	}
	for _, s := range sums {
		f.ECE += math.Abs(s) / float64(len(all))
	}
}
