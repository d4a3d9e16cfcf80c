// Command daybook keeps a quiet record of unwanted contact: it reads the
// person's own accounts into an archive that nobody can change unnoticed, counts
// the pattern, and tells the people whom the person chose.
package main

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // time zones, also where the machine has none

	"github.com/mattn/go-isatty"
)

// version is set when a release is built.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], process{
		input: os.Stdin, terminal: isatty.IsTerminal(os.Stdin.Fd()), out: os.Stdout, err: os.Stderr,
		env: os.Getenv, clock: time.Now, program: programName(),
	})
	stop()
	os.Exit(code)
}

// programName is what a person types to start this program again.
func programName() string {
	path, err := os.Executable()
	switch {
	case err != nil:
		return "daybook"
	case strings.Contains(path, "go-build"): // where go run puts it, for the length of a run
		return "go run ./cmd/daybook"
	}
	if found, err := exec.LookPath("daybook"); err == nil && found == path {
		return "daybook"
	}
	return path
}
