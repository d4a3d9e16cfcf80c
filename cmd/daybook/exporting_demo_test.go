package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
	"daybook/export"
	"daybook/export/bundle"
	"daybook/internal/need"
)

// demoApp plays the demo and opens what it leaves.
func demoApp(t *testing.T) (*app, daybook.CaseID) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	nothing := func(string) string { return "" }
	if code := run(t.Context(), []string{"demo", "--keep", dir, "--no-serve"},
		process{input: strings.NewReader(""), out: io.Discard, err: io.Discard, env: nothing, clock: time.Now, program: "daybook"}); code != statusDone {
		t.Fatalf("the demo ends with status %d", code)
	}
	cfg, err := config.Load(filepath.Join(dir, "config.toml"), nothing)
	if err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), cfg, appOptions{log: slog.New(slog.DiscardHandler), clock: time.Now, notice: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	rows, err := a.db.Cases(t.Context())
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	return a, rows[0].ID
}

// bundleOf makes a bundle and returns its files, those in print also as text.
func bundleOf(t *testing.T, a *app, id daybook.CaseID, spec export.Spec) (map[string][]byte, exported) {
	t.Helper()
	var b bytes.Buffer
	e, err := a.exportFor(t.Context(), cases.Operator("test"), id, spec, bundle.Recipients{}, &b, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(f.Name, "/")
		if files[name], err = io.ReadAll(rc); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".pdf") {
			files[name+" as text"] = printed(t, files[name])
		}
	}
	return files, e
}

func printed(t *testing.T, b []byte) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), need.Tool(t, "pdftotext"), "-raw", "-", "-")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(out, []byte("\n"), []byte(" "))
}

// namesNothing are fields whose values say nothing of a message or a person.
var namesNothing = []string{"actor", "logged", "lane", "kind", "origin", "parser", "platform", "media_type", "member", "offset", "what", "at", "why", "class", "cause", "from", "to",
	"m0.direction", "m0.kind", "m0.sent", "m0.lang", "event", "action", "zone"}

// secretsOutside are the values and salts of all entries that are not in a
// bundle, and the parts of those that are JSON, as far as nothing of the bundle's
// own messages is the same.
func secretsOutside(t *testing.T, a *app, id daybook.CaseID, inside map[uint64]bool) map[string]string {
	t.Helper()
	size, _, err := a.log.Head(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var all []uint64
	for i := range size {
		all = append(all, i)
	}
	own := ""
	secrets := map[string]string{}
	for d, err := range a.log.Disclosures(t.Context(), id, all) {
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range d.Fields {
			if inside[d.Index] {
				own += string(f.Value) + "\n"
				continue
			}
			where := fmt.Sprintf("entry %d (%s) %s", d.Index, d.Kind, f.Name)
			for _, salt := range [][]byte{d.Salts[i][:], d.LeafSalt[:], d.Seed[:]} {
				secrets[string(salt)] = "salt of " + where
				secrets[hex.EncodeToString(salt)] = "salt of " + where
				secrets[base64.StdEncoding.EncodeToString(salt)[:42]] = "salt of " + where
			}
			// Which bundles were made before stands in the custody of each.
			if slices.Contains(namesNothing, f.Name) || d.Kind == daybook.RecordExport {
				continue
			}
			// So does which file a message was read from, and what was in it.
			if d.Kind == daybook.RecordImport && slices.Contains([]string{"file", "name", "kind", "parser", "made", "report"}, f.Name) {
				continue
			}
			for _, v := range parts(f.Value) {
				secrets[v] = where
			}
		}
	}
	// Whom the message reached, and in which log it is, is part of it.
	own += string(id) + "\nwren@social.example\nwren_fires_clay\nblocked\n"
	// Times that were not watched stand in it with the random identifiers of
	// accounts, and so does since when there was somebody who watched.
	view, err := a.view(t.Context(), id, size)
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range view.Accounts {
		own += string(account.ID) + "\n"
	}
	for _, w := range view.Facts.Watched {
		own += w.From.Format(time.RFC3339Nano) + "\n"
	}
	for v := range secrets {
		if v = strings.Trim(v, `"`); len(v) < 6 || strings.Contains(own, v) || strings.Contains(own, strings.ReplaceAll(v, "/", `\/`)) {
			delete(secrets, v)
			delete(secrets, `"`+v+`"`)
		}
	}
	return secrets
}

// parts are a value and, if it is JSON, all texts in it.
func parts(b []byte) []string {
	out := []string{string(b)}
	var v any
	if json.Unmarshal(b, &v) != nil {
		return out
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for name, x := range v {
				switch name {
				case "headers", "method", "start", "end", "at", "given", "until", "last_seen", "created_at", "type", "state", "purpose", "text", "scopes", "role", "via", "class", "cause", "why", "created", "visibility":
				default:
					walk(x)
				}
			}
		}
	}
	walk(v)
	return out
}

