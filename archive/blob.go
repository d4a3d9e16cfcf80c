package archive

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"daybook"
	"daybook/internal/durable"
)

// chunkSize is how many plain bytes of a blob are sealed at a time, so that a
// part can be opened without the rest.
const chunkSize = 64 << 10

// PutBlob seals bytes and keeps them beside the log of a case. The digest that
// it returns must stand in the Blobs of a record. The same bytes twice are kept
// once. The bytes are on stable storage before the row that names them.
func (l *Log) PutBlob(ctx context.Context, c daybook.CaseID, b []byte) (daybook.Digest, error) {
	d := daybook.DigestOf(b)
	_, err := l.putBlob(ctx, c, d, b)
	return d, err
}

// putBlob is PutBlob, and returns the name of the file that it has written; ""
// if the bytes were there.
func (l *Log) putBlob(ctx context.Context, c daybook.CaseID, d daybook.Digest, b []byte) (name string, err error) {
	key, err := l.keys.Case(ctx, c)
	if err != nil {
		return "", fmt.Errorf("keep a blob: %w", err)
	}
	ref := key.MAC("blob", d.String())
	_, err = l.storage.Blob(ctx, c, ref)
	if err == nil { // held, so that it is not erased before the record that names it is there
		_, err = l.storage.HoldBlob(ctx, c, ref)
	}
	if err == nil {
		return "", nil
	} else if !errors.Is(err, daybook.ErrNotFound) {
		return "", fmt.Errorf("keep a blob: %w", err)
	}
	var secret [32]byte
	rand.Read(secret[:])
	row := BlobRow{Ref: ref, Name: daybook.NewID(), Size: int64(len(b)), WrappedKey: key.Seal("blob-key/"+d.String(), secret[:])}
	if err := l.blobs.Put(ctx, row.Name, sealChunks(secret, b)); err != nil {
		return "", fmt.Errorf("keep a blob: %w", err)
	}
	if err := l.storage.PutBlob(ctx, c, row); err != nil {
		return row.Name, fmt.Errorf("keep a blob: %w", err)
	}
	return row.Name, nil
}

// Blob returns the bytes with a digest. ErrNotFound if the case has none such;
// ErrBroken if they are not the bytes that they were.
func (l *Log) Blob(ctx context.Context, c daybook.CaseID, d daybook.Digest) ([]byte, error) {
	key, err := l.keys.Case(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("read a blob: %w", err)
	}
	row, err := l.storage.Blob(ctx, c, key.MAC("blob", d.String()))
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", d, err)
	}
	secret, err := key.Open("blob-key/"+d.String(), row.WrappedKey)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w: %w", d, ErrBroken, err)
	}
	sealed, err := l.blobs.Get(ctx, row.Name)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", d, err)
	}
	b, err := openChunks([32]byte(secret), sealed)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w: %w", d, ErrBroken, err)
	}
	if daybook.DigestOf(b) != d {
		return nil, fmt.Errorf("read blob %s: %w: its digest is another", d, ErrBroken)
	}
	return b, nil
}

// chunkNonce is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár
// 2015): a counter and a mark on the last chunk, so that chunks can neither be
// moved nor cut off.
func chunkNonce(i uint64, last bool) []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[3:], i)
	if last {
		nonce[11] = 1
	}
	return nonce
}

func sealChunks(key [32]byte, b []byte) []byte {
	aead := newGCM(key[:])
	out := make([]byte, 0, len(b)+(len(b)/chunkSize+1)*aead.Overhead())
	for i := uint64(0); ; i++ {
		n := min(len(b), chunkSize)
		last := n == len(b)
		out = aead.Seal(out, chunkNonce(i, last), b[:n], nil)
		if last {
			return out
		}
		b = b[n:]
	}
}

func openChunks(key [32]byte, sealed []byte) ([]byte, error) {
	aead := newGCM(key[:])
	out := make([]byte, 0, len(sealed))
	for i := uint64(0); ; i++ {
		n := min(len(sealed), chunkSize+aead.Overhead())
		last := n == len(sealed)
		var err error
		if out, err = aead.Open(out, chunkNonce(i, last), sealed[:n], nil); err != nil {
			return nil, errSealed
		}
		if last {
			return out, nil
		}
		sealed = sealed[n:]
	}
}

// A Folder is a BlobStore of one file a blob, in sub-folders by the first two
// characters of the name.
type Folder struct{ dir string }

// NewFolder returns a BlobStore in dir, which it makes if it is not there.
func NewFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the blob folder: %w", err)
	}
	return &Folder{dir}, nil
}

func (f *Folder) path(name string) (string, error) {
	if len(name) < 3 || !validName(name) || name[0] == '.' {
		return "", fmt.Errorf("%w: blob name %q", daybook.ErrInvalid, name)
	}
	return filepath.Join(f.dir, name[:2], name), nil
}

// Put implements BlobStore.
func (f *Folder) Put(_ context.Context, name string, data []byte) error {
	p, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Dir(p), 0o700); err == nil {
		if err := durable.SyncDir(f.dir); err != nil {
			return fmt.Errorf("make a blob folder: %w", err)
		}
	} else if !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a blob folder: %w", err)
	}
	return durable.Create(p, data, 0o600)
}

// Get implements BlobStore.
func (f *Folder) Get(_ context.Context, name string) ([]byte, error) {
	p, err := f.path(name)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(p)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("blob %s: %w", name, daybook.ErrNotFound)
	}
	return b, err
}

// Erase implements BlobStore.
func (f *Folder) Erase(_ context.Context, name string) error {
	p, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("erase blob %s: %w", name, err)
	}
	return durable.SyncDir(filepath.Dir(p))
}
