package collectors_test

import (
	"testing"
	"time"

	"daybook"
)

// The picture of a sender's account is fetched once for each address, from the
// person's own server, and kept with whose it is.
func TestPicturesOfAccounts_E5(t *testing.T) {
	b := newBench(t)
	b.mustRead()
	b.news("")
	b.birds.files = map[string][]byte{"nest.png": []byte("a nest"), "finch.png": []byte("of one who sent nothing"), "egg.png": []byte("an egg")}
	send := func(from, face string) {
		t.Helper()
		b.birds.send(from, "look", "").Files = nil
		b.birds.rows[len(b.birds.rows)-1].Face = face
		b.mustRead()
		rep, err := b.runner().Media(t.Context(), "acc")
		if err != nil || rep.Media != 0 {
			t.Fatalf("kept %d attachments, %v", rep.Media, err)
		}
	}
	send("rook", "nest.png")
	send("rook", "nest.png")
	send("jay", "lost.png")
	b.clock.Advance(25 * time.Hour)
	send("rook", "egg.png")
	b.Exclude(daybook.Handle{Platform: birds, Native: "wren"})
	send("wren", "finch.png")
	records := b.news(daybook.RecordMedia)
	var got []string
	for i, m := range decode[daybook.MediaRecord](t, records) {
		got = append(got, m.Handle.Native+" "+m.Media.URL+" "+string(m.Media.State))
		if kept := m.Media.State == daybook.MediaKept; m.Message != "" || m.Exchange == nil || kept != (len(records[i].Blobs) == 1) || kept && b.Blob(m.Media.Digest) == nil {
			t.Errorf("kept %+v with %v", m, records[i].Blobs)
		}
	}
	want := []string{"rook https://birds.example/nest.png kept", "jay https://birds.example/lost.png missing", "rook https://birds.example/egg.png kept"}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := len(b.Tasks("media")); n != 0 {
		t.Errorf("%d tasks left", n)
	}
}
