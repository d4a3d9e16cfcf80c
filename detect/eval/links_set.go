package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	named "daybook/detect/links"
	"daybook/detect/style"
	"daybook/internal/labelled"
)

// linked is a set of labelled pairs.
type linked struct {
	name     string
	accounts []labelled.Account
	number   map[string]int
	pairs    []labelled.Pair
}

// A result is one comparison of a pair.
type result struct {
	bits   float64
	enough bool
}

func readLinked(dir string) (*linked, error) {
	s := &linked{name: filepath.Base(filepath.Clean(dir)), number: map[string]int{}}
	var err error
	if s.accounts, err = labelled.Accounts(dir); err != nil {
		return nil, err
	}
	if s.pairs, err = labelled.Pairs(dir); err != nil {
		return nil, err
	}
	for i, a := range s.accounts {
		s.number[a.ID] = i
	}
	for i, p := range s.pairs {
		for _, id := range []string{p.A, p.B} {
			if _, ok := s.number[id]; !ok {
				return nil, fmt.Errorf("pair %d: account %s is not there", i+1, id)
			}
		}
	}
	return s, nil
}

// known returns how many accounts the model's training saw.
func (s *linked) known(m *style.Model) (n int) {
	people := map[string]bool{}
	for _, key := range m.Card().People {
		people[key] = true
	}
	for _, a := range s.accounts {
		if people[style.KeyOf(a.ID)] {
			n++
		}
	}
	return n
}

// snapshots are the numbers of messages that the cells need, ascending.
func snapshots() (all []int) {
	for _, c := range cells() {
		all = append(all, c.a, c.b)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// compare compares each pair in each cell. An account with fewer messages than
// a cell asks for gives all that it has.
func (s *linked) compare(m *style.Model) [][]result {
	sizes := snapshots()
	profiles := make([][]*style.Profile, len(s.accounts)) // by account and size
	parallel(len(s.accounts), func(i int) {
		p, at := m.NewProfile(), 0
		for _, n := range sizes {
			for ; at < min(n, len(s.accounts[i].Messages)); at++ {
				p.Add(s.accounts[i].Messages[at].Text)
			}
			snapshot := m.NewProfile()
			snapshot.Merge(p)
			profiles[i] = append(profiles[i], snapshot)
		}
	})
	backgrounds := s.backgrounds(m, profiles)
	writings := make([][]style.Writing, len(s.accounts))
	parallel(len(s.accounts), func(i int) {
		for k := range sizes {
			writings[i] = append(writings[i], m.Writing(profiles[i][k], backgrounds[i]))
		}
		profiles[i] = nil
	})
	most := float64(m.Parameters().Mix.Most)
	results := make([][]result, len(s.pairs))
	parallel(len(s.pairs), func(i int) {
		a, b := writings[s.number[s.pairs[i].A]], writings[s.number[s.pairs[i].B]]
		for _, c := range cells() {
			r := m.Compare(a[slices.Index(sizes, c.a)], b[slices.Index(sizes, c.b)])
			// Beyond the bound only the order is of interest.
			bits := float64(r.Raw)
			if over := max(bits-most, -most-bits); over > 0 {
				bits = max(-most, min(most, bits)) * (1 + over*1e-9)
			}
			results[i] = append(results[i], result{bits / 1000, r.Enough})
		}
	})
	return results
}

// backgrounds returns for each account that of its platform and source.
func (s *linked) backgrounds(m *style.Model, profiles [][]*style.Profile) []*style.Background {
	members := map[string][]*style.Profile{}
	key := func(i int) string { return s.accounts[i].Platform + " " + s.accounts[i].Source }
	for i := range s.accounts {
		members[key(i)] = append(members[key(i)], profiles[i][len(profiles[i])-1])
	}
	made := map[string]*style.Background{}
	out := make([]*style.Background, len(s.accounts))
	for i := range s.accounts {
		if made[key(i)] == nil {
			made[key(i)] = m.NewBackground(key(i), members[key(i)]...)
		}
		out[i] = made[key(i)]
	}
	return out
}

// measureNames measures the comparison of names on the set's pairs of handles;
// nil if there are none.
func measureNames(dir string) (*figures, error) {
	pairs, err := labelled.HandlePairs(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []scored
	for _, p := range pairs {
		all = append(all, scored{float64(named.NameLikeness(p.A, p.B)), p.Same})
	}
	f := measure(all)
	// A likeness is no weight: it gives no probability.
	f.Brier, f.ECE = 0, 0
	return &f, nil
}

// parallel calls do for 0 to n-1 on two goroutines and waits.
func parallel(n int, do func(i int)) {
	var wait sync.WaitGroup
	const workers = 2
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wait.Wait()
}
