package links

import (
	"cmp"
	"slices"
)

// kind tells traces apart.
type kind uint8

const (
	ofRun      kind = iota // three words in a row that are not in everybody's use
	ofSpelling             // a misspelling of a common word
	ofMessage              // the words of a whole message
	ofContact              // an address, a telephone number, a page
	ofParty                // somebody else who is addressed, by Ref
	ofMedia                // a picture or file sent
	ofAccount              // a name that the platform shows as handle
	ofDisplay              // a name to be shown
	ofPicture              // a picture of an account, by its perceptual hash
	ofMove                 // an account that it says is its own, by Ref
	ofServer               // the host of its server
	kinds
)

// most is how many different traces of a kind are kept of one sender. Of more,
// those with the smallest keys stay: a sample that depends neither on the order
// in which they came nor on who wrote them, so that two senders keep the same.
func most(k kind) int {
	switch k {
	case ofRun:
		return 16_384
	case ofSpelling, ofMessage, ofContact:
		return 2_048
	case ofMedia:
		return 1_024
	}
	return 256
}

// mostPlaces is how many places of one trace are kept: the first by entry.
const mostPlaces = 8

// A trace is one thing that a sender wrote or showed, at one place.
type trace struct {
	key   uint64 // hash of what
	entry uint64
	pos   uint32 // the word in its message, where that matters
	what  string
}

func compareTraces(a, b trace) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.entry, b.entry), cmp.Compare(a.pos, b.pos), cmp.Compare(a.what, b.what))
}

// settled returns traces in the order of key, entry and place, each once, and no
// more than are kept. It may reorder list. What it drops could not come back by
// adding more, so it does not matter when it is called.
func settled(list []trace, most int) []trace {
	slices.SortFunc(list, compareTraces)
	out := list[:0]
	keys, places := 0, 0
	for i, t := range list {
		switch {
		case i == 0 || t.key != out[len(out)-1].key:
			if keys == most {
				return slices.Clip(out)
			}
			keys, places = keys+1, 1
		case t == out[len(out)-1]:
			continue
		case places == mostPlaces:
			continue
		default:
			places++
		}
		out = append(out, t)
	}
	return out
}

// withKey returns the traces of one key.
func withKey(list []trace, key uint64) []trace {
	from, found := slices.BinarySearchFunc(list, key, func(t trace, key uint64) int { return cmp.Compare(t.key, key) })
	if !found {
		return nil
	}
	to := from
	for to < len(list) && list[to].key == key {
		to++
	}
	return list[from:to]
}

// shared returns the keys that two settled lists have in common, ascending.
func shared(a, b []trace) []uint64 {
	if len(a) > 8*len(b) {
		a, b = b, a
	}
	var out []uint64
	add := func(key uint64) {
		if len(out) == 0 || out[len(out)-1] != key {
			out = append(out, key)
		}
	}
	if len(b) > 8*len(a) {
		for _, t := range a {
			if len(withKey(b, t.key)) > 0 {
				add(t.key)
			}
		}
		return out
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch c := cmp.Compare(a[i].key, b[j].key); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			add(a[i].key)
			i++
		}
	}
	return out
}

// distinct counts the keys of a settled list.
func distinct(list []trace) int64 {
	n := int64(0)
	for i := range list {
		if i == 0 || list[i].key != list[i-1].key {
			n++
		}
	}
	return n
}

// hash mixes text into 64 bits: FNV-1a with the last steps of MurmurHash3, so
// that its upper bits are as good as its lower ones. It is no secret.
func hash(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
