package main

import (
	"path/filepath"
	"testing"

	"daybook/detect/style"
	"daybook/internal/labelled"
	"daybook/internal/need"
)

// A model from a fifth of the pool, without anybody of the pairs, tells a tenth
// of the pairs apart. The shipped model is from all of it; its figures are in
// docs/detection.md.
func TestTrainLinks(t *testing.T) {
	if testing.Short() {
		need.Missing(t, "a minute of training is left out with -short")
	}
	dir := filepath.Join(need.TestData(t), "data")
	pairsDir := filepath.Join(dir, "linked-dev")
	s, err := readSets(dir, pairsDir, "", 5)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.pool {
		if s.shared[i] {
			t.Fatalf("account %s is left out and there", s.pool[i].ID)
		}
	}
	p, projection, err := train(s, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	p.Card = s.card(pairsDir)
	m, err := style.ParseModel(marshal(p), projection)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := labelled.Accounts(pairsDir)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := labelled.Pairs(pairsDir)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]labelled.Post{}
	for _, a := range accounts {
		texts[a.ID] = a.Messages
	}
	profiles := map[string]*style.Profile{}
	var all []*style.Profile
	var chosen []labelled.Pair
	for i, pair := range pairs {
		if i%40 >= 4 {
			continue
		}
		chosen = append(chosen, pair)
		for _, id := range []string{pair.A, pair.B} {
			if profiles[id] != nil {
				continue
			}
			profiles[id] = m.NewProfile()
			for _, post := range texts[id][:10] {
				profiles[id].Add(post.Text)
			}
			all = append(all, profiles[id])
		}
	}
	back := m.NewBackground("raku", all...)
	var same, different []int64
	for _, pair := range chosen {
		c := m.Compare(m.Writing(profiles[pair.A], back), m.Writing(profiles[pair.B], back))
		if pair.Same {
			same = append(same, c.Raw)
		} else {
			different = append(different, c.Raw)
		}
	}
	above := 0
	for _, x := range same {
		for _, y := range different {
			if x > y {
				above++
			}
		}
	}
	auc := float64(above) / float64(len(same)*len(different))
	t.Logf("10 messages against 10: AUC %.3f, %d same and %d different", auc, len(same), len(different))
	if auc < .92 {
		t.Errorf("AUC %.3f, want at least 0.920", auc)
	}
}
