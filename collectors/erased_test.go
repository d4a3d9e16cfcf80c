package collectors_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
)

// fakeTombs are messages that were erased; from the call numbered by late on.
type fakeTombs struct {
	erased []daybook.MessageKey
	late   int
	calls  int
}

func (f *fakeTombs) Erased(_ context.Context, _ daybook.CaseID, messages []daybook.MessageKey) (map[daybook.MessageKey]bool, error) {
	f.calls++
	out := map[daybook.MessageKey]bool{}
	if f.calls <= f.late {
		return out, nil
	}
	for _, m := range messages {
		if slices.Contains(f.erased, m) {
			out[m] = true
		}
	}
	return out, nil
}

// A message that was erased is dropped before anything is stored, whatever way it
// comes again: by a poll, edited, by a second look, as an attachment.
func TestErasedMessageIsNotCollectedAgain_B6_D5(t *testing.T) {
	b, row := ready(t)
	b.birds.files["nest.png"] = []byte("a nest")
	row.Files = []string{"nest.png"}
	b.mustRead()
	b.news("")
	if len(b.Tasks("look")) == 0 || len(b.Tasks("media")) == 0 {
		t.Fatal("nothing is planned: the test plays nothing")
	}
	b.config.Tombs = &fakeTombs{erased: []daybook.MessageKey{"birds:10"}}
	asked := len(b.birds.asked)
	rep, err := b.runner().Media(t.Context(), "acc")
	if err != nil || rep.Media != 0 {
		t.Errorf("%d attachments were kept, %v", rep.Media, err)
	}
	if len(b.Tasks("media")) > 0 || len(b.birds.asked) != asked {
		t.Errorf("%d attachments wait, %d requests were made", len(b.Tasks("media")), len(b.birds.asked)-asked)
	}
	row.Text = "edited"
	b.birds.send("rook", "another").At = b.clock.Now()
	rep = b.mustRead()
	if rep.Erased == 0 || rep.New != 1 {
		t.Errorf("%d were dropped and %d are new, want some and 1", rep.Erased, rep.New)
	}
	row.gone = true
	looks := b.birds.looks
	for range 4 {
		b.clock.Advance(8 * 24 * time.Hour)
		b.look()
	}
	if n := len(b.Tasks("look")); n > 0 {
		t.Errorf("%d looks are left", n)
	}
	if b.birds.looks == looks {
		t.Error("the other message was not looked at")
	}
	for _, r := range b.Records()[b.read:] {
		if r.Kind == daybook.RecordObservation || r.Kind == daybook.RecordMedia || string(r.Value("m0.key")) == "birds:10" {
			t.Errorf("%s was stored: %q", r.Kind, r.Value("m0.text"))
		}
	}
}

// Who erases while a page is being kept wins: nothing of the message stays.
func TestErasedWhileItIsCollected_B6(t *testing.T) {
	for late := range 3 {
		b := newBench(t)
		b.birds.rows, b.birds.asking = nil, nil
		b.birds.send("rook", "first").At = b.clock.Now()
		b.birds.send("rook", "second").At = b.clock.Now()
		b.config.Tombs = &fakeTombs{erased: []daybook.MessageKey{"birds:10"}, late: late}
		rep, err := b.once()
		if err != nil {
			t.Fatalf("erased after %d questions: %v", late, err)
		}
		if late > 1 { // the page was kept before
			continue
		}
		if got := b.texts(); !slices.Equal(got, []string{"second"}) || rep.New != 1 {
			t.Errorf("erased after %d questions: kept %q, %d new", late, got, rep.New)
		}
	}
}

var _ collectors.Tombs = (*fakeTombs)(nil)
