package links_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"
)

const plainWords = `the and you that was for are with his they this have from one had word but not what all were when your can said there use each which
she how their will other about out many then them these some her would make like him into time has look two more write see number way could people my than
first water been call who oil its now find long down day did get come made may part over new sound take only little work know place year live me back give
most very after thing our just name good sentence man think say great where help through much before line right too mean old any same tell boy follow came
want show also around form three small set put end does another well large must big even such because turn here why ask went men read need land different
home us move try kind hand picture again change off play spell air away animal house point page letter mother answer found study still learn should`

// A penman writes in a manner of its own.
type penman struct {
	words    []string // a few that it likes, beside all
	capitals bool
	dots     string
	apart    string // between sentences
	greeting string
	length   int
}

func newPenman(r *rand.Rand) penman {
	all := strings.Fields(plainWords)
	p := penman{capitals: r.IntN(2) == 0, dots: []string{".", "", "..", "!", "...", " ."}[r.IntN(6)], apart: []string{" ", ", ", " - ", "; "}[r.IntN(4)],
		greeting: []string{"", "", "hey ", "well ", "so "}[r.IntN(5)], length: 8 + r.IntN(20)}
	for range 12 {
		p.words = append(p.words, all[r.IntN(len(all))])
	}
	return p
}

func (p penman) writes(r *rand.Rand) string {
	all := strings.Fields(plainWords)
	var out []string
	for range p.length/2 + r.IntN(p.length) {
		if r.IntN(3) == 0 {
			out = append(out, p.words[r.IntN(len(p.words))])
		} else {
			out = append(out, all[r.IntN(len(all))])
		}
		if r.IntN(6) == 0 {
			out[len(out)-1] += strings.TrimRight(p.apart, " ")
		}
	}
	text := p.greeting + strings.Join(out, " ") + p.dots
	if p.capitals {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}

// penmen makes a case of made-up writers; the first and the second handle are
// written by one of them.
func penmen(tb testing.TB, n, messages int) *stage {
	s := newStage(tb)
	r := rand.New(rand.NewPCG(3, 4))
	var profiles []*style.Profile
	first := newPenman(r)
	for i := range n {
		p := newPenman(r)
		if i < 2 {
			p = first
		}
		name := fmt.Sprintf("penman%c%c", 'a'+i/26, 'a'+i%26)
		for j := range messages {
			s.says(name, on(1+i%20, 1+j%20, j%60).Add(time.Duration(i)*time.Second), p.writes(r))
		}
		profiles = append(profiles, s.facts.Senders[i].Written())
	}
	s.facts.Background = map[daybook.Platform]*style.Background{"mastodon": s.model.NewBackground("mastodon", profiles...)}
	return s
}

// Writing is weighed, marked as learned, and its habits are said, where it is
// known what is usual; else it weighs little.
func TestWriting(t *testing.T) {
	s := penmen(t, 30, 60)
	f := s.explain(t, "penmanaa", "penmanab")
	if r := f.Reasons[0]; f.Weight < 3000 || !r.Learned || r.Feature != "writing" || r.Weight != f.Weight {
		t.Errorf("one writer: %s", about(f))
	}
	if f.Figures["assumed-for"].Value > 5000 {
		t.Errorf("what is learned is among what is assumed: %s", about(f))
	}
	if !slices.ContainsFunc(f.Reasons, func(r detect.Reason) bool {
		return strings.HasPrefix(r.Feature, "habit-") && r.Learned && links.Heading(r.Feature, true) != ""
	}) {
		t.Errorf("no habit is said: %s", about(f))
	}
	if got := suggested(s.detect(t)); !slices.Contains(got, "penmanab>penmanaa") {
		t.Errorf("got %v; %s", got, about(f))
	}
	s.facts.Background = nil
	f = s.explain(t, "penmanaa", "penmanab")
	if f.Weight > 3000 || !strings.Contains(about(f), "is known of 0 writers alone") {
		t.Errorf("without a background: %s", about(f))
	}
	if got := suggested(s.detect(t)); len(got) > 0 {
		t.Errorf("without a background: %v", got)
	}
}

// What a group wrote is one text, in whatever handles it was written.
func TestWritingOfAGroup(t *testing.T) {
	s := penmen(t, 24, 40)
	want := s.explain(t, "penmanab", "penmanaa").Weight
	half := links.NewSender(s.model)
	whole := links.NewSender(s.model)
	r := rand.New(rand.NewPCG(5, 6))
	p := newPenman(r)
	for j := range 40 {
		m := links.Message{Entry: uint64(9000 + j), Key: uint64(9000 + j), At: on(9, 1, j), Text: p.writes(r)}
		whole.Message(m)
		if j%2 == 0 {
			half.Message(m)
		} else {
			s.facts.Senders[s.who("other")].Message(m)
		}
	}
	s.facts.Senders[s.who("half")] = half
	s.facts.Senders[s.who("whole")] = whole
	s.group("half", "other")
	group := s.explain(t, "penmanaa", "half")
	one := s.explain(t, "penmanaa", "whole")
	if group.Weight != one.Weight || group.Weight == 0 {
		t.Errorf("in two handles %d, in one %d", group.Weight, one.Weight)
	}
	if again := s.explain(t, "penmanab", "penmanaa").Weight; again != want {
		t.Errorf("another pair had %d, has %d", want, again)
	}
}
