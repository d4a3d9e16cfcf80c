package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	bundles "daybook/export/check"
	"daybook/internal/browser"
)

// setUp opens the daybook of a visit for the first time, and returns the secret
// of the one-time codes.
func (v *visit) setUp(t *testing.T, her *browser.Tab) (secret string) {
	t.Helper()
	her.Open(v.address)
	her.Type("#code", v.code)
	her.Follow("main form button.primary")
	her.Follow("main a.btn.primary")
	her.Type("#name", "Wren")
	her.Type("#record", "Garden")
	her.Follow("main form button.primary")
	return v.settleIn(t, her)
}

// begin opens the daybook of a visit for the first time, connects the account
// and waits for what is collected. It returns the secret of the one-time codes.
func (v *visit) begin(t *testing.T, her *browser.Tab) (secret string) {
	t.Helper()
	secret = v.setUp(t, her)
	her.Press("Connect an account")
	her.Type("#server", v.server.Domain())
	her.Click(`input[name="agree"]`)
	her.Follow("main form button.primary")
	her.Follow("main a.btn.primary")
	her.Follow("#allow")
	her.Follow(`form[action$="/yes"] button`)
	v.menu(her, "Overview")
	for begin := time.Now(); !strings.Contains(her.Text(), "You were contacted on"); her.Open(her.Address()) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("nothing was collected:\n%s", her.Text())
		}
	}
	return secret
}

// She hands over what she chose, brings back a message that somebody made her
// erase, and erases one for good: with script and a passkey on a wide screen,
// without script and with one-time codes on a phone.
func TestHandsOver_A6_B3_C3_C10_C14(t *testing.T) {
	for _, how := range []struct {
		script, dark bool
		width        int64
	}{{true, false, 1280}, {false, true, 390}} {
		t.Run(fmt.Sprintf("script %v, dark %v, %d px", how.script, how.dark, how.width), func(t *testing.T) {
			v := newVisit(t, how.script, how.dark, how.width)
			her := v.tab(t)
			secret := v.begin(t, her)

			// One of three messages is chosen on the timeline.
			v.menu(her, "Timeline")
			her.Click(`input[form="basket"]`)
			her.Follow("#basket button")
			has(t, her, "1 entry is chosen")
			v.menu(her, "Evidence")
			has(t, her, "The others of the same time are left out")
			her.Type("#b-mark", "WA")
			her.Follow(`form[action$="/archive/look"] button.primary`)
			has(t, her, "A selection: 1 message", "Nothing has been made yet", "may reach the person who sent the messages")
			her.Press("Make the bundle")
			v.strong(t, her, secret)
			has(t, her, "written into the record")
			her.Follow(`form[action*="/archive/make/"] button`)
			for begin := time.Now(); !strings.Contains(her.Text(), "Save the file"); her.Open(her.Address()) {
				if time.Since(begin) > 2*time.Minute {
					t.Fatalf("no bundle was made:\n%s", her.Text())
				}
			}
			sum := her.Eval(`[...document.querySelectorAll(".fixed")].at(-1).textContent`)
			name, file := her.Download(`form[action$="/save"] button`)
			if !strings.HasPrefix(name, "archive-") || !strings.HasSuffix(name, ".zip") {
				t.Errorf("saved as %q", name)
			}
			r, err := bundles.File(t.Context(), bytes.NewReader(file), int64(len(file)), bundles.Options{})
			if err != nil || len(r.Problems) > 0 || r.SHA256 != sum {
				t.Errorf("checked: %+v, %v; the page says %s", r, err, sum)
			}
			her.Reload()
			has(t, her, "removed from here")
			v.menu(her, "Evidence")
			has(t, her, "A selection: 1 message", sum[:4]+" "+sum[4:8]+" "+sum[8:12], "Make it again")

			// A message is hidden at once, and comes back whole.
			ask := func() {
				v.menu(her, "Timeline")
				her.Follow(`.entry a[href*="/e/"]`)
				her.Press("Erase this message")
				has(t, her, "Nothing has been erased yet", "cannot be called back")
				her.Press("Go on")
				v.strong(t, her, secret)
				her.Type("#reason", "a wish")
				her.Follow("button.danger")
				has(t, her, "It is hidden now", "Bring it back")
			}
			v.menu(her, "Timeline")
			before := her.Eval(`String(document.querySelectorAll(".entry").length)`)
			ask()
			v.menu(her, "Timeline")
			if now := her.Eval(`String(document.querySelectorAll(".entry").length)`); now >= before {
				t.Errorf("%s entries are listed, and there were %s", now, before)
			}
			v.menu(her, "Evidence")
			her.Follow(`form[action$="/cancel"] button`)
			has(t, her, "It is back.", "brought back")
			v.menu(her, "Timeline")
			if now := her.Eval(`String(document.querySelectorAll(".entry").length)`); now != before {
				t.Errorf("%s entries are listed, and there were %s", now, before)
			}

			// Another time it is meant, and after the delay it is done.
			ask()
			v.later(7*24*time.Hour + time.Minute)
			if done, err := v.app.cases.RunErasures(t.Context(), v.clock()); err != nil || done != 1 {
				t.Fatalf("%d erasures were done, %v", done, err)
			}
			her.Open(v.address + "/signin")
			her.Type("#name", "Wren")
			her.Type("#pass", words)
			her.Follow("main form button.primary")
			if strings.HasSuffix(her.Address(), "/signin/code") || her.Eval(`String(document.querySelector("#code") !== null)`) == "true" {
				her.Type("#code", v.oneTime(t, secret))
				her.Follow("main form button.primary")
			}
			v.menu(her, "Evidence")
			has(t, her, "destroyed", "that they existed can still be seen")
			if bad := her.Problems(); len(bad) > 0 {
				t.Errorf("scripts: %v", bad)
			}
			if out := her.Outside(v.address, v.server.URL(), "https://weather.example"); len(out) > 0 {
				t.Errorf("pages asked elsewhere: %v", out)
			}
		})
	}
}
