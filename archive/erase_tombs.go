package archive

import "daybook"

// Tombs are the messages of a case that were erased, or that are hidden because
// they will be: they are neither derived nor collected again. What is known of
// them is a keyed hash of each. The zero value holds none.
type Tombs struct {
	All  bool // every message of the case
	macs map[tombMAC]bool
}

// A tombMAC is CaseKey.MessageMAC, cut short.
type tombMAC [16]byte

// NewTombs returns the tombs of messages by their keyed hashes, of which the
// first 16 bytes count; shorter ones are left out.
func NewTombs(all bool, macs [][]byte) Tombs {
	t := Tombs{All: all, macs: make(map[tombMAC]bool, len(macs))}
	for _, m := range macs {
		if len(m) >= len(tombMAC{}) {
			t.macs[tombMAC(m)] = true
		}
	}
	return t
}

// Empty reports whether there are none: then no key need be asked about.
func (t Tombs) Empty() bool { return !t.All && len(t.macs) == 0 }

// Has reports whether a message is among them. key is that of their case.
func (t Tombs) Has(key *CaseKey, m daybook.MessageKey) bool {
	if t.All || len(t.macs) == 0 {
		return t.All
	}
	mac := key.MessageMAC(m)
	return t.macs[tombMAC(mac[:16])]
}

// HasMAC is Has for a keyed hash.
func (t Tombs) HasMAC(mac []byte) bool {
	return t.All || len(mac) >= len(tombMAC{}) && t.macs[tombMAC(mac)]
}

// HasPicture reports whether the pictures of an account are among them: those of
// one that wrote nothing else.
func (t Tombs) HasPicture(key *CaseKey, h daybook.Handle) bool {
	if t.All || len(t.macs) == 0 {
		return t.All
	}
	return t.macs[tombMAC(PictureMAC(key, h))]
}

// PictureMAC is what the pictures of an account stand for among Tombs.
func PictureMAC(key *CaseKey, h daybook.Handle) []byte {
	mac := key.MAC("erased picture", h.Ref())
	return mac[:len(tombMAC{})]
}
