// Package archive keeps the evidence: for each case one append-only log of
// sealed records, with a Merkle tree over it (RFC 6962 hashing), signed
// checkpoints (C2SP tlog-checkpoint), and blobs beside it.
//
// What is public and kept for ever is the leaf of an entry, one line without
// personal data. What it commits to, the values of the record and their salts,
// is sealed with a key of its own under the case key and can be destroyed; the
// leaf stays and all other proofs go on verifying.
//
// Rows lie in a Storage (package store implements it on SQL), blobs in a
// BlobStore, the instance key in a file outside both. Nothing else writes
// evidence. docs/evidence-format.md has every byte.
package archive

import (
	"context"
	"errors"
	"sync"
	"time"

	"daybook"
)

// Errors that callers branch on.
var (
	// ErrBroken is wrapped by every error that means stored bytes no longer
	// match what was committed to. It is never retried.
	ErrBroken = errors.New("archive does not match what was committed to")
	// ErrRolledBack says that the store is older than the high-water file
	// beside the key: a backup was put back, or entries were removed.
	ErrRolledBack = errors.New("the archive is older than it has been")
	// ErrWrongKey says that the instance key does not open this store.
	ErrWrongKey = errors.New("the instance key does not fit this data")
	// ErrBehind says that a follower was made to begin again while it was
	// handed entries: ask for its position again.
	ErrBehind = errors.New("what is derived has to begin again")
	// ErrErased says that the content of an entry was destroyed.
	ErrErased = errors.New("content erased")
)

// An Entry is one opened record of a log.
type Entry struct {
	Index  uint64 // from 0, without gaps; the exhibit number
	Record daybook.Record
	Erased bool // the content was destroyed: Record has only its Kind and Logged

	item *parsed // shared by all copies of this entry; nil in one that a test made
}

// parsed keeps what Item made of an entry.
type parsed struct {
	codec *itemCodec
	once  sync.Once
	item  daybook.Item
	err   error
}

// An itemCodec is shared by the entries of a batch.
type itemCodec struct {
	mu sync.Mutex
	daybook.ItemCodec
}

func (p *parsed) parse(r daybook.Record) {
	p.codec.mu.Lock()
	defer p.codec.mu.Unlock()
	p.item, p.err = p.codec.Parse(r)
}

// Item reads the record of an item (daybook.ParseItem). However many followers
// ask, it is read once; what is returned is shared and not to be changed.
func (e Entry) Item() (daybook.Item, error) {
	if e.item == nil {
		return daybook.ParseItem(e.Record)
	}
	e.item.once.Do(func() { e.item.parse(e.Record) })
	return e.item.item, e.item.err
}

// A Follower derives something from a log. It can be thrown away and made again
// from entry 0.
type Follower interface {
	// Name says what is derived, with its version: "index/1". A new name
	// starts at entry 0.
	Name() string
	// Position returns the number of entries that are done; 0 if it has to
	// start again.
	Position(ctx context.Context, c daybook.CaseID) (uint64, error)
	// Handle takes the entries that follow Position, in order, and commits
	// what it makes of them together with the new position. After a crash the
	// same entries come again; the result is the same.
	Handle(ctx context.Context, c daybook.CaseID, batch []Entry) error
	// Erased removes what was derived from these messages, so that it is in
	// no file any more when it returns.
	Erased(ctx context.Context, c daybook.CaseID, messages []daybook.MessageKey) error
}

// A Row is one entry as it is stored.
type Row struct {
	Index      uint64
	Kind       daybook.RecordKind
	Logged     time.Time
	Commitment daybook.Digest
	Hashes     []byte // the tree hashes that this entry completes (tlog.StoredHashes), 32 bytes each, level 0 first
	WrappedKey []byte // the entry's key under the case key; nil when erased
	Sealed     []byte // nil when erased
}

// A Head is the state of one log.
type Head struct {
	Size     uint64
	Frontier []byte // the right edge of the tree: one hash of 32 bytes for each bit that is set in Size, lowest first
	Erasures uint64 // grows with every erasure
}

// A CaseRow is what the storage knows about a case.
type CaseRow struct {
	ID         daybook.CaseID
	WrappedKey []byte // the case key under the instance key; nil when the case was erased
	Name       []byte // sealed under the case key
	Zone       string // IANA
	Created    time.Time
}

