package stamp_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"daybook"
	"daybook/archive/stamp"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rootsOf(t testing.TB, pem []byte) stamp.Roots {
	t.Helper()
	r, err := stamp.ParseRoots(pem)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Tokens as authorities make them, each from another program than ours.
func TestTokensOfOthers_B8(t *testing.T) {
	data := read(t, "data")
	for _, tt := range []struct {
		name     string
		accuracy time.Duration
		chain    int
		want     stamp.Failure
	}{
		{"p256", time.Second, 3, ""},
		{"p384", 1500*time.Millisecond + 100*time.Microsecond, 3, ""},
		{"rsa256", 20 * time.Millisecond, 3, ""},
		{"rsa512", time.Second, 3, ""},
		{"lone", time.Second, 3, ""},
		{"bare", 0, 0, stamp.Unreadable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := stamp.Check(read(t, tt.name+".tsr"), data, rootsOf(t, read(t, tt.name+".pem")))
			if tt.want != "" {
				if err == nil || stamp.FailureOf(err) != tt.want {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Accuracy != tt.accuracy || got.Policy != "1.3.6.1.4.1.99999.1" || got.Serial == "" || got.Signer != "time "+tt.name || got.At.Year() != 2026 {
				t.Errorf("got %+v", got)
			}
			if n := bytes.Count(got.Chain, []byte("BEGIN CERTIFICATE")); n != tt.chain {
				t.Errorf("%d certificates in the chain, want %d", n, tt.chain)
			}
		})
	}
}

func TestTokensThatDoNotCount_B2_B8(t *testing.T) {
	data, token, root := read(t, "data"), read(t, "p256.tsr"), read(t, "p256.pem")
	for _, tt := range []struct {
		name              string
		token, data, root []byte
		want              stamp.Failure
	}{
		{"other bytes", token, append(bytes.Clone(data), '\n'), root, stamp.OtherBytes},
		{"another's root", token, data, read(t, "p384.pem"), stamp.Untrusted},
		{"another's token", read(t, "p384.tsr"), data, root, stamp.Untrusted},
		{"nothing", nil, data, root, stamp.Unreadable},
		{"cut", token[:len(token)-1], data, root, stamp.Unreadable},
		{"more behind it", append(bytes.Clone(token), 0), data, root, stamp.Unreadable},
		{"too long", make([]byte, 70<<10), data, root, stamp.Unreadable},
		{"no token", []byte{0x30, 5, 0x30, 3, 2, 1, 0}, data, root, stamp.Unreadable},
		{"refused", []byte{0x30, 5, 0x30, 3, 2, 1, 2}, data, root, stamp.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := stamp.Check(tt.token, tt.data, rootsOf(t, tt.root))
			var e *stamp.Error
			if !errors.As(err, &e) || e.Failure != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	if _, err := stamp.Check(token, data, stamp.Roots{}); stamp.FailureOf(err) != stamp.Untrusted {
		t.Errorf("without roots: %v, want %s", err, stamp.Untrusted)
	}
}

// Whichever bit of a token is turned over: it is noticed, or it says the same.
func TestAlteredTokens_B2(t *testing.T) {
	data, token, roots := read(t, "data"), read(t, "p256.tsr"), rootsOf(t, read(t, "p256.pem"))
	want, err := stamp.Check(token, data, roots)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for i := range token {
		for bit := range 8 {
			b := bytes.Clone(token)
			b[i] ^= 1 << bit
			got, err := stamp.Check(b, data, roots)
			if err != nil {
				continue
			}
			passed++
			if !got.At.Equal(want.At) || got.Serial != want.Serial || got.Policy != want.Policy || got.Accuracy != want.Accuracy || got.Signer != want.Signer {
				t.Errorf("byte %d, bit %d: it says something else: %+v", i, bit, got)
			}
		}
	}
	if most := len(token) / 2; passed > most {
		t.Errorf("%d changes were not noticed, more than %d", passed, most)
	}
}

func TestRoots(t *testing.T) {
	good := read(t, "p256.pem")
	for _, tt := range []struct {
		name string
		pem  []byte
		ok   bool
	}{
		{"a root", good, true},
		{"words around it", append([]byte("the root of time\n"), good...), true},
		{"nothing", nil, false},
		{"no certificate", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), false},
		{"broken", bytes.Replace(good, []byte("MII"), []byte("MIJ"), 1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := stamp.ParseRoots(tt.pem)
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, daybook.ErrInvalid) {
				t.Errorf("got %v, want ok %v", err, tt.ok)
			}
		})
	}
	// What leads to a root is no root itself.
	all := read(t, "lone.pem")
	between := all[bytes.LastIndex(all, []byte("-----BEGIN")):]
	if _, err := stamp.ParseRoots(between); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("a certificate between: %v, want ErrInvalid", err)
	}
}

// Whatever comes: no panic, and what is taken has a time and a way to the root.
func FuzzCheck(f *testing.F) {
	data, roots := read(f, "data"), rootsOf(f, read(f, "p256.pem"))
	for _, name := range []string{"p256", "p384", "rsa256", "rsa512", "lone", "bare"} {
		f.Add(read(f, name+".tsr"))
	}
	f.Add([]byte{0x30, 0x09, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30, 0x02, 0x1f, 0x85})
	want, err := stamp.Check(read(f, "p256.tsr"), data, roots)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := stamp.Check(b, data, roots)
		var e *stamp.Error
		switch {
		case err == nil && (!got.At.Equal(want.At) || got.Serial != want.Serial || len(got.Chain) == 0):
			t.Errorf("a token that nobody signed is taken: %+v", got)
		case err != nil && !errors.As(err, &e):
			t.Errorf("error %v is not of this package", err)
		}
	})
}
