package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/internal/spool"
	"daybook/web"
)

// recorded is an account archive as X made them, with made-up people.
const recorded = "../../collectors/upload/xarchive/testdata/twitter-2026-11-18.zip"

// archiveOf returns the recorded archive with changes to the text of its members.
func archiveOf(t *testing.T, change func(member, text string) string) []byte {
	t.Helper()
	b, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	if change == nil {
		return b
	}
	from, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	to := zip.NewWriter(&out)
	for _, f := range from.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := to.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, change(f.Name, string(text))); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// An inbox is a plot with somebody who reads the files that are added on its
// pages.
type inbox struct {
	*plot
	*importing
}

func newInbox(t *testing.T) inbox {
	p := newPlot(t, onSQLite)
	t.Cleanup(p.close)
	m, err := newImporting(p.app)
	p.must(err)
	t.Cleanup(func() { m.stop(); m.wg.Wait() })
	return inbox{p, m}
}

// add adds a file and returns what came of it when it was looked through.
func (d inbox) add(name string, b []byte) web.ImportJob {
	d.t.Helper()
	id, err := d.Take(d.t.Context(), d.actor, d.id, name, bytes.NewReader(b))
	d.must(err)
	d.wg.Wait()
	return d.job(id)
}

func (d inbox) job(id string) web.ImportJob {
	d.t.Helper()
	for _, j := range d.Adding(d.id) {
		if j.ID == id {
			return j
		}
	}
	d.t.Fatal("the file is not among those that are being added")
	return web.ImportJob{}
}

// readIn reads a file in, as it is usually chosen from.
func (d inbox) readIn(b []byte, choice web.ImportChoice) (web.ImportJob, web.ImportMade) {
	d.t.Helper()
	j := d.add("archive.zip", b)
	if j.State != web.ImportChoosing {
		d.t.Fatalf("it is %s: %s %s", j.State, j.What, j.Hint)
	}
	d.must(d.Choose(d.t.Context(), d.actor, d.id, j.ID, choice))
	d.wg.Wait()
	j = d.job(j.ID)
	if j.State != web.ImportDone {
		d.t.Fatalf("it is %s: %s %s", j.State, j.What, j.Hint)
	}
	made, err := d.AddedAt(d.t.Context(), d.id, j.Entry)
	d.must(err)
	return j, made
}

// waiting lists what lies in the spool.
func (d inbox) waiting() (names []string) {
	d.t.Helper()
	found, err := filepath.Glob(filepath.Join(importSpool(d.cfg), "*"))
	d.must(err)
	return found
}

func (d inbox) size() uint64 {
	d.t.Helper()
	n, _, err := d.plot.app.log.Head(d.t.Context(), d.id)
	d.must(err)
	return n
}

