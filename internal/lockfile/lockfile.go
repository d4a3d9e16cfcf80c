// Package lockfile lets one process own a folder. The owner holds an advisory
// lock on the file "lock" in it, which the operating system frees when the
// process ends, however it ends; the file also holds the owner's process number,
// for people to read. The file itself stays: removing it would let two processes
// lock two files of one name.
package lockfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrLocked says that another process owns the folder. Errors of Acquire that
// wrap it are a *LockedError.
var ErrLocked = errors.New("in use by another process")

// A LockedError names the process that owns a folder.
type LockedError struct {
	Path string // of the lock file
	PID  int    // 0 if it cannot be read
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return e.Path + " is " + ErrLocked.Error()
	}
	return fmt.Sprintf("%s is %v (process %d)", e.Path, ErrLocked, e.PID)
}

func (e *LockedError) Unwrap() error { return ErrLocked }

// A Lock is held until Release, or until the process ends.
type Lock struct{ f *os.File }

// Acquire takes the lock of a folder, which must be there. It never waits: if
// another process holds the lock, or this one does already, it returns a
// *LockedError.
func Acquire(dir string) (*Lock, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = &LockedError{Path: path, PID: readPID(f)}
	}
	if err == nil {
		err = writePID(f)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), f.Close())
	}
	return &Lock{f}, nil
}

// Release frees the lock. It is called once.
func (l *Lock) Release() error {
	if err := errors.Join(l.f.Truncate(0), l.f.Close()); err != nil {
		return fmt.Errorf("release the lock: %w", err)
	}
	return nil
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// readPID returns 0 if the file does not hold a process number: the owner may be
// about to write it.
func readPID(f *os.File) int {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 20))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
