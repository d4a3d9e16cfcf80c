package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/export"
	bundles "daybook/export/check"
	"daybook/web"
)

// A desk is a plot with somebody who makes bundles beside its pages.
type bundleDesk struct {
	*plot
	*handover
}

func newBundleDesk(t *testing.T) bundleDesk {
	p := newPlot(t, onSQLite)
	t.Cleanup(p.close)
	h, err := newHandover(p.app)
	p.must(err)
	t.Cleanup(func() { h.stop(); h.wg.Wait() })
	return bundleDesk{p, h}
}

// make makes a bundle and returns it when it is done.
func (d bundleDesk) make(o web.Order) web.BundleJob {
	d.t.Helper()
	id, err := d.Start(d.t.Context(), d.actor, d.id, o)
	d.must(err)
	d.wg.Wait()
	j := d.Making(d.id)[0]
	if j.ID != id {
		d.t.Fatalf("the newest bundle is %s, want %s", j.ID, id)
	}
	return j
}

func (d bundleDesk) read(j web.BundleJob) []byte {
	d.t.Helper()
	f, err := d.Open(d.id, j.ID)
	d.must(err)
	defer f.Close() //nolint:errcheck // only read from
	b, err := io.ReadAll(f)
	d.must(err)
	return b
}

// spooled lists what lies in the spool.
func (d bundleDesk) spooled() (names []string) {
	d.t.Helper()
	entries, err := os.ReadDir(d.spool())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (d bundleDesk) spool() string { return spoolPath(d.cfg) }

// A bundle that waits to be saved lies on the disk, and nothing of it in the
// clear; it is whole, checks, and covers what was asked without being named.
func TestBundleWaitsEncrypted_C20_B3(t *testing.T) {
	d := newBundleDesk(t)
	j := d.make(web.Order{Spec: export.Spec{Kind: export.Complete, Mark: "WA", For: "the police"}, Own: true, Others: true, Session: "one"})
	if j.State != web.BundleReady || j.Session != "one" || j.For != "the police" || j.Messages != 3 || j.Done != j.Total || j.Total == 0 {
		t.Fatalf("got %+v", j)
	}
	if n := len(d.spooled()); n != 1 {
		t.Fatalf("%d files lie in the spool", n)
	}
	d.inFiles([]string{goneText, goneEdited, goneHandle, goneFile, goneAlt, goneOwn, "bagit.txt", "timeline.csv"})

	b := d.read(j)
	if int64(len(b)) != j.Bytes || daybook.DigestOf(b) != j.Check {
		t.Errorf("the file has %d bytes and another check number", len(b))
	}
	r, err := bundles.File(t.Context(), bytes.NewReader(b), int64(len(b)), bundles.Options{})
	if err != nil || len(r.Problems) > 0 {
		t.Errorf("checked: %+v, %v", r.Problems, err)
	}
	all := unzipped(t, b)
	if !strings.Contains(all, goneText) || strings.Contains(all, goneOwn) {
		t.Error("the bundle lacks what was written, or holds an own detail")
	}
	d.must(d.Saved(d.id, j.ID))
	if _, err := d.Open(d.id, j.ID); !errors.Is(err, daybook.ErrNotFound) || len(d.spooled()) != 0 {
		t.Errorf("after it was saved: %v, %v", err, d.spooled())
	}
	if j := d.Making(d.id)[0]; j.State != web.BundleSaved {
		t.Errorf("after it was saved it is %s", j.State)
	}
}

// unzipped is the content of all files of a zip, one after the other.
func unzipped(t *testing.T, b []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
		all.WriteString(f.Name)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// The same order over the same entries gives the same bytes, also after the
// record has grown and the own details have changed.
func TestBundleAgain_B10(t *testing.T) {
	d := newBundleDesk(t)
	first := d.make(web.Order{Spec: export.Spec{Kind: export.Complete, For: "a solicitor"}, Own: true, Others: true, Replies: true})
	d.must(d.plot.app.cases.AddOwn(t.Context(), d.actor, d.id, daybook.OwnDetail{Kind: daybook.OwnPhone, Value: "07700 900123"}))
	d.tick(time.Hour)
	d.collect()
	made, err := d.Made(t.Context(), d.id, 10)
	if err != nil || len(made) != 1 || made[0].Check != first.Check || made[0].For != "a solicitor" || !made[0].Again || !made[0].Complete {
		t.Fatalf("made: %+v, %v", made, err)
	}
	o, err := d.Again(t.Context(), d.id, made[0].Entry)
	d.must(err)
	p, err := d.Preview(t.Context(), d.actor, d.id, o)
	if err != nil || p.Size != first.Lines {
		t.Errorf("looked through: %+v, %v", p, err)
	}
	again := d.make(o)
	if again.State != web.BundleReady || again.Check != first.Check || again.Before != first.Check || again.Lines != first.Lines {
		t.Errorf("got %+v (%v), want the check number %s over %d lines", again, again.Err, first.Check, first.Lines)
	}
	for _, n := range []uint64{0, made[0].Entry + 1, 1 << 40} {
		if _, err := d.Again(t.Context(), d.id, n); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("entry %d is no bundle: %v", n, err)
		}
	}
}

// One at a time for a case; it can be ended, and leaves nothing.
func TestBundleIsEnded(t *testing.T) {
	d := newBundleDesk(t)
	d.turn <- struct{}{} // somebody else's is being made
	o := web.Order{Spec: export.Spec{Kind: export.Complete}}
	id, err := d.Start(t.Context(), d.actor, d.id, o)
	d.must(err)
	if _, err := d.Start(t.Context(), d.actor, d.id, o); !errors.Is(err, web.ErrBundleBusy) {
		t.Errorf("a second one: %v", err)
	}
	if j := d.Making(d.id)[0]; j.State != web.BundleMaking {
		t.Errorf("it is %s", j.State)
	}
	d.must(d.Drop(d.id, id))
	d.wg.Wait()
	<-d.turn
	if j := d.Making(d.id)[0]; j.State != web.BundleEnded || len(d.spooled()) != 0 {
		t.Errorf("it is %s, and the spool has %v", j.State, d.spooled())
	}
	made, err := d.Made(t.Context(), d.id, 10)
	if err != nil || len(made) != 0 {
		t.Errorf("the log tells of %+v, %v", made, err)
	}
	if err := d.Drop(d.id, daybook.NewID()); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	j := d.make(o)
	d.must(d.Drop(d.id, j.ID))
	if len(d.spooled()) != 0 {
		t.Errorf("removed, and the spool has %v", d.spooled())
	}
}

// A bundle that nobody saves is removed after an hour, and after a restart.
func TestBundleIsRemoved_C20(t *testing.T) {
	d := newBundleDesk(t)
	j := d.make(web.Order{Spec: export.Spec{Kind: export.Complete}})
	d.now = d.now.Add(59 * time.Minute)
	if _, err := d.Open(d.id, j.ID); err != nil {
		t.Errorf("after 59 minutes: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	if all := d.Making(d.id); len(all) != 0 || len(d.spooled()) != 0 {
		t.Errorf("after an hour: %+v, %v", all, d.spooled())
	}
	d.make(web.Order{Spec: export.Spec{Kind: export.Complete}})
	if _, err := newHandover(d.plot.app); err != nil || len(d.spooled()) != 0 {
		t.Errorf("after a restart: %v, %v", d.spooled(), err)
	}
}

// What cannot be made says so, and nothing is left.
func TestBundleCannotBeMade(t *testing.T) {
	d := newBundleDesk(t)
	reader, err := d.plot.app.cases.NewUser(t.Context(), d.actor, "Ida", "")
	d.must(err)
	_, err = d.plot.app.cases.Grant(t.Context(), d.actor, cases.Grant{Case: d.id, User: reader.ID, Role: cases.Reader, Reason: "test"})
	d.must(err)
	actor, err := d.plot.app.cases.Actor(t.Context(), reader, d.id, "web")
	d.must(err)
	o := web.Order{Spec: export.Spec{Kind: export.Complete}}
	if _, err := d.Start(t.Context(), actor, d.id, o); !errors.Is(err, daybook.ErrForbidden) {
		t.Errorf("by somebody who may not: %v", err)
	}
	if _, err := d.Preview(t.Context(), actor, d.id, o); !errors.Is(err, daybook.ErrForbidden) {
		t.Errorf("looked through by somebody who may not: %v", err)
	}
	o.Spec.Kind, o.Spec.Entries = export.Selection, []uint64{1 << 40}
	if _, err := d.Preview(t.Context(), d.actor, d.id, o); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("looked through: %v", err)
	}
	if j := d.make(o); j.State != web.BundleFailed || !errors.Is(j.Err, daybook.ErrInvalid) || len(d.spooled()) != 0 {
		t.Errorf("got %+v, %v", j, d.spooled())
	}
	o.Receivers = []string{"age1wrong"}
	if _, err := d.Start(t.Context(), d.actor, d.id, o); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("for a key that is none: %v", err)
	}
}