// A file that is added lies on the disk, and nothing of it in the clear; what is
// in it is said before anything is kept; then it is read in, and read in again
// without keeping anything twice.
func TestAddedFileIsReadIn_C20(t *testing.T) {
	d := newInbox(t)
	before := d.size()
	marked := archiveOf(t, func(member, text string) string {
		return strings.ReplaceAll(text, "I know you read this", "quokkainfile")
	})
	j := d.add("quokkaname.zip", marked)
	if j.State != web.ImportChoosing || j.Found.Title != "X account archive" || j.Found.Owner.Native != "1480000101" || j.Found.Known || j.Found.Messages < 20 || len(j.Found.Threads) < 3 {
		t.Fatalf("got %+v, found %+v", j, j.Found)
	}
	if len(d.waiting()) != 1 || d.size() != before {
		t.Fatalf("%v lie in the spool, and the record has %d lines, had %d", d.waiting(), d.size(), before)
	}
	d.inFiles([]string{"quokkainfile", "quokkaname", "maralindqvist", "THAR_CONFIG"})

	d.must(d.Choose(t.Context(), d.actor, d.id, j.ID, web.ImportChoice{}))
	d.wg.Wait()
	if j = d.job(j.ID); j.State != web.ImportDone || len(d.waiting()) != 0 {
		t.Fatalf("it is %s, the spool has %v", j.State, d.waiting())
	}
	d.inFiles([]string{"quokkainfile", "quokkaname", "maralindqvist", "THAR_CONFIG"})
	made, err := d.AddedAt(t.Context(), d.id, j.Entry)
	d.must(err)
	rep := made.Import.Report
	if made.Import.Event != daybook.ImportDone || !made.Whole || made.Unfinished || made.Import.Name != "quokkaname.zip" || rep.New == 0 || rep.New != rep.Messages || rep.Known != 0 {
		t.Errorf("made %+v, report %+v", made, rep)
	}
	found, _, err := d.plot.app.db.List(t.Context(), d.id, daybook.MessageFilter{}, 1000, "")
	d.must(err)
	of := 0
	for _, m := range found {
		if m.Platform == "x" {
			of++
		}
	}
	if of < rep.New {
		t.Errorf("%d messages are listed, and the report says %d", of, rep.New)
	}

	again := d.add("quokkaname.zip", marked)
	if !again.Found.Known || again.Found.Before.IsZero() {
		t.Errorf("the second time: %+v", again.Found)
	}
	d.must(d.Choose(t.Context(), d.actor, d.id, again.ID, web.ImportChoice{}))
	d.wg.Wait()
	second, err := d.AddedAt(t.Context(), d.id, d.job(again.ID).Entry)
	d.must(err)
	if r := second.Import.Report; r.New != 0 || r.Known != rep.New || r.Gone != 0 {
		t.Errorf("the second time: %+v", r)
	}
	all, err := d.Added(t.Context(), d.id, 10)
	d.must(err)
	if len(all) != 2 || all[0].Entry != second.Entry || all[1].Entry != made.Entry || !all[1].Whole {
		t.Errorf("of before: %+v", all)
	}
	if one, err := d.Added(t.Context(), d.id, 1); err != nil || len(one) != 1 || one[0].Entry != second.Entry {
		t.Errorf("the newest: %+v, %v", one, err)
	}
}

// What is left out is not kept, and neither is the file then.
func TestAddedFileInPart_D5(t *testing.T) {
	d := newInbox(t)
	sender := daybook.Handle{Platform: "x", Native: "2220000101"}
	_, made := d.readIn(archiveOf(t, nil), web.ImportChoice{Exclude: []daybook.Handle{sender}})
	if made.Whole || made.Import.Report.Excluded == 0 {
		t.Errorf("made %+v, report %+v", made, made.Import.Report)
	}
	found, _, err := d.plot.app.db.List(t.Context(), d.id, daybook.MessageFilter{}, 1000, "")
	d.must(err)
	for _, m := range found {
		if m.Sender.Same(sender) {
			t.Errorf("entry %v is of a sender who was left out", m.Captures)
		}
	}
}

// A message that an earlier file held, and a later one does not, is named.
func TestAddedFileLacksOne(t *testing.T) {
	d := newInbox(t)
	d.now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC) // both files have been made by then
	d.readIn(archiveOf(t, nil), web.ImportChoice{})
	later := archiveOf(t, func(member, text string) string {
		text = strings.ReplaceAll(text, "2026-11-18T08:00:00.000Z", "2026-11-25T08:00:00.000Z")
		if strings.HasSuffix(member, "/direct-messages.js") || strings.HasSuffix(member, "/direct-message-headers.js") {
			from := strings.Index(text, `{
          "messageCreate"`)
			to := from + strings.Index(text[from:], "},\n        {") + len("},")
			text = text[:from] + text[to:]
		}
		return text
	})
	_, made := d.readIn(later, web.ImportChoice{})
	if made.Import.Report.Gone != 1 || len(made.Gone) != 1 {
		t.Fatalf("gone: %d, %v", made.Import.Report.Gone, made.Gone)
	}
	m, err := d.plot.app.db.Message(t.Context(), d.id, made.Gone[0])
	if err != nil || m.State != daybook.Gone || m.Text != "I know you read this" {
		t.Errorf("entry %d is %+v, %v", made.Gone[0], m, err)
	}
}

