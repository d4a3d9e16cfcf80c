package collectorstest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/internal/work"
)

// Memory keeps in memory what a Runner needs: log, ledger, queue and accounts.
// Its Update is a transaction: one that fails leaves nothing behind. It may be
// used from several goroutines.
type Memory struct {
	mu    sync.Mutex
	state memoryState
}

type memoryState struct {
	records  []daybook.Record
	blobs    map[daybook.Digest][]byte
	lanes    map[daybook.AccountID]map[daybook.Lane]collectors.LaneState
	seen     map[seenPlace]collectors.Sighting
	tasks    map[string]memoryTask
	accounts map[daybook.AccountID]memoryAccount
	excluded map[string]bool
}

type memoryTask struct {
	work.Task
	lease time.Time
}

type memoryAccount struct {
	account daybook.Account
	consent daybook.Consent
	secret  []byte
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{state: memoryState{
		blobs:    map[daybook.Digest][]byte{},
		lanes:    map[daybook.AccountID]map[daybook.Lane]collectors.LaneState{},
		seen:     map[seenPlace]collectors.Sighting{},
		tasks:    map[string]memoryTask{},
		accounts: map[daybook.AccountID]memoryAccount{},
		excluded: map[string]bool{},
	}}
}

func (s memoryState) clone() memoryState {
	s.records = slices.Clip(s.records)
	s.blobs = maps.Clone(s.blobs)
	lanes := make(map[daybook.AccountID]map[daybook.Lane]collectors.LaneState, len(s.lanes))
	for id, m := range s.lanes {
		lanes[id] = maps.Clone(m)
	}
	s.lanes = lanes
	s.seen = maps.Clone(s.seen)
	s.tasks = maps.Clone(s.tasks)
	s.accounts = maps.Clone(s.accounts)
	s.excluded = maps.Clone(s.excluded)
	return s
}

type memoryTx struct{}

// with runs fn alone, unless ctx belongs to an Update that does so already.
func (m *Memory) with(ctx context.Context, fn func(s *memoryState) error) error {
	if ctx.Value(memoryTx{}) == m {
		return fn(&m.state)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn(&m.state)
}

// Update implements collectors.Ledger.
func (m *Memory) Update(ctx context.Context, fn func(ctx context.Context) error) error {
	if ctx.Value(memoryTx{}) == m {
		return fn(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.state.clone()
	if err := fn(context.WithValue(ctx, memoryTx{}, m)); err != nil {
		m.state = before
		return err
	}
	return nil
}

// Append implements collectors.Log.
func (m *Memory) Append(ctx context.Context, _ daybook.CaseID, batch []daybook.Record) (first uint64, err error) {
	err = m.with(ctx, func(s *memoryState) error {
		for _, r := range batch {
			for _, d := range r.Blobs {
				if s.blobs[d] == nil {
					return fmt.Errorf("%w: a record names a blob that was not put", daybook.ErrInvalid)
				}
			}
		}
		first = uint64(len(s.records))
		s.records = append(s.records, batch...)
		return nil
	})
	return first, err
}

// PutBlob implements collectors.Log.
func (m *Memory) PutBlob(ctx context.Context, _ daybook.CaseID, b []byte) (d daybook.Digest, err error) {
	d = daybook.DigestOf(b)
	return d, m.with(ctx, func(s *memoryState) error { s.blobs[d] = slices.Clone(b); return nil })
}

// Records returns the log.
func (m *Memory) Records() []daybook.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.state.records)
}

// Blob returns what was put under a digest, nil if nothing was.
func (m *Memory) Blob(d daybook.Digest) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.blobs[d]
}

// Lane implements collectors.Ledger.
func (m *Memory) Lane(ctx context.Context, a daybook.AccountID, l daybook.Lane) (st collectors.LaneState, err error) {
	err = m.with(ctx, func(s *memoryState) error { st = s.lanes[a][l]; return nil })
	return st, err
}