func TestBundlesOfACase_B5(t *testing.T) {
	a, id := demoApp(t)
	t.Run("two platforms", func(t *testing.T) { twoPlatforms(t, a, id) })
	t.Run("one message", func(t *testing.T) { oneMessage(t, a, id) })
	t.Run("withheld", func(t *testing.T) { withheldIsNowhere(t, a, id) })
	t.Run("interrupted", func(t *testing.T) { interrupted(t, a, id) })
}

// The demo is on two platforms: what was read from X and in her archive is one
// message with both, and the older ones stand in the archive alone. The links
// and counts go across.
func twoPlatforms(t *testing.T, a *app, id daybook.CaseID) {
	view, err := a.view(t.Context(), id, mustSize(t, a, id))
	if err != nil {
		t.Fatal(err)
	}
	s, err := export.Show(view, export.Spec{Kind: export.Complete})
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]int{}
	for i := range s.Exhibits {
		x := &s.Exhibits[i]
		var names []string
		for _, o := range x.Ways() {
			names = append(names, string(o))
		}
		ways[string(x.Message.Platform)+" "+string(x.Message.Kind)+" "+strings.Join(names, "+")]++
	}
	for _, way := range []string{"mastodon mention collected", "x mention collected", "x direct_message collected+imported", "x direct_message imported", "x direct_message collected"} {
		if ways[way] == 0 {
			t.Errorf("no message of the kind %q: %v", way, ways)
		}
	}
	if f := s.AddedFiles(); len(f) != 1 || f[0].Report == nil || f[0].Report.Known == 0 || f[0].Report.New == 0 {
		t.Errorf("the files that were added: %+v", f)
	}
	across := 0
	for _, f := range view.Findings {
		platforms := map[daybook.Platform]bool{}
		for _, h := range f.Handles {
			platforms[h.Platform] = true
		}
		if len(platforms) == 2 {
			across++
		}
	}
	if across < 2 {
		t.Errorf("%d findings are about handles of both platforms", across)
	}
	files, _ := bundleOf(t, a, id, export.Spec{Kind: export.Complete})
	report := string(files["data/report.pdf as text"])
	for _, words := range []string{"Files that were added", "from file 1", "and by another way: both captures are in the record", "never holds"} {
		if !strings.Contains(strings.Join(strings.Fields(report), " "), words) {
			t.Errorf("the report does not say %q", words)
		}
	}
}

// A bundle of one message of a whole case holds nothing of the others: not in
// what can be checked, not in what is printed.
func oneMessage(t *testing.T, a *app, id daybook.CaseID) {
	messages, _, err := a.db.List(t.Context(), id, daybook.MessageFilter{Direction: daybook.In, Kind: daybook.KindMention}, 500, "")
	if err != nil || len(messages) < 20 {
		t.Fatal(len(messages), err)
	}
	fromFile, _, err := a.db.List(t.Context(), id, daybook.MessageFilter{Kind: daybook.KindDirectMessage, Origin: daybook.Imported}, 1, "")
	if err != nil || len(fromFile) == 0 {
		t.Fatal(fromFile, err)
	}
	for _, m := range []daybook.Message{messages[3], messages[len(messages)-2], fromFile[0]} {
		files, e := bundleOf(t, a, id, export.Spec{Kind: export.Selection, Entries: []uint64{m.Captures[0]}})
		inside := map[uint64]bool{}
		for _, n := range bundleItems(t, files) {
			inside[n] = true
		}
		if e.Exhibits != 1 || len(inside) != e.Entries || !inside[m.Captures[0]] {
			t.Errorf("entries %v, result %+v", inside, e.Result)
		}
		secrets := secretsOutside(t, a, id, inside)
		if len(secrets) < 5000 {
			t.Fatalf("%d values to look for: the test looks for too little", len(secrets))
		}
		for name, content := range files {
			if name == "data/verify.py" || name == "data/VERIFY.md" {
				continue // the same in every bundle
			}
			for v, where := range secrets {
				if bytes.Contains(content, []byte(v)) {
					t.Errorf("bundle of entry %d: %s holds %q, which is of %s", m.Captures[0], name, v, where)
				}
			}
		}
	}
}

