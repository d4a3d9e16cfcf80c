package archive

import (
	"maps"
	"slices"

	"daybook"
)

// An erasedMark says which entries of a log have lost their content, as ranges
// of numbers, first and last. Numbers are no personal data.
type erasedMark struct {
	Whole  bool        `json:"whole,omitzero"` // the case key was destroyed
	Ranges [][2]uint64 `json:"entries,omitempty"`
}

// NoteErased adds entries to those of a case that have lost their content. whole
// says that the case key was destroyed.
func (h *HighWater) NoteErased(c daybook.CaseID, entries []uint64, whole bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.erased[c]
	next := erasedMark{Whole: was.Whole || whole, Ranges: rangesOf(append(was.entries(), entries...))}
	if next.Whole == was.Whole && slices.Equal(next.Ranges, was.Ranges) {
		return nil
	}
	all := maps.Clone(h.erased)
	all[c] = next
	return h.write(h.marks, all)
}

// Erased returns the entries of a case that have lost their content, ascending,
// and whether the case key was destroyed.
func (h *HighWater) Erased(c daybook.CaseID) (entries []uint64, whole bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.erased[c]
	return m.entries(), m.Whole
}

// cutErased forgets the entries from size on: they are gone with a declared
// break, and their numbers are given to others.
func (h *HighWater) cutErased(c daybook.CaseID, size uint64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.erased[c]
	kept := slices.DeleteFunc(was.entries(), func(i uint64) bool { return i >= size })
	next := erasedMark{Whole: was.Whole, Ranges: rangesOf(kept)}
	if slices.Equal(next.Ranges, was.Ranges) {
		return nil
	}
	all := maps.Clone(h.erased)
	all[c] = next
	return h.write(h.marks, all)
}

// Forget drops all that is noted of a case: its tree is gone too.
func (h *HighWater) Forget(c daybook.CaseID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	marks, erased := maps.Clone(h.marks), maps.Clone(h.erased)
	delete(marks, c)
	delete(erased, c)
	return h.write(marks, erased)
}

func (m erasedMark) entries() (out []uint64) {
	for _, r := range m.Ranges {
		for i := r[0]; i <= r[1]; i++ {
			out = append(out, i)
		}
	}
	return out
}

func rangesOf(entries []uint64) (out [][2]uint64) {
	entries = slices.Compact(slices.Sorted(slices.Values(entries)))
	for _, i := range entries {
		if n := len(out); n > 0 && out[n-1][1]+1 == i {
			out[n-1][1] = i
			continue
		}
		out = append(out, [2]uint64{i, i})
	}
	return out
}
