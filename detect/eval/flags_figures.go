package main

import (
	"cmp"
	"slices"
)

// A threatFigure is how well threats of one source are told from its other
// messages.
type threatFigure struct {
	N         int     `json:"n"`
	Threats   int     `json:"threats"`
	AUC       float64 `json:"auc"`
	AP        float64 `json:"ap"`
	RecallAt1 float64 `json:"recall_at_1pct"`
	F1        float64 `json:"f1"`
	Recall    float64 `json:"recall"`
	FalseRate float64 `json:"false_rate"`
}

// threatFigures returns the figures by source, and those of all sources
// together under "all" if there are several.
func threatFigures(scored []scoredMessage) map[string]threatFigure {
	by := map[string][]scoredMessage{}
	for _, s := range scored {
		by[s.Source] = append(by[s.Source], s)
	}
	if len(by) > 1 {
		by["all"] = scored
	}
	out := map[string]threatFigure{}
	for source, messages := range by {
		f := figureOf(messages)
		if f.Threats > 0 && f.Threats < f.N {
			out[source] = f
		}
	}
	return out
}

// figureOf takes messages of equal bits together: their order does not count.
func figureOf(messages []scoredMessage) threatFigure {
	messages = slices.Clone(messages)
	slices.SortStableFunc(messages, func(a, b scoredMessage) int { return cmp.Compare(b.Bits, a.Bits) })
	f := threatFigure{N: len(messages)}
	flagged, right := 0, 0
	for _, m := range messages {
		if m.Threat {
			f.Threats++
		}
		if m.Flagged {
			flagged++
			if m.Threat {
				right++
			}
		}
	}
	others := f.N - f.Threats
	if f.Threats == 0 || others == 0 {
		return f
	}
	f.Recall = float64(right) / float64(f.Threats)
	f.FalseRate = float64(flagged-right) / float64(others)
	f.F1 = float64(2*right) / float64(flagged+f.Threats)
	yes, no := 0, 0
	for i := 0; i < len(messages); {
		j, yesHere := i, 0
		for ; j < len(messages) && messages[j].Bits == messages[i].Bits; j++ {
			if messages[j].Threat {
				yesHere++
			}
		}
		noHere := j - i - yesHere
		f.AUC += float64(noHere) * (float64(yes) + float64(yesHere)/2)
		yes, no = yes+yesHere, no+noHere
		f.AP += float64(yesHere) / float64(f.Threats) * float64(yes) / float64(j)
		if float64(no) <= 0.01*float64(others) {
			f.RecallAt1 = float64(yes) / float64(f.Threats)
		}
		i = j
	}
	f.AUC /= float64(f.Threats) * float64(others)
	return f
}
