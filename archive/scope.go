package archive

import (
	"context"
	"fmt"
	"slices"

	"daybook"
)

type scopeKey struct{}

// Within returns a context in which nothing but these cases can be opened:
// Keyring.Case refuses the key of any other, and a Storage refuses its rows,
// with daybook.ErrForbidden. Whoever has been let into a case puts it around
// everything that is done for them, so that a mistake further down, in what a
// request names, opens nothing. A scope is only ever made narrower: within it,
// Within leaves what both allow.
func Within(ctx context.Context, cases ...daybook.CaseID) context.Context {
	outer, scoped := ctx.Value(scopeKey{}).([]daybook.CaseID)
	allowed := make([]daybook.CaseID, 0, len(cases))
	for _, c := range cases {
		if !scoped || slices.Contains(outer, c) {
			allowed = append(allowed, c)
		}
	}
	return context.WithValue(ctx, scopeKey{}, allowed)
}

// Allowed returns nil if a case may be opened in ctx: it has no scope, or one
// with this case. Otherwise the error wraps daybook.ErrForbidden. In a scope, ""
// (every case) is refused too.
func Allowed(ctx context.Context, c daybook.CaseID) error {
	scope, scoped := ctx.Value(scopeKey{}).([]daybook.CaseID)
	if scoped && !slices.Contains(scope, c) {
		return fmt.Errorf("%w: another case than the one that is open", daybook.ErrForbidden)
	}
	return nil
}