// What cannot be read says why, and leaves nothing: not in the spool, not in the
// record.
func TestAddedFileRefused(t *testing.T) {
	d := newInbox(t)
	whole := archiveOf(t, nil)
	before := d.size()
	for _, tc := range []struct {
		name, file string
		content    []byte
		what       string
	}{
		{"a page", "Your archive.html", []byte("<!doctype html><title>Your archive</title>"), ""},
		{"cut off", "archive.zip", whole[:len(whole)/2], ""},
		{"another platform’s", "WhatsApp Chat with Sam.txt", []byte("Messages are end-to-end encrypted."), "WhatsApp"},
		{"a hostile name", "\u202Egpj.<script>.zip", []byte("PK\x03\x04"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := d.add(tc.file, tc.content)
			if j.State != web.ImportRefused || j.What == "" || j.Hint == "" || !strings.Contains(j.What, tc.what) || j.Found != nil {
				t.Errorf("it is %s: %q, %q", j.State, j.What, j.Hint)
			}
			if len(d.waiting()) != 0 || d.size() != before {
				t.Errorf("the spool has %v, the record %d lines, had %d", d.waiting(), d.size(), before)
			}
		})
	}
	d.limit = 100
	if _, err := d.Take(t.Context(), d.actor, d.id, "a.zip", bytes.NewReader(whole)); !errors.Is(err, web.ErrImportLarge) || len(d.waiting()) != 0 {
		t.Errorf("too large: %v, %v", err, d.waiting())
	}
	if _, err := d.Take(t.Context(), d.actor, d.id, "a.zip", strings.NewReader("")); !errors.Is(err, daybook.ErrInvalid) || len(d.waiting()) != 0 {
		t.Errorf("empty: %v, %v", err, d.waiting())
	}
	broken := io.MultiReader(bytes.NewReader(whole[:50]), errReader{io.ErrUnexpectedEOF})
	if _, err := d.Take(t.Context(), d.actor, d.id, "a.zip", broken); !errors.Is(err, io.ErrUnexpectedEOF) || len(d.waiting()) != 0 {
		t.Errorf("cut off on its way: %v, %v", err, d.waiting())
	}
	if len(d.Adding(d.id)) != 4 {
		t.Errorf("what never came in is remembered: %+v", d.Adding(d.id))
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// A file waits for an hour, and not over a restart; one is read at a time.
func TestAddedFileWaits(t *testing.T) {
	d := newInbox(t)
	whole := archiveOf(t, nil)
	j := d.add("a.zip", whole)
	if _, err := d.Take(t.Context(), d.actor, d.id, "b.zip", bytes.NewReader(whole)); !errors.Is(err, web.ErrImportBusy) {
		t.Errorf("a second one: %v", err)
	}
	d.now = d.now.Add(59 * time.Minute)
	if len(d.Adding(d.id)) != 1 {
		t.Error("after 59 minutes it is gone")
	}
	d.now = d.now.Add(time.Minute)
	if all := d.Adding(d.id); len(all) != 0 || len(d.waiting()) != 0 {
		t.Errorf("after an hour: %+v, %v", all, d.waiting())
	}
	if err := d.Choose(t.Context(), d.actor, d.id, j.ID, web.ImportChoice{}); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("chosen from after an hour: %v", err)
	}
	d.add("a.zip", whole)
	if _, err := newImporting(d.plot.app); err != nil || len(d.waiting()) != 0 {
		t.Errorf("after a restart: %v, %v", d.waiting(), err)
	}
	if err := spool.Clear(spoolPath(d.cfg)); err != nil {
		t.Error(err)
	}
}

// Whoever stops an import before it began keeps nothing; a file that was not
// chosen from is removed at once.
func TestAddedFileStopped(t *testing.T) {
	d := newInbox(t)
	whole, before := archiveOf(t, nil), d.size()
	j := d.add("a.zip", whole)
	d.must(d.Drop(d.id, j.ID))
	if len(d.waiting()) != 0 || len(d.Adding(d.id)) != 0 {
		t.Errorf("dropped, and there is %v, %+v", d.waiting(), d.Adding(d.id))
	}
	j = d.add("a.zip", whole)
	d.turn <- struct{}{}
	d.turn <- struct{}{}
	d.must(d.Choose(t.Context(), d.actor, d.id, j.ID, web.ImportChoice{}))
	if j := d.job(j.ID); j.State != web.ImportReading {
		t.Errorf("it is %s", j.State)
	}
	d.must(d.Drop(d.id, j.ID))
	d.wg.Wait()
	<-d.turn
	<-d.turn
	if j := d.job(j.ID); j.State != web.ImportStopped || j.Begun || len(d.waiting()) != 0 || d.size() != before {
		t.Errorf("it is %+v, the spool has %v, the record %d lines, had %d", j, d.waiting(), d.size(), before)
	}
	if err := d.Drop(d.id, daybook.NewID()); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}

// A file that was being read in when the program died says so.
func TestAddedFileUnfinished(t *testing.T) {
	d := newInbox(t)
	begun := func(id string, at time.Time) {
		r := daybook.NewRecord(daybook.RecordImport, daybook.Import{ID: id, Event: daybook.ImportBegun, Account: d.account.ID, Name: "a.zip", Kind: "x-archive", Parser: "x/1"})
		r.Actor, r.Logged = d.actor, at
		_, err := d.plot.app.log.Append(t.Context(), d.id, []daybook.Record{r})
		d.must(err)
	}
	begun("one", d.started.Add(-time.Minute))
	begun("two", d.started.Add(time.Minute))
	all, err := d.Added(t.Context(), d.id, 10)
	d.must(err)
	if len(all) != 2 || !all[0].Unfinished || !all[1].Unfinished {
		t.Errorf("nobody reads them: %+v", all)
	}
	if _, err := d.AddedAt(t.Context(), d.id, all[0].Entry+100); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("an entry that is not there: %v", err)
	}
	if _, err := d.AddedAt(t.Context(), d.id, 1); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("an entry of another kind: %v", err)
	}
}

