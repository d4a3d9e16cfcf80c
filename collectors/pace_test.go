package collectors_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
)

// slowBirds limits its inbox alone, and has its list of blocks read once a day.
type slowBirds struct {
	*fakeBirds
	limited time.Time // the inbox may not be asked for before
	fetched []daybook.Lane
}

func (b *slowBirds) Fetch(ctx context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	b.fetched = append(b.fetched, lane)
	if lane == inbox && b.now().Before(b.limited) {
		return collectors.Page{}, &collectors.RateLimitError{Until: b.limited, Only: true}
	}
	return b.fakeBirds.Fetch(ctx, lane, at)
}

func (b *slowBirds) Every(lane daybook.Lane) time.Duration {
	if lane == blocks {
		return 24 * time.Hour
	}
	return 0
}

func (b *slowBirds) asked(lane daybook.Lane) bool {
	was := slices.Contains(b.fetched, lane)
	b.fetched = nil
	return was
}

func newSlowBench(t *testing.T) (*bench, *slowBirds) {
	b := newBench(t)
	slow := &slowBirds{fakeBirds: b.birds}
	b.config.Drivers[0].Open = func(context.Context, daybook.Account, []byte) (collectors.Source, error) { return slow, nil }
	return b, slow
}

// A lane that the platform limits by itself waits, also in the runs that follow;
// the others are read, and the account is not put off.
func TestLimitOfOneLane(t *testing.T) {
	b, slow := newSlowBench(t)
	b.mustRead()
	b.news(daybook.RecordGap)
	slow.limited = b.clock.Now().Add(10 * time.Minute)
	b.birds.send("kestrel", "while it was limited")
	b.birds.asking = append(b.birds.asking, bird{ID: 904, Type: "mention", From: "rook", Text: "and here", At: sentAt(904)})

	b.clock.Advance(time.Minute)
	slow.fetched = nil
	rep, err := b.once()
	var limit *collectors.RateLimitError
	if !errors.As(err, &limit) || !limit.Only || !limit.Until.Equal(slow.limited) {
		t.Fatalf("got %v, want the limit of one place", err)
	}
	if rep.New != 1 || !slow.asked(inbox) {
		t.Errorf("%d new captures, want the one of the other lane", rep.New)
	}
	if due := b.Due("acc"); due.After(b.clock.Now().Add(time.Minute)) {
		t.Errorf("the account is put off until %s", due)
	}
	b.clock.Advance(time.Minute)
	if _, err := b.once(); !errors.As(err, &limit) || slow.asked(inbox) {
		t.Errorf("asked again before the limit's end (%v)", err)
	}
	b.clock.Advance(9 * time.Minute)
	if rep := b.mustRead(); rep.New != 1 || !slow.asked(inbox) {
		t.Errorf("%d new captures after the limit, want 1", rep.New)
	}
	gaps := gapsOf(t, b.news(daybook.RecordGap), inbox)
	if len(gaps) != 1 || gaps[0].Class != daybook.Late || !gaps[0].To.Equal(b.clock.Now()) {
		t.Errorf("gaps %+v, want one late one that ends now", gaps)
	}
}

func gapsOf(t *testing.T, records []daybook.Record, lane daybook.Lane) []daybook.Gap {
	t.Helper()
	return slices.DeleteFunc(decode[daybook.Gap](t, records), func(g daybook.Gap) bool { return g.Lane != lane })
}

// If nothing else could be read, the account waits as with any other limit.
func TestLimitOfOneLane_NothingElseRead(t *testing.T) {
	b, slow := newSlowBench(t)
	b.mustRead()
	slow.limited = b.clock.Now().Add(10 * time.Minute)
	b.birds.noLane = requests
	b.clock.Advance(time.Minute)
	if _, err := b.once(); err == nil {
		t.Fatal("no error")
	}
	if due := b.Due("acc"); due.Before(slow.limited) {
		t.Errorf("due again at %s, before the limit ends at %s", due, slow.limited)
	}
}

// A paced lane is left alone once it was read, and that is no gap.
func TestPacedLane(t *testing.T) {
	b, slow := newSlowBench(t)
	b.mustRead()
	if !slow.asked(blocks) {
		t.Fatal("the list was not read at all")
	}
	for range 23 {
		b.clock.Advance(time.Hour)
		b.mustRead()
	}
	if slow.asked(blocks) {
		t.Error("the list was read again within a day")
	}
	from := len(b.Records())
	b.birds.blocked = append(b.birds.blocked, "heron")
	b.clock.Advance(time.Hour)
	b.mustRead()
	if !slow.asked(blocks) {
		t.Error("the list was not read after a day")
	}
	b.read = from
	if gaps := gapsOf(t, b.news(daybook.RecordGap), blocks); len(gaps) != 0 {
		t.Errorf("a day between two readings of the list became a gap: %+v", gaps)
	}
	b.read = from
	if seen := decode[daybook.Observation](t, b.news(daybook.RecordObservation)); len(seen) != 1 || seen[0].Handle.Native != "heron" {
		t.Errorf("observed %+v, want the new block", seen)
	}
}

// Where each call has a limit of its own, one that is used up keeps no other from
// being made.
func TestTransport_LimitByCall(t *testing.T) {
	reset := noon.Add(7 * time.Minute)
	tr := collectors.NewTransport(collectors.TransportOptions{
		Allow: allowAll("birds.example", []string{"GET /inbox/{id}", "GET /nests/{id}"}), Now: fixed, LimitByCall: true,
	}, &collectors.Exception{Hosts: map[string]http.Handler{"birds.example": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inbox/1" {
			w.Header().Set("X-Rate-Limit-Remaining", "0")
			w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(reset.Unix(), 10))
		}
	})}})
	get := func(path string) error {
		_, err := tr.Do(t.Context(), http.MethodGet, "https://birds.example"+path, nil, http.StatusOK)
		return err
	}
	if err := get("/inbox/1"); err != nil {
		t.Fatal(err)
	}
	var limit *collectors.RateLimitError
	if err := get("/inbox/2"); !errors.As(err, &limit) || !limit.Only || !limit.Until.Equal(reset) {
		t.Errorf("the same call: got %v, want a limit until %s", err, reset)
	}
	if err := get("/nests/1"); err != nil {
		t.Errorf("another call: %v", err)
	}
}
