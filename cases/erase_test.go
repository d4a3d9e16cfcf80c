package cases_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
)

// A fakeEraser notes what it is told and fails once where it is told to.
type fakeEraser struct {
	h     *house
	calls []string
	fail  string
}

func (f *fakeEraser) call(name string) error {
	f.calls = append(f.calls, name)
	if f.fail == name {
		f.fail = ""
		return errFault
	}
	return nil
}

func (f *fakeEraser) FindErasure(_ context.Context, _ daybook.CaseID, entries []uint64) (cases.ErasurePlan, cases.ErasureTarget, error) {
	if slices.Contains(entries, 99) {
		return cases.ErasurePlan{}, cases.ErasureTarget{}, daybook.ErrNotFound
	}
	if entries == nil {
		return cases.ErasurePlan{Messages: 7}, cases.ErasureTarget{}, nil
	}
	return cases.ErasurePlan{Messages: len(entries), Entries: entries}, cases.ErasureTarget{Messages: []daybook.MessageKey{"m1"}}, nil
}

func (f *fakeEraser) Hide(context.Context, cases.Erasure, cases.ErasureTarget) error {
	return f.call("hide")
}
func (f *fakeEraser) Unhide(context.Context, cases.Erasure) error  { return f.call("unhide") }
func (f *fakeEraser) Refresh(context.Context, cases.Erasure) error { return f.call("refresh") }
func (f *fakeEraser) Hold(ctx context.Context, c daybook.CaseID) error {
	_, err := f.h.db.LockHead(ctx, c)
	return errors.Join(err, f.call("hold"))
}
func (f *fakeEraser) Destroy(context.Context, cases.Erasure, cases.ErasureTarget) error {
	return f.call("destroy")
}
func (f *fakeEraser) Remove(_ context.Context, _ cases.Erasure, t cases.ErasureTarget) error {
	about := "nothing"
	if len(t.Messages) > 0 {
		about = string(t.Messages[0])
	}
	return f.call("remove " + about)
}
func (f *fakeEraser) Settle(context.Context, cases.Erasure) error { return f.call("settle") }

func newErasingHouse(t *testing.T) (*house, *fakeEraser) {
	h := newHouse(t)
	f := &fakeEraser{h: h}
	h.Cases = cases.New(cases.Config{
		Store: h.db, Log: h, Messages: h.db, Schedule: &h.plan, Clock: func() time.Time { return h.now }, Logger: slog.New(h),
		CatchUp: func(context.Context, daybook.CaseID) error { return nil },
		Erasing: cases.Erasing{Erasures: h.db, Eraser: f, After: 7 * 24 * time.Hour, Backups: 30 * 24 * time.Hour, Engine: "sqlite"},
	})
	return h, f
}

// Who may ask, who may cancel, and that only the operator erases at once.
func TestErasureRights_C10_D6(t *testing.T) {
	for _, tt := range []struct {
		role        cases.Role
		ask, cancel bool
	}{
		{cases.Owner, true, true}, {cases.Manager, false, true}, {cases.Exporter, false, false}, {cases.Reader, false, false},
		{cases.Counter, false, false}, {"", false, false},
	} {
		t.Run(string(tt.role), func(t *testing.T) {
			h, _ := newErasingHouse(t)
			ctx := t.Context()
			who := h.member("Ria", tt.role)
			allowed := func(ok bool) error {
				if ok {
					return nil
				}
				return daybook.ErrForbidden
			}
			_, err := h.PlanErasure(ctx, who, h.c, []uint64{1})
			want(t, "plan", err, allowed(tt.ask))
			_, err = h.AskErasure(ctx, who, h.c, []uint64{1}, "")
			want(t, "ask", err, allowed(tt.ask))
			_, err = h.EraseNow(ctx, who, h.c, []uint64{1}, "")
			want(t, "erase now", err, daybook.ErrForbidden)
			e, err := h.AskErasure(ctx, operator, h.c, []uint64{2}, "")
			must(t, err)
			want(t, "cancel", h.CancelErasure(ctx, who, h.c, e.ID), allowed(tt.cancel))
		})
	}
}

