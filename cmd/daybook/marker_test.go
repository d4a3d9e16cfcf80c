package main

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/alerts/email"
	"daybook/cases"
	"daybook/collectors"
	"daybook/config"
	"daybook/internal/fakemastodon"
	"daybook/internal/fakesmtp"
	"daybook/internal/pgtest"
)

// The markers of the test below: whatever a person or a sender writes, and every
// secret. Each is found in no file, no log line and no mail.
const (
	markText     = "quokkazebra"
	markEdited   = "quokkaedited"
	markWarning  = "quokkawarning"
	markHandle   = "quokkahandle"
	markDisplay  = "quokkadisplay"
	markNote     = "quokkaprofile"
	markCase     = "quokkacase"
	markHow      = "quokkareason"
	markAddress  = "quokkaaddress"
	markLabel    = "quokkalabel"
	markSearch   = "quokkasearch"
	markUser     = "quokkauser"
	markFile     = "quokkafile"
	markDescribe = "quokkaalttext"
	markOwn      = "quokkaown"
)

var marks = []string{markText, markEdited, markWarning, markHandle, markDisplay, markNote, markCase, markHow, markAddress,
	markLabel, markSearch, markUser, markFile, markDescribe, markOwn}

// C20: a text that goes through the whole pipeline is in no file of the data
// folder, in no log line and in no mail; on PostgreSQL in no file of the server,
// its write-ahead log included.
func TestMarkersAreNowhereInTheClear_C20_E12(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { playMarkers(t, func(*config.Config) {}) })
	t.Run("postgres", func(t *testing.T) {
		url := pgtest.Start(t)
		playMarkers(t, func(cfg *config.Config) { cfg.Database = config.Database{Engine: "postgres", URL: config.Secret(url)} })
		db, err := sql.Open("pgx", url)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // only read from
		var dir string
		if err := db.QueryRowContext(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "CHECKPOINT"); err != nil {
			t.Fatal(err)
		}
		if n := searchFiles(t, dir, nil); n < 100 {
			t.Errorf("only %d files of the server were searched", n)
		}
	})
}

