package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
)

// ofCase is what an erasure of the whole case has to take beside.
var ofCase = append([]string{goneOwn, goneCase, goneLabel, goneReason, "ordinary"}, ofMessages...)

// B-6: of a whole case numbers stay, and what they say can be checked.
func TestEraseWholeCase_B6_C10(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { playEraseCase(t, newPlot(t, onSQLite)) })
	t.Run("postgres", func(t *testing.T) { playEraseCase(t, newPlot(t, onPostgres(t))) })
}

func playEraseCase(t *testing.T, p *plot) {
	ctx := t.Context()
	other, err := p.app.log.NewCase(ctx, p.actor, "Another", "UTC")
	p.must(err)
	before := p.seen()
	e, err := p.app.cases.AskErasure(ctx, p.actor, p.id, nil, goneReason)
	p.must(err)
	if !e.Whole || e.State != cases.ErasureWaiting || e.Messages != 3 {
		t.Errorf("the erasure: %+v", e)
	}
	hidden := func() {
		t.Helper()
		if theirs, others := p.messages(); len(theirs)+len(others) > 0 || p.hits(goneText)+p.hits("ordinary") > 0 {
			t.Errorf("%d messages are shown, %d found", len(theirs)+len(others), p.hits(goneText)+p.hits("ordinary"))
		}
		if a, _, _, err := p.app.db.Account(ctx, p.account.ID); err != nil || a.State != daybook.Paused {
			t.Errorf("the account is %s, %v; want paused", a.State, err)
		}
	}
	hidden()
	p.must(p.app.rebuild(ctx, p.id))
	p.reopen()
	hidden()
	if _, err := p.app.cases.AskErasure(ctx, p.actor, p.id, nil, ""); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("asked for twice: %v", err)
	}

	p.must(p.app.cases.CancelErasure(ctx, p.actor, p.id, e.ID))
	if a, _, _, err := p.app.db.Account(ctx, p.account.ID); err != nil || a.State != daybook.Active {
		t.Errorf("the account is %s, %v; want active", a.State, err)
	}
	if after := p.seen(); after["text"] != before["text"] || after["ordinary"] != before["ordinary"] {
		t.Errorf("what is back: %v, before %v", after, before)
	}
	p.collect()

	_, err = p.app.cases.AskErasure(ctx, p.actor, p.id, nil, goneReason)
	p.must(err)
	p.tick(8 * 24 * time.Hour)
	n, err := p.app.cases.RunErasures(ctx, p.now)
	if n != 1 || err != nil {
		t.Fatalf("%d done, %v", n, err)
	}
	p.caseIsGone(other)
	if n := p.server.Tokens(); n != 0 {
		t.Errorf("%d tokens are left at the platform", n)
	}
	p.reopen()
	p.caseIsGone(other)
}

// caseIsGone checks what is left of the case.
func (p *plot) caseIsGone(other daybook.CaseID) {
	t, ctx := p.t, p.t.Context()
	t.Helper()
	p.inFiles(ofCase)
	if _, err := p.app.db.Keys.Case(ctx, p.id); !errors.Is(err, archive.ErrErased) {
		t.Errorf("the key of the case: %v, want ErrErased", err)
	}
	r, err := p.app.log.Verify(ctx, p.id)
	p.must(err)
	if r.Answer != archive.OK || r.Erased != int(r.Entries) || r.Entries < 20 || r.Covered != r.Entries {
		t.Errorf("verify: %+v", r)
	}
	if n := countFiles(t, blobPath(p.cfg)); n != 0 {
		t.Errorf("%d files of media are left", n)
	}
	folders, err := os.ReadDir(indexPath(p.cfg))
	p.must(err)
	if len(folders) > 1 { // that of the other case
		t.Errorf("%d indexes are left", len(folders))
	}
	p.must(p.app.start(ctx))
	p.must(p.app.settle(ctx, other))
	if r, err := p.app.log.Verify(ctx, other); err != nil || r.Answer != archive.OK {
		t.Errorf("the other case: %+v, %v", r, err)
	}
	for _, command := range []string{"doctor", "rebuild", "case list", "verify --case " + string(p.id), "erase list --case " + string(p.id)} {
		var out, bad bytes.Buffer
		code := run(ctx, strings.Fields(command), process{out: &out, err: &bad, input: strings.NewReader(""), app: p.app, clock: func() time.Time { return p.now }})
		if code != statusDone && (command != "doctor" || code != statusPartial) {
			t.Errorf("%s: status %d\n%s%s", command, code, out.String(), bad.String())
		}
	}
}

