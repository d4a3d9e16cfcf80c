package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// This file implements cases.Accounts and, but for Excluded, collectors.Accounts.

// What parts of an account's row are sealed for.
func accountPlace(id daybook.AccountID) string { return "account/" + string(id) }
func consentPlace(id daybook.AccountID) string { return "consent/" + string(id) }

// PutAccount implements cases.Accounts.
func (db *DB) PutAccount(ctx context.Context, a daybook.Account, consent daybook.Consent) error {
	key, err := db.Keys.Case(ctx, a.Case)
	if err != nil {
		return fmt.Errorf("put account: %w", err)
	}
	account, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("put account: %w", err)
	}
	agreed, err := json.Marshal(consent)
	if err != nil {
		return fmt.Errorf("put account: %w", err)
	}
	handle := key.MAC("handle", a.Handle.Ref())
	_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO account (id, case_id, handle, state, until_at, connected, tokens, sealed, consent)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, until_at = excluded.until_at,
			sealed = excluded.sealed, consent = excluded.consent`,
		string(a.ID), string(a.Case), handle[:], string(a.State), micros(consent.Until), micros(consent.Given),
		key.Seal(accountPlace(a.ID), account), key.Seal(consentPlace(a.ID), agreed))
	if err != nil {
		return fmt.Errorf("put account: %w", err)
	}
	return nil
}

// HoldAccount implements cases.Accounts. The update that changes nothing is the
// first statement of the transaction: it takes the row's lock.
func (db *DB) HoldAccount(ctx context.Context, id daybook.AccountID) (daybook.Account, daybook.Consent, error) {
	if _, err := db.to(ctx).ExecContext(ctx, `UPDATE account SET state = state WHERE id = $1`, string(id)); err != nil {
		return daybook.Account{}, daybook.Consent{}, fmt.Errorf("hold account: %w", err)
	}
	a, consent, _, err := db.account(ctx, id)
	return a, consent, err
}

// Account implements collectors.Accounts. The secret is the token in use, nil
// if there is none: a token that waits to be revoked is no longer handed out
// here (see EndedToken).
func (db *DB) Account(ctx context.Context, id daybook.AccountID) (daybook.Account, daybook.Consent, []byte, error) {
	a, consent, key, err := db.account(ctx, id)
	if err != nil {
		return a, consent, nil, err
	}
	t, err := db.tokenWith(ctx, key, id, `SELECT number, generation, sealed FROM account_token WHERE account_id = $1 AND ended = 0`, string(id))
	if errors.Is(err, daybook.ErrNotFound) {
		return a, consent, nil, nil
	}
	return a, consent, t.Secret, err
}

type accountRow struct {
	id, c, state    string
	sealed, consent []byte
}

func (db *DB) account(ctx context.Context, id daybook.AccountID) (a daybook.Account, consent daybook.Consent, key *archive.CaseKey, err error) {
	row := accountRow{id: string(id)}
	err = db.from(ctx).QueryRowContext(ctx, `SELECT case_id, state, sealed, consent FROM account WHERE id = $1`, row.id).
		Scan(&row.c, &row.state, &row.sealed, &row.consent)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return a, consent, nil, fmt.Errorf("account %s: %w", id, err)
	}
	if key, err = db.Keys.Case(ctx, daybook.CaseID(row.c)); err != nil {
		return a, consent, nil, fmt.Errorf("account %s: %w", id, err)
	}
	if a, err = openAccount(key, row); err != nil {
		return a, consent, nil, err
	}
	plain, err := key.Open(consentPlace(id), row.consent)
	if err == nil {
		err = json.Unmarshal(plain, &consent)
	}
	if err != nil {
		return a, consent, nil, fmt.Errorf("open the consent for account %s: %w", id, err)
	}
	return a, consent, key, nil
}

// openAccount opens a row. The state is the column's: SetState moves it alone.
func openAccount(key *archive.CaseKey, row accountRow) (a daybook.Account, err error) {
	plain, err := key.Open(accountPlace(daybook.AccountID(row.id)), row.sealed)
	if err == nil {
		err = json.Unmarshal(plain, &a)
	}
	if err != nil {
		return a, fmt.Errorf("open account %s: %w", row.id, err)
	}
	a.State = daybook.AccountState(row.state)
	return a, nil
}

// Accounts implements cases.Accounts and collectors.Accounts: oldest first, all
// cases if c is "". Accounts of erased cases are left out.
func (db *DB) Accounts(ctx context.Context, c daybook.CaseID) ([]daybook.Account, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	sealed, err := db.accountRows(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	out := make([]daybook.Account, 0, len(sealed))
	for _, row := range sealed {
		key, err := db.Keys.Case(ctx, daybook.CaseID(row.c))
		if errors.Is(err, archive.ErrErased) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
		a, err := openAccount(key, row)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (db *DB) accountRows(ctx context.Context, c daybook.CaseID) ([]accountRow, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, case_id, state, sealed FROM account
		WHERE case_id = $1 OR $2 = '' ORDER BY connected, id`, string(c), string(c))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []accountRow
	for rows.Next() {
		var row accountRow
		if err := rows.Scan(&row.id, &row.c, &row.state, &row.sealed); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// SetState implements collectors.Accounts. ErrNotFound if there is no such
// account. Whoever calls it writes the entry that says why, in the same
// transaction.
func (db *DB) SetState(ctx context.Context, id daybook.AccountID, s daybook.AccountState) error {
	res, err := db.to(ctx).ExecContext(ctx, `UPDATE account SET state = $1 WHERE id = $2`, string(s), string(id))
	if err != nil {
		return fmt.Errorf("set the state of account %s: %w", id, err)
	}
	return oneRow(res, "set the state of account "+string(id))
}

// oneRow returns an error that wraps ErrNotFound if a statement met no row.
func oneRow(res sql.Result, what string) error {
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// EndedConsents implements cases.Accounts.
func (db *DB) EndedConsents(ctx context.Context, now time.Time) ([]daybook.AccountID, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id FROM account
		WHERE until_at <= $1 AND state NOT IN ('withdrawn', 'expired', 'named') ORDER BY until_at, id`, micros(now))
	if err != nil {
		return nil, fmt.Errorf("list consents that have ended: %w", err)
	}
	defer rows.Close()
	var out []daybook.AccountID
	for rows.Next() {
		var id daybook.AccountID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list consents that have ended: %w", err)
		}
		out = append(out, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list consents that have ended: %w", err)
	}
	return out, nil
}

var _ cases.Store = (*DB)(nil)
