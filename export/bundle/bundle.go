// Package bundle packs what leaves a case: the readable parts of an
// export.Shown, and the entries of the log that stand behind it, so that
// somebody who trusts neither this program nor whoever runs it can check them
// with public tools. It is a BagIt 1.0 bag (RFC 8493) in one ZIP file, written in
// one pass; docs/bundle-format.md has every file and byte.
//
// Everything goes straight into the writer that the caller gives: nothing is put
// on disk here, and what is held in memory does not grow with the case but for
// 64 bytes an entry and the digests of the manifest. It asks no clock and no
// network: the same input gives the same bytes.
package bundle

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"daybook"
	"daybook/archive"
	"daybook/export"
)

// Input is what a bundle is made of.
type Input struct {
	Log        *archive.Log
	Case       daybook.CaseID
	Shown      *export.Shown
	Checkpoint archive.Checkpoint // over Shown.Spec.Size entries
	Earlier    []Earlier          // stamped checkpoints before it, smallest first; only in complete bundles
	For        Recipients         // empty: the bundle is not sealed
}

// An Earlier checkpoint lies beside the one that the bundle stands on.
type Earlier struct {
	archive.Checkpoint
	Stamps []export.Stamp
}

// Result says what was written.
type Result struct {
	SHA256   daybook.Digest // of the ZIP file: the same whoever it is sealed for
	Size     int64          // of the ZIP file, in bytes
	File     daybook.Digest // of what was written: another only if it was sealed
	FileSize int64
	Entries  int // that are in it
	Exhibits int // messages that are in it
	LeftOut  int // messages of the period that are not
}

// Write writes a bundle to w. It reads the log as it goes and stops at the first
// error, after which what was written is of no use; it does not close w.
// progress, which may be nil, is called with how much of the work is done.
//
// The error wraps archive.ErrErased if content went away meanwhile,
// archive.ErrBroken if the log is not what the checkpoint covers, and ctx's error
// when that ends.
func Write(ctx context.Context, w io.Writer, in Input, progress func(done, total int)) (Result, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	if in.Shown.Spec.Size != in.Checkpoint.Size {
		return Result{}, fmt.Errorf("write the bundle: %w: it shows %d entries, and its checkpoint covers %d", daybook.ErrInvalid, in.Shown.Spec.Size, in.Checkpoint.Size)
	}
	file := &counter{w: w, sum: sha256.New()}
	sealed, err := in.For.seal(file)
	if err != nil {
		return Result{}, fmt.Errorf("seal the bundle: %w", err)
	}
	plain := &counter{ctx: ctx, w: sealed, sum: sha256.New()}
	p := packer{ctx: ctx, in: in, bag: newBag(plain, fmt.Sprintf("bundle-%d", in.Checkpoint.Size)), progress: progress}
	if err := p.pack(); err != nil {
		return Result{}, fmt.Errorf("write the bundle: %w", err)
	}
	if err := sealed.Close(); err != nil {
		return Result{}, fmt.Errorf("seal the bundle: %w", err)
	}
	return Result{
		SHA256: plain.digest(), Size: plain.n, File: file.digest(), FileSize: file.n,
		Entries: len(p.indexes), Exhibits: len(in.Shown.Exhibits), LeftOut: in.Shown.LeftOut,
	}, nil
}

// A counter hashes and counts what passes through it.
type counter struct {
	ctx context.Context // nil: goes on whatever happens
	w   io.Writer
	sum hash.Hash
	n   int64
}

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	if c.ctx != nil && c.ctx.Err() != nil {
		return 0, c.ctx.Err()
	}
	n, err := c.w.Write(b)
	c.sum.Write(b[:n])
	c.n += int64(n)
	return n, err
}

func (c *counter) digest() daybook.Digest { return daybook.Digest(c.sum.Sum(nil)) }
