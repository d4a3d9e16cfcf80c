package signin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/signin"
)

func TestFirstRun(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	if ready, err := h.AnyReady(ctx); err != nil || ready {
		t.Fatalf("AnyReady: %v, %v", ready, err)
	}
	code, until, err := h.NewCode(ctx, signin.FirstUp, "", operator)
	if err != nil || !until.Equal(begin.Add(signin.CodeLife)) {
		t.Fatalf("NewCode: %v until %v", err, until)
	}
	token, device, c, err := h.UseCode(ctx, home, " "+strings.ToUpper(strings.ReplaceAll(code, "-", " "))+"\n")
	want := signin.Code{Purpose: signin.FirstUp, By: operator, Until: until}
	if diff := cmp.Diff(want, c); err != nil || diff != "" || token == "" || device == "" {
		t.Fatalf("UseCode: %v %s", err, diff)
	}
	h.check(token, signin.ErrNoSession) // opens nothing but the set-up
	s, c, err := h.SettingUp(ctx, token)
	if err != nil || s.Stage != signin.SettingUp || s.User != "" || c != want {
		t.Errorf("SettingUp: %+v, %+v, %v", s, c, err)
	}
	wantErr(t, "a way in for nobody", h.SetPassphrase(ctx, token, "rain on the tin roof"), daybook.ErrInvalid)
	_, _, err = h.Settle(ctx, token, home)
	wantErr(t, "settle for nobody", err, daybook.ErrInvalid)
	wantErr(t, "adopt nobody", h.Adopt(ctx, token, "none"), daybook.ErrNotFound)

	elsewhere, _, _, err := h.UseCode(ctx, cafe, code)
	if err != nil {
		t.Fatal(err)
	}
	u, other := h.newUser("Mara"), h.newUser("Ana")
	if err := errors.Join(h.Adopt(ctx, token, u.ID), h.Adopt(ctx, token, u.ID)); err != nil {
		t.Fatal(err)
	}
	_, _, err = h.SettingUp(ctx, elsewhere)
	wantErr(t, "another browser in which nobody was named", err, signin.ErrNoSession)
	wantErr(t, "adopt there", h.Adopt(ctx, elsewhere, other.ID), signin.ErrNoSession)
	wantErr(t, "adopt another", h.Adopt(ctx, token, other.ID), daybook.ErrInvalid)
	_, _, err = h.Settle(ctx, token, home)
	wantErr(t, "settle without a way in", err, daybook.ErrInvalid)
	// A closed tab is no loss: the code opens the set-up again.
	token, _, c, err = h.UseCode(ctx, home, code)
	if err != nil || c.User != u.ID || c.Purpose != signin.FirstUp {
		t.Fatalf("the code after Adopt: %+v, %v", c, err)
	}
	p := h.settle(u, home, token, "rain on the tin roof")
	if s, err := h.Check(ctx, p.token, home); err != nil || s.User != u.ID || s.Stage != signin.Open || s.Held(h.now) || !s.Fresh(h.now) {
		t.Errorf("Check: %+v, %v; want an open session that is fresh and not held", s, err)
	}
	if ready, err := h.AnyReady(ctx); err != nil || !ready {
		t.Errorf("AnyReady: %v, %v", ready, err)
	}
	if _, _, _, err = h.UseCode(ctx, home, code); !isPlain(err) {
		t.Errorf("the code after Settle: %v, want ErrRefused", err)
	}
}

// The token that was there before somebody was let in is worth nothing after.
func TestTheTokenChanges(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	u := h.newUser("Mara")
	code, _, err := h.NewCode(ctx, signin.SetUp, u.ID, operator)
	if err != nil {
		t.Fatal(err)
	}
	late, _, _, err := h.UseCode(ctx, cafe, code)
	if err != nil {
		t.Fatal(err)
	}
	token, _, _, err := h.UseCode(ctx, home, code)
	if err != nil {
		t.Fatal(err)
	}
	p := h.settle(u, home, token, "rain on the tin roof")
	if p.token == token {
		t.Error("Settle keeps the token")
	}
	h.check(token, signin.ErrNoSession)
	h.check(p.token, nil)
	for name, old := range map[string]string{"the token before Settle": token, "another browser with the same code": late} {
		_, _, err := h.SettingUp(ctx, old)
		wantErr(t, name, err, signin.ErrNoSession)
		wantErr(t, name, h.SetPassphrase(ctx, old, "snow on the tin roof"), signin.ErrNoSession)
		_, _, err = h.Settle(ctx, old, home)
		wantErr(t, name, err, signin.ErrNoSession)
	}
	if s, _, err := h.SettingUp(ctx, p.token); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("an open session sets up: %v, %v", s, err)
	}
}

