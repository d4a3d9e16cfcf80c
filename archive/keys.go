package archive

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"daybook"
	"daybook/internal/durable"
)

// An InstanceKey opens everything that one installation keeps. It lies in a
// file of its own, outside the data folder and outside backups.
type InstanceKey [32]byte

const keyFilePrefix = "daybook-instance-key/v1 "

// NewInstanceKey makes a key and writes it to a new file of mode 0600. A file
// that is there already is never overwritten.
func NewInstanceKey(path string) (InstanceKey, error) {
	var k InstanceKey
	rand.Read(k[:])
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return k, fmt.Errorf("make the key's folder: %w", err)
	}
	if err := durable.Create(path, []byte(k.Text()+"\n"), 0o600); err != nil {
		return k, fmt.Errorf("write the instance key: %w", err)
	}
	return k, nil
}

// ReadInstanceKey reads a key file. The error wraps os.ErrNotExist if there is
// none, and daybook.ErrInvalid if it holds something else.
func ReadInstanceKey(path string) (InstanceKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return InstanceKey{}, fmt.Errorf("read the instance key: %w", err)
	}
	k, err := ParseInstanceKey(string(b))
	if err != nil {
		return k, fmt.Errorf("read the instance key %s: %w", path, err)
	}
	return k, nil
}

// ParseInstanceKey reads what Text wrote, as it stands on a recovery sheet.
func ParseInstanceKey(s string) (k InstanceKey, err error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(s), keyFilePrefix)
	if !ok {
		return k, fmt.Errorf("%w: it does not begin with %q", daybook.ErrInvalid, strings.TrimSpace(keyFilePrefix))
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimSpace(body))
	if err != nil || len(b) != len(k) {
		return k, fmt.Errorf("%w: it should hold 43 characters of base64", daybook.ErrInvalid)
	}
	copy(k[:], b)
	return k, nil
}

// Text returns the key as it stands in its file and on the recovery sheet.
func (k InstanceKey) Text() string { return keyFilePrefix + base64.RawStdEncoding.EncodeToString(k[:]) }

// String hides the key, so that it cannot land in a log or a message.
func (k InstanceKey) String() string { return "instance key" }

// GoString hides the key.
func (k InstanceKey) GoString() string { return "instance key" }

// Derive returns a key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869).
func (k InstanceKey) Derive(purpose string) [32]byte { return derive(k[:], purpose) }

func derive(secret []byte, purpose string) (out [32]byte) {
	b, err := hkdf.Key(sha256.New, secret, nil, purpose, len(out))
	if err != nil {
		panic("archive: hkdf: " + err.Error()) // only for lengths that are not asked for
	}
	copy(out[:], b)
	return out
}

// A Keyring opens the keys of cases. It may be used from several goroutines.
type Keyring struct {
	instance *secretBox
	signSeed [32]byte
	id       string
	storage  CaseStorage

	mu    sync.Mutex
	cases map[daybook.CaseID]*CaseKey
}

// OpenKeyring checks that the instance key fits the store, and makes what a new
// store lacks. The error wraps ErrWrongKey if it does not fit.
func OpenKeyring(ctx context.Context, key InstanceKey, s CaseStorage) (*Keyring, error) {
	wrap := key.Derive("daybook/wrap/v1")
	k := &Keyring{instance: newSecretBox(wrap), storage: s, cases: map[daybook.CaseID]*CaseKey{}}
	sealedSeed, err := s.InstanceValue(ctx, "signing-key")
	if err != nil {
		return nil, fmt.Errorf("open the keys: %w", err)
	}
	if sealedSeed == nil {
		var seed [32]byte
		rand.Read(seed[:])
		if err := s.SetInstanceValue(ctx, "id", []byte(daybook.NewID())); err != nil {
			return nil, fmt.Errorf("open the keys: %w", err)
		}
		if err := s.SetInstanceValue(ctx, "signing-key", k.instance.seal("signing-key", seed[:])); err != nil {
			return nil, fmt.Errorf("open the keys: %w", err)
		}
		sealedSeed, err = s.InstanceValue(ctx, "signing-key")
		if err != nil {
			return nil, fmt.Errorf("open the keys: %w", err)
		}
	}
	seed, err := k.instance.open("signing-key", sealedSeed)
	if err != nil {
		return nil, fmt.Errorf("open the keys: %w", ErrWrongKey)
	}
	copy(k.signSeed[:], seed)
	id, err := s.InstanceValue(ctx, "id")
	if err != nil {
		return nil, fmt.Errorf("open the keys: %w", err)
	}
	k.id = string(id)
	return k, nil
}

// Instance returns the random identifier of this installation.
func (k *Keyring) Instance() string { return k.id }

// Seal seals a secret of the instance, such as a user's, for one purpose.
func (k *Keyring) Seal(purpose string, plain []byte) []byte { return k.instance.seal(purpose, plain) }

