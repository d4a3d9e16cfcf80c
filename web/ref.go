package web

import (
	"crypto/aes"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"daybook"
)

// A ref names an entry of a case in an address: its number, sealed, so that an
// address seen over a shoulder or in a browser's history says nothing, not even
// how long a record is. It is the same at each visit and good in one case alone.
//
// It is one AES block: the number, then zeros, which an invented ref does not
// have (but for one in 2^64).

func (r *request) ref(entry uint64) (string, error) {
	var b [aes.BlockSize]byte
	binary.BigEndian.PutUint64(b[:], entry)
	key, err := r.s.Keys.Case(r.Context(), r.caseID)
	if err != nil {
		return "", err
	}
	k := key.MAC("page", "ref")
	c, err := aes.NewCipher(k[:])
	if err != nil {
		return "", err
	}
	c.Encrypt(b[:], b[:])
	return lower.EncodeToString(b[:]), nil
}

// entry returns the entry that a part of the path names; daybook.ErrNotFound if
// it names none.
func (r *request) entry(part string) (uint64, error) { return r.entryOf(r.PathValue(part)) }

// entryOf is entry for a ref that a form names.
func (r *request) entryOf(ref string) (uint64, error) {
	b, err := lower.DecodeString(ref)
	if err != nil || len(b) != aes.BlockSize {
		return 0, daybook.ErrNotFound
	}
	key, err := r.s.Keys.Case(r.Context(), r.caseID)
	if err != nil {
		return 0, err
	}
	k := key.MAC("page", "ref")
	c, err := aes.NewCipher(k[:])
	if err != nil {
		return 0, err
	}
	c.Decrypt(b, b)
	if strings.Trim(string(b[8:]), "\x00") != "" {
		return 0, daybook.ErrNotFound
	}
	return binary.BigEndian.Uint64(b), nil
}

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// handleRef names a handle of a case in addresses and forms.
func (r *request) handleRef(h daybook.Handle) (string, error) {
	key, err := r.s.Keys.Case(r.Context(), r.caseID)
	if err != nil {
		return "", err
	}
	m := key.MAC("page handle", h.Ref())
	return lower.EncodeToString(m[:16]), nil
}

// handle finds the handle of a case that a ref names; daybook.ErrNotFound if it
// names none.
func (r *request) handle(ref string) (daybook.HandleSummary, error) {
	all, err := r.s.Store.Handles(r.Context(), r.caseID)
	if err != nil {
		return daybook.HandleSummary{}, err
	}
	for _, h := range all {
		if own, err := r.handleRef(h.Handle); err != nil {
			return daybook.HandleSummary{}, err
		} else if own == ref {
			return h, nil
		}
	}
	return daybook.HandleSummary{}, daybook.ErrNotFound
}
