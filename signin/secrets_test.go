package signin_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook"
	"daybook/signin"
)

// Nothing that lets somebody in, and nothing personal, stands in the database,
// not even for whoever has the key of the file; nor in the logs.
func TestSecretsAreNowhereInTheClear(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	door := home
	door.Address = "203.0.113.77"
	u := h.newUser("Nightjar")
	invitation, _, err := h.NewCode(ctx, signin.SetUp, u.ID, operator)
	if err != nil {
		t.Fatal(err)
	}
	setUp, device, _, err := h.UseCode(ctx, door, invitation)
	if err != nil {
		t.Fatal(err)
	}
	door.Device = device
	p := h.settle(u, door, setUp, "rain on the tin roof")
	a := newAuthenticator(t)
	h.addPasskey(p.token, a, "quillwort")
	_, pending, _, err := h.NewTOTP(ctx, p.token)
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := h.Begin(ctx, door, "Nightjar", p.passphrase)
	if err != nil {
		t.Fatal(err)
	}
	code, _, err := h.NewCode(ctx, signin.Recover, u.ID, operator)
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := h.NewCode(ctx, signin.FirstUp, "", operator)
	if err != nil {
		t.Fatal(err)
	}
	recovering, _, err := h.UseRecoveryCode(ctx, door, "Nightjar", p.codes[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.RequestRecovery(ctx, u.ID, daybook.Actor{ID: "periwinkle", Via: "sandmartin"}); err != nil {
		t.Fatal(err)
	}

	secrets := map[string]string{
		"passphrase": p.passphrase, "secret": p.secret, "secret that waits": pending, "name": "Nightjar", "passkey's name": "quillwort",
		"address": door.Address, "agent": "Firefox", "who asked": "periwinkle", "operating system user": "sandmartin",
		"session": p.token, "set-up": setUp, "recovery": recovering, "device": device, "attempt": attempt, "credential": string(a.id),
		"hash of the passphrase": "$argon2id$",
	}
	for i, c := range append(p.codes, invitation, code, first) {
		secrets[fmt.Sprint("code ", i)] = c
		secrets[fmt.Sprint("code without signs ", i)] = strings.ReplaceAll(c, "-", "")
		plain := sha256.Sum256([]byte(strings.ReplaceAll(c, "-", "")))
		secrets[fmt.Sprint("hash of a code without a key ", i)] = string(plain[:])
	}
	name := sha256.Sum256([]byte("nightjar"))
	secrets["hash of the name without a key"] = string(name[:])

	h.stop()
	dump := h.dump()
	h.start()
	for _, must := range []string{hexed(sum(p.token)), hexed(sum(device)), hexed(sum(attempt)), hexed(sum(string(a.id)))} {
		if !strings.Contains(dump, must) {
			t.Fatalf("the dump lacks %s: the test looks in the wrong place", must)
		}
	}
	files, err := os.ReadDir(filepath.Dir(h.path))
	if err != nil {
		t.Fatal(err)
	}
	raw := h.logs.String()
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(h.path), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		raw += string(bytes.ToLower(b))
	}
	for what, secret := range secrets {
		for _, form := range []string{secret, base64.RawURLEncoding.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))} {
			if strings.Contains(dump, hexed([]byte(form))) {
				t.Errorf("%s stands in a row", what)
			}
			if strings.Contains(raw, strings.ToLower(form)) {
				t.Errorf("%s stands in a file or in the log", what)
			}
		}
	}
}

func sum(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }

func hexed(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// dump returns all columns of this package's tables as hexadecimal digits.
func (h *house) dump() string {
	h.t.Helper()
	fileKey := h.key.Derive("daybook/sqlite/v1")
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: h.path}).EscapedPath()+"?vfs=adiantum&hexkey="+hex.EncodeToString(fileKey[:]))
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	query := func(q string) (out []string) {
		h.t.Helper()
		rows, err := db.QueryContext(h.t.Context(), q)
		if err != nil {
			h.t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				h.t.Fatal(err)
			}
			out = append(out, s)
		}
		if err := rows.Err(); err != nil {
			h.t.Fatal(err)
		}
		return out
	}
	tables := query(`SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'signin%' OR name = 'instance')`)
	if len(tables) != 10 {
		h.t.Fatalf("tables %q", tables)
	}
	var b strings.Builder
	for _, table := range tables {
		columns := query(`SELECT 'hex(' || name || ')' FROM pragma_table_info('` + table + `')`)
		rows := query(`SELECT ` + strings.Join(columns, `||' '||`) + ` FROM ` + table)
		if len(rows) == 0 {
			h.t.Errorf("table %s has no rows", table)
		}
		b.WriteString(strings.Join(rows, "\n"))
	}
	return b.String()
}

// Somebody who can write to the database, and has not the key, lets nobody in.
func TestAlteredRowsLetNobodyIn(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p, other := h.newPerson("Mara"), h.newPerson("Ana")
	rows, err := h.db.SessionsOf(ctx, other.ID)
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	moved := rows[0]
	moved.User = p.ID
	if ok, err := h.db.MoveSession(ctx, moved, signin.Open); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if s, err := h.Check(ctx, other.token, home); err == nil {
		t.Errorf("a session that was given to another user: %+v", s)
	}
	theirs, err := h.db.Login(ctx, other.ID)
	if err != nil {
		t.Fatal(err)
	}
	theirs.Owner = p.ID
	if err := h.db.PutLogin(ctx, theirs); err != nil {
		t.Fatal(err)
	}
	if _, _, s, err := h.signIn(cafe, p.Name, other.passphrase, h.code(other.secret)); err == nil {
		t.Errorf("a passphrase that was given to another user: %+v", s)
	}
}
