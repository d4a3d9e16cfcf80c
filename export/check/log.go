package check

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"daybook"
	"daybook/archive"
)

// A key is a note verifier key (c2sp.org/signed-note) of an Ed25519 key.
type key struct {
	note.Verifier
	public ed25519.PublicKey
}

func (k key) fingerprint() daybook.Digest { return daybook.DigestOf(k.public) }

func parseKey(where, text string) (key, error) {
	parts := strings.SplitN(text, "+", 3) // base64 may hold a plus itself
	if len(parts) != 3 || parts[0] == "" || strings.ContainsFunc(parts[0], unicode.IsSpace) {
		return key{}, bad{where, "it is not a verifier key"}
	}
	raw, err := fromBase64(where, parts[2], 1+ed25519.PublicKeySize)
	if err != nil {
		return key{}, err
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	v, err := note.NewVerifier(text)
	if err != nil || parts[1] != hex.EncodeToString(sum[:4]) {
		return key{}, bad{where, "it is not a verifier key"}
	}
	return key{v, raw[1:]}, nil
}

// A checkpoint is what a signed note says (c2sp.org/tlog-checkpoint).
type checkpoint struct {
	origin string
	size   uint64
	root   daybook.Digest
}

var sizeLine = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})$`)

// parseCheckpoint reads a note, whoever signed it.
func parseCheckpoint(where string, signed []byte) (checkpoint, error) {
	notOne := bad{where, "it is not a signed checkpoint"}
	_, err := note.Open(signed, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return checkpoint{}, notOne
	}
	lines := strings.Split(unverified.Note.Text, "\n")
	if len(lines) != 4 || !sizeLine.MatchString(lines[1]) {
		return checkpoint{}, notOne
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil {
		return checkpoint{}, notOne
	}
	root, err := fromBase64(where, lines[2], sha256.Size)
	if err != nil {
		return checkpoint{}, err
	}
	return checkpoint{lines[0], size, daybook.Digest(root)}, nil
}

// signedBy returns nil if the key of its log signed a checkpoint.
func (cp checkpoint) signedBy(where string, signed []byte, k key) error {
	_, err := note.Open(signed, note.VerifierList(k))
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &invalid):
		return bad{where, "its signature is not valid"}
	case err != nil || k.Name() != cp.origin:
		return bad{where, "it is not signed by the key of its log"}
	}
	return nil
}

func (c *checker) checkLog() (err error) {
	const where = "data/log/checkpoint"
	b := c.bundle
	if c.key, err = parseKey("data/bundle.json", b.key); err != nil {
		return err
	}
	c.report.Fingerprint = c.key.fingerprint().String()
	if err := c.same("data/log/key.txt", []byte(b.key+"\n"), "it is not the key of bundle.json"); err != nil {
		return err
	}
	if b.fingerprint != c.report.Fingerprint {
		c.broken("data/bundle.json", "the fingerprint is not that of the key")
	}
	// An Ed25519 key as openssl reads it: RFC 8410 §4.
	der := append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, c.key.public...)
	pem := "-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END PUBLIC KEY-----\n"
	if err := c.same("data/log/key.pem", []byte(pem), "it is not the key of bundle.json"); err != nil {
		return err
	}
	if c.signed, err = c.files.read(where, maxNote); err != nil {
		return err
	}
	if c.checkpoint, err = parseCheckpoint(where, c.signed); err != nil {
		return err
	}
	cp := c.checkpoint
	c.report.Origin, c.report.Entries, c.report.Covered, c.report.Root = cp.origin, cp.size, cp.size, cp.root.String()
	if cp.origin != b.origin || cp.size != b.size || cp.root.String() != b.root {
		c.broken("data/bundle.json", "origin, size or root are not those of the checkpoint")
	}
	if err := cp.signedBy(where, c.signed, c.key); err != nil {
		return err
	}
	c.rootsAt[cp.size] = cp.root
	return nil
}

// signatureLine is the end of a note with one signature: four bytes of the key's
// hash and the signature, in base64.
var signatureLine = regexp.MustCompile(`^([A-Za-z0-9+/]{91}=)\n$`)

// checkSigned holds all files to the key that signed the checkpoint: it has
// signed the manifest, and nothing else stands in that note.
func (c *checker) checkSigned() error {
	const where = "manifest-sha256.note"
	signed, err := c.files.read(where, maxNote)
	if err != nil {
		return err
	}
	manifest, err := c.files.digest("manifest-sha256.txt")
	if err != nil {
		return err
	}
	text := archive.ManifestText(c.checkpoint.origin, c.checkpoint.size, manifest)
	line, ours := strings.CutPrefix(string(signed), text+"\n— "+c.checkpoint.origin+" ")
	m := signatureLine.FindStringSubmatch(line)
	if !ours || m == nil {
		return bad{where, "it is not over the manifest of this bundle"}
	}
	raw, err := fromBase64(where, m[1], 4+ed25519.SignatureSize)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(raw) != c.key.KeyHash() || !c.key.Verify([]byte(text), raw[4:]) {
		return bad{where, "its signature is not valid"}
	}
	return nil
}

// A tree gives the roots over a growing list of leaves (RFC 9162 §2.1.1).
type tree struct {
	size uint64
	edge []tlog.Hash // of full subtrees, the largest first
}

func (t *tree) add(leaf []byte) {
	h := tlog.RecordHash(leaf)
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.edge) - 1
		h, t.edge = tlog.NodeHash(t.edge[last], h), t.edge[:last]
	}
	t.edge, t.size = append(t.edge, h), t.size+1
}

func (t *tree) root() daybook.Digest {
	if len(t.edge) == 0 {
		return daybook.Digest(sha256.Sum256(nil))
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return daybook.Digest(h)
}
