package index

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	bolterrors "go.etcd.io/bbolt/errors"

	"daybook/archive"
	"daybook/internal/durable"
)

var (
	errAbsent  = errors.New("there is no index yet")
	errDamaged = errors.New("index is damaged")
)

const (
	keyFile    = "key"   // the index's key, sealed under the case key
	wordsDir   = "words" // bleve's folder
	keyPlace   = "index/key"
	stateValue = "state" // bleve's internal value that holds a state

	// A rebuild hands over thousands of entries; they are gathered up to
	// fullBatch documents, because each file that bleve joins with others is
	// opened and sealed once more. Fewer than smallBatch entries are what was
	// just collected: they are handed to bleve at once.
	fullBatch  = 4000
	smallBatch = 500

	// maxUnwritten is how many batches bleve may hold in memory.
	maxUnwritten = 4
	// patience is how long to wait for bleve to write. It is reached when
	// bleve's writer has died; then the index is built again.
	patience = time.Minute
)

// A state says what an index holds. It is written in the same transaction as
// the documents.
type state struct {
	position uint64 // entries of the log that are done
	erasures uint64 // archive.Head.Erasures when the index was begun
}

func (s state) bytes() []byte {
	b := binary.BigEndian.AppendUint64(nil, mappingVersion)
	b = binary.BigEndian.AppendUint64(b, s.position)
	return binary.BigEndian.AppendUint64(b, s.erasures)
}

func parseState(b []byte) (state, error) {
	if len(b) != 24 {
		return state{}, fmt.Errorf("%w: it does not say how far it is", errDamaged)
	}
	if v := binary.BigEndian.Uint64(b); v != mappingVersion {
		return state{}, fmt.Errorf("%w: version %d of the mapping, now %d", errDamaged, v, mappingVersion)
	}
	return state{binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])}, nil
}

// A folder is the open index of one case.
type folder struct {
	path  string
	key   *archive.CaseKey
	words bleve.Index

	// unwritten has one element for each batch that bleve has not written yet.
	// Batches are handed over without waiting for the disk: what a crash loses
	// comes again from the log, because the position is lost with it.
	unwritten chan struct{}

	waiting atomic.Bool // gathered has something that a search has to see

	mu       sync.Mutex // one batch at a time
	gathered *bleve.Batch
	state    state // with what is gathered
	recent   recent

	seen atomic.Uint64 // state.position, for searches that do not wait for a batch
}

// bleveConfig is the part of the configuration that is not kept in the index.
func bleveConfig() map[string]any {
	return map[string]any{
		"unsafe_batch": true,
		"bolt_timeout": "2s", // a second process gets an error instead of waiting for ever
	}
}

// newFolder makes an empty index at path, where nothing is.
func newFolder(path string, key *archive.CaseKey, erasures uint64) (*folder, error) {
	var secret [32]byte
	rand.Read(secret[:])
	if err := os.Mkdir(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the index: %w", err)
	}
	if err := durable.Create(filepath.Join(path, keyFile), key.Seal(keyPlace, secret[:]), 0o600); err != nil {
		return nil, fmt.Errorf("make the index: %w", err)
	}
	f := &folder{path: path, key: key, unwritten: make(chan struct{}, maxUnwritten), state: state{erasures: erasures}}
	setFolderKey(f.wordsPath(), &secret)
	var err error
	if f.words, err = bleve.NewUsing(f.wordsPath(), newMapping(), scorch.Name, scorch.Name, bleveConfig()); err != nil {
		setFolderKey(f.wordsPath(), nil)
		return nil, fmt.Errorf("make the index: %w", err)
	}
	if err := f.words.SetInternal([]byte(stateValue), f.state.bytes()); err != nil {
		return nil, errors.Join(fmt.Errorf("make the index: %w", err), f.abandon())
	}
	return f, nil
}

// openFolder opens the index at path. The error is errAbsent if there is none,
// wraps ErrInUse if another process has it, and anything else means that it
// cannot be used any more. With check, every file is read through before.
func openFolder(path string, key *archive.CaseKey, check bool) (_ *folder, err error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, errAbsent
	}
	f := &folder{path: path, key: key, unwritten: make(chan struct{}, maxUnwritten)}
	sealed, err := os.ReadFile(filepath.Join(path, keyFile))
	if err != nil {
		return nil, fmt.Errorf("%w: its key: %w", errDamaged, err)
	}
	secret, err := key.Open(keyPlace, sealed)
	if err != nil || len(secret) != 32 {
		return nil, fmt.Errorf("%w: its key does not open", errDamaged)
	}
	if check {
		if err := checkFiles(f.wordsPath()); err != nil {
			return nil, err
		}
	}
	setFolderKey(f.wordsPath(), (*[32]byte)(secret))
	defer func() {
		if err != nil {
			setFolderKey(f.wordsPath(), nil)
		}
	}()
	err = guard(func() error {
		f.words, err = bleve.OpenUsing(f.wordsPath(), bleveConfig())
		if errors.Is(err, bolterrors.ErrTimeout) {
			return ErrInUse
		}
		if err != nil {
			return damaged(err)
		}
		b, err := f.words.GetInternal([]byte(stateValue))
		if err == nil {
			f.state, err = parseState(b)
			f.seen.Store(f.state.position)
		}
		if err != nil {
			return errors.Join(damaged(err), f.words.Close())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *folder) wordsPath() string { return filepath.Join(f.path, wordsDir) }

// flush waits until everything is written.
func (f *folder) flush(ctx context.Context) error {
	for n := range maxUnwritten {
		if err := f.reserve(ctx); err != nil {
			for range n {
				<-f.unwritten
			}
			return err
		}
	}
	for range maxUnwritten {
		<-f.unwritten
	}
	return nil
}

// reserve waits until bleve may hold one more batch.
func (f *folder) reserve(ctx context.Context) error {
	select {
	case f.unwritten <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case f.unwritten <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fmt.Errorf("%w: nothing was written for %v", errDamaged, patience)
	}
}

// settle hands over what was gathered, so that a search finds it.
func (f *folder) settle(ctx context.Context) error {
	if !f.waiting.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.handOver(ctx)
}

// handOver needs f.mu.
func (f *folder) handOver(ctx context.Context) error {
	if f.gathered == nil {
		return nil
	}
	if err := f.reserve(ctx); err != nil {
		return err
	}
	f.gathered.SetInternal([]byte(stateValue), f.state.bytes())
	f.gathered.SetPersistedCallback(func(error) { <-f.unwritten })
	if err := f.words.Batch(f.gathered); err != nil {
		return damaged(err)
	}
	f.gathered = nil
	f.waiting.Store(false)
	return nil
}

// close writes what is in memory and closes.
func (f *folder) close() error {
	ctx := context.Background() // bounded by patience
	err := f.settle(ctx)
	if err == nil {
		err = f.flush(ctx)
	}
	return errors.Join(err, f.abandon())
}

// abandon closes without writing what is in memory.
func (f *folder) abandon() error {
	err := guard(f.words.Close)
	setFolderKey(f.wordsPath(), nil)
	if err != nil {
		return fmt.Errorf("close the index: %w", err)
	}
	return nil
}

// guard runs fn and makes a damaged index of a panic: bleve and bolt follow the
// offsets in their files without checking all of them.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: reading it went astray", errDamaged)
		}
	}()
	return fn()
}

func damaged(err error) error {
	if errors.Is(err, errDamaged) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

func errJoinClose(err error, c interface{ Close() error }) error { return errors.Join(err, c.Close()) }
