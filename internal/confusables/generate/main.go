// Command generate makes table.bin from Unicode's confusables.txt
// (https://www.unicode.org/Public/security/). Run it in the root folder:
//
//	go run ./internal/confusables/generate confusables.txt
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

const out = "internal/confusables/table.bin"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate confusables.txt")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	rows := map[rune]string{}
	for n, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(strings.TrimPrefix(line, "\ufeff"), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		columns := strings.Split(line, ";")
		if len(columns) < 2 {
			return fmt.Errorf("%s:%d: not a row", file, n+1)
		}
		from, err := runes(columns[0])
		if err != nil || len(from) != 1 {
			return fmt.Errorf("%s:%d: %q is not one character", file, n+1, columns[0])
		}
		to, err := runes(columns[1])
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, n+1, err)
		}
		rows[from[0]] = string(to)
	}
	return os.WriteFile(out, pack(rows), 0o644)
}

func runes(hex string) ([]rune, error) {
	var out []rune
	for _, h := range strings.Fields(hex) {
		n, err := strconv.ParseUint(h, 16, 21)
		if err != nil {
			return nil, err
		}
		out = append(out, rune(n))
	}
	return out, nil
}

// pack writes the table as package confusables reads it. A text that is there
// already is pointed to again.
func pack(rows map[rune]string) []byte {
	from := make([]rune, 0, len(rows))
	for r := range rows {
		from = append(from, r)
	}
	slices.Sort(from)
	var head, texts []byte
	head = binary.BigEndian.AppendUint32(head, uint32(len(from)))
	for _, r := range from {
		to := []byte(rows[r])
		at := bytes.Index(texts, to)
		if at < 0 {
			at = len(texts)
			texts = append(texts, to...)
		}
		head = binary.BigEndian.AppendUint32(head, uint32(r))
		head = append(head, byte(at>>16), byte(at>>8), byte(at), byte(len(to)))
	}
	return append(head, texts...)
}
