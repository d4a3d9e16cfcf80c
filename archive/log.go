package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"daybook"
)

// batchRows is how many rows are read, opened and handed on at a time.
const batchRows = 500

// A Log appends to and reads the logs of all cases of one store. Its methods
// may be called from several goroutines; appends to one case are serial.
type Log struct {
	storage Storage
	keys    *Keyring
	blobs   BlobStore
	water   *HighWater
	clock   func() time.Time
	dict    *s2.Dict

	stamping Stamping

	mu      sync.Mutex
	refused map[daybook.CaseID]error // cases that must not be appended to, and why

	recent recent
}

// Config is what a Log needs.
type Config struct {
	Storage   Storage
	Keys      *Keyring
	Blobs     BlobStore
	HighWater *HighWater       // nil: an older store is not noticed (tests)
	Clock     func() time.Time // nil: time.Now
	Stamping  Stamping
}

// Open makes a Log. It compares every case with the high-water file: a case
// whose log is shorter than it has been, or another, is refused for appending
// and signing until the break is declared (DeclareRestore); Refused lists them.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	l := &Log{storage: cfg.Storage, keys: cfg.Keys, blobs: cfg.Blobs, water: cfg.HighWater, clock: cfg.Clock, stamping: cfg.Stamping, dict: s2.MakeDict(dictionary, nil), refused: map[daybook.CaseID]error{}}
	if l.clock == nil {
		l.clock = time.Now
	}
	if l.water == nil {
		return l, nil
	}
	for c, mark := range l.water.All() {
		if err := l.checkMark(ctx, c, mark); err != nil {
			l.refused[c] = err
		}
	}
	return l, nil
}

func (l *Log) checkMark(ctx context.Context, c daybook.CaseID, m Mark) error {
	h, err := l.storage.Head(ctx, c)
	if err != nil && !errors.Is(err, daybook.ErrNotFound) {
		return fmt.Errorf("compare with the high-water mark: %w", err)
	}
	if h.Size < m.Size {
		return fmt.Errorf("%w: case %s has %d entries and has had %d", ErrRolledBack, c, h.Size, m.Size)
	}
	root, err := l.RootAt(ctx, c, m.Size)
	if err != nil {
		return err
	}
	if root != m.Root {
		return fmt.Errorf("%w: case %s: the first %d entries are not those that there have been", ErrBroken, c, m.Size)
	}
	return nil
}

// Refused returns the cases that are not appended to, with the reason.
func (l *Log) Refused() map[daybook.CaseID]error {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[daybook.CaseID]error, len(l.refused))
	for c, err := range l.refused {
		out[c] = err
	}
	return out
}

func (l *Log) refusedFor(c daybook.CaseID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused[c]
}

// NewCase makes a case with a key and a log of its own, whose first entry says
// that it was opened. zone is an IANA name.
func (l *Log) NewCase(ctx context.Context, actor daybook.Actor, name, zone string) (daybook.CaseID, error) {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return "", fmt.Errorf("%w: time zone %q is not known; give a name such as Europe/London", daybook.ErrInvalid, zone)
	}
	c := daybook.CaseID(daybook.NewID())
	now := l.clock().UTC()
	err := l.storage.Update(ctx, func(ctx context.Context) error {
		wrapped, key := l.keys.NewCaseKey(c)
		row := CaseRow{ID: c, WrappedKey: wrapped, Name: key.Seal("case-name", []byte(name)), Zone: zone, Created: now}
		if err := l.storage.PutCase(ctx, row); err != nil {
			return err
		}
		r := daybook.NewRecord(daybook.RecordKey, struct {
			Event string `json:"event"`
			Zone  string `json:"zone"`
		}{"case opened", zone})
		r.Actor, r.Logged = actor, now
		_, err := l.Append(ctx, c, []daybook.Record{r})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("open a case: %w", err)
	}
	return c, nil
}

// CaseName returns what a person called the case.
func (l *Log) CaseName(ctx context.Context, c daybook.CaseID) (string, error) {
	row, err := l.storage.Case(ctx, c)
	if err != nil {
		return "", err
	}
	key, err := l.keys.Case(ctx, c)
	if err != nil {
		return "", err
	}
	name, err := key.Open("case-name", row.Name)
	if err != nil {
		return "", fmt.Errorf("read the name of case %s: %w", c, err)
	}
	return string(name), nil
}

