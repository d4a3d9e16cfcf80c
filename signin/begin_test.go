package signin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/signin"
)

func TestPassphraseAndCode(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara Finch")
	code := h.code(p.secret)
	token, device, s, err := h.signIn(p.door, "  mara   FINCH ", p.passphrase, code[:3]+" "+code[3:])
	if err != nil {
		t.Fatal(err)
	}
	want := signin.Session{ID: s.ID, User: p.ID, Device: "Firefox on Android", Created: h.now, Seen: h.now, Strong: h.now, Stage: signin.Open}
	if diff := cmp.Diff(want, s); diff != "" || s.ID == "" || token == "" || device != p.door.Device {
		t.Errorf("token %q, device %q: %s", token, device, diff)
	}
	if got, err := h.Check(t.Context(), token, p.door); err != nil || got != s {
		t.Errorf("Check: %v, %v", got, err)
	}
	h.check(p.token, signin.ErrNoSession) // one browser has one session
}

func TestCodesOfAppsAreUsedOnce(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	last, next := h.code(p.secret), ""
	h.pass(30 * time.Second)
	now := h.code(p.secret)
	h.pass(30 * time.Second)
	next = h.code(p.secret)
	h.pass(-30 * time.Second)
	for _, tt := range []struct {
		name, code string
		pass       time.Duration
		ok         bool
	}{
		{"of half a minute ago", last, 0, true},
		{"the same again", last, 0, false},
		{"of now", now, 0, true},
		{"the same again", now, 0, false},
		{"the one before it", last, 0, false},
		{"of a phone that is fast", next, 0, true},
		{"the same again", next, 30 * time.Second, false},
		{"too old", next, time.Minute, false},
		{"none", "", 0, false},
		{"no digits", "abcdef", 0, false},
	} {
		h.pass(tt.pass)
		if _, _, _, err := h.signIn(p.door, p.Name, p.passphrase, tt.code); (err == nil) != tt.ok {
			t.Errorf("code %s: %v, want ok %v", tt.name, err, tt.ok)
		}
		h.pass(0)
	}
}

// The code that confirmed the secret is used, too.
func TestConfirmingUsesACode(t *testing.T) {
	h := newHouse(t)
	u := h.newUser("Mara")
	token, device := h.invite(signin.SetUp, u.ID, home)
	door := home
	door.Device = device
	p := h.settle(u, door, token, "rain on the tin roof")
	h.pass(-time.Minute)
	if _, _, _, err := h.signIn(p.door, p.Name, p.passphrase, h.code(p.secret)); !isPlain(err) {
		t.Errorf("the code of the set-up: %v, want ErrRefused", err)
	}
}

func TestAttempts(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	for _, tt := range []struct {
		name string
		door signin.Door
		pass time.Duration
		ok   bool
	}{
		{"at once", p.door, 0, true},
		{"just in time", p.door, 5*time.Minute - time.Second, true},
		{"too late", p.door, 5 * time.Minute, false},
		{"from elsewhere", signin.Door{Address: cafe.Address, Device: p.door.Device}, 0, false},
	} {
		attempt, err := h.Begin(t.Context(), p.door, p.Name, p.passphrase)
		if err != nil {
			t.Fatal(err)
		}
		h.pass(tt.pass)
		if _, _, _, err := h.Finish(t.Context(), tt.door, attempt, h.code(p.secret)); (err == nil) != tt.ok || err != nil && !isPlain(err) {
			t.Errorf("%s: %v, want ok %v", tt.name, err, tt.ok)
		}
		h.pass(time.Minute)
		if _, _, _, err := h.Finish(t.Context(), p.door, attempt, h.code(p.secret)); !isPlain(err) {
			t.Errorf("%s, again: %v, want ErrRefused", tt.name, err)
		}
	}
	if _, _, _, err := h.Finish(t.Context(), p.door, "none", h.code(p.secret)); !isPlain(err) {
		t.Errorf("an attempt that was never begun: %v", err)
	}
}

