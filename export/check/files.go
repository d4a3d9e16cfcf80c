package check

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"daybook"
)

// Limits of what is taken for a bundle.
const (
	maxFiles = 2_000_000
	maxRatio = 200       // of unpacked to packed bytes, beside slack
	slack    = 64 << 20  // bytes
	maxJSON  = 256 << 20 // of a file that is read as a whole
	maxNote  = 64 << 10
	maxToken = 1 << 20
	maxMedia = 4 << 30
	maxLine  = 64 << 10
	maxName  = 200
)

var (
	fileName = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)
	// allowedFile are the files beside those that bundle.json and the entries name.
	allowedFile = regexp.MustCompile(`^(bagit\.txt|bag-info\.txt|(tag)?manifest-sha256\.txt|manifest-sha256\.note|data/(bundle\.json|report(-[0-9]+)?\.pdf|first-report\.pdf|timeline\.(csv|json)|custody\.csv|completeness\.json` +
		`|production-statement\.txt|certificate-902\.txt|VERIFY\.md|verify\.py|log/(checkpoint|leaves\.txt|key\.pem|key\.txt)))$`)
)

func neededFiles() []string {
	return []string{
		"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha256.note", "tagmanifest-sha256.txt", "data/bundle.json",
		"data/log/checkpoint", "data/log/key.pem", "data/log/key.txt", "data/completeness.json", "data/timeline.json",
	}
}

func isPayload(name string) bool { return strings.HasPrefix(name, "data/") }

// files are the files of a bundle by name, without the folder at the top of a
// ZIP.
type files struct {
	sizes map[string]int64
	open  func(name string) (io.ReadCloser, error)
	hard  func(err error) bool // whether an error is one of the disk
}

// watchedReader remembers that reading failed: whatever else is wrong with a ZIP
// file is the file's own fault.
type watchedReader struct {
	r   io.ReaderAt
	err error
}

