package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/config"
	"daybook/internal/browser"
	"daybook/internal/fakex"
)

// newXVisit is a visit where X is switched on. Whoever signs in there is whose
// archive was recorded.
func newXVisit(t *testing.T, script, dark bool, width int64) *visit {
	t.Helper()
	v := &visit{t: t, script: script, dark: dark, width: width}
	v.x = fakex.New(fakex.Options{Now: v.clock})
	her := v.x.Person("maralindqvist", "Mara Lindqvist", fakex.Numbered("1480000101"))
	v.x.Person("kestrel_74", "Kestrel", fakex.Numbered("2220000101")).Message(her, "I know which bus you take")
	v.x.SignIn(her)
	return v.begun(t)
}

// switchOnX sets the daybook of a visit up for X.
func (v *visit) switchOnX(cfg *config.Config) {
	cfg.X.Enabled = true
	cfg.X.ClientID, _ = v.x.App("Reading list", true)
}

// file writes a file that is going to be added.
func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// waits looks again and again until the page says something.
func waits(t *testing.T, tab *browser.Tab, text string) {
	t.Helper()
	for begin := time.Now(); !strings.Contains(tab.Text(), text); tab.Open(tab.Address()) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("%s never says %q:\n%s", tab.Address(), text, tab.Text())
		}
	}
}

// She connects her account on X, adds the archive that X gave her, chooses what
// is kept of it, adds it once more, and adds what cannot be read: with script on
// a wide screen, without script on a phone.
func TestAddsFiles_C3_C14_D1_D2(t *testing.T) {
	for _, how := range []struct {
		script, dark bool
		width        int64
	}{{true, false, 1280}, {false, true, 390}} {
		t.Run(fmt.Sprintf("script %v, dark %v, %d px", how.script, how.dark, how.width), func(t *testing.T) {
			v := newXVisit(t, how.script, how.dark, how.width)
			her := v.tab(t)
			v.setUp(t, her)

			// Her account on X: its terms and her agreement are two boxes, and X asks her too.
			v.menu(her, "Accounts")
			has(t, her, "No account is connected", "No file has been added yet")
			her.Press("X")
			has(t, her, "The account archive is the better way for most", "Costs", "Without X's written approval")
			her.Click(`input[name="terms"]`)
			her.Click(`input[name="agree"]`)
			her.Press("Go on to X")
			her.Follow("main a.btn.primary")
			her.Follow(`[name="answer"][value="allow"]`)
			has(t, her, "maralindqvist", "Is it yours")
			if at := her.Address(); !strings.HasPrefix(at, v.address) || strings.Contains(at, "?") {
				t.Fatalf("came back to %s", at)
			}
			her.Follow(`form[action$="/yes"] button`)
			has(t, her, "Reading", "so far this month", "Encrypted chats cannot be collected")

			// The archive: what is in it is said before anything is kept.
			her.Press("Add a file")
			her.Upload("#file", recorded)
			her.Press("Upload")
			waits(t, her, "What to keep")
			has(t, her, "X account archive", "maralindqvist", "A conversation with", "When and from where the account was used")
			if page := her.HTML(); strings.Contains(page, "I know you read this") || strings.Contains(page, "Is this account yours") {
				t.Error("it shows what was written, or asks whose account it is that is connected")
			}
			her.Press("Read it in")
			waits(t, her, "It is read in")
			has(t, her, "Time covered", "Not understood", "Was here before, not in this file", "Not in this kind of file", "Clock and sender", "The file itself is kept")
			her.Press("See the timeline")
			has(t, her, "@ruben_kestrel74")
			if strings.Contains(her.HTML(), "I know you read this") {
				t.Error("the timeline holds text that nobody asked for")
			}

			// The same file again: nothing is kept twice.
			v.menu(her, "Accounts")
			has(t, her, "Last import", "Finished")
			her.Press("Add a file")
			her.Upload("#file", recorded)
			her.Press("Upload")
			waits(t, her, "What to keep")
			has(t, her, "The very same file was read in before")
			her.Press("Read it in")
			waits(t, her, "It is read in")
			has(t, her, "None is new here")

			// What cannot be read says why.
			her.Press("Add another file")
			her.Upload("#file", file(t, "Your archive.html", []byte("<!doctype html><title>Your archive</title><script>window.YTD = {}</script>")))
			her.Press("Upload")
			waits(t, her, "It cannot be read")
			has(t, her, "Nothing of it was kept")

			if bad := v.x.Violations(); len(bad) > 0 {
				t.Errorf("X was asked what it must not be asked: %v", bad)
			}
			if bad := her.Problems(); len(bad) > 0 {
				t.Errorf("scripts: %v", bad)
			}
			if out := her.Outside(v.address, "https://x.com"); len(out) > 0 {
				t.Errorf("pages asked elsewhere: %v", out)
			}
		})
	}
}
