// Program eval measures the shipped models on labelled data that is not part of
// the repository:
//
//	go run ./detect/eval links --data DIR [--json] [--scores FILE]
//	go run ./detect/eval flags --data DIR [--json] [--scores FILE]
//
// Figures are on stdout, all else on stderr.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// errUsage says that the words after the program's name are not understood.
var errUsage = errors.New("usage: eval links|flags --data DIR [flags]")

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	switch args[0] {
	case "links":
		return links(args[1:], stdout, stderr)
	case "flags":
		return flags(args[1:], stdout, stderr)
	}
	return errUsage
}