func playMarkers(t *testing.T, set func(*config.Config)) {
	dir := t.TempDir()
	cfg := killConfig(dir)
	set(&cfg)
	server := fakemastodon.New(fakemastodon.Options{Domain: "social.example"})
	wren := server.Person("wren", "Wren")
	sender := server.Person(markHandle+"@birds.example", markDisplay)
	sender.Profile(markDisplay, markNote)
	smtp, err := fakesmtp.Start(fakesmtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := smtp.Close(); err != nil {
			t.Error(err)
		}
	})
	mail, err := email.New(email.Config{Host: "localhost", Port: smtp.Port(), From: "notes@charity.example", Roots: smtp.Roots()})
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	now := server.Now()
	start := now
	var sheet bytes.Buffer
	a, err := openApp(t.Context(), cfg, appOptions{
		log: slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})), clock: func() time.Time { return now },
		elapsed: func() time.Duration { return now.Sub(start) }, notice: &sheet, mailer: mail,
		exception: &collectors.Exception{Hosts: map[string]http.Handler{"social.example": server}},
	})
	if err != nil {
		t.Fatal(err)
	}
	actor := cases.Operator("test")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	id, err := a.log.NewCase(t.Context(), actor, markCase, "UTC")
	must(err)
	token := server.Token(wren)
	account, secret, err := a.mastodon.FromToken(t.Context(), "social.example", token)
	must(err)
	account.Case = id
	account, err = a.cases.Connect(t.Context(), actor, account, secret, daybook.Consent{Scopes: []string{"read"}, Purpose: markHow, Text: "1"})
	must(err)
	r := alerts.NewRecipient(id, alerts.Adviser, markAddress+"@charity.example", "UTC")
	r.Label, r.QuietFrom, r.QuietUntil = markLabel, 0, 0
	r.Rules[alerts.NewHandle] = alerts.AtOnce
	must(a.alerts.add(t.Context(), actor, r))
	_, err = a.cases.NewUser(t.Context(), actor, markUser, markUser+"@charity.example")
	must(err)

	tick := func(d time.Duration) {
		server.Wait(d)
		now = server.Now()
	}
	post := sender.Post("@wren "+markText, fakemastodon.Warning(markWarning),
		fakemastodon.With(server.File([]byte(strings.Repeat(markFile, 10_000)), "image/png", markDescribe)))
	sender.Direct(wren, markText)
	collect := func() {
		t.Helper()
		_, err := a.collect(t.Context(), account)
		must(err)
		must(a.alerts.send(t.Context()))
	}
	collect()
	tick(time.Minute)
	post.Edit("@wren " + markEdited)
	tick(10 * time.Minute)
	collect()
	h, err := a.findHandle(t.Context(), id, markHandle)
	must(err)
	_, err = a.cases.Mark(t.Context(), actor, id, daybook.Decision{What: daybook.MarkUnwanted, Handle: h, How: markHow})
	must(err)
	must(a.cases.Look(t.Context(), actor, id, cases.Search, daybook.Access{Words: markSearch}))
	own := daybook.OwnDetail{Kind: daybook.OwnName, Value: markOwn}
	must(a.cases.AddOwn(t.Context(), actor, id, own))
	must(a.cases.RemoveOwn(t.Context(), actor, id, own))
	must(a.cases.AddOwn(t.Context(), actor, id, own))
	must(a.settle(t.Context(), id))
	// A platform that fails with the text in its answer.
	server.Fault("/api/v1/notifications", 1, fakemastodon.Answer(http.StatusInternalServerError, "text/plain", markText))
	server.Fault("/api/v1/conversations", 1, fakemastodon.Answer(http.StatusOK, "application/json", `{"`+markText+`"`))
	tick(time.Minute)
	if _, err := a.collect(t.Context(), account); err != nil {
		a.logger.Warn("a run failed", slog.Any("err", err))
	}

	// It is all there, and can be found, for who has the key.
	found, err := a.index.Search(t.Context(), mustQuery(t, a, id, markEdited))
	must(err)
	if found.Total != 1 || len(smtp.Mails()) == 0 {
		t.Errorf("%d hits and %d mails: the test plays nothing", found.Total, len(smtp.Mails()))
	}
	all, _, err := a.db.List(t.Context(), id, daybook.MessageFilter{}, 100, "")
	must(err)
	kept := false
	for _, m := range all {
		for _, md := range m.Media {
			kept = kept || md.State == daybook.MediaKept
		}
	}
	if !kept {
		t.Error("the attachment was not kept")
	}
	backup := filepath.Join(dir, "backup.tar")
	if cfg.Database.Engine == "sqlite" {
		_, err = a.backup(t.Context(), backup)
		must(err)
	}
	if n := searchFiles(t, dir, []string{token}); n < 5 { // while it is open: write-ahead logs, temporary files
		t.Errorf("only %d files were searched", n)
	}
	must(a.Close())
	searchFiles(t, dir, []string{token})
	searchBytes(t, "the log", logged.Bytes(), []string{token})
	for _, m := range smtp.Mails() {
		// Its own address has to stand in a mail's head.
		body := bytes.ReplaceAll([]byte(m.Data), []byte(markAddress+"@charity.example"), nil)
		searchBytes(t, "a mail", body, []string{token, "social.example", "birds.example", "astodon", "stalk"})
	}
}

// searchFiles looks for every mark in every file below dir.
func searchFiles(t *testing.T, dir string, more []string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		// A running server deletes files while they are walked: what is gone holds nothing.
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		files++
		searchBytes(t, path, b, more)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func searchBytes(t *testing.T, where string, b []byte, more []string) {
	t.Helper()
	low := bytes.ToLower(b)
	for _, m := range append(append([]string{}, marks...), more...) {
		if bytes.Contains(low, bytes.ToLower([]byte(m))) {
			t.Errorf("%s holds %q in the clear", where, m)
		}
	}
}