// ReadAt implements io.ReaderAt.
func (w *watchedReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 { // where a damaged directory points to: no fault of the disk
		return 0, notWhole()
	}
	n, err := w.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// notWhole says that all programs that unpack would not see the same files.
func notWhole() error { return bad{"file", "it is not a whole ZIP file as a bundle is"} }

func openZip(r *watchedReader, size int64) (*files, error) {
	const endLength = 22 // of the end of the central directory (APPNOTE 4.3.16) without a comment
	first, last := make([]byte, 4), make([]byte, endLength)
	if size < 2*endLength {
		return nil, notWhole()
	}
	if _, err := r.ReadAt(first, 0); err != nil {
		return nil, notWhole()
	}
	if _, err := r.ReadAt(last, size-endLength); err != nil && !errors.Is(err, io.EOF) {
		return nil, notWhole()
	}
	if string(first) != "PK\x03\x04" || string(last[:4]) != "PK\x05\x06" || binary.LittleEndian.Uint16(last[20:]) != 0 {
		return nil, notWhole()
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, notWhole()
	}
	f := &files{sizes: map[string]int64{}, hard: func(error) bool { return r.err != nil }}
	members := map[string]*zip.File{}
	f.open = func(name string) (io.ReadCloser, error) { return members[name].Open() }
	if len(z.File) > maxFiles {
		return nil, bad{"file", "it holds more files than a bundle has"}
	}
	top, total := "", uint64(0)
	for i, m := range z.File {
		head, rest, slash := strings.Cut(m.Name, "/")
		if i == 0 {
			top = head
		}
		if head != top || !slash || head == "." || head == ".." || !fileName.MatchString(head) {
			return nil, badName(m.Name)
		}
		if strings.HasSuffix(m.Name, "/") {
			folder := strings.TrimSuffix(rest, "/")
			if m.UncompressedSize64 != 0 || rest != "" && (!fileName.MatchString(folder) || slices.Contains(strings.Split(folder, "/"), "..")) {
				return nil, badName(m.Name)
			}
			continue
		}
		kind := m.ExternalAttrs >> 16 & 0xf000 // of a UNIX mode: 0x8000 is a plain file
		if m.Flags&0x41 != 0 || m.Method != zip.Store && m.Method != zip.Deflate || kind != 0 && kind != 0x8000 {
			return nil, badf("file", "a file in it is of a form that a bundle does not have: %s", plain(m.Name))
		}
		if members[rest] != nil {
			return nil, badf("file", "a name is there twice: %s", plain(rest))
		}
		if total += m.UncompressedSize64; m.UncompressedSize64 > 1<<62 || total > uint64(slack+maxRatio*size) {
			return nil, bad{"file", "unpacked it would be far larger than a bundle of its size is"}
		}
		members[rest], f.sizes[rest] = m, int64(m.UncompressedSize64)
	}
	return f, f.checkNames()
}

// desktop are files that desktops leave in folders that they show.
var desktop = []string{".DS_Store", "Thumbs.db", "desktop.ini"}

func openFolder(fsys fs.FS) (*files, error) {
	f := &files{sizes: map[string]int64{}, hard: func(error) bool { return true }}
	f.open = func(name string) (io.ReadCloser, error) { return fsys.Open(name) }
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains(desktop, d.Name()) {
			return err
		}
		if !d.Type().IsRegular() {
			return badf("file", "it holds something that is neither a file nor a folder: %s", plain(name))
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if f.sizes[name] = info.Size(); len(f.sizes) > maxFiles {
			return bad{"file", "it holds more files than a bundle has"}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, f.checkNames()
}

func badName(name string) error {
	return badf("file", "a name in it is not one that a bundle has: %s", plain(name))
}

var unusual = regexp.MustCompile(`[^A-Za-z0-9_./-]`)

// plain is a hostile name as it can be shown.
func plain(name string) string {
	name = unusual.ReplaceAllLiteralString(name, "?")
	return name[:min(len(name), 100)]
}

// checkNames refuses names that would not be the same files on every system.
func (f *files) checkNames() error {
	lower := make(map[string]bool, len(f.sizes))
	for _, name := range f.names() {
		parts := strings.Split(name, "/")
		if !fileName.MatchString(name) || len(name) > maxName || slices.Contains(parts, ".") || slices.Contains(parts, "..") {
			return badName(name)
		}
		if lower[strings.ToLower(name)] {
			return badf("file", "two names differ in capitals alone: %s", name)
		}
		lower[strings.ToLower(name)] = true
	}
	for _, name := range f.names() {
		for at := strings.LastIndexByte(name, '/'); at > 0; at = strings.LastIndexByte(name[:at], '/') {
			if lower[strings.ToLower(name[:at])] {
				return badf("file", "a name is a file and a folder: %s", name[:at])
			}
		}
	}
	return nil
}

func (f *files) names() []string { return slices.Sorted(maps.Keys(f.sizes)) }

// reader opens a file. What is wrong with it is an error of type bad at reading;
// there are never more bytes than its size says.
func (f *files) reader(name string) (io.ReadCloser, error) {
	size, ok := f.sizes[name]
	if !ok {
		return nil, bad{name, "it is missing"}
	}
	r, err := f.open(name)
	if err != nil && !f.hard(err) {
		err = bad{name, "it cannot be unpacked"}
	}
	return &sizedReader{r, f, name, size}, err
}

type sizedReader struct {
	io.ReadCloser
	files *files
	name  string
	left  int64
}

// Read implements io.Reader.
func (s *sizedReader) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.left -= int64(n)
	switch {
	case s.left < 0:
		return 0, bad{s.name, "it is longer than it says"}
	case errors.Is(err, io.EOF) && s.left > 0:
		return 0, bad{s.name, "it is shorter than it says"}
	case err != nil && !errors.Is(err, io.EOF) && !s.files.hard(err):
		return 0, bad{s.name, "it cannot be unpacked"}
	}
	return n, err
}

// copy writes the bytes of a file to w.
func (f *files) copy(w io.Writer, name string) error {
	r, err := f.reader(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}

func (f *files) read(name string, limit int64) ([]byte, error) {
	if f.sizes[name] > limit {
		return nil, bad{name, "it is larger than such a file is"}
	}
	var b bytes.Buffer
	err := f.copy(&b, name)
	return b.Bytes(), err
}

// digest returns the SHA-256 of a file.
func (f *files) digest(name string) (daybook.Digest, error) {
	h := sha256.New()
	if err := f.copy(h, name); err != nil {
		return daybook.Digest{}, err
	}
	return daybook.Digest(h.Sum(nil)), nil
}

// lines calls fn with each line of a text file, without its LF; each ends with
// one.
func (f *files) lines(name string, fn func(line []byte) error) error {
	r, err := f.reader(name)
	if err != nil {
		return err
	}
	b := bufio.NewReaderSize(r, maxLine)
	for err == nil {
		var line []byte
		line, err = b.ReadSlice('\n')
		switch {
		case err == nil:
			err = fn(line[:len(line)-1])
		case errors.Is(err, io.EOF) && len(line) == 0:
			return r.Close()
		case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
			err = bad{name, "it does not end with a line end"}
		}
	}
	return errors.Join(err, r.Close())
}
