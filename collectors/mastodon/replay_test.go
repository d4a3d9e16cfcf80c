package mastodon_test

import (
	"encoding/json"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/internal/fakemastodon"
)

// recordings returns the folder of recordings, or skips.
func recordings(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DAYBOOK_TESTDATA")
	if dir == "" {
		if os.Getenv("DAYBOOK_REQUIRE") == "all" {
			t.Fatal("DAYBOOK_TESTDATA is not set")
		}
		t.Skip("DAYBOOK_TESTDATA is not set: it points to the recordings of a real server")
	}
	return filepath.Join(dir, "recordings")
}

type truth struct {
	Events []struct {
		N         int
		Kind, ID  string
		URI, Text string
		Actor     string
		Spoiler   string              `json:"spoiler_text"`
		DeletedAt string              `json:"deleted_at"`
		Visible   map[string][]string `json:"visible_in_snapshots"`
		Media     []struct {
			SHA256 string `json:"sha256_received"`
			URL    string
		}
	}
	Snapshots []struct {
		N    int
		Name string
	}
}

func readTruth(t *testing.T, dir string) truth {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tr truth
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

// replayed opens a source over a snapshot.
func replayed(t *testing.T, dir string, snapshot int) (*world, *fakemastodon.Recording) {
	t.Helper()
	rec, err := fakemastodon.Replay(filepath.Join(dir, "mastodon"), snapshot, nil)
	if err != nil {
		t.Fatal(err)
	}
	config := mastodon.Config{Now: rec.At, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"mastodon.example": rec}}}
	account, secret, err := config.FromToken(t.Context(), "mastodon.example", "any")
	if err != nil {
		t.Fatal(err)
	}
	account.ID = "account"
	w := &world{T: t, driver: mastodon.Driver(config), account: account}
	if w.source, err = w.driver.Open(t.Context(), account, secret); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.source.Close(); err != nil {
			t.Error(err)
		}
		if v := rec.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	})
	return w, rec
}

// The driver has to find whatever the recording shows in the lanes that it
// reads, in every snapshot.
func TestReplay_SeesWhatTheSnapshotShows(t *testing.T) {
	dir := recordings(t)
	tr := readTruth(t, dir)
	for _, snap := range tr.Snapshots {
		t.Run(snap.Name, func(t *testing.T) {
			w, rec := replayed(t, dir, snap.N)
			var captures []daybook.Capture
			for _, lane := range []daybook.Lane{mastodon.LaneNotifications, mastodon.LaneConversations, mastodon.LaneContexts} {
				got, at := w.drain(lane, "")
				captures = append(captures, got...)
				if more, _ := w.drain(lane, at); len(more) != 0 {
					t.Errorf("%s: %d captures after the end", lane, len(more))
				}
			}
			seen := map[string]daybook.ReadMessage{}
			for _, m := range w.read(captures) {
				seen[string(m.Key)] = m
			}
			shown, found := 0, 0
			for _, e := range tr.Events {
				if e.URI == "" {
					continue
				}
				where := e.Visible[snap.Name]
				m, ok := seen["mastodon:"+e.URI]
				if ok {
					found++
				}
				if !slices.Contains(where, "notifications") && !slices.Contains(where, "conversations") {
					continue
				}
				shown++
				if !ok {
					t.Errorf("event %d (%s) is shown in %v and was not read", e.N, e.Kind, where)
					continue
				}
				if m.Direction == daybook.Out != (e.Actor == "mara_lindqvist") {
					t.Errorf("event %d: direction %s", e.N, m.Direction)
				}
				if e.Kind == "direct_message" && m.Kind != daybook.KindDirectMessage {
					t.Errorf("event %d: got %s, want a direct message", e.N, m.Kind)
				}
			}
			if shown == 0 {
				t.Error("the snapshot shows nothing")
			}
			t.Logf("%d captures, %d messages; %d of %d statuses that the lanes show, %d in all; %d calls",
				len(captures), len(seen), shown, shown, found, len(rec.Requests()))
		})
	}
}