// A wait grows with each try and ends when somebody gets it right; the count is
// in the store.
func TestBackOff_C8(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	other := signin.Door{Address: "203.0.113.1"}
	try := func(n int) error {
		other.Address = fmt.Sprintf("203.0.113.%d", n%250) // another address each time: the name counts
		_, _, _, err := h.signIn(other, p.Name, "not the passphrase", "000000")
		return err
	}
	for i := range 5 {
		if err := try(i); !isPlain(err) {
			t.Fatalf("try %d: %v, want no wait", i, err)
		}
	}
	want := time.Second
	for i := range 12 {
		until, ok := waits(try(20 + i))
		if !ok || until.Sub(h.now) != want {
			t.Fatalf("wait %d is until %v (%v), want %v", i, until, until.Sub(h.now), want)
		}
		if i == 3 { // a new start forgets nothing
			h.stop()
			h.start()
			if again, ok := waits(try(100)); !ok || !again.Equal(until) {
				t.Errorf("after a new start: wait until %v, want %v", again, until)
			}
		}
		h.pass(want)
		if err := try(40 + i); !isPlain(err) {
			t.Fatalf("try after wait %d: %v, want ErrRefused", i, err)
		}
		want = min(2*want, 15*time.Minute)
	}
	if want != 15*time.Minute {
		t.Errorf("the longest wait is %v", want)
	}
	// The person is not locked out where they are known, and the others still are.
	h.enter(p, p.door)
	if _, ok := waits(try(60)); !ok {
		t.Error("what happened at a known device ended the wait of others")
	}
	// Getting it right ends the wait of the name.
	h.pass(15 * time.Minute)
	h.enter(p, cafe)
	for i := range 5 {
		if err := try(70 + i); !isPlain(err) {
			t.Fatalf("try %d after it was right: %v, want no wait", i, err)
		}
	}
	// A day later nothing is left of it.
	h.pass(24 * time.Hour)
	for i := range 5 {
		if err := try(80 + i); !isPlain(err) {
			t.Fatalf("try %d of the next day: %v, want no wait", i, err)
		}
	}
}

func TestTriesOfAnAddressCount_C8(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	for i := range 5 {
		if _, _, _, err := h.signIn(signin.Door{Address: fmt.Sprintf("2001:db8::%x", i)}, fmt.Sprint("name ", i), "guess", "000000"); !isPlain(err) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	door := signin.Door{Address: "2001:db8::ffff"} // in the same network
	for name, try := range map[string]func() error{
		"passphrase":    func() error { _, err := h.Begin(t.Context(), door, p.Name, p.passphrase); return err },
		"set-up code":   func() error { _, _, _, err := h.UseCode(t.Context(), door, "k3f9-k3f9-k3f9-k3f9"); return err },
		"recovery code": func() error { _, _, err := h.UseRecoveryCode(t.Context(), door, p.Name, p.codes[0]); return err },
		"passkey":       func() error { _, _, _, err := h.FinishPasskey(t.Context(), door, "", nil); return err },
	} {
		if _, ok := waits(try()); !ok {
			t.Errorf("%s from an address with too many tries: %v, want a wait", name, try())
		}
	}
	if _, err := h.Begin(t.Context(), signin.Door{Address: "2001:db8:0:1::1"}, p.Name, p.passphrase); err != nil {
		t.Errorf("the network next door: %v", err)
	}
	// Somebody who gets it right gives back their one try, and no more.
	h.pass(time.Second)
	h.enter(p, door)
	if _, _, _, err := h.signIn(door, "another", "guess", "000000"); !isPlain(err) {
		t.Errorf("one more: %v", err)
	}
	if _, ok := waits(func() error { _, err := h.Begin(t.Context(), door, "another", "guess"); return err }()); !ok {
		t.Error("an account of one's own ends the wait of an address")
	}
}

func TestThoseWhoLeftAreUnknown(t *testing.T) {
	h := newHouse(t)
	p := h.newPerson("Mara")
	attempt, err := h.Begin(t.Context(), p.door, p.Name, p.passphrase)
	if err != nil {
		t.Fatal(err)
	}
	h.check(p.token, nil)
	if ready, err := h.AnyReady(t.Context()); err != nil || !ready {
		t.Errorf("AnyReady: %v, %v", ready, err)
	}
	h.leave(p.User)
	if ready, err := h.AnyReady(t.Context()); err != nil || ready {
		t.Errorf("AnyReady when all have left: %v, %v", ready, err)
	}
	h.check(p.token, signin.ErrNoSession)
	if all, err := h.Sessions(t.Context(), p.ID); err != nil || len(all) != 0 {
		t.Errorf("their sessions: %v, %v", all, err)
	}
	if _, _, _, err := h.Finish(t.Context(), p.door, attempt, h.code(p.secret)); !isPlain(err) {
		t.Errorf("the second step: %v", err)
	}
	h.pass(time.Minute)
	if _, _, _, err := h.signIn(p.door, p.Name, p.passphrase, h.code(p.secret)); !isPlain(err) {
		t.Errorf("both steps: %v", err)
	}
	if _, _, err := h.UseRecoveryCode(t.Context(), p.door, p.Name, p.codes[0]); !isPlain(err) {
		t.Errorf("a recovery code: %v", err)
	}
	_, _, err = h.NewCode(t.Context(), signin.Recover, p.ID, operator)
	wantErr(t, "a code for them", err, daybook.ErrNotFound)
	_, err = h.RequestRecovery(t.Context(), p.ID, adviser)
	wantErr(t, "a recovery for them", err, daybook.ErrNotFound)
}
