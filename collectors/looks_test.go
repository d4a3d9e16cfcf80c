package collectors_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
)

func (b *bench) look() collectors.Report {
	b.t.Helper()
	rep, err := b.runner().Looks(b.t.Context(), "acc")
	if err != nil {
		b.t.Fatal(err)
	}
	return rep
}

// ready is a bench whose platform has sent one fresh message, read and noted.
func ready(t *testing.T) (*bench, *bird) {
	b := newBench(t)
	b.birds.rows, b.birds.asking = nil, nil
	b.birds.send("rook", "first")
	b.birds.rows[0].At = b.clock.Now().Add(-time.Minute)
	b.mustRead()
	b.news("")
	return b, &b.birds.rows[0]
}

func TestLooksFollowTheSchedule(t *testing.T) {
	b, row := ready(t)
	var due []time.Duration
	for _, task := range b.Tasks("look") {
		due = append(due, task.Due.Sub(b.clock.Now()))
	}
	want := []time.Duration{5 * time.Minute, 65 * time.Minute, 24 * time.Hour, 7 * 24 * time.Hour}
	if !slices.Equal(due, want) {
		t.Errorf("looks after %v, want %v", due, want)
	}
	asked := len(b.birds.asked)
	if b.look(); len(b.birds.asked) != asked {
		t.Error("a look before its time")
	}
	// The same message in another form brings no further looks.
	row.Text = "edited"
	b.mustRead()
	if n := len(b.Tasks("look")); n != 4 {
		t.Errorf("%d looks planned after an edit, want 4", n)
	}
	// An old message is looked at once.
	b.birds.send("rook", "from last year").At = b.clock.Now().AddDate(-1, 0, 0)
	b.mustRead()
	if n := len(b.Tasks("look")); n != 5 {
		t.Errorf("%d looks planned after an old message, want 5", n)
	}
	// Two steps that are due together are one request.
	b.clock.Advance(2 * time.Hour)
	asked = len(b.birds.asked)
	if rep := b.look(); rep.Looked != 1 || len(b.birds.asked) != asked+1 || len(b.Tasks("look")) != 3 {
		t.Errorf("looked at %d with %d requests, %d left; want 1, 1, 3", rep.Looked, len(b.birds.asked)-asked, len(b.Tasks("look")))
	}
}

// An edit is a further version, an unchanged message nothing, and a missing one
// is gone at T, last seen at T′: once, until it is back.
func TestLooks_A2(t *testing.T) {
	b, row := ready(t)
	row.Text = "second"
	b.clock.Advance(5 * time.Minute)
	b.look()
	if got := b.texts(); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("versions %q", got)
	}
	b.news("")
	seen := b.clock.Now()

	row.gone = true
	b.clock.Advance(time.Hour)
	b.look()
	gone := decode[daybook.Observation](t, b.news(daybook.RecordObservation))
	if len(gone) != 1 || gone[0].What != daybook.SeenGone || gone[0].Message != "birds:10" ||
		!gone[0].At.Equal(b.clock.Now()) || !gone[0].LastSeen.Equal(seen) || gone[0].Exchange == nil {
		t.Fatalf("observations %+v, want gone at %s, last seen %s", gone, b.clock.Now(), seen)
	}
	row.gone = false
	b.mustRead() // fetched no later than the look that missed it
	row.gone = true
	if again := decode[daybook.Observation](t, b.news(daybook.RecordObservation)); len(again) != 0 {
		t.Errorf("an answer that is not newer than the look gave %+v", again)
	}
	b.clock.Advance(24 * time.Hour)
	missed := b.clock.Now()
	b.look()
	b.mustRead()
	if again := decode[daybook.Observation](t, b.news(daybook.RecordObservation)); len(again) != 0 {
		t.Errorf("gone was recorded again: %+v", again)
	}
	row.gone = false
	b.clock.Advance(time.Minute)
	b.mustRead()
	back := decode[daybook.Observation](t, b.news(daybook.RecordObservation))
	if len(back) != 1 || back[0].What != daybook.SeenAgain || !back[0].LastSeen.Equal(missed) {
		t.Errorf("observations %+v, want back, last missing %s", back, missed)
	}
	b.mustRead()
	if again := b.news(daybook.RecordObservation); len(again) != 0 {
		t.Errorf("back was recorded again: %d", len(again))
	}
	row.gone = true
	b.clock.Advance(7 * 24 * time.Hour)
	b.look()
	if gone := decode[daybook.Observation](t, b.news(daybook.RecordObservation)); len(gone) != 1 || gone[0].What != daybook.SeenGone {
		t.Errorf("observations %+v, want gone a second time", gone)
	}
	if n := len(b.Tasks("look")); n != 0 {
		t.Errorf("%d looks are left", n)
	}
}