func TestSetUpCodes(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	u := h.newUser("Mara")
	old, _, err := h.NewCode(ctx, signin.SetUp, u.ID, operator)
	if err != nil {
		t.Fatal(err)
	}
	early, _, _, err := h.UseCode(ctx, home, old)
	if err != nil {
		t.Fatal(err)
	}
	code, _, err := h.NewCode(ctx, signin.SetUp, "mara", operator)
	if err != nil || code == old {
		t.Fatal(err)
	}
	if _, _, _, err := h.UseCode(ctx, home, old); !isPlain(err) {
		t.Errorf("a code that was replaced: %v", err)
	}
	_, _, err = h.SettingUp(ctx, early)
	wantErr(t, "a session of a code that was replaced", err, signin.ErrNoSession)

	h.pass(signin.CodeLife - time.Minute)
	token, _, _, err := h.UseCode(ctx, home, code)
	if err != nil {
		t.Fatal(err)
	}
	h.pass(time.Minute)
	if _, _, _, err := h.UseCode(ctx, home, code); !isPlain(err) {
		t.Errorf("a code that is over: %v", err)
	}
	_, _, err = h.SettingUp(ctx, token)
	wantErr(t, "a session of a code that is over", err, signin.ErrNoSession)

	if code, _, err = h.NewCode(ctx, signin.SetUp, u.ID, operator); err != nil {
		t.Fatal(err)
	}
	if token, _, _, err = h.UseCode(ctx, home, code); err != nil {
		t.Fatal(err)
	}
	h.pass(30 * time.Minute)
	_, _, err = h.SettingUp(ctx, token)
	wantErr(t, "a set-up that takes too long", err, signin.ErrNoSession)

	p := h.newPerson("Ana")
	for _, tt := range []struct {
		name    string
		purpose signin.Purpose
		user    string
		want    error
	}{
		{"somebody who can sign in", signin.SetUp, p.ID, daybook.ErrInvalid},
		{"nobody", signin.SetUp, "", daybook.ErrInvalid},
		{"an unknown user", signin.Recover, "none", daybook.ErrNotFound},
		{"a first run of somebody", signin.FirstUp, u.ID, daybook.ErrInvalid},
		{"no purpose", "play", u.ID, daybook.ErrInvalid},
	} {
		_, _, err := h.NewCode(ctx, tt.purpose, tt.user, operator)
		wantErr(t, tt.name, err, tt.want)
	}
}

// With the code of a set-up that is done but for its last click, nobody changes
// what was set up.
func TestACodeDoesNotReplaceWays(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	u := h.newUser("Mara")
	code, _, err := h.NewCode(ctx, signin.SetUp, u.ID, operator)
	if err != nil {
		t.Fatal(err)
	}
	token, _, _, err := h.UseCode(ctx, home, code)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SetPassphrase(ctx, token, "rain on the tin roof"); err != nil {
		t.Fatal(err)
	}
	if w, err := h.Ways(ctx, u.ID); err != nil || w.Ready() {
		t.Errorf("a passphrase alone: %+v, %v; want not ready", w, err)
	}
	_, secret, _, err := h.NewTOTP(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a wrong code", h.ConfirmTOTP(ctx, token, "000000"), signin.ErrRefused)
	if err := h.ConfirmTOTP(ctx, token, h.code(secret)); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "confirm again", h.ConfirmTOTP(ctx, token, h.code(secret)), daybook.ErrInvalid)
	if w, err := h.Ways(ctx, u.ID); err != nil || !w.Passphrase || !w.Ready() {
		t.Errorf("ways: %+v, %v", w, err)
	}
	if w, err := h.SetUpWays(ctx, token); err != nil || !w.Ready() {
		t.Errorf("ways of the set-up: %+v, %v", w, err)
	}
	if _, _, _, err := h.UseCode(ctx, cafe, code); !isPlain(err) {
		t.Errorf("the code: %v, want ErrRefused", err)
	}
	if _, _, err := h.Settle(ctx, token, home); err != nil {
		t.Error(err)
	}
}

