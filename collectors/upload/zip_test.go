package upload_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"

	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
)

const text = "window.YTD.account.part0 = [ ]\n"

// member writes one member.
func member(t testing.TB, z *zip.Writer, h zip.FileHeader, body string) {
	t.Helper()
	w, err := z.CreateHeader(&h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
}

func zipped(t testing.TB, headers ...zip.FileHeader) []byte {
	t.Helper()
	f := uploadtest.Zipped(t, "a.zip", func(z *zip.Writer) error {
		for _, h := range headers {
			body := text
			if strings.HasSuffix(h.Name, "/") {
				body = ""
			}
			member(t, z, h, body)
		}
		return nil
	})
	b := make([]byte, f.Size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func named(names ...string) []zip.FileHeader {
	var list []zip.FileHeader
	for _, name := range names {
		list = append(list, zip.FileHeader{Name: name, Method: zip.Deflate})
	}
	return list
}

// readAll opens a file and reads every member to its end.
func readAll(ctx context.Context, f upload.File, l upload.Limits) (*upload.Archive, error) {
	a, err := upload.OpenArchive(ctx, f, l)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, 32<<10)
	for _, m := range a.Members() {
		r, err := m.Open(ctx)
		if err != nil {
			return nil, err
		}
		_, err = io.CopyBuffer(io.Discard, onlyReader{r}, buf)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// onlyReader hides what else a reader can do.
type onlyReader struct{ io.Reader }

// refusedWith holds an error against a part of what it has to say.
func refusedWith(t *testing.T, err error, part string) {
	t.Helper()
	var refused *upload.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a RefusedError", err)
	}
	if !strings.Contains(refused.What, part) || refused.Hint == "" {
		t.Errorf("got %q; %q, want %q in it", refused.What, refused.Hint, part)
	}
}

func TestOpenArchive(t *testing.T) {
	b := zipped(t, zip.FileHeader{Name: "data/"}, zip.FileHeader{Name: "data/a.js", Method: zip.Deflate}, zip.FileHeader{Name: "data/b.js"})
	a, err := readAll(t.Context(), uploadtest.Memory("a.zip", b), upload.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range a.Members() {
		names = append(names, fmt.Sprint(m.Name, " ", m.Size))
	}
	if want := []string{"data/a.js 31", "data/b.js 31"}; !slices.Equal(names, want) {
		t.Errorf("members %q, want %q", names, want)
	}
	if a.Member("data/a.js") == nil || a.Member("data/") != nil || a.Member("a.js") != nil {
		t.Error("a member is not found by its name alone")
	}
}

// TestOpenArchiveLarge reads many small members: beyond 65,535 of them the list has
// its wide form (zip64), and each takes no memory of its own.
func TestOpenArchiveLarge(t *testing.T) {
	f := uploadtest.Many(t, "a.zip", 70_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := readAll(t.Context(), f, upload.DefaultLimits())
	runtime.ReadMemStats(&after)
	if err != nil || len(a.Members()) != 70_000 {
		t.Fatalf("%v, want 70,000 members", err)
	}
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 512 {
		t.Errorf("%d MB of memory in all", took)
	}
}

func TestOpenArchiveNames_E4(t *testing.T) {
	const harm = "could do harm"
	for _, tt := range []struct {
		name, member string
		refused      string // a part of the error; "" if it is taken
		odd          bool
	}{
		{"plain", "data/tweets.js", "", false},
		{"another script", "data/мир.js", "", false},
		{"leads up", "../escape.js", harm, false},
		{"leads up within", "data/../../escape.js", harm, false},
		{"leads up at the end", "data/..", harm, false},
		{"two dots in a name", "data/a..b.js", "", false},
		{"absolute", "/etc/passwd", harm, false},
		{"backslash", `data\a.js`, harm, false},
		{"drive", "C:a.js", harm, false},
		{"zero", "a\x00.js", harm, false},
		{"tab", "a\tb.js", "", true},
		{"turned", "\u202Egpj.exe", "", true},
		{"isolated", "\u2066a", "", true},
		{"not UTF-8", "caf\x82.js", "", true},
		{"dot", "./a.js", "", true},
		{"double slash", "a//b.js", "", true},
		{"long", strings.Repeat("a", 1025), "too long", false},
		{"as long as can be", strings.Repeat("a", 1024), "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := readAll(t.Context(), uploadtest.Memory("a.zip", zipped(t, named(tt.member)...)), upload.DefaultLimits())
			if tt.refused != "" {
				refusedWith(t, err, tt.refused)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := len(a.Odd()) == 1; got != tt.odd || len(a.Members()) != 1 {
				t.Errorf("odd %q, %d members, want odd: %t", a.Odd(), len(a.Members()), tt.odd)
			}
		})
	}
}

func TestOpenArchiveMembers_E4(t *testing.T) {
	mode := func(m fs.FileMode) zip.FileHeader {
		h := zip.FileHeader{Name: "data/a.js"}
		h.SetMode(m)
		return h
	}
	for _, tt := range []struct {
		name    string
		headers []zip.FileHeader
		refused string
	}{
		{"symbolic link", []zip.FileHeader{mode(fs.ModeSymlink | 0o777)}, "a link or a device"},
		{"device", []zip.FileHeader{mode(fs.ModeDevice | 0o666)}, "a link or a device"},
		{"pipe", []zip.FileHeader{mode(fs.ModeNamedPipe | 0o666)}, "a link or a device"},
		{"one name twice", named("a.js", "b.js", "a.js"), "one name"},
		{"one name but for its case", named("a.js", "A.JS"), "one name"},
		{"a folder called as a file", named("a", "a/"), "one name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readAll(t.Context(), uploadtest.Memory("a.zip", zipped(t, tt.headers...)), upload.DefaultLimits())
			refusedWith(t, err, tt.refused)
		})
	}
}

// spot finds a record in a ZIP file.
func spot(b []byte, sign string) int { return bytes.LastIndex(b, []byte(sign)) }

func TestOpenArchiveChanged(t *testing.T) {
	const local, list, end = "PK\x03\x04", "PK\x01\x02", "PK\x05\x06"
	set16 := func(sign string, at int, v uint16) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint16(b[spot(b, sign)+at:], v); return b }
	}
	set32 := func(sign string, at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[spot(b, sign)+at:], v); return b }
	}
	both := func(fs ...func([]byte) []byte) func([]byte) []byte {
		return func(b []byte) []byte {
			for _, f := range fs {
				b = f(b)
			}
			return b
		}
	}
	for _, tt := range []struct {
		name    string
		change  func([]byte) []byte
		refused string
	}{
		{"nothing left", func([]byte) []byte { return nil }, "not a ZIP"},
		{"text", func([]byte) []byte { return []byte(strings.Repeat("no archive ", 10)) }, "not a ZIP"},
		{"half", func(b []byte) []byte { return b[:len(b)/2] }, "ends too early"},
		{"without its last byte", func(b []byte) []byte { return b[:len(b)-1] }, "ends too early"},
		{"something after it", func(b []byte) []byte { return append(b, "and more"...) }, "after its end"},
		{"something before it", func(b []byte) []byte { return append([]byte("MZ and more"), b...) }, "not a ZIP"},
		{"another ZIP file before it", func(b []byte) []byte { return append(bytes.Clone(b), b...) }, "not where it should be"},
		{"encrypted in the list", set16(list, 8, 1), "password"},
		{"encrypted at its place alone", set16(local, 6, 1), "not what the file says"},
		{"strongly encrypted", set16(list, 8, 1<<6), "password"},
		{"packed with bzip2", both(set16(list, 10, 12), set16(local, 8, 12)), "packed in a way"},
		{"packed in two ways", set16(local, 8, 0), "not what the file says"},
		{"another checksum", set32(list, 16, 12345), "damaged"},
		{"no checksum", set32(list, 16, 0), "damaged"},
		{"larger than it is", set32(list, 24, 40), "damaged"},
		{"smaller than it is", set32(list, 24, 3), "larger than the file says"},
		{"much larger than it can be", set32(list, 24, 1<<30), "too large"},
		{"packed larger than the file", set32(list, 20, 1<<20), "not where the file says"},
		{"packed smaller than it is", set32(list, 20, 5), "damaged"},
		{"somewhere else", set32(list, 42, 7), "not what the file says"},
		{"far behind the file", set32(list, 42, 1<<30), "not what the file says"},
		{"more members than there are", both(set16(end, 8, 9), set16(end, 10, 9)), "other files than it says"},
		{"fewer members than there are", both(set16(end, 8, 1), set16(end, 10, 1)), "other files than it says"},
		{"cut into several", both(set16(end, 4, 1), set16(end, 6, 1)), "cut into several"},
		{"a list elsewhere", set32(end, 16, 3), "not where it should be"},
		{"a list that is too long", set32(end, 12, 1<<31), "too long"},
		{"a name that differs", func(b []byte) []byte { b[spot(b, list)+46] = 'x'; return b }, "not what the file says"},
		{"a broken list", func(b []byte) []byte { b[spot(b, list)] = 'x'; return b }, "cannot be read"},
		{"wide sizes without the wide record", set32(end, 12, 0xFFFFFFFF), "too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.change(zipped(t, named("data/a.js", "data/b.js")...))
			_, err := readAll(t.Context(), uploadtest.Memory("a.zip", b), upload.DefaultLimits())
			refusedWith(t, err, tt.refused)
		})
	}
}

