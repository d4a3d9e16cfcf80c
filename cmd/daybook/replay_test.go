package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/collectors"
	"daybook/config"
	"daybook/detect"
	"daybook/internal/fakemastodon"
	"daybook/internal/need"
	"daybook/internal/pgtest"
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

// newReplay opens an instance that is connected to the recording's server. The
// database is PostgreSQL if url is not "".
func newReplay(t *testing.T, url string, looks []time.Duration) *replay {
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
	times, err := fakemastodon.ReadTimeMap(filepath.Join(dir, "timemap.json"))
	if err != nil {
		t.Fatal(err)
	}
	if r.rec, err = fakemastodon.Replay(filepath.Join(dir, "mastodon"), 1, times); err != nil {
		t.Fatal(err)
	}
	r.now = r.rec.At()
	start := r.now
	cfg := killConfig(t.TempDir())
	if url != "" {
		cfg.Database.Engine, cfg.Database.URL = "postgres", config.Secret(url)
	}
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

// play collects in all snapshots of the recording, one after the other, stretched
// to six weeks. each, if not nil, is called after every snapshot.
func (r *replay) play(each func(snapshot string)) {
	r.Helper()
	for _, snap := range r.truth.Snapshots {
		r.show(snap.N)
		r.collect()
		r.now = r.now.Add(time.Second)
		if again := r.collect(); again.New != 0 {
			r.Errorf("%s: a second run added %d captures", snap.Name, again.New)
		}
		if each != nil {
			each(snap.Name)
		}
	}
	// Second looks that fall due after the last snapshot see what it shows.
	for _, later := range []time.Duration{2 * time.Hour, 25 * time.Hour, 8 * 24 * time.Hour} {
		r.now = r.now.Add(later)
		r.collect()
	}
}

// Every status that was visible is exactly one message, whatever lanes it came
// through, and what happened to it afterwards is known. Both engines keep the
// same messages, with the same entries of the log.
func TestReplayOfARealServer_A1_A2(t *testing.T) {
	var inSQLite map[daybook.MessageKey]daybook.Message
	t.Run("sqlite", func(t *testing.T) {
		r := newReplay(t, "", nil)
		r.wholeStory()
		inSQLite = r.messages()
	})
	t.Run("postgres", func(t *testing.T) {
		r := newReplay(t, pgtest.Start(t), nil)
		r.wholeStory()
		if inSQLite == nil {
			return // the other did not run, or has failed
		}
		// Cases and accounts are named by chance.
		named := cmpopts.IgnoreFields(daybook.Message{}, "Case", "Account")
		if diff := cmp.Diff(inSQLite, r.messages(), named); diff != "" {
			t.Errorf("PostgreSQL has other messages than SQLite (-sqlite +postgres):\n%s", diff)
		}
	})
}

func (r *replay) wholeStory() {
	t := r.T
	nameBefore := ""
	r.play(func(snapshot string) {
		if snapshot == "after-edit-and-delete" {
			nameBefore = r.display("kestrel_74")
		}
	})

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

// The messages are a function of the set of captures: the items of a finished
// replay, written to other cases in other orders, some of them twice and in lots
// of any size, give equal messages. What only other entries tell (what is gone,
// the bytes of attachments) is no part of it.
func TestReplayShuffledGivesEqualMessages(t *testing.T) {
	r := newReplay(t, "", nil)
	r.play(nil)
	want := tales(r.messages())

	var consent, items []daybook.Record
	for e, err := range r.app.log.Entries(t.Context(), r.id, 0) {
		if err != nil {
			t.Fatal(err)
		}
		switch e.Record.Kind {
		case daybook.RecordConsent: // holds the account, by which captures are read
			consent = append(consent, e.Record)
		case daybook.RecordItem:
			items = append(items, e.Record)
		}
	}
	if len(items) < 150 || len(consent) == 0 {
		t.Fatalf("the replay left %d items and %d consents", len(items), len(consent))
	}
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 67))
		records := slices.Clone(items)
		for _, i := range random.Perm(len(items))[:len(items)/3] {
			records = append(records, items[i])
		}
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		var err error
		if r.id, err = r.app.log.NewCase(t.Context(), cases.Operator("test"), "Garden again", "Europe/London"); err != nil {
			t.Fatal(err)
		}
		for rest := slices.Concat(consent, records); len(rest) > 0; {
			n := min(1+random.IntN(60), len(rest))
			if _, err := r.app.log.Append(t.Context(), r.id, rest[:n]); err != nil {
				t.Fatal(err)
			}
			if err := r.app.log.CatchUp(t.Context(), r.id, r.app.messages); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff(want, tales(r.messages())); diff != "" {
			t.Fatalf("seed %d: other messages (-in order +shuffled):\n%s", seed, diff)
		}
	}
	t.Logf("%d items, %d messages", len(items), len(want))
}

