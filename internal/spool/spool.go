// Package spool keeps bytes on disk for a while that must not lie there in the
// clear: a file that was made and waits to be taken away. Each file is sealed
// under a key of its own that is in memory alone, so what is left after a crash
// cannot be opened by anybody; Clear removes it.
package spool

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// chunk is how many plain bytes are sealed at a time.
const chunk = 64 << 10

// suffix is what the names of all files of a spool end in.
const suffix = ".spool"

// ErrFull says that a file would be larger than it may be.
var ErrFull = errors.New("the file is larger than it may be")

// ErrBroken says that a file is not the one that was written.
var ErrBroken = errors.New("the file was changed or cut off")

// A Writer writes one file. It is used by one goroutine.
type Writer struct {
	file  *os.File
	to    *bufio.Writer
	aead  cipher.AEAD
	plain []byte // of the chunk that is not full yet
	n     uint64 // chunks that were sealed
	size  int64
	limit int64
	err   error
}

// A File is one that is whole.
type File struct {
	path string
	aead cipher.AEAD
	size int64
}

// Create begins a file in dir, which it makes if it is not there, of at most
// limit plain bytes. Nothing of it is in the clear, not even its name.
func Create(dir string, limit int64) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool: %w", err)
	}
	var key [32]byte
	rand.Read(key[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("begin a spool file: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("begin a spool file: %w", err)
	}
	var name [16]byte
	rand.Read(name[:])
	f, err := os.OpenFile(filepath.Join(dir, hex.EncodeToString(name[:])+suffix), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin a spool file: %w", err)
	}
	return &Writer{file: f, to: bufio.NewWriterSize(f, 2*chunk), aead: aead, plain: make([]byte, 0, chunk), limit: limit}, nil
}

// Write implements io.Writer. After an error it returns the same one.
func (w *Writer) Write(b []byte) (n int, err error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.size+int64(len(b)) > w.limit {
		w.err = ErrFull
		return 0, w.err
	}
	for len(b) > 0 {
		if len(w.plain) == chunk { // there is more: this one is not the last
			if w.err = w.seal(false); w.err != nil {
				return n, w.err
			}
		}
		took := min(chunk-len(w.plain), len(b))
		w.plain = append(w.plain, b[:took]...)
		b, n = b[took:], n+took
		w.size += int64(took)
	}
	return n, nil
}

// seal writes the chunk that is in hand.
func (w *Writer) seal(last bool) error {
	sealed := w.aead.Seal(nil, nonce(w.n, last), w.plain, nil)
	w.n++
	w.plain = w.plain[:0]
	if _, err := w.to.Write(sealed); err != nil {
		return fmt.Errorf("write a spool file: %w", err)
	}
	return nil
}

// nonce is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): a
// counter and a mark on the last chunk, so that chunks can neither be moved nor
// cut off. A key seals one file, so no nonce comes twice.
func nonce(i uint64, last bool) []byte {
	b := make([]byte, 12)
	binary.BigEndian.PutUint64(b[3:], i)
	if last {
		b[11] = 1
	}
	return b
}

// Close ends the file. After an error, of this call or of an earlier Write,
// nothing is left on disk.
func (w *Writer) Close() (*File, error) {
	err := w.err
	if err == nil {
		err = w.seal(true)
	}
	if err == nil {
		if err = w.to.Flush(); err != nil {
			err = fmt.Errorf("write a spool file: %w", err)
		}
	}
	if err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	if err := w.file.Close(); err != nil {
		return nil, errors.Join(fmt.Errorf("close a spool file: %w", err), remove(w.file.Name()))
	}
	return &File{path: w.file.Name(), aead: w.aead, size: w.size}, nil
}

// Abort removes what was written. Close or Abort is called, not both.
func (w *Writer) Abort() error {
	return errors.Join(w.file.Close(), remove(w.file.Name()))
}

// Size is how many plain bytes the file has.
func (f *File) Size() int64 { return f.size }

// Remove removes the file. It may be called twice.
func (f *File) Remove() error { return remove(f.path) }

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove a spool file: %w", err)
	}
	return nil
}

// Clear removes every file of a spool: what another run has left. A folder that
// is not there is clear.
func Clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clear the spool: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			errs = append(errs, remove(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// Open opens the file for reading from its beginning. Reading ends with
// ErrBroken where it is not what was written.
func (f *File) Open() (io.ReadCloser, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("open a spool file: %w", err)
	}
	return &reader{file: file, from: bufio.NewReaderSize(file, 2*chunk), aead: f.aead}, nil
}

type reader struct {
	file  *os.File
	from  *bufio.Reader
	aead  cipher.AEAD
	plain []byte // opened and not handed out yet
	n     uint64
	err   error // what comes after plain
}

// Read implements io.Reader.
func (r *reader) Read(b []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.plain, r.err = r.next()
	}
	n := copy(b, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// next opens a chunk; io.EOF comes with the last one.
func (r *reader) next() ([]byte, error) {
	sealed := make([]byte, chunk+r.aead.Overhead())
	n, err := io.ReadFull(r.from, sealed)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		if errors.Is(err, io.EOF) {
			return nil, ErrBroken // the last chunk is missing
		}
		return nil, fmt.Errorf("read a spool file: %w", err)
	}
	_, peek := r.from.Peek(1)
	last := errors.Is(peek, io.EOF)
	plain, err := r.aead.Open(sealed[:0], nonce(r.n, last), sealed[:n], nil)
	if err != nil {
		return nil, ErrBroken
	}
	r.n++
	if last {
		return plain, io.EOF
	}
	return plain, nil
}

// Close implements io.Closer.
func (r *reader) Close() error { return r.file.Close() }