func TestChangingWays(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	change := func(token string) error { return h.SetPassphrase(ctx, token, "snow on the tin roof") }
	h.pass(signin.NewDevice)
	other, _, _ := h.enter(p, cafe)
	token, _, _ := h.enter(p, p.door)
	h.check(other, nil)
	if err := change(token); err != nil {
		t.Fatal(err)
	}
	h.check(other, signin.ErrNoSession) // whoever was in by the old one is out
	h.check(token, nil)
	if _, _, _, err := h.signIn(p.door, p.Name, p.passphrase, h.code(p.secret)); !isPlain(err) {
		t.Errorf("the old passphrase: %v", err)
	}
	h.pass(time.Minute)
	p.passphrase = "snow on the tin roof"
	token, _, _ = h.enter(p, p.door)
	uri, secret, qr, err := h.NewTOTP(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(uri, "otpauth://totp/Daybook:notes?") || !strings.Contains(uri, "secret="+secret) || strings.Contains(uri, "Mara") {
		t.Errorf("uri %q", uri)
	}
	if len(qr) < 21 || len(qr[0]) != len(qr) || !qr[0][0] || qr[7][7] {
		t.Errorf("a QR code of %d rows that does not begin with its corner", len(qr))
	}
	second, _, _ := h.enter(p, cafe) // the old secret counts until then
	wantErr(t, "confirm in another session", h.ConfirmTOTP(ctx, second, h.code(secret)), daybook.ErrInvalid)
	if err := h.ConfirmTOTP(ctx, token, h.code(secret)); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Minute)
	if _, _, _, err := h.signIn(p.door, p.Name, p.passphrase, h.code(p.secret)); !isPlain(err) {
		t.Errorf("the old secret: %v", err)
	}
	p.secret = secret
	h.pass(time.Minute)
	h.enter(p, p.door)
}

func TestWeakPassphrases(t *testing.T) {
	h := newHouse(t)
	u := h.newUser("Mara Sandmartin")
	token, _ := h.invite(signin.SetUp, u.ID, home)
	for _, tt := range []struct {
		name, passphrase string
		weak             bool
	}{
		{"empty", "", true},
		{"eleven", "brown teapo", true},
		{"eleven letters of two bytes", strings.Repeat("éü", 5) + "é", true},
		{"spaces around a short one", "      brown        ", true},
		{"one letter", "aaaaaaaaaaaaaaaa", true},
		{"said again", "birdbirdbirdbird", true},
		{"a row", "abcdefghijklmn", true},
		{"a row back", "0987654321098", true},
		{"listed", "Password 1234", true},
		{"signs alone", "!!??!!??!!..--", true},
		{"the name", "mara  sandmartin", true},
		{"twelve", "brown teapot", false},
		{"other letters", "чайник на столе", false},
		{"few letters that are enough", "鳥が屋根の上で歌っています", false},
	} {
		err := h.SetPassphrase(t.Context(), token, tt.passphrase)
		if errors.Is(err, signin.ErrWeak) != tt.weak || (err != nil) != tt.weak || tt.weak && !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("%s: %v, want weak %v", tt.name, err, tt.weak)
		}
	}
	for name, passphrase := range map[string]string{"too long": strings.Repeat("teapot brown ", 100), "no text": "brown teapot \xff"} {
		if err := h.SetPassphrase(t.Context(), token, passphrase); !errors.Is(err, daybook.ErrInvalid) || errors.Is(err, signin.ErrWeak) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The same letters typed on another keyboard.
func TestPassphrasesAreNormalised(t *testing.T) {
	h := newHouse(t)
	u := h.newUser("Mara")
	token, device := h.invite(signin.SetUp, u.ID, home)
	door := home
	door.Device = device
	p := h.settle(u, door, token, "cafe\u0301 am Ufer der Elbe")
	p.passphrase = "caf\u00e9 am Ufer der Elbe"
	h.enter(p, p.door)
}
