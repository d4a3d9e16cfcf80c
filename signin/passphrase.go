package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"daybook"
)

const (
	minPassphrase = 12   // characters
	maxPassphrase = 1000 // bytes; a longer one is never right
	saltSize      = 16   // bytes, RFC 9106 §3.1
	keySize       = 32   // bytes
)

// hashPassphrase returns an Argon2id hash in the usual text form
// ($argon2id$v=19$m=…,t=…,p=…$salt$hash).
func (d *Desk) hashPassphrase(passphrase string) string {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	key := d.argon(normal(passphrase), salt, d.cost.Time, d.cost.MemoryKiB, d.cost.Threads, keySize)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", d.cost.MemoryKiB, d.cost.Time, d.cost.Threads, b64(salt), b64(key))
}

// normal is the form in which a passphrase is hashed: two keyboards may write
// the same letter in two ways.
func normal(passphrase string) []byte { return norm.NFC.Bytes([]byte(passphrase)) }

// right reports whether a passphrase fits a hash. Without a hash it takes as
// long, and says no. It waits while too many others are being checked.
func (d *Desk) right(ctx context.Context, hash, passphrase string) (bool, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	known := hash != ""
	if !known {
		hash = d.dummy
	}
	var (
		c         Cost
		salt, key string
	)
	parts := strings.Split(hash, "$")
	if len(parts) == 6 {
		salt, key = parts[4], parts[5]
		_, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Time, &c.Threads)
	}
	s, errSalt := base64.RawStdEncoding.DecodeString(salt)
	want, errKey := base64.RawStdEncoding.DecodeString(key)
	if err != nil || errSalt != nil || errKey != nil || len(parts) != 6 || parts[1] != "argon2id" || len(want) != keySize {
		return false, fmt.Errorf("check a passphrase: %w: its hash cannot be read", daybook.ErrInvalid)
	}
	if len(passphrase) > maxPassphrase {
		passphrase, known = passphrase[:maxPassphrase], false
	}
	got := d.argon(normal(passphrase), s, c.Time, c.MemoryKiB, c.Threads, keySize)
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// enter waits until a passphrase may be hashed: each takes the memory of its
// cost.
func (d *Desk) enter(ctx context.Context) (leave func(), err error) {
	select {
	case d.gate <- struct{}{}:
		return func() { <-d.gate }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a passphrase: %w", ctx.Err())
	}
}

// common holds passphrases that are long enough and still among the first that
// anybody would try, in the form that plain makes; made up for this program.
//
//go:embed common.txt
var common string

// checkPassphrase says what is wrong with a new passphrase of a user.
func checkPassphrase(passphrase, name string) error {
	weak := func(why string) error { return fmt.Errorf("%w: %w: %s", daybook.ErrInvalid, ErrWeak, why) }
	switch p := string(normal(passphrase)); {
	case !utf8.ValidString(passphrase) || len(p) > maxPassphrase:
		return fmt.Errorf("%w: the passphrase is longer than %d bytes, or no text", daybook.ErrInvalid, maxPassphrase)
	case utf8.RuneCountInString(strings.TrimSpace(p)) < minPassphrase:
		return weak(fmt.Sprintf("a passphrase has at least %d characters", minPassphrase))
	case plain(p) == plain(name) || isListed(plain(p)):
		return weak("many people choose this one")
	case isPattern([]rune(plain(p))):
		return weak("it is a pattern")
	}
	return nil
}

// plain is a passphrase without case, spaces and signs.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func isListed(p string) bool {
	return p != "" && strings.Contains("\n"+common, "\n"+p+"\n")
}

// isPattern reports whether a passphrase is few characters said again and again
// ("abcabcabcabc"), or a row of neighbours ("abcdefghijkl", "987654321098").
func isPattern(p []rune) bool {
	if len(p) < 5 { // the rest were signs and spaces
		return true
	}
	for period := 1; period <= 4; period++ {
		same := true
		for i := period; i < len(p); i++ {
			same = same && p[i] == p[i-period]
		}
		if same {
			return true
		}
	}
	for _, step := range []rune{1, -1} {
		row := true
		for i := 1; i < len(p); i++ {
			next := p[i-1] + step
			row = row && (p[i] == next || p[i] == '0' && next == '9'+1 || p[i] == '9' && next == '0'-1)
		}
		if row {
			return true
		}
	}
	return false
}
