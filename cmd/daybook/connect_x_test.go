package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
)

var authorizeAddress = regexp.MustCompile(`https://x\.com/i/oauth2/authorize\?\S+`)

// A screen is what a command writes to; once the address is on it, the person
// opens it in their browser.
type screen struct {
	mu     sync.Mutex
	text   bytes.Buffer
	opened bool
	open   func(address string)
	wait   sync.WaitGroup
}

// Write implements io.Writer.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
	if at := authorizeAddress.FindString(s.text.String()); at != "" && !s.opened && s.open != nil {
		s.opened = true
		s.wait.Go(func() { s.open(at) })
	}
	return len(b), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// A sayer is somebody who types, a line at a time.
type sayer struct{ lines []func() string }

// Read implements io.Reader.
func (w *sayer) Read(b []byte) (int, error) {
	if len(w.lines) == 0 {
		return 0, io.EOF
	}
	line := w.lines[0]()
	w.lines = w.lines[1:]
	return copy(b, line+"\n"), nil
}

func say(lines ...string) *sayer {
	w := &sayer{}
	for _, l := range lines {
		w.lines = append(w.lines, func() string { return l })
	}
	return w
}

// A desk is an instance that reads accounts on X, and a made-up X.
type desk struct {
	t      *testing.T
	x      *fakex.Server
	config string
	dir    string
	back   string
	caseID string
}

func newDesk(t *testing.T, more string) *desk {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, dir: t.TempDir(), back: "http://" + l.Addr().String() + "/back", x: fakex.New(fakex.Options{Start: scriptBegins})}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	d.x.SignIn(d.x.Person("wren_83", "Wren"))
	client, secret := d.x.App("Notes", false, d.back)
	d.write("secret", secret)
	d.config = d.write("daybook.toml", "data = \"data\"\nkey_file = \"key/instance.key\"\n[x]\nclient_id = \""+client+
		"\"\nclient_secret_file = \"secret\"\nback = \""+d.back+"\"\n"+more)
	var out bytes.Buffer
	if code := d.run(d.process(&out, &screen{}, nil), "case", "new", "--name", "Garden"); code != statusDone {
		t.Fatalf("case new: status %d", code)
	}
	d.caseID = strings.TrimSpace(out.String())
	t.Cleanup(func() {
		if v := d.x.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	})
	return d
}

func (d *desk) write(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *desk) process(out io.Writer, s *screen, input io.Reader) process {
	return process{input: input, terminal: input != nil, out: out, err: s, env: func(string) string { return "" }, clock: d.x.Now,
		exception: &collectors.Exception{Hosts: d.x.Hosts()}}
}

func (d *desk) run(p process, args ...string) int {
	return run(d.t.Context(), append([]string{"--config", d.config}, args...), p)
}

// browse opens an address as a browser does that says yes.
func (d *desk) browse(answers ...url.Values) func(string) {
	return func(string) {
		for _, q := range answers {
			req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.back+"?"+q.Encode(), nil)
			if err != nil {
				d.t.Error(err)
				return
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				d.t.Error(err)
				return
			}
			b, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusOK || bytes.Contains(b, []byte(q.Get("state"))) {
				d.t.Errorf("the browser sees status %d and %q, %v", resp.StatusCode, b, err)
			}
			if err := resp.Body.Close(); err != nil {
				d.t.Error(err)
			}
		}
	}
}

func TestConnectX_D1_D3(t *testing.T) {
	yes := func(d *desk, address string) url.Values {
		code, state := d.x.Allow(address)
		return url.Values{"code": {code}, "state": {state}}
	}
	for _, tt := range []struct {
		name   string
		says   []string
		comes  func(d *desk, address string) []url.Values
		status int
		calls  bool // X was asked for anything
		screen string
	}{
		{"agrees", []string{"yes", "yes"}, func(d *desk, a string) []url.Values { return []url.Values{yes(d, a)} }, statusDone, true, "wren_83"},
		{"somebody else's answer comes first", []string{"yes", "yes"}, func(d *desk, a string) []url.Values {
			return []url.Values{{"code": {"made-up"}, "state": {"made-up"}}, yes(d, a)}
		}, statusDone, true, "wren_83"},
		{"not to the terms", []string{"no"}, nil, statusFailed, false, "nothing was asked of X"},
		{"not to the consent", []string{"yes", "no"}, func(d *desk, a string) []url.Values { return []url.Values{yes(d, a)} }, statusFailed, true, "nothing was kept"},
		{"not at X", []string{"yes"}, func(_ *desk, a string) []url.Values {
			u, err := url.Parse(a)
			if err != nil {
				return nil
			}
			return []url.Values{{"error": {"access_denied"}, "state": {u.Query().Get("state")}}}
		}, statusFailed, false, "X was told no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, "enabled = true\n")
			s := &screen{}
			if tt.comes != nil {
				s.open = func(address string) { d.browse(tt.comes(d, address)...)(address) }
			}
			var out bytes.Buffer
			code := d.run(d.process(&out, s, say(tt.says...)), "connect", "x", "--case", d.caseID)
			s.wait.Wait()
			if code != tt.status || !strings.Contains(s.String(), tt.screen) {
				t.Fatalf("status %d, want %d; the screen shows\n%s", code, tt.status, s.String())
			}
			for _, p := range twitter.Terms() {
				if !strings.Contains(strings.Join(strings.Fields(s.String()), " "), p) {
					t.Errorf("the person was not shown: %s", p)
				}
			}
			if len(d.x.Requests()) > 0 != tt.calls {
				t.Errorf("calls to X: %v", d.x.Requests())
			}
			if tt.status != statusDone {
				if d.x.Tokens() != 0 {
					t.Errorf("%d tokens that nobody uses are in force", d.x.Tokens())
				}
				return
			}
			d.see(daybook.AccountID(strings.TrimSpace(out.String())))
		})
	}
}

