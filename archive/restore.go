package archive

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	flog "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"

	"daybook"
)

// A Handover is a log as another instance has handed it over: all leaves, and
// the content of the entries that came with them.
type Handover struct {
	// What it stands on: Size, Root, Origin, Key, Checkpoint and Stamps, and
	// the Reason for which it is put back. The rest is filled in.
	daybook.Restore
	// Also is run in the same transaction, when the log is there; nil: nothing.
	Also   func(ctx context.Context, c daybook.CaseID) error
	Name   string                                  // what a person calls the case: it is in no entry
	Leaves iter.Seq2[[]byte, error]                // Size lines, without LF
	Entry  func(index uint64) (HandedEntry, error) // wraps daybook.ErrNotFound if the content did not come with it
}

// A HandedEntry is the content of an entry. Nothing of it is withheld: all salts
// come from the seed.
type HandedEntry struct {
	Seed   [32]byte
	Fields []daybook.Field                        // all, in ascending order of name
	Blob   func(d daybook.Digest) ([]byte, error) // wraps daybook.ErrNotFound if the bytes did not come with it
}

var origin = regexp.MustCompile(`^daybook/[a-z2-7]{26}/case/([a-z2-7]{26})$`)

// CaseOf returns the case that an origin names; daybook.ErrInvalid if it is not
// the origin of a log.
func CaseOf(s string) (daybook.CaseID, error) {
	m := origin.FindStringSubmatch(s)
	if m == nil {
		return "", fmt.Errorf("%w: it is not the log of a case", daybook.ErrInvalid)
	}
	return daybook.CaseID(m[1]), nil
}

// Restore takes a log that was handed over into a store that does not have the
// case: entries with the same numbers, times, salts and content, and so with the
// same leaves and root, sealed under a new case key. Entries whose content did
// not come with it stay as leaves. An entry of kind restore says so, and what the
// log stood on; from there it goes on under the origin and key of this instance,
// and Verify compares with it for ever after. All of it is there when Restore
// returns nil, and nothing otherwise: blobs that a crash leaves behind open with
// no key.
//
// Errors: os.ErrExist if the store has the case, or has had it; daybook.ErrInvalid
// if anything does not fit the checkpoint.
func (l *Log) Restore(ctx context.Context, actor daybook.Actor, h Handover) (daybook.CaseID, error) {
	c, err := CaseOf(h.Origin)
	if err == nil {
		err = stands(h.Restore)
	}
	if err != nil {
		return "", fmt.Errorf("put back a log: %w", err)
	}
	if _, err := l.storage.Case(ctx, c); err == nil {
		return "", fmt.Errorf("put back a log: case %s is here, or was: %w", c, os.ErrExist)
	} else if !errors.Is(err, daybook.ErrNotFound) {
		return "", fmt.Errorf("put back a log: %w", err)
	}
	r := restorer{log: l, c: c, handover: h, seal: sealer{dict: l.dict}}
	err = l.storage.Update(ctx, func(ctx context.Context) error { return r.run(ctx, actor) })
	if err != nil {
		// If the answer was lost and all of it is there, it stays.
		if _, caseErr := l.storage.Case(ctx, c); errors.Is(caseErr, daybook.ErrNotFound) {
			l.keys.Forget(c)
			err = errors.Join(err, r.takeBack(ctx))
		}
		return "", fmt.Errorf("put back the log of case %s: %w", c, err)
	}
	return c, l.forgive(ctx, c)
}

// forgive lets a log go on that was put back: it may be shorter than one that
// the high-water file remembers.
func (l *Log) forgive(ctx context.Context, c daybook.CaseID) error {
	if l.water != nil {
		size, root, err := l.Head(ctx, c)
		if err != nil {
			return err
		}
		if err := l.water.Set(c, Mark{Size: size, Root: root}); err != nil {
			return err
		}
	}
	l.mu.Lock()
	delete(l.refused, c)
	l.mu.Unlock()
	return nil
}

// stands checks that a checkpoint that came with a log is signed by the key that
// came with it, and is over the size and root that are claimed.
func stands(r daybook.Restore) error {
	wrong := func(what string) error { return fmt.Errorf("%w: %s", daybook.ErrInvalid, what) }
	v, err := note.NewVerifier(r.Key)
	if err != nil {
		return wrong("its key is not one")
	}
	cp, rest, _, err := flog.ParseCheckpoint(r.Checkpoint, r.Origin, v)
	switch {
	case err != nil || len(rest) > 0:
		return wrong("its checkpoint is not signed by its key")
	case cp.Size != r.Size || !bytes.Equal(cp.Hash, r.Root[:]):
		return wrong("its checkpoint is over something else")
	}
	return nil
}

