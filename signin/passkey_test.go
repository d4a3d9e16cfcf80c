package signin_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/signin"
)

func (h *house) addPasskey(token string, a *authenticator, name string) {
	h.t.Helper()
	options, attempt, err := h.BeginAddPasskey(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.FinishAddPasskey(h.t.Context(), token, attempt, name, a.create(options)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) usePasskey(a *authenticator, door signin.Door) (token string, err error) {
	h.t.Helper()
	options, attempt, err := h.BeginPasskey(h.t.Context(), door)
	if err != nil {
		return "", err
	}
	a.counter++
	token, _, _, err = h.FinishPasskey(h.t.Context(), door, attempt, a.get(options))
	return token, err
}

func TestPasskey(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	u := h.newUser("Mara Finch")
	token, device := h.invite(signin.SetUp, u.ID, home)
	a := newAuthenticator(t)
	options, attempt, err := h.BeginAddPasskey(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	o := readOptions(t, options).PublicKey
	if o.RP.ID != host || o.RP.Name != "Daybook" || o.User.Name != "notes" || o.User.DisplayName != "notes" || string(o.User.ID) != u.ID ||
		o.AuthenticatorSelection.ResidentKey != "required" || o.AuthenticatorSelection.UserVerification != "required" || strings.Contains(string(options), "Finch") {
		t.Errorf("options: %s", options)
	}
	answer := a.create(options)
	if err := h.FinishAddPasskey(ctx, token, attempt, "  my\x00 phone\u202e ", answer); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "the same answer again", h.FinishAddPasskey(ctx, token, attempt, "", answer), signin.ErrRefused)
	if w, err := h.Ways(ctx, u.ID); err != nil || w != (signin.Ways{Passkeys: 1}) {
		t.Errorf("ways: %+v, %v", w, err)
	}
	keys, err := h.Passkeys(ctx, u.ID)
	if err != nil || len(keys) != 1 {
		t.Fatalf("passkeys: %v, %v", keys, err)
	}
	if diff := cmp.Diff(signin.Passkey{ID: keys[0].ID, Name: "my phone", Added: begin}, keys[0]); diff != "" {
		t.Error(diff)
	}
	open, _, err := h.Settle(ctx, token, home)
	if err != nil {
		t.Fatal(err)
	}
	if ready, err := h.AnyReady(ctx); err != nil || !ready {
		t.Errorf("AnyReady: %v, %v", ready, err)
	}
	door := home
	door.Device = device
	h.pass(time.Hour)
	h.check(open, signin.ErrLocked)
	token, err = h.usePasskey(a, door) // a passkey opens a locked session: by a new one
	if err != nil {
		t.Fatal(err)
	}
	if s, err := h.Check(ctx, token, door); err != nil || s.User != u.ID || !s.Fresh(h.now) || s.Held(h.now) {
		t.Errorf("Check: %+v, %v", s, err)
	}
	h.check(open, signin.ErrNoSession)
	if keys, err := h.Passkeys(ctx, u.ID); err != nil || !keys[0].Used.Equal(h.now) {
		t.Errorf("used: %v, %v", keys, err)
	}
	if _, err := h.usePasskey(a, cafe); err != nil {
		t.Error(err)
	}
	wantErr(t, "remove the last way in", h.RemovePasskey(ctx, token, keys[0].ID), daybook.ErrInvalid)
	wantErr(t, "remove none", h.RemovePasskey(ctx, token, "none"), daybook.ErrNotFound)
	b := newAuthenticator(t)
	h.addPasskey(token, b, "")
	wantErr(t, "remove one of two", h.RemovePasskey(ctx, token, keys[0].ID), nil)
	if _, err := h.usePasskey(a, home); !isPlain(err) {
		t.Errorf("a passkey that was removed: %v", err)
	}
	if keys, err := h.Passkeys(ctx, u.ID); err != nil || len(keys) != 1 || keys[0].Name != "Passkey" {
		t.Errorf("passkeys: %v, %v", keys, err)
	}
	h.leave(u)
	if _, err := h.usePasskey(b, home); !isPlain(err) {
		t.Errorf("a passkey of somebody who left: %v", err)
	}
}

func TestPasskeysThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(a *authenticator)
	}{
		{"no user verification", func(a *authenticator) { a.flags = userPresent }},
		{"nobody there", func(a *authenticator) { a.flags = userVerified }},
		{"another page", func(a *authenticator) { a.origin = "https://notes.charity.example.evil.example" }},
		{"another key", func(a *authenticator) { a.key = newAuthenticator(a.t).key }},
		{"another passkey", func(a *authenticator) { a.id = newAuthenticator(a.t).id }},
		{"another user", func(a *authenticator) { a.handle = []byte("somebody") }},
		{"no user", func(a *authenticator) { a.handle = nil }},
		// WebAuthn §7.2 step 22: the counter of the original has moved on.
		{"a copy", func(a *authenticator) { a.counter -= 2 }},
		{"a copy at the same count", func(a *authenticator) { a.counter-- }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			u := h.newUser("Mara")
			token, _ := h.invite(signin.SetUp, u.ID, home)
			a := newAuthenticator(t)
			a.counter = 5
			h.addPasskey(token, a, "phone")
			if _, _, err := h.Settle(t.Context(), token, home); err != nil {
				t.Fatal(err)
			}
			if _, err := h.usePasskey(a, home); err != nil {
				t.Fatal(err)
			}
			real := *a
			tt.change(a)
			if token, err := h.usePasskey(a, home); !isPlain(err) || token != "" {
				t.Errorf("%v, want ErrRefused", err)
			}
			if copied := strings.HasPrefix(tt.name, "a copy"); strings.Contains(h.logs.String(), "copy") != copied {
				t.Errorf("log: %s", h.logs.String())
			}
			if _, err := h.usePasskey(&real, home); err != nil {
				t.Errorf("the real one afterwards: %v", err)
			}
		})
	}
}