// Over all snapshots the driver sees all that reached the person and stood long
// enough to be recorded; texts are those that were sent.
func TestReplay_WholeStory(t *testing.T) {
	dir := recordings(t)
	tr := readTruth(t, dir)
	seen := map[string][]string{}
	var kinds []string
	for n := 1; n <= fakemastodon.Snapshots; n++ {
		w, _ := replayed(t, dir, n)
		for _, lane := range []daybook.Lane{mastodon.LaneNotifications, mastodon.LaneConversations, mastodon.LaneContexts} {
			captures, _ := w.drain(lane, "")
			for _, m := range w.read(captures) {
				seen[string(m.Key)] = append(seen[string(m.Key)], m.Text)
				kinds = append(kinds, string(m.Kind))
			}
		}
	}
	for _, k := range []string{"mention", "reply", "direct_message", "follow", "request", "favourite", "boost", "post"} {
		if !slices.Contains(kinds, k) {
			t.Errorf("no message of kind %s", k)
		}
	}
	for _, e := range tr.Events {
		inLanes := false
		for _, where := range e.Visible {
			inLanes = inLanes || slices.Contains(where, "notifications") || slices.Contains(where, "conversations")
		}
		if e.URI == "" || !inLanes {
			continue
		}
		want := squeeze(html.UnescapeString(e.Text)) // the server takes "&amp;" for "&"
		if e.Spoiler != "" {
			want = squeeze(e.Spoiler + " " + e.Text)
		}
		if !slices.ContainsFunc(seen["mastodon:"+e.URI], func(s string) bool { return squeeze(s) == want }) {
			t.Errorf("event %d (%s): its text was not read: got %.200q, want %.200q", e.N, e.Kind, seen["mastodon:"+e.URI], want)
		}
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// A poll of the real server, made while the second account was blocked, got an
// empty page with these links.
func TestReplay_EmptyPageWithLinks(t *testing.T) {
	w, _ := replayed(t, recordings(t), 7)
	p := w.fetch(mastodon.LaneNotifications, "forward /api/v1/notifications?limit=40&min_id=01M84PPV0BDK6ASQCJ6J5SS40Q")
	want := collectors.Cursor("forward /api/v1/notifications?limit=40&min_id=01M84PPYS8R23Z4EYQXTKE432X")
	if len(p.Captures) != 0 || !p.More || p.Next != want {
		t.Errorf("got %d captures, more %v, next %q; want an empty page and %q", len(p.Captures), p.More, p.Next, want)
	}
	beyond, _ := w.drain(mastodon.LaneNotifications, p.Next)
	if len(beyond) == 0 {
		t.Error("nothing lies beyond the empty page")
	}
	if got, _ := w.drain(mastodon.LaneNotifications, ""); len(got) != 23 {
		t.Errorf("got %d notifications, want 23", len(got))
	}
}

// The recorded bytes reach the archive unchanged: each capture is a part of a
// body that was recorded in the snapshot. What the person said may come from any
// snapshot: a server shows it at all times, and each was recorded at some.
func TestReplay_BytesUnchanged_B3(t *testing.T) {
	dir := recordings(t)
	files, err := filepath.Glob(filepath.Join(dir, "mastodon", "0[1-9]-*.jsonl"))
	if err != nil || len(files) != fakemastodon.Snapshots {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	var here, anywhere strings.Builder
	for i, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var x struct{ Body string }
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatal(err)
			}
			anywhere.WriteString(x.Body)
			if i == 2 {
				here.WriteString(x.Body)
			}
		}
	}
	w, _ := replayed(t, dir, 3)
	for _, lane := range []daybook.Lane{mastodon.LaneNotifications, mastodon.LaneConversations, mastodon.LaneContexts} {
		captures, _ := w.drain(lane, "")
		for _, c := range captures {
			bodies := here.String()
			if lane == mastodon.LaneContexts && w.read([]daybook.Capture{c})[0].Direction == daybook.Out {
				bodies = anywhere.String()
			}
			if !strings.Contains(bodies, string(c.Raw)) {
				t.Errorf("%s %s: the bytes are not those of the recording", lane, c.NativeID)
			}
		}
	}
}