// see checks what is kept of an account that was connected.
func (d *desk) see(id daybook.AccountID) {
	d.t.Helper()
	a := d.open()
	account, consent, secret, err := a.db.Account(d.t.Context(), id)
	if err != nil || account.Server != twitter.Server || account.State != daybook.Active || len(secret) == 0 {
		d.t.Fatalf("account %+v, %v", account, err)
	}
	if consent.Text != consentText+"; "+twitter.TermsText || len(consent.Scopes) != len(twitter.Scopes()) {
		d.t.Errorf("consent %+v", consent)
	}
	if err := a.Close(); err != nil {
		d.t.Error(err)
	}
}

// open opens the desk's instance.
func (d *desk) open() *app {
	d.t.Helper()
	a, err := d.opened()
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

func TestConnectXWithoutATerminal(t *testing.T) {
	pair := func(d *desk) string {
		access, refresh := d.x.Pair(d.x.Person("rook_9", "Rook"), d.client())
		return d.write("pair.json", fmt.Sprintf(`{"access":%q,"refresh":%q}`, access, refresh))
	}
	for _, tt := range []struct {
		name   string
		more   string
		args   func(d *desk) []string
		status int
		want   string
		calls  bool
	}{
		{"switched off", "", func(d *desk) []string { return []string{"--token-file", pair(d), "--agree", "--agree-terms"} }, statusFailed, "enabled = true", false},
		{"terms not agreed to", "enabled = true\n", func(d *desk) []string { return []string{"--token-file", pair(d), "--agree"} }, statusUsage, "--agree-terms", false},
		{"consent not given", "enabled = true\n", func(d *desk) []string { return []string{"--token-file", pair(d), "--agree-terms"} }, statusUsage, "--agree", false},
		{"nobody to paste", "enabled = true\n", func(*desk) []string { return []string{"--paste", "--agree", "--agree-terms"} }, statusUsage, "terminal", false},
		{"a pair from a file", "enabled = true\n", func(d *desk) []string { return []string{"--token-file", pair(d), "--agree", "--agree-terms"} }, statusDone, "rook_9", true},
		{"no app", "enabled = true\nclient_id = \"\"\n", func(*desk) []string { return []string{"--agree", "--agree-terms"} }, statusFailed, "client_id", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			more := tt.more
			if strings.Contains(more, "client_id") {
				more = "enabled = true\n"
			}
			d := newDesk(t, more)
			if more != tt.more {
				d.replace("client_id = \""+d.client()+"\"", `client_id = ""`)
			}
			s := &screen{}
			var out bytes.Buffer
			code := d.run(d.process(&out, s, nil), append([]string{"connect", "x", "--case", d.caseID}, tt.args(d)...)...)
			if code != tt.status || !strings.Contains(s.String(), tt.want) {
				t.Errorf("status %d, want %d; the screen shows\n%s", code, tt.status, s.String())
			}
			if len(d.x.Requests()) > 0 != tt.calls {
				t.Errorf("calls to X: %v", d.x.Requests())
			}
		})
	}
}

// With the browser on another machine, the address at which it ends is typed.
func TestConnectXByPasting(t *testing.T) {
	d := newDesk(t, "enabled = true\n")
	s := &screen{}
	typed := say("yes")
	typed.lines = append(typed.lines, func() string {
		code, state := d.x.Allow(authorizeAddress.FindString(s.String()))
		return d.back + "?" + url.Values{"code": {code}, "state": {state}}.Encode()
	}, func() string { return "yes" })
	var out bytes.Buffer
	if code := d.run(d.process(&out, s, typed), "connect", "x", "--case", d.caseID, "--paste"); code != statusDone {
		t.Errorf("status %d; the screen shows\n%s", code, s.String())
	}
}

// A running daybook carries the command out for another process, which has no
// terminal there: the browser is waited for all the same.
func TestConnectXInARunningDaybook(t *testing.T) {
	d := newDesk(t, "enabled = true\n")
	a := d.open()
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &screen{}
	s.open = func(address string) {
		code, state := d.x.Allow(address)
		d.browse(url.Values{"code": {code}, "state": {state}})(address)
	}
	var out bytes.Buffer
	code := run(t.Context(), []string{"connect", "x", "--case", d.caseID, "--agree-terms", "--agree"},
		process{input: eofReader{}, out: &out, err: s, env: func(string) string { return "" }, clock: d.x.Now, app: a, osUser: "mara"})
	s.wait.Wait()
	if code != statusDone {
		t.Fatalf("status %d\n%s", code, s.String())
	}
	if account, _, _, err := a.db.Account(t.Context(), daybook.AccountID(strings.TrimSpace(out.String()))); err != nil || account.State != daybook.Active {
		t.Errorf("account %+v, %v", account, err)
	}
}
