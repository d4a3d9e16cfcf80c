package archive

import (
	"context"
	"fmt"
	"iter"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"daybook"
)

// A Disclosure is an entry with all that it takes to show it, or some of its
// fields, to somebody who has no access to the store. What of it is handed on is
// for the caller to choose: a field is shown with its value and its salt, or
// neither is.
type Disclosure struct {
	Index    uint64
	Kind     daybook.RecordKind
	Leaf     []byte          // its line of the log
	Record   []byte          // the canonical record: the digests of all fields
	Fields   []daybook.Field // all, also actor, logged and blob.N, in ascending order of name
	Salts    [][32]byte      // of the fields, in the same order
	LeafSalt [32]byte
	Seed     [32]byte // gives all salts: to be shown only where nothing is withheld
}

// discloseRows is how many entries are open at a time.
const discloseRows = 100

// Disclose opens one entry. The error wraps daybook.ErrNotFound if there is none,
// ErrErased if its content was destroyed, and ErrBroken if it is not what its
// leaf commits to.
func (l *Log) Disclose(ctx context.Context, c daybook.CaseID, index uint64) (Disclosure, error) {
	for d, err := range l.Disclosures(ctx, c, []uint64{index}) {
		return d, err
	}
	panic("archive: nothing was yielded for an entry") // Disclosures yields each index or an error
}

// Disclosures yields the entries of these indexes, which ascend, in their order;
// the errors are those of Disclose. It stops at the first error, which it yields.
func (l *Log) Disclosures(ctx context.Context, c daybook.CaseID, indexes []uint64) iter.Seq2[Disclosure, error] {
	return func(yield func(Disclosure, error) bool) {
		key, err := l.keys.Case(ctx, c)
		if err != nil {
			yield(Disclosure{}, fmt.Errorf("show entries: %w", err))
			return
		}
		seal := sealer{dict: l.dict}
		for len(indexes) > 0 {
			n := 1
			for n < min(len(indexes), discloseRows) && indexes[n] == indexes[0]+uint64(n) {
				n++
			}
			rows, err := l.rows(ctx, c, indexes[0], n, false)
			if err == nil && len(rows) < n {
				err = fmt.Errorf("entry %d: %w", indexes[len(rows)], daybook.ErrNotFound)
			}
			if err != nil {
				yield(Disclosure{}, fmt.Errorf("show entries: %w", err))
				return
			}
			for i := range rows {
				d, err := disclose(&seal, key, &rows[i])
				if !yield(d, err) || err != nil {
					return
				}
			}
			indexes = indexes[n:]
		}
	}
}

func disclose(s *sealer, key *CaseKey, row *Row) (Disclosure, error) {
	if row.Sealed == nil {
		return Disclosure{}, fmt.Errorf("show entry %d: %w", row.Index, ErrErased)
	}
	p, err := s.open(key, row)
	if err != nil {
		return Disclosure{}, fmt.Errorf("show: %w", err)
	}
	d := Disclosure{Index: row.Index, Kind: row.Kind, Leaf: Leaf(row.Index, row.Kind, row.Commitment), Fields: p.fields, Seed: p.seed}
	salts := p.salts(nil)
	d.LeafSalt = [32]byte(salts)
	d.Salts = make([][32]byte, len(p.fields))
	names := make([]string, len(p.fields))
	digests := make([]daybook.Digest, len(p.fields))
	for i, f := range p.fields {
		d.Salts[i] = [32]byte(salts[saltLength*(i+1):])
		names[i], digests[i] = f.Name, FieldDigest(d.Salts[i][:], f.Name, f.Value)
	}
	d.Record = CanonicalRecord(names, digests)
	if Commitment(d.LeafSalt[:], d.Record) != row.Commitment {
		return Disclosure{}, fmt.Errorf("show entry %d: %w: its content is not what its leaf commits to", row.Index, ErrBroken)
	}
	return d, nil
}

