package bundle

import (
	"context"
	"fmt"
	"io"

	"daybook"
	"daybook/export/check"
	"daybook/export/report"
)

// howToCheck writes what a reader opens first.
func (p *packer) howToCheck() error {
	if err := p.bag.bytes("VERIFY.md", check.Instructions()); err != nil {
		return err
	}
	return p.bag.bytes("verify.py", check.Program())
}

// tables writes the lists for a spreadsheet, what is not in the bundle, and the
// drafts for whoever produces it.
func (p *packer) tables() error {
	for _, f := range p.in.Shown.Files() {
		if err := p.bag.payload(f.Name, f.Write); err != nil {
			return err
		}
	}
	return nil
}

// reports writes the readable parts straight into the bag.
func (p *packer) reports() error {
	s := p.in.Shown
	err := p.bag.payload("first-report.pdf", func(w io.Writer) error { return report.WriteFirst(p.ctx, w, s) })
	if err != nil {
		return err
	}
	media := func(ctx context.Context, d daybook.Digest) ([]byte, error) { return p.in.Log.Blob(ctx, p.in.Case, d) }
	volumes := report.Volumes(s)
	for n := 1; n <= volumes; n++ {
		name := "report.pdf"
		if n > 1 {
			name = fmt.Sprintf("report-%d.pdf", n)
		}
		err := p.bag.payload(name, func(w io.Writer) error { return report.Write(p.ctx, w, s, n, media) })
		if err != nil {
			return err
		}
		// Volumes hold about as many exhibits each.
		p.advance(len(s.Exhibits)*n/volumes - len(s.Exhibits)*(n-1)/volumes)
	}
	return nil
}
