package archive_test

import (
	"context"
	"sync"
	"testing"

	"daybook"
	"daybook/archive"
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
