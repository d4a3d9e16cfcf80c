package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/internal/pgtest"
	"daybook/store"
)

func containsAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func TestUsers(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		if all, err := db.Users(ctx); err != nil || len(all) != 0 {
			t.Errorf("none yet: %v, %v", all, err)
		}
		ana := cases.User{ID: daybook.NewID(), Name: "Ana Lindqvist", Address: "ana@charity.example", Created: accountTime.Add(time.Hour)}
		ben := cases.User{ID: daybook.NewID(), Name: "Ben Okafor", Created: accountTime}
		for _, u := range []cases.User{ana, ben} {
			if err := db.PutUser(ctx, u); err != nil {
				t.Fatal(err)
			}
		}
		ana.Left = accountTime.Add(2 * time.Hour)
		if err := db.PutUser(ctx, ana); err != nil {
			t.Fatal(err)
		}
		all, err := db.Users(ctx)
		if diff := cmp.Diff([]cases.User{ben, ana}, all); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if got, err := db.User(ctx, ana.ID); err != nil || got != ana {
			t.Errorf("got %v, %v", got, err)
		}
		if _, err := db.User(ctx, "none"); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("none: %v, want ErrNotFound", err)
		}
	})
}

func newGrant(c daybook.CaseID, user string, role cases.Role, at time.Time) cases.Grant {
	return cases.Grant{
		ID: daybook.NewID(), Case: c, User: user, Role: role, Start: at, End: at.Add(cases.GrantPeriod),
		By: daybook.Actor{ID: "local", Role: "operator", Via: "command line (OS user mara)"}, Reason: "caseworker",
	}
}

func TestGrants_D6(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
		first := newGrant(c, "ana", cases.Reader, accountTime)
		second := newGrant(c, "ben", cases.Owner, accountTime.Add(time.Hour))
		second.End = time.Time{}
		third := newGrant(other, "ana", cases.Counter, accountTime.Add(2*time.Hour))
		for _, g := range []cases.Grant{third, second, first} {
			if err := db.PutGrant(ctx, g); err != nil {
				t.Fatal(err)
			}
		}
		first.Revoked = accountTime.Add(3 * time.Hour)
		if err := db.PutGrant(ctx, first); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			c    daybook.CaseID
			user string
			want []cases.Grant
		}{
			{c, "", []cases.Grant{first, second}},
			{"", "ana", []cases.Grant{first, third}},
			{c, "ana", []cases.Grant{first}},
			{"", "", []cases.Grant{first, second, third}},
			{"none", "ana", []cases.Grant{}},
			{c, "none", []cases.Grant{}},
		} {
			got, err := db.Grants(ctx, tt.c, tt.user)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("case %q, user %q: %v\n%s", tt.c, tt.user, err, diff)
			}
		}
		if err := db.PutGrant(ctx, newGrant("none", "ana", cases.Reader, accountTime)); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("no case: %v, want ErrNotFound", err)
		}
	})
}

// Nothing personal stands in a column, and a row that was altered by somebody
// who has the database and not the key gives nobody access.
func TestRowsOfPeopleAreSealed_D6(t *testing.T) {
	url := pgtest.Start(t)
	var key archive.InstanceKey
	rand.Read(key[:])
	db, err := store.OpenPostgres(t.Context(), url, key)
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB(t, db)
	ctx, c, other := t.Context(), caseOf(t, db), caseOf(t, db)
	u := cases.User{ID: daybook.NewID(), Name: "Ana Lindqvist", Address: "ana@charity.example", Created: accountTime}
	g := newGrant(c, u.ID, cases.Reader, accountTime)
	a, agreed := newAccount(c, "marasfeathers")
	err = db.Update(ctx, func(ctx context.Context) error {
		_, err := db.PutToken(ctx, a.ID, []byte("token-secret"), accountTime)
		return errors.Join(db.PutUser(ctx, u), db.PutGrant(ctx, g), err)
	})
	if !errors.Is(err, daybook.ErrNotFound) {
		t.Fatalf("token before its account: %v, want ErrNotFound", err)
	}
	err = db.Update(ctx, func(ctx context.Context) error {
		if err := db.PutAccount(ctx, a, agreed); err != nil {
			return err
		}
		_, err := db.PutToken(ctx, a.ID, []byte("token-secret"), accountTime)
		return errors.Join(err, db.PutUser(ctx, u), db.PutGrant(ctx, g))
	})
	if err != nil {
		t.Fatal(err)
	}

	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, table := range []string{"user_", "access_grant", "account", "account_token"} {
		var rows []byte
		if err := raw.QueryRowContext(ctx, `SELECT string_agg(convert_to(x::text, 'UTF8'), '') FROM `+table+` x`).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		var hexed []string
		for _, word := range []string{"Lindqvist", "charity.example", "caseworker", "mara", "birds.example", "mastodon", "token-secret", "mentions"} {
			hexed = append(hexed, word, fmt.Sprintf("%x", word))
		}
		if len(rows) == 0 || containsAny(string(rows), hexed...) {
			t.Errorf("%s: a name stands in the row, or there is none: %.200s", table, rows)
		}
	}

	for _, alter := range []string{
		`UPDATE access_grant SET user_id = 'eve'`,
		`UPDATE access_grant SET user_id = '` + u.ID + `', case_id = '` + string(other) + `'`,
	} {
		if _, err := raw.ExecContext(ctx, alter); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Grants(ctx, "", ""); err == nil {
			t.Errorf("%s: got %v, want an error", alter, got)
		}
	}
}
