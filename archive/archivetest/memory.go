// Package archivetest has what tests of the log need: a Storage in memory that
// can be attacked and made to fail, and the suite that every Storage passes.
package archivetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/archive"
)

// ErrFault is what a scripted fault returns.
var ErrFault = errors.New("scripted fault")

// A Memory is an archive.Storage and archive.BlobStore in memory. Its fields
// may be changed between calls, as somebody with the database would.
type Memory struct {
	Log      map[daybook.CaseID][]archive.Row
	Heads    map[daybook.CaseID]archive.Head
	Notes    map[daybook.CaseID][][]byte
	Stamped  map[daybook.CaseID][]archive.Stamp // by size and authority
	Wanted   map[daybook.CaseID]map[string]uint64
	CaseRows []archive.CaseRow
	Values   map[string][]byte
	BlobRows map[daybook.CaseID]map[[32]byte]archive.BlobRow
	Blobs    map[string][]byte
	Gone     map[daybook.CaseID][]string // names of the files of erased blobs

	// FailCommit makes the next Update fail: before it is kept, or, with
	// Persist, after (the answer was lost).
	FailCommit, Persist bool

	mu sync.Mutex
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		Log: map[daybook.CaseID][]archive.Row{}, Heads: map[daybook.CaseID]archive.Head{},
		Notes: map[daybook.CaseID][][]byte{}, Stamped: map[daybook.CaseID][]archive.Stamp{}, Wanted: map[daybook.CaseID]map[string]uint64{}, Values: map[string][]byte{},
		BlobRows: map[daybook.CaseID]map[[32]byte]archive.BlobRow{}, Blobs: map[string][]byte{},
		Gone: map[daybook.CaseID][]string{},
	}
}

type inUpdate struct{}

