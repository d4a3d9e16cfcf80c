// Package powerloss is an SQLite VFS for tests that knows which writes were
// synced. At any moment it can say what a disk would hold if the power went
// now: everything that was synced, and of the rest some writes, some not, some
// torn.
package powerloss

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// A VFS passes everything on to the operating system and remembers what is not
// synced yet.
type VFS struct {
	vfs.VFS

	mu    sync.Mutex
	disks map[string]*disk // by path
	full  bool
}

// Full makes the disk full, or makes room again: while it is full no write
// succeeds.
func (v *VFS) Full(full bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.full = full
}

// A disk is what one file holds.
type disk struct {
	synced  []byte
	pending []write
}

type write struct {
	at       int64
	data     []byte // nil: a truncation to at
	truncate bool
}

// New returns a VFS on top of SQLite's own.
func New() *VFS { return &VFS{VFS: vfs.Find(""), disks: map[string]*disk{}} }

// Open implements vfs.VFS.
func (v *VFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := v.VFS.Open(name, flags)
	return v.wrap(name, f), flags, err
}

// OpenFilename implements vfs.VFSFilename.
func (v *VFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	return v.wrap(name.String(), f), flags, err
}

func (v *VFS) wrap(name string, f vfs.File) vfs.File {
	if f == nil || name == "" {
		return f
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.disks[name] == nil {
		v.disks[name] = &disk{}
	}
	return &file{File: f, v: v, name: name}
}

// Delete implements vfs.VFS.
func (v *VFS) Delete(name string, syncDir bool) error {
	v.mu.Lock()
	delete(v.disks, name)
	v.mu.Unlock()
	return v.VFS.Delete(name, syncDir)
}

type file struct {
	vfs.File
	v    *VFS
	name string
}

func (f *file) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if f.v.full {
		return 0, vfs.SystemError(syscall.ENOSPC, sqlite3.FULL)
	}
	n, err := f.File.WriteAt(b, at)
	if d := f.v.disks[f.name]; d != nil && n > 0 {
		d.pending = append(d.pending, write{at: at, data: append([]byte(nil), b[:n]...)})
	}
	return n, err
}

func (f *file) Truncate(size int64) error {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if d := f.v.disks[f.name]; d != nil {
		d.pending = append(d.pending, write{at: size, truncate: true})
	}
	return f.File.Truncate(size)
}

// Sync keeps what was written until now. The disk of the machine that runs the
// test need not be synced: what counts is the order.
func (f *file) Sync(vfs.SyncFlag) error {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if d := f.v.disks[f.name]; d != nil {
		for _, w := range d.pending {
			d.synced = w.apply(d.synced, nil)
		}
		d.pending = nil
	}
	return nil
}

// apply makes a write; with torn, of its sectors of 512 bytes only the first few.
func (w write) apply(b []byte, torn *rand.Rand) []byte {
	if w.truncate {
		if int64(len(b)) > w.at {
			return b[:w.at]
		}
		return b
	}
	if end := w.at + int64(len(w.data)); int64(len(b)) < end {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	if n := len(w.data) / 512; torn != nil && n > 0 {
		copy(b[w.at:], w.data[:512*torn.IntN(n)])
		return b
	}
	copy(b[w.at:], w.data)
	return b
}

// Cut writes to dir what the files would hold if the power went now. Their base
// names stay.
func (v *VFS) Cut(dir string, r *rand.Rand) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, d := range v.disks {
		b := append([]byte(nil), d.synced...)
		reached := r.IntN(len(d.pending) + 1)
		for _, w := range d.pending[:reached] {
			switch r.IntN(4) {
			case 0: // never reached the disk, though later ones did
				continue
			case 1: // torn at a sector: the file is as long as it should be, the rest is old
				b = w.apply(b, r)
				continue
			}
			b = w.apply(b, nil)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o600); err != nil {
			return fmt.Errorf("write what is left of %s: %w", name, err)
		}
	}
	return nil
}
