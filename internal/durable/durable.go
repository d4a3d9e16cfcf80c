// Package durable writes files so that they are on stable storage, whole or not
// at all, when it returns. The sequence is: write a temporary file in the same
// folder, fsync it, rename (or link) it to its name, fsync the folder.
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write puts data at path, in place of what is there.
func Write(path string, data []byte, mode os.FileMode) error {
	return put(path, data, mode, os.Rename)
}

// Create puts data at path. It fails with an error that wraps os.ErrExist, and
// changes nothing, if there is something already.
func Create(path string, data []byte, mode os.FileMode) error {
	return put(path, data, mode, func(tmp, path string) error {
		if err := os.Link(tmp, path); err != nil {
			return err
		}
		return os.Remove(tmp)
	})
}

func put(path string, data []byte, mode os.FileMode, publish func(tmp, path string) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", path, err), ignoreMissing(os.Remove(f.Name())))
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = publish(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// SyncDir makes the names in a folder durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
