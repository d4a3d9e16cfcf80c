package archive_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

// A growing storage calls grow once, in the midst of a verification.
type growing struct {
	archive.Storage
	once sync.Once
	grow func()
}

// Rows implements archive.Storage.
func (g *growing) Rows(ctx context.Context, c daybook.CaseID, from uint64, limit int, light bool) ([]archive.Row, error) {
	if g.grow != nil {
		g.once.Do(g.grow)
	}
	return g.Storage.Rows(ctx, c, from, limit, light)
}

// A log that goes on while it is verified is whole: what is verified is the log
// of the moment at which that began.
func TestVerifyWhileTheLogGrows_B3(t *testing.T) {
	ctx, m := t.Context(), archivetest.NewMemory()
	g := &growing{Storage: m}
	var key archive.InstanceKey
	rand.Read(key[:])
	keys, err := archive.OpenKeyring(ctx, key, m)
	if err != nil {
		t.Fatal(err)
	}
	l, err := archive.Open(ctx, archive.Config{Storage: g, Keys: keys, Blobs: m})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.NewCase(ctx, archivetest.Actor, "a case", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	appendItems(t, l, c, 700)
	mustCheckpoint(t, l, c)
	g.grow = func() {
		appendItems(t, l, c, 5)
		mustCheckpoint(t, l, c)
	}
	if r := verify(t, l, c); r.Answer != archive.OK || r.Entries != 701 {
		t.Errorf("%s over %d entries: %v; want ok over 701", r.Answer, r.Entries, r.Problems)
	}
	if r := verify(t, l, c); r.Answer != archive.OK || r.Entries != 706 {
		t.Errorf("%s over %d entries: %v; want ok over 706", r.Answer, r.Entries, r.Problems)
	}
}
