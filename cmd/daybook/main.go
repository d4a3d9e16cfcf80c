// Command daybook keeps a quiet record of unwanted contact: it reads the
// person's own accounts into an archive that nobody can change unnoticed, counts
// the pattern, and tells the people whom the person chose.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set when a release is built.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], process{
		input: os.Stdin, out: os.Stdout, err: os.Stderr,
		env: os.Getenv, clock: time.Now,
	})
	stop()
	os.Exit(code)
}
