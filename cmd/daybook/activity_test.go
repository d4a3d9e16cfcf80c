package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/config"
	"daybook/internal/fakex"
)

// A listening is an instance that reads the stream of a made-up X.
type listening struct {
	*testing.T
	x                  *fakex.Server
	app                *app
	caseID             daybook.CaseID
	mara, ruben, tilda *fakex.Person
	log                bytes.Buffer

	mu      sync.Mutex
	streams int
	again   chan struct{} // the stream is asked for once more
}

func newListening(t *testing.T) *listening {
	t.Helper()
	l := &listening{T: t, x: fakex.New(fakex.Options{Start: scriptBegins}), again: make(chan struct{}, 100)}
	l.mara, l.ruben, l.tilda = l.x.Person("maralindqvist", "Mara"), l.x.Person("ruben_kestrel74", "Ruben"), l.x.Person("tildawren", "Tilda")
	hosts := l.x.Hosts()
	hosts["api.x.com"] = l
	cfg := config.Defaults("linux", func(string) string { return "" })
	cfg.Data, cfg.KeyFile = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "instance.key")
	cfg.X.Enabled, cfg.X.Activity, cfg.X.Bearer, cfg.X.ClientID = true, true, config.Secret(l.x.Bearer()), "app"
	var err error
	l.app, err = openApp(t.Context(), cfg, appOptions{log: slog.New(slog.NewTextHandler(&l.log, nil)), clock: l.x.Now, notice: io.Discard, mailer: &postbox{},
		exception: &collectors.Exception{Hosts: hosts}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.app.Close(); err != nil {
			t.Error(err)
		}
		if v := l.x.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	})
	if l.caseID, err = l.app.log.NewCase(t.Context(), cases.Operator("test"), "Garden", "Europe/London"); err != nil {
		t.Fatal(err)
	}
	l.x.Brief(true)
	return l
}

// ServeHTTP notes how often the stream is asked for.
func (l *listening) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/activity/stream") {
		l.mu.Lock()
		if l.streams++; l.streams > 1 {
			l.again <- struct{}{}
		}
		l.mu.Unlock()
	}
	l.x.ServeHTTP(w, r)
}

func (l *listening) connect(p *fakex.Person, scopes []string) daybook.Account {
	l.Helper()
	acc := daybook.Account{Case: l.caseID, Platform: twitter.Platform, Server: twitter.Server, Handle: twitter.User(p.ID, "", "")}
	acc, err := l.app.cases.Connect(l.Context(), cases.Operator("test"), acc, []byte(`{"access":"`+l.x.Token(p)+`"}`),
		daybook.Consent{Scopes: scopes, Purpose: "test", Text: "1"})
	if err != nil {
		l.Fatal(err)
	}
	return acc
}

// listen reads the stream until it is asked for a second time: then all that it
// said has been taken.
func (l *listening) listen() {
	l.Helper()
	l.mu.Lock()
	l.streams = 0
	l.mu.Unlock()
	ctx, stop := context.WithCancel(l.Context())
	defer stop()
	done := make(chan error)
	go func() { done <- l.app.listenToX(ctx) }()
	<-l.again
	stop()
	if err := <-done; err != nil {
		l.Error(err)
	}
}

// items are the items of the record that came by the stream, by the text of their
// message, or their name if they have none.
func (l *listening) items() (texts []string) {
	l.Helper()
	for e, err := range l.app.log.Entries(l.Context(), l.caseID, 0) {
		if err != nil {
			l.Fatal(err)
		}
		if e.Record.Kind != daybook.RecordItem || string(e.Record.Value("lane")) != string(twitter.LaneActivity) {
			continue
		}
		text := string(e.Record.Value("m0.text"))
		if text == "" {
			text, _, _ = strings.Cut(string(e.Record.Value("native_id")), "/")
		}
		texts = append(texts, text)
	}
	return texts
}

