package upload

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// Signatures and lengths of PKWARE's APPNOTE.TXT, 4.3.
const (
	signLocal     = "PK\x03\x04"
	signDirectory = "PK\x01\x02"
	signEnd       = "PK\x05\x06"
	signEnd64     = "PK\x06\x06"
	signLocator64 = "PK\x06\x07"

	lenLocal     = 30
	lenDirectory = 46
	lenEnd       = 22
	lenEnd64     = 56
	lenLocator64 = 20

	maxComment = 1<<16 - 1

	encrypted = 1<<0 | 1<<6 | 1<<13 // of the flags, 4.4.4
)

// checkDirectory looks at the list of members at the end of a ZIP file before
// anything believes it: a list that is read first can be larger than memory. It
// returns where the list begins, where it says that the members do, and the file
// as whoever reads the list has to see it: see checked.
func checkDirectory(f File, l Limits) (start int64, headers []uint64, as *checked, err error) {
	end, at, err := findEnd(f)
	if err != nil {
		return 0, nil, nil, err
	}
	le := binary.LittleEndian
	disk, diskOfList := uint64(le.Uint16(end[4:])), uint64(le.Uint16(end[6:]))
	here, records := uint64(le.Uint16(end[8:])), uint64(le.Uint16(end[10:]))
	size, offset := uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	if here == 0xFFFF || records == 0xFFFF || size == 0xFFFFFFFF || offset == 0xFFFFFFFF || size == 0xFFFF {
		if wide, place := findEnd64(f, at); wide != nil {
			at = place
			disk, diskOfList = uint64(le.Uint32(wide[16:])), uint64(le.Uint32(wide[20:]))
			here, records = le.Uint64(wide[24:]), le.Uint64(wide[32:])
			size, offset = le.Uint64(wide[40:]), le.Uint64(wide[48:])
		}
	}
	switch {
	case disk != 0 || diskOfList != 0 || here != records:
		return 0, nil, nil, refuse("this is one piece of a ZIP file that was cut into several", "put the pieces together again and add the whole file")
	case records > uint64(l.Members):
		return 0, nil, nil, refuse("there are too many files in it", hintUntouched)
	case size > uint64(l.Directory):
		return 0, nil, nil, refuse("its list of files is too long", hintUntouched)
	case offset > uint64(f.Size) || size > uint64(f.Size) || int64(offset+size) != at:
		return 0, nil, nil, refuse("its list of files is not where it should be: the file was changed, or a part of it is missing", hintAgain)
	}
	headers, err = readDirectory(io.NewSectionReader(f, int64(offset), int64(size)), l.Members)
	switch {
	case err != nil:
		return 0, nil, nil, err
	case uint64(len(headers)) != records:
		return 0, nil, nil, refuse("it holds other files than it says", hintAgain)
	}
	return int64(offset), headers, newChecked(f, offset, size, records), nil
}

// A checked is a file up to the end of the list that was checked, with an end of
// its own that names that list. There are several places to look for an end, and
// readers differ in which of them they believe: archive/zip could find another list
// than the one that was checked.
type checked struct {
	file io.ReaderAt
	at   int64 // of end
	end  []byte
}

func newChecked(f io.ReaderAt, offset, size, records uint64) *checked {
	le := binary.LittleEndian
	c := &checked{file: f, at: int64(offset + size)} //nolint:gosec // within the file
	wide := make([]byte, lenEnd64)
	copy(wide, signEnd64)
	le.PutUint64(wide[4:], lenEnd64-12)
	le.PutUint64(wide[24:], records)
	le.PutUint64(wide[32:], records)
	le.PutUint64(wide[40:], size)
	le.PutUint64(wide[48:], offset)
	locator := make([]byte, lenLocator64)
	copy(locator, signLocator64)
	le.PutUint64(locator[8:], offset+size)
	le.PutUint32(locator[16:], 1) // one disk
	end := make([]byte, lenEnd)
	copy(end, signEnd)
	for i := 8; i < 20; i++ {
		end[i] = 0xFF // in the wide record
	}
	c.end = slices.Concat(wide, locator, end)
	return c
}

// size is that of the file with its own end.
func (c *checked) size() int64 { return c.at + int64(len(c.end)) }