// keyFingerprint is that of a note verifier key of an Ed25519 key; "unknown" if it
// is none.
func keyFingerprint(key string) string {
	parts := strings.SplitN(key, "+", 3) // base64 may hold a plus itself
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize {
		return "unknown"
	}
	return daybook.DigestOf(raw[1:]).String()
}

// A restorer puts back one log.
type restorer struct {
	log      *Log
	c        daybook.CaseID
	handover Handover
	key      *CaseKey
	com      committer
	seal     sealer

	head      Head
	edge      frontier
	rows      []Row
	absent    []uint64 // of rows: those without content
	notHanded []uint64
	last      time.Time        // of the newest entry whose content came
	blobs     []string         // files that were written
	lacking   []daybook.Digest // blobs that did not come with it
}

func (r *restorer) run(ctx context.Context, actor daybook.Actor) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	for line, err := range r.handover.Leaves {
		if err == nil {
			err = r.take(ctx, line)
		}
		if err != nil {
			return err
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	if r.head.Size != r.handover.Size || r.edge.root() != r.handover.Root {
		return fmt.Errorf("%w: its entries do not give the root of its checkpoint", daybook.ErrInvalid)
	}
	if err := r.sign(ctx); err != nil {
		return err
	}
	told := r.handover.Restore
	told.NotHandedOver, told.BlobsNotHandedOver = r.notHanded, r.lacking
	if r.log.water != nil {
		m := r.log.water.All()[r.c]
		told.LostSize, told.LostRoot = m.Size, m.Root
	}
	told.Reason = strings.TrimSpace(told.Reason)
	rec := daybook.NewRecord(daybook.RecordRestore, told)
	rec.Actor = actor
	if _, err := r.log.append(ctx, r.c, []daybook.Record{rec}); err != nil || r.handover.Also == nil {
		return err
	}
	return r.handover.Also(ctx, r.c)
}

// sign makes a checkpoint of what was handed over under the key of this instance:
// the same state can be exported from here.
func (r *restorer) sign(ctx context.Context) error {
	s, err := r.log.signer(r.c)
	if err != nil {
		return err
	}
	body := flog.Checkpoint{Origin: r.log.Origin(r.c), Size: r.head.Size, Hash: r.handover.Root[:]}
	signed, err := note.Sign(&note.Note{Text: string(body.Marshal())}, s)
	if err != nil {
		return err
	}
	return r.log.storage.PutCheckpoint(ctx, r.c, r.head.Size, signed, r.log.clock())
}

// open makes the case. Its zone stands in the first entry.
func (r *restorer) open(ctx context.Context) error {
	first, err := r.handover.Entry(0)
	if err != nil {
		return fmt.Errorf("%w: the entry that opened the case is not in it: %w", daybook.ErrInvalid, err)
	}
	p := payload{fields: first.Fields}
	opened, err := p.record(daybook.RecordKey)
	if err != nil {
		return fmt.Errorf("%w: entry 0: %w", daybook.ErrInvalid, err)
	}
	var said struct {
		Zone string `json:"zone"`
	}
	if err := opened.Decode(&said); err != nil {
		return fmt.Errorf("%w: entry 0: %w", daybook.ErrInvalid, err)
	}
	if _, err := time.LoadLocation(said.Zone); err != nil || said.Zone == "" || said.Zone == "Local" {
		said.Zone = "UTC"
	}
	var wrapped []byte
	wrapped, r.key = r.log.keys.NewCaseKey(r.c)
	row := CaseRow{ID: r.c, WrappedKey: wrapped, Name: r.key.Seal("case-name", []byte(r.handover.Name)), Zone: said.Zone, Created: opened.Logged}
	if err := r.log.storage.PutCase(ctx, row); err != nil {
		return err
	}
	if r.head, err = r.log.storage.LockHead(ctx, r.c); err != nil {
		return err
	}
	if r.head.Size != 0 {
		return fmt.Errorf("there are entries of it: %w", os.ErrExist)
	}
	return nil
}

// take puts back the next entry.
func (r *restorer) take(ctx context.Context, line []byte) error {
	n := r.head.Size
	kind, commitment, ok := parseLeaf(n, line)
	if !ok || n >= r.handover.Size {
		return fmt.Errorf("%w: its line %d is not the leaf of entry %d", daybook.ErrInvalid, n+1, n)
	}
	row := Row{Index: n, Kind: kind, Commitment: commitment}
	e, err := r.handover.Entry(n)
	switch {
	case errors.Is(err, daybook.ErrNotFound):
		// The storage wants something that it can erase.
		row.WrappedKey, row.Sealed, row.Logged = []byte{0}, []byte{0}, r.last
		r.absent = append(r.absent, n)
	case err != nil:
		return err
	default:
		if err := r.fill(ctx, &row, e); err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
	}
	row.Hashes, r.edge = r.edge.add(n, line, nil)
	r.rows = append(r.rows, row)
	r.head.Size++
	if len(r.rows) == batchRows {
		return r.flush(ctx)
	}
	return nil
}

func (r *restorer) fill(ctx context.Context, row *Row, e HandedEntry) error {
	if !slices.IsSortedFunc(e.Fields, byName) {
		return fmt.Errorf("%w: its fields are not in order", daybook.ErrInvalid)
	}
	p := payload{seed: e.Seed, fields: e.Fields}
	if r.com.commit(&p) != row.Commitment {
		return fmt.Errorf("%w: it is not what its leaf commits to", daybook.ErrInvalid)
	}
	rec, err := p.record(row.Kind)
	if err != nil {
		return fmt.Errorf("%w: %w", daybook.ErrInvalid, err)
	}
	row.Logged, r.last = rec.Logged, rec.Logged
	row.WrappedKey, row.Sealed = r.seal.seal(r.key, row.Index, &p)
	for _, d := range rec.Blobs {
		b, err := e.Blob(d)
		if errors.Is(err, daybook.ErrNotFound) {
			r.lacking = append(r.lacking, d)
			continue
		}
		if err != nil {
			return err
		}
		if daybook.DigestOf(b) != d {
			return fmt.Errorf("%w: its attachment is another", daybook.ErrInvalid)
		}
		name, err := r.log.putBlob(ctx, r.c, d, b)
		if name != "" {
			r.blobs = append(r.blobs, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// flush writes what was taken.
func (r *restorer) flush(ctx context.Context) error {
	if len(r.rows) == 0 {
		return nil
	}
	r.head.Frontier = r.edge.bytes()
	if err := r.log.storage.PutRows(ctx, r.c, r.rows, r.head); err != nil {
		return err
	}
	if len(r.absent) > 0 {
		if err := r.log.storage.EraseRows(ctx, r.c, r.absent); err != nil {
			return err
		}
	}
	r.notHanded = append(r.notHanded, r.absent...)
	r.rows, r.absent = r.rows[:0], r.absent[:0]
	return nil
}

// takeBack removes the files of blobs after the transaction was taken back.
func (r *restorer) takeBack(ctx context.Context) (err error) {
	for _, name := range r.blobs {
		err = errors.Join(err, r.log.blobs.Erase(ctx, name))
	}
	return err
}

// parseLeaf reads the leaf of an entry.
func parseLeaf(index uint64, line []byte) (kind daybook.RecordKind, commitment daybook.Digest, ok bool) {
	rest, ok := strings.CutPrefix(string(line), leafTag+strconv.FormatUint(index, 10)+" ")
	word, digits, cut := strings.Cut(rest, " sha256:")
	if !ok || !cut || len(digits) != 2*sha256.Size || commitment.UnmarshalText([]byte(digits)) != nil {
		return "", commitment, false
	}
	kind = daybook.RecordKind(word)
	return kind, commitment, bytes.Equal(Leaf(index, kind, commitment), line)
}

// handed is what an entry says of a log that was put back.
type handed struct {
	daybook.Restore
	index  uint64
	before daybook.Digest // the root over the entries before it
}

// handovers checks logs that were handed over against the entries that were put
// back, and finds out which of them did not come with it. What was erased since,
// or before, is not among them.
func (v *verifier) handovers() {
	for _, r := range v.handed {
		where := fmt.Sprintf("entry %d", r.index)
		if r.Origin == "" {
			continue // a backup
		}
		if err := stands(r.Restore); err != nil || r.Size != r.index || r.Root != r.before {
			v.report.broken(where, "the entries before it are not those that were handed over: the old checkpoint does not fit them")
			continue
		}
		v.report.remark(where, "the entries before it were handed over by another instance, whose key has the fingerprint %s", keyFingerprint(r.Key))
		for _, i := range r.NotHandedOver {
			if i < r.Size && v.missing[i] {
				v.report.NotHandedOver++
				delete(v.missing, i)
			}
		}
		if v.log.stamping.Check == nil {
			continue
		}
		for _, s := range r.Stamps {
			if _, err := v.log.stamping.Check(s.Authority, s.Token, r.Checkpoint); err != nil && !errors.Is(err, ErrUnchecked) {
				v.report.broken(where, "a time stamp over the checkpoint that came with the log: %v", err)
			}
		}
	}
}
