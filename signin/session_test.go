package signin_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/signin"
)

func TestIdleSessionsLock_C8(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	h.check(p.token, nil)
	for range 5 { // each request begins the time anew
		h.pass(signin.IdleLock - time.Second)
		h.check(p.token, nil)
	}
	h.pass(signin.IdleLock)
	if all, err := h.Sessions(t.Context(), p.ID); err != nil || len(all) != 1 || all[0].Stage != signin.Locked {
		t.Errorf("the list shows %v, %v; want a locked session", all, err)
	}
	h.check(p.token, signin.ErrLocked)
	h.pass(-signin.IdleLock) // locked is locked, whatever the clock says
	h.check(p.token, signin.ErrLocked)
}

func TestUnlock_C8(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p, other := h.newPerson("Mara"), h.newPerson("Ana")
	h.pass(time.Minute)
	strong := begin
	if err := h.Lock(ctx, p.token); err != nil {
		t.Fatal(err)
	}
	h.check(p.token, signin.ErrLocked)
	elsewhere := p.door
	elsewhere.Device = other.door.Device
	for _, tt := range []struct {
		name, token, who, passphrase string
		door                         signin.Door
	}{
		{"wrong passphrase", p.token, p.Name, "a guess of somebody", p.door},
		{"another's name and passphrase", p.token, other.Name, other.passphrase, p.door},
		{"another browser", p.token, p.Name, p.passphrase, elsewhere},
		{"a browser without a name", p.token, p.Name, p.passphrase, home},
		{"no session", "none", p.Name, p.passphrase, p.door},
		{"unknown name", p.token, "Nobody", p.passphrase, p.door},
	} {
		if s, err := h.Unlock(ctx, tt.token, tt.door, tt.who, tt.passphrase); !isPlain(err) {
			t.Errorf("%s: %v, %v; want ErrRefused", tt.name, s, err)
		}
	}
	h.check(p.token, signin.ErrLocked)
	s, err := h.Unlock(ctx, p.token, p.door, "mara", p.passphrase)
	if err != nil || s.Stage != signin.Open || !s.Strong.Equal(strong) {
		t.Fatalf("unlock: %+v, %v; want an open session, as fresh as before (%v)", s, err, strong)
	}
	h.check(p.token, nil)
	// Idle and not noticed yet.
	h.pass(time.Hour)
	if _, err := h.Unlock(ctx, p.token, p.door, p.Name, p.passphrase); err != nil {
		t.Errorf("unlock an idle session: %v", err)
	}
	h.check(p.token, nil)
	// The same limits.
	h.Lock(ctx, p.token)
	for range 5 {
		if _, err := h.Unlock(ctx, p.token, p.door, p.Name, "a guess of somebody"); !isPlain(err) {
			t.Fatalf("wrong passphrase: %v", err)
		}
	}
	if _, ok := waits(func() error { _, err := h.Unlock(ctx, p.token, p.door, p.Name, p.passphrase); return err }()); !ok {
		t.Error("the sixth try need not wait")
	}
	h.pass(signin.SessionLife)
	if _, err := h.Unlock(ctx, p.token, p.door, p.Name, p.passphrase); !isPlain(err) {
		t.Errorf("unlock a session that is over: %v", err)
	}
}

// A request that was on its way when the session was locked does not open it.
func TestALockStays_C8(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	s, err := h.Check(t.Context(), p.token, p.door)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Lock(t.Context(), p.token); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Minute)
	if err := h.db.TouchSession(t.Context(), s.ID, h.now); err != nil {
		t.Fatal(err)
	}
	h.check(p.token, signin.ErrLocked)
	wantErr(t, "StepUp", h.StepUp(t.Context(), p.token, p.door, p.passphrase, h.code(p.secret)), signin.ErrLocked)
	wantErr(t, "SetPassphrase", h.SetPassphrase(t.Context(), p.token, "snow on the tin roof"), signin.ErrLocked)
}

