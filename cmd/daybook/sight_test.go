package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
	"daybook/export"
	"daybook/export/bundle"
	bundles "daybook/export/check"
)

// What came from the interface of X alone, and what the person added as well.
const (
	fetchedWords = "quokkafetched: I will kill you if you tell"
	olderWords   = "quokkaolder words of it"
	addedWords   = "words that the person added"
	brokenAnswer = `{"quokkabroken"`
)

// onX puts two messages from X into the plot's case: one that was fetched, with
// an attachment, and one that was fetched and stands in a file with other words.
// It returns their entries.
func (p *plot) onX() (fetched, both, added uint64) {
	p.t.Helper()
	a, err := p.app.cases.Connect(p.t.Context(), p.actor, daybook.Account{Case: p.id, Platform: "x", Handle: daybook.Handle{Platform: "x", Native: "111", Names: []daybook.SeenName{{Account: "wren_on_x"}}}},
		[]byte("token"), daybook.Consent{Scopes: []string{"read"}, Purpose: "test", Text: "1"})
	p.must(err)
	media, err := p.app.log.PutBlob(p.t.Context(), p.id, []byte("quokkapicture bytes"))
	p.must(err)
	item := func(id, text string, media ...daybook.Media) daybook.Record {
		r := daybook.Item{
			Capture: daybook.Capture{Account: a.ID, Platform: "x", Lane: "dm_events", NativeID: id, MediaType: "application/json", Raw: fmt.Appendf(nil, `{"id":%q,"text":%q}`, id, text),
				Offset: -1, Origin: daybook.Collected, Exchange: &daybook.Exchange{Method: "GET", URL: "https://api.x.example/2/dm_events", Status: 200, End: p.now}},
			Reading: &daybook.Reading{Parser: "x/1", Messages: []daybook.ReadMessage{{Key: daybook.MessageKey("x:dm/" + id), Native: id, Kind: daybook.KindDirectMessage, Direction: daybook.In,
				Sender: daybook.Handle{Platform: "x", Native: "222", Names: []daybook.SeenName{{Account: "gull"}}}, Sent: daybook.When{At: p.now.Add(-time.Hour)}, Text: text, Lang: "en", Media: media}}},
		}.Record()
		r.Actor = daybook.Actor{ID: "x", Role: "collector", Via: "collector x/1"}
		return r
	}
	md := daybook.Media{Digest: media, Native: "m1", Type: "image/png", Bytes: 19, State: daybook.MediaKept, Description: "quokkapicture"}
	m := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Account: a.ID, Message: "x:dm/9000000000000011", Media: md, Exchange: &daybook.Exchange{Method: "GET", URL: "https://ton.x.example/quokkapicture", Status: 200, End: p.now}})
	m.Blobs, m.Actor = []daybook.Digest{media}, daybook.Actor{ID: "x", Role: "collector", Via: "collector x/1"}
	whole := daybook.NewRecord(daybook.RecordExchange, map[string]any{"account": a.ID, "body": []byte(brokenAnswer)})
	whole.Actor = m.Actor
	first, err := p.app.log.Append(p.t.Context(), p.id, []daybook.Record{item("9000000000000011", fetchedWords, md), m, whole, item("9000000000000012", olderWords)})
	p.must(err)
	begun := addFile(p.t, p.app, p.id, a.ID, "mine.zip", p.now, "a file with "+addedWords, letter{"9000000000000012", "222", addedWords, p.now.Add(-time.Hour)})
	return first, first + 3, begun + 1
}

// worker adds a user who makes bundles, and says what they are called.
func (p *plot) worker(name string, public bool) daybook.Actor {
	p.t.Helper()
	u, err := p.app.cases.NewUser(p.t.Context(), p.actor, name, "")
	p.must(err)
	_, err = p.app.cases.Grant(p.t.Context(), p.actor, cases.Grant{Case: p.id, User: u.ID, Role: cases.Exporter, Reason: "test", Public: public})
	p.must(err)
	a, err := p.app.cases.Actor(p.t.Context(), u, p.id, "test")
	p.must(err)
	return a
}

