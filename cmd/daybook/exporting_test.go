package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"daybook/export"
)

// A bundle has its name when it is whole, or there is nothing.
func TestAFileThatAppearsWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "bundle.zip")
	full := errors.New("no space left on device")
	err := writeNew(name, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half of it"); err != nil {
			return err
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("a disk that is full: %v", err)
	}
	if left := namesIn(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := writeNew(name, func(w io.Writer) error {
		if left := namesIn(t, dir); len(left) != 1 || left[0] == "bundle.zip" {
			t.Errorf("while it is written: %v", left)
		}
		_, err := io.WriteString(w, "all of it")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := writeNew(name, func(io.Writer) error { t.Error("written although it is there"); return nil }); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	if err := writeNew(filepath.Join(dir, "late.zip"), func(io.Writer) error { return os.WriteFile(filepath.Join(dir, "late.zip"), []byte("theirs"), 0o600) }); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that came meanwhile: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "late.zip")); err != nil || string(b) != "theirs" {
		t.Errorf("it was overwritten: %q, %v", b, err)
	}
	if left := namesIn(t, dir); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func FuzzParseRedaction(f *testing.F) {
	for _, s := range []string{"text=17:private", "names=3", "attachments=18446744073709551615:x", "=:", "text=-1", "words=3:a:b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseRedaction(s)
		if err != nil {
			if status(err) != statusUsage {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if !slices.Contains(export.Fields(), r.Field) || r.Reason == "" {
			t.Errorf("%q became %+v", s, r)
		}
	})
}
