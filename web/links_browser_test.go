package web_test

import (
	"strings"
	"testing"

	"daybook/internal/browser"
)

// The three answers of a suggestion on a phone, with scripts and without: each
// does what it says, none is larger than another, and what a reason quotes comes
// when it is asked for.
func TestAnswersOnAPhone_C14_E15(t *testing.T) {
	chromium := browser.Start(t)
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.tell()
			tab := h.window(t, chromium, h.enter(h.maya))
			tab.Size(390, 844)
			tab.Script(script)
			page := h.URL + h.path("handles")
			tab.Open(page)
			sizes := tab.Eval(`JSON.stringify([...document.querySelectorAll(".answers button")].map(b => b.getBoundingClientRect()).map(r => [Math.round(r.width), Math.round(r.height)].join("x")))`)
			if n := strings.Count(sizes, "x"); n != 3 || strings.Count(sizes, strings.Split(sizes, `"`)[1]) != 3 {
				t.Errorf("the answers differ in size: %s", sizes)
			}
			says := func(want, not string) {
				t.Helper()
				if text := tab.Text(); !strings.Contains(text, want) || not != "" && strings.Contains(text, not) {
					t.Errorf("the page does not say %q, or says %q:\n%s", want, not, text)
				}
				if over := tab.Overflow(); over != "0" {
					t.Errorf("%s px too wide", over)
				}
			}
			says("Suggested, not confirmed", "as per always")
			if script {
				tab.Click(".reasons form[data-show] button")
				tab.WaitFor(`document.querySelector(".reasons .shown") !== null`)
			} else {
				tab.Follow(".reasons form[data-show] button")
			}
			says("as per always", "")
			tab.Open(page)
			tab.Press("Not sure yet")
			says("Left open", "Group A")
			tab.Type("input[name=how]", "the library")
			tab.Press("Belongs with it")
			says("Group A", "Suggested, not confirmed")
			tab.Press("The reasons")
			tab.Press("Not linked")
			says("Not linked with", "The two are in group")
			tab.Open(page)
			says("Kept apart", "Group A")
			if bad := tab.Problems(); len(bad) > 0 {
				t.Errorf("scripts: %v", bad)
			}
		})
	}
}