// Update implements archive.Storage.
func (m *Memory) Update(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(inUpdate{}) != nil {
		return fn(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.copy()
	err := fn(context.WithValue(ctx, inUpdate{}, true))
	if err == nil && m.FailCommit {
		m.FailCommit = false
		err = ErrFault
		if m.Persist {
			return err
		}
	}
	if err != nil {
		m.Log, m.Heads, m.Notes, m.CaseRows, m.BlobRows, m.Gone = before.Log, before.Heads, before.Notes, before.CaseRows, before.BlobRows, before.Gone
	}
	return err
}

func (m *Memory) copy() *Memory {
	c := NewMemory()
	for k, v := range m.Log {
		c.Log[k] = slices.Clone(v)
	}
	for k, v := range m.Heads {
		c.Heads[k] = v
	}
	for k, v := range m.Notes {
		c.Notes[k] = slices.Clone(v)
	}
	for k, v := range m.BlobRows {
		c.BlobRows[k] = map[[32]byte]archive.BlobRow{}
		for r, b := range v {
			c.BlobRows[k][r] = b
		}
	}
	for k, v := range m.Gone {
		c.Gone[k] = slices.Clone(v)
	}
	c.CaseRows = slices.Clone(m.CaseRows)
	return c
}

// LockHead implements archive.Storage.
func (m *Memory) LockHead(_ context.Context, c daybook.CaseID) (archive.Head, error) {
	return m.Heads[c], nil
}

// Head implements archive.Storage.
func (m *Memory) Head(_ context.Context, c daybook.CaseID) (archive.Head, error) {
	h, ok := m.Heads[c]
	if !ok {
		return h, fmt.Errorf("case %s: %w", c, daybook.ErrNotFound)
	}
	return h, nil
}

// PutRows implements archive.Storage.
func (m *Memory) PutRows(_ context.Context, c daybook.CaseID, rows []archive.Row, h archive.Head) error {
	m.Log[c] = append(m.Log[c], rows...)
	m.Heads[c] = h
	return nil
}

// Rows implements archive.Storage.
func (m *Memory) Rows(_ context.Context, c daybook.CaseID, from uint64, limit int, light bool) ([]archive.Row, error) {
	var out []archive.Row
	for _, r := range m.Log[c] {
		if r.Index < from {
			continue
		}
		if len(out) == limit {
			break
		}
		if light {
			r.WrappedKey, r.Sealed = nil, nil
		}
		out = append(out, r)
	}
	return out, nil
}

// RowsAt implements archive.Storage.
func (m *Memory) RowsAt(_ context.Context, c daybook.CaseID, indexes []uint64) ([]archive.Row, error) {
	out := make([]archive.Row, 0, len(indexes))
	for _, i := range indexes {
		k := slices.IndexFunc(m.Log[c], func(r archive.Row) bool { return r.Index == i })
		if k < 0 {
			return nil, fmt.Errorf("entry %d: %w", i, daybook.ErrNotFound)
		}
		out = append(out, m.Log[c][k])
	}
	return out, nil
}

// EraseRows implements archive.ErasedRows.
func (m *Memory) EraseRows(_ context.Context, c daybook.CaseID, indexes []uint64) error {
	for _, i := range indexes {
		for k := range m.Log[c] {
			if m.Log[c][k].Index == i {
				m.Log[c][k].WrappedKey, m.Log[c][k].Sealed = nil, nil
			}
		}
	}
	h := m.Heads[c]
	h.Erasures++
	m.Heads[c] = h
	return nil
}

// WithoutContent implements archive.ErasedRows.
func (m *Memory) WithoutContent(_ context.Context, c daybook.CaseID) (out []uint64, _ error) {
	for _, r := range m.Log[c] {
		if r.Sealed == nil {
			out = append(out, r.Index)
		}
	}
	return out, nil
}

// PutCheckpoint implements archive.CheckpointStorage.
func (m *Memory) PutCheckpoint(_ context.Context, c daybook.CaseID, _ uint64, note []byte, _ time.Time) error {
	if slices.ContainsFunc(m.Notes[c], func(n []byte) bool { return bytes.Equal(n, note) }) {
		return nil
	}
	m.Notes[c] = append(m.Notes[c], note)
	return nil
}

// Checkpoints implements archive.CheckpointStorage.
func (m *Memory) Checkpoints(_ context.Context, c daybook.CaseID) ([][]byte, error) {
	return m.Notes[c], nil
}

// NewestCheckpoint implements archive.CheckpointStorage.
func (m *Memory) NewestCheckpoint(_ context.Context, c daybook.CaseID) ([]byte, error) {
	all := m.Notes[c]
	if len(all) == 0 {
		return nil, daybook.ErrNotFound
	}
	return all[len(all)-1], nil
}

// WantStamps implements archive.StampStorage.
func (m *Memory) WantStamps(_ context.Context, c daybook.CaseID, size uint64, authorities []string) error {
	if m.Wanted[c] == nil {
		m.Wanted[c] = map[string]uint64{}
	}
	for _, a := range authorities {
		m.Wanted[c][a] = max(m.Wanted[c][a], size)
	}
	return nil
}

// Stamps implements archive.StampStorage.
func (m *Memory) Stamps(_ context.Context, c daybook.CaseID, size uint64, authority string, limit int) ([]archive.Stamp, error) {
	var out []archive.Stamp
	for _, s := range m.Stamped[c] {
		if len(out) < limit && (s.Size > size || s.Size == size && s.Authority > authority) {
			out = append(out, s)
		}
	}
	return out, nil
}

// PutCase implements archive.CaseStorage.
func (m *Memory) PutCase(_ context.Context, row archive.CaseRow) error {
	m.CaseRows = append(m.CaseRows, row)
	return nil
}

// Case implements archive.CaseStorage.
func (m *Memory) Case(_ context.Context, c daybook.CaseID) (archive.CaseRow, error) {
	for _, r := range m.CaseRows {
		if r.ID == c {
			return r, nil
		}
	}
	return archive.CaseRow{}, fmt.Errorf("case %s: %w", c, daybook.ErrNotFound)
}

// Cases implements archive.CaseStorage.
func (m *Memory) Cases(context.Context) ([]archive.CaseRow, error) { return m.CaseRows, nil }

// InstanceValue implements archive.CaseStorage.
func (m *Memory) InstanceValue(_ context.Context, name string) ([]byte, error) {
	return m.Values[name], nil
}

// SetInstanceValue implements archive.CaseStorage.
func (m *Memory) SetInstanceValue(_ context.Context, name string, value []byte) error {
	m.Values[name] = value
	return nil
}

// PutBlob implements archive.BlobRows.
func (m *Memory) PutBlob(_ context.Context, c daybook.CaseID, row archive.BlobRow) error {
	if m.BlobRows[c] == nil {
		m.BlobRows[c] = map[[32]byte]archive.BlobRow{}
	}
	if _, ok := m.BlobRows[c][row.Ref]; !ok {
		m.BlobRows[c][row.Ref] = row
	}
	return nil
}

// Blob implements archive.BlobRows.
func (m *Memory) Blob(_ context.Context, c daybook.CaseID, ref [32]byte) (archive.BlobRow, error) {
	row, ok := m.BlobRows[c][ref]
	if !ok {
		return row, fmt.Errorf("blob: %w", daybook.ErrNotFound)
	}
	return row, nil
}

// HoldBlob implements archive.BlobRows.
func (m *Memory) HoldBlob(ctx context.Context, c daybook.CaseID, ref [32]byte) (archive.BlobRow, error) {
	return m.Blob(ctx, c, ref)
}

// EraseBlob implements archive.ErasedBlobs.
func (m *Memory) EraseBlob(_ context.Context, c daybook.CaseID, ref [32]byte) error {
	if row, ok := m.BlobRows[c][ref]; ok {
		m.Gone[c] = append(m.Gone[c], row.Name)
	}
	delete(m.BlobRows[c], ref)
	return nil
}

// ErasedBlobs implements archive.ErasedBlobs.
func (m *Memory) ErasedBlobs(_ context.Context, c daybook.CaseID) ([]string, error) {
	return slices.Clone(m.Gone[c]), nil
}

// ForgetBlob implements archive.ErasedBlobs.
func (m *Memory) ForgetBlob(_ context.Context, c daybook.CaseID, name string) error {
	m.Gone[c] = slices.DeleteFunc(m.Gone[c], func(n string) bool { return n == name })
	return nil
}

// Put implements archive.BlobStore.
func (m *Memory) Put(_ context.Context, name string, data []byte) error {
	m.Blobs[name] = slices.Clone(data)
	return nil
}

// Get implements archive.BlobStore.
func (m *Memory) Get(_ context.Context, name string) ([]byte, error) {
	b, ok := m.Blobs[name]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", name, daybook.ErrNotFound)
	}
	return b, nil
}

// Erase implements archive.BlobStore.
func (m *Memory) Erase(_ context.Context, name string) error {
	delete(m.Blobs, name)
	return nil
}
