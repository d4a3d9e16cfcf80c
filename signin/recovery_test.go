package signin_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/signin"
)

// Somebody who reads the person's mail, and knows name and passphrase, tries
// everything that there is. Nothing is sent by mail, so the mailbox is of no
// use; what it could hold are old codes.
func TestTheMailboxIsNoWayIn_C9(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	u := h.newUser("Mara")
	u.Address = "mara@birds.example"
	if err := h.db.PutUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	invitation, _, err := h.NewCode(ctx, signin.SetUp, u.ID, operator) // say it was mailed
	if err != nil {
		t.Fatal(err)
	}
	token, device, _, err := h.UseCode(ctx, home, invitation)
	if err != nil {
		t.Fatal(err)
	}
	door := home
	door.Device = device
	p := h.settle(u, door, token, "rain on the tin roof")
	refused := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s lets them in", what)
		}
		h.pass(20 * time.Minute) // they have time
	}
	_, _, _, err = h.UseCode(ctx, cafe, invitation)
	refused("the invitation", err)
	_, _, _, err = h.signIn(cafe, u.Address, p.passphrase, "")
	refused("the address as a name", err)
	_, _, _, err = h.signIn(cafe, p.Name, p.passphrase, "")
	refused("the passphrase alone", err)
	_, _, err = h.UseRecoveryCode(ctx, cafe, p.Name, invitation)
	refused("the invitation as a recovery code", err)
	_, _, err = h.TakeRecovery(ctx, "none", daybook.Actor{ID: u.ID, Role: "user"})
	refused("a recovery that nobody asked for", err)
	_, _, _, err = h.UseCode(ctx, cafe, p.codes[0])
	refused("a recovery code without the name", err)
	if w, err := h.Ways(ctx, u.ID); err != nil || w != (signin.Ways{Passphrase: true, RecoveryCodes: 10}) {
		t.Errorf("ways: %+v, %v", w, err)
	}
	h.enter(p, p.door)
}

