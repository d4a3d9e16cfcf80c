package web_test

import (
	"strings"
	"testing"

	"daybook"
)

// A day is named, counted by, and taken back; what is wrong with the form is said.
func TestNamedDays(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	page := h.path("days")
	shows(t, maya.get(page), "Days that mean something", "None yet.")
	for _, tt := range []struct{ date, how, shown string }{
		{"", "a day in court", "Choose the day."},
		{"the 3rd", "a day in court", "This date could not be read"},
		{"2026-10-26", "", "Say in a few words what day it is."},
		{"2026-10-26", strings.Repeat("x", 201), "Use at most 200 characters."},
	} {
		a := maya.post(page, "date", tt.date, "how", tt.how)
		if a.Status != 422 || !strings.Contains(a.Body, `aria-invalid="true"`) {
			t.Errorf("%q, %q: %d, want 422", tt.date, tt.how, a.Status)
		}
		shows(t, a, tt.shown)
	}
	a := maya.post(page, "date", "2026-10-26", "how", "a day <b>in</b> court")
	if a.Status != 303 || a.Location != page {
		t.Fatalf("%d to %q", a.Status, a.Location)
	}
	a = maya.get(page)
	shows(t, a, "26 Oct 2026 a day <b>in</b> court", ", you")
	shows(t, h.enter(h.priya).get(page), "26 Oct 2026", "Maya (the person)")
	undo := field(t, a.Body, "undo")
	if a = maya.post(h.path("marks"), "what", "named-day", "undo", undo, "back", "days"); a.Status != 303 || a.Location != page {
		t.Fatalf("%d to %q", a.Status, a.Location)
	}
	shows(t, maya.get(page), "None yet.", "Taken back", "The name of a day was taken back")
	var made []daybook.Decision
	for _, d := range decisionsOf(h, t) {
		if d.What == daybook.MarkNamedDay {
			made = append(made, d.Decision)
		}
	}
	if len(made) != 2 || !made[1].Undone || !made[1].When.At.Equal(made[0].When.At) || made[0].When.Precision != daybook.Day {
		t.Errorf("the log has %+v", made)
	}
}