// Whoever may not read files in does not.
func TestAddedFileWhoMay_D6(t *testing.T) {
	d := newInbox(t)
	reader, err := d.plot.app.cases.NewUser(t.Context(), d.actor, "Ida", "")
	d.must(err)
	_, err = d.plot.app.cases.Grant(t.Context(), d.actor, cases.Grant{Case: d.id, User: reader.ID, Role: cases.Reader, Reason: "test"})
	d.must(err)
	actor, err := d.plot.app.cases.Actor(t.Context(), reader, d.id, "web")
	d.must(err)
	if _, err := d.Take(t.Context(), actor, d.id, "a.zip", strings.NewReader("PK")); !errors.Is(err, daybook.ErrForbidden) || len(d.waiting()) != 0 {
		t.Errorf("taken from somebody who may not: %v, %v", err, d.waiting())
	}
	j := d.add("a.zip", archiveOf(t, nil))
	if err := d.Choose(t.Context(), actor, d.id, j.ID, web.ImportChoice{}); !errors.Is(err, daybook.ErrForbidden) {
		t.Errorf("chosen from by somebody who may not: %v", err)
	}
	if slices.ContainsFunc(d.Adding(d.id), func(j web.ImportJob) bool { return j.State != web.ImportChoosing }) {
		t.Errorf("%+v", d.Adding(d.id))
	}
}
