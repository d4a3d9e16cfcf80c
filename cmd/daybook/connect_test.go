package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/collectors"
	"daybook/internal/fakemastodon"
)

// A typist is somebody at a terminal: the first line that they type is the code
// that the server showed at the address on the screen, the second their word.
type typist struct {
	server *fakemastodon.Server
	screen *bytes.Buffer
	word   string
	typed  int
}

func (p *typist) Read(b []byte) (int, error) {
	p.typed++
	switch p.typed {
	case 1:
		code, _ := p.server.Allow(address.FindString(p.screen.String()))
		return copy(b, code+"\n"), nil
	case 2:
		return copy(b, p.word+"\n"), nil
	}
	return 0, io.EOF
}

// On a terminal, connecting is one command with two questions. When the person
// does not agree in the end, the token that came with the code is taken back at
// the server at once.
func TestConnectOnATerminal_D1_D3(t *testing.T) {
	for _, tc := range []struct {
		word    string
		status  int
		revoked bool
	}{
		{"yes", statusDone, false},
		{"no", statusFailed, true},
		{"", statusFailed, true},
	} {
		t.Run("says "+tc.word, func(t *testing.T) {
			server := fakemastodon.New(fakemastodon.Options{Domain: "social.example", Start: scriptBegins})
			server.SignIn(server.Person("wren", "Wren"))
			dir := t.TempDir()
			config := filepath.Join(dir, "daybook.toml")
			if err := os.WriteFile(config, []byte("data = \"data\"\nkey_file = \"key/instance.key\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, screen bytes.Buffer
			p := process{
				input: &typist{server: server, screen: &screen, word: tc.word}, terminal: true, out: &out, err: &screen,
				env: func(string) string { return "" }, clock: server.Now,
				exception: &collectors.Exception{Hosts: map[string]http.Handler{"social.example": server}},
			}
			if code := run(t.Context(), []string{"--config", config, "case", "new", "--name", "Garden"}, p); code != statusDone {
				t.Fatalf("case new: status %d\n%s", code, screen.String())
			}
			id := strings.TrimSpace(out.String())
			code := run(t.Context(), []string{"--config", config, "connect", "mastodon", "--case", id, "--server", "social.example"}, p)
			if code != tc.status {
				t.Errorf("status %d, want %d\n%s", code, tc.status, screen.String())
			}
			if !strings.Contains(screen.String(), "Account: wren@social.example") {
				t.Errorf("whose account it is was not shown:\n%s", screen.String())
			}
			calls := ""
			for _, r := range server.Requests() {
				calls += fmt.Sprintln(r.Method, r.Path)
			}
			if got := strings.Contains(calls, "POST /oauth/revoke"); got != tc.revoked {
				t.Errorf("revoked %v, want %v; the calls were\n%s", got, tc.revoked, calls)
			}
		})
	}
}
