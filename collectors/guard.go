package collectors

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"daybook"
)

// Whoever writes to somebody chooses the bytes that a driver reads. If a driver
// panics over them, that is a defect; it must not be a way to keep the accounts of
// everybody else on the same machine from being read, again after each start.

// errPanicked says that a driver panicked.
var errPanicked = errors.New("the collector stumbled over what it read")

// Guard calls fn and makes an error of a panic. What it panicked with is not
// logged: it may hold what somebody wrote.
func Guard(logger *slog.Logger, fn func() error) (err error) {
	defer func() {
		if recover() != nil {
			logger.Error("a collector panicked over what it read; this is a defect of it", slog.String("stack", string(debug.Stack())))
			err = errPanicked
		}
	}()
	return fn()
}

// Guarded returns a driver that reads captures as d does, and where d panics gives
// an error, or no profiles. NewRunner guards the drivers that it gets.
func (d Driver) Guarded(logger *slog.Logger) Driver {
	parse, profiles := d.Parse, d.Profiles
	if parse != nil {
		d.Parse = func(self daybook.Account, c daybook.Capture) (out daybook.Reading, err error) {
			err = Guard(logger, func() (err error) { out, err = parse(self, c); return err })
			if errors.Is(err, errPanicked) {
				err = fmt.Errorf("read a capture: %w", err)
			}
			return out, err
		}
	}
	if profiles != nil {
		d.Profiles = func(self daybook.Account, c daybook.Capture) (out []daybook.Profile) {
			// Without them nothing is shown but what the message says itself.
			_ = Guard(logger, func() error { out = profiles(self, c); return nil })
			return out
		}
	}
	return d
}
