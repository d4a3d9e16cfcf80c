package pgtest_test

import (
	"database/sql"
	"testing"

	"daybook/internal/pgtest"
)

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestEveryStartIsAFreshDatabase(t *testing.T) {
	for range 2 {
		db := open(t, pgtest.Start(t))
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE a (b BIGINT)"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyStartDurableWaitsForTheDisk(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start func(testing.TB) string
		want  string
	}{
		{"Start", pgtest.Start, "off"},
		{"StartDurable", pgtest.StartDurable, "on"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got string
			if err := open(t, tc.start(t)).QueryRowContext(t.Context(), "SHOW fsync").Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("fsync is %s, want %s", got, tc.want)
			}
		})
	}
}

func TestNoPortIsOpened(t *testing.T) {
	var addresses string
	if err := open(t, pgtest.Start(t)).QueryRowContext(t.Context(), "SHOW listen_addresses").Scan(&addresses); err != nil {
		t.Fatal(err)
	}
	if addresses != "" {
		t.Errorf("the server listens on %q", addresses)
	}
}
