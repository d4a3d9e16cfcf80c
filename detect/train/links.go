package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"daybook/detect/style"
	"daybook/internal/labelled"
)

// links trains the comparison of writing and writes its two files. The data is
// in $DAYBOOK_TESTDATA/data: the pool of writers, and the pairs of linked-dev,
// on which the mix is set too. With --without the people of a set of pairs are
// left out of everything, so that the model can be measured on them.
func links(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("links", flag.ContinueOnError)
	f.SetOutput(stderr)
	out := f.String("out", "detect/style/model", "folder for the model's files")
	without := f.String("without", "", "folder with a set of pairs whose people are left out")
	skip := f.String("skip", "", "a community of the pool that is left out")
	figures := f.String("figures", "", "file with the figures of a model without the people of the pairs, as eval links --json prints them, for the card")
	share := f.Int("share", 1, "use every n-th person of the pool alone: a small model, for trying")
	if err := f.Parse(args); err != nil {
		return err
	}
	data := os.Getenv("DAYBOOK_TESTDATA")
	if data == "" {
		return errors.New("DAYBOOK_TESTDATA is not set: it points to the folder with the labelled data")
	}
	s, err := readSets(filepath.Join(data, "data"), *without, *skip, *share)
	if err != nil {
		return err
	}
	note := func(format string, a ...any) { fmt.Fprintf(stderr, format+"\n", a...) }
	p, projection, err := train(s, note)
	if err != nil {
		return err
	}
	p.Card = s.card(*without)
	if *figures != "" {
		if p.Card.Figures, err = readFigures(*figures); err != nil {
			return fmt.Errorf("read the figures: %w", err)
		}
	}
	readable := marshal(p)
	if _, err := style.ParseModel(readable, projection); err != nil {
		return fmt.Errorf("read the new model: %w", err)
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(*out, "style.json"), readable, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(*out, "projection.bin"), projection, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %d writers, %d features, %d dimensions\n", *out, s.persons, len(projection)/(12+p.Projection.Dimensions), p.Projection.Dimensions)
	return err
}

// readFigures turns a report of eval links into lines for the card.
func readFigures(file string) (map[string]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var report struct {
		Set string `json:"set"`
		N   map[string]struct {
			AUC    float64 `json:"auc"`
			Recall float64 `json:"recall_at_1pct"`
			ECE    float64 `json:"ece"`
		} `json:"n"`
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return nil, err
	}
	lines := map[string]string{"how": "on " + report.Set + ", with a model without the people of its pairs; first messages of each side"}
	for cell, f := range report.N {
		lines[cell] = fmt.Sprintf("AUC %.3f, recall at 1 %% false %.3f, calibration error %.3f", f.AUC, f.Recall, f.ECE)
	}
	return lines, nil
}

// marshal writes the readable file: a list of numbers is one line.
func marshal(p style.Parameters) []byte {
	readable, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		panic(err) // numbers and strings: it cannot be, but for a number that is none
	}
	return append(compact(readable), '\n')
}

// sets is what is trained on.
type sets struct {
	pool    []labelled.Account
	person  []int // by account of the pool
	persons int
	place   []int    // by account: its community, numbered
	places  []string // the communities
	dev     []labelled.Account
	pairs   []labelled.Pair
	shared  []bool // by account of the pool: its person is in dev too
}

// readSets reads the pool without the people to be left out, and the pairs
// unless they are the ones left out.
func readSets(dir, without, skip string, share int) (*sets, error) {
	pool, err := labelled.Accounts(filepath.Join(dir, "pool"))
	if err != nil {
		return nil, fmt.Errorf("read the pool: %w", err)
	}
	left := map[string]bool{}
	s := &sets{}
	if without != "" {
		accounts, err := labelled.Accounts(without)
		if err != nil {
			return nil, fmt.Errorf("read who is left out: %w", err)
		}
		for _, a := range accounts {
			left[a.ID] = true
		}
	} else {
		if s.dev, err = labelled.Accounts(filepath.Join(dir, "linked-dev")); err != nil {
			return nil, fmt.Errorf("read the accounts of the pairs: %w", err)
		}
		if s.pairs, err = labelled.Pairs(filepath.Join(dir, "linked-dev")); err != nil {
			return nil, fmt.Errorf("read the pairs: %w", err)
		}
	}
	persons, places := map[string]int{}, map[string]int{}
	for _, a := range pool {
		out := a.Community == skip
		for _, id := range a.InDev {
			out = out || left[id]
		}
		if _, ok := persons[a.Person]; !ok && !out {
			persons[a.Person] = len(persons)
		}
		if out || persons[a.Person]%share != 0 {
			continue
		}
		if _, ok := places[a.Community]; !ok {
			places[a.Community] = len(places)
			s.places = append(s.places, a.Community)
		}
		s.pool = append(s.pool, a)
		s.person = append(s.person, persons[a.Person])
		s.place = append(s.place, places[a.Community])
		s.shared = append(s.shared, len(a.InDev) > 0)
	}
	used := map[int]bool{}
	for _, p := range s.person {
		used[p] = true
	}
	s.persons = len(used)
	return s, nil
}
