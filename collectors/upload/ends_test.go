package upload_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"testing"

	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
)

// A twoLists is a ZIP file in the making that has two lists of members, of which
// each kind of reader may find another.
type twoLists struct {
	b      []byte
	list   [2]int // where they begin
	length [2]int
}

const openly, hidden = "openly", "hidden"

// newTwoLists puts a member a.js into the file for each list, and n times that of
// the hidden one into that. The lists do not touch.
func newTwoLists(n int) *twoLists {
	le := binary.LittleEndian
	entries := [2][]byte{}
	z := &twoLists{}
	for i, body := range []string{openly, hidden} {
		local, entry := append([]byte("PK\x03\x04"), make([]byte, 26)...), append([]byte("PK\x01\x02"), make([]byte, 42)...)
		for _, h := range [][]byte{local[14:], entry[16:]} {
			le.PutUint32(h, crc32.ChecksumIEEE([]byte(body)))
			le.PutUint32(h[4:], uint32(len(body)))
			le.PutUint32(h[8:], uint32(len(body)))
			le.PutUint16(h[12:], 4)
		}
		le.PutUint32(entry[42:], uint32(len(z.b)))
		z.b = append(append(append(z.b, local...), "a.js"...), body...)
		entries[i] = append(entry, "a.js"...)
	}
	z.add(1, bytes.Repeat(entries[1], n))
	z.b = append(z.b, "between"...)
	z.add(0, entries[0])
	return z
}

func (z *twoLists) add(i int, list []byte) {
	z.list[i], z.length[i] = len(z.b), len(list)
	z.b = append(z.b, list...)
}

// end is a record that ends a file and names a list.
func (z *twoLists) end(i int, records uint16, comment string) []byte {
	le := binary.LittleEndian
	e := append([]byte("PK\x05\x06"), make([]byte, 18)...)
	le.PutUint16(e[8:], records)
	le.PutUint16(e[10:], records)
	le.PutUint32(e[12:], uint32(z.length[i]))
	le.PutUint32(e[16:], uint32(z.list[i]))
	le.PutUint16(e[20:], uint16(len(comment)))
	return append(e, comment...)
}

// wide is the wide record that names the open list, and its locator.
func (z *twoLists) wide(disks uint32) []byte {
	le := binary.LittleEndian
	e := append([]byte("PK\x06\x06"), make([]byte, 52)...)
	le.PutUint64(e[4:], 44)
	le.PutUint64(e[24:], 1)
	le.PutUint64(e[32:], 1)
	le.PutUint64(e[40:], uint64(z.length[0]))
	le.PutUint64(e[48:], uint64(z.list[0]))
	at := append([]byte("PK\x06\x07"), make([]byte, 16)...)
	le.PutUint64(at[8:], uint64(len(z.b)))
	le.PutUint32(at[16:], disks)
	return append(e, at...)
}

// TestOpenArchiveEnds_E4 hides a second list of members where some readers look for
// one. What is checked has to be what is read: it is refused, or the list that
// was checked is the one.
func TestOpenArchiveEnds_E4(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(z *twoLists) []byte
	}{
		{"one end", func(z *twoLists) []byte { return z.end(0, 1, "") }},
		{"a comment", func(z *twoLists) []byte { return z.end(0, 1, "words") }},
		{"an end in the comment", func(z *twoLists) []byte { return z.end(0, 1, string(z.end(1, 1, ""))+"x") }},
		{"an end in the comment that says it is longer", func(z *twoLists) []byte { return z.end(0, 1, string(z.end(1, 1, "xyz"))[:24]) }},
		{"two ends", func(z *twoLists) []byte { return append(z.end(0, 1, ""), z.end(1, 1, "")...) }},
		{"a wide end that is half asked for", func(z *twoLists) []byte {
			e := z.end(1, 1, "")
			binary.LittleEndian.PutUint16(e[8:], 0xFFFF)
			return append(z.wide(1), e...)
		}},
		{"a wide end on another disk", func(z *twoLists) []byte {
			e := z.end(1, 1, "")
			binary.LittleEndian.PutUint16(e[8:], 0xFFFF)
			binary.LittleEndian.PutUint16(e[10:], 0xFFFF)
			return append(z.wide(7), e...)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			z := newTwoLists(1)
			z.b = append(z.b, tt.end(z)...)
			ctx := t.Context()
			a, err := upload.OpenArchive(ctx, uploadtest.Memory("a.zip", z.b), upload.DefaultLimits())
			if err != nil {
				refusedWith(t, err, "")
				if tt.name == "one end" || tt.name == "a comment" {
					t.Error("it was refused")
				}
				return
			}
			r, err := a.Member("a.js").Open(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(r); string(b) != openly || err != nil {
				t.Errorf("read %q, %v", b, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOpenArchiveEndsMillion_E4 holds that such a list takes no memory either.
func TestOpenArchiveEndsMillion_E4(t *testing.T) {
	z := newTwoLists(1_000_000)
	z.b = append(z.b, z.end(0, 1, string(z.end(1, 1_000_000&0xFFFF, ""))+"x")...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := upload.OpenArchive(t.Context(), uploadtest.Memory("a.zip", z.b), upload.DefaultLimits())
	runtime.ReadMemStats(&after)
	refusedWith(t, err, "")
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 16 {
		t.Errorf("%d MB of memory", took)
	}
}
