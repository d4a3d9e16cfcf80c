// Package index finds words: one encrypted bleve index per case, which follows
// the case's log and can always be thrown away and built again.
//
// On disk, each case has a folder whose name is a keyed hash. It holds the
// index's own random key, sealed under the case key, and the files of bleve,
// each sealed piece by piece (InstallHooks). No word, handle or message key
// stands there in the clear, and without the case key nothing of it opens. No
// text is stored: a hit is the keyed hash of a message key, and whoever holds
// the text asks Fragments where the words are.
//
// bleve owns words; lists, order and counts belong to package store. An index
// that is missing, damaged, of another version, or of another past than the log
// is removed and starts again at entry 0. The words of an erased message are
// removed with the whole index, because bleve keeps the words of a deleted
// document in its files; what the log still has of messages that are hidden until
// they are erased is passed over.
package index

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"daybook"
	"daybook/archive"
	"daybook/internal/durable"
)

// Errors that callers branch on.
var (
	// ErrBehind says that the index has not followed its log yet, or that it
	// was damaged and has been removed: let it catch up, then ask again.
	ErrBehind = errors.New("the index has to follow its log first")
	// ErrInUse says that another process has the index open.
	ErrInUse = errors.New("the index is open in another process")
)

// Keys hands out the keys of cases. *archive.Keyring does.
type Keys interface {
	Case(ctx context.Context, c daybook.CaseID) (*archive.CaseKey, error)
}

// Versions knows the texts that edited messages had.
type Versions interface {
	// Edited returns all texts, oldest first, of each message that has more
	// than one version and a capture among the entries from to to-1.
	Edited(ctx context.Context, c daybook.CaseID, from, to uint64) (map[daybook.MessageKey][]string, error)
}

// Heads knows how long a log is and how often content was erased from it. An
// archive.Storage does.
type Heads interface {
	Head(ctx context.Context, c daybook.CaseID) (archive.Head, error)
}

// Tombs knows which messages are not to be found. *store.DB does.
type Tombs interface {
	// Tombs returns the messages of a case that were erased, or are hidden
	// because they will be.
	Tombs(ctx context.Context, c daybook.CaseID) (archive.Tombs, error)
}

// Config says what an Index works with.
type Config struct {
	Dir      string // the folder of all indexes; made if it is not there
	Keys     Keys
	Versions Versions     // nil: only the text that came last is found
	Tombs    Tombs        // nil: there are none
	Heads    Heads        // nil: an index that is ahead of its log, or that missed an erasure, is not noticed
	MaxOpen  int          // how many indexes stay open; 0: 64. Each holds about 5 files and 3 goroutines
	Logger   *slog.Logger // nil: slog.Default()
}

// An Index finds messages of any case. It may be used from several goroutines.
// One process owns Dir.
type Index struct {
	cfg Config

	clock atomic.Int64 // counts uses: the smallest was longest ago
	mu    sync.Mutex
	slots map[daybook.CaseID]*slot
	done  bool
}

// A slot is the place of one case's index, open or not.
type slot struct {
	used atomic.Int64 // the clock at the last use

	mu      sync.RWMutex // held for reading by whoever uses folder, for writing by who opens, closes or removes it
	folder  *folder      // nil: not open
	checked bool         // its files were read through once in this process
}

// Open returns an Index. It opens the indexes of cases when they are asked for.
func Open(cfg Config) (*Index, error) {
	InstallHooks()
	if cfg.MaxOpen <= 0 {
		cfg.MaxOpen = 64
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	// bleve is told absolute paths, and asks for keys by them.
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the index: %w", err)
	}
	cfg.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the index: %w", err)
	}
	return &Index{cfg: cfg, slots: map[daybook.CaseID]*slot{}}, nil
}

// Close writes what is in memory and closes all indexes. It waits for searches
// that run. Nothing can be asked afterwards.
func (x *Index) Close() error {
	x.mu.Lock()
	x.done = true
	slots := x.slots
	x.slots = nil
	x.mu.Unlock()
	var errs []error
	for _, s := range slots {
		s.mu.Lock()
		errs = append(errs, s.close())
		s.mu.Unlock()
	}
	return errors.Join(errs...)
}

// Drop removes the index of a case from the disk. Call it before the key of a
// case is destroyed: the folder's name is made with it.
func (x *Index) Drop(ctx context.Context, c daybook.CaseID) error {
	if err := x.remove(ctx, c); err != nil {
		return fmt.Errorf("drop the index: %w", err)
	}
	return nil
}

// with opens the index of a case if it is not, and runs fn with it. The index
// is not closed while fn runs. When fn finds it damaged, it is removed, and the
// error wraps ErrBehind.
func (x *Index) with(ctx context.Context, c daybook.CaseID, fn func(*folder) error) error {
	if err := archive.Allowed(ctx, c); err != nil { // an index that is open asks for no key
		return err
	}
	s, err := x.slot(c)
	if err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.used.Store(x.clock.Add(1))
		s.mu.RLock()
		if f := s.folder; f != nil {
			err := fn(f)
			s.mu.RUnlock()
			if errors.Is(err, errDamaged) {
				return x.discard(ctx, c, s, f, err)
			}
			return err
		}
		s.mu.RUnlock()
		if err := x.open(ctx, c, s); err != nil {
			return err
		}
		x.trim()
	}
}

