package store_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/internal/pgtest"
	"daybook/store"
)

// eachEngine runs a test on every engine: SQLite always, PostgreSQL where it is
// installed.
func eachEngine(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, openSQLite(t)) })
	t.Run("postgres", func(t *testing.T) {
		db, err := store.OpenPostgres(t.Context(), pgtest.Start(t), newKey())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closeDB(t, db) })
		fn(t, db)
	})
}

func openSQLite(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "daybook.db"), newKey())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDB(t, db) })
	return db
}

func closeDB(t *testing.T, db *store.DB) {
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func newKey() (k archive.InstanceKey) {
	rand.Read(k[:])
	return k
}

func TestLogStorage(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		archivetest.TestStorage(t, func(t *testing.T) (archive.Storage, *archive.Keyring) { return db, db.Keys })
	})
}

// C21: a wrong key is refused, and the data stays as it is.
func TestWrongKeyIsRefused_C21(t *testing.T) {
	path := filepath.Join(t.TempDir(), "daybook.db")
	key := newKey()
	db, err := store.OpenSQLite(t.Context(), path, key)
	if err != nil {
		t.Fatal(err)
	}
	closeDB(t, db)
	if _, err := store.OpenSQLite(t.Context(), path, newKey()); !isWrongKey(err) {
		t.Fatalf("open with another key: %v, want ErrWrongKey", err)
	}
	db, err = store.OpenSQLite(t.Context(), path, key)
	if err != nil {
		t.Fatalf("open again with the right key: %v", err)
	}
	closeDB(t, db)
}
