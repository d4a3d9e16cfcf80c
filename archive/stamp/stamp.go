// Package stamp asks time-stamp authorities (RFC 3161) for tokens over
// checkpoints, checks the tokens, and keeps asking until it has them.
//
// What an authority sees is one hash of a checkpoint, which is random to it, the
// address that asks and the time. A token says that the checkpoint, and with it
// every entry under it, was there at the authority's time. Nothing here holds up
// collecting: a token that cannot be had now is asked for again later.
//
// Everything about a token is checked here, with nothing but the standard
// library: the form (DER alone), that it is over these bytes, the signature and
// what it covers, and the certificates up to a root that the operator gave, at
// the token's own time. Whether a certificate was revoked is not asked.
// docs/decisions/0019-time-stamps.md says why.
package stamp

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"daybook"
)

// A Failure is a way in which asking for a token or checking one fails.
type Failure string

const (
	NoAnswer     Failure = "no answer"      // nothing that is an answer came
	Refused      Failure = "refused"        // the authority said no
	Unreadable   Failure = "unreadable"     // not a token in DER as RFC 3161 has it
	OtherBytes   Failure = "other bytes"    // the token is over something else
	OtherRequest Failure = "other request"  // the token is not the answer to what was asked
	Unsigned     Failure = "bad signature"  // it was altered, or is signed otherwise than it says
	Untrusted    Failure = "untrusted root" // good in itself, but from nobody whom the operator named
)

// An Error tells why there is no token, or why it does not count. Its text is
// for people and holds nothing of what came from outside.
type Error struct {
	Failure Failure
	what    string
}

// Error implements error.
func (e *Error) Error() string { return e.what }

func failed(f Failure, format string, args ...any) error {
	return &Error{f, fmt.Sprintf(format, args...)}
}

// FailureOf returns of which kind an error is; NoAnswer if it is none of this
// package.
func FailureOf(err error) Failure {
	var e *Error
	if errors.As(err, &e) {
		return e.Failure
	}
	return NoAnswer
}

// An Authority is asked for tokens.
type Authority struct {
	Name      string // as the operator calls it; part of file names
	URL       string
	Roots     Roots
	Qualified bool // the operator says that the law holds its tokens for more (eIDAS article 41): shown, never checked
}

// Roots are the certificates that an operator trusts for one authority, as they
// stand in a PEM file: those that sign themselves are roots, all others help to
// find the way to them.
type Roots struct {
	PEM           []byte
	pool          *x509.CertPool
	intermediates []*x509.Certificate
	known         *chains
}

// maxRoots bounds the certificates of one file.
const maxRoots = 200

// ParseRoots reads a PEM file. Without a root in it, or with something that is
// no certificate, the error wraps daybook.ErrInvalid.
func ParseRoots(data []byte) (Roots, error) {
	r := Roots{PEM: data, pool: x509.NewCertPool(), known: &chains{found: map[[32]byte][]*x509.Certificate{}}}
	n, roots := 0, 0
	for rest := data; ; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return Roots{}, fmt.Errorf("%w: it holds %q beside certificates", daybook.ErrInvalid, block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || n == maxRoots {
			return Roots{}, fmt.Errorf("%w: certificate %d of it cannot be read", daybook.ErrInvalid, n+1)
		}
		if bytes.Equal(cert.RawSubject, cert.RawIssuer) {
			r.pool.AddCert(cert)
			roots++
		} else {
			r.intermediates = append(r.intermediates, cert)
		}
	}
	if roots == 0 {
		return Roots{}, fmt.Errorf("%w: there is no root certificate in it (PEM, one that signs itself)", daybook.ErrInvalid)
	}
	return r, nil
}

// A Token is a time stamp that was checked.
type Token struct {
	Raw       []byte        // the authority's whole answer (TimeStampResp), as `openssl ts -verify -in` takes it
	At        time.Time     // by the authority's clock, UTC
	Accuracy  time.Duration // that the authority claims; 0: it claims none
	Policy    string        // object identifier
	Serial    string        // decimal
	Authority string        // the name of the Authority that was asked; "" if Check alone made it
	Signer    string        // the name in the certificate that signed
	Chain     []byte        // the certificates from the one that signed up to the root, PEM
	Offset    time.Duration // of this machine's clock against the authority's when it came: above 0 it is ahead. 0 if Check alone made it
}
