package main

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
)

// What takes long is done beside the pages: reading in a file, making a bundle.

// turns lets as many things be done at a time as it has room for.
type turns chan struct{}

// errPanicked says that something stumbled over what it worked on.
var errPanicked = errors.New("daybook stumbled over what it read; this is a defect, and the log says where")

// do calls fn when it is its turn, and survives what it stumbles over.
func (t turns) do(ctx context.Context, logger *slog.Logger, what string, fn func(ctx context.Context) error) error {
	select {
	case t <- struct{}{}:
		defer func() { <-t }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return survive(ctx, logger, what, func() error { return fn(ctx) })
}

// survive calls fn. What it stumbles over ends that and nothing else: an error of a
// panic, whose value is not logged, because it may hold what somebody wrote.
func survive(ctx context.Context, logger *slog.Logger, what string, fn func() error) (err error) {
	defer func() {
		if recover() != nil {
			logger.ErrorContext(ctx, "something panicked over what it read", slog.String("what", what), slog.String("stack", string(debug.Stack())))
			err = errPanicked
		}
	}()
	return fn()
}
