package faketsa

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// section is what openssl is told of an identity.
const section = `
[ %[1]s ]
serial = ./serial
crypto_device = builtin
signer_cert = ./%[1]s.pem
signer_key = ./%[1]s.key
certs = ./%[1]s.root
signer_digest = sha256
default_policy = ` + Policy + `
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

// prepare makes what openssl signs with: as an authority should be ("good"),
// with a certificate that has ended, and under another root.
func (a *TSA) prepare() error {
	now := time.Now()
	root, err := newRoot("time root", now)
	if err != nil {
		return err
	}
	other, err := newRoot("time root of others", now)
	if err != nil {
		return err
	}
	a.RootPEM, a.RootFile = root.pem(), filepath.Join(a.dir, "root.pem")
	return errors.Join(
		a.write("root.pem", a.RootPEM),
		a.write("serial", []byte("01\n")),
		a.identity("good", root, now.AddDate(0, 0, -1), now.AddDate(1, 0, 0)),
		a.identity(string(Expired), root, now.AddDate(0, -2, 0), now.AddDate(0, -1, 0)),
		a.identity(string(Untrusted), other, now.AddDate(0, 0, -1), now.AddDate(1, 0, 0)),
	)
}

func (a *TSA) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(a.dir, name), data, 0o600)
}

// identity makes a certificate for time stamps (RFC 3161 §2.3) and a section of
// the configuration that uses it.
func (a *TSA) identity(name string, root authority, from, until time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	stamping, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: a.Name}, NotBefore: from, NotAfter: until,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: stamping}},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, root.cert, &key.PublicKey, root.key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(a.dir, "tsa.cnf"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = fmt.Fprintf(f, section, name)
	return errors.Join(err, f.Close(),
		a.write(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		a.write(name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
		a.write(name+".root", root.pem()))
}

// An authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newRoot(name string, now time.Time) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("make a root: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return authority{}, fmt.Errorf("make a root: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, fmt.Errorf("make a root: %w", err)
	}
	return authority{cert, key}, nil
}

func (r authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.cert.Raw})
}
