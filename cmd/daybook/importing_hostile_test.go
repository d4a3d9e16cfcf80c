package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"daybook/collectors/upload"
	"daybook/web"
)

// A file that a reader stumbles over ends its own reading and nothing else, and
// what the reader had in its hands is not in the log.
func TestAddedFilePanics_E4(t *testing.T) {
	d := newInbox(t)
	formats := d.plot.app.formats
	d.plot.app.formats = []upload.Format{{Kind: "stumbles", Recognize: func(context.Context, upload.File) upload.Recognition { panic("quokkawords") }}}
	if j := d.add("a.zip", []byte("PK\x03\x04")); j.State != web.ImportFailed || len(d.waiting()) != 0 {
		t.Errorf("it is %s, the spool has %v", j.State, d.waiting())
	}
	if log := d.logged.String(); strings.Contains(log, "quokkawords") || !strings.Contains(log, "panicked") {
		t.Errorf("the log: %s", log)
	}
	d.plot.app.formats = formats
	for range cap(d.turn) + 1 { // the turns were given back
		j := d.add("a.zip", archiveOf(t, nil))
		if j.State != web.ImportChoosing {
			t.Fatalf("the next one is %s", j.State)
		}
		d.must(d.Drop(d.id, j.ID))
	}
}

// However many files of one case came to nothing, another case can add one.
func TestAddedFilesOfOneCase(t *testing.T) {
	d := newInbox(t)
	for range maxJobs {
		d.add("a.txt", []byte("words"))
	}
	c, err := d.plot.app.log.NewCase(t.Context(), d.actor, "another", "UTC")
	d.must(err)
	id, err := d.Take(t.Context(), d.actor, c, "a.zip", bytes.NewReader(archiveOf(t, nil)))
	if err != nil {
		t.Fatal(err)
	}
	d.wg.Wait()
	if all := d.Adding(c); len(all) != 1 || all[0].ID != id || len(d.jobs) > maxJobs {
		t.Errorf("%+v; %d are remembered", all, len(d.jobs))
	}
	// One that waits for somebody to choose does not make room.
	for range maxJobs {
		d.add("a.txt", []byte("words"))
	}
	if all := d.Adding(c); len(all) != 1 || all[0].State != web.ImportChoosing {
		t.Errorf("what waits was put away: %+v", all)
	}
	if _, err := d.Take(t.Context(), d.actor, c, "b.zip", strings.NewReader("PK")); !errors.Is(err, web.ErrImportBusy) {
		t.Errorf("a second one: %v", err)
	}
}

// Who takes part in the threads of a file is forgotten with it, whether it was read
// in or not: most of them were not chosen.
func TestAddedFileForgetsWho(t *testing.T) {
	d := newInbox(t)
	stopped := d.add("a.zip", archiveOf(t, nil))
	j, err := d.find(d.id, stopped.ID)
	d.must(err)
	j.cancel()
	d.must(d.Choose(t.Context(), d.actor, d.id, stopped.ID, web.ImportChoice{}))
	d.wg.Wait()
	done := d.add("b.zip", archiveOf(t, nil))
	d.must(d.Choose(t.Context(), d.actor, d.id, done.ID, web.ImportChoice{}))
	d.wg.Wait()
	for id, state := range map[string]web.ImportState{stopped.ID: web.ImportStopped, done.ID: web.ImportDone} {
		j := d.job(id)
		if j.State != state || j.Found == nil || j.Found.Title == "" || len(j.Found.Threads) != 0 || !j.Found.Owner.IsZero() {
			t.Errorf("it is %s, not %s, with %+v", j.State, state, j.Found)
		}
	}
}
