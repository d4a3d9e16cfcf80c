package index_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
)

// fakeTombs are the messages that are hidden.
type fakeTombs struct{ now archive.Tombs }

func (f *fakeTombs) Tombs(context.Context, daybook.CaseID) (archive.Tombs, error) { return f.now, nil }

// What is hidden is not found though the log still has it, also after the index
// was made again; what is brought back is.
func TestHiddenIsNotFound_B6_C10(t *testing.T) {
	w := newWorld(t)
	w.put(message{name: "hidden", text: "quokkazebra is here"}, message{name: "stays", text: "nothing to see"})
	tombs := &fakeTombs{}
	restart := func() {
		t.Helper()
		w.close()
		cfg := w.config()
		cfg.Tombs = tombs
		w.openWith(cfg)
		if err := w.x.Drop(t.Context(), w.c); err != nil {
			t.Fatal(err)
		}
		w.follow(w.c)
	}
	expect := func(hidden ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, hidden...), w.found(w.parse("quokkazebra"))); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"stays"}, w.found(w.parse("nothing"))); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	}
	restart()
	expect("hidden")
	key, err := w.keys.Case(t.Context(), w.c)
	if err != nil {
		t.Fatal(err)
	}
	mac := key.MessageMAC(message{name: "hidden"}.key())
	tombs.now = archive.NewTombs(false, [][]byte{mac[:16]})
	restart()
	expect()
	w.put(message{name: "hidden", text: "quokkazebra is back"}) // it comes once more
	expect()
	tombs.now = archive.Tombs{}
	restart()
	expect("hidden")
	tombs.now = archive.NewTombs(true, nil)
	restart()
	if got := w.found(w.parse("nothing")); len(got) > 0 {
		t.Errorf("of a case that is hidden it finds %v", got)
	}
}

// An index whose case lost its key is removed if it is open.
func TestForget_B6(t *testing.T) {
	w := newWorld(t)
	w.put(message{name: "gone", text: "quokkazebra is here"})
	folderFile(t, w.dir, "key")
	if err := w.x.Forget(w.c); err != nil {
		t.Fatal(err)
	}
	if err := w.x.Forget(w.c); err != nil {
		t.Errorf("once more: %v", err)
	}
	w.follow(w.c)
	if diff := cmp.Diff([]string{"gone"}, w.found(w.parse("quokkazebra"))); diff != "" {
		t.Errorf("a new one finds (-want +got):\n%s", diff)
	}
}

// Folders of no case go; those of cases, and what is no index, stay.
func TestSweep_B6(t *testing.T) {
	w := newWorld(t)
	w.put(message{name: "stays", text: "nothing to see"})
	w.close()
	orphan, other := filepath.Join(w.dir, strings.Repeat("ab", 16)), filepath.Join(w.dir, "notes")
	for _, dir := range []string{orphan, other} {
		if err := os.MkdirAll(filepath.Join(dir, "words"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.open()
	err := w.x.Sweep(t.Context(), func(context.Context) ([]daybook.CaseID, error) { return []daybook.CaseID{w.c, "gone"}, nil })
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(w.dir)
	if err != nil || len(left) != 2 {
		t.Errorf("%d folders are left, %v; want that of the case and the other one", len(left), err)
	}
	if _, err := os.Stat(orphan); !os.IsNotExist(err) {
		t.Errorf("the folder of no case: %v", err)
	}
	if diff := cmp.Diff([]string{"stays"}, w.found(w.parse("nothing"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
