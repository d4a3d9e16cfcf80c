package web

import (
	"testing"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

// A finding about two groups names the first handle of one of them, and quotes them
// all.
func TestWithholdsWordsOfGroups_D6(t *testing.T) {
	h := func(p daybook.Platform, native string) daybook.Handle {
		return daybook.Handle{Platform: p, Native: native}
	}
	p := &pattern{Groups: []group{{Handles: []daybook.Handle{h("mastodon", "1"), h("x", "2")}}, {Handles: []daybook.Handle{h("mastodon", "3"), h("mastodon", "4")}}}}
	of := func(natives ...string) *detect.Finding {
		f := &detect.Finding{Kind: "link"}
		for _, n := range natives {
			f.Handles = append(f.Handles, h("mastodon", n))
		}
		return f
	}
	r := &request{sight: cases.Withholding("x")}
	if !r.withholdsWords(p, of("3", "1")) || !r.withholdsWords(p, of("1", "5")) {
		t.Error("what a group quotes that has a handle on X is shown")
	}
	if r.withholdsWords(p, of("3", "4", "5")) || (&request{}).withholdsWords(p, of("1", "3")) {
		t.Error("too much is withheld")
	}
}