func TestPasskeyAttempts(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p := h.newPerson("Mara")
	a := newAuthenticator(t)
	h.addPasskey(p.token, a, "phone")
	options, attempt, err := h.BeginPasskey(ctx, home)
	if err != nil {
		t.Fatal(err)
	}
	if o := readOptions(t, options).PublicKey; len(o.AllowCredentials) != 0 || o.UserVerification != "required" || o.RPID != host {
		t.Errorf("options: %s", options)
	}
	a.counter++
	answer := a.get(options)
	if _, _, _, err := h.FinishPasskey(ctx, home, attempt, answer); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := h.FinishPasskey(ctx, home, attempt, answer); !isPlain(err) {
		t.Errorf("the same answer again: %v", err)
	}
	_, fresh, err := h.BeginPasskey(ctx, home)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := h.FinishPasskey(ctx, home, fresh, answer); !isPlain(err) {
		t.Errorf("an old answer: %v", err)
	}
	if _, fresh, err = h.BeginPasskey(ctx, home); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := h.Finish(ctx, home, fresh, h.code(p.secret)); !isPlain(err) {
		t.Errorf("an attempt of another kind: %v", err)
	}
	h.pass(time.Minute)
	for _, response := range [][]byte{nil, []byte("{}"), []byte(`{"id":"AA"}`), make([]byte, 1<<20)} {
		_, attempt, err := h.BeginPasskey(ctx, home)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := h.FinishPasskey(ctx, home, attempt, response); !isPlain(err) {
			t.Errorf("%.20q: %v", response, err)
		}
		h.pass(24 * time.Hour)
	}
}