func TestReplay_LooksAndMedia(t *testing.T) {
	dir := recordings(t)
	tr := readTruth(t, dir)
	before, _ := replayed(t, dir, 2)
	captures, _ := before.drain(mastodon.LaneNotifications, "")
	messages := before.read(captures)
	find := func(text string) daybook.ReadMessage {
		for _, m := range messages {
			if strings.Contains(m.Text, text) {
				return m
			}
		}
		t.Fatalf("no message says %q", text)
		return daybook.ReadMessage{}
	}
	edited := find("I drove past your studio at nine")

	after, _ := replayed(t, dir, 3)
	l := after.look(edited)[0]
	versions := after.read(l.Captures)
	if len(versions) != 3 || versions[0].Text != "@mara_lindqvist Hope you had a nice evening." || versions[1].Text != edited.Text || versions[0].Edited.IsZero() {
		t.Errorf("edited: got %d versions", len(versions))
	}
	gone := 0
	for _, e := range tr.Events {
		if i := slices.IndexFunc(messages, func(m daybook.ReadMessage) bool { return e.URI != "" && string(m.Key) == "mastodon:"+e.URI }); i >= 0 {
			where := e.Visible["after-edit-and-delete"]
			l := after.look(messages[i])[0]
			if missing := len(where) == 0; l.Missing != missing || l.Blocking {
				t.Errorf("event %d: missing %v, want %v", e.N, l.Missing, missing)
			}
			if l.Missing {
				gone++
			}
		}
	}
	if gone == 0 {
		t.Error("nothing was deleted between the snapshots")
	}
	blocked, _ := replayed(t, dir, 4)
	if l := blocked.look(edited)[0]; !l.Missing || !l.Blocking {
		t.Errorf("blocked: missing %v, blocking %v", l.Missing, l.Blocking)
	}
	p := blocked.fetch(mastodon.LaneBlocks, "")
	if len(p.Observed) != 1 || !p.Observed[0].Same(edited.Sender) || p.Observed[0].Names[0].Display != "" {
		t.Errorf("blocks: got %+v", p.Observed)
	}

	fetched := 0
	for _, e := range tr.Events {
		for _, m := range e.Media {
			if m.SHA256 == "" {
				continue
			}
			got, _, err := after.source.Media(t.Context(), daybook.Media{URL: m.URL})
			if err != nil || daybook.DigestOf(got).String() != m.SHA256 {
				t.Errorf("event %d: %d bytes, %v", e.N, len(got), err)
			}
			fetched++
		}
	}
	if fetched == 0 {
		t.Error("no attachment was fetched")
	}
}

func TestReplay_TimeMap(t *testing.T) {
	dir := recordings(t)
	times, err := fakemastodon.ReadTimeMap(filepath.Join(dir, "timemap.json"))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := fakemastodon.Replay(filepath.Join(dir, "mastodon"), 9, times)
	if err != nil {
		t.Fatal(err)
	}
	config := mastodon.Config{Now: rec.At, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"mastodon.example": rec}}}
	account, secret, err := config.FromToken(t.Context(), "mastodon.example", "any")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, driver: mastodon.Driver(config), account: account}
	if w.source, err = w.driver.Open(t.Context(), account, secret); err != nil {
		t.Fatal(err)
	}
	captures, _ := w.drain(mastodon.LaneNotifications, "")
	for _, m := range w.read(captures) {
		if y, mo, _ := m.Sent.At.Date(); y != 2026 || mo < 9 || mo > 10 {
			t.Errorf("a message of %v is outside the story", m.Sent.At)
		}
	}
	if end := rec.At(); end.Month() != 10 {
		t.Errorf("the last snapshot ends %v, want October", end)
	}
}
