package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/collectors"
)

// This file implements cases.Tokens: the secrets of accounts.

// ErrTokenMoved says that a token was refreshed, or replaced, by somebody else
// meanwhile: what the caller holds is no longer the newest.
var ErrTokenMoved = collectors.ErrTokenMoved

// A Token is a secret of an account.
type Token struct {
	Account    daybook.AccountID
	Number     int64 // which connection of the account it belongs to
	Generation int64 // grows with each refresh
	Secret     []byte
}

// LogValue keeps the secret out of logs.
func (t Token) LogValue() slog.Value {
	return slog.StringValue(string(t.Account) + "/" + strconv.FormatInt(t.Number, 10))
}

// String hides the secret.
func (t Token) String() string { return "token " + t.LogValue().String() }

// GoString hides the secret.
func (t Token) GoString() string { return t.String() }

func tokenPlace(id daybook.AccountID, number int64) string {
	return "token/" + string(id) + "/" + strconv.FormatInt(number, 10)
}

// PutToken implements cases.Tokens. It fails if a token of the account is in use.
func (db *DB) PutToken(ctx context.Context, id daybook.AccountID, secret []byte, at time.Time) (number int64, err error) {
	err = db.Update(ctx, func(ctx context.Context) error {
		var c string
		err := db.to(ctx).QueryRowContext(ctx, `UPDATE account SET tokens = tokens + 1 WHERE id = $1 RETURNING tokens, case_id`, string(id)).
			Scan(&number, &c)
		if errors.Is(err, sql.ErrNoRows) {
			return daybook.ErrNotFound
		}
		if err != nil {
			return err
		}
		key, err := db.Keys.Case(ctx, daybook.CaseID(c))
		if err != nil {
			return err
		}
		_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO account_token (account_id, number, generation, sealed, made, ended)
			VALUES ($1, $2, 1, $3, $4, 0)`, string(id), number, key.Seal(tokenPlace(id, number), secret), micros(at))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("put the token of account %s: %w", id, err)
	}
	return number, nil
}

// CurrentToken returns the token of an account that is in use, ErrNotFound if
// there is none.
func (db *DB) CurrentToken(ctx context.Context, id daybook.AccountID) (Token, error) {
	key, err := db.accountKey(ctx, id)
	if err != nil {
		return Token{}, err
	}
	return db.tokenWith(ctx, key, id, `SELECT number, generation, sealed FROM account_token WHERE account_id = $1 AND ended = 0`, string(id))
}

// EndedToken implements collectors.EndedTokens: the secret of a token that is
// out of use, to be revoked at the platform. ErrNotFound if it is not kept any
// more, or if it is in use.
func (db *DB) EndedToken(ctx context.Context, id daybook.AccountID, number int64) ([]byte, error) {
	key, err := db.accountKey(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := db.tokenWith(ctx, key, id, `SELECT number, generation, sealed FROM account_token
		WHERE account_id = $1 AND number = $2 AND ended <> 0`, string(id), number)
	return t.Secret, err
}

func (db *DB) accountKey(ctx context.Context, id daybook.AccountID) (*archive.CaseKey, error) {
	var c string
	err := db.from(ctx).QueryRowContext(ctx, `SELECT case_id FROM account WHERE id = $1`, string(id)).Scan(&c)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", id, err)
	}
	return db.Keys.Case(ctx, daybook.CaseID(c))
}

func (db *DB) tokenWith(ctx context.Context, key *archive.CaseKey, id daybook.AccountID, query string, args ...any) (Token, error) {
	t := Token{Account: id}
	var sealed []byte
	err := db.from(ctx).QueryRowContext(ctx, query, args...).Scan(&t.Number, &t.Generation, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return t, fmt.Errorf("token of account %s: %w", id, err)
	}
	if t.Secret, err = key.Open(tokenPlace(id, t.Number), sealed); err != nil {
		return t, fmt.Errorf("open the token of account %s: %w", id, err)
	}
	return t, nil
}

// SwapToken keeps what a refresh of the token have gave, if have is still the
// newest; else it changes nothing and returns ErrTokenMoved. A token that has
// gone out of use meanwhile is swapped too: the fresh one is what has to be
// revoked then. It returns the token as it is kept now.
func (db *DB) SwapToken(ctx context.Context, have Token, secret []byte, at time.Time) (Token, error) {
	key, err := db.accountKey(ctx, have.Account)
	if err != nil {
		return have, fmt.Errorf("swap token: %w", err)
	}
	res, err := db.to(ctx).ExecContext(ctx, `UPDATE account_token SET sealed = $1, made = $2, generation = generation + 1
		WHERE account_id = $3 AND number = $4 AND generation = $5`,
		key.Seal(tokenPlace(have.Account, have.Number), secret), micros(at), string(have.Account), have.Number, have.Generation)
	if err == nil {
		var n int64
		if n, err = res.RowsAffected(); err == nil && n == 0 {
			err = ErrTokenMoved
		}
	}
	if err != nil {
		return have, fmt.Errorf("swap token: %w", err)
	}
	have.Generation++
	have.Secret = secret
	return have, nil
}

// RenewToken implements collectors.TokenKeeper.
func (db *DB) RenewToken(ctx context.Context, id daybook.AccountID, old, fresh []byte, at time.Time) error {
	have, err := db.tokenThatIs(ctx, id, old)
	if err != nil {
		return fmt.Errorf("renew the token of account %s: %w", id, err)
	}
	_, err = db.SwapToken(ctx, have, fresh, at)
	return err
}

// tokenThatIs returns the token of an account whose secret is the one given, in
// use or not.
func (db *DB) tokenThatIs(ctx context.Context, id daybook.AccountID, secret []byte) (Token, error) {
	t := Token{Account: id}
	key, err := db.accountKey(ctx, id)
	if err != nil {
		return t, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT number, generation, sealed FROM account_token
		WHERE account_id = $1 ORDER BY number DESC`, string(id))
	if err != nil {
		return t, err
	}
	defer rows.Close()
	for rows.Next() {
		var sealed []byte
		if err := rows.Scan(&t.Number, &t.Generation, &sealed); err != nil {
			return t, err
		}
		if t.Secret, err = key.Open(tokenPlace(id, t.Number), sealed); err != nil {
			return t, err
		}
		if subtle.ConstantTimeCompare(t.Secret, secret) == 1 {
			return t, nil
		}
	}
	return t, errors.Join(rows.Err(), ErrTokenMoved)
}

// EndTokens implements cases.Tokens.
func (db *DB) EndTokens(ctx context.Context, id daybook.AccountID, at time.Time) ([]int64, error) {
	_, err := db.to(ctx).ExecContext(ctx, `UPDATE account_token SET ended = $1 WHERE account_id = $2 AND ended = 0`, micros(at), string(id))
	if err != nil {
		return nil, fmt.Errorf("end the tokens of account %s: %w", id, err)
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT number FROM account_token WHERE account_id = $1 AND ended <> 0 ORDER BY number`, string(id))
	if err != nil {
		return nil, fmt.Errorf("end the tokens of account %s: %w", id, err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("end the tokens of account %s: %w", id, err)
		}
		out = append(out, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("end the tokens of account %s: %w", id, err)
	}
	return out, nil
}

// EndedTokens implements cases.Tokens, the longest waiting first.
func (db *DB) EndedTokens(ctx context.Context, c daybook.CaseID) ([]cases.EndedToken, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT t.account_id, t.number, t.ended FROM account_token t
		JOIN account a ON a.id = t.account_id WHERE a.case_id = $1 AND t.ended <> 0 ORDER BY t.ended, t.account_id, t.number`, string(c))
	if err != nil {
		return nil, fmt.Errorf("list tokens to revoke: %w", err)
	}
	defer rows.Close()
	var out []cases.EndedToken
	for rows.Next() {
		var (
			t     cases.EndedToken
			since int64
		)
		if err := rows.Scan(&t.Account, &t.Number, &since); err != nil {
			return nil, fmt.Errorf("list tokens to revoke: %w", err)
		}
		t.Since = fromMicros(since)
		out = append(out, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tokens to revoke: %w", err)
	}
	return out, nil
}

// DropToken implements cases.Tokens.
func (db *DB) DropToken(ctx context.Context, id daybook.AccountID, number int64) error {
	res, err := db.to(ctx).ExecContext(ctx, `DELETE FROM account_token WHERE account_id = $1 AND number = $2 AND ended <> 0`, string(id), number)
	if err != nil {
		return fmt.Errorf("drop token: %w", err)
	}
	return oneRow(res, "drop token")
}