func TestLooksSayThatABlockHides(t *testing.T) {
	b, _ := ready(t)
	b.birds.blocked = []string{"rook"}
	b.clock.Advance(5 * time.Minute)
	b.look()
	o := decode[daybook.Observation](t, b.news(daybook.RecordObservation))
	if len(o) != 1 || o[0].What != daybook.SeenGone || !strings.Contains(o[0].Detail, "blocks the sender") {
		t.Errorf("observations %+v", o)
	}
}

// What was found before a look failed is kept; the rest is asked for again.
func TestLooksFailHalfway(t *testing.T) {
	b, _ := ready(t)
	b.birds.send("rook", "another").At = b.clock.Now()
	b.mustRead()
	b.news("")
	b.clock.Advance(5 * time.Minute)
	b.birds.rows[0].Text, b.birds.rows[1].Text = "edited", "edited too"
	b.birds.Fail(collectorstest.RateLimited, 1)
	if _, err := b.runner().Looks(t.Context(), "acc"); err == nil {
		t.Fatal("no error")
	}
	if n := len(b.news(daybook.RecordItem)); n != 1 {
		t.Errorf("%d items, want the one that was found", n)
	}
	b.clock.Advance(time.Minute)
	asked := len(b.birds.asked)
	if b.look(); len(b.birds.asked) != asked {
		t.Error("asked before the limit ended")
	}
	b.clock.Advance(10 * time.Minute)
	b.look()
	if n := len(b.news(daybook.RecordItem)); n != 1 {
		t.Errorf("%d items, want the other one", n)
	}
}

func TestMedia(t *testing.T) {
	b := newBench(t)
	b.birds.files = map[string][]byte{"nest.png": []byte("a nest"), "large.mp4": make([]byte, 101)}
	b.birds.send("rook", "look", "nest.png", "large.mp4", "lost.png", "elsewhere.png")
	b.mustRead()
	b.birds.rows[len(b.birds.rows)-1].Text = "look at this" // an edit brings no second download
	b.mustRead()
	b.news("")
	rep, err := b.runner().Media(t.Context(), "acc")
	if err != nil || rep.Media != 1 {
		t.Fatalf("kept %d, %v; want 1", rep.Media, err)
	}
	records := b.news(daybook.RecordMedia)
	got := map[string]daybook.MediaState{}
	for i, m := range decode[daybook.MediaRecord](t, records) {
		got[m.Media.Native] = m.Media.State
		kept := m.Media.State == daybook.MediaKept
		if kept != (len(records[i].Blobs) == 1) || kept == (m.Why != "") {
			t.Errorf("%s: blobs %v, why %q", m.Media.Native, records[i].Blobs, m.Why)
		}
		if kept && (string(b.Blob(m.Media.Digest)) != "a nest" || m.Media.Bytes != 6 || m.Exchange == nil || m.Message == "") {
			t.Errorf("kept %+v", m)
		}
	}
	want := map[string]daybook.MediaState{
		"nest.png": daybook.MediaKept, "large.mp4": daybook.MediaMissing,
		"lost.png": daybook.MediaMissing, "elsewhere.png": daybook.MediaRefused,
	}
	for name, state := range want {
		if got[name] != state {
			t.Errorf("%s is %q, want %q", name, got[name], state)
		}
	}
	if len(records) != 4 || len(b.Tasks("media")) != 0 {
		t.Errorf("%d entries, %d tasks left", len(records), len(b.Tasks("media")))
	}
}

