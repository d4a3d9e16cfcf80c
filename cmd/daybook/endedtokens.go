package main

import (
	"context"

	"daybook"
)

// endedTokens gives the runner the tokens that have to be revoked: the store
// has them, package cases writes what became of them.
type endedTokens struct{ app *app }

func (e endedTokens) EndedToken(ctx context.Context, id daybook.AccountID, number int64) ([]byte, error) {
	return e.app.db.EndedToken(ctx, id, number)
}

func (e endedTokens) TokenRevoked(ctx context.Context, actor daybook.Actor, id daybook.AccountID, number int64) error {
	return e.app.cases.TokenRevoked(ctx, actor, id, number)
}
