package uploadtest

import (
	"archive/zip"
	"bytes"
	"io"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/upload"
)

// memoryLimit is how much more memory reading a large file may take, in bytes.
const memoryLimit = 64 << 20

// cut opens the file without its end. It is refused, or nothing that counts is
// missing.
func (s Suite) cut(t *testing.T, f Fixture) {
	whole := content(t, f.File)
	want := s.print(t, f.File, f.Options)
	for i := range s.Cuts {
		n := len(whole) * i / s.Cuts
		s.damaged(t, Memory(f.File.Name, whole[:n]), f.Options, want)
	}
	s.damaged(t, Memory(f.File.Name, whole[:len(whole)-1]), f.Options, want)
	s.damaged(t, Memory(f.File.Name, append(bytes.Clone(whole), 0)), f.Options, want)
}

// changed opens the file with one byte changed.
func (s Suite) changed(t *testing.T, f Fixture) {
	whole := content(t, f.File)
	want := s.print(t, f.File, f.Options)
	for i := range s.Cuts {
		b := bytes.Clone(whole)
		b[(len(b)*i+len(b)/2)/s.Cuts] ^= 1 << (i % 8)
		s.damaged(t, Memory(f.File.Name, b), f.Options, want)
	}
}

// damaged opens a file that is not whole: it is refused, or gives what the whole
// file gives.
func (s Suite) damaged(t *testing.T, f upload.File, o upload.Options, want []string) {
	t.Helper()
	format, r, err := upload.Recognize(t.Context(), f, s.Format)
	if err == nil && (format.Kind == "" || r.Needs != "") {
		t.Errorf("%d bytes: recognized as %q, %+v", f.Size, format.Kind, r)
	}
	if err != nil {
		if err := says(err); err != nil {
			t.Errorf("%d bytes: recognize: %v", f.Size, err)
		}
	}
	e, err := s.Format.Open(t.Context(), f, o)
	if err != nil {
		if err := says(err); err != nil {
			t.Errorf("%d bytes: %v", f.Size, err)
		}
		return
	}
	defer e.Close()
	items, err := Items(t.Context(), e)
	if err != nil {
		t.Errorf("%d bytes: opened, and then: %v", f.Size, err)
	}
	if diff := cmp.Diff(want, printed(items)); diff != "" {
		t.Errorf("%d bytes: opened, and other things were in it (-want +got):\n%s", f.Size, diff)
	}
}

func (s Suite) print(t *testing.T, f upload.File, o upload.Options) []string {
	t.Helper()
	items, err := Items(t.Context(), s.Open(t, f, o))
	if err != nil {
		t.Fatal(err)
	}
	return printed(items)
}

// printed is what counts of items: what they are, and their bytes.
func printed(items []upload.Item) []string {
	list := make([]string, 0, len(items))
	for _, it := range items {
		list = append(list, it.Thread+" "+it.Item.Capture.NativeID+" "+string(it.Item.Capture.Raw))
	}
	return list
}

// changedMeanwhile changes the file after it was opened: what was counted is not
// what is there, and that is an error.
func (s Suite) changedMeanwhile(t *testing.T, f Fixture) {
	b := &swapped{b: content(t, f.File)}
	e := s.Open(t, upload.File{Name: f.File.Name, Size: f.File.Size, ReaderAt: b}, f.Options)
	want, err := Items(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	at := firstBytes(t, f.File, want[0].Item.Capture)
	failed := false
	for i := range 64 {
		b.flip(at + i)
		items, err := Items(t.Context(), e)
		b.flip(at + i)
		if err != nil {
			failed = true
			continue
		}
		if diff := cmp.Diff(printed(want), printed(items)); diff != "" {
			t.Fatalf("the file was changed meanwhile, and no error came (-counted +came):\n%s", diff)
		}
	}
	if !failed {
		t.Error("64 bytes were changed meanwhile, and nothing was noticed")
	}
}

// firstBytes is a place in the file where what the capture was read from lies.
func firstBytes(t *testing.T, f upload.File, c daybook.Capture) int {
	t.Helper()
	name, _ := daybook.SplitPlace(c.Member)
	z, err := zip.NewReader(f, f.Size)
	if err != nil {
		return int(c.Offset)
	}
	for _, m := range z.File {
		if m.Name == name {
			at, err := m.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			return int(at) + int(m.CompressedSize64/2)
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

type swapped struct {
	mu sync.Mutex
	b  []byte
}

func (s *swapped) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.NewReader(s.b).ReadAt(p, off)
}

func (s *swapped) flip(at int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b[at%len(s.b)] ^= 0xFF
}

// hostile opens a file that means harm or is broken.
func (s Suite) hostile(t *testing.T, f upload.File) {
	before := inUse()
	_, _, err := upload.Recognize(t.Context(), f, s.Format)
	if err == nil {
		t.Error("it was recognized")
	} else if err := says(err); err != nil {
		t.Errorf("recognize: %v", err)
	}
	e, err := s.Format.Open(t.Context(), f, upload.Options{})
	if err == nil {
		t.Errorf("it was opened: %+v", e.Summary())
	} else if err := says(err); err != nil {
		t.Errorf("open: %v", err)
	}
	if after := inUse(); after > before+memoryLimit {
		t.Errorf("%d MB of memory", (after-before)>>20)
	}
}

func (s Suite) memory(t *testing.T) {
	const n = 50_000
	f := s.Large(t, n)
	runtime.GC()
	got, peak, err := Measure(t, s.Format, f)
	if err != nil || got != n {
		t.Fatalf("%d messages, %v, want %d", got, err, n)
	}
	if peak > memoryLimit {
		t.Errorf("%d MB of memory for %d messages, want at most %d", peak>>20, n, memoryLimit>>20)
	}
}

// Measure reads a file as reading it in does, to its end and then once more. It
// returns how many items there were, and the most memory that was in use beside
// what was there before, in bytes.
func Measure(t testing.TB, format upload.Format, f upload.File) (n int, peak uint64, err error) {
	t.Helper()
	before := inUse()
	e, err := format.Open(t.Context(), f, upload.Options{Progress: func(int64, int64) { peak = max(peak, inUse()) }})
	if err != nil {
		return 0, 0, err
	}
	defer e.Close()
	for _, err := range e.Items(t.Context()) {
		if err != nil {
			return n, peak, err
		}
		if n++; n%5_000 == 0 {
			peak = max(peak, inUse())
		}
	}
	return n, peak - min(before, peak), nil
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// Memory is a file that lies in memory.
func Memory(name string, b []byte) upload.File {
	return upload.File{Name: name, Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}
}

func content(t testing.TB, f upload.File) []byte {
	t.Helper()
	b, err := readAll(io.NewSectionReader(f, 0, f.Size))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, 1<<30)) }
