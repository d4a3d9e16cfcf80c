package cases

import (
	"context"

	"daybook"
)

// Acts finds what people did among all that is in a log. *store.DB implements it.
type Acts interface {
	// Size returns how many entries the log of a case has.
	Size(ctx context.Context, c daybook.CaseID) (uint64, error)
	// EntriesOfKind returns the numbers of up to limit entries of these kinds
	// that come before an entry, newest first.
	EntriesOfKind(ctx context.Context, c daybook.CaseID, kinds []daybook.RecordKind, before uint64, limit int) ([]uint64, error)
}
