package web_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/internal/browser"
	"daybook/web"
)

// The pages of files that are added and of connecting an account, in every state
// that they have, with all that is hostile in the names of a file and of what is
// in it: as TestEveryPage looks at the others.
func TestPagesOfFilesAndPlatforms_A10_C3_C7_E1_E2(t *testing.T) {
	c := newXHouse(t)
	h := c.house
	h.tell()
	_, err := h.cases.NameAccount(t.Context(), h.actor(h.mayas), h.mayas, "x", xHandle("2220000100"))
	h.ok(err)
	h.settle(h.mayas)
	maya, in := h.enter(h.maya), "/c/"+string(h.mayas)+"/"
	l := looker{t: t, h: h, tab: h.window(t, browser.Start(t), maya), who: "files", shots: os.Getenv("DAYBOOK_SHOTS")}
	l.tab.Size(1280, 900)
	look := func(path string) {
		t.Helper()
		l.tab.Open(h.URL + path)
		l.look(path)
	}
	for _, path := range []string{"accounts", "accounts/connect", "connect/1", "connect/2", "accounts/add"} {
		look(in + path)
	}
	l.tab.Eval(`document.querySelectorAll("main input:not([type=hidden])").forEach(e => e.required = false); ""`)
	l.tab.Follow("main form button.primary")
	l.look(in + "accounts/add/wrong")
	l.tab.Open(h.URL + in + "connect/2")
	l.tab.Eval(`document.querySelectorAll("main [required]").forEach(e => e.required = false); document.querySelectorAll("[name=kind]").forEach(e => e.checked = false); document.getElementById("never").value = "a@b"; document.getElementById("purpose").value = ""; ""`)
	l.tab.Follow("main form button.primary")
	l.look(in + "connect/wrong")
	l.tab.Open(h.URL + maya.post(in+"accounts/connect", connectXForm...).Location)
	l.look(in + "connecting")

	path := maya.upload(in+"accounts/add", strings.Join(hostileTexts[:4], " "), strings.NewReader("PK")).Location
	for _, state := range []web.ImportState{web.ImportComing, web.ImportLooking, web.ImportReading, web.ImportStopped, web.ImportRefused, web.ImportFailed, web.ImportChoosing} {
		h.tray.become(h.mayas, func(j *web.ImportJob) {
			j.State, j.Stage, j.Done, j.Total, j.Found = state, "items", 3412, 5100, hostileFound()
			j.What, j.Hint = strings.Join(hostileTexts, " "), "Add the .zip as it was downloaded."
		})
		look(path + "/still")
		if state == web.ImportReading || state == web.ImportRefused {
			look(in + "accounts")
		}
	}
	l.tab.Eval(`document.querySelectorAll("main [required]").forEach(e => e.required = false); document.querySelectorAll("[name=thread]").forEach(e => e.checked = false); ""`)
	l.tab.Follow("main form button.primary")
	l.look(path + "/choose")
	h.tray.tellMade(h.mayas, h.actor(h.mayas), strings.Join(hostileTexts, " "))
	h.tray.made[h.mayas][0].Import.Report.NotRead = append(h.tray.made[h.mayas][0].Import.Report.NotRead, daybook.NotRead{Member: hostileTexts[0], What: hostileTexts[1], Count: 1})
	h.tray.become(h.mayas, func(j *web.ImportJob) { j.State, j.Entry = web.ImportDone, 5 })
	look(path)
	look(in + "accounts")
	c.connector.cost = &web.Cost{Month: "$5.02", Estimate: "$7.40", Cap: "$5.00", Reached: true}
	account, err := h.cases.Connect(t.Context(), h.actor(h.mayas), daybook.Account{Case: h.mayas, Platform: "x", Server: "https://x.com", Handle: xHandle("2220000100")},
		[]byte("{}"), daybook.Consent{Scopes: twitter.Scopes(), Purpose: "keep a record", Text: "1"})
	h.ok(err)
	for _, path := range []string{"accounts", "accounts/" + string(account.ID) + "/renew", "accounts/" + string(account.ID) + "/withdraw"} {
		look(in + path)
	}
	var added []string
	for _, e := range elementsOf(t, maya.get(in+"accounts").Body) {
		if to := attribute(e, "href"); strings.Contains(to, "/added/") && !strings.HasSuffix(to, "/report") && !slices.Contains(added, to) {
			added = append(added, to)
		}
	}
	if len(added) != 3 {
		t.Fatalf("%d files of before are listed", len(added))
	}
	for _, to := range added {
		look(to)
	}
	look(in + "adding/" + daybook.NewID())
	t.Logf("%d pages", l.n)
}

// hostileFound is a file in which all that comes from outside is hostile, with as
// many conversations as are listed.
func hostileFound() *web.ImportFound {
	f := foundFile()
	for i, text := range hostileTexts {
		text = strings.ToValidUTF8(text, "?")
		with := daybook.Handle{Platform: "x", Native: fmt.Sprint(i), Names: []daybook.SeenName{{Account: text, Display: text}}}
		f.Threads = append(f.Threads, web.ImportThread{ID: text, Kind: "direct", Title: text, With: []daybook.Handle{with}, Messages: 1 + i, In: 1, Out: i, From: f.From, To: f.To, Usual: true})
	}
	f.Threads = append(f.Threads, web.ImportThread{ID: "k", Kind: hostileTexts[0], Title: hostileTexts[0], Messages: 1})
	f.Before = f.Made
	return f
}
