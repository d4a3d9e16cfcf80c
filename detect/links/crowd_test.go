package links_test

import (
	"path/filepath"
	"strings"
	"testing"

	"daybook"
	"daybook/detect/style"
	"daybook/internal/labelled"
	"daybook/internal/need"
)

// TestRealWriters makes cases of real writers in which nothing but writing can
// tell: pairs of handles of one person among handles of others. What is wrong is
// rare. (The shipped model knows some of these people; docs/detection.md has the
// figures for those whom it does not.)
func TestRealWriters(t *testing.T) {
	dir := filepath.Join(need.TestData(t), "data", "linked-dev")
	accounts, err := labelled.Accounts(dir)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := labelled.Pairs(dir)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]*labelled.Account{}
	for i := range accounts {
		byID[accounts[i].ID] = &accounts[i]
	}
	const handles, messages, writers = 40, 100, 600
	pool, err := labelled.Accounts(filepath.Join(filepath.Dir(dir), "pool"))
	if err != nil {
		t.Fatal(err)
	}
	person := map[string]string{} // of accounts of the set, where the pool knows them
	for _, a := range pool {
		for _, id := range a.InDev {
			person[id] = a.Person
		}
	}
	s := newStage(t)
	linked, used, met := map[string]string{}, map[string]bool{}, map[string]bool{}
	add := func(id string, n, day int) {
		for j, m := range byID[id].Messages[:min(n, len(byID[id].Messages))] {
			s.says(id, on(1+day, 1+j%20, j%60).AddDate(0, 0, j/20), m.Text)
		}
		used[id] = true
	}
	for _, p := range pairs {
		switch {
		case used[p.A] || used[p.B] || met[person[p.A]] || met[person[p.B]] || person[p.A] == "" || person[p.B] == "" || len(s.facts.Handles) >= handles:
		case p.Same && len(linked) < handles/4:
			add(p.A, messages, 0)
			add(p.B, messages, 40)
			met[person[p.A]] = true
			linked[p.B] = p.A
		case !p.Same && p.Kind != "neg-topic" && len(linked) == handles/4:
			add(p.B, messages, 0)
			met[person[p.B]] = true
		}
	}
	var profiles []*style.Profile
	for _, a := range accounts {
		if !used[a.ID] && len(profiles) < writers {
			p := s.model.NewProfile()
			for _, m := range a.Messages[:min(len(a.Messages), 40)] {
				p.Add(m.Text)
			}
			profiles = append(profiles, p)
		}
	}
	s.facts.Background = map[daybook.Platform]*style.Background{"mastodon": s.model.NewBackground("mastodon", profiles...)}
	right, others := 0, 0
	for _, name := range suggested(s.detect(t)) {
		later, other, _ := strings.Cut(name, ">")
		if linked[later] == other || linked[other] == later {
			right++
		} else {
			t.Log(about(s.explain(t, later, other)))
			others++
		}
	}
	t.Logf("among %d handles, %d of %d linked pairs are suggested, and %d others", len(s.facts.Handles), right, len(linked), others)
	if 5*right < len(linked) || others > 1 {
		t.Error("too few, or others")
	}
}
