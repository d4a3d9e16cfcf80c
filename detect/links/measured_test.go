package links_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"
	"daybook/internal/labelled"
	"daybook/internal/need"
)

// weightOf returns what the reasons with these features weigh together.
func weightOf(f detect.Finding, features ...string) (w detect.Millibits) {
	for _, r := range f.Reasons {
		if slices.Contains(features, r.Feature) {
			w += r.Weight
		}
	}
	return w
}

// TestWordsOnRealWriting measures how often phrases and misspellings speak for a
// link between people who have nothing to do with each other, and between
// handles of one person. They have to be rare among the first.
func TestWordsOnRealWriting(t *testing.T) {
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
	model, err := style.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range []struct {
		name       string
		a, b       int
		mostFalse  int // in thousandths, of pairs where words are ground enough
		leastFound int
	}{{"10 against 10", 10, 10, 3, 25}, {"100 against 10", 100, 10, 5, 120}} {
		t.Run(cell.name, func(t *testing.T) {
			var same, different []detect.Millibits
			for i, p := range pairs {
				if p.Same && i%2 != 0 || !p.Same && i%6 != 0 {
					continue // enough of them
				}
				f := links.Facts{}
				f.Zone = time.UTC
				for j, id := range []string{p.A, p.B} {
					s := links.NewSender(model)
					for k, m := range byID[id].Messages[:min(len(byID[id].Messages), []int{cell.a, cell.b}[j])] {
						s.Message(links.Message{Entry: uint64(1000*j + k + 1), Key: uint64(k), Text: m.Text})
					}
					f.Handles = append(f.Handles, daybook.Handle{Platform: "irc", Native: id})
					f.Senders = append(f.Senders, s)
				}
				r, err := links.Detector{Model: model}.Explain(t.Context(), f, 0, 1)
				if err != nil {
					t.Fatal(err)
				}
				w := weightOf(r, "words-phrase", "words-spelling", "words-message")
				if p.Same {
					same = append(same, w)
				} else {
					different = append(different, w)
				}
			}
			at := func(l []detect.Millibits, least detect.Millibits) int {
				n := 0
				for _, w := range l {
					if w >= least {
						n++
					}
				}
				return 1000 * n / len(l)
			}
			for _, least := range []detect.Millibits{500, 1000, 2000, 3000, 3500, 5000} {
				t.Logf("%d millibits or more: %d of 1000 linked, %d of 1000 not", least, at(same, least), at(different, least))
			}
			if n := at(different, 3500); n > cell.mostFalse {
				t.Errorf("words are ground enough in %d of 1000 pairs of strangers, want %d at most", n, cell.mostFalse)
			}
			if n := at(same, 500); n < cell.leastFound {
				t.Errorf("words say something in %d of 1000 linked pairs, want %d at least", n, cell.leastFound)
			}
		})
	}
}

// TestNamesOnRealPairs measures the likeness of names on names of one person and
// of two: the area under the curve, and that the bounds of the weights are where
// they are said to be.
func TestNamesOnRealPairs_E3(t *testing.T) {
	pairs, err := labelled.HandlePairs(filepath.Join(need.TestData(t), "data", "linked-dev"))
	if err != nil {
		t.Fatal(err)
	}
	var same, different []int64
	for _, p := range pairs {
		if d := links.NameLikeness(p.A, p.B); p.Same {
			same = append(same, d)
		} else {
			different = append(different, d)
		}
	}
	slices.Sort(different)
	wins := 0.0
	for _, d := range same {
		below, _ := slices.BinarySearch(different, d)
		upTo, _ := slices.BinarySearch(different, d+1)
		wins += float64(below) + float64(upTo-below)/2
	}
	auc := wins / float64(len(same)*len(different))
	share := func(l []int64, least int64) int {
		n := 0
		for _, d := range l {
			if d >= least {
				n++
			}
		}
		return 1000 * n / len(l)
	}
	t.Logf("AUC %.3f", auc)
	for _, least := range []int64{300, 400, 500} {
		t.Logf("Dice %d or more: %d of 1000 linked, %d of 1000 not", least, share(same, least), share(different, least))
	}
	if auc < .735 {
		t.Errorf("AUC %.3f, want .735", auc)
	}
	if n := share(different, 400); n > 3 {
		t.Errorf("names of two people are alike in %d of 1000 pairs, want 3 at most", n)
	}
	if n := share(same, 400); n < 350 {
		t.Errorf("names of one person are alike in %d of 1000 pairs, want 350", n)
	}
}
