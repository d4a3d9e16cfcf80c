// Package need is how a test says that it needs more than Go: a program, the
// recordings, time. What is not there skips the test with a reason, or fails it
// where everything has been installed for it: a skip must not hide a failure.
//
// The environment decides:
//
//	DAYBOOK_REQUIRE=tools   a missing program fails the test
//	DAYBOOK_REQUIRE=all     so does a missing folder of recordings
//	DAYBOOK_TESTDATA=DIR    where the recordings lie, outside the repository
//	DAYBOOK_SOAK=10m        how long the long tests run; unset: not at all
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Tool returns the path of a program: from PATH, or from where Debian keeps
// servers.
func Tool(t testing.TB, name string) string {
	t.Helper()
	if p, ok := Find(name); ok {
		return p
	}
	Missing(t, name+" is not installed")
	return ""
}

// Find looks for a program as Tool does and says whether it is there.
func Find(name string) (file string, ok bool) {
	if p, err := exec.LookPath(name); err == nil {
		return p, true
	}
	for _, pattern := range []string{"/usr/sbin/", "/sbin/", "/usr/lib/postgresql/*/bin/", "/usr/lib/postfix/sbin/"} {
		found, err := filepath.Glob(pattern + name)
		if err != nil {
			continue // the name is no pattern: it is nowhere
		}
		slices.Sort(found)
		for _, p := range slices.Backward(found) {
			if _, err := exec.LookPath(p); err == nil {
				return p, true
			}
		}
	}
	return "", false
}

// Missing skips the test with a reason, or fails it when DAYBOOK_REQUIRE says
// that programs must be there. It does not return.
func Missing(t testing.TB, why string) {
	t.Helper()
	if r := os.Getenv("DAYBOOK_REQUIRE"); r == "all" || r == "tools" {
		t.Fatalf("%s, and DAYBOOK_REQUIRE=%s", why, r)
	}
	t.Skip(why)
}

// TestData returns the folder that DAYBOOK_TESTDATA points to. A folder that is
// named and not there fails the test; none that is named skips it, or fails it
// with DAYBOOK_REQUIRE=all.
func TestData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DAYBOOK_TESTDATA")
	if dir == "" {
		if os.Getenv("DAYBOOK_REQUIRE") == "all" {
			t.Fatal("DAYBOOK_TESTDATA is not set, and DAYBOOK_REQUIRE=all")
		}
		t.Skip("DAYBOOK_TESTDATA is not set: it points to the recordings, which are not part of the repository")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Fatalf("DAYBOOK_TESTDATA=%s is not a folder", dir)
	}
	return dir
}

// Soak returns how long a long test is to run, and skips it if nobody asked for
// long tests: that is no gap, whatever DAYBOOK_REQUIRE says.
func Soak(t testing.TB) time.Duration {
	t.Helper()
	s := os.Getenv("DAYBOOK_SOAK")
	if s == "" {
		t.Skip("a long test: DAYBOOK_SOAK is not set (make soak)")
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		t.Fatalf("DAYBOOK_SOAK=%s is not a duration such as 10m", s)
	}
	return d
}
