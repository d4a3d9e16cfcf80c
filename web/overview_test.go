package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
)

// The figures of the story, recounted by hand: nightjar wrote 79 times and
// edited one more; asked to stop on 26 October at 21:14.
func TestOverview_A10_C7_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	page := maya.get("/c/" + string(h.mayas) + "/overview")
	if page.Status != http.StatusOK {
		t.Fatalf("got %d", page.Status)
	}
	text := readable(t, page.Body)
	for _, want := range []string{"You were contacted on", "of the last 42 days", "times after you asked them to stop", "Monday 26 October 2026, 21:14 GMT", "Since the beginning", "Renew your agreement by"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	for _, never := range []string{"nightjar", "quietharbour", "kiddo", "المكتبة", "Please stop writing"} {
		if strings.Contains(page.Body, never) {
			t.Errorf("the page holds %q", never)
		}
	}
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya counts looked at the overview") {
		t.Errorf("the access log says %q", got)
	}

	priya := h.enter(h.priya)
	text = readable(t, priya.get("/c/"+string(h.mayas)+"/overview").Body)
	if !strings.Contains(text, "Contacted on") || !strings.Contains(text, "after the request to stop") || strings.Contains(text, "You were contacted") || !strings.Contains(text, "Mark as reviewed now") {
		t.Errorf("an adviser reads %s", text)
	}
	if got := priya.get("/c/" + string(h.toms) + "/overview"); got.Status != http.StatusNotFound {
		t.Errorf("another case: %d", got.Status)
	}
}

// What is new is counted from the last visit in an earlier session.
func TestOverviewSinceLastVisit(t *testing.T) {
	h := newHouse(t)
	h.tell()
	path := "/c/" + string(h.mayas) + "/overview"
	h.enter(h.maya).get(path)
	h.move(2 * time.Hour)
	h.append(h.mayas, h.item(told{id: "new", from: harbour, at: h.clock().Add(-time.Hour), text: "still here"}))
	text := readable(t, h.enter(h.maya).get(path).Body)
	if !strings.Contains(text, "Since your last visit, Monday 23 November 2026, 09:14 GMT") || !strings.Contains(text, "1contact, from 1 handle") {
		t.Errorf("got %s", text)
	}
}

func TestOverviewOfAnEmptyCase(t *testing.T) {
	h := newHouse(t)
	text := readable(t, h.enter(h.maya).get("/c/"+string(h.mayas)+"/overview").Body)
	for _, want := range []string{"Nothing has come in yet", "does not mean that nothing was sent", "Connect an account", "You do not need a complete record"} {
		if !strings.Contains(text, want) {
			t.Errorf("an empty case does not say %q:\n%s", want, text)
		}
	}
}

// Somebody who may see counts alone gets the overview, and no link to more.
func TestOverviewOfCounts_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	counter := h.user("Counter")
	h.grant(h.mayas, counter, cases.Counter)
	b := h.enter(counter)
	page := b.get("/c/" + string(h.mayas) + "/overview")
	if page.Status != http.StatusOK || strings.Contains(page.Body, "/timeline") || strings.Contains(page.Body, "/e/") {
		t.Errorf("got %d, or links to what is not allowed", page.Status)
	}
}

func TestCaseload(t *testing.T) {
	h := newHouse(t)
	h.tell()
	quiet := h.newCase("Alder", h.user("Ann"))
	h.grant(quiet, h.priya, cases.Reader)
	priya := h.enter(h.priya)
	page := priya.get("/work")
	text := readable(t, page.Body)
	heron, alder := strings.Index(text, "Maya’s record"), strings.Index(text, "Alder")
	if heron < 0 || alder < heron {
		t.Errorf("the case with news is not first:\n%s", text)
	}
	for _, want := range []string{"3 new handles", "The order says nothing about danger", "Not yet", "until 30 Nov 2026", "Nothing new"} {
		if !strings.Contains(text, want) {
			t.Errorf("the list does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Tom") {
		t.Error("a case of somebody else is listed")
	}
	if got := priya.post("/c/" + string(h.mayas) + "/reviewed"); got.Status != http.StatusSeeOther {
		t.Fatalf("review: %d", got.Status)
	}
	h.move(time.Hour)
	if text = readable(t, priya.get("/work").Body); strings.Contains(text, "new handles") {
		t.Errorf("after a review there is no news:\n%s", text)
	}
}

func (h *house) append(c daybook.CaseID, records ...daybook.Record) {
	h.t.Helper()
	for i := range records {
		if records[i].Actor.ID == "" {
			records[i].Actor = daybook.Actor{ID: "mastodon", Role: "collector"}
		}
	}
	_, err := h.log.Append(h.t.Context(), c, records)
	h.ok(err)
	h.settle(c)
}

// Figures are worked out again before anybody asks, for cases that are looked at.
func TestWarm(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	path := "/c/" + string(h.mayas) + "/overview"
	h.ok(h.web.Warm(t.Context(), h.mayas)) // nobody looked yet
	maya.get(path)
	h.append(h.mayas, h.item(told{id: "new", from: nightjar, at: h.clock().Add(-time.Hour), text: "again"}))
	h.ok(h.web.Warm(t.Context(), h.mayas))
	if text := readable(t, maya.get(path).Body); !strings.Contains(text, "26 times after you asked them to stop") {
		t.Errorf("got %s", text)
	}
	if err := h.web.Warm(t.Context(), "nothing"); err != nil {
		t.Errorf("a case that is not there: %v", err)
	}
}