func TestRecoveryCodes_C9(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p, other := h.newPerson("Mara"), h.newPerson("Ana")
	h.pass(signin.NewDevice)
	thief, _, _ := h.enter(p, signin.Door{Address: "203.0.113.66", Agent: "somebody"})
	here, _, _ := h.enter(p, p.door)
	if len(p.codes) != 10 {
		t.Fatalf("%d recovery codes", len(p.codes))
	}
	if _, _, err := h.UseRecoveryCode(ctx, home, other.Name, p.codes[0]); !isPlain(err) {
		t.Errorf("a code of somebody else: %v", err)
	}
	token, device, err := h.UseRecoveryCode(ctx, cafe, "mara", p.codes[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.UseRecoveryCode(ctx, cafe, p.Name, p.codes[0]); !isPlain(err) {
		t.Errorf("the same code again: %v", err)
	}
	s, c, err := h.SettingUp(ctx, token)
	if err != nil || s.User != p.ID || c.Purpose != signin.Recover || c.User != p.ID {
		t.Errorf("SettingUp: %+v, %+v, %v", s, c, err)
	}
	h.check(token, signin.ErrNoSession) // shows nothing yet

	// Until Settle all is as it was.
	if err := h.SetPassphrase(ctx, token, "snow on the tin roof"); err != nil {
		t.Fatal(err)
	}
	w, err := h.SetUpWays(ctx, token)
	if err != nil || w.Ready() {
		t.Errorf("ways so far: %+v, %v", w, err)
	}
	_, _, err = h.Settle(ctx, token, cafe)
	wantErr(t, "settle with half a way in", err, daybook.ErrInvalid)
	h.check(thief, nil)
	h.check(here, nil)
	h.enter(p, p.door)
	if w, err := h.Ways(ctx, p.ID); err != nil || w != (signin.Ways{Passphrase: true, RecoveryCodes: 9}) {
		t.Errorf("ways meanwhile: %+v, %v", w, err)
	}

	door := cafe
	door.Device = device
	thief, _, _ = h.enter(p, signin.Door{Address: "203.0.113.66", Agent: "somebody"})
	h.check(thief, nil)
	anew := h.settle(p.User, door, token, "snow on the tin roof")
	for name, old := range map[string]string{"the thief": thief, "the old phone": here, "the set-up": token} {
		if _, err := h.Check(ctx, old, home); err == nil {
			t.Errorf("%s is still in", name)
		}
	}
	if _, _, _, err := h.signIn(p.door, p.Name, p.passphrase, h.code(p.secret)); !isPlain(err) {
		t.Errorf("the old passphrase: %v", err)
	}
	h.pass(time.Minute)
	for _, old := range p.codes[1:] {
		if _, _, err := h.UseRecoveryCode(ctx, home, p.Name, old); err == nil {
			t.Error("an old recovery code is good")
		}
		h.pass(15 * time.Minute)
	}
	if w, err := h.Ways(ctx, p.ID); err != nil || w != (signin.Ways{Passphrase: true, RecoveryCodes: 10}) {
		t.Errorf("ways: %+v, %v", w, err)
	}
	if _, _, s := h.enter(anew, door); !s.Held(h.now) {
		t.Error("a new device that recovers is not held")
	}
	// Other devices are new again, also the one that was known.
	if _, _, s := h.enter(anew, p.door); !s.Held(h.now) {
		t.Error("the device of whoever was in before is not held")
	}
}

// A draft that is not settled leaves nothing behind.
func TestAnUnsettledRecoveryIsGone_C9(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	token, _, err := h.UseRecoveryCode(ctx, cafe, p.Name, p.codes[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SetPassphrase(ctx, token, "snow on the tin roof"); err != nil {
		t.Fatal(err)
	}
	a := newAuthenticator(t)
	h.addPasskey(token, a, "thief")
	all, err := h.Sessions(ctx, p.ID)
	if err != nil || len(all) != 2 || all[0].Stage != signin.SettingUp {
		t.Fatalf("the person sees %v, %v; want the set-up first", all, err)
	}
	if _, err := h.usePasskey(a, home); !isPlain(err) {
		t.Errorf("a passkey that is not settled: %v", err)
	}
	if err := h.EndSession(ctx, p.ID, all[0].ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = h.SettingUp(ctx, token)
	wantErr(t, "a set-up that the person ended", err, signin.ErrNoSession)
	if row, err := h.db.Login(ctx, all[0].ID); err != nil || row.Sealed != nil {
		t.Errorf("the draft: %v, %v", row, err)
	}
	if _, err := h.usePasskey(a, home); !isPlain(err) {
		t.Errorf("a passkey of a draft that is gone: %v", err)
	}
	if keys, err := h.Passkeys(ctx, p.ID); err != nil || len(keys) != 0 {
		t.Errorf("passkeys: %v, %v", keys, err)
	}
}

func TestAdviserRecovery_C9(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	r, err := h.RequestRecovery(ctx, "mara", adviser)
	if err != nil {
		t.Fatal(err)
	}
	want := signin.Recovery{ID: r.ID, User: p.ID, By: adviser, Asked: h.now, Ready: h.now.Add(72 * time.Hour)}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	h.pass(time.Hour)
	if again, err := h.RequestRecovery(ctx, p.ID, adviser); err != nil || again != r {
		t.Errorf("asked again: %+v, %v; want the same", again, err)
	}
	// The notice: what pages and mails show.
	if got, err := h.Recoveries(ctx, p.ID); err != nil || cmp.Diff([]signin.Recovery{want}, got) != "" {
		t.Errorf("Recoveries: %v, %v", got, err)
	}
	h.enter(p, p.door) // nothing changes for the person meanwhile

	h.pass(want.Ready.Sub(h.now) - time.Microsecond)
	_, _, err = h.TakeRecovery(ctx, r.ID, adviser)
	wantErr(t, "before the time", err, daybook.ErrInvalid)
	h.pass(time.Microsecond)
	_, _, err = h.TakeRecovery(ctx, r.ID, daybook.Actor{ID: "adviser-2", Role: "manager"})
	wantErr(t, "another adviser", err, daybook.ErrForbidden)
	code, until, err := h.TakeRecovery(ctx, r.ID, adviser)
	if err != nil || !until.Equal(h.now.Add(signin.CodeLife)) {
		t.Fatalf("at the time: %v, until %v", err, until)
	}
	_, _, err = h.TakeRecovery(ctx, r.ID, adviser)
	wantErr(t, "twice", err, daybook.ErrNotFound)

	old, _, _ := h.enter(p, p.door)
	token, device, c, err := h.UseCode(ctx, cafe, code)
	if err != nil || c.Purpose != signin.Recover || c.By != adviser || c.User != p.ID {
		t.Fatalf("UseCode: %+v, %v", c, err)
	}
	h.check(old, nil)
	door := cafe
	door.Device = device
	anew := h.settle(p.User, door, token, "snow on the tin roof")
	h.check(old, signin.ErrNoSession)
	h.check(anew.token, nil)
	if _, _, _, err := h.UseCode(ctx, cafe, code); !isPlain(err) {
		t.Errorf("the code again: %v", err)
	}
}

func TestCancelledRecovery_C9(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p, other := h.newPerson("Mara"), h.newPerson("Ana")
	r, err := h.RequestRecovery(ctx, p.ID, adviser)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "cancel another's", h.CancelRecovery(ctx, other.ID, r.ID), daybook.ErrNotFound)
	wantErr(t, "cancel", h.CancelRecovery(ctx, p.ID, r.ID), nil)
	wantErr(t, "cancel again", h.CancelRecovery(ctx, p.ID, r.ID), daybook.ErrNotFound)
	h.pass(signin.RecoveryHold)
	_, _, err = h.TakeRecovery(ctx, r.ID, adviser)
	wantErr(t, "take what was cancelled", err, daybook.ErrNotFound)
	if all, err := h.Recoveries(ctx, p.ID); err != nil || len(all) != 0 {
		t.Errorf("Recoveries: %v, %v", all, err)
	}
	// One that nobody comes for ends by itself.
	if r, err = h.RequestRecovery(ctx, p.ID, adviser); err != nil {
		t.Fatal(err)
	}
	h.pass(signin.RecoveryHold + signin.CodeLife)
	_, _, err = h.TakeRecovery(ctx, r.ID, adviser)
	wantErr(t, "take what nobody came for", err, daybook.ErrNotFound)
	if err := h.Clean(ctx); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "cancel it", h.CancelRecovery(ctx, p.ID, r.ID), daybook.ErrNotFound)
}
