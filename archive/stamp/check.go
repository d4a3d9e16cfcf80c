package stamp

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // the older attribute names a certificate by it; nothing is trusted for it
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"slices"
	"time"
)

// Limits of an answer. Those of authorities that are in use have 1 to 10 KB.
const (
	maxAnswer       = 64 << 10 // bytes
	maxCertificates = 20
)

// Check reads an authority's answer and checks it against the bytes that it
// should be over: the signature, what is signed, and the certificates up to one
// of the roots at the token's own time, as RFC 3161 §2.3 wants them. It is pure.
// Errors are *Error; one that is Untrusted was right in all else.
func Check(answer, data []byte, roots Roots) (Token, error) {
	t, _, err := check(answer, data, roots)
	return t, err
}

// check is Check, and returns the nonce, nil if there is none.
func check(answer, data []byte, roots Roots) (Token, *big.Int, error) {
	signed, err := parseAnswer(answer)
	if err != nil {
		return Token{}, nil, err
	}
	content, err := parseInfo(signed)
	if err != nil {
		return Token{}, nil, err
	}
	sum := sha256.Sum256(data)
	if content.Imprint.Algorithm.Algorithm.String() != digestSHA256 || !bytes.Equal(content.Imprint.Hash, sum[:]) {
		return Token{}, nil, failed(OtherBytes, "it is over other bytes than these")
	}
	certificates, err := x509.ParseCertificates(signed.Certificates.Bytes)
	if err != nil || len(certificates) > maxCertificates {
		return Token{}, nil, failed(Unreadable, "its certificates cannot be read")
	}
	signer, err := checkSignature(signed, certificates)
	if err != nil {
		return Token{}, nil, err
	}
	chain, err := findRoot(signer, certificates, signed.Certificates.Bytes, roots, content.Time)
	if err != nil {
		return Token{}, nil, err
	}
	t := Token{
		Raw: answer, At: content.Time.UTC(), Accuracy: content.Accuracy.duration(), Policy: content.Policy.String(),
		Serial: content.Serial.String(), Signer: signer.Subject.CommonName,
	}
	for _, c := range chain {
		t.Chain = append(t.Chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return t, content.Nonce, nil
}

// parseAnswer returns what is signed. There is one signer (RFC 3161 §2.4.2).
func parseAnswer(answer []byte) (signedData, error) {
	var (
		r      response
		outer  contentInfo
		signed signedData
	)
	if len(answer) > maxAnswer || !exactly(answer, &r) {
		return signed, failed(Unreadable, "it is not an answer to a request for a time stamp")
	}
	if r.Status.Status > 1 || r.Status.Status < 0 { // 0 granted, 1 granted with changes
		return signed, failed(Refused, "the authority refused (status %d)", r.Status.Status)
	}
	if !exactly(r.Token.FullBytes, &outer) || outer.Type.String() != typeSignedData || !exactly(outer.Content.Bytes, &signed) {
		return signed, failed(Unreadable, "there is no signed token in the answer")
	}
	if signed.Content.Type.String() != typeInfo || len(signed.Signers) != 1 {
		return signed, failed(Unreadable, "what is signed is not a time stamp with one signer")
	}
	return signed, nil
}

func parseInfo(signed signedData) (info, error) {
	var (
		i    info
		text []byte
	)
	if !exactly(signed.Content.Content.Bytes, &text) || !exactly(text, &i) || i.Version != 1 || !i.Accuracy.sensible() {
		return i, failed(Unreadable, "the time stamp cannot be read")
	}
	for _, e := range i.Extensions {
		if e.Critical { // RFC 3161 §2.4.2: not known, so not to be accepted
			return i, failed(Unreadable, "the time stamp has conditions that are not known here")
		}
	}
	return i, nil
}

// maxAccuracy is more than any authority claims, in seconds.
const maxAccuracy = 24 * 60 * 60

func (a accuracy) sensible() bool {
	return a.Seconds >= 0 && a.Seconds <= maxAccuracy && a.Milliseconds >= 0 && a.Milliseconds < 1000 && a.Microseconds >= 0 && a.Microseconds < 1000
}

func (a accuracy) duration() time.Duration {
	return time.Duration(a.Seconds)*time.Second + time.Duration(a.Milliseconds)*time.Millisecond + time.Duration(a.Microseconds)*time.Microsecond
}

// checkSignature checks that the token is signed, with which certificate, and
// that the signature covers all that it has to (RFC 5652 §5.4, RFC 5816).
func checkSignature(signed signedData, certificates []*x509.Certificate) (*x509.Certificate, error) {
	s := signed.Signers[0]
	signer := findSigner(s.Signer, certificates)
	if signer == nil {
		return nil, failed(Unreadable, "the certificate that signed is not in it")
	}
	attributes, ok := parseAttributes(s.Attributes)
	if !ok {
		return nil, failed(Unreadable, "what the signature covers cannot be read")
	}
	var (
		content asn1.ObjectIdentifier
		text    []byte
		digest  []byte
	)
	hash, ok := hashOf(s.Digest.Algorithm.String())
	if !ok || !exactly(attributes[attributeContentType], &content) || content.String() != typeInfo ||
		!exactly(attributes[attributeDigest], &digest) || !exactly(signed.Content.Content.Bytes, &text) {
		return nil, failed(Unreadable, "what the signature covers cannot be read")
	}
	h := hash.New()
	h.Write(text)
	if !bytes.Equal(h.Sum(nil), digest) {
		return nil, failed(Unsigned, "it was altered: its signature is over something else")
	}
	if !namesCertificate(attributes, signer) {
		return nil, failed(Unsigned, "its signature is for another certificate")
	}
	// Signed is the SET itself, not the field with its tag (RFC 5652 §5.4).
	covered := slices.Clone(s.Attributes.FullBytes)
	covered[0] = asn1.TagSet | 0x20
	algorithm := signatureAlgorithm(s.Algorithm.Algorithm.String(), s.Digest.Algorithm.String())
	if algorithm == x509.UnknownSignatureAlgorithm {
		return nil, failed(Unreadable, "it is signed in a way that is not known here, or no longer taken for safe")
	}
	if err := signer.CheckSignature(algorithm, covered, s.Signature); err != nil {
		return nil, failed(Unsigned, "it was altered: its signature is not right")
	}
	return signer, nil
}

func findSigner(id asn1.RawValue, certificates []*x509.Certificate) *x509.Certificate {
	for _, c := range certificates {
		if id.Class == asn1.ClassContextSpecific && id.Tag == 0 {
			if len(c.SubjectKeyId) > 0 && bytes.Equal(c.SubjectKeyId, id.Bytes) {
				return c
			}
			continue
		}
		var is issuerAndSerial
		if exactly(id.FullBytes, &is) && bytes.Equal(c.RawIssuer, is.Issuer.FullBytes) && c.SerialNumber.Cmp(is.Serial) == 0 {
			return c
		}
	}
	return nil
}

// parseAttributes returns the one value of each signed attribute. One that is
// there twice, or with no value or several, is not taken.
func parseAttributes(set asn1.RawValue) (map[string][]byte, bool) {
	out := map[string][]byte{}
	for rest := set.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil || a.Values.Class != asn1.ClassUniversal || a.Values.Tag != asn1.TagSet {
			return nil, false
		}
		if out[a.Type.String()] != nil {
			return nil, false
		}
		out[a.Type.String()] = a.Values.Bytes
	}
	return out, len(out) > 0
}

// namesCertificate reports whether the signed attributes name the certificate:
// else it could be exchanged for another one of the same key.
func namesCertificate(attributes map[string][]byte, signer *x509.Certificate) bool {
	var named signingCertificate
	if b, ok := attributes[attributeCertificateV2]; ok {
		if !exactly(b, &named) || len(named.Certificates) == 0 {
			return false
		}
		algorithm := digestSHA256
		if a := named.Certificates[0].Algorithm.Algorithm; len(a) > 0 {
			algorithm = a.String()
		}
		hash, ok := hashOf(algorithm)
		if !ok {
			return false
		}
		h := hash.New()
		h.Write(signer.Raw)
		return bytes.Equal(h.Sum(nil), named.Certificates[0].Hash)
	}
	b, ok := attributes[attributeCertificate]
	if !ok || !exactly(b, &named) || len(named.Certificates) == 0 {
		return false
	}
	sum := sha1.Sum(signer.Raw) //nolint:gosec // as above
	return bytes.Equal(sum[:], named.Certificates[0].Hash)
}

func hashOf(algorithm string) (crypto.Hash, bool) {
	switch algorithm {
	case digestSHA256:
		return crypto.SHA256, true
	case digestSHA384:
		return crypto.SHA384, true
	case digestSHA512:
		return crypto.SHA512, true
	}
	return 0, false
}
