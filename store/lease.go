package store

import (
	"context"
	"fmt"
)

// FreeLeases gives back all work that an earlier process held. Only a process
// that owns the whole store may call it, when it starts: a lease that a killed
// process left would otherwise keep an account waiting until it runs out. The
// fences grow, so that whatever held one cannot commit.
func (db *DB) FreeLeases(ctx context.Context) error {
	if _, err := db.to(ctx).ExecContext(ctx, `UPDATE task SET owner = '', lease = 0, fence = fence + 1 WHERE lease > 0`); err != nil {
		return fmt.Errorf("free the leases of an earlier process: %w", err)
	}
	return nil
}
