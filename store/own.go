package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"daybook"
	"daybook/archive"
)

// Own returns the person's own details as they were added; nil if there are
// none.
func (db *DB) Own(ctx context.Context, c daybook.CaseID) ([]daybook.OwnDetail, error) {
	list, _, err := db.own(ctx, c)
	return list, err
}

// own also returns which version of the list it is; 0 if there has been none.
func (db *DB) own(ctx context.Context, c daybook.CaseID) (list []daybook.OwnDetail, version int64, err error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	var secret, sealed []byte
	err = db.from(ctx).QueryRowContext(ctx, `SELECT version, secret, sealed FROM own WHERE case_id = $1`, string(c)).Scan(&version, &secret, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read own details: %w", err)
	}
	if list, err = openOwn(key, secret, sealed); err != nil {
		return nil, 0, fmt.Errorf("open own details: %w", err)
	}
	return list, version, nil
}

// PutOwn keeps a list in the place of the one before. Each list has a key of its
// own, so that nothing opens what was sealed before. It is called within an
// Update.
func (db *DB) PutOwn(ctx context.Context, c daybook.CaseID, list []daybook.OwnDetail) error {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	secret, sealed, err := sealOwn(key, list)
	if err != nil {
		return fmt.Errorf("seal own details: %w", err)
	}
	_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO own (case_id, version, secret, sealed) VALUES ($1, 1, $2, $3)
		ON CONFLICT (case_id) DO UPDATE SET version = own.version + 1, secret = excluded.secret, sealed = excluded.sealed`, string(c), secret, sealed)
	if err != nil {
		return fmt.Errorf("keep own details: %w", err)
	}
	return nil
}

// ownPlace is where the key of a list is sealed for.
const ownPlace = "own/key"

func sealOwn(key *archive.CaseKey, list []daybook.OwnDetail) (secret, sealed []byte, err error) {
	plain, err := json.Marshal(list)
	if err != nil {
		return nil, nil, err
	}
	var k [32]byte
	rand.Read(k[:])
	aead, err := ownAEAD(k[:])
	if err != nil {
		return nil, nil, err
	}
	return key.Seal(ownPlace, k[:]), aead.Seal(nil, nil, plain, nil), nil
}

func openOwn(key *archive.CaseKey, secret, sealed []byte) (list []daybook.OwnDetail, err error) {
	k, err := key.Open(ownPlace, secret)
	if err != nil {
		return nil, err
	}
	aead, err := ownAEAD(k)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal(plain, &list)
}

// ownAEAD is AES-256-GCM that writes its nonce in front.
func ownAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
