package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"daybook/internal/fakemastodon"
	"daybook/internal/fakesmtp"
	"daybook/internal/faketsa"
	"daybook/internal/need"
)

type stageKey struct{}

// A stage is what surrounds daybook in one script: the time, a platform, a
// mailbox.
type stage struct {
	env    *testscript.Env
	now    time.Time
	server *fakemastodon.Server
	web    *httptest.Server
	people map[string]*fakemastodon.Person
	last   map[string]*fakemastodon.Status
	mail   *fakesmtp.Server
	tsas   []*faketsa.TSA
	serve  *exec.Cmd
	said   *bufio.Reader // what serve writes to its standard error
}

// handles are the people of the scripts. wren is the person.
var handles = map[string]string{
	"wren": "wren", "ana": "ana_p",
	"kestrel": "kestrel_74@birds.example", "reed": "reed@ponds.example",
}

func stageCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	commands := map[string]func(ts *testscript.TestScript, neg bool, args []string){}
	add := func(name, usage string, least int, fn func(st *stage, ts *testscript.TestScript, args []string) error) {
		commands[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < least {
				ts.Fatalf("usage: %s %s", name, usage)
			}
			ts.Check(fn(ts.Value(stageKey{}).(*stage), ts, args))
		}
	}
	add("clock", "TIME | +DURATION", 1, (*stage).setClock)
	add("status", "N COMMAND ARG...: the command ends with exit status N", 2, (*stage).status)
	add("value", "NAME [FIELD]: what was printed, or a field of it, becomes a variable", 1, (*stage).value)
	add("keep", "FILE: what was printed becomes a file", 1, (*stage).keep)
	add("fakeserver", ": a server with $SERVER, and a token in the file $TOKEN", 0, (*stage).fakeServer)
	add("story", "post|direct|answer|edit|delete|block|burst|picture|down|up|refuse ...", 1, (*stage).tell)
	add("allow", "FILE: the person presses Authorize at the address that was printed; the code goes to FILE", 1, (*stage).allow)
	add("requests", "N: so many calls were made to the server since the last time", 1, (*stage).requests)
	add("revoked", "FILE: the server no longer takes the token in FILE", 0, (*stage).revoked)
	add("fakemail", ": a mail server that the configuration names", 0, (*stage).fakeMail)
	add("mails", "N: so many mails came; each becomes a file mail1, mail2, ...", 1, (*stage).mails)
	add("mailanswer", "COMMAND ANSWER: what the mail server answers to the next one", 2, (*stage).mailAnswer)
	add("faketsa", "NAME: a time-stamp authority that the configuration names", 1, (*stage).fakeTSA)
	add("tsa", "FAULT: what the last authority does wrong from now on; none", 1, (*stage).tsaFault)
	add("alter", "DIR: one bit of each file below DIR is turned over", 1, (*stage).alter)
	add("mode", "MODE FILE...", 2, (*stage).mode)
	add("serving", "ARG...: daybook serve in the background, when it is ready", 0, (*stage).serving)
	add("terminate", ": SIGTERM to daybook serve, which ends with status 0", 0, (*stage).terminate)
	add("archive", "FILE [TIME [MESSAGE...]]: the recorded account archive of X; made at another time, without some messages", 1, (*stage).archive)
	add("archiveof", "OWNER FILE: the recorded archive with the person's number and that of OWNER in each other's place", 2, (*stage).archiveOf)
	add("shape", "FILE: every line that was printed has this shape", 1, (*stage).shape)
	add("printed", "FILE: the commands at the end of what the demo printed work, and its figures hold", 1, (*stage).printed)
	add("recount", "FINDINGS LIST: anybody gets the same figures", 2, (*stage).recount)
	return commands
}

func (st *stage) close() {
	if st.serve != nil {
		// The script has failed: nobody waits for a good end any more.
		_ = st.serve.Process.Kill()
		_ = st.serve.Wait()
	}
	if st.web != nil {
		st.web.Close()
	}
	if st.mail != nil {
		_ = st.mail.Close()
	}
	for _, a := range st.tsas {
		a.Close()
	}
}

func (st *stage) setClock(ts *testscript.TestScript, args []string) error {
	if by, ok := strings.CutPrefix(args[0], "+"); ok {
		d, err := time.ParseDuration(by)
		if err != nil {
			return err
		}
		st.now = st.now.Add(d)
	} else {
		t, err := time.Parse(time.RFC3339, args[0])
		if err != nil {
			return err
		}
		st.now = t
	}
	ts.Setenv(clockVariable, st.now.Format(time.RFC3339))
	if st.server != nil {
		st.server.At(st.now)
	}
	return nil
}

