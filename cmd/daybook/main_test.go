package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rogpeppe/go-internal/testscript"

	"daybook/collectors"
)

// clockVariable holds the time that a daybook in a script believes in. Only
// this test binary looks at it.
const clockVariable = "DAYBOOK_TEST_CLOCK"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"daybook": func() { os.Exit(scripted()) }})
}

// scripted is main with a fixed clock, and with leave to reach servers on this
// machine: nothing but a constructor's argument can give it.
func scripted() int {
	now, err := time.Parse(time.RFC3339, os.Getenv(clockVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, "the clock of the script:", err)
		return 100
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], process{
		input: os.Stdin, terminal: isatty.IsTerminal(os.Stdin.Fd()), out: os.Stdout, err: os.Stderr, env: os.Getenv,
		clock:     func() time.Time { return now },
		program:   "daybook",
		exception: &collectors.Exception{Loopback: true},
	})
}

// The scripts in testdata/script are to be read: each shows one thing that
// people do with daybook and what they see. Beside the commands of testscript
// they have those of stage_test.go.
//
// Every script begins with a configuration that keeps the data in $WORK/data and
// the key in $WORK/key, and at one moment: Monday, 5 October 2026, 12:00 in UTC.
func TestScripts_C5_C6_C21_D1_D3_D5_D6_D7_E2(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		Setup:              setUp,
		Cmds:               stageCommands(),
		RequireUniqueNames: true,
	})
}

var scriptBegins = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

func setUp(env *testscript.Env) error {
	st := &stage{now: scriptBegins, env: env}
	env.Values[stageKey{}] = st
	env.Defer(st.close)
	config := filepath.Join(env.WorkDir, "daybook.toml")
	env.Setenv("DAYBOOK_CONFIG", config)
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv(clockVariable, st.now.Format(time.RFC3339))
	text := "data = \"data\"\nkey_file = \"key/instance.key\"\nlog_level = \"warn\"\nlisten = \"127.0.0.1:0\"\n"
	return os.WriteFile(config, []byte(text), 0o600)
}
