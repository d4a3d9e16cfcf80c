package style_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/detect/style"
)

func shipped(t testing.TB) *style.Model {
	t.Helper()
	m, err := style.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func profileOf(m *style.Model, messages []string) *style.Profile {
	p := m.NewProfile()
	for _, text := range messages {
		p.Add(text)
	}
	return p
}

func bytesOf(t testing.TB, p *style.Profile) []byte {
	t.Helper()
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Messages in another order, in parts that are merged, and from a cache give the
// same bytes and the same weight.
func TestOrderDoesNotMatter(t *testing.T) {
	m := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(rapid.SampledFrom(slices.Concat(ann, bob)), 0, 30).Draw(t, "a")
		b := rapid.Permutation(a).Draw(t, "b")
		n := rapid.IntRange(0, len(b)).Draw(t, "n")
		whole := profileOf(m, a)
		parts := profileOf(m, b[:n])
		parts.Merge(profileOf(m, b[n:]))
		one, err := whole.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		two, err := parts.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Fatal("the profiles differ")
		}
		back := m.NewProfile()
		if err := back.UnmarshalBinary(one); err != nil {
			t.Fatal(err)
		}
		if back.Messages() != len(a) {
			t.Fatalf("%d messages, not %d", back.Messages(), len(a))
		}
		other := m.Writing(profileOf(m, bob), nil)
		if x, y := m.Compare(m.Writing(whole, nil), other), m.Compare(other, m.Writing(back, nil)); x.Raw != y.Raw || x.Enough != y.Enough {
			t.Fatalf("%v and %v", x, y)
		}
	})
}

func TestBackgroundOrderDoesNotMatter(t *testing.T) {
	m := shipped(t)
	p, q, r := profileOf(m, ann), profileOf(m, bob), profileOf(m, cyd)
	a, b := m.NewBackground("x", p, q, r), m.NewBackground("x", r, p, q)
	one, two := m.Writing(p, a), m.Writing(q, a)
	x, y := m.Compare(one, two), m.Compare(m.Writing(p, b), m.Writing(q, b))
	if x != y {
		t.Errorf("%v and %v", x, y)
	}
	if got := a.Writers(); got != 3 {
		t.Errorf("%d writers, not 3", got)
	}
}

func TestNothingIsKeptOfTheText(t *testing.T) {
	m := shipped(t)
	data := bytesOf(t, profileOf(m, []string{"the secret word is zyzzyva, write to ann@mail.example"}))
	for _, word := range []string{"secret", "zyzzyva", "ann"} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("%q is in the profile", word)
		}
	}
}

func FuzzAdd(f *testing.F) {
	m := shipped(f)
	f.Add("hello, how are you? I'm fine :)")
	f.Add(strings.Repeat("a", 5000))
	f.Add("\xff\xfe @@@ ::: \u202e\u0301\u0301")
	f.Fuzz(func(t *testing.T, text string) {
		p := m.NewProfile()
		p.Add(text)
		p.Add(text)
		if p.Characters() > 2*6*4000 {
			t.Errorf("%d characters were read", p.Characters())
		}
		w := m.Writing(p, nil)
		m.Compare(w, w)
		back := m.NewProfile()
		if err := back.UnmarshalBinary(bytesOf(t, p)); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	m := shipped(f)
	f.Add(bytesOf(f, profileOf(m, ann)))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := m.NewProfile()
		if p.UnmarshalBinary(data) != nil {
			return
		}
		w := m.Writing(p, nil)
		m.Compare(w, w)
		m.Habits(w, w)
	})
}
