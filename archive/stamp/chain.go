package stamp

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"sync"
	"time"
)

// findRoot returns the certificates from the signer's up to a root. raw are the
// bytes of the certificates that came with the token.
func findRoot(signer *x509.Certificate, certificates []*x509.Certificate, raw []byte, roots Roots, at time.Time) ([]*x509.Certificate, error) {
	if !onlyForTime(signer) {
		return nil, failed(Untrusted, "its certificate is not one for time stamps alone")
	}
	if roots.pool == nil {
		return nil, failed(Untrusted, "no root is set up for it")
	}
	key := sha256.Sum256(slices.Concat(signer.Raw, raw))
	if chain := roots.known.get(key, at); chain != nil {
		return chain, nil
	}
	between := x509.NewCertPool()
	for _, c := range slices.Concat(certificates, roots.intermediates) {
		between.AddCert(c)
	}
	all, err := signer.Verify(x509.VerifyOptions{
		Roots: roots.pool, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return nil, failed(Untrusted, "its certificate does not lead to a root that is set up, or did not hold at its time")
	}
	roots.known.put(key, all[0])
	return all[0], nil
}

// onlyForTime reports whether a certificate is as RFC 3161 §2.3 wants it.
func onlyForTime(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage) == 1 && c.ExtKeyUsage[0] == x509.ExtKeyUsageTimeStamping && len(c.UnknownExtKeyUsage) == 0 &&
		slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Critical && e.Id.String() == extensionKeyUsage })
}

// chains remembers ways to a root that were found, by the certificate at their
// beginning and all that came with it: an authority sends the same with
// thousands of tokens. Whether a way holds depends on nothing else but the time.
type chains struct {
	mu    sync.Mutex
	found map[[32]byte][]*x509.Certificate
}

// maxChains bounds them. Authorities change their certificate every few years.
const maxChains = 64

// get returns a way that holds at a time; nil if none is known.
func (k *chains) get(key [32]byte, at time.Time) []*x509.Certificate {
	k.mu.Lock()
	defer k.mu.Unlock()
	chain := k.found[key]
	for _, c := range chain {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return nil
		}
	}
	return chain
}

func (k *chains) put(key [32]byte, chain []*x509.Certificate) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.found) < maxChains {
		k.found[key] = chain
	}
}
