package collectors_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/internal/pgtest"
	"daybook/store"
)

// A realStore is the store and the log of the program.
type realStore struct {
	*store.DB
	log *archive.Log
	t   *testing.T
	c   daybook.CaseID
	has bool // there is a token
}

type openStore func(t *testing.T, key archive.InstanceKey) (*store.DB, error)

func newRealStore(t *testing.T, open openStore) *realStore {
	t.Helper()
	var key archive.InstanceKey
	rand.Read(key[:])
	db, err := open(t, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	blobs, err := archive.NewFolder(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	log, err := archive.Open(t.Context(), archive.Config{Storage: db, Keys: db.Keys, Blobs: blobs})
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.NewCase(t.Context(), "a made-up case", "Europe/London", time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return &realStore{DB: db, log: log, t: t, c: c}
}

func onSQLite(t *testing.T, key archive.InstanceKey) (*store.DB, error) {
	return store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "daybook.db"), key)
}

func onPostgres(t *testing.T, key archive.InstanceKey) (*store.DB, error) {
	return store.OpenPostgres(t.Context(), pgtest.Start(t), key)
}

func (s *realStore) Connect(a daybook.Account, c daybook.Consent, secret []byte) {
	a.Case = s.c
	if err := s.PutAccount(s.t.Context(), a, c); err != nil {
		s.t.Fatal(err)
	}
	if s.has {
		return
	}
	s.has = true
	if _, err := s.PutToken(s.t.Context(), a.ID, secret, c.Given); err != nil {
		s.t.Fatal(err)
	}
}

func (s *realStore) Records() (out []daybook.Record) {
	for e, err := range s.log.Entries(s.t.Context(), s.c, 0) {
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, e.Record)
	}
	return out
}

// Due claims the poll for no time at all.
func (s *realStore) Due(id daybook.AccountID) time.Time {
	far := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	tasks, err := s.ClaimAbout(s.t.Context(), "poll", string(id), "the test", far, time.Time{}, 0, 1)
	if err != nil || len(tasks) != 1 {
		s.t.Fatalf("%d polls, %v", len(tasks), err)
	}
	return tasks[0].Due
}

// A wholeStore is a realStore with the log's methods: the storage below the log
// has a PutBlob of its own.
type wholeStore struct{ *realStore }

func (s wholeStore) Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (uint64, error) {
	return s.log.Append(ctx, c, batch)
}

func (s wholeStore) PutBlob(ctx context.Context, c daybook.CaseID, b []byte) (daybook.Digest, error) {
	return s.log.PutBlob(ctx, c, b)
}

func TestContractOnTheRealStore(t *testing.T) {
	collectorstest.Run(t, collectorstest.Harness{
		Pages: 5, Crashes: 6,
		New:   func(_ *testing.T, clock *collectorstest.Clock) collectorstest.Platform { return newBirds(clock.Now) },
		Store: func(t *testing.T) collectorstest.Store { return wholeStore{newRealStore(t, onSQLite)} },
	})
}

// Attachments and looks on the real store, and what the log says of itself.
func TestRunnerOnTheRealStore(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { runOnTheRealStore(t, newRealStore(t, onSQLite)) })
	t.Run("postgres", func(t *testing.T) { runOnTheRealStore(t, newRealStore(t, onPostgres)) })
}

func runOnTheRealStore(t *testing.T, s *realStore) {
	clock := collectorstest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	b := newBirds(clock.Now)
	b.files["nest.png"] = []byte("a nest")
	b.asking = nil
	b.send("rook", "look", "nest.png").At = clock.Now()
	a, secret := b.Account()
	s.Connect(a, daybook.Consent{Account: a.ID, Given: clock.Now(), Until: clock.Now().AddDate(0, 3, 0)}, secret)
	r := collectors.NewRunner(collectors.Config{
		Drivers: []collectors.Driver{b.Driver()}, Log: s.log, Ledger: s.DB, Accounts: s.DB, Queue: s.DB,
		Owner: "test", Clock: clock.Now, Elapsed: clock.Elapsed,
	})
	if _, err := r.Once(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if rep, err := r.Media(t.Context(), a.ID); err != nil || rep.Media != 1 {
		t.Fatalf("kept %d attachments, %v", rep.Media, err)
	}
	b.rows[len(b.rows)-1].gone = true
	clock.Advance(5 * time.Minute)
	if rep, err := r.Looks(t.Context(), a.ID); err != nil || rep.Observed != 1 {
		t.Fatalf("observed %d, %v", rep.Observed, err)
	}
	kinds := map[daybook.RecordKind]int{}
	for _, rec := range s.Records() {
		kinds[rec.Kind]++
		for _, d := range rec.Blobs {
			if body, err := s.log.Blob(t.Context(), s.c, d); err != nil || string(body) != "a nest" {
				t.Errorf("the attachment is %q, %v", body, err)
			}
		}
	}
	if kinds[daybook.RecordItem] != 9+8 || kinds[daybook.RecordMedia] != 1 || kinds[daybook.RecordObservation] != 1 {
		t.Errorf("entries %v", kinds)
	}
}
