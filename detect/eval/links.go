package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"daybook/detect/style"
	"daybook/internal/labelled"
)

// A cell is how many messages of each side are compared: the first ones.
type cell struct {
	name string
	a, b int
}

func cells() []cell {
	return []cell{{"3", 3, 3}, {"5", 5, 5}, {"10", 10, 10}, {"30", 30, 30}, {"100", 100, 100}, {"100v3", 100, 3}, {"100v5", 100, 5}, {"100v10", 100, 10}}
}

// A linksReport is what links prints with --json.
type linksReport struct {
	Set      string                        `json:"set"`
	Model    string                        `json:"model"`
	N        map[string]figures            `json:"n"`
	ByKind   map[string]map[string]figures `json:"by_kind"` // of a kind of different pairs: against all same ones; of a kind of same pairs: against all different ones
	BySource map[string]map[string]figures `json:"by_source"`
	Handles  *figures                      `json:"handles,omitempty"` // of the likeness of names alone, where the set has pairs of handles; without Brier and ECE
}

// links measures the comparison of writing on labelled pairs of accounts. The
// background is all accounts of the same platform and source in the set, without
// their labels. Figures are of the raw weights, within the model's bounds, also
// where there is too little text for a claim: "enough" says of how many pairs
// something is claimed.
func links(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("links", flag.ContinueOnError)
	f.SetOutput(stderr)
	data := f.String("data", "", "folder with accounts.jsonl and pairs.jsonl, plain or .zst")
	dir := f.String("model", "", "folder with another model than the shipped one")
	apart := f.Bool("cross-validate", false, "refuse a model that was trained on people of the set; make one with: train links --without DIR --out MODEL")
	asJSON := f.Bool("json", false, "print JSON")
	file := f.String("scores", "", "write each pair's weight to a file of JSON lines")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("--data is missing: it names the folder with the labelled pairs")
	}
	m, err := openModel(*dir)
	if err != nil {
		return err
	}
	s, err := readLinked(*data)
	if err != nil {
		return err
	}
	if n := s.known(m); n > 0 {
		if *apart {
			return fmt.Errorf("the model was trained on %d of the %d accounts; make one without them: train links --without %s --out MODEL, then --model MODEL", n, len(s.accounts), *data)
		}
		fmt.Fprintf(stderr, "warning: the model was trained on %d of the %d accounts: these figures are too good\n", n, len(s.accounts))
	}
	results := s.compare(m)
	report := s.report(m, results)
	if report.Handles, err = measureNames(*data); err != nil {
		return err
	}
	if *file != "" {
		if err := writePairScores(*file, s, results); err != nil {
			return fmt.Errorf("write the scores: %w", err)
		}
	}
	if *asJSON {
		out := json.NewEncoder(stdout)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}
	return report.print(stdout)
}

func openModel(dir string) (*style.Model, error) {
	if dir == "" {
		return style.Shipped()
	}
	readable, err := os.ReadFile(filepath.Join(dir, "style.json"))
	if err != nil {
		return nil, err
	}
	projection, err := os.ReadFile(filepath.Join(dir, "projection.bin"))
	if err != nil {
		return nil, err
	}
	return style.ParseModel(readable, projection)
}

// report gathers the figures of all pairs and of each part.
func (s *linked) report(m *style.Model, results [][]result) linksReport {
	r := linksReport{Set: s.name, Model: m.Name(), N: map[string]figures{}, ByKind: map[string]map[string]figures{}, BySource: map[string]map[string]figures{}}
	kinds, sources := map[string]bool{}, map[string]bool{} // of kinds: whether it is one of the same
	for _, p := range s.pairs {
		kinds[p.Kind] = p.Same
		sources[p.Source] = true
	}
	for c, cell := range cells() {
		r.N[cell.name] = s.part(results, c, func(labelled.Pair) bool { return true })
		for kind, same := range kinds {
			if r.ByKind[kind] == nil {
				r.ByKind[kind] = map[string]figures{}
			}
			r.ByKind[kind][cell.name] = s.part(results, c, func(p labelled.Pair) bool { return p.Kind == kind || p.Same != same })
		}
		for source := range sources {
			if r.BySource[source] == nil {
				r.BySource[source] = map[string]figures{}
			}
			r.BySource[source][cell.name] = s.part(results, c, func(p labelled.Pair) bool { return p.Source == source })
		}
	}
	return r
}

func (s *linked) part(results [][]result, c int, belongs func(labelled.Pair) bool) figures {
	var all []scored
	enough := 0
	for i, p := range s.pairs {
		if !belongs(p) {
			continue
		}
		all = append(all, scored{results[i][c].bits, p.Same})
		if results[i][c].enough {
			enough++
		}
	}
	f := measure(all)
	f.Enough = enough
	return f
}

func (r linksReport) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "set %s, model %s\n", r.Set, r.Model)
	table := func(title string, part map[string]figures) {
		fmt.Fprintf(out, "\n%s\n%-8s %6s %6s %6s %6s %7s %6s %6s %6s %6s\n", title, "n", "AUC", "AP", "R@1%", "EER", "Brier", "ECE", "same", "diff.", "enough")
		for _, c := range cells() {
			f := part[c.name]
			fmt.Fprintf(out, "%-8s %6.3f %6.3f %6.3f %6.3f %7.4f %6.3f %6d %6d %6d\n", c.name, f.AUC, f.AP, f.Recall, f.EER, f.Brier, f.ECE, f.Same, f.Different, f.Enough)
		}
	}
	table("all pairs", r.N)
	for _, kind := range slices.Sorted(maps.Keys(r.ByKind)) {
		table("kind "+kind, r.ByKind[kind])
	}
	for _, source := range slices.Sorted(maps.Keys(r.BySource)) {
		table("source "+source, r.BySource[source])
	}
	if f := r.Handles; f != nil {
		fmt.Fprintf(out, "\nnames alone: AUC %.3f, recall at 1%% %.3f, of %d same and %d different\n", f.AUC, f.Recall, f.Same, f.Different)
	}
	return out.Flush()
}

func writePairScores(file string, s *linked, results [][]result) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	line := json.NewEncoder(w)
	for i, p := range s.pairs {
		for c, cell := range cells() {
			v := struct {
				A      string  `json:"a"`
				B      string  `json:"b"`
				Cell   string  `json:"cell"`
				Bits   float64 `json:"bits"`
				Enough bool    `json:"enough"`
			}{p.A, p.B, cell.name, results[i][c].bits, results[i][c].enough}
			if err := line.Encode(v); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}