// Leaves yields the leaves of the first size entries, in order, without opening
// any. It stops at the first error, which it yields.
func (l *Log) Leaves(ctx context.Context, c daybook.CaseID, size uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := l.light(ctx, c, size, func(row *Row) bool { return yield(Leaf(row.Index, row.Kind, row.Commitment), nil) })
		if err != nil {
			yield(nil, fmt.Errorf("leaves of case %s: %w", c, err))
		}
	}
}

// light calls fn for the first size rows, until it returns false.
func (l *Log) light(ctx context.Context, c daybook.CaseID, size uint64, fn func(row *Row) bool) error {
	if err := Allowed(ctx, c); err != nil {
		return err
	}
	for n := uint64(0); n < size; {
		rows, err := l.rows(ctx, c, n, int(min(batchRows, size-n)), true)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fmt.Errorf("%w: %d entries are here, not %d", daybook.ErrNotFound, n, size)
		}
		for i := range rows {
			if !fn(&rows[i]) {
				return nil
			}
		}
		n += uint64(len(rows))
	}
	return nil
}

// A Tree is the Merkle tree over the first entries of a log, held in memory: 64
// bytes an entry. It makes many inclusion proofs without reading the store for
// each. It may be used from several goroutines.
type Tree struct {
	size   uint64
	hashes []byte // in the order of tlog.StoredHashIndex
	root   daybook.Digest
}

// Tree reads the tree over the first size entries.
func (l *Log) Tree(ctx context.Context, c daybook.CaseID, size uint64) (*Tree, error) {
	t := &Tree{size: size}
	var short error
	err := l.light(ctx, c, size, func(row *Row) bool {
		if t.hashes = append(t.hashes, row.Hashes...); int64(len(t.hashes)) != 32*tlog.StoredHashCount(int64(row.Index)+1) {
			short = fmt.Errorf("%w: entry %d has not the tree hashes that it completes", ErrBroken, row.Index)
		}
		return short == nil
	})
	if err == nil {
		err = short
	}
	if err != nil {
		return nil, fmt.Errorf("tree over %d entries of case %s: %w", size, c, err)
	}
	h, err := tlog.TreeHash(int64(size), tlog.HashReaderFunc(t.read))
	if err != nil {
		return nil, fmt.Errorf("tree over %d entries of case %s: %w", size, c, err)
	}
	t.root = daybook.Digest(h)
	return t, nil
}

func (t *Tree) read(stored []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(stored))
	for i, x := range stored {
		copy(out[i][:], t.hashes[32*x:])
	}
	return out, nil
}

// Root returns the root over all entries of the tree.
func (t *Tree) Root() daybook.Digest { return t.root }

// Proof returns the inclusion of an entry as a c2sp.org/tlog-proof@v1 text, with
// the leaf as its extra data. checkpoint is the signed note over the tree.
func (t *Tree) Proof(index uint64, leaf, checkpoint []byte) ([]byte, error) {
	hashes, err := tlog.ProveRecord(int64(t.size), int64(index), tlog.HashReaderFunc(t.read))
	if err != nil {
		return nil, fmt.Errorf("inclusion of entry %d in %d: %w", index, t.size, err)
	}
	p := proof.TLogProof{Index: index, Checkpoint: checkpoint, ExtraData: leaf, Hashes: make([][32]byte, len(hashes))}
	for i, h := range hashes {
		p.Hashes[i] = h
	}
	return p.Marshal(), nil
}

// CheckpointAt returns the checkpoint over exactly size entries;
// daybook.ErrNotFound if none was made over so many.
func (l *Log) CheckpointAt(ctx context.Context, c daybook.CaseID, size uint64) (Checkpoint, error) {
	notes, err := l.storage.Checkpoints(ctx, c)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint of %d entries: %w", size, err)
	}
	for _, signed := range notes {
		cp, err := l.ParseCheckpoint(c, signed)
		if err != nil {
			return Checkpoint{}, err
		}
		if cp.Size == size {
			return cp, nil
		}
	}
	return Checkpoint{}, fmt.Errorf("checkpoint of %d entries: %w", size, daybook.ErrNotFound)
}