// Storage keeps the rows of logs. Calls made with the context that Update hands
// to fn are part of its transaction.
type Storage interface {
	// Update runs fn in one transaction: all of it is on stable storage when
	// it returns nil, none of it otherwise. Within an Update, a further Update
	// joins it.
	Update(ctx context.Context, fn func(ctx context.Context) error) error
	// LockHead returns the head of a log, within an Update, and holds it
	// until the transaction ends: appends to one case are serial.
	LockHead(ctx context.Context, c daybook.CaseID) (Head, error)
	// Head returns the head of a log; ErrNotFound if there is none.
	Head(ctx context.Context, c daybook.CaseID) (Head, error)
	// PutRows adds rows and sets the head, within an Update that holds it.
	PutRows(ctx context.Context, c daybook.CaseID, rows []Row, h Head) error
	// Rows returns up to limit rows from index from on, in order; with light,
	// without WrappedKey and Sealed.
	Rows(ctx context.Context, c daybook.CaseID, from uint64, limit int, light bool) ([]Row, error)
	// RowsAt returns the rows of these indexes, in that order; ErrNotFound if
	// one is missing.
	RowsAt(ctx context.Context, c daybook.CaseID, indexes []uint64) ([]Row, error)
	ErasedRows

	CheckpointStorage
	StampStorage
	CaseStorage
	BlobRows
}

// ErasedRows destroys contents and knows what was destroyed.
type ErasedRows interface {
	// EraseRows destroys key and sealed content of rows and counts an erasure.
	EraseRows(ctx context.Context, c daybook.CaseID, indexes []uint64) error
	// WithoutContent returns the indexes of the rows that have none,
	// ascending.
	WithoutContent(ctx context.Context, c daybook.CaseID) ([]uint64, error)
}

// CheckpointStorage keeps signed checkpoints.
type CheckpointStorage interface {
	// PutCheckpoint keeps a note. The same note again is no error and changes
	// nothing; another note for a size that has one is an error.
	PutCheckpoint(ctx context.Context, c daybook.CaseID, size uint64, note []byte, at time.Time) error
	// Checkpoints returns all checkpoints of a case, smallest first.
	Checkpoints(ctx context.Context, c daybook.CaseID) ([][]byte, error)
	// NewestCheckpoint returns the largest; daybook.ErrNotFound if there is
	// none.
	NewestCheckpoint(ctx context.Context, c daybook.CaseID) ([]byte, error)
}

// CaseStorage keeps cases and what belongs to the instance.
type CaseStorage interface {
	PutCase(ctx context.Context, row CaseRow) error
	Case(ctx context.Context, c daybook.CaseID) (CaseRow, error) // ErrNotFound
	Cases(ctx context.Context) ([]CaseRow, error)                // oldest first
	// InstanceValue returns a value of the instance (its id, its sealed
	// signing key); nil if it was never set.
	InstanceValue(ctx context.Context, name string) ([]byte, error)
	// SetInstanceValue sets a value once; a second, other value is an error.
	SetInstanceValue(ctx context.Context, name string, value []byte) error
}

// A BlobRow says where the bytes of a blob lie.
type BlobRow struct {
	Ref        [32]byte // keyed hash of the bytes' digest under the case key
	Name       string   // in the BlobStore; random
	Size       int64    // of the plain bytes
	WrappedKey []byte
}

// BlobRows keeps the directory of blobs.
type BlobRows interface {
	PutBlob(ctx context.Context, c daybook.CaseID, row BlobRow) error // the same Ref twice: the first stays
	Blob(ctx context.Context, c daybook.CaseID, ref [32]byte) (BlobRow, error)
	// HoldBlob is Blob, within an Update: until the transaction ends nobody
	// else erases the row.
	HoldBlob(ctx context.Context, c daybook.CaseID, ref [32]byte) (BlobRow, error)
	ErasedBlobs
}

// ErasedBlobs lets go of blobs: of the row and its key in a transaction, then of
// the file, whose name is remembered until it is gone.
type ErasedBlobs interface {
	// EraseBlob deletes the row of a blob and notes the name of its file.
	EraseBlob(ctx context.Context, c daybook.CaseID, ref [32]byte) error
	// ErasedBlobs returns the names that were noted for a case.
	ErasedBlobs(ctx context.Context, c daybook.CaseID) ([]string, error)
	// ForgetBlob deletes a name that was noted: the file is gone.
	ForgetBlob(ctx context.Context, c daybook.CaseID, name string) error
}

// A BlobStore holds sealed bytes under names. Folder keeps them in a folder.
type BlobStore interface {
	// Put stores the bytes under a name that is not there yet. When it
	// returns nil they are on stable storage.
	Put(ctx context.Context, name string, data []byte) error
	Get(ctx context.Context, name string) ([]byte, error) // ErrNotFound
	Erase(ctx context.Context, name string) error         // nil if it is not there
}
