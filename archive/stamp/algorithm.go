package stamp

import (
	_ "crypto/sha256" // the hashes that hashOf names
	_ "crypto/sha512"
	"crypto/x509"
)

// signatureAlgorithm names the way of signing that a token's two identifiers
// mean: some authorities name the key alone and leave the digest to the other
// one. SHA-1 is not taken.
func signatureAlgorithm(signature, digest string) x509.SignatureAlgorithm {
	const rsa, ec = "1.2.840.113549.1.1.", "1.2.840.10045."
	switch signature {
	case rsa + "1":
		return byDigest(digest, x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA)
	case rsa + "10":
		return byDigest(digest, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS)
	case rsa + "11":
		return x509.SHA256WithRSA
	case rsa + "12":
		return x509.SHA384WithRSA
	case rsa + "13":
		return x509.SHA512WithRSA
	case ec + "2.1":
		return byDigest(digest, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512)
	case ec + "4.3.2":
		return x509.ECDSAWithSHA256
	case ec + "4.3.3":
		return x509.ECDSAWithSHA384
	case ec + "4.3.4":
		return x509.ECDSAWithSHA512
	case "1.3.101.112":
		return x509.PureEd25519
	}
	return x509.UnknownSignatureAlgorithm
}

func byDigest(digest string, sha256, sha384, sha512 x509.SignatureAlgorithm) x509.SignatureAlgorithm {
	switch digest {
	case digestSHA256:
		return sha256
	case digestSHA384:
		return sha384
	case digestSHA512:
		return sha512
	}
	return x509.UnknownSignatureAlgorithm
}
