package archive

import (
	"context"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"daybook"
)

// A frontier is the right edge of a tree of some size: one hash for each bit
// that is set in the size, lowest bit first. It is all that an append needs.
type frontier []tlog.Hash

func parseFrontier(b []byte, size uint64) (frontier, error) {
	if len(b) != 32*bits.OnesCount64(size) {
		return nil, fmt.Errorf("%w: the tree's edge has %d bytes for %d entries", ErrBroken, len(b), size)
	}
	f := make(frontier, len(b)/32)
	for i := range f {
		copy(f[i][:], b[32*i:])
	}
	return f, nil
}

func (f frontier) bytes() []byte {
	b := make([]byte, 0, 32*len(f))
	for _, h := range f {
		b = append(b, h[:]...)
	}
	return b
}

// add returns the hashes that the leaf at index n completes (those of
// tlog.StoredHashes, level 0 first), and the edge of the tree of n+1 entries.
func (f frontier) add(n uint64, leaf []byte, hashes []byte) ([]byte, frontier) {
	h := tlog.RecordHash(leaf)
	hashes = append(hashes, h[:]...)
	full := bits.TrailingZeros64(^n) // subtrees that this leaf completes
	for i := range full {
		h = tlog.NodeHash(f[i], h)
		hashes = append(hashes, h[:]...)
	}
	next := make(frontier, 0, len(f)-full+1)
	return hashes, append(append(next, h), f[full:]...)
}

// root returns the root over all entries.
func (f frontier) root() daybook.Digest {
	if len(f) == 0 {
		h, _ := tlog.TreeHash(0, nil) // the hash of nothing needs no reader and cannot fail
		return daybook.Digest(h)
	}
	h := f[0]
	for _, left := range f[1:] {
		h = tlog.NodeHash(left, h)
	}
	return daybook.Digest(h)
}

// hashReader reads tree hashes from the rows of entries: the hash of level l and
// number n stands in the row of entry ((n+1)<<l)-1.
func hashReader(ctx context.Context, s Storage, c daybook.CaseID) tlog.HashReader {
	return tlog.HashReaderFunc(func(stored []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(stored))
		indexes := make([]uint64, len(stored))
		levels := make([]int, len(stored))
		for i, x := range stored {
			level, n := tlog.SplitStoredHashIndex(x)
			levels[i], indexes[i] = level, uint64((n+1)<<level-1)
		}
		rows, err := s.RowsAt(ctx, c, indexes)
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			if len(row.Hashes) < 32*(levels[i]+1) {
				return nil, fmt.Errorf("%w: entry %d lacks tree hashes", ErrBroken, row.Index)
			}
			copy(out[i][:], row.Hashes[32*levels[i]:])
		}
		return out, nil
	})
}

// RootAt returns the root over the first size entries.
func (l *Log) RootAt(ctx context.Context, c daybook.CaseID, size uint64) (daybook.Digest, error) {
	h, err := tlog.TreeHash(int64(size), hashReader(ctx, l.storage, c))
	if err != nil {
		return daybook.Digest{}, fmt.Errorf("root of %d entries: %w", size, err)
	}
	return daybook.Digest(h), nil
}

// Inclusion returns the hashes that show that an entry is in the tree of size
// entries (RFC 6962 §2.1.1).
func (l *Log) Inclusion(ctx context.Context, c daybook.CaseID, index, size uint64) ([]daybook.Digest, error) {
	p, err := tlog.ProveRecord(int64(size), int64(index), hashReader(ctx, l.storage, c))
	if err != nil {
		return nil, fmt.Errorf("inclusion of entry %d in %d: %w", index, size, err)
	}
	out := make([]daybook.Digest, len(p))
	for i, h := range p {
		out[i] = daybook.Digest(h)
	}
	return out, nil
}
