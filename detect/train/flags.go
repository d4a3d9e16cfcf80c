package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	marks "daybook/detect/flags"
	"daybook/internal/labelled"
)

// falseShare is how many other messages of the training set the threat model
// may mark, in each message that it has not seen: its threshold is set there.
const falseShare = 0.01

// flags makes the threat model, threat.model, from the messages of flags-dev
// that have a label for threats. Its figures and its threshold come from five
// models that were each trained without the fifth they are measured on.
func flags(args []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("flags", flag.ContinueOnError)
	set.SetOutput(stderr)
	out := set.String("out", "detect/flags", "`folder` to write threat.model to")
	if err := set.Parse(args); err != nil {
		return err
	}
	data := os.Getenv("DAYBOOK_TESTDATA")
	if data == "" {
		return errors.New("DAYBOOK_TESTDATA does not say where the data is")
	}
	messages, err := labelled.Messages(filepath.Join(data, "data", "flags-dev"))
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	messages = slices.DeleteFunc(messages, func(m labelled.Message) bool { return m.Threat == nil })
	examples := make([]marks.Example, len(messages))
	for i, m := range messages {
		examples[i] = marks.Example{Text: m.Text, Threat: *m.Threat}
	}
	featured := marks.Features(examples)
	settings := marks.DefaultSettings()
	var threats, others []int
	for fold := range 5 {
		model, err := featured.Learn(func(i int) bool { return i%5 != fold }, settings)
		if err != nil {
			return fmt.Errorf("learn without fold %d: %w", fold, err)
		}
		for i := fold; i < len(examples); i += 5 {
			if bits := model.Bits(examples[i].Text); examples[i].Threat {
				threats = append(threats, bits)
			} else {
				others = append(others, bits)
			}
		}
		fmt.Fprintln(stderr, "measured fold", fold+1, "of 5")
	}
	model, err := featured.Learn(func(int) bool { return true }, settings)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	slices.Sort(threats)
	slices.Sort(others)
	model.Threshold = above(others, falseShare)
	model.Notes = []string{
		"The threat model of daybook: logistic regression over words, signs, markers and rules. docs/detection.md says how it is made and read.",
		fmt.Sprintf("Data: %d messages of the edos set (SemEval-2023 task 10; CC0), %d of them threats, plans to harm or incitement.", len(examples), len(threats)),
		fmt.Sprintf("Measured on messages that were not trained on, five folds: AUC %.3f; finds %.3f at 1 %% false, %.3f at the threshold, with %.4f false.",
			auc(threats, others), reached(threats, above(others, 0.01)), reached(threats, model.Threshold), reached(others, model.Threshold)),
		"Limits: English; public posts about women, mostly not written to the person they are about. It misses most veiled threats.",
		fmt.Sprintf("A feature is in at least %d messages. Columns: feature, weight in millibits, rarity in hundredths.", settings.Rare),
	}
	name := filepath.Join(*out, "threat.model")
	if err := os.WriteFile(name, []byte(model.String()), 0o644); err != nil {
		return err
	}
	for _, note := range model.Notes {
		fmt.Fprintln(stdout, note)
	}
	return nil
}

// above returns the lowest bits that at most a share of sorted figures reach.
func above(sorted []int, share float64) int {
	return sorted[len(sorted)-1-int(share*float64(len(sorted)))] + 1
}

// reached is the share of sorted figures that are at least bits.
func reached(sorted []int, bits int) float64 {
	at, _ := slices.BinarySearch(sorted, bits)
	return float64(len(sorted)-at) / float64(len(sorted))
}

// auc is how often a threat has more bits than another message; both sorted.
func auc(threats, others []int) float64 {
	sum := 0.0
	for _, t := range threats {
		below, _ := slices.BinarySearch(others, t)
		upTo, _ := slices.BinarySearch(others, t+1)
		sum += float64(below+upTo) / 2
	}
	return sum / float64(len(threats)) / float64(len(others))
}