// What the stream shows is kept for those who have agreed to it: also what is
// deleted seconds later.
func TestActivity(t *testing.T) {
	l := newListening(t)
	if !l.app.listensToX() {
		t.Fatal("the stream is not read")
	}
	mara := l.connect(l.mara, l.app.xScopes())
	l.connect(l.tilda, twitter.Scopes()) // has not agreed to the stream
	for _, p := range []*fakex.Person{l.mara, l.tilda, l.ruben} {
		l.x.Subscribe(p)
	}
	l.x.Wait(time.Minute)
	l.ruben.Message(l.mara, "you will see").Unsend()
	l.ruben.Typing(l.mara)
	l.ruben.Reads(l.mara)
	l.ruben.Message(l.tilda, "not for the record")
	stays := l.ruben.Message(l.mara, "this one stays")
	l.ruben.Mention(l.mara, "in public").Delete()
	l.ruben.Chat(l.mara, "sealed")
	l.x.Tell(l.mara, "spaces.start", `{"id":"1"}`)
	l.x.Say("{")
	l.listen()
	want := []string{"you will see", "this one stays", "@maralindqvist in public", "chat.received", "spaces.start"}
	if got := l.items(); !slices.Equal(got, want) {
		t.Fatalf("kept %q, want %q", got, want)
	}
	l.listen() // the same again, as after a restart
	if got := l.items(); !slices.Equal(got, want) {
		t.Errorf("after a second time %q, want %q", got, want)
	}

	// The next reading finds one of them; a second look says what is gone.
	if _, err := l.app.runner.Once(t.Context(), mara.ID); err != nil {
		t.Fatal(err)
	}
	l.x.Wait(6 * time.Minute)
	if _, err := l.app.runner.Looks(t.Context(), mara.ID); err != nil {
		t.Fatal(err)
	}
	if err := l.app.settle(t.Context(), l.caseID); err != nil {
		t.Fatal(err)
	}
	size, _, err := l.app.log.Head(t.Context(), l.caseID)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]daybook.Message{}
	for i := range size {
		m, err := l.app.db.Message(t.Context(), l.caseID, i)
		if err == nil {
			found[m.Text] = m
		}
	}
	for text, state := range map[string]daybook.State{"you will see": daybook.Gone, "@maralindqvist in public": daybook.Gone, "this one stays": daybook.Present} {
		m, ok := found[text]
		if !ok || m.State != state || m.Sender.Native != l.ruben.ID {
			t.Errorf("%q: found %t, %s", text, ok, m.State)
		}
	}
	if m := found["this one stays"]; m.Key != twitter.MessageKey(stays.ID) || len(m.Captures) != 2 || len(m.Lanes) != 2 {
		t.Errorf("one message by two ways: %d captures, lanes %v", len(m.Captures), m.Lanes)
	}
	for _, word := range []string{"you will see", l.mara.ID, "ruben", "twitter", "x.com"} {
		if strings.Contains(l.log.String(), word) {
			t.Errorf("the log says %q: %s", word, &l.log)
		}
	}
}

// When the consent has ended nothing is kept, whatever the stream still says.
func TestActivity_ConsentEnded_D3(t *testing.T) {
	l := newListening(t)
	mara := l.connect(l.mara, l.app.xScopes())
	l.x.Subscribe(l.mara)
	if err := l.app.cases.Withdraw(t.Context(), cases.Operator("test"), mara.ID); err != nil {
		t.Fatal(err)
	}
	l.x.Wait(time.Minute)
	l.ruben.Message(l.mara, "you will see")
	l.listen()
	if got := l.items(); len(got) != 0 {
		t.Errorf("kept %q", got)
	}
}

// The stream is read only where whoever runs the instance has switched it on, and
// people agree to it only there.
func TestActivity_Off(t *testing.T) {
	l := newListening(t)
	for name, change := range map[string]func(*config.X){
		"not enabled": func(x *config.X) { x.Enabled = false },
		"no stream":   func(x *config.X) { x.Activity = false },
		"no bearer":   func(x *config.X) { x.Bearer = "" },
	} {
		a := *l.app
		change(&a.cfg.X)
		if a.listensToX() {
			t.Errorf("%s: the stream is read", name)
		}
		if agreed := slices.Contains(a.xScopes(), twitter.ActivityScope); agreed != a.cfg.X.Activity {
			t.Errorf("%s: agreed to the stream %t", name, agreed)
		}
	}
}
