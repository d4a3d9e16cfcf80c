package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
)

// stopPage is the page on which Maya says when she asked a handle to stop.
func (b *browserClient) stopPage(shown string) string {
	b.h.t.Helper()
	a := b.post(b.h.path("stop/whom"), "one", refOf(b.handlePath(shown)))
	if a.Status != 303 {
		b.h.t.Fatalf("choose %s: %d", shown, a.Status)
	}
	return a.Location
}

func TestStopShowsWhatCameAfter_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	a := maya.get(h.path("stop"))
	shows(t, a, "You asked them to stop", "25 contacts after that, on 6 days.", "Asked to stop on 26 Oct 2026, 21:14 GMT.", "Take back")
	hides(t, a, "Please stop writing")
	shows(t, h.enter(h.priya).get(h.path("stop")), "The person asked them to stop", "25 contacts after that, on 6 days.", "Maya (the person)")
	undo := fields(t, a.Body, "undo")
	if len(undo) != 1 {
		t.Fatalf("%d requests can be taken back, want 1", len(undo))
	}
	if a := maya.post(h.path("marks"), "what", "stop", "undo", undo[0], "back", "stop"); a.Status != 303 || a.Location != h.path("stop") {
		t.Fatalf("%d to %q", a.Status, a.Location)
	}
	shows(t, maya.get(h.path("stop")), "None yet")
	if a := h.enter(h.lee).get(h.path("stop")); a.Status != 404 {
		t.Errorf("somebody else's adviser: %d, want 404", a.Status)
	}
	for _, want := range []string{"Maya list looked at the requests to stop", "Priya N. list looked at the requests to stop"} {
		if got := h.accessed(h.mayas); !slices.Contains(got, want) {
			t.Errorf("access log without %q: %q", want, got)
		}
	}
}

func TestStopByOwnMessage(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	maya.post(h.path("marks"), "what", "stop", "handle", refOf(maya.handlePath("nightjar_42")), "undo", "all", "back", "stop")
	a := maya.get(maya.stopPage("nightjar_42"))
	shows(t, a, "In which message did you ask?", "26 Oct 2026, 21:14 GMT", "direct message, Mastodon")
	hides(t, a, "Please stop writing")
	messages := fields(t, a.Body, "message")
	if len(messages) != 1 {
		t.Fatalf("%d messages, want the one that Maya sent", len(messages))
	}
	ref := refOf(maya.handlePath("nightjar_42"))
	if a := maya.post(h.path("stop"), "handle", ref, "message", messages[0]); a.Status != 303 || a.Location != h.path("stop") {
		t.Fatalf("%d to %q: %s", a.Status, a.Location, mainOf(t, a.Body))
	}
	shows(t, maya.get(h.path("stop")), "25 contacts after that, on 6 days.")
	theirs := refOf(entryLink(t, maya.get(h.path("handles/"+ref)).Body))
	if a := maya.post(h.path("stop"), "handle", ref, "message", theirs); a.Status != 422 {
		t.Errorf("a message that they sent: %d, want 422", a.Status)
	}
	shows(t, maya.get(maya.stopPage("bramble_co")), "There is no message from you to them")
}

func TestStopByStatement(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	ref := refOf(maya.handlePath("bramble_co"))
	for _, tt := range []struct {
		name  string
		form  []string
		shown string // what is wrong; "" if nothing is
		want  daybook.When
	}{
		{"no day", []string{"how", "on the phone"}, "Name the day", daybook.When{}},
		{"no words", []string{"date", "2026-10-20"}, "Say in a few words", daybook.When{}},
		{"no date", []string{"date", "yesterday", "how", "x"}, "This date could not be read", daybook.When{}},
		{"no time", []string{"date", "2026-10-20", "time", "soon", "how", "x"}, "This time could not be read", daybook.When{}},
		{"tomorrow", []string{"date", "2026-11-24", "how", "x"}, "This lies in the future", daybook.When{}},
		{"a day", []string{"date", "2026-10-19", "how", "on the phone"}, "", daybook.When{At: time.Date(2026, 10, 18, 23, 0, 0, 0, time.UTC), Precision: daybook.Day, Zone: "Europe/London"}},
		{"a time", []string{"date", "2026-10-20", "time", "21:14", "how", "by letter"}, "", daybook.When{At: time.Date(2026, 10, 20, 20, 14, 0, 0, time.UTC), Precision: daybook.Minute, Zone: "Europe/London"}},
		{"about", []string{"date", "2026-10-21", "about", "1", "how", "face to face"}, "", daybook.When{At: time.Date(2026, 10, 20, 23, 0, 0, 0, time.UTC), Precision: daybook.About, Zone: "Europe/London"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := maya.post(h.path("stop"), append([]string{"handle", ref}, tt.form...)...)
			if tt.shown != "" {
				if a.Status != 422 || !strings.Contains(a.Body, "aria-invalid") {
					t.Errorf("status %d, want 422 with the field marked", a.Status)
				}
				shows(t, a, tt.shown, "bramble_co@mastodon.example")
				return
			}
			if a.Status != 303 {
				t.Fatal(a.Status, mainOf(t, a.Body))
			}
			all := decisionsOf(h, t)
			got := all[len(all)-1]
			if got.When != tt.want || got.What != daybook.MarkStop || !got.Handle.Same(bramble) || got.By.ID != h.maya.ID {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	shows(t, maya.get(h.path("stop")), "Asked to stop about 21 Oct 2026.", "“face to face”", "Asked to stop on 19 Oct 2026.", "on 20 Oct 2026, 21:14 BST.")
}

// A request to one handle of a group counts for all of them.
func TestStopCountsForTheGroup(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	a := maya.post(h.path("handles/link"), "one", refOf(maya.handlePath("nightjar_42")), "other", refOf(maya.handlePath("quietharbour")), "how", "the same words", "what", "linked")
	if a.Status != 303 {
		t.Fatal(a.Status)
	}
	shows(t, maya.get(h.path("stop")), "Group A 39 contacts after that, on 17 days.", "It counts for", "quietharbour@masto.example")
	page := maya.get(maya.stopPage("quietharbour"))
	shows(t, page, "A request to one handle counts for all of group A. The others are nightjar_42@social.example.", "26 Oct 2026, 21:14 GMT")
	message := fields(t, page.Body, "message")
	if a := maya.post(h.path("stop"), "handle", refOf(maya.handlePath("quietharbour")), "message", message[0]); a.Status != 303 {
		t.Fatal(a.Status)
	}
	all := decisionsOf(h, t)
	if got := all[len(all)-1].Handle; !got.Same(nightjar) {
		t.Errorf("the mark is about %v, want the handle that the message went to", got.Native)
	}
}

func TestStopFormsWithoutAHandle(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	if a := maya.post(h.path("stop/whom")); a.Status != 422 || !strings.Contains(a.Body, "Choose a handle.") {
		t.Errorf("no handle: %d", a.Status)
	}
	if a := maya.post(h.path("stop/whom"), "one", strings.Repeat("c", 26)); a.Status != 404 {
		t.Errorf("a handle that is not there: %d", a.Status)
	}
	if a := maya.get(h.path("stop/forgotten")); a.Status != 303 {
		t.Errorf("a form that was forgotten: %d", a.Status)
	}
}