// Other people whom the platform marks are covered under every name that it
// gives, those who write are not, and what the person wrote goes if it is to.
func TestBundleCoversOthers_B4(t *testing.T) {
	d := newBundleDesk(t)
	d.server.Person("quokkadee@ponds.example", "Quokkadee Aldous")
	kestrel := d.server.Person("kestrel@birds.example", "Kestrel")
	kestrel.Post("@wren tell @quokkadee@ponds.example that I am here")
	d.wren.Direct(kestrel, "quokkareply, leave her alone")
	d.tick(time.Minute)
	d.collect()
	o := web.Order{Spec: export.Spec{Kind: export.Complete}, Others: true, Replies: true}
	p, err := d.Preview(t.Context(), d.actor, d.id, o)
	d.must(err)
	at := func(list []web.BundleEffect, as string, f export.Field) (n int) {
		for _, e := range list {
			if e.As == as && e.Field == f {
				n = len(e.Where)
			}
		}
		return n
	}
	if n := at(p.Covered, "Person 1", ""); n != 1 {
		t.Errorf("Person 1 is covered in %d messages: %+v", n, p.Covered)
	}
	if n := at(p.Covered, "Person 2", ""); n != 0 {
		t.Errorf("somebody who wrote is covered: %+v", p.Covered)
	}
	if n := at(p.Withheld, "", export.FieldText); n != 1 {
		t.Errorf("%d texts are withheld: %+v", n, p.Withheld)
	}
	all := strings.ToLower(unzipped(t, d.read(d.make(o))))
	for _, word := range []string{"quokkadee", "quokkareply"} {
		if strings.Contains(all, word) {
			t.Errorf("the bundle holds %q", word)
		}
	}
	if !strings.Contains(all, "person 1") || !strings.Contains(all, goneHandle) {
		t.Error("the bundle does not name Person 1, or not who wrote")
	}
}
