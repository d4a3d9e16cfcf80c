package links_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"
)

var syllables = []string{"ka", "ri", "no", "ta", "le", "mo", "su", "ve", "pi", "da", "ho", "gu", "fe", "bi", "ze", "wo", "ny", "cla", "tre", "sto"}

// invent makes a word of some syllables: short ones come often, long ones
// seldom, as in a language.
func invent(r *rand.Rand) string {
	word := ""
	for range 1 + r.IntN(2) + r.IntN(2) {
		word += syllables[r.IntN(len(syllables))]
	}
	return word
}

func BenchmarkSenderMessage(b *testing.B) {
	model, err := style.Shipped()
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	common := []string{"the", "you", "and", "what", "never", "house", "again", "because", "garden", "pictures", "allways", "with", "would"}
	var texts []string
	for range 1000 {
		text := ""
		for range 18 {
			if r.IntN(6) == 0 {
				text += invent(r) + " "
			} else {
				text += common[r.IntN(len(common))] + " "
			}
		}
		texts = append(texts, text)
	}
	s := links.NewSender(model)
	n := uint64(0)
	for b.Loop() {
		if n%100 == 0 {
			s = links.NewSender(model)
		}
		n++
		s.Message(links.Message{Entry: n, Key: n, Text: texts[n%1000], At: on(1, int(n%24), 0)})
	}
	_ = fmt.Sprint(s.Messages())
}

// aCrowd is a made-up case of many handles: most wrote a few messages, some
// hundreds; one in a hundred was blocked; each tenth has something in common with
// another.
func aCrowd(tb testing.TB, handles, messages int) *stage {
	r := rand.New(rand.NewPCG(uint64(handles), 7))
	s := newStage(tb)
	start := on(1, 0, 0)
	name := func(i int) string { return fmt.Sprintf("%s_%s%d", invent(r), invent(r), i) }
	names := make([]string, handles)
	for i := range names {
		names[i] = name(i)
		if i%10 == 9 {
			names[i] = names[r.IntN(i)] + "x"
		}
	}
	vocabulary := make([]string, 4000)
	for i := range vocabulary {
		vocabulary[i] = invent(r)
	}
	s.names, s.texts = names, make([][]string, handles)
	for i, n := range names {
		first := start.Add(time.Duration(r.IntN(42*24*60)) * time.Minute)
		s.shows(n, first, links.Profile{Account: n + "@birds.example", Display: invent(r), Created: first.AddDate(0, 0, -r.IntN(900)), Avatar: r.Uint64()})
		count := 1 + r.IntN(2*messages-1)
		for j := range count {
			text := ""
			for range 14 {
				text += vocabulary[min(r.IntN(4000), r.IntN(4000))] + " "
			}
			s.texts[i] = append(s.texts[i], text)
			s.says(n, first.Add(time.Duration(j*r.IntN(3000))*time.Minute), text)
		}
		if i%100 == 0 {
			s.blocks(n, first.Add(24*time.Hour))
		}
	}
	var profiles []*style.Profile
	for _, sender := range s.facts.Senders[:min(len(s.facts.Senders), 500)] {
		profiles = append(profiles, sender.Written())
	}
	s.facts.Background = map[daybook.Platform]*style.Background{"mastodon": s.model.NewBackground("mastodon", profiles...)}
	slices.SortStableFunc(s.facts.Contacts, func(a, b detect.Contact) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(s.facts.Blocks, func(a, b detect.Block) int { return a.Seen.Compare(b.Seen) })
	return s
}

func BenchmarkDetect(b *testing.B) {
	for _, size := range []struct{ handles, messages int }{{1000, 5}, {2000, 5}, {2000, 50}, {10_000, 5}} {
		b.Run(fmt.Sprintf("%d-%d", size.handles, size.messages), func(b *testing.B) {
			s := aCrowd(b, size.handles, size.messages)
			d := links.Detector{Model: s.model}
			found := 0
			for b.Loop() {
				out, err := d.Detect(b.Context(), s.facts)
				if err != nil {
					b.Fatal(err)
				}
				found = len(out)
			}
			b.ReportMetric(float64(found), "findings")
		})
	}
}
