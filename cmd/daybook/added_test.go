package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"slices"
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

// A letter is a direct message in a file that was added.
type letter struct {
	id, sender, text string
	sent             time.Time
}

// addFile appends what reading in a file of the account comes to: the file in two
// pieces, the notes that are new, and the report. It returns the entry that
// names the file.
func addFile(t *testing.T, a *app, id daybook.CaseID, account daybook.AccountID, name string, made time.Time, body string, notes ...letter) (begun uint64) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	file := []byte(body)
	i := daybook.Import{ID: name, Event: daybook.ImportBegun, Account: account, Name: name, File: daybook.DigestOf(file), Size: int64(len(file)), Kind: "x-archive", Parser: "x/1", Made: made}
	var blobs []daybook.Digest
	for _, piece := range [][]byte{file[:len(file)/2], file[len(file)/2:]} {
		d, err := a.log.PutBlob(t.Context(), id, piece)
		must(err)
		i.Parts, blobs = append(i.Parts, daybook.ImportPart{Digest: d, Bytes: int64(len(piece))}), append(blobs, d)
	}
	r := daybook.NewRecord(daybook.RecordImport, i)
	r.Blobs, r.Actor = blobs, cases.Operator("test")
	batch := []daybook.Record{r}
	for n, m := range notes {
		raw := fmt.Appendf(nil, `{"id":%q,"senderId":%q,"text":%q}`, m.id, m.sender, m.text)
		r := daybook.Item{
			Capture: daybook.Capture{Account: account, Platform: "x", Lane: "archive", NativeID: m.id, MediaType: "application/json", Raw: raw,
				Member: daybook.Place("data/direct-messages.js", fmt.Sprintf("/0/dmConversation/messages/%d", n)), Offset: int64(n * 100), Origin: daybook.Imported, File: i.File},
			Reading: &daybook.Reading{Parser: "x/1", Messages: []daybook.ReadMessage{{Key: daybook.MessageKey("x:dm/" + m.id), Native: m.id, Kind: daybook.KindDirectMessage,
				Direction: daybook.In, Sender: daybook.Handle{Platform: "x", Native: m.sender}, Sent: daybook.When{At: m.sent}, Text: m.text, Thread: "111-" + m.sender}}},
		}.Record()
		r.Actor = daybook.Actor{ID: "import", Role: "collector", Via: "import x/1"}
		batch = append(batch, r)
	}
	i.Event, i.Parts = daybook.ImportDone, nil
	i.Report = &daybook.ImportReport{Messages: len(notes), New: len(notes), ByKind: map[daybook.Kind]int{daybook.KindDirectMessage: len(notes)}, Never: []string{"mentions by others"}}
	done := daybook.NewRecord(daybook.RecordImport, i)
	done.Actor = cases.Operator("test")
	begun, err := a.log.Append(t.Context(), id, append(batch, done))
	must(err)
	must(a.settle(t.Context(), id))
	return begun
}

// addFiles adds three files of the plot's account: two in which the message of the
// sender that is erased stands, the second of which brought nothing new, and one
// that was made before that was sent.
func (p *plot) addFiles() (first, again, before uint64) {
	p.t.Helper()
	sent := p.now.Add(-48 * time.Hour)
	theirs, other := letter{"9000000000000001", goneHandle, goneText + " in a message", sent}, letter{"9000000000000002", "222", "an ordinary note", sent.Add(time.Hour)}
	body := theirs.text + " | " + other.text
	first = addFile(p.t, p.app, p.id, p.account.ID, "first.zip", p.now, body, theirs, other)
	again = addFile(p.t, p.app, p.id, p.account.ID, "again.zip", p.now.Add(time.Hour), body+" | and more")
	before = addFile(p.t, p.app, p.id, p.account.ID, "before.zip", sent.Add(-100*time.Hour), "nothing of that yet")
	return first, again, before
}

// noteEntry finds the message of the sender that is erased.
func (p *plot) noteEntry() uint64 {
	p.t.Helper()
	all, _, err := p.app.db.List(p.t.Context(), p.id, daybook.MessageFilter{}, 100, "")
	p.must(err)
	for _, m := range all {
		if strings.Contains(m.Text, "in a message") {
			return m.Captures[0]
		}
	}
	p.t.Fatal("the message is not there: the test plays nothing")
	return 0
}

// B-6: with a message go all files in which it may stand, also those that brought
// nothing new; what else was read from them stays.
func TestEraseFromFiles_B6_C10(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { playEraseFromFiles(t, newPlot(t, onSQLite)) })
	t.Run("postgres", func(t *testing.T) { playEraseFromFiles(t, newPlot(t, onPostgres(t))) })
}

