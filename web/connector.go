package web

import (
	"context"

	"daybook"
)

// A Connector lets a person agree at their own server that an account is read.
// The drivers of package collectors are behind it.
type Connector interface {
	// Scopes says in words what is asked for on a platform.
	Scopes(p daybook.Platform) []string
	// Begin returns the address where the person agrees, which has a parameter
	// state that nobody can guess, and what has to be kept, sealed, until they
	// come back to the address back with a code. If back is "", the server shows
	// the code, and the person types it. The error wraps daybook.ErrInvalid if
	// server is not the name of one.
	Begin(ctx context.Context, p daybook.Platform, server, back string) (address string, pending []byte, err error)
	// Finish turns the code that the person brought back into an account and its
	// token. The error wraps daybook.ErrInvalid if code or state are wrong.
	Finish(ctx context.Context, p daybook.Platform, pending []byte, code, state string) (daybook.Account, []byte, error)
	// GiveBack takes a token back at the platform that nobody is going to use.
	GiveBack(ctx context.Context, a daybook.Account, secret []byte) error
}