// Open opens what Seal sealed for the same purpose.
func (k *Keyring) Open(purpose string, sealed []byte) ([]byte, error) {
	return k.instance.open(purpose, sealed)
}

// NewCaseKey makes a key for a new case and returns it wrapped, to be stored.
func (k *Keyring) NewCaseKey(c daybook.CaseID) (wrapped []byte, key *CaseKey) {
	var secret [32]byte
	rand.Read(secret[:])
	return k.instance.seal("case/"+string(c), secret[:]), newCaseKey(c, secret)
}

// Case returns the key of a case; ErrNotFound if there is no such case,
// ErrErased if its key was destroyed, daybook.ErrForbidden if ctx is within
// other cases (Within).
func (k *Keyring) Case(ctx context.Context, c daybook.CaseID) (*CaseKey, error) {
	if err := Allowed(ctx, c); err != nil {
		return nil, fmt.Errorf("open the key of a case: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.cases[c]; key != nil {
		return key, nil
	}
	row, err := k.storage.Case(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open the key of case %s: %w", c, err)
	}
	if row.WrappedKey == nil {
		return nil, fmt.Errorf("open the key of case %s: %w", c, ErrErased)
	}
	secret, err := k.instance.open("case/"+string(c), row.WrappedKey)
	if err != nil {
		return nil, fmt.Errorf("open the key of case %s: %w", c, ErrWrongKey)
	}
	key := newCaseKey(c, [32]byte(secret))
	k.cases[c] = key
	return key, nil
}

// Forget drops an opened case key, after the case was erased.
func (k *Keyring) Forget(c daybook.CaseID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.cases, c)
}

// A CaseKey seals what belongs to one case: derived text, names, tokens, the
// keys of entries, blobs and indexes. It may be used from several goroutines.
type CaseKey struct {
	id   daybook.CaseID
	box  *secretBox
	macs sync.Pool // of hash.Hash, keyed: making one costs more than using it
}

func newCaseKey(c daybook.CaseID, secret [32]byte) *CaseKey {
	macKey := derive(secret[:], "daybook/case/mac/v1")
	return &CaseKey{
		id:   c,
		box:  newSecretBox(derive(secret[:], "daybook/case/seal/v1")),
		macs: sync.Pool{New: func() any { return hmac.New(sha256.New, macKey[:]) }},
	}
}

// Seal seals plain. where names the place that it is kept in ("message", "token/…")
// and must be given again to open it, so that nothing can be moved elsewhere.
func (k *CaseKey) Seal(where string, plain []byte) []byte {
	return k.box.seal(string(k.id)+"/"+where, plain)
}

// Open opens what Seal sealed for the same place.
func (k *CaseKey) Open(where string, sealed []byte) ([]byte, error) {
	return k.box.open(string(k.id)+"/"+where, sealed)
}

// MAC returns a keyed hash (HMAC-SHA256): what a row is found by without
// telling what it is about. label says what kind of thing data is.
func (k *CaseKey) MAC(label, data string) (out [32]byte) {
	h := k.macs.Get().(hash.Hash)
	h.Reset()
	io.WriteString(h, label)  //nolint:errcheck // a hash takes everything
	io.WriteString(h, "\x00") //nolint:errcheck // as above
	io.WriteString(h, data)   //nolint:errcheck // as above
	h.Sum(out[:0])
	k.macs.Put(h)
	return out
}

// MessageMAC returns what the rows and documents of a message are found by: four
// bytes of its key's Near, then the keyed hash of the key. The first 16 bytes
// are enough.
func (k *CaseKey) MessageMAC(m daybook.MessageKey) [32]byte {
	return nearMAC(m.Near(), k.MAC("message", string(m)))
}

// CaptureMAC is the same for a capture key; near comes with it.
func (k *CaseKey) CaptureMAC(near uint32, captureKey string) [32]byte {
	return nearMAC(near, k.MAC("capture", captureKey))
}

func nearMAC(near uint32, mac [32]byte) (out [32]byte) {
	binary.BigEndian.PutUint32(out[:], near)
	copy(out[4:], mac[:])
	return out
}

// errSealed says that sealed bytes were altered, or belong elsewhere.
var errSealed = errors.New("sealed bytes do not open")

// A secretBox is AES-256-GCM with a random nonce of 12 bytes in front.
type secretBox struct{ aead cipher.AEAD }

func newSecretBox(key [32]byte) *secretBox { return &secretBox{newGCM(key[:])} }

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("archive: aes: " + err.Error()) // only for keys of another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("archive: gcm: " + err.Error())
	}
	return aead
}

func (b *secretBox) seal(where string, plain []byte) []byte {
	out := make([]byte, 12, 12+len(plain)+16)
	rand.Read(out)
	return b.aead.Seal(out, out, plain, []byte(where))
}

func (b *secretBox) open(where string, sealed []byte) ([]byte, error) {
	if len(sealed) < 12+16 {
		return nil, errSealed
	}
	plain, err := b.aead.Open(nil, sealed[:12], sealed[12:], []byte(where))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