// Whatever command somebody runs who works for a public body, and whatever they
// ask it to show: nothing that was fetched from X is in what it prints.
func TestPublicBodySeesNothingFetchedFromX_D6(t *testing.T) {
	p := newPlot(t, onSQLite)
	fetched, both, added := p.onX()
	p.worker("Officer", true)
	p.worker("Caseworker", false)
	commands := []string{
		"list --content", "--json list --content", "list --flag threat --content", "--json list --flag threat", "handles", "--json handles",
		"findings --content --explain", "--json findings --content", `search quokkafetched --content`, "search kill --content --around 3", "--json search kill --content",
		"--json search flag:threat --content", "search words --content", "--json search words",
		fmt.Sprintf("show %d --content", fetched), fmt.Sprintf("--json show %d --content", fetched), fmt.Sprintf("show %d --raw", fetched),
		fmt.Sprintf("show %d --content --around 5", fetched), fmt.Sprintf("show %d --content", both), fmt.Sprintf("--json show %d --content", both), fmt.Sprintf("show %d --raw", both),
		fmt.Sprintf("show %d --raw", added), fmt.Sprintf("show %d --raw", fetched+1), "export --dry-run", "verify", "anchors", "export --dry-run --cover kill=x",
	}
	for who, sees := range map[string]bool{"Officer": false, "Caseworker": true} {
		t.Run(who, func(t *testing.T) {
			var all strings.Builder
			for _, command := range commands {
				var out, bad bytes.Buffer
				args := append(strings.Fields(command), "--as", who, "--case", string(p.id))
				run(t.Context(), args, process{out: &out, err: &bad, input: strings.NewReader(""), app: p.app, clock: func() time.Time { return p.now }})
				said := strings.ReplaceAll(out.String()+bad.String(), goneText, "") // the plot's own words begin with it
				said = strings.ReplaceAll(said, goneEdited, "")
				for _, w := range []string{"quokkafetched", "quokkaolder", "quokkapicture", "quokkabroken", "kill you"} {
					if !sees && strings.Contains(said, w) {
						t.Errorf("daybook %s prints %q:\n%s", command, w, said)
					}
				}
				all.WriteString(said)
			}
			for _, w := range []string{addedWords, "gull", "an ordinary message"} {
				if !strings.Contains(all.String(), w) {
					t.Errorf("nothing prints %q", w)
				}
			}
			if sees != strings.Contains(all.String(), "quokkafetched") || sees == strings.Contains(all.String(), "terms keep this from public bodies") {
				t.Errorf("the test plays nothing:\n%s", all.String())
			}
		})
	}
	p.close()
}

// A bundle that somebody makes who works for a public body has nothing in it that
// was fetched from X, says how much is kept back and why, and can be checked as
// any other; the person's own has all of it.
func TestBundleForPublicBody_A6_D6(t *testing.T) {
	p := newPlot(t, onSQLite)
	_, _, added := p.onX()
	officer := p.worker("Officer", true)
	tests := []struct {
		name string
		who  daybook.Actor
		spec export.Spec
		sees bool
		kept int
	}{
		{"complete", officer, export.Spec{Kind: export.Complete}, false, 1},
		{"with files", officer, export.Spec{Kind: export.Complete, Files: true}, false, 1},
		{"selection", officer, export.Spec{Kind: export.Selection, Entries: []uint64{added}}, false, 1},
		{"of the person", p.actor, export.Spec{Kind: export.Complete}, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			e, err := p.app.exportFor(t.Context(), tt.who, p.id, tt.spec, bundle.Recipients{}, &b, nil)
			p.must(err)
			r := bytes.NewReader(b.Bytes())
			checked, err := bundles.File(t.Context(), r, r.Size(), bundles.Options{Keys: []daybook.Digest{p.app.log.Fingerprint()}})
			if err != nil || checked.Answer != archive.OK {
				t.Fatalf("%s %v, %v", checked.Answer, checked.Problems, err)
			}
			all := unzipped(t, b.Bytes())
			for _, w := range []string{"quokkafetched", "quokkaolder", "quokkapicture", base64.StdEncoding.EncodeToString([]byte(brokenAnswer)), "kill you"} {
				if tt.sees != strings.Contains(all, w) {
					t.Errorf("%q in the bundle: %v", w, !tt.sees)
				}
			}
			if !strings.Contains(all, addedWords) {
				t.Error("what the person added is not in the bundle")
			}
			if e.Shown.KeptBack != tt.kept || (tt.kept > 0) != strings.Contains(all, `"kept_back": 1`) || (tt.kept > 0) != strings.Contains(strings.Join(e.warnings(), " "), "1 message is not in the bundle") {
				t.Errorf("%d are kept back; %q", e.Shown.KeptBack, e.warnings())
			}
		})
	}
	p.close()
}

// With the approval of X nothing is kept back.
func TestApprovalOfX_D6(t *testing.T) {
	p := newPlot(t, func(cfg *config.Config) { cfg.X.Approval = "letter of 1 October" })
	fetched, _, _ := p.onX()
	officer := p.worker("Officer", true)
	ctx, sight, err := p.app.seeing(t.Context(), officer, p.id)
	p.must(err)
	m, err := p.app.db.Message(ctx, p.id, fetched)
	if err != nil || !sight.Whole() || m.Withheld {
		t.Errorf("%+v, %v, withheld %v", sight, err, m.Withheld)
	}
	p.close()
}
