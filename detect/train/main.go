// Program train makes the files of the models that detect ships, from labelled
// data that is not part of the repository:
//
//	DAYBOOK_TESTDATA=../shared go run ./detect/train links [--out DIR] [--without DIR]
//	DAYBOOK_TESTDATA=../shared go run ./detect/train flags [--out DIR]
//	DAYBOOK_TESTDATA=../shared go run ./detect/train words [--out DIR]
//
// The same data gives the same files.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// errUsage says that the words after the program's name are not understood.
var errUsage = errors.New("usage: train links|flags|words [flags]")

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
	case "words":
		return words(args[1:], stdout, stderr)
	}
	return errUsage
}
