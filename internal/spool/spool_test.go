package spool_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"daybook/internal/spool"
)

const plenty = 1 << 30

func write(t *testing.T, dir string, b []byte, step int) *spool.File {
	t.Helper()
	w, err := spool.Create(dir, plenty)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(b, step) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(f *spool.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read from
	return io.ReadAll(r)
}

// files returns the paths of a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 3 * 64 << 10, 200_001} {
		want := bytes.Repeat([]byte("a marker that stands out "), size/25+1)[:size]
		f := write(t, dir, want, 1000)
		got, err := read(f)
		if err != nil || !bytes.Equal(got, want) || f.Size() != int64(size) {
			t.Errorf("%d bytes: got %d, size %d, %v", size, len(got), f.Size(), err)
		}
		for _, path := range files(t, dir) {
			b, err := os.ReadFile(path)
			if err != nil || bytes.Contains(b, []byte("marker")) {
				t.Errorf("%d bytes: the file holds what was written, %v", size, err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("others may read it: %v, %v", info.Mode(), err)
			}
		}
		if err := errors.Join(f.Remove(), f.Remove()); err != nil || len(files(t, dir)) != 0 {
			t.Errorf("after removing: %v, %v", files(t, dir), err)
		}
	}
}

// What was changed, moved or cut off is noticed where it happened.
func TestChanged(t *testing.T) {
	const sealed = 64<<10 + 16
	for _, tc := range []struct {
		name   string
		change func(b []byte) []byte
	}{
		{"a byte", func(b []byte) []byte { b[100] ^= 1; return b }},
		{"the last byte", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }},
		{"cut within a chunk", func(b []byte) []byte { return b[:len(b)-5] }},
		{"cut after a chunk", func(b []byte) []byte { return b[:sealed] }},
		{"nothing left", func([]byte) []byte { return nil }},
		{"more", func(b []byte) []byte { return append(b, 0) }},
		{"chunks swapped", func(b []byte) []byte {
			return slices.Concat(b[sealed:2*sealed], b[:sealed], b[2*sealed:])
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			f := write(t, dir, make([]byte, 150_000), 70_000)
			path := files(t, dir)[0]
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tc.change(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := read(f); !errors.Is(err, spool.ErrBroken) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	dir := t.TempDir()
	w, err := spool.Create(dir, 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte{1}); !errors.Is(err, spool.ErrFull) {
		t.Errorf("got %v", err)
	}
	if _, err := w.Close(); !errors.Is(err, spool.ErrFull) {
		t.Errorf("got %v", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestAbortAndClear(t *testing.T) {
	dir := t.TempDir()
	w, err := spool.Create(dir, plenty)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil || len(files(t, dir)) != 0 {
		t.Errorf("left %v, %v", files(t, dir), err)
	}
	write(t, dir, []byte("left by a crash"), 5)
	other := filepath.Join(dir, "somebody else’s")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := spool.Clear(dir); err != nil || !slices.Equal(files(t, dir), []string{other}) {
		t.Errorf("left %v, %v", files(t, dir), err)
	}
	if err := spool.Clear(filepath.Join(dir, "not there")); err != nil {
		t.Error(err)
	}
}