// Whatever step a crash falls on, the same again finishes it.
func TestErasureOfACaseAfterACrash_B6_C10(t *testing.T) {
	for _, step := range []string{"destroy", "tokens", "index", "key", "files", "journal", "sign"} {
		t.Run(step, func(t *testing.T) {
			p := newPlot(t, func(c *config.Config) { c.Erase.Days = 0 })
			other, err := p.app.log.NewCase(t.Context(), p.actor, "Another", "UTC")
			p.must(err)
			p.crashAt(step)
			if _, err := p.app.cases.AskErasure(t.Context(), p.actor, p.id, nil, goneReason); !errors.Is(err, errCrash) {
				t.Fatalf("the fault did not come through: %v", err)
			}
			p.reopen()
			p.must(p.app.start(t.Context()))
			if n, err := p.app.cases.RunErasures(t.Context(), p.now); n != 1 || err != nil {
				t.Errorf("the second try: %d done, %v", n, err)
			}
			p.caseIsGone(other)
		})
	}
}

// What the log alone is left of can be removed as well.
func TestEraseDropTree_B6(t *testing.T) {
	p := newPlot(t, onSQLite)
	command := func(want int, words ...string) string {
		t.Helper()
		var out bytes.Buffer
		code := run(t.Context(), words, process{out: &out, err: &out, input: strings.NewReader(""), app: p.app, clock: func() time.Time { return p.now }})
		if code != want {
			t.Errorf("%v: status %d, want %d\n%s", words, code, want, out.String())
		}
		return out.String()
	}
	command(statusFailed, "erase", "--case", string(p.id), "--drop-tree", "--yes")
	command(statusDone, "erase", "--case", string(p.id), "--now", "--yes")
	command(statusDone, "erase", "--case", string(p.id), "--drop-tree", "--yes")
	if _, err := p.app.db.Case(t.Context(), p.id); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("the case: %v, want ErrNotFound", err)
	}
	if len(p.app.log.Refused()) > 0 {
		t.Errorf("refused: %v", p.app.log.Refused())
	}
	p.reopen()
	if len(p.app.log.Refused()) > 0 {
		t.Errorf("refused after a start: %v", p.app.log.Refused())
	}
	if out := command(statusDone, "case", "list"); strings.Contains(out, string(p.id)) {
		t.Errorf("it is listed:\n%s", out)
	}
}

// What a backup brings back is named, and erased again when somebody says so.
func TestErasedContentInABackup_B6(t *testing.T) {
	p := newPlot(t, onSQLite)
	ctx := t.Context()
	backup := filepath.Join(p.dir, "backup.tar")
	_, err := p.app.backup(ctx, backup)
	p.must(err)
	e, err := p.app.cases.EraseNow(ctx, p.actor, p.id, p.entries(), goneReason)
	p.must(err)
	if found, err := p.app.checkErased(ctx, p.id); err != nil || len(found) > 0 {
		t.Errorf("before the backup is put back: %v, %v", found, err)
	}
	p.close()
	p.must(os.RemoveAll(p.cfg.Data))
	p.must(unpackBackup(p.cfg.Data, backup))
	p.open()
	p.must(p.app.log.DeclareRestore(ctx, p.actor, p.id, "the disk failed"))
	p.must(p.app.rebuild(ctx, p.id))
	p.must(p.app.settle(ctx, p.id))
	if theirs, _ := p.messages(); len(theirs) != 2 {
		t.Errorf("%d messages are back, want 2: the test plays nothing", len(theirs))
	}
	found, err := p.app.checkErased(ctx, p.id)
	if err != nil || len(found) != 1 || found[0].OK || !strings.Contains(found[0].What, entryRanges(e.Entries)) {
		t.Errorf("what doctor says: %+v, %v; want the entries %v", found, err, e.Entries)
	}
	n, err := p.app.eraseAgain(ctx, p.actor, p.id)
	if n != len(e.Entries) || err != nil {
		t.Errorf("%d entries were erased again, %v; want %d", n, err, len(e.Entries))
	}
	p.must(os.Remove(backup))
	p.isGone(ofMessages)
	p.verify()
	if found, err := p.app.checkErased(ctx, p.id); err != nil || len(found) > 0 {
		t.Errorf("afterwards: %v, %v", found, err)
	}
	p.collect()
	p.isGone(ofMessages)
}

