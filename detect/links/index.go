package links

import (
	"cmp"
	"slices"
)

// A posting says that a party has a trace.
type posting struct {
	key   uint64
	party int32
	kind  kind
}

// An index knows which traces several parties have.
type index struct {
	postings []posting // ascending, each once; of traces of more than one party
}

// ofKind makes keys of different kinds different.
func ofKind(k kind, key uint64) uint64 { return key ^ uint64(k+1)*0x9e3779b97f4a7c15 }

// newIndex collects the traces that several parties have. Most traces are of one
// party alone: two small tables of bits, of what came once and what came again,
// keep these from being sorted.
func newIndex(parties []*party) *index {
	n := 0
	for _, p := range parties {
		for k := range kinds {
			n += len(p.traces[k])
		}
	}
	size := 1 << 10
	for size < 8*n {
		size *= 2
	}
	once, again := make([]uint64, size/64), make([]uint64, size/64)
	each := func(do func(key uint64, k kind, party int)) {
		for i, p := range parties {
			for k := range kinds {
				for j, t := range p.traces[k] {
					if j == 0 || t.key != p.traces[k][j-1].key {
						do(ofKind(k, t.key), k, i)
					}
				}
			}
		}
	}
	place := func(key uint64) (int, uint64) {
		at := key & uint64(size-1)
		return int(at / 64), 1 << (at % 64)
	}
	repeated := 0
	each(func(key uint64, _ kind, _ int) {
		word, bit := place(key)
		if once[word]&bit != 0 {
			again[word] |= bit
			repeated++
		}
		once[word] |= bit
	})
	x := &index{postings: make([]posting, 0, 2*repeated)}
	each(func(key uint64, k kind, party int) {
		if word, bit := place(key); again[word]&bit != 0 {
			x.postings = append(x.postings, posting{key, int32(party), k})
		}
	})
	slices.SortFunc(x.postings, func(a, b posting) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.party, b.party)) })
	return x
}

// users returns how many parties have a trace, 1 if the index does not know it.
func (x *index) users(k kind, key uint64) int {
	key = ofKind(k, key)
	from, _ := slices.BinarySearchFunc(x.postings, key, func(p posting, key uint64) int { return cmp.Compare(p.key, key) })
	to := from
	for to < len(x.postings) && x.postings[to].key == key {
		to++
	}
	return max(1, to-from)
}

// groups yields the parties of each trace that at least two and at most most
// have.
func (x *index) groups(most int, yield func(parties []posting)) {
	for from := 0; from < len(x.postings); {
		to := from + 1
		for to < len(x.postings) && x.postings[to].key == x.postings[from].key {
			to++
		}
		if n := to - from; n >= 2 && n <= most {
			yield(x.postings[from:to])
		}
		from = to
	}
}
