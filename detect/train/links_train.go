package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"daybook/detect/style"
)

// train makes the model's parameters and its projection.
func train(s *sets, note func(format string, a ...any)) (style.Parameters, []byte, error) {
	var none style.Parameters
	begin := time.Now()
	step := func(what string, n int) { note("%5.0f s  %s: %d", time.Since(begin).Seconds(), what, n) }
	voc, err := newVocabulary(s)
	if err != nil {
		return none, nil, err
	}
	step("features", len(voc.hashes))
	docs := voc.documents(s)
	step("documents", len(docs))
	axes, err := voc.axesOf(append(some(docs, 3, 2500), some(docs, 4, 1000)...))
	if err != nil {
		return none, nil, fmt.Errorf("reduce the documents: %w", err)
	}
	step("axes", axes.cols)
	voc.place(docs, axes)
	everybody := func(*document) bool { return true }
	whole, err := newJudge(docs, everybody, everybody)
	if err != nil {
		return none, nil, fmt.Errorf("learn from everybody: %w", err)
	}
	step("dimensions", dimensions)
	mix, err := trainMix(s, voc, docs, axes, step)
	if err != nil {
		return none, nil, fmt.Errorf("learn the mix: %w", err)
	}
	features, scale := whole.places.rows(voc, axes)
	projection := style.WriteProjection(features)
	sum := sha256.Sum256(projection)
	m := whole.places
	p := style.Parameters{
		Name:       "style/1",
		Projection: style.Projection{SHA256: hex.EncodeToString(sum[:]), Features: voc.views, Dimensions: dimensions, Scale: rounded(scale)},
		Amount:     style.Amount{Half: round(m.half), Least: 20, Most: 16000},
		Between:    rounded(m.between), Session: rounded(m.session), Sampling: rounded(m.sampling), Platform: rounded(m.platform),
		Habits: whole.habits,
		Mix:    mix,
		Enough: style.Limits{Messages: 5, Characters: 200, Latin: .7, Common: .2},
	}
	for i := range 4 {
		p.Mean = append(p.Mean, rounded(m.mean.row(i)))
	}
	for i := range p.Habits {
		h := &p.Habits[i]
		h.Usual, h.Between, h.Session, h.Sampling, h.Platform = round(h.Usual), round(h.Between), round(h.Session), round(h.Sampling), round(h.Platform)
	}
	x := &p.Mix
	x.Bias, x.X, x.XX = round(x.Bias), round(x.X), round(x.XX)
	for i := range 3 {
		x.Place[i], x.Habits[i] = round(x.Place[i]), round(x.Habits[i])
	}
	return p, projection, nil
}

// trainMix learns how the two comparisons are weighed. They are learned without
// some communities and tried on these: weights have to hold where nobody has
// been seen before. The two largest communities are left out by themselves, the
// others together. For the labelled pairs it is the community left out that
// most of their people are in.
func trainMix(s *sets, voc *vocabulary, docs []document, axes *matrix, step func(string, int)) (style.Mix, error) {
	fold := folds(docs)
	var shared [3]int
	for i, p := range s.place {
		if s.shared[i] {
			shared[fold[p]]++
		}
	}
	var all []example
	for f := range 3 {
		left := func(d *document) bool { return fold[d.place] == f }
		rest := func(d *document) bool { return fold[d.place] != f }
		j, err := newJudge(docs, rest, left)
		if err != nil {
			return style.Mix{}, err
		}
		all = append(all, j.poolExamples(docs, left, uint64(f), 5000, 15000)...)
		if len(s.pairs) == 0 || shared[f] < max(shared[0], shared[1], shared[2]) {
			continue
		}
		pairs, err := j.pairExamples(s, voc, axes)
		if err != nil {
			return style.Mix{}, err
		}
		step("examples from the pairs", len(pairs))
		all = append(all, pairs...)
	}
	step("examples", len(all))
	return fitMix(all), nil
}

// folds returns by community which third it is in.
func folds(docs []document) []int {
	count := make([]float64, places(docs))
	for i := range docs {
		count[docs[i].place]++
	}
	order := make([]int, len(count))
	for p := range order {
		order[p] = p
	}
	sortBy(order, func(p int) float64 { return -count[p] })
	fold := make([]int, len(count))
	for rank, p := range order {
		fold[p] = min(rank, 2)
	}
	return fold
}