// ReadAt implements io.ReaderAt.
func (c *checked) ReadAt(b []byte, off int64) (n int, err error) {
	if off < c.at {
		n, err = c.file.ReadAt(b[:min(int64(len(b)), c.at-off)], off)
		if n == len(b) || off+int64(n) < c.at {
			return n, err
		}
	}
	rest := c.end[min(off+int64(n)-c.at, int64(len(c.end))):]
	if n += copy(b[n:], rest); n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// findEnd returns the record that ends a ZIP file, and where it stands.
func findEnd(f File) (end []byte, at int64, err error) {
	n := min(f.Size, lenEnd+maxComment)
	tail := make([]byte, n)
	if err := readFull(f, tail, f.Size-n); err != nil {
		return nil, 0, err
	}
	i := bytes.LastIndex(tail[:len(tail)-lenEnd+len(signEnd)], []byte(signEnd))
	if i < 0 {
		return nil, 0, refuse("the file ends too early: the download was not complete", hintAgain)
	}
	// One that stands in the comment of another is taken for the end by some
	// readers and not by others.
	if comment := int(binary.LittleEndian.Uint16(tail[i+20:])); i+lenEnd+comment != len(tail) {
		return nil, 0, refuse("something was added after its end, or its end is missing", hintAgain)
	}
	return tail[i : i+lenEnd], f.Size - n + int64(i), nil
}

// findEnd64 returns the end record for large files that stands before at, nil if
// there is none.
func findEnd64(f File, at int64) (end []byte, place int64) {
	locator := make([]byte, lenLocator64)
	if at < lenLocator64 || readFull(f, locator, at-lenLocator64) != nil || string(locator[:4]) != signLocator64 {
		return nil, 0
	}
	offset := binary.LittleEndian.Uint64(locator[8:])
	end = make([]byte, lenEnd64)
	if offset > uint64(at-lenLocator64) || readFull(f, end, int64(offset)) != nil || string(end[:4]) != signEnd64 {
		return nil, 0
	}
	return end, int64(offset)
}

// readDirectory returns where the headers of the members are said to be.
func readDirectory(r io.Reader, limit int) (headers []uint64, err error) {
	var (
		b    = bufio.NewReaderSize(r, 256<<10)
		head = make([]byte, lenDirectory)
		bad  = func() ([]uint64, error) { return nil, refuse("its list of files cannot be read", hintAgain) }
	)
	for {
		if _, err := io.ReadFull(b, head); errors.Is(err, io.EOF) {
			return headers, nil
		} else if err != nil || string(head[:4]) != signDirectory {
			return bad()
		}
		le := binary.LittleEndian
		name, extra, comment := int(le.Uint16(head[28:])), int(le.Uint16(head[30:])), int(le.Uint16(head[32:]))
		rest, err := b.Peek(name + extra)
		if err != nil {
			return bad()
		}
		headers = append(headers, headerAt(head, rest[name:]))
		if _, err := b.Discard(name + extra + comment); err != nil {
			return bad()
		}
		if len(headers) > limit {
			return nil, refuse("there are too many files in it", hintUntouched)
		}
	}
}

// headerAt is where the header of a member is said to be (APPNOTE.TXT, 4.5.3).
func headerAt(head, extra []byte) uint64 {
	le := binary.LittleEndian
	at := uint64(le.Uint32(head[42:]))
	if at != 0xFFFFFFFF {
		return at
	}
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		field := extra[:n]
		extra = extra[n:]
		if id != 1 {
			continue
		}
		for _, size := range []int{24, 20} { // sizes that stand in the field as well
			if le.Uint32(head[size:]) == 0xFFFFFFFF && len(field) >= 8 {
				field = field[8:]
			}
		}
		if len(field) >= 8 {
			return le.Uint64(field)
		}
	}
	return at
}

// sameHeader reports whether a member is headed by the name and the packing that
// stand in the list, and as little encrypted.
func sameHeader(f File, at uint64, name string, flags, method uint16) bool {
	head := make([]byte, lenLocal+len(name))
	if at > uint64(f.Size) || readFull(f, head, int64(at)) != nil || string(head[:4]) != signLocal {
		return false
	}
	le := binary.LittleEndian
	return (le.Uint16(head[6:])^flags)&encrypted == 0 && le.Uint16(head[8:]) == method &&
		int(le.Uint16(head[26:])) == len(name) && string(head[lenLocal:]) == name
}

// readFull fills b from a place of the file.
func readFull(f File, b []byte, at int64) error {
	n, err := f.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