// A sender who is excluded while an attachment is on its way leaves none.
func TestMediaInFlight_D5(t *testing.T) {
	b := newBench(t)
	b.birds.files["nest.png"] = []byte("a nest")
	b.birds.send("rook", "look", "nest.png")
	b.mustRead()
	b.news("")
	b.birds.before = func(string) { b.Exclude(daybook.Handle{Platform: birds, Native: "rook"}) }
	rep, err := b.runner().Media(t.Context(), "acc")
	if err != nil || rep.Media != 0 || len(b.news(daybook.RecordMedia)) != 0 || len(b.Tasks("media")) != 0 {
		t.Errorf("kept %d, %d tasks left, %v", rep.Media, len(b.Tasks("media")), err)
	}
	if b.Blob(daybook.DigestOf([]byte("a nest"))) != nil {
		t.Error("the bytes were kept")
	}
}

// An attachment that cannot be fetched is tried again, and in the end recorded
// as missing.
func TestMediaIsTriedAgain(t *testing.T) {
	b := newBench(t)
	b.birds.files["nest.png"] = []byte("a nest")
	b.birds.send("rook", "look", "nest.png")
	b.mustRead()
	b.news("")
	tries := 0
	for len(b.Tasks("media")) > 0 && tries < 40 {
		tries++
		b.birds.Fail(collectorstest.ServerError, 0)
		if _, err := b.runner().Media(t.Context(), "acc"); err != nil && len(b.Tasks("media")) == 0 {
			t.Error(err)
		}
		b.clock.Advance(2 * time.Hour)
	}
	m := decode[daybook.MediaRecord](t, b.news(daybook.RecordMedia))
	if tries != 20 || len(m) != 1 || m[0].Media.State != daybook.MediaMissing {
		t.Errorf("after %d tries: %+v", tries, m)
	}
}

// A list of blocks: what is new is recorded, what is missing only when the
// handle is seen to exist.
func TestBlocks(t *testing.T) {
	b := newBench(t)
	read := func() []daybook.Observation {
		t.Helper()
		b.clock.Advance(time.Minute)
		b.mustRead()
		return decode[daybook.Observation](t, b.news(daybook.RecordObservation))
	}
	b.birds.blocked = []string{"jay"}
	first := read()
	if len(first) != 1 || first[0].What != daybook.SeenBlocked || first[0].Handle.Native != "jay" || !first[0].LastSeen.IsZero() {
		t.Fatalf("first list: %+v", first)
	}
	before := b.clock.Now()
	b.birds.blocked = []string{"jay", "rook"}
	second := read()
	if len(second) != 1 || second[0].Handle.Native != "rook" || !second[0].LastSeen.Equal(before) || second[0].Exchange == nil {
		t.Fatalf("second list: %+v, want rook, not blocked at %s", second, before)
	}
	if again := read(); len(again) != 0 {
		t.Errorf("an equal list gave %+v", again)
	}
	listed := b.clock.Now()
	b.birds.blocked = nil // jay has deleted itself; rook was unblocked
	b.birds.asking = nil
	if gone := read(); len(gone) != 0 {
		t.Errorf("handles that left the list gave %+v", gone)
	}
	b.birds.send("rook", "am I back?")
	b.mustRead() // asked for no later than the list
	if early := b.news(daybook.RecordObservation); len(early) != 0 {
		t.Error("what was asked for before the list was read says nothing about it")
	}
	shown := read()
	if len(shown) != 1 || shown[0].What != daybook.SeenUnblocked || shown[0].Handle.Native != "rook" || !shown[0].LastSeen.Equal(listed) {
		t.Errorf("once it is seen to exist: %+v, want rook unblocked, last blocked %s", shown, listed)
	}
	if again := read(); len(again) != 0 {
		t.Errorf("recorded again: %+v", again)
	}
	b.birds.blocked = []string{"jay"} // in the list again: the list had been wrong, or it was blocked anew
	if again := read(); len(again) != 0 {
		t.Errorf("a handle of which nothing was recorded meanwhile: %+v", again)
	}
}