// A tale is what the items alone tell of a message.
type tale struct {
	Kind      daybook.Kind
	Direction daybook.Direction
	Sender    daybook.Handle
	To        []daybook.Handle
	Sent      daybook.When
	FirstSeen time.Time
	Text      string
	Versions  []daybook.Version
	Thread    string
	ReplyTo   string
	URL       string
	Lanes     []daybook.Lane
}

func tales(messages map[daybook.MessageKey]daybook.Message) map[daybook.MessageKey]tale {
	out := map[daybook.MessageKey]tale{}
	for key, m := range messages {
		versions := slices.Clone(m.Versions)
		for i := range versions {
			versions[i].Entry = 0 // the place in the log differs
		}
		out[key] = tale{m.Kind, m.Direction, m.Sender, m.To, m.Sent, m.FirstSeen, m.Text, versions, m.Thread, m.ReplyTo, m.URL, m.Lanes}
	}
	return out
}

// The same story in another order, and twice, gives equal figures.
//
// Without second looks each snapshot is seen by the lanes alone. Then what the
// person answered is known only where a conversation's context could be read
// when it was first seen, and that figure is left out: a sender who is blocked
// at that moment hides it.
//
// With a second look each hour, and a snapshot each hour, every message is asked
// for again in the snapshots behind the one that first showed it, and the answers
// are found in any order. What is left out then is what looks tell of the time
// of looking: in a story told backwards, a message that is not yet sent is gone,
// and an edit is undone.
func TestReplayInAnyOrderGivesEqualFigures(t *testing.T) {
	var hourly []time.Duration
	for h := range fakemastodon.Snapshots {
		hourly = append(hourly, time.Duration(h+1)*time.Hour)
	}
	for _, tt := range []struct {
		name  string
		looks []time.Duration
		but   []string
	}{
		{"lanes", []time.Duration{}, []string{"answered"}},
		{"looks", hourly, []string{"gone", "edited"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			forward := figuresInOrder(t, tt.looks, tt.but, 1, 2, 3, 4, 5, 6, 7, 8, 9)
			if len(forward) < 5 {
				t.Fatalf("%d findings", len(forward))
			}
			answered := int64(0)
			for _, f := range forward {
				answered += f["answered"]
			}
			if len(tt.looks) > 0 && answered == 0 {
				t.Error("nothing was answered: the recording has answers")
			}
			for _, order := range [][]int{{9, 8, 7, 6, 5, 4, 3, 2, 1}, {3, 1, 2, 6, 5, 4, 9, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9}} {
				if diff := cmp.Diff(forward, figuresInOrder(t, tt.looks, tt.but, order...)); diff != "" {
					t.Errorf("order %v gives other figures (-in order +so):\n%s", order, diff)
				}
			}
		})
	}
}

// figuresInOrder collects once in each snapshot and returns the figures of each
// finding that are about the story, without those named in but.
func figuresInOrder(t *testing.T, looks []time.Duration, but []string, order ...int) map[string]map[string]int64 {
	t.Helper()
	r := newReplay(t, "", looks)
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
			if storyFigure(name) && !slices.Contains(but, name) {
				out[key][name] = g.Value
			}
		}
	}
	return out
}

// storyFigure reports whether a figure is about what was sent, and not about
// when it was looked at.
func storyFigure(name string) bool {
	return !strings.Contains(name, "watched") && !strings.Contains(name, "block") && !strings.Contains(name, "of-last")
}
