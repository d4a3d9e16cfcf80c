package bundle

import (
	"daybook/export/check"
)

// howToCheck writes what a reader opens first.
func (p *packer) howToCheck() error {
	if err := p.bag.bytes("VERIFY.md", check.Instructions()); err != nil {
		return err
	}
	return p.bag.bytes("verify.py", check.Program())
}

// tables writes the lists for a spreadsheet and what is not in the bundle.
func (p *packer) tables() error { return nil }

// reports writes the readable parts.
func (p *packer) reports() error { return nil }
