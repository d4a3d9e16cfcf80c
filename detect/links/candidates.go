package links

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"daybook/detect"
)

const (
	allPairs   = 48  // parties up to which each pair is looked at
	allWriting = 300 // parties up to which the writing of each pair is compared; of more, that of those who wrote most
	mostUsers  = 14  // parties that have a trace, above which it says nothing
	mostNamed  = 40  // parties with a part of a name
	mostCame   = 64  // parties that came after an ending and whose writing is compared with that of the one that ended
	mostLook   = 128 // pictures that have 16 bits in common
	fewRuns    = 4   // shared runs below which phrases are no ground
)

// A couple is two places in casework.parties, the smaller one first.
type couple [2]int

// candidates returns the pairs that can be suggested, in order, each once.
// Other pairs share too little for it: no ground that a suggestion could stand
// on.
func (c *casework) candidates() []couple {
	x := newIndex(c.parties)
	c.users = x.users
	var out []couple
	add := func(a, b int) {
		if a != b {
			out = append(out, couple{min(a, b), max(a, b)})
		}
	}
	if n := len(c.parties); n <= allPairs {
		for i := range n {
			for j := range i {
				add(i, j)
			}
		}
		return sortCouples(out)
	}
	out = c.sharing(x, out)
	c.namedAlike(add)
	c.picturedAlike(x, add)
	c.naming(add)
	c.writingAlike(add)
	return sortCouples(out)
}

func sortCouples(list []couple) []couple {
	slices.SortFunc(list, func(a, b couple) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(list)
}

// sharing adds the pairs that share what is ground enough: some runs of words,
// or one of the other traces.
func (c *casework) sharing(x *index, out []couple) []couple {
	var loose []couple
	x.groups(mostUsers, func(parties []posting) {
		to := &out
		switch parties[0].kind {
		case ofRun:
			to = &loose
		case ofSpelling, ofMessage, ofContact, ofMedia:
		default:
			return
		}
		for i, p := range parties {
			for _, q := range parties[:i] {
				*to = append(*to, couple{int(q.party), int(p.party)})
			}
		}
	})
	slices.SortFunc(loose, func(a, b couple) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for from := 0; from < len(loose); {
		to := from + 1
		for to < len(loose) && loose[to] == loose[from] {
			to++
		}
		if to-from >= fewRuns {
			out = append(out, loose[from])
		}
		from = to
	}
	return out
}

// namedAlike adds the pairs with names that may be alike: they have a word or
// five letters in a row in common, or are one letter apart.
func (c *casework) namedAlike(add func(a, b int)) {
	var list []posting
	for i, p := range c.parties {
		keys := map[uint64]bool{}
		for _, n := range c.plainNames(p) {
			for _, word := range n.words {
				keys[hash(word)] = true
			}
			for j := 0; j+5 <= len(n.letters); j++ {
				keys[hash("*"+n.letters[j:j+5])] = true
			}
			if len(n.letters) >= 7 && len(n.letters) <= 24 {
				for j := range n.letters {
					keys[hash("-"+n.letters[:j]+n.letters[j+1:])] = true
				}
				keys[hash("-"+n.letters)] = true
			}
		}
		for key := range keys {
			list = append(list, posting{key: key, party: int32(i)})
		}
	}
	addGroups(list, mostNamed, add)
}

func addGroups(list []posting, most int, add func(a, b int)) {
	slices.SortFunc(list, func(a, b posting) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.party, b.party)) })
	x := index{list}
	x.groups(most, func(parties []posting) {
		for i, p := range parties {
			for _, q := range parties[:i] {
				add(int(q.party), int(p.party))
			}
		}
	})
}

// picturedAlike adds the pairs with pictures that differ in seven bits or fewer.
// Cut in four parts of 16 bits, two such have a part in which they differ in one
// bit at most.
func (c *casework) picturedAlike(x *index, add func(a, b int)) {
	type shown struct {
		part    uint32
		picture uint64
		party   int
	}
	var list []shown
	for i, p := range c.parties {
		for _, t := range p.traces[ofPicture] {
			if x.users(ofPicture, t.key) > mostUsers {
				continue // a picture that many have says nothing
			}
			for part := range 4 {
				list = append(list, shown{uint32(part)<<16 | uint32(t.key>>(16*part))&0xffff, t.key, i})
			}
		}
	}
	slices.SortFunc(list, func(a, b shown) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.picture, b.picture), cmp.Compare(a.party, b.party))
	})
	with := func(part uint32) []shown {
		from, _ := slices.BinarySearchFunc(list, part, func(s shown, part uint32) int { return cmp.Compare(s.part, part) })
		to := from
		for to < len(list) && list[to].part == part && to-from < mostLook {
			to++
		}
		return list[from:to]
	}
	for _, s := range list {
		for flip := -1; flip < 16; flip++ {
			part := s.part
			if flip >= 0 {
				part ^= 1 << flip
			}
			if part < s.part {
				continue
			}
			for _, t := range with(part) {
				if bits.OnesCount64(s.picture^t.picture) <= mostDiffer {
					add(s.party, t.party)
				}
			}
		}
	}
}

// naming adds the pairs of which one says that the other is its own.
func (c *casework) naming(add func(a, b int)) {
	of := map[uint64]int{}
	for i, p := range c.parties {
		for _, ref := range p.refs {
			of[hash(ref)] = i
		}
	}
	for i, p := range c.parties {
		for _, t := range p.traces[ofMove] {
			if j, ok := of[t.key]; ok {
				add(i, j)
			}
		}
	}
}

// writingAlike adds the pairs whose writing is alike enough for a suggestion, of
// those who wrote most and of those who came after somebody ended.
func (c *casework) writingAlike(add func(a, b int)) {
	try := func(i, j int) {
		if i == j {
			return
		}
		a, b := c.manuscript(c.parties[i]), c.manuscript(c.parties[j])
		if a == nil || b == nil {
			return
		}
		if ok, _ := a.Enough(); !ok {
			return
		}
		if ok, _ := b.Enough(); ok && detect.Millibits(c.model.Compare(a.Writing, b.Writing).Millibits) >= ruleMiddling {
			add(i, j)
		}
	}
	var wrote []int
	for i, p := range c.parties {
		if p.messages > 0 {
			wrote = append(wrote, i)
		}
	}
	slices.SortStableFunc(wrote, func(a, b int) int { return cmp.Compare(c.parties[b].messages, c.parties[a].messages) })
	for i, a := range wrote[:min(len(wrote), allWriting)] {
		for _, b := range wrote[:i] {
			try(a, b)
		}
	}
	if len(wrote) <= allWriting {
		return
	}
	for i, p := range c.parties {
		for _, e := range p.endings {
			from, _ := slices.BinarySearchFunc(c.dates, e.from, func(d arrival, t time.Time) int { return d.at.Compare(t) })
			for n := from; n < len(c.dates) && n < from+mostCame && c.dates[n].at.Before(e.at.Add(21*day)); n++ {
				try(i, c.dates[n].party)
			}
		}
	}
}
