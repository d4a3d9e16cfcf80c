package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
	"daybook/detect"
	"daybook/export"
	"daybook/export/bundle"
	bundles "daybook/export/check"
)

// D-14: the person takes all of it out, and another instance brings it back. It
// is the same case there, and can be handed over again.
func TestLeaveAndComeBack_D14(t *testing.T) {
	from, id := demoApp(t)
	ctx := t.Context()
	var b bytes.Buffer
	e, err := from.exportFor(ctx, cases.Operator("test"), id, export.Spec{Kind: export.Complete}, bundle.Recipients{}, &b, nil)
	if err != nil {
		t.Fatal(err)
	}
	size := e.Checkpoint.Size
	before, filesBefore := stateOf(t, from, id), itemsOf(t, from, id, size)
	if len(before.Messages) < 50 || len(before.Findings) == 0 || len(filesBefore) < 500 {
		t.Fatalf("%d messages, %d findings, %d files: the test plays nothing", len(before.Messages), len(before.Findings), len(filesBefore))
	}
	to := func(t *testing.T, set func(*config.Config)) {
		cfg := killConfig(t.TempDir())
		set(&cfg)
		a, err := openApp(t.Context(), cfg, appOptions{log: slog.New(slog.DiscardHandler), clock: time.Now, notice: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}()
		r := bytes.NewReader(b.Bytes())
		h, err := bundles.Handover(r, r.Size())
		if err != nil {
			t.Fatal(err)
		}
		h.Reason, h.Name = "moves", "Garden"
		got, err := a.restoreHandover(t.Context(), cases.Operator("test"), h)
		if err != nil || got != id {
			t.Fatal(got, err)
		}
		if diff := cmp.Diff(before, stateOf(t, a, id)); diff != "" {
			t.Errorf("what is derived (-before +after):\n%s", diff)
		}
		report, err := a.log.Verify(t.Context(), id, archive.Anchor{Where: "from where it came", Size: size, Root: e.Checkpoint.Root})
		if err != nil || report.Answer != archive.OK || report.NotHandedOver == 0 || !report.Anchors[0].Matches {
			t.Errorf("%+v, %v", report, err)
		}
		accounts, err := a.db.Accounts(t.Context(), id)
		if err != nil || len(accounts) != 2 || accounts[0].State != daybook.Stopped || accounts[1].State != daybook.Stopped {
			t.Errorf("%+v, %v", accounts, err)
		}
		for _, acc := range accounts {
			if _, _, secret, err := a.db.Account(t.Context(), acc.ID); err != nil || secret != nil {
				t.Errorf("a token came with it: %v", err)
			}
		}
		if diff := cmp.Diff(filesBefore, itemsOf(t, a, id, size)); diff != "" {
			t.Errorf("what is handed over again (-before +after):\n%s", diff)
		}
		again := itemsOf(t, a, id, 0)
		if len(again) <= len(filesBefore) {
			t.Errorf("%d files with what came since, %d before", len(again), len(filesBefore))
		}
	}
	t.Run("sqlite", func(t *testing.T) { to(t, onSQLite) })
	t.Run("postgres", func(t *testing.T) { to(t, onPostgres(t)) })
}

// A derived state is what lists, searches and findings show of a case.
type derivedState struct {
	Messages []daybook.Message
	Handles  []string
	Findings []detect.Finding
	Hits     map[string]uint64
}

// stateOf leaves out when something was seen last without a change: that is in
// no entry.
func stateOf(t *testing.T, a *app, id daybook.CaseID) (s derivedState) {
	t.Helper()
	ctx := t.Context()
	if err := a.catchUp(ctx, id); err != nil {
		t.Fatal(err)
	}
	for after := ""; ; {
		some, next, err := a.db.List(ctx, id, daybook.MessageFilter{}, 100, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range some {
			m.LastSeen = time.Time{}
			m.Sender.Names = unseen(m.Sender.Names)
			m.To = slices.Clone(m.To)
			for i := range m.To {
				m.To[i].Names = unseen(m.To[i].Names)
			}
			s.Messages = append(s.Messages, m)
		}
		if after = next; next == "" {
			break
		}
	}
	view, err := a.view(ctx, id, mustSize(t, a, id))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range view.Findings {
		for i := range f.Handles {
			f.Handles[i].Names = nil
		}
		s.Findings = append(s.Findings, f)
	}
	for _, h := range view.Handles {
		s.Handles = append(s.Handles, fmt.Sprint(h.Handle.Ref(), " ", h.Handle.Shown()))
	}
	s.Hits = map[string]uint64{}
	for _, words := range []string{"cup", "street", "you", "kiln"} {
		found, err := a.index.Search(ctx, mustQuery(t, a, id, words))
		if err != nil {
			t.Fatal(err)
		}
		s.Hits[words] = found.Total
	}
	return s
}

func unseen(names []daybook.SeenName) []daybook.SeenName {
	names = slices.Clone(names)
	for i := range names {
		names[i].To = time.Time{}
	}
	return names
}

func mustSize(t *testing.T, a *app, id daybook.CaseID) uint64 {
	t.Helper()
	size, _, err := a.log.Head(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// itemsOf exports the case as it was with so many entries (0: now), checks the
// bundle, and returns the files of its entries but for the proofs, which end in
// the checkpoint of whoever hands over.
func itemsOf(t *testing.T, a *app, id daybook.CaseID, size uint64) map[string]daybook.Digest {
	t.Helper()
	var b bytes.Buffer
	if _, err := a.exportFor(t.Context(), cases.Operator("test"), id, export.Spec{Kind: export.Complete, Size: size}, bundle.Recipients{}, &b, nil); err != nil {
		t.Fatal(err)
	}
	r := bytes.NewReader(b.Bytes())
	report, err := bundles.File(t.Context(), r, r.Size(), bundles.Options{Keys: []daybook.Digest{a.log.Fingerprint()}})
	if err != nil || report.Answer != archive.OK {
		t.Fatalf("%s: %v, %v", report.Answer, report.Problems, err)
	}
	z, err := zip.NewReader(r, r.Size())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]daybook.Digest{}
	for _, f := range z.File {
		_, name, _ := strings.Cut(f.Name, "/data/items/")
		if name == "" || strings.HasSuffix(name, ".tlog-proof") {
			continue
		}
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = daybook.DigestOf(data)
	}
	return out
}
