package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"daybook"
	"daybook/signin"
)

// This file implements signin.LoginRows, WayRows, RecoveryCodeRows and
// PasskeyRows.

// Login implements signin.LoginRows.
func (db *DB) Login(ctx context.Context, owner string) (signin.LoginRow, error) {
	r := signin.LoginRow{Owner: owner}
	err := db.from(ctx).QueryRowContext(ctx, `SELECT draft, ready, step, sealed FROM signin_login WHERE owner = $1`, owner).
		Scan(&r.Draft, &r.Ready, &r.Step, &r.Sealed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return signin.LoginRow{}, fmt.Errorf("read login: %w", err)
	}
	return r, nil
}

// HoldLogin implements signin.LoginRows.
func (db *DB) HoldLogin(ctx context.Context, owner string, draft bool) (signin.LoginRow, error) {
	r := signin.LoginRow{Owner: owner}
	err := db.to(ctx).QueryRowContext(ctx, `INSERT INTO signin_login (owner, draft, ready, step, sealed) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (owner) DO UPDATE SET owner = excluded.owner RETURNING draft, ready, step, sealed`, owner, draft, false, []byte{}).
		Scan(&r.Draft, &r.Ready, &r.Step, &r.Sealed)
	if err != nil {
		return signin.LoginRow{}, fmt.Errorf("hold login: %w", err)
	}
	return r, nil
}

// PutLogin implements signin.LoginRows.
func (db *DB) PutLogin(ctx context.Context, r signin.LoginRow) error {
	_, err := db.affected(ctx, `UPDATE signin_login SET ready = $1, sealed = $2 WHERE owner = $3`, r.Ready, r.Sealed, r.Owner)
	if err != nil {
		return fmt.Errorf("put login: %w", err)
	}
	return nil
}

// UseStep implements signin.LoginRows.
func (db *DB) UseStep(ctx context.Context, owner string, step int64) (bool, error) {
	later, err := db.affected(ctx, `UPDATE signin_login SET step = $1 WHERE owner = $2 AND step < $3`, step, owner, step)
	if err != nil {
		return false, fmt.Errorf("use step: %w", err)
	}
	return later, nil
}

