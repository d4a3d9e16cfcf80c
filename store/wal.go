package store

import (
	"slices"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// SQLite writes its log in frames of 24 and 4,096 bytes, so that nothing in it
// begins where a block of the encryption does: each frame would have five blocks
// opened or sealed that are not its own. A gatheredVFS stands in front of the
// encrypted one and gathers what is written to the log, so that each block is
// sealed once.
//
// Nothing is taken for written that is not: Sync, and all else that asks for the
// file, first writes what was gathered. SQLite tells other connections about
// frames only after it has synced them, because synchronous is FULL. One thing it
// writes after that: it fills the last sector with a copy of the last frame, and
// what of that lies behind the sector follows the sync. That part is written at
// once.
type gatheredVFS struct{ vfs.VFS }

// Open implements vfs.VFS; SQLite calls OpenFilename.
func (v gatheredVFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == "" {
		return v.OpenFilename(nil, flags)
	}
	return nil, flags, sqlite3.CANTOPEN
}

// OpenFilename implements vfs.VFSFilename.
func (v gatheredVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, flags, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	if err == nil && flags&vfs.OPEN_WAL != 0 {
		file = &walFile{File: file}
	}
	return file, flags, err
}

const (
	walBlock  = 4096          // of the encryption
	walHeader = 32            // in front of the first frame
	walFrame  = 24 + 4096     // SQLite's own page size, which every database here has
	walGather = 64 * walBlock // at most so many bytes wait to be written
)

// A walFile is a log that SQLite writes. One connection uses it, which SQLite
// makes sure is one goroutine at a time.
type walFile struct {
	vfs.File
	at      int64 // where waiting begins
	waiting []byte
	synced  int64 // the end of the frame that was synced last; less of it may have been
}

func (f *walFile) WriteAt(p []byte, at int64) (int, error) {
	if at == f.at && len(f.waiting) == 0 && at+int64(len(p)) <= f.synced {
		n, err := f.File.WriteAt(p, at)
		f.at += int64(n)
		return n, err
	}
	if len(f.waiting) > 0 && at != f.at+int64(len(f.waiting)) {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(f.waiting) == 0 {
		f.at = at
	}
	f.waiting = append(f.waiting, p...)
	if len(f.waiting) < walGather {
		return len(p), nil
	}
	// The last block is not full yet.
	whole := int((f.at+int64(len(f.waiting)))/walBlock*walBlock - f.at)
	if err := f.write(whole); err != nil {
		return 0, err
	}
	return len(p), nil
}

// write writes the first n bytes of what waits. After an error nothing waits:
// SQLite gives the transaction up and writes its frames anew.
func (f *walFile) write(n int) error {
	if _, err := f.File.WriteAt(f.waiting[:n], f.at); err != nil {
		f.waiting = f.waiting[:0]
		return err
	}
	f.waiting = slices.Delete(f.waiting, 0, n)
	f.at += int64(n)
	return nil
}

func (f *walFile) flush() error {
	if len(f.waiting) == 0 {
		return nil
	}
	return f.write(len(f.waiting))
}

func (f *walFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, at)
}

func (f *walFile) Sync(flags vfs.SyncFlag) error {
	if err := f.flush(); err != nil {
		return err
	}
	frames := max(0, f.at-walHeader+walFrame-1) / walFrame
	f.synced = walHeader + frames*walFrame
	return f.File.Sync(flags)
}

func (f *walFile) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *walFile) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *walFile) Close() error {
	err := f.flush()
	if end := f.File.Close(); err == nil {
		err = end
	}
	return err
}
