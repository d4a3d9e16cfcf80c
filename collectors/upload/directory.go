package upload

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Signatures and lengths of PKWARE's APPNOTE.TXT, 4.3.
const (
	signLocal     = "PK\x03\x04"
	signDirectory = "PK\x01\x02"
	signEnd       = "PK\x05\x06"
	signEnd64     = "PK\x06\x06"
	signLocator64 = "PK\x06\x07"

	lenDirectory = 46
	lenEnd       = 22
	lenEnd64     = 56
	lenLocator64 = 20

	maxComment = 1<<16 - 1
)

// checkDirectory looks at the list of members at the end of a ZIP file before
// anything believes it: a list that is read first can be larger than memory. It
// returns where the list begins and how many members stand in it.
func checkDirectory(f File, l Limits) (start int64, members int, err error) {
	end, at, err := findEnd(f)
	if err != nil {
		return 0, 0, err
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
		return 0, 0, refuse("this is one piece of a ZIP file that was cut into several", "put the pieces together again and add the whole file")
	case records > uint64(l.Members):
		return 0, 0, refuse("there are too many files in it", hintUntouched)
	case size > uint64(l.Directory):
		return 0, 0, refuse("its list of files is too long", hintUntouched)
	case offset > uint64(f.Size) || size > uint64(f.Size) || int64(offset+size) != at:
		return 0, 0, refuse("its list of files is not where it should be: the file was changed, or a part of it is missing", hintAgain)
	}
	n, err := countDirectory(io.NewSectionReader(f, int64(offset), int64(size)), l.Members)
	switch {
	case err != nil:
		return 0, 0, err
	case uint64(n) != records:
		return 0, 0, refuse("it holds other files than it says", hintAgain)
	}
	return int64(offset), n, nil
}

// findEnd returns the record that ends a ZIP file, and where it stands.
func findEnd(f File) (end []byte, at int64, err error) {
	n := min(f.Size, lenEnd+maxComment)
	tail := make([]byte, n)
	if err := readFull(f, tail, f.Size-n); err != nil {
		return nil, 0, err
	}
	found := false
	for i := len(tail); ; {
		i = bytes.LastIndex(tail[:i], []byte(signEnd))
		if i < 0 {
			break
		}
		if len(tail)-i < lenEnd {
			continue
		}
		found = true
		if comment := int(binary.LittleEndian.Uint16(tail[i+20:])); i+lenEnd+comment == len(tail) {
			return tail[i : i+lenEnd], f.Size - n + int64(i), nil
		}
	}
	if found {
		return nil, 0, refuse("something was added after its end, or its end is missing", hintAgain)
	}
	return nil, 0, refuse("the file ends too early: the download was not complete", hintAgain)
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

func countDirectory(r io.Reader, limit int) (n int, err error) {
	var (
		b    = bufio.NewReaderSize(r, 64<<10)
		head = make([]byte, lenDirectory)
		bad  = func() (int, error) { return 0, refuse("its list of files cannot be read", hintAgain) }
	)
	for {
		if _, err := io.ReadFull(b, head); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil || string(head[:4]) != signDirectory {
			return bad()
		}
		le := binary.LittleEndian
		rest := int(le.Uint16(head[28:])) + int(le.Uint16(head[30:])) + int(le.Uint16(head[32:]))
		if _, err := b.Discard(rest); err != nil {
			return bad()
		}
		if n++; n > limit {
			return 0, refuse("there are too many files in it", hintUntouched)
		}
	}
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
