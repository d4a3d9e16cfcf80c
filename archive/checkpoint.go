package archive

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	flog "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"

	"daybook"
)

// A Checkpoint is a signed tree head (c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   uint64 // entries that it covers
	Root   daybook.Digest
	Signed []byte // the signed note, as it is kept, stamped and handed out
}

// Origin names the log of a case in its checkpoints: the instance and the case,
// both random.
func (l *Log) Origin(c daybook.CaseID) string {
	return "daybook/" + l.keys.Instance() + "/case/" + string(c)
}

// signer returns the instance's Ed25519 key under the name of a log, as the
// format asks for: the name of the key is the origin.
func (l *Log) signer(c daybook.CaseID) (note.Signer, error) {
	name := l.Origin(c)
	priv := ed25519.NewKeyFromSeed(l.keys.signSeed[:])
	pub := append([]byte{algEd25519}, priv.Public().(ed25519.PublicKey)...)
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, keyHash(name, pub),
		base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, priv.Seed()...)))
	return note.NewSigner(skey)
}

const algEd25519 = 1

func keyHash(name string, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte("\n"))
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// VerifierKey returns the public key of a case's log as a note verifier key
// (c2sp.org/signed-note).
func (l *Log) VerifierKey(c daybook.CaseID) string {
	name := l.Origin(c)
	pub := ed25519.NewKeyFromSeed(l.keys.signSeed[:]).Public().(ed25519.PublicKey)
	key := append([]byte{algEd25519}, pub...)
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, key), base64.StdEncoding.EncodeToString(key))
}

// Fingerprint returns the SHA-256 of the instance's public key, for a person to
// compare: the same for all cases.
func (l *Log) Fingerprint() daybook.Digest {
	return daybook.DigestOf(ed25519.NewKeyFromSeed(l.keys.signSeed[:]).Public().(ed25519.PublicKey))
}

// ParseCheckpoint checks the signature of a checkpoint of this log and reads it.
func (l *Log) ParseCheckpoint(c daybook.CaseID, signed []byte) (Checkpoint, error) {
	v, err := note.NewVerifier(l.VerifierKey(c))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: %w", err)
	}
	cp, _, _, err := flog.ParseCheckpoint(signed, l.Origin(c), v)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: %w: %w", ErrBroken, err)
	}
	if len(cp.Hash) != len(daybook.Digest{}) {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: %w: its root has %d bytes", ErrBroken, len(cp.Hash))
	}
	return Checkpoint{Origin: cp.Origin, Size: cp.Size, Root: daybook.Digest(cp.Hash), Signed: signed}, nil
}

// LastCheckpoint returns the newest checkpoint; ErrNotFound if there is none.
func (l *Log) LastCheckpoint(ctx context.Context, c daybook.CaseID) (Checkpoint, error) {
	newest, err := l.storage.NewestCheckpoint(ctx, c)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("last checkpoint of case %s: %w", c, err)
	}
	return l.ParseCheckpoint(c, newest)
}

// Checkpoint signs the log as it is now, keeps the checkpoint and raises the
// high-water mark. Time stamps over it are wanted from then on. If nothing was appended since the last one, that is
// returned. It refuses, with ErrBroken, to sign a log that is not a
// continuation of the last checkpoint.
func (l *Log) Checkpoint(ctx context.Context, c daybook.CaseID) (Checkpoint, error) {
	if err := l.refusedFor(c); err != nil {
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", err)
	}
	// In this order: somebody else may append and sign in between.
	last, lastErr := l.LastCheckpoint(ctx, c)
	size, root, err := l.Head(ctx, c)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", err)
	}
	switch {
	case errors.Is(lastErr, daybook.ErrNotFound):
	case lastErr != nil:
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", lastErr)
	case last.Size > size:
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w: the last one covers %d entries, %d are here", ErrBroken, last.Size, size)
	default:
		was, err := l.RootAt(ctx, c, last.Size)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", err)
		}
		if was != last.Root {
			return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w: the first %d entries are not those that the last one covers", ErrBroken, last.Size)
		}
		if last.Size == size {
			return last, l.raise(c, size, root)
		}
	}
	// The edge in the head and the hashes in the rows must agree before
	// either is signed.
	if fromRows, err := l.RootAt(ctx, c, size); err != nil || fromRows != root {
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", errors.Join(fmt.Errorf("%w: rows and head give different roots", ErrBroken), err))
	}
	s, err := l.signer(c)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", err)
	}
	body := flog.Checkpoint{Origin: l.Origin(c), Size: size, Hash: root[:]}
	signed, err := note.Sign(&note.Note{Text: string(body.Marshal())}, s)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", err)
	}
	err = l.storage.Update(ctx, func(ctx context.Context) error {
		if err := l.storage.PutCheckpoint(ctx, c, size, signed, l.clock()); err != nil || len(l.stamping.Authorities) == 0 {
			return err
		}
		return l.storage.WantStamps(ctx, c, size, l.stamping.Authorities)
	})
	if err != nil {
		return Checkpoint{}, fmt.Errorf("keep a checkpoint: %w", err)
	}
	return Checkpoint{Origin: body.Origin, Size: size, Root: root, Signed: signed}, l.raise(c, size, root)
}

func (l *Log) raise(c daybook.CaseID, size uint64, root daybook.Digest) error {
	if l.water == nil {
		return nil
	}
	return l.water.Raise(c, Mark{Size: size, Root: root})
}

// DeclareRestore accepts a log that is older than it has been: it appends a
// record that says so and lowers the high-water mark to what is here. It is the
// only way on after ErrRolledBack.
func (l *Log) DeclareRestore(ctx context.Context, actor daybook.Actor, c daybook.CaseID, reason string) error {
	size, root, err := l.Head(ctx, c)
	if err != nil {
		return fmt.Errorf("declare a restore: %w", err)
	}
	r := daybook.Restore{Size: size, Root: root, Reason: strings.TrimSpace(reason)}
	if l.water != nil {
		m := l.water.All()[c]
		r.LostSize, r.LostRoot = m.Size, m.Root
	}
	rec := daybook.NewRecord(daybook.RecordRestore, r)
	rec.Actor = actor
	if _, err := l.append(ctx, c, []daybook.Record{rec}); err != nil {
		return fmt.Errorf("declare a restore: %w", err)
	}
	if l.water != nil {
		if err := l.water.cutErased(c, r.Size); err != nil {
			return fmt.Errorf("declare a restore: %w", err)
		}
		size, root, err := l.Head(ctx, c)
		if err != nil {
			return fmt.Errorf("declare a restore: %w", err)
		}
		if err := l.water.Set(c, Mark{Size: size, Root: root}); err != nil {
			return fmt.Errorf("declare a restore: %w", err)
		}
	}
	l.mu.Lock()
	delete(l.refused, c)
	l.mu.Unlock()
	return nil
}