func (st *stage) status(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("exit status %d, want %d", got, want)
	}
	return nil
}

func (st *stage) value(ts *testscript.TestScript, args []string) error {
	text := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) > 1 {
		var fields map[string]any
		first, _, _ := strings.Cut(text, "\n")
		if err := json.Unmarshal([]byte(first), &fields); err != nil {
			return err
		}
		v, ok := fields[args[1]]
		if !ok {
			return fmt.Errorf("there is no field %s", args[1])
		}
		text = fmt.Sprint(v)
	}
	if text == "" || strings.Contains(text, "\n") {
		return fmt.Errorf("%q is not one value", text)
	}
	ts.Setenv(args[0], text)
	return nil
}

func (st *stage) keep(ts *testscript.TestScript, args []string) error {
	return os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile("stdout")), 0o600)
}

func (st *stage) fakeServer(ts *testscript.TestScript, _ []string) error {
	st.server = fakemastodon.New(fakemastodon.Options{Domain: "social.example", Start: st.now.AddDate(0, 0, -60)})
	st.people, st.last = map[string]*fakemastodon.Person{}, map[string]*fakemastodon.Status{}
	for name, handle := range handles {
		st.people[name] = st.server.Person(handle, strings.ToUpper(name[:1])+name[1:])
	}
	st.server.At(st.now)
	st.web = httptest.NewServer(st.server)
	st.server.SetURL(st.web.URL)
	st.server.SignIn(st.people["wren"])
	ts.Setenv("SERVER", st.web.URL)
	ts.Setenv("TOKEN", ts.MkAbs("token.txt"))
	return os.WriteFile(ts.MkAbs("token.txt"), []byte(st.server.Token(st.people["wren"])+"\n"), 0o600)
}

// tell moves the story on. Texts may have escapes as in Go: \u202e.
func (st *stage) tell(_ *testscript.TestScript, args []string) error {
	name, text := "", ""
	if len(args) > 1 {
		name = args[1]
	}
	if len(args) > 2 {
		var err error
		if text, err = strconv.Unquote(`"` + args[2] + `"`); err != nil {
			return fmt.Errorf("text %q: %w", args[2], err)
		}
	}
	p, wren := st.people[name], st.people["wren"]
	if p == nil && len(args) > 1 {
		return fmt.Errorf("there is nobody called %q", name)
	}
	switch args[0] {
	case "post":
		st.last[name] = p.Post("@wren " + text)
	case "direct":
		st.last[name] = p.Direct(wren, text)
	case "answer":
		st.last["wren"] = wren.Direct(p, text)
	case "picture":
		st.last[name] = p.Direct(wren, text, fakemastodon.With(st.server.File(picture(), "image/png", "a street")))
	case "burst":
		for i := range 20 {
			st.last[name] = p.Post(fmt.Sprintf("@wren %s (%d)", text, i+1))
		}
	case "edit":
		st.last[name].Edit(text)
	case "delete":
		st.last[name].Delete()
	case "block":
		wren.Block(p)
	case "down":
		st.server.Fault("/", -1, fakemastodon.Answer(http.StatusBadGateway, "text/html", "<h1>Bad gateway</h1>"))
	case "up":
		st.server.Heal()
	case "refuse":
		st.server.Revoke(wren)
	default:
		return fmt.Errorf("the story has no %q", args[0])
	}
	return nil
}

var address = regexp.MustCompile(`https?://\S+/oauth/authorize\?\S+`)

func (st *stage) allow(ts *testscript.TestScript, args []string) error {
	code, _ := st.server.Allow(address.FindString(ts.ReadFile("stdout")))
	if code == "" {
		return errors.New("no address was printed at which one can authorize")
	}
	return os.WriteFile(ts.MkAbs(args[0]), []byte(code+"\n"), 0o600)
}

func (st *stage) requests(_ *testscript.TestScript, args []string) error {
	got := st.server.Requests()
	st.server.Forget()
	if strconv.Itoa(len(got)) != args[0] {
		return fmt.Errorf("%d calls were made, want %s", len(got), args[0])
	}
	return nil
}

func (st *stage) revoked(ts *testscript.TestScript, args []string) error {
	file := "token.txt"
	if len(args) > 0 {
		file = args[0]
	}
	req, err := http.NewRequest(http.MethodGet, st.web.URL+"/api/v1/accounts/verify_credentials", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(file)))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	st.server.Forget()
	if answer.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("the server still takes the token: status %d", answer.StatusCode)
	}
	return answer.Body.Close()
}

