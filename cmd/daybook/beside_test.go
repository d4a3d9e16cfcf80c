package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
)

// A stumbler is derived from no log: it panics over the first entry.
type stumbler struct{}

func (stumbler) Name() string                                                  { return "stumbler/1" }
func (stumbler) Position(context.Context, daybook.CaseID) (uint64, error)      { return 0, nil }
func (stumbler) Handle(context.Context, daybook.CaseID, []archive.Entry) error { panic("quokkawords") }
func (stumbler) Erased(context.Context, daybook.CaseID, []daybook.MessageKey) error {
	return nil
}

// What stumbles over an entry of a case ends nothing but that: everything else that
// is derived goes on, the log is signed, and the log of the program holds nothing of
// what was read.
func TestDerivingPanics_B11(t *testing.T) {
	d := newDesk(t, "")
	a := d.open()
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	var logged bytes.Buffer
	a.logger = slog.New(slog.NewTextHandler(&logged, nil))
	c := daybook.CaseID(d.caseID)
	for range 2 {
		if err := a.catchUpWith(t.Context(), c, a.messages, stumbler{}); !errors.Is(err, errPanicked) {
			t.Errorf("got %v", err)
		}
	}
	if log := logged.String(); strings.Contains(log, "quokkawords") || !strings.Contains(log, "panicked") {
		t.Errorf("the log: %s", log)
	}
	if err := a.settle(t.Context(), c); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// The log is signed although something cannot be derived from it.
func TestSignedWithoutDeriving(t *testing.T) {
	d := newDesk(t, "")
	a := d.open()
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	c := daybook.CaseID(d.caseID)
	if _, err := a.log.Append(t.Context(), c, []daybook.Record{daybook.NewRecord(daybook.RecordAccess, daybook.Access{Action: "test"})}); err != nil {
		t.Fatal(err)
	}
	follower := a.index
	a.index = nil // panics when it is asked for anything
	err := a.settle(t.Context(), c)
	a.index = follower
	if !errors.Is(err, errPanicked) {
		t.Errorf("got %v", err)
	}
	size, _, err := a.log.Head(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if cp, err := a.log.LastCheckpoint(t.Context(), c); err != nil || cp.Size != size {
		t.Errorf("the newest checkpoint covers %d of %d, %v", cp.Size, size, err)
	}
}
