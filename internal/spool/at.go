package spool

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// A ReaderAt reads a file at any place. It may be used by several goroutines.
type ReaderAt struct {
	file *os.File
	aead cipher.AEAD
	size int64

	mu     sync.Mutex
	opened map[int64][]byte // chunks that were read lately
	order  []int64          // of opened, the oldest first
}

// keptChunks is how many opened chunks are kept in memory: several readers each
// go on from where they were.
const keptChunks = 16

// ReaderAt opens the file for reading at any place.
func (f *File) ReaderAt() (*ReaderAt, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("open a spool file: %w", err)
	}
	return &ReaderAt{file: file, aead: f.aead, size: f.size, opened: map[int64][]byte{}}, nil
}

// ReadAt implements io.ReaderAt. ErrBroken says that what lies there is not what
// was written.
func (r *ReaderAt) ReadAt(b []byte, at int64) (n int, err error) {
	if at < 0 {
		return 0, errors.New("read a spool file: a place before its beginning")
	}
	for len(b) > 0 {
		if at >= r.size {
			return n, io.EOF
		}
		plain, err := r.chunk(at / chunk)
		if err != nil {
			return n, err
		}
		took := copy(b, plain[at%chunk:])
		b, n, at = b[took:], n+took, at+int64(took)
	}
	return n, nil
}

// chunk opens a chunk, or returns it if it is kept.
func (r *ReaderAt) chunk(i int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if plain, ok := r.opened[i]; ok {
		return plain, nil
	}
	last := i == (r.size-1)/chunk
	n := int64(chunk)
	if last {
		n = r.size - i*chunk
	}
	overhead := int64(r.aead.Overhead())
	sealed := make([]byte, n+overhead)
	if _, err := r.file.ReadAt(sealed, i*(chunk+overhead)); errors.Is(err, io.EOF) {
		return nil, ErrBroken
	} else if err != nil {
		return nil, fmt.Errorf("read a spool file: %w", err)
	}
	plain, err := r.aead.Open(sealed[:0], nonce(uint64(i), last), sealed, nil) //nolint:gosec // i is not negative
	if err != nil {
		return nil, ErrBroken
	}
	if len(r.order) == keptChunks {
		delete(r.opened, r.order[0])
		r.order = r.order[1:]
	}
	r.opened[i], r.order = plain, append(r.order, i)
	return plain, nil
}

// Close implements io.Closer.
func (r *ReaderAt) Close() error { return r.file.Close() }
