package main

import (
	"context"
	"fmt"
	"slices"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
)

// withLinks adds the handles that may be linked to what else was found. If they
// could not be compared, the error wraps errPartial and the rest is returned.
func (a *app) withLinks(ctx context.Context, id daybook.CaseID, facts detect.Facts, found []detect.Finding) ([]detect.Finding, error) {
	suggested, err := a.linking.Suggest(ctx, id, facts)
	if err != nil {
		return found, fmt.Errorf("%w: %w", errPartial, err)
	}
	return append(found, suggested...), nil
}

// withoutWords returns findings without what somebody wrote: of a reason that
// quotes a message or a profile, its heading stays.
func withoutWords(found []detect.Finding) []detect.Finding {
	out := slices.Clone(found)
	for i := range out {
		if out[i].Kind != "link" {
			continue
		}
		out[i].Reasons = slices.Clone(out[i].Reasons)
		for k := range out[i].Reasons {
			if r := &out[i].Reasons[k]; links.Quotes(r.Feature) {
				r.Text = links.Heading(r.Feature, r.Weight >= 0) + ". The words are shown with --content."
			}
		}
	}
	return out
}

// reasonLine is a reason with its weight, where it has one, and whether that was
// measured or set by hand.
func reasonLine(r detect.Reason) string {
	if r.Weight == 0 {
		return r.Text
	}
	how := "assumed"
	if r.Learned {
		how = "measured"
	}
	return fmt.Sprintf("%+.1f bits, %s: %s", bits(r.Weight), how, r.Text)
}