func TestStepUpWithAPasskey_C10(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	p, other := h.newPerson("Mara"), h.newPerson("Ana")
	_, _, err := h.BeginStepUp(ctx, p.token)
	wantErr(t, "without a passkey", err, daybook.ErrInvalid)
	a, b := newAuthenticator(t), newAuthenticator(t)
	h.addPasskey(p.token, a, "phone")
	h.addPasskey(other.token, b, "phone")
	h.pass(2 * time.Minute)
	h.check(p.token, nil)
	h.pass(2 * time.Minute)
	for _, tt := range []struct {
		name string
		with *authenticator
		ok   bool
	}{{"of somebody else", b, false}, {"their own", a, true}} {
		options, attempt, err := h.BeginStepUp(ctx, p.token)
		if err != nil {
			t.Fatal(err)
		}
		if o := readOptions(t, options).PublicKey; len(o.AllowCredentials) != 1 || string(o.AllowCredentials[0].ID) != string(a.id) {
			t.Errorf("options: %s", options)
		}
		tt.with.counter++
		if err := h.FinishStepUp(ctx, p.token, p.door, attempt, tt.with.get(options)); (err == nil) != tt.ok || err != nil && !isPlain(err) {
			t.Errorf("a passkey %s: %v", tt.name, err)
		}
		if s, err := h.Check(ctx, p.token, p.door); err != nil || s.Fresh(h.now) != tt.ok {
			t.Errorf("a passkey %s: %+v, %v; want fresh %v", tt.name, s, err, tt.ok)
		}
	}
	_, attempt, err := h.BeginStepUp(ctx, p.token)
	if err != nil {
		t.Fatal(err)
	}
	h.pass(time.Second)
	wantErr(t, "in another session", h.FinishStepUp(ctx, other.token, other.door, attempt, nil), signin.ErrLocked)
}

func TestHostOfPasskeys(t *testing.T) {
	for _, tt := range []struct {
		host string
		ok   bool
	}{{"", true}, {"localhost", true}, {host, true}, {"192.0.2.1", false}, {"2001:db8::1", false}, {"[2001:db8::1]", false}} {
		_, err := signin.New(signin.Config{Host: tt.host, Origins: []string{origin}, Cost: signin.Cost{Time: 1, MemoryKiB: 64, Threads: 1}, Clock: time.Now})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("host %q: %v, want ok %v", tt.host, err, tt.ok)
		}
	}
	d, err := signin.New(signin.Config{Cost: signin.Cost{Time: 1, MemoryKiB: 64, Threads: 1}, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = d.BeginPasskey(t.Context(), home)
	wantErr(t, "a passkey without a host", err, daybook.ErrInvalid)
}

// FuzzPasskeyResponse: whatever a browser sends is refused, and never more.
func FuzzPasskeyResponse(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AA","userHandle":"AA"}}`))
	f.Add([]byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVgl"}}`))
	for _, n := range []int{1, 2, 3} {
		f.Add([]byte(strings.Repeat(`{"response":`, n*1000)))
	}
	h := newHouse(f)
	u := h.newUser("Mara")
	token, _ := h.invite(signin.SetUp, u.ID, home)
	a := newAuthenticator(f)
	tries := uint32(0)
	f.Fuzz(func(t *testing.T, response []byte) {
		ctx := t.Context()
		a.t = t
		tries++ // another address each time, so that nobody has to wait
		door := signin.Door{Address: netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, tries))).String()}
		options, attempt, err := h.BeginAddPasskey(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.FinishAddPasskey(ctx, token, attempt, "", response); !errors.Is(err, signin.ErrRefused) {
			t.Errorf("create: %v", err)
		}
		// The same with one good part, so that the parsers get further.
		var good map[string]any
		if err := json.Unmarshal(a.create(options), &good); err != nil {
			t.Fatal(err)
		}
		inner := good["response"].(map[string]any)
		inner["attestationObject"] = b64(response)
		mixed, err := json.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		if options, attempt, err = h.BeginAddPasskey(ctx, token); err != nil {
			t.Fatal(err)
		}
		if err := h.FinishAddPasskey(ctx, token, attempt, "", mixed); !errors.Is(err, signin.ErrRefused) {
			t.Errorf("create with its attestation: %v (%s)", err, options)
		}
		if _, attempt, err = h.BeginPasskey(ctx, door); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := h.FinishPasskey(ctx, door, attempt, response); !isPlain(err) {
			t.Errorf("get: %v", err)
		}
	})
}
