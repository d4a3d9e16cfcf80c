package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// Every command has an example in its help, and every example can be typed as
// it stands there.
func TestHelpOfEveryCommand(t *testing.T) {
	quiet := process{out: io.Discard, err: io.Discard}
	var paths []string
	for _, leaf := range newParser(&commands{}, quiet, func(int) {}).Model.Leaves(true) {
		paths = append(paths, leaf.Path())
	}
	if len(paths) != len(examples) {
		t.Errorf("there are %d commands, and examples for %d", len(paths), len(examples))
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			var out bytes.Buffer
			if code := run(t.Context(), append(strings.Fields(path), "--help"), process{out: &out, err: io.Discard}); code != statusDone {
				t.Errorf("help ends with status %d", code)
			}
			for _, want := range []string{"Usage: daybook " + path, "\nEXAMPLES\n  daybook " + path, "\nEXIT STATUS\n  0 done\n"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("help does not have %q:\n%s", want, out.String())
				}
			}
			for line := range strings.Lines(examples[path]) {
				words := shellWords(strings.TrimSpace(line))
				k, err := newParser(&commands{}, quiet, func(int) {}).Parse(words[1:])
				if err != nil {
					t.Errorf("%s: %v", line, err)
					continue
				}
				if got := k.Selected().Path(); got != path {
					t.Errorf("%s is an example of %s", line, got)
				}
			}
		})
	}
}

// shellWords parts a line as a shell does, as far as examples need it.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote := rune(0)
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote = r
		case r == ' ':
			if word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return words
}
