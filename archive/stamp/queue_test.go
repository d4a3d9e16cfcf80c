package stamp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/archive/stamp"
	"daybook/internal/faketsa"
	"daybook/store"
)

// A house is one instance with a case, and the clock by which it goes.
type house struct {
	t     *testing.T
	db    *store.DB
	log   *archive.Log
	c     daybook.CaseID
	queue *stamp.Queue
	now   time.Time
	said  bytes.Buffer
}

const every = 10 * time.Minute

func newHouse(t *testing.T, all ...stamp.Authority) *house {
	t.Helper()
	var key archive.InstanceKey
	rand.Read(key[:])
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "daybook.db"), key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, db: db, now: time.Now().UTC()}
	clock := func() time.Time { return h.now }
	h.log, err = archive.Open(t.Context(), archive.Config{Storage: db, Keys: db.Keys, Blobs: archivetest.NewMemory(), Clock: clock,
		Stamping: archive.Stamping{Authorities: stamp.Names(all), Check: stamp.Checker(all)}})
	if err != nil {
		t.Fatal(err)
	}
	if h.c, err = h.log.NewCase(t.Context(), archivetest.Actor, "Garden", "UTC"); err != nil {
		t.Fatal(err)
	}
	h.queue = stamp.NewQueue(stamp.Config{Store: db, Log: h.log, Authorities: all, Every: every, Clock: clock,
		Logger: slog.New(slog.NewTextHandler(&h.said, nil))})
	return h
}

// sign appends an entry and signs.
func (h *house) sign() archive.Checkpoint {
	h.t.Helper()
	if _, err := h.log.Append(h.t.Context(), h.c, []daybook.Record{archivetest.Item(rand.Text(), "text")}); err != nil {
		h.t.Fatal(err)
	}
	cp, err := h.log.Checkpoint(h.t.Context(), h.c)
	if err != nil {
		h.t.Fatal(err)
	}
	return cp
}

