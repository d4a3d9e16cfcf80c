package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// An authenticator is a device that holds one passkey: ES256, attestation
// "none" (WebAuthn §6).
type authenticator struct {
	t       testing.TB
	origin  string
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte // the user's
	counter uint32
	flags   byte
}

const (
	userPresent  = 0x01
	userVerified = 0x04
	attested     = 0x40
)

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	a := &authenticator{t: t, origin: origin, id: make([]byte, 32), flags: userPresent | userVerified}
	rand.Read(a.id)
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	return a
}

type b64 []byte

func (b b64) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (b *b64) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

// options are what both ceremonies need of what the browser is told.
type options struct {
	PublicKey struct {
		Challenge string
		RPID      string `json:"rpId"`
		RP        struct{ ID, Name string }
		User      struct {
			ID                b64
			Name, DisplayName string
		}
		UserVerification       string
		AllowCredentials       []struct{ ID b64 }
		ExcludeCredentials     []struct{ ID b64 }
		Attestation            string
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
	}
}

func readOptions(t testing.TB, raw []byte) (o options) {
	t.Helper()
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatalf("options: %v in %s", err, raw)
	}
	return o
}

func (a *authenticator) clientData(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func (a *authenticator) data(rp string, flags byte) []byte {
	hash := sha256.Sum256([]byte(rp))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.counter)
}

// create answers navigator.credentials.create.
func (a *authenticator) create(raw []byte) []byte {
	a.t.Helper()
	o := readOptions(a.t, raw)
	a.handle = o.PublicKey.User.ID
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	data := a.data(o.PublicKey.RP.ID, a.flags|attested)
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(data, a.id...)
	data = append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32) // COSE: EC2, ES256, P-256, x
	data = append(append(append(data, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	object = append(object, data...)
	return a.json(map[string]any{
		"clientDataJSON": b64(a.clientData("webauthn.create", o.PublicKey.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"},
	})
}

// get answers navigator.credentials.get.
func (a *authenticator) get(raw []byte) []byte {
	a.t.Helper()
	o := readOptions(a.t, raw)
	client := a.clientData("webauthn.get", o.PublicKey.Challenge)
	data := a.data(o.PublicKey.RPID, a.flags)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.json(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.handle),
	})
}

func (a *authenticator) json(response map[string]any) []byte {
	b, err := json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}
