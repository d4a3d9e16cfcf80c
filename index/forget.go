package index

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"daybook"
	"daybook/archive"
)

// Forget removes the index of a case whose key was destroyed, if it is open: one
// that was not was dropped before.
func (x *Index) Forget(c daybook.CaseID) error {
	s, err := x.slot(c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == nil {
		return nil
	}
	return s.remove(s.folder.path)
}

// Sweep removes the folders that are the index of no case any more, such as those
// of a case that was erased on another machine. cases returns all cases; it is
// called after the folders were listed, so that a new one is not taken for one of
// them.
func (x *Index) Sweep(ctx context.Context, cases func(context.Context) ([]daybook.CaseID, error)) error {
	folders, err := os.ReadDir(x.cfg.Dir)
	if err != nil {
		return fmt.Errorf("sweep indexes: %w", err)
	}
	all, err := cases(ctx)
	if err != nil {
		return fmt.Errorf("sweep indexes: %w", err)
	}
	known := map[string]bool{}
	for _, c := range all {
		key, err := x.cfg.Keys.Case(ctx, c)
		if errors.Is(err, archive.ErrErased) || errors.Is(err, daybook.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("sweep indexes: %w", err)
		}
		known[filepath.Base(x.path(key))] = true
	}
	for _, f := range folders {
		if name := f.Name(); f.IsDir() && isFolderName(name) && !known[name] {
			if err := removeFolder(filepath.Join(x.cfg.Dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// isFolderName reports whether path could have made a name: what else somebody
// has put there is left alone.
func isFolderName(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == 16
}
