package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daybook"
	"daybook/signin"
	"daybook/store"
)

var (
	signedIn = time.Date(2026, 3, 2, 9, 0, 0, 123000, time.UTC)
	byID     = cmpopts.SortSlices(func(a, b signin.SessionRow) bool { return a.ID < b.ID })
)

func hashOf(s string) signin.Hash { return signin.Hash(daybook.DigestOf([]byte(s))) }

func newSession(id, user string) signin.SessionRow {
	return signin.SessionRow{
		Token: hashOf("token " + id), ID: id, User: user, Device: hashOf("device " + id), Stage: signin.Open,
		Seen: signedIn, Ends: signedIn.Add(time.Hour), Sealed: []byte("sealed " + id),
	}
}

func TestSigninSessions(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		if _, err := db.Session(ctx, hashOf("none")); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("none: %v, want ErrNotFound", err)
		}
		a, b, c := newSession("a", "mara"), newSession("b", "mara"), newSession("c", "ben")
		b.Stage, b.Code = signin.SettingUp, hashOf("code")
		for _, r := range []signin.SessionRow{a, b, c} {
			if err := db.AddSession(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		twin := newSession("d", "ben")
		twin.Token = a.Token
		if err := db.AddSession(ctx, twin); err == nil {
			t.Error("two sessions have one token")
		}
		check := func(want ...signin.SessionRow) {
			t.Helper()
			got, err := db.SessionsOf(ctx, "mara")
			if diff := cmp.Diff(want, got, byID, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		}
		check(a, b)
		if got, err := db.Session(ctx, b.Token); err != nil || cmp.Diff(b, got) != "" {
			t.Errorf("%v %s", err, cmp.Diff(b, got))
		}
		for _, id := range []string{"a", "b", "none"} { // b is not open
			if err := db.TouchSession(ctx, id, signedIn.Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		a.Seen = signedIn.Add(time.Second)
		check(a, b)
		moved := a
		moved.Token, moved.User, moved.Device, moved.Stage, moved.Code = hashOf("new"), "mara", hashOf("other"), signin.Locked, hashOf("code")
		moved.Seen, moved.Ends, moved.Sealed = signedIn.Add(time.Minute), signedIn.Add(time.Hour), []byte("anew")
		if done, err := db.MoveSession(ctx, moved, signin.SettingUp); err != nil || done {
			t.Errorf("move from another stage: %v, %v", done, err)
		}
		check(a, b)
		if done, err := db.MoveSession(ctx, moved, signin.Open); err != nil || !done {
			t.Errorf("move: %v, %v", done, err)
		}
		check(moved, b)
		// What was set up in a session ends with it.
		err := db.Update(ctx, func(ctx context.Context) error {
			_, err := db.HoldLogin(ctx, "b", true)
			return errors.Join(err, db.PutRecoveryCodes(ctx, "b", true, []signin.Hash{hashOf("1")}),
				db.PutPasskey(ctx, signin.PasskeyRow{ID: "key", Owner: "b", Draft: true, Credential: hashOf("key"), Sealed: []byte("key")}))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.EndSession(ctx, "b"), db.EndSession(ctx, "b")); err != nil {
			t.Fatal(err)
		}
		check(moved)
		checkWays(t, db, "b", nil, 0)
	})
}

// checkWays compares what an owner can sign in with.
func checkWays(t *testing.T, db *store.DB, owner string, sealed []byte, codes int, passkeys ...string) {
	t.Helper()
	l, err := db.Login(t.Context(), owner)
	if err != nil || string(l.Sealed) != string(sealed) {
		t.Errorf("login of %s: %q, %v; want %q", owner, l.Sealed, err, sealed)
	}
	if n, err := db.RecoveryCodesLeft(t.Context(), owner); err != nil || n != codes {
		t.Errorf("recovery codes of %s: %d, %v; want %d", owner, n, err, codes)
	}
	rows, err := db.PasskeysOf(t.Context(), owner)
	var got []string
	for _, r := range rows {
		got = append(got, r.ID)
	}
	if err != nil || !slices.Equal(got, passkeys) {
		t.Errorf("passkeys of %s: %v, %v; want %v", owner, got, err, passkeys)
	}
}

func TestSigninDevices(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		phone, laptop := hashOf("phone"), hashOf("laptop")
		for range 2 {
			got, err := db.HoldDevice(ctx, phone, "mara")
			if diff := cmp.Diff(signin.DeviceRow{Device: phone, User: "mara"}, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		}
		held := signin.DeviceRow{Device: phone, User: "mara", HeldTill: signedIn.Add(time.Hour), Seen: signedIn}
		if err := db.PutDevice(ctx, held); err != nil {
			t.Fatal(err)
		}
		if got, err := db.HoldDevice(ctx, phone, "mara"); err != nil || got != held {
			t.Errorf("got %v, %v; want %v", got, err, held)
		}
		for _, user := range []string{"mara", "ben"} {
			if _, err := db.HoldDevice(ctx, laptop, user); err != nil {
				t.Fatal(err)
			}
		}
		count := func(rows []signin.DeviceRow, err error) int {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return len(rows)
		}
		if n, m, none := count(db.DevicesOf(ctx, "mara")), count(db.UsersOfDevice(ctx, laptop)), count(db.DevicesOf(ctx, "none")); n != 2 || m != 2 || none != 0 {
			t.Errorf("%d devices of mara, %d users of the laptop, %d of nobody", n, m, none)
		}
		if got, err := db.UsersOfDevice(ctx, phone); err != nil || cmp.Diff([]signin.DeviceRow{held}, got) != "" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestSigninWays(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		checkWays(t, db, "mara", nil, 0)
		put := func(owner string, draft, ready bool, passkeys ...string) {
			t.Helper()
			err := db.Update(ctx, func(ctx context.Context) error {
				r, err := db.HoldLogin(ctx, owner, draft)
				if r.Owner != owner || r.Draft != draft || r.Ready || r.Step != 0 {
					t.Errorf("a new login: %+v", r)
				}
				r.Ready, r.Sealed = ready, []byte("login "+owner)
				err = errors.Join(err, db.PutLogin(ctx, r), db.PutRecoveryCodes(ctx, owner, draft, []signin.Hash{hashOf(owner + "1"), hashOf("2")}))
				for i, id := range passkeys {
					err = errors.Join(err, db.PutPasskey(ctx, signin.PasskeyRow{
						ID: id, Credential: hashOf(id), Owner: owner, Draft: draft, Added: signedIn.Add(-time.Duration(i)), Sealed: []byte("passkey"),
					}))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		put("mara", false, true, "phone", "token")
		put("ben", false, false)
		put("ana", false, false, "laptop")
		put("session", true, true, "new phone")
		checkWays(t, db, "mara", []byte("login mara"), 2, "token", "phone") // oldest first
		ready, err := db.ReadyUsers(ctx)
		slices.Sort(ready)
		if err != nil || !slices.Equal(ready, []string{"ana", "mara"}) {
			t.Errorf("ready: %v, %v", ready, err)
		}

		for _, tt := range []struct {
			step int64
			want bool
		}{{0, false}, {59, true}, {59, false}, {58, false}, {60, true}} {
			if got, err := db.UseStep(ctx, "mara", tt.step); err != nil || got != tt.want {
				t.Errorf("step %d: %v, %v; want %v", tt.step, got, err, tt.want)
			}
		}
		if got, err := db.UseStep(ctx, "none", 60); err != nil || got {
			t.Errorf("a step of nobody: %v, %v", got, err)
		}
		if err := db.PutLogin(ctx, signin.LoginRow{Owner: "mara", Step: 1, Ready: true, Sealed: []byte("changed")}); err != nil {
			t.Fatal(err)
		}
		if r, err := db.Login(ctx, "mara"); err != nil || r.Step != 60 || string(r.Sealed) != "changed" {
			t.Errorf("after a change: %+v, %v; want step 60", r, err)
		}

		for _, tt := range []struct {
			owner, code string
			want        bool
		}{{"mara", "mara1", true}, {"mara", "mara1", false}, {"mara", "ben1", false}, {"none", "2", false}} {
			if got, err := db.DropRecoveryCode(ctx, tt.owner, hashOf(tt.code)); err != nil || got != tt.want {
				t.Errorf("recovery code %s of %s: %v, %v; want %v", tt.code, tt.owner, got, err, tt.want)
			}
		}
		if err := db.PutRecoveryCodes(ctx, "mara", false, []signin.Hash{hashOf("3")}); err != nil {
			t.Fatal(err)
		}
		if n, err := db.RecoveryCodesLeft(ctx, "mara"); err != nil || n != 1 {
			t.Errorf("recovery codes left: %d, %v", n, err)
		}

		if err := db.ReplaceWays(ctx, "session", "mara"); err != nil {
			t.Fatal(err)
		}
		checkWays(t, db, "mara", []byte("login session"), 2, "new phone")
		checkWays(t, db, "session", nil, 0)
		if ready, err = db.ReadyUsers(ctx); err != nil || len(ready) != 2 {
			t.Errorf("ready: %v, %v", ready, err)
		}
		if err := db.ReplaceWays(ctx, "none", "mara"); err != nil {
			t.Fatal(err)
		}
		checkWays(t, db, "mara", nil, 0)
		checkWays(t, db, "ben", []byte("login ben"), 2)
	})
}

func TestSigninPasskeys(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		key := signin.PasskeyRow{ID: "phone", Credential: hashOf("phone"), Owner: "mara", Added: signedIn, Sealed: []byte("one")}
		if err := db.PutPasskey(ctx, key); err != nil {
			t.Fatal(err)
		}
		twin := key
		twin.ID, twin.Owner = "twin", "ben"
		if err := db.PutPasskey(ctx, twin); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("the same credential again: %v, want ErrInvalid", err)
		}
		key.Used, key.Sealed = signedIn.Add(time.Hour), []byte("two")
		err := db.Update(ctx, func(ctx context.Context) error {
			_, err := db.HoldPasskey(ctx, key.Credential)
			return errors.Join(err, db.PutPasskey(ctx, key))
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := db.HoldPasskey(ctx, key.Credential); err != nil || cmp.Diff(key, got) != "" {
			t.Errorf("%v %s", err, cmp.Diff(key, got))
		}
		if _, err := db.HoldPasskey(ctx, hashOf("none")); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("none: %v, want ErrNotFound", err)
		}
		if err := db.DropPasskey(ctx, "ben", "phone"); err != nil {
			t.Fatal(err)
		}
		checkWays(t, db, "mara", nil, 0, "phone")
		if err := db.DropPasskey(ctx, "mara", "phone"); err != nil {
			t.Fatal(err)
		}
		checkWays(t, db, "mara", nil, 0)
	})
}

func TestSigninCodes(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		put := func(user, code string) signin.CodeRow {
			t.Helper()
			r := signin.CodeRow{Code: hashOf(code), User: user, Until: signedIn, Sealed: []byte(code)}
			if err := db.PutCode(ctx, r); err != nil {
				t.Fatal(err)
			}
			return r
		}
		check := func(code string, want *signin.CodeRow) {
			t.Helper()
			got, err := db.Code(ctx, hashOf(code))
			if want == nil && !errors.Is(err, daybook.ErrNotFound) || want != nil && (err != nil || cmp.Diff(*want, got) != "") {
				t.Errorf("code %s: %v, %v; want %v", code, got, err, want)
			}
		}
		first := put("", "first")
		put("mara", "old")
		mara := put("mara", "new")
		ben := put("ben", "ben's")
		check("old", nil)
		check("new", &mara)
		check("first", &first)
		for _, want := range []bool{true, false} {
			if got, err := db.DropCode(ctx, mara.Code); err != nil || got != want {
				t.Errorf("drop: %v, %v; want %v", got, err, want)
			}
		}
		check("new", nil)
		if err := db.DropCodesOf(ctx, ""); err != nil {
			t.Fatal(err)
		}
		check("first", nil)
		check("ben's", &ben)

		if err := db.PutAttempt(ctx, hashOf("attempt"), []byte("sealed"), signedIn); err != nil {
			t.Fatal(err)
		}
		if sealed, until, err := db.TakeAttempt(ctx, hashOf("attempt")); err != nil || string(sealed) != "sealed" || !until.Equal(signedIn) {
			t.Errorf("attempt: %q until %v, %v", sealed, until, err)
		}
		if _, _, err := db.TakeAttempt(ctx, hashOf("attempt")); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("attempt again: %v, want ErrNotFound", err)
		}
	})
}

func TestSigninTriesAndRecoveries(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		want := signin.TryRow{Key: hashOf("mara")}
		for range 2 {
			if got, err := db.HoldTries(ctx, want.Key); err != nil || got != want {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
			want.Count, want.Last, want.Until = 7, signedIn, signedIn.Add(time.Minute)
			if err := db.PutTries(ctx, want); err != nil {
				t.Fatal(err)
			}
		}
		later := signin.RecoveryRow{ID: "a", User: "mara", Ready: signedIn.Add(time.Hour), Sealed: []byte("later")}
		sooner := signin.RecoveryRow{ID: "b", User: "mara", Ready: signedIn, Sealed: []byte("sooner")}
		if err := errors.Join(db.PutRecovery(ctx, later), db.PutRecovery(ctx, sooner)); err != nil {
			t.Fatal(err)
		}
		if got, err := db.RecoveriesOf(ctx, "mara"); err != nil || cmp.Diff([]signin.RecoveryRow{sooner, later}, got) != "" {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := db.Recovery(ctx, "a"); err != nil || cmp.Diff(later, got) != "" {
			t.Errorf("%v, %v", got, err)
		}
		for _, there := range []bool{true, false} {
			if got, err := db.DropRecovery(ctx, "a"); err != nil || got != there {
				t.Errorf("drop: %v, %v; want %v", got, err, there)
			}
		}
		if _, err := db.Recovery(ctx, "a"); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("none: %v, want ErrNotFound", err)
		}
	})
}

func TestCleanSignin(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		old, kept := signedIn.Add(-time.Hour), signedIn.Add(time.Hour)
		for name, at := range map[string]time.Time{"old": old, "kept": kept} {
			s := newSession(name, "mara")
			s.Ends = at
			err := db.Update(ctx, func(ctx context.Context) error {
				err := db.AddSession(ctx, s)
				_, errLogin := db.HoldLogin(ctx, name, true)
				_, errTries := db.HoldTries(ctx, hashOf(name))
				_, errUser := db.HoldLogin(ctx, "user "+name, false)
				_, errDevice := db.HoldDevice(ctx, hashOf(name), "mara")
				_, errOnly := db.HoldDevice(ctx, hashOf("only"), "user "+name)
				return errors.Join(err, errLogin, errTries, errUser, errDevice, errOnly,
					db.PutDevice(ctx, signin.DeviceRow{Device: hashOf(name), User: "mara", Seen: at}),
					db.PutTries(ctx, signin.TryRow{Key: hashOf(name), Count: 1, Last: at}),
					db.PutRecoveryCodes(ctx, name, true, []signin.Hash{hashOf(name)}),
					db.PutPasskey(ctx, signin.PasskeyRow{ID: name, Credential: hashOf(name), Owner: name, Draft: true, Sealed: []byte("key")}),
					db.PutCode(ctx, signin.CodeRow{Code: hashOf(name), User: name, Until: at, Sealed: []byte("code")}),
					db.PutAttempt(ctx, hashOf(name), []byte("attempt"), at),
					db.PutRecovery(ctx, signin.RecoveryRow{ID: name, User: "mara", Ready: at, Sealed: []byte("recovery")}))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := db.CleanSignin(ctx, signedIn, signedIn, signedIn, signedIn); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{
			"signin_session": 1, "signin_login": 3, "signin_recovery_code": 1, "signin_passkey": 1, "signin_code": 1, "signin_attempt": 1,
			"signin_try": 1, "signin_recovery": 1, "signin_device": 3, // the last one of each user stays
		} {
			values, err := db.Columns(ctx, table)
			if err != nil {
				t.Fatal(err)
			}
			columns := map[string]int{
				"signin_session": 9, "signin_login": 5, "signin_recovery_code": 3, "signin_passkey": 7, "signin_code": 4, "signin_attempt": 3,
				"signin_try": 4, "signin_recovery": 4, "signin_device": 4,
			}[table]
			if got := len(values) / columns; got != want || strings.Contains(strings.Join(values, " "), string(hashSlice("old"))) {
				t.Errorf("%s: %d rows, want %d, and none of the old", table, got, want)
			}
		}
	})
}

func hashSlice(s string) []byte { h := hashOf(s); return h[:] }