// Lanes implements collectors.Ledger.
func (m *Memory) Lanes(ctx context.Context, a daybook.AccountID) (all map[daybook.Lane]collectors.LaneState, err error) {
	err = m.with(ctx, func(s *memoryState) error { all = maps.Clone(s.lanes[a]); return nil })
	return all, err
}

// SaveLane implements collectors.Ledger.
func (m *Memory) SaveLane(ctx context.Context, a daybook.AccountID, l daybook.Lane, st collectors.LaneState) error {
	return m.with(ctx, func(s *memoryState) error {
		if s.lanes[a] == nil {
			s.lanes[a] = map[daybook.Lane]collectors.LaneState{}
		}
		s.lanes[a][l] = st
		return nil
	})
}

type seenPlace struct {
	c   daybook.CaseID
	key collectors.SeenKey
}

// Seen implements collectors.Ledger.
func (m *Memory) Seen(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey, at time.Time) ([]int64, error) {
	entries := make([]int64, len(keys))
	return entries, m.with(ctx, func(s *memoryState) error {
		for i, k := range keys {
			entries[i] = -1
			if was, ok := s.seen[seenPlace{c, k}]; ok {
				entries[i] = was.Entry
				if at.After(was.At) {
					was.At = at
				}
				s.seen[seenPlace{c, k}] = was
			}
		}
		return nil
	})
}

// Recall implements collectors.Ledger.
func (m *Memory) Recall(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey) ([]collectors.Sighting, error) {
	found := make([]collectors.Sighting, len(keys))
	return found, m.with(ctx, func(s *memoryState) error {
		for i, k := range keys {
			var ok bool
			if found[i], ok = s.seen[seenPlace{c, k}]; !ok {
				found[i].Entry = -1
			}
		}
		return nil
	})
}

// Remember implements collectors.Ledger.
func (m *Memory) Remember(ctx context.Context, c daybook.CaseID, keys []collectors.SeenKey, entries []uint64, at time.Time) error {
	return m.with(ctx, func(s *memoryState) error {
		for i, k := range keys {
			s.seen[seenPlace{c, k}] = collectors.Sighting{Entry: int64(entries[i]), At: at}
		}
		return nil
	})
}

// Forget empties the ledger of what was seen, as in a case that was put back from
// its log alone.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.state.seen)
}

// Put implements work.Queue.
func (m *Memory) Put(ctx context.Context, tasks ...work.Task) error {
	return m.with(ctx, func(s *memoryState) error {
		for _, t := range tasks {
			if _, ok := s.tasks[t.ID]; !ok {
				s.tasks[t.ID] = memoryTask{Task: t}
			}
		}
		return nil
	})
}

// Claim implements work.Queue.
func (m *Memory) Claim(ctx context.Context, kind, caseID, _ string, now time.Time, lease time.Duration, n int) ([]work.Task, error) {
	return m.claim(ctx, now, lease, n, func(t work.Task) bool {
		return t.Kind == kind && (caseID == "" || t.Case == caseID) && !t.Due.After(now)
	})
}

// ClaimAbout implements collectors.Queue.
func (m *Memory) ClaimAbout(ctx context.Context, kind, about, _ string, dueBy, now time.Time, lease time.Duration, n int) ([]work.Task, error) {
	return m.claim(ctx, now, lease, n, func(t work.Task) bool {
		id := kind + "/" + about
		return t.Kind == kind && (t.ID == id || strings.HasPrefix(t.ID, id+"/")) && !t.Due.After(dueBy)
	})
}

func (m *Memory) claim(ctx context.Context, now time.Time, lease time.Duration, n int, match func(work.Task) bool) (out []work.Task, err error) {
	err = m.with(ctx, func(s *memoryState) error {
		for _, t := range s.tasks {
			if !t.Dead && !t.lease.After(now) && match(t.Task) {
				out = append(out, t.Task)
			}
		}
		slices.SortFunc(out, func(a, b work.Task) int {
			return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
		})
		out = out[:min(n, len(out))]
		for i := range out {
			out[i].Fence++
			s.tasks[out[i].ID] = memoryTask{out[i], now.Add(lease)}
		}
		return nil
	})
	return out, err
}

