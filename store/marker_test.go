package store_test

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/internal/pgtest"
	"daybook/store"
)

// What must be nowhere in the clear.
var markers = []string{"Nachtfalter", "nightjar", "quillwort", "sandmartin", "periwinkle"}

// markedStory holds a marker in every place that a person or a sender fills in.
func markedStory(c daybook.CaseID) []daybook.Record {
	nightjar := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/nightjar", Names: []daybook.SeenName{{Account: "nightjar@birds.example", Display: "quillwort"}}}
	s := sight{key: "mastodon:nightjar/1", text: "Nachtfalter, I see you", sent: 1, seen: 5, from: nightjar.Native, account: "nightjar@birds.example",
		display: "quillwort", lane: "INBOX/periwinkle", media: []daybook.Media{{Native: "periwinkle", URL: "https://home.example/periwinkle", Description: "quillwort"}}}
	edited := s
	edited.text, edited.edited, edited.seen = "Nachtfalter is gone", 7, 8
	return []daybook.Record{
		daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.ConsentGiven, Account: daybook.Account{ID: mara, Case: c,
			Platform: "mastodon", Server: "https://periwinkle.example", Handle: birds("https://home.example/users/sandmartin")}, At: at(0)}),
		item(s), item(edited),
		item(sight{key: "sandmartin/2", text: "periwinkle", sent: 9, seen: 9, from: "https://home.example/users/sandmartin", direction: daybook.Out, to: []daybook.Handle{nightjar}}),
		look(daybook.SeenGone, "mastodon:nightjar/1", 20),
		daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Account: mara, Message: "mastodon:nightjar/1",
			Media: daybook.Media{Native: "periwinkle", State: daybook.MediaMissing}, Why: "periwinkle"}),
		daybook.NewRecord(daybook.RecordObservation, daybook.Observation{Account: mara, What: daybook.SeenBlocked, Handle: nightjar, At: at(9), Detail: "quillwort"}),
		decide(daybook.Decision{What: daybook.MarkStop, Handle: nightjar, How: "said Nachtfalter", At: at(30)}),
		decide(daybook.Decision{What: daybook.MarkLinked, Handle: nightjar, Other: birds("https://birds.example/users/sandmartin"), How: "quillwort", At: at(30)}),
		daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: mara, Lane: "INBOX/periwinkle", Class: daybook.Hole, From: at(1), To: at(2), Cause: "periwinkle"}),
		daybook.Item{Capture: daybook.Capture{Account: mara, Platform: "mastodon", NativeID: "nightjar", Raw: []byte("Nachtfalter"), Offset: -1}, Failed: "quillwort"}.Record(),
	}
}

// No text, name, handle or lane stands in any column of any row: the encrypted
// file is not all that hides them.
func TestNothingPersonalInTheClear(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		path, key := filepath.Join(t.TempDir(), "daybook.db"), newKey()
		db, err := store.OpenSQLite(t.Context(), path, key)
		if err != nil {
			t.Fatal(err)
		}
		c := emptyCase(t, db)
		handle(t, db.Messages(nil), c, entries(0, markedStory(c)...))
		putOwn(t, db, c, ownName("Nachtfalter"))
		bring(t, db, c)
		closeDB(t, db)
		checkFiles(t, filepath.Dir(path))
		fileKey := key.Derive("daybook/sqlite/v1")
		rows, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?vfs=adiantum&hexkey="+hex.EncodeToString(fileKey[:]))
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		checkRows(t, rows, func(table string) string {
			columns, err := queryStrings(rows, `SELECT 'hex(' || name || ')' FROM pragma_table_info('`+table+`')`)
			if err != nil {
				t.Fatal(err)
			}
			return `SELECT ` + strings.Join(columns, `||' '||`) + ` FROM ` + table
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := pgtest.Start(t)
		db, err := store.OpenPostgres(t.Context(), dsn, newKey())
		if err != nil {
			t.Fatal(err)
		}
		defer closeDB(t, db)
		c := emptyCase(t, db)
		handle(t, db.Messages(nil), c, entries(0, markedStory(c)...))
		putOwn(t, db, c, ownName("Nachtfalter"))
		bring(t, db, c)
		rows, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		checkRows(t, rows, func(table string) string { return `SELECT x::text FROM ` + table + ` x` })
	})
}

// checkRows looks for markers in the rows of all derived tables, as text and as
// the hexadecimal form that bytes are shown in.
func checkRows(t *testing.T, db *sql.DB, query func(table string) string) {
	t.Helper()
	for _, table := range []string{"message", "message_content", "message_capture", "message_to", "handle", "decision", "block_seen", "gap", "consent_event", "unread", "own", "flag"} {
		rows, err := queryStrings(db, query(table))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			t.Errorf("table %s has no rows", table)
		}
		for _, row := range rows {
			for _, m := range markers {
				if strings.Contains(row, m) || strings.Contains(strings.ToLower(row), hex.EncodeToString([]byte(m))) {
					t.Errorf("table %s holds %q in the clear", table, m)
				}
			}
		}
	}
}

func queryStrings(db *sql.DB, query string) (out []string, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func checkFiles(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range markers {
			if bytes.Contains(b, []byte(m)) {
				t.Errorf("file %s holds %q", f.Name(), m)
			}
		}
	}
}

var _ archive.Follower = (*store.MessageFollower)(nil)
