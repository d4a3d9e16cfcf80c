package bundle

import (
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"daybook"
)

// Recipients are who can open a sealed bundle. The zero value is nobody: then it
// is not sealed.
type Recipients struct{ list []age.Recipient }

// maxRecipients bounds how many a bundle is sealed for: age gives each a header.
const maxRecipients = 20

// ParseRecipients reads public keys of age: "age1…" (X25519), and "age1pq1…"
// (hybrid, ML-KEM-768 with X25519). Secret keys and passphrases are refused. The
// error wraps daybook.ErrInvalid and does not repeat what was given.
func ParseRecipients(keys []string) (Recipients, error) {
	var r Recipients
	if len(keys) > maxRecipients {
		return r, fmt.Errorf("%w: a bundle is sealed for %d receivers at most", daybook.ErrInvalid, maxRecipients)
	}
	for i, key := range keys {
		key = strings.TrimSpace(key)
		if strings.HasPrefix(strings.ToUpper(key), "AGE-SECRET-KEY-") {
			return Recipients{}, fmt.Errorf("%w: receiver %d is a secret key: it belongs to the receiver alone; ask them for the public one, which begins with age1", daybook.ErrInvalid, i+1)
		}
		list, err := age.ParseRecipients(strings.NewReader(key))
		if err != nil || len(list) != 1 {
			return Recipients{}, fmt.Errorf("%w: receiver %d is not a public key of age, which begins with age1", daybook.ErrInvalid, i+1)
		}
		r.list = append(r.list, list[0])
	}
	if r.None() {
		return r, nil
	}
	if _, err := age.Encrypt(io.Discard, r.list...); err != nil {
		return Recipients{}, fmt.Errorf("%w: these receivers' keys cannot be used together: give keys of one kind, all age1pq1… or all others", daybook.ErrInvalid)
	}
	return r, nil
}

// None reports whether nobody is named.
func (r Recipients) None() bool { return len(r.list) == 0 }

// seal returns a writer that seals for the recipients what is written to it, or
// passes it on if there are none. Closing it leaves w open.
func (r Recipients) seal(w io.Writer) (io.WriteCloser, error) {
	if r.None() {
		return open{w}, nil
	}
	return age.Encrypt(w, r.list...)
}

type open struct{ io.Writer }

// Close implements io.Closer.
func (open) Close() error { return nil }
