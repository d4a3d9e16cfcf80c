package cases_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/store"
)

var (
	start    = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	operator = cases.Operator("mara")
	errFault = errors.New("disk full")
)

// A house is a real store and a real log with a clock that stands still until it
// is moved, and with faults that are switched on.
type house struct {
	*cases.Cases
	t    *testing.T
	db   *store.DB
	log  *archive.Log
	now  time.Time
	c    daybook.CaseID
	plan plan

	logFails, scheduleFails bool
	logged                  []string // levels and messages of the logger
}

// plan notes what was scheduled.
type plan struct {
	h     *house
	polls []daybook.AccountID
	ended []string // "account/number"
}

func (p *plan) Poll(_ context.Context, a daybook.Account) error {
	if p.h.scheduleFails {
		return errFault
	}
	p.polls = append(p.polls, a.ID)
	return nil
}

func (p *plan) Revoke(_ context.Context, a daybook.Account, token int64) error {
	if p.h.scheduleFails {
		return errFault
	}
	p.ended = append(p.ended, fmt.Sprintf("%s/%d", a.ID, token))
	return nil
}

// Append is the log with its fault.
func (h *house) Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (uint64, error) {
	if h.logFails {
		return 0, errFault
	}
	return h.log.Append(ctx, c, batch)
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: start}
	h.plan.h = h
	dir := t.TempDir()
	var key archive.InstanceKey
	rand.Read(key[:])
	var err error
	if h.db, err = store.OpenSQLite(t.Context(), filepath.Join(dir, "daybook.db"), key); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
	})
	blobs, err := archive.NewFolder(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return h.now }
	if h.log, err = archive.Open(t.Context(), archive.Config{Storage: h.db, Keys: h.db.Keys, Blobs: blobs, Clock: clock}); err != nil {
		t.Fatal(err)
	}
	messages := h.db.Messages(nil)
	h.Cases = cases.New(cases.Config{
		Store: h.db, Log: h, Messages: h.db, Schedule: &h.plan, Clock: clock, Logger: slog.New(h),
		CatchUp:        func(ctx context.Context, c daybook.CaseID) error { return h.log.CatchUp(ctx, c, messages) },
		KeptFromPublic: []daybook.Platform{"x"},
	})
	h.c = h.newCase()
	return h
}

func (h *house) newCase() daybook.CaseID {
	h.t.Helper()
	c, err := h.log.NewCase(h.t.Context(), operator, "A made-up case", "Europe/London")
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// The house is its logger's handler.
func (h *house) Enabled(context.Context, slog.Level) bool { return true }
func (h *house) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *house) WithGroup(string) slog.Handler            { return h }
func (h *house) Handle(_ context.Context, r slog.Record) error {
	h.logged = append(h.logged, r.Level.String()+" "+r.Message)
	return nil
}

// member adds a user with a role in the case; without one if role is "".
func (h *house) member(name string, role cases.Role) daybook.Actor {
	h.t.Helper()
	u, err := h.NewUser(h.t.Context(), operator, name, "")
	if err != nil {
		h.t.Fatal(err)
	}
	if role != "" {
		h.grant(operator, cases.Grant{Case: h.c, User: u.ID, Role: role, Reason: "caseworker"})
	}
	a, err := h.Actor(h.t.Context(), u, h.c, "web")
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) grant(by daybook.Actor, g cases.Grant) cases.Grant {
	h.t.Helper()
	g, err := h.Grant(h.t.Context(), by, g)
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

// entries returns the records of a kind, oldest first.
func (h *house) entries(kind daybook.RecordKind) []daybook.Record {
	h.t.Helper()
	var out []daybook.Record
	for e, err := range h.log.Entries(h.t.Context(), h.c, 0) {
		if err != nil {
			h.t.Fatal(err)
		}
		if e.Record.Kind == kind {
			out = append(out, e.Record)
		}
	}
	return out
}

func decode[T any](t *testing.T, r daybook.Record) (v T) {
	t.Helper()
	if err := r.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func want(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: got %v, want %v", what, err, target)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
