package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/collectors"
	"daybook/detect"
	"daybook/internal/fakemastodon"
	"daybook/internal/need"
)

// A replay plays the recording of a real server through everything real.
type replay struct {
	*testing.T
	rec   *fakemastodon.Recording
	app   *app
	id    daybook.CaseID
	acct  daybook.Account
	now   time.Time
	truth truthFile
}

// truthFile is what the recording is known to hold.
type truthFile struct {
	Events []struct {
		N         int                 `json:"n"`
		Kind      string              `json:"kind"`
		Actor     string              `json:"actor"`
		URI       string              `json:"uri"`
		Text      string              `json:"text"`
		DeletedAt string              `json:"deleted_at"`
		Visible   map[string][]string `json:"visible_in_snapshots"`
		Edits     []struct{ Text string }
		Media     []struct {
			Received string `json:"sha256_received"`
		} `json:"media"`
	} `json:"events"`
	Snapshots []struct {
		N    int    `json:"n"`
		Name string `json:"name"`
	} `json:"snapshots"`
}

func newReplay(t *testing.T, stretched bool, looks []time.Duration) *replay {
	t.Helper()
	dir := filepath.Join(need.TestData(t), "recordings")
	r := &replay{T: t}
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &r.truth); err != nil {
		t.Fatal(err)
	}
	var times *fakemastodon.TimeMap
	if stretched {
		if times, err = fakemastodon.ReadTimeMap(filepath.Join(dir, "timemap.json")); err != nil {
			t.Fatal(err)
		}
	}
	if r.rec, err = fakemastodon.Replay(filepath.Join(dir, "mastodon"), 1, times); err != nil {
		t.Fatal(err)
	}
	r.now = r.rec.At()
	start := r.now
	cfg := killConfig(t.TempDir())
	cfg.Collect.Every *= 60 * 24 // the snapshots of the stretched story lie days apart
	r.app, err = openApp(t.Context(), cfg, appOptions{
		log: slog.New(slog.DiscardHandler), clock: func() time.Time { return r.now }, elapsed: func() time.Duration { return r.now.Sub(start) },
		notice: io.Discard, looks: looks, exception: &collectors.Exception{Hosts: map[string]http.Handler{"mastodon.example": r.rec}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeApp(t, r.app)
		if v := r.rec.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	})
	actor := cases.Operator("test")
	if r.id, err = r.app.log.NewCase(t.Context(), actor, "Garden", "Europe/London"); err != nil {
		t.Fatal(err)
	}
	account, secret, err := r.app.mastodon.FromToken(t.Context(), "mastodon.example", "any")
	if err != nil {
		t.Fatal(err)
	}
	account.Case = r.id
	r.acct, err = r.app.cases.Connect(t.Context(), actor, account, secret, daybook.Consent{Scopes: []string{"read"}, Purpose: "test", Text: "1", Until: start.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *replay) show(n int) {
	r.Helper()
	if err := r.rec.Show(n); err != nil {
		r.Fatal(err)
	}
	if at := r.rec.At(); at.After(r.now) {
		r.now = at
	}
}

func (r *replay) collect() collectors.Report {
	r.Helper()
	report, err := r.app.collect(r.Context(), r.acct)
	if err != nil {
		r.Fatal(err)
	}
	return report
}

func (r *replay) messages() map[daybook.MessageKey]daybook.Message {
	r.Helper()
	out := map[daybook.MessageKey]daybook.Message{}
	for cursor := ""; ; {
		page, next, err := r.app.db.List(r.Context(), r.id, daybook.MessageFilter{}, 50, cursor)
		if err != nil {
			r.Fatal(err)
		}
		for _, m := range page {
			if _, twice := out[m.Key]; twice {
				r.Errorf("a message is listed twice")
			}
			out[m.Key] = m
		}
		if next == "" {
			return out
		}
		cursor = next
	}
}

// All snapshots of the recording, one after the other, stretched to six weeks:
// every status that was visible is exactly one message, whatever lanes it came
// through, and what happened to it afterwards is known.
func TestReplayOfARealServer_A1_A2(t *testing.T) {
	r := newReplay(t, true, nil)
	nameBefore := ""
	for _, snap := range r.truth.Snapshots {
		r.show(snap.N)
		r.collect()
		r.now = r.now.Add(time.Second)
		if again := r.collect(); again.New != 0 {
			t.Errorf("%s: a second run added %d captures", snap.Name, again.New)
		}
		if snap.Name == "after-edit-and-delete" {
			nameBefore = r.display("kestrel_74")
		}
	}
	// Second looks that fall due after the last snapshot see what it shows.
	for _, later := range []time.Duration{2 * time.Hour, 25 * time.Hour, 8 * 24 * time.Hour} {
		r.now = r.now.Add(later)
		r.collect()
	}

	all := r.messages()
	visible, burst := 0, 0
	for _, e := range r.truth.Events {
		if e.URI == "" || len(e.Visible) == 0 {
			continue
		}
		visible++
		m, ok := all[daybook.MessageKey("mastodon:"+e.URI)]
		if !ok {
			t.Errorf("event %d (%s) was visible in %v and is no message", e.N, e.Kind, e.Visible)
			continue
		}
		if e.Actor == "clay_admirer" && strings.Contains(fmt.Sprint(e.Visible), "after-burst") && len(e.Visible) <= 2 {
			burst++
		}
		_, inFinal := e.Visible["final"]
		switch {
		case e.DeletedAt != "" && m.State != daybook.Gone:
			t.Errorf("event %d was deleted, its state is %q", e.N, m.State)
		case m.State == daybook.Gone && inFinal:
			t.Errorf("event %d is in the last snapshot, and its state is gone", e.N)
		case m.State == daybook.Gone && (m.GoneAt.IsZero() || !m.LastSeen.Before(m.GoneAt)):
			t.Errorf("event %d: gone at %v, last seen %v", e.N, m.GoneAt, m.LastSeen)
		}
		shownEdited := len(e.Edits) > 0 && len(m.Versions) > 1
		if len(e.Edits) > 0 && (e.N == 25 || e.N == 139) && !shownEdited {
			t.Errorf("event %d was edited while it could be seen, and has %d versions", e.N, len(m.Versions))
		}
		if shownEdited && !strings.Contains(m.Versions[0].Text, plainWords(e.Text)) {
			t.Errorf("event %d: the first version is not what was written first", e.N)
		}
		for _, md := range e.Media {
			if !slices.ContainsFunc(m.Media, func(x daybook.Media) bool { return x.Digest.String() == md.Received }) {
				t.Errorf("event %d: an attachment is not kept byte for byte: %+v", e.N, m.Media)
			}
		}
	}
	if visible < 90 || burst < 60 {
		t.Errorf("%d visible statuses and %d of the burst were looked at: the recording has more", visible, burst)
	}
	if name := r.display("kestrel_74"); name != nameBefore || name == "" {
		t.Errorf("the name was %q and is %q: an emptied profile must overwrite nothing", nameBefore, name)
	}
	report, err := r.app.log.Verify(t.Context(), r.id)
	if err != nil || report.Answer != archive.OK {
		t.Errorf("verify: %+v, %v", report, err)
	}
	t.Logf("%d statuses visible, %d messages, %d entries", visible, len(all), report.Entries)
}

// plainWords is the beginning of a text behind the name of whom it is to.
func plainWords(s string) string {
	_, rest, _ := strings.Cut(s, " ")
	return rest[:min(12, len(rest))]
}

func (r *replay) display(name string) string {
	r.Helper()
	h, err := r.app.findHandle(r.Context(), r.id, name)
	if err != nil {
		r.Fatal(err)
	}
	if len(h.Names) == 0 {
		return ""
	}
	return h.Names[len(h.Names)-1].Display
}

// The same story in another order, and twice, gives equal figures.
//
// Each snapshot is an hour long, and second looks come each hour, so that every
// message is looked at in every snapshot behind the one that first showed it: a
// message of somebody who is blocked at one time is asked for again at another,
// in whatever order.
func TestReplayInAnyOrderGivesEqualFigures(t *testing.T) {
	var hourly []time.Duration
	for h := range 20 {
		hourly = append(hourly, time.Duration(h+1)*time.Hour)
	}
	figures := func(order []int) map[string]map[string]int64 {
		r := newReplay(t, true, hourly)
		for _, n := range order {
			if err := r.rec.Show(n); err != nil {
				t.Fatal(err)
			}
			r.now = r.now.Add(time.Hour)
			r.collect()
		}
		facts, err := r.app.db.Facts(t.Context(), r.id, r.now)
		if err != nil {
			t.Fatal(err)
		}
		found, err := detect.RepeatedContact{}.Detect(t.Context(), facts)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]map[string]int64{}
		for _, f := range found {
			key := ""
			for _, h := range f.Handles {
				key += h.Native + " "
			}
			out[key] = map[string]int64{}
			for name, g := range f.Figures {
				if storyFigure(name) {
					out[key][name] = g.Value
				}
			}
		}
		return out
	}
	forward := figures([]int{1, 2, 3, 4, 5, 6, 7, 8, 9})
	if len(forward) < 5 {
		t.Fatalf("%d findings", len(forward))
	}
	for _, order := range [][]int{{9, 8, 7, 6, 5, 4, 3, 2, 1}, {3, 1, 2, 6, 5, 4, 9, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9}} {
		if diff := cmp.Diff(forward, figures(order)); diff != "" {
			t.Errorf("order %v gives other figures (-in order +so):\n%s", order, diff)
		}
	}
}

// storyFigure reports whether a figure is about what was sent, and not about
// when it was looked at.
func storyFigure(name string) bool {
	return !strings.Contains(name, "watched") && !strings.Contains(name, "block") && !strings.Contains(name, "of-last")
}
