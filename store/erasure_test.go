package store_test

import (
	"bytes"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/internal/pgtest"
	"daybook/store"
)

// B-6: the sealed bytes of what was erased are in no file of the database any
// more. On SQLite that is tried without the encryption of the file; PostgreSQL
// keeps them in its write-ahead log for as long as it is set up to.
func TestErasedRowsAreInNoFile_B6(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		db, err := store.OpenSQLiteOn(t.Context(), "os", filepath.Join(dir, "daybook.db"), newKey())
		if err != nil {
			t.Fatal(err)
		}
		eraseOne(t, db, func(sealed []byte) int { return countIn(t, dir, sealed, "") })
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		url := pgtest.Start(t)
		db, err := store.OpenPostgres(t.Context(), url, newKey())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		server, err := sql.Open("pgx", url)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close() //nolint:errcheck // only read from
		var dir string
		if err := server.QueryRowContext(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
			t.Fatal(err)
		}
		eraseOne(t, db, func(sealed []byte) int {
			if _, err := server.ExecContext(t.Context(), "CHECKPOINT"); err != nil {
				t.Fatal(err)
			}
			return countIn(t, dir, sealed, "pg_wal")
		})
	})
}

// eraseOne keeps two messages and erases one. count counts the files that hold a
// part of its sealed bytes.
func eraseOne(t *testing.T, db *store.DB, count func(sealed []byte) int) {
	t.Helper()
	ctx := t.Context()
	l, err := archive.Open(ctx, archive.Config{Storage: db, Keys: db.Keys, Blobs: archivetest.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.NewCase(ctx, archivetest.Actor, "Garden", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Append(ctx, c, []daybook.Record{archivetest.Item("1", strings.Repeat("a nest ", 50)), archivetest.Item("2", "an egg")})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Rows(ctx, c, first, 1, false)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	sealed := rows[0].Sealed[20:60]
	if count(sealed) == 0 {
		t.Error("no file holds it before: the test looks in the wrong place")
	}
	if err := l.Erase(ctx, archivetest.Actor, c, []uint64{first}, "asked for"); err != nil {
		t.Fatal(err)
	}
	if err := db.Truncate(ctx); err != nil {
		t.Fatal(err)
	}
	if n := count(sealed); n != 0 {
		t.Errorf("%d files hold it afterwards", n)
	}
	if r, err := l.Verify(ctx, c); err != nil || r.Answer != archive.OK || r.Erased != 1 {
		t.Errorf("verify: %+v, %v", r, err)
	}
}

// countIn counts the files below a folder that hold something.
func countIn(t *testing.T, dir string, what []byte, but string) (n int) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == but {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if bytes.Contains(b, what) {
			n++
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, %v", files, err)
	}
	return n
}