func bundleItems(t *testing.T, files map[string][]byte) []uint64 {
	t.Helper()
	var d struct{ Items []uint64 }
	if err := json.Unmarshal(files["data/bundle.json"], &d); err != nil {
		t.Fatal(err)
	}
	return d.Items
}

// What is covered or withheld is nowhere in a bundle of a whole case, and the
// rest of it checks.
func withheldIsNowhere(t *testing.T, a *app, id daybook.CaseID) {
	messages, _, err := a.db.List(t.Context(), id, daybook.MessageFilter{Direction: daybook.In, Kind: daybook.KindMention}, 500, "")
	if err != nil {
		t.Fatal(err)
	}
	var m daybook.Message
	for _, m = range messages { // one whose text is its own
		if len(m.Text) > 30 && len(m.Captures) > 1 {
			break
		}
	}
	files, e := bundleOf(t, a, id, export.Spec{Kind: export.Complete,
		Redactions: []export.Redaction{{Entry: m.Captures[0], Field: export.FieldText, Reason: "private"}},
		Covers:     []export.Cover{{Word: "yellow door", As: "a detail", Reason: "the person's home"}}})
	words := strings.Fields(m.Text)
	withheld := strings.Join(words[1:], " ")
	for name, content := range files {
		for _, secret := range []string{withheld, "yellow door", "Yellow door"} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	if !bytes.Contains(files["data/report.pdf as text"], []byte("a detail")) {
		t.Error("the report does not say what is covered")
	}
	checked := 0
	for _, n := range bundleItems(t, files) {
		var rec struct {
			Record, Values, Withheld map[string]string
		}
		var salts struct{ Fields map[string]string }
		folder := export.ItemFolder(n) + "/"
		if err := json.Unmarshal(files[folder+"record.json"], &rec); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(files[folder+"salts.json"], &salts); err != nil {
			t.Fatal(err)
		}
		for field, value := range rec.Values {
			salt, err := hex.DecodeString(salts.Fields[field])
			if err != nil {
				t.Fatal(err)
			}
			if got := "sha256:" + archive.FieldDigest(salt, field, []byte(value)).String(); got != rec.Record[field] {
				t.Errorf("entry %d: %s does not give its digest", n, field)
			}
			checked++
		}
		if slices.Contains(m.Captures, n) && (rec.Withheld["m0.text"] == "" || rec.Withheld["raw"] == "") {
			t.Errorf("entry %d shows the text or the raw bytes: %v", n, rec.Withheld)
		}
	}
	if checked < 3000 || e.Exhibits < 80 {
		t.Errorf("%d fields of %d messages: too few", checked, e.Exhibits)
	}
}

// What is stopped half-way leaves no file and no entry that says it was made.
func interrupted(t *testing.T, a *app, id daybook.CaseID) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	err := writeNew(filepath.Join(dir, "bundle.zip"), func(w io.Writer) error {
		_, err := a.exportFor(ctx, cases.Operator("test"), id, export.Spec{Kind: export.Complete}, bundle.Recipients{}, w, func(done, _ int) {
			if done == 100 {
				cancel()
			}
		})
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("stopped half-way: %v", err)
	}
	if left := namesIn(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	size, _, err := a.log.Head(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	last, err := a.log.Entry(t.Context(), id, size-1)
	if err != nil {
		t.Fatal(err)
	}
	if last.Record.Kind != daybook.RecordAccess {
		t.Errorf("the last entry is of kind %s, want the one that says who began", last.Record.Kind)
	}
}
