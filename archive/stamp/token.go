package stamp

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// The structures of RFC 3161 §2.4 and RFC 5652 §5, as far as they are looked at.

type response struct {
	Status struct {
		Status int
		Text   asn1.RawValue  `asn1:"optional"`
		Fail   asn1.BitString `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      encapsulated
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type encapsulated struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signerInfo struct {
	Version    int
	Signer     asn1.RawValue // issuerAndSerial, or [0] the identifier of its key
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

// info is TSTInfo.
type info struct {
	Version    int
	Policy     asn1.ObjectIdentifier
	Imprint    imprint
	Serial     *big.Int
	Time       time.Time        `asn1:"generalized"`
	Accuracy   accuracy         `asn1:"optional"`
	Ordering   bool             `asn1:"optional"`
	Nonce      *big.Int         `asn1:"optional"`
	Authority  asn1.RawValue    `asn1:"optional,explicit,tag:0"`
	Extensions []pkix.Extension `asn1:"optional,tag:1"`
}

type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

type accuracy struct {
	Seconds      int `asn1:"optional"`
	Milliseconds int `asn1:"optional,tag:0"`
	Microseconds int `asn1:"optional,tag:1"`
}

// signingCertificate is the attribute of RFC 5035 §4, and with another digest
// that of RFC 2634 §5.4.
type signingCertificate struct {
	Certificates []certificateID
	Policies     asn1.RawValue `asn1:"optional"`
}

type certificateID struct {
	Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
	Hash      []byte
	Issuer    asn1.RawValue `asn1:"optional"`
}

// query is TimeStampReq.
type query struct {
	Version      int
	Imprint      imprint
	Nonce        *big.Int
	Certificates bool
}

// Object identifiers, as text: they are compared, and text cannot be changed.
const (
	typeSignedData = "1.2.840.113549.1.7.2"
	typeInfo       = "1.2.840.113549.1.9.16.1.4" // RFC 3161 §2.4.2

	attributeContentType   = "1.2.840.113549.1.9.3"
	attributeDigest        = "1.2.840.113549.1.9.4"
	attributeCertificate   = "1.2.840.113549.1.9.16.2.12"
	attributeCertificateV2 = "1.2.840.113549.1.9.16.2.47"

	extensionKeyUsage = "2.5.29.37"

	digestSHA1   = "1.3.14.3.2.26"
	digestSHA256 = "2.16.840.1.101.3.4.2.1"
	digestSHA384 = "2.16.840.1.101.3.4.2.2"
	digestSHA512 = "2.16.840.1.101.3.4.2.3"
)

// exactly reads one value that fills b.
func exactly(b []byte, into any) bool {
	rest, err := asn1.Unmarshal(b, into)
	return err == nil && len(rest) == 0
}
