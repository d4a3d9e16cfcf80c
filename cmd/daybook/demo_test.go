package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"daybook/internal/browser"
)

// The newcomer's first minute: the demo tells its story, then opens it to be
// looked at as the person and as her adviser. With DAYBOOK_SHOTS=DIR it takes the
// pictures of the README (make pictures).
func TestDemoOpens(t *testing.T) {
	chromium := browser.Start(t)
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		code := run(ctx, []string{"demo", "--keep", filepath.Join(t.TempDir(), "demo")},
			process{input: strings.NewReader(""), out: in, err: io.Discard, env: func(string) string { return "" }, clock: time.Now, program: "daybook"})
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		done <- code
	}()
	address := ""
	lines := bufio.NewScanner(out)
	for address == "" && lines.Scan() {
		if m := regexp.MustCompile(`^(http://localhost:\d+)/demo `).FindStringSubmatch(lines.Text()); m != nil {
			address = m[1]
		}
	}
	if address == "" {
		t.Fatal("the demo named no address")
	}
	go func() {
		for lines.Scan() { // what it still says is not looked at
		}
	}()
	shots := os.Getenv("DAYBOOK_SHOTS")
	tab := chromium.Tab(t)
	tab.Size(1280, 900)
	look := func(path, name string, says ...string) {
		t.Helper()
		if path != "" {
			tab.Open(address + path)
		}
		has(t, tab, says...)
		if shots != "" {
			tab.Picture(filepath.Join(shots, name+".png"))
		}
	}
	tab.Open(address + "/demo")
	tab.Press("Look at it as Wren, whose case it is")
	look("", "overview", "You were contacted on", "from 2 linked handles", "times after you asked them to stop")
	tab.Follow(`nav a[href$="/handles"]`)
	look("", "handles", "Group A", "kestrel_74@birds.example", "Suggested, not confirmed", "quiet_mere@meres.example")
	tab.Press("Timeline")
	look("", "timeline", "Content hidden")

	tab.Open(address + "/demo")
	tab.Press("Look at it as Ida, her adviser")
	look("", "caseload", "Your caseload", "Garden")
	if bad := tab.Outside(address); len(bad) > 0 {
		t.Errorf("the demo's pages ask elsewhere: %v", bad)
	}
	stop()
	if code := <-done; code != 0 {
		t.Errorf("the demo ended with status %d", code)
	}
}
