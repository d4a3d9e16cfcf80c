package archive

import (
	"errors"

	"daybook"
)

// withoutKey notes why contents cannot be opened.
func (v *verifier) withoutKey(err error) {
	if errors.Is(err, ErrErased) {
		v.whole = true
		return
	}
	v.report.unknown("case key", "it is not here, so contents cannot be opened; only the tree was checked")
}

// bare takes in what can be seen of an entry without the case key.
func (v *verifier) bare(row *Row) {
	if row.Kind == daybook.RecordErased {
		v.lastErased = row.Index + 1
	}
}

// wholeErased says what is left of a case that was erased as a whole: leaves, of
// which one says that something was erased, under a checkpoint.
func (v *verifier) wholeErased() {
	switch {
	case !v.whole:
	case v.lastErased == 0 || v.lastErased > v.report.Covered:
		v.report.unknown("case key", "it was destroyed, and no entry under a checkpoint is of kind erased")
	default:
		v.report.Erased = int(v.report.Entries)
		v.report.remark("case key", "it was destroyed: the case was erased as a whole; leaves, tree and checkpoints are what they were")
	}
}
