package bundle

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/export"
)

// A packer fills the bag of one bundle.
type packer struct {
	ctx      context.Context
	in       Input
	bag      *bag
	tree     *archive.Tree
	indexes  []uint64 // of the entries that are in it, ascending
	progress func(done, total int)
	done     int
}

func (p *packer) pack() error {
	s := p.in.Shown
	var err error
	if p.tree, err = p.in.Log.Tree(p.ctx, p.in.Case, p.in.Checkpoint.Size); err != nil {
		return err
	}
	if p.tree.Root() != p.in.Checkpoint.Root {
		return fmt.Errorf("%w: the first %d entries are not those that the checkpoint covers", archive.ErrBroken, p.in.Checkpoint.Size)
	}
	for _, e := range s.Entries {
		if !e.Erased && s.Holds(e.Index) {
			p.indexes = append(p.indexes, e.Index)
		}
	}
	p.progress(0, p.total())
	for _, step := range []func() error{p.howToCheck, p.describe, p.log, p.items, p.tables, p.reports} {
		if err := step(); err != nil {
			return err
		}
	}
	return p.bag.close("daybook "+oneLine(s.Spec.Standing.Version), p.in.Checkpoint.Origin, s.Facts.Now, func(manifest daybook.Digest) ([]byte, error) {
		return p.in.Log.SignManifest(p.ctx, p.in.Case, p.in.Checkpoint.Size, manifest)
	})
}

// total is how much there is to do: each entry, and each exhibit in print.
func (p *packer) total() int { return len(p.indexes) + len(p.in.Shown.Exhibits) }

func (p *packer) advance(n int) {
	p.done += n
	p.progress(p.done, p.total())
}

// json writes a file below data/ with one JSON value and a line end.
func (p *packer) json(name string, v any) error {
	return p.bag.payload(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}

// log writes what the proofs end in: the checkpoint, the key, the time stamps,
// and in a complete bundle all leaves and what was stamped before.
func (p *packer) log() error {
	if err := p.bag.bytes("log/checkpoint", p.in.Checkpoint.Signed); err != nil {
		return err
	}
	verifier := p.in.Log.VerifierKey(p.in.Case)
	key, err := publicKey(verifier)
	if err != nil {
		return err
	}
	if err := p.bag.bytes("log/key.pem", key); err != nil {
		return err
	}
	if err := p.bag.bytes("log/key.txt", []byte(verifier+"\n")); err != nil {
		return err
	}
	if err := p.stamps("log/", p.in.Shown.Stamps); err != nil {
		return err
	}
	if p.in.Shown.Spec.Kind != export.Complete {
		return nil
	}
	for _, e := range p.in.Earlier {
		name := earlierName(e.Size)
		if err := p.bag.bytes(name+"checkpoint", e.Signed); err != nil {
			return err
		}
		if err := p.stamps(name, e.Stamps); err != nil {
			return err
		}
	}
	return p.bag.payload("log/leaves.txt", func(w io.Writer) error {
		for leaf, err := range p.in.Log.Leaves(p.ctx, p.in.Case, p.in.Checkpoint.Size) {
			if err != nil {
				return err
			}
			if _, err := w.Write(append(leaf, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *packer) stamps(prefix string, stamps []export.Stamp) error {
	names := fileNames(stamps)
	for i, s := range stamps {
		if len(s.Token) == 0 {
			continue
		}
		if err := p.bag.bytes(prefix+names[i]+".tsr", s.Token); err != nil {
			return err
		}
		if err := p.bag.bytes(prefix+names[i]+".pem", s.Chain); err != nil {
			return err
		}
	}
	return nil
}

// publicKey returns the key of a note verifier key (c2sp.org/signed-note) as
// openssl reads it: a SubjectPublicKeyInfo.
func publicKey(verifier string) ([]byte, error) {
	parts := strings.SplitN(verifier, "+", 3) // the key is base64 and may hold a plus itself
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: the public key has another form", daybook.ErrInvalid)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw[1:]))
	if err != nil {
		return nil, fmt.Errorf("write the public key: %w", err)
	}
	var b bytes.Buffer
	if err := pem.Encode(&b, &pem.Block{Type: "PUBLIC KEY", Bytes: der}); err != nil {
		return nil, fmt.Errorf("write the public key: %w", err)
	}
	return b.Bytes(), nil
}

// oneLine keeps a text from outside from ending a line of bag-info.txt.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
