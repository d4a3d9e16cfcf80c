package archivetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
)

// TestStorage is the contract of an archive.Storage. open returns a store that
// nobody else uses, with its keyring.
func TestStorage(t *testing.T, open func(t *testing.T) (archive.Storage, *archive.Keyring)) {
	start := func(t *testing.T) (context.Context, archive.Storage, *archive.Log, daybook.CaseID) {
		t.Helper()
		s, keys := open(t)
		ctx := t.Context()
		l, err := archive.Open(ctx, archive.Config{Storage: s, Keys: keys, Blobs: NewMemory()})
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.NewCase(ctx, Actor, "a case", "Europe/London")
		if err != nil {
			t.Fatal(err)
		}
		return ctx, s, l, c
	}

	t.Run("an entry comes back as it was", func(t *testing.T) {
		ctx, _, l, c := start(t)
		want := Item("one", "the text of a message")
		first, err := l.Append(ctx, c, []daybook.Record{want})
		if err != nil || first != 1 {
			t.Fatalf("append: first %d, err %v; want 1, nil", first, err)
		}
		e, err := l.Entry(ctx, c, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Record.Value("raw"); !bytes.Equal(got, want.Value("raw")) {
			t.Errorf("raw: got %q, want %q", got, want.Value("raw"))
		}
		if e.Record.Actor != Actor || e.Record.Kind != daybook.RecordItem {
			t.Errorf("actor %v, kind %s", e.Record.Actor, e.Record.Kind)
		}
		if _, err := l.Entry(ctx, c, 2); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("entry past the end: %v, want ErrNotFound", err)
		}
	})

	t.Run("a failed update leaves nothing", func(t *testing.T) {
		ctx, s, l, c := start(t)
		boom := errors.New("boom")
		err := s.Update(ctx, func(ctx context.Context) error {
			if _, err := l.Append(ctx, c, []daybook.Record{Item("x", "y")}); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if n, _, err := l.Head(ctx, c); err != nil || n != 1 {
			t.Errorf("head: %d, %v; want 1", n, err)
		}
		if first, err := l.Append(ctx, c, []daybook.Record{Item("x", "y")}); err != nil || first != 1 {
			t.Errorf("append after a failure: %d, %v; want 1", first, err)
		}
	})

	t.Run("appends of many writers have no gap", func(t *testing.T) {
		ctx, s, l, c := start(t)
		d, err := l.NewCase(ctx, Actor, "another", "UTC")
		if err != nil {
			t.Fatal(err)
		}
		const writers, rounds = 6, 5
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range rounds {
					for _, to := range []daybook.CaseID{c, d} {
						if _, err := l.Append(ctx, to, []daybook.Record{Item(fmt.Sprint(w, i, "a"), "t"), Item(fmt.Sprint(w, i, "b"), "t")}); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		for _, of := range []daybook.CaseID{c, d} {
			r, err := l.Verify(ctx, of)
			if err != nil {
				t.Fatal(err)
			}
			if want := uint64(1 + writers*rounds*2); r.Answer != archive.OK || r.Entries != want {
				t.Errorf("verify: %s with %d entries, %v; want ok with %d", r.Answer, r.Entries, r.Problems, want)
			}
			rows, err := s.Rows(ctx, of, 0, 1000, true)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range rows {
				if row.Index != uint64(i) {
					t.Fatalf("row %d has index %d", i, row.Index)
				}
			}
		}
	})

	t.Run("checkpoints continue each other", func(t *testing.T) {
		ctx, _, l, c := start(t)
		for i := range 5 {
			if _, err := l.Append(ctx, c, []daybook.Record{Item(fmt.Sprint(i), "t")}); err != nil {
				t.Fatal(err)
			}
			cp, err := l.Checkpoint(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			if cp.Size != uint64(i+2) {
				t.Errorf("checkpoint covers %d, want %d", cp.Size, i+2)
			}
		}
		again, err := l.Checkpoint(ctx, c)
		if err != nil || again.Size != 6 {
			t.Errorf("a checkpoint of nothing new: %d, %v", again.Size, err)
		}
		if r, err := l.Verify(ctx, c); err != nil || r.Answer != archive.OK || r.Covered != 6 {
			t.Errorf("verify: %+v, %v", r, err)
		}
	})

	t.Run("erased content is gone and the rest verifies", func(t *testing.T) {
		ctx, _, l, c := start(t)
		for i := range 4 {
			if _, err := l.Append(ctx, c, []daybook.Record{Item(fmt.Sprint(i), "t")}); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Erase(ctx, Actor, c, []uint64{2}, "asked for by the person"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Entry(ctx, c, 2); !errors.Is(err, archive.ErrErased) {
			t.Errorf("erased entry: %v, want ErrErased", err)
		}
		r, err := l.Verify(ctx, c)
		if err != nil || r.Answer != archive.OK || r.Erased != 1 {
			t.Errorf("verify: %+v, %v; want ok with 1 erased", r, err)
		}
	})

	t.Run("a blob that another entry names outlives an erasure", func(t *testing.T) {
		ctx, s, l, c := start(t)
		both, err := l.PutBlob(ctx, c, []byte("a nest"))
		if err != nil {
			t.Fatal(err)
		}
		one, err := l.PutBlob(ctx, c, []byte("an egg"))
		if err != nil {
			t.Fatal(err)
		}
		first := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Message: "m1"})
		first.Blobs = []daybook.Digest{both, one}
		second := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Message: "m2"})
		second.Blobs = []daybook.Digest{both}
		n, err := l.Append(ctx, c, []daybook.Record{first, second})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Erase(ctx, Actor, c, []uint64{n}, "asked for"); err != nil {
			t.Fatal(err)
		}
		if b, err := l.Blob(ctx, c, both); err != nil || string(b) != "a nest" {
			t.Errorf("the blob that another entry names: %q, %v", b, err)
		}
		if _, err := l.Blob(ctx, c, one); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("the blob that nothing names any more: %v, want ErrNotFound", err)
		}
		if r, err := l.Verify(ctx, c); err != nil || r.Answer != archive.OK || r.Erased != 1 {
			t.Errorf("verify: %+v, %v; want ok with 1 erased", r, err)
		}
		if err := l.Erase(ctx, Actor, c, []uint64{n + 1}, "asked for"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Blob(ctx, c, both); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("the blob once both are erased: %v, want ErrNotFound", err)
		}
		if names, err := s.ErasedBlobs(ctx, c); err != nil || len(names) > 0 {
			t.Errorf("files that are still to be removed: %q, %v", names, err)
		}
		if gone, err := s.WithoutContent(ctx, c); err != nil || !slices.Equal(gone, []uint64{n, n + 1}) {
			t.Errorf("entries without content: %v, %v", gone, err)
		}
		if again, err := l.PutBlob(ctx, c, []byte("a nest")); err != nil || again != both {
			t.Errorf("the same bytes once more: %v, %v", again, err)
		}
		if b, err := l.Blob(ctx, c, both); err != nil || string(b) != "a nest" {
			t.Errorf("bytes that were kept once more: %q, %v", b, err)
		}
	})

	t.Run("a log that was handed over is put back", func(t *testing.T) {
		ctx, s, to, _ := start(t)
		m := NewMemory()
		keys, err := archive.OpenKeyring(ctx, archive.InstanceKey{1}, m)
		if err != nil {
			t.Fatal(err)
		}
		from, err := archive.Open(ctx, archive.Config{Storage: m, Keys: keys, Blobs: m})
		if err != nil {
			t.Fatal(err)
		}
		c, err := from.NewCase(ctx, Actor, "a case", "Europe/London")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := from.Append(ctx, c, []daybook.Record{Item("a", "t"), Item("b", "t"), Item("c", "t")}); err != nil {
			t.Fatal(err)
		}
		cp, err := from.Checkpoint(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		h := archive.Handover{
			Restore: daybook.Restore{Size: cp.Size, Root: cp.Root, Origin: cp.Origin, Key: from.VerifierKey(c), Checkpoint: cp.Signed},
			Leaves:  from.Leaves(ctx, c, cp.Size),
			Entry: func(i uint64) (archive.HandedEntry, error) {
				if i == 2 {
					return archive.HandedEntry{}, daybook.ErrNotFound
				}
				d, err := from.Disclose(ctx, c, i)
				return archive.HandedEntry{Seed: d.Seed, Fields: d.Fields}, err
			},
		}
		boom := errors.New("boom")
		h.Also = func(context.Context, daybook.CaseID) error { return boom }
		if _, err := to.Restore(ctx, Actor, h); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if rows, err := s.Rows(ctx, c, 0, 10, true); err != nil || len(rows) > 0 {
			t.Errorf("after a failure: %d rows, %v", len(rows), err)
		}
		h.Also = nil
		if _, err := to.Restore(ctx, Actor, h); err != nil {
			t.Fatal(err)
		}
		if e, err := to.Entry(ctx, c, 3); err != nil || string(e.Record.Value("raw")) != string(Item("c", "t").Value("raw")) {
			t.Errorf("entry 3: %q, %v", e.Record.Value("raw"), err)
		}
		if _, err := to.Checkpoint(ctx, c); err != nil {
			t.Fatal(err)
		}
		if r, err := to.Verify(ctx, c); err != nil || r.Answer != archive.OK || r.NotHandedOver != 1 || r.Covered != cp.Size+1 {
			t.Errorf("verify: %+v, %v", r, err)
		}
	})

	t.Run("instance values are set once", func(t *testing.T) {
		s, _ := open(t)
		ctx := t.Context()
		if err := s.SetInstanceValue(ctx, "colour", []byte("green")); err != nil {
			t.Fatal(err)
		}
		if v, err := s.InstanceValue(ctx, "colour"); err != nil || string(v) != "green" {
			t.Errorf("value: %q, %v", v, err)
		}
		if v, err := s.InstanceValue(ctx, "smell"); err != nil || v != nil {
			t.Errorf("value that was never set: %q, %v; want nil, nil", v, err)
		}
	})
}

// Actor is who does things in tests.
var Actor = daybook.Actor{ID: "local", Role: "operator", Via: "test"}

// Item returns a record of a made-up message.
func Item(native, text string) daybook.Record {
	sent := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := daybook.Item{
		Capture: daybook.Capture{Account: "account", Platform: "mastodon", Lane: "notifications", NativeID: native, MediaType: "application/json",
			Raw: []byte(`{"id":"` + native + `","content":"` + text + `"}`), Member: "/0", Origin: daybook.Collected,
			Exchange: &daybook.Exchange{Method: "GET", URL: "https://social.example/api/v1/notifications", Status: 200, Start: sent, End: sent.Add(time.Second)}},
		Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{{
			Key: daybook.MessageKey("mastodon:https://birds.example/users/kestrel/statuses/" + native), Kind: daybook.KindMention, Direction: daybook.In,
			Sender: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel", Names: []daybook.SeenName{{Account: "kestrel@birds.example", Display: "Kestrel"}}},
			Sent:   daybook.When{At: sent}, Text: text}}},
	}.Record()
	r.Actor = Actor
	return r
}