// TestOpenArchiveOverlap_E4 hides a member in the bytes of another: each byte would
// count twice.
func TestOpenArchiveOverlap_E4(t *testing.T) {
	le := binary.LittleEndian
	header := func(name string, body []byte) []byte {
		h := append([]byte("PK\x03\x04"), make([]byte, 26)...)
		le.PutUint32(h[14:], crc32.ChecksumIEEE(body))
		le.PutUint32(h[18:], uint32(len(body)))
		le.PutUint32(h[22:], uint32(len(body)))
		le.PutUint16(h[26:], uint16(len(name)))
		return append(append(h, name...), body...)
	}
	entry := func(name string, body []byte, at int) []byte {
		h := append([]byte("PK\x01\x02"), make([]byte, 42)...)
		le.PutUint32(h[16:], crc32.ChecksumIEEE(body))
		le.PutUint32(h[20:], uint32(len(body)))
		le.PutUint32(h[24:], uint32(len(body)))
		le.PutUint16(h[28:], uint16(len(name)))
		le.PutUint32(h[42:], uint32(at))
		return append(h, name...)
	}
	build := func(second int) []byte {
		inner := []byte(text)
		outer := header("inner", inner)
		b := header("outer", outer)
		if second != 0 {
			second = len(b)
			b = append(b, outer...)
		} else {
			second = len(b) - len(outer)
		}
		list := append(entry("outer", outer, 0), entry("inner", inner, second)...)
		end := append([]byte("PK\x05\x06"), make([]byte, 18)...)
		le.PutUint16(end[8:], 2)
		le.PutUint16(end[10:], 2)
		le.PutUint32(end[12:], uint32(len(list)))
		le.PutUint32(end[16:], uint32(len(b)))
		return append(append(b, list...), end...)
	}
	if _, err := readAll(t.Context(), uploadtest.Memory("a.zip", build(1)), upload.DefaultLimits()); err != nil {
		t.Fatalf("beside one another: %v", err)
	}
	_, err := readAll(t.Context(), uploadtest.Memory("a.zip", build(0)), upload.DefaultLimits())
	refusedWith(t, err, "lie over one another")
}

