package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// This file implements cases.Users and cases.Grants. What is decided by stands
// sealed as a whole; the columns are for finding it.

// PutUser implements cases.Users.
func (db *DB) PutUser(ctx context.Context, u cases.User) error {
	plain, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("put user: %w", err)
	}
	_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO user_ (id, sealed, created) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed`,
		u.ID, db.Keys.Seal("user/"+u.ID, plain), micros(u.Created))
	if err != nil {
		return fmt.Errorf("put user: %w", err)
	}
	return nil
}

// User implements cases.Users. ErrNotFound if there is none.
func (db *DB) User(ctx context.Context, id string) (cases.User, error) {
	var sealed []byte
	err := db.from(ctx).QueryRowContext(ctx, `SELECT sealed FROM user_ WHERE id = $1`, id).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return cases.User{}, fmt.Errorf("read user: %w", err)
	}
	return db.openUser(id, sealed)
}

// Users implements cases.Users.
func (db *DB) Users(ctx context.Context) ([]cases.User, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, sealed FROM user_ ORDER BY created, id`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer rows.Close()
	var out []cases.User
	for rows.Next() {
		var (
			id     string
			sealed []byte
		)
		if err := rows.Scan(&id, &sealed); err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		u, err := db.openUser(id, sealed)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return out, nil
}

func (db *DB) openUser(id string, sealed []byte) (u cases.User, err error) {
	plain, err := db.Keys.Open("user/"+id, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &u)
	}
	if err != nil {
		return cases.User{}, fmt.Errorf("open user %s: %w", id, err)
	}
	return u, nil
}

// PutGrant implements cases.Grants.
func (db *DB) PutGrant(ctx context.Context, g cases.Grant) error {
	key, err := db.Keys.Case(ctx, g.Case)
	if err != nil {
		return fmt.Errorf("put grant: %w", err)
	}
	plain, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("put grant: %w", err)
	}
	_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO access_grant (id, case_id, user_id, begins, sealed)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET begins = excluded.begins, sealed = excluded.sealed`,
		g.ID, string(g.Case), g.User, micros(g.Start), key.Seal(grantPlace(g.ID, g.User), plain))
	if err != nil {
		return fmt.Errorf("put grant: %w", err)
	}
	return nil
}

// grantPlace is what a grant is sealed for: it cannot be moved to another user,
// and, by the key, not to another case.
func grantPlace(id, user string) string { return "grant/" + id + "/" + user }

// Grants implements cases.Grants.
func (db *DB) Grants(ctx context.Context, c daybook.CaseID, user string) ([]cases.Grant, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	sealed, err := db.sealedGrants(ctx, c, user)
	if err != nil {
		return nil, fmt.Errorf("list grants: %w", err)
	}
	out := make([]cases.Grant, 0, len(sealed))
	for _, row := range sealed {
		key, err := db.Keys.Case(ctx, row.c)
		if errors.Is(err, archive.ErrErased) || errors.Is(err, daybook.ErrNotFound) {
			continue // the case was erased, and with it what could be seen of it
		}
		if err != nil {
			return nil, fmt.Errorf("list grants: %w", err)
		}
		plain, err := key.Open(grantPlace(row.id, row.user), row.sealed)
		if err != nil {
			return nil, fmt.Errorf("open grant %s: %w", row.id, err)
		}
		var g cases.Grant
		if err := json.Unmarshal(plain, &g); err != nil {
			return nil, fmt.Errorf("open grant %s: %w", row.id, err)
		}
		out = append(out, g)
	}
	return out, nil
}

// CasesOf implements cases.Grants.
func (db *DB) CasesOf(ctx context.Context, user string) ([]daybook.CaseID, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT DISTINCT g.case_id FROM access_grant g JOIN case_ c ON c.id = g.case_id
		WHERE g.user_id = $1 AND c.wrapped_key IS NOT NULL ORDER BY g.case_id`, user)
	if err != nil {
		return nil, fmt.Errorf("list the cases of a user: %w", err)
	}
	defer rows.Close()
	var out []daybook.CaseID
	for rows.Next() {
		var c daybook.CaseID
		if err := rows.Scan(&c); err != nil {
			return nil, fmt.Errorf("list the cases of a user: %w", err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the cases of a user: %w", err)
	}
	return out, nil
}

type sealedGrant struct {
	id, user string
	c        daybook.CaseID
	sealed   []byte
}

func (db *DB) sealedGrants(ctx context.Context, c daybook.CaseID, user string) ([]sealedGrant, error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, case_id, user_id, sealed FROM access_grant
		WHERE (case_id = $1 OR $2 = '') AND (user_id = $3 OR $4 = '') ORDER BY begins, id`, string(c), string(c), user, user)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []sealedGrant
	for rows.Next() {
		var g sealedGrant
		if err := rows.Scan(&g.id, &g.c, &g.user, &g.sealed); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}
