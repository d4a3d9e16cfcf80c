package main

import (
	"fmt"
	"io"

	marks "daybook/detect/flags"
	"daybook/internal/labelled"
)

// crossValidated scores each fifth of the messages with a model that was
// trained on the others, and on nothing else. A message is flagged when the
// rules or that model, at the shipped threshold, say so.
func crossValidated(messages []labelled.Message, stderr io.Writer) ([]scoredMessage, error) {
	examples := make([]marks.Example, len(messages))
	for i, m := range messages {
		examples[i] = marks.Example{Text: m.Text, Threat: *m.Threat}
	}
	featured := marks.Features(examples)
	finder := marks.New(marks.Own{})
	out := make([]scoredMessage, len(messages))
	for fold := range 5 {
		model, err := featured.Learn(func(i int) bool { return i%5 != fold }, marks.DefaultSettings())
		if err != nil {
			return nil, fmt.Errorf("learn without fold %d: %w", fold, err)
		}
		for i := fold; i < len(messages); i += 5 {
			m := messages[i]
			bits := model.Bits(m.Text)
			out[i] = scoredMessage{ID: m.ID, Source: m.Source, Threat: *m.Threat, Bits: bits, Flagged: bits >= finder.Threshold() || hasRule(finder.Find(m.Text, "en"))}
		}
		fmt.Fprintln(stderr, "measured fold", fold+1, "of 5")
	}
	return out, nil
}

// hasRule reports whether a rule for threats, not the model, has matched.
func hasRule(found []marks.Found) bool {
	for _, f := range found {
		if f.Flag == marks.Threat && f.Rule != marks.ModelRule {
			return true
		}
	}
	return false
}