func (h *house) due() {
	h.t.Helper()
	if err := h.queue.Due(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) verify() archive.Report {
	h.t.Helper()
	r, err := h.log.Verify(h.t.Context(), h.c)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// want checks what is said of the newest checkpoint and one authority.
func (h *house) want(name string, state archive.StampState, stamps int, pending int) archive.StampReport {
	h.t.Helper()
	r := h.verify()
	if r.Answer != archive.OK || r.Pending != pending {
		h.t.Errorf("%s with %d pending, %v; want ok with %d", r.Answer, r.Pending, r.Problems, pending)
	}
	for _, s := range r.TimeStamps {
		if s.Authority == name {
			if s.State != state || s.Stamps != stamps {
				h.t.Errorf("%s: %s, %d stamps; want %s, %d", name, s.State, s.Stamps, state, stamps)
			}
			return s
		}
	}
	h.t.Errorf("nothing is said of %s", name)
	return archive.StampReport{}
}

func TestEachCheckpointIsStamped_B3_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	h := newHouse(t, authority(t, tsa))
	cp := h.sign()
	h.want("time", archive.Pending, 0, 1)
	h.due()
	got := h.want("time", archive.Stamped, 1, 0)
	if got.Size != cp.Size || got.At.IsZero() || got.Answer != archive.OK {
		t.Errorf("got %+v", got)
	}
	stamps, err := h.log.Stamps(t.Context(), h.c, cp.Size)
	if err != nil || len(stamps) != 1 {
		t.Fatalf("%d stamps, %v", len(stamps), err)
	}
	if at, err := h.log.CheckStamp(stamps[0], cp); err != nil || !at.Equal(stamps[0].At) {
		t.Errorf("checked: %v, %v", at, err)
	}
	h.due()
	if n := tsa.Requests(); n != 1 {
		t.Errorf("%d requests for one checkpoint", n)
	}
}

// Not more than one request a case and authority in ten minutes: what came in
// between is covered by the next.
func TestNewerCheckpointsReplaceOlder_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	h := newHouse(t, authority(t, tsa))
	h.sign()
	h.due()
	second := h.sign()
	third := h.sign()
	h.due()
	h.want("time", archive.Pending, 1, 1)
	h.now = h.now.Add(every - time.Second)
	h.due()
	h.want("time", archive.Pending, 1, 1)
	h.now = h.now.Add(time.Second)
	h.due()
	if got := h.want("time", archive.Stamped, 2, 0); got.Size != third.Size {
		t.Errorf("stamped over %d, want %d", got.Size, third.Size)
	}
	for _, tt := range []struct {
		size uint64
		want archive.StampState
	}{{second.Size - 1, archive.Stamped}, {second.Size, archive.Covered}, {third.Size, archive.Stamped}} {
		if got, err := h.log.StampState(t.Context(), h.c, tt.size, "time"); err != nil || got != tt.want {
			t.Errorf("checkpoint of %d: %s, %v; want %s", tt.size, got, err, tt.want)
		}
	}
	if n := tsa.Requests(); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

// An authority that does not answer, or wrongly, holds nothing up; it is asked
// again, with growing pauses, until it does.
func TestAuthorityDown_B8(t *testing.T) {
	for _, fault := range []faketsa.Fault{faketsa.Status500, faketsa.OtherImprint, faketsa.OtherNonce, faketsa.NoNonce,
		faketsa.Untrusted, faketsa.Expired, faketsa.Refused, faketsa.Garbage} {
		t.Run(string(fault), func(t *testing.T) {
			tsa := faketsa.Start(t)
			h := newHouse(t, authority(t, tsa))
			tsa.Set(fault)
			h.sign()
			requests := 0
			for range 100 { // ten minutes each
				h.due()
				h.now = h.now.Add(every)
			}
			requests = tsa.Requests()
			if requests < 10 || requests > 30 {
				t.Errorf("%d requests in a thousand minutes", requests)
			}
			h.sign() // goes on
			h.want("time", archive.Pending, 0, 1)
			tsa.Set(faketsa.None)
			h.now = h.now.Add(time.Hour)
			h.due()
			h.want("time", archive.Stamped, 1, 0)
			if n := strings.Count(h.said.String(), "level=WARN"); n != 1 {
				t.Errorf("said %d times: %s", n, &h.said)
			}
			if strings.Contains(h.said.String(), "127.0.0.1") {
				t.Errorf("the log has an address: %s", &h.said)
			}
		})
	}
}

// Two authorities do not wait for each other.
func TestOneOfTwoIsDown_B8(t *testing.T) {
	down, up := faketsa.Start(t), faketsa.Start(t)
	down.Set(faketsa.Status500)
	a, b := authority(t, down), authority(t, up)
	a.Name, b.Name = "down", "up"
	h := newHouse(t, a, b)
	cp := h.sign()
	got, err := h.queue.Stamp(t.Context(), h.c, cp)
	if err != nil || len(got) != 1 || got[0].Authority != "up" || got[0].Size != cp.Size {
		t.Fatalf("got %+v, %v; want the stamp of the one that is up", got, err)
	}
	h.want("down", archive.Pending, 0, 1)
	h.want("up", archive.Stamped, 1, 1)
	// Asked again, it gives what there is, and does not ask who gave.
	if got, err = h.queue.Stamp(t.Context(), h.c, cp); err != nil || len(got) != 1 {
		t.Errorf("again: %+v, %v", got, err)
	}
	if n := up.Requests(); n != 1 {
		t.Errorf("%d requests to the one that had answered", n)
	}
	// Of a case that has just been stamped, a new checkpoint is stamped at once
	// before an export.
	if got, err = h.queue.Stamp(t.Context(), h.c, h.sign()); err != nil || len(got) != 1 {
		t.Errorf("the next: %+v, %v", got, err)
	}
}

// Whoever waits for stamps gets what there is when they wait no longer.
func TestSilentAuthority_B8(t *testing.T) {
	silent, up := faketsa.Start(t), faketsa.Start(t)
	silent.Set(faketsa.Silent)
	a, b := authority(t, silent), authority(t, up)
	a.Name, b.Name = "silent", "up"
	h := newHouse(t, a, b)
	cp := h.sign()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		<-silent.Asked
		for up.Requests() == 0 {
			<-up.Asked
		}
		// The answer may still be on its way: then it is kept or not, and
		// asked for again.
		stop()
	}()
	if _, err := h.queue.Stamp(ctx, h.c, cp); err != nil && ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
	h.now = h.now.Add(2 * every)
	silent.Set(faketsa.None)
	h.due()
	h.want("silent", archive.Stamped, 1, 0)
	h.want("up", archive.Stamped, 1, 0)
}

