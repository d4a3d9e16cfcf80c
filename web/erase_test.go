package web_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/cases"
)

// entryWith returns the address of the page of the message that says something.
func (h *house) entryWith(b *browserClient, text string) (path string, m daybook.Message) {
	h.t.Helper()
	found, _, err := h.db.List(h.t.Context(), h.mayas, daybook.MessageFilter{}, 500, "")
	h.ok(err)
	for _, m := range found {
		if strings.Contains(m.Text, text) {
			page := b.get("/c/" + string(h.mayas) + "/timeline")
			for page.Status == 200 {
				if at := regexp.MustCompile(`href="(/c/[a-z2-7]+/e/[a-z2-7]+)">Entry ` + count(m.Captures[0]) + `</a>`).FindStringSubmatch(page.Body); at != nil {
					return at[1], m
				}
				older := regexp.MustCompile(`href="(/c/[a-z2-7]+/timeline/[a-z2-7]+)">[^<]*arlier`).FindStringSubmatch(page.Body)
				if older == nil {
					break
				}
				page = b.get(older[1])
			}
		}
	}
	h.t.Fatalf("no page of a message that says %q", text)
	return "", daybook.Message{}
}

// One message: shown first, asked for with a fresh sign-in, hidden at once,
// brought back by an adviser without anything lost.
func TestErase_OneMessage_C10(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, priya := h.enter(h.maya), h.enter(h.priya)
	in := "/c/" + string(h.mayas) + "/"
	path, m := h.entryWith(maya, "usual place")
	maya.says(maya.get(path), 200, "Erase this message")
	plan := maya.get(path + "/erase")
	maya.says(plan, 200, "Nothing has been erased yet", "in all 2 versions", "The content of 2 lines of the record", "1 bundle that was made may hold it. It cannot be called back.",
		"1 line that shows other messages too", "Other messages that quote or answer it", "On 30 Nov 2026, 09:14 GMT it is destroyed", "Backups of this installation hold it until 30 Dec 2026", "Go on")
	maya.saysNot(plan, "usual place")
	if strings.Contains(plan.Body, "btn danger") {
		t.Error("the plan has a button that destroys")
	}
	page := maya.get(path + "/erase/confirm")
	maya.says(page, 200, "Are you sure", "Erase this message")
	if !strings.Contains(page.Body, "btn danger") {
		t.Error("the last page has no danger button")
	}
	maya.says(maya.post(path+"/erase/confirm", "reason", strings.Repeat("x", 201)), http.StatusUnprocessableEntity, "At most 200 characters")
	if a := maya.post(path+"/erase/confirm", "reason", "it names my sister"); a.Location != in+"archive" {
		t.Fatalf("asked: %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(in+"archive"), 200, "It is hidden now, and will be destroyed on 30 Nov 2026, 09:14 GMT", "1 message, asked for on 23 Nov 2026, 09:14 GMT by Maya (the person): it names my sister", "Bring it back")
	if a := maya.get(path); a.Status != http.StatusNotFound {
		t.Errorf("the page of the message: %d", a.Status)
	}
	if _, err := h.db.Message(t.Context(), h.mayas, m.Captures[0]); err == nil {
		t.Error("the message is still in the lists")
	}

	priya.says(priya.get(in+"overview"), 200, "The content of 1 message was asked to be erased, and will be destroyed on 30 Nov 2026")
	state := priya.get(in + "archive")
	priya.says(state, 200, "Bring it back")
	cancel := regexp.MustCompile(`action="(/c/[a-z2-7]+/erasures/[a-z2-7]+/cancel)"`).FindStringSubmatch(state.Body)
	if cancel == nil {
		t.Fatal("the manager cannot bring it back")
	}
	if a := priya.post(cancel[1]); a.Location != in+"archive" {
		t.Fatalf("brought back: %d to %q", a.Status, a.Location)
	}
	page = priya.get(in + "archive")
	priya.says(page, 200, "It is back.", "brought back")
	priya.saysNot(page, "Bring it back")
	maya.says(maya.get(path), 200, "Entry")
	back, err := h.db.Message(t.Context(), h.mayas, m.Captures[0])
	if err != nil || back.Text != m.Text || len(back.Versions) != len(m.Versions) {
		t.Errorf("came back as %+v, %v", back, err)
	}
	priya.post(cancel[1])
	priya.says(priya.get(in+"archive"), 200, "It is too late to bring it back")
	got := h.accessed(h.mayas)
	for _, want := range []string{"Maya list looked at what erasing this message would destroy", "Maya erase one message", "Priya N. cancel erase"} {
		if !slices.Contains(got, want) {
			t.Errorf("the access log does not say %q: %q", want, got)
		}
	}
}

func TestErase_WholeRecord_C10(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, priya := h.enter(h.maya), h.enter(h.priya)
	in := "/c/" + string(h.mayas) + "/"
	maya.says(maya.get(in+"archive"), 200, "Nothing waits to be erased", "Erase the whole record")
	maya.says(maya.get(in+"erase"), 200, "Everything in this record: 98 messages", "The connections to accounts", "2 bundles that were made may hold it")
	maya.says(maya.post(in+"erase/confirm"), http.StatusUnprocessableEntity, "Tick this if you are sure")
	if a := maya.post(in+"erase/confirm", "sure", "1"); a.Location != in+"archive" {
		t.Fatalf("asked: %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(in+"timeline"), 200, "Nothing")
	state := priya.get(in + "archive")
	priya.says(state, 200, "The whole record was asked to be erased, and will be destroyed on 30 Nov 2026", "The whole record, asked for")
	cancel := regexp.MustCompile(`action="(/c/[a-z2-7]+/erasures/[a-z2-7]+/cancel)"`).FindStringSubmatch(state.Body)
	priya.post(cancel[1])
	counts, err := h.db.Counts(t.Context(), h.mayas)
	if err != nil || counts.Messages != 98 {
		t.Errorf("%d messages came back, %v", counts.Messages, err)
	}
}

// Somebody who only reads sees that something waits, and cannot change it.
func TestErase_ReadersSeeThatItWaits_C10_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	u := h.user("Somebody who reads")
	h.grant(h.mayas, u, cases.Counter)
	found, _, err := h.db.List(t.Context(), h.mayas, daybook.MessageFilter{}, 1, "")
	h.ok(err)
	_, err = h.cases.AskErasure(t.Context(), h.actor(h.mayas), h.mayas, found[0].Captures, "a private reason")
	h.ok(err)
	reads := h.enter(u)
	page := reads.get("/c/" + string(h.mayas) + "/archive")
	reads.says(page, 200, "1 message, asked for on", "hidden")
	reads.saysNot(page, "Bring it back", "a private reason", "Erase the whole record")
}
