package main

import (
	"strings"
	"testing"

	"daybook"
	"daybook/cases"
	"daybook/detect"
	"daybook/export"
)

// A finding quotes all handles of a group and names one of them; its sentence says
// again what speaks for it most. Neither shows what is withheld.
func TestFindingsOfGroupsWithheld_D6(t *testing.T) {
	handle := func(p daybook.Platform, native string) daybook.Handle {
		return daybook.Handle{Platform: p, Native: native}
	}
	first, onX, other, alone := handle("mastodon", "1"), handle("x", "2"), handle("mastodon", "3"), handle("mastodon", "4")
	all := []daybook.HandleSummary{{Handle: first, Group: 1}, {Handle: onX, Group: 1}, {Handle: other}, {Handle: alone}}
	for _, tt := range []struct {
		name     string
		handles  []daybook.Handle
		sight    cases.Sight
		withheld bool
	}{
		{"of X", []daybook.Handle{onX, other}, cases.Withholding("x"), true},
		{"of a group with X", []daybook.Handle{first, other}, cases.Withholding("x"), true},
		{"to a group with X", []daybook.Handle{other, first}, cases.Withholding("x"), true},
		{"of others", []daybook.Handle{other, alone}, cases.Withholding("x"), false},
		{"for somebody else", []daybook.Handle{first, other}, cases.Sight{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			made := func() []detect.Finding {
				return []detect.Finding{{Kind: "link", Handles: tt.handles, Text: "3 may be linked to 1. Both quokkaname each other.", Reasons: []detect.Reason{
					{Feature: "words-phrase", Text: "Both write “quokkaphrase”."}, {Feature: "moved", Text: "Both quokkaname each other."},
					{Feature: "hours", Text: "Both write at night."},
				}}}
			}
			b := viewBuilder{sight: tt.sight, view: &export.View{Handles: all, Findings: made()}}
			b.keepBackFindings()
			for where, found := range map[string][]detect.Finding{"shown": withheldReasons(made(), all, tt.sight), "in a bundle": b.view.Findings} {
				words := found[0].Text
				for _, r := range found[0].Reasons {
					words += " " + r.Text
				}
				if strings.Contains(words, "quokka") == tt.withheld || !strings.Contains(words, "3 may be linked to 1.") || !strings.Contains(words, "at night") {
					t.Errorf("%s: %q", where, words)
				}
			}
		})
	}
}
