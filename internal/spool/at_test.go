package spool_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"testing"

	"daybook/internal/spool"
)

func at(t *testing.T, f *spool.File) *spool.ReaderAt {
	t.Helper()
	r, err := f.ReaderAt()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 7)
	}
	return b
}

// What is read at a place is what was written there, at each edge of a chunk.
func TestReadAt(t *testing.T) {
	const chunk = 64 << 10
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 40*chunk + 7} {
		want := content(size)
		r := at(t, write(t, t.TempDir(), want, 7000))
		for _, place := range []int{0, 1, chunk - 3, chunk, 2*chunk - 1, 20 * chunk, size - 1, size} {
			if place < 0 || place > size {
				continue
			}
			for _, n := range []int{1, 5, chunk, 3 * chunk} {
				got := make([]byte, n)
				read, err := r.ReadAt(got, int64(place))
				end := min(place+n, size)
				if !bytes.Equal(got[:read], want[place:end]) || (err != nil) != (place+n > size) || err != nil && !errors.Is(err, io.EOF) {
					t.Errorf("%d bytes of %d at %d: %d, %v", n, size, place, read, err)
				}
			}
		}
		if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
			t.Error("read before the beginning")
		}
	}
}

// Several read at the same time, each as if it were alone.
func TestReadAtTogether(t *testing.T) {
	want := content(3_000_000)
	r := at(t, write(t, t.TempDir(), want, 50_000))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			got, err := io.ReadAll(io.NewSectionReader(r, 0, int64(len(want))))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
	all.Wait()
}

// What was changed or cut off is not handed out.
func TestReadAtChanged(t *testing.T) {
	const sealed = 64<<10 + 16
	for _, tc := range []struct {
		name   string
		change func(b []byte) []byte
		place  int64
	}{
		{"a byte", func(b []byte) []byte { b[100] ^= 1; return b }, 0},
		{"the last byte", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, 149_000},
		{"cut off", func(b []byte) []byte { return b[:len(b)-5] }, 149_000},
		{"nothing left", func([]byte) []byte { return nil }, 0},
		{"chunks swapped", func(b []byte) []byte {
			return append(bytes.Clone(b[sealed:2*sealed]), append(b[:sealed:sealed], b[2*sealed:]...)...)
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			r := at(t, write(t, dir, content(150_000), 70_000))
			path := files(t, dir)[0]
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tc.change(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if n, err := r.ReadAt(make([]byte, 10), tc.place); !errors.Is(err, spool.ErrBroken) {
				t.Errorf("read %d bytes, %v", n, err)
			}
		})
	}
}