func playEraseFromFiles(t *testing.T, p *plot) {
	ctx := t.Context()
	first, again, before := p.addFiles()
	entries := append(p.entriesOfNotes(), p.noteEntry())
	plan, err := p.app.cases.PlanErasure(ctx, p.actor, p.id, entries)
	p.must(err)
	if !slices.Equal(plan.Files, []uint64{first, again}) || !slices.Contains(plan.Entries, first) || slices.Contains(plan.Entries, before) {
		t.Fatalf("the plan has the files %v of entries %v; want %d and %d, not %d", plan.Files, plan.Entries, first, again, before)
	}
	if text := planText(plan); !strings.Contains(text, "2 files that were added go as a whole with it") {
		t.Errorf("the plan does not say so:\n%s", text)
	}
	blobs := countFiles(t, blobPath(p.cfg))
	e, err := p.app.cases.EraseNow(ctx, p.actor, p.id, entries, goneReason)
	p.must(err)
	if !slices.Equal(e.Entries, plan.Entries) {
		t.Errorf("entries %v went, and the plan had %v", e.Entries, plan.Entries)
	}
	p.isGone(ofMessages)
	if n := p.hits("ordinary note"); n != 1 {
		t.Errorf("a search for what else was in the file finds %d", n)
	}
	if n := countFiles(t, blobPath(p.cfg)); n > blobs-4 {
		t.Errorf("%d files of blobs, before %d", n, blobs)
	}
	p.verify()
	view, err := p.app.view(ctx, p.id, mustSize(t, p.app, p.id))
	p.must(err)
	s, err := export.Show(view, export.Spec{Kind: export.Complete, Files: true})
	p.must(err)
	var told []string
	for _, f := range s.AddedFiles() {
		told = append(told, fmt.Sprint(f.Name, " ", f.Begun > 0, " ", f.Ended > 0, " ", f.InBundle))
	}
	if want := []string{"first.zip false true false", "again.zip false true false", "before.zip true true true"}; !slices.Equal(told, want) {
		t.Errorf("a bundle tells of %v, want %v", told, want)
	}
	p.must(p.app.rebuild(ctx, p.id))
	p.reopen()
	p.isGone(ofMessages)
	p.close()
	p.inFiles(ofMessages)
}

// entriesOfNotes names what the sender posted and wrote on the other platform.
func (p *plot) entriesOfNotes() (out []uint64) {
	theirs, _ := p.messages()
	for _, m := range theirs {
		out = append(out, m.Captures[len(m.Captures)-1])
	}
	return out
}

// A message whose erasure was asked for is hidden: a bundle that is made
// meanwhile has no file in which it stands.
func TestHiddenIsInNoFile_B6(t *testing.T) {
	p := newPlot(t, func(cfg *config.Config) { cfg.Erase.Days = 1 })
	first, again, _ := p.addFiles()
	_, err := p.app.cases.AskErasure(t.Context(), p.actor, p.id, []uint64{p.noteEntry()}, goneReason)
	p.must(err)
	var b bytes.Buffer
	e, err := p.app.exportFor(t.Context(), p.actor, p.id, export.Spec{Kind: export.Complete, Files: true}, bundle.Recipients{}, &b, nil)
	p.must(err)
	if e.Shown.Holds(first) || e.Shown.Holds(again) {
		t.Error("the bundle has a file in which the message stands")
	}
	if strings.Contains(unzipped(t, b.Bytes()), "in a message") {
		t.Error("the text stands in the bundle")
	}
	p.close()
}

// D14: with the files or without them, a bundle can be put back, and the log is
// whole there.
func TestLeaveWithFiles_D14(t *testing.T) {
	p := newPlot(t, onSQLite)
	first, _, _ := p.addFiles()
	for _, with := range []bool{false, true} {
		t.Run(fmt.Sprintf("with files %v", with), func(t *testing.T) {
			var b bytes.Buffer
			e, err := p.app.exportFor(t.Context(), p.actor, p.id, export.Spec{Kind: export.Complete, Files: with}, bundle.Recipients{}, &b, nil)
			p.must(err)
			r := bytes.NewReader(b.Bytes())
			checked, err := bundles.File(t.Context(), r, r.Size(), bundles.Options{Keys: []daybook.Digest{p.app.log.Fingerprint()}})
			if err != nil || checked.Answer != archive.OK || checked.Files != map[bool]int{true: 3}[with] || checked.FilesLeftOut != map[bool]int{false: 6}[with] {
				t.Fatalf("%s %v, %d files, %d pieces left out, %v", checked.Answer, checked.Problems, checked.Files, checked.FilesLeftOut, err)
			}
			if in := strings.Contains(unzipped(t, b.Bytes()), " | and more"); in != with {
				t.Errorf("the bytes of a file are in the bundle: %v", in)
			}
			cfg := killConfig(t.TempDir())
			a, err := openApp(t.Context(), cfg, appOptions{log: slog.New(slog.DiscardHandler), clock: time.Now, notice: io.Discard})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close() //nolint:errcheck // looked at only
			h, err := bundles.Handover(r, r.Size())
			p.must(err)
			h.Reason, h.Name = "moves", "Garden"
			id, err := a.restoreHandover(t.Context(), p.actor, h)
			p.must(err)
			report, err := a.log.Verify(t.Context(), id)
			if err != nil || report.Answer != archive.OK {
				t.Errorf("verify: %+v, %v", report, err)
			}
			if diff := len(itemsOf(t, p.app, p.id, e.Checkpoint.Size)) - len(itemsOf(t, a, id, e.Checkpoint.Size)); diff != 0 {
				t.Errorf("%d files of entries are not handed over again", diff)
			}
			entry, err := a.log.Entry(t.Context(), id, first)
			p.must(err)
			_, err = a.log.Blob(t.Context(), id, entry.Record.Blobs[0])
			if with != (err == nil) {
				t.Errorf("the piece of the file: %v", err)
			}
			if missing := len(entry.Record.Blobs); missing != 2 {
				t.Errorf("%d pieces", missing)
			}
			// It can go on: the same pieces again are what they were.
			if _, err := a.log.PutBlob(t.Context(), id, []byte("something else")); err != nil {
				t.Error(err)
			}
		})
	}
	p.close()
}