// ReplaceWays implements signin.WayRows.
func (db *DB) ReplaceWays(ctx context.Context, draft, user string) error {
	err := db.Update(ctx, func(ctx context.Context) error {
		if err := db.dropWays(ctx, user); err != nil {
			return err
		}
		for _, move := range []string{
			`UPDATE signin_login SET owner = $1, draft = $2 WHERE owner = $3`,
			`UPDATE signin_recovery_code SET owner = $1, draft = $2 WHERE owner = $3`,
			`UPDATE signin_passkey SET owner = $1, draft = $2 WHERE owner = $3`,
		} {
			if _, err := db.to(ctx).ExecContext(ctx, move, user, false, draft); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("replace ways to sign in: %w", err)
	}
	return nil
}

// dropWays removes all ways to sign in of an owner.
func (db *DB) dropWays(ctx context.Context, owner string) error {
	for _, drop := range []string{
		`DELETE FROM signin_login WHERE owner = $1`,
		`DELETE FROM signin_recovery_code WHERE owner = $1`,
		`DELETE FROM signin_passkey WHERE owner = $1`,
	} {
		if _, err := db.to(ctx).ExecContext(ctx, drop, owner); err != nil {
			return err
		}
	}
	return nil
}

// ReadyUsers implements signin.WayRows.
func (db *DB) ReadyUsers(ctx context.Context) ([]string, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT owner FROM signin_login WHERE ready = $1 AND draft = $2
		UNION SELECT owner FROM signin_passkey WHERE draft = $3`, true, false, false)
	if err != nil {
		return nil, fmt.Errorf("list who can sign in: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var user string
		if err := rows.Scan(&user); err != nil {
			return nil, fmt.Errorf("list who can sign in: %w", err)
		}
		out = append(out, user)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list who can sign in: %w", err)
	}
	return out, nil
}

// PutRecoveryCodes implements signin.RecoveryCodeRows.
func (db *DB) PutRecoveryCodes(ctx context.Context, owner string, draft bool, codes []signin.Hash) error {
	err := db.Update(ctx, func(ctx context.Context) error {
		if _, err := db.to(ctx).ExecContext(ctx, `DELETE FROM signin_recovery_code WHERE owner = $1`, owner); err != nil {
			return err
		}
		for _, c := range codes {
			if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO signin_recovery_code (owner, draft, code) VALUES ($1, $2, $3)`,
				owner, draft, c[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put recovery codes: %w", err)
	}
	return nil
}

// DropRecoveryCode implements signin.RecoveryCodeRows.
func (db *DB) DropRecoveryCode(ctx context.Context, owner string, code signin.Hash) (bool, error) {
	there, err := db.affected(ctx, `DELETE FROM signin_recovery_code WHERE owner = $1 AND code = $2`, owner, code[:])
	if err != nil {
		return false, fmt.Errorf("drop recovery code: %w", err)
	}
	return there, nil
}

// RecoveryCodesLeft implements signin.RecoveryCodeRows.
func (db *DB) RecoveryCodesLeft(ctx context.Context, owner string) (n int, err error) {
	if err := db.from(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM signin_recovery_code WHERE owner = $1`, owner).Scan(&n); err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return n, nil
}

const passkeyColumns = `id, credential, owner, draft, added, used, sealed`

// PutPasskey implements signin.PasskeyRows.
func (db *DB) PutPasskey(ctx context.Context, r signin.PasskeyRow) error {
	_, err := db.to(ctx).ExecContext(ctx, `INSERT INTO signin_passkey (`+passkeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET used = excluded.used, sealed = excluded.sealed`,
		r.ID, r.Credential[:], r.Owner, r.Draft, micros(r.Added), micros(r.Used), r.Sealed)
	if err != nil && db.taken(ctx, r) {
		err = daybook.ErrInvalid
	}
	if err != nil {
		return fmt.Errorf("put passkey: %w", err)
	}
	return nil
}

// taken reports whether a passkey's credential is there under another ID.
// PostgreSQL answers nothing more in a transaction that has failed.
func (db *DB) taken(ctx context.Context, r signin.PasskeyRow) bool {
	var id string
	err := db.from(ctx).QueryRowContext(ctx, `SELECT id FROM signin_passkey WHERE credential = $1`, r.Credential[:]).Scan(&id)
	return err == nil && id != r.ID
}

// HoldPasskey implements signin.PasskeyRows.
func (db *DB) HoldPasskey(ctx context.Context, credential signin.Hash) (signin.PasskeyRow, error) {
	r, err := scanPasskey(db.to(ctx).QueryRowContext(ctx, `UPDATE signin_passkey SET used = used WHERE credential = $1
		RETURNING `+passkeyColumns, credential[:]))
	if err != nil {
		return signin.PasskeyRow{}, fmt.Errorf("hold passkey: %w", found(err))
	}
	return r, nil
}

func scanPasskey(row interface{ Scan(...any) error }) (r signin.PasskeyRow, err error) {
	var (
		credential  []byte
		added, used int64
	)
	err = row.Scan(&r.ID, &credential, &r.Owner, &r.Draft, &added, &used, &r.Sealed)
	copy(r.Credential[:], credential)
	r.Added, r.Used = fromMicros(added), fromMicros(used)
	return r, err
}

// PasskeysOf implements signin.PasskeyRows.
func (db *DB) PasskeysOf(ctx context.Context, owner string) ([]signin.PasskeyRow, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT `+passkeyColumns+` FROM signin_passkey WHERE owner = $1 ORDER BY added, id`, owner)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	defer rows.Close()
	var out []signin.PasskeyRow
	for rows.Next() {
		r, err := scanPasskey(rows)
		if err != nil {
			return nil, fmt.Errorf("list passkeys: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	return out, nil
}

// DropPasskey implements signin.PasskeyRows.
func (db *DB) DropPasskey(ctx context.Context, owner, id string) error {
	if _, err := db.affected(ctx, `DELETE FROM signin_passkey WHERE owner = $1 AND id = $2`, owner, id); err != nil {
		return fmt.Errorf("drop passkey: %w", err)
	}
	return nil
}
