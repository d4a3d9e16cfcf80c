package style

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// A Habit is one habit that speaks for or against one writer, with a sentence
// that says what was counted.
type Habit struct {
	Key       string
	Millibits int64 // its share, for ordering alone: habits hang together, so that shares do not add up
	For       bool
	Text      string
}

// leastShare is the share, in millibits, from which a habit is worth a sentence.
const leastShare = 60

// Habits returns what the habits of two writings say, strongest first, for and
// against alike. A habit that both share with most of their platform says next
// to nothing and is left out. Nothing is returned where there is not enough text.
// Sentences give counts; they never quote a message.
func (m *Model) Habits(a, b Writing) []Habit {
	if a.why != "" || b.why != "" {
		return nil
	}
	var all []Habit
	weight := at(m.p.Mix.Habits, m.p.Mix.amount(a, b))
	for i := range m.habits {
		x, y := &a.habits[i], &b.habits[i]
		share := int64(m.habit(i, a, b) * weight / ln2 * 1000)
		if share > -leastShare && share < leastShare || share > 0 && !alike(x.z, y.z) {
			continue
		}
		all = append(all, Habit{Key: m.habits[i].key, Millibits: share, For: share > 0, Text: m.habits[i].sentence(x, y, share > 0)})
	}
	slices.SortStableFunc(all, func(p, q Habit) int {
		return cmp.Compare(max(q.Millibits, -q.Millibits), max(p.Millibits, -p.Millibits))
	})
	return all
}

// alike reports whether two writers differ from what is usual in the same way,
// and by enough to be worth a word: in standard deviations of a message.
func alike(x, y float64) bool {
	const least = 0.15
	return x > least && y > least || x < -least && y < -least
}

// sentence says what was counted of a habit on both sides and what is usual.
func (h habit) sentence(a, b *habitual, alike bool) string {
	of := "messages"
	if h.of != "" {
		of += " " + h.of
	}
	who := "Both "
	switch {
	case !alike:
		who = "Not alike in whether they "
	case a.z < 0:
		who = "Both seldom or never "
	}
	return fmt.Sprintf("%s%s: %d of %d and %d of %d %s; usual here is %s.", who, h.does, a.shown, a.occasions, b.shown, b.occasions, of, usually((a.usual+b.usual)/2))
}

// usually puts a share into words.
func usually(p float64) string {
	switch {
	case p < 0.005:
		return "less than 1 in 200"
	case p < 0.095:
		return "1 in " + strconv.Itoa(int(1/p+0.5))
	case p > 0.945:
		return "nearly always"
	}
	return strconv.Itoa(int(p*10+0.5)) + " in 10"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