// Append adds records to the log of a case and returns the index of the first.
// When it returns nil outside a transaction, or when the surrounding Update
// does, they are on stable storage and will be in the next checkpoint. A record
// without Logged gets this machine's time. An empty batch appends nothing.
//
// Errors: ErrRolledBack or ErrBroken if the log is not the one that it has
// been; daybook.ErrInvalid for a record that cannot be encoded.
func (l *Log) Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (first uint64, err error) {
	if err := l.refusedFor(c); err != nil {
		return 0, fmt.Errorf("append: %w", err)
	}
	return l.append(ctx, c, batch)
}

func (l *Log) append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (first uint64, err error) {
	now := l.clock().UTC()
	err = l.storage.Update(ctx, func(ctx context.Context) error {
		h, err := l.storage.LockHead(ctx, c)
		if err != nil {
			return err
		}
		first = h.Size
		if len(batch) == 0 {
			return nil
		}
		key, err := l.keys.Case(ctx, c)
		if err != nil {
			return err
		}
		edge, err := parseFrontier(h.Frontier, h.Size)
		if err != nil {
			return err
		}
		var (
			com   committer
			seal  = sealer{dict: l.dict}
			rows  = make([]Row, len(batch))
			seeds = make([]byte, 32*len(batch))
			head  = recordHead{}
		)
		rand.Read(seeds)
		for i, r := range batch {
			if r.Logged.IsZero() {
				r.Logged = now
			}
			r.Logged = r.Logged.UTC()
			p := payload{seed: [32]byte(seeds[32*i:])}
			if p.fields, err = head.fieldsOf(r); err != nil {
				return fmt.Errorf("record %d of the batch: %w", i, err)
			}
			row := &rows[i]
			row.Index, row.Kind, row.Logged = h.Size, r.Kind, r.Logged
			row.Commitment = com.commit(&p)
			row.WrappedKey, row.Sealed = seal.seal(key, row.Index, &p)
			row.Hashes, edge = edge.add(row.Index, Leaf(row.Index, row.Kind, row.Commitment), nil)
			h.Size++
			l.recent.put(row.Commitment, r, h.Erasures)
		}
		h.Frontier = edge.bytes()
		return l.storage.PutRows(ctx, c, rows, h)
	})
	if err != nil {
		return 0, fmt.Errorf("append to case %s: %w", c, err)
	}
	return first, nil
}

// Head returns the number of entries of a log and the root over them.
func (l *Log) Head(ctx context.Context, c daybook.CaseID) (size uint64, root daybook.Digest, err error) {
	h, err := l.storage.Head(ctx, c)
	if err != nil {
		return 0, root, fmt.Errorf("head of case %s: %w", c, err)
	}
	edge, err := parseFrontier(h.Frontier, h.Size)
	if err != nil {
		return 0, root, fmt.Errorf("head of case %s: %w", c, err)
	}
	return h.Size, edge.root(), nil
}

// Entries yields the entries of a log from an index on, in order, to its end.
// An erased entry comes with Erased set. It stops at the first error, which it
// yields.
func (l *Log) Entries(ctx context.Context, c daybook.CaseID, from uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			batch, err := l.Batch(ctx, c, from, batchRows)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range batch {
				if !yield(e, nil) {
					return
				}
			}
			if len(batch) == 0 {
				return
			}
			from += uint64(len(batch))
		}
	}
}

// Batch returns up to limit entries from an index on; none at the end.
func (l *Log) Batch(ctx context.Context, c daybook.CaseID, from uint64, limit int) ([]Entry, error) {
	rows, err := l.rows(ctx, c, from, limit, false)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	key, err := l.keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	seal := sealer{dict: l.dict}
	out := make([]Entry, len(rows))
	for i := range rows {
		if out[i], err = openRow(&seal, key, &rows[i]); err != nil {
			return nil, err
		}
	}
	shareCodec(out)
	return out, nil
}

// recentBatch is Batch without reading and opening what was appended a moment
// ago, if that is all there is to return and nothing was erased since; else it
// returns nothing.
func (l *Log) recentBatch(ctx context.Context, c daybook.CaseID, from uint64, limit int) ([]Entry, error) {
	rows, err := l.rows(ctx, c, from, limit, true)
	if err != nil {
		return nil, err
	}
	h, err := l.storage.Head(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("head of case %s: %w", c, err)
	}
	records, ok := l.recent.take(rows, h.Erasures)
	if !ok {
		return nil, nil
	}
	out := make([]Entry, len(rows))
	for i, r := range records {
		out[i] = Entry{Index: rows[i].Index, Record: r}
	}
	shareCodec(out)
	return out, nil
}

