package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/archive"
)

// bundleMAC finds a bundle by its SHA-256, which whoever was given it knows.
func bundleMAC(key *archive.CaseKey, check daybook.Digest) []byte {
	m := key.MAC("bundle", check.String())
	return m[:]
}

func bundlePlace(check daybook.Digest) string { return "bundle/" + check.String() }

// PutBundle keeps the order of a bundle with a SHA-256, in the place of one that
// was kept before for the same bytes.
func (db *DB) PutBundle(ctx context.Context, c daybook.CaseID, check daybook.Digest, made time.Time, order []byte) error {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO bundle (case_id, mac, made, sealed) VALUES ($1, $2, $3, $4)
		ON CONFLICT (case_id, mac) DO UPDATE SET made = excluded.made, sealed = excluded.sealed`,
		string(c), bundleMAC(key, check), micros(made), key.Seal(bundlePlace(check), order))
	if err != nil {
		return fmt.Errorf("keep the order of a bundle: %w", err)
	}
	return nil
}

// BundleOrder returns what was asked for when the bundle with a SHA-256 was made.
// daybook.ErrNotFound if it is not kept.
func (db *DB) BundleOrder(ctx context.Context, c daybook.CaseID, check daybook.Digest) ([]byte, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	err = db.from(ctx).QueryRowContext(ctx, `SELECT sealed FROM bundle WHERE case_id = $1 AND mac = $2`, string(c), bundleMAC(key, check)).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read the order of a bundle: %w", err)
	}
	order, err := key.Open(bundlePlace(check), sealed)
	if err != nil {
		return nil, fmt.Errorf("open the order of a bundle: %w", err)
	}
	return order, nil
}