func (st *stage) fakeMail(ts *testscript.TestScript, _ []string) (err error) {
	if st.mail, err = fakesmtp.Start(fakesmtp.Options{}); err != nil {
		return err
	}
	f, err := os.OpenFile(ts.Getenv("DAYBOOK_CONFIG"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "[mail]\nhost = \"localhost\"\nport = %d\nfrom_address = \"notes@charity.example\"\n", st.mail.Port())
	return errors.Join(err, f.Close())
}

func (st *stage) fakeTSA(ts *testscript.TestScript, args []string) error {
	openssl, ok := need.Find("openssl")
	if !ok {
		return errors.New("openssl is not installed")
	}
	dir := ts.MkAbs("tsa-" + args[0])
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	a, err := faketsa.Open(openssl, dir)
	if err != nil {
		return err
	}
	st.tsas = append(st.tsas, a)
	f, err := os.OpenFile(ts.Getenv("DAYBOOK_CONFIG"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "[[time_stamps.authority]]\nname = %q\nurl = %q\nroots = %q\n", args[0], a.URL, a.RootFile)
	return errors.Join(err, f.Close())
}

func (st *stage) tsaFault(_ *testscript.TestScript, args []string) error {
	fault := faketsa.Fault(strings.Join(args, " "))
	if fault == "none" {
		fault = faketsa.None
	}
	st.tsas[len(st.tsas)-1].Set(fault)
	return nil
}

func (st *stage) mails(ts *testscript.TestScript, args []string) error {
	all := st.mail.Mails()
	for i, m := range all {
		if err := os.WriteFile(ts.MkAbs(fmt.Sprintf("mail%d", i+1)), []byte(m.Data), 0o600); err != nil {
			return err
		}
	}
	if strconv.Itoa(len(all)) != args[0] {
		return fmt.Errorf("%d mails came, want %s", len(all), args[0])
	}
	return nil
}

func (st *stage) mailAnswer(_ *testscript.TestScript, args []string) error {
	st.mail.Answer(args[0], args[1])
	return nil
}

func (st *stage) alter(ts *testscript.TestScript, args []string) error {
	altered := 0
	err := filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || len(b) == 0 {
			return err
		}
		b[len(b)/2] ^= 1
		altered++
		return os.WriteFile(path, b, 0o600)
	})
	if err == nil && altered == 0 {
		err = fmt.Errorf("there is no file below %s", args[0])
	}
	return err
}

func (st *stage) mode(ts *testscript.TestScript, args []string) error {
	for _, file := range args[1:] {
		info, err := os.Stat(ts.MkAbs(file))
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			return fmt.Errorf("%s has mode %s, want %s", file, got, args[0])
		}
	}
	return nil
}

func (st *stage) serving(ts *testscript.TestScript, args []string) error {
	cmd := exec.Command("daybook", append([]string{"serve"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append([]string(nil), st.env.Vars...)
	for _, name := range []string{"DAYBOOK_CONFIG", clockVariable} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	st.serve, st.said = cmd, bufio.NewReader(pipe)
	for {
		line, err := st.said.ReadString('\n')
		ts.Logf("serve: %s", line)
		if err != nil {
			return fmt.Errorf("daybook serve ended before it was ready: %w", err)
		}
		if strings.HasPrefix(line, "daybook runs on ") {
			return nil
		}
	}
}

func (st *stage) terminate(ts *testscript.TestScript, _ []string) error {
	if err := st.serve.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	rest, err := io.ReadAll(st.said)
	ts.Logf("serve: %s", rest)
	err = errors.Join(err, st.serve.Wait())
	st.serve = nil
	return err
}

var covered = regexp.MustCompile(`(\d+) entries, of which the newest checkpoint covers (\d+)\n`)

func (st *stage) printed(ts *testscript.TestScript, args []string) error {
	text := ts.ReadFile(args[0])
	counts := covered.FindStringSubmatch(text)
	if counts == nil || counts[1] != counts[2] {
		return fmt.Errorf("not all entries are said to be covered: %q", counts)
	}
	if err := ts.Exec("daybook", "case", "list", "--json"); err != nil {
		return err
	}
	if want := `"entries":` + counts[1] + "}"; !strings.Contains(ts.ReadFile("stdout"), want) {
		return fmt.Errorf("the demo said %s entries, daybook case list says %s", counts[1], ts.ReadFile("stdout"))
	}
	commands := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "  daybook ") {
			continue
		}
		commands++
		words := strings.Fields(strings.ReplaceAll(line, "'", ""))
		if err := ts.Exec(words[0], words[1:]...); err != nil {
			return err
		}
		if ts.ReadFile("stdout") == "" {
			return fmt.Errorf("%s shows nothing", line)
		}
	}
	if commands == 0 {
		return errors.New("the demo names no commands")
	}
	return nil
}
