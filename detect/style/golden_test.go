package style_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook/detect/style"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Made-up writers give the same thousandths of a bit on every machine. The file
// changes with the model alone.
func TestGolden(t *testing.T) {
	m := shipped(t)
	people := map[string][]string{"ann": ann, "bob": bob, "cyd": cyd}
	names := []string{"ann", "bob", "cyd"}
	backgrounds := map[string]*style.Background{"shipped": nil, "three": m.NewBackground("three", profileOf(m, ann), profileOf(m, bob), profileOf(m, cyd))}
	var b strings.Builder
	for _, back := range []string{"shipped", "three"} {
		for i, one := range names {
			for _, other := range names[i:] {
				for _, n := range []int{1, 3, 5, 10} {
					all := people[other]
					x := m.Writing(profileOf(m, people[one][:min(10, len(people[one])/2)]), backgrounds[back])
					y := m.Writing(profileOf(m, all[len(all)-min(n, len(all)/2):]), backgrounds[back])
					c := m.Compare(x, y)
					fmt.Fprintf(&b, "%s %s %s last %d: %d %d %v %s\n", back, one, other, n, c.Millibits, c.Raw, c.Enough, c.Why)
					for k, h := range m.Habits(x, y) {
						if k < 3 {
							fmt.Fprintf(&b, "\t%d %s\n", h.Millibits, h.Text)
						}
					}
				}
			}
		}
	}
	file := filepath.Join("testdata", "compare.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkAdd(b *testing.B) {
	m := shipped(b)
	p := m.NewProfile()
	for i := 0; b.Loop(); i++ {
		if i%100 == 0 {
			p = m.NewProfile()
		}
		p.Add(bob[i%len(bob)])
	}
}

func BenchmarkWriting(b *testing.B) {
	m := shipped(b)
	data := bytesOf(b, profileOf(m, long()))
	for b.Loop() {
		p := m.NewProfile()
		if err := p.UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
		m.Writing(p, nil)
	}
}

func BenchmarkCompare(b *testing.B) {
	m := shipped(b)
	x, y := m.Writing(profileOf(m, ann), nil), m.Writing(profileOf(m, bob), nil)
	for b.Loop() {
		m.Compare(x, y)
	}
}

func BenchmarkShipped(b *testing.B) {
	for b.Loop() {
		shipped(b)
	}
}

// long is a hundred messages with as many features as a hundred different ones.
func long() (all []string) {
	words := strings.Fields(strings.Join(append(append(append([]string{}, ann...), bob...), cyd...), " "))
	for i := range 100 {
		var w []string
		for k := range 22 {
			w = append(w, words[(i*37+k*(i%7+1))%len(words)])
		}
		all = append(all, strings.Join(w, " "))
	}
	return all
}