func TestSessionsEnd(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	h.check("", signin.ErrNoSession)
	h.check("none", signin.ErrNoSession)
	wantErr(t, "lock nothing", h.Lock(ctx, "none"), nil)
	wantErr(t, "end nothing", h.End(ctx, "none"), nil)
	if err := h.End(ctx, p.token); err != nil {
		t.Fatal(err)
	}
	h.check(p.token, signin.ErrNoSession)

	token, _, _ := h.enter(p, p.door)
	for until := h.now.Add(signin.SessionLife - 2*time.Minute); h.now.Before(until); h.pass(4 * time.Minute) {
		h.check(token, nil)
	}
	h.pass(4 * time.Minute)
	h.check(token, signin.ErrNoSession)
	if err := h.Clean(ctx); err != nil {
		t.Fatal(err)
	}
	h.check(token, signin.ErrNoSession)
}

func TestSessionsAreListedAndRevoked_C9(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p, other := h.newPerson("Mara"), h.newPerson("Ana")
	h.pass(time.Second)
	token, device, second := h.enter(p, cafe)
	h.check(token, nil)
	all, err := h.Sessions(ctx, p.ID)
	if err != nil || len(all) != 2 {
		t.Fatalf("sessions: %v, %v", all, err)
	}
	got := []string{all[0].Device, all[1].Device}
	if diff := cmp.Diff([]string{"Chrome on Windows", "Firefox on Android"}, got); diff != "" || all[0].ID != second.ID {
		t.Errorf("%s", diff)
	}
	wantErr(t, "end another's session", h.EndSession(ctx, other.ID, second.ID), daybook.ErrNotFound)
	h.check(token, nil)
	if err := h.EndSession(ctx, p.ID, second.ID); err != nil {
		t.Fatal(err)
	}
	h.check(token, signin.ErrNoSession)
	wantErr(t, "end it again", h.EndSession(ctx, p.ID, second.ID), daybook.ErrNotFound)

	// A device that was sent away is new when it comes back.
	h.pass(signin.NewDevice)
	again := cafe
	again.Device = device
	token, _, s := h.enter(p, again)
	if !s.Held(h.now) {
		t.Error("a device whose session was ended is not held when it comes back")
	}
	here, _, _ := h.enter(p, p.door)
	h.check(here, nil)
	all, err = h.Sessions(ctx, p.ID)
	if err != nil || len(all) != 2 {
		t.Fatalf("sessions: %v, %v", all, err)
	}
	theirs, _, _ := h.enter(other, other.door)
	if err := h.EndAll(ctx, p.ID, all[0].ID); err != nil {
		t.Fatal(err)
	}
	h.check(token, signin.ErrNoSession)
	h.check(here, nil)
	if err := h.EndAll(ctx, p.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.check(here, signin.ErrNoSession)
	h.check(theirs, nil)
}

func TestStepUp_C10(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	fresh := func() bool {
		t.Helper()
		s, err := h.Check(ctx, p.token, p.door)
		if err != nil {
			t.Fatal(err)
		}
		return s.Fresh(h.now)
	}
	if !fresh() {
		t.Error("a session that was just begun is not fresh")
	}
	h.pass(signin.StepUpLife - 2*time.Minute)
	if !fresh() {
		t.Error("not fresh for long enough")
	}
	h.pass(time.Minute)
	if fresh() {
		t.Error("fresh for too long")
	}
	wantErr(t, "SetPassphrase", h.SetPassphrase(ctx, p.token, "snow on the tin roof"), signin.ErrStrong)
	_, err := h.NewRecoveryCodes(ctx, p.token)
	wantErr(t, "NewRecoveryCodes", err, signin.ErrStrong)
	_, _, _, err = h.NewTOTP(ctx, p.token)
	wantErr(t, "NewTOTP", err, signin.ErrStrong)
	_, _, err = h.BeginAddPasskey(ctx, p.token)
	wantErr(t, "BeginAddPasskey", err, signin.ErrStrong)
	wantErr(t, "RemovePasskey", h.RemovePasskey(ctx, p.token, "none"), signin.ErrStrong)

	code := h.code(p.secret)
	wantErr(t, "wrong passphrase", h.StepUp(ctx, p.token, p.door, "a guess of somebody", code), signin.ErrRefused)
	wantErr(t, "wrong code", h.StepUp(ctx, p.token, p.door, p.passphrase, "000000"), signin.ErrRefused)
	wantErr(t, "no session", h.StepUp(ctx, "none", p.door, p.passphrase, code), signin.ErrNoSession)
	if fresh() {
		t.Error("fresh after wrong tries")
	}
	if err := h.StepUp(ctx, p.token, p.door, p.passphrase, code); err != nil {
		t.Fatal(err)
	}
	if !fresh() {
		t.Error("not fresh after StepUp")
	}
	wantErr(t, "the same code", h.StepUp(ctx, p.token, p.door, p.passphrase, code), signin.ErrRefused)
	for range 4 {
		wantErr(t, "wrong", h.StepUp(ctx, p.token, p.door, "a guess of somebody", "000000"), signin.ErrRefused)
	}
	if _, ok := waits(h.StepUp(ctx, p.token, p.door, p.passphrase, code)); !ok {
		t.Error("many wrong tries need not wait")
	}
	if s := (signin.Session{Strong: h.now}); s.Fresh(h.now.Add(-time.Hour)) {
		t.Error("a session from the future is fresh")
	}
}

func TestHoldOfANewDevice_C10(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	if s, err := h.Check(ctx, p.token, p.door); err != nil || s.Held(h.now) {
		t.Errorf("the device of the set-up: %+v, %v; want it not held", s, err)
	}
	// Somebody who knows the passphrase and holds the phone.
	token, device, s := h.enter(p, cafe)
	if until := begin.Add(time.Minute).Add(signin.NewDevice); !s.HeldTill.Equal(until) || device == "" {
		t.Errorf("held till %v, want %v", s.HeldTill, until)
	}
	h.check(token, nil) // may look
	wantErr(t, "SetPassphrase", h.SetPassphrase(ctx, token, "snow on the tin roof"), signin.ErrHeld)
	_, err := h.NewRecoveryCodes(ctx, token)
	wantErr(t, "NewRecoveryCodes", err, signin.ErrHeld)
	_, _, _, err = h.NewTOTP(ctx, token)
	wantErr(t, "NewTOTP", err, signin.ErrHeld)
	_, _, err = h.BeginAddPasskey(ctx, token)
	wantErr(t, "BeginAddPasskey", err, signin.ErrHeld)
	wantErr(t, "RemovePasskey", h.RemovePasskey(ctx, token, "none"), signin.ErrHeld)

	back := cafe
	back.Device = device
	for _, tt := range []struct {
		name string
		door signin.Door
		pass time.Duration
		held bool
	}{
		{"signing in again does not end it", back, 0, true},
		{"nor begin it anew", back, signin.NewDevice - 4*time.Minute, true},
		{"a day later", back, 5 * time.Minute, false},
		{"without its cookie", cafe, 0, true},
		{"with one that was made up", signin.Door{Address: cafe.Address, Device: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, 0, true},
		{"not seen for very long", back, signin.DeviceLife, true},
	} {
		h.pass(tt.pass)
		if _, _, s := h.enter(p, tt.door); s.Held(h.now) != tt.held {
			t.Errorf("%s: held till %v at %v, want held %v", tt.name, s.HeldTill, h.now, tt.held)
		}
	}
}

// Ending everything does not make the next device a first one.
func TestForgottenDevicesStillCount_C10(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	token, _, _ := h.enter(p, cafe)
	h.check(token, nil)
	if err := h.EndAll(ctx, p.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.pass(signin.DeviceLife + time.Hour)
	if err := h.Clean(ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, s := h.enter(p, cafe); !s.Held(h.now) {
		t.Error("the first device after all were forgotten is not held")
	}
}

// A token that somebody put into the browser never becomes one that is known.
func TestDeviceTokensAreNotTakenOn_C10(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	planted := home
	planted.Device = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
	_, device, _ := h.enter(p, planted)
	if device == planted.Device {
		t.Error("a device token that was never given out was taken on")
	}
	code, _, err := h.NewCode(t.Context(), signin.FirstUp, "", operator)
	if err != nil {
		t.Fatal(err)
	}
	if _, device, _, err = h.UseCode(t.Context(), planted, code); err != nil || device == planted.Device {
		t.Errorf("with a set-up code: %v, or a planted token was taken on", err)
	}
}
