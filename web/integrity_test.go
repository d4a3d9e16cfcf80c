package web_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
	"daybook/store"
	"daybook/web"
)

func TestArchive_B3(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, priya, tom := h.enter(h.maya), h.enter(h.priya), h.enter(h.tom)
	in := "/c/" + string(h.mayas) + "/archive"

	cp, err := h.log.LastCheckpoint(t.Context(), h.mayas)
	h.ok(err)
	page := maya.get(in)
	size, _, err := h.log.Head(t.Context(), h.mayas)
	h.ok(err)
	if size != cp.Size+1 { // the look itself
		t.Fatalf("%d lines, %d covered", size, cp.Size)
	}
	maya.says(page, 200, "Not checked since the program was started", count(size)+". The newest checkpoint covers "+count(cp.Size)+"; the 1 newest will be in the next one.",
		"23 Nov 2026, 09:14 GMT", "size "+count(cp.Size), cp.Root.String()[:4], "Not set up yet", "None yet", "1 line tells of one", "Nothing.", "who the person behind a handle is")
	maya.saysNot(page, "library")

	a := maya.post(in + "/check")
	if a.Location != in+"/check" {
		t.Fatalf("check: %d to %q", a.Status, a.Location)
	}
	h.web.Wait()
	if a := maya.get(in + "/check"); a.Location != in {
		t.Errorf("a check that is done: %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(in), 200, "Checked 23 Nov 2026, 09:14 GMT: everything matches", "every byte of them", "Check again now")
	priya.says(priya.get(in), 200, "everything matches", "The state of the record, and what it shows")
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya list looked at the state of the archive, and at what can be handed over") || !slices.Contains(got, "Maya verify checked every line of the archive") {
		t.Errorf("access log %v", got)
	}
	for _, path := range []string{in, in + "/check"} {
		if a := tom.get(path); a.Status != 404 {
			t.Errorf("%s of another case: %d", path, a.Status)
		}
	}
	if a := tom.post(in + "/check"); a.Status != 404 {
		t.Errorf("checked by somebody else: %d", a.Status)
	}
}

func count(n uint64) string {
	if n >= 1000 {
		panic("a test with so many lines")
	}
	return strings.TrimLeft(string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)}), "0")
}

// logOf is the log behind the pages of a house, with attachments that are gone.
func logOf(t *testing.T, cfg *web.Config, s archive.Storage) *archive.Log {
	t.Helper()
	blobs, err := archive.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log, err := archive.Open(t.Context(), archive.Config{Storage: s, Keys: cfg.Store.(*store.DB).Keys, Blobs: blobs, Clock: cfg.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// A gated store lets nobody verify before it is open.
type gated struct {
	*store.DB
	open chan struct{}
}

// Checkpoints implements archive.CheckpointStorage. A verification asks for all
// of them first; a page asks for the last one alone, in a request.
func (g *gated) Checkpoints(ctx context.Context, c daybook.CaseID) ([][]byte, error) {
	if _, page := ctx.Value(http.ServerContextKey).(*http.Server); !page {
		<-g.open
	}
	return g.DB.Checkpoints(ctx, c)
}

// What does not match is said in the three words, with where and why.
func TestArchive_Broken_B3(t *testing.T) {
	h := newHouse(t, func(cfg *web.Config) { cfg.Log = logOf(t, cfg, cfg.Store.(*store.DB)) })
	digest, err := h.log.PutBlob(t.Context(), h.mayas, picture())
	h.ok(err)
	r := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Message: "mastodon:1", Media: daybook.Media{Digest: digest, State: daybook.MediaKept}})
	r.Actor, r.Blobs = daybook.Actor{ID: "mastodon", Role: "collector"}, []daybook.Digest{digest}
	_, err = h.log.Append(t.Context(), h.mayas, []daybook.Record{r})
	h.ok(err)
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/archive"
	maya.post(in + "/check")
	h.web.Wait()
	page := maya.get(in)
	maya.says(page, 200, "it does not match", "What is here differs from what was signed or written down", "its bytes are missing")
	maya.saysNot(page, "everything matches")
}

// A page that waits looks again by itself, and says since when.
func TestArchive_ProgressIsShown(t *testing.T) {
	gate := &gated{open: make(chan struct{})}
	h := newHouse(t, func(cfg *web.Config) {
		gate.DB = cfg.Store.(*store.DB)
		cfg.Log = logOf(t, cfg, gate)
	})
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/archive"
	maya.post(in + "/check")
	page := maya.get(in + "/check")
	maya.says(page, 200, "Checking", "since 09:14 GMT", "You can leave it; the check goes on")
	if page.Header.Get("Refresh") != "2; url=?again" || !strings.Contains(page.Body, "<progress") {
		t.Error("the page does not look again, or shows no progress")
	}
	maya.says(maya.get(in), 200, "A check is running")
	maya.post(in + "/check") // a second one is not begun
	close(gate.open)
	h.web.Wait()
	maya.says(maya.get(in), 200, "everything matches")
}

// A mail that carried size and root is an outside copy, for as long as what is
// here agrees with it.
func TestArchive_MailsAreAnchors_B3(t *testing.T) {
	p := newPostedHouse(t)
	p.tell()
	r := alerts.NewRecipient(p.mayas, alerts.Adviser, "priya@northfield.example", "UTC")
	r.Label = "Priya at Northfield"
	p.ok(p.db.SaveRecipient(t.Context(), r))
	p.ok(p.db.AddEvent(t.Context(), p.mayas, alerts.Event{ID: "stopped/x", Rule: alerts.Stopped, Count: 1, At: p.clock(), Newest: p.clock()}))
	p.move(24 * time.Hour)
	p.mail()
	if len(p.sent) != 1 {
		t.Fatalf("%d mails", len(p.sent))
	}
	maya := p.enter(p.maya)
	in := "/c/" + string(p.mayas) + "/archive"
	maya.says(maya.get(in), 200, "24 Nov 2026, 09:14 GMT, Priya at Northfield: size "+count(p.sent[0].Anchor.Size), "What is here agrees.")
	maya.post(in + "/check")
	p.web.Wait()
	maya.says(maya.get(in), 200, "everything matches")

	wrong := p.sent[0]
	wrong.ID, wrong.Anchor = "another", &alerts.Anchor{Size: 3, Root: daybook.DigestOf([]byte("another log"))}
	p.ok(p.db.SaveAndMail(t.Context(), r, wrong))
	p.mail()
	maya.says(maya.get(in), 200, "What is here does not agree.")
	maya.post(in + "/check")
	p.web.Wait()
	maya.says(maya.get(in), 200, "it does not match", "a mail of 24 November 2026")
}

func TestArchive_ErasedIsTold_A2(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.ok(h.log.Erase(t.Context(), h.actor(h.mayas), h.mayas, []uint64{5, 6}, "asked for"))
	h.settle(h.mayas)
	maya := h.enter(h.maya)
	maya.says(maya.get("/c/"+string(h.mayas)+"/archive"), 200, "2 lines, on 23 Nov 2026, by Maya (the person)", "that they existed can still be seen")
}

// Closing waits for what runs, and begins nothing more.
func TestArchive_CloseEndsChecks(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/archive"
	h.ok(h.web.Close())
	maya.post(in + "/check")
	maya.says(maya.get(in), http.StatusOK, "Not checked since the program was started")
	if c, err := h.log.Verify(t.Context(), h.mayas); err != nil || c.Answer != archive.OK {
		t.Errorf("%+v, %v", c, err)
	}
}