// An authority that is set up later is asked for what there is.
func TestAnAuthorityIsAdded_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	h := newHouse(t)
	h.sign()
	if r := h.verify(); r.Answer != archive.OK || r.Pending != 0 || len(r.TimeStamps) != 1 || r.TimeStamps[0].State != archive.NotSetUp {
		t.Errorf("without authorities: %+v", r)
	}
	all := []stamp.Authority{authority(t, tsa)}
	l, err := archive.Open(t.Context(), archive.Config{Storage: h.db, Keys: h.db.Keys, Blobs: archivetest.NewMemory(),
		Stamping: archive.Stamping{Authorities: stamp.Names(all), Check: stamp.Checker(all)}})
	if err != nil {
		t.Fatal(err)
	}
	without := h.log
	h.log = l
	h.queue = stamp.NewQueue(stamp.Config{Store: h.db, Log: l, Authorities: all, Every: every, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err := l.WantStamps(t.Context(), h.c); err != nil {
		t.Fatal(err)
	}
	h.due()
	h.want("time", archive.Stamped, 1, 0)

	// Taken away again, its stamps cannot be checked any more; that is said.
	r, err := without.Verify(t.Context(), h.c)
	if err != nil || r.Answer != archive.CannotBeKnown || !strings.Contains(r.Problems[0].What, "this authority is not set up here") {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestOnce_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	h := newHouse(t, authority(t, tsa))
	other, err := h.log.NewCase(t.Context(), archivetest.Actor, "Kitchen", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.log.Checkpoint(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	h.sign()
	for range 2 {
		if err := h.queue.Once(t.Context(), h.c); err != nil {
			t.Fatal(err)
		}
	}
	h.want("time", archive.Stamped, 1, 0)
	if n := tsa.Requests(); n != 1 {
		t.Errorf("%d requests, want 1: the other case is another's", n)
	}
}

// How this machine's clock stands against an authority's is kept with each stamp
// and told; entries that are later than a stamp over them are remarked.
func TestClocksAreCompared_A9_B9(t *testing.T) {
	tsa := faketsa.Start(t)
	for _, tt := range []struct {
		name   string
		ahead  time.Duration
		remark string
	}{{"right", 0, ""}, {"ahead", time.Hour, "later than that of a time stamp over it"}, {"behind", -time.Hour, "was set back"}} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, authority(t, tsa))
			h.now = time.Now().UTC().Add(tt.ahead)
			cp := h.sign()
			h.due()
			r := h.want("time", archive.Stamped, 1, 0)
			// The authority gives whole seconds, and signing takes a while.
			if off := (r.Offset - tt.ahead).Abs(); off > 30*time.Second {
				t.Errorf("offset %v, want about %v", r.Offset, tt.ahead)
			}
			kept, err := h.log.Stamps(t.Context(), h.c, cp.Size)
			if err != nil || len(kept) != 1 || kept[0].Offset != r.Offset || !kept[0].Got.Equal(h.now.Truncate(time.Microsecond)) {
				t.Errorf("kept %+v, %v", kept, err)
			}
			all := h.verify().Remarks
			if len(all) > 1 || (len(all) > 0) != (tt.remark != "") || len(all) > 0 && !strings.Contains(all[0].What, tt.remark) {
				t.Errorf("remarks %v, want %q", all, tt.remark)
			}
		})
	}
}

// kept says when a token has been kept.
type kept struct {
	stamp.Store
	done chan struct{}
}

// PutStamp implements stamp.Store.
func (k kept) PutStamp(ctx context.Context, c daybook.CaseID, s archive.Stamp, due time.Time) error {
	err := k.Store.PutStamp(ctx, c, s, due)
	close(k.done)
	return err
}

// Run asks by itself, and ends with its context.
func TestRun_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	all := []stamp.Authority{authority(t, tsa)}
	h := newHouse(t, all...)
	h.sign()
	k := kept{h.db, make(chan struct{})}
	q := stamp.NewQueue(stamp.Config{Store: k, Log: h.log, Authorities: all, Every: every, Clock: func() time.Time { return h.now }, Logger: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- q.Run(ctx) }()
	<-k.done
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	h.want("time", archive.Stamped, 1, 0)
}