// The entries say who asked and who cancelled, for how many messages, and nothing
// of what it was about.
func TestErasureEntries_C10_D7(t *testing.T) {
	h, _ := newErasingHouse(t)
	ctx := t.Context()
	owner, manager := h.member("Maya", cases.Owner), h.member("Ria", cases.Manager)
	before := len(h.entries(daybook.RecordAccess))
	e, err := h.AskErasure(ctx, owner, h.c, []uint64{1, 2}, "a private reason")
	must(t, err)
	must(t, h.CancelErasure(ctx, manager, h.c, e.ID))
	log := h.entries(daybook.RecordAccess)[before:]
	if len(log) != 2 {
		t.Fatalf("%d entries, want 2", len(log))
	}
	var said []string
	for _, r := range log {
		who, err := h.Who(ctx, r.Actor)
		must(t, err)
		a := decode[daybook.Access](t, r)
		said = append(said, cases.Words(a, who))
		if len(a.Entries) > 0 || strings.Contains(said[0], "private") {
			t.Errorf("the entry says too much: %+v", a)
		}
	}
	if want := []string{"Maya (the person) asked for content to be erased: 2 messages", "Ria (adviser) stopped an erasure"}; !slices.Equal(said, want) {
		t.Errorf("the log says %q, want %q", said, want)
	}
	want(t, "another case's", h.CancelErasure(ctx, operator, h.newCase(), e.ID), daybook.ErrNotFound)
	_, err = h.AskErasure(ctx, owner, h.c, []uint64{99}, "")
	want(t, "an entry that shows none", err, daybook.ErrNotFound)
	_, err = h.AskErasure(ctx, owner, h.c, []uint64{}, "")
	want(t, "no entries", err, daybook.ErrInvalid)
	_, err = h.AskErasure(ctx, owner, h.c, []uint64{1}, strings.Repeat("x", 2000))
	want(t, "a long reason", err, daybook.ErrInvalid)
	h.logFails = true
	_, err = h.AskErasure(ctx, owner, h.c, []uint64{1}, "")
	want(t, "a log that cannot be written", err, errFault)
	if all, err := h.Erasures(ctx, h.c); err != nil || len(all) != 1 {
		t.Errorf("%d erasures, %v; want 1", len(all), err)
	}
}

// Each step that fails is made again, and the steps before it that are committed
// are not.
func TestErasureStepsAfterAFault_C10(t *testing.T) {
	after := "hold destroy remove m1 settle"
	for _, tt := range []struct{ fail, first, second string }{
		{"hold", "hide hold", "hold destroy remove m1 settle"},
		{"destroy", "hide hold destroy", "hold destroy remove m1 settle"},
		{"remove m1", "hide hold destroy remove m1", "remove m1 settle"},
		{"settle", "hide hold destroy remove m1 settle", "remove nothing settle"},
		{"", "hide " + after, ""},
	} {
		t.Run(tt.fail, func(t *testing.T) {
			h, f := newErasingHouse(t)
			ctx := t.Context()
			f.fail = tt.fail
			_, err := h.EraseNow(ctx, operator, h.c, []uint64{1}, "")
			if (err != nil) != (tt.fail != "") || err != nil && !errors.Is(err, errFault) {
				t.Errorf("the first try: %v", err)
			}
			if got := strings.Join(f.calls, " "); got != tt.first {
				t.Errorf("first %q, want %q", got, tt.first)
			}
			f.calls = nil
			n, err := h.RunErasures(ctx, h.now)
			if err != nil || (n == 1) != (tt.fail != "") {
				t.Errorf("the second try: %d done, %v", n, err)
			}
			if got := strings.Join(f.calls, " "); got != tt.second {
				t.Errorf("then %q, want %q", got, tt.second)
			}
			all, err := h.Erasures(ctx, h.c)
			must(t, err)
			if len(all) != 1 || all[0].State != cases.ErasureDone || all[0].Done.IsZero() {
				t.Errorf("in the end: %+v", all)
			}
		})
	}
}

// An erasure of the whole case pauses its accounts; cancelling goes on with those
// that it paused and with no other.
func TestErasureOfACasePausesAccounts_C10(t *testing.T) {
	h, f := newErasingHouse(t)
	ctx := t.Context()
	connect := func(name string) daybook.Account {
		a, err := h.Connect(ctx, operator, daybook.Account{Case: h.c, Platform: "mastodon", Handle: daybook.Handle{Platform: "mastodon", Native: name}},
			[]byte("secret"), daybook.Consent{Scopes: []string{"read"}, Purpose: "a record", Text: "1"})
		must(t, err)
		return a
	}
	read, paused := connect("https://home.example/users/one"), connect("https://home.example/users/two")
	must(t, h.Pause(ctx, operator, paused.ID))
	state := func(id daybook.AccountID) daybook.AccountState {
		a, _, _, err := h.db.Account(ctx, id)
		must(t, err)
		return a.State
	}
	e, err := h.AskErasure(ctx, operator, h.c, nil, "")
	must(t, err)
	if state(read.ID) != daybook.Paused || !e.Whole || e.Messages != 7 {
		t.Errorf("the account is %s; %+v", state(read.ID), e)
	}
	must(t, h.CancelErasure(ctx, operator, h.c, e.ID))
	if state(read.ID) != daybook.Active || state(paused.ID) != daybook.Paused {
		t.Errorf("the accounts are %s and %s, want active and paused", state(read.ID), state(paused.ID))
	}
	if got := strings.Join(f.calls, " "); got != "hide refresh unhide refresh" {
		t.Errorf("calls %q", got)
	}
}
