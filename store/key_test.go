package store_test

import (
	"errors"
	"testing"

	"daybook/archive"
	"daybook/internal/pgtest"
	"daybook/store"
)

func isWrongKey(err error) bool { return errors.Is(err, archive.ErrWrongKey) }

func TestWrongKeyIsRefusedOnPostgres_C21(t *testing.T) {
	url := pgtest.Start(t)
	key := newKey()
	db, err := store.OpenPostgres(t.Context(), url, key)
	if err != nil {
		t.Fatal(err)
	}
	closeDB(t, db)
	if _, err := store.OpenPostgres(t.Context(), url, newKey()); !isWrongKey(err) {
		t.Fatalf("open with another key: %v, want ErrWrongKey", err)
	}
}