// Done implements work.Queue.
func (m *Memory) Done(ctx context.Context, t work.Task, now time.Time, fail error) error {
	return m.with(ctx, func(s *memoryState) error {
		row, ok := s.tasks[t.ID]
		if !ok || row.Fence != t.Fence {
			return work.ErrLost
		}
		row.lease = time.Time{}
		switch {
		case fail != nil:
			row.Due = now.Add(time.Second << min(row.Tries, 12))
			row.Tries++
			row.LastErr = fail.Error()
			row.Dead = row.Every == 0 && row.Tries >= work.MaxTries
		case t.Every > 0:
			row.Due, row.Tries, row.LastErr = now.Add(t.Every), 0, ""
		default:
			delete(s.tasks, t.ID)
			return nil
		}
		s.tasks[t.ID] = row
		return nil
	})
}

// Guard implements work.Queue.
func (m *Memory) Guard(ctx context.Context, t work.Task) error {
	return m.with(ctx, func(s *memoryState) error {
		if row, ok := s.tasks[t.ID]; !ok || row.Fence != t.Fence {
			return work.ErrLost
		}
		return nil
	})
}

// Tasks returns the tasks of a kind, those that are due first before others.
func (m *Memory) Tasks(kind string) []work.Task {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []work.Task
	for _, t := range m.state.tasks {
		if t.Kind == kind {
			out = append(out, t.Task)
		}
	}
	slices.SortFunc(out, func(a, b work.Task) int { return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID)) })
	return out
}

// Due returns when an account is read next.
func (m *Memory) Due(id daybook.AccountID) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.tasks["poll/"+string(id)].Due
}

// Connect adds or replaces an account.
func (m *Memory) Connect(a daybook.Account, c daybook.Consent, secret []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.accounts[a.ID] = memoryAccount{a, c, secret}
}

// Exclude makes a sender one who is never collected.
func (m *Memory) Exclude(h daybook.Handle) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.excluded[h.Ref()] = true
}

// Account implements collectors.Accounts.
func (m *Memory) Account(ctx context.Context, id daybook.AccountID) (a daybook.Account, c daybook.Consent, secret []byte, err error) {
	err = m.with(ctx, func(s *memoryState) error {
		row, ok := s.accounts[id]
		if !ok {
			return daybook.ErrNotFound
		}
		a, c, secret = row.account, row.consent, row.secret
		return nil
	})
	return a, c, secret, err
}

// RenewToken implements collectors.TokenKeeper.
func (m *Memory) RenewToken(ctx context.Context, id daybook.AccountID, old, fresh []byte, _ time.Time) error {
	return m.with(ctx, func(s *memoryState) error {
		row, ok := s.accounts[id]
		if !ok || !bytes.Equal(row.secret, old) {
			return collectors.ErrTokenMoved
		}
		row.secret = bytes.Clone(fresh)
		s.accounts[id] = row
		return nil
	})
}

// Accounts implements collectors.Accounts.
func (m *Memory) Accounts(ctx context.Context, c daybook.CaseID) (out []daybook.Account, err error) {
	err = m.with(ctx, func(s *memoryState) error {
		for _, row := range s.accounts {
			if c == "" || row.account.Case == c {
				out = append(out, row.account)
			}
		}
		slices.SortFunc(out, func(a, b daybook.Account) int { return strings.Compare(string(a.ID), string(b.ID)) })
		return nil
	})
	return out, err
}

// SetState implements collectors.Accounts.
func (m *Memory) SetState(ctx context.Context, id daybook.AccountID, state daybook.AccountState) error {
	return m.with(ctx, func(s *memoryState) error {
		row, ok := s.accounts[id]
		if !ok {
			return daybook.ErrNotFound
		}
		row.account.State = state
		s.accounts[id] = row
		return nil
	})
}

// Excluded implements collectors.Accounts.
func (m *Memory) Excluded(ctx context.Context, _ daybook.CaseID) (out map[string]bool, err error) {
	err = m.with(ctx, func(s *memoryState) error { out = maps.Clone(s.excluded); return nil })
	return out, err
}