func TestOpenArchiveLimits_E4(t *testing.T) {
	b := zipped(t, named("data/a.js", "data/b.js", "data/c.js")...)
	bomb := uploadtest.Bomb(t, "bomb.zip", 1, 20<<20)
	for _, tt := range []struct {
		name    string
		file    upload.File
		limit   func(*upload.Limits)
		refused string
	}{
		{"file", uploadtest.Memory("a.zip", b), func(l *upload.Limits) { l.File = int64(len(b)) - 1 }, "the file is too large"},
		{"members", uploadtest.Memory("a.zip", b), func(l *upload.Limits) { l.Members = 2 }, "too many files"},
		{"list", uploadtest.Memory("a.zip", b), func(l *upload.Limits) { l.Directory = 100 }, "list of files is too long"},
		{"name", uploadtest.Memory("a.zip", b), func(l *upload.Limits) { l.Name = 8 }, "too long"},
		{"member", uploadtest.Memory("a.zip", b), func(l *upload.Limits) { l.Member = 30 }, "too large by unpacking"},
		{"total", uploadtest.Memory("a.zip", b), func(l *upload.Limits) { l.Total = 92 }, "too large by unpacking"},
		{"ratio", bomb, func(*upload.Limits) {}, "too large by unpacking"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := upload.DefaultLimits()
			tt.limit(&l)
			_, err := readAll(t.Context(), tt.file, l)
			refusedWith(t, err, tt.refused)
		})
	}
	l := upload.DefaultLimits()
	l.File, l.Members, l.Name, l.Member, l.Total = int64(len(b)), 3, 9, 31, 93
	if _, err := readAll(t.Context(), uploadtest.Memory("a.zip", b), l); err != nil {
		t.Errorf("just within the limits: %v", err)
	}
}

