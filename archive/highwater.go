package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"

	"daybook"
	"daybook/internal/durable"
)

// A Mark is how far a log has been: its size and the root over it.
type Mark struct {
	Size uint64         `json:"size"`
	Root daybook.Digest `json:"root"`
}

// A HighWater is a small file beside the instance key, outside the data folder
// and outside backups: it remembers how far each log has been, so that an older
// store under the same key is noticed. It holds no personal data.
type HighWater struct {
	path string

	mu     sync.Mutex
	marks  map[daybook.CaseID]Mark
	erased map[daybook.CaseID]erasedMark
}

type highWaterFile struct {
	Format string                        `json:"format"`
	Cases  map[daybook.CaseID]Mark       `json:"cases"`
	Erased map[daybook.CaseID]erasedMark `json:"erased,omitempty"`
}

const highWaterFormat = "daybook-high-water/v1"

// OpenHighWater reads the file at path. A missing file is an empty one.
func OpenHighWater(path string) (*HighWater, error) {
	h := &HighWater{path: path, marks: map[daybook.CaseID]Mark{}, erased: map[daybook.CaseID]erasedMark{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the high-water file: %w", err)
	}
	var f highWaterFile
	if err := json.Unmarshal(b, &f); err != nil || f.Format != highWaterFormat {
		return nil, fmt.Errorf("read the high-water file %s: %w: it is damaged or of another version; put back a copy, or move it away to start without one", path, daybook.ErrInvalid)
	}
	maps.Copy(h.marks, f.Cases)
	maps.Copy(h.erased, f.Erased)
	return h, nil
}

// All returns the marks of all cases.
func (h *HighWater) All() map[daybook.CaseID]Mark {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.marks)
}

// Raise sets the mark of a case unless it is that high already.
func (h *HighWater) Raise(c daybook.CaseID, m Mark) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old, ok := h.marks[c]; ok && old.Size >= m.Size {
		return nil
	}
	return h.set(c, m)
}

// Set sets the mark of a case, also to a lower one: a declared break.
func (h *HighWater) Set(c daybook.CaseID, m Mark) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.set(c, m)
}

func (h *HighWater) set(c daybook.CaseID, m Mark) error {
	next := maps.Clone(h.marks)
	next[c] = m
	return h.write(next, h.erased)
}

// write needs h.mu.
func (h *HighWater) write(marks map[daybook.CaseID]Mark, erased map[daybook.CaseID]erasedMark) error {
	b, err := json.MarshalIndent(highWaterFile{highWaterFormat, marks, erased}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the high-water file: %w", err)
	}
	if err := durable.Write(h.path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the high-water file: %w", err)
	}
	h.marks, h.erased = marks, erased
	return nil
}