// So is a whole case.
func TestErasedCaseInABackup_B6(t *testing.T) {
	p := newPlot(t, onSQLite)
	ctx := t.Context()
	backup := filepath.Join(p.dir, "backup.tar")
	_, err := p.app.backup(ctx, backup)
	p.must(err)
	_, err = p.app.cases.EraseNow(ctx, p.actor, p.id, nil, goneReason)
	p.must(err)
	p.close()
	p.must(os.RemoveAll(p.cfg.Data))
	p.must(unpackBackup(p.cfg.Data, backup))
	p.open()
	p.must(p.app.log.DeclareRestore(ctx, p.actor, p.id, "the disk failed"))
	p.must(p.app.rebuild(ctx, p.id))
	found, err := p.app.checkErased(ctx, p.id)
	if err != nil || len(found) == 0 || found[0].OK || !strings.Contains(found[0].What, "erased as a whole") {
		t.Errorf("what doctor says: %+v, %v", found, err)
	}
	_, err = p.app.cases.EraseNow(ctx, p.actor, p.id, nil, goneReason)
	p.must(err)
	p.must(os.Remove(backup))
	if found, err := p.app.checkErased(ctx, p.id); err != nil || len(found) > 0 {
		t.Errorf("afterwards: %v, %v", found, err)
	}
	other, err := p.app.log.NewCase(ctx, p.actor, "Another", "UTC")
	p.must(err)
	p.caseIsGone(other)
}

// The command line shows what goes, and asks.
func TestEraseAsks_C10(t *testing.T) {
	p := newPlot(t, onSQLite)
	entries := p.entries()
	p.close()
	ask := func(answer string, words ...string) (int, string) {
		t.Helper()
		var out bytes.Buffer
		env := func(string) string { return "" }
		code := run(t.Context(), append([]string{"--config", p.configFile()}, words...), process{input: strings.NewReader(answer), terminal: true, out: io.Discard, err: &out, env: env, clock: func() time.Time { return p.now }})
		return code, out.String()
	}
	for _, tt := range []struct {
		name, answer string
		words        []string
		status       int
		says         string
	}{
		{"no", "no\n", []string{"erase", "--case", string(p.id), "--entry", entryRanges(entries[:1])}, statusFailed, "nothing was erased"},
		{"nothing typed", "", []string{"erase", "--case", string(p.id)}, statusFailed, "The whole case: 3 messages"},
		{"one message", "erase\n", []string{"erase", "--case", string(p.id), "--entry", entryRanges(entries[:1])}, statusDone, "1 message: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out := ask(tt.answer, tt.words...)
			if code != tt.status || !strings.Contains(out, tt.says) {
				t.Errorf("status %d, want %d, with %q:\n%s", code, tt.status, tt.says, out)
			}
		})
	}
	p.open()
	if theirs, _ := p.messages(); len(theirs) != 1 {
		t.Errorf("%d messages of the sender are shown, want 1", len(theirs))
	}
	p.close()
}

func (p *plot) configFile() string {
	p.t.Helper()
	path := filepath.Join(p.dir, "daybook.toml")
	text := "data = '" + p.cfg.Data + "'\nkey_file = '" + p.cfg.KeyFile + "'\n"
	p.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}
