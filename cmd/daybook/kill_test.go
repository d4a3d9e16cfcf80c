package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/collectors"
	"daybook/config"
	"daybook/index"
	"daybook/internal/fakemastodon"
)

// How often the process is killed in make test and in make soak.
const (
	killRounds = 100
	soakRounds = 1000
)

// A process that collects is killed at random moments, again and again. After
// each time: nothing that it had acknowledged is missing, every byte verifies.
// In the end every message is there exactly once, and everything that is derived
// has caught up by itself.
func TestKilledWhileCollecting_B1(t *testing.T) {
	server := fakemastodon.New(fakemastodon.Options{Domain: "social.example", Start: time.Now().Add(-time.Hour)})
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	server.SetURL(web.URL)
	wren := server.Person("wren", "Wren")
	kestrel := server.Person("kestrel_74@birds.example", "K")
	dir := t.TempDir()
	cfg := killConfig(dir)

	a := openForKill(t, cfg)
	id, err := a.log.NewCase(t.Context(), cases.Operator("test"), "Garden", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	account, secret, err := a.mastodon.FromToken(t.Context(), web.URL, server.Token(wren))
	if err != nil {
		t.Fatal(err)
	}
	account.Case = id
	if account, err = a.cases.Connect(t.Context(), cases.Operator("test"), account, secret, daybook.Consent{Scopes: []string{"read"}, Purpose: "test", Text: "1"}); err != nil {
		t.Fatal(err)
	}
	closeApp(t, a)

	posted := 0
	post := func(n int) {
		server.At(time.Now())
		for range n {
			posted++
			if posted%3 == 0 {
				kestrel.Direct(wren, "number "+strconv.Itoa(posted))
			} else {
				kestrel.Post("@wren number " + strconv.Itoa(posted))
			}
		}
	}
	r := rand.New(rand.NewPCG(11, 23))
	var acknowledged uint64
	soak := 0
	if s := os.Getenv("DAYBOOK_SOAK"); s != "" {
		soak = soakRounds
	}
	rounds := 0
	for ; rounds < max(killRounds, soak); rounds++ {
		post(1 + r.IntN(30))
		acknowledged = max(acknowledged, killOne(t, dir, string(account.ID), time.Duration(r.IntN(500))*time.Millisecond))
		a := openForKill(t, cfg)
		size, _, err := a.log.Head(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		report, err := a.log.Verify(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if size < acknowledged || report.Answer != archive.OK {
			t.Errorf("round %d: %d entries of %d acknowledged, %s %v", rounds, size, acknowledged, report.Answer, report.Problems)
		}
		closeApp(t, a)
	}
	a = openForKill(t, cfg)
	defer closeApp(t, a)
	for {
		report, err := a.collect(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		if report.New == 0 {
			break
		}
	}
	counts, err := a.db.Counts(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if counts.Messages != posted {
		t.Errorf("%d messages of %d that were sent", counts.Messages, posted)
	}
	found, err := a.index.Search(t.Context(), mustQuery(t, a, id, "number"))
	if err != nil {
		t.Fatal(err)
	}
	if found.Total != uint64(posted) {
		t.Errorf("the index finds %d of %d", found.Total, posted)
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("calls that must not be made: %v", v)
	}
	if acknowledged == 0 {
		t.Error("no process lived long enough to acknowledge anything")
	}
	t.Logf("%d rounds, %d messages, %d entries acknowledged", rounds, posted, acknowledged)
}

// killOne starts a process that collects, kills it after a while, and returns
// how many entries it had acknowledged.
func killOne(t *testing.T, dir, account string, after time.Duration) (acknowledged uint64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCollectUntilKilled$", "-test.count=1")
	cmd.Env = append(os.Environ(), "DAYBOOK_KILL_DIR="+dir, "DAYBOOK_KILL_ACCOUNT="+account)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var failed strings.Builder
	cmd.Stderr = &failed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var killed atomic.Bool
	var timer *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		word, number, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "ready": // the clock of the kill starts when there is something to kill
			timer = time.AfterFunc(after, func() {
				killed.Store(true)
				cmd.Process.Kill() //nolint:errcheck // it may have ended by itself, which Wait tells
			})
		case "size":
			n, err := strconv.ParseUint(number, 10, 64)
			if err == nil {
				acknowledged = n
			}
		}
	}
	err = cmd.Wait()
	if timer == nil || !killed.Load() {
		t.Fatalf("the process ended by itself: %v\n%s", err, failed.String())
	}
	return acknowledged
}

// TestCollectUntilKilled is the process that is killed.
func TestCollectUntilKilled(t *testing.T) {
	dir := os.Getenv("DAYBOOK_KILL_DIR")
	if dir == "" {
		t.Skip("only as a process of TestKilledWhileCollecting_B1")
	}
	a := openForKill(t, killConfig(dir))
	account, _, _, err := a.db.Account(t.Context(), daybook.AccountID(os.Getenv("DAYBOOK_KILL_ACCOUNT")))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("ready")
	for {
		if _, err := a.collect(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		size, _, err := a.log.Head(t.Context(), account.Case)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("size", size)
	}
}

func killConfig(dir string) config.Config {
	cfg := config.Defaults("linux", func(string) string { return "" })
	cfg.Data = filepath.Join(dir, "data")
	cfg.KeyFile = filepath.Join(dir, "key", "instance.key")
	return cfg
}

func openForKill(t *testing.T, cfg config.Config) *app {
	t.Helper()
	a, err := openApp(context.WithoutCancel(t.Context()), cfg, appOptions{
		log: slog.New(slog.DiscardHandler), clock: time.Now, notice: io.Discard, exception: &collectors.Exception{Loopback: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func closeApp(t *testing.T, a *app) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func mustQuery(t *testing.T, a *app, id daybook.CaseID, words string) index.Query {
	t.Helper()
	q, err := a.query(t.Context(), id, words)
	if err != nil {
		t.Fatal(err)
	}
	return q
}
