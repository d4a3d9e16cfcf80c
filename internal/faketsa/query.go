package faketsa

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// A query is a TimeStampReq (RFC 3161 §2.4.1).
type query struct {
	Version      int
	Imprint      imprint
	Policy       asn1.ObjectIdentifier `asn1:"optional"`
	Nonce        *big.Int              `asn1:"optional"`
	Certificates bool                  `asn1:"optional,default:false"`
	Extensions   []pkix.Extension      `asn1:"tag:0,optional"`
}

type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

// alter returns the query that an authority with this fault answers in the place
// of the one that it got.
func alter(der []byte, f Fault) ([]byte, error) {
	var q query
	if rest, err := asn1.Unmarshal(der, &q); err != nil || len(rest) > 0 {
		return nil, errors.Join(errors.New("read a query"), err)
	}
	switch f {
	case OtherImprint:
		if len(q.Imprint.Hash) == 0 {
			return nil, errors.New("read a query: no imprint")
		}
		q.Imprint.Hash[0] ^= 1
	case OtherNonce:
		q.Nonce = big.NewInt(271828)
	case NoNonce:
		q.Nonce = nil
	case Refused: // openssl knows one policy
		q.Policy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 2}
	default:
		return der, nil
	}
	b, err := asn1.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("alter a query: %w", err)
	}
	return b, nil
}