func (x *Index) slot(c daybook.CaseID) (*slot, error) {
	if c == "" {
		return nil, fmt.Errorf("%w: no case is named", daybook.ErrInvalid)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done {
		return nil, errors.New("the index is closed")
	}
	s := x.slots[c]
	if s == nil {
		s = &slot{}
		x.slots[c] = s
	}
	return s, nil
}

// open opens the index in a slot, or makes a new one.
func (x *Index) open(ctx context.Context, c daybook.CaseID, s *slot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder != nil {
		return nil
	}
	key, err := x.cfg.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	path := x.path(key)
	s.folder, err = openFolder(path, key, !s.checked)
	switch {
	case err == nil:
		s.checked = true
		return nil
	case errors.Is(err, ErrInUse):
		return err
	case !errors.Is(err, errAbsent):
		x.cfg.Logger.WarnContext(ctx, "search index is damaged and is built again", slog.Any("case", c), slog.Any("err", err))
	}
	if err := removeFolder(path); err != nil {
		return err
	}
	erasures, err := x.erasures(ctx, c)
	if err != nil {
		return err
	}
	if s.folder, err = newFolder(path, key, erasures); err != nil {
		return err
	}
	s.checked = true
	return nil
}

// discard removes an index that fn found damaged.
func (x *Index) discard(ctx context.Context, c daybook.CaseID, s *slot, f *folder, cause error) error {
	x.cfg.Logger.WarnContext(ctx, "search index is damaged and is built again", slog.Any("case", c), slog.Any("err", cause))
	s.mu.Lock()
	defer s.mu.Unlock()
	err := fmt.Errorf("%w: %w", ErrBehind, cause)
	if s.folder != f { // another goroutine was faster
		return err
	}
	return errors.Join(err, s.remove(f.path))
}

// remove closes the index of a case and removes its folder.
func (x *Index) remove(ctx context.Context, c daybook.CaseID) error {
	s, err := x.slot(c)
	if err != nil {
		return err
	}
	key, err := x.cfg.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(x.path(key))
}

// remove needs s.mu.
func (s *slot) remove(path string) error {
	var err error
	if f := s.folder; f != nil {
		s.folder = nil
		err = f.abandon()
	}
	s.checked = false
	return errors.Join(err, removeFolder(path))
}

// close needs s.mu.
func (s *slot) close() error {
	f := s.folder
	if f == nil {
		return nil
	}
	s.folder = nil
	return f.close()
}

// trim closes the indexes that were not used for longest, down to MaxOpen. One
// that is in use stays open, and the number may be exceeded for that time.
func (x *Index) trim() {
	x.mu.Lock()
	slots := slices.Collect(maps.Values(x.slots))
	x.mu.Unlock()
	slots = slices.DeleteFunc(slots, func(s *slot) bool {
		if !s.mu.TryRLock() {
			return true
		}
		defer s.mu.RUnlock()
		return s.folder == nil
	})
	if len(slots) <= x.cfg.MaxOpen {
		return
	}
	slices.SortFunc(slots, func(a, b *slot) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	for _, s := range slots[:len(slots)-x.cfg.MaxOpen] {
		if !s.mu.TryLock() {
			continue
		}
		if err := s.close(); err != nil {
			x.cfg.Logger.Warn("search index could not be closed", slog.Any("err", err))
		}
		s.mu.Unlock()
	}
}

// path is the folder of a case's index. Its name says nothing.
func (x *Index) path(key *archive.CaseKey) string {
	name := key.MAC("index", "folder")
	return filepath.Join(x.cfg.Dir, hex.EncodeToString(name[:16]))
}

func (x *Index) erasures(ctx context.Context, c daybook.CaseID) (uint64, error) {
	h, err := x.head(ctx, c)
	return h.Erasures, err
}

// head returns the head of the log; a log that has none yet is empty.
func (x *Index) head(ctx context.Context, c daybook.CaseID) (archive.Head, error) {
	if x.cfg.Heads == nil {
		return archive.Head{}, nil
	}
	h, err := x.cfg.Heads.Head(ctx, c)
	if errors.Is(err, daybook.ErrNotFound) {
		return archive.Head{}, nil
	}
	return h, err
}

// removeFolder removes the index at path: its key first, so that what a crash
// leaves behind does not open any more.
func removeFolder(path string) error {
	if err := os.Remove(filepath.Join(path, keyFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the index's key: %w", err)
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove the index: %w", err)
	}
	if err := durable.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("remove the index: %w", err)
	}
	return nil
}