// TestOpenArchiveMillion_E4 holds that a list of a million members is refused
// before it is taken in, whatever the file says of their number.
func TestOpenArchiveMillion_E4(t *testing.T) {
	const n = 1_000_000
	entry := append([]byte("PK\x01\x02"), make([]byte, 43)...)
	binary.LittleEndian.PutUint16(entry[28:], 1)
	entry[46] = 'a'
	for _, said := range []uint16{1, n & 0xFFFF, 0xFFFF} {
		t.Run(fmt.Sprint(said), func(t *testing.T) {
			b := append([]byte("PK\x03\x04"), bytes.Repeat(entry, n)...)
			end := append([]byte("PK\x05\x06"), make([]byte, 18)...)
			binary.LittleEndian.PutUint16(end[8:], said)
			binary.LittleEndian.PutUint16(end[10:], said)
			binary.LittleEndian.PutUint32(end[12:], uint32(n*len(entry)))
			binary.LittleEndian.PutUint32(end[16:], 4)
			f := uploadtest.Memory("a.zip", append(b, end...))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := upload.OpenArchive(t.Context(), f, upload.DefaultLimits())
			runtime.ReadMemStats(&after)
			refusedWith(t, err, "too many files")
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 16 {
				t.Errorf("%d MB of memory", took)
			}
		})
	}
}

func TestMemberOpenStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, err := upload.OpenArchive(ctx, uploadtest.Memory("a.zip", zipped(t, named("a.js")...)), upload.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Members()[0].Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestShown(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "data/tweets.js", "data/tweets.js"},
		{"another script", "мир 🐈", "мир 🐈"},
		{"controls", "a\x00\n\x1b[31m", `a\u0000\u000a\u001b[31m`},
		{"turned", "a\u202Egpj", `a\u202egpj`},
		{"not UTF-8", "a\xff", `a\xff`},
		{"its own mark for that", "a\uFFFD", "a\uFFFD"},
		{"long", strings.Repeat("a", 50) + strings.Repeat("b", 50), strings.Repeat("a", 30) + "…" + strings.Repeat("b", 30)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := upload.Shown(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzOpenArchive(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(zipped(f, named("data/a.js", "data/b.js")...))
	f.Add(zipped(f, zip.FileHeader{Name: "a", Method: zip.Store}))
	l := upload.DefaultLimits()
	l.Members, l.Member, l.Total, l.Floor = 50, 1<<20, 4<<20, 64<<10
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := readAll(t.Context(), uploadtest.Memory("a.zip", b), l)
		var refused *upload.RefusedError
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("got %v, want a RefusedError", err)
		}
		if err == nil && len(a.Members()) > l.Members {
			t.Fatalf("%d members", len(a.Members()))
		}
	})
}

// TestOpenArchiveSlack_E4 hides bytes behind the packed bytes of a member.
func TestOpenArchiveSlack_E4(t *testing.T) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, hidden string }{{"none", ""}, {"some", "hidden"}} {
		t.Run(tt.name, func(t *testing.T) {
			body := packed.String() + tt.hidden
			f := uploadtest.Zipped(t, "a.zip", func(z *zip.Writer) error {
				w, err := z.CreateRaw(&zip.FileHeader{
					Name: "a.js", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(text)),
					CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(len(text)),
				})
				if err != nil {
					return err
				}
				_, err = io.WriteString(w, body)
				return err
			})
			_, err := readAll(t.Context(), f, upload.DefaultLimits())
			if tt.hidden == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			refusedWith(t, err, "damaged")
		})
	}
}
