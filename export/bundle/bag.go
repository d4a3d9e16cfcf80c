package bundle

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"daybook"
)

// A bag is a BagIt bag that is written into a ZIP file in one pass.
type bag struct {
	zip    *zip.Writer
	folder string
	files  []bagFile // of the payload, as they were written
	tags   []bagFile
	octets int64 // of the payload

	// Files are written one after the other, so one compressor of each kind
	// serves all of them.
	small, plain *flate.Writer
	packed       bool // the file that is being written would not get smaller
}

type bagFile struct {
	name string
	sum  daybook.Digest
}

func newBag(w io.Writer, folder string) *bag {
	b := &bag{zip: zip.NewWriter(w), folder: folder}
	b.zip.RegisterCompressor(zip.Deflate, b.compress)
	return b
}

// compress returns a compressor for the file that is being written. What is
// compressed in its own way is deflated without looking for repetitions: files
// that are stored as they are, with their length after them, are more than some
// programs can read.
func (b *bag) compress(w io.Writer) (_ io.WriteCloser, err error) {
	to, level := &b.small, flate.DefaultCompression
	if b.packed {
		to, level = &b.plain, flate.NoCompression
	}
	if *to != nil {
		(*to).Reset(w)
		return *to, nil
	}
	*to, err = flate.NewWriter(w, level)
	return *to, err
}

// payload writes one file below data/.
func (b *bag) payload(name string, fill func(w io.Writer) error) error {
	sum, n, err := b.file("data/"+name, fill)
	if err != nil {
		return err
	}
	b.files = append(b.files, bagFile{"data/" + name, sum})
	b.octets += n
	return nil
}

// bytes writes one file below data/ that is there already.
func (b *bag) bytes(name string, data []byte) error {
	return b.payload(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func (b *bag) tag(name string, data []byte) error {
	sum, _, err := b.file(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	b.tags = append(b.tags, bagFile{name, sum})
	return err
}

func (b *bag) file(name string, fill func(w io.Writer) error) (daybook.Digest, int64, error) {
	// The smallest time that a ZIP file can say.
	h := &zip.FileHeader{Name: b.folder + "/" + name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	b.packed = packed(name)
	h.SetMode(0o644)
	w, err := b.zip.CreateHeader(h)
	if err != nil {
		return daybook.Digest{}, 0, fmt.Errorf("%s: %w", name, err)
	}
	c := &counter{w: w, sum: sha256.New()}
	if err := fill(c); err != nil {
		return daybook.Digest{}, 0, fmt.Errorf("%s: %w", name, err)
	}
	return c.digest(), c.n, nil
}

// packed reports whether a file would not get smaller: it is compressed in its
// own way.
func packed(name string) bool {
	switch path.Ext(name) {
	case ".jpg", ".png", ".gif", ".webp", ".mp4", ".webm", ".mp3", ".ogg", ".pdf":
		return true
	}
	return false
}

// close writes what BagIt asks for beside the payload (RFC 8493 §2.1, §2.2), what
// sign gives for the SHA-256 of the manifest, and the end of the ZIP file.
func (b *bag) close(software, origin string, day time.Time, sign func(manifest daybook.Digest) ([]byte, error)) error {
	if err := b.tag("bagit.txt", []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")); err != nil {
		return err
	}
	info := fmt.Sprintf("Bag-Software-Agent: %s\nBagging-Date: %s\nExternal-Identifier: %s\nPayload-Oxum: %d.%d\n",
		software, day.UTC().Format(time.DateOnly), origin, b.octets, len(b.files))
	if err := b.tag("bag-info.txt", []byte(info)); err != nil {
		return err
	}
	payload := manifest(b.files)
	if err := b.tag("manifest-sha256.txt", payload); err != nil {
		return err
	}
	signed, err := sign(daybook.DigestOf(payload))
	if err != nil {
		return err
	}
	if err := b.tag("manifest-sha256.note", signed); err != nil {
		return err
	}
	if _, _, err := b.file("tagmanifest-sha256.txt", func(w io.Writer) error {
		_, err := w.Write(manifest(b.tags))
		return err
	}); err != nil {
		return err
	}
	return b.zip.Close()
}

// manifest lists files as sha256sum does, in order of name.
func manifest(files []bagFile) []byte {
	slices.SortFunc(files, func(x, y bagFile) int { return strings.Compare(x.name, y.name) })
	var w bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&w, "%s  %s\n", f.sum, f.name)
	}
	return w.Bytes()
}
