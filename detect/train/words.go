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

	linking "daybook/detect/links" // links is a subcommand
	"daybook/internal/labelled"

	"github.com/klauspost/compress/zstd"
)

// words makes the table of common words and runs of words that links needs to
// tell a phrase of two handles from what everybody says.
func words(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("words", flag.ContinueOnError)
	f.SetOutput(stderr)
	out := f.String("out", filepath.Join("detect", "links"), "folder for common.bin")
	if err := f.Parse(args); err != nil {
		return err
	}
	dir := os.Getenv("DAYBOOK_TESTDATA")
	if dir == "" {
		return errors.New("DAYBOOK_TESTDATA is not set: it points to the folder with data/")
	}
	dir = filepath.Join(dir, "data")
	t := linking.NewTally()
	for _, set := range []string{"pool", "linked-dev"} {
		accounts, err := labelled.Accounts(filepath.Join(dir, set))
		if err != nil {
			return err
		}
		for _, a := range accounts {
			var texts []string
			for _, m := range a.Messages[:min(len(a.Messages), 100)] {
				texts = append(texts, m.Text)
			}
			t.Add(texts)
		}
	}
	if err := addChannels(t, filepath.Join(dir, "load", "messages.jsonl.zst")); err != nil {
		return err
	}
	// Short texts of people of whom nothing else is known: fifty count as one
	// writer.
	messages, err := labelled.Messages(filepath.Join(dir, "flags-dev"))
	if err != nil {
		return err
	}
	for part := range slices.Chunk(messages, 50) {
		var texts []string
		for _, m := range part {
			texts = append(texts, m.Text)
		}
		t.Add(texts)
	}
	table := t.Table()
	if err := os.WriteFile(filepath.Join(*out, "common.bin"), table, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d writers, %d bytes\n", t.Writers(), len(table))
	return err
}

// addChannels adds those who wrote 20 lines or more in the logs of channels, by
// their first 200 lines.
func addChannels(t *linking.Tally, file string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := zstd.NewReader(f)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", file, err)
	}
	defer z.Close()
	wrote := map[string][]string{}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var m struct{ Account, Text string }
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		if len(wrote[m.Account]) < 200 {
			wrote[m.Account] = append(wrote[m.Account], m.Text)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	for _, account := range slices.Sorted(maps.Keys(wrote)) {
		if texts := wrote[account]; len(texts) >= 20 {
			t.Add(texts)
		}
	}
	return nil
}
