package lockfile_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"daybook/internal/lockfile"
)

// With this variable set the test binary is the other process: it takes the
// lock of the folder, says so, and holds it until its standard input ends.
const holdEnv = "DAYBOOK_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		os.Exit(hold(dir))
	}
	os.Exit(m.Run())
}

func hold(dir string) int {
	if _, err := lockfile.Acquire(dir); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	return 0 // without Release: the operating system frees the lock
}

func TestAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	_, err = lockfile.Acquire(dir)
	var locked *lockfile.LockedError
	if !errors.Is(err, lockfile.ErrLocked) || !errors.As(err, &locked) {
		t.Fatalf("acquire while another process holds the lock: %v, want ErrLocked", err)
	}
	if locked.PID != cmd.Process.Pid {
		t.Errorf("got process %d, want %d", locked.PID, cmd.Process.Pid)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	l, err := lockfile.Acquire(dir)
	if err != nil {
		t.Fatalf("acquire after the other process ended: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}

func TestSameProcess(t *testing.T) {
	dir := t.TempDir()
	l, err := lockfile.Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	var locked *lockfile.LockedError
	if _, err := lockfile.Acquire(dir); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("second acquire: %v, want a LockedError with our own process number", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	l, err = lockfile.Acquire(dir)
	if err != nil {
		t.Fatalf("acquire after release: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}

func TestFolderMissing(t *testing.T) {
	_, err := lockfile.Acquire(filepath.Join(t.TempDir(), "none"))
	if !errors.Is(err, os.ErrNotExist) || errors.Is(err, lockfile.ErrLocked) {
		t.Errorf("got %v, want an error that wraps os.ErrNotExist", err)
	}
}