func (l *Log) rows(ctx context.Context, c daybook.CaseID, from uint64, limit int, light bool) ([]Row, error) {
	rows, err := l.storage.Rows(ctx, c, from, limit, light)
	if err != nil {
		return nil, fmt.Errorf("read entries of case %s from %d: %w", c, from, err)
	}
	for i := range rows {
		if rows[i].Index != from+uint64(i) {
			return nil, fmt.Errorf("read entries of case %s: %w: entry %d is missing", c, ErrBroken, from+uint64(i))
		}
	}
	return rows, nil
}

// shareCodec lets the items of entries be read once each, and what they share
// once.
func shareCodec(entries []Entry) {
	items := make([]parsed, len(entries))
	codec := &itemCodec{}
	for i := range entries {
		items[i].codec = codec
		entries[i].item = &items[i]
	}
}

func openRow(s *sealer, key *CaseKey, row *Row) (Entry, error) {
	if row.Sealed == nil {
		return Entry{Index: row.Index, Erased: true, Record: daybook.Record{Kind: row.Kind, Logged: row.Logged}}, nil
	}
	p, err := s.open(key, row)
	if err != nil {
		return Entry{}, err
	}
	r, err := p.record(row.Kind)
	if err != nil {
		return Entry{}, fmt.Errorf("open entry %d: %w: %w", row.Index, ErrBroken, err)
	}
	return Entry{Index: row.Index, Record: r}, nil
}

// Entry returns one entry; ErrNotFound if the log is not that long, ErrErased
// if its content was destroyed.
func (l *Log) Entry(ctx context.Context, c daybook.CaseID, index uint64) (Entry, error) {
	batch, err := l.Batch(ctx, c, index, 1)
	if err != nil {
		return Entry{}, err
	}
	if len(batch) == 0 {
		return Entry{}, fmt.Errorf("entry %d of case %s: %w", index, c, daybook.ErrNotFound)
	}
	if batch[0].Erased {
		return batch[0], fmt.Errorf("entry %d of case %s: %w", index, c, ErrErased)
	}
	return batch[0], nil
}

// CatchUp hands followers what they have not seen, in the order that they are
// given: when it returns nil, each is at the end of the log. Each batch is read
// and opened once.
func (l *Log) CatchUp(ctx context.Context, c daybook.CaseID, followers ...Follower) error {
	h, err := l.storage.Head(ctx, c)
	if err != nil {
		return fmt.Errorf("catch up: %w", err)
	}
	at := make([]uint64, len(followers))
	next := h.Size
	for i, f := range followers {
		if at[i], err = f.Position(ctx, c); err != nil {
			return fmt.Errorf("catch up: position of %s: %w", f.Name(), err)
		}
		if at[i] > h.Size { // somebody may have appended and caught up since the head was read
			if h, err = l.storage.Head(ctx, c); err != nil {
				return fmt.Errorf("catch up: %w", err)
			}
		}
		if at[i] > h.Size {
			return fmt.Errorf("catch up: %w: %s has seen %d entries of %d", ErrBroken, f.Name(), at[i], h.Size)
		}
		next = min(next, at[i])
	}
	for {
		batch, err := l.recentBatch(ctx, c, next, followBatch)
		if err == nil && len(batch) == 0 {
			batch, err = l.Batch(ctx, c, next, followBatch)
		}
		if err != nil {
			return fmt.Errorf("catch up: %w", err)
		}
		if len(batch) == 0 {
			return nil
		}
		end := next + uint64(len(batch))
		for i, f := range followers {
			if at[i] >= end {
				continue
			}
			if err := f.Handle(ctx, c, batch[at[i]-next:]); err != nil {
				return fmt.Errorf("catch up: %s at entry %d: %w", f.Name(), at[i], err)
			}
			at[i] = end
		}
		next = end
	}
}

// followBatch is how many entries a follower gets at a time: bleve is cheapest
// at 500 to 2,000 documents a batch.
const followBatch = 2000
