package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	marks "daybook/detect/flags"
	"daybook/internal/labelled"
)

// A flagsReport is what "eval flags --json" prints, one line for all that was
// asked for:
//
//	{"set":DIR, "version":…,
//	 "threats":{SOURCE:{"n","threats","auc","ap","recall_at_1pct","f1","recall","false_rate"}},
//	 "functional":{"flags":{FLAG:{"n","recall","harmless","false_rate","other","other_rate"}},
//	               "threats_by":{"rules":…,"model":…,"both":…},
//	               "functions":{FUNCTION:{"n","found"}}}}
//
// Rates are shares from 0 to 1. A source without threats, or without others, is
// left out. f1, recall and false_rate under "threats" are those of what is
// shown: rules and model at its shipped threshold.
type flagsReport struct {
	Set        string                  `json:"set,omitempty"`
	Version    string                  `json:"version"`
	Threats    map[string]threatFigure `json:"threats,omitempty"`
	Functional *functionalFigures      `json:"functional,omitempty"`
}

// flags measures the flags on labelled messages, on a functional set, or both.
func flags(args []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("flags", flag.ContinueOnError)
	set.SetOutput(stderr)
	data := set.String("data", "", "`folder` with messages.jsonl or messages.jsonl.zst")
	asJSON := set.Bool("json", false, "one line of JSON")
	scores := set.String("scores", "", "write id, source, label, bits and rule of every labelled message to this `file`")
	cross := set.Bool("cross-validate", false, "train on four fifths of the messages and measure on the rest, five times")
	functional := set.String("functional", "detect/flags/testdata/functional.jsonl", "`file` of the functional set; \"\" for none")
	if err := set.Parse(args); err != nil {
		return err
	}
	report := flagsReport{Set: *data, Version: marks.Version()}
	if *data != "" {
		messages, err := labelled.Messages(*data)
		if err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		scored, err := score(messages, *cross, stderr)
		if err != nil {
			return err
		}
		if *scores != "" {
			if err := writeScores(*scores, scored); err != nil {
				return err
			}
		}
		report.Threats = threatFigures(scored)
	}
	if *functional != "" {
		figures, err := measureFunctional(*functional)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			fmt.Fprintln(stderr, "no functional set at", *functional)
		case err != nil:
			return err
		}
		report.Functional = figures
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(report)
	}
	return report.print(stdout)
}

// A scoredMessage is a labelled message with what the finder says.
type scoredMessage struct {
	ID      string `json:"id"`
	Source  string `json:"source"`
	Threat  bool   `json:"threat"`
	Bits    int    `json:"millibits"`
	Flagged bool   `json:"flagged"`
}

// score reads every message that has a label for threats.
func score(messages []labelled.Message, cross bool, stderr io.Writer) ([]scoredMessage, error) {
	messages = slices.DeleteFunc(messages, func(m labelled.Message) bool { return m.Threat == nil })
	if cross {
		return crossValidated(messages, stderr)
	}
	finder := marks.New(marks.Own{})
	out := make([]scoredMessage, len(messages))
	for i, m := range messages {
		out[i] = scoredMessage{ID: m.ID, Source: m.Source, Threat: *m.Threat, Bits: finder.ThreatBits(m.Text), Flagged: hasThreat(finder.Find(m.Text, "en"))}
	}
	return out, nil
}

func hasThreat(found []marks.Found) bool {
	return slices.ContainsFunc(found, func(f marks.Found) bool { return f.Flag == marks.Threat })
}

func writeScores(name string, scored []scoredMessage) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	for _, s := range scored {
		if err := json.NewEncoder(w).Encode(s); err != nil {
			return errors.Join(fmt.Errorf("write scores: %w", err), file.Close())
		}
	}
	return errors.Join(w.Flush(), file.Close())
}

func (r flagsReport) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, r.Version)
	if len(r.Threats) > 0 {
		fmt.Fprintf(out, "\nthreats in %s\n%-12s %7s %7s %6s %6s %9s %6s %7s %7s\n", r.Set, "source", "n", "threats", "AUC", "AP", "R@1%false", "F1", "recall", "false")
		for _, source := range slices.Sorted(maps.Keys(r.Threats)) {
			t := r.Threats[source]
			fmt.Fprintf(out, "%-12s %7d %7d %6.3f %6.3f %9.3f %6.3f %7.3f %7.4f\n", source, t.N, t.Threats, t.AUC, t.AP, t.RecallAt1, t.F1, t.Recall, t.FalseRate)
		}
	}
	if f := r.Functional; f != nil {
		fmt.Fprintf(out, "\nfunctional set\n%-24s %5s %7s %9s %7s %7s %7s\n", "flag", "n", "recall", "harmless", "false", "other", "marked")
		for _, flag := range marks.All() {
			printFlag(out, string(flag), f.Flags[string(flag)])
		}
		for _, by := range []string{"rules", "model"} {
			printFlag(out, "threat, "+by+" alone", f.ThreatsBy[by])
		}
		fmt.Fprintf(out, "\n%-60s %5s %6s\n", "function", "n", "as it should be")
		for _, name := range slices.Sorted(maps.Keys(f.Functions)) {
			fmt.Fprintf(out, "%-60s %5d %6d ", name, f.Functions[name].N, f.Functions[name].Right)
			for _, flag := range marks.All() {
				if of := f.Functions[name].Flags[flag]; of.Of > 0 {
					fmt.Fprintf(out, " %s %d/%d", flag, of.Found, of.Of)
				}
				if n := f.Functions[name].False[flag]; n > 0 {
					fmt.Fprintf(out, " (%s %d)", flag, n)
				}
			}
			fmt.Fprintln(out)
		}
	}
	return out.Flush()
}

func printFlag(w io.Writer, name string, f flagFigure) {
	fmt.Fprintf(w, "%-24s %5d %7.3f %9d %7.3f %7d %7.3f\n", name, f.N, f.Recall, f.Harmless, f.FalseRate, f.Other, f.OtherRate)
}
