package need_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"daybook/internal/need"
)

// A fakeTB notes how a test ended instead of ending.
type fakeTB struct {
	testing.TB
	outcome string
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) end(outcome string) {
	f.outcome = outcome
	runtime.Goexit()
}

func (f *fakeTB) Skip(...any)           { f.end("skipped") }
func (f *fakeTB) Fatal(...any)          { f.end("failed") }
func (f *fakeTB) Fatalf(string, ...any) { f.end("failed") }

// outcome runs fn as the body of a test of its own.
func outcome(t *testing.T, fn func(testing.TB)) string {
	t.Helper()
	tb := &fakeTB{TB: t, outcome: "ran"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(tb)
	}()
	<-done
	return tb.outcome
}

func TestSkipOrFail(t *testing.T) {
	there := t.TempDir()
	missing := filepath.Join(there, "missing")
	tool := func(name string) func(testing.TB) { return func(tb testing.TB) { need.Tool(tb, name) } }
	data := func(tb testing.TB) { need.TestData(tb) }
	soak := func(tb testing.TB) { need.Soak(tb) }
	for _, tc := range []struct {
		name          string
		fn            func(testing.TB)
		require, data string
		soak          string
		want          string
	}{
		{"a program that is there", tool("go"), "all", "", "", "ran"},
		{"a program that is not", tool("no-such-program"), "", "", "", "skipped"},
		{"with tools required", tool("no-such-program"), "tools", "", "", "failed"},
		{"with all required", tool("no-such-program"), "all", "", "", "failed"},
		{"no recordings", data, "", "", "", "skipped"},
		{"no recordings with tools required", data, "tools", "", "", "skipped"},
		{"no recordings with all required", data, "all", "", "", "failed"},
		{"recordings", data, "all", there, "", "ran"},
		{"recordings that are named and not there", data, "", missing, "", "failed"},
		{"no long tests", soak, "all", "", "", "skipped"},
		{"long tests", soak, "", "", "1m", "ran"},
		{"long tests without a unit", soak, "", "", "10", "failed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("DAYBOOK_REQUIRE", tc.require)
			t.Setenv("DAYBOOK_TESTDATA", tc.data)
			t.Setenv("DAYBOOK_SOAK", tc.soak)
			if got := outcome(t, tc.fn); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestFindLooksInPath(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "daybook-test-program")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if got, ok := need.Find("daybook-test-program"); !ok || got != file {
		t.Errorf("got %q, %v; want %q", got, ok, file)
	}
	if got, ok := need.Find("daybook-[test"); ok {
		t.Errorf("got %q for a name that is no pattern", got)
	}
}

func TestSoakGivesTheTime(t *testing.T) {
	t.Setenv("DAYBOOK_SOAK", "90s")
	if got := need.Soak(t); got != 90*time.Second {
		t.Errorf("got %v, want 1m30s", got)
	}
}
