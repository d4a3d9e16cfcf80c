package store

import (
	"context"

	"daybook"
	"daybook/archive"
)

// inScope returns nil if ctx may touch the rows of a case (archive.Within).
// Every method that takes a case asks it first; a method that opens a key of the
// case is asked again by the key.
func inScope(ctx context.Context, c daybook.CaseID) error { return archive.Allowed(ctx, c) }
