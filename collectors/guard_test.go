package collectors_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"daybook"
	"daybook/collectors"
)

const stumbling = "quokkawords"

// A message that a driver panics over is kept as one that could not be read, and
// all others are read (B-11). What it says is not logged.
func TestDriverPanicsOverAMessage_B11(t *testing.T) {
	b := newBench(t)
	var logged bytes.Buffer
	b.config.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	d := b.birds.Driver()
	parse := d.Parse
	d.Parse = func(self daybook.Account, c daybook.Capture) (daybook.Reading, error) {
		if bytes.Contains(c.Raw, []byte(stumbling)) {
			panic(string(c.Raw))
		}
		return parse(self, c)
	}
	d.Profiles = func(_ daybook.Account, c daybook.Capture) []daybook.Profile { panic(string(c.Raw)) }
	b.config.Drivers = []collectors.Driver{d}
	b.birds.send("rook", stumbling)
	after := b.birds.send("kestrel", "after it")
	rep := b.mustRead()
	if rep.Failed != 1 || rep.New != len(b.birds.rows)+len(b.birds.asking) || rep.More {
		t.Errorf("report %+v", rep)
	}
	failed, read := 0, false
	for _, r := range b.news(daybook.RecordItem) {
		it, err := daybook.ParseItem(r)
		if err != nil {
			t.Fatal(err)
		}
		if it.Failed != "" {
			failed++
			if !bytes.Contains(it.Capture.Raw, []byte(stumbling)) {
				t.Errorf("it could not be read: %s", it.Capture.Raw)
			}
		}
		read = read || it.Reading != nil && it.Reading.Messages[0].Text == after.Text
	}
	if failed != 1 || !read {
		t.Errorf("%d could not be read; the one after it was: %v", failed, read)
	}
	if log := logged.String(); strings.Contains(log, stumbling) || !strings.Contains(log, "panicked") {
		t.Errorf("the log: %s", log)
	}
	if rep := b.mustRead(); rep.New != rep.Failed { // its counters have changed: nobody can tell that it is the same
		t.Errorf("read again: %+v", rep)
	}
}

// A source that panics over an answer fails in that place, as one does that is
// not there: no cursor moves, the other places are read, and what was missed is
// noted once it works again.
func TestSourcePanicsOverAnAnswer_B11(t *testing.T) {
	b := newBench(t)
	var logged bytes.Buffer
	b.config.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	lanes := b.birds.Lanes()
	b.birds.before = func(call string) {
		if strings.Contains(call, string(lanes[0])) {
			panic(stumbling)
		}
	}
	rep, err := b.once()
	if err == nil || rep.Lanes[0].CaughtUp || !rep.Lanes[1].CaughtUp {
		t.Errorf("lanes %+v, %v", rep.Lanes, err)
	}
	if st, err := b.Lane(t.Context(), "acc", lanes[0]); err != nil || st.Forward != "" {
		t.Errorf("the cursor is at %q, %v", st.Forward, err)
	}
	if log := logged.String(); strings.Contains(log, stumbling) || !strings.Contains(log, "panicked") {
		t.Errorf("the log: %s", log)
	}
	b.birds.before = nil
	if rep := b.mustRead(); !rep.Lanes[0].CaughtUp || rep.New == 0 {
		t.Errorf("once it works again: %+v", rep)
	}
}