// pairExamples compares the labelled pairs as the evaluation does.
func (j *judge) pairExamples(s *sets, voc *vocabulary, axes *matrix) ([]example, error) {
	number := map[string]int{}
	docs := make([]document, len(s.dev)*len(lengths))
	parallel(len(s.dev), func(i int) {
		p := voc.draft.NewProfile()
		at := 0
		for l, n := range lengths {
			for ; at < min(n, len(s.dev[i].Messages)); at++ {
				p.Add(s.dev[i].Messages[at].Text)
			}
			docs[i*len(lengths)+l] = document{}.of(p, l)
		}
	})
	for i, a := range s.dev {
		number[a.ID] = i
	}
	voc.place(docs, axes)
	// The background is everybody in the set.
	back := *j
	var full []document
	for i := range s.dev {
		d := docs[i*len(lengths)+4]
		d.length = 3
		full = append(full, d)
	}
	back.backgrounds(full, func(*document) bool { return true })
	where := make([][]float64, len(docs))
	parallel(len(docs), func(i int) { where[i] = back.where(&docs[i]) })
	cells := [][2]int{{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {4, 0}, {4, 1}, {4, 2}}
	out := make([]example, len(s.pairs)*len(cells))
	var missing error
	for _, p := range s.pairs {
		if _, ok := number[p.A]; !ok {
			missing = fmt.Errorf("account %s of a pair is not there", p.A)
		}
		if _, ok := number[p.B]; !ok {
			missing = fmt.Errorf("account %s of a pair is not there", p.B)
		}
	}
	if missing != nil {
		return nil, missing
	}
	parallel(len(s.pairs), func(i int) {
		for c, cell := range cells {
			a, b := number[s.pairs[i].A]*len(lengths)+cell[0], number[s.pairs[i].B]*len(lengths)+cell[1]
			x, y := &docs[a], &docs[b]
			out[i*len(cells)+c] = exampleOf(back.places.compare(where[a], where[b], x.characters, y.characters),
				compareHabits(back.habits, x, y, back.usual[0], back.usual[0]), x.characters, y.characters, s.pairs[i].Same)
		}
	})
	setPrior(out)
	return out, nil
}

// draft returns a model that has features and nothing else.
func draft(features []style.Feature, views [style.Views]int) (readable, projection []byte) {
	projection = style.WriteProjection(features)
	sum := sha256.Sum256(projection)
	one := []float64{1}
	p := style.Parameters{Name: "draft", Projection: style.Projection{SHA256: hex.EncodeToString(sum[:]), Features: views, Dimensions: 1, Scale: one},
		Amount: style.Amount{Half: 1, Least: 1, Most: 2}, Mean: [][]float64{one, one, one, one}, Between: one, Session: one, Sampling: one, Platform: one,
		Mix: style.Mix{Width: 1, High: 1, Clip: 1, Most: 1, Writers: 1}, Enough: style.Limits{Messages: 1, Characters: 1}}
	for _, key := range style.HabitKeys() {
		p.Habits = append(p.Habits, style.HabitParameters{Key: key, Usual: .5, Between: 1, Session: 1, Sampling: 1, Platform: 1})
	}
	// Plain structs of numbers and strings always marshal.
	readable, _ = json.Marshal(p)
	return readable, projection
}

// round keeps six digits: enough, and readable.
func round(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	if err != nil || math.IsNaN(y) {
		return x
	}
	return y
}

func rounded(all []float64) []float64 {
	out := make([]float64, len(all))
	for i, x := range all {
		out[i] = round(x)
	}
	return out
}

var listed = regexp.MustCompile(`\[[^\[\]{}"]*\]`)

// compact writes lists of numbers in lines instead of one number a line.
func compact(data []byte) []byte {
	blanks := regexp.MustCompile(`\s+`)
	return listed.ReplaceAllFunc(data, func(list []byte) []byte { return blanks.ReplaceAll(list, []byte(" ")) })
}

// card says what the model was made from.
func (s *sets) card(without string) style.Card {
	c := style.Card{
		Made:    time.Now().UTC().Format(time.DateOnly),
		Command: "go run ./detect/train links",
		Use:     "Ordering of handles for a person who decides, with the reasons shown. Not for deciding by itself.",
		Limits: []string{
			"English, written in public chat about software and mathematics between 2005 and 2026; private messages were not among it.",
			"Wilful disguise was not measured.",
			"People who were taught one form, such as minute takers, write alike.",
			"Without a background of the platform the weights are too high.",
		},
		Figures: map[string]string{},
	}
	if without != "" {
		c.Command += " --without DIR"
	}
	for n, name := range s.places {
		people, messages := map[int]bool{}, 0
		for i, a := range s.pool {
			if s.place[i] == n {
				people[s.person[i]] = true
				messages += len(a.Messages)
			}
		}
		c.Data = append(c.Data, fmt.Sprintf("%s: public logs, %d people, %d messages", name, len(people), messages))
	}
	if len(s.pairs) > 0 {
		c.Data = append(c.Data, fmt.Sprintf("linked-dev: %d pairs of accounts, for the mix", len(s.pairs)))
	}
	for _, a := range s.trained() {
		c.People = append(c.People, style.KeyOf(a))
	}
	return c
}

// trained returns the ids of the accounts of labelled pairs whose people the
// training saw.
func (s *sets) trained() (ids []string) {
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, a := range s.pool {
		for _, id := range a.InDev {
			add(id)
		}
	}
	for _, a := range s.dev {
		add(a.ID)
	}
	return ids
}
